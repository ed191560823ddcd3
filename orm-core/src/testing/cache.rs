//! The directory in which things that are slow to make outlive a process: the fetched PostgreSQL, and fresh data
//! directories.
//!
//! [`fetch`](super::fetch) and [`initdb`](super::initdb) build their entries here. Several test processes may want the
//! same entry at once, and any of them may be killed half-way, so an entry is built under another name and renamed when
//! it is complete: what has the final name is whole.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::failure::Failure;
use super::nonce;

const NAME: &str = "orm-core-testing";

/// What an entry is called while it is built. Who has the lock is the only one to build, so that all he finds by this name
/// was left by processes that were killed. Where locks are not supported, it stays, and the rename still keeps entries whole.
const UNFINISHED: &str = ".building-";

pub(super) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The first of the usual places that can be used.
    pub(super) fn open(account: &Account) -> Result<Self, Failure> {
        let places = places(account);
        let mut refused = String::new();
        for dir in places {
            match claim(&dir, account) {
                Ok(()) => return Ok(Cache { dir }),
                Err(error) => refused.push_str(&format!("\n  {}: {error}", dir.display())),
            }
        }
        Err(Failure::config(format!(
            "no directory to keep PostgreSQL's files in:{refused}"
        )))
    }

    /// The entry `name`, which belongs to `owner`, made by `make` in an empty directory if it is not there yet.
    pub(super) fn entry(
        &self,
        name: &str,
        owner: u32,
        make: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<PathBuf, Failure> {
        let entry = self.dir.join(name);
        if self.has(&entry, owner)? {
            return Ok(entry);
        }
        // Released when the file is closed, or the process ends.
        let lock = fs::File::create(self.dir.join(".lock"));
        let alone = lock.as_ref().is_ok_and(|lock| lock.lock().is_ok());
        if self.has(&entry, owner)? {
            return Ok(entry);
        }
        if alone {
            self.remove_entries(UNFINISHED);
        }
        let unfinished = self.dir.join(format!(
            "{UNFINISHED}{}-{:08x}",
            std::process::id(),
            nonce()
        ));
        let made = new_directory(&unfinished)
            .map_err(|error| {
                Failure::config(format!("cannot create {}: {error}", unfinished.display()))
            })
            .and_then(|()| make(&unfinished))
            .and_then(|()| match fs::rename(&unfinished, &entry) {
                Ok(()) => Ok(()),
                // Somebody was faster.
                Err(_) if self.has(&entry, owner)? => Ok(()),
                Err(error) => Err(Failure::config(format!(
                    "cannot create {}: {error}",
                    entry.display()
                ))),
            });
        // After the rename there is nothing left to remove.
        let _ = fs::remove_dir_all(&unfinished);
        made.map(|()| entry)
    }

    /// Removes the entries whose name begins with `prefix`, for those that a newer one replaces.
    pub(super) fn remove_entries(&self, prefix: &str) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(prefix.as_bytes())
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Whether the entry is there; it is an error if somebody else put it there.
    fn has(&self, entry: &Path, owner: u32) -> Result<bool, Failure> {
        match fs::symlink_metadata(entry) {
            Ok(found) if found.is_dir() && found.uid() == owner => Ok(true),
            Ok(found) => Err(Failure::config(format!(
                "{} belongs to uid {}, not to uid {owner}: remove it",
                entry.display(),
                found.uid()
            ))),
            Err(_) => Ok(false),
        }
    }
}

/// Where the directory may be, best first.
fn places(account: &Account) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let macos = cfg!(target_os = "macos");
    if account.switched_gid().is_some() {
        // Root's home is closed to the account that the server runs as.
        places.push(
            PathBuf::from(if macos {
                "/Library/Caches"
            } else {
                "/var/cache"
            })
            .join(NAME),
        );
    } else {
        let absolute = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        places.extend(absolute("XDG_CACHE_HOME").map(|dir| dir.join(NAME)));
        let caches = if macos { "Library/Caches" } else { ".cache" };
        places.extend(absolute("HOME").map(|home| home.join(caches).join(NAME)));
    }
    // For users without a home, such as `nobody`. Others can write there too, hence the checks in `claim`.
    places.push(std::env::temp_dir().join(format!("{NAME}-{}", account.own_uid)));
    places
}

/// Makes the directory if need be, and checks that nobody else can put programs for us to run into it.
fn claim(dir: &Path, account: &Account) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    match new_directory(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let found = fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != account.own_uid || found.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "is not a directory that only we can write to",
        ));
    }
    // An existing directory may be on a file system that is read-only by now.
    fs::File::create(dir.join(".lock")).map(drop)
}

/// Readable for others whatever the umask says: as root, the server's account has to get in.
fn new_directory(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o755).create(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}
