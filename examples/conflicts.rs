//! Two sessions in conflict: who notices, what the error says, and how a program goes on.
//!
//! ```text
//! cargo run --example conflicts
//! ```
//!
//! Four ways to get in one another's way: a change of what somebody else has changed, seen by a version; the same without a
//! version, for rows of an earlier transaction; two transactions that cannot both have been alone; and two that wait for
//! each other.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};

use examples::Story;
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions};
use orm_core::testing::TestDb;
use tokio::sync::Barrier;

/// Changes are counted: an UPDATE asks for the version that was read.
#[derive(Model, Debug, Clone)]
#[orm(table = "pages")]
struct Page {
    #[orm(primary_key)]
    id: i32,
    text: String,
    #[orm(version)]
    version: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "accounts")]
struct Account {
    #[orm(primary_key)]
    id: i32,
    balance: i32,
}

/// Moves money, after both have their first lock: without that the two would rarely meet.
async fn transfer(engine: &Engine, from: i32, to: i32, meeting: &Barrier) -> orm_core::Result<u32> {
    let attempts = AtomicU32::new(0);
    engine
        .transaction_retry(SessionOptions::new(), async |db| {
            let first = attempts.fetch_add(1, Ordering::Relaxed) == 0;
            let giver = db
                .get::<Account>(from)
                .for_update()
                .await?
                .expect("it is there");
            if first {
                meeting.wait().await;
            }
            let taker = db
                .get::<Account>(to)
                .for_update()
                .await?
                .expect("it is there");
            db[giver].balance -= 10;
            db[taker].balance += 10;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(attempts.into_inner())
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Page, Account)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();
    let page = db.insert(Page::create().text("Tea")).await?;
    let page_id = db[page].id;
    db.add_all([1, 2].map(|_| Account::create().balance(100)));
    db.commit().await?;
    log.clear();

    story.part("A version: both have read, both write");
    let (mut ann, mut bob) = (engine.session(), engine.session());
    let anns = ann.get::<Page>(page_id).await?.ok_or("a page")?;
    let bobs = bob.get::<Page>(page_id).await?.ok_or("a page")?;
    ann[anns].text = "Green tea".to_owned();
    ann.commit().await?;
    bob[bobs].text = "Black tea".to_owned();
    log.clear();
    let refused = bob.flush().await;
    story.sql(log.take());
    if let Err(error) = &refused {
        story.say(format_args!("Bob: {error}."));
    }
    story.check("stale", matches!(refused, Err(Error::Stale { .. })), true);
    bob.rollback().await?;
    bob.refresh(bobs).await?;
    story.say(format_args!(
        "He reads again, \"{}\" of version {}, and decides again.",
        bob[bobs].text, bob[bobs].version
    ));
    bob[bobs].text.push_str(", or black");
    bob.commit().await?;
    story.check(
        "both are in it",
        (bob[bobs].text.as_str(), bob[bobs].version),
        ("Green tea, or black", 3),
    );

    story.part("Without a version: a row that was read in an earlier transaction");
    let anns = ann.get::<Account>(1).await?.ok_or("an account")?;
    ann.commit().await?;
    story.say("Ann has read the balance and committed. The value stays in memory, and is stale.");
    let bobs = bob.get::<Account>(1).await?.ok_or("an account")?;
    bob[bobs].balance = 70;
    bob.commit().await?;
    ann[anns].balance += 5;
    log.clear();
    let refused = ann.flush().await;
    story.say("Her UPDATE is guarded: it asks for the old value, too.");
    story.sql(log.take());
    if let Err(error) = &refused {
        story.say(format_args!("Ann: {error}."));
    }
    story.check("guarded", matches!(refused, Err(Error::Stale { .. })), true);
    ann.rollback().await?;
    ann.set_expr(anns, Account::BALANCE.set(Account::BALANCE + 5))?;
    log.clear();
    ann.flush().await?;
    story.say("Or the server adds, and no old value matters:");
    story.sql(log.take());
    ann.commit().await?;
    story.check("nothing is lost", ann[anns].balance, 75);

    story.part("Serializable: as if one had been alone");
    let serializable = || SessionOptions::new().isolation(Isolation::Serializable);
    let (mut first, mut second) = (
        engine.session_with(serializable()),
        engine.session_with(serializable()),
    );
    let total = Account::query().select(sum(Account::BALANCE));
    let seen = total.clone().one(&mut first).await?;
    story.say(format_args!(
        "Each of two programs adds an account as long as there are less than 200 in all, and both see {seen:?}."
    ));
    story.check(
        "both see the same",
        total.clone().one(&mut second).await?,
        seen,
    );
    first.add(Account::create().balance(20));
    second.add(Account::create().balance(20));
    first.commit().await?;
    let refused = second.commit().await;
    if let Err(error) = &refused {
        // Without the statement, which the second line shows.
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default();
        story.say(format_args!("The second: {message}."));
    }
    story.check(
        "may be run again",
        refused.is_err_and(|error| error.is_retryable()),
        true,
    );
    second.rollback().await?;

    let attempts = AtomicU32::new(0);
    let added = engine
        .transaction_retry(serializable(), async |db| {
            let total = Account::query()
                .select(sum(Account::BALANCE))
                .one(db)
                .await?
                .unwrap_or(0);
            if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                // Somebody is faster, the first time.
                let mut faster =
                    engine.session_with(SessionOptions::new().isolation(Isolation::Serializable));
                Account::query()
                    .select(sum(Account::BALANCE))
                    .one(&mut faster)
                    .await?;
                faster.add(Account::create().balance(20));
                faster.commit().await?;
            }
            if total < 200 {
                db.add(Account::create().balance(20));
            }
            Ok::<_, Error>(total < 200)
        })
        .await?;
    let attempts = attempts.into_inner();
    story.say(format_args!("`transaction_retry` runs the whole of it again: {attempts} attempts, and in the last one there was {}.", if added { "room" } else { "no room any more" }));
    story.check(
        "the second attempt has seen it",
        (attempts, added),
        (2, false),
    );

    story.part("A deadlock: each waits for the other");
    let meeting = Barrier::new(2);
    let (one, other) = tokio::join!(
        transfer(&engine, 1, 2, &meeting),
        transfer(&engine, 2, 1, &meeting)
    );
    let attempts = one? + other?;
    story.say(format_args!("One transfer locks 1 and wants 2, the other locks 2 and wants 1. After a second the server ends one of them, and `transaction_retry` runs that one again: {attempts} attempts for two transfers."));
    story.check("one of them twice", attempts, 3);
    let balances = Account::query()
        .filter(Account::ID.le(2))
        .order_by(Account::ID)
        .select(Account::BALANCE);
    story.check(
        "both went through",
        balances.all(&mut db).await?,
        vec![75, 100],
    );
    story.say("Better still: lock rows in one order, `.order_by(Account::ID).for_update()`, and nobody waits in a ring.");
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let told = [
        "  UPDATE pages SET text = $1, version = pages.version + 1 WHERE id = $2 AND version = $3",
        "He reads again, \"Green tea\" of version 2, and decides again.",
        "  UPDATE accounts SET balance = accounts.balance + $1 WHERE id = $2 RETURNING balance",
    ];
    examples::expect(run, &told).await;
}
