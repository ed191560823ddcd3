//! [`Address`]: where the server is and how to speak with it, read from a URL as libpq reads it. Called by `builder`; `dial`
//! goes there.
//!
//! The driver can parse URLs too, but knows neither `verify-full` nor certificates, and its errors do not say enough. Here
//! errors name the option and never repeat what stands before the last `/`, where the password is: a password with an
//! unescaped `@` or `/` makes its rest look like a host or a database.

mod options;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;

use crate::error::{Error, Result};

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
        let mut parts = Parts::default();
        parts.read(url)?;
        parts.into_address()
    }

    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
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

/// The URL, taken apart and decoded; a later mention of a part replaces an earlier one, as in libpq.
#[derive(Default)]
struct Parts {
    hosts: Vec<String>,
    addresses: Vec<String>,
    ports: Vec<String>,
    user: Option<String>,
    password: Option<Vec<u8>>,
    database: Option<String>,
    options: Vec<(String, String)>,
}

impl Parts {
    fn read(&mut self, url: &str) -> Result<()> {
        let rest = ["postgresql://", "postgres://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or_else(|| not_ours(url))?;
        // The user ends at the first `@`, unless a `/` comes before it.
        let rest = match rest.find(['@', '/']) {
            Some(at) if rest.as_bytes()[at] == b'@' => {
                self.credentials(&rest[..at])?;
                &rest[at + 1..]
            }
            _ => rest,
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (hosts, database) = match rest.split_once('/') {
            Some((hosts, database)) => (hosts, Some(database)),
            None => (rest, None),
        };
        if rest.contains('@') || database.is_some_and(|name| name.contains('/')) {
            return Err(unescaped());
        }
        if !hosts.is_empty() {
            self.authority(hosts)?;
        }
        if let Some(database) = database.filter(|name| !name.is_empty()) {
            self.database = Some(text(database)?);
        }
        match query {
            Some(query) => self.query(query),
            None => Ok(()),
        }
    }

    fn credentials(&mut self, text_: &str) -> Result<()> {
        let (user, password) = match text_.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (text_, None),
        };
        if !user.is_empty() {
            self.user = Some(text(user)?);
        }
        if let Some(password) = password.filter(|word| !word.is_empty()) {
            self.password = Some(decode(password)?);
        }
        Ok(())
    }

    /// `db1:5433,[::1],%2Ftmp`.
    fn authority(&mut self, hosts: &str) -> Result<()> {
        for host in hosts.split(',') {
            let (name, port) = match host.strip_prefix('[') {
                Some(rest) => rest.split_once(']').ok_or_else(|| {
                    Error::config(
                        "the URL has a `[` without its `]`: an IPv6 host is written `[::1]`",
                    )
                })?,
                None => host.split_at(host.find(':').unwrap_or(host.len())),
            };
            let port = match port.strip_prefix(':') {
                Some(port) => port,
                None if port.is_empty() => "",
                None => return Err(unescaped()),
            };
            self.hosts.push(text(name)?);
            self.ports.push(text(port)?);
        }
        Ok(())
    }

    fn query(&mut self, query: &str) -> Result<()> {
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| {
                Error::config(
                    "an option of the URL has no `=`: they are written `?name=value&name=value`",
                )
            })?;
            let name = text(name)?;
            let list = |value: &str| -> Result<Vec<String>> {
                Ok(text(value)?.split(',').map(str::to_owned).collect())
            };
            match name.as_str() {
                "host" => self.hosts = list(value)?,
                "hostaddr" => self.addresses = list(value)?,
                "port" => self.ports = list(value)?,
                "user" => self.user = Some(text(value)?),
                "password" => self.password = Some(decode(value)?),
                "dbname" => self.database = Some(text(value)?),
                // A password with `?` and `@` in it ends up here.
                _ if !is_option_name(&name) => return Err(unescaped()),
                _ => self.options.push((name, text(value)?)),
            }
        }
        Ok(())
    }

    fn into_address(self) -> Result<Address> {
        let hosts = self.hosts()?;
        let mut config = Config::new();
        if let Some(user) = &self.user {
            config.user(user);
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        let mut address = Address {
            hosts,
            database: self
                .database
                .or(self.user)
                .unwrap_or_else(|| "the default database".to_owned()),
            config,
            connect_timeout: None,
            ssl: Ssl {
                mode: SslMode::Prefer,
                direct: false,
                root_cert: None,
                cert: None,
                key: None,
            },
        };
        for (name, value) in &self.options {
            address.set(name, value)?;
        }
        let ssl = &mut address.ssl;
        if ssl.mode == SslMode::Require && ssl.root_cert.is_some() {
            // As in libpq: who names a certificate wants it to be used.
            ssl.mode = SslMode::VerifyCa;
        }
        if ssl.direct && ssl.mode < SslMode::Require {
            return Err(Error::config(
                "sslnegotiation=direct needs sslmode=require, verify-ca or verify-full",
            ));
        }
        if ssl.cert.is_some() != ssl.key.is_some() {
            return Err(Error::config(
                "sslcert and sslkey belong together: the URL has only one of them",
            ));
        }
        Ok(address)
    }

    /// Brings hosts, addresses and ports together.
    fn hosts(&self) -> Result<Vec<Host>> {
        let ports = self
            .ports
            .iter()
            .map(|port| match port.as_str() {
                "" => Ok(DEFAULT_PORT),
                port => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                    Error::config(
                        "a port in the URL is not a number from 1 to 65535; if that is a part of the password, \
                         percent-encode its special characters (@ is %40, : is %3A, / is %2F)",
                    )
                }),
            })
            .collect::<Result<Vec<u16>>>()?;
        let count = self.hosts.len().max(self.addresses.len()).max(1);
        let fits = |given: usize| given <= 1 || given == count;
        if !fits(ports.len())
            || (!self.addresses.is_empty()
                && !self.hosts.is_empty()
                && self.addresses.len() != self.hosts.len())
        {
            return Err(Error::config(format!(
                "the URL has {} hosts, {} addresses and {} ports: give one port, or one for each host",
                self.hosts.len(),
                self.addresses.len(),
                ports.len()
            )));
        }
        (0..count)
            .map(|at| {
                let port = ports
                    .get(at)
                    .or(ports.first())
                    .copied()
                    .unwrap_or(DEFAULT_PORT);
                let address = match self.addresses.get(at).filter(|text| !text.is_empty()) {
                    Some(text) => Some(
                        text.parse::<IpAddr>()
                            .map_err(|_| bad_value("hostaddr", "an IP address"))?,
                    ),
                    None => None,
                };
                let place = match self.hosts.get(at).map(String::as_str) {
                    Some(path) if path.starts_with('/') => Place::Socket(path.into()),
                    Some("") | None => match address {
                        Some(address) => Place::Tcp(address.to_string()),
                        None => local(port),
                    },
                    Some(name) => Place::Tcp(name.to_owned()),
                };
                Ok(Host {
                    place,
                    address,
                    port,
                })
            })
            .collect()
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

