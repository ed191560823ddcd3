//! One random step: something that a program may do with these models at any time. What it does is noted for the message of a failure.

use orm_core::Result;
use orm_core::model::Model;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::random::Dice;

use super::models::*;
use super::picture::Entities;

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Done,
    /// A flush has failed, as it was to: nothing but a rollback helps.
    Failed,
}

/// Those that are pending or persistent, and not about to be deleted.
fn alive<M: Model>(db: &Session, all: &[Handle<M>]) -> Vec<Handle<M>> {
    let deleted = db.deleted::<M>();
    let is_alive = |entity: &Handle<M>| {
        matches!(db.state(*entity), State::Pending | State::Persistent) && !deleted.contains(entity)
    };
    all.iter().copied().filter(is_alive).collect()
}

fn one<M: Model>(db: &Session, dice: &mut Dice, all: &[Handle<M>]) -> Option<Handle<M>> {
    dice.pick(&alive(db, all)).copied()
}

/// One that has its row.
fn row<M: Model>(db: &Session, dice: &mut Dice, all: &[Handle<M>]) -> Option<Handle<M>> {
    one(db, dice, all).filter(|entity| db.state(*entity) == State::Persistent)
}

/// The code of a badge that no badge has: not even one that is about to be deleted, if it is not for one in its place.
fn free_code(
    db: &mut Session,
    dice: &mut Dice,
    all: &Entities,
    in_its_place: bool,
) -> Option<String> {
    let code = format!("c{}", dice.below(6));
    let mut others = alive(db, &all.badges);
    if !in_its_place {
        others.extend(db.deleted::<Badge>());
    }
    let is_taken = others.into_iter().any(|badge| match db.draft(badge) {
        Ok(draft) => draft.code.as_ref() == Some(&code),
        // Nor had one until now, or they might exchange their keys.
        Err(_) => {
            let before = db.changes(badge).unwrap().of(Badge::CODE);
            db[badge].code == code
                || before.is_some_and(|change| change.old.as_ref() == Some(&code))
        }
    });
    (!is_taken).then_some(code)
}

pub(crate) async fn step(db: &mut Session, all: &mut Entities, dice: &mut Dice) -> Result<Step> {
    match dice.below(10) {
        0 | 1 => add(db, all, dice),
        2 => delete(db, all, dice)?,
        3..=5 => relate(db, all, dice).await?,
        6 | 7 => return change(db, all, dice).await,
        _ => look(db, all, dice).await?,
    }
    Ok(Step::Done)
}

fn add(db: &mut Session, all: &mut Entities, dice: &mut Dice) {
    match dice.below(7) {
        0 => {
            let name = format!("team {}", all.teams.len());
            all.teams.push(db.add(Team::create().name(name)));
        }
        1 | 2 => all.players.push(db.add(Player::create())),
        3 | 4 => {
            let Some(code) = free_code(db, dice, all, true) else {
                return;
            };
            let badge = match dice.below(2) {
                0 => db.add(Badge::create().code(code)),
                _ => db.add(Badge::create().code(code).mark("x")),
            };
            all.badges.push(badge);
        }
        5 => all.lockers.push(db.add(Locker::create())),
        _ => all.tags.push(db.add(Tag::create())),
    }
}

fn delete(db: &mut Session, all: &Entities, dice: &mut Dice) -> Result<()> {
    macro_rules! delete {
        ($of:expr) => {
            match one(db, dice, $of) {
                Some(entity) => db.delete(entity),
                None => Ok(()),
            }
        };
    }
    match dice.below(5) {
        0 => delete!(&all.teams),
        1 => delete!(&all.players),
        2 => delete!(&all.badges),
        3 => delete!(&all.lockers),
        _ => delete!(&all.tags),
    }
}

