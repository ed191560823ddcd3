//! A unit of work that is one statement is sent as one, without BEGIN and COMMIT; and new rows whose keys the server makes don't
//! keep COMMIT back. What the server is asked to judge, and what is left when its judgement is bad.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::error::ConstraintKind;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use orm_core::types::{BytesMut, DecodeError, KeyPart, PgType, Raw, SqlType};
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type World = (Country, City, Author, Book, Ticket, Person, House);

const NOTHING: [&str; 0] = [];

const ONE: &str = "WITH written AS (INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id) \
     SELECT coalesce((TABLE written), current_setting('rows written: 0')::int4)";

const MANY: &str = "WITH written AS (INSERT INTO authors (name, email) \
     SELECT u.c0, u.c1 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n RETURNING id) \
     SELECT array_agg(id) FROM written HAVING CASE WHEN count(id) = $3 \
     AND array_agg(id) = array_agg(DISTINCT id ORDER BY id) THEN true \
     ELSE current_setting(concat('rows written: ', count(id)))::bool END";

fn authors<const N: usize>(
    names: [&str; N],
) -> [impl orm_core::model::Insertable<Model = Author> + use<N>; N] {
    names.map(|name| {
        Author::create()
            .name(name)
            .email(format!("{name}@example.org"))
    })
}

const NAMES: &str = "select id, name from authors order by id";

#[tokio::test]
async fn rows_of_a_model_are_one_statement_with_their_keys() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    let mut first = 1;
    for first_time in [true, false] {
        let one = db.add_all(authors(["Ann"]));
        db.commit().await.unwrap();
        assert_eq!(f.round_trips(), if first_time { 2 } else { 1 });
        assert_eq!(f.sent_as_it_was(), [ONE]);
        let many = db.add_all(authors(["Bob", "Cara", "Dan"]));
        db.commit().await.unwrap();
        assert_eq!(f.round_trips(), if first_time { 2 } else { 1 });
        assert_eq!(f.sent_as_it_was(), [MANY]);
        assert!(!db.in_transaction());
        let keys: Vec<i32> = one.iter().chain(&many).map(|row| db[*row].id).collect();
        assert_eq!(keys, (first..first + 4).collect::<Vec<_>>());
        assert_eq!(db[many[2]].name, "Dan");
        // They are entities like any others: named by their keys, and stale.
        assert_eq!(db.get::<Author>(keys[1]).await.unwrap(), Some(many[0]));
        db.rollback().await.unwrap();
        f.sent();
        first += 4;
        f.elsewhere("delete from authors").await;
    }
}

#[tokio::test]
async fn commit_goes_along_behind_keys_of_the_server() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    for first_time in [true, false] {
        let ann = db.add(Person::create().name("Ann"));
        let houses =
            ["a", "b", "c"].map(|street| db.add(House::create().street(street).owner(ann)));
        db.commit().await.unwrap();
        if !first_time {
            assert_eq!(f.round_trips(), 2);
        }
        assert_eq!(
            f.sent(),
            [
                "BEGIN",
                "INSERT INTO people (name, home_id) VALUES ($1, $2) RETURNING id",
                "INSERT INTO houses (street, owner_id) SELECT u.c0, u.c1 FROM unnest($1::text[], $2::int4[]) \
                 WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n RETURNING id",
                "COMMIT"
            ]
        );
        for house in houses {
            assert_eq!(db[house].owner_id, db[ann].id);
        }
        assert!(db[houses[0]].id < db[houses[2]].id);
    }
    assert_eq!(f.rows("select count(*) from houses").await, ["6"]);
}

