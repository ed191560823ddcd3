//! Futures that are dropped at any of their await points, connections that are killed, sessions that are dropped: nothing
//! is lost in memory, nothing is kept in the database, no lock stays.
#![allow(missing_docs)]

use std::pin::Pin;

use orm_core::model::Model;
use orm_core::prelude::*;
use orm_core::session::{
    Detached, HookContext, Hooks, Isolation, JsonShape, SessionOptions, State,
};
use orm_core::{Error, Result};
use serde_json::json;
use tests::eventually;
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);

/// What each round begins with: two rows that were committed, and one session that has loaded them.
struct Round {
    db: Session,
    ann: Handle<Author>,
    book: Handle<Book>,
}

impl Round {
    async fn begin(f: &Fixture) -> Self {
        Self::begin_with(f, SessionOptions::new()).await
    }

    async fn begin_with(f: &Fixture, options: SessionOptions) -> Self {
        f.elsewhere(
            "truncate authors, books restart identity; insert into authors (name) values ('Ann'); \
             insert into books (title, pages, author_id) values ('Trees', 10, 1)",
        )
        .await;
        let mut db = f.session_with(options);
        let ann = db.get::<Author>(1).await.unwrap().unwrap();
        let book = db.get::<Book>(1).await.unwrap().unwrap();
        db.load(ann, Author::BOOKS).await.unwrap();
        db.commit().await.unwrap();
        Round { db, ann, book }
    }

    /// Changes something of every kind.
    fn change(&mut self) -> Handle<Author> {
        let Round { db, ann, book } = self;
        db[*ann].name = "Changed".to_owned();
        let new = db.add(Author::create().name("new"));
        db.set(*book, Book::AUTHOR, Some(new));
        new
    }

    /// Memory is what it was, and the session works.
    async fn is_as_before(mut self, f: &Fixture, new: Handle<Author>) {
        let Round { db, ann, book } = &mut self;
        assert_eq!(db[*ann].name, "Ann");
        assert_eq!(db[*book].author_id, Some(1));
        assert_eq!(db.related(*ann, Author::BOOKS).unwrap().to_vec(), [*book]);
        assert_eq!(db.related(*book, Book::AUTHOR).unwrap(), Some(*ann));
        assert_eq!(db.state(new), State::Detached);
        db[*book].pages += 1;
        db.commit().await.unwrap();
        assert_eq!(
            f.rows("select name, pages from books join authors on authors.id = author_id")
                .await,
            ["Ann|11"]
        );
        assert_eq!(f.rows("select count(*) from authors").await, ["1"]);
    }
}

#[tokio::test]
async fn a_flush_that_is_dropped_anywhere_is_taken_back() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    loop {
        let mut round = Round::begin(&f).await;
        let new = round.change();
        let done = poll_times(polls, round.db.flush()).await;
        let refused = round.db.flush().await;
        match &done {
            Some(outcome) => assert!(outcome.is_ok(), "{outcome:?}"),
            None if round.db.in_transaction() && refused.is_err() => assert_eq!(
                text(&refused.unwrap_err()),
                "the transaction has ended with an error, and the session waits for `rollback().await?`; what failed \
                 first: the future of an earlier operation was dropped before it finished"
            ),
            None => {}
        }
        round.db.rollback().await.unwrap();
        round.is_as_before(&f, new).await;
        if done.is_some() {
            break;
        }
        polls += 1;
    }
    assert!(polls >= 3, "a flush has more await points than {polls}");
}

