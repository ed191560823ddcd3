//! A session that waits for a connection. Where the pool has none in time, the session is as it was, and the same call does later
//! what it was to do. Where the future is dropped, it is as it was, or says that it waits for a rollback. Nothing is lost, and nothing
//! is done twice.
#![allow(missing_docs)]

use std::pin::Pin;
use std::time::Duration;

use orm_core::prelude::*;
use orm_core::session::{HookContext, Hooks, SessionEvents, SessionOptions, State};
use orm_core::{Error, Result};
use tests::fixture::{Fixture, poll_times, text};
use tests::refused;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "owners",
    has_one(badge: Badge, via = owner),
    has_many(pets: Pet, via = owner, cascade(delete))
)]
pub struct Owner {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "badges")]
pub struct Badge {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(unique, belongs_to(owner: Owner))]
    pub owner_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "pets")]
pub struct Pet {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(owner: Owner))]
    pub owner_id: i32,
    #[orm(server_default = "0", on_update = 7)]
    pub edits: i32,
}

/// What hooks write.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "entries")]
pub struct Entry {
    #[orm(primary_key)]
    pub id: i32,
    pub text: String,
}

type All = (Owner, Badge, Pet, Entry);

/// Notes each commit, each flush with new owners, and each new owner.
struct Journal;

impl SessionEvents for Journal {
    fn before_commit(&self, db: &mut Session) -> Result<()> {
        db.add(Entry::create().text("commit"));
        Ok(())
    }

    fn before_flush(&self, db: &mut Session) -> Result<()> {
        if !db.new_entities::<Owner>().is_empty() {
            db.add(Entry::create().text("flush"));
        }
        Ok(())
    }
}

impl Hooks<Owner> for Journal {
    fn before_insert(
        &self,
        _: &mut OwnerDraft,
        context: &mut HookContext<'_, Owner>,
    ) -> Result<()> {
        context.add(Entry::create().text("owner"));
        Ok(())
    }
}

/// A session on a pool of one connection.
struct Round {
    engine: Engine,
    db: Session,
    ann: Handle<Owner>,
    bob: Handle<Owner>,
    rex: Handle<Pet>,
}

impl Round {
    async fn begin(f: &Fixture, timeout: Duration) -> Self {
        f.elsewhere(
            "truncate owners, badges, pets, entries restart identity;
             insert into owners values (1, 'Ann'), (2, 'Bob');
             insert into badges values (1, 1);
             insert into pets values (1, 'Rex', 1), (2, 'Tom', 2);
             select setval('owners_id_seq', 10), setval('pets_id_seq', 10)",
        )
        .await;
        // A connection that is free is waited for, too: it is asked whether it lives.
        let builder = Engine::builder(f.url()).pool_size(1).max_overflow(0);
        let builder = builder.pool_timeout(timeout).pool_pre_ping(true);
        let engine = builder.build().unwrap();
        let options = SessionOptions::new().events(Journal).hooks(Journal);
        let mut db = engine.session_with(options);
        let ann = db.get::<Owner>(1).await.unwrap().unwrap();
        let bob = db.get::<Owner>(2).await.unwrap().unwrap();
        let rex = db.get::<Pet>(1).await.unwrap().unwrap();
        db.rollback().await.unwrap();
        Round {
            engine,
            db,
            ann,
            bob,
            rex,
        }
    }

    /// Changes something of every kind: what is not loaded has to be asked for.
    fn change(&mut self) {
        let db = &mut self.db;
        db.set(self.ann, Owner::BADGE, None);
        db.delete(self.bob).unwrap();
        db[self.rex].name = "changed".to_owned();
        db.add(Owner::create().name("Cara"));
    }

    /// Somebody else has the connection.
    async fn hold(&self) -> Session {
        let mut other = self.engine.session();
        Entry::query().count(&mut other).await.unwrap();
        other
    }

    async fn commit(&mut self) {
        if self.db.in_transaction() || !self.db.new_entities::<Owner>().is_empty() {
            self.db.commit().await.unwrap();
        }
    }
}

