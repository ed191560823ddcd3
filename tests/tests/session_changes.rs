//! What a flush would write, and what of it the server computes: expressions as values, equal values, the history of a
//! field, debug views.
#![allow(missing_docs)]

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Change, NewValue, State};
use orm_core::types::{BytesMut, DecodeError, PgType, Raw, SqlType};
use rust_decimal_macros::dec;
use serde_json::json;
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

/// A number that counts how often it is compared, encoded and copied.
#[derive(Debug, PartialEq)]
struct Watched(i32);

static LOOKS: AtomicUsize = AtomicUsize::new(0);

impl Clone for Watched {
    fn clone(&self) -> Self {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        Watched(self.0)
    }
}

impl SqlType for Watched {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = i32::TYPE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        self.0.encode(out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        i32::decode(raw).map(Watched)
    }

    fn same(&self, other: &Self) -> bool {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        self.0 == other.0
    }
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "watched")]
struct Watch {
    #[orm(primary_key)]
    id: i32,
    number: Watched,
}

#[tokio::test]
async fn a_flush_looks_at_what_was_touched_whatever_is_loaded() {
    let f = Fixture::new::<(Watch,)>().await;
    f.elsewhere("insert into watched (number) select n from generate_series(1, 100000) n")
        .await;
    let mut db = f.session();
    let all = Watch::query()
        .order_by(Watch::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(all.len(), 100_000);
    LOOKS.store(0, Ordering::Relaxed);
    db[all[50_000]].number = Watched(-1);
    let touched = LOOKS.swap(0, Ordering::Relaxed);
    db.flush().await.unwrap();
    let flushed = LOOKS.swap(0, Ordering::Relaxed);
    db.commit().await.unwrap();
    db.flush().await.unwrap();
    db.commit().await.unwrap();
    let nothing = LOOKS.swap(0, Ordering::Relaxed);
    assert!(touched <= 2, "{touched}");
    assert!((1..=12).contains(&flushed), "{flushed}");
    assert_eq!(nothing, 0);
    assert_eq!(
        f.rows("select count(*) from watched where number = -1")
            .await,
        ["1"]
    );
}

/// Of types whose equality is not that of their bytes.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "measures")]
struct Measure {
    #[orm(primary_key)]
    id: i32,
    float: f64,
    floats: Vec<f64>,
    decimal: rust_decimal::Decimal,
    data: serde_json::Value,
    tags: Option<Vec<Option<String>>>,
}

#[tokio::test]
async fn equal_values_send_nothing_whatever_their_form() {
    let f = Fixture::new::<(Measure,)>().await;
    let mut db = f.session();
    let row = db
        .insert(
            Measure::create()
                .float(f64::NAN)
                .floats(vec![f64::NAN, 0.0, f64::INFINITY])
                .decimal(dec!(1.50))
                .data(json!({"a": 1, "b": [null, {"c": "x"}]}))
                .tags(vec![Some("x".to_owned()), None]),
        )
        .await
        .unwrap();
    db.commit().await.unwrap();
    db.refresh(row).await.unwrap();
    f.sent();
    db[row].float = -f64::NAN;
    db[row].floats = vec![f64::NAN, -0.0, f64::INFINITY];
    db[row].decimal = dec!(1.5);
    db[row].data = serde_json::from_str(r#"{"b": [null, {"c": "x"}], "a": 1}"#).unwrap();
    db[row].tags = Some(vec![Some("x".to_owned()), None]);
    assert!(!db.is_modified(row));
    assert!(db.changes(row).unwrap().is_empty());
    db.flush().await.unwrap();
    assert_eq!(f.count(), 0);
    // And what differs by little is sent.
    db[row].float = 0.0;
    db[row].floats[1] = f64::MIN_POSITIVE;
    db[row].decimal = dec!(1.51);
    db[row].data["b"][1]["c"] = json!("y");
    db[row].tags = Some(vec![Some("x".to_owned()), Some("NULL".to_owned())]);
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE measures SET \"float\" = $1, floats = $2, \"decimal\" = $3, data = $4, tags = $5 WHERE id = $6",
            "COMMIT"
        ]
    );
    // A guard finds NaN and scale equal, too.
    f.elsewhere("update measures set float = 'NaN', decimal = 1.5100")
        .await;
    db.refresh(row).await.unwrap();
    db.commit().await.unwrap();
    db[row].float = 2.5;
    db[row].decimal = dec!(7);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select float, decimal from measures").await,
        ["2.5|7"]
    );
}

