//! COMMIT behind a DELETE of unversioned rows: it waits where the server is near, and goes along where waiting would take longer than
//! counting the rows. Where the DELETE falls short all is done again, and the outcome is the same on either way.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::expr::raw;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};
use tests::fixture::{Fixture, text};
use tests::refused;
use tests::relay::Way;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "notes")]
struct Note {
    #[orm(primary_key)]
    id: i32,
    body: String,
}

/// Takes its papers along.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "shelves", has_many(papers: Paper, via = shelf, cascade(delete)))]
struct Shelf {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "papers")]
struct Paper {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(shelf: Shelf))]
    shelf_id: i32,
}

const ONE: &str = "DELETE FROM notes WHERE id = $1";

const MANY: &str = "DELETE FROM notes USING unnest($1::int4[]) AS u(k0) WHERE notes.id = u.k0";

const INSERT: &str = "INSERT INTO notes (body) VALUES ($1) RETURNING id";

const KEYS: &str = "select id from notes order by id";

/// The statement in the form in which the server counts the rows that it deletes.
fn counted(sql: &str) -> String {
    format!(
        "WITH written AS ({sql} RETURNING 1) SELECT CASE count(*) WHEN $2 THEN NULL \
         ELSE current_setting(concat('rows written: ', count(*))) END FROM written"
    )
}

/// Ten notes.
async fn world() -> Fixture {
    let f = Fixture::new::<(Note,)>().await;
    f.elsewhere("insert into notes (body) select 'note' from generate_series(1, 10)")
        .await;
    f
}

/// The notes of some keys, in a transaction that has done nothing but read them.
async fn notes(db: &mut Session, keys: &[i32]) -> Vec<Handle<Note>> {
    let query = Note::query().filter(Note::ID.in_(keys));
    let notes = query.order_by(Note::ID).all(db).await.unwrap();
    assert_eq!(notes.len(), keys.len());
    notes
}

fn delete(db: &mut Session, notes: &[Handle<Note>]) {
    for note in notes {
        db.delete(*note).unwrap();
    }
}

#[tokio::test]
async fn near_commit_waits_and_over_a_long_way_it_goes_along() {
    let f = world().await;
    let near = Way::near(f.url()).await;
    for (keys, plain) in [
        ([1].as_slice(), ONE),
        (&[2, 3], MANY),
        (&[4], ONE),
        (&[5, 6], MANY),
    ] {
        let mut db = near.engine.session();
        let notes = notes(&mut db, keys).await;
        delete(&mut db, &notes);
        near.log.clear();
        db.commit().await.unwrap();
        let prepared = if keys[0] < 4 { 1 } else { 0 };
        assert_eq!(near.log.round_trips(), 2 + prepared);
        assert_eq!(near.log.take(), [plain, "COMMIT"]);
    }
    f.elsewhere("insert into notes select n, 'note' from generate_series(1, 6) n")
        .await;
    let far = Way::far(f.url()).await;
    for (keys, plain) in [
        ([1].as_slice(), ONE),
        (&[2, 3], MANY),
        (&[4], ONE),
        (&[5, 6], MANY),
    ] {
        let mut db = far.engine.session();
        let notes = notes(&mut db, keys).await;
        delete(&mut db, &notes);
        far.log.clear();
        db.commit().await.unwrap();
        let prepared = if keys[0] < 4 { 1 } else { 0 };
        assert_eq!(far.log.round_trips(), 1 + prepared);
        assert_eq!(far.log.take(), [counted(plain).as_str(), "COMMIT"]);
        assert_eq!(db.state(notes[0]), State::Detached);
    }
    assert_eq!(f.rows(KEYS).await, ["7", "8", "9", "10"]);
    // Where no transaction is open, the DELETE is all of it, whatever its level.
    for isolation in [None, Some(Isolation::Serializable)] {
        let mut options = SessionOptions::new();
        if let Some(isolation) = isolation {
            options = options.isolation(isolation);
        }
        let mut db = far.engine.session_with(options);
        let key = if isolation.is_none() { 7 } else { 8 };
        let note = notes(&mut db, &[key]).await;
        db.commit().await.unwrap();
        delete(&mut db, &note);
        far.log.clear();
        db.commit().await.unwrap();
        let sent = far.log.take();
        match isolation {
            None => assert_eq!(sent, [counted(ONE)]),
            Some(_) => assert_eq!((sent.len(), &sent[1]), (3, &counted(ONE))),
        }
    }
    assert_eq!(f.rows(KEYS).await, ["9", "10"]);
}

