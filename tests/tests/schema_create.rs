//! `create_all`: what is created, what is left alone, and in which order.

use orm_core::engine::Connection;
use orm_core::schema::Registry;
use orm_core::testing::TestDb;
use orm_core::{DbEnum, Engine, Model, Result};

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "authors", has_many(books: Book, via = author))]
struct Author {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "books")]
struct Book {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(author: Author))]
    author_id: i32,
}

/// Three tables in a ring, and one that refers to itself.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "departments")]
struct Department {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(head: Employee))]
    head_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "employees", has_many(reports: Employee, via = manager))]
struct Employee {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(manager: Self))]
    manager_id: Option<i32>,
    #[orm(belongs_to(office: Office))]
    office_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "offices")]
struct Office {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(department: Department))]
    department_id: i32,
}

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "mood")]
enum Mood {
    Calm,
    Cheerful,
    #[orm(rename = "it's complicated")]
    Complicated,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "diary")]
struct Entry {
    #[orm(primary_key)]
    id: i32,
    mood: Mood,
    moods: Vec<Mood>,
}

async fn fresh() -> Result<(TestDb, Engine)> {
    let db = TestDb::new().await?;
    let engine = db.engine().await?;
    Ok((db, engine))
}

async fn tables(engine: &Engine) -> Result<Vec<String>> {
    engine.inspect().await?.table_names(None).await
}

