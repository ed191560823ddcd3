//! How long a crate takes to compile that is written with this ORM, beside the same crate written with diesel-async and with
//! SeaORM. `../README.md` says how to read it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `write` | the crates: models with ten queries each, and queries with joins |
//! | `cargo` | runs cargo, and says how long it and its compilers took |
//! | `report` | the tables, and the JSON |

mod cargo;
mod options;
mod report;
mod write;

use std::path::Path;

use cargo::{Cost, Project, Way};
use options::Options;
use report::Line;
use write::Orm;

/// Nothing is handled here: whatever goes wrong ends the run with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How many queries with joins a crate has, so that they are more than the noise.
const QUERIES_WITH_JOINS: usize = 20;

fn main() -> Result<()> {
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let benches = benches.canonicalize()?;
    let mut lines = Vec::new();
    for orm in Orm::ALL {
        if !options.wants(orm.name()) {
            continue;
        }
        let target = benches.join("target/compile").join(orm.name());
        if options.scratch {
            scratch(orm, &benches, &target, &mut lines)?;
        }
        // What the crates depend on is not their own cost.
        let nothing = Project::new(orm, "nothing", &benches, &target, cargo::NO_LIMIT)?;
        write::models(orm, &nothing.source, 0)?;
        for way in [Way::Check, Way::Build] {
            eprintln!("{}: {} of what crates depend on", orm.name(), way.name());
            nothing.run(way)?;
        }
        for &models in &options.models {
            let name = format!("user_{models}");
            let project = Project::new(orm, &name, &benches, &target, options.limit)?;
            write::models(orm, &project.source, models)?;
            measure(
                orm,
                &project,
                &format!("{models} models"),
                &options,
                &mut lines,
            )?;
        }
        for &joins in &options.joins {
            let name = format!("joins_{joins}");
            let project = Project::new(orm, &name, &benches, &target, options.limit)?;
            write::joins(orm, &project.source, joins, QUERIES_WITH_JOINS)?;
            let cost = least(options.rounds, || {
                project.forget()?;
                project.run(Way::Check)
            })?;
            let what = format!("20 queries, joins in each: {joins}");
            note(&mut lines, orm, &what, "check, clean", cost);
            if cost.given_up {
                // More of them take longer still.
                break;
            }
        }
    }
    print!("{}", report::markdown(&lines));
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&lines)?)?;
    }
    if let Some(file) = &options.markdown {
        std::fs::write(file, report::markdown(&lines))?;
    }
    Ok(())
}

/// Everything from nothing: the library and all that it stands on.
fn scratch(orm: Orm, benches: &Path, target: &Path, lines: &mut Vec<Line>) -> Result<()> {
    for way in [Way::Check, Way::Build] {
        let target = target.join("scratch");
        if target.exists() {
            std::fs::remove_dir_all(&target)?;
        }
        let project = Project::new(orm, "nothing", benches, &target, cargo::NO_LIMIT)?;
        write::models(orm, &project.source, 0)?;
        let cost = project.run(way)?;
        note(
            lines,
            orm,
            "library and dependencies",
            &format!("{}, clean", way.name()),
            cost,
        );
        // And the library by itself.
        project.forget_library(orm)?;
        let cost = project.run(way)?;
        note(
            lines,
            orm,
            "library",
            &format!("{}, clean", way.name()),
            cost,
        );
        std::fs::remove_dir_all(&target)?;
    }
    Ok(())
}

fn measure(
    orm: Orm,
    project: &Project,
    what: &str,
    options: &Options,
    lines: &mut Vec<Line>,
) -> Result<()> {
    for way in [Way::Check, Way::Build] {
        let clean = least(options.rounds, || {
            project.forget()?;
            project.run(way)
        })?;
        note(lines, orm, what, &format!("{}, clean", way.name()), clean);
        if clean.given_up {
            continue;
        }
        let mut turn = 0;
        let touched = least(options.rounds, || {
            turn += 1;
            write::touch(&project.source, turn)?;
            project.run(way)
        })?;
        let step = format!("{}, one model touched", way.name());
        note(lines, orm, what, &step, touched);
    }
    Ok(())
}

/// The least of some runs: whatever else the machine does can only add to it. What is given up is not tried again.
fn least(rounds: usize, mut run: impl FnMut() -> Result<Cost>) -> Result<Cost> {
    let mut least = run()?;
    for _ in 1..rounds {
        if least.given_up {
            break;
        }
        let cost = run()?;
        least = Cost {
            wall: least.wall.min(cost.wall),
            cpu: least.cpu.min(cost.cpu),
            given_up: least.given_up || cost.given_up,
        };
    }
    Ok(least)
}

fn note(lines: &mut Vec<Line>, orm: Orm, scenario: &str, step: &str, cost: Cost) {
    eprintln!(
        "{}: {scenario}, {step}: {:.2} s, {:.2} s of processor",
        orm.name(),
        cost.wall,
        cost.cpu
    );
    lines.push(Line {
        scenario: scenario.to_owned(),
        step: step.to_owned(),
        subject: orm.name(),
        wall_s: cost.wall,
        cpu_s: cost.cpu,
        given_up: cost.given_up,
    });
}
