//! The numbers that are kept in the repository, and how far others may be from them.

use std::fmt::Write;
use std::fs;

use crate::Result;
use crate::callgrind::Count;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.txt");

/// How far the instructions may be from those that are kept: whether a piece of memory can grow where it is differs from run to
/// run, and makes up to 3 % where a batch is put together.
const TOLERANCE: f64 = 0.05;

/// The same for the allocations, where now and then a string grows once more or once less.
const ALLOCATIONS: f64 = 0.01;

/// What is kept: part, instructions, allocations.
#[derive(Default)]
pub(crate) struct Baseline(Vec<(String, u64, u64)>);

/// A part whose numbers are others than those that are kept, and which.
pub(crate) struct Changed {
    part: String,
    what: String,
}

impl Baseline {
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(FILE)?;
        let mut kept = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let wrong = || format!("{FILE}: what is `{line}`?");
            let mut words = line.rsplitn(3, ' ');
            let (Some(allocations), Some(instructions), Some(part)) =
                (words.next(), words.next(), words.next())
            else {
                return Err(wrong().into());
            };
            let number = |word: &str| word.parse().map_err(|_| wrong());
            kept.push((
                part.trim_end().to_owned(),
                number(instructions)?,
                number(allocations)?,
            ));
        }
        Ok(Baseline(kept))
    }

    pub(crate) fn write(counted: &[Count]) -> Result<()> {
        let mut text = String::from(
            "# What is counted, its instructions, its allocations. Written by `cargo run --release -- --bless`.\n",
        );
        for count in counted {
            writeln!(
                text,
                "{} {} {}",
                count.part, count.instructions, count.allocations
            )?;
        }
        Ok(fs::write(FILE, text)?)
    }

    fn of(&self, part: &str) -> Option<(u64, u64)> {
        let kept = self.0.iter().find(|(name, ..)| name == part);
        kept.map(|(_, instructions, allocations)| (*instructions, *allocations))
    }

    /// What was counted, beside what is kept.
    pub(crate) fn table(&self, counted: &[Count]) -> String {
        let mut table = format!("{:40} {:>14} {:>12}\n", "", "instructions", "allocations");
        for count in counted {
            // A `String` takes whatever is written.
            let _ = write!(
                table,
                "{:40} {:>14} {:>12}",
                count.part, count.instructions, count.allocations
            );
            if let Some((kept, _)) = self.of(&count.part) {
                let change = (count.instructions as f64 / kept as f64 - 1.0) * 100.0;
                let _ = write!(table, "  {change:+.1} %");
            }
            table.push('\n');
        }
        table
    }

    /// The parts whose numbers are not those that are kept.
    pub(crate) fn changed(&self, counted: &[Count]) -> Vec<Changed> {
        let mut changed = Vec::new();
        for count in counted {
            let mut note = |what: String| {
                changed.push(Changed {
                    part: count.part.clone(),
                    what,
                });
            };
            let Some((instructions, allocations)) = self.of(&count.part) else {
                note("is not in the baseline".to_owned());
                continue;
            };
            let is_far = |now: u64, kept: u64, tolerance: f64| {
                now.abs_diff(kept) as f64 > kept as f64 * tolerance
            };
            if is_far(count.instructions, instructions, TOLERANCE) {
                note(format!(
                    "needs {} instructions, and {instructions} are kept",
                    count.instructions
                ));
            }
            if is_far(count.allocations, allocations, ALLOCATIONS) {
                note(format!(
                    "allocates {} times, and {allocations} are kept",
                    count.allocations
                ));
            }
        }
        for (part, ..) in &self.0 {
            if counted.iter().all(|count| count.part != *part) {
                changed.push(Changed {
                    part: part.clone(),
                    what: "is in the baseline, and was not counted".to_owned(),
                });
            }
        }
        changed
    }
}

/// What has changed, and what to do about it.
pub(crate) fn explain(changed: &[Changed]) -> String {
    let mut text = String::new();
    for Changed { part, what } in changed {
        // A `String` takes whatever is written.
        let _ = writeln!(text, "{part}: {what}");
    }
    text.push_str(
        "Where it is meant, or another compiler was used: `cargo run --release -- --bless`, and say why in the commit. Fewer \
         count as well: else they could be lost again unseen.\n",
    );
    text
}
