//! Triggers: rows that they keep from being written, rows that they change before they are written or afterwards, and how the session
//! knows of them.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::State;
use rust_decimal_macros::dec;
use serde_json::json;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

const NOTHING: [&str; 0] = [];

/// Is written by way of a view.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "shown")]
struct Shown {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

/// Is in a schema of its own, and its rows are in partitions.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "log", schema = "user")]
struct Logged {
    #[orm(primary_key)]
    id: i32,
    select: String,
}

/// A trigger of a table that runs for each row.
async fn trigger(f: &Fixture, when: &str, table: &str, body: &str) {
    let name = table.replace(|c: char| !c.is_alphanumeric(), "_");
    f.elsewhere(&format!(
        "create or replace function on_{name}() returns trigger language plpgsql as $$ begin {body} end $$; \
         create or replace trigger on_{name} {when} on {table} for each row execute function on_{name}()"
    ))
    .await;
}

const STAMP: &str = "new.writes := new.writes + 1; new.name := upper(new.name); return new;";

#[tokio::test]
async fn what_a_trigger_makes_of_a_row_is_in_memory_at_once() {
    let f = Fixture::new::<(Stamped,)>().await;
    trigger(&f, "before insert or update", "stamped", STAMP).await;
    let mut db = f.session();
    let row = db
        .insert(Stamped::create().code("a").name("x"))
        .await
        .unwrap();
    assert_eq!((db[row].writes, db[row].name.as_str()), (1, "X"));
    // What the model leaves to the server is nothing to tell of.
    assert_eq!(f.rewritten(), ["1 of stamped: name"]);
    db[row].name = "y".to_owned();
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent_as_it_was(),
        [
            "UPDATE stamped SET name = $1 WHERE code = $2 RETURNING code, name, writes",
            "COMMIT"
        ]
    );
    assert_eq!((db[row].writes, db[row].name.as_str()), (2, "Y"));
    assert_eq!(f.rewritten(), ["1 of stamped: name"]);

    // Memory has what the database has, so the next write finds it, and nothing is left to be written.
    db[row].name.push('!');
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from stamped").await, ["a|Y!|3"]);
    assert_eq!(f.rewritten(), NOTHING);
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(f.sent(), NOTHING);

    // Many rows, each its own.
    let more = db.add_all(["c", "b", "d"].map(|code| Stamped::create().code(code).name(code)));
    db.flush().await.unwrap();
    for (row, name) in more.iter().zip(["C", "B", "D"]) {
        assert_eq!((db[*row].name.as_str(), db[*row].writes), (name, 1));
    }
    assert_eq!(f.rewritten(), ["3 of stamped: name"]);
    for row in &more {
        let name = db[*row].name.to_lowercase() + &db[*row].code;
        db[*row].name = name;
    }
    db[more[1]].name = "SAME".to_owned();
    db.flush().await.unwrap();
    let names: Vec<&str> = more.iter().map(|row| db[*row].name.as_str()).collect();
    assert_eq!(names, ["CC", "SAME", "DD"]);
    assert_eq!(f.rewritten(), ["2 of stamped: name"]);
    db.rollback().await.unwrap();
    assert_eq!(db.state(more[0]), State::Detached);
    assert_eq!(db[row].name, "Y!");
}

