//! Medians and ratios, as a table to read, as Markdown, as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::Result;
use crate::run::Measured;
use crate::subjects::NAMES;

/// A line of the JSON.
#[derive(Serialize)]
struct Line<'a> {
    scenario: &'a str,
    subject: &'a str,
    median_us: f64,
    /// To tokio-postgres by hand, where that takes part.
    ratio: Option<f64>,
    statements: f64,
}

/// The middle one of some numbers, of which there is at least one.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) {
        (numbers[middle - 1] + numbers[middle]) / 2.0
    } else {
        numbers[middle]
    }
}

fn ratio_of(own: &[f64], floor: &[f64]) -> f64 {
    let rounds = own.iter().zip(floor);
    median(rounds.map(|(own, floor)| own / floor).collect())
}

impl Measured {
    pub(crate) fn median(&self) -> f64 {
        median(self.samples.clone())
    }

    /// The median of each round's ratio: what slowed down a round slowed down both.
    pub(crate) fn ratio(&self, all: &[Measured]) -> Option<f64> {
        let floor = find(all, &self.scenario, NAMES[0])?;
        Some(ratio_of(&self.samples, &floor.samples))
    }

    pub(crate) fn client(&self) -> f64 {
        median(self.client.clone())
    }

    /// The same of the client's processor time.
    pub(crate) fn client_ratio(&self, all: &[Measured]) -> Option<f64> {
        let floor = find(all, &self.scenario, NAMES[0])?;
        Some(ratio_of(&self.client, &floor.client))
    }
}

pub(crate) fn find<'a>(all: &'a [Measured], scenario: &str, subject: &str) -> Option<&'a Measured> {
    all.iter()
        .find(|one| one.scenario == scenario && one.subject == subject)
}

/// The scenarios, each once, in their order.
pub(crate) fn scenarios(all: &[Measured]) -> Vec<&str> {
    let mut names: Vec<&str> = all.iter().map(|one| one.scenario.as_str()).collect();
    names.dedup();
    names
}

/// Three digits that count, and the unit.
fn time(us: f64) -> String {
    match us {
        ..1.0 => format!("{:.0} ns", us * 1e3),
        ..10.0 => format!("{us:.2} µs"),
        ..100.0 => format!("{us:.1} µs"),
        ..1e3 => format!("{us:.0} µs"),
        ..1e4 => format!("{:.2} ms", us / 1e3),
        ..1e5 => format!("{:.1} ms", us / 1e3),
        _ => format!("{:.0} ms", us / 1e3),
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or("-".to_owned(), |ratio| match ratio {
        ..10.0 => format!("{ratio:.2}"),
        _ => format!("{ratio:.0}"),
    })
}

/// For people: a line for each subject in each scenario.
pub(crate) fn table(all: &[Measured]) -> String {
    let mut text = format!(
        "{:<28} {:<15} {:>10} {:>7} {:>10} {:>7} {:>11} {:>12}\n",
        "scenario", "subject", "median", "ratio", "client", "ratio", "statements", "peak memory"
    );
    for one in all {
        let memory = one.memory.map_or("-".to_owned(), |bytes| {
            format!("{:.1} MB", bytes as f64 / 1e6)
        });
        // A `String` takes whatever is written.
        let _ = writeln!(
            text,
            "{:<28} {:<15} {:>10} {:>7} {:>10} {:>7} {:>11} {:>12}",
            one.scenario,
            one.subject,
            time(one.median()),
            ratio(one.ratio(all)),
            time(one.client()),
            ratio(one.client_ratio(all)),
            one.statements,
            memory
        );
    }
    text
}

/// For the README: a line for each scenario.
pub(crate) fn markdown(all: &[Measured]) -> String {
    let mut text = format!("| scenario | {} |\n", NAMES.join(" | "));
    let _ = writeln!(text, "| --- |{}", " ---: |".repeat(NAMES.len()));
    for scenario in scenarios(all) {
        let _ = write!(text, "| {scenario} |");
        for (at, name) in NAMES.iter().enumerate() {
            let cell = find(all, scenario, name).map_or("-".to_owned(), |one| {
                // The floor's own times, and how the others compare.
                let (times, statements) = (
                    if at == 0 {
                        format!("{}, {}", time(one.median()), time(one.client()))
                    } else {
                        let (all, client) = (one.ratio(all), one.client_ratio(all));
                        format!("{}, {}", ratio(all), ratio(client))
                    },
                    one.statements,
                );
                let memory = one.memory.filter(|&bytes| bytes >= 1_000_000);
                let memory = memory.map(|bytes| format!(", {:.0} MB", bytes as f64 / 1e6));
                format!("{times}, {statements}{}", memory.unwrap_or_default())
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// For programs.
pub(crate) fn json(all: &[Measured]) -> Result<String> {
    let lines: Vec<Line<'_>> = all
        .iter()
        .map(|one| Line {
            scenario: &one.scenario,
            subject: one.subject,
            median_us: one.median(),
            ratio: one.ratio(all),
            statements: one.statements,
        })
        .collect();
    Ok(serde_json::to_string_pretty(&lines)?)
}
