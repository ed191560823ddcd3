//! Commit, rollback, savepoints: what is sent, what the database keeps, and what memory looks like afterwards.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);

const NOBODY: [&str; 0] = [];
const AUTHORS: &str = "select name from authors order by id";

async fn ann(f: &Fixture) -> (Session, Handle<Author>) {
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    (db, ann)
}

#[tokio::test]
async fn a_transaction_begins_as_the_options_say() {
    let f = Fixture::new::<Shelf>().await;
    for (options, begin) in [
        (SessionOptions::new(), "BEGIN"),
        (
            SessionOptions::new().isolation(Isolation::ReadCommitted),
            "BEGIN ISOLATION LEVEL READ COMMITTED",
        ),
        (
            SessionOptions::new().isolation(Isolation::RepeatableRead),
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
        ),
        (SessionOptions::new().read_only(), "BEGIN READ ONLY"),
        (
            SessionOptions::new()
                .isolation(Isolation::Serializable)
                .read_only()
                .deferrable(),
            "BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
        ),
    ] {
        let mut db = f.session_with(options);
        assert_eq!(f.count(), 0);
        Author::query().count(&mut db).await.unwrap();
        assert_eq!(f.sent(), [begin, "SELECT count(*) FROM authors"]);
        db.commit().await.unwrap();
        Author::query().count(&mut db).await.unwrap();
        assert_eq!(f.sent(), ["COMMIT", begin, "SELECT count(*) FROM authors"]);
        db.rollback().await.unwrap();
        f.sent();
    }
    let mut db = f.session_with(SessionOptions::new().read_only());
    let error = refused(db.insert(Author::create().name("x")).await);
    assert!(
        text(&error).contains("this session is read-only"),
        "{error}"
    );
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn after_commit_rows_stay_and_the_next_load_refreshes_them() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    f.elsewhere("update authors set name = 'Bob'").await;
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(db.get::<Author>(1).await.unwrap(), Some(ann));
    assert_eq!(db[ann].name, "Bob");
    assert_eq!(f.count(), 2);
    // It is fresh now, so `get` sends nothing, and a query does not overwrite it.
    f.elsewhere("update authors set name = 'Cy'").await;
    db.get::<Author>(1).await.unwrap();
    assert_eq!(f.count(), 0);
    Author::query().all(&mut db).await.unwrap();
    assert_eq!(db[ann].name, "Bob");
    db.refresh(ann).await.unwrap();
    assert_eq!(db[ann].name, "Cy");
}

#[tokio::test]
async fn rollback_puts_everything_back() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    let bob = db.insert(Author::create().name("Bob")).await.unwrap();
    let book = db
        .insert(Book::create().title("Trees").author(ann))
        .await
        .unwrap();
    db.commit().await.unwrap();
    // Changed and flushed, changed and not flushed, deleted, added and flushed, added and not flushed, moved.
    db[ann].name = "Changed".to_owned();
    db.set(book, Book::AUTHOR, Some(bob));
    let flushed = db.insert(Author::create().name("new")).await.unwrap();
    let other = db.add(Author::create().name("newer"));
    db[ann].email = Some("not flushed".to_owned());
    assert_eq!(db.related(bob, Author::BOOKS).unwrap().to_vec(), [book]);
    db.rollback().await.unwrap();
    assert!(!db.in_transaction());
    assert_eq!(
        db[ann],
        Author {
            id: 1,
            name: "Ann".to_owned(),
            email: None
        }
    );
    assert_eq!(db[book].author_id, Some(1));
    assert_eq!(db.related(book, Book::AUTHOR).unwrap(), Some(ann));
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().to_vec(), [book]);
    assert_eq!(db.related(bob, Author::BOOKS).unwrap().to_vec(), []);
    assert_eq!(db.state(flushed), State::Detached);
    assert_eq!(db.state(other), State::Detached);
    assert!(db.new_entities::<Author>().is_empty() && db.dirty::<Author>().is_empty());
    assert_eq!(f.rows(AUTHORS).await, ["Ann", "Bob"]);
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(f.count(), 0, "nothing is left to be written");
}

