//! How often a session waits for the server: what goes out together, what has to wait, and what is committed when something
//! in the middle fails.
//!
//! Round trips are counted with statements that the connection has prepared before; the first time each takes one more.
#![allow(missing_docs)]

use std::sync::Arc;

use orm_core::Error;
use orm_core::engine::{StatementLog, sql};
use orm_core::error::ConstraintKind;
use orm_core::expr::raw;
use orm_core::model::Insertable;
use orm_core::prelude::*;
use orm_core::session::{PipelinedLoads, SessionOptions, State};
use orm_core::sql_function;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

type World = (Country, City, Author, Book, Ticket, Person, House);

/// Belongs to what has a key that people choose, and has one itself.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "airports")]
struct Airport {
    #[orm(primary_key)]
    code: String,
    name: String,
    #[orm(belongs_to(country: Country))]
    country_code: String,
}

/// What is asked of a city.
#[derive(FromRow, Debug, PartialEq)]
struct Named {
    name: String,
}

const NOTHING: [&str; 0] = [];

fn country(code: &str) -> impl Insertable<Model = Country> + use<> {
    Country::create().code(code).name(format!("of {code}"))
}

fn airport(code: &str, country: Handle<Country>) -> impl Insertable<Model = Airport> + use<> {
    Airport::create()
        .code(code)
        .name("Airport")
        .country(country)
}

/// The statement in the form in which the server asks for the row that it writes.
fn checked(sql: &str) -> String {
    format!(
        "WITH written AS ({sql} RETURNING true) SELECT current_setting('rows written: 0') WHERE (TABLE written) IS NULL"
    )
}

#[tokio::test]
async fn rows_with_keys_of_the_client_are_one_round_trip_with_begin_and_commit() {
    let f = Fixture::new::<(World, Airport)>().await;
    let mut db = f.session();
    let mut round_trips = Vec::new();
    for code in ["AA", "BB"] {
        let new = db.add(country(code));
        let port = db.add(airport(code, new));
        db.commit().await.unwrap();
        assert_eq!(db[port].country_code, code);
        round_trips.push(f.round_trips());
        assert_eq!(
            f.sent_as_it_was(),
            [
                "BEGIN".to_owned(),
                checked("INSERT INTO countries (code, name) VALUES ($1, $2)"),
                checked("INSERT INTO airports (code, name, country_code) VALUES ($1, $2, $3)",),
                "COMMIT".to_owned(),
            ]
        );
        assert!(!db.in_transaction());
    }
    // The first time both statements had to be prepared, at once and together with BEGIN.
    assert_eq!(round_trips, [2, 1]);
    assert_eq!(
        f.rows("select code, country_code from airports order by 1")
            .await,
        ["AA|AA", "BB|BB"]
    );

    // Whatever their number.
    for sizes in [3, 30] {
        let codes = (0..sizes).map(|n| format!("{sizes}-{n}"));
        db.add_all(codes.map(|code| country(&code)));
        db.commit().await.unwrap();
    }
    assert_eq!(f.round_trips(), 3);
    // They are one statement each, which is a transaction by itself.
    assert_eq!(f.count(), 2);
    assert_eq!(f.rows("select count(*) from countries").await, ["35"]);
}

