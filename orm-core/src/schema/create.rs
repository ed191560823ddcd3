//! `create_all`: looks what is there, and creates what is missing, in one transaction.

use super::catalogue::Catalogue;
use super::script::{self, Parts};
use super::{Models, Registry, SchemaFuture, advice, names};
use crate::engine::{Connection, Engine};
use crate::error::{Error, Result};
use crate::model::Table;

/// The number of the advisory lock that whoever changes the schema holds until the end of the transaction.
const LOCK: i64 = i64::from_be_bytes(*b"orm_core");

impl Engine {
    /// Creates the tables of these models that are not there yet, with all that they need: schemas, enum types, indexes,
    /// foreign keys. SQLAlchemy: `Base.metadata.create_all(engine)`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// use orm_core::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[orm(table = "categories")]
    /// struct Category {
    ///     #[orm(primary_key)]
    ///     id: i32,
    ///     #[orm(length = 100, unique)]
    ///     name: String,
    /// }
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[orm(table = "products")]
    /// struct Product {
    ///     #[orm(primary_key)]
    ///     id: i32,
    ///     #[orm(belongs_to(category: Category))]
    ///     category_id: Option<i32>,
    /// }
    ///
    /// # let db = orm_core::testing::TestDb::new().await?;
    /// # let engine = db.engine().await?;
    /// engine.create_all::<(Product, Category)>().await?;
    /// engine.create_all::<(Product, Category)>().await?; // nothing is missing, nothing happens
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// The order of the list does not matter: tables that are referred to are created first, and where tables refer to one
    /// another in a ring, the foreign key that closes it is added last. A table that a foreign key leads to may also stand
    /// outside of the list, if it is in the database.
    ///
    /// What is there is left as it is, as with SQLAlchemy's `checkfirst=True`: a table is looked for by its name alone (one
    /// without a schema along the search path), and one that lacks a column is not altered. Changing a schema with data in
    /// it is the work of migrations. Only the labels of enum types are compared, because a missing one shows late, with the
    /// first row that has it.
    ///
    /// Everything happens in one transaction, so that a failure leaves nothing behind, and under an advisory lock, so that
    /// several processes may start at once. Statements: BEGIN, `SET TRANSACTION ISOLATION LEVEL READ COMMITTED` (each
    /// statement has to see what others committed while the lock was waited for), the lock, one look into the catalogue,
    /// one for each thing that is missing, COMMIT.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a foreign key leads to a table that is neither in the list nor in the database, when an enum
    /// type in the database lacks a label of the Rust enum, when two models have one table;
    /// [`Error::Query`] when the server refuses a statement: a wrong `check(..)`, `server_default` or `sql_type`, a missing
    /// extension, a missing privilege; and those of [`Engine::acquire`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn create_all<M: Models>(&self) -> SchemaFuture<'_> {
        let connection = self.acquire();
        SchemaFuture::new(async move { create(&mut connection.await?, &Registry::of::<M>()).await })
    }

    /// [`create_all`](Engine::create_all) for the models of a registry, with the same statements. SQLAlchemy:
    /// `metadata.create_all(engine)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::schema::Registry;
    ///
    /// let test = orm_core::testing::TestDb::new().await?;
    /// let engine = test.engine().await?;
    /// engine.create_tables(&Registry::of::<(User, Profile)>()).await?;
    /// assert_eq!(engine.inspect().await?.table_names(None).await?, ["profiles", "users"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`create_all`](Engine::create_all).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn create_tables<'a>(&'a self, registry: &'a Registry) -> SchemaFuture<'a> {
        let connection = self.acquire();
        SchemaFuture::new(async move { create(&mut connection.await?, registry).await })
    }
}

