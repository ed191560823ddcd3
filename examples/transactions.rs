//! Transactions and savepoints: what is sent when, what comes back after a rollback, and what an error leaves behind.
//!
//! ```text
//! cargo run --example transactions
//! ```
//!
//! A session has one transaction at a time. The first statement begins it, `commit` and `rollback` end it, and memory goes with
//! the database: after a rollback, rows are what they were before.

use std::process::ExitCode;

use examples::Story;
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "accounts", check("balance >= 0"))]
struct Account {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    owner: String,
    balance: i32,
}

/// All of it or nothing, as a closure: `Ok` commits, `Err` rolls back. Any error type will do that an ORM's error becomes.
async fn transfer(engine: &Engine, from: i32, to: i32, amount: i32) -> examples::Result {
    engine
        .transaction(async |db| {
            let giver = db
                .get::<Account>(from)
                .for_update()
                .await?
                .ok_or("nobody to give")?;
            let taker = db
                .get::<Account>(to)
                .for_update()
                .await?
                .ok_or("nobody to take")?;
            db[taker].balance += amount;
            db.flush().await?;
            if db[giver].balance < amount {
                return Err("there is not enough".into());
            }
            db[giver].balance -= amount;
            Ok(())
        })
        .await
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Account,)>().await?;
    let (engine, log) = test_db.logged_engine().await?;

    story.part("Nothing is sent before it must be");
    let mut db = engine.session();
    let ann = db.add(Account::create().owner("ann").balance(100));
    let bob = db.add(Account::create().owner("bob").balance(50));
    story.check(
        "`add` waits",
        (log.count(), db.in_transaction()),
        (0, false),
    );
    db.commit().await?;
    story.sql(log.take());
    story.say(format_args!(
        "Committed, with the keys {} and {}. A commit without a change:",
        db[ann].id, db[bob].id
    ));
    db.commit().await?;
    let sent = story.sql(log.take());
    story.check("nothing to say", sent, 0);

    story.part("A rollback restores memory, too");
    db[ann].balance = 0;
    db.delete(bob)?;
    let cara = db.add(Account::create().owner("cara").balance(7));
    db.flush().await?;
    story.sql(log.take());
    story.say(format_args!(
        "Flushed, and visible to nobody else: ann has {}, bob is {:?}, cara {:?}.",
        db[ann].balance,
        db.state(bob),
        db.state(cara)
    ));
    db.rollback().await?;
    story.sql(log.take());
    story.say(format_args!(
        "Rolled back: ann has {}, bob is {:?}, cara {:?}.",
        db[ann].balance,
        db.state(bob),
        db.state(cara)
    ));
    story.check(
        "as it was",
        (db[ann].balance, db.state(bob), db.state(cara)),
        (100, State::Persistent, State::Detached),
    );

    story.part("An error ends the transaction, and is remembered");
    db[bob].balance = -1;
    let refused = db.flush().await;
    if let Err(error) = &refused {
        story.say(error);
    }
    story.check(
        "a check constraint",
        refused.is_err_and(|error| error.constraint().is_some()),
        true,
    );
    let next = Account::query().count(&mut db).await;
    if let Err(error) = &next {
        story.say(error);
    }
    story.check(
        "until the rollback",
        matches!(next, Err(Error::RollbackRequired { .. })),
        true,
    );
    db.rollback().await?;
    story.check("and on", Account::query().count(&mut db).await?, 2);
    db.rollback().await?;

    story.part("A savepoint takes back a part");
    log.clear();
    let mut taken = Vec::new();
    for owner in ["cara", "ann", "dan"] {
        let mut savepoint = db.begin_nested().await?;
        match savepoint
            .insert(Account::create().owner(owner).balance(0))
            .await
        {
            Ok(_) => savepoint.commit().await?,
            Err(error) if error.is_unique_violation() => {
                savepoint.rollback().await?;
                taken.push(owner);
            }
            Err(error) => return Err(error.into()),
        }
    }
    db.commit().await?;
    story.sql(log.take());
    let owners = Account::query()
        .order_by(Account::ID)
        .select(Account::OWNER)
        .all(&mut db)
        .await?;
    story.say(format_args!(
        "Taken: {}. There are {} now.",
        taken.join(", "),
        owners.join(", ")
    ));
    story.check(
        "the others are in",
        owners,
        vec!["ann", "bob", "cara", "dan"],
    );

    story.part("Savepoints in savepoints");
    let mut outer = db.begin_nested().await?;
    outer[ann].balance = 90;
    {
        let mut inner = outer.begin_nested().await?;
        inner[ann].balance = 10;
        inner.flush().await?;
        // Dropped without a commit: rolled back.
    }
    story.check("the inner one is gone", outer[ann].balance, 90);
    outer.commit().await?;
    db.commit().await?;
    let mut other = engine.session();
    let seen = Account::query()
        .filter(Account::OWNER.eq("ann"))
        .select(Account::BALANCE)
        .one(&mut other)
        .await?;
    story.say(format_args!(
        "Ann has {seen}: the outer savepoint was kept, the inner one was not."
    ));
    story.check("in the database", seen, 90);
    other.close().await?;

    story.part("As a closure");
    let (ann_id, bob_id) = (db[ann].id, db[bob].id);
    transfer(&engine, ann_id, bob_id, 40).await?;
    let refused = transfer(&engine, ann_id, bob_id, 400).await;
    if let Err(error) = &refused {
        story.say(format_args!(
            "The first transfer was committed. The second: {error}."
        ));
    }
    db.refresh([ann, bob]).await?;
    story.check(
        "bob kept nothing of the second",
        (db[ann].balance, db[bob].balance),
        (50, 90),
    );
    db.commit().await?;

    story.part("One view of the data, for a report");
    let options = SessionOptions::new()
        .isolation(Isolation::RepeatableRead)
        .read_only();
    let mut report = engine.session_with(options);
    log.clear();
    let total = Account::query().select(sum(Account::BALANCE));
    let before = total.clone().one(&mut report).await?;
    db[ann].balance += 1000;
    db.commit().await?;
    let after = total.one(&mut report).await?;
    let begin = log
        .take()
        .into_iter()
        .find(|sql| sql.starts_with("BEGIN "))
        .unwrap_or_default();
    story.say(format_args!(
        "{begin}: {before:?} before somebody else's commit, {after:?} after it."
    ));
    story.check("repeatable", after, before);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn memory_and_database_go_together() {
    let told = [
        "Committed, with the keys 1 and 2. A commit without a change:",
        "Rolled back: ann has 100, bob is Persistent, cara Detached.",
        "  SAVEPOINT sp_1",
        "Taken: ann. There are ann, bob, cara, dan now.",
        "The first transfer was committed. The second: there is not enough.",
    ];
    examples::expect(run, &told).await;
}
