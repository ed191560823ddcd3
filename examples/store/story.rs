//! How the example talks: chapters, paragraphs, small tables, and checks that are counted. It knows nothing of databases.

use std::fmt::{Debug, Display};
use std::io::{self, Write};

use crate::error::{Error, Result};

/// The width of the narration, in characters.
const WIDTH: usize = 90;

/// Writes the narration, and remembers what was checked.
pub struct Story<'out> {
    out: &'out mut (dyn Write + Send),
    /// Whether a blank line belongs before what comes next.
    gap: bool,
    passed: usize,
    failures: Vec<String>,
}

impl<'out> Story<'out> {
    /// A story that is written to `out`.
    pub fn new(out: &'out mut (dyn Write + Send)) -> Self {
        Story {
            out,
            gap: false,
            passed: 0,
            failures: Vec::new(),
        }
    }

    /// Begins a chapter, and names the file that it is about.
    pub fn chapter(&mut self, title: &str, file: &str) -> io::Result<()> {
        let space = WIDTH.saturating_sub(title.chars().count() + file.chars().count());
        self.gap = true;
        self.line(&format!("{title}{}{file}", " ".repeat(space)))?;
        self.line(&"─".repeat(WIDTH))
    }

    /// Writes a paragraph, on several lines if it is long.
    pub fn say(&mut self, paragraph: impl Display) -> io::Result<()> {
        let mut line = String::new();
        for word in paragraph.to_string().split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line)?;
                line = " ".to_owned();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line)
    }

    /// Writes lines as they are, set apart.
    pub fn block(&mut self, text: impl Display) -> io::Result<()> {
        self.gap = true;
        for line in text.to_string().lines() {
            self.line(&format!("  {line}"))?;
        }
        self.gap = true;
        Ok(())
    }

    /// Writes a table: a header, and rows below it. Columns of numbers are aligned to the right.
    pub fn table<const N: usize>(
        &mut self,
        header: [&str; N],
        rows: &[[String; N]],
    ) -> io::Result<()> {
        let header = header.map(str::to_owned);
        let all = || [&header].into_iter().chain(rows);
        let columns: [(usize, bool); N] = std::array::from_fn(|at| {
            let width = all().map(|row| row[at].chars().count()).max().unwrap_or(0);
            (width, rows.iter().all(|row| is_number(&row[at])))
        });
        let rules = columns.map(|(width, _)| "─".repeat(width));
        let lines = [&header, &rules].into_iter().chain(rows).map(|row| {
            let cells = row
                .iter()
                .zip(columns)
                .map(|(cell, (width, numeric))| match numeric {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        self.block(lines.collect::<Vec<_>>().join("\n"))
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
    pub fn end(mut self) -> Result<()> {
        if !self.failures.is_empty() {
            return Err(Error::ChecksFailed(self.failures));
        }
        self.gap = true;
        self.line(&format!("{} checks passed", self.passed))?;
        Ok(())
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        if std::mem::take(&mut self.gap) {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{line}")
    }
}

fn is_number(cell: &str) -> bool {
    cell.chars()
        .all(|c| c.is_ascii_digit() || ".,-".contains(c))
}