#[tokio::test]
async fn read_modify_write_is_two_round_trips() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a'); insert into tickets (id, subject, version) values (gen_random_uuid(), 'a', 1)")
        .await;
    let mut db = f.session();
    let ticket = Ticket::query().one(&mut db).await.unwrap();
    let id = db[ticket].id;
    db.rollback().await.unwrap();
    for first_time in [true, false] {
        f.sent();
        let mut db = f.session();
        let country = db.get::<Country>("AA").await.unwrap().unwrap();
        db[country].name.push('!');
        db.commit().await.unwrap();
        assert_eq!(f.round_trips(), if first_time { 4 } else { 2 });
        assert_eq!(
            f.sent_as_it_was(),
            [
                "BEGIN".to_owned(),
                "SELECT countries.code, countries.name FROM countries WHERE countries.code = $1"
                    .to_owned(),
                checked("UPDATE countries SET name = $1 WHERE code = $2"),
                "COMMIT".to_owned(),
            ]
        );
        // With a version as well, and in one statement with a stale row.
        let ticket = db.get::<Ticket>(id).await.unwrap().unwrap();
        db[ticket].subject.push('!');
        db.commit().await.unwrap();
        db[ticket].subject.push('?');
        db.commit().await.unwrap();
        if !first_time {
            assert_eq!(f.round_trips(), 3);
        }
    }
    assert_eq!(f.rows("select name from countries").await, ["a!!"]);
    assert_eq!(
        f.rows("select subject, version from tickets").await,
        ["a!?!?|5"]
    );
}

#[tokio::test]
async fn steps_wait_for_keys_that_the_server_makes_and_for_nothing_else() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    for first_time in [true, false] {
        let (code, name) = if first_time {
            ("AA", "Ann")
        } else {
            ("BB", "Bob")
        };
        let countries = db.add_all([country(code)]);
        let ann = db.add(Author::create().name(name));
        let book = db.add(Book::create().title("Trees").author(ann));
        let city = db.add(City::create().name("Capital").country(countries[0]));
        let waiting = db.plan().unwrap();
        assert_eq!(waiting.steps.len(), 4);
        db.flush().await.unwrap();
        if !first_time {
            // Countries, authors and cities with BEGIN; then books, which need the author's key.
            assert_eq!(f.round_trips(), 2);
            assert_eq!(f.count(), 5);
        }
        assert_eq!(db[book].author_id, Some(db[ann].id));
        assert_eq!(db[city].country_code.as_ref(), Some(&db[countries[0]].code));
        db.commit().await.unwrap();
        f.sent();
    }
    assert_eq!(
        f.rows("select title, name from books join authors on authors.id = author_id order by 2")
            .await,
        ["Trees|Ann", "Trees|Bob"]
    );
}

#[tokio::test]
async fn three_levels_of_keys_made_by_the_server_are_a_round_trip_each() {
    let f = Fixture::new::<(Node, Ticket)>().await;
    let mut db = f.session();
    for first_time in [true, false] {
        let root = db.add(Node::create().name("root"));
        let child = db.add(Node::create().name("child").parent(root));
        let leaf = db.add(Node::create().name("leaf").parent(child));
        f.sent();
        db.commit().await.unwrap();
        if !first_time {
            // COMMIT goes along with the last.
            assert_eq!(f.round_trips(), 3);
        }
        assert_eq!(db[leaf].parent_id, Some(db[child].id));
        assert_eq!(db[child].parent_id, Some(db[root].id));
    }
}

#[tokio::test]
async fn a_ring_of_new_rows_is_closed_when_they_are_there() {
    let f = Fixture::new::<(Person, House)>().await;
    let mut db = f.session();
    let ann = db.add(Person::create().name("Ann"));
    let house = db.add(House::create().street("Elm").owner(ann));
    db.set(ann, Person::HOME, Some(house));
    db.commit().await.unwrap();
    assert_eq!(db[ann].home_id, Some(db[house].id));
    assert_eq!(
        f.rows("select name, street from people join houses on owner_id = people.id and home_id = houses.id").await,
        ["Ann|Elm"]
    );
}

