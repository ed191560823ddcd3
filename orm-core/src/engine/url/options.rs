//! What may stand behind the `?` of the URL, and what each option does to the [`Address`].

use std::time::Duration;

use tokio_postgres::config::{
    ChannelBinding, LoadBalanceHosts, SslNegotiation, TargetSessionAttrs,
};

use super::{Address, RootCert, SSL_MODES, bad_value};
use crate::error::{Error, Result};

/// The options that are understood, for the message about one that is not.
const KNOWN: &str = "host, hostaddr, port, user, password, dbname, sslmode, sslrootcert, sslcert, sslkey, sslnegotiation, \
    channel_binding, application_name, options, connect_timeout, target_session_attrs, load_balance_hosts, keepalives, \
    keepalives_idle, keepalives_interval, keepalives_count, tcp_user_timeout";

impl Address {
    /// Sets one option. Names are libpq's.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let config = &mut self.config;
        match name {
            "sslmode" => {
                self.ssl.mode = one_of(name, value, &SSL_MODES)?;
            }
            // As JDBC writes it; libpq reads it too.
            "ssl" if value == "true" => {
                return self.set("sslmode", "require");
            }
            "ssl" => {
                return Err(Error::config(
                    "write `sslmode=` in the URL in place of `ssl=`: sslmode=require, sslmode=verify-full ..",
                ));
            }
            "sslrootcert" => {
                self.ssl.root_cert = Some(match value {
                    "system" => RootCert::System,
                    file => RootCert::File(file.into()),
                });
            }
            "sslcert" => self.ssl.cert = Some(value.into()),
            "sslkey" => self.ssl.key = Some(value.into()),
            "sslnegotiation" => {
                let how = one_of(
                    name,
                    value,
                    &[
                        ("postgres", SslNegotiation::Postgres),
                        ("direct", SslNegotiation::Direct),
                    ],
                )?;
                self.ssl.direct = how == SslNegotiation::Direct;
                config.ssl_negotiation(how);
            }
            "channel_binding" => {
                config.channel_binding(one_of(
                    name,
                    value,
                    &[
                        ("disable", ChannelBinding::Disable),
                        ("prefer", ChannelBinding::Prefer),
                        ("require", ChannelBinding::Require),
                    ],
                )?);
            }
            "application_name" => {
                config.application_name(value);
            }
            "fallback_application_name" => {
                if config.get_application_name().is_none() {
                    config.application_name(value);
                }
            }
            "options" => {
                config.options(value);
            }
            "connect_timeout" => {
                if let Some(timeout) = seconds(name, value)? {
                    // libpq does not wait for less than two seconds either.
                    let timeout = timeout.max(Duration::from_secs(2));
                    config.connect_timeout(timeout);
                    self.connect_timeout = Some(timeout);
                }
            }
            "tcp_user_timeout" => {
                let millis = number(name, value)?;
                if millis > 0 {
                    config.tcp_user_timeout(Duration::from_millis(millis));
                }
            }
            "keepalives" => {
                config.keepalives(number(name, value)? != 0);
            }
            "keepalives_idle" => {
                if let Some(idle) = seconds(name, value)? {
                    config.keepalives_idle(idle);
                }
            }
            "keepalives_interval" => {
                if let Some(interval) = seconds(name, value)? {
                    config.keepalives_interval(interval);
                }
            }
            "keepalives_count" | "keepalives_retries" => {
                let count = u32::try_from(number(name, value)?)
                    .map_err(|_| bad_value(name, "a smaller number"))?;
                config.keepalives_retries(count);
            }
            "target_session_attrs" => {
                config.target_session_attrs(one_of(
                    name,
                    value,
                    &[
                        ("any", TargetSessionAttrs::Any),
                        ("read-write", TargetSessionAttrs::ReadWrite),
                        ("primary", TargetSessionAttrs::ReadWrite),
                        ("read-only", TargetSessionAttrs::ReadOnly),
                        ("standby", TargetSessionAttrs::ReadOnly),
                    ],
                )?);
            }
            "load_balance_hosts" => {
                config.load_balance_hosts(one_of(
                    name,
                    value,
                    &[
                        ("disable", LoadBalanceHosts::Disable),
                        ("random", LoadBalanceHosts::Random),
                    ],
                )?);
            }
            "client_encoding" => {
                if !["utf8", "utf-8", "unicode", "auto"].contains(&value.to_lowercase().as_str()) {
                    return Err(bad_value(name, "UTF8: Rust's strings are"));
                }
            }
            "gssencmode" => {
                if value == "require" {
                    return Err(bad_value(
                        name,
                        "`disable` or `prefer`: GSS encryption is not supported",
                    ));
                }
            }
            _ => {
                return Err(Error::config(format!(
                    "the URL's option `{name}` is not known: there are {KNOWN}"
                )));
            }
        }
        Ok(())
    }
}

fn one_of<T: Copy>(option: &str, value: &str, choices: &[(&str, T)]) -> Result<T> {
    let found = choices.iter().find(|(name, _)| *name == value);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        bad_value(option, &format!("one of {}", names.join(", ")))
    })
}

fn number(option: &str, value: &str) -> Result<u64> {
    value
        .trim()
        .parse()
        .map_err(|_| bad_value(option, "a number"))
}

/// Zero and less mean no limit.
fn seconds(option: &str, value: &str) -> Result<Option<Duration>> {
    match value.trim().parse::<i64>() {
        Ok(seconds) => Ok(u64::try_from(seconds)
            .ok()
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs)),
        Err(_) => Err(bad_value(option, "a number of seconds")),
    }
}
