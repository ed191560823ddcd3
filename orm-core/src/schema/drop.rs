//! `drop_all`: drops the tables that are there and the enum types that nothing else uses, in one transaction.

use super::catalogue::Catalogue;
use super::create::{lock, see_commits};
use super::enums::EnumType;
use super::script::{Order, Parts};
use super::{Models, Registry, SchemaFuture, table_sql};
use crate::engine::{Connection, Engine, sql};
use crate::error::{Error, Result};

/// Foreign keys of tables that stay, to tables that go. Those of partitions are their parents'.
const STILL_REFERRED_TO: &str = "\
SELECT conrelid::regclass::text, conname::text, confrelid::regclass::text
FROM pg_catalog.pg_constraint, (
    SELECT array_agg(to_regclass(name)::oid) AS ids FROM unnest(:tables::text[]) AS one (name)
) AS gone
WHERE contype = 'f' AND conparentid = 0 AND confrelid = ANY (ids) AND NOT conrelid = ANY (ids)
ORDER BY 1, 2
LIMIT 1";

/// Enum types that nothing uses. What uses a type depends on it or on its array; the array's own tie is internal ('i').
const UNUSED: &str = "\
SELECT wanted.at
FROM unnest(:types::text[]) WITH ORDINALITY AS wanted (name, at)
JOIN pg_catalog.pg_type AS type ON type.oid = to_regtype(wanted.name) AND typtype = 'e'
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend
    WHERE refclassid = 'pg_catalog.pg_type'::regclass AND refobjid IN (type.oid, typarray) AND deptype <> 'i'
)
ORDER BY wanted.at";

impl Engine {
    /// Drops the tables of these models, and the enum types that nothing else uses then. SQLAlchemy:
    /// `Base.metadata.drop_all(engine)`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")] struct User { #[orm(primary_key)] id: i32 }
    /// # #[derive(Model, Clone)] #[orm(table = "posts")] struct Post { #[orm(primary_key)] id: i32 }
    /// # let db = orm_core::testing::TestDb::new().await?;
    /// # let engine = db.engine().await?;
    /// engine.create_all::<(User, Post)>().await?;
    /// engine.drop_all::<(User, Post)>().await?;
    /// engine.drop_all::<(User, Post)>().await?; // nothing is there, nothing happens
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// Only what is there is dropped: SQLAlchemy's `checkfirst=True`. All tables go in a single `DROP TABLE`, in which they
    /// may refer to one another as they like; nothing goes by CASCADE. A view in a table's place stays. So do schemas, which
    /// others may use, and which may have been made by someone else with privileges of their own.
    ///
    /// Statements: BEGIN, `SET TRANSACTION ISOLATION LEVEL READ COMMITTED`, the lock of [`Engine::create_all`], up to three
    /// looks into the catalogue, `DROP TABLE`, one `DROP TYPE`, COMMIT.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a table that stays has a foreign key to one that goes;
    /// [`Error::Query`] when the server refuses: something else depends on a table (a view), or a missing privilege; and
    /// those of [`Engine::acquire`]. Nothing has been dropped then.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn drop_all<M: Models>(&self) -> SchemaFuture<'_> {
        let connection = self.acquire();
        SchemaFuture::new(async move { drop(&mut connection.await?, &Registry::of::<M>()).await })
    }

    /// [`drop_all`](Engine::drop_all) for the models of a registry, with the same statements. SQLAlchemy:
    /// `metadata.drop_all(engine)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::schema::Registry;
    ///
    /// engine.drop_tables(&Registry::of::<guide_shop::All>()).await?;
    /// assert!(engine.inspect().await?.table_names(None).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`drop_all`](Engine::drop_all).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn drop_tables<'a>(&'a self, registry: &'a Registry) -> SchemaFuture<'a> {
        let connection = self.acquire();
        SchemaFuture::new(async move { drop(&mut connection.await?, registry).await })
    }
}

