//! A fresh data directory, made once by `initdb` and kept.
//!
//! `initdb` takes the better part of a second; copying what it made takes a tenth of that. So
//! [`server`](super::server) asks here for a pristine directory, and the [`supervisor`](super::supervisor) copies it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::account::Account;
use super::cache::Cache;
use super::failure::Failure;
use super::find::Installation;

/// The pristine data directory for this installation and account.
pub(super) fn pristine(
    cache: &Cache,
    found: &Installation,
    account: &Account,
) -> Result<PathBuf, Failure> {
    // The same version built by somebody else may have other locale and catalogue versions, hence the directory.
    let mut hasher = DefaultHasher::new();
    found.bin.hash(&mut hasher);
    let installation = format!("initdb-{}-{:016x}-", account.uid, hasher.finish());
    let entry = cache.entry(
        &format!("{installation}{}", found.version),
        account.uid,
        |dir| {
            // Another version in the same place is what an upgrade leaves behind.
            cache.remove_entries(&installation);
            if let Some(gid) = account.switched_gid() {
                chown(dir, Some(account.uid), Some(gid)).map_err(|error| {
                    Failure::config(format!(
                        "cannot give {} to {account}: {error}",
                        dir.display()
                    ))
                })?;
            }
            initdb(found, account, &dir.join("data"))
        },
    )?;
    Ok(entry.join("data"))
}

fn initdb(found: &Installation, account: &Account, data: &Path) -> Result<(), Failure> {
    let mut complaint = String::new();
    for locale in locales(found.major) {
        let output = account
            .command(found.bin.join("initdb"))
            .args([
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--no-sync",
                "--no-instructions",
            ])
            .args(locale)
            .arg("-D")
            .arg(data)
            // If we are killed meanwhile, its next line of progress must not kill it too, in the middle of its own tests.
            .stdout(Stdio::null())
            .output()
            .map_err(|error| {
                Failure::config(format!(
                    "cannot run {}/initdb: {error}",
                    found.bin.display()
                ))
            })?;
        if output.status.success() {
            return Ok(());
        }
        complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    }
    Err(Failure::config(format!(
        "{}/initdb failed as {account}:\n{complaint}",
        found.bin.display()
    )))
}

/// The locale to try, best first. All give the same order of strings on every machine; with plain `C` alone
/// `upper('äß')` would be wrong, but macOS may have nothing else before PostgreSQL 17.
fn locales(major: u32) -> Vec<&'static [&'static str]> {
    let mut locales: Vec<&[&str]> = vec![&["--locale=C.UTF-8"]];
    if major >= 17 {
        locales.push(&[
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]);
    }
    locales.push(&["--locale=C"]);
    locales
}
