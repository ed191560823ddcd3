//! What is said when `create_all` cannot do what it is asked for, and that nothing is left behind then.

use orm_core::testing::TestDb;
use orm_core::{DbEnum, Engine, Model, Result};
use tests::refused;

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

#[tokio::test]
async fn a_table_outside_of_the_list_has_to_be_there() -> Result<()> {
    let (_db, engine) = fresh().await?;
    let error = refused(engine.create_all::<Book>().await);
    assert_eq!(
        error.to_string(),
        "`Book::AUTHOR` needs the table `authors` of the model `Author`, which is neither in the database nor in the list: \
         add `Author` to the list of models"
    );
    assert_eq!(tables(&engine).await?, [""; 0]);
    engine.create_all::<Author>().await?;
    engine.create_all::<Book>().await?;
    assert_eq!(tables(&engine).await?, ["authors", "books"]);
    Ok(())
}

#[tokio::test]
async fn an_enum_type_that_lacks_labels_is_an_error_that_says_how_to_add_them() -> Result<()> {
    let (_db, engine) = fresh().await?;
    let mut conn = engine.acquire().await?;
    conn.execute("CREATE TYPE mood AS ENUM ('calm', 'angry')")
        .await?;
    let error = refused(engine.create_all::<Entry>().await);
    assert_eq!(
        error.to_string(),
        "the enum type `mood` is in the database, without 'cheerful', 'it''s complicated' of the Rust enum: \
         ALTER TYPE mood ADD VALUE 'cheerful'; ALTER TYPE mood ADD VALUE 'it''s complicated';"
    );
    // What it says to do is what helps; a label too many in the database is no mistake.
    for statement in [
        "ALTER TYPE mood ADD VALUE 'cheerful'",
        "ALTER TYPE mood ADD VALUE 'it''s complicated'",
    ] {
        conn.execute(statement).await?;
    }
    engine.create_all::<Entry>().await
}

#[tokio::test]
async fn a_type_of_another_kind_in_the_enums_place_is_an_error() -> Result<()> {
    let (_db, engine) = fresh().await?;
    engine
        .acquire()
        .await?
        .execute("CREATE DOMAIN mood AS text")
        .await?;
    assert_eq!(
        refused(engine.create_all::<Entry>().await).to_string(),
        "the database has a type `mood` that is not an enum, so the Rust enum cannot be stored as it: give the enum another \
         name with `#[orm(name = \"..\")]`"
    );
    Ok(())
}

#[tokio::test]
async fn two_rust_enums_of_one_name_must_agree() -> Result<()> {
    #[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
    #[orm(name = "mood")]
    enum OtherMood {
        Sour,
    }
    #[derive(Model, Debug, Clone, PartialEq)]
    struct Other {
        #[orm(primary_key)]
        id: i32,
        mood: OtherMood,
    }
    let (_db, engine) = fresh().await?;
    assert_eq!(
        refused(engine.create_all::<(Entry, Other)>().await).to_string(),
        "two Rust enums are called `mood` in the database, one with calm, cheerful, it's complicated and one with sour: give \
         one of them another name with `#[orm(name = \"..\")]`"
    );
    Ok(())
}

#[tokio::test]
async fn two_models_of_one_table_cannot_both_create_it() -> Result<()> {
    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "authors")]
    struct AuthorName {
        #[orm(primary_key)]
        id: i32,
    }
    let (_db, engine) = fresh().await?;
    assert_eq!(
        refused(engine.create_all::<(Author, AuthorName)>().await).to_string(),
        "`Author` and `AuthorName` are both models of the table `authors`: create it from the one that has all its columns, \
         and leave the other out of the list"
    );
    Ok(())
}

#[tokio::test]
async fn an_extension_that_is_missing_is_named() -> Result<()> {
    #[derive(Model, Debug, Clone, PartialEq)]
    struct Account {
        #[orm(primary_key)]
        id: i32,
        #[orm(sql_type = "citext")]
        email: String,
    }
    #[derive(Model, Debug, Clone, PartialEq)]
    struct Token {
        #[orm(primary_key, server_default = "uuid_generate_v4()")]
        id: uuid::Uuid,
    }
    let (_db, engine) = fresh().await?;
    let error = refused(engine.create_all::<Account>().await).to_string();
    assert!(error.contains("type \"citext\" does not exist"), "{error}");
    assert!(
        error.contains("run `CREATE EXTENSION citext;` in it"),
        "{error}"
    );
    let error = refused(engine.create_all::<Token>().await).to_string();
    assert!(
        error.contains("run `CREATE EXTENSION \"uuid-ossp\";` in it"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_failure_leaves_nothing_behind() -> Result<()> {
    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "wrong", schema = "apart", check("no_such_column > 0"))]
    struct Wrong {
        #[orm(primary_key)]
        id: i32,
        #[orm(belongs_to(entry: Entry))]
        entry_id: i32,
    }
    let (_db, engine) = fresh().await?;
    let error = refused(engine.create_all::<(Wrong, Entry)>().await).to_string();
    assert!(
        error.contains("no_such_column") && error.contains("CREATE TABLE apart.wrong"),
        "{error}"
    );
    let mut inspector = engine.inspect().await?;
    assert_eq!(inspector.table_names(None).await?, [""; 0]);
    assert_eq!(inspector.schema_names().await?, ["public"]);
    let types: i64 = engine
        .acquire()
        .await?
        .fetch_scalar("SELECT count(*) FROM pg_type WHERE typname = 'mood'")
        .await?;
    assert_eq!(types, 0);
    Ok(())
}
