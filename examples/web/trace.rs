//! One span and one line of log for each request, with the statements that it sent; and a panic in a handler is an answer,
//! too, and not a connection that closes.
//!
//! ```text
//! INFO request{id=7 method=PATCH route="/products/{id}"}: answered status=200 statements=4 round_trips=2 ms=1.4
//! ```
//!
//! Who counts statements of a request? The engine's observer is told of all of them, in the task that ran them; and while a
//! request is served, that task has its count at hand. The log has the route and not the path, and no values: those of
//! clients stand in neither.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use orm_core::engine::{Observer, StatementEvent};
use tracing::Instrument;

use crate::error::ApiError;

tokio::task_local! {
    static REQUEST: Arc<Statements>;
}

/// What a request has sent to the database so far.
#[derive(Debug, Default)]
struct Statements {
    count: AtomicU32,
    round_trips: AtomicU32,
}

impl Statements {
    /// How many statements, in how many round trips.
    fn counts(&self) -> (u32, u32) {
        let load = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        (load(&self.count), load(&self.round_trips))
    }
}

/// Counts each statement for the request that sent it; others, of jobs and at the start, for nobody.
pub struct StatementsOfRequests;

impl Observer for StatementsOfRequests {
    fn statement(&self, event: &StatementEvent<'_>) {
        let _ = REQUEST.try_with(|request| {
            request.count.fetch_add(1, Ordering::Relaxed);
            request
                .round_trips
                .fetch_add(event.round_trips, Ordering::Relaxed);
        });
    }
}

/// The middleware: see the head of this file.
pub async fn requests(request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let route = request.extensions().get::<MatchedPath>();
    let span = tracing::info_span!(
        "request",
        id,
        method = %request.method(),
        route = route.map(MatchedPath::as_str),
    );
    let statements = Arc::<Statements>::default();
    let mut line = Line {
        span: span.clone(),
        began: Instant::now(),
        statements: Arc::clone(&statements),
        status: None,
    };
    // The session of the handler goes with its future, also when it unwinds: nothing of it is seen again.
    let handled = AssertUnwindSafe(REQUEST.scope(statements, next.run(request)))
        .catch_unwind()
        .instrument(span.clone());
    let mut response = match handled.await {
        Ok(response) => response,
        Err(panic) => span.in_scope(|| panicked(panic.as_ref())),
    };
    line.status = Some(response.status().as_u16());
    let headers = response.headers_mut();
    let (sent, round_trips) = line.statements.counts();
    // Browsers show it beside their own times.
    let timing = format!("db;desc=\"statements={sent} round_trips={round_trips}\"");
    for (name, value) in [("x-request-id", id.to_string()), ("server-timing", timing)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The message of a panic is for the log.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("something that is no text");
    ApiError::Internal(orm_core::Error::invalid(format!(
        "a handler panicked: {said}"
    )))
    .into_response()
}

/// The line of a request, written when it is over, however it ended: a client that goes away takes the handler's future along,
/// and the line says so.
struct Line {
    span: tracing::Span,
    began: Instant,
    statements: Arc<Statements>,
    status: Option<u16>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let _in_request = self.span.enter();
        let (statements, round_trips) = self.statements.counts();
        let ms = self.began.elapsed().as_secs_f64() * 1000.0;
        let ms = format_args!("{ms:.1}");
        match self.status {
            Some(status) => tracing::info!(status, statements, round_trips, %ms, "answered"),
            None => tracing::info!(
                statements,
                round_trips,
                %ms,
                "the client has gone, and what was not committed is rolled back"
            ),
        }
    }
}

/// Writes the log to standard error: lines of requests, or with `RUST_LOG=debug` every statement as well.
pub fn to_standard_error() {
    let level = std::env::var("RUST_LOG").ok();
    let level = level.and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .with_target(false)
        .without_time()
        .init();
}