/// A column that was not sent at all.
#[tokio::test]
async fn columns_that_were_not_set_are_seen_as_well_and_come_back_by_rollback() {
    let f = Fixture::new::<(Author, Book)>().await;
    f.elsewhere("insert into authors (name) values ('a'), ('b')")
        .await;
    trigger(
        &f,
        "before update",
        "authors",
        "new.email := old.name || '@' || new.name; return new;",
    )
    .await;
    let mut db = f.session();
    let all = Author::query()
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let (a, b) = (all[0], all[1]);
    db[a].name = "A".to_owned();
    db.flush().await.unwrap();
    assert_eq!(db[a].email.as_deref(), Some("a@A"));
    assert_eq!(f.rewritten(), ["1 of authors: email"]);
    let mut inner = db.begin_nested().await.unwrap();
    inner[a].name = "AA".to_owned();
    inner[b].name = "BB".to_owned();
    inner.flush().await.unwrap();
    assert_eq!(inner[a].email.as_deref(), Some("A@AA"));
    assert_eq!(inner[b].email.as_deref(), Some("b@BB"));
    inner.rollback().await.unwrap();
    assert_eq!(
        (db[a].email.as_deref(), db[b].email.as_deref()),
        (Some("a@A"), None)
    );
    db.rollback().await.unwrap();
    assert_eq!((db[a].name.as_str(), db[a].email.as_deref()), ("a", None));
    db[a].name = "x".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["x|a@x", "b|NULL"]
    );
}

/// Keys that the server makes, by identity or by another default.
#[tokio::test]
async fn new_rows_have_the_keys_that_the_server_made_and_what_triggers_made_of_them() {
    let f = Fixture::new::<(Author, Book, Document)>().await;
    trigger(
        &f,
        "before insert",
        "authors",
        "new.email := new.id || new.name; return new;",
    )
    .await;
    trigger(
        &f,
        "before insert",
        "documents",
        "new.title := new.title || '!'; return new;",
    )
    .await;
    trigger(&f, "before insert", "books", "new.pages := 7; return new;").await;
    let mut db = f.session();
    let authors = db.add_all(["b", "a"].map(|name| Author::create().name(name)));
    let documents = db.add_all(["t", "u"].map(|title| Document::create().title(title)));
    let book = db.add(Book::create().title("of b").author(authors[0]));
    db.commit().await.unwrap();
    for author in &authors {
        assert_eq!(
            db[*author].email,
            Some(format!("{}{}", db[*author].id, db[*author].name))
        );
    }
    assert_eq!(
        (
            db[documents[0]].title.as_str(),
            db[documents[1]].title.as_str()
        ),
        ("t!", "u!")
    );
    assert_eq!((db[book].pages, db[book].sides), (7, 14));
    assert_eq!(db[book].author_id, Some(db[authors[0]].id));
    assert_eq!(
        f.rewritten(),
        [
            "2 of authors: email",
            "2 of documents: title",
            "1 of books: pages"
        ]
    );
    let id = db[documents[1]].id;
    let found = f
        .rows(&format!("select title from documents where id = '{id}'"))
        .await;
    assert_eq!(found, ["u!"]);
}

/// Written alike, and not the same: nobody is told of what only looks different on its way.
#[tokio::test]
async fn values_that_come_back_the_same_are_nothing_to_tell_of() {
    let f = Fixture::new::<(Sample,)>().await;
    trigger(&f, "before insert or update", "samples", "return new;").await;
    let mut db = f.session();
    let full = Sample {
        price: Some(dec!(5)),
        data: Some(json!({"b": 1, "a": [1.0]})),
        ..Sample::full(1)
    };
    let row = db.add(full.clone());
    let rows = db.add_all([Sample::full(2), Sample::empty(3)]);
    db.commit().await.unwrap();
    assert_eq!(db[row], full);
    assert_eq!(
        (&db[rows[0]], &db[rows[1]]),
        (&Sample::full(2), &Sample::empty(3))
    );
    assert_eq!(f.rewritten(), NOTHING);
    // What the type makes of it is told as if a trigger had.
    db[row].price = Some(dec!(1.239));
    db.commit().await.unwrap();
    assert_eq!(db[row].price, Some(dec!(1.24)));
    assert_eq!(f.rewritten(), ["1 of samples: price"]);
}

