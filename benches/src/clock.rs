//! What a subject reports: the time that its work took, how much of it our own thread was busy, and the statements that it
//! sent meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use crate::proxy::Proxy;

/// Times the part of a subject's work that counts.
#[derive(Default)]
pub(crate) struct Clock {
    /// The proxy that the subject is connected through, if statements are counted.
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) elapsed: Duration,
    /// The processor time of the client, whose one thread this is: what PostgreSQL and others need is not in it.
    pub(crate) client: Duration,
    pub(crate) statements: u64,
}

impl Clock {
    /// Waits for the work and adds its time. What it gives is dropped by the caller, when the time is taken.
    pub(crate) async fn time<T>(&mut self, work: impl Future<Output = T>) -> T {
        let sent = self.sent();
        let (start, busy) = (Instant::now(), ThreadTime::now());
        let done = work.await;
        self.client += busy.elapsed();
        self.elapsed += start.elapsed();
        self.statements += self.sent() - sent;
        done
    }

    fn sent(&self) -> u64 {
        self.proxy.as_ref().map_or(0, |proxy| proxy.statements())
    }
}
