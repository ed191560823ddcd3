//! [`Client`]: one connection of the pool: deadpool-postgres' client, and what is prepared on it. [`Clients`] makes them: it is
//! deadpool-postgres' manager, whose own statements would be found by their text alone.

use std::ops::Deref;
use std::sync::Arc;

use deadpool::managed::{self, Metrics, RecycleResult};
use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, RecyclingMethod};

use super::dial::{Dialer, ForPool};
use super::prepared::Prepared;

/// One connection. Closed when it is dropped.
pub(super) struct Client {
    of_pool: ClientWrapper,
    pub(super) prepared: Prepared,
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.of_pool
    }
}

/// Makes the connections of a pool.
pub(super) struct Clients(Manager);

impl Clients {
    /// `ping` is whether an idle connection has to answer before it is lent.
    pub(super) fn new(dialer: Arc<Dialer>, ping: bool) -> Self {
        let recycling_method = if ping {
            RecyclingMethod::Verified
        } else {
            RecyclingMethod::Fast
        };
        Clients(Manager::from_connect(
            // The dialer has the address; this one is never asked.
            tokio_postgres::Config::new(),
            ForPool(dialer),
            ManagerConfig { recycling_method },
        ))
    }
}

impl managed::Manager for Clients {
    /// Boxed, because it goes from hand to hand each time that it is lent.
    type Type = Box<Client>;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Box<Client>, tokio_postgres::Error> {
        Ok(Box::new(Client {
            of_pool: self.0.create().await?,
            prepared: Prepared::default(),
        }))
    }

    async fn recycle(
        &self,
        client: &mut Box<Client>,
        metrics: &Metrics,
    ) -> RecycleResult<tokio_postgres::Error> {
        self.0.recycle(&mut client.of_pool, metrics).await
    }

    fn detach(&self, client: &mut Box<Client>) {
        self.0.detach(&mut client.of_pool);
    }
}