#[tokio::test]
async fn a_foreign_key_that_a_trigger_changes_leads_elsewhere_on_both_sides() {
    let f = Fixture::new::<(Country, City)>().await;
    f.elsewhere("insert into countries values ('AA', 'a'), ('BB', 'b')")
        .await;
    trigger(
        &f,
        "before insert or update",
        "cities",
        "if new.name <> 'stay' then new.country_code := 'BB'; end if; return new;",
    )
    .await;
    let mut db = f.session();
    let all = Country::query()
        .with(Country::CITIES)
        .order_by(Country::CODE)
        .all(&mut db)
        .await
        .unwrap();
    let (a, b) = (all[0], all[1]);
    let new = db.add(City::create().name("x").country(a));
    let stays = db.add(City::create().name("stay").country(a));
    db.flush().await.unwrap();
    let cities = |db: &Session, of| db.related(of, Country::CITIES).unwrap().to_vec();
    assert_eq!(db[new].country_code.as_deref(), Some("BB"));
    assert_eq!((cities(&db, a), cities(&db, b)), (vec![stays], vec![new]));
    assert_eq!(db.related(new, City::COUNTRY).unwrap(), Some(b));
    db[stays].name = "go".to_owned();
    db.flush().await.unwrap();
    assert_eq!((cities(&db, a), cities(&db, b)), (vec![], vec![new, stays]));
    assert_eq!(db.related(stays, City::COUNTRY).unwrap(), Some(b));
    db.rollback().await.unwrap();
    db.load(&all, Country::CITIES).await.unwrap();
    assert_eq!((cities(&db, a), cities(&db, b)), (vec![], vec![]));
}

#[tokio::test]
async fn a_version_that_a_trigger_counts_is_the_one_in_memory() {
    let f = Fixture::new::<(Ticket,)>().await;
    trigger(
        &f,
        "before update",
        "tickets",
        "new.version := new.version + 10; return new;",
    )
    .await;
    let mut db = f.session();
    let tickets = db.add_all(["a", "b"].map(|subject| Ticket::create().subject(subject)));
    db.commit().await.unwrap();
    for turn in 1..=2 {
        for ticket in &tickets[..turn] {
            db[*ticket].subject.push('!');
        }
        db.commit().await.unwrap();
    }
    assert_eq!((db[tickets[0]].version, db[tickets[1]].version), (23, 12));
    assert_eq!(f.rewritten(), NOTHING);
    db.delete(tickets[0]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select subject, version from tickets").await,
        ["b!|12"]
    );
}

