//! The last statement of a plain transaction, sent together with COMMIT: what is sent, how often the server is waited for, and
//! what is kept when something goes wrong.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::{Connection, sql};
use orm_core::error::ConstraintKind;
use orm_core::prelude::*;
use tests::fixture::{Fixture, poll_times};
use tests::refused;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "accounts")]
struct Account {
    #[orm(primary_key)]
    id: i32,
    balance: i32,
}

const NOTHING: [&str; 0] = [];
const ALL: &str = "select balance from accounts order by id";

async fn fixture() -> (Fixture, Connection) {
    let f = Fixture::new::<Account>().await;
    f.elsewhere(
        "insert into accounts (balance) values (1), (2); alter table accounts add check (balance < 1000)",
    )
    .await;
    let conn = f.engine.acquire().await.unwrap();
    (f, conn)
}

fn set(id: i32, balance: i32) -> orm_core::query::BulkUpdate<Account> {
    let found = Account::query().filter(Account::ID.eq(id));
    found.update(Account::BALANCE.set(balance))
}

#[tokio::test]
async fn read_modify_write_is_two_round_trips() {
    let (f, mut conn) = fixture().await;
    for first_time in [true, false] {
        let mut transaction = conn.begin().await.unwrap();
        let found = Account::query().filter(Account::ID.eq(1));
        let account = found.one(&mut transaction).await.unwrap();
        let last = set(1, account.balance + 10);
        assert_eq!(transaction.commit_with(last).await.unwrap(), 1);
        assert_eq!(f.round_trips(), if first_time { 4 } else { 2 });
        assert_eq!(
            f.sent(),
            [
                "BEGIN",
                "SELECT accounts.id, accounts.balance FROM accounts WHERE accounts.id = $1 LIMIT $2",
                "UPDATE accounts SET balance = $1 WHERE accounts.id = $2",
                "COMMIT"
            ]
        );
    }
    assert_eq!(f.rows(ALL).await, ["21", "2"]);
}

#[tokio::test]
async fn the_only_statement_of_a_transaction_goes_out_by_itself() {
    let (f, mut conn) = fixture().await;
    let transaction = conn.begin().await.unwrap();
    let cleared = sql("UPDATE accounts SET balance = :to").bind("to", 0);
    assert_eq!(transaction.commit_with(cleared).await.unwrap(), 2);
    assert_eq!(f.sent(), ["UPDATE accounts SET balance = $1"]);
    assert_eq!(f.rows(ALL).await, ["0", "0"]);

    let transaction = conn.begin().await.unwrap();
    let new = [5, 6].map(|balance| Account::create().balance(balance));
    let inserted = transaction.commit_with(Account::insert(new)).await;
    assert_eq!(inserted.unwrap(), 2);
    let transaction = conn.begin().await.unwrap();
    let poor = Account::query().filter(Account::BALANCE.eq(0)).delete();
    assert_eq!(transaction.commit_with(poor).await.unwrap(), 2);
    assert_eq!(f.count(), 2);
    assert_eq!(f.rows(ALL).await, ["5", "6"]);

    // Where a transaction was left open, BEGIN comes behind its ROLLBACK, and is needed.
    let mut left = conn.begin().await.unwrap();
    left.execute("DELETE FROM accounts").await.unwrap();
    drop(left);
    f.sent();
    let transaction = conn.begin().await.unwrap();
    assert_eq!(transaction.commit_with(set(3, 7)).await.unwrap(), 1);
    assert_eq!(
        f.sent(),
        [
            "ROLLBACK; BEGIN",
            "UPDATE accounts SET balance = $1 WHERE accounts.id = $2",
            "COMMIT"
        ]
    );
    assert_eq!(f.rows(ALL).await, ["7", "6"]);
}

#[tokio::test]
async fn a_transaction_that_a_script_left_open_is_committed_with_it() {
    let (f, mut conn) = fixture().await;
    conn.execute_script("BEGIN; DELETE FROM accounts WHERE id = 2")
        .await
        .unwrap();
    let transaction = conn.begin().await.unwrap();
    assert_eq!(transaction.commit_with(set(1, 7)).await.unwrap(), 1);
    assert_eq!(f.rows(ALL).await, ["7"]);
}

#[tokio::test]
async fn a_write_of_no_rows_commits_what_was_done_before() {
    let (f, mut conn) = fixture().await;
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("DELETE FROM accounts").await.unwrap();
    let nobody: [Account; 0] = [];
    let none = Account::insert(nobody);
    assert_eq!(transaction.commit_with(none).await.unwrap(), 0);
    assert_eq!(f.sent(), ["BEGIN", "DELETE FROM accounts", "COMMIT"]);
    assert_eq!(f.rows(ALL).await, NOTHING);
}

