//! One unit of work, performed slowly: what the session knows, what it is about to do, what it says to PostgreSQL and what
//! comes back, after each step.
//!
//! ```text
//! cargo run --example inside                        # all of it
//! cargo run --example inside -- --step              # and Enter from one step to the next
//! cargo run --example inside -- --html inside.html  # the same as one page, with pictures
//! ```
//!
//! | file | what it is |
//! | --- | --- |
//! | `models` | the three tables |
//! | `story` | the unit of work: the code that is shown is the code that runs |
//! | `recorder` | an observer of the engine, which keeps what was sent and what came back |
//! | `scene` | what is to be seen behind one step, as plain data |
//! | `cast` | the entities of a scene, read from the session |
//! | `paint` | which words of SQL are SQL's own, and which lines are new |
//! | `terminal` | a scene as text |
//! | `html`, `page.css` | all scenes as a page |
//! | `graph` | the entities of a scene as a drawing |

mod cast;
mod graph;
mod html;
mod models;
mod paint;
mod recorder;
mod scene;
mod story;
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use examples::Result;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

use recorder::Recorder;
use scene::{Scene, Stage};
use terminal::Terminal;

const USAGE: &str = "usage: cargo run --example inside [-- --step] [--html FILE]
  --step       waits for Enter behind each step
  --html FILE  writes the same as one page, to be opened in a browser
Colours are used on a terminal, unless NO_COLOR is set.";

#[derive(Default)]
struct Options {
    step: bool,
    html: Option<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--step" => options.step = true,
            "--html" => match arguments.next() {
                Some(file) => options.html = Some(file.into()),
                None => return Err("`--html` needs the name of a file".to_owned()),
            },
            "--help" => return Err(String::new()),
            _ => return Err(format!("what is `{argument}`?")),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(why) if why.is_empty() => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("inside: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match act(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inside: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn act(options: Options) -> Result<()> {
    let mut out = io::stdout();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let terminal = Terminal::new(&mut out, io::stdout().is_terminal() && !no_color);
    let scenes = run(terminal, options.step).await?;
    if let Some(file) = options.html {
        std::fs::write(&file, html::page(&scenes))
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        writeln!(out, "\nThe same as a page: {}", file.display())?;
    }
    Ok(())
}

/// Tells the story, in a database that is dropped at its end.
async fn run(terminal: Terminal<'_>, step: bool) -> Result<Vec<Scene>> {
    let test_db = TestDb::with_models::<models::All>().await?;
    models::fill(&test_db.engine().await?).await?;
    // What the set-up has sent is no part of the story, so the engine that is watched is another one.
    let recorder = Recorder::default();
    let engine = Engine::builder(test_db.url())
        .pool_size(1)
        .observe(Arc::new(recorder.clone()))
        .connect()
        .await?;
    let mut stage = Stage::new(terminal, recorder, step);
    story::tell(&engine, &mut stage).await?;
    Ok(stage.into_scenes())
}