impl Connection {
    /// [`Engine::drop_all`] on this connection, with the same statements; in a transaction as a part of it, without BEGIN
    /// and COMMIT. SQLAlchemy: `metadata.drop_all(connection)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let mut conn = engine.acquire().await?;
    /// let mut transaction = conn.begin().await?;
    /// transaction.drop_all::<guide_shop::All>().await?;
    /// transaction.rollback().await?; // the tables are there again, with their rows
    /// assert_eq!(Tag::query().count(&mut db).await?, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Engine::drop_all`].
    pub fn drop_all<M: Models>(&mut self) -> SchemaFuture<'_> {
        SchemaFuture::new(async move { drop(self, &Registry::of::<M>()).await })
    }

    /// [`Engine::drop_tables`] on this connection, with the same statements; in a transaction as a part of it, without BEGIN
    /// and COMMIT. SQLAlchemy: `metadata.drop_all(connection)`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::schema::Registry;
    ///
    /// let registry = Registry::of::<guide_shop::All>();
    /// engine.acquire().await?.drop_tables(&registry).await?;
    /// assert!(engine.inspect().await?.table_names(None).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Engine::drop_all`].
    pub fn drop_tables<'a>(&'a mut self, registry: &'a Registry) -> SchemaFuture<'a> {
        SchemaFuture::new(drop(self, registry))
    }
}

async fn drop(connection: &mut Connection, registry: &Registry) -> Result<()> {
    if registry.tables().is_empty() {
        return Ok(());
    }
    let parts = Parts::of(registry.tables());
    if connection.in_transaction() {
        return drop_here(connection, &parts).await;
    }
    let mut transaction = connection.begin().await?;
    see_commits(&mut transaction).await?;
    drop_here(&mut transaction, &parts).await?;
    transaction.commit().await
}

async fn drop_here(connection: &mut Connection, parts: &Parts) -> Result<()> {
    lock(connection).await?;
    let found = Catalogue::look_up(connection, parts, &[]).await?;
    let tables = Order::of(&parts.tables).tables.into_iter().rev();
    let tables = tables.filter(|table| found.has_as_table(table));
    let mut names: Vec<String> = tables.map(table_sql::table_name).collect();
    // Two models of one table name it twice.
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    if !names.is_empty() {
        check_referrers(connection, &names).await?;
        let statement = format!("DROP TABLE {}", names.join(", "));
        connection.link().batch(&statement).await?;
    }
    drop_enums(connection, &parts.enums).await
}

/// The server would refuse too, and name the table only in its error's detail.
async fn check_referrers(connection: &mut Connection, names: &[String]) -> Result<()> {
    let query = sql(STILL_REFERRED_TO).bind("tables", names.to_vec());
    let referrer: Option<(String, String, String)> = connection.fetch_optional(query).await?;
    let Some((table, constraint, target)) = referrer else {
        return Ok(());
    };
    Err(Error::invalid(format!(
        "the table `{target}` cannot be dropped, because `{table}` refers to it with the foreign key `{constraint}`: add the \
         model of `{table}` to the list, or drop that table or constraint first"
    )))
}

async fn drop_enums(connection: &mut Connection, enums: &[EnumType]) -> Result<()> {
    if enums.is_empty() {
        return Ok(());
    }
    let types: Vec<String> = enums.iter().map(|one| one.sql_name()).collect();
    let unused: Vec<(i64,)> = connection
        .fetch_all(sql(UNUSED).bind("types", types.clone()))
        .await?;
    let unused: Vec<&str> = unused
        .iter()
        .filter_map(|(at,)| types.get(usize::try_from(*at).ok()?.checked_sub(1)?))
        .map(String::as_str)
        .collect();
    if unused.is_empty() {
        return Ok(());
    }
    connection
        .link()
        .batch(&format!("DROP TYPE {}", unused.join(", ")))
        .await
}