#[tokio::test]
async fn a_failure_in_the_middle_is_what_is_reported_and_nothing_is_committed() {
    let f = Fixture::new::<(World, Airport)>().await;
    let mut db = f.session();
    // Once everything has been prepared, all of it goes out at once, COMMIT too.
    let warm = db.add(country("WW"));
    db.add(airport("WW", warm));
    db.add(Ticket::create().subject("warm"));
    db.commit().await.unwrap();
    f.elsewhere("insert into airports values ('XX', 'taken', 'WW')")
        .await;
    f.sent();

    let new = db.add(country("AA"));
    let port = db.add(airport("XX", new));
    let ticket = db.add(Ticket::create().subject("behind it"));
    let error = refused(db.commit().await);
    let violated = error.constraint().expect("a constraint");
    assert_eq!(violated.kind, ConstraintKind::Unique, "{error}");
    assert_eq!(violated.table, "airports");
    assert_eq!(f.round_trips(), 1);
    assert_eq!(f.sent().last().unwrap(), "COMMIT");
    // The session waits, as it always does.
    let error = refused(db.flush().await);
    assert!(text(&error).contains("airports"), "{error}");
    assert!(db.in_transaction());
    db.rollback().await.unwrap();
    // The server had rolled back already.
    assert_eq!(f.sent(), NOTHING);
    for gone in [db.state(new), db.state(port), db.state(ticket)] {
        assert_eq!(gone, State::Detached);
    }
    assert_eq!(f.rows("select code from countries").await, ["WW"]);
    assert_eq!(f.rows("select subject from tickets").await, ["warm"]);
    // And the connection is of use.
    db.add(country("AA"));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code from countries order by 1").await,
        ["AA", "WW"]
    );
}

#[tokio::test]
async fn what_begins_and_ends_a_transaction_is_waited_for_once_at_most() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    for first_time in [true, false] {
        let before = if first_time { "A" } else { "B" };
        // A flush with BEGIN, and COMMIT behind it; with nothing left to flush, COMMIT alone.
        db.add(country(&format!("{before}1")));
        f.sent();
        db.flush().await.unwrap();
        let flushed = f.round_trips();
        db.commit().await.unwrap();
        if !first_time {
            assert_eq!((flushed, f.round_trips()), (1, 2));
        }
        // Nothing was begun, so nothing is ended.
        f.sent();
        db.commit().await.unwrap();
        db.rollback().await.unwrap();
        assert_eq!(f.sent(), NOTHING);

        db.add(country(&format!("{before}2")));
        db.flush().await.unwrap();
        db.rollback().await.unwrap();
        if !first_time {
            assert_eq!(f.round_trips(), 2);
        }
        f.sent();

        // SAVEPOINT begins the transaction; what is flushed in it and RELEASE are one each, and so is COMMIT.
        let mut nested = db.begin_nested().await.unwrap();
        let begun = f.round_trips();
        nested.add(country(&format!("{before}3")));
        nested.commit().await.unwrap();
        let released = f.round_trips();
        db.commit().await.unwrap();
        if !first_time {
            assert_eq!((begun, released, f.round_trips()), (1, 3, 4));
        }
    }
    assert_eq!(
        f.rows("select code from countries order by 1").await,
        ["A1", "A3", "B1", "B3"]
    );
}

#[tokio::test]
async fn a_row_that_is_gone_keeps_commit_from_committing() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a'), ('BB', 'b'), ('CC', 'c')")
        .await;
    for (gone, rows) in [("AA", 3), ("BB", 2), ("CC", 1)] {
        let mut db = f.session();
        let all = Country::query().all(&mut db).await.unwrap();
        assert_eq!(all.len(), rows);
        for country in &all {
            db[*country].name.push('!');
        }
        let new = db.add(country("ZZ"));
        f.elsewhere(&format!("delete from countries where code = '{gone}'"))
            .await;
        f.sent();
        let error = refused(db.commit().await);
        let Error::Stale {
            table: "countries",
            action: "UPDATE",
            expected,
            changed,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((expected, changed), (rows as u64, rows as u64 - 1));
        let sent = f.sent();
        assert!(sent.contains(&"COMMIT".to_owned()), "{sent:?}");
        let again = refused(db.commit().await);
        assert!(text(&again).contains(&text(&error)), "{again}");
        db.rollback().await.unwrap();
        assert_eq!(db.state(new), State::Detached);
        let left = "select count(*) from countries where length(name) = 1";
        assert_eq!(f.rows(left).await, [(rows - 1).to_string()]);
        let all = "select count(*) from countries";
        assert_eq!(f.rows(all).await, [(rows - 1).to_string()]);
    }
}

