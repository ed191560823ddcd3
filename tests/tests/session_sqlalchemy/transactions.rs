//! Points 23 to 28: failure, commit, rollback, savepoints, close.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

use super::committed_author;

#[tokio::test]
async fn sqlalchemy_23_after_a_failed_flush_the_session_waits_for_rollback() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.add(Author::create().name("Ann"));
    let first = refused(db.flush().await);
    assert!(first.is_unique_violation(), "{first}");
    for error in [
        refused(db.flush().await),
        refused(db.commit().await),
        refused(Author::query().all(&mut db).await),
        refused(db.begin_nested().await.map(drop)),
    ] {
        assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
        assert!(text(&error).contains("authors"), "the first cause: {error}");
        assert!(
            !format!("{error:?}").contains("Ann"),
            "no values: {error:?}"
        );
    }
    db.rollback().await.unwrap();
    db[ann].name = "Anna".to_owned();
    db.commit().await.unwrap();
    // Behind a savepoint, the savepoint is what is rolled back.
    db[ann].email = Some("a@x".to_owned());
    let mut inner = db.begin_nested().await.unwrap();
    inner.add(Author::create().name("Anna"));
    assert!(refused(inner.flush().await).is_unique_violation());
    inner.rollback().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Anna|a@x"]
    );
}

#[tokio::test]
async fn sqlalchemy_24_commit_flushes_and_values_stay_readable() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    let bob = db.add(Author::create().name("Bob"));
    db.delete(ann).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.sent().last().unwrap(), "COMMIT");
    // SQLAlchemy would load it again here. Ours is marked as stale: a write is guarded, `get` reads it again.
    assert_eq!(db[bob].name, "Bob");
    assert_eq!(f.count(), 0);
    assert_eq!(db.state(ann), State::Detached);
    let id = db[bob].id;
    db.get::<Author>(id).await.unwrap();
    assert_eq!(f.count(), 2, "BEGIN and a SELECT");
}

#[tokio::test]
async fn sqlalchemy_24_commit_of_the_session_releases_its_savepoints() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "Anna".to_owned();
    Session::commit(&mut inner).await.unwrap();
    drop(inner);
    assert_eq!(f.sent().last().unwrap(), "COMMIT");
    assert!(!db.in_transaction());
    assert_eq!(f.rows("select name from authors").await, ["Anna"]);
}

#[tokio::test]
async fn sqlalchemy_25_rollback_takes_every_kind_of_change_back() {
    let f = Fixture::new::<(Author, Book, Country, City)>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let book = db
        .insert(Book::create().title("Trees").author(ann))
        .await
        .unwrap();
    let country = db
        .insert(Country::create().code("a").name("A"))
        .await
        .unwrap();
    db.commit().await.unwrap();
    // (i) what became pending, flushed or not; (iii) and what was deleted again.
    let flushed = db.insert(Author::create().name("flushed")).await.unwrap();
    let both = db.insert(Author::create().name("both")).await.unwrap();
    db.delete(both).unwrap();
    // (ii) what was deleted, and what went with it; (iv) a key that changed.
    db.delete(ann).unwrap();
    db[country].code = "b".to_owned();
    db.flush().await.unwrap();
    let pending = db.add(Author::create().name("pending"));
    db[book].title = "changed".to_owned();
    f.sent();
    db.rollback().await.unwrap();
    assert_eq!(f.sent(), ["ROLLBACK"]);
    for gone in [flushed, both, pending] {
        assert_eq!(db.state(gone), State::Detached);
    }
    assert_eq!(db.state(ann), State::Persistent);
    assert_eq!(
        (db[book].title.as_str(), db[book].author_id),
        ("Trees", Some(db[ann].id))
    );
    assert_eq!(
        db.get::<Country>("a".to_owned()).await.unwrap(),
        Some(country)
    );
    assert_eq!(db[country].code, "a");
    db.rollback().await.unwrap();
    f.sent();
    // (v) all rows are stale: the next read of them goes to the database. Without a transaction nothing happens.
    db.rollback().await.unwrap();
    assert_eq!(f.count(), 0);
    db.get::<Country>("a".to_owned()).await.unwrap();
    assert_eq!(f.count(), 2);
}

#[tokio::test]
async fn sqlalchemy_26_what_was_expunged_stays_out_of_a_session_that_rolls_back() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db[ann].name = "Anna".to_owned();
    db.flush().await.unwrap();
    db.expunge(ann).unwrap();
    db.rollback().await.unwrap();
    assert_eq!(db.state(ann), State::Detached);
}

#[tokio::test]
async fn sqlalchemy_27_a_savepoint_flushes_first_and_merges_into_its_transaction() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.refresh(ann).await.unwrap();
    f.sent();
    db[ann].email = Some("before".to_owned());
    {
        let mut quiet = db.no_autoflush();
        let inner = quiet.begin_nested().await.unwrap();
        inner.commit().await.unwrap();
    }
    assert_eq!(
        f.sent(),
        [
            "UPDATE authors SET email = $1 WHERE id = $2",
            "SAVEPOINT sp_1",
            "RELEASE SAVEPOINT sp_1"
        ]
    );
    // Released changes belong to the transaction.
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "inner".to_owned();
    inner.commit().await.unwrap();
    // Rolled back ones are gone, and nothing else is.
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "lost".to_owned();
    let lost = inner.insert(Author::create().name("x")).await.unwrap();
    inner.rollback().await.unwrap();
    assert_eq!(db[ann].name, "inner");
    assert_eq!(db.state(lost), State::Detached);
    db.rollback().await.unwrap();
    assert_eq!(
        (db[ann].name.as_str(), db[ann].email.as_deref()),
        ("Ann", None)
    );
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Ann|NULL"]
    );
}

#[tokio::test]
async fn sqlalchemy_28_close_gives_everything_up_and_the_session_can_go_on() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db[ann].name = "Anna".to_owned();
    db.flush().await.unwrap();
    f.sent();
    db.close().await.unwrap();
    assert_eq!(f.sent(), ["ROLLBACK"]);
    assert_eq!(db.state(ann), State::Detached);
    let again = db.get::<Author>(1).await.unwrap().unwrap();
    assert_eq!(db[again].name, "Ann");
}