/// Known by two columns that people choose.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "rooms", has_many(chairs: Chair, via = place))]
struct Room {
    #[orm(primary_key)]
    house: String,
    #[orm(primary_key)]
    number: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "chairs", belongs_to(place: Room, columns(house, number)))]
struct Chair {
    #[orm(primary_key)]
    id: i32,
    house: String,
    number: i32,
}

#[tokio::test]
async fn a_composite_key_that_changes_is_followed_by_children_loaded_or_not() {
    let f = Fixture::new::<(Room, Chair)>().await;
    let mut db = f.session();
    let [one, two] = [1, 2].map(|number| {
        db.add(Room {
            house: "a".to_owned(),
            number,
        })
    });
    let chair = db.add(Chair::create().place(one));
    let other = db.add(Chair::create().place(two));
    db.commit().await.unwrap();
    f.elsewhere("insert into chairs (house, number) values ('a', 1)")
        .await;
    db.refresh(chair).await.unwrap();
    f.sent();
    db[one].number = 7;
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!((db[chair].house.as_str(), db[chair].number), ("a", 7));
    assert!(!db.is_modified(chair));
    assert_eq!(db[other].number, 2);
    assert_eq!(db.related(chair, Chair::PLACE).unwrap(), one);
    assert_eq!(
        db.get::<Room>(("a".to_owned(), 7)).await.unwrap(),
        Some(one)
    );
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select id, house, number from chairs order by id")
            .await,
        ["1|a|7", "2|a|2", "3|a|7"]
    );
    // Both columns, and back by a rollback.
    db[one].house = "b".to_owned();
    db[one].number = 9;
    db.flush().await.unwrap();
    assert_eq!((db[chair].house.as_str(), db[chair].number), ("b", 9));
    db.rollback().await.unwrap();
    assert_eq!((db[chair].house.as_str(), db[chair].number), ("a", 7));
}

#[tokio::test]
async fn the_history_of_an_entity_has_old_and_new_values() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    db.commit().await.unwrap();
    assert!(db.changes(book).unwrap().is_empty());
    f.sent();
    db[book].title = "Woods".to_owned();
    db.set_expr(book, Book::PAGES.set(Book::PAGES + 1)).unwrap();
    let ann = db.add(Author::create().name("Ann"));
    db.set(book, Book::AUTHOR, ann);
    let changes = db.changes(book).unwrap();
    assert_eq!(
        changes.to_string(),
        "title: 'Trees' -> 'Woods'
pages: 100 -> {books.pages + $1}
author_id: NULL -> {key of new Author#0}
"
    );
    assert_eq!(
        changes.of(Book::TITLE),
        Some(Change {
            old: Some("Trees".to_owned()),
            new: Some("Woods".to_owned())
        })
    );
    assert_eq!(
        changes.of(Book::PAGES),
        Some(Change {
            old: Some(100),
            new: None
        })
    );
    assert_eq!(
        changes.of(Book::AUTHOR_ID),
        Some(Change {
            old: Some(None),
            new: None
        })
    );
    assert_eq!(changes.of(Book::BINDING), None);
    assert!(matches!(changes.fields[1].new, NewValue::Expression(_)));
    assert_eq!(
        db.changes(ann).unwrap().of(Author::NAME),
        Some(Change {
            old: None,
            new: Some("Ann".to_owned())
        })
    );
    assert_eq!(f.count(), 0);
    db.flush().await.unwrap();
    assert!(db.changes(book).unwrap().is_empty());
    // The key of a target that has a row is there at once.
    db.set(book, Book::AUTHOR, None::<Handle<Author>>);
    assert_eq!(
        db.changes(book).unwrap().of(Book::AUTHOR_ID),
        Some(Change {
            old: Some(Some(1)),
            new: Some(None)
        })
    );
    db.delete(book).unwrap();
    db.flush().await.unwrap();
    assert!(db.changes(book).unwrap().is_empty());
    db.commit().await.unwrap();
    assert!(matches!(refused(db.changes(book)), Error::Detached { .. }));
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "labels", many_to_many(cards: Card, through = CardLabel))]
struct Label {
    #[orm(primary_key)]
    id: i32,
    word: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "cards", many_to_many(labels: Label, through = CardLabel))]
struct Card {
    #[orm(primary_key)]
    id: i32,
    title: String,
    #[orm(belongs_to(author: Author))]
    author_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "card_labels")]
struct CardLabel {
    #[orm(primary_key, belongs_to(card: Card))]
    card_id: i32,
    #[orm(primary_key, belongs_to(label: Label))]
    label_id: i32,
}

