//! Runs this program under valgrind, and reads what callgrind has written: a file for each part. `instructions` counts with it what
//! needs no server, `benches` what a client does for each scenario.

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::Result;

const NO_VALGRIND: &str = "\
instructions are counted by valgrind, which is not installed: `apt-get install valgrind`, or the like. \
It knows no processors but those it can imitate, and no macOS of these years";

/// The functions of the C library that give memory: what Rust's allocator calls.
const ALLOCATING: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "aligned_alloc",
    "posix_memalign",
];

/// What was counted of one part.
pub(crate) struct Count {
    pub(crate) part: String,
    pub(crate) instructions: u64,
    pub(crate) allocations: u64,
}

/// Begins a part.
pub(crate) fn begin() {
    // The C library puts in order what was freed before when a large piece is asked for. That is no part's work.
    drop(black_box(Vec::<u8>::with_capacity(100_000)));
    counting_begins();
}

/// Ends it.
pub(crate) fn end() {
    counting_ends();
}

/// Where all that was counted before is forgotten. Valgrind finds the two by their names.
#[inline(never)]
fn counting_begins() {
    // Another value than below, or the two would be made one.
    black_box(1);
}

/// Where what was counted is written.
#[inline(never)]
fn counting_ends() {
    black_box(2);
}

/// Lets valgrind run this program with `words`, which prints a line for each part that it counts. In a part everything counts, or
/// no more than what `only` names: a function. The files of valgrind are left in `keep`, or nowhere.
pub(crate) fn count(words: &[&str], only: Option<&str>, keep: Option<&Path>) -> Result<Vec<Count>> {
    let aside = std::env::temp_dir().join(format!("orm-instructions-{}", std::process::id()));
    let directory = keep.unwrap_or(&aside);
    fs::create_dir_all(directory)?;
    let counted = count_in(&directory.join("part"), words, only);
    if keep.is_none() {
        fs::remove_dir_all(directory)?;
    }
    counted
}

fn count_in(files: &Path, words: &[&str], only: Option<&str>) -> Result<Vec<Count>> {
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", files.display()))
        .arg("--zero-before=*counting_begins*")
        .arg("--dump-before=*counting_ends*")
        .args(only.map(|function| format!("--toggle-collect=*{function}*")))
        .arg(std::env::current_exe()?)
        .args(words)
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => NO_VALGRIND.into(),
            _ => format!("valgrind could not be started: {error}"),
        })?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let names = String::from_utf8(output.stdout)?;
    let mut counted = Vec::new();
    for (at, part) in names.lines().enumerate() {
        let file = files.with_extension((at + 1).to_string());
        let (instructions, allocations) = read(&fs::read_to_string(file)?)?;
        counted.push(Count {
            part: part.to_owned(),
            instructions,
            allocations,
        });
    }
    Ok(counted)
}

/// The instructions and allocations of one part.
///
/// A file names each function once, `(12) name`, and by its number afterwards. A call is two lines: `cfn=` with the function
/// that is called, and `calls=` with how often.
fn read(file: &str) -> Result<(u64, u64)> {
    let mut names: HashMap<&str, bool> = HashMap::new();
    let (mut instructions, mut allocations) = (None, 0);
    let mut callee_allocates = false;
    for line in file.lines() {
        if let Some(total) = line.strip_prefix("summary:") {
            instructions = Some(total.trim().parse()?);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            let times = calls.split_whitespace().next().unwrap_or_default();
            if callee_allocates {
                allocations += times.parse::<u64>()?;
            }
        } else if let Some((key, function)) = line.split_once("=(")
            && matches!(key, "fn" | "cfn")
            && let Some((number, name)) = function.split_once(')')
        {
            let name = name.trim();
            if !name.is_empty() {
                // Behind an apostrophe stands how deep a recursion is.
                let name = name.split('\'').next().unwrap_or_default();
                names.insert(number, ALLOCATING.contains(&name));
            }
            if key == "cfn" {
                callee_allocates = names.get(number).copied().unwrap_or_default();
            }
        }
    }
    let instructions = instructions.ok_or("callgrind has written no summary")?;
    Ok((instructions, allocations))
}
