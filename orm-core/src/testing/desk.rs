//! The statements that make, seal and drop databases.
//!
//! [`clerk`](super::clerk) has one desk and runs several of its calls at once; connections are kept for the next call.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::clerk::Origin;
use super::connect::connect;
use super::database::TestDb;
use super::failure::Failure;
use super::leftovers;
use super::nonce;
use super::server::{Server, with_sources};
use super::url;

/// PostgreSQL copies files for every database; more at once than this only makes each slower.
const AT_ONCE: usize = 4;

pub(super) struct Desk {
    server: &'static Server,
    /// Names this process among all that use the server: see [`leftovers`].
    tag: String,
    numbers: AtomicU32,
    turns: Semaphore,
    idle: Mutex<Vec<Client>>,
    /// The server's version, as in 150014.
    version: OnceCell<u32>,
}

/// Why a statement was not executed.
enum Trouble {
    Connection(Failure),
    Statement(tokio_postgres::Error),
}

impl Desk {
    pub(super) fn new(server: &'static Server) -> Self {
        Desk {
            server,
            tag: leftovers::tag(std::process::id(), nonce()),
            numbers: AtomicU32::new(1),
            turns: Semaphore::new(AT_ONCE),
            idle: Mutex::default(),
            version: OnceCell::new(),
        }
    }

