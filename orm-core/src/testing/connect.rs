//! The connection by which databases are made and dropped.
//!
//! Only [`clerk`](super::clerk) calls this. In a file of its own, because it is the place to change for servers that
//! insist on TLS.

use tokio_postgres::{Client, Config, NoTls};

/// Connects, and serves the connection on the current runtime.
pub(super) async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        // What goes wrong here, the client's next call reports.
        let _ = connection.await;
    });
    Ok(client)
}