async fn foreign_keys(conn: &mut Connection) -> Result<Vec<String>> {
    let names: Vec<(String,)> = conn
        .fetch_all("SELECT conname::text FROM pg_constraint WHERE contype = 'f' ORDER BY 1")
        .await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

#[tokio::test]
async fn what_is_sent_is_one_look_and_what_is_missing() -> Result<()> {
    let db = TestDb::new().await?;
    let (engine, log) = db.logged_engine().await?;
    engine.create_all::<(Book, Author)>().await?;
    let sent = log.take();
    let first_lines: Vec<&str> = sent.iter().map(|sql| sql.lines().next().unwrap()).collect();
    assert_eq!(
        first_lines,
        [
            "BEGIN",
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SELECT pg_advisory_xact_lock(8030601342012584549)",
            "SELECT 'schema' AS part, wanted.at, '' AS kind, '{}'::text[] AS labels",
            "CREATE TABLE authors (",
            "CREATE TABLE books (",
            "COMMIT",
        ]
    );
    // The second time there is nothing to do.
    engine.create_all::<(Book, Author)>().await?;
    let again = log.take();
    assert_eq!(again[..4], sent[..4]);
    assert_eq!(again[4..], ["COMMIT"]);
    engine.create_tables(&Registry::new()).await?;
    assert_eq!(log.count(), 0);
    Ok(())
}

#[tokio::test]
async fn only_what_is_missing_is_created() -> Result<()> {
    let (_db, engine) = fresh().await?;
    let mut conn = engine.acquire().await?;
    conn.execute_script("CREATE TABLE authors (id int PRIMARY KEY, only_here text); INSERT INTO authors VALUES (1, 'x')")
        .await?;
    engine.create_all::<(Book, Author)>().await?;
    assert_eq!(tables(&engine).await?, ["authors", "books"]);
    let kept: String = conn.fetch_scalar("SELECT only_here FROM authors").await?;
    assert_eq!(kept, "x");
    assert_eq!(foreign_keys(&mut conn).await?, ["books_author_id_fkey"]);
    Ok(())
}

#[tokio::test]
async fn a_view_counts_as_the_table_it_stands_for() -> Result<()> {
    let (_db, engine) = fresh().await?;
    engine
        .acquire()
        .await?
        .execute("CREATE VIEW authors AS SELECT 1 AS id, 'Ann' AS name")
        .await?;
    engine.create_all::<Author>().await?;
    assert_eq!(tables(&engine).await?, [""; 0]);
    engine.drop_all::<Author>().await?;
    assert_eq!(engine.inspect().await?.view_names(None).await?, ["authors"]);
    Ok(())
}

#[tokio::test]
async fn a_single_model_is_a_list_too() -> Result<()> {
    let (_db, engine) = fresh().await?;
    engine.create_all::<Author>().await?;
    engine.create_all::<(Book,)>().await?;
    assert_eq!(tables(&engine).await?, ["authors", "books"]);
    Ok(())
}

#[tokio::test]
async fn a_ring_is_closed_by_alter_table() -> Result<()> {
    let db = TestDb::new().await?;
    let (engine, log) = db.logged_engine().await?;
    engine
        .create_all::<(Department, Employee, Office)>()
        .await?;
    let altered: Vec<String> = log
        .take()
        .into_iter()
        .filter(|sql| sql.starts_with("ALTER"))
        .collect();
    // Each of the three waits for one that comes later, but the last.
    assert_eq!(
        altered,
        [
            "ALTER TABLE departments\n    ADD CONSTRAINT departments_head_id_fkey FOREIGN KEY (head_id)\n    \
             REFERENCES employees (id)",
            "ALTER TABLE employees\n    ADD CONSTRAINT employees_office_id_fkey FOREIGN KEY (office_id)\n    \
             REFERENCES offices (id)",
        ]
    );
    let mut conn = engine.acquire().await?;
    assert_eq!(
        foreign_keys(&mut conn).await?,
        [
            "departments_head_id_fkey",
            "employees_manager_id_fkey",
            "employees_office_id_fkey",
            "offices_department_id_fkey"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_ring_of_which_a_part_is_there_needs_no_alter_table() -> Result<()> {
    let db = TestDb::new().await?;
    let (engine, log) = db.logged_engine().await?;
    engine
        .acquire()
        .await?
        .execute("CREATE TABLE employees (id int PRIMARY KEY)")
        .await?;
    log.clear();
    engine
        .create_all::<(Department, Employee, Office)>()
        .await?;
    let created: Vec<String> = log.take().into_iter().skip(4).collect();
    assert!(
        created[0].starts_with("CREATE TABLE departments"),
        "{created:?}"
    );
    assert!(
        created[1].starts_with("CREATE TABLE offices"),
        "{created:?}"
    );
    assert_eq!(created[2..], ["COMMIT"]);
    Ok(())
}

#[tokio::test]
async fn an_enum_type_is_created_once_and_used_in_arrays() -> Result<()> {
    let (_db, engine) = fresh().await?;
    engine.create_all::<Entry>().await?;
    engine.create_all::<Entry>().await?;
    let mut conn = engine.acquire().await?;
    conn.execute("INSERT INTO diary (mood, moods) VALUES ('it''s complicated', '{calm,cheerful}')")
        .await?;
    let entry: Entry = conn.fetch_one("SELECT * FROM diary").await?;
    assert_eq!(
        (entry.mood, entry.moods),
        (Mood::Complicated, vec![Mood::Calm, Mood::Cheerful])
    );
    Ok(())
}

#[tokio::test]
async fn many_at_once_create_it_once() -> Result<()> {
    let (db, engine) = fresh().await?;
    // The isolation level that makes it hardest to see what another has just created.
    let database = db.name();
    let serializable =
        format!("ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'");
    engine.acquire().await?.execute(serializable).await?;
    engine.close();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let engine = db.engine().await?;
        tasks.push(tokio::spawn(async move {
            engine
                .create_all::<(Book, Author, Entry, Department, Employee, Office)>()
                .await
        }));
    }
    for task in tasks {
        task.await.unwrap()?;
    }
    assert_eq!(tables(&db.engine().await?).await?.len(), 6);
    Ok(())
}

#[tokio::test]
async fn on_a_connection_it_is_part_of_the_transaction() -> Result<()> {
    let (_db, engine) = fresh().await?;
    let mut conn = engine.acquire().await?;
    let mut transaction = conn.begin().await?;
    transaction.create_all::<(Author, Book)>().await?;
    transaction
        .execute("INSERT INTO authors (name) VALUES ('Ann')")
        .await?;
    transaction.rollback().await?;
    assert_eq!(tables(&engine).await?, [""; 0]);

    let mut transaction = conn.begin().await?;
    transaction.execute("CREATE TABLE mine (id int)").await?;
    transaction
        .create_tables(&Registry::of::<(Author, Book)>())
        .await?;
    transaction.commit().await?;
    assert_eq!(tables(&engine).await?, ["authors", "books", "mine"]);

    // Begun by hand: it must not be committed from here.
    conn.execute("BEGIN").await?;
    conn.drop_all::<(Author, Book)>().await?;
    conn.execute("ROLLBACK").await?;
    assert_eq!(tables(&engine).await?, ["authors", "books", "mine"]);

    conn.drop_all::<(Author, Book)>().await?;
    assert_eq!(tables(&engine).await?, ["mine"]);
    Ok(())
}

#[tokio::test]
async fn it_can_be_spawned() -> Result<()> {
    let (_db, engine) = fresh().await?;
    let task = engine.clone();
    tokio::spawn(async move { task.create_all::<(Author, Book)>().await })
        .await
        .unwrap()?;
    let registry = Registry::of::<(Author, Book)>();
    tokio::spawn(async move {
        engine.create_tables(&registry).await?;
        engine.drop_tables(&registry).await?;
        engine
            .acquire()
            .await?
            .create_all::<(Author, Book)>()
            .await?;
        engine.drop_all::<(Author, Book)>().await
    })
    .await
    .unwrap()
}
