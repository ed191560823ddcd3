//! Many sessions at once: every interleaving of two, a thousand over a small pool, a bank under SERIALIZABLE, a server
//! that is started anew between two transactions.
#![allow(missing_docs)]

use std::sync::Arc;

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions};
use tests::eventually;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::random::Dice;
use tests::refused;
use tests::server::Server;
use tokio::sync::{mpsc, oneshot};

/// What one of two sessions is told to do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    /// Read the row anew.
    Read,
    /// Count up, in memory.
    Count,
    Flush,
    Commit,
}

/// How the sessions protect themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Guard {
    /// By the old values: the row was read in an earlier transaction.
    StaleRow,
    /// By the version of the row.
    Version,
    /// By the isolation level.
    RepeatableRead,
}

/// A session in a task of its own, which does one thing after the other. It ends with whether it has committed.
struct Worker {
    orders: mpsc::UnboundedSender<(Order, oneshot::Sender<()>)>,
    done: tokio::task::JoinHandle<orm_core::Result<()>>,
    /// The order that waits for a lock of the other session.
    waiting: Option<oneshot::Receiver<()>>,
}

impl Worker {
    /// Ready to run, with the row in memory.
    async fn start(f: &Fixture, guard: Guard) -> Self {
        let mut options = SessionOptions::new();
        if guard == Guard::RepeatableRead {
            options = options.isolation(Isolation::RepeatableRead);
        }
        let mut db = f.session_with(options);
        let book = Book::query().one(&mut db).await.unwrap();
        let ticket = Ticket::query().one(&mut db).await.unwrap();
        if guard == Guard::StaleRow {
            db.commit().await.unwrap();
        }
        let (orders, mut inbox) = mpsc::unbounded_channel::<(Order, oneshot::Sender<()>)>();
        let done = tokio::spawn(async move {
            while let Some((order, finished)) = inbox.recv().await {
                match (order, guard) {
                    (Order::Read, Guard::Version) => db.refresh(ticket).await?,
                    (Order::Read, _) => db.refresh(book).await?,
                    (Order::Count, Guard::Version) => {
                        let n: i32 = db[ticket].subject.parse().expect("a number");
                        db[ticket].subject = (n + 1).to_string();
                    }
                    (Order::Count, _) => db[book].pages += 1,
                    (Order::Flush, _) => db.flush().await?,
                    (Order::Commit, _) => db.commit().await?,
                }
                let _ = finished.send(());
            }
            Ok(())
        });
        Worker {
            orders,
            done,
            waiting: None,
        }
    }

    fn is_waiting(&mut self) -> bool {
        let waiting = self.waiting.as_mut();
        waiting.is_some_and(|order| order.try_recv() == Err(oneshot::error::TryRecvError::Empty))
    }

    /// Gives an order, and waits until it is done, has failed, or waits for a lock of the other session.
    async fn tell(&mut self, f: &Fixture, order: Order, other_waits: bool) {
        let (finished, outcome) = oneshot::channel();
        if self.orders.send((order, finished)).is_err() {
            return; // It has failed already.
        }
        if self.is_waiting() {
            self.waiting = Some(outcome);
            return;
        }
        self.waiting = Some(outcome);
        let this = tokio::sync::Mutex::new(self);
        eventually("an order is done, or waits", async || {
            let done = !this.lock().await.is_waiting();
            // Of two sessions one can wait at a time.
            done || (!other_waits && f.somebody_waits().await)
        })
        .await;
    }

    async fn ends(self) -> orm_core::Result<()> {
        drop(self.orders);
        self.done.await.expect("no panic")
    }
}

/// All ways to shuffle two hands of `n` cards: `true` is a card of the first.
fn interleavings(n: usize) -> Vec<Vec<bool>> {
    (0_u32..1 << (2 * n))
        .filter(|bits| bits.count_ones() as usize == n)
        .map(|bits| (0..2 * n).map(|at| bits & (1 << at) != 0).collect())
        .collect()
}

