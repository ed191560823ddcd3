//! The most memory that a piece of work needs. The kernel keeps the peak of a process, so each is measured in one of its own:
//! this program again, which connects, does the work once, and prints the peak above what it had before.

use std::process::Command;

use crate::Result;
use crate::clock::Clock;
use crate::scenario::{self, Scenario};
use crate::subjects::Subject;

/// Starts a process that does the work, and gives the bytes that it prints.
pub(crate) fn measure(subject: &str, scenario: &Scenario, url: &str) -> Result<u64> {
    let output = Command::new(std::env::current_exe()?)
        .args(["memory", subject, &scenario.name, url])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The life of that process.
pub(crate) async fn child(subject: &str, scenario: &str, url: &str) -> Result<()> {
    let mut list = scenario::all(false).into_iter();
    let scenario = list
        .find(|other| other.name == scenario)
        .ok_or("there is no such scenario")?;
    let mut subject = Subject::connect(subject, url).await?;
    let before = status("VmRSS:")?;
    subject.run(scenario.work, &mut Clock::default()).await?;
    println!("{}", status("VmHWM:")?.saturating_sub(before) * 1024);
    Ok(())
}

/// A line of what the kernel says about this process, in KiB.
fn status(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next());
    Ok(value
        .ok_or("/proc/self/status says no such thing")?
        .parse()?)
}