#[tokio::test]
async fn what_was_deleted_comes_back_with_rollback_and_leaves_with_commit() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db.delete(ann).unwrap();
    assert_eq!(db.state(ann), State::Persistent);
    assert_eq!(db.deleted::<Author>(), [ann]);
    db.flush().await.unwrap();
    assert_eq!(db.state(ann), State::Deleted);
    assert_eq!(db[ann].name, "Ann", "its last values can be read");
    assert_eq!(db.get::<Author>(1).await.unwrap(), None);
    db.rollback().await.unwrap();
    assert_eq!(db.state(ann), State::Persistent);
    assert_eq!(db.get::<Author>(1).await.unwrap(), Some(ann));
    db.delete(ann).unwrap();
    db.rollback().await.unwrap();
    assert!(db.deleted::<Author>().is_empty());
    db.delete(ann).unwrap();
    db.commit().await.unwrap();
    assert_eq!(db.state(ann), State::Detached);
    assert_eq!(f.rows(AUTHORS).await, NOBODY);
    // Added and deleted in one transaction: gone either way.
    for commit in [true, false] {
        let new = db.insert(Author::create().name("x")).await.unwrap();
        db.delete(new).unwrap();
        db.flush().await.unwrap();
        if commit {
            db.commit().await.unwrap()
        } else {
            db.rollback().await.unwrap()
        }
        assert_eq!(db.state(new), State::Detached);
    }
}

#[tokio::test]
async fn a_savepoint_that_is_committed_belongs_to_the_transaction() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "Bob".to_owned();
    let new = inner.add(Author::create().name("new"));
    inner.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "SAVEPOINT sp_1",
            "UPDATE authors SET name = $1 WHERE id = $2 AND name IS NOT DISTINCT FROM $3",
            "INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id",
            "RELEASE SAVEPOINT sp_1",
        ]
    );
    assert_eq!(db[ann].name, "Bob");
    db.rollback().await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(db.state(new), State::Detached);
    assert_eq!(f.rows(AUTHORS).await, ["Ann"]);
}

#[tokio::test]
async fn a_savepoint_that_is_rolled_back_leaves_the_outer_changes() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].email = Some("outer".to_owned());
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "Bob".to_owned();
    inner[ann].email = Some("inner".to_owned());
    let new = inner.insert(Author::create().name("new")).await.unwrap();
    inner.rollback().await.unwrap();
    assert_eq!(
        f.sent().last().unwrap(),
        "ROLLBACK TO SAVEPOINT sp_1; RELEASE SAVEPOINT sp_1"
    );
    assert_eq!(
        (db[ann].name.as_str(), db[ann].email.as_deref()),
        ("Ann", Some("outer"))
    );
    assert_eq!(db.state(new), State::Detached);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Ann|outer"]
    );
}

#[tokio::test]
async fn a_guard_that_is_dropped_restores_memory_at_once_and_the_database_before_the_next_statement()
 {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    {
        let mut inner = db.begin_nested().await.unwrap();
        inner[ann].name = "Bob".to_owned();
        inner.flush().await.unwrap();
    }
    assert_eq!(db[ann].name, "Ann");
    f.sent();
    let n = Author::query()
        .filter(Author::NAME.eq("Ann"))
        .count(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 1);
    assert_eq!(
        f.sent()[0],
        "ROLLBACK TO SAVEPOINT sp_1; RELEASE SAVEPOINT sp_1"
    );
    drop(db.begin_nested().await.unwrap());
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "ROLLBACK TO SAVEPOINT sp_1; RELEASE SAVEPOINT sp_1",
            "COMMIT"
        ]
    );
}

