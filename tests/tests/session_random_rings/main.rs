//! Random units of work over tables that refer to one another in rings, without a reference: what must hold of any of them. A flush sends
//! what its plan says; behind it memory and database agree, known relationships as well as columns; and a rollback, at any depth of
//! savepoints, brings back the picture that memory had.
//!
//! `session_random` and `session_random_graph` compare with references; seeds are chosen as there.
//!
//! | file | what it is |
//! | --- | --- |
//! | `models` | the tables |
//! | `steps` | what a program may do |
//! | `picture` | what memory has, as text |
//! | `rows` | memory against the database |
#![allow(missing_docs)]

mod models;
mod picture;
mod rows;
mod steps;

use std::pin::Pin;

use orm_core::prelude::*;
use tests::eventually;
use tests::fixture::Fixture;
use tests::random::{Dice, seeds, watched};

use models::*;
use picture::{Entities, picture};
use steps::{Step, step};

/// Flushes what was planned, and compares.
async fn flushed(f: &Fixture, db: &mut Session, all: &mut Entities) {
    let plan = db.plan().unwrap();
    if watched() {
        println!("{}{plan}", db.debug_view().values());
    }
    f.sent();
    db.flush().await.unwrap();
    let mut sent = f.sent();
    sent.retain(|sql| sql != "BEGIN" && !sql.contains("SAVEPOINT"));
    // What is loaded first may bring more to do.
    if plan.loads_first.is_empty() {
        let planned: Vec<_> = plan.steps.into_iter().map(|step| step.sql).collect();
        assert_eq!(sent, planned);
    }
    rows::check(db, all).await;
}

/// Some steps, and savepoints that are kept, rolled back or dropped. Whether nothing but a rollback helps.
fn work<'w>(
    f: &'w Fixture,
    db: &'w mut Session,
    all: &'w mut Entities,
    dice: &'w mut Dice,
    depth: usize,
) -> Pin<Box<dyn Future<Output = Step> + 'w>> {
    Box::pin(async move {
        for _ in 0..dice.below(12) + 3 {
            if depth < 3 && dice.below(7) == 0 {
                savepoint(f, db, all, dice, depth).await;
                flushed(f, db, all).await;
                continue;
            }
            let outcome = step(db, all, dice).await.unwrap();
            if watched() {
                println!(
                    "{}{:?}: {:?}",
                    "  ".repeat(depth),
                    outcome,
                    picture(db, all)
                );
            }
            if outcome == Step::Failed {
                return outcome;
            }
            if dice.below(4) == 0 {
                flushed(f, db, all).await;
            }
        }
        Step::Done
    })
}

async fn savepoint(
    f: &Fixture,
    db: &mut Session,
    all: &mut Entities,
    dice: &mut Dice,
    depth: usize,
) {
    let mut nested = db.begin_nested().await.unwrap();
    let before = picture(&nested, all);
    let outcome = work(f, &mut nested, all, dice, depth + 1).await;
    match dice.below(3) {
        0 if outcome == Step::Done => return nested.commit().await.unwrap(),
        1 => nested.rollback().await.unwrap(),
        _ => drop(nested),
    }
    assert_as_before(db, all, &before);
}

/// Entities that came since have left.
fn assert_as_before(db: &Session, all: &Entities, before: &picture::Picture) {
    for (entity, line) in picture(db, all) {
        let expected = before.get(&entity).map_or("Detached", String::as_str);
        assert_eq!(line, expected, "{entity}");
    }
}

/// Entities that queries have found again.
async fn find(db: &mut Session, all: &mut Entities) {
    macro_rules! find {
        ($($of:ident $model:ident),*) => { $(
            for found in $model::query().all(db).await.unwrap() {
                if !all.$of.contains(&found) {
                    all.$of.push(found);
                }
            }
        )* };
    }
    find!(teams Team, players Player, badges Badge, lockers Locker, tags Tag);
}

async fn round(f: &Fixture, dice: &mut Dice) {
    let mut db = f.session();
    let mut all = Entities::default();
    for _ in 0..6 {
        let before = picture(&db, &all);
        let outcome = work(f, &mut db, &mut all, dice, 0).await;
        if outcome == Step::Done && dice.below(3) > 0 {
            db.commit().await.unwrap();
        } else {
            db.rollback().await.unwrap();
            assert_as_before(&db, &all, &before);
        }
        find(&mut db, &mut all).await;
        flushed(f, &mut db, &mut all).await;
        db.commit().await.unwrap();
    }
}

#[tokio::test]
async fn random_rings() {
    let f = Fixture::new::<(Team, Player, Badge, Locker, Tag, TeamTag)>().await;
    for seed in seeds(150) {
        println!("seed {seed}");
        eventually("nobody works", async || !f.somebody_works().await).await;
        f.elsewhere(
            "truncate teams, players, badges, lockers, tags, team_tags restart identity cascade",
        )
        .await;
        round(&f, &mut Dice::new(seed)).await;
    }
}
