//! [`Client`]: one connection of the pool: the driver's client, and what is prepared on it. [`Clients`] is the pool's side: it
//! opens them by the dialer, and looks at those that are idle before they are lent again.

use std::ops::Deref;
use std::sync::Arc;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use tokio::task::JoinHandle;

use super::dial::Dialer;
use super::prepared::Prepared;

/// One connection. Closed when it is dropped.
pub(super) struct Client {
    driver: tokio_postgres::Client,
    /// The task that reads from the connection.
    reader: JoinHandle<()>,
    pub(super) prepared: Prepared,
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.driver
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Makes the connections of a pool.
pub(super) struct Clients {
    pub(super) dialer: Arc<Dialer>,
    /// Whether an idle connection has to answer before it is lent.
    pub(super) ping: bool,
}

impl Manager for Clients {
    /// Boxed, because it goes from hand to hand each time that it is lent.
    type Type = Box<Client>;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Box<Client>, tokio_postgres::Error> {
        // Boxed, or whatever may have to open a connection is as large as all that it takes.
        let (driver, reader) = Box::pin(self.dialer.open()).await?;
        Ok(Box::new(Client {
            driver,
            reader,
            prepared: Prepared::default(),
        }))
    }

    async fn recycle(
        &self,
        client: &mut Box<Client>,
        _: &Metrics,
    ) -> RecycleResult<tokio_postgres::Error> {
        if client.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        if self.ping {
            client.simple_query("").await?;
        }
        Ok(())
    }
}