#[tokio::test]
async fn a_transaction_that_is_asked_to_be_of_a_kind_begins_as_one() {
    let f = Fixture::new::<World>().await;
    for (level, begin) in [
        (
            Isolation::ReadCommitted,
            "BEGIN ISOLATION LEVEL READ COMMITTED",
        ),
        (
            Isolation::RepeatableRead,
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
        ),
    ] {
        let mut db = f.session_with(SessionOptions::new().isolation(level));
        db.add_all(authors([begin]));
        db.commit().await.unwrap();
        let sent = f.sent();
        assert_eq!((sent[0].as_str(), sent[2].as_str()), (begin, "COMMIT"));
    }
    // What was begun by a read goes on; a savepoint needs a transaction around it.
    let mut db = f.session();
    Author::query().count(&mut db).await.unwrap();
    db.add_all(authors(["Ann"]));
    db.commit().await.unwrap();
    let sent = f.sent();
    assert_eq!((sent[0].as_str(), sent[3].as_str()), ("BEGIN", "COMMIT"));
    let mut inner = db.begin_nested().await.unwrap();
    inner.add_all(authors(["Bob"]));
    inner.commit().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.sent().first().unwrap(), "BEGIN");
    assert_eq!(f.rows("select count(*) from authors").await, ["4"]);
}

#[tokio::test]
async fn a_row_that_is_gone_or_changed_keeps_one_statement_from_being_done() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    let all = db.add_all(authors(["Ann", "Bob", "Cara"]));
    db.commit().await.unwrap();
    f.elsewhere("update authors set name = 'Anna' where id = 1; delete from authors where id = 2")
        .await;
    for (changed, missing) in [(&all[..1], 1), (&all[..], 2)] {
        for row in changed {
            db[*row].name.push('!');
        }
        f.sent();
        let error = refused(db.commit().await);
        let Error::Stale {
            expected,
            changed: done,
            ref rows,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((expected, expected - done), (changed.len() as u64, missing));
        assert_eq!(rows.len() as u64, missing, "{error}");
        let again = refused(db.commit().await);
        assert!(text(&again).contains(&text(&error)), "{again}");
        f.sent();
        db.rollback().await.unwrap();
        assert_eq!(f.sent(), NOTHING);
        assert_eq!(db[all[0]].name, "Ann");
        assert_eq!(f.rows(NAMES).await, ["1|Anna", "3|Cara"]);
    }
    db[all[2]].name.push('!');
    db.commit().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["1|Anna", "3|Cara!"]);
}

#[tokio::test]
async fn versioned_rows_are_deleted_by_one_statement() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    let tickets = db.add_all(["a", "b", "c"].map(|subject| Ticket::create().subject(subject)));
    db.commit().await.unwrap();
    f.sent();
    for ticket in &tickets {
        db.delete(*ticket).unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!(db.state(tickets[0]), State::Detached);
    assert_eq!(f.rows("select * from tickets").await, NOTHING);
}

async fn ask_before(f: &Fixture) {
    f.ask_before(|db| {
        db.add_all(authors(["Ann"]));
    })
    .await;
}

/// Makes a trigger of a body, before each INSERT of an author, of which the engine does not know.
async fn trigger(f: &Fixture, body: &str) {
    ask_before(f).await;
    f.elsewhere(&format!(
        "create table seen (name text); \
         create or replace function trg() returns trigger language plpgsql as $$ begin \
         insert into seen values (new.name); {body} end $$; \
         create trigger trg before insert on authors for each row execute function trg()"
    ))
    .await;
}

#[tokio::test]
async fn a_new_row_that_a_trigger_suppresses_is_seen_by_the_server() {
    let f = Fixture::new::<World>().await;
    trigger(
        &f,
        "if new.name = 'No' then return null; end if; return new;",
    )
    .await;
    for names in [vec!["No"], vec!["Ann", "No", "Bob"]] {
        for beside in [false, true] {
            let mut db = f.session();
            let wanted = names.iter().map(|name| Author::create().name(*name));
            let new = db.add_all(wanted.collect::<Vec<_>>());
            if beside {
                db.add(Ticket::create().subject("beside"));
            }
            let (expected, changed) = (names.len() as u64, names.len() as u64 - 1);
            let error = refused(db.commit().await);
            assert!(
                matches!(
                    error,
                    Error::Stale { table: "authors", action: "INSERT", expected: e, changed: c, .. }
                        if (e, c) == (expected, changed)
                ),
                "{error:?}"
            );
            db.rollback().await.unwrap();
            assert_eq!(db.state(new[0]), State::Detached);
            for table in ["authors", "tickets", "seen"] {
                let all = f.rows(&format!("select * from {table}")).await;
                assert_eq!(all, NOTHING, "{table}");
            }
        }
    }
}

