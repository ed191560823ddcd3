//! The one server of this process: the user's, if `DATABASE_URL` names one, else a throw-away one of our own.
//!
//! [`clerk`](super::clerk) and [`server_url`](super::server_url) ask for it; the first one to ask starts it.

use std::sync::OnceLock;

use tokio_postgres::Config;

use super::failure::Failure;

/// A server on which databases can be made.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    pub(super) config: Config,
    /// Whether we started it, and nobody else uses it.
    pub(super) own: bool,
    #[cfg(unix)]
    _supervisor: Option<super::supervisor::Supervisor>,
}

/// The server of this process, started if need be. Blocks meanwhile.
///
/// A failure is remembered: a suite of a thousand tests should say at once what is missing, not look for it a thousand
/// times. The server is never dropped (statics are not), and stops when the process ends.
pub(super) fn shared() -> Result<&'static Server, Failure> {
    static SERVER: OnceLock<Result<Server, Failure>> = OnceLock::new();
    SERVER
        .get_or_init(|| given().unwrap_or_else(start))
        .as_ref()
        .map_err(Clone::clone)
}

/// The server that `DATABASE_URL` names.
fn given() -> Option<Result<Server, Failure>> {
    let url = std::env::var_os("DATABASE_URL").filter(|url| !url.is_empty())?;
    let parsed = url
        .into_string()
        .map_err(|_| "it is not UTF-8".to_owned())
        .and_then(|url| {
            let config = url
                .parse::<Config>()
                .map_err(|error| with_sources(&error))?;
            Ok(Server {
                url,
                config,
                own: false,
                #[cfg(unix)]
                _supervisor: None,
            })
        });
    // The parser's message names the part that is wrong; the URL itself may have a password in it.
    Some(
        parsed.map_err(|reason| {
            Failure::config(format!("DATABASE_URL cannot be understood: {reason}"))
        }),
    )
}

/// An error and what caused it: the driver's own text often says no more than "error connecting to server".
pub(super) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

#[cfg(unix)]
fn start() -> Result<Server, Failure> {
    use super::account::Account;
    use super::cache::Cache;
    use super::supervisor::{NotStarted, Supervisor};
    use super::{find, initdb, nonce, place, url};

    let account = Account::current()?;
    let found = find::find(&find::Search::from_environment(), &account)?;
    let cache = Cache::open(&account)?;
    let pristine = initdb::pristine(&cache, &found, &account)?;
    let mut refused = String::new();
    for place in place::candidates() {
        place::remove_abandoned(&place, &account);
        let dir = place.join(format!(
            "{}{}-{:08x}",
            place::PREFIX,
            std::process::id(),
            nonce()
        ));
        if !place::fits_a_socket(&dir) {
            refused.push_str(&format!(
                "\n  {}: too long for a Unix socket",
                dir.display()
            ));
            continue;
        }
        match Supervisor::start(&dir, &pristine, &found.bin, &account) {
            Ok(supervisor) => {
                let url = format!(
                    "postgres:///postgres?host={}&port=5432&user=postgres",
                    url::encode(&dir)
                );
                let config = url.parse().map_err(|error| {
                    Failure::connection(format!("cannot address {}: {error}", dir.display()))
                })?;
                return Ok(Server {
                    url,
                    config,
                    own: true,
                    _supervisor: Some(supervisor),
                });
            }
            Err(NotStarted::Place(reason)) => refused.push_str(&format!("\n  {reason}")),
            Err(NotStarted::Server(failure)) => return Err(failure),
        }
    }
    Err(Failure::config(format!(
        "no place for the throw-away PostgreSQL, which runs as {account}:{refused}"
    )))
}

/// The driver has no Unix sockets there, and there is no `sh` to outlive us.
#[cfg(not(unix))]
fn start() -> Result<Server, Failure> {
    Err(Failure::config(
        "a throw-away PostgreSQL can be started on Linux and macOS only: set DATABASE_URL to a running server and a role \
         that may create databases, for example DATABASE_URL=postgres://user:password@localhost/postgres",
    ))
}