/// Lets rows refer to one another, or no more.
async fn relate(db: &mut Session, all: &Entities, dice: &mut Dice) -> Result<()> {
    macro_rules! set {
        ($of:ident, $relation:path, $target:ident) => {
            if let Some(entity) = one(db, dice, &all.$of) {
                let target = one(db, dice, &all.$target).filter(|_| dice.below(4) > 0);
                db.set(entity, $relation, target);
            }
        };
    }
    let (team, player, tag) = (
        one(db, dice, &all.teams),
        one(db, dice, &all.players),
        one(db, dice, &all.tags),
    );
    match dice.below(12) {
        0 => set!(teams, Team::CAPTAIN, players),
        1 => set!(players, Player::TEAM, teams),
        2 => set!(players, Player::GUEST_OF, teams),
        3 => set!(players, Player::COACH, players),
        4 => set!(teams, Team::BADGE, badges),
        5 => set!(badges, Badge::TEAM, teams),
        6 | 7 => set!(badges, Badge::OLDER, badges),
        8 => set!(lockers, Locker::BADGE, badges),
        9 => {
            if let (Some(team), Some(player)) = (team, player) {
                match dice.below(2) {
                    0 => db.push(team, Team::PLAYERS, player),
                    _ => db.remove(team, Team::PLAYERS, player),
                }
            }
        }
        10 => {
            if let (Some(team), Some(tag)) = (team, tag) {
                match dice.below(3) {
                    0 => db.remove(tag, Tag::TEAMS, team),
                    1 => db.push(tag, Tag::TEAMS, team),
                    _ => db.push(team, Team::TAGS, tag),
                }
            }
        }
        _ => {
            let some = alive(db, &all.tags)
                .into_iter()
                .filter(|_| dice.below(2) == 0);
            let some: Vec<_> = some.collect();
            if let Some(team) = team.filter(|team| db.related(*team, Team::TAGS).is_ok()) {
                db.replace(team, Team::TAGS, some)?;
            }
        }
    }
    Ok(())
}

/// Changes columns: unique ones that pass from row to row, keys, by expressions, by a merge, and so that the database refuses it.
async fn change(db: &mut Session, all: &mut Entities, dice: &mut Dice) -> Result<Step> {
    match dice.below(9) {
        0 => {
            if let (Some(one), Some(other)) = (row(db, dice, &all.teams), row(db, dice, &all.teams))
            {
                let name = db[one].name.clone();
                db[one].name = std::mem::replace(&mut db[other].name, name);
            }
        }
        1 => {
            if let Some(locker) = row(db, dice, &all.lockers) {
                let slot = (dice.below(5) > 0).then(|| dice.below(4) as i32);
                let others = alive(db, &all.lockers).into_iter();
                let mut others = others.filter(|other| db.state(*other) == State::Persistent);
                let other = others.find(|other| slot.is_some() && db[*other].slot == slot);
                let before = db[locker].slot;
                if let Some(other) = other {
                    db[other].slot = before;
                }
                db[locker].slot = slot;
            }
        }
        2..=4 => {
            if let (Some(badge), Some(code)) =
                (row(db, dice, &all.badges), free_code(db, dice, all, false))
            {
                db[badge].code = code;
            }
        }
        5 => {
            if let Some(team) = row(db, dice, &all.teams) {
                db.set_expr(team, Team::SCORE.set(Team::SCORE + 1))?;
            }
        }
        6 => {
            if let Some(player) = row(db, dice, &all.players) {
                db[player].goals += 1;
            }
        }
        7 => {
            db.flush().await?;
            if let Some(badge) = row(db, dice, &all.badges) {
                let mut value = db[badge].clone();
                value.mark = format!("m{}", dice.below(5));
                let merged = db.merge(value).await?;
                assert_eq!(merged, badge);
            }
        }
        _ => {
            // Behind a flush, or it may go with its coach.
            db.flush().await?;
            if let Some(player) = row(db, dice, &all.players) {
                db[player].goals = -1;
                db.flush().await.unwrap_err();
                return Ok(Step::Failed);
            }
        }
    }
    Ok(Step::Done)
}

/// Loads, reads again, and looks at what a flush would do, which changes nothing.
async fn look(db: &mut Session, all: &Entities, dice: &mut Dice) -> Result<()> {
    match dice.below(7) {
        0 => {
            Badge::query()
                .with(Badge::LOCKERS)
                .with(Badge::TEAM)
                .all(db)
                .await?;
        }
        1 => {
            let path = Team::PLAYERS.then(Player::PUPILS);
            Team::query().with(path).with(Team::CAPTAIN).all(db).await?;
        }
        2 => {
            db.flush().await?;
            let teams = alive(db, &all.teams);
            db.load(&teams, Team::PLAYERS).await?;
            db.load(&teams, Team::BADGE).await?;
            db.load(&teams, Team::TAGS).await?;
        }
        3 => {
            db.flush().await?;
            let players = alive(db, &all.players);
            db.load(&players, Player::PUPILS).await?;
            db.load(&players, Player::TEAM).await?;
        }
        4 => {
            db.flush().await?;
            if let Some(team) = row(db, dice, &all.teams) {
                db.refresh(team).await?;
            }
        }
        5 => {
            if let Some(player) = row(db, dice, &all.players) {
                db.expire(player)?;
            }
        }
        _ => {
            db.flush().await?;
            if let Some(player) = row(db, dice, &all.players) {
                db.delete(player)?;
                db.plan()?;
                db.undelete(player)?;
            }
        }
    }
    Ok(())
}
