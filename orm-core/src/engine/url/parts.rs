//! Takes a URL apart and puts its parts together as an [`Address`].

use std::net::IpAddr;

use tokio_postgres::Config;

use super::{Address, DEFAULT_PORT, Host, Place, Ssl, SslMode, bad_value, local};
use crate::error::{Error, Result};

/// The URL, taken apart and decoded; a later mention of a part replaces an earlier one, as in libpq.
#[derive(Default)]
pub(super) struct Parts {
    hosts: Vec<String>,
    addresses: Vec<String>,
    ports: Vec<String>,
    user: Option<String>,
    password: Option<Vec<u8>>,
    database: Option<String>,
    options: Vec<(String, String)>,
}

impl Parts {
    pub(super) fn of(url: &str) -> Result<Parts> {
        let mut parts = Parts::default();
        parts.read(url)?;
        Ok(parts)
    }

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

    pub(super) fn into_address(self) -> Result<Address> {
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