#[tokio::test]
async fn an_insert_that_a_trigger_suppresses_is_not_committed_with_the_others() {
    let f = Fixture::new::<World>().await;
    f.ask_before(|db| {
        db.add(country("AA"));
        db.add(Ticket::create().subject("with it"));
    })
    .await;
    f.elsewhere(
        "create function drop_it() returns trigger language plpgsql as 'begin return null; end'; \
         create trigger drop_it before insert on countries for each row when (new.code = 'NO') execute function drop_it()",
    )
    .await;
    for codes in [vec!["NO"], vec!["AA", "NO", "BB"]] {
        let mut db = f.session();
        db.add(Ticket::create().subject("with it"));
        db.add_all(codes.iter().map(|code| country(code)));
        let error = refused(db.commit().await);
        let (expected, changed) = (codes.len() as u64, codes.len() as u64 - 1);
        assert!(
            matches!(
                error,
                Error::Stale { table: "countries", action: "INSERT", expected: e, changed: c, .. } if (e, c) == (expected, changed)
            ),
            "{error:?}"
        );
        db.rollback().await.unwrap();
        assert_eq!(f.rows("select code from countries").await, NOTHING);
        assert_eq!(f.rows("select subject from tickets").await, NOTHING);
    }
}

/// The check of how many rows were changed stands around the statement, where PostgreSQL takes no table with such a rule.
#[tokio::test]
async fn a_table_with_rules_is_written_by_a_flush_before_the_commit() {
    let f = Fixture::new::<World>().await;
    f.elsewhere(
        "insert into countries (code, name) values ('AA', 'a'); create table log (name text); \
         create rule noted as on update to countries do also insert into log values (new.name)",
    )
    .await;
    let mut db = f.session();
    let a = db.get::<Country>("AA").await.unwrap().unwrap();
    db[a].name = "changed".to_owned();
    let error = refused(db.commit().await);
    assert!(
        text(&error).contains("call `flush` before `commit`, which sends the plain statement"),
        "{error}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select name from countries").await, ["a"]);
    db[a].name = "changed".to_owned();
    db.flush().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from countries").await, ["changed"]);
    assert_eq!(f.rows("select name from log").await, ["changed"]);
}

#[tokio::test]
async fn what_a_deferred_constraint_refuses_is_refused_at_commit() {
    let f = Fixture::new::<(World, Airport)>().await;
    f.elsewhere(
        "alter table airports drop constraint airports_country_code_fkey, \
         add foreign key (country_code) references countries deferrable initially deferred",
    )
    .await;
    let mut db = f.session();
    let row = Airport {
        code: "AA".to_owned(),
        name: "nowhere".to_owned(),
        country_code: "none".to_owned(),
    };
    db.add(row);
    let error = refused(db.commit().await);
    assert!(
        error
            .constraint()
            .is_some_and(|c| c.kind == ConstraintKind::ForeignKey),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows("select code from airports").await, NOTHING);
    db.add(country("AA"));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select code from countries").await, ["AA"]);
}

#[tokio::test]
async fn behind_a_savepoint_commit_waits_for_the_flush() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a')")
        .await;
    let mut db = f.session();
    let outer = db.insert(country("BB")).await.unwrap();
    let mut inner = db.begin_nested().await.unwrap();
    inner.add(country("AA"));
    f.sent();
    // This commits the whole transaction, or would.
    let error = refused(Session::commit(&mut inner).await);
    assert!(error.constraint().is_some(), "{error}");
    assert_eq!(
        f.sent(),
        ["INSERT INTO countries (code, name) VALUES ($1, $2)"]
    );
    inner.rollback().await.unwrap();
    db[outer].name = "b".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select * from countries order by 1").await,
        ["AA|a", "BB|b"]
    );
}