#[tokio::test]
async fn rows_that_others_have_deleted_are_no_failure_on_either_way() {
    let f = world().await;
    let (near, far) = (Way::near(f.url()).await, Way::far(f.url()).await);
    for (way, first) in [(&near, 1), (&far, 5)] {
        let is_far = first == 5;
        let mut db = way.engine.session();
        // Some of several, with a row that is added: its key comes once, and it is there once.
        let some = notes(&mut db, &[first, first + 1]).await;
        f.elsewhere(&format!("delete from notes where id = {first}"))
            .await;
        delete(&mut db, &some);
        let new = db.add(Note::create().body("new"));
        way.log.clear();
        db.commit().await.unwrap();
        let asked = "SELECT notes.id, notes.body FROM notes WHERE notes.id IN ($1, $2)";
        let mut sent = way.log.take();
        if is_far {
            let refused: Vec<String> = sent.drain(..3).collect();
            assert!(refused[0].starts_with("WITH written AS (INSERT"));
            assert_eq!(refused[1..], [counted(MANY).as_str(), "COMMIT"]);
            assert_eq!(sent[..2], ["BEGIN", "SHOW transaction_isolation"]);
            sent.drain(..2);
        }
        let question = sent.remove(2);
        assert!(question.starts_with(&asked[..44]), "{question}");
        assert_eq!(sent, [INSERT, MANY, "COMMIT"]);
        assert_eq!(db.state(some[0]), State::Detached);
        let id = db[new].id;
        assert_eq!(
            f.rows("select id from notes where body = 'new'").await,
            [id.to_string()]
        );
        // The only one, from an earlier transaction: nothing was read that a new one has to be of a level for.
        let one = notes(&mut db, &[first + 2]).await;
        db.commit().await.unwrap();
        f.elsewhere("delete from notes where body = 'new'").await;
        f.elsewhere(&format!("delete from notes where id = {}", first + 2))
            .await;
        delete(&mut db, &one);
        way.log.clear();
        db.commit().await.unwrap();
        let mut sent = way.log.take();
        if is_far {
            assert_eq!(sent.remove(0), counted(ONE));
        }
        assert_eq!(
            (sent.len(), sent[0].as_str(), sent[1].as_str()),
            (4, "BEGIN", ONE)
        );
        assert_eq!(sent[3], "COMMIT");
        assert_eq!(db.state(one[0]), State::Detached);
    }
    assert_eq!(f.rows(KEYS).await, ["4", "8", "9", "10"]);
}

#[tokio::test]
async fn rows_that_are_kept_are_a_failure_on_either_way() {
    let f = world().await;
    f.elsewhere(
        "create function keep() returns trigger language plpgsql as \
         $$ begin update notes set body = 'kept' where id = old.id; return null; end $$; \
         create trigger keep before delete on notes for each row when (old.id = 2) execute function keep()",
    )
    .await;
    for way in [Way::near(f.url()).await, Way::far(f.url()).await] {
        for keys in [[2].as_slice(), &[1, 2]] {
            let mut db = way.engine.session();
            let some = notes(&mut db, keys).await;
            delete(&mut db, &some);
            let new = db.add(Note::create().body("new"));
            let error = refused(db.commit().await);
            assert!(text(&error).contains("are still there"), "{error}");
            db.rollback().await.unwrap();
            assert_eq!(db.state(some[0]), State::Persistent);
            assert_eq!(db.state(new), State::Detached);
            assert_eq!(
                f.rows("select count(*) from notes where body = 'note'")
                    .await,
                ["10"]
            );
        }
    }
}

/// What has a rule cannot be written inside of WITH.
#[tokio::test]
async fn a_table_with_a_rule_is_deleted_from_on_either_way() {
    let f = world().await;
    f.elsewhere(
        "create table gone (id int); \
         create rule remember as on delete to notes do also insert into gone values (old.id)",
    )
    .await;
    for (way, key) in [(Way::near(f.url()).await, 1), (Way::far(f.url()).await, 2)] {
        let mut db = way.engine.session();
        let note = notes(&mut db, &[key]).await;
        delete(&mut db, &note);
        db.commit().await.unwrap();
        assert_eq!(db.state(note[0]), State::Detached);
        let last = way.log.take().split_off(2);
        assert!(
            last.ends_with(&[ONE.to_owned(), "COMMIT".to_owned()]),
            "{last:#?}"
        );
    }
    assert_eq!(f.rows("select count(*) from notes").await, ["8"]);
}

