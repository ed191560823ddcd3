//! [`Inspector`]: what schemas, tables and columns a database has. SQLAlchemy: `inspect(engine)`.

use super::table_sql::literal;
use crate::engine::{Connection, Engine, sql};
use crate::error::{Error, Result};

/// Tells what a database has, whoever made it. SQLAlchemy: `Inspector`. [`Engine::inspect`] gives one.
///
/// Names are given as they stand in the catalogue, without quotes; `None` for the schema is the one in which a table would
/// be created now, which is `public` if nothing else was set. Nothing is remembered: each call is a statement.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let mut inspector = engine.inspect().await?;
/// assert!(inspector.has_table("products", None).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Inspector {
    connection: Connection,
}

/// A column of a table in the database. SQLAlchemy: an entry of `Inspector.get_columns`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let columns = engine.inspect().await?.columns("products", None).await?;
/// let stock = columns.iter().find(|column| column.name == "stock").expect("it is there");
/// assert_eq!((stock.sql_type.as_str(), stock.nullable, stock.identity), ("integer", false, false));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InspectedColumn {
    /// The name.
    pub name: String,
    /// The type, as SQL: `integer`, `character varying(100)`, `order_status[]`.
    pub sql_type: String,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// The DEFAULT, as the server prints it, or what a generated column is computed from.
    pub default: Option<String>,
    /// Whether the server makes its value: an identity column.
    pub identity: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
}

const SCHEMAS: &str = r"
SELECT nspname::text FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY 1";

const TABLES: &str = "\
SELECT relname::text FROM pg_catalog.pg_class
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = relnamespace
WHERE nspname = coalesce(:schema::text, current_schema()) AND relkind = ANY (:kinds::text[]) AND NOT relispartition
ORDER BY 1";

const COLUMNS: &str = "\
SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull, pg_get_expr(adbin, adrelid),
    attidentity::text <> '', coalesce(attnum = ANY (conkey), false)
FROM pg_catalog.pg_attribute
JOIN pg_catalog.pg_class AS class ON class.oid = attrelid
JOIN pg_catalog.pg_namespace AS schema ON schema.oid = relnamespace
LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
LEFT JOIN pg_catalog.pg_constraint ON conrelid = attrelid AND contype = 'p'
WHERE nspname = coalesce(:schema::text, current_schema()) AND relname = :table::text
    AND relkind IN ('r', 'p', 'f', 'v', 'm') AND attnum > 0 AND NOT attisdropped
ORDER BY attnum";

impl Engine {
    /// What there is in the database. SQLAlchemy: `inspect(engine)`.
    ///
    /// Borrows a connection for as long as the inspector lives; sends nothing by itself.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> orm_core::Result<()> {
    /// use orm_core::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[orm(table = "users")]
    /// struct User {
    ///     #[orm(primary_key)]
    ///     id: i32,
    ///     #[orm(length = 100)]
    ///     name: Option<String>,
    /// }
    ///
    /// # let db = orm_core::testing::TestDb::new().await?;
    /// # let engine = db.engine().await?;
    /// engine.create_all::<User>().await?;
    ///
    /// let mut inspector = engine.inspect().await?;
    /// assert_eq!(inspector.table_names(None).await?, ["users"]);
    /// let columns = inspector.columns("users", None).await?;
    /// assert!(columns[0].primary_key && columns[0].identity);
    /// assert_eq!(columns[1].sql_type, "character varying(100)");
    /// assert!(columns[1].nullable);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`Engine::acquire`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn inspect(&self) -> impl Future<Output = Result<Inspector>> + Send {
        let connection = self.acquire();
        async move {
            Ok(Inspector {
                connection: connection.await?,
            })
        }
    }
}

impl Inspector {
    /// The schemas, without PostgreSQL's own, sorted. SQLAlchemy: `get_schema_names`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert_eq!(engine.inspect().await?.schema_names().await?, ["public"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_all`], as with all methods here.
    pub async fn schema_names(&mut self) -> Result<Vec<String>> {
        let names: Vec<(String,)> = self.connection.fetch_all(SCHEMAS).await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// The tables of a schema, without views, sorted. SQLAlchemy: `get_table_names`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let names = engine.inspect().await?.table_names(None).await?;
    /// assert!(names.contains(&"product_tags".to_owned())); // link tables too
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_all`].
    pub async fn table_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.relations(schema, &["r", "p", "f"]).await
    }

    /// The views of a schema, materialized or not, sorted. SQLAlchemy: `get_view_names`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// shop.elsewhere("CREATE VIEW cheap AS SELECT * FROM products WHERE price < 5000").await?;
    /// assert_eq!(engine.inspect().await?.view_names(None).await?, ["cheap"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_all`].
    pub async fn view_names(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.relations(schema, &["v", "m"]).await
    }

    /// Whether there is a table or view of this name. SQLAlchemy: `has_table`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// assert!(engine.inspect().await?.has_table("products", Some("public")).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`Connection::fetch_all`].
    pub async fn has_table(&mut self, table: &str, schema: Option<&str>) -> Result<bool> {
        Ok(self
            .relations(schema, &["r", "p", "f", "v", "m"])
            .await?
            .iter()
            .any(|name| name == table))
    }

    /// The columns of a table or view, in their order. SQLAlchemy: `get_columns`. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let columns = engine.inspect().await?.columns("tags", None).await?;
    /// let word = &columns[1];
    /// assert_eq!((word.name.as_str(), word.sql_type.as_str(), word.nullable), ("word", "text", false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such table, and those of [`Connection::fetch_all`].
    pub async fn columns(
        &mut self,
        table: &str,
        schema: Option<&str>,
    ) -> Result<Vec<InspectedColumn>> {
        type Columns = Vec<(String, String, bool, Option<String>, bool, bool)>;
        let query = sql(COLUMNS)
            .bind("schema", schema.map(str::to_owned))
            .bind("table", table);
        let columns: Columns = self.connection.fetch_all(query).await?;
        if columns.is_empty() {
            let schema = schema.map_or_else(String::new, |schema| {
                format!(" in the schema {}", literal(schema))
            });
            return Err(Error::NotFound {
                what: format!("a table called {}{schema}", literal(table)),
            });
        }
        let inspected =
            |(name, sql_type, nullable, default, identity, primary_key)| InspectedColumn {
                name,
                sql_type,
                nullable,
                default,
                identity,
                primary_key,
            };
        Ok(columns.into_iter().map(inspected).collect())
    }

    async fn relations(&mut self, schema: Option<&str>, kinds: &[&str]) -> Result<Vec<String>> {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        let query = sql(TABLES)
            .bind("schema", schema.map(str::to_owned))
            .bind("kinds", kinds);
        let names: Vec<(String,)> = self.connection.fetch_all(query).await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }
}