/// Another session's update is lost by nobody: the row that was read back is as stale after COMMIT as any.
#[tokio::test]
async fn what_came_back_is_guarded_in_the_next_transaction() {
    let f = Fixture::new::<(Stamped,)>().await;
    trigger(&f, "before insert or update", "stamped", STAMP).await;
    let mut db = f.session();
    let row = db
        .insert(Stamped::create().code("a").name("x"))
        .await
        .unwrap();
    db.commit().await.unwrap();
    f.elsewhere("update stamped set name = 'z'").await;
    db[row].name = "y".to_owned();
    let error = refused(db.commit().await);
    assert!(
        matches!(
            error,
            Error::Stale {
                table: "stamped",
                changed: 0,
                ..
            }
        ),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    db.refresh(row).await.unwrap();
    assert_eq!(db[row].name, "Z");
}

#[tokio::test]
async fn a_row_that_takes_the_place_of_a_deleted_one_comes_back_as_well() {
    let f = Fixture::new::<(Stamped,)>().await;
    trigger(&f, "before insert or update", "stamped", STAMP).await;
    let mut db = f.session();
    let old = db
        .insert(Stamped::create().code("a").name("x"))
        .await
        .unwrap();
    db.delete(old).unwrap();
    let new = db.add(Stamped::create().code("a").name("new"));
    f.sent();
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!((db[new].name.as_str(), db[new].writes), ("NEW", 1));
    assert_eq!(db.get::<Stamped>("a").await.unwrap(), Some(new));
}

/// Behind the statement a trigger writes the row again, and no answer says so.
#[tokio::test]
async fn a_row_that_a_trigger_may_write_afterwards_is_stale_at_once() {
    let f = Fixture::new::<(Author, Book)>().await;
    trigger(
        &f,
        "after insert or update of name",
        "authors",
        "update authors set email = lower(new.name) where id = new.id; return null;",
    )
    .await;
    let mut db = f.session();
    let (ann, bob) = (
        db.insert(Author::create().name("ANN")).await.unwrap(),
        db.insert(Author::create().name("BOB")).await.unwrap(),
    );
    assert_eq!(db[ann].email, None);
    // Another column may be written; this one is not what it seems.
    db[bob].name = "ROB".to_owned();
    db.flush().await.unwrap();
    db[bob].email = Some("bob@b".to_owned());
    let error = refused(db.flush().await);
    assert_eq!(
        text(&error),
        "UPDATE of `authors` was sent for 1 row(s) and changed 0: the others were changed or deleted since they were read: \
         Author#1; roll back, read them again and decide again"
    );
    db.rollback().await.unwrap();

    let ann = db.insert(Author::create().name("ANN")).await.unwrap();
    // Whatever reads it next takes what is there, and it is like any other.
    let id = db[ann].id;
    assert_eq!(db.get::<Author>(id).await.unwrap(), Some(ann));
    assert_eq!(db[ann].email.as_deref(), Some("ann"));
    db[ann].email = Some("ann@a".to_owned());
    f.sent();
    db.commit().await.unwrap();
    // COMMIT goes along all the same.
    assert_eq!(f.count(), 2);
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["ANN|ann@a"]
    );
    // Of these the next load knows more, too.
    let all = db.add_all(["C", "D"].map(|name| Author::create().name(name)));
    db.flush().await.unwrap();
    Author::query().all(&mut db).await.unwrap();
    assert_eq!(
        (db[all[0]].email.as_deref(), db[all[1]].email.as_deref()),
        (Some("c"), Some("d"))
    );
    assert_eq!(f.rewritten(), NOTHING);
}

#[tokio::test]
async fn bulk_writes_take_what_triggers_make_of_loaded_rows() {
    let f = Fixture::new::<(Stamped, Author, Book)>().await;
    trigger(&f, "before insert or update", "stamped", STAMP).await;
    trigger(
        &f,
        "after update",
        "authors",
        "update books set pages = pages + 1; return null;",
    )
    .await;
    let mut db = f.session();
    let rows = db.add_all(["a", "b"].map(|code| Stamped::create().code(code).name(code)));
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    let all = Stamped::query().all(&mut db).await.unwrap();
    let of_b = Stamped::query().filter(Stamped::CODE.eq("b"));
    let written = of_b.update(Stamped::WRITES.set(5));
    assert_eq!(written.exec(&mut db).await.unwrap(), 1);
    assert_eq!(
        (all, db[rows[1]].writes, db[rows[1]].name.as_str()),
        (rows, 6, "B")
    );
    let written = Author::query().update(Author::EMAIL.set("x"));
    written.exec(&mut db).await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("x"));
    f.sent();
    db.get::<Author>(db[ann].id).await.unwrap();
    assert_eq!(f.count(), 1, "it may have been written again");
}

