//! Where the throw-away server's directory goes, and what killed processes have left there.
//!
//! [`server`](super::server) tries the places of [`candidates`] in turn. Memory is best: to clone a database is to copy
//! 9 MB of files, which takes 10 ms there and up to 370 ms on a disk.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::account::Account;

/// What a server's directory is called, before the pid of its process.
pub(super) const PREFIX: &str = "orm-pg-";

/// The file in it that the process holds locked for as long as it lives.
pub(super) const IN_USE: &str = "in-use";

/// A server's data is small, but tests may write much, and what lies in memory is taken from all programs.
const ROOM_KIB: u64 = 2 * 1024 * 1024;

/// A directory this young may belong to a process that has not locked its file yet.
const YOUNG: Duration = Duration::from_secs(10 * 60);

/// The longest path of a Unix socket that the system can address, without the final zero.
const SOCKET_PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// The directories to try, best first.
pub(super) fn candidates() -> Vec<PathBuf> {
    let mut places = Vec::new();
    let memory = Path::new("/dev/shm");
    if memory.is_dir() && has_room(memory) {
        places.push(memory.to_owned());
    }
    places.push(std::env::temp_dir());
    // Where TMPDIR is too long for a socket, or closed to the account that the server runs as.
    places.push(PathBuf::from("/tmp"));
    places.dedup();
    places
}

/// Whether a server in this directory could be reached by its socket.
pub(super) fn fits_a_socket(dir: &Path) -> bool {
    dir.join(".s.PGSQL.5432").as_os_str().len() <= SOCKET_PATH
}

/// Removes the directories of servers whose process and supervisor are both gone, as after the whole container or
/// session was killed. A PostgreSQL that still runs in one stops by itself within a minute, when it misses its pid file.
pub(super) fn remove_abandoned(place: &Path, account: &Account) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let dir = entry.path();
        let ours = dir
            .file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.starts_with(PREFIX));
        if ours && is_abandoned(&dir, account.uid) == Some(true) {
            let _ = fs::remove_dir_all(&dir);
        }
    }
}

/// The lock decides, not the pid in the name: that may mean another process here than in the container it came from.
fn is_abandoned(dir: &Path, owner: u32) -> Option<bool> {
    let found = fs::symlink_metadata(dir).ok()?;
    let age = found.modified().ok()?.elapsed().ok()?;
    if !found.is_dir() || found.uid() != owner || age < YOUNG {
        return Some(false);
    }
    match fs::File::open(dir.join(IN_USE)) {
        Ok(file) => Some(file.try_lock().is_ok()),
        Err(error) => Some(error.kind() == std::io::ErrorKind::NotFound),
    }
}

fn has_room(dir: &Path) -> bool {
    // A memory file system promises its full size even when the memory is in use.
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text
            .lines()
            .find(|line| line.starts_with("MemAvailable:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    });
    // The standard library cannot ask for free space; POSIX has a program for it.
    let free = Command::new("df")
        .arg("-Pk")
        .arg(dir)
        .output()
        .ok()
        .and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            text.lines().last()?.split_whitespace().nth(3)?.parse().ok()
        });
    [memory, free]
        .into_iter()
        .all(|kib: Option<u64>| kib.is_some_and(|kib| kib >= ROOM_KIB))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::{IN_USE, PREFIX, remove_abandoned};
    use crate::testing::account::Account;

    #[test]
    fn only_what_is_old_and_locked_by_nobody_is_removed() -> std::io::Result<()> {
        let Ok(account) = Account::current() else {
            panic!("`id` and /etc/passwd are there")
        };
        let nonce = format!(
            "orm-place-{}-{:08x}",
            std::process::id(),
            crate::testing::nonce()
        );
        let place = std::env::temp_dir().join(nonce);
        let make = |name: &str, hours: u64| -> std::io::Result<File> {
            let dir = place.join(name);
            fs::create_dir_all(&dir)?;
            std::os::unix::fs::chown(&dir, Some(account.uid), None)?;
            let in_use = File::create(dir.join(IN_USE))?;
            File::open(&dir)?
                .set_modified(SystemTime::now() - Duration::from_secs(hours * 3600))?;
            Ok(in_use)
        };
        let (young, old) = (format!("{PREFIX}1-a"), format!("{PREFIX}2-b"));
        let (held, other) = (format!("{PREFIX}3-c"), "other-4-d".to_owned());
        for (name, hours) in [(&young, 0), (&old, 2), (&other, 2)] {
            drop(make(name, hours)?);
        }
        let holder = make(&held, 2)?;
        holder.lock()?;

        remove_abandoned(&place, &account);

        let left = |name: &str| place.join(name).exists();
        let outcome = (left(&young), left(&old), left(&held), left(&other));
        fs::remove_dir_all(&place)?;
        assert_eq!(outcome, (true, false, true, true));
        Ok(())
    }
}
