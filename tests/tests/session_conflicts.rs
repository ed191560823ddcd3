//! Two sessions that want the same row: no update is lost unnoticed.
#![allow(missing_docs)]

use chrono::{DateTime, Utc};
use orm_core::Error;
use orm_core::prelude::*;
use serde_json::json;
use tests::fixture::Fixture;
use tests::models::*;
use tests::refused;
use uuid::Uuid;

fn is_stale<T>(outcome: orm_core::Result<T>) -> bool {
    matches!(refused(outcome), Error::Stale { .. })
}

#[tokio::test]
async fn a_write_from_a_stale_row_does_not_overwrite_what_others_wrote() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut mine = f.session();
    let book = mine.insert(Book::create().title("Trees")).await.unwrap();
    mine.commit().await.unwrap();
    let mut theirs = f.session();
    let same = theirs.get::<Book>(1).await.unwrap().unwrap();
    theirs[same].pages -= 1;
    theirs.commit().await.unwrap();
    f.sent();
    mine[book].pages -= 1;
    assert!(is_stale(mine.commit().await));
    assert_eq!(
        f.sent()[1],
        "UPDATE books SET pages = $1 WHERE id = $2 AND pages IS NOT DISTINCT FROM $3 RETURNING sides"
    );
    mine.rollback().await.unwrap();
    mine.refresh(book).await.unwrap();
    mine[book].pages -= 1;
    mine.commit().await.unwrap();
    assert_eq!(f.rows("select pages from books").await, ["98"]);
}

#[tokio::test]
async fn stale_rows_are_guarded_in_batches_too() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let books = db.add_all(["a", "b", "c"].map(|title| Book::create().title(title)));
    db.commit().await.unwrap();
    f.elsewhere("update books set pages = 1 where id = 2").await;
    f.sent();
    for book in &books {
        db[*book].pages += 5;
    }
    let error = refused(db.commit().await);
    assert!(
        matches!(
            error,
            Error::Stale {
                expected: 3,
                changed: 2,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        f.sent()[1],
        "UPDATE books SET pages = u.c0 FROM unnest($1::int4[], $2::int4[], $3::int4[]) AS u(k0, c0, o0) \
         WHERE books.id = u.k0 AND books.pages IS NOT DISTINCT FROM u.o0 RETURNING books.id, books.sides"
    );
    db.rollback().await.unwrap();
    assert_eq!(
        f.rows("select pages from books order by id").await,
        ["100", "1", "100"]
    );
}

#[tokio::test]
async fn what_others_wrote_to_other_columns_stays_and_stays_guarded() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    db.commit().await.unwrap();
    f.elsewhere("update books set pages = 1").await;
    db[book].title = "Woods".to_owned();
    db.flush().await.unwrap();
    // Having written one column doesn't mean that the others are known.
    db[book].pages += 1;
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    db[book].title = "Woods".to_owned();
    db.flush().await.unwrap();
    db[book].title = "Forests".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select title, pages from books").await,
        ["Forests|1"]
    );
}

#[tokio::test]
async fn what_was_read_in_this_transaction_needs_no_guard() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    db.commit().await.unwrap();
    Book::query().all(&mut db).await.unwrap();
    f.sent();
    db[book].pages = 3;
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE books SET pages = $1 WHERE id = $2 RETURNING sides"]
    );
    db.expire(book).unwrap();
    db[book].pages = 4;
    db.flush().await.unwrap();
    assert!(f.sent()[0].contains("IS NOT DISTINCT FROM"));
}

#[tokio::test]
async fn guards_of_nulls_and_json() {
    let f = Fixture::new::<(Sample,)>().await;
    let mut db = f.session();
    let rows = db.add_all([
        Sample::create()
            .raw(json!({"a": 1, "b": 2}))
            .data(json!({"x": 1})),
        Sample::create(),
    ]);
    db.commit().await.unwrap();
    // The same value written in another way is the same value.
    f.elsewhere(r#"update samples set raw = '{"b":2,   "a":1}' where id = 1"#)
        .await;
    for row in &rows {
        db[*row].raw = Some(json!([1]));
        db[*row].data = Some(json!([2]));
    }
    db.commit().await.unwrap();
    db[rows[1]].raw = None;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select raw, data from samples order by id").await,
        ["[1]|[2]", "NULL|[2]"]
    );
    f.elsewhere("update samples set raw = '3'").await;
    db[rows[0]].raw = Some(json!(4));
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    for row in &rows {
        db[*row].raw = Some(json!(5));
    }
    assert!(is_stale(db.commit().await));
}