/// What is there when the changes were written once.
async fn is_written(f: &Fixture, name: &str) {
    let mut found = f
        .rows(
            "select 'owner ' || name from owners union all select 'badge of ' || coalesce(owner_id::text, 'nobody') from badges \
             union all select 'pet ' || name || ' ' || edits from pets union all select 'entry ' || text from entries",
        )
        .await;
    found.sort();
    let mut expected = vec![
        "badge of nobody",
        "entry commit",
        "entry flush",
        "entry owner",
        "owner Ann",
        "owner Cara",
        "pet changed 7",
    ];
    if name == "refresh" {
        // It gives up what was set of its row.
        expected[0] = "badge of 1";
    }
    if name == "insert" {
        expected.push("pet new 0");
    }
    assert_eq!(found, expected, "{name}");
}

type Operation = for<'r> fn(&'r mut Round) -> Pin<Box<dyn Future<Output = Result<()>> + 'r>>;

/// What a session waits for a connection for.
const OPERATIONS: [(&str, Operation); 11] = [
    ("commit", |round| Box::pin(round.db.commit())),
    ("flush", |round| Box::pin(round.db.flush())),
    ("query", |round| {
        Box::pin(async move { Owner::query().all(&mut round.db).await.map(drop) })
    }),
    ("get", |round| {
        Box::pin(async move { round.db.get::<Owner>(99).await.map(drop) })
    }),
    ("load", |round| {
        Box::pin(async move { round.db.load(round.ann, Owner::PETS).await })
    }),
    ("refresh", |round| {
        Box::pin(async move { round.db.refresh(round.ann).await })
    }),
    ("begin_nested", |round| {
        Box::pin(async move { round.db.begin_nested().await?.commit().await })
    }),
    ("insert", |round| {
        Box::pin(async move {
            let new = Pet::create().name("new").owner(round.ann);
            round.db.insert(new).await.map(drop)
        })
    }),
    ("merge", |round| {
        Box::pin(async move {
            let ann = round.db[round.ann].clone();
            round.db.merge(ann).await.map(drop)
        })
    }),
    ("bulk update", |round| {
        Box::pin(async move {
            let none = Pet::query().filter(Pet::ID.eq(0));
            let none = none.update(Pet::NAME.set("none"));
            none.exec(&mut round.db).await.map(drop)
        })
    }),
    ("cursor", |round| {
        Box::pin(async move {
            let mut cursor = Owner::query().with(Owner::PETS).cursor(1);
            cursor.next(&mut round.db).await.map(drop)
        })
    }),
];

#[tokio::test]
async fn a_pool_without_a_connection_leaves_everything_as_it_was() {
    let f = Fixture::new::<All>().await;
    for (name, operation) in OPERATIONS {
        let mut round = Round::begin(&f, Duration::from_millis(20)).await;
        round.change();
        let other = round.hold().await;
        for _ in 0..2 {
            let error = refused(operation(&mut round).await);
            assert!(matches!(error, Error::Timeout { .. }), "{name}: {error:?}");
            assert!(!round.db.in_transaction());
            assert_eq!(round.db.new_entities::<Owner>().len(), 1, "{name}");
            assert!(round.db.new_entities::<Entry>().is_empty(), "{name}");
            assert!(round.db.new_entities::<Pet>().is_empty(), "{name}");
            assert_eq!(round.db[round.rex].edits, 0, "{name}");
        }
        drop(other);
        operation(&mut round).await.unwrap();
        round.commit().await;
        is_written(&f, name).await;
    }
}

/// Does it again from the start, where a rollback is asked for.
async fn goes_on(f: &Fixture, name: &str, operation: Operation, mut round: Round) {
    match operation(&mut round).await {
        Ok(()) => {}
        // Whatever came of it, it is not done by half.
        Err(error) if text(&error).contains("was committed is not known") => return,
        Err(Error::RollbackRequired { .. }) => {
            round.db.rollback().await.unwrap();
            round.change();
            operation(&mut round).await.unwrap();
        }
        Err(error) => panic!("{name}: {error}"),
    }
    round.commit().await;
    is_written(f, name).await;
}

#[tokio::test]
async fn what_is_dropped_while_it_waits_for_a_connection_is_as_before_or_asks_for_a_rollback() {
    let f = Fixture::new::<All>().await;
    for (name, operation) in OPERATIONS {
        let mut round = Round::begin(&f, Duration::from_secs(30)).await;
        round.change();
        let other = round.hold().await;
        assert!(poll_times(1, operation(&mut round)).await.is_none());
        drop(other);
        goes_on(&f, name, operation, round).await;
    }
}

