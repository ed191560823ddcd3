//! The databases that tests are cloned from: one for each key, made by the first test that asks.
//!
//! [`TestDb::from_template`] calls [`template`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::clerk::{self, Origin};
use super::database::TestDb;
use crate::error::Result;

/// The template's name, made by `setup` if it is not there yet.
///
/// Tests that ask meanwhile wait, each in its own runtime: tokio's cell wakes them wherever they are. If the one that
/// builds fails, panics or is cancelled, its future is dropped and the next in the queue builds in its place.
pub(super) async fn template<S>(key: &str, setup: S) -> Result<String>
where
    S: AsyncFnOnce(&str) -> Result<()>,
{
    static TEMPLATES: LazyLock<Mutex<HashMap<String, Arc<OnceCell<String>>>>> =
        LazyLock::new(Mutex::default);
    let cell = {
        // A panic while it is locked cannot leave the map half-changed.
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(templates.entry(key.to_owned()).or_default())
    };
    cell.get_or_try_init(async || build(key, setup).await)
        .await
        .cloned()
}

async fn build<S>(key: &str, setup: S) -> Result<String>
where
    S: AsyncFnOnce(&str) -> Result<()>,
{
    // Until it is complete, it is a database like others, which goes when this future does.
    let database = TestDb::make(Origin::ForTemplate(key.to_owned())).await?;
    setup(database.url()).await?;
    clerk::seal(database.name().to_owned()).await?;
    Ok(database.into_name())
}