impl Connection {
    /// [`Engine::create_all`] on this connection, with the same statements. SQLAlchemy: `metadata.create_all(connection)`.
    ///
    /// In a transaction it is part of that, sends neither BEGIN nor COMMIT, and is undone with it:
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")] struct User { #[orm(primary_key)] id: i32 }
    /// # let db = orm_core::testing::TestDb::new().await?;
    /// # let engine = db.engine().await?;
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// transaction.create_all::<(User,)>().await?;
    /// transaction.rollback().await?; // no table
    /// # assert!(!engine.inspect().await?.has_table("users", None).await?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// The isolation level is the transaction's own then. At REPEATABLE READ or SERIALIZABLE it may not see what another
    /// process has created meanwhile, and fails.
    ///
    /// # Errors
    /// Those of [`Engine::create_all`].
    pub fn create_all<M: Models>(&mut self) -> SchemaFuture<'_> {
        SchemaFuture::new(async move { create(self, &Registry::of::<M>()).await })
    }

    /// [`Engine::create_tables`] on this connection, with the same statements; in a transaction as a part of it, as
    /// [`create_all`](Connection::create_all). SQLAlchemy: `metadata.create_all(connection)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::schema::Registry;
    ///
    /// let test = orm_core::testing::TestDb::new().await?;
    /// let mut conn = test.engine().await?.acquire().await?;
    /// conn.create_tables(&Registry::of::<(User, Profile)>()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Engine::create_all`].
    pub fn create_tables<'a>(&'a mut self, registry: &'a Registry) -> SchemaFuture<'a> {
        SchemaFuture::new(create(self, registry))
    }
}

async fn create(connection: &mut Connection, registry: &Registry) -> Result<()> {
    registry.check()?;
    if registry.tables().is_empty() {
        return Ok(());
    }
    if connection.in_transaction() {
        return create_here(connection, registry.tables()).await;
    }
    let mut transaction = connection.begin().await?;
    see_commits(&mut transaction).await?;
    create_here(&mut transaction, registry.tables()).await?;
    transaction.commit().await
}

async fn create_here(connection: &mut Connection, tables: &[&'static Table]) -> Result<()> {
    lock(connection).await?;
    let parts = Parts::of(tables);
    let others = outside(tables);
    let found = Catalogue::look_up(connection, &parts, &others).await?;
    let missing = found.missing(&parts)?;
    check_targets(tables, &missing, &found)?;
    let script = script::script(&missing, &names::names(tables));
    for statement in script.statements() {
        let answer = connection.link().batch(statement).await;
        answer.map_err(advice::on_create)?;
    }
    Ok(())
}

/// Makes the transaction that is about to begin see, with each statement, what others have committed by then. A database
/// may have another level as its default.
pub(super) async fn see_commits(connection: &mut Connection) -> Result<()> {
    connection
        .execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        .await?;
    Ok(())
}

/// Waits until nobody else changes the schema.
pub(super) async fn lock(connection: &mut Connection) -> Result<()> {
    connection
        .execute(format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    Ok(())
}

/// The tables that foreign keys lead to and that are not in the list, each once.
fn outside(tables: &[&'static Table]) -> Vec<&'static Table> {
    let mut others = Registry::new();
    for table in tables {
        for (relation, _) in names::foreign_keys(table) {
            if !tables.iter().any(|table| table.id() == relation.to.id()) {
                others.push(relation.to);
            }
        }
    }
    others.tables().to_vec()
}

/// Whether the tables that the missing ones refer to will be there.
fn check_targets(tables: &[&'static Table], missing: &Parts, found: &Catalogue) -> Result<()> {
    for table in &missing.tables {
        for (relation, _) in names::foreign_keys(table) {
            let listed = tables.iter().any(|table| table.id() == relation.to.id());
            if !listed && !found.has(relation.to) {
                return Err(Error::invalid(format!(
                    "`{}` needs the table `{}` of the model `{}`, which is neither in the database nor in the list: add `{}` \
                     to the list of models",
                    relation.path(),
                    relation.to.name,
                    relation.to.model,
                    relation.to.model
                )));
            }
        }
    }
    Ok(())
}