#[tokio::test]
async fn three_savepoints_deep() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].name = "0".to_owned();
    let mut one = db.begin_nested().await.unwrap();
    one[ann].name = "1".to_owned();
    let a = one.add(Author::create().name("a"));
    {
        let mut two = one.begin_nested().await.unwrap();
        two[ann].name = "2".to_owned();
        two[a].email = Some("2".to_owned());
        let b = two.add(Author::create().name("b"));
        {
            let mut three = two.begin_nested().await.unwrap();
            three[ann].name = "3".to_owned();
            three[b].email = Some("3".to_owned());
            three.delete(a).unwrap();
            three.commit().await.unwrap();
        }
        assert_eq!(two[ann].name, "3");
        assert_eq!(two.state(a), State::Deleted);
        two.rollback().await.unwrap();
        assert_eq!(one.state(b), State::Detached);
    }
    assert_eq!(one[ann].name, "1");
    assert_eq!(
        (one.state(a), one[a].email.as_deref()),
        (State::Persistent, None)
    );
    {
        let mut two = one.begin_nested().await.unwrap();
        two[ann].name = "2 again".to_owned();
        two.commit().await.unwrap();
    }
    one.commit().await.unwrap();
    assert_eq!(db[ann].name, "2 again");
    db.commit().await.unwrap();
    assert_eq!(f.rows(AUTHORS).await, ["2 again", "a"]);
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["2 again|NULL", "a|NULL"]
    );
}

#[tokio::test]
async fn committing_or_rolling_back_the_session_ends_its_savepoints() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    {
        let mut inner = db.begin_nested().await.unwrap();
        inner[ann].name = "Bob".to_owned();
        Session::commit(&mut inner).await.unwrap();
        inner[ann].email = Some("after".to_owned());
        f.sent();
    }
    // The guard had nothing to take back any more.
    assert_eq!(db[ann].email.as_deref(), Some("after"));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Bob|after"]
    );
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].name = "Cy".to_owned();
    inner.flush().await.unwrap();
    Session::rollback(&mut inner).await.unwrap();
    f.sent();
    inner.commit().await.unwrap();
    assert_eq!(f.count(), 0);
    assert_eq!(db[ann].name, "Bob");
}

#[tokio::test]
async fn a_failure_behind_a_savepoint_is_recovered_from_by_rolling_it_back() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].email = Some("kept".to_owned());
    let mut inner = db.begin_nested().await.unwrap();
    let twin = inner.add(Author::create().name("Ann"));
    let error = refused(inner.flush().await);
    assert!(error.constraint().is_some(), "{error:?}");
    let error = refused(Author::query().count(&mut inner).await);
    assert!(
        matches!(&error, Error::RollbackRequired { cause } if cause.contains("authors_name_key")),
        "{error}"
    );
    inner.rollback().await.unwrap();
    assert_eq!(db.state(twin), State::Detached);
    // The same with a guard that is dropped, a savepoint deeper, with a failing query.
    {
        let mut inner = db.begin_nested().await.unwrap();
        let mut deeper = inner.begin_nested().await.unwrap();
        refused(bad_query(&mut deeper).await);
        drop(deeper);
        let bob = inner.insert(Author::create().name("Bob")).await.unwrap();
        assert_eq!(inner[bob].name, "Bob");
        inner.commit().await.unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["Ann|kept", "Bob|NULL"]
    );
}

/// A query that the server refuses.
async fn bad_query(db: &mut Session) -> orm_core::Result<()> {
    let none = Author::query().filter((value(1) / value(0)).eq(1));
    none.all(db).await.map(drop)
}

#[tokio::test]
async fn a_savepoint_whose_commit_fails_is_rolled_back() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    let mut inner = db.begin_nested().await.unwrap();
    inner[ann].email = Some("lost".to_owned());
    inner.add(Author::create().name("Ann"));
    assert!(refused(inner.commit().await).constraint().is_some());
    assert_eq!(db[ann].email, None);
    db[ann].name = "Bob".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Bob|NULL"]
    );
}

#[tokio::test]
async fn what_was_read_behind_a_savepoint_is_stale_when_that_is_rolled_back() {
    let f = Fixture::new::<Shelf>().await;
    f.elsewhere("insert into books (title, pages) values ('Trees', 10)")
        .await;
    let mut db = f.session();
    let book = {
        let mut inner = db.begin_nested().await.unwrap();
        let more = Book::query().update((Book::PAGES.set(Book::PAGES + 5),));
        more.exec(&mut inner).await.unwrap();
        let book = Book::query().one(&mut inner).await.unwrap();
        assert_eq!(inner[book].pages, 15);
        book
    };
    // 15 was never committed, and must not be what the new value is computed from.
    db[book].pages += 1;
    let error = refused(db.flush().await);
    assert!(matches!(error, Error::Stale { .. }), "{error:?}");
    db.rollback().await.unwrap();
    db.refresh(book).await.unwrap();
    assert_eq!(db[book].pages, 10);
}

