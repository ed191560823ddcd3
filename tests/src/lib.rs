//! What the integration tests share.

use std::time::{Duration, Instant};

pub mod fixture;
pub mod models;
pub mod queries;
pub mod random;
pub mod relations;
pub mod relay;
pub mod server;

/// The address of a server that the tests share. They leave no data there: what they need they make as temporary tables.
///
/// # Panics
/// When there is no PostgreSQL.
pub fn database_url() -> String {
    orm_core::testing::server_url().expect("there is a PostgreSQL")
}

/// Waits until a condition holds that another task or the server brings about.
///
/// # Panics
/// When it does not come to hold within ten seconds.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(Instant::now() < give_up, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The error of something that must fail.
///
/// # Panics
/// When it did not fail.
pub fn refused<T>(outcome: orm_core::Result<T>) -> orm_core::Error {
    match outcome {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error,
    }
}
