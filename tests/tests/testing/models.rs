//! `TestDb::with_models` and the engines on it.

use std::time::Duration;

use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use orm_core::{Error, Result};

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "users", has_many(posts: Post, via = author))]
struct User {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "posts")]
struct Post {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(author: User))]
    author_id: i32,
}

type Blog = (User, Post);

#[tokio::test]
async fn the_tables_are_there_and_ones_own() -> Result<()> {
    let (one, two) = (
        TestDb::with_models::<Blog>().await?,
        TestDb::with_models::<Blog>().await?,
    );
    let mut db = one.engine().await?.session();
    db.add(User::create().name("Ann"));
    db.commit().await?;
    assert_eq!(User::query().count(&mut db).await?, 1);
    assert_eq!(
        User::query()
            .count(&mut two.engine().await?.session())
            .await?,
        0
    );
    assert_eq!(
        two.engine()
            .await?
            .inspect()
            .await?
            .table_names(None)
            .await?,
        ["posts", "users"]
    );
    Ok(())
}

#[tokio::test]
async fn the_tables_are_created_once() -> Result<()> {
    // A list that no other test asks for.
    type Mine = (Post, (User,), Blog);
    let one = TestDb::with_models::<Mine>().await?;
    let mut conn = one.engine().await?.acquire().await?;
    // A clone has the very rows of the catalogue that its template has, with their transactions' numbers.
    let created = "SELECT xmin::text FROM pg_class WHERE relname = 'users'";
    let first: String = conn.fetch_scalar(created).await?;
    let two = TestDb::with_models::<Mine>().await?;
    let second: String = two
        .engine()
        .await?
        .acquire()
        .await?
        .fetch_scalar(created)
        .await?;
    assert_eq!(first, second);
    Ok(())
}

#[tokio::test]
async fn two_types_of_one_name_are_two_lists() -> Result<()> {
    fn same() -> impl Future<Output = Result<TestDb>> {
        #[derive(Model, Debug, Clone, PartialEq)]
        #[orm(table = "first")]
        struct Same {
            #[orm(primary_key)]
            id: i32,
        }
        TestDb::with_models::<Same>()
    }
    fn other() -> impl Future<Output = Result<TestDb>> {
        #[derive(Model, Debug, Clone, PartialEq)]
        #[orm(table = "second")]
        struct Same {
            #[orm(primary_key)]
            id: i32,
        }
        TestDb::with_models::<Same>()
    }
    for (test, table) in [(same().await?, "first"), (other().await?, "second")] {
        assert_eq!(
            test.engine()
                .await?
                .inspect()
                .await?
                .table_names(None)
                .await?,
            [table]
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_create_all_says_is_what_the_test_hears() {
    let error = TestDb::with_models::<Post>()
        .await
        .expect_err("`User` is missing");
    assert!(
        error
            .to_string()
            .contains("add `User` to the list of models"),
        "{error}"
    );
}

#[tokio::test]
async fn an_engine_that_outlives_the_database_fails_and_does_not_wait() -> Result<()> {
    let test = TestDb::new().await?;
    let engine = test.engine().await?;
    let mut conn = engine.acquire().await?;
    drop(test);
    let late = tokio::time::timeout(Duration::from_secs(10), async {
        let held = conn
            .execute("SELECT 1")
            .await
            .expect_err("its connection was ended");
        assert!(matches!(held, Error::Connection { .. }), "{held:?}");
        drop(conn);
        engine
            .acquire()
            .await
            .expect_err("there is no such database")
    });
    let late = late.await.expect("no waiting");
    assert!(matches!(late, Error::Connection { .. }), "{late:?}");
    Ok(())
}

#[tokio::test]
async fn a_logged_engine_tells_what_it_sends() -> Result<()> {
    let test = TestDb::with_models::<Blog>().await?;
    let (engine, log) = test.logged_engine().await?;
    assert_eq!(log.count(), 0);
    let mut conn = engine.acquire().await?;
    conn.execute(sql("INSERT INTO users (name) VALUES (:name)").bind("name", "Ann"))
        .await?;
    assert_eq!(log.take(), ["INSERT INTO users (name) VALUES ($1)"]);
    Ok(())
}

#[tokio::test]
async fn it_can_be_spawned() {
    let test = tokio::spawn(async { TestDb::with_models::<Blog>().await });
    assert!(test.await.expect("no panic").is_ok());
}
