//! [`Dialer`]: opens connections, and says in words why one could not be opened. Called by the pool; `link` has it cancel
//! statements that were given up.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::Connect;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};

use super::refusal::{is_about_tls, reason};
use super::url::{Address, Host, SslMode};
use crate::error::{Error, Result};

type DriverResult<T> = Result<T, tokio_postgres::Error>;
type Opened = (Client, JoinHandle<()>);

/// Knows the address, the password and the certificates.
pub(super) struct Dialer {
    address: Address,
    #[cfg(feature = "tls")]
    tls: Option<tokio_postgres_rustls::MakeRustlsConnect>,
    /// What each of several hosts said last: the driver's error can carry only one.
    refusals: Mutex<String>,
}

impl Dialer {
    /// Reads certificates, where the address asks for TLS. Opens nothing.
    pub(super) fn new(address: Address) -> Result<Dialer> {
        #[cfg(not(feature = "tls"))]
        if address.ssl.mode >= SslMode::Require && address.has_tcp_host() {
            return Err(Error::config(format!(
                "sslmode={} for {address} needs TLS, which this build leaves out: enable orm-core's feature `tls`",
                address.ssl.mode
            )));
        }
        Ok(Dialer {
            #[cfg(feature = "tls")]
            tls: super::tls::connector(&address)?,
            address,
            refusals: Mutex::default(),
        })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Asks the server, through a connection of its own, to stop what it is doing for this one. The answer says nothing of
    /// whether and when that happens.
    pub(super) async fn cancel(&self, client: &Client) {
        let token = client.cancel_token();
        #[cfg(feature = "tls")]
        let outcome = match &self.tls {
            Some(tls) => token.cancel_query(tls.clone()).await,
            None => token.cancel_query(NoTls).await,
        };
        #[cfg(not(feature = "tls"))]
        let outcome = token.cancel_query(NoTls).await;
        if let Err(error) = outcome {
            tracing::debug!(target: "orm_core::connection", %error, "a statement could not be cancelled");
        }
    }

    /// Tries the hosts in their order, or with `load_balance_hosts=random` in any.
    async fn open(&self) -> DriverResult<Opened> {
        let mut refusals = Vec::new();
        let mut last = None;
        for host in self.address.hosts_to_try() {
            match self.open_host(host).await {
                Ok(opened) => return Ok(opened),
                Err(error) => {
                    refusals.push(format!("{host}: {}", reason(&error)));
                    last = Some(error);
                }
            }
        }
        *self.refusals.lock().unwrap_or_else(PoisonError::into_inner) = refusals.join("; ");
        Err(last.expect("an address has a host"))
    }

    /// One host, with TLS or without, as `sslmode` says. A socket of this machine needs none.
    async fn open_host(&self, host: &Host) -> DriverResult<Opened> {
        use tokio_postgres::config::SslMode::{Disable, Prefer, Require};
        let config = self.address.config_for(host);
        let (first, second) = match self.address.ssl.mode {
            _ if host.is_socket() => (Disable, None),
            SslMode::Disable => (Disable, None),
            SslMode::Allow => (Disable, Some(Require)),
            SslMode::Prefer => (Prefer, Some(Disable)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Require, None),
        };
        let answer = self.attempt(config.clone(), first).await;
        match (answer, second) {
            (Err(error), Some(second)) if self.has_tls() && is_about_tls(&error) => {
                // The first answer says what is wrong, whatever the second try meets.
                self.attempt(config, second).await.or(Err(error))
            }
            (answer, _) => answer,
        }
    }

    async fn attempt(
        &self,
        mut config: Config,
        mode: tokio_postgres::config::SslMode,
    ) -> DriverResult<Opened> {
        config.ssl_mode(mode);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let (client, connection) = config.connect(tls.clone()).await?;
            return Ok((client, tokio::spawn(drive(connection))));
        }
        let (client, connection) = config.connect(NoTls).await?;
        Ok((client, tokio::spawn(drive(connection))))
    }

    fn has_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Why no connection could be opened, in words.
    pub(super) fn explain(&self, error: tokio_postgres::Error) -> Error {
        let reason = if self.address.hosts().len() > 1 {
            self.refusals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        } else {
            reason(&error)
        };
        Error::Connection {
            what: format!("cannot connect to {}: {reason}", self.address),
            source: Some(Box::new(error)),
        }
    }
}

/// deadpool's side of a dialer. Its own configuration is empty; the address is in the dialer.
pub(super) struct ForPool(pub(super) Arc<Dialer>);

impl Connect for ForPool {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = DriverResult<Opened>> + Send + '_>> {
        Box::pin(self.0.open())
    }
}

/// Reads from the connection for as long as it lives; the server's notices go to `tracing`.
async fn drive<S, T>(mut connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await
    {
        match message {
            Ok(AsyncMessage::Notice(notice)) => forward(&notice),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(target: "orm_core::connection", "a connection was lost: {}", reason(&error));
                return;
            }
        }
    }
}

fn forward(notice: &DbError) {
    let (code, message) = (notice.code().code(), notice.message());
    match notice.parsed_severity() {
        // A ROLLBACK too many: the engine sends one whenever it is in doubt.
        _ if *notice.code() == SqlState::NO_ACTIVE_SQL_TRANSACTION => {
            tracing::debug!(target: "orm_core::notice", code, "{message}");
        }
        Some(Severity::Warning) => {
            tracing::warn!(target: "orm_core::notice", code, "{message}");
        }
        Some(Severity::Debug) => tracing::debug!(target: "orm_core::notice", code, "{message}"),
        _ => tracing::info!(target: "orm_core::notice", code, "{message}"),
    }
}
