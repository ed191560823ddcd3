//! The instructions of a client for each scenario. Valgrind runs this program again, which does each piece of work to warm up, so
//! that all is prepared, and then once to be counted: what is polled through `clock::counted`, and nothing else of the process.

use std::fmt::Write;

use orm_core::testing::TestDb;

use crate::Result;
use crate::callgrind::{self, Count};
use crate::clock::{self, Clock};
use crate::options::Options;
use crate::proxy::Proxy;
use crate::run::LATENCY;
use crate::scenario::{self, Scenario, Work};
use crate::subjects::{NAMES, Subject, takes_part};
use crate::world::World;

/// Who is counted. SeaORM's driver reads the socket where its user waits, and the others' does it in a task of its own: that could
/// not be compared.
const SUBJECTS: &[&str] = NAMES.split_at(4).0;

/// Counts, and gives the table for the README.
pub(crate) async fn run(options: Options) -> Result<String> {
    let database = TestDb::new().await?;
    let proxy = Proxy::start(database.url(), LATENCY)?;
    let url = database.url().to_owned();
    let count = move || {
        let mut words = vec!["count", &url, &proxy.url];
        words.extend(options.quick.then_some("--quick"));
        words.extend(options.only.iter().flat_map(|only| ["--only", only]));
        let counted = callgrind::count(&words, Some(clock::COUNTED), options.keep.as_deref())?;
        Result::Ok(markdown(&scenarios(&options), &counted))
    };
    tokio::task::spawn_blocking(count).await?
}

/// What that is under valgrind.
pub(crate) async fn child(options: &Options, url: &str, distant_url: &str) -> Result<()> {
    let world = World::new(url).await?;
    for scenario in scenarios(options) {
        let (work, url) = (
            scenario.work,
            if scenario.latency { distant_url } else { url },
        );
        for name in SUBJECTS.iter().filter(|name| takes_part(name, work)) {
            let mut subject = Subject::connect(name, url).await?;
            world.prepare(work).await?;
            for _ in 0..scenario.repeat {
                subject.run(work, &mut Clock::default()).await?;
            }
            world.prepare(work).await?;
            println!("{}", part(&scenario, name));
            callgrind::begin();
            subject.run(work, &mut Clock::default()).await?;
            callgrind::end();
        }
    }
    Ok(())
}

/// What is counted: what differs from another scenario by more than the network. A load path is none without it.
fn scenarios(options: &Options) -> Vec<Scenario> {
    let wanted = options.only.as_deref().unwrap_or_default();
    let mut list = scenario::all(options.quick);
    list.retain(|scenario| {
        let differs = !scenario.latency || matches!(scenario.work, Work::Path(_));
        differs && scenario.name.contains(wanted)
    });
    for scenario in &mut list {
        scenario.work = scenario.work.shortened();
    }
    list
}

fn part(scenario: &Scenario, subject: &str) -> String {
    format!("{}, {subject}", scenario.name)
}

/// A line for each scenario: instructions, and the ratio to the floor's.
fn markdown(scenarios: &[Scenario], counted: &[Count]) -> String {
    let mut text = format!("| scenario | {} |\n", SUBJECTS.join(" | "));
    let _ = writeln!(text, "| --- |{}", " ---: |".repeat(SUBJECTS.len()));
    for scenario in scenarios {
        let find = |name: &str| {
            let part = part(scenario, name);
            counted.iter().find(|count| count.part == part)
        };
        let floor = find(SUBJECTS[0]);
        // A `String` takes whatever is written.
        let _ = write!(text, "| {} |", scenario.name);
        for name in SUBJECTS {
            let cell = find(name).map_or("-".to_owned(), |count| {
                let of_one = count.instructions as f64 / scenario.work.operations() as f64;
                let ratio = floor
                    .filter(|floor| floor.part != count.part)
                    .map(|floor| count.instructions as f64 / floor.instructions as f64);
                let ratio = ratio.map_or(String::new(), |ratio| format!(", *{ratio:.2}*"));
                format!("{}{ratio}", short(of_one))
            });
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    }
    text
}

/// As few digits as say something.
fn short(number: f64) -> String {
    match number {
        ..1e3 => format!("{number:.0}"),
        ..1e4 => format!("{:.1} k", number / 1e3),
        ..1e6 => format!("{:.0} k", number / 1e3),
        ..1e8 => format!("{:.1} M", number / 1e6),
        _ => format!("{:.0} M", number / 1e6),
    }
}
