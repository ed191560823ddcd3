//! `engine.transaction(..)` and `engine.transaction_retry(..)`: a transaction as a closure.
//!
//! The bounds look roundabout for a reason: `AsyncFnOnce(&mut Session) -> R` cannot say that the future it returns is
//! `Send` for every lifetime of the borrow, and without that `tokio::spawn` refuses the caller. [`TransactionFn`] and
//! [`RetryFn`] name the future, so that the bound can.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::panic::Location;
use std::time::Duration;

use super::{Session, SessionOptions};
use crate::engine::Engine;
use crate::error::Error;

/// An async closure that can be called once, with a name for its future. Implemented for every such closure.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::TransactionFn;
///
/// async fn audited<F>(engine: &Engine, work: F) -> orm_core::Result<u64>
/// where
///     F: for<'db> TransactionFn<&'db mut Session, orm_core::Result<u64>, Fut: Send> + Send,
/// {
///     engine.transaction(work).await // a function of yours around it takes what it takes
/// }
///
/// assert_eq!(audited(engine, async |db| OrderItem::query().delete().exec(db).await).await?, 5);
/// # Ok(())
/// # }
/// ```
pub trait TransactionFn<S, R>: AsyncFnOnce(S) -> R + FnOnce(S) -> Self::Fut {
    /// The future.
    type Fut: Future<Output = R>;
}

impl<F, S, Fut, R> TransactionFn<S, R> for F
where
    F: AsyncFnOnce(S) -> R + FnOnce(S) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// An async closure that can be called again, with a name for its future. Implemented for every such closure.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::{Isolation, RetryFn, SessionOptions};
///
/// async fn serializable<F>(engine: &Engine, work: F) -> orm_core::Result<u64>
/// where
///     F: for<'db> RetryFn<&'db mut Session, orm_core::Result<u64>, Fut: Send> + Send + Sync,
/// {
///     engine.transaction_retry(SessionOptions::new().isolation(Isolation::Serializable), work).await
/// }
///
/// assert_eq!(serializable(engine, async |db| OrderItem::query().delete().exec(db).await).await?, 5);
/// # Ok(())
/// # }
/// ```
pub trait RetryFn<S, R>: AsyncFn(S) -> R + Fn(S) -> <Self as RetryFn<S, R>>::Fut {
    /// The future.
    type Fut: Future<Output = R>;
}

impl<F, S, Fut, R> RetryFn<S, R> for F
where
    F: AsyncFn(S) -> R + Fn(S) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// How often a transaction is run before its error is given.
const ATTEMPTS: u32 = 10;

impl Engine {
    /// Runs a closure on a new session; commits if it gives `Ok`, rolls back if it gives `Err`. The error may be of any
    /// type that is `From<orm_core::Error>` and `Send`: an enum of yours, `Box<dyn Error + Send + Sync>`. SQLAlchemy: `with Session(engine) as db, db.begin():`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let id = engine
    ///     .transaction(async |db| {
    ///         let cara = db.insert(User::create().name("Cara")).await?;
    ///         Ok::<_, orm_core::Error>(db[cara].id) // a value leaves the closure, never a handle
    ///     })
    ///     .await?;
    /// assert_eq!(id, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// It can be spawned, and the closure may borrow. Dropped before it has finished, it rolls back.
    ///
    /// # Errors
    /// The closure's, and those of [`commit`](Session::commit).
    #[track_caller]
    pub fn transaction<'a, T, E, F>(
        &'a self,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'a
    where
        F: for<'db> TransactionFn<&'db mut Session, Result<T, E>, Fut: Send> + Send + 'a,
        T: Send + 'a,
        E: From<Error> + Send + 'a,
    {
        let mut db = self.session();
        async move {
            let outcome = work(&mut db).await;
            finish(&mut db, outcome).await
        }
    }

    /// Like [`transaction`](Engine::transaction), and runs the closure again, on a new session, when the transaction lost
    /// against another one (a serialization failure or a deadlock): up to 10 times, each after a longer pause.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// use orm_core::session::{Isolation, SessionOptions};
    ///
    /// let name = String::from("Ann"); // borrowed by every attempt
    /// let serializable = SessionOptions::new().isolation(Isolation::Serializable);
    /// let total = engine
    ///     .transaction_retry(serializable, async |db| {
    ///         let ann = User::query().filter(User::NAME.eq(name.as_str())).with(User::ORDERS).one(db).await?;
    ///         let mut total = 0;
    ///         for order in db.related(ann, User::ORDERS)? {
    ///             db[order].total += 1;
    ///             total += db[order].total;
    ///         }
    ///         Ok::<_, orm_core::Error>(total)
    ///     })
    ///     .await?;
    /// assert_eq!(total, 63);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// What the closure does apart from the database it does again with every attempt. Only a lost race counts: one that the
    /// closure got over (by rolling back a savepoint) is no reason to run it again, nor is any other error.
    ///
    /// # Errors
    /// As [`transaction`](Engine::transaction); that of the last attempt, when every attempt lost.
    #[track_caller]
    pub fn transaction_retry<'a, T, E, F>(
        &'a self,
        options: SessionOptions,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'a
    where
        F: for<'db> RetryFn<&'db mut Session, Result<T, E>, Fut: Send> + Send + Sync + 'a,
        T: Send + 'a,
        E: From<Error> + Send + 'a,
    {
        let made_at = Location::caller();
        let options = options.beside_those_of(self);
        async move {
            let mut attempt = 1;
            loop {
                let mut db = Session::new(self.clone(), options.clone(), made_at);
                let outcome = work(&mut db).await;
                match finish(&mut db, outcome).await {
                    Err(_) if attempt < ATTEMPTS && db.lost_a_race() => {
                        tokio::time::sleep(pause(attempt)).await;
                        attempt += 1;
                    }
                    outcome => return outcome,
                }
            }
        }
    }
}

/// Commits or rolls back, as the closure's outcome says.
async fn finish<T, E: From<Error>>(db: &mut Session, outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(value) => match db.commit().await {
            Ok(()) => Ok(value),
            Err(error) => {
                db.rollback().await?;
                Err(error.into())
            }
        },
        Err(error) => {
            db.rollback().await?;
            Err(error)
        }
    }
}

/// Longer with every attempt, and different for transactions that lost against each other at the same moment.
fn pause(attempt: u32) -> Duration {
    let jitter = RandomState::new().hash_one(attempt) % 10;
    Duration::from_millis(u64::from(attempt * attempt) * 2 + jitter)
}
