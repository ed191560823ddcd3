//! Several foreign keys to one table: a match has a home team and a guest team.
//!
//! ```text
//! cargo run --example several_keys
//! ```
//!
//! Each key is a relationship with a name of its own, and `via` says which of them the other side means. In a query, a table
//! that is joined twice needs a second name: `Aliased`.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(
    table = "teams",
    has_many(home_matches: Match, via = home, order_by = id),
    has_many(guest_matches: Match, via = guest, order_by = id)
)]
struct Team {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "matches", check("home_id <> guest_id"))]
struct Match {
    #[orm(primary_key)]
    id: i32,
    #[orm(index, belongs_to(home: Team))]
    home_id: i32,
    #[orm(index, belongs_to(guest: Team))]
    guest_id: i32,
    home_goals: i32,
    guest_goals: i32,
}

/// The guest's row, beside the home team's.
type Guest = Aliased<Team, 1>;

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Team, Match)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("Each key by its own name");
    let teams = db.add_all(["Foxes", "Bears", "Owls"].map(|name| Team::create().name(name)));
    let [foxes, bears, owls] = teams[..] else {
        return Err("three teams".into());
    };
    for (home, guest, home_goals, guest_goals) in [
        (foxes, bears, 2, 1),
        (bears, owls, 0, 0),
        (owls, foxes, 1, 3),
    ] {
        db.add(
            Match::create()
                .home(home)
                .guest(guest)
                .home_goals(home_goals)
                .guest_goals(guest_goals),
        );
    }
    db.flush().await?;
    story.sql(log.take());
    db.commit().await?;
    log.clear();

    story.part("Both teams of each match, in one statement: its joins have names of their own");
    let mut db = engine.session();
    let matches = Match::query()
        .with(Match::HOME)
        .with(Match::GUEST)
        .order_by(Match::ID)
        .all(&mut db)
        .await?;
    let sent = story.sql(log.take());
    story.check("BEGIN, and one for both teams", sent, 2);
    for one in &matches {
        let one = db.view(*one);
        let (home, guest) = (one.related(Match::HOME)?, one.related(Match::GUEST)?);
        story.say(format_args!(
            "{} {}:{} {}",
            home.name, one.home_goals, one.guest_goals, guest.name
        ));
    }

    story.part("A team is one entity, whichever key led to it");
    let (first, last) = (matches[0], matches[2]);
    story.check(
        "home of the first, guest of the last",
        db.related(first, Match::HOME)?,
        db.related(last, Match::GUEST)?,
    );
    let foxes = db.related(first, Match::HOME)?;
    db.load(foxes, Team::HOME_MATCHES).await?;
    db.load(foxes, Team::GUEST_MATCHES).await?;
    story.say(format_args!(
        "The Foxes were at home {} time and guests {} time.",
        db.related(foxes, Team::HOME_MATCHES)?.len(),
        db.related(foxes, Team::GUEST_MATCHES)?.len()
    ));

    story.part("A query that needs both names");
    log.clear();
    let won_away = Match::query()
        .join(Match::HOME)
        .join(Match::GUEST.to::<Guest>())
        .filter(Match::GUEST_GOALS.gt(Match::HOME_GOALS))
        .select((Team::NAME, Guest::NAME));
    let won_away = won_away.all(&mut db).await?;
    story.sql(log.take());
    story.say(format_args!("Who won as a guest, and where: {won_away:?}"));
    story.check(
        "won away",
        won_away,
        vec![("Owls".to_owned(), "Foxes".to_owned())],
    );

    story.part("Sums along each of them");
    let goals = Team::query().order_by(Team::NAME).select((
        Team::NAME,
        func::coalesce(Team::HOME_MATCHES.sum(Match::HOME_GOALS), 0),
        func::coalesce(Team::GUEST_MATCHES.sum(Match::GUEST_GOALS), 0),
    ));
    let goals = goals.all(&mut db).await?;
    story.sql(log.take());
    let rows: Vec<_> = goals
        .iter()
        .map(|(team, home, away)| [team.clone(), home.to_string(), away.to_string()])
        .collect();
    story.table(["team", "at home", "away"], &rows);

    story.part("One key changes, the other stays");
    let bears = Team::query()
        .filter(Team::NAME.eq("Bears"))
        .one(&mut db)
        .await?;
    log.clear();
    db.set(last, Match::HOME, bears);
    db.flush().await?;
    story.sql(log.take());
    story.check(
        "the guest is the same",
        db.related(last, Match::GUEST)?,
        foxes,
    );
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_match_has_two_teams() {
    let told = [
        "Foxes 2:1 Bears",
        "The Foxes were at home 1 time and guests 1 time.",
        "Who won as a guest, and where: [(\"Owls\", \"Foxes\")]",
        "  Foxes        2     3",
        "  UPDATE matches SET home_id = $1 WHERE id = $2",
    ];
    examples::expect(run, &told).await;
}
