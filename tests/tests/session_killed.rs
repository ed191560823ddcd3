//! Connections that are lost in the middle: at each statement of a flush, and at COMMIT in each form in which it goes out.
#![allow(missing_docs)]

use std::sync::atomic::{AtomicU32, Ordering};

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::query::Running;
use orm_core::session::{SessionOptions, State};
use tests::fixture::{Fixture, text};
use tests::models::{Author, Book, City, Country, Note, Ticket};
use tests::refused;

const UNKNOWN: &str = "whether the transaction was committed is not known";

const LEFT: &str = "select (select string_agg(name, ' ' order by name) from countries), (select count(*) from authors), \
     (select count(*) from books), (select count(*) from cities), (select count(*) from tickets), (select count(*) from notes)";

/// The connection whose name is that of a table is lost when a row of it is written; that of a note, when it is committed.
async fn world() -> Fixture {
    let f = Fixture::new::<(Author, Book, Note, Ticket, Country, City)>().await;
    f.ask_before(|db| {
        let country = db.add(Country::create().code("AA").name("a"));
        write(db, country);
    })
    .await;
    f.elsewhere(
        "insert into countries values ('AA', 'a'); \
         create function die() returns trigger language plpgsql security definer as $$ begin \
         if current_setting('application_name') = tg_table_name then perform pg_terminate_backend(pg_backend_pid()); end if; \
         return new; end $$; \
         create constraint trigger die after insert on notes deferrable initially deferred for each row execute function die()",
    )
    .await;
    for table in ["authors", "books", "countries", "cities", "tickets"] {
        f.elsewhere(&format!(
            "create trigger die before insert or update on {table} for each row execute function die()"
        ))
        .await;
    }
    f
}

async fn will_die_at(db: &mut Session, table: &str) {
    let name = sql("select set_config('application_name', :table, false)").bind("table", table);
    let _: String = name.scalar(db).await.unwrap();
}

/// A row of each table: a change, INSERTs that wait for one another's keys, and some that don't.
fn write(db: &mut Session, country: Handle<Country>) -> Handle<Book> {
    if db.state(country) == State::Persistent {
        db[country].name.push('!');
    }
    let ann = db.add(Author::create().name("Ann"));
    let book = db.add(Book::create().title("t").author(ann));
    db.add(City::create().name("x").country(country));
    db.add(Ticket::create().subject("s"));
    db.add(Note::create().body("n"));
    book
}

#[tokio::test]
async fn a_flush_whose_connection_is_lost_at_any_statement_is_taken_back() {
    let f = world().await;
    let before = f.rows(LEFT).await;
    for table in [
        "authors",
        "books",
        "countries",
        "cities",
        "tickets",
        "notes",
    ] {
        for (behind_savepoint, commit) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let at = format!("{table}, savepoint {behind_savepoint}, commit {commit}");
            let mut db = f.session();
            will_die_at(&mut db, table).await;
            let country = db.get::<Country>("AA").await.unwrap().unwrap();
            let (book, outcome) = if behind_savepoint {
                let mut nested = db.begin_nested().await.unwrap();
                let book = write(&mut nested, country);
                let outcome = nested.commit().await;
                match (outcome, commit) {
                    (Ok(()), true) => (book, db.commit().await),
                    (outcome, _) => (book, outcome),
                }
            } else {
                let book = write(&mut db, country);
                let outcome = match commit {
                    true => db.commit().await,
                    false => db.flush().await,
                };
                (book, outcome)
            };
            // What is checked at COMMIT is lost there alone.
            if table == "notes" && !commit {
                outcome.unwrap();
            } else {
                let error = refused(outcome);
                assert!(matches!(error, Error::Connection { .. }), "{at}: {error:?}");
                // The first call behind a savepoint tries to go back to it.
                let again = refused(db.flush().await);
                let lost = matches!(again, Error::Connection { .. });
                assert!(
                    lost && behind_savepoint || matches!(again, Error::RollbackRequired { .. }),
                    "{at}: {again}"
                );
            }
            db.rollback().await.unwrap();
            assert_eq!(
                (db[country].name.as_str(), db.state(book)),
                ("a", State::Detached),
                "{at}"
            );
            // The session goes on, with another connection.
            will_die_at(&mut db, "").await;
            db.refresh(country).await.unwrap();
            db.commit().await.unwrap();
            assert_eq!(f.rows(LEFT).await, before, "{at}");
        }
    }
}

/// One whose key the client knows.
fn note() -> Note {
    Note {
        id: 7,
        body: "n".to_owned(),
        stars: 0,
        edits: 0,
    }
}

#[tokio::test]
async fn the_answer_of_commit_may_be_lost_in_every_form_in_which_it_goes_out() {
    let f = world().await;
    type Form = for<'db> fn(&'db mut Session) -> Running<'db, ()>;
    let forms: [(&str, Form, usize); 6] = [
        (
            "alone",
            |db| Running::new(async move { db.insert(Note::create().body("n")).await.map(drop) }),
            1,
        ),
        (
            "behind a savepoint",
            |db| {
                Running::new(async move {
                    let mut nested = db.begin_nested().await?;
                    nested.add(Note::create().body("n"));
                    nested.commit().await
                })
            },
            1,
        ),
        (
            "behind what was read",
            |db| {
                Running::new(async move {
                    db.get::<Country>("AA").await?;
                    db.add(note());
                    Ok(())
                })
            },
            2,
        ),
        (
            "with others",
            |db| {
                Running::new(async move {
                    db.add(Ticket::create().subject("s"));
                    db.add(note());
                    Ok(())
                })
            },
            4,
        ),
        (
            "with BEGIN, behind an answer",
            |db| {
                Running::new(async move {
                    db.add(Note::create().body("n"));
                    Ok(())
                })
            },
            3,
        ),
        (
            "as a single statement",
            |db| {
                Running::new(async move {
                    db.add(note());
                    Ok(())
                })
            },
            1,
        ),
    ];
    for (form, prepare, statements) in forms {
        let mut db = f.session();
        will_die_at(&mut db, "notes").await;
        db.commit().await.unwrap();
        prepare(&mut db).await.unwrap();
        f.sent();
        let error = refused(db.commit().await);
        assert!(text(&error).contains(UNKNOWN), "{form}: {error}");
        assert_eq!(f.count(), statements, "{form}");
        assert!(
            text(&refused(db.commit().await)).contains(UNKNOWN),
            "{form}"
        );
        db.rollback().await.unwrap();
        assert!(db.get::<Note>(7).await.unwrap().is_none(), "{form}");
    }
    // And in a closure, which is not run again for it.
    let runs = AtomicU32::new(0);
    let outcome = f
        .engine
        .transaction_retry(SessionOptions::new(), async |db| {
            runs.fetch_add(1, Ordering::Relaxed);
            will_die_at(db, "notes").await;
            db.add(Note::create().body("n"));
            Ok::<_, Error>(())
        });
    assert!(text(&refused(outcome.await)).contains(UNKNOWN));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(f.rows("select count(*) from notes").await, ["0"]);
}