#[tokio::test]
async fn keys_that_do_not_count_up_are_seen_by_the_server() {
    let f = Fixture::new::<World>().await;
    trigger(&f, "new.id = 1000 - new.id; return new;").await;
    let mut db = f.session();
    let new = db.add_all(authors(["Ann", "Bob", "Cara"]));
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("came back in another order"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(new[0]), State::Detached);
    assert_eq!(f.rows(NAMES).await, NOTHING);
    assert_eq!(f.rows("select * from seen").await, NOTHING);
    // The same key twice, where nothing forbids it.
    f.elsewhere("alter table books drop constraint books_author_id_fkey; alter table authors drop constraint authors_pkey")
        .await;
    f.elsewhere("create or replace function trg() returns trigger language plpgsql as 'begin new.id = 7; return new; end'")
        .await;
    db.add_all(authors(["Ann", "Bob"]));
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("came back in another order"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows(NAMES).await, NOTHING);
    // One row has the key that came back, whatever it is.
    let one = db.add_all(authors(["Dan"]));
    db.commit().await.unwrap();
    assert_eq!(db[one[0]].id, 7);
}

#[tokio::test]
async fn where_a_key_would_not_fit_nothing_is_committed() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("alter table authors alter id type bigint")
        .await;
    let mut db = f.session();
    for names in [vec!["Ann"], vec!["Ann", "Bob"]] {
        let wanted = names.iter().map(|name| Author::create().name(*name));
        db.add_all(wanted.collect::<Vec<_>>());
        let error = refused(db.commit().await);
        assert!(
            matches!(&error, Error::Decode { table, column, .. } if (table.as_str(), column.as_str()) == ("authors", "id")),
            "{error:?}"
        );
        let sent = f.sent();
        assert_eq!((sent.len(), sent[0].as_str()), (2, "BEGIN"), "{sent:#?}");
        db.rollback().await.unwrap();
        assert_eq!(f.sent(), ["ROLLBACK"]);
        assert_eq!(f.rows(NAMES).await, NOTHING);
    }
    // A narrower one fits. Of several that is not known before.
    f.elsewhere("truncate authors cascade; alter table authors alter id type smallint")
        .await;
    for (names, sent) in [(vec!["1"], 4), (vec!["2"], 1), (vec!["3", "4"], 3)] {
        let wanted = names.iter().map(|name| Author::create().name(*name));
        let new = db.add_all(wanted.collect::<Vec<_>>());
        db.commit().await.unwrap();
        assert_eq!(db.state(new[0]), State::Persistent);
        // The first statement is one that was prepared for the other type.
        assert_eq!(f.count(), sent, "{names:?}");
    }
    assert_eq!(
        f.rows("select name from authors order by id").await,
        ["1", "2", "3", "4"]
    );
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Even(i32);

