//! Savepoints, and the guards that deref to the session: [`Nested`] and [`NoAutoflush`]. Called by users.

use std::ops::{Deref, DerefMut};

use super::Session;
use super::transaction::Phase;
use crate::error::Result;
use crate::query::Statement;

fn savepoint(depth: usize) -> String {
    format!("sp_{}", depth + 1)
}

impl Session {
    /// Begins a savepoint: flushes, and sends SAVEPOINT. The guard derefs to the session; `commit` keeps what was done
    /// since, `rollback` takes it back in the database and in memory, and so does dropping the guard.
    /// SQLAlchemy: `begin_nested`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let bob = User::query().filter(User::NAME.eq("Bob")).one(&mut db).await?;
    /// let mut attempt = db.begin_nested().await?;
    /// attempt[bob].name = "Robert".to_owned();
    /// attempt.flush().await?;
    /// attempt.rollback().await?;
    /// assert_eq!(db[bob].name, "Bob");
    ///
    /// let mut attempt = db.begin_nested().await?;
    /// attempt[bob].name = "Robert".to_owned();
    /// attempt.commit().await?; // flushes, RELEASE SAVEPOINT
    /// db.commit().await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// An error behind a savepoint is recovered from by rolling it back, and the transaction around it goes on.
    ///
    /// # Errors
    /// As [`flush`](Session::flush).
    pub async fn begin_nested(&mut self) -> Result<Nested<'_>> {
        self.ready().await?;
        self.flush().await?;
        let depth = self.undo.depth();
        let sql = format!("SAVEPOINT {}", savepoint(depth));
        if self.link.is_some() {
            self.say(&sql).await?;
        } else {
            // SAVEPOINT itself is what begins the transaction.
            self.send_counted(&Statement::plain(sql)).await?;
        }
        self.undo.open();
        Ok(Nested {
            session: self,
            depth,
        })
    }

    pub(super) async fn roll_back_to(&mut self, depth: usize) -> Result<()> {
        let name = savepoint(depth);
        self.say(&format!(
            "ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}"
        ))
        .await
    }

    /// Autoflush is off while the guard lives, which derefs to the session. SQLAlchemy: `no_autoflush`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// db.add(User::create().name("Cara"));
    /// assert_eq!(User::query().count(&mut db.no_autoflush()).await?, 2);
    /// assert_eq!(User::query().count(&mut db).await?, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn no_autoflush(&mut self) -> NoAutoflush<'_> {
        let before = std::mem::replace(&mut self.autoflush, false);
        NoAutoflush {
            session: self,
            before,
        }
    }
}

/// A savepoint: [`Session::begin_nested`]. Derefs to the session. SQLAlchemy: the `SessionTransaction` of `begin_nested()`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let mut attempt = db.begin_nested().await?; // SAVEPOINT
/// attempt.add(Tag::create().word("used"));
/// attempt.rollback().await?;
/// assert_eq!(Tag::query().count(&mut db).await?, 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "dropped, the savepoint is rolled back at once"]
#[derive(Debug)]
pub struct Nested<'db> {
    session: &'db mut Session,
    depth: usize,
}

impl Nested<'_> {
    /// Keeps what was done since the savepoint: flushes, and sends RELEASE SAVEPOINT. An outer rollback takes it back.
    /// SQLAlchemy: `commit()` of the savepoint's transaction.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut attempt = db.begin_nested().await?;
    /// attempt.add(Tag::create().word("new")); // which is there already
    /// assert!(attempt.commit().await.unwrap_err().is_unique_violation());
    /// assert_eq!(Tag::query().count(&mut db).await?, 2); // the transaction goes on
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::flush`]. The savepoint is then rolled back, in the database before the next statement, and the
    /// session goes on. Dropped while RELEASE is on its way, nobody knows whether the savepoint is still there, and the session
    /// waits for [`Session::rollback`].
    pub async fn commit(self) -> Result<()> {
        let depth = self.depth;
        if self.is_over() {
            return Ok(());
        }
        self.session.ready().await?;
        self.session.flush().await?;
        let sql = format!("RELEASE SAVEPOINT {}", savepoint(depth));
        // From here on there may be no savepoint to go back to: should the answer not arrive, the whole transaction is to be
        // rolled back.
        self.session.undo.release_to(depth);
        self.session.say(&sql).await?;
        self.session.keep_cursors(depth);
        Ok(())
    }

    /// Takes back what was done since the savepoint, in the database and in memory. Sends ROLLBACK TO SAVEPOINT.
    /// SQLAlchemy: `rollback()` of the savepoint's transaction.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// let mut attempt = db.begin_nested().await?;
    /// attempt[air].price = 1;
    /// attempt.rollback().await?;
    /// assert_eq!(db[air].price, 99_900);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Connection`](crate::Error::Connection) when the connection is lost.
    pub async fn rollback(self) -> Result<()> {
        let depth = self.depth;
        if self.is_over() || !self.session.abandon(depth) {
            return Ok(());
        }
        self.session.ready().await
    }

    /// Whether the transaction around the savepoint has ended, and the savepoint with it.
    fn is_over(&self) -> bool {
        self.session.undo.depth() <= self.depth
    }
}

impl Session {
    /// Puts memory back to a savepoint and leaves its ROLLBACK TO to be sent before the next statement. False where a
    /// failure before the savepoint needs a whole rollback.
    fn abandon(&mut self, depth: usize) -> bool {
        self.restore(Some(depth));
        self.forget_cursors(depth);
        match self.phase {
            Phase::Failed { depth: failed, .. } if failed <= depth => false,
            _ => {
                self.phase = Phase::RollBackTo { depth };
                true
            }
        }
    }
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        if !self.is_over() {
            self.session.abandon(self.depth);
        }
    }
}

/// Autoflush is off while it lives: [`Session::no_autoflush`]. Derefs to the session. SQLAlchemy: `with session.no_autoflush:`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let mut quiet = db.no_autoflush();
/// quiet.add(Tag::create().word("used"));
/// assert_eq!(Tag::query().count(&mut *quiet).await?, 2); // not flushed
/// drop(quiet);
/// assert_eq!(Tag::query().count(&mut db).await?, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NoAutoflush<'db> {
    session: &'db mut Session,
    before: bool,
}

impl Drop for NoAutoflush<'_> {
    fn drop(&mut self) {
        self.session.autoflush = self.before;
    }
}

macro_rules! deref {
    ($($guard:ident),*) => { $(
        impl Deref for $guard<'_> {
            type Target = Session;

            fn deref(&self) -> &Session {
                self.session
            }
        }

        impl DerefMut for $guard<'_> {
            fn deref_mut(&mut self) -> &mut Session {
                self.session
            }
        }
    )* };
}

deref!(Nested, NoAutoflush);
