//! [`Dialer`]: opens connections, and says in words why one could not be opened. Called by the pool; `link` has it cancel
//! statements that were given up.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::{ClientWrapper, Connect};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};

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

    /// Asks the server, through a connection of its own, to stop what it is doing for this one. Best effort: where it
    /// does not work, the next statement waits.
    pub(super) async fn cancel(&self, client: &ClientWrapper) {
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

    /// Tries the hosts in their order.
    async fn open(&self) -> DriverResult<Opened> {
        let mut refusals = Vec::new();
        let mut last = None;
        for host in self.address.hosts() {
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
        Some(Severity::Warning) => {
            tracing::warn!(target: "orm_core::notice", code, "{message}");
        }
        Some(Severity::Debug) => tracing::debug!(target: "orm_core::notice", code, "{message}"),
        _ => tracing::info!(target: "orm_core::notice", code, "{message}"),
    }
}

/// Whether the other answer to "with TLS or without?" may fare better: the handshake failed, or the server has no
/// `pg_hba.conf` line for this kind of connection.
fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.to_string().contains("TLS"),
    }
}

/// What is wrong and what to do about it, without the address.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return refusal(db);
    }
    let Some(source) = std::error::Error::source(error) else {
        return error.to_string();
    };
    if let Some(io) = source.downcast_ref::<std::io::Error>() {
        return unreachable(io);
    }
    match (error.to_string().as_str(), source.to_string().as_str()) {
        ("invalid configuration", "password missing") => {
            "the server asks for a password and the URL has none: postgresql://user:password@host/database"
                .to_owned()
        }
        ("error performing TLS handshake", "server does not support TLS") => {
            "the server does not offer TLS: use sslmode=prefer or sslmode=disable, or turn `ssl` on there".to_owned()
        }
        (what, why) => format!("{what}: {why}"),
    }
}

/// The server answered, and said no.
fn refusal(db: &DbError) -> String {
    let said = db.message();
    let hint = match *db.code() {
        SqlState::INVALID_PASSWORD => {
            "check user and password in the URL (special characters percent-encoded: @ is %40, / is %2F)"
        }
        SqlState::INVALID_CATALOG_NAME => {
            "create it with `CREATE DATABASE`, or correct the end of the URL"
        }
        SqlState::TOO_MANY_CONNECTIONS => {
            "the pools of all processes together (pool_size + max_overflow each) must stay below the server's \
             max_connections"
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the user in the URL, and the server's pg_hba.conf for this user, database and address"
        }
        SqlState::CANNOT_CONNECT_NOW => "try again in a moment",
        _ => return format!("the server refused: {said}"),
    };
    format!("the server refused: {said}; {hint}")
}

/// Nobody answered.
fn unreachable(io: &std::io::Error) -> String {
    use std::io::ErrorKind;
    // A failed TLS handshake arrives as an I/O error too, with rustls' error inside.
    #[cfg(feature = "tls")]
    if let Some(why) = io.get_ref().and_then(|inner| super::tls::explain(inner)) {
        return why;
    }
    match io.kind() {
        ErrorKind::ConnectionRefused => {
            "nothing listens there: is PostgreSQL running, and on this port?".to_owned()
        }
        ErrorKind::NotFound => {
            "there is no socket of PostgreSQL in that directory: is it running, and is the port right?".to_owned()
        }
        ErrorKind::TimedOut => format!("no answer ({io}): is the host right, and is there a firewall?"),
        ErrorKind::UnexpectedEof => {
            "the other side closed the connection without an answer: is it PostgreSQL that listens there?".to_owned()
        }
        ErrorKind::PermissionDenied => io.to_string(),
        _ if io.to_string().contains("lookup") => format!("the host's name is not known ({io})"),
        _ => io.to_string(),
    }
}
