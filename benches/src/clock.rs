//! What a subject reports: the time that its work took, how much of it our own thread was busy, and the statements that it
//! sent meanwhile.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
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
        let done = counted(work).await;
        self.client += busy.elapsed();
        self.elapsed += start.elapsed();
        self.statements += self.sent() - sent;
        done
    }

    fn sent(&self) -> u64 {
        self.proxy.as_ref().map_or(0, |proxy| proxy.statements())
    }
}

/// The same work, in which `profile` counts the instructions: a task that the work spawns has to say so as well.
pub(crate) async fn counted<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|context| measured_poll(work.as_mut(), context)).await
}

/// The name by which callgrind finds what is to be counted.
pub(crate) const COUNTED: &str = "measured_poll";

#[inline(never)]
fn measured_poll<F: Future>(work: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    let polled = work.poll(context);
    // There is something to do behind the call, so it stays one: a jump would be no part of this function.
    black_box(());
    polled
}
