//! A small store: every function of a SQLAlchemy ORM tutorial under its own name, run against a real PostgreSQL.
//!
//! ```text
//! cargo run --example store              # tells what it does
//! cargo run --example store -- --echo    # and shows the SQL
//! ```
//!
//! Begin with `models`, then read the chapters in the order in which they run. Each file has the functions first, and
//! below them a `chapter` that calls them and checks what they did.

#![allow(
    unreachable_pub,
    reason = "the modules are written as those of an application are, to be copied from"
)]

mod create;
mod delete;
mod error;
mod exercises;
mod models;
mod queries;
mod read;
mod reports;
mod sessions;
#[cfg(test)]
mod tests;
mod transactions;
mod update;

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

use error::Result;

const USAGE: &str =
    "usage: cargo run --example store [-- --echo]\n  --echo  shows the SQL, on standard error";

#[tokio::main]
async fn main() -> ExitCode {
    let mut echo = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--echo" => echo = true,
            "--help" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("store: what is `{argument}`?\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    examples::tell(async |story: &mut Story<'_>| run(story, echo).await).await
}

/// The whole story, in a database that is dropped at its end.
async fn run(story: &mut Story<'_>, echo: bool) -> Result<()> {
    let test_db = TestDb::new().await?;
    let engine = Engine::builder(test_db.url()).echo(echo).connect().await?;
    engine.create_all::<models::All>().await?;

    let version: String = engine
        .acquire()
        .await?
        .fetch_scalar("SHOW server_version")
        .await?;
    let version = version.split(' ').next().unwrap_or_default();
    story.say(format_args!(
        "A small store on PostgreSQL {version}, in a database of its own."
    ));
    create::chapter(story, &engine).await?;
    read::chapter(story, &engine).await?;
    update::chapter(story, &engine).await?;
    delete::chapter(story, &engine).await?;
    queries::chapter(story, &engine).await?;
    reports::chapter(story, &engine).await?;
    transactions::chapter(story, &engine).await?;
    sessions::chapter(story, &engine).await?;
    exercises::chapter(story, &engine).await
}