#[tokio::test]
async fn a_debug_view_is_a_table_that_one_wants_to_read() {
    let f = Fixture::new::<(Author, Book, Card, Label, CardLabel)>().await;
    let mut db = f.session();
    assert_eq!(
        db.debug_view().to_string(),
        "0 entities, 0 of them unsent, in no transaction\n"
    );
    let authors = db.add_all(["Ann", "Bob", "Cara"].map(|name| Author::create().name(name)));
    let cards =
        db.add_all((0..4).map(|n| Card::create().title(format!("card {n}")).author(authors[0])));
    let labels = db.add_all(["red", "blue"].map(|word| Label::create().word(word)));
    db.push(cards[0], Card::LABELS, labels[0]);
    db.commit().await.unwrap();
    for card in &cards {
        db.refresh(*card).await.unwrap();
    }
    db[cards[0]].title = "a much better title".to_owned();
    db.set(cards[0], Card::AUTHOR, authors[1]);
    let new = db.add(Author::create().name("Dan").email("dan@example.org"));
    db.set(cards[1], Card::AUTHOR, new);
    db.set_expr(cards[1], Card::TITLE.set(func::upper(Card::TITLE)))
        .unwrap();
    db.delete(cards[3]).unwrap();
    db.push(cards[1], Card::LABELS, labels[1]);
    f.sent();
    assert_eq!(
        db.debug_view().to_string(),
        "10 entities, 4 of them unsent, in a transaction

Author (authors)
  #0  unchanged  stale
  #1  unchanged  stale
  #2  unchanged  stale
  #3  new        name, email

Card (cards)
  #0  changed    title, author_id
  #1  changed    title, author_id
  #2  unchanged
  #3  deleting

Label (labels)
  #0  unchanged  stale
  #1  unchanged  stale

links to be written
  + Card::LABELS: Card#1 - Label#1
"
    );
    assert_eq!(
        db.debug_view().unsent().values().to_string(),
        "10 entities, 4 of them unsent, in a transaction

Author (authors)
  #3  new       name: 'Dan', email: 'dan@example.org'

Card (cards)
  #0  changed   title: 'card 0' -> 'a much better title', author_id: 1 -> 2
  #1  changed   title: 'card 1' -> {upper(cards.title)}, author_id: 1 -> {key of new Author#3}
  #3  deleting

links to be written
  + Card::LABELS: Card#1 - Label#1
"
    );
    assert_eq!(
        db.debug_view().unsent().long().to_string(),
        "10 entities, 4 of them unsent, in a transaction

Author (authors)
  #3  new
      name   <text>
      email  <text>
      BOOKS  none

Card (cards)
  #0  changed
      id         <int4>
      title      <text>  changed
      author_id  <int4>  changed
      AUTHOR     Author#1
      LABELS     not loaded
  #1  changed
      id         <int4>
      title      {upper(cards.title)}   changed
      author_id  {key of new Author#3}  changed
      AUTHOR     new Author#3
      LABELS     not loaded
  #3  deleting
      id         <int4>
      title      <text>
      author_id  <int4>
      AUTHOR     Author#0
      LABELS     not loaded

links to be written
  + Card::LABELS: Card#1 - Label#1
"
    );
    let long = db.debug_view().long().values().to_string();
    assert!(
        long.contains("      title      'a much better title'  was 'card 0'\n"),
        "{long}"
    );
    assert_eq!(f.count(), 0);
    // Nothing of it shows a value unless asked.
    assert!(!db.debug_view().long().to_string().contains("Dan"));
    let _nested = db.begin_nested().await.unwrap();
    assert!(
        _nested
            .debug_view()
            .to_string()
            .starts_with("10 entities, 0 of them unsent, in a transaction with 1 savepoint\n")
    );
}

#[tokio::test]
async fn an_undo_view_says_what_a_rollback_would_put_back() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    assert_eq!(
        db.undo_view().to_string(),
        "no entries: there is nothing to take back\n"
    );
    let [ann, bob] = ["Ann", "Bob"].map(|name| db.add(Author::create().name(name)));
    let book = db.add(Book::create().title("first").author(ann));
    db.commit().await.unwrap();
    assert_eq!(db.undo_view().values().to_string().lines().count(), 1);

    Book::query().with(Book::AUTHOR).all(&mut db).await.unwrap();
    db.load(ann, Author::BOOKS).await.unwrap();
    db[book].title = "second".to_owned();
    db[book].pages += 1;
    f.sent();
    let before = "2 entries, which a rollback takes back from the last to the first

the transaction
  1  link  Author#0.BOOKS  had 1 member
  2  row   Book#0          title was 'first', pages was 100
";
    assert_eq!(db.undo_view().values().to_string(), before);
    assert!(!db.undo_view().to_string().contains("'first'"));

    let mut inner = db.begin_nested().await.unwrap();
    inner.set(book, Book::AUTHOR, Some(bob));
    let third = inner.add(Book::create().title("third").author(ann));
    inner.refresh(bob).await.unwrap();
    inner.delete(bob).unwrap();
    inner.expunge(third).unwrap();
    assert_eq!(
        inner.undo_view().values().to_string(),
        "14 entries, which a rollback takes back from the last to the first

the transaction
   1  link     Author#0.BOOKS  had 1 member
   2  row      Book#0          title was 'first', pages was 100, sides was 200, author_id was 1

savepoint sp_1
   3  left     Author#0.BOOKS  had Book#0 at place 1
   4  link     Author#1.BOOKS  was not loaded
   5  joined   Author#1.BOOKS  did not have Book#0
   6  link     Book#0.AUTHOR   led to Author#0
   7  row      Book#0          author_id was 1
   8  added    Book#1          has left the session already
   9  joined   Author#0.BOOKS  did not have Book#1
  10  link     Book#1.AUTHOR   has left the session already
  11  created  Author#1        was created here, and its collections were known
  12  link     Author#1.BOOKS  had 1 member
  13  read     Author#1        was not read
  14  row      Author#1        was not deleted
"
    );
    inner.rollback().await.unwrap();
    let after = before.replace("pages was 100", "pages was 100, sides was 200");
    assert_eq!(db.undo_view().values().to_string(), after);
    f.sent();
    db.rollback().await.unwrap();
    assert_eq!(db[book].title, "first");
    assert_eq!(db.undo_view().to_string().lines().count(), 1);
    assert_eq!(f.sent(), ["ROLLBACK"]);
}