#[tokio::test]
async fn views_partitions_and_rules_are_looked_through() {
    let f = Fixture::new::<(Author, Book)>().await;
    f.elsewhere(
        "create schema \"user\"; \
         create table \"user\".log (id int generated by default as identity primary key, \"select\" text) partition by range (id); \
         create table \"user\".some partition of \"user\".log for values from (1) to (10); \
         create view shown as select id, name from authors; \
         create rule mark as on insert to books do also update books set pages = 9",
    )
    .await;
    trigger(
        &f,
        "before insert",
        "\"user\".some",
        "new.\"select\" := 'in ' || tg_table_name; return new;",
    )
    .await;
    trigger(
        &f,
        "instead of insert or update",
        "shown",
        "if tg_op = 'INSERT' then insert into authors (name) values (new.name) returning id into new.id; end if; \
         new.name := new.name || '!'; update authors set name = new.name where id = new.id; return new;",
    )
    .await;
    let mut db = f.session();
    let log = db.insert(Logged::create().select("x")).await.unwrap();
    assert_eq!(db[log].select, "in some");
    let shown = db.insert(Shown::create().id(0).name("v")).await;
    // The key that was given is not the one that it has.
    assert!(text(&refused(shown)).contains("came back with other keys"));
    db.rollback().await.unwrap();
    let shown = db.insert(Shown::create().name("v")).await.unwrap();
    assert_eq!((db[shown].id, db[shown].name.as_str()), (2, "v!"));
    db[shown].name = "w".to_owned();
    db.flush().await.unwrap();
    assert_eq!(db[shown].name, "w!");
    db.commit().await.unwrap();
    let book = db.insert(Book::create().title("t")).await.unwrap();
    f.sent();
    db.get::<Book>(db[book].id).await.unwrap();
    assert_eq!((f.count(), db[book].pages), (1, 9));
}

/// Once for all of its tables, out of sight, and again when there may be others.
#[tokio::test]
async fn the_engine_asks_for_triggers_when_it_has_to() {
    let f = Fixture::new::<(Stamped, Author, Book)>().await;
    let mut db = f.session();
    // These don't matter: disabled, or of what is not done.
    trigger(&f, "before insert", "stamped", STAMP).await;
    trigger(&f, "before delete", "authors", "return old;").await;
    f.elsewhere("alter table stamped disable trigger on_stamped")
        .await;
    db.add(Stamped::create().code("a").name("x"));
    db.add(Author::create().name("Ann"));
    f.sent();
    db.commit().await.unwrap();
    let insert = "INSERT INTO stamped (code, name) VALUES ($1, $2) RETURNING writes";
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id",
            insert,
            "COMMIT"
        ]
    );

    // What others make is seen later; what goes through the engine at once, in a transaction and out of it.
    f.elsewhere("alter table stamped enable trigger on_stamped")
        .await;
    let mut conn = f.engine.acquire().await.unwrap();
    conn.execute_script("alter table stamped disable trigger user")
        .await
        .unwrap();
    conn.execute("alter table stamped enable trigger user")
        .await
        .unwrap();
    let b = db
        .insert(Stamped::create().code("b").name("x"))
        .await
        .unwrap();
    assert_eq!(db[b].name, "X");
    // In a session of its own.
    sql("alter table stamped disable trigger user")
        .execute(&mut db)
        .await
        .unwrap();
    f.sent();
    db.insert(Stamped::create().code("c").name("x"))
        .await
        .unwrap();
    assert_eq!(f.sent(), [insert]);
    // A plan shows what is known, and asks nobody.
    db.rollback().await.unwrap();
    db.add(Stamped::create().code("d").name("x"));
    assert!(
        db.plan().unwrap().steps[0]
            .sql
            .ends_with("RETURNING writes")
    );
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    db.add(Stamped::create().code("d").name("x"));
    assert!(
        db.plan().unwrap().steps[0]
            .sql
            .ends_with("RETURNING code, name, writes")
    );
}

