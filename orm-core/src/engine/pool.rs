//! [`Pool`]: lends connections and knows who has them. Called by `link`, which gives each connection back as a [`Slot`].
//!
//! deadpool keeps the connections. Added here are what SQLAlchemy's `QueuePool` has and deadpool lacks: an overflow that is
//! closed when it comes back, a greatest age, and an error that says who holds the connections when none is free.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Hook, HookError, PoolError, TimeoutType, Timeouts};

use super::builder::Settings;
use super::client::{Client, Clients};
use super::dial::Dialer;
use super::url::Address;
use crate::error::{Error, Result};

/// How long a connection may take to answer `pool_pre_ping` before it counts as dead.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that deadpool has lent.
type Object = managed::Object<Clients>;

/// Where a connection was borrowed.
type Place = &'static Location<'static>;

pub(crate) struct Pool {
    inner: managed::Pool<Clients>,
    dialer: Arc<Dialer>,
    holders: Arc<Holders>,
    pool_size: usize,
    max_overflow: usize,
}

impl Pool {
    /// A pool without connections yet.
    pub(super) fn new(dialer: Dialer, settings: &Settings) -> Result<Pool> {
        let capacity = settings.pool_size.saturating_add(settings.max_overflow);
        if capacity == 0 {
            return Err(Error::config(
                "pool_size 0 and max_overflow 0 leave no connection to work with: give pool_size at least 1",
            ));
        }
        let dialer = Arc::new(dialer);
        let clients = Clients::new(Arc::clone(&dialer), settings.pool_pre_ping);
        let mut pool = managed::Pool::builder(clients)
            .max_size(capacity)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: settings.pool_timeout,
                create: dialer.address().longest_attempt(),
                recycle: settings.pool_pre_ping.then_some(PING_TIMEOUT),
            });
        if let Some(greatest_age) = settings.pool_recycle {
            pool = pool.pre_recycle(Hook::sync_fn(move |_, metrics| {
                if metrics.created.elapsed() < greatest_age {
                    Ok(())
                } else {
                    Err(HookError::message("older than pool_recycle"))
                }
            }));
        }
        let inner = pool
            .build()
            .map_err(|error| Error::config(format!("the pool cannot be made: {error}")))?;
        Ok(Pool {
            inner,
            dialer,
            holders: Arc::default(),
            pool_size: settings.pool_size,
            max_overflow: settings.max_overflow,
        })
    }

    /// Borrows a connection: a free one, a new one, or the first that comes back.
    pub(super) async fn checkout(&self, at: Place) -> Result<Slot> {
        match self.inner.get().await {
            Ok(object) => Ok(Slot {
                key: self.holders.add(at),
                object: Some(object),
                holders: Arc::clone(&self.holders),
                pool_size: self.pool_size,
            }),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(self.exhausted()),
            Err(PoolError::Backend(error)) => Err(self.dialer.explain(error)),
            Err(PoolError::Closed) => Err(Error::connection(format!(
                "the engine of {} was closed and lends no connections any more",
                self.address()
            ))),
            Err(PoolError::Timeout(TimeoutType::Create)) => Err(Error::connection(format!(
                "cannot connect to {}: no answer within connect_timeout",
                self.address()
            ))),
            Err(error) => Err(Error::connection(format!(
                "no connection to {}: {error}",
                self.address()
            ))),
        }
    }

    /// Everyone waited in vain: says for how long, for what, and who is to blame.
    fn exhausted(&self) -> Error {
        let waited = self.inner.timeouts().wait.unwrap_or_default();
        let (size, overflow) = (self.pool_size, self.max_overflow);
        Error::Timeout {
            what: format!(
                "no connection to {} became free within {}: pool_size {size} + max_overflow {overflow} are all in \
                 use; held by {}; give connections back (drop sessions and connections that have done their work) or raise \
                 pool_size",
                self.address(),
                readable(waited),
                self.holders,
            ),
        }
    }

    pub(super) fn address(&self) -> &Address {
        self.dialer.address()
    }

    pub(super) fn dialer(&self) -> &Arc<Dialer> {
        &self.dialer
    }

    pub(super) fn status(&self) -> PoolStatus {
        let status = self.inner.status();
        PoolStatus {
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }

    pub(super) fn close(&self) {
        self.inner.close();
    }
}

/// How many connections a pool has, and what they do: see [`Engine::pool_status`](super::Engine::pool_status).
/// SQLAlchemy: `Pool.status()`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let before = engine.pool_status();
/// let conn = engine.acquire().await?;
/// let now = engine.pool_status();
/// assert_eq!((now.open - now.idle) - (before.open - before.idle), 1); // one more is lent
/// drop(conn);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Connections to the server, borrowed ones and idle ones.
    pub open: usize,
    /// Those that nobody has borrowed.
    pub idle: usize,
    /// Tasks that wait for one.
    pub waiting: usize,
}

/// A borrowed connection. It goes back to the pool on drop; when enough idle ones are there already, it is closed.
pub(super) struct Slot {
    object: Option<Object>,
    holders: Arc<Holders>,
    key: u64,
    pool_size: usize,
}

impl Slot {
    pub(super) fn client(&self) -> &Client {
        self.object
            .as_ref()
            .expect("a slot has its connection until it is dropped")
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn discard(mut self) {
        self.close();
    }

    fn close(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Counting and giving back under one lock: two that come back at once must not both see the last free place.
        let mut holders = self.holders.lock();
        holders.places.remove(&self.key);
        if let Some(object) = self.object.take() {
            let idle = Object::pool(&object).map_or(0, |pool| pool.status().available);
            if object.is_closed() || idle >= self.pool_size {
                drop(Object::take(object));
            }
        }
    }
}

/// Who holds connections: where they were borrowed, and since when.
#[derive(Default)]
struct Holders(Mutex<Places>);

#[derive(Default)]
struct Places {
    next: u64,
    places: HashMap<u64, (Place, Instant)>,
}

impl Holders {
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, at: Place) -> u64 {
        let mut places = self.lock();
        places.next += 1;
        let key = places.next;
        places.places.insert(key, (at, Instant::now()));
        key
    }
}

/// `src/main.rs:40 (12 for up to 31 s), src/report.rs:7 (for 2 s)`, the place that holds most first.
impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_place: HashMap<(&str, u32), (usize, Duration)> = HashMap::new();
        for (at, since) in self.lock().places.values() {
            let held = by_place.entry((at.file(), at.line())).or_default();
            held.0 += 1;
            held.1 = held.1.max(since.elapsed());
        }
        if by_place.is_empty() {
            return f.write_str("connections that are being opened");
        }
        let mut by_place: Vec<_> = by_place.into_iter().collect();
        by_place.sort_by_key(|&(place, (count, _))| (std::cmp::Reverse(count), place));
        for (at, ((file, line), (count, longest))) in by_place.into_iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            let longest = readable(longest);
            if count == 1 {
                write!(f, "{file}:{line} (for {longest})")?;
            } else {
                write!(f, "{file}:{line} ({count} for up to {longest})")?;
            }
        }
        Ok(())
    }
}

/// `30 s`, `250 ms`.
fn readable(duration: Duration) -> String {
    if duration.as_millis() < 1000 {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", duration.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_grouped_by_place() {
        let holders = Holders::default();
        let here = Location::caller();
        let keys = [holders.add(here), holders.add(here)];
        let text = holders.to_string();
        let expected = format!("{}:{} (2 for up to ", here.file(), here.line());
        assert!(text.starts_with(&expected), "{text}");
        for key in keys {
            holders.lock().places.remove(&key);
        }
        assert_eq!(holders.to_string(), "connections that are being opened");
    }
}
