//! What came of it: tables to read, and lines for programs.

use std::fmt::Write;

use serde::Serialize;

use crate::write::Orm;

/// A line of the JSON.
#[derive(Serialize)]
pub(crate) struct Line {
    pub(crate) scenario: String,
    pub(crate) step: String,
    pub(crate) subject: &'static str,
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    /// Whether it was given up after this time.
    pub(crate) given_up: bool,
}

/// For the README: a line for each thing that was measured; seconds on the clock, seconds of processor, and behind the peers'
/// what part of theirs the ORM needs.
pub(crate) fn markdown(lines: &[Line]) -> String {
    let names = Orm::ALL.map(Orm::name);
    let mut text = format!("| crate | cargo | {} |\n| --- | --- |", names.join(" | "));
    text.push_str(&" ---: |".repeat(names.len()));
    text.push('\n');
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for line in lines {
        if !rows.contains(&(&line.scenario, &line.step)) {
            rows.push((&line.scenario, &line.step));
        }
    }
    for (scenario, step) in rows {
        let find = |name: &str| {
            let mut lines = lines.iter();
            lines.find(|line| {
                (line.scenario.as_str(), line.step.as_str(), line.subject) == (scenario, step, name)
            })
        };
        let own = find(names[0]);
        // A `String` takes whatever is written.
        let _ = write!(text, "| {scenario} | {step} |");
        for name in names {
            let cell = find(name).map_or("-".to_owned(), |line| {
                if line.given_up {
                    return format!("> {:.0} s", line.wall_s);
                }
                let times = format!("{:.2} s, {:.2} s", line.wall_s, line.cpu_s);
                match own.filter(|own| own.subject != name) {
                    None => times,
                    Some(own) => format!("{times} (ours: {:.2})", own.cpu_s / line.cpu_s),
                }
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}