#[tokio::test]
async fn a_failed_flush_needs_a_rollback_and_says_what_failed_first() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].email = Some("x".to_owned());
    let twin = db.add(Author::create().name("Ann"));
    let first = refused(db.commit().await);
    assert!(first.constraint().is_some());
    f.sent();
    for _ in 0..2 {
        let error = refused(db.flush().await);
        assert_eq!(
            text(&error),
            format!(
                "the transaction has ended with an error, and the session waits for `rollback().await?`; what failed \
                 first: {first}"
            )
        );
        assert!(matches!(
            refused(db.commit().await),
            Error::RollbackRequired { .. }
        ));
        assert!(matches!(
            refused(db.begin_nested().await),
            Error::RollbackRequired { .. }
        ));
        assert!(matches!(
            refused(db.get::<Author>(9).await),
            Error::RollbackRequired { .. }
        ));
        assert!(matches!(
            refused(bad_query(&mut db).await),
            Error::RollbackRequired { .. }
        ));
    }
    db.rollback().await.unwrap();
    // COMMIT went out with what failed, so that the server has rolled back.
    assert_eq!(f.count(), 0);
    assert_eq!(db.state(twin), State::Detached);
    assert_eq!(db[ann].email, None);
    db[ann].email = Some("y".to_owned());
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name, email from authors").await, ["Ann|y"]);
}

