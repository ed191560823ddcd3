//! What a flush would write, and what of it the server computes: expressions as values, equal values, the history of a
//! field, debug views.
#![allow(missing_docs)]

use chrono::{DateTime, Utc};
use orm_core::Error;
use orm_core::prelude::*;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

/// Has a column of every kind that an expression can be for.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "counters")]
struct Counter {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(default = 0)]
    hits: i32,
    seen: Option<DateTime<Utc>>,
    #[orm(belongs_to(author: Author))]
    author_id: Option<i32>,
    #[orm(default)]
    tags: Vec<String>,
}

async fn counters(f: &Fixture) -> (orm_core::session::Session, [Handle<Counter>; 3]) {
    let mut db = f.session();
    let all = [1, 2, 3].map(|n| db.add(Counter::create().name(format!("c{n}")).hits(n * 10)));
    db.flush().await.unwrap();
    f.sent();
    (db, all)
}

#[tokio::test]
async fn an_expression_is_computed_by_the_server_and_comes_back() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let (mut db, [a, ..]) = counters(&f).await;
    db.set_expr(a, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    assert!(db.is_modified(a));
    assert_eq!(db.dirty::<Counter>(), [a]);
    assert_eq!(db[a].hits, 10);
    assert_eq!(f.count(), 0);
    assert_eq!(
        db.plan().unwrap().to_string(),
        " 1. 1 row: UPDATE counters SET hits = counters.hits + $1 WHERE id = $2 RETURNING hits
      changed: hits (computed by the server)
"
    );
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!(db[a].hits, 11);
    assert!(!db.is_modified(a));
    db.flush().await.unwrap();
    assert_eq!(f.count(), 0);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select hits from counters where id = 1").await,
        ["11"]
    );
}

#[tokio::test]
async fn rows_with_the_same_expression_are_one_statement_whatever_its_values() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let (mut db, all) = counters(&f).await;
    for (n, row) in all.iter().enumerate() {
        db[*row].name.push('!');
        db.set_expr(*row, Counter::HITS.set(Counter::HITS * (n as i32 + 2)))
            .unwrap();
    }
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE counters SET name = u.c0, hits = counters.hits * u.c1_0 \
             FROM unnest($1::int4[], $2::text[], $3::int4[]) AS u(k0, c0, c1_0) WHERE counters.id = u.k0 \
             RETURNING counters.id, counters.hits"
        ]
    );
    assert_eq!(all.map(|row| db[row].hits), [20, 60, 120]);
    // With the same values they are no columns of the batch; another expression is another batch.
    for row in &all[..2] {
        db.set_expr(*row, Counter::HITS.set(Counter::HITS + 1))
            .unwrap();
    }
    db.set_expr(all[2], Counter::HITS.set(Counter::HITS - 1))
        .unwrap();
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE counters SET hits = counters.hits + $1 FROM unnest($2::int4[]) AS u(k0) WHERE counters.id = u.k0 \
             RETURNING counters.id, counters.hits",
            "UPDATE counters SET hits = counters.hits - $1 WHERE id = $2 RETURNING hits",
        ]
    );
    assert_eq!(all.map(|row| db[row].hits), [21, 61, 119]);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, hits from counters order by id").await,
        ["c1!|21", "c2!|61", "c3!|119"]
    );
}

#[tokio::test]
async fn what_was_set_last_wins() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let (mut db, [a, b, c]) = counters(&f).await;
    db[a].hits = 7;
    db.set_expr(a, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    db.set_expr(b, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    db[b].hits = 7;
    // A plain value is written at once, and takes the place of an expression.
    db.set_expr(c, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    db.set_expr(c, (Counter::HITS.set(8), Counter::NAME.set("new")))
        .unwrap();
    assert_eq!((db[c].hits, db[c].name.as_str()), (8, "new"));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, hits from counters order by id").await,
        ["c1|11", "c2|7", "new|8"]
    );
    assert_eq!([a, b, c].map(|row| db[row].hits), [11, 7, 8]);
}

#[tokio::test]
async fn an_insert_computes_too_alone_and_in_batches() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let mut db = f.session();
    let one = db.add(Counter::create().name("one"));
    db.set_expr(one, Counter::SEEN.set(func::now())).unwrap();
    assert_eq!(
        text(&refused(
            db.set_expr(one, Counter::HITS.set(Counter::HITS + 1))
        )),
        "`Counter.hits` is set to an expression that reads a column of the row, and a new row has none to read: give it a \
         value"
    );
    db.flush().await.unwrap();
    assert!(db[one].seen.is_some());
    let more = db.add_all(["two", "three"].map(|name| Counter::create().name(name)));
    for row in &more {
        db.set_expr(*row, Counter::SEEN.set(func::now())).unwrap();
    }
    db.flush().await.unwrap();
    assert_eq!(
        f.sent()[1..],
        [
            "INSERT INTO counters (name, hits, seen, author_id, tags) VALUES ($1, $2, now(), $3, $4) RETURNING id, seen",
            "INSERT INTO counters (name, hits, seen, author_id, tags) SELECT u.c0, u.c1, now(), u.c3, u.c4::text[] \
             FROM unnest($1::text[], $2::int4[], $3::int4[], $4::text[]) WITH ORDINALITY AS u(c0, c1, c3, c4, n) \
             ORDER BY u.n RETURNING id, seen",
        ]
    );
    assert_eq!(db[more[0]].seen, db[one].seen);
    assert_eq!(db[more[1]].name, "three");
}