#[tokio::test]
async fn a_version_that_others_have_counted_up_refuses_updates_and_deletes() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let tickets = db.add_all(["a", "b"].map(|s| Ticket::create().subject(s)));
    db.commit().await.unwrap();
    f.elsewhere("update tickets set version = 2 where subject = 'b'")
        .await;
    db[tickets[1]].subject.push('!');
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    assert_eq!(
        (db[tickets[1]].subject.as_str(), db[tickets[1]].version),
        ("b", 1)
    );
    for ticket in &tickets {
        db[*ticket].subject.push('!');
    }
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    db.delete(tickets[1]).unwrap();
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    for ticket in &tickets {
        db.delete(*ticket).unwrap();
    }
    let error = refused(db.commit().await);
    assert!(
        matches!(
            error,
            Error::Stale {
                action: "DELETE",
                expected: 2,
                changed: 1,
                ..
            }
        ),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(
        f.rows("select subject, version from tickets order by 1")
            .await,
        ["a|1", "b|2"]
    );
    db.refresh(tickets[1]).await.unwrap();
    assert_eq!(db[tickets[1]].version, 2);
    db.delete(tickets[0]).unwrap();
    db.delete(tickets[1]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from tickets").await, [""; 0]);
}

#[tokio::test]
async fn a_row_that_others_have_deleted_refuses_updates_and_lets_deletes_pass() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let books = db.add_all(["a", "b"].map(|title| Book::create().title(title)));
    db.commit().await.unwrap();
    f.elsewhere("delete from books where id = 1").await;
    db[books[0]].pages = 3;
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    let error = refused(db.refresh(books[0]).await);
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    for book in books {
        db.delete(book).unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from books").await, [""; 0]);
}

/// The names of the rows that an error says were changed by others.
fn stale<T>(outcome: orm_core::Result<T>) -> Vec<String> {
    let error = refused(outcome);
    let said = error.to_string();
    let Error::Stale { rows, .. } = error else {
        panic!("another error: {said}");
    };
    assert_eq!(said.contains("read: "), !rows.is_empty(), "{said}");
    rows
}

#[tokio::test]
async fn rows_that_others_have_changed_are_named() {
    let f = Fixture::new::<(Author, Book, Ticket)>().await;
    let mut db = f.session();
    let books = db.add_all(["a", "b", "c", "d"].map(|title| Book::create().title(title)));
    let tickets = db.add_all(["a", "b", "c"].map(|subject| Ticket::create().subject(subject)));
    db.commit().await.unwrap();
    f.elsewhere(
        "update books set pages = 1 where id = 2; delete from books where id = 4; \
         update tickets set version = 2 where subject = 'c'",
    )
    .await;
    for commits in [false, true] {
        // By guards, whether COMMIT travels along or not.
        for book in &books {
            db[*book].pages += 5;
        }
        let outcome = match commits {
            true => db.commit().await,
            false => db.flush().await,
        };
        assert_eq!(stale(outcome), ["Book#1", "Book#3"]);
        assert!(matches!(
            refused(db.flush().await),
            Error::RollbackRequired { .. }
        ));
        db.rollback().await.unwrap();
        // By versions, of UPDATE and DELETE.
        for ticket in &tickets {
            db[*ticket].subject.push('!');
        }
        let outcome = match commits {
            true => db.commit().await,
            false => db.flush().await,
        };
        assert_eq!(stale(outcome), ["Ticket#2"]);
        db.rollback().await.unwrap();
        for ticket in &tickets {
            db.delete(*ticket).unwrap();
        }
        let outcome = match commits {
            true => db.commit().await,
            false => db.flush().await,
        };
        assert_eq!(stale(outcome), ["Ticket#2"]);
        db.rollback().await.unwrap();
    }
    // One row needs no question.
    db[books[3]].pages += 1;
    f.sent();
    assert_eq!(stale(db.commit().await), ["Book#3"]);
    assert_eq!(f.count(), 2, "BEGIN, UPDATE");
    db.rollback().await.unwrap();
    // Behind a savepoint the transaction goes on, so nobody asks.
    let mut nested = db.begin_nested().await.unwrap();
    for book in &books {
        nested[*book].pages += 5;
    }
    assert_eq!(stale(nested.flush().await), [""; 0]);
    nested.rollback().await.unwrap();
    db[books[0]].pages = 77;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select id, pages from books order by id").await,
        ["1|77", "2|1", "3|100"]
    );
    // A value that is merged has its row's name.
    let old = db[tickets[2]].clone();
    let old = Ticket { version: 1, ..old };
    db.refresh(tickets[2]).await.unwrap();
    assert_eq!(stale(db.merge(old).await), ["Ticket#2"]);
}

