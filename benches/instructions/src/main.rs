//! Counts the instructions and the allocations of what the library does without a server, and compares them with those that
//! are kept in `baseline.txt`. They don't depend on what else the machine does, so a change of a few hundredths is a change
//! of the code. `benches/README.md` says how to read it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `parts` | what is counted |
//! | `callgrind` | running this program under valgrind, and reading what it found |
//! | `baseline` | the numbers that are kept, and how far others may be from them |

mod baseline;
mod callgrind;
mod parts;

use std::path::PathBuf;
use std::process::ExitCode;

use orm_core::testing::TestDb;

use baseline::Baseline;
use callgrind::Count;

/// Nothing is handled here: whatever goes wrong ends the run with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

const HELP: &str = "\
cargo run --release [-- --bless | --keep DIRECTORY]
    counts, and fails where a number is another than in baseline.txt; --bless writes that file instead, and --keep leaves the
    files of callgrind in a directory, one for each part: `callgrind_annotate DIRECTORY/part.1`
";

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match words[..] {
        [] => runtime.block_on(compare(None)),
        ["--keep", directory] => runtime.block_on(compare(Some(directory.into()))),
        ["--bless"] => {
            let counted = runtime.block_on(count(None))?;
            Baseline::write(&counted)?;
            print!("{}", Baseline::default().table(&counted));
            Ok(ExitCode::SUCCESS)
        }
        // What this program is started as by valgrind.
        ["parts", url] => {
            runtime.block_on(parts::run(url))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(HELP.into()),
    }
}

async fn count(keep: Option<PathBuf>) -> Result<Vec<Count>> {
    // The rows that are decoded come from a real server. What it does is not counted.
    let database = TestDb::new().await?;
    let url = database.url().to_owned();
    tokio::task::spawn_blocking(move || callgrind::count(&["parts", &url], None, keep.as_deref()))
        .await?
}

async fn compare(keep: Option<PathBuf>) -> Result<ExitCode> {
    let baseline = Baseline::read()?;
    let counted = count(keep).await?;
    print!("{}", baseline.table(&counted));
    let changed = baseline.changed(&counted);
    if changed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprint!("\n{}", baseline::explain(&changed));
    Ok(ExitCode::FAILURE)
}