#[tokio::test]
async fn a_commit_that_is_dropped_is_done_or_not_and_never_by_half() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    let (mut unknown, mut sweeps) = (0, 0);
    // How many polls lie before COMMIT differs from round to round, so that one sweep may miss it.
    while unknown == 0 || sweeps == 0 {
        let mut round = Round::begin(&f).await;
        let new = round.change();
        let done = poll_times(polls, round.db.commit()).await;
        if let Some(outcome) = done {
            outcome.unwrap();
            assert_eq!(round.db[new].name, "new");
            polls = 0;
            sweeps += 1;
            assert!(sweeps < 100, "the await point of COMMIT is never hit");
            continue;
        }
        let in_doubt = match round.db.get::<Author>(99).await {
            Err(error) => {
                text(&error).contains("whether the transaction was committed is not known")
            }
            Ok(_) => false,
        };
        round.db.rollback().await.unwrap();
        if in_doubt {
            unknown += 1;
            // Whatever came of it: all of it or nothing.
            let authors = f.rows("select name from authors order by id").await;
            assert!(
                authors == ["Ann"] || authors == ["Changed", "new"],
                "{authors:?}"
            );
            // And what is written from the values before it does not overwrite it.
            if authors != ["Ann"] {
                round.db[round.ann].name = "mine".to_owned();
                assert!(matches!(
                    refused(round.db.commit().await),
                    Error::Stale { .. }
                ));
                round.db.rollback().await.unwrap();
            }
        } else {
            round.is_as_before(&f, new).await;
        }
        polls += 1;
    }
}

#[tokio::test]
async fn a_query_that_is_dropped_anywhere_needs_a_rollback_at_most() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    loop {
        let mut round = Round::begin(&f).await;
        let new = round.change();
        let query = Author::query().with(Author::BOOKS.then(Book::AUTHOR));
        let done = poll_times(polls, query.all(&mut round.db)).await;
        round.db.rollback().await.unwrap();
        round.is_as_before(&f, new).await;
        if let Some(outcome) = done {
            assert_eq!(outcome.unwrap().len(), 2);
            break;
        }
        polls += 1;
    }
}

#[tokio::test]
async fn a_savepoint_recovers_from_what_is_dropped_behind_it() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    loop {
        let mut round = Round::begin(&f).await;
        round.db[round.ann].email = Some("outer".to_owned());
        let mut inner = round.db.begin_nested().await.unwrap();
        inner[round.ann].name = "Changed".to_owned();
        let new = inner.add(Author::create().name("new"));
        let done = poll_times(polls, inner.flush()).await;
        drop(inner);
        let db = &mut round.db;
        assert_eq!(db[round.ann].name, "Ann");
        assert_eq!(db[round.ann].email.as_deref(), Some("outer"));
        assert_eq!(db.state(new), State::Detached);
        db.commit().await.unwrap();
        assert_eq!(
            f.rows("select name, email from authors").await,
            ["Ann|outer"]
        );
        if done.is_some() {
            break;
        }
        polls += 1;
    }
    assert!(polls >= 2);
}

#[tokio::test]
async fn begin_nested_and_its_commit_can_be_dropped_anywhere() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    loop {
        let mut round = Round::begin(&f).await;
        let new = round.change();
        let work = async {
            let mut inner = round.db.begin_nested().await?;
            inner[round.ann].email = Some("inner".to_owned());
            inner.commit().await
        };
        let done = poll_times(polls, work).await;
        if done.is_none() {
            // Where RELEASE was on its way, nobody knows whether there is a savepoint to go back to.
            match round.db.flush().await {
                Ok(()) | Err(Error::RollbackRequired { .. }) => {}
                Err(error) => panic!("after {polls} polls: {error}"),
            }
        }
        round.db.rollback().await.unwrap();
        round.is_as_before(&f, new).await;
        if done.is_some() {
            break;
        }
        polls += 1;
    }
    assert!(polls >= 4);
}

#[tokio::test]
async fn rollback_that_is_dropped_has_restored_memory() {
    let f = Fixture::new::<Shelf>().await;
    let mut polls = 1;
    loop {
        let mut round = Round::begin(&f).await;
        let new = round.change();
        round.db.flush().await.unwrap();
        let done = poll_times(polls, round.db.rollback()).await;
        round.is_as_before(&f, new).await;
        if done.is_some() {
            break;
        }
        polls += 1;
    }
}

#[tokio::test]
async fn rollback_does_not_wait_for_a_statement_that_was_given_up() {
    let f = Fixture::new::<Shelf>().await;
    let mut round = Round::begin(&f).await;
    f.elsewhere("begin; update authors set name = 'locked'")
        .await;
    round.db[round.ann].name = "waits".to_owned();
    let limit = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(limit, round.db.flush()).await.is_err());
    // The lock that it waits for is held until after this.
    round.db.rollback().await.unwrap();
    assert_eq!(round.db[round.ann].name, "Ann");
    f.elsewhere("rollback").await;
    round.db[round.ann].name = "Bob".to_owned();
    round.db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Bob"]);
}

