//! One-to-one: a user has a profile, and no second one.
//!
//! ```text
//! cargo run --example one_to_one
//! ```
//!
//! A one-to-one is a many-to-one whose foreign key is unique. Here the key is the profile's primary key at the same time, the
//! tightest form: a profile cannot be without its user, nor be given to another one.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(
    table = "users",
    has_one(profile: Profile, via = user, cascade(delete, delete_orphan)),
    has_one(desk: Desk, via = user)
)]
struct User {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

/// Belongs to its user for good: the foreign key is the primary key.
#[derive(Model, Debug, Clone)]
#[orm(table = "profiles")]
struct Profile {
    #[orm(primary_key, belongs_to(user: User))]
    user_id: i32,
    motto: String,
}

/// Is there without a user, too, and goes from one to the next: a key of its own, and a unique foreign key.
#[derive(Model, Debug, Clone)]
#[orm(table = "desks")]
struct Desk {
    #[orm(primary_key)]
    id: i32,
    place: String,
    #[orm(unique, belongs_to(user: User))]
    user_id: Option<i32>,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(User, Profile, Desk)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("Made together");
    let ann = db.add(
        User::create()
            .name("Ann")
            .profile(Profile::create().motto("Slowly"))
            .desk(Desk::create().place("By the window")),
    );
    let bob = db.add(
        User::create()
            .name("Bob")
            .profile(Profile::create().motto("At once")),
    );
    db.flush().await?;
    story.say("The profile's key is its user's, which the server makes; so users go first.");
    let sent = story.sql(log.take());
    story.check("BEGIN and a statement a table", sent, 4);
    db.commit().await?;

    story.part("Read from both sides");
    let mut reader = engine.session();
    let users = User::query()
        .with(User::PROFILE)
        .with(User::DESK)
        .order_by(User::ID)
        .all(&mut reader)
        .await?;
    log.take();
    for user in users {
        let user = reader.view(user);
        let motto = user
            .related(User::PROFILE)?
            .map(|profile| profile.row().motto.as_str());
        let desk = user
            .related(User::DESK)?
            .map(|desk| desk.row().place.as_str());
        let (motto, desk) = (motto.unwrap_or("-"), desk.unwrap_or("none"));
        story.say(format_args!("{}: \"{motto}\"; desk: {desk}", user.name));
    }
    reader.close().await?;
    log.clear();

    story.part("A desk changes hands");
    let desk = db.related(ann, User::DESK)?.ok_or("Ann has a desk")?;
    db.set(bob, User::DESK, desk);
    story.check("Ann has none now", db.related(ann, User::DESK)?, None);
    story.check(
        "the desk knows its user",
        db.related(desk, Desk::USER)?,
        Some(bob),
    );
    db.flush().await?;
    story.say("One UPDATE, of the side that has the key. What the desk says was read in the transaction before, so it asks whether that still holds:");
    story.sql(log.take());

    story.part("A second one takes the first one's place");
    let new = db.add(Desk::create().place("In the corner"));
    db.set(bob, User::DESK, new);
    db.flush().await?;
    story.say("The new desk is Bob's, and the old one nobody's. It lets go of the unique value before the new one takes it.");
    story.sql(log.take());
    story.check("the old one is free", db[desk].user_id, None);
    db.commit().await?;

    story.part("The database holds it, too");
    let mut other = engine.session();
    other.add(Desk::create().place("On the roof").user_id(db[bob].id));
    let refused = other.commit().await;
    if let Err(error) = &refused {
        story.say(format_args!(
            "A session that does not know of Bob's desk gives him another: {error}."
        ));
    }
    story.check(
        "unique",
        refused.is_err_and(|error| error.is_unique_violation()),
        true,
    );
    drop(other);
    log.clear();

    story.part("What goes with the user");
    db.delete(bob)?;
    db.flush().await?;
    story.say("The profile is part of its user: `cascade(delete, delete_orphan)`. The desk stays.");
    story.sql(log.take());
    story.check("profiles", Profile::query().count(&mut db).await?, 1);
    story.check("desks", Desk::query().count(&mut db).await?, 2);
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_user_has_one_profile_and_one_desk() {
    let told = [
        "Ann: \"Slowly\"; desk: By the window",
        "Bob: \"At once\"; desk: none",
        "  UPDATE desks SET user_id = $1 WHERE id = $2 AND user_id IS NOT DISTINCT FROM $3",
        "  DELETE FROM users WHERE id = $1",
    ];
    examples::expect(run, &told).await;
}
