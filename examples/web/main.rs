//! A web service over the store: axum, a session per request, and what a service has to think of beside its happy path.
//!
//! ```text
//! cargo run --example web                   # on a PostgreSQL of its own, with curl lines to try
//! cargo run --example web -- --port 8080
//! RUST_LOG=debug cargo run --example web    # with every statement in the log
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `app` | what the requests share, the routes, and serving until the signal to stop |
//! | `routes` | the handlers: from a request to a repository's call, and from its result to a response |
//! | `repository` | the repositories: what the service does with the store, on a session that a request owns |
//! | `session` | the extractors that give a request its session |
//! | `input`, `etag` | the extractors of keys, queries and JSON bodies; of If-Match |
//! | `views` | what clients see of the rows |
//! | `rules` | what must hold of rows, whoever writes them |
//! | `error` | from errors to statuses and `application/problem+json` |
//! | `trace` | a span and a line of log for each request, with its statements counted; panics |
//! | `tour` | some rows to begin with, and the requests to try, which the tests send as well |
//!
//! Its models are the store's: `../store/models.rs`.

#![allow(
    unreachable_pub,
    reason = "the modules are written as those of an application are, to be copied from"
)]

mod app;
#[cfg(test)]
mod client;
mod error;
mod etag;
mod input;
#[path = "../store/models.rs"]
mod models;
mod repository;
mod routes;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod tour;
mod trace;
mod views;

use std::process::ExitCode;

use orm_core::testing::TestDb;
use tokio::net::TcpListener;

const USAGE: &str = "usage: cargo run --example web [-- --port PORT]\n  --port  where to listen on 127.0.0.1, 3000 if not said";

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut port = 3000;
    while let Some(argument) = arguments.next() {
        let number = || arguments.next().and_then(|port| port.parse().ok());
        match argument.as_str() {
            "--help" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "--port" => match { number }() {
                Some(given) => port = given,
                None => return usage_error("`--port` wants a number"),
            },
            _ => return usage_error(&format!("what is `{argument}`?")),
        }
    }
    match run(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage_error(problem: &str) -> ExitCode {
    eprintln!("web: {problem}\n{USAGE}");
    ExitCode::from(2)
}

/// Starts the service on a database that is dropped at its end, and serves until Ctrl-C.
async fn run(port: u16) -> examples::Result {
    trace::to_standard_error();
    let test_db = TestDb::with_models::<models::All>().await?;
    let engine = app::engine(test_db.url()).await?;
    tour::fill(&engine).await?;

    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tour::print(listener.local_addr()?);
    app::serve(listener, app::router(&engine), app::stop_signal()?).await?;
    engine.close();
    println!("Stopped: every request that had begun was answered.");
    Ok(())
}