fn is_option_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn text(encoded: &str) -> Result<String> {
    String::from_utf8(decode(encoded)?)
        .map_err(|_| Error::config("a part of the URL is not UTF-8 after percent-decoding"))
}

/// `%40` is `@`. A `+` stays one.
fn decode(encoded: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let value = rest
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|value| *value != 0)
            .ok_or_else(|| {
                Error::config("a `%` in the URL is not followed by two hexadecimal digits: a percent sign itself is `%25`")
            })?;
        bytes.push(value);
        rest = &rest[2..];
    }
    Ok(bytes)
}

pub(super) fn bad_value(option: &str, wanted: &str) -> Error {
    Error::config(format!("the URL's option `{option}` must be {wanted}"))
}

fn unescaped() -> Error {
    Error::config(
        "the URL has an `@`, `/`, `?` or `:` in a place where it cannot be told what it means: percent-encode special \
         characters in user, password and database (@ is %40, / is %2F, : is %3A, ? is %3F)",
    )
}

/// Only the scheme is repeated, if it is one.
fn not_ours(url: &str) -> Error {
    let scheme = url
        .split_once("://")
        .map(|(scheme, _)| scheme)
        .filter(|scheme| {
            scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+')
        });
    Error::config(match scheme {
        Some(scheme) if scheme.starts_with("postgres") => format!(
            "the URL begins with `{scheme}://`, which names a Python driver: write `postgresql://`"
        ),
        Some(scheme) => format!(
            "the URL begins with `{scheme}://`, and this is an ORM for PostgreSQL: write `postgresql://user:password@host/database`"
        ),
        None => {
            "the address is not a URL: write `postgresql://user:password@host/database`".to_owned()
        }
    })
}