#[tokio::test]
async fn a_table_that_was_altered_is_prepared_anew_in_a_transaction_that_has_just_begun() {
    let f = Fixture::new::<World>().await;
    let mut db = f.session();
    let ann = db.add(Author::create().name("Ann"));
    db.commit().await.unwrap();
    // The INSERT returns a column of another type now.
    f.elsewhere("alter table authors alter id type bigint")
        .await;
    f.elsewhere("alter table authors alter id type int").await;
    db[ann].name = "Anna".to_owned();
    let bob = db.add(Author::create().name("Bob"));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name from authors order by id").await,
        ["Anna", "Bob"]
    );
    assert_eq!(db.state(bob), State::Persistent);
}

#[tokio::test]
async fn what_is_dropped_on_its_way_with_commit_is_done_or_not_and_never_by_half() {
    let f = Fixture::new::<(World, Airport)>().await;
    let mut db = f.session();
    let warm = db.add(country("WW"));
    db.add(airport("WW", warm));
    db.commit().await.unwrap();
    let mut in_doubt = 0;
    for round in 0..40 {
        let code = format!("R{round}");
        let new = db.add(country(&code));
        db.add(airport(&code, new));
        let done = tests::fixture::poll_times(1 + round % 4, db.commit()).await;
        if done.is_none() {
            if let Err(error) = db.flush().await {
                let unknown = "whether the transaction was committed is not known";
                in_doubt += u32::from(text(&error).contains(unknown));
            }
            db.rollback().await.unwrap();
            assert_eq!(db.state(new), State::Detached);
        }
        // Whatever was given up is over when the table can be locked.
        f.elsewhere("begin; lock countries in exclusive mode; commit")
            .await;
        let count = |table| format!("select count(*) from {table} where code = '{code}'");
        let there = f.rows(&count("countries")).await;
        assert_eq!(there, f.rows(&count("airports")).await);
        if let Some(outcome) = done {
            outcome.unwrap();
            assert_eq!(there, ["1"]);
        }
    }
    assert!(in_doubt > 0);
}

/// A pool of one connection, whose statements are logged.
async fn alone(f: &Fixture) -> (Engine, StatementLog) {
    let log = StatementLog::new();
    let builder = Engine::builder(f.url()).pool_size(1).max_overflow(0);
    let engine = builder.observe(Arc::new(log.clone())).connect().await;
    (engine.unwrap(), log)
}

async fn read(engine: &Engine) -> Session {
    let mut db = engine.session();
    db.get::<Country>("AA").await.unwrap().expect("a row");
    Country::query().all(&mut db).await.unwrap();
    db
}

#[tokio::test]
async fn the_rollback_of_what_was_only_read_is_not_waited_for() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a')")
        .await;
    let (engine, log) = alone(&f).await;
    for end in ["rollback", "close", "drop"] {
        let mut db = read(&engine).await;
        log.clear();
        match end {
            "rollback" => db.rollback().await.unwrap(),
            "close" => db.close().await.unwrap(),
            _ => drop(db),
        }
        assert_eq!(
            (log.round_trips(), log.take()),
            (0, vec!["ROLLBACK".to_owned()]),
            "{end}"
        );
        // The one connection has left that transaction: what is sent on it next is committed.
        let mut connection = engine.acquire().await.unwrap();
        let insert = sql("insert into countries values (:code, 'new')").bind("code", end);
        insert.execute(&mut connection).await.unwrap();
        let found = format!("select name from countries where code = '{end}'");
        assert_eq!(f.rows(&found).await, ["new"]);
    }
}

