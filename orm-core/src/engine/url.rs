//! [`Address`]: where the server is and how to speak with it, read from a URL as libpq reads it. Called by `builder`; `dial`
//! goes there.
//!
//! The driver can parse URLs too, but knows neither `verify-full` nor certificates, and its errors do not say enough. Here
//! errors name the option and never repeat what stands before the last `/`, where the password is: a password with an
//! unescaped `@` or `/` makes its rest look like a host or a database.

mod options;
mod parts;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::LoadBalanceHosts;

use crate::error::{Error, Result};
use parts::Parts;

const DEFAULT_PORT: u16 = 5432;

/// Everything that the URL says. `Debug` and `Display` show hosts and database, and nothing else.
#[derive(Clone)]
pub(crate) struct Address {
    hosts: Vec<Host>,
    database: String,
    /// What is the same for all hosts; it has none itself.
    config: Config,
    connect_timeout: Option<Duration>,
    pub(super) ssl: Ssl,
}

/// One host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    place: Place,
    /// The address to go to without looking the name up.
    address: Option<IpAddr>,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A name or a number.
    Tcp(String),
    /// The directory of a Unix socket.
    Socket(PathBuf),
}

/// What the URL says of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ssl {
    pub(super) mode: SslMode,
    pub(super) direct: bool,
    pub(super) root_cert: Option<RootCert>,
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RootCert {
    System,
    File(PathBuf),
}

/// libpq's `sslmode`, the most careful one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

const SSL_MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = SSL_MODES.iter().find(|(_, mode)| mode == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl Address {
    /// Reads a URL.
    pub(super) fn parse(url: &str) -> Result<Address> {
        Parts::of(url)?.into_address()
    }

    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The hosts in the order of an attempt: the URL's, or any with `load_balance_hosts=random`.
    pub(super) fn hosts_to_try(&self) -> Vec<&Host> {
        let mut hosts: Vec<_> = self.hosts.iter().collect();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            // The standard library's only source of chance.
            hosts.sort_by_cached_key(|host| RandomState::new().hash_one(host.port));
        }
        hosts
    }

    pub(super) fn has_tcp_host(&self) -> bool {
        self.hosts.iter().any(|host| !host.is_socket())
    }

    /// How long all attempts together may take, if the URL sets a limit. The driver applies the limit to each socket; this
    /// one also ends a handshake with someone who listens and never answers.
    pub(super) fn longest_attempt(&self) -> Option<Duration> {
        let attempts = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        self.connect_timeout
            .map(|timeout| timeout.saturating_mul(attempts.saturating_mul(2)))
    }

    pub(super) fn set_application_name(&mut self, name: String) {
        self.config.application_name(name);
    }

    /// The driver's configuration for one of the hosts.
    pub(super) fn config_for(&self, host: &Host) -> Config {
        let mut config = self.config.clone();
        match &host.place {
            Place::Tcp(name) => {
                config.host(name);
                if let Some(address) = host.address {
                    config.hostaddr(address);
                }
            }
            Place::Socket(directory) => {
                config.host_path(directory);
            }
        }
        config.port(host.port);
        config
    }
}

/// `shop at db.example`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at ", self.database)?;
        for (at, host) in self.hosts.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            host.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl Host {
    pub(super) fn is_socket(&self) -> bool {
        matches!(self.place, Place::Socket(_))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp(name) if name.contains(':') => write!(f, "[{name}]")?,
            Place::Tcp(name) => f.write_str(name)?,
            Place::Socket(directory) => write!(f, "{}", directory.display())?,
        }
        if self.port == DEFAULT_PORT {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

/// Without a host: the socket of this machine's server, where there is one, else `localhost`.
fn local(port: u16) -> Place {
    ["/var/run/postgresql", "/run/postgresql", "/tmp"]
        .into_iter()
        .find(|directory| {
            Path::new(directory)
                .join(format!(".s.PGSQL.{port}"))
                .exists()
        })
        .map_or_else(
            || Place::Tcp("localhost".to_owned()),
            |directory| Place::Socket(directory.into()),
        )
}

pub(super) fn bad_value(option: &str, wanted: &str) -> Error {
    Error::config(format!("the URL's option `{option}` must be {wanted}"))
}
