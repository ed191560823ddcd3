//! How fast the ORM is, beside hand-written tokio-postgres, diesel-async and SeaORM. `README.md` says how to read it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `scenario` | the list of what is measured |
//! | `world` | the tables, and what they hold |
//! | `subjects` | who is measured, and how each does the work |
//! | `clock`, `proxy` | the time, the statements, the network |
//! | `run` | round by round: the samples |
//! | `memory` | the peak of a process that does the work once |
//! | `profile` | instructions in place of time, by valgrind |
//! | `report`, `plot` | medians and ratios as a table, as JSON, as a picture |

#[path = "../instructions/src/callgrind.rs"]
#[allow(
    dead_code,
    reason = "valgrind counts calls wherever they are made, so allocations are nothing to tell where not all is counted"
)]
mod callgrind;
mod clock;
mod memory;
mod options;
mod plot;
mod profile;
mod proxy;
mod report;
mod run;
mod scenario;
mod subjects;
mod world;

use options::{Command, Options};

/// Nothing is handled here: whatever goes wrong ends the run with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let command = Options::parse(std::env::args().skip(1))?;
    // One thread, so that the work is measured and not its way from thread to thread.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match command {
        Command::Help => print!("{}", options::HELP),
        Command::Memory {
            subject,
            scenario,
            url,
        } => runtime.block_on(memory::child(&subject, &scenario, &url))?,
        Command::Profile(options) => print!("{}", runtime.block_on(profile::run(options))?),
        Command::Count {
            options,
            url,
            distant_url,
        } => runtime.block_on(profile::child(&options, &url, &distant_url))?,
        Command::Speed(options) => {
            let results = runtime.block_on(run::run(&options))?;
            print!("{}", report::table(&results));
            if let Some(file) = &options.json {
                std::fs::write(file, report::json(&results)?)?;
            }
            if let Some(file) = &options.markdown {
                std::fs::write(file, report::markdown(&results))?;
            }
            if let Some(file) = &options.plot {
                std::fs::write(file, plot::svg(&results))?;
            }
        }
    }
    Ok(())
}