#[tokio::test]
async fn the_rollback_of_anything_else_is_waited_for() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a')")
        .await;
    let (engine, log) = alone(&f).await;
    for what in ["a lock", "a write", "hand-written", "a failure"] {
        let mut db = read(&engine).await;
        match what {
            "a lock" => drop(Country::query().for_update().all(&mut db).await.unwrap()),
            "a write" => {
                db.add(country("BB"));
                db.flush().await.unwrap();
            }
            "hand-written" => drop(sql("select 1").execute(&mut db).await.unwrap()),
            _ => {
                let of_text = Country::NAME.gt(raw::<String>("(1 / 0)::text"));
                Country::query()
                    .filter(of_text)
                    .all(&mut db)
                    .await
                    .unwrap_err();
            }
        }
        log.clear();
        db.rollback().await.unwrap();
        assert_eq!(
            (log.round_trips(), log.take()),
            (1, vec!["ROLLBACK".to_owned()]),
            "{what}"
        );
    }
}

sql_function! {
    /// Does what its name says, for all that a session knows.
    fn pg_try_advisory_xact_lock(key: i64) -> bool;

    /// An aggregate that nobody has typed but here.
    #[aggregate]
    fn every(of: bool) -> Option<bool>;
}

/// Two countries with three cities.
async fn two_countries() -> Fixture {
    let f = Fixture::new::<(World, Node)>().await;
    f.elsewhere(
        "insert into countries values ('AA', 'a'), ('BB', 'b'); \
         insert into cities (name, country_code) values ('one', 'AA'), ('two', 'AA'), ('three', 'BB'); \
         insert into nodes (id, name) values (1, 'root'); insert into nodes (id, name, parent_id) values (2, 'leaf', 1)",
    )
    .await;
    f
}

/// What the end of a transaction sends, and how often it is waited for.
async fn rolled_back(log: &StatementLog, db: &mut Session) -> (u32, Vec<String>) {
    log.clear();
    db.rollback().await.unwrap();
    (log.round_trips(), log.take())
}

#[tokio::test]
async fn relationships_are_only_read() {
    let f = two_countries().await;
    let (engine, log) = alone(&f).await;
    let together = SessionOptions::new().pipelined_loads(PipelinedLoads::Always);
    for what in [
        "a statement a level",
        "all levels at once",
        "joined",
        "by key",
        "some of each parent",
        "with a condition",
        "of entities that are there",
        "a tree",
        "an aggregate",
        "structs",
        "the row itself",
    ] {
        let mut db = match what {
            "all levels at once" => engine.session_with(together.clone()),
            _ => engine.session(),
        };
        let countries = Country::query().order_by(Country::CODE);
        let few = Country::CITIES.order_by(City::NAME).limit(1);
        let some = Country::CITIES.filter(func::lower(City::NAME).ne("one"));
        let statements = match what {
            "a statement a level" | "all levels at once" => {
                let all = countries.with(Country::CITIES).all(&mut db).await.unwrap();
                assert_eq!(db.related(all[0], Country::CITIES).unwrap().len(), 2);
                2
            }
            "joined" => {
                let all = City::query()
                    .with(City::COUNTRY)
                    .all(&mut db)
                    .await
                    .unwrap();
                assert!(db.related(all[0], City::COUNTRY).unwrap().is_some());
                1
            }
            "by key" => {
                let by_key = City::query().with(City::COUNTRY.selectin());
                assert_eq!(by_key.all(&mut db).await.unwrap().len(), 3);
                2
            }
            "some of each parent" => {
                let all = countries.with(few).all(&mut db).await.unwrap();
                assert_eq!(db.related(all[0], Country::CITIES).unwrap().len(), 1);
                2
            }
            "with a condition" => {
                let all = countries.with(some).all(&mut db).await.unwrap();
                assert_eq!(db.related(all[0], Country::CITIES).unwrap().len(), 1);
                2
            }
            "a tree" => {
                let root = Node::query()
                    .filter(Node::ID.eq(1))
                    .one(&mut db)
                    .await
                    .unwrap();
                db.load(root, Node::CHILDREN.recursive()).await.unwrap();
                assert_eq!(db.related(root, Node::CHILDREN).unwrap().len(), 1);
                2
            }
            _ => {
                let all = countries.all(&mut db).await.unwrap();
                match what {
                    "of entities that are there" => db.load(&all, Country::CITIES).await.unwrap(),
                    "an aggregate" => {
                        assert_eq!(db.count_of(&all, Country::CITIES).await.unwrap(), [2, 1]);
                    }
                    "structs" => {
                        let named = db.load_as::<Named, _, _>(&all, Country::CITIES).await;
                        assert_eq!(
                            named.unwrap()[1],
                            [Named {
                                name: "three".to_owned()
                            }]
                        );
                    }
                    _ => db.refresh(&all).await.unwrap(),
                }
                2
            }
        };
        assert_eq!(log.take().len(), 1 + statements, "{what}");
        let unseen = (0, vec!["ROLLBACK".to_owned()]);
        assert_eq!(rolled_back(&log, &mut db).await, unseen, "{what}");
    }
}