impl SqlType for Even {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = i32::TYPE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        self.0.encode(out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match i32::decode(raw)? {
            number if number % 2 == 0 => Ok(Even(number)),
            _ => Err(DecodeError::malformed::<Self>("it is odd")),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl KeyPart for Even {}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "evens")]
struct OfEven {
    #[orm(primary_key, identity)]
    id: Even,
    name: String,
}

#[tokio::test]
async fn a_key_of_a_type_of_ones_own_that_cannot_be_read_is_said_to_be_committed() {
    let f = Fixture::new::<OfEven>().await;
    let mut db = f.session();
    let odd = db.add(OfEven::create().name("odd"));
    let error = refused(db.commit().await);
    assert!(text(&error).contains("it is odd"), "{error}");
    assert!(
        text(&error).contains("the transaction was committed nevertheless"),
        "{error}"
    );
    let again = refused(db.flush().await);
    assert!(text(&again).contains("it is odd"), "{again}");
    db.rollback().await.unwrap();
    assert_eq!(db.state(odd), State::Detached);
    assert_eq!(f.rows("select id, name from evens").await, ["1|odd"]);
    let even = db.add(OfEven::create().name("even"));
    db.commit().await.unwrap();
    assert_eq!(db[even].id, Even(2));
}

#[tokio::test]
async fn what_is_refused_leaves_nothing_to_roll_back() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("alter table authors add unique (email) deferrable initially deferred")
        .await;
    let mut db = f.session();
    db.add_all(authors(["Ann"]));
    db.commit().await.unwrap();
    for email in [false, true] {
        // Of the names at once, of the emails at the end.
        let twice = match email {
            true => Author::create().name("another").email("Ann@example.org"),
            false => Author::create().name("Ann").email("another"),
        };
        let new = db.add(twice);
        f.sent();
        let error = refused(db.commit().await);
        let violated = error.constraint().expect("a constraint");
        assert_eq!(violated.kind, ConstraintKind::Unique, "{error}");
        db.rollback().await.unwrap();
        assert_eq!(f.count(), 1);
        assert_eq!(db.state(new), State::Detached);
        assert_eq!(f.rows("select name from authors").await, ["Ann"]);
    }
}

#[tokio::test]
async fn a_lost_connection_leaves_the_outcome_open() {
    let f = Fixture::new::<World>().await;
    ask_before(&f).await;
    f.elsewhere(
        "create function die() returns trigger language plpgsql as \
         'begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return new; end'; \
         create trigger die before insert on authors for each row execute function die()",
    )
    .await;
    let mut db = f.session();
    let new = db.add_all(authors(["Ann"]));
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("whether the transaction was committed is not known"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(new[0]), State::Detached);
    f.elsewhere("drop trigger die on authors").await;
    db.add_all(authors(["Ann"]));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Ann"]);
}

#[tokio::test]
async fn what_is_dropped_on_its_way_is_done_or_not() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    let mut in_doubt = 0;
    for round in 0..48 {
        let names = [0, 1].map(|n| format!("{round}-{n}"));
        let many = 1 + round % 2;
        let new = db.add_all(names[..many].iter().map(|name| Author::create().name(name)));
        let done = poll_times(1 + round / 2 % 8, db.commit()).await;
        if done.is_none() {
            if let Err(error) = db.flush().await {
                let unknown = "whether the transaction was committed is not known";
                in_doubt += u32::from(text(&error).contains(unknown));
            }
            db.rollback().await.unwrap();
            assert_eq!(db.state(new[0]), State::Detached);
        }
        // Whatever was given up is over when the table can be locked.
        f.elsewhere("begin; lock authors in exclusive mode; commit")
            .await;
        let there = f
            .rows(&format!(
                "select count(*) from authors where name like '{round}-%'"
            ))
            .await;
        if let Some(outcome) = done {
            outcome.unwrap();
            assert_eq!(there, [many.to_string()]);
        } else {
            assert!(there == ["0"] || there == [many.to_string()], "{there:?}");
        }
    }
    assert!(in_doubt > 0);
}

#[tokio::test]
async fn a_table_that_was_altered_is_prepared_anew() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    db.add_all(authors(["Ann"]));
    db.commit().await.unwrap();
    f.elsewhere("alter table authors alter id type bigint; alter table authors alter id type int")
        .await;
    let bob = db.add_all(authors(["Bob"]));
    db.commit().await.unwrap();
    assert_eq!(db[bob[0]].id, 2);
    assert_eq!(f.rows(NAMES).await, ["1|Ann", "2|Bob"]);
}