/// Versions that are not counted.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "leases")]
struct Lease {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    tenant: String,
    #[orm(default = 0)]
    rent: i32,
    #[orm(version)]
    version: Uuid,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "pages")]
struct Page {
    #[orm(primary_key)]
    id: i32,
    body: String,
    #[orm(version)]
    changed_at: DateTime<Utc>,
}

#[tokio::test]
async fn versions_can_be_uuids_and_times() {
    let f = Fixture::new::<(Lease, Page)>().await;
    let mut db = f.session();
    let lease = db.insert(Lease::create().tenant("Ann")).await.unwrap();
    let pages = db.add_all(["a", "b", "c"].map(|body| Page::create().body(body)));
    db.commit().await.unwrap();
    let before = (db[lease].version, db[pages[0]].changed_at);
    f.sent();
    db[lease].tenant = "Bob".to_owned();
    db[pages[0]].body = "A".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent()[1..3],
        [
            "UPDATE leases SET tenant = $1, version = gen_random_uuid() WHERE id = $2 AND version = $3 RETURNING version",
            "UPDATE pages SET body = $1, changed_at = greatest(clock_timestamp(), pages.changed_at + \
             interval '1 microsecond') WHERE id = $2 AND changed_at = $3 RETURNING changed_at",
        ]
    );
    assert_ne!(db[lease].version, before.0);
    assert!(db[pages[0]].changed_at > before.1);
    // What came back is what is there, so that the next UPDATE finds its row, in a batch too.
    for page in &pages {
        db[*page].body.push('!');
    }
    db[lease].tenant.push('!');
    db.commit().await.unwrap();
    let row = f.rows("select id, version from leases").await;
    assert_eq!(row, [format!("1|{}", db[lease].version)]);
    // A clock that was set back.
    let late = "update pages set changed_at = now() + interval '1 hour' where body = 'A!'";
    f.elsewhere(late).await;
    db.refresh(pages[0]).await.unwrap();
    let late = db[pages[0]].changed_at;
    db[pages[0]].body.push('!');
    db.commit().await.unwrap();
    assert_eq!((db[pages[0]].changed_at - late).num_microseconds(), Some(1));
    // Others were first.
    f.elsewhere("update leases set version = gen_random_uuid(); update pages set changed_at = now() where id = 2")
        .await;
    db[lease].tenant.push('?');
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    for page in &pages {
        db[*page].body.push('?');
    }
    assert!(is_stale(db.commit().await));
    db.rollback().await.unwrap();
    db.delete(pages[1]).unwrap();
    assert!(is_stale(db.commit().await));
}

