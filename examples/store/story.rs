//! How the example talks: headings, lines, small tables, and checks that are counted. It knows nothing of databases.

use std::fmt::{Debug, Display};
use std::io::{self, Write};

use crate::error::{Error, Result};

/// Writes the narration, and remembers what was checked.
pub struct Story<'out> {
    out: &'out mut (dyn Write + Send),
    passed: usize,
    failures: Vec<String>,
}

impl<'out> Story<'out> {
    /// A story that is written to `out`.
    pub fn new(out: &'out mut (dyn Write + Send)) -> Self {
        Story {
            out,
            passed: 0,
            failures: Vec::new(),
        }
    }

    /// Begins a chapter.
    pub fn chapter(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{title}\n{}", "─".repeat(title.chars().count()))
    }

    /// Writes a line.
    pub fn say(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Writes a table: a header, and rows below it. Columns of numbers are aligned to the right.
    pub fn table<const N: usize>(
        &mut self,
        header: [&str; N],
        rows: &[[String; N]],
    ) -> io::Result<()> {
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells
                .chain([header[column].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let numeric: [bool; N] = std::array::from_fn(|column| {
            !rows.is_empty() && rows.iter().all(|row| is_number(&row[column]))
        });
        let header = header.map(str::to_owned);
        let rules = widths.map(|width| "─".repeat(width));
        writeln!(self.out)?;
        for row in [&header, &rules].into_iter().chain(rows) {
            let cells: Vec<String> = (0..N)
                .map(|column| {
                    let (cell, width) = (&row[column], widths[column]);
                    if numeric[column] {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                })
                .collect();
            writeln!(self.out, "  {}", cells.join("  ").trim_end())?;
        }
        writeln!(self.out)
    }

    /// Checks that something is as it should be. A failure is remembered and does not stop the story.
    pub fn check<A: PartialEq<B> + Debug, B: Debug>(&mut self, what: &str, found: A, expected: B) {
        if found == expected {
            self.passed += 1;
        } else {
            self.failures
                .push(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }

    /// The end: how many checks passed, or which failed.
    pub fn end(self) -> Result<()> {
        if !self.failures.is_empty() {
            return Err(Error::ChecksFailed(self.failures));
        }
        Ok(writeln!(self.out, "\n{} checks passed", self.passed)?)
    }
}

fn is_number(cell: &str) -> bool {
    cell == "-"
        || cell
            .chars()
            .all(|c| c.is_ascii_digit() || ".,-%".contains(c))
}
