//! The last write of a transaction, with COMMIT behind it: the server judges it, also where it is one row behind nothing but reads.
//! Whatever keeps it from being written, nothing is committed.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type World = (Country, City, Author, Book, Ticket, Person, House);

const NOTHING: [&str; 0] = [];

const JUDGED: &str = "WITH written AS (UPDATE countries SET name = $1 WHERE code = $2 RETURNING true) \
     SELECT current_setting('rows written: 0') WHERE (TABLE written) IS NULL";

const NAMES: &str = "select code, name from countries order by code";

/// What has triggers in these tests gets them unknown to the engine.
async fn world() -> Fixture {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a'), ('BB', 'b')")
        .await;
    f.ask_before(|db| {
        db.add(Country::create().code("CC").name("c"));
        db.add(Author::create().name("Ann"));
        db.add(Ticket::create().subject("a"));
    })
    .await;
    f
}

async fn a(db: &mut Session) -> Handle<Country> {
    db.get::<Country>("AA").await.unwrap().expect("a row")
}

/// Changes the row and commits. What was sent for it.
async fn change(f: &Fixture, db: &mut Session, country: Handle<Country>) -> Vec<String> {
    db[country].name.push('!');
    f.sent();
    db.commit().await.unwrap();
    f.sent_as_it_was()
}

