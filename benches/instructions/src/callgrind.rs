//! Runs this program under valgrind, and reads what callgrind has written: a file for each part.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Count, Result};

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

/// Lets valgrind run the parts on the database of `url`. Its files are left in `keep`, or nowhere.
pub(crate) fn count(url: &str, keep: Option<PathBuf>) -> Result<Vec<Count>> {
    if let Some(directory) = keep {
        fs::create_dir_all(&directory)?;
        return count_in(&directory.join("part"), url);
    }
    let directory = std::env::temp_dir().join(format!("orm-instructions-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let counted = count_in(&directory.join("part"), url);
    fs::remove_dir_all(&directory)?;
    counted
}

fn count_in(files: &Path, url: &str) -> Result<Vec<Count>> {
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", files.display()))
        // What came before a part is forgotten when it begins; what was counted is written when it ends.
        .arg("--zero-before=*counting_begins*")
        .arg("--dump-before=*counting_ends*")
        .arg(std::env::current_exe()?)
        .args(["parts", url])
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
