//! Names: of tables, columns and labels that need quotes or are too long, and of constraints and indexes.

use orm_core::schema::schema_sql;
use orm_core::testing::TestDb;
use orm_core::{DbEnum, Model, Result};

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "Größe", schema = "Mein \"Laden\"")]
enum Size {
    #[orm(rename = "-- ';")]
    None,
    #[orm(rename = "a\\b'c\"d")]
    Odd,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "user",
    schema = "Mein \"Laden\"",
    unique(order, from),
    index(from),
    check(r#""order" <> 'x;y'"#)
)]
struct User {
    #[orm(primary_key, column = "Id")]
    id: i32,
    #[orm(unique)]
    order: String,
    #[orm(column = "größe; DROP TABLE \"user\"; --")]
    from: Size,
    #[orm(column = "select", server_default = r#"'{"a\b", c''d}'"#)]
    sizes: Vec<String>,
    #[orm(column = "table", belongs_to(parent: Self))]
    parent_id: Option<i32>,
}

#[tokio::test]
async fn names_of_all_kinds_are_quoted() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.create_all::<User>().await?;
    engine.create_all::<User>().await?;
    let schema = Some("Mein \"Laden\"");
    let mut inspector = engine.inspect().await?;
    let columns = inspector.columns("user", schema).await?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Id",
            "order",
            "größe; DROP TABLE \"user\"; --",
            "select",
            "table"
        ]
    );
    assert_eq!(columns[2].sql_type, "\"Mein \"\"Laden\"\"\".\"Größe\"");

    let mut conn = engine.acquire().await?;
    let insert = "INSERT INTO \"Mein \"\"Laden\"\"\".\"user\" (\"order\", \"größe; DROP TABLE \"\"user\"\"; --\") VALUES ('', '-- '';')";
    conn.execute(insert).await?;
    let user: User = conn
        .fetch_one("SELECT * FROM \"Mein \"\"Laden\"\"\".\"user\"")
        .await?;
    assert_eq!(user.from, Size::None);
    engine.drop_all::<User>().await?;
    assert_eq!(inspector.table_names(schema).await?, [""; 0]);
    Ok(())
}

/// Names of 60 to 63 bytes, so that those of the constraints are longer than 63, with an `é` wherever one may be cut.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "événéménts_énrégistrés_à_l_été_dé_la_soiréé_ééé")]
#[orm(unique(long, parent_id), index(long, parent_id), check("true"))]
struct Long {
    #[orm(primary_key)]
    id: i32,
    #[orm(
        unique,
        index,
        column = "lé_nom_complét_dé_la_pérsonné_énrégistréé_à_la_éé"
    )]
    long: String,
    #[orm(column = "lé_nom_complét_dé_la_pérsonné_énrégistréé_à_l_é", belongs_to(parent: Self))]
    parent_id: Option<i32>,
}

#[tokio::test]
async fn names_that_are_too_long_are_cut_as_the_server_cuts_them() -> Result<()> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    engine.create_all::<Long>().await?;
    let mut conn = engine.acquire().await?;
    let ours = names_in(&mut conn).await?;
    assert!(ours.iter().all(|name| name.len() <= 63), "{ours:?}");

    // The same table without names: the server chooses.
    engine.drop_all::<Long>().await?;
    let unnamed = schema_sql::<Long>();
    let mut script = String::new();
    for line in unnamed.lines() {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let named = match words.as_slice() {
            ["CONSTRAINT", name, ..] => format!("CONSTRAINT {name} "),
            ["CREATE", "INDEX", name, ..] => format!("{name} "),
            _ => String::new(),
        };
        script.push_str(&line.replacen(&named, "", 1));
        script.push('\n');
    }
    assert!(!script.contains("CONSTRAINT"));
    conn.execute_script(&script).await?;
    assert_eq!(names_in(&mut conn).await?, ours);
    Ok(())
}

async fn names_in(conn: &mut orm_core::engine::Connection) -> Result<Vec<String>> {
    let names: Vec<(String,)> = conn
        .fetch_all(
            "SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
             UNION
             SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'i'
             ORDER BY 1",
        )
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "a", unique(b, c), check("b > 0"), check("c > 0"))]
#[orm(belongs_to(one: Target, columns(b)), belongs_to(two: Target, columns(b)))]
struct A {
    #[orm(primary_key)]
    id: i32,
    b: i32,
    c: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "a_b")]
struct AB {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    c: i32,
}

/// A table that has the name that an index would have.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "a_pkey")]
struct Target {
    #[orm(primary_key)]
    id: i32,
}

#[tokio::test]
async fn names_that_are_taken_get_a_number() -> Result<()> {
    let script = schema_sql::<(AB, A, Target)>();
    for named in [
        "CONSTRAINT a_b_c_key UNIQUE (b, c)",
        "CONSTRAINT a_b_c_key1 UNIQUE (c)",
        "CONSTRAINT a_check CHECK (b > 0)",
        "CONSTRAINT a_check1 CHECK (c > 0)",
        "CONSTRAINT a_b_fkey FOREIGN KEY (b)",
        "CONSTRAINT a_b_fkey1 FOREIGN KEY (b)",
    ] {
        assert!(script.contains(named), "{named} is not in\n{script}");
    }
    let db = TestDb::new().await?;
    db.engine().await?.create_all::<(AB, A, Target)>().await
}
