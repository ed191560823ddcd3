//! A way to the server that is as long as a test wants it: [`distant`], [`Way`].

use std::sync::Arc;
use std::time::Duration;

use orm_core::Engine;
use orm_core::engine::{StatementLog, sql};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// An engine on a way to the server, and what it has sent.
pub struct Way {
    /// It sends this way.
    pub engine: Engine,
    /// What was sent.
    pub log: StatementLog,
}

impl Way {
    /// The way that an address leads.
    ///
    /// # Panics
    /// When nobody is there.
    pub async fn near(url: &str) -> Way {
        let log = StatementLog::new();
        let engine = Engine::builder(url).observe(Arc::new(log.clone()));
        let engine = engine.connect().await.expect("a server");
        Way { engine, log }
    }

    /// One on which a round trip takes long. The engine knows it after some answers.
    ///
    /// # Panics
    /// When nobody is there.
    pub async fn far(url: &str) -> Way {
        let way = Way::near(&distant(url, Duration::from_millis(3)).await).await;
        let mut db = way.engine.session();
        for _ in 0..10 {
            sql("SELECT 1").execute(&mut db).await.expect("an answer");
        }
        db.rollback().await.expect("nothing was written");
        way.log.clear();
        way
    }
}

/// The address of a database by a way on which each round trip takes at least so long. It lasts as long as the test's runtime.
///
/// # Panics
/// When the address cannot be understood, or no port is free.
pub async fn distant(url: &str, delay: Duration) -> String {
    let config: Config = url.parse().expect("the address of a database");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    let near = format!(
        "postgresql://{}@127.0.0.1:{port}/{}",
        config.get_user().unwrap_or("postgres"),
        config.get_dbname().unwrap_or("postgres"),
    );
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, config.clone(), delay));
        }
    });
    near
}

async fn relay(client: TcpStream, config: Config, delay: Duration) {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match &config.get_hosts()[0] {
        Host::Unix(directory) => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            let server = UnixStream::connect(path)
                .await
                .expect("the server's socket");
            let (from, to) = server.into_split();
            both_ways(client, from, to, delay).await;
        }
        Host::Tcp(name) => {
            let server = TcpStream::connect((name.as_str(), port)).await;
            let (from, to) = server.expect("the server's port").into_split();
            both_ways(client, from, to, delay).await;
        }
    }
}

/// What the client has sent at one time arrives later, all of it together.
async fn both_ways(
    client: TcpStream,
    mut from_server: impl AsyncReadExt + Unpin + Send + 'static,
    mut to_server: impl AsyncWriteExt + Unpin,
    delay: Duration,
) {
    let _ = client.set_nodelay(true);
    let (mut from_client, mut to_client) = client.into_split();
    tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        if to_server.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