#[tokio::test]
async fn a_refused_query_needs_a_rollback_too() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].name = "Bob".to_owned();
    refused(bad_query(&mut db).await);
    assert!(matches!(
        refused(db.commit().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(f.rows(AUTHORS).await, ["Ann"]);
    // The connection is as good as new.
    db.insert(Author::create().name("Cy")).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_refused_at_commit_needs_a_rollback() {
    let f = Fixture::new::<Shelf>().await;
    f.elsewhere(
        "alter table books alter constraint books_author_id_fkey deferrable initially deferred",
    )
    .await;
    let mut db = f.session();
    let book = db
        .insert(Book::create().title("Trees").author_id(77))
        .await
        .unwrap();
    assert!(refused(db.commit().await).constraint().is_some());
    assert!(matches!(
        refused(db.flush().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
    assert_eq!(db.state(book), State::Detached);
    assert_eq!(f.rows("select * from books").await, NOBODY);
}

#[tokio::test]
async fn what_can_be_seen_to_be_wrong_before_sending_leaves_the_session_usable() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let ticket = db.insert(Ticket::create().subject("a")).await.unwrap();
    f.sent();
    db[ticket].subject = "b".to_owned();
    db[ticket].version = 9;
    assert!(matches!(refused(db.commit().await), Error::Invalid { .. }));
    assert_eq!(f.count(), 0);
    db[ticket].version = 1;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select subject, version from tickets").await,
        ["b|2"]
    );
}

#[tokio::test]
async fn close_forgets_everything_and_the_session_can_go_on() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].name = "Bob".to_owned();
    db.flush().await.unwrap();
    db.close().await.unwrap();
    assert_eq!(f.sent().last().unwrap(), "ROLLBACK");
    assert_eq!(db.state(ann), State::Detached);
    let again = db.get::<Author>(1).await.unwrap().unwrap();
    assert_ne!(again, ann);
    assert_eq!(db[again].name, "Ann");
}

#[tokio::test]
async fn what_was_expunged_stays_out() {
    let f = Fixture::new::<Shelf>().await;
    let (mut db, ann) = ann(&f).await;
    db[ann].name = "Bob".to_owned();
    db.expunge(ann).unwrap();
    assert_eq!(db.state(ann), State::Detached);
    db.rollback().await.unwrap();
    assert_eq!(db.state(ann), State::Detached);
    let other = db.insert(Author::create().name("Cy")).await.unwrap();
    assert_ne!(other, ann);
    assert_eq!(db.state(ann), State::Detached);
}

#[tokio::test]
async fn places_that_are_taken_behind_savepoints_are_given_back() {
    let f = Fixture::new::<(Country, City, Ticket)>().await;
    let mut db = f.session();
    let a = db.add(Country::create().code("AA").name("a"));
    let city = db.add(City::create().name("x").country(a));
    let ticket = db.add(Ticket::create().subject("t"));
    db.flush().await.unwrap();
    let id = db[ticket].id;
    for dropped in [false, true] {
        let mut outer = db.begin_nested().await.unwrap();
        outer.delete(a).unwrap();
        outer.delete(ticket).unwrap();
        let b = outer.add(Country::create().code("AA").name("b"));
        let other = outer.add(Ticket::create().id(id).subject("other"));
        outer.flush().await.unwrap();
        let mut inner = outer.begin_nested().await.unwrap();
        inner.delete(b).unwrap();
        inner.delete(other).unwrap();
        let c = inner.add(Country::create().code("AA").name("c"));
        inner.flush().await.unwrap();
        assert_eq!(inner.get::<Country>("AA").await.unwrap(), Some(c));
        inner.rollback().await.unwrap();
        assert_eq!(outer.state(c), State::Detached);
        assert_eq!(outer.get::<Country>("AA").await.unwrap(), Some(b));
        assert_eq!(outer.get::<Ticket>(id).await.unwrap(), Some(other));
        if dropped {
            drop(outer);
        } else {
            outer.rollback().await.unwrap();
        }
        assert_eq!(db.state(b), State::Detached);
        assert_eq!(db.get::<Country>("AA").await.unwrap(), Some(a));
        assert_eq!(db.get::<Ticket>(id).await.unwrap(), Some(ticket));
        assert_eq!(*db.related(a, Country::CITIES).unwrap(), [city]);
        assert_eq!(db.related(city, City::COUNTRY).unwrap(), Some(a));
        db[ticket].subject.push('!');
        db.flush().await.unwrap();
    }
    db.commit().await.unwrap();
    let rows =
        "select countries.name, country_code, subject, version from countries, cities, tickets";
    assert_eq!(f.rows(rows).await, ["a|AA|t!!|3"]);
}

#[tokio::test]
async fn what_is_expired_and_read_again_behind_savepoints_is_as_it_was_when_they_are_rolled_back() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let books = ["A", "B"].map(|title| Book::create().title(title));
    let ann = db.add(Author::create().name("Ann").books(books));
    db.commit().await.unwrap();
    db.refresh(ann).with(Author::BOOKS).await.unwrap();
    let books = db.related(ann, Author::BOOKS).unwrap();
    let email = |db: &Session| db[ann].email.clone();
    let some = |text: &str| Some(text.to_owned());
    db[ann].email = some("outside");
    let mut outer = db.begin_nested().await.unwrap();
    outer[ann].email = some("outer");
    outer.flush().await.unwrap();
    let mut inner = outer.begin_nested().await.unwrap();
    inner[ann].email = some("inner");
    inner.expire(ann).unwrap();
    assert_eq!(email(&inner), some("outer"));
    inner.refresh(ann).with(Author::BOOKS).await.unwrap();
    inner.set(books[0], Book::AUTHOR, None);
    inner.expire(books[0]).unwrap();
    inner.refresh(books[1]).await.unwrap();
    inner.delete(books[1]).unwrap();
    inner.flush().await.unwrap();
    inner.expire_all();
    inner.rollback().await.unwrap();
    assert_eq!(email(&outer), some("outer"));
    assert_eq!(outer.related(ann, Author::BOOKS).unwrap(), books);
    assert_eq!(outer.state(books[1]), State::Persistent);
    let elsewise = sql("update authors set email = 'by hand'");
    elsewise.execute(&mut *outer).await.unwrap();
    outer.refresh(ann).await.unwrap();
    assert_eq!(email(&outer), some("by hand"));
    outer.rollback().await.unwrap();
    assert_eq!(email(&db), some("outside"));
    assert_eq!(db.related(ann, Author::BOOKS).unwrap(), books);
    db[ann].name.push('!');
    db.commit().await.unwrap();
    let all = "select name, email, count(*) from authors join books on author_id = authors.id group by 1, 2";
    assert_eq!(f.rows(all).await, ["Ann!|outside|2"]);
}
