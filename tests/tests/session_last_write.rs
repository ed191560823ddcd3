//! A transaction whose only write is an UPDATE of one row sends it as it is, with COMMIT behind: where it finds no row, there is
//! nothing to commit. Where anything else may have been written, the server judges the UPDATE first.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::expr::func;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type World = (Country, City, Author, Book, Ticket, Person, House);

const NOTHING: [&str; 0] = [];

const PLAIN: &str = "UPDATE countries SET name = $1 WHERE code = $2";

const JUDGED: &str = "WITH written AS (UPDATE countries SET name = $1 WHERE code = $2 RETURNING 1) \
     SELECT CASE count(*) WHEN $3 THEN NULL ELSE current_setting('rows written: ' || count(*)) END FROM written";

const NAMES: &str = "select code, name from countries order by code";

async fn world() -> Fixture {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a'), ('BB', 'b')")
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
async fn behind_reads_of_the_session_an_update_is_sent_as_it_is() {
    let f = world().await;
    let mut db = f.session();
    let country = a(&mut db).await;
    assert_eq!(change(&f, &mut db, country).await, [PLAIN, "COMMIT"]);
    a(&mut db).await;
    db.refresh(country).columns(Country::NAME).await.unwrap();
    assert_eq!(change(&f, &mut db, country).await, [PLAIN, "COMMIT"]);
    let again = Country::query().filter(func::lower(Country::CODE).eq("aa"));
    assert_eq!(again.one(&mut db).await.unwrap(), country);
    assert_eq!(Country::query().count(&mut db).await.unwrap(), 2);
    assert!(Country::query().exists(&mut db).await.unwrap());
    assert_eq!(change(&f, &mut db, country).await, [PLAIN, "COMMIT"]);
    // From what was committed, it is guarded, and no transaction is open.
    let guarded = format!("{PLAIN} AND name IS NOT DISTINCT FROM $3");
    assert_eq!(change(&f, &mut db, country).await, [guarded.as_str()]);
    let kind = SessionOptions::new().isolation(Isolation::RepeatableRead);
    let mut other = f.session_with(kind);
    let country = a(&mut other).await;
    assert_eq!(change(&f, &mut other, country).await, [PLAIN, "COMMIT"]);
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
    assert_eq!(
        change(&f, &mut other, country).await,
        [begin, &guarded, "COMMIT"]
    );
    assert_eq!(f.rows(NAMES).await, ["AA|a!!!!!!", "BB|b"]);
}

#[tokio::test]
async fn behind_whatever_may_write_the_server_judges() {
    let f = world().await;
    f.elsewhere(
        "create table seen (name text); create function see(text) returns boolean language sql as \
         $$ insert into seen values ($1) returning true $$",
    )
    .await;
    // Raw SQL, also where it only reads.
    let mut db = f.session();
    let country = a(&mut db).await;
    sql("select 1").execute(&mut db).await.unwrap();
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // Before the session has looked at a row.
    sql("insert into seen values ('x')")
        .execute(&mut db)
        .await
        .unwrap();
    let country = a(&mut db).await;
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // A function that is not known.
    a(&mut db).await;
    let calls = Country::query().filter(orm_core::expr::raw::<bool>("see(name)"));
    assert_eq!(calls.count(&mut db).await.unwrap(), 2);
    a(&mut db).await;
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // An earlier flush.
    let country = a(&mut db).await;
    db[country].name.push('?');
    db.flush().await.unwrap();
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // A bulk write.
    a(&mut db).await;
    let bulk = City::query().update(City::NAME.set("c"));
    bulk.exec(&mut db).await.unwrap();
    assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    // A savepoint, whether it was kept or not.
    for kept in [true, false] {
        a(&mut db).await;
        let nested = db.begin_nested().await.unwrap();
        if kept {
            nested.commit().await.unwrap();
        } else {
            nested.rollback().await.unwrap();
        }
        assert_eq!(change(&f, &mut db, country).await, [JUDGED, "COMMIT"]);
    }
    // Two rows, or two statements.
    a(&mut db).await;
    db.add(Country::create().code("CC").name("c"));
    let sent = change(&f, &mut db, country).await;
    assert_eq!((sent.len(), sent[0].as_str()), (3, JUDGED));
    // The next transaction begins anew.
    a(&mut db).await;
    assert_eq!(change(&f, &mut db, country).await, [PLAIN, "COMMIT"]);
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
        assert_eq!(f.sent_as_it_was(), [PLAIN, "COMMIT"]);
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

/// A trigger that marks rows in place of deleting them writes, and says that nothing was deleted. That is not committed.
#[tokio::test]
async fn a_delete_is_judged_because_triggers_mark_rows_in_its_place() {
    let f = world().await;
    f.elsewhere(
        "create function mark() returns trigger language plpgsql as \
         $$ begin update tickets set subject = 'deleted' where id = old.id; return null; end $$; \
         create trigger mark before delete on tickets for each row execute function mark()",
    )
    .await;
    let mut db = f.session();
    let ticket = db.add(Ticket::create().subject("a"));
    db.commit().await.unwrap();
    db.refresh(ticket).await.unwrap();
    db.delete(ticket).unwrap();
    let error = refused(db.commit().await);
    assert!(
        matches!(error, Error::Stale { changed: 0, .. }),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select subject from tickets").await, ["a"]);
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
