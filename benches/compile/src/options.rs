//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::Result;

pub(crate) const HELP: &str = "\
cargo run --release -p compile -- [--quick] [--only NAME] [--models N,N] [--joins N,N] [--rounds N] [--no-scratch]
                                  [--json FILE] [--markdown FILE]
    --only NAME   one of orm, diesel-async, sea-orm
    --models N,N  the sizes of the crates: 10,50,100 if not said
    --joins N,N   how many joins a query has: 1,2,4,6,8,10,12 if not said
    --rounds N    the least of so many runs counts: 1 if not said
    --limit S     gives up what takes longer than so many seconds: 60 if not said
    --no-scratch  leaves out the libraries themselves
    --quick       crates of 10 and 50 models, 1, 6 and 12 joins, not the libraries themselves
";

pub(crate) struct Options {
    pub(crate) only: Option<String>,
    pub(crate) models: Vec<usize>,
    pub(crate) joins: Vec<usize>,
    pub(crate) rounds: usize,
    pub(crate) limit: Duration,
    pub(crate) scratch: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
}

impl Options {
    /// `None` where help was asked for.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>> {
        let mut options = Options {
            only: None,
            models: vec![10, 50, 100],
            joins: vec![1, 2, 4, 6, 8, 10, 12],
            rounds: 1,
            limit: Duration::from_secs(60),
            scratch: true,
            json: None,
            markdown: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value\n{HELP}"));
            match word.as_str() {
                "--only" => options.only = Some(value()?),
                "--models" => options.models = numbers(&value()?)?,
                "--joins" => options.joins = numbers(&value()?)?,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--limit" => options.limit = Duration::from_secs(value()?.parse()?),
                "--no-scratch" => options.scratch = false,
                "--quick" => {
                    options.models = vec![10, 50];
                    options.joins = vec![1, 6, 12];
                    options.scratch = false;
                }
                "--json" => options.json = Some(value()?.into()),
                "--markdown" => options.markdown = Some(value()?.into()),
                "--help" => return Ok(None),
                _ => return Err(format!("what is `{word}`?\n{HELP}").into()),
            }
        }
        Ok(Some(options))
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == name)
    }
}

fn numbers(list: &str) -> Result<Vec<usize>> {
    let numbers = list.split(',').filter(|number| !number.is_empty());
    Ok(numbers.map(str::parse).collect::<Result<_, _>>()?)
}
