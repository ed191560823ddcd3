//! `DATABASE_URL`: what is left there is tidied up, and what is said when it cannot be used.

use std::time::{Duration, Instant};

use orm_core::error::Result;
use orm_core::testing::server_url;

use crate::child::{child, line};
use crate::support::{connect, execute};

/// What a process says whose `DATABASE_URL` is `url`.
fn complaint_about(url: &str) -> String {
    let mut child = child("says_why_not")
        .env("DATABASE_URL", url)
        .spawn()
        .expect("this program starts again");
    let said = line(&mut child, "child: ");
    child.wait().expect("it ends");
    said
}

#[tokio::test]
async fn the_next_process_drops_what_a_killed_one_left_on_a_given_server() -> Result<()> {
    let url = server_url()?;
    let mut first = child("waits")
        .env("DATABASE_URL", &url)
        .spawn()
        .expect("this program starts again");
    let said = line(&mut first, "child: ");
    let (clone, _) = said.split_once(' ').expect("the name comes first");
    let (tag, _) = clone.rsplit_once('_').expect("a number at the end");

    let client = connect(&url).await;
    let left = async || {
        let query = "select count(*) from pg_database where starts_with(datname, $1)";
        client
            .query_one(query, &[&tag])
            .await
            .expect("it counts")
            .get::<_, i64>(0)
    };
    assert_eq!(left().await, 2, "a template and its clone");

    // Another process leaves alone what belongs to one that lives.
    let mut second = child("waits")
        .env("DATABASE_URL", &url)
        .spawn()
        .expect("this program starts again");
    line(&mut second, "child: ");
    second.kill().and_then(|()| second.wait()).expect("it ends");
    assert_eq!(left().await, 2, "the first child lives");

    first.kill().and_then(|()| first.wait()).expect("it ends");
    let mut third = child("waits")
        .env("DATABASE_URL", &url)
        .spawn()
        .expect("this program starts again");
    line(&mut third, "child: ");
    let started = Instant::now();
    while left().await > 0 {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "the killed process's databases are still there"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    third.kill().and_then(|()| third.wait()).expect("it ends");
    Ok(())
}

#[tokio::test]
async fn a_role_that_may_not_create_databases_is_told_what_it_needs() -> Result<()> {
    if std::env::var_os("DATABASE_URL").is_some() {
        // A user's server is not the place to make roles.
        return Ok(());
    }
    let server = server_url()?;
    execute(&server, "create role humble login").await?;
    let said = complaint_about(&server.replace("user=postgres", "user=humble"));
    assert!(said.contains("role humble"), "{said}");
    assert!(said.contains("ALTER ROLE \"humble\" CREATEDB"), "{said}");
    Ok(())
}

#[test]
fn a_server_that_does_not_answer_is_named_without_the_password() {
    // Nobody listens on port 1.
    let said = complaint_about("postgres://someone:s3cret@127.0.0.1:1/shop");
    assert!(
        said.contains("host 127.0.0.1, port 1, role someone, database shop"),
        "{said}"
    );
    assert!(said.contains("refused"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn a_url_that_cannot_be_read_is_an_error_without_the_password() {
    let said = complaint_about("postgres://someone:s3cret@localhost:port/shop");
    assert!(said.contains("DATABASE_URL cannot be understood"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn a_directory_without_postgresql_is_an_error_and_nothing_else_is_tried() {
    let mut child = child("says_why_not")
        .env_remove("DATABASE_URL")
        .env("ORM_PG_BIN", "/dev")
        .spawn()
        .expect("this program starts again");
    let said = line(&mut child, "child: ");
    child.wait().expect("it ends");
    assert!(
        said.contains("ORM_PG_BIN") && said.contains("/dev has no `initdb`"),
        "{said}"
    );
}
