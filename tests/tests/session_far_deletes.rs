//! COMMIT behind a DELETE of unversioned rows: it waits where the server is near, and goes along where waiting would take longer than
//! counting the rows. Where the DELETE falls short all is done again, and the outcome is the same on either way.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
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
