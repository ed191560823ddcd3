//! [`TestDb`] and the ORM: a database with the tables of some models, and an engine on it.
//!
//! The one file here that knows more of the crate than its errors.

use std::any::{TypeId, type_name};
use std::sync::Arc;

use super::TestDb;
use crate::engine::{Engine, StatementLog};
use crate::error::Result;
use crate::schema::Models;

impl TestDb {
    /// A database that has the tables of these models.
    ///
    /// They are created once in the process, in a template, however many tests ask for the same list: after the first, a
    /// database is one statement, `CREATE DATABASE .. TEMPLATE`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::testing::TestDb;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[orm(table = "users")]
    /// struct User {
    ///     #[orm(primary_key)]
    ///     id: i32,
    ///     name: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// let test = TestDb::with_models::<(User,)>().await?;
    /// let engine = test.engine().await?;
    /// let mut db = engine.session();
    /// db.add(User::create().name("Ann"));
    /// db.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`TestDb::new`] and [`Engine::create_all`].
    pub async fn with_models<M: Models>() -> Result<Self> {
        // Two types may have one name, but not one id; the name is for those who look at the server.
        let key = format!("{} {:?}", type_name::<M>(), TypeId::of::<M>());
        let create = async |url: &str| Engine::connect(url).await?.create_all::<M>().await;
        // Boxed, so that the compiler's limit for futures within futures is left to the tests.
        Box::pin(Self::from_template(&key, create)).await
    }

    /// An engine on the database. One connection is open, others are opened as they are needed. Sends no statement.
    ///
    /// Dropping the `TestDb` ends the connections of all its engines, so the database has to be kept as long as they are
    /// used: two variables, as in the example of [`TestDb::with_models`]. Like every engine it belongs to the runtime of the
    /// test that made it.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let test = orm_core::testing::TestDb::with_models::<guide_shop::All>().await?;
    /// let engine = test.engine().await?;
    /// assert_eq!(User::query().count(&mut engine.session()).await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Engine::connect`].
    pub async fn engine(&self) -> Result<Engine> {
        Engine::connect(self.url()).await
    }

    /// An engine on the database, and the log of all that it sends from now on: for tests that say what an operation may send.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// let test = orm_core::testing::TestDb::new().await?;
    /// let (engine, log) = test.logged_engine().await?;
    /// engine.acquire().await?.execute("SELECT 1").await?;
    /// assert_eq!(log.take(), ["SELECT 1"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Engine::connect`].
    pub async fn logged_engine(&self) -> Result<(Engine, StatementLog)> {
        let log = StatementLog::new();
        let engine = Engine::builder(self.url())
            .observe(Arc::new(log.clone()))
            .connect()
            .await?;
        log.clear();
        Ok((engine, log))
    }
}
