//! The command line.

use std::path::PathBuf;

use crate::Result;

pub(crate) const HELP: &str = "\
cargo run --release -- [--only TEXT] [--quick] [--minutes N] [--rounds N] [--json FILE] [--markdown FILE] [--plot FILE.svg]
    runs the scenarios whose name contains TEXT, or all of them
    --minutes N  takes fewer samples where all would take longer than that (12 if not said), at least 3 of each
    --rounds N   takes no more than N samples of each
    --quick      leaves out what takes long, and memory

cargo run --release -- --profile [--only TEXT] [--quick] [--keep DIRECTORY]
    counts the client's instructions for each scenario, by valgrind, and prints them as Markdown
    --keep DIRECTORY  leaves the files of callgrind there, `part.N` for the Nth number, row by row
";

/// What is to be done.
pub(crate) enum Command {
    Help,
    /// The scenarios.
    Speed(Options),
    /// The client's instructions.
    Profile(Options),
    /// What this program is started as by valgrind.
    Count {
        options: Options,
        url: String,
        distant_url: String,
    },
    /// What this program is started as to measure memory.
    Memory {
        subject: String,
        scenario: String,
        url: String,
    },
}

pub(crate) struct Options {
    pub(crate) only: Option<String>,
    pub(crate) quick: bool,
    pub(crate) minutes: f64,
    pub(crate) rounds: Option<usize>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) keep: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command> {
        let mut options = Options {
            only: None,
            quick: false,
            minutes: 12.0,
            rounds: None,
            json: None,
            markdown: None,
            plot: None,
            keep: None,
        };
        let (mut profile, mut count) = (false, None);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value\n{HELP}"));
            match word.as_str() {
                "--only" => options.only = Some(value()?),
                "--quick" => options.quick = true,
                "--minutes" => options.minutes = value()?.parse()?,
                "--rounds" => options.rounds = Some(value()?.parse()?),
                "--json" => options.json = Some(value()?.into()),
                "--markdown" => options.markdown = Some(value()?.into()),
                "--plot" => options.plot = Some(value()?.into()),
                "count" => count = Some((value()?, value()?)),
                "--profile" => profile = true,
                "--keep" => options.keep = Some(value()?.into()),
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
        Ok(match count {
            Some((url, distant_url)) => Command::Count {
                options,
                url,
                distant_url,
            },
            None if profile => Command::Profile(options),
            None => Command::Speed(options),
        })
    }
}