#[tokio::test]
async fn what_could_not_be_done_again_is_waited_for() {
    let f = world().await;
    let way = Way::far(f.url()).await;
    let mut key = 0;
    for case in ["level", "locks", "writes", "savepoint"] {
        key += 1;
        let options = match case {
            "level" => SessionOptions::new().isolation(Isolation::RepeatableRead),
            _ => SessionOptions::new(),
        };
        let mut db = way.engine.session_with(options);
        let note = notes(&mut db, &[key]).await;
        match case {
            "locks" => db.refresh(note[0]).for_update().await.unwrap(),
            "writes" => {
                sql("update notes set body = 'written' where id = 10")
                    .execute(&mut db)
                    .await
                    .unwrap();
            }
            "savepoint" => {
                let nested = db.begin_nested().await.unwrap();
                nested.commit().await.unwrap();
            }
            _ => {}
        }
        delete(&mut db, &note);
        way.log.clear();
        db.commit().await.unwrap();
        assert_eq!(way.log.take(), [ONE, "COMMIT"], "{case}");
    }
    assert_eq!(f.rows(KEYS).await, ["5", "6", "7", "8", "9", "10"]);
}

/// Where the server says so, what was read before may not be left behind.
#[tokio::test]
async fn in_a_transaction_of_one_moment_nothing_is_done_again() {
    let f = world().await;
    f.elsewhere(
        "do $$ begin execute format('alter database %I set default_transaction_isolation = serializable', \
         current_database()); end $$",
    )
    .await;
    let way = Way::far(f.url()).await;
    let mut db = way.engine.session();
    let gone = notes(&mut db, &[1]).await;
    db.commit().await.unwrap();
    f.elsewhere("delete from notes where id = 1").await;
    notes(&mut db, &[2]).await;
    delete(&mut db, &gone);
    db.add(Note::create().body("new"));
    let error = refused(db.commit().await);
    assert!(
        matches!(
            error,
            Error::Stale {
                table: "notes",
                action: "DELETE",
                expected: 1,
                changed: 0,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(matches!(
        refused(db.flush().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
    assert_eq!(
        f.rows("select id from notes where body = 'new'").await,
        [""; 0]
    );
    // Where nothing was read, it can.
    delete(&mut db, &gone);
    db.commit().await.unwrap();
    assert_eq!(db.state(gone[0]), State::Detached);
}

/// To load a relationship is to read: by the program, and by the session that needs it for a cascade.
#[tokio::test]
async fn commit_goes_along_with_what_a_cascade_deletes() {
    let f = Fixture::new::<(Shelf, Paper)>().await;
    f.elsewhere(
        "insert into shelves select generate_series(1, 5); \
         insert into papers (shelf_id) select n % 5 + 1 from generate_series(1, 10) n",
    )
    .await;
    let papers = "DELETE FROM papers USING unnest($1::int4[]) AS u(k0) WHERE papers.id = u.k0";
    let shelf = "DELETE FROM shelves WHERE id = $1";
    let together = [counted(papers), counted(shelf), "COMMIT".to_owned()];
    let way = Way::far(f.url()).await;
    let mut first_time = 1;
    for (key, case) in (1..).zip(["loaded", "needed", "gone", "known to nobody"]) {
        let mut db = way.engine.session();
        let nobody_knows = raw::<bool>("pg_try_advisory_xact_lock(1)");
        let mut query = Shelf::query().filter(Shelf::ID.eq(key));
        match case {
            "needed" => {}
            "known to nobody" => query = query.with(Shelf::PAPERS.filter(nobody_knows)),
            _ => query = query.with(Shelf::PAPERS),
        }
        let gone = query.one(&mut db).await.unwrap();
        if case == "gone" {
            let one =
                "delete from papers where id = (select max(id) from papers where shelf_id = 3)";
            f.elsewhere(one).await;
        }
        db.delete(gone).unwrap();
        way.log.clear();
        db.commit().await.unwrap();
        let round_trips = way.log.round_trips();
        let mut sent = way.log.take();
        if ["needed", "known to nobody"].contains(&case) {
            assert!(sent.remove(0).starts_with("SELECT papers.id"), "{case}");
        }
        match case {
            "loaded" => assert_eq!((round_trips, &sent[..]), (1 + first_time, &together[..])),
            "needed" => assert_eq!((round_trips, &sent[..]), (2, &together[..])),
            "gone" => {
                // The server has refused it, and it is done again.
                assert_eq!(sent[..3], together);
                assert_eq!(sent[3..6], ["BEGIN", "SHOW transaction_isolation", papers]);
                assert_eq!(sent.last().unwrap(), "COMMIT");
            }
            _ => assert_eq!(sent, [papers, shelf, "COMMIT"]),
        }
        first_time = 0;
        assert_eq!(db.state(gone), State::Detached, "{case}");
        let left = format!("select id from papers where shelf_id = {key}");
        assert_eq!(f.rows(&left).await, [""; 0]);
    }
    assert_eq!(f.rows("select id from shelves").await, ["5"]);
}