#[tokio::test]
async fn relationships_whose_statements_do_what_nobody_knows_may_have_written() {
    let f = two_countries().await;
    let (engine, log) = alone(&f).await;
    for what in [
        "text",
        "a function",
        "inside",
        "criteria",
        "an aggregate",
        "an order",
        "joined",
    ] {
        let mut db = engine.session();
        let locks = || pg_try_advisory_xact_lock(1);
        let cities = Country::CITIES;
        let countries = Country::query().order_by(Country::CODE);
        match what {
            "text" => {
                let cities = cities.filter(raw::<bool>("pg_try_advisory_xact_lock(1)"));
                countries.with(cities).all(&mut db).await.unwrap();
            }
            "a function" => {
                let cities = cities.filter(locks());
                countries.with(cities).all(&mut db).await.unwrap();
            }
            "inside" => {
                let locked = Country::query().for_update().select(Country::CODE);
                let cities = cities.filter(City::COUNTRY_CODE.in_query(locked));
                countries.with(cities).all(&mut db).await.unwrap();
            }
            "criteria" => {
                db.add_criteria::<City>(locks().for_model());
                countries.with(cities).all(&mut db).await.unwrap();
            }
            "an order" => {
                let cities = cities.order_by(locks());
                countries.with(cities.limit(1)).all(&mut db).await.unwrap();
            }
            "an aggregate" => {
                let all = countries.all(&mut db).await.unwrap();
                let named = every(City::NAME.ne("one"));
                let named: Vec<Option<bool>> = db.aggregate(&all, cities, named).await.unwrap();
                assert_eq!(named, [Some(false), Some(true)]);
            }
            _ => {
                db.add_criteria::<Country>(locks().for_model());
                City::query()
                    .with(City::COUNTRY)
                    .all(&mut db)
                    .await
                    .unwrap();
            }
        }
        let waited_for = (1, vec!["ROLLBACK".to_owned()]);
        assert_eq!(rolled_back(&log, &mut db).await, waited_for, "{what}");
    }
}

/// A connection that broke meanwhile doesn't go back to the pool.
#[tokio::test]
async fn a_rollback_that_cannot_be_sent_closes_the_connection() {
    let f = Fixture::new::<World>().await;
    f.elsewhere("insert into countries values ('AA', 'a')")
        .await;
    let (engine, _) = alone(&f).await;
    let mut db = read(&engine).await;
    f.elsewhere(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and state = 'idle in transaction'",
    )
    .await;
    db.rollback().await.unwrap();
    // Before the broken connection is noticed it may be lent once more.
    let mut again = engine.session();
    if again.get::<Country>("AA").await.is_err() {
        again.rollback().await.unwrap();
        assert!(again.get::<Country>("AA").await.unwrap().is_some());
    }
}
