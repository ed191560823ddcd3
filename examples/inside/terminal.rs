//! [`Terminal`]: a scene as text. With colour where that can be seen; the text is the same without.

use std::io::{self, BufRead, Write};

use crate::paint::{Piece, new_lines, pieces};
use crate::recorder::Sent;
use crate::scene::Scene;

/// The width of the text, in characters.
const WIDTH: usize = 104;
/// What stands to the left of the bar.
const MARGIN: usize = 10;

#[derive(Clone, Copy)]
enum Style {
    Title,
    Label,
    Faint,
    Code,
    Keyword,
    Param,
    New,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Title => "1;36",
            Style::Label => "36",
            Style::Faint => "2",
            Style::Code => "33",
            Style::Keyword => "34",
            Style::Param => "35",
            Style::New => "32",
        }
    }
}

/// Where the text goes.
pub(crate) struct Terminal<'out> {
    out: &'out mut (dyn Write + Send),
    color: bool,
}

impl<'out> Terminal<'out> {
    pub(crate) fn new(out: &'out mut (dyn Write + Send), color: bool) -> Self {
        Terminal { out, color }
    }

    /// Shows a scene. What is new since the one before is marked.
    pub(crate) fn show(&mut self, scene: &Scene, before: Option<&Scene>) -> io::Result<()> {
        let title = format!("━━ {} ━━ {} ", scene.number, scene.title);
        let rest = "━".repeat(WIDTH.saturating_sub(title.chars().count()));
        let title = self.paint(Style::Title, &format!("{title}{rest}"));
        writeln!(self.out, "\n{title}")?;
        for line in wrap(scene.words, WIDTH) {
            writeln!(self.out, "{line}")?;
        }
        self.code(&scene.code)?;
        self.sent(&scene.sent)?;
        let or_empty =
            |text: fn(&Scene) -> &String| before.map_or("", |scene| text(scene).as_str());
        self.section("session", &scene.session, or_empty(|scene| &scene.session))?;
        self.section("plan", &scene.plan, or_empty(|scene| &scene.plan))?;
        self.section("undo log", &scene.undo, or_empty(|scene| &scene.undo))?;
        self.out.flush()
    }

    /// Waits for Enter.
    pub(crate) fn wait(&mut self, input: &mut dyn BufRead) -> io::Result<()> {
        let hint = self.paint(Style::Faint, "Enter for the next step ");
        write!(self.out, "\n{hint}")?;
        self.out.flush()?;
        input.read_line(&mut String::new()).map(drop)
    }

    fn section(&mut self, label: &str, text: &str, before: &str) -> io::Result<()> {
        let mut label = self.open(label)?;
        if text == before {
            let same = self.paint(Style::Faint, "  as before");
            return self.line(&mut label, &same);
        }
        for (new, line) in new_lines(text.trim_end(), before) {
            for line in fold(line, WIDTH - MARGIN - 4) {
                let sign = if new { "+" } else { " " };
                let text = match new {
                    true => self.paint(Style::New, &format!("{sign} {line}")),
                    false => format!("{sign} {line}"),
                };
                self.line(&mut label, &text)?;
            }
        }
        Ok(())
    }

    fn code(&mut self, code: &str) -> io::Result<()> {
        let mut label = self.open("code")?;
        code.lines().try_for_each(|line| {
            let line = self.paint(Style::Code, &format!("  {line}"));
            self.line(&mut label, &line)
        })
    }

    fn sent(&mut self, sent: &[Sent]) -> io::Result<()> {
        let mut label = self.open("sent")?;
        if sent.is_empty() {
            let nothing = self.paint(Style::Faint, "  nothing");
            return self.line(&mut label, &nothing);
        }
        for one in sent {
            // What travels with the statement before it stands under the same arrow.
            let arrow = if one.round_trips == 0 { " " } else { "→" };
            for (at, line) in fold(&one.sql, WIDTH - MARGIN - 4).iter().enumerate() {
                let sql: String = (pieces(line).into_iter())
                    .map(|(kind, piece)| match kind {
                        Piece::Keyword => self.paint(Style::Keyword, piece),
                        Piece::Param => self.paint(Style::Param, piece),
                        Piece::Other => piece.to_owned(),
                    })
                    .collect();
                let arrow = if at == 0 { arrow } else { " " };
                self.line(&mut label, &format!("{arrow} {sql}"))?;
            }
            for (at, param) in one.params.iter().enumerate() {
                let param = self.paint(Style::Param, &format!("    ${} = {param}", at + 1));
                self.line(&mut label, &param)?;
            }
            for line in answer(one) {
                let line = self.paint(Style::Faint, &format!("  ← {line}"));
                self.line(&mut label, &line)?;
            }
        }
        let trips: u32 = sent.iter().map(|one| one.round_trips).sum();
        let trips = match trips {
            1 => "  1 round trip".to_owned(),
            n => format!("  {n} round trips"),
        };
        let trips = self.paint(Style::Faint, &trips);
        self.line(&mut label, &trips)
    }

    /// An empty line, and the label for the line behind it.
    fn open(&mut self, label: &str) -> io::Result<String> {
        self.line(&mut String::new(), "")?;
        Ok(label.to_owned())
    }

    /// A line of a section. Its label stands beside the first.
    fn line(&mut self, label: &mut String, text: &str) -> io::Result<()> {
        let space = " ".repeat(MARGIN - label.chars().count());
        let painted = self.paint(Style::Label, &std::mem::take(label));
        let bar = self.paint(Style::Faint, "│");
        let line = format!("{space}{painted} {bar} {text}");
        writeln!(self.out, "{}", line.trim_end())
    }

    fn paint(&self, style: Style, text: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("\x1b[{}m{text}\x1b[0m", style.code()),
            false => text.to_owned(),
        }
    }
}

/// What came back: a table of rows, or their number.
fn answer(sent: &Sent) -> Vec<String> {
    if sent.columns.is_empty() {
        let count = match sent.count {
            None => return Vec::new(),
            Some(1) => "1 row".to_owned(),
            Some(n) => format!("{n} rows"),
        };
        return vec![count];
    }
    let all = || std::iter::once(&sent.columns).chain(&sent.rows);
    let width = |at: usize| all().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..sent.columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    all().map(line).collect()
}

/// A paragraph in lines.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is one");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// A line in lines, where it is too long: the rest stands four further to the right.
fn fold(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let indent = line.len() - line.trim_start().len();
    let mut lines = wrap(line.trim_start(), width - indent - 4);
    for (at, line) in lines.iter_mut().enumerate() {
        let indent = if at == 0 { indent } else { indent + 4 };
        line.insert_str(0, &" ".repeat(indent));
    }
    lines
}
