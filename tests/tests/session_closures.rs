//! `engine.transaction(..)` and `engine.transaction_retry(..)`: with borrowed captures, in spawned tasks, with errors of
//! the user's own, and run again when another transaction was first.
#![allow(missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions};
use tests::fixture::Fixture;
use tests::models::*;
use tokio::sync::Barrier;

type Shelf = (Author, Book);

#[derive(Debug)]
enum AppError {
    Refused(String),
    Database(Error),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        AppError::Database(error)
    }
}

async fn add(db: &mut Session, name: &str) -> orm_core::Result<i32> {
    let author = db.insert(Author::create().name(name)).await?;
    tokio::task::yield_now().await;
    Ok(db[author].id)
}

async fn names(f: &Fixture) -> Vec<String> {
    f.rows("select name from authors order by id").await
}

#[tokio::test]
async fn ok_commits_and_an_error_rolls_back() {
    let f = Fixture::new::<Shelf>().await;
    let name = String::from("Ann");
    let id = f
        .engine
        .transaction(async |db| add(db, &name).await)
        .await
        .unwrap();
    assert_eq!(id, 1);
    let outcome: Result<(), AppError> = f
        .engine
        .transaction(async |db| {
            add(db, "Bob").await?;
            Err(AppError::Refused(name.clone()))
        })
        .await;
    assert!(matches!(outcome, Err(AppError::Refused(name)) if name == "Ann"));
    let outcome: Result<i32, AppError> = f
        .engine
        .transaction(async |db| Ok(add(db, "Ann").await?))
        .await;
    assert!(matches!(
        outcome,
        Err(AppError::Database(Error::Constraint(_)))
    ));
    // What commit refuses is an error of the call.
    let outcome: Result<(), AppError> = f
        .engine
        .transaction(async |db| {
            db.add(Author::create().name("Ann"));
            Ok(())
        })
        .await;
    assert!(matches!(
        outcome,
        Err(AppError::Database(Error::Constraint(_)))
    ));
    assert_eq!(names(&f).await, ["Ann"]);
}

#[tokio::test]
async fn captures_can_be_borrowed_changed_and_moved() {
    let f = Fixture::new::<Shelf>().await;
    let mut out = Vec::new();
    let name = String::from("Ann");
    f.engine
        .transaction(async |db| {
            out.push(add(db, &name).await?);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    f.engine
        .transaction(async move |db| {
            let id = add(db, &format!("{name}2")).await?;
            drop(name);
            Ok::<_, Error>(id)
        })
        .await
        .unwrap();
    assert_eq!(out, [1]);
    assert_eq!(names(&f).await, ["Ann", "Ann2"]);
}

#[tokio::test]
async fn both_can_be_spawned_with_borrowed_captures() {
    let f = Fixture::new::<Shelf>().await;
    let engine = f.engine.clone();
    let task = tokio::spawn(async move {
        let name = String::from("Ann");
        let n = engine
            .transaction(async |db| {
                add(db, &name).await?;
                let mut inner = db.begin_nested().await?;
                add(&mut inner, "inner").await?;
                inner.commit().await?;
                let first = Author::query().order_by(Author::ID.asc()).first(db).await?;
                db[first.unwrap()].name.push('!');
                Author::query().count(db).await
            })
            .await?;
        let again = engine
            .transaction_retry(SessionOptions::new(), async |db| {
                let found = Author::query()
                    .filter(Author::NAME.eq(format!("{name}!")))
                    .one(db)
                    .await?;
                db[found].email = Some(name.clone());
                Ok::<_, AppError>(db[found].id)
            })
            .await?;
        Ok::<_, AppError>((n, again))
    });
    assert_eq!(task.await.unwrap().unwrap(), (2, 1));
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["Ann!|Ann", "inner|NULL"]
    );
}

#[tokio::test]
async fn a_closure_that_is_dropped_halfway_is_rolled_back() {
    let f = Fixture::new::<Shelf>().await;
    let (started, start) = tokio::sync::oneshot::channel::<()>();
    let engine = f.engine.clone();
    let task = tokio::spawn(async move {
        engine
            .transaction(async move |db| {
                add(db, "Ann").await?;
                started.send(()).unwrap();
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            })
            .await
    });
    start.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    f.elsewhere("set lock_timeout = '10s'; lock table authors in access exclusive mode")
        .await;
    assert_eq!(names(&f).await, [""; 0]);
}

/// Two tasks read the same row at the same time and write it: one of them is run again.
#[tokio::test]
async fn a_serialization_failure_is_run_again() {
    let f = Fixture::new::<Shelf>().await;
    f.elsewhere("insert into books (title, pages) values ('Trees', 0)")
        .await;
    let meet = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicU32::new(0));
    let task = || {
        let (engine, meet, runs) = (f.engine.clone(), Arc::clone(&meet), Arc::clone(&runs));
        tokio::spawn(async move {
            let first = AtomicU32::new(1);
            let options = SessionOptions::new().isolation(Isolation::Serializable);
            engine
                .transaction_retry(options, async |db| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    let book = Book::query().one(db).await?;
                    if first.swap(0, Ordering::Relaxed) == 1 {
                        meet.wait().await;
                    }
                    db[book].pages += 1;
                    Ok::<_, AppError>(())
                })
                .await
        })
    };
    let (one, two) = (task(), task());
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(f.rows("select pages from books").await, ["2"]);
    assert_eq!(runs.load(Ordering::Relaxed), 3);
}