    /// A new database.
    pub(super) async fn create(&self, origin: &Origin) -> Result<TestDb, Failure> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        // From template0, because template1 can be copied only while nobody is connected to it, and what its owner may
        // have put there would make results differ from machine to machine.
        let (name, template) = match origin {
            Origin::Nothing => (format!("{}_{number}", self.tag), "template0"),
            Origin::ForTemplate(key) => (
                format!("{}_{number}_{}", self.tag, readable(key)),
                "template0",
            ),
            Origin::Template(template) => (format!("{}_{number}", self.tag), template.as_str()),
        };
        let url = url::with_database(&self.server.url, &name)?;
        let version = self.version().await?;
        // Quicker, but it makes the server write out all that it has in memory, which others on it would feel. Before
        // 15 there is no choice.
        let strategy = if self.server.own && version >= 150_000 {
            " STRATEGY FILE_COPY"
        } else {
            ""
        };
        let statement = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"{strategy}");
        self.run(&statement)
            .await
            .map_err(|trouble| self.not_created(trouble))?;
        Ok(TestDb::made(name, url))
    }

    /// Makes the database a template.
    pub(super) async fn seal(&self, name: &str) -> Result<(), Failure> {
        let failed = |trouble| failure(trouble, &format!("cannot make {name} a template"));
        let seal =
            format!("ALTER DATABASE \"{name}\" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false");
        self.run(&seal).await.map_err(failed)?;
        // Whoever made the tables may have left connections in a pool. They would make every clone fail.
        if self.end_connections(name).await.map_err(failed)? {
            return Ok(());
        }
        Err(Failure::connection(format!(
            "connections to {name} do not end, so it cannot be a template"
        )))
    }

    /// Drops the database, with whoever is still connected to it.
    pub(super) async fn drop_database(&self, name: &str) -> Result<(), Failure> {
        let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
        // FORCE ends connections too, but looks only every 100 ms whether they have ended; most tests leave some open.
        let _ = self.end_connections(name).await;
        let mut dropped = self.run(&statement).await;
        if matches!(&dropped, Err(Trouble::Statement(error)) if error.code() == Some(&SqlState::OBJECT_IN_USE))
        {
            // FORCE ends sessions, but not the transactions that two-phase commit has prepared in them.
            self.roll_back_prepared(name).await;
            dropped = self.run(&statement).await;
        }
        dropped
            .map(drop)
            .map_err(|trouble| failure(trouble, &format!("cannot drop {name}")))
    }

    /// Ends the connections to the database, and tells whether they are gone; gives up after some seconds.
    async fn end_connections(&self, name: &str) -> Result<bool, Trouble> {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = '{name}' AND backend_type = 'client backend'"
        );
        for _ in 0..1000 {
            if self.run(&end).await?.is_empty() {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(false)
    }

    /// Drops what processes that are gone have left on the user's server. Best effort: another process may be at it too.
    pub(super) async fn tidy(&self) {
        if self.server.own {
            return;
        }
        for name in self.run(&leftovers::query()).await.unwrap_or_default() {
            let _ = self
                .run(&format!("ALTER DATABASE \"{name}\" WITH IS_TEMPLATE false"))
                .await;
            let _ = self.drop_database(&name).await;
        }
    }

    async fn version(&self) -> Result<u32, Failure> {
        let ask = async || {
            let asked = self.run("SHOW server_version_num").await;
            let rows = asked.map_err(|trouble| failure(trouble, "cannot ask for the version"))?;
            // A server that answers something else is none that we know a quicker way for.
            Ok(rows
                .first()
                .and_then(|version| version.parse().ok())
                .unwrap_or(0))
        };
        self.version.get_or_try_init(ask).await.copied()
    }

    async fn roll_back_prepared(&self, name: &str) {
        let mut config = self.server.config.clone();
        let Ok(client) = connect(config.dbname(name)).await else {
            return;
        };
        let prepared = simple(
            &client,
            "SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database()",
        );
        for gid in prepared.await.unwrap_or_default() {
            let _ = simple(&client, &format!("ROLLBACK PREPARED {gid}")).await;
        }
    }

    /// Executes one statement on a connection of its own, and gives the first column of what it returns.
    async fn run(&self, statement: &str) -> Result<Vec<String>, Trouble> {
        // The semaphore is never closed; were it, going on without a turn would do no harm.
        let _turn = self.turns.acquire().await;
        let idle = || {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()
        };
        let client = match std::iter::from_fn(idle).find(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect().await.map_err(Trouble::Connection)?,
        };
        let rows = simple(&client, statement).await;
        self.put_back(client);
        rows.map_err(Trouble::Statement)
    }

    fn put_back(&self, client: Client) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(client);
    }

    /// A new connection. It shows other processes that we are alive, and so stays open until we are not.
    async fn connect(&self) -> Result<Client, Failure> {
        let mut config = self.server.config.clone();
        let client = connect(config.application_name(&self.tag))
            .await
            .map_err(|error| {
                let server = if self.server.own {
                    "the throw-away PostgreSQL".to_owned()
                } else {
                    format!("the server that DATABASE_URL names ({})", self.address())
                };
                Failure::connection(format!(
                    "cannot connect to {server}: {}",
                    with_sources(&error)
                ))
            })?;
        if !self.server.own {
            // Only 14 and later know the setting. Where it cannot be set, the connection is renewed with the next job.
            let stay = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'";
            let _ = simple(&client, stay).await;
        }
        Ok(client)
    }

    /// Where the server is, in words and without the password.
    fn address(&self) -> String {
        let config = &self.server.config;
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        let ports = config.get_ports().iter().map(u16::to_string);
        let or_default = |list: Vec<String>| {
            if list.is_empty() {
                "default".to_owned()
            } else {
                list.join(",")
            }
        };
        format!(
            "host {}, port {}, role {}, database {}",
            or_default(hosts.collect()),
            or_default(ports.collect()),
            config.get_user().unwrap_or("default"),
            config.get_dbname().unwrap_or("default"),
        )
    }

    fn not_created(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Statement(error)
                if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
            {
                let role = self.server.config.get_user().unwrap_or("the_role");
                Failure::config(format!(
                    "every test gets a database of its own, but the role of DATABASE_URL may not create any ({}): either \
                     `ALTER ROLE \"{role}\" CREATEDB`, or unset DATABASE_URL to use a throw-away PostgreSQL",
                    self.address(),
                ))
            }
            trouble => failure(trouble, "cannot create a database for the test"),
        }
    }
}

/// By the simple protocol: statements about databases take no parameters, and poolers let it through in every mode.
async fn simple(client: &Client, statement: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let messages = client.simple_query(statement).await?;
    let first = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(first).collect())
}

fn failure(trouble: Trouble, what: &str) -> Failure {
    match trouble {
        Trouble::Connection(failure) => failure,
        Trouble::Statement(error) => {
            Failure::connection(format!("{what}: {}", with_sources(&error)))
        }
    }
}

/// What of a template's key helps a person who looks at the list of databases. The number before it makes the name
/// unique; a name has at most 63 bytes.
fn readable(key: &str) -> String {
    let word = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    key.chars().map(word).take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::{leftovers, readable};

    #[test]
    fn the_longest_name_fits() {
        let key = readable("(orm_core::tests::Bücher, \"a'; drop\")");
        let name = format!("{}_{}_{key}", leftovers::tag(u32::MAX, u32::MAX), u32::MAX);
        assert!(name.len() <= 63, "{name}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "{name}"
        );
    }
}