#[tokio::test]
async fn what_the_last_statement_fails_with_is_reported_and_nothing_is_kept() {
    let (f, mut conn) = fixture().await;
    for alone in [false, true] {
        for _ in 0..2 {
            let mut transaction = conn.begin().await.unwrap();
            if !alone {
                let deleted = transaction.execute("DELETE FROM accounts WHERE id = 2");
                deleted.await.unwrap();
            }
            f.sent();
            let error = refused(transaction.commit_with(set(1, 5000)).await);
            let violated = error.constraint().expect("a constraint");
            assert_eq!(violated.kind, ConstraintKind::Check, "{error}");
            assert_eq!(f.count(), if alone { 1 } else { 2 });
            assert_eq!(f.rows(ALL).await, ["1", "2"]);
            // The server has rolled back, so there is nothing left to do.
            let left: i64 = conn
                .fetch_scalar("SELECT count(*) FROM accounts")
                .await
                .unwrap();
            assert_eq!(left, 2);
            assert_eq!(f.sent(), ["SELECT count(*) FROM accounts"]);
        }
    }
}

#[tokio::test]
async fn what_was_wrong_before_the_last_statement_keeps_it_from_being_sent() {
    let (f, mut conn) = fixture().await;
    // A statement that failed.
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("DELETE FROM accounts").await.unwrap();
    refused(transaction.execute("SELECT 1 / 0").await);
    f.sent();
    let error = refused(transaction.commit_with(set(1, 5)).await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    assert_eq!(f.sent(), ["ROLLBACK"]);
    assert_eq!(f.rows(ALL).await, ["1", "2"]);

    // A value that does not fit, which the client sees, and a text that does not fit its values.
    for begun in [false, true] {
        let wrong = || sql("UPDATE accounts SET balance = :to").bind("to", "text");
        let incomplete = || sql("UPDATE accounts SET balance = :to");
        for last in [wrong(), incomplete()] {
            let mut transaction = conn.begin().await.unwrap();
            if begun {
                transaction.execute("DELETE FROM accounts").await.unwrap();
            }
            f.sent();
            refused(transaction.commit_with(last).await);
            assert!(!f.sent().contains(&"COMMIT".to_owned()));
            let left = conn.fetch_scalar::<i64>("SELECT count(*) FROM accounts");
            assert_eq!(left.await.unwrap(), 2);
        }
    }
    assert_eq!(f.rows(ALL).await, ["1", "2"]);
}

#[tokio::test]
async fn what_commit_refuses_is_refused() {
    let (f, mut conn) = fixture().await;
    f.elsewhere("alter table accounts add unique (balance) deferrable initially deferred")
        .await;
    for alone in [false, true] {
        let mut transaction = conn.begin().await.unwrap();
        if !alone {
            transaction
                .execute("INSERT INTO accounts (balance) VALUES (9)")
                .await
                .unwrap();
        }
        let error = refused(transaction.commit_with(set(1, 2)).await);
        let violated = error.constraint().expect("a constraint");
        assert_eq!(violated.kind, ConstraintKind::Unique, "{error}");
        assert_eq!(f.rows(ALL).await, ["1", "2"]);
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_anywhere_leaves_all_of_it_or_nothing() {
    let (f, _) = fixture().await;
    for alone in [false, true] {
        for polls in 0.. {
            f.elsewhere("update accounts set balance = id").await;
            let mut conn = f.engine.acquire().await.unwrap();
            let mut transaction = conn.begin().await.unwrap();
            if !alone {
                let first = transaction.execute("UPDATE accounts SET balance = 70 WHERE id = 2");
                first.await.unwrap();
            }
            let done = poll_times(polls, transaction.commit_with(set(1, 70))).await;
            // The next statement waits until the server has done with it.
            let seen: Vec<(i32,)> = conn
                .fetch_all("SELECT balance FROM accounts ORDER BY id")
                .await
                .unwrap();
            let (before, after) = match alone {
                true => ([(1,), (2,)], [(70,), (2,)]),
                false => ([(1,), (2,)], [(70,), (70,)]),
            };
            assert!(seen == before || seen == after, "{polls}: {seen:?}");
            if let Some(done) = done {
                assert_eq!(done.unwrap(), 1);
                assert_eq!(seen, after);
                assert!(polls > 0);
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_lost_connection_leaves_nothing_that_could_be_used() {
    let (f, mut conn) = fixture().await;
    for alone in [false, true] {
        let mut transaction = conn.begin().await.unwrap();
        if !alone {
            transaction.execute("DELETE FROM accounts").await.unwrap();
        }
        f.elsewhere(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await;
        let error = refused(transaction.commit_with(set(1, 5)).await);
        assert!(matches!(error, Error::Connection { .. }), "{error:?}");
        drop(conn);
        conn = f.engine.acquire().await.unwrap();
        let left = conn.fetch_scalar::<i64>("SELECT count(*) FROM accounts");
        assert_eq!(left.await.unwrap(), 2);
    }
    assert_eq!(f.rows(ALL).await, ["1", "2"]);
}
