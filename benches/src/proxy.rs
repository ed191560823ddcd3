//! A proxy between a subject and PostgreSQL: it holds back what the client sends, as a network would, and counts the
//! statements in it.
//!
//! Everything that is sent within the time of one trip is under way at once, so pipelining shows. Threads and blocking
//! sockets, because the timer of an async runtime is not finer than a millisecond.
//!
//! What is counted are the protocol's own messages, the same for every subject: Execute and Query are a statement each.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// A proxy that runs until the process ends.
pub(crate) struct Proxy {
    /// The database's address, through the proxy.
    pub(crate) url: String,
    statements: Arc<AtomicU64>,
}

impl Proxy {
    /// A proxy to the database of `url` that makes each round trip longer by `latency`.
    pub(crate) fn start(url: &str, latency: Duration) -> io::Result<Proxy> {
        let config: Config = url.parse().map_err(io::Error::other)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let through = format!(
            "postgresql://{}{}@{}/{}?sslmode=disable",
            config.get_user().unwrap_or("postgres"),
            config
                .get_password()
                .map(|word| format!(":{}", String::from_utf8_lossy(word)))
                .unwrap_or_default(),
            listener.local_addr()?,
            config.get_dbname().unwrap_or("postgres"),
        );
        let statements = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&statements);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that cannot be made is one that the client sees closed.
                let _ = connect(client, &config, latency, &counter);
            }
        });
        Ok(Proxy {
            url: through,
            statements,
        })
    }

    /// The statements sent so far.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::SeqCst)
    }
}

/// Joins a client to the server by two directions.
fn connect(
    client: TcpStream,
    config: &Config,
    latency: Duration,
    statements: &Arc<AtomicU64>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match config.get_hosts().first() {
        Some(Host::Unix(directory)) => {
            let server = UnixStream::connect(directory.join(format!(".s.PGSQL.{port}")))?;
            let back = server.try_clone()?;
            let end = server.try_clone()?;
            forwards(
                client.try_clone()?,
                server,
                latency,
                statements,
                move || {
                    let _ = end.shutdown(Shutdown::Both);
                },
            );
            backwards(back, client);
        }
        Some(Host::Tcp(name)) => {
            let server = TcpStream::connect((name.as_str(), port))?;
            server.set_nodelay(true)?;
            let back = server.try_clone()?;
            let end = server.try_clone()?;
            forwards(
                client.try_clone()?,
                server,
                latency,
                statements,
                move || {
                    let _ = end.shutdown(Shutdown::Both);
                },
            );
            backwards(back, client);
        }
        None => return Err(io::Error::other("the address has no host")),
    }
    Ok(())
}

/// What the client sends: counted, and passed on when its time has come.
fn forwards(
    mut client: TcpStream,
    mut server: impl Write + Send + 'static,
    latency: Duration,
    statements: &Arc<AtomicU64>,
    close: impl FnOnce() + Send + 'static,
) {
    let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
    let statements = Arc::clone(statements);
    thread::spawn(move || {
        let mut counter = Counter::default();
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let due = Instant::now() + latency;
            statements.fetch_add(counter.count(&buffer[..length]), Ordering::SeqCst);
            if sender.send((due, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if server.write_all(&piece).is_err() {
                break;
            }
        }
        close();
    });
}

/// What the server answers: passed on at once. The latency of both ways is spent on the way there.
fn backwards(mut server: impl Read + Send + 'static, mut client: TcpStream) {
    thread::spawn(move || {
        // Ends when either side has.
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// Finds the messages in a stream of bytes that arrives in pieces.
#[derive(Default)]
struct Counter {
    /// The first message has no kind.
    started: bool,
    /// The beginning of a message: its kind and its length.
    head: Vec<u8>,
    /// How much of a message's body is still to come.
    body: usize,
}

impl Counter {
    /// How many statements begin in this piece.
    fn count(&mut self, mut piece: &[u8]) -> u64 {
        let mut found = 0;
        while !piece.is_empty() {
            let skipped = self.body.min(piece.len());
            self.body -= skipped;
            piece = &piece[skipped..];
            let kind = usize::from(self.started);
            let wanted = (kind + 4 - self.head.len()).min(piece.len());
            self.head.extend_from_slice(&piece[..wanted]);
            piece = &piece[wanted..];
            if let Some(&[a, b, c, d]) = self.head.get(kind..kind + 4) {
                found += u64::from(self.started && matches!(self.head[0], b'E' | b'Q'));
                // The length counts itself.
                self.body = (u32::from_be_bytes([a, b, c, d]) as usize).saturating_sub(4);
                self.head.clear();
                self.started = true;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[test]
    fn statements_are_found_however_the_stream_is_cut() {
        let stream = [
            b"\0\0\0\x08\0\x03\0\0".as_slice(), // start
            b"Q\0\0\0\x0aBEGIN\0",
            b"B\0\0\0\x06EE",
            b"E\0\0\0\x09\0\0\0\0\0",
            b"S\0\0\0\x04",
        ]
        .concat();
        for size in 1..=stream.len() {
            let mut counter = Counter::default();
            let found: u64 = stream.chunks(size).map(|piece| counter.count(piece)).sum();
            assert_eq!(found, 2, "in pieces of {size}");
        }
    }
}
