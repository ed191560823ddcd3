//! `engine.inspect()`: what a database has, whoever made it.

use orm_core::testing::TestDb;
use orm_core::{Error, Result};
use tests::refused;

const DATABASE: &str = "
    CREATE SCHEMA other;
    CREATE TYPE mood AS ENUM ('calm');
    CREATE TABLE plain (
        id bigint GENERATED ALWAYS AS IDENTITY,
        part smallint,
        name varchar(20) NOT NULL DEFAULT 'none',
        moods mood[],
        gone int,
        twice int GENERATED ALWAYS AS (part * 2) STORED,
        PRIMARY KEY (id, part)
    );
    ALTER TABLE plain DROP COLUMN gone;
    CREATE TABLE split (at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE split_2024 PARTITION OF split FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE other.\"Elsewhere\" (a int);
    CREATE VIEW seen AS SELECT id FROM plain;
    CREATE MATERIALIZED VIEW kept AS SELECT id FROM plain;
    CREATE INDEX an_index ON plain (name);
";

#[tokio::test]
async fn tables_views_and_schemas() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.acquire().await?.execute_script(DATABASE).await?;
    let mut inspector = engine.inspect().await?;
    assert_eq!(inspector.schema_names().await?, ["other", "public"]);
    assert_eq!(inspector.table_names(None).await?, ["plain", "split"]);
    assert_eq!(inspector.table_names(Some("other")).await?, ["Elsewhere"]);
    assert_eq!(inspector.table_names(Some("nowhere")).await?, [""; 0]);
    assert_eq!(inspector.view_names(None).await?, ["kept", "seen"]);
    assert!(inspector.has_table("plain", None).await?);
    assert!(inspector.has_table("seen", None).await?);
    assert!(inspector.has_table("Elsewhere", Some("other")).await?);
    assert!(!inspector.has_table("Elsewhere", None).await?);
    assert!(!inspector.has_table("an_index", None).await?);
    Ok(())
}

#[tokio::test]
async fn columns_of_a_table() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.acquire().await?.execute_script(DATABASE).await?;
    let columns = engine.inspect().await?.columns("plain", None).await?;
    let lines: Vec<String> = columns
        .iter()
        .map(|column| {
            let default = column.default.as_deref().unwrap_or("-");
            format!(
                "{} {} null={} identity={} key={} {default}",
                column.name, column.sql_type, column.nullable, column.identity, column.primary_key
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "id bigint null=false identity=true key=true -",
            "part smallint null=false identity=false key=true -",
            "name character varying(20) null=false identity=false key=false 'none'::character varying",
            "moods mood[] null=true identity=false key=false -",
            "twice integer null=true identity=false key=false (part * 2)",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_table_that_is_not_there_is_not_found() -> Result<()> {
    let db = TestDb::new().await?;
    let mut inspector = db.engine().await?.inspect().await?;
    let error = refused(inspector.columns("nothing", Some("other")).await);
    assert!(matches!(error, Error::NotFound { .. }));
    assert_eq!(
        error.to_string(),
        "no row found: a table called 'nothing' in the schema 'other'"
    );
    Ok(())
}