/// What a flush fails with.
#[derive(Debug, Clone, Copy)]
enum Failure {
    Constraint,
    Serialization,
    Deadlock,
    LockTimeout,
    StatementTimeout,
}

#[tokio::test]
async fn whatever_a_flush_fails_with_a_rollback_puts_everything_back() {
    use Failure::*;
    let f = Fixture::new::<Shelf>().await;
    for failure in [
        Constraint,
        Serialization,
        Deadlock,
        LockTimeout,
        StatementTimeout,
    ] {
        let options = match failure {
            Serialization => SessionOptions::new().isolation(Isolation::RepeatableRead),
            _ => SessionOptions::new(),
        };
        let mut round = Round::begin_with(&f, options).await;
        let set = |name: &str| format!("SET LOCAL {name} = '20ms'");
        let (name, held) = match failure {
            Deadlock => ("deadlock_timeout", None),
            StatementTimeout => ("statement_timeout", Some("begin; lock table authors")),
            LockTimeout => ("lock_timeout", Some("begin; lock table authors")),
            // They are part of no failure.
            Constraint | Serialization => ("lock_timeout", None),
        };
        orm_core::engine::sql(set(name))
            .execute(&mut round.db)
            .await
            .unwrap();
        let mut other = None;
        match failure {
            Serialization => {
                Author::query().count(&mut round.db).await.unwrap();
                f.elsewhere("update authors set email = 'theirs'").await;
            }
            Deadlock => {
                round.db.refresh(round.ann).for_update().await.unwrap();
                let engine = f.another_engine().await;
                other = Some(tokio::spawn(async move {
                    let mut db = engine.acquire().await?;
                    let both = "begin; update books set title = 'x'; update authors set email = 'x'; commit";
                    db.execute_script(both).await
                }));
                eventually("the other waits", async || f.somebody_waits().await).await;
            }
            _ => {}
        }
        let new = round.change();
        if let Constraint = failure {
            round.db.add(Author::create().name("Changed"));
        }
        if let Some(held) = held {
            f.elsewhere(held).await;
        }
        let error = refused(round.db.flush().await);
        let is_expected = match (&error, failure) {
            (Error::Constraint(_), Constraint) => true,
            (Error::Retryable { code, .. }, Serialization) => code == "40001",
            (Error::Retryable { code, .. }, Deadlock) => code == "40P01",
            (Error::Timeout { .. }, LockTimeout | StatementTimeout) => true,
            _ => false,
        };
        assert!(is_expected, "{failure:?}: {error:?}");
        for _ in 0..2 {
            let Error::RollbackRequired { cause } = refused(round.db.commit().await) else {
                panic!("{failure:?} needs a rollback");
            };
            assert_eq!(cause, text(&error));
        }
        // Values of memory can still be read.
        assert_eq!(round.db[round.ann].name, "Changed");
        round.db.rollback().await.unwrap();
        if held.is_some() {
            f.elsewhere("rollback").await;
        }
        if let Some(other) = other {
            other.await.unwrap().unwrap();
        }
        round.is_as_before(&f, new).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_killed_is_an_error_and_rollback_goes_on_with_another() {
    let f = Fixture::new::<Shelf>().await;
    let mut round = Round::begin(&f).await;
    let new = round.change();
    round.db.flush().await.unwrap();
    f.elsewhere(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and state = 'idle in transaction'",
    )
    .await;
    round.db[round.ann].email = Some("x".to_owned());
    let error = refused(round.db.flush().await);
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(matches!(
        refused(round.db.commit().await),
        Error::RollbackRequired { .. }
    ));
    round.db.rollback().await.unwrap();
    round.is_as_before(&f, new).await;
}

#[tokio::test]
async fn a_connection_that_is_killed_before_commit_leaves_the_outcome_open() {
    let f = Fixture::new::<Shelf>().await;
    let mut round = Round::begin(&f).await;
    let new = round.change();
    round.db.flush().await.unwrap();
    f.elsewhere(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and state = 'idle in transaction'",
    )
    .await;
    let error = refused(round.db.commit().await);
    assert!(
        text(&error).contains("whether the transaction was committed is not known"),
        "{error}"
    );
    round.db.rollback().await.unwrap();
    round.is_as_before(&f, new).await;
}

#[tokio::test]
async fn a_session_that_is_dropped_frees_its_locks_at_once() {
    let f = Fixture::new::<Shelf>().await;
    for given_up in [false, true] {
        let mut round = Round::begin(&f).await;
        round.change();
        if given_up {
            poll_times(2, round.db.flush()).await;
        } else {
            round.db.flush().await.unwrap();
        }
        drop(round);
        f.elsewhere("set lock_timeout = '10s'; update authors set email = 'free'")
            .await;
        assert_eq!(
            f.rows("select name, email from authors").await,
            ["Ann|free"]
        );
        // Whatever connection comes out of the pool is in no transaction.
        let mut db = f.session();
        assert_eq!(Author::query().count(&mut db).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_session_can_go_to_another_task() {
    let f = Fixture::new::<Shelf>().await;
    let mut round = Round::begin(&f).await;
    let task = tokio::spawn(async move {
        round.db[round.ann].name = "Bob".to_owned();
        let mut inner = round.db.begin_nested().await?;
        let all = Author::query().with(Author::BOOKS).all(&mut inner).await?;
        inner.delete(round.book)?;
        inner.commit().await?;
        round.db.commit().await?;
        Ok::<_, Error>(all.len())
    });
    assert_eq!(task.await.unwrap().unwrap(), 1);
    assert_eq!(f.rows("select name from authors").await, ["Bob"]);
}

type Operation = for<'r> fn(&'r mut Round) -> Pin<Box<dyn Future<Output = Result<()>> + 'r>>;

/// Everything else that a session awaits. What has a test of its own above is not here.
const OPERATIONS: [(&str, Operation); 35] = [
    ("get", |round| {
        Box::pin(async move { round.db.get::<Author>(1).await.map(drop) })
    }),
    ("refresh", |round| {
        Box::pin(async move { round.db.refresh(round.book).await })
    }),
    ("load", |round| {
        Box::pin(async move {
            let path = Author::BOOKS.then(Book::AUTHOR);
            round.db.load(round.ann, path).await
        })
    }),
    ("insert", |round| {
        Box::pin(async move {
            let more = Book::create().title("more").author(round.ann);
            round.db.insert(more).await.map(drop)
        })
    }),
    ("delete", |round| {
        Box::pin(async move {
            round.db.delete(round.ann)?;
            round.db.flush().await
        })
    }),
    ("bulk update", |round| {
        Box::pin(async move {
            let all = Book::query().update(Book::PAGES.set(Book::PAGES + 5));
            all.exec(&mut round.db).await.map(drop)
        })
    }),
    ("bulk delete", |round| {
        Box::pin(async move { Book::query().delete().exec(&mut round.db).await.map(drop) })
    }),
    ("count", |round| {
        Box::pin(async move { Book::query().count(&mut round.db).await.map(drop) })
    }),
    ("hand-written SQL", |round| {
        Box::pin(async move {
            let all = orm_core::engine::sql("UPDATE books SET pages = 77");
            all.execute(&mut round.db).await.map(drop)
        })
    }),
    ("rollback of a savepoint", |round| {
        Box::pin(async move {
            let mut inner = round.db.begin_nested().await?;
            inner.add(Book::create().title("inner"));
            inner.flush().await?;
            inner.rollback().await
        })
    }),
    ("refresh with a lock", |round| {
        Box::pin(async move { round.db.refresh(round.book).for_update().await })
    }),
    ("get for update", |round| {
        Box::pin(async move {
            let get = round.db.get::<Author>(1).for_update();
            get.with(Author::BOOKS).await.map(drop)
        })
    }),
    ("merge", |round| {
        Box::pin(async move {
            let mut ann = round.db[round.ann].clone();
            ann.name = "merged".to_owned();
            round.db.merge(ann).await.map(drop)
        })
    }),
    ("a deep merge", |round| {
        Box::pin(async move {
            let ann = round.db[round.ann].clone();
            let new = Book {
                id: 700,
                ..round.db[round.book].clone()
            };
            let graph = Detached::of(ann).with(Author::BOOKS, [new]);
            round.db.merge(graph).await?;
            round.db.flush().await
        })
    }),
    ("merge_all", |round| {
        Box::pin(async move {
            let author = |id| Author {
                id,
                name: format!("merged {id}"),
                email: None,
            };
            round.db.merge_all([1, 77, 78].map(author)).await?;
            round.db.flush().await
        })
    }),
    ("attach and flush", |round| {
        Box::pin(async move {
            let unknown = Author {
                id: 1,
                name: "from elsewhere".to_owned(),
                email: None,
            };
            // It is here already, so that this is refused; another is taken.
            assert!(round.db.attach(Detached::of(unknown.clone())).is_err());
            let attached = Detached::of(Author { id: 500, ..unknown });
            let attached = round.db.attach(attached)?;
            round.db[round.ann].email = Some("attached".to_owned());
            round.db.expunge(attached)?;
            round.db.flush().await
        })
    }),
    ("an advisory lock", |round| {
        Box::pin(async move { round.db.advisory_lock("interrupted").await })
    }),
    ("an expression", |round| {
        Box::pin(async move {
            round
                .db
                .set_expr(round.book, Book::PAGES.set(Book::PAGES + 1))?;
            round.db.flush().await
        })
    }),
    ("a swap of unique values", |round| {
        Box::pin(async move {
            let bob = round.db.insert(Author::create().name("Bob")).await?;
            round.db[bob].name = "Changed".to_owned();
            round.db[round.ann].name = "Bob".to_owned();
            round.db.flush().await
        })
    }),
    ("a bulk insert", |round| {
        Box::pin(async move {
            let rows = ["x", "y"].map(|name| Author::create().name(name));
            let q = Author::insert(rows).returning(Author::ALL);
            q.all(&mut round.db).await.map(drop)
        })
    }),
    ("an insert that changes what is there", |round| {
        Box::pin(async move {
            let rows = [Author::create().name("Changed").email("x")];
            let q = Author::insert(rows)
                .on_conflict(Author::NAME)
                .do_update_all();
            let q = q.returning(Author::ALL);
            q.all(&mut round.db).await.map(drop)
        })
    }),
    ("a page", |round| {
        Box::pin(async move {
            let q = Book::query().with(Book::AUTHOR).order_by(Book::TITLE);
            q.page(1).fetch(&mut round.db).await.map(drop)
        })
    }),
    ("refresh with relationships", |round| {
        Box::pin(async move {
            let path = Author::BOOKS.then(Book::AUTHOR);
            round.db.refresh(round.ann).with(path).for_update().await
        })
    }),
    ("refresh of columns", |round| {
        Box::pin(async move {
            let both = [round.ann];
            round.db.refresh(both).columns(Author::EMAIL).await
        })
    }),
    ("count_of and aggregate", |round| {
        Box::pin(async move {
            round.db.count_of(round.ann, Author::BOOKS).await?;
            let pages = round
                .db
                .aggregate(round.ann, Author::BOOKS, max(Book::PAGES));
            let _: Vec<Option<i32>> = pages.await?;
            Ok(())
        })
    }),
    ("load_as", |round| {
        Box::pin(async move {
            let titles = round.db.load_as(round.ann, Author::BOOKS);
            let _: Vec<Vec<Title>> = titles.await?;
            Ok(())
        })
    }),
    ("a joined load", |round| {
        Box::pin(async move {
            let q = Author::query().with(Author::BOOKS.joined()).limit(1);
            q.all(&mut round.db).await.map(drop)
        })
    }),
    ("COPY", |round| {
        Box::pin(async move {
            let rows = (0..5).map(|n| Author::create().name(format!("copied {n}")));
            Author::copy_in(rows, &mut round.db).await.map(drop)
        })
    }),
    ("a bulk update that returns", |round| {
        Box::pin(async move {
            let all = Book::query().update(Book::PAGES.set(Book::PAGES + 5));
            all.returning(Book::ALL).all(&mut round.db).await.map(drop)
        })
    }),
    ("merge_json", |round| {
        Box::pin(async move {
            let book = JsonShape::new()
                .allow(Book::ID)
                .allow(Book::TITLE)
                .allow(Book::PAGES);
            let shape = JsonShape::new().allow(Author::ID).allow(Author::NAME);
            let shape = shape.nested(Author::BOOKS, book).existing(Author::BOOKS);
            let document = json!({"id": 1, "name": "from JSON", "books": [{"id": 1, "title": "Bushes"}, {"title": "x", "pages": 1}]});
            round.db.merge_json(&shape, &document).await?;
            round.db.flush().await
        })
    }),
    ("add_json", |round| {
        Box::pin(async move {
            let shape = JsonShape::new().allow(Book::TITLE).allow(Book::PAGES);
            let shape = shape.existing(Book::AUTHOR);
            let document = json!({"title": "x", "pages": 3, "author": 1});
            round.db.add_json(&shape, &document).await.map(drop)
        })
    }),
    ("a savepoint in a savepoint, with a lock", |round| {
        Box::pin(async move {
            let mut outer = round.db.begin_nested().await?;
            outer.advisory_lock("outer").await?;
            let mut inner = outer.begin_nested().await?;
            inner.advisory_lock("inner").await?;
            inner[round.book].pages = 99;
            inner.rollback().await?;
            outer.commit().await
        })
    }),
    ("a lock that is tried", |round| {
        Box::pin(async move { round.db.try_advisory_lock("interrupted").await.map(drop) })
    }),
    ("union", |round| {
        Box::pin(async move {
            let all = Author::query().union(Author::query());
            all.all(&mut round.db).await.map(drop)
        })
    }),
    ("close", |round| {
        Box::pin(async move {
            // Its rollback is what is dropped; entities are forgotten behind it.
            round.db.flush().await?;
            round.db.rollback().await
        })
    }),
];

#[derive(FromRow)]
#[expect(dead_code, reason = "only its column matters")]
struct Title {
    title: String,
}

/// Drops each operation at each of its await points.
async fn drop_everywhere(f: &Fixture, options: &SessionOptions) {
    for (name, operation) in OPERATIONS {
        let mut polls = 0;
        loop {
            let mut round = Round::begin_with(f, options.clone()).await;
            let new = round.change();
            let done = poll_times(polls, operation(&mut round)).await;
            if done.is_none() && round.db.in_transaction() {
                // Either nothing of it has begun, or the session knows that something was given up.
                match round.db.flush().await {
                    Ok(()) => {}
                    Err(error) => assert!(
                        matches!(error, Error::RollbackRequired { .. }),
                        "{name}: {error}"
                    ),
                }
            }
            round.db.rollback().await.unwrap();
            round.is_as_before(f, new).await;
            if let Some(outcome) = done {
                outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
                break;
            }
            polls += 1;
        }
        assert!(polls >= 1, "{name} awaits nothing");
        // Nobody waits for a lock that was left behind.
        assert_eq!(
            f.rows("select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())")
                .await,
            ["0"]
        );
    }
}

#[tokio::test]
async fn every_operation_can_be_dropped_anywhere() {
    let f = Fixture::new::<Shelf>().await;
    drop_everywhere(&f, &SessionOptions::new()).await;
}

/// Notes every author and book that is written.
struct Notes;

impl<M: Model> Hooks<M> for Notes {
    fn before_insert(&self, _: &mut M::Draft, context: &mut HookContext<'_, M>) -> Result<()> {
        context.add(Note::create().body("before an insert"));
        Ok(())
    }

    fn after_insert(&self, _: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        context.add(Note::create().body("an insert"));
        Ok(())
    }

    fn after_update(&self, _: &M, _: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        context.add(Note::create().body("an update"));
        Ok(())
    }

    fn after_delete(&self, _: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        context.add(Note::create().body("a delete"));
        Ok(())
    }
}

#[tokio::test]
async fn every_operation_can_be_dropped_anywhere_under_hooks_and_criteria() {
    let f = Fixture::new::<(Author, Book, Note)>().await;
    let options = SessionOptions::new()
        .hooks::<Author>(Notes)
        .hooks::<Book>(Notes)
        .criteria::<Author>(Author::NAME.ne("hidden").for_model())
        .criteria::<Book>(Book::TITLE.ne("hidden").for_model());
    drop_everywhere(&f, &options).await;
    // Each round has committed one update of a book, and nothing else has come through.
    assert_eq!(
        f.rows("select distinct body from notes").await,
        ["an update"]
    );
}
