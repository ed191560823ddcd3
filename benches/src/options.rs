//! The command line.

use std::path::PathBuf;

use crate::Result;

pub(crate) const HELP: &str = "\
cargo run --release -- [--only TEXT] [--quick] [--rounds N] [--json FILE] [--markdown FILE] [--plot FILE.svg]
    runs the scenarios whose name contains TEXT, or all of them; --rounds takes no more than N samples of each
";

/// What is to be done.
pub(crate) enum Command {
    Help,
    /// The scenarios.
    Speed(Options),
    /// What this program is started as to measure memory.
    Memory {
        subject: String,
        scenario: String,
        url: String,
    },
}

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) only: Option<String>,
    pub(crate) quick: bool,
    pub(crate) rounds: Option<usize>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command> {
        let mut options = Options::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value\n{HELP}"));
            match word.as_str() {
                "--only" => options.only = Some(value()?),
                "--quick" => options.quick = true,
                "--rounds" => options.rounds = Some(value()?.parse()?),
                "--json" => options.json = Some(value()?.into()),
                "--markdown" => options.markdown = Some(value()?.into()),
                "--plot" => options.plot = Some(value()?.into()),
                "--help" => return Ok(Command::Help),
                "memory" => {
                    return Ok(Command::Memory {
                        subject: value()?,
                        scenario: value()?,
                        url: value()?,
                    });
                }
                _ => return Err(format!("what is `{word}`?\n{HELP}").into()),
            }
        }
        Ok(Command::Speed(options))
    }
}