#[tokio::test]
async fn an_expression_for_a_foreign_key_leads_the_relationship_elsewhere() {
    let f = Fixture::new::<(Author, Book, Counter)>().await;
    let (mut db, [a, ..]) = counters(&f).await;
    let [ann, bob] = ["Ann", "Bob"].map(|name| db.add(Author::create().name(name)));
    db.set(a, Counter::AUTHOR, ann);
    db.flush().await.unwrap();
    db.set_expr(a, Counter::AUTHOR_ID.set(Counter::AUTHOR_ID + 1))
        .unwrap();
    db.flush().await.unwrap();
    assert_eq!(db[a].author_id, Some(db[bob].id));
    assert_eq!(db.related(a, Counter::AUTHOR).unwrap(), Some(bob));
}

#[tokio::test]
async fn an_expression_needs_no_guard_and_leaves_the_row_stale() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let (mut db, [a, ..]) = counters(&f).await;
    db.commit().await.unwrap();
    f.elsewhere("update counters set hits = 100, name = 'theirs'")
        .await;
    f.sent();
    db.set_expr(a, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    db.flush().await.unwrap();
    assert_eq!(
        f.sent()[1],
        "UPDATE counters SET hits = counters.hits + $1 WHERE id = $2 RETURNING hits"
    );
    assert_eq!(db[a].hits, 101);
    // The rest of the row is as old as before.
    db[a].name = "mine".to_owned();
    assert!(matches!(refused(db.commit().await), Error::Stale { .. }));
    db.rollback().await.unwrap();
    assert_eq!((db[a].hits, db[a].name.as_str()), (10, "c1"));
}

#[tokio::test]
async fn rollback_expunge_and_refresh_forget_expressions() {
    let f = Fixture::new::<(Author, Counter)>().await;
    let (mut db, [a, b, c]) = counters(&f).await;
    db.commit().await.unwrap();
    for row in [a, b, c] {
        db.set_expr(row, Counter::HITS.set(Counter::HITS + 1))
            .unwrap();
    }
    db.rollback().await.unwrap();
    assert!(!db.is_modified(a));
    for row in [a, b] {
        db.set_expr(row, Counter::HITS.set(Counter::HITS + 1))
            .unwrap();
    }
    db.expunge(a).unwrap();
    db.refresh(b).await.unwrap();
    assert!(!db.is_modified(b));
    db.set_expr(c, Counter::HITS.set(Counter::HITS + 1))
        .unwrap();
    {
        let mut nested = db.begin_nested().await.unwrap();
        nested
            .set_expr(c, Counter::HITS.set(Counter::HITS + 5))
            .unwrap();
        nested.flush().await.unwrap();
        assert_eq!(nested[c].hits, 36);
        nested.rollback().await.unwrap();
    }
    assert_eq!(db[c].hits, 31);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select hits from counters order by id").await,
        ["10", "20", "31"]
    );
}

#[tokio::test]
async fn columns_that_are_not_the_users_take_no_expression() {
    let f = Fixture::new::<(Author, Book, Ticket)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    let ticket = db.insert(Ticket::create().subject("x")).await.unwrap();
    assert_eq!(
        text(&refused(db.set_expr(book, Book::ID.set(Book::ID + 1)))),
        "`Book.id` is the primary key, by which the row is known: write the field"
    );
    assert_eq!(
        text(&refused(
            db.set_expr(book, Book::SIDES.set(Book::SIDES + 1))
        )),
        "`Book.sides` is computed by the server already"
    );
    assert_eq!(
        text(&refused(
            db.set_expr(ticket, Ticket::VERSION.set(Ticket::VERSION + 1))
        )),
        "`Ticket.version` is the version column, which the session gives by itself"
    );
    db.set_expr(ticket, Ticket::SUBJECT.set(func::upper(Ticket::SUBJECT)))
        .unwrap();
    db.flush().await.unwrap();
    assert_eq!((db[ticket].version, db[ticket].subject.as_str()), (2, "X"));
}