#[tokio::test]
async fn expressions_count_versions_and_are_taken_back_with_them() {
    let f = Fixture::new::<(Ticket,)>().await;
    let subjects = "select subject, version from tickets order by 1";
    let mut db = f.session();
    let tickets = db.add_all(["a", "b", "c"].map(|subject| Ticket::create().subject(subject)));
    db.commit().await.unwrap();
    let more = |db: &mut Session, ticket: Handle<Ticket>| {
        let more = Ticket::SUBJECT.set(Ticket::SUBJECT.concat("+"));
        db.set_expr(ticket, more).unwrap();
    };
    let is = |db: &Session, at: usize| (db[tickets[at]].subject.clone(), db[tickets[at]].version);
    tickets.iter().for_each(|ticket| more(&mut db, *ticket));
    db.flush().await.unwrap();
    let mut nested = db.begin_nested().await.unwrap();
    tickets.iter().for_each(|ticket| more(&mut nested, *ticket));
    nested.flush().await.unwrap();
    assert_eq!(is(&nested, 1), ("b++".to_owned(), 3));
    more(&mut nested, tickets[0]);
    nested.rollback().await.unwrap();
    assert_eq!(is(&db, 1), ("b+".to_owned(), 2));
    assert!(!db.is_modified(tickets[0]));
    more(&mut db, tickets[0]);
    db.commit().await.unwrap();
    assert_eq!(f.rows(subjects).await, ["a++|3", "b+|2", "c+|2"]);
    // One of them is stale.
    f.elsewhere("update tickets set version = 7 where subject = 'b+'")
        .await;
    tickets.iter().for_each(|ticket| more(&mut db, *ticket));
    assert_eq!(stale(db.commit().await), ["Ticket#1"]);
    db.rollback().await.unwrap();
    assert!(!db.is_modified(tickets[0]));
    assert_eq!(is(&db, 0), ("a++".to_owned(), 3));
    assert_eq!(f.rows(subjects).await, ["a++|3", "b+|7", "c+|2"]);
}

/// However a stale row takes part in what changes hands, nothing is written.
#[tokio::test]
async fn a_stale_row_in_a_swap_a_takeover_or_a_place_that_is_taken_is_noticed() {
    let f = Fixture::new::<(Lease,)>().await;
    let mut db = f.session();
    let leases = db.add_all(["a", "b", "c"].map(|tenant| Lease::create().tenant(tenant)));
    db.commit().await.unwrap();
    f.elsewhere("update leases set version = gen_random_uuid() where tenant = 'b'")
        .await;
    let all = "select * from leases order by id";
    let before = f.rows(all).await;
    let [first, second, _] = leases[..] else {
        panic!("there are three")
    };
    let id = db[second].id;
    type Change = fn(&mut Session, Handle<Lease>, Handle<Lease>, i32);
    let changes: [Change; 4] = [
        |db, first, second, _| {
            db[first].rent = 1;
            db[second].rent = 1;
        },
        |db, first, second, _| {
            db[first].tenant = "b".to_owned();
            db[second].tenant = "a".to_owned();
        },
        |db, first, second, _| {
            db.delete(second).unwrap();
            db[first].tenant = "b".to_owned();
        },
        |db, _, second, id| {
            db.delete(second).unwrap();
            db.add(Lease::create().id(id).tenant("b"));
        },
    ];
    for change in changes {
        change(&mut db, first, second, id);
        assert!(is_stale(db.commit().await));
        db.rollback().await.unwrap();
        assert_eq!(f.rows(all).await, before);
        assert_eq!((&*db[first].tenant, &*db[second].tenant), ("a", "b"));
    }
    // As it is now, it can be exchanged behind a savepoint and without, and its place taken.
    db.refresh(&leases[..]).await.unwrap();
    let mut nested = db.begin_nested().await.unwrap();
    changes[1](&mut nested, first, second, id);
    nested.flush().await.unwrap();
    nested.rollback().await.unwrap();
    changes[1](&mut db, first, second, id);
    db.commit().await.unwrap();
    db.refresh(&leases[..]).await.unwrap();
    db.delete(second).unwrap();
    let new = db.add(Lease::create().id(id).tenant("d"));
    db.commit().await.unwrap();
    db[new].rent = 5;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select tenant, rent from leases order by id").await,
        ["b|0", "d|5", "c|0"]
    );
}
