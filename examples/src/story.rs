//! [`Story`]: how the examples talk: chapters, paragraphs, small tables, statements, and checks that are counted. It knows
//! nothing of databases.

use std::fmt::{self, Debug, Display};
use std::io::{self, Write};

/// The width of the narration, in characters.
const WIDTH: usize = 90;

/// Writes the narration, and remembers what was checked.
///
/// Telling does not fail: what could not be written is reported by [`end`](Story::end).
pub struct Story<'out> {
    out: &'out mut (dyn Write + Send),
    written: io::Result<()>,
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
            written: Ok(()),
            gap: false,
            passed: 0,
            failures: Vec::new(),
        }
    }

    /// Begins a chapter, and names the file that it is about.
    pub fn chapter(&mut self, title: &str, file: &str) {
        let space = WIDTH.saturating_sub(title.chars().count() + file.chars().count());
        self.gap = true;
        self.line(&format!("{title}{}{file}", " ".repeat(space)));
        self.line(&"─".repeat(WIDTH));
    }

    /// Begins a part of an example that is one file.
    pub fn part(&mut self, title: &str) {
        self.gap = true;
        self.line(title);
        self.line(&"─".repeat(title.chars().count()));
    }

    /// Writes a paragraph, on several lines if it is long.
    pub fn say(&mut self, paragraph: impl Display) {
        for line in wrapped(&paragraph.to_string(), WIDTH, "  ") {
            self.line(&line);
        }
    }

    /// Writes lines as they are, set apart.
    pub fn block(&mut self, text: impl Display) {
        self.gap = true;
        for line in text.to_string().lines() {
            self.line(&format!("  {line}"));
        }
        self.gap = true;
    }

    /// Shows the statements that were sent, and gives their number.
    pub fn sql(&mut self, statements: Vec<String>) -> usize {
        let shown = statements
            .iter()
            .flat_map(|statement| wrapped(statement, WIDTH - 2, "    "));
        self.block(shown.collect::<Vec<_>>().join("\n"));
        statements.len()
    }

    /// Writes a table: a header, and rows below it. Columns of numbers are aligned to the right.
    pub fn table<const N: usize>(&mut self, header: [&str; N], rows: &[[String; N]]) {
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

    /// The end: tells how many checks passed, and gives their number.
    ///
    /// # Errors
    /// The checks that failed; what could not be written.
    pub fn end(mut self) -> Result<usize, StoryError> {
        if !self.failures.is_empty() {
            return Err(StoryError::ChecksFailed(self.failures));
        }
        self.gap = true;
        let checks = if self.passed == 1 { "check" } else { "checks" };
        self.line(&format!("{} {checks} passed", self.passed));
        self.written.map_err(StoryError::NotWritten)?;
        Ok(self.passed)
    }

    fn line(&mut self, line: &str) {
        let gap = if std::mem::take(&mut self.gap) {
            "\n"
        } else {
            ""
        };
        if self.written.is_ok() {
            self.written = writeln!(self.out, "{gap}{line}");
        }
    }
}

/// What a story ends with when something is wrong.
#[derive(Debug)]
pub enum StoryError {
    /// Something is not as the example says.
    ChecksFailed(Vec<String>),
    /// The narration cannot be written.
    NotWritten(io::Error),
}

impl Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoryError::ChecksFailed(failures) => {
                write!(f, "{} of the checks failed:", failures.len())?;
                failures
                    .iter()
                    .try_for_each(|failure| write!(f, "\n  {failure}"))
            }
            StoryError::NotWritten(error) => write!(f, "cannot write: {error}"),
        }
    }
}

impl std::error::Error for StoryError {}

/// A text in lines of at most this width, all but the first indented.
fn wrapped(text: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut begins = true;
    for word in text.split(' ') {
        let line = &mut lines[0];
        if !begins && line.chars().count() + 1 + word.chars().count() > width {
            lines.insert(0, format!("{indent}{word}"));
            continue;
        }
        if !begins {
            line.push(' ');
        }
        line.push_str(word);
        begins = false;
    }
    lines.reverse();
    lines
}

fn is_number(cell: &str) -> bool {
    cell.chars()
        .all(|c| c.is_ascii_digit() || ".,-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_fails_is_told_in_words() {
        let mut out = Vec::new();
        let mut story = Story::new(&mut out);
        story.check("the number of laptops", 7, 7);
        story.check("the number of mice", 3, 4);
        let error = story.end().expect_err("a check has failed");
        assert!(matches!(&error, StoryError::ChecksFailed(failures) if failures.len() == 1));
        assert_eq!(
            error.to_string(),
            "1 of the checks failed:\n  the number of mice: expected 4, found 3"
        );
        assert!(out.is_empty());
    }

    #[test]
    fn long_lines_are_wrapped_and_statements_counted() {
        let mut out = Vec::new();
        let mut story = Story::new(&mut out);
        let long = format!("SELECT {}", vec!["column"; 15].join(", "));
        assert_eq!(story.sql(vec![long, "COMMIT".to_owned()]), 2);
        story.say("Done.");
        assert_eq!(story.end().unwrap(), 0);
        let told = String::from_utf8(out).unwrap();
        assert!(told.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(told.contains("\n      column, column"), "{told}");
        assert!(told.ends_with("\n\nDone.\n\n0 checks passed\n"), "{told}");
    }
}