/// What can't be asked is an error before anything was sent, and what is not there is said by the statement itself.
#[tokio::test]
async fn where_the_question_fails_nothing_is_lost() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let new = db.add(Stamped::create().code("a").name("x"));
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("relation \"stamped\" does not exist"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(new), State::Detached);

    f.elsewhere(
        "create function die() returns void language plpgsql as $$ begin \
         perform pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid(); \
         end $$",
    )
    .await;
    let ann = db.add(Author::create().name("Ann"));
    // The connection that waits in the pool is lost.
    f.elsewhere("select die()").await;
    let outcome = db.commit().await;
    if outcome.is_err() {
        assert_eq!(db.state(ann), State::Pending);
        db.commit().await.unwrap();
    }
    assert_eq!(f.rows("select name from authors").await, ["Ann"]);
}
#[tokio::test]
async fn a_trigger_that_takes_rows_away_is_noticed_and_nothing_is_lost() {
    let f = Fixture::new::<(Author, Country, City)>().await;
    f.elsewhere(
        "create function refuse() returns trigger language plpgsql as $$
         begin
             if new.name = 'no' then return null; end if;
             return new;
         end $$;
         create trigger refuse before insert or update on authors for each row execute function refuse();
         create trigger refuse before insert or update on countries for each row execute function refuse();",
    )
    .await;
    let mut db = f.session();
    let names = ["a", "no", "b"];
    db.add_all(names.map(|name| Author::create().name(name)));
    let error = refused(db.commit().await);
    assert_eq!(
        text(&error),
        "INSERT of `authors` was sent for 3 row(s) and wrote 2: a trigger or a rule of the table has kept the others from \
         being written; roll back, and change the rows or the trigger"
    );
    db.rollback().await.unwrap();
    db.add(Author::create().name("no"));
    let error = refused(db.commit().await);
    assert_eq!(
        text(&error),
        "INSERT of `authors` was sent for 1 row(s) and wrote 0: a trigger or a rule of the table has kept the others from \
         being written: new Author#0; roll back, and change the rows or the trigger"
    );
    assert!(matches!(
        error,
        Error::Stale {
            expected: 1,
            changed: 0,
            ..
        }
    ));
    db.rollback().await.unwrap();
    // The same where nothing comes back but a count.
    db.add_all(names.map(|name| Country::create().code(name).name(name)));
    assert!(matches!(
        refused(db.commit().await),
        Error::Stale {
            expected: 3,
            changed: 2,
            ..
        }
    ));
    db.rollback().await.unwrap();
    let all = db.add_all(["a", "b"].map(|name| Author::create().name(name)));
    db.commit().await.unwrap();
    db[all[0]].name = "no".to_owned();
    db[all[1]].email = Some("x".to_owned());
    assert!(matches!(
        refused(db.commit().await),
        Error::Stale {
            action: "UPDATE",
            ..
        }
    ));
    db.rollback().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by 1").await,
        ["a|NULL", "b|NULL"]
    );
}

#[tokio::test]
async fn a_trigger_that_keeps_rows_from_being_deleted_is_noticed() {
    let f = Fixture::new::<(Author, Book)>().await;
    f.elsewhere(
        "create function keep() returns trigger language plpgsql as $$
         begin
             if old.name = 'keep' then return null; end if;
             return old;
         end $$;
         create trigger keep before delete on authors for each row execute function keep();",
    )
    .await;
    let mut db = f.session();
    let all = db.add_all(["a", "keep", "b"].map(|name| Author::create().name(name)));
    db.commit().await.unwrap();
    f.elsewhere("delete from authors where name = 'b'").await;
    for author in &all {
        db.delete(*author).unwrap();
    }
    assert_eq!(
        text(&refused(db.commit().await)),
        "DELETE of `authors` was sent for 3 row(s), and 1 of them are still there: a trigger or a row-level security policy \
         keeps them; roll back"
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(all[0]), State::Persistent);
    // What others have deleted may be deleted again.
    db.delete(all[2]).unwrap();
    db.delete(all[0]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["keep"]);
}