#[tokio::test]
async fn what_is_dropped_anywhere_is_as_before_or_asks_for_a_rollback() {
    let f = Fixture::new::<All>().await;
    for (name, operation) in OPERATIONS {
        let mut polls = 0;
        loop {
            let mut round = Round::begin(&f, Duration::from_secs(30)).await;
            round.change();
            let done = poll_times(polls, operation(&mut round)).await;
            if let Some(outcome) = done {
                outcome.unwrap();
                round.commit().await;
                is_written(&f, name).await;
                break;
            }
            goes_on(&f, name, operation, round).await;
            polls += 1;
        }
        assert!(polls > 1, "{name}");
    }
}

#[tokio::test]
async fn a_read_that_is_dropped_while_it_waits_for_a_connection_asks_for_nothing() {
    let f = Fixture::new::<All>().await;
    let mut round = Round::begin(&f, Duration::from_secs(30)).await;
    for (name, operation) in OPERATIONS {
        if ["commit", "flush"].contains(&name) {
            continue;
        }
        let other = round.hold().await;
        assert!(poll_times(1, operation(&mut round)).await.is_none());
        drop(other);
        operation(&mut round).await.unwrap();
        round.db.rollback().await.unwrap();
        assert_eq!(f.rows("select count(*) from pets").await, ["2"], "{name}");
    }
}

#[tokio::test]
async fn an_insert_that_waits_for_a_connection_adds_nothing() {
    let f = Fixture::new::<All>().await;
    let mut round = Round::begin(&f, Duration::from_secs(30)).await;
    let other = round.hold().await;
    drop(round.db.insert(Owner::create().name("never asked for")));
    let insert = round.db.insert(Owner::create().name("Cara"));
    assert!(poll_times(1, insert).await.is_none());
    drop(other);
    let cara = round.db.insert(Owner::create().name("Cara")).await.unwrap();
    round.db.commit().await.unwrap();
    assert_eq!(round.db[cara].name, "Cara");
    let names = "select name from owners order by id";
    assert_eq!(f.rows(names).await, ["Ann", "Bob", "Cara"]);
}

#[tokio::test]
async fn a_refresh_that_waits_for_a_connection_gives_up_nothing() {
    let f = Fixture::new::<All>().await;
    let mut round = Round::begin(&f, Duration::from_millis(20)).await;
    let (db, rex, bob) = (&mut round.db, round.rex, round.bob);
    db[rex].name = "changed".to_owned();
    db.set(rex, Pet::OWNER, bob);
    let mut other = round.engine.session();
    Entry::query().count(&mut other).await.unwrap();
    refused(db.refresh(rex).await);
    refused(db.refresh(rex).columns(Pet::OWNER_ID).await);
    assert!(poll_times(1, db.refresh(rex).into_future()).await.is_none());
    assert!(db.is_modified(rex));
    drop(other);
    db.commit().await.unwrap();
    let rows = f.rows("select name, owner_id from pets where id = 1").await;
    assert_eq!(rows, ["changed|2"]);
}

#[tokio::test]
async fn a_cursor_that_waits_for_a_connection_can_be_opened_later() {
    let f = Fixture::new::<All>().await;
    let mut round = Round::begin(&f, Duration::from_millis(20)).await;
    let other = round.hold().await;
    let mut cursor = Owner::query().order_by(Owner::ID).cursor(5);
    let db = &mut round.db;
    let error = refused(cursor.next(db).await);
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(poll_times(1, cursor.next(db)).await.is_none());
    drop(other);
    let chunk = cursor.next(db).await.unwrap().unwrap();
    assert_eq!(chunk, [round.ann, round.bob]);
}

/// Lets nobody in.
struct Closed;

impl SessionEvents for Closed {
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        for new in db.new_entities::<Owner>() {
            db.expunge(new)?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_connection_that_nothing_was_sent_on_is_free_again() {
    let f = Fixture::new::<All>().await;
    let round = Round::begin(&f, Duration::from_millis(20)).await;
    let options = SessionOptions::new().events(Closed);
    let mut db = round.engine.session_with(options);
    let owner = db.insert(Owner::create().name("Cara")).await.unwrap();
    assert_eq!(db.state(owner), State::Detached);
    round.hold().await;
    let distinct = Owner::query().distinct().for_update();
    refused(distinct.cursor(1).next(&mut db).await);
    round.hold().await;
}
