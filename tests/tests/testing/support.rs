//! Small things that all tests here use.

use orm_core::error::{Error, Result};
use orm_core::testing::server_url;
use tokio_postgres::{Client, NoTls};

/// As `#[tokio::test]`, for tests that begin on another thread or in another process.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the URL can be connected to");
    tokio::spawn(connection);
    client
}

pub(crate) async fn execute(url: &str, statements: &str) -> Result<()> {
    connect(url)
        .await
        .batch_execute(statements)
        .await
        .map_err(|error| Error::connection(format!("{error:?}")))
}

pub(crate) async fn exists(name: &str) -> bool {
    let client = connect(&server_url().expect("there is a server")).await;
    client
        .query_opt("select 1 from pg_database where datname = $1", &[&name])
        .await
        .expect("it answers")
        .is_some()
}