/// Two tasks lock two rows in opposite orders: the server ends one of them, which is run again.
#[tokio::test]
async fn a_deadlock_is_run_again() {
    let f = Fixture::new::<Shelf>().await;
    f.elsewhere(
        "insert into books (title, pages) values ('a', 0), ('b', 0);
         do $$ begin execute format('alter database %I set deadlock_timeout = ''20ms''', current_database()); end $$",
    )
    .await;
    let meet = Arc::new(Barrier::new(2));
    let task = |order: [i32; 2]| {
        let (engine, meet) = (f.engine.clone(), Arc::clone(&meet));
        tokio::spawn(async move {
            let first = AtomicU32::new(1);
            engine
                .transaction_retry(SessionOptions::new(), async |db| {
                    for id in order {
                        let book = db.get::<Book>(id).await?.expect("it is there");
                        db.refresh(book).await?;
                        db[book].pages += 1;
                        db.flush().await?;
                        if id == order[0] && first.swap(0, Ordering::Relaxed) == 1 {
                            meet.wait().await;
                        }
                    }
                    Ok::<_, AppError>(())
                })
                .await
        })
    };
    let (one, two) = (task([1, 2]), task([2, 1]));
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    assert_eq!(
        f.rows("select pages from books order by id").await,
        ["2", "2"]
    );
}

#[tokio::test]
async fn only_lost_races_are_run_again() {
    let f = Fixture::new::<Shelf>().await;
    let runs = AtomicU32::new(0);
    let outcome: Result<(), AppError> = f
        .engine
        .transaction_retry(SessionOptions::new(), async |db| {
            runs.fetch_add(1, Ordering::Relaxed);
            add(db, "Ann").await?;
            Err(AppError::Refused("no".to_owned()))
        })
        .await;
    assert!(matches!(outcome, Err(AppError::Refused(_))));
    let outcome: Result<i32, AppError> = f
        .engine
        .transaction_retry(SessionOptions::new(), async |db| {
            runs.fetch_add(1, Ordering::Relaxed);
            add(db, "Ann").await?;
            Ok(add(db, "Ann").await?)
        })
        .await;
    assert!(matches!(
        outcome,
        Err(AppError::Database(Error::Constraint(_)))
    ));
    // A race that was lost behind a savepoint, and got over there, is no reason either.
    let outcome: Result<i32, AppError> = f
        .engine
        .transaction_retry(SessionOptions::new(), async |db| {
            runs.fetch_add(1, Ordering::Relaxed);
            let mut inner = db.begin_nested().await?;
            let lost = orm_core::engine::sql(
                "do $$ begin raise exception 'lost' using errcode = '40001'; end $$",
            );
            assert!(lost.execute(&mut *inner).await.unwrap_err().is_retryable());
            inner.rollback().await?;
            add(db, "Bob").await?;
            Err(AppError::Refused("no".to_owned()))
        })
        .await;
    assert!(matches!(outcome, Err(AppError::Refused(_))));
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    assert_eq!(names(&f).await, [""; 0]);
}

#[tokio::test]
async fn it_gives_up_at_last_with_the_last_error() {
    let f = Fixture::new::<Shelf>().await;
    let runs = AtomicU32::new(0);
    let outcome: Result<(), AppError> = f
        .engine
        .transaction_retry(SessionOptions::new(), async |db| {
            runs.fetch_add(1, Ordering::Relaxed);
            let lost = orm_core::engine::sql(
                "do $$ begin raise exception 'lost' using errcode = '40P01'; end $$",
            );
            lost.execute(db).await?;
            Ok(())
        })
        .await;
    assert!(matches!(
        outcome,
        Err(AppError::Database(Error::Retryable { .. }))
    ));
    assert_eq!(runs.load(Ordering::Relaxed), 10);
}