fn assert_stale(error: &Error) {
    assert!(
        matches!(
            error,
            Error::Stale { table: "countries", action: "UPDATE", expected: 1, changed: 0, rows } if rows.len() == 1
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_server_judges_an_update_of_one_row_whatever_went_before() {
    let f = world().await;
    let mut db = f.session();
    // Reads.
    let country = a(&mut db).await;
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // Nothing: from what was committed, it is guarded, and no transaction is open.
    let guarded = JUDGED.replace(" RETURNING", " AND name IS NOT DISTINCT FROM $3 RETURNING");
    assert_eq!(change(&f, &mut db, country).await, [guarded.as_str()]);
    // BEGIN says more than that.
    let kind = SessionOptions::new().isolation(Isolation::RepeatableRead);
    let mut other = f.session_with(kind);
    let country = a(&mut other).await;
    assert_eq!(change(&f, &mut other, country).await, [JUDGED, "COMMIT"]);
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    assert_eq!(
        change(&f, &mut other, country).await,
        [begin, &guarded, "COMMIT"]
    );
    // Writes.
    a(&mut other).await;
    sql("insert into authors (name) values ('Ann')")
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(change(&f, &mut other, country).await, [JUDGED, "COMMIT"]);
    assert_eq!(f.rows(NAMES).await, ["AA|a!!!!!", "BB|b"]);
}

#[tokio::test]
async fn a_row_that_is_gone_or_suppressed_is_stale_and_nothing_is_written() {
    let f = world().await;
    f.elsewhere(
        "create function no() returns trigger language plpgsql as 'begin return null; end'; \
         create trigger no before update on countries for each row when (old.code = 'AA') execute function no()",
    )
    .await;
    for (code, gone) in [
        ("AA", ""),
        ("BB", "delete from countries where code = 'BB'"),
    ] {
        let mut db = f.session();
        let country = db.get::<Country>(code).await.unwrap().unwrap();
        f.elsewhere(gone).await;
        db[country].name.push('!');
        f.sent();
        let error = refused(db.commit().await);
        assert_stale(&error);
        assert_eq!(f.sent_as_it_was(), [JUDGED, "COMMIT"]);
        // The session waits, and rolling back sends nothing.
        let again = refused(db.flush().await);
        assert!(text(&again).contains(&text(&error)), "{again}");
        db.rollback().await.unwrap();
        assert_eq!(f.sent(), NOTHING);
        assert_eq!(db[country].name, code[..1].to_lowercase());
        assert_eq!(db.state(country), State::Persistent);
        assert!(!db.in_transaction());
    }
    assert_eq!(f.rows(NAMES).await, ["AA|a"]);
    // A version that has moved on.
    let mut db = f.session();
    let ticket = db.add(Ticket::create().subject("a"));
    db.commit().await.unwrap();
    db.refresh(ticket).await.unwrap();
    f.elsewhere("update tickets set version = version + 1")
        .await;
    db[ticket].subject.push('!');
    let error = refused(db.commit().await);
    assert!(
        matches!(error, Error::Stale { changed: 0, .. }),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select subject from tickets").await, ["a"]);
}

#[tokio::test]
async fn what_was_written_before_is_not_committed_with_an_update_that_finds_no_row() {
    let f = world().await;
    let mut db = f.session();
    let country = a(&mut db).await;
    sql("insert into authors (name) values ('Ann')")
        .execute(&mut db)
        .await
        .unwrap();
    f.elsewhere("delete from countries where code = 'AA'").await;
    db[country].name.push('!');
    assert_stale(&refused(db.commit().await));
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, NOTHING);
}

/// A trigger keeps a row from being written and writes elsewhere: a log, a mark in place of a delete. None of it is committed,
/// whether COMMIT goes along or not, and whether there is one at all.
#[tokio::test]
async fn what_a_trigger_writes_in_place_of_a_row_is_rolled_back() {
    let f = world().await;
    f.elsewhere(
        "create table instead (what text); \
         create function instead() returns trigger language plpgsql as \
         $$ begin insert into instead values (tg_op || ' ' || tg_table_name); return null; end $$; \
         create trigger instead before update or delete on countries for each row execute function instead(); \
         create trigger instead before insert on authors for each row execute function instead(); \
         insert into tickets (id, subject, version) values (gen_random_uuid(), 'a', 1); \
         create trigger instead before insert or delete on tickets for each row execute function instead()",
    )
    .await;
    type Write = fn(&mut Session, Handle<Country>, Handle<Ticket>);
    let writes: [(&str, Write); 5] = [
        ("UPDATE", |db, country, _| db[country].name.push('!')),
        ("INSERT", |db, _, _| {
            db.add(Ticket::create().subject("b"));
        }),
        ("INSERT", |db, _, _| {
            db.add(Author::create().name("Ann"));
        }),
        ("DELETE", |db, _, ticket| db.delete(ticket).unwrap()),
        ("of `countries`", |db, country, _| {
            db.delete(country).unwrap();
        }),
    ];
    for (says, write) in writes {
        for open in [true, false] {
            let mut db = f.session();
            let country = a(&mut db).await;
            let ticket = Ticket::query().one(&mut db).await.unwrap();
            if !open {
                db.commit().await.unwrap();
            }
            write(&mut db, country, ticket);
            let error = refused(db.commit().await);
            assert!(text(&error).contains(says), "{error}");
            db.rollback().await.unwrap();
            assert_eq!(f.rows("select what from instead").await, NOTHING);
            assert_eq!(db[country].name, "a");
            assert_eq!(db.state(ticket), State::Persistent);
        }
    }
    assert_eq!(f.rows(NAMES).await, ["AA|a", "BB|b"]);
    assert_eq!(f.rows("select subject from tickets").await, ["a"]);
    assert_eq!(f.rows("select name from authors").await, NOTHING);
}

/// The key of the model is none of the database.
#[tokio::test]
async fn two_rows_in_the_place_of_one_are_an_error_and_nothing_is_written() {
    let f = world().await;
    f.elsewhere("alter table countries drop constraint countries_pkey cascade")
        .await;
    let mut db = f.session();
    let country = db.get::<Country>("BB").await.unwrap().unwrap();
    f.elsewhere("insert into countries values ('BB', 'b')")
        .await;
    db[country].name.push('!');
    let error = refused(db.commit().await);
    assert!(
        matches!(&error, Error::Query(query) if query.code.as_deref() == Some("21000")),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["AA|a", "BB|b", "BB|b"]);
}

#[tokio::test]
async fn what_the_server_refuses_at_commit_is_reported() {
    let f = world().await;
    f.elsewhere(
        "create function late() returns trigger language plpgsql as \
         $$ begin raise exception 'too late'; end $$; \
         create constraint trigger late after update on countries deferrable initially deferred \
         for each row execute function late()",
    )
    .await;
    let mut db = f.session();
    let mut country = a(&mut db).await;
    for open in [true, false] {
        db[country].name.push('!');
        f.sent();
        let error = refused(db.commit().await);
        assert!(text(&error).contains("too late"), "{error}");
        assert_eq!(f.count(), if open { 2 } else { 1 });
        db.rollback().await.unwrap();
        assert_eq!(db[country].name, "a");
        assert_eq!(f.rows(NAMES).await, ["AA|a", "BB|b"]);
        country = a(&mut db).await;
        db.rollback().await.unwrap();
    }
    // What the UPDATE itself is refused for.
    f.elsewhere(
        "drop trigger late on countries; alter table countries add check (length(name) < 3)",
    )
    .await;
    let country = a(&mut db).await;
    db[country].name = "long".to_owned();
    assert!(refused(db.commit().await).constraint().is_some());
    db.rollback().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["AA|a", "BB|b"]);
}

#[tokio::test]
async fn what_is_dropped_on_its_way_is_done_or_not() {
    let f = world().await;
    let mut in_doubt = 0;
    for round in 0..16 {
        let name = format!("round {round}");
        let mut db = f.session();
        let country = a(&mut db).await;
        let before = std::mem::replace(&mut db[country].name, name.clone());
        let done = poll_times(1 + round % 4, db.commit()).await;
        if done.is_none() {
            if let Err(error) = db.flush().await {
                let unknown = "whether the transaction was committed is not known";
                in_doubt += u32::from(text(&error).contains(unknown));
            }
            db.rollback().await.unwrap();
            assert_eq!(db[country].name, before);
        }
        // Whatever was given up is over when the table can be locked.
        f.elsewhere("begin; lock countries in exclusive mode; commit")
            .await;
        let there = f.rows("select name from countries where code = 'AA'").await;
        match done {
            Some(outcome) => {
                outcome.unwrap();
                assert_eq!(there, [name]);
            }
            None => assert!(there == [name] || there == [before], "{there:?}"),
        }
    }
    assert!(in_doubt > 0);
}