/// Two sessions count the same row up. Whatever the order of their steps, the row says how many of them have committed.
async fn count_up_in_every_order(guard: Guard, steps: &[Order]) {
    let f = Fixture::new::<(Author, Book, Ticket)>().await;
    let (mut both, mut one) = (0, 0);
    for turns in interleavings(steps.len()) {
        f.elsewhere(
            "truncate books, tickets restart identity; insert into books (title, pages) values ('Trees', 0);
             insert into tickets (id, subject, version) values (gen_random_uuid(), '0', 1)",
        )
        .await;
        let mut workers = [
            Worker::start(&f, guard).await,
            Worker::start(&f, guard).await,
        ];
        let mut next = [0, 0];
        for first in &turns {
            let who = usize::from(!first);
            let other_waits = workers[1 - who].is_waiting();
            workers[who].tell(&f, steps[next[who]], other_waits).await;
            next[who] += 1;
        }
        let mut committed = 0;
        for worker in workers {
            match worker.ends().await {
                Ok(()) => committed += 1,
                Err(Error::Stale { .. } | Error::Retryable { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let rows = match guard {
            Guard::Version => f.rows("select subject from tickets").await,
            _ => f.rows("select pages from books").await,
        };
        assert_eq!(
            rows,
            [committed.to_string()],
            "{guard:?}: an update was lost, or one that failed was kept; turns: {turns:?}"
        );
        assert!(committed > 0, "{guard:?}: one of two always gets through");
        match committed {
            1 => one += 1,
            _ => both += 1,
        }
    }
    assert!(one > 0, "{guard:?}: they never met");
    if steps.contains(&Order::Read) {
        assert!(both > 0, "{guard:?}: one after the other works");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_from_a_stale_row_is_lost_in_any_order() {
    let steps = [Order::Count, Order::Flush, Order::Commit];
    count_up_in_every_order(Guard::StaleRow, &steps).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_of_a_versioned_row_is_lost_in_any_order() {
    let steps = [Order::Read, Order::Count, Order::Flush, Order::Commit];
    count_up_in_every_order(Guard::Version, &steps).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_under_repeatable_read_is_lost_in_any_order() {
    let steps = [Order::Count, Order::Flush, Order::Commit];
    count_up_in_every_order(Guard::RepeatableRead, &steps).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn isolation_levels_see_what_they_should() {
    let f = Fixture::new::<(Author, Book)>().await;
    for (level, sees) in [
        (Isolation::ReadCommitted, 1),
        (Isolation::RepeatableRead, 0),
        (Isolation::Serializable, 0),
    ] {
        f.elsewhere("truncate authors cascade").await;
        let mut db = f.session_with(SessionOptions::new().isolation(level));
        assert_eq!(Author::query().count(&mut db).await.unwrap(), 0);
        f.elsewhere("insert into authors (name) values ('Ann')")
            .await;
        assert_eq!(
            Author::query().count(&mut db).await.unwrap(),
            sees,
            "{level:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sessions_share_a_pool_of_ten() {
    let f = Fixture::new::<(Author, Book)>().await;
    f.elsewhere("insert into books (title, pages) select 'shelf', 0 from generate_series(1, 10)")
        .await;
    let url = f.url();
    let engine = Engine::builder(url)
        .pool_size(10)
        .max_overflow(0)
        .application_name("thousand")
        .connect()
        .await
        .unwrap();
    let tasks: Vec<_> = (0..1_000)
        .map(|n| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut db = engine.session();
                let shelf = Book::query().filter(Book::ID.eq(n % 10 + 1));
                let shelf = shelf.for_update().one(&mut db).await?;
                db[shelf].pages += 1;
                db.add(Author::create().name(n.to_string()));
                db.commit().await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(f.rows("select count(*) from authors").await, ["1000"]);
    assert_eq!(f.rows("select distinct pages from books").await, ["100"]);
    let open = "select count(*) <= 10 from pg_stat_activity where application_name = 'thousand'";
    assert_eq!(f.rows(open).await, ["t"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_get_no_connection_say_who_has_them() {
    let f = Fixture::new::<(Author,)>().await;
    let engine = Engine::builder(f.url())
        .pool_size(2)
        .max_overflow(0)
        .pool_timeout(std::time::Duration::from_millis(50))
        .connect()
        .await
        .unwrap();
    let (mut one, mut two) = (engine.session(), engine.session());
    Author::query().all(&mut one).await.unwrap();
    Author::query().all(&mut two).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let mut db = engine.session();
            tokio::spawn(async move { Author::query().all(&mut db).await.map(drop) })
        })
        .collect();
    for task in tasks {
        let error = refused(task.await.unwrap());
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("session_concurrency.rs"),
            "who holds them: {text}"
        );
    }
    one.rollback().await.unwrap();
    assert!(Author::query().all(&mut engine.session()).await.is_ok());
}

/// Sixteen tasks move money between eight accounts. None appears, none disappears, and no account is overdrawn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_neither_made_nor_lost_under_serializable() {
    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "accounts")]
    struct Account {
        #[orm(primary_key)]
        id: i32,
        balance: i64,
    }
    let f = Fixture::new::<(Account,)>().await;
    f.elsewhere("insert into accounts (balance) select 100 from generate_series(1, 8)")
        .await;
    let engine = Engine::builder(f.url())
        .pool_size(8)
        .connect()
        .await
        .unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut dice = Dice::new(task);
                // What this task has moved into each account.
                let mut moved = [0_i64; 8];
                for _ in 0..12 {
                    let (from, to) = (dice.below(8), dice.below(8));
                    let amount = dice.below(60) as i64;
                    let options = SessionOptions::new().isolation(Isolation::Serializable);
                    let done = engine
                        .transaction_retry(options, async |db| {
                            let from = db.get::<Account>(from as i32 + 1).await?.expect("is there");
                            let to = db.get::<Account>(to as i32 + 1).await?.expect("is there");
                            if db[from].balance < amount {
                                return Ok(false);
                            }
                            db[from].balance -= amount;
                            db[to].balance += amount;
                            Ok::<_, Error>(true)
                        })
                        .await;
                    match done {
                        Ok(true) => {
                            moved[from] -= amount;
                            moved[to] += amount;
                        }
                        Ok(false) => {}
                        // Sixteen at once may lose ten times in a row; then nothing was moved.
                        Err(error) => assert!(error.is_retryable(), "{error}"),
                    }
                }
                moved
            })
        })
        .collect();
    let mut expected = [100_i64; 8];
    for task in tasks {
        for (balance, moved) in expected.iter_mut().zip(task.await.unwrap()) {
            *balance += moved;
        }
    }
    assert!(expected.iter().all(|balance| *balance >= 0));
    assert_eq!(expected.iter().sum::<i64>(), 800);
    assert_ne!(expected, [100; 8], "something was moved");
    let balances = f.rows("select balance from accounts order by id").await;
    assert_eq!(balances, expected.map(|balance| balance.to_string()));
}

/// What travels with BEGIN is not run when the transaction cannot have its isolation level.
#[tokio::test]
async fn a_transaction_that_a_standby_refuses_has_run_nothing() {
    let mut server = Server::own();
    server.restart_as_standby();
    let engine = Engine::connect(&server.socket_url()).await.unwrap();
    let options = SessionOptions::new().isolation(Isolation::Serializable);
    let mut db = engine.session_with(options);
    for _ in 0..2 {
        // A lock of the connection, which no rollback takes back.
        let lock = orm_core::engine::sql("SELECT pg_advisory_lock(7)");
        let error = refused(lock.execute(&mut db).await);
        assert!(
            text(&error).contains("cannot use serializable mode in a hot standby"),
            "{error}"
        );
        let mut other = engine.acquire().await.unwrap();
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        let locks: i64 = other.fetch_scalar(locks).await.unwrap();
        assert_eq!(locks, 0);
        assert!(matches!(
            refused(db.commit().await),
            Error::RollbackRequired { .. }
        ));
        db.rollback().await.unwrap();
    }
    // Another level goes.
    let options = SessionOptions::new().isolation(Isolation::RepeatableRead);
    let mut db = engine.session_with(options);
    let rows: Vec<(bool,)> = orm_core::engine::sql("SELECT pg_is_in_recovery()")
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows, [(true,)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_started_anew_between_transactions_is_survived() {
    let mut server = Server::own();
    let engine = Engine::connect(&server.socket_url()).await.unwrap();
    engine.create_all::<(Author,)>().await.unwrap();
    let mut db = engine.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    let idle = Arc::new(engine.clone());
    server.restart();
    db[ann].email = Some("after".to_owned());
    db.commit().await.unwrap();
    let mut another = idle.session();
    let found = Author::query().one(&mut another).await.unwrap();
    assert_eq!(another[found].email.as_deref(), Some("after"));
    // In the middle of a transaction it cannot be survived; the session says so, and goes on after a rollback.
    another[found].email = Some("lost".to_owned());
    another.flush().await.unwrap();
    server.restart();
    let error = refused(another.commit().await);
    assert!(error.to_string().contains("not known"), "{error}");
    another.rollback().await.unwrap();
    assert_eq!(another[found].email.as_deref(), Some("after"));
    another[found].email = Some("again".to_owned());
    another.commit().await.unwrap();
}