#[tokio::test]
async fn relationships_that_were_loaded_together_are_forgotten_each() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let [ann, bob] = ["Ann", "Bob"].map(|name| db.add(Author::create().name(name)));
    db.add_all([ann, bob, ann].map(|author| Book::create().title("new").author(author)));
    db.commit().await.unwrap();
    let mut db = f.session();
    let authors = Author::query().order_by(Author::ID);
    let authors = authors.all(&mut db).await.unwrap();
    let books = Book::query().order_by(Book::ID);
    let books = books.all(&mut db).await.unwrap();
    db.load(books[1], Book::AUTHOR).await.unwrap();
    let before = db.undo_view().to_string();

    let mut inner = db.begin_nested().await.unwrap();
    inner.load(&authors, Author::BOOKS).await.unwrap();
    assert_eq!(
        inner.undo_view().to_string(),
        "5 entries, which a rollback takes back from the last to the first

the transaction
  1  link  Book#1.AUTHOR   was not loaded

savepoint sp_1
  2  link  Book#0.AUTHOR   was not loaded
  3  link  Book#2.AUTHOR   was not loaded
  4  link  Author#0.BOOKS  was not loaded
  5  link  Author#1.BOOKS  was not loaded
"
    );
    assert_eq!(
        *inner.related(authors[0], Author::BOOKS).unwrap(),
        [books[0], books[2]]
    );
    inner.rollback().await.unwrap();
    assert_eq!(db.undo_view().to_string(), before);
    for author in authors {
        assert!(db.related(author, Author::BOOKS).is_err());
    }
}

#[tokio::test]
async fn rows_that_were_added_together_are_taken_back_each() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let [ann, bob] = ["Ann", "Bob"].map(|name| db.add(Author::create().name(name)));
    let mut inner = db.begin_nested().await.unwrap();
    let new = inner.add_all(["Cat", "Dan", "Eve"].map(|name| Author::create().name(name)));
    inner.expunge(new[1]).unwrap();
    assert_eq!(
        inner.undo_view().to_string(),
        "5 entries, which a rollback takes back from the last to the first

the transaction
  1  added  Author#0      was not in the session
  2  added  Author#1      was not in the session

savepoint sp_1
  3  added  new Author#2  was not in the session
  4  added  Author#3      has left the session already
  5  added  new Author#4  was not in the session
"
    );
    inner.rollback().await.unwrap();
    for gone in new {
        assert_eq!(db.state(gone), State::Detached);
    }
    // A slot that is used again has another generation, and is no part of what stands before it.
    let zoe = db.add(Author::create().name("Zoe"));
    assert_eq!(db.state(zoe), State::Pending);
    db.flush().await.unwrap();
    assert_eq!((&*db[ann].name, &*db[bob].name), ("Ann", "Bob"));
    db.rollback().await.unwrap();
    for gone in [ann, bob, zoe] {
        assert_eq!(db.state(gone), State::Detached);
    }
}