#[tokio::test]
async fn a_trigger_that_changes_keys_is_an_error_that_says_so() {
    let f = Fixture::new::<(Stamped,)>().await;
    f.elsewhere(
        "create function rename() returns trigger language plpgsql as $$
         begin new.code := new.code || '!'; return new; end $$;
         create trigger rename before insert on stamped for each row execute function rename();",
    )
    .await;
    let mut db = f.session();
    db.add_all(["a", "b"].map(|code| Stamped::create().code(code).name(code)));
    let error = refused(db.commit().await);
    assert_eq!(
        text(&error),
        "the rows of `stamped` came back with other keys than those that were sent, so nobody knows whose they are: a \
         trigger changes the keys; roll back, and give the rows the keys that it makes of them"
    );
    assert!(matches!(
        refused(db.flush().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select count(*) from stamped").await, ["0"]);
}

#[tokio::test]
async fn a_trigger_that_shuffles_identity_keys_is_an_error_that_says_so() {
    let f = Fixture::new::<(Author,)>().await;
    f.elsewhere(
        "create function shuffle() returns trigger language plpgsql as $$
         begin new.id := (new.id * 7) % 10; return new; end $$;
         create trigger shuffle before insert on authors for each row execute function shuffle();",
    )
    .await;
    let mut db = f.session();
    db.add_all(["a", "b", "c"].map(|name| Author::create().name(name)));
    let error = refused(db.commit().await);
    assert_eq!(
        text(&error),
        "the rows of `authors` came back in another order than their keys count up, so nobody knows whose they are: a \
         trigger changes the keys, or the identity counts down; give the keys yourself, or insert the rows one by one"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select count(*) from authors").await, ["0"]);
    // A single row is nobody else's.
    let one = db.insert(Author::create().name("a")).await.unwrap();
    assert_eq!(f.rows("select 1").await, ["1"]);
    assert_eq!(db[one].id, 8);
}

/// A row that brings nothing back but for the trigger; one, and several.
#[tokio::test]
async fn a_key_that_a_trigger_changes_is_an_error_and_nothing_is_written() {
    let f = Fixture::new::<(Country, City)>().await;
    trigger(
        &f,
        "before insert or update",
        "countries",
        "new.code := lower(new.code); return new;",
    )
    .await;
    let mut db = f.session();
    for codes in [vec!["AA"], vec!["AA", "BB"]] {
        let new = db.add_all(
            codes
                .iter()
                .map(|code| Country::create().code(*code).name("n")),
        );
        let error = refused(db.commit().await);
        assert!(
            text(&error).contains("the rows of `countries` came back with other keys"),
            "{error}"
        );
        db.rollback().await.unwrap();
        assert_eq!(db.state(new[0]), State::Detached);
        assert_eq!(f.rows("select * from countries").await, NOTHING);
    }
    // A key that is as the trigger wants it is fine, and may not be changed to another.
    let rows = db.add_all(["aa", "bb"].map(|code| Country::create().code(code).name("n")));
    db.commit().await.unwrap();
    db[rows[0]].code = "X".to_owned();
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("came back with other keys"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(db[rows[0]].code, "aa");
    assert_eq!(
        f.rows("select code from countries order by 1").await,
        ["aa", "bb"]
    );
}

/// One that the engine does not know of yet: the key is looked at when the row is written next.
#[tokio::test]
async fn a_key_that_is_changed_unseen_makes_the_row_stale() {
    let f = Fixture::new::<(Country, City)>().await;
    f.ask_before(|db| {
        db.add(Country::create().code("AA").name("a"));
    })
    .await;
    trigger(
        &f,
        "before insert",
        "countries",
        "new.code := lower(new.code); return new;",
    )
    .await;
    let mut db = f.session();
    let rows = db.add_all(["AA", "BB"].map(|code| Country::create().code(code).name("a")));
    db.commit().await.unwrap();
    db[rows[0]].name.push('!');
    let error = refused(db.commit().await);
    assert!(
        matches!(&error, Error::Stale { table: "countries", changed: 0, rows, .. } if rows.len() == 1),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    // To delete what is not there is no failure.
    db.delete(rows[1]).unwrap();
    db.commit().await.unwrap();
    let there = f.rows("select code, name from countries order by code");
    assert_eq!(there.await, ["aa|a", "bb|a"]);
}
