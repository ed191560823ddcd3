//! What the examples share: how one tells what it does, and how a test listens.
//!
//! An example is one function, `run`, that is given a [`Story`]: it tells what it does, shows the statements that it sent, and
//! checks what it claims. [`tell`] is its `main`, [`expect`] its test. The programs lie in the folders beside this one.

mod story;

use std::fmt::Display;
use std::process::ExitCode;

pub use story::{Story, StoryError};

/// What most examples give: anything may go wrong, and `main` prints it.
pub type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The `main` of an example: tells its story on standard output. Fails if the story or one of its checks does.
pub async fn tell<E>(run: impl AsyncFnOnce(&mut Story<'_>) -> Result<(), E>) -> ExitCode
where
    E: Display,
{
    let mut out = std::io::stdout();
    let mut story = Story::new(&mut out);
    let problem = match run(&mut story).await {
        Err(error) => error.to_string(),
        Ok(()) => match story.end() {
            Ok(_) => return ExitCode::SUCCESS,
            Err(error) => error.to_string(),
        },
    };
    eprintln!("\n{problem}");
    ExitCode::FAILURE
}

/// The test of an example: hears its story, and gives the number of checks.
///
/// # Panics
/// When the story or one of its checks fails, and when one of these lines isn't told, or not in this order. What is told stands
/// in the message.
pub async fn expect<E>(
    run: impl AsyncFnOnce(&mut Story<'_>) -> Result<(), E>,
    lines: &[&str],
) -> usize
where
    E: Display,
{
    let mut out = Vec::new();
    let mut story = Story::new(&mut out);
    let outcome = run(&mut story).await.map_err(|error| error.to_string());
    let outcome = outcome.and_then(|()| story.end().map_err(|error| error.to_string()));
    let told = String::from_utf8_lossy(&out);
    let checks = match outcome {
        Ok(checks) => checks,
        Err(problem) => panic!("{problem}\n\n{told}"),
    };
    let mut rest = told.lines();
    for line in lines {
        assert!(
            rest.any(|told| told == *line),
            "`{line}` is not told, or not here:\n{told}"
        );
    }
    checks
}
