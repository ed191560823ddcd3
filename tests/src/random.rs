//! What the tests with random steps share: numbers that a seed gives again, which seeds are run, and the course of a run:
//! steps at any depth of savepoints, each of which is kept, rolled back or dropped, beside a reference that knows what should
//! be there.

use std::ops::Range;
use std::pin::Pin;

use orm_core::session::Session;

use crate::fixture::{Fixture, poll_times};

/// A small generator of numbers that look random (xorshift), so that a seed names the same steps for ever.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Self {
        Dice((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

/// The seeds of a run: `ORM_RANDOM_SEED=7` is that one alone, `ORM_RANDOM_ROUNDS=10000` a long run.
///
/// # Panics
/// When a variable is no number.
pub fn seeds(usually: u64) -> Range<u64> {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    match number("ORM_RANDOM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ORM_RANDOM_ROUNDS").unwrap_or(usually),
    }
}

/// Triggers before and behind each row that change nothing: rows come back whole and are stale from the start, and all else is as without.
pub async fn under_triggers(f: &Fixture, tables: &[&str]) {
    f.elsewhere(
        "create function leave() returns trigger language plpgsql as $$ begin return new; end $$",
    )
    .await;
    for table in tables {
        f.elsewhere(&format!(
            "create trigger leave_before before insert or update on {table} for each row execute function leave(); \
             create trigger leave_behind after insert or update on {table} for each row execute function leave()"
        ))
        .await;
    }
}

/// Whether one seed is run alone, and its steps are to be seen.
pub fn watched() -> bool {
    std::env::var_os("ORM_RANDOM_SEED").is_some()
}

/// A random unit of work, and the reference that it is compared with.
pub trait World {
    /// What should be there. Its default stands for what nobody looks at.
    type Reference: Clone + Default;

    /// The reference; and what it was when the transaction and each savepoint began, the first being what was committed.
    fn levels(&mut self) -> (&mut Self::Reference, &mut Vec<Self::Reference>);

    /// One step. It may end the transaction ([`committed`], [`rolled_back`]), fail ([`failed`]), or go into a [`savepoint`].
    fn step(
        &mut self,
        f: &Fixture,
        db: &mut Session,
        dice: &mut Dice,
        depth: usize,
    ) -> impl Future<Output = ()>;

    /// An entity that was taken out of the session doesn't come back with a rollback, but its row does: it is loaded again.
    fn find_again(&mut self, db: &mut Session) -> impl Future<Output = ()>;

    /// Memory is as the reference says.
    fn check_memory(&self, db: &Session);

    /// The database is as the reference says, as the session's own transaction sees it.
    fn check_own_rows(&self, db: &mut Session) -> impl Future<Output = ()>;

    /// The database is as the reference says, as everybody sees it.
    fn check_rows(&self, f: &Fixture) -> impl Future<Output = ()>;
}

/// A whole run: some rounds of work, and a commit behind them.
pub async fn run<W: World>(f: &Fixture, db: &mut Session, world: &mut W, dice: &mut Dice) {
    for _ in 0..5 {
        work(f, db, world, dice, 0).await;
    }
    committed(f, db, world).await;
}

/// Some steps at some depth of savepoints.
fn work<'w, W: World>(
    f: &'w Fixture,
    db: &'w mut Session,
    world: &'w mut W,
    dice: &'w mut Dice,
    depth: usize,
) -> Pin<Box<dyn Future<Output = ()> + 'w>> {
    Box::pin(async move {
        let base = world.levels().1.len();
        for _ in 0..dice.below(12) + 2 {
            world.step(f, db, dice, depth).await;
            if world.levels().1.len() != base {
                // The whole transaction was ended behind a savepoint, or a flush failed.
                return;
            }
        }
    })
}

/// Flushes, and compares.
pub async fn flushed<W: World>(db: &mut Session, world: &W) {
    db.flush().await.expect("nothing is in its way");
    world.check_memory(db);
    world.check_own_rows(db).await;
}

/// Commits the whole transaction, from whatever depth.
pub async fn committed<W: World>(f: &Fixture, db: &mut Session, world: &mut W) {
    db.commit().await.expect("nothing is in its way");
    let (now, began) = world.levels();
    *began = vec![now.clone()];
    world.check_memory(db);
    world.check_rows(f).await;
}

/// Rolls the whole transaction back, from whatever depth.
pub async fn rolled_back<W: World>(f: &Fixture, db: &mut Session, world: &mut W) {
    db.rollback().await.expect("it is in order at any time");
    let (now, began) = world.levels();
    began.truncate(1);
    now.clone_from(&began[0]);
    world.find_again(db).await;
    world.check_memory(db);
    world.check_rows(f).await;
}

/// After a failure nothing but a rollback helps: at once, or by the guard of the savepoint.
pub async fn failed<W: World>(f: &Fixture, db: &mut Session, world: &mut W, depth: usize) {
    if depth > 0 {
        world.levels().1.push(W::Reference::default());
        return;
    }
    rolled_back(f, db, world).await;
}

/// Work behind a savepoint, which is kept, rolled back or dropped.
pub async fn savepoint<W: World>(
    f: &Fixture,
    db: &mut Session,
    world: &mut W,
    dice: &mut Dice,
    depth: usize,
) {
    let mut nested = db.begin_nested().await.expect("a savepoint");
    let (now, open) = world.levels();
    let before = now.clone();
    open.push(before.clone());
    let level = open.len();
    // Some steps, until the transaction ends or a flush fails.
    for _ in 0..dice.below(8) + 1 {
        if world.levels().1.len() != level {
            break;
        }
        work(f, &mut nested, world, dice, depth + 1).await;
    }
    let open = world.levels().1;
    if open.len() < level {
        // The transaction has ended: the guard does nothing.
        nested.rollback().await.expect("nothing is to be done");
        return;
    }
    let failed = open.len() > level;
    open.truncate(level - 1);
    match dice.below(4) {
        0 if !failed => {
            nested.commit().await.expect("nothing is in its way");
            return;
        }
        1 if !failed => {
            // Given up halfway, maybe.
            if let Some(done) = poll_times(dice.below(8), nested.commit()).await {
                done.expect("nothing is in its way");
                return;
            }
            if db.flush().await.is_err() {
                // Nobody knows whether there is a savepoint still.
                rolled_back(f, db, world).await;
                return;
            }
        }
        2 => nested.rollback().await.expect("the connection is there"),
        _ => drop(nested),
    }
    *world.levels().0 = before;
    world.find_again(db).await;
    world.check_memory(db);
    world.check_own_rows(db).await;
    world.check_memory(db);
}
