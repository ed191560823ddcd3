//! `drop_all`: everything goes that came with the models, and nothing else does.

use orm_core::engine::Connection;
use orm_core::testing::TestDb;
use orm_core::{DbEnum, Model, Result};
use tests::refused;

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Red,
    Green,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "chickens",
    index(name),
    unique(name, egg_id),
    check("name <> ''")
)]
struct Chicken {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(belongs_to(egg: Egg))]
    egg_id: Option<i32>,
    colour: Colour,
    colours: Vec<Colour>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "eggs", schema = "coop")]
struct Egg {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(chicken: Chicken))]
    chicken_id: Option<i32>,
    #[orm(belongs_to(twin: Self))]
    twin_id: Option<i32>,
}

/// All relations and types outside of PostgreSQL's own schemas.
async fn leftovers(conn: &mut Connection) -> Result<Vec<String>> {
    let names: Vec<(String,)> = conn
        .fetch_all(
            "SELECT relname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
             WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
             UNION ALL
             SELECT typname::text FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace
             WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
             ORDER BY 1",
        )
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

#[tokio::test]
async fn nothing_is_left() -> Result<()> {
    let db = TestDb::new().await?;
    let (engine, log) = db.logged_engine().await?;
    engine.create_all::<(Chicken, Egg)>().await?;
    let mut conn = engine.acquire().await?;
    assert!(leftovers(&mut conn).await?.len() > 6);
    log.clear();
    engine.drop_all::<(Chicken, Egg)>().await?;
    let dropped: Vec<String> = log
        .take()
        .into_iter()
        .filter(|sql| sql.starts_with("DROP"))
        .collect();
    assert_eq!(
        dropped,
        ["DROP TABLE coop.eggs, chickens", "DROP TYPE colour"]
    );
    assert_eq!(leftovers(&mut conn).await?, [""; 0]);
    // The schema stays: others may use it.
    assert_eq!(
        engine.inspect().await?.schema_names().await?,
        ["coop", "public"]
    );
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_no_mistake() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.drop_all::<(Chicken, Egg)>().await?;
    engine.create_all::<(Chicken, Egg)>().await?;
    let mut conn = engine.acquire().await?;
    conn.execute("DROP TABLE coop.eggs CASCADE").await?;
    engine.drop_all::<(Chicken, Egg)>().await?;
    assert_eq!(leftovers(&mut conn).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn an_enum_type_that_is_used_elsewhere_stays() -> Result<()> {
    for user in [
        "CREATE TABLE other (colour colour)",
        "CREATE TABLE other (colours colour[])",
    ] {
        let db = TestDb::new().await?;
        let engine = db.engine().await?;
        engine.create_all::<(Chicken, Egg)>().await?;
        let mut conn = engine.acquire().await?;
        conn.execute(user).await?;
        engine.drop_all::<(Chicken, Egg)>().await?;
        assert!(
            leftovers(&mut conn).await?.contains(&"colour".to_owned()),
            "{user}"
        );
        conn.execute("DROP TABLE other").await?;
        engine.drop_all::<(Chicken, Egg)>().await?;
        assert_eq!(leftovers(&mut conn).await?, [""; 0]);
    }
    Ok(())
}

#[tokio::test]
async fn a_table_that_still_refers_to_them_is_named() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.create_all::<(Chicken, Egg)>().await?;
    assert_eq!(
        refused(engine.drop_all::<Egg>().await).to_string(),
        "the table `coop.eggs` cannot be dropped, because `chickens` refers to it with the foreign key \
         `chickens_egg_id_fkey`: add the model of `chickens` to the list, or drop that table or constraint first"
    );
    let mut conn = engine.acquire().await?;
    conn.execute("CREATE VIEW red AS SELECT * FROM chickens")
        .await?;
    let error = refused(engine.drop_all::<(Chicken, Egg)>().await).to_string();
    assert!(error.contains("DROP TABLE coop.eggs, chickens"), "{error}");
    // The connection and the tables are as they were.
    assert_eq!(
        engine.inspect().await?.table_names(None).await?,
        ["chickens"]
    );
    conn.execute("DROP VIEW red").await?;
    engine.drop_all::<(Chicken, Egg)>().await
}
