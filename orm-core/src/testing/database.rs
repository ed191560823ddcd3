//! [`TestDb`]: what a test holds.

use super::clerk::{self, Origin};
use super::template::template;
use crate::error::{Error, Result};

/// A database of one's own on a real PostgreSQL, dropped when this value is.
///
/// The server is found or started by the first `TestDb` of the process: see the [module](super).
///
/// ```
/// use orm_core::testing::TestDb;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let db = TestDb::new().await?;
/// let (client, connection) = tokio_postgres::connect(db.url(), tokio_postgres::NoTls).await?;
/// tokio::spawn(connection);
/// client.batch_execute("create table users (id int primary key)").await?;
/// # Ok(())
/// # }
/// ```
///
/// Dropping it executes `DROP DATABASE .. WITH (FORCE)`, which ends the connections that are still open, and blocks until
/// that is done; it works in a test that panics, too. Keep it alive for as long as the database is used: in `let url =
/// TestDb::new().await?.url().to_owned();` it is dropped at the semicolon.
///
/// # Panics
///
/// Nothing here panics. When the database cannot be dropped, a line on standard error says so.
#[must_use = "the database is dropped together with this value"]
pub struct TestDb {
    name: String,
    url: String,
}

impl TestDb {
    /// An empty database. Sends `CREATE DATABASE`, on a connection that no engine has.
    ///
    /// ```
    /// use orm_core::testing::TestDb;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), orm_core::error::Error> {
    /// let (one, two) = (TestDb::new().await?, TestDb::new().await?);
    /// assert_ne!(one.name(), two.name());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no server and none can be started, the message lists what was looked for, where, and the ways out.
    /// When `DATABASE_URL` is set: if its server cannot be reached, or its role may not create databases.
    pub async fn new() -> Result<Self> {
        Self::make(Origin::Nothing).await
    }

    /// A clone of a template, which `setup` fills the first time that this process asks for `key`.
    ///
    /// To clone a database takes about as long as to make an empty one, however many tables it has. `setup` gets the URL
    /// of a new, empty database. It runs once in the process for each key: tests that ask for the same key meanwhile
    /// wait for it. If it fails, the next test that asks runs its own. The key is any text; tests that want the same
    /// tables and rows use the same one. A clone is one statement more, `CREATE DATABASE .. TEMPLATE`.
    ///
    /// ```
    /// use orm_core::error::Error;
    /// use orm_core::testing::TestDb;
    ///
    /// async fn shop() -> Result<TestDb, Error> {
    ///     TestDb::from_template("shop", async |url| {
    ///         let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    ///         let (client, connection) = connected.map_err(|error| Error::connection(error.to_string()))?;
    ///         tokio::spawn(connection);
    ///         let tables = "create table products (id int primary key, name text not null)";
    ///         client.batch_execute(tables).await.map_err(|error| Error::connection(error.to_string()))
    ///     })
    ///     .await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let (one, two) = (shop().await?, shop().await?); // the table was made once
    /// assert_ne!(one.name(), two.name());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// When `setup` returns, the connections that it left open are ended. It must not ask for a template of the same key,
    /// as it would wait for itself.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and those of `setup`.
    pub async fn from_template<S>(key: &str, setup: S) -> Result<Self>
    where
        S: AsyncFnOnce(&str) -> Result<()>,
    {
        let template = template(key, setup).await?;
        Self::make(Origin::Template(template)).await
    }

    /// Where to connect to, in the form `postgres://..`, or in the form that `DATABASE_URL` has.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), orm_core::error::Error> {
    /// let db = orm_core::testing::TestDb::new().await?;
    /// assert!(db.url().contains(db.name()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the database, unique on the server: `orm_test_`, the pid of this process, a random number, a count.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), orm_core::error::Error> {
    /// let db = orm_core::testing::TestDb::new().await?;
    /// assert!(db.name().starts_with("orm_test_"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn make(origin: Origin) -> Result<Self> {
        clerk::create(origin).await.map_err(Error::from)
    }

    /// Takes charge of a database that was just made.
    pub(super) fn made(name: String, url: String) -> Self {
        TestDb { name, url }
    }

    /// Gives up charge of the database: it stays.
    pub(super) fn into_name(mut self) -> String {
        // An empty name is what the destructor leaves alone.
        std::mem::take(&mut self.name)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            clerk::report(clerk::drop_database(std::mem::take(&mut self.name)));
        }
    }
}

/// Without the URL, which may have a password in it.
impl std::fmt::Debug for TestDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestDb")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
