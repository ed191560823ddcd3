//! Under whose name PostgreSQL runs: ours, or, as PostgreSQL refuses to run as root, that of `postgres` or `nobody`.
//!
//! Every program that this folder starts for the server goes through [`Account::command`], so that privileges are
//! dropped in one place.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::failure::Failure;

#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Who owns the server's files.
    pub(super) uid: u32,
    /// Who we are; root may differ from `uid`.
    pub(super) own_uid: u32,
    /// Set when we are root and have to become somebody else.
    switch: Option<Switch>,
}

#[derive(Clone, Debug)]
struct Switch {
    gid: u32,
    name: String,
}

impl Account {
    /// Finds out who we are and who the server shall be.
    pub(super) fn current() -> Result<Self, Failure> {
        let own_uid = effective_uid()?;
        if own_uid != 0 {
            return Ok(Account {
                uid: own_uid,
                own_uid,
                switch: None,
            });
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let (name, uid, gid) = ["postgres", "nobody"].iter().find_map(|name| lookup(&passwd, name)).ok_or_else(|| {
            Failure::config(
                "PostgreSQL refuses to run as root, and /etc/passwd has neither a user `postgres` nor a user `nobody` \
                 to run it as: run the tests as an ordinary user, or set DATABASE_URL to a running server",
            )
        })?;
        Ok(Account {
            uid,
            own_uid,
            switch: Some(Switch { gid, name }),
        })
    }

    /// The group of the account, when it is not ourselves: directories made for it have to be given to it.
    pub(super) fn switched_gid(&self) -> Option<u32> {
        self.switch.as_ref().map(|switch| switch.gid)
    }

    /// A program run as this account.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // Our own working directory may be closed to the account; PostgreSQL's programs refuse to start in such a place.
        command.current_dir("/");
        // PGDATA, PGPORT, PGOPTIONS and their like are meant for the user's own server.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        if let Some(switch) = &self.switch {
            // The standard library drops root's supplementary groups along with the uid.
            command.uid(self.uid).gid(switch.gid);
        }
        command
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.switch {
            Some(switch) => write!(
                f,
                "user `{}` (PostgreSQL refuses to run as root)",
                switch.name
            ),
            None => write!(f, "the current user (uid {})", self.uid),
        }
    }
}

/// The standard library has no `geteuid`, and calling libc is unsafe code; POSIX has a program for it.
fn effective_uid() -> Result<u32, Failure> {
    let output = Command::new("id").arg("-u").output();
    output
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok())
        .ok_or_else(|| {
            Failure::config("cannot find out the current user: `id -u` did not print a number")
        })
}

/// Name, uid and gid of a line of `/etc/passwd`.
fn lookup(passwd: &str, name: &str) -> Option<(String, u32, u32)> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let mut id = || -> Option<u32> {
        // macOS writes the ids of `nobody` as -2: the same 32 bits.
        let id: i64 = fields.next()?.parse().ok()?;
        u32::try_from(id)
            .ok()
            .or_else(|| i32::try_from(id).ok().map(i32::cast_unsigned))
    };
    Some((name.to_owned(), id()?, id()?))
}

#[cfg(test)]
mod tests {
    use super::lookup;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n\
                          postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn reads_the_ids_of_an_account() {
        assert_eq!(
            lookup(PASSWD, "postgres"),
            Some(("postgres".to_owned(), 101, 104))
        );
    }

    #[test]
    fn reads_the_negative_ids_of_macos() {
        assert_eq!(
            lookup(PASSWD, "nobody"),
            Some(("nobody".to_owned(), u32::MAX - 1, u32::MAX - 1))
        );
    }

    #[test]
    fn an_account_that_is_missing_is_none() {
        assert_eq!(lookup(PASSWD, "post"), None);
    }
}
