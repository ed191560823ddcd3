//! The small `sh` that runs the throw-away server and outlives us by a moment.
//!
//! Nothing in our own process can be relied on to stop the server: after `kill -9` no destructor and no signal handler
//! runs. But the kernel closes our end of every pipe, whichever way we end. So the server is the child of a shell that
//! reads from such a pipe; when the pipe closes, the shell stops the server and removes the directory. The shell also
//! makes the directory, so that there is no moment at which we could die and leave one behind. It is in a process group
//! of its own, because Ctrl-C goes to the whole group of the test.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;
use super::failure::Failure;
use super::place::IN_USE;

/// Arguments: the directory to make, the pristine data directory, the server program and its arguments.
///
/// The first INT may come before the server has its signal handlers, hence the loop; after ten seconds of asking
/// politely it is told to stop at once. `ended` tells us that the server went on its own, and the loop that it is done.
const SCRIPT: &str = r#"
dir=$1 pristine=$2 server=$3
shift 3
trap '' HUP INT TERM PIPE
umask 077
mkdir "$dir" 2>/dev/null || exit 73
exec 3<&0 </dev/null >"$dir/log" 2>&1
: >"$dir/in-use"
if cp -R "$pristine" "$dir/data"; then
    "$server" -D "$dir/data" -k "$dir" "$@" 3<&- &
else
    (exit 1) &
fi
pid=$!
(
    while read -r _; do :; done <&3
    tries=0
    while [ ! -e "$dir/ended" ]; do
        if [ $tries -lt 200 ]; then kill -INT $pid; else kill -QUIT $pid; fi
        tries=$((tries + 1))
        sleep 0.05
    done
) &
watcher=$!
exec 3<&-
wait $pid
: >"$dir/ended"
wait $watcher
rm -rf "$dir"
"#;

/// What [`SCRIPT`] exits with when it cannot make the directory.
const NO_DIRECTORY: i32 = 73;

/// The server needs a tenth of a second; a machine that is very busy may need much more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings for data that nobody will miss: nothing is made safe against a crash, and tests find the same time zone and
/// messages on every machine.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "port=5432",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "max_prepared_transactions=20",
    "shared_buffers=64MB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "lc_messages=C",
];

/// A server that runs. It stops when this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Supervisor {
    /// Holds the pipe. Never waited for: it ends after us.
    _shell: Child,
    /// Holds the lock that [`place`](super::place) looks at.
    _in_use: Option<fs::File>,
}

/// Why there is no server.
pub(super) enum NotStarted {
    /// The directory cannot be there; another place may do.
    Place(String),
    /// Would fail elsewhere too.
    Server(Failure),
}

impl Supervisor {
    /// Starts a server in the directory `dir`, which must not exist, and waits until it takes connections.
    pub(super) fn start(
        dir: &Path,
        pristine: &Path,
        bin: &Path,
        account: &Account,
    ) -> Result<Self, NotStarted> {
        let settings = SETTINGS
            .iter()
            .flat_map(|setting| ["-c", setting])
            .map(OsString::from);
        let mut shell = account
            .command("sh")
            .args(["-c", SCRIPT, "orm-testing"])
            .arg(dir)
            .arg(pristine)
            .arg(bin.join("postgres"))
            .args(settings)
            .process_group(0)
            .stdin(Stdio::piped())
            // Whoever reads our output would wait for the shell too.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                NotStarted::Server(Failure::config(format!(
                    "cannot run `sh` as {account} to start PostgreSQL: {error}"
                )))
            })?;
        match wait_until_ready(dir, &mut shell) {
            Ok(()) => {
                let in_use = fs::File::open(dir.join(IN_USE))
                    .ok()
                    .filter(|file| file.try_lock().is_ok());
                Ok(Supervisor {
                    _shell: shell,
                    _in_use: in_use,
                })
            }
            Err(reason) => {
                // Closes the pipe, so that the shell tidies up, and waits until it has.
                let _ = shell.wait();
                Err(reason)
            }
        }
    }
}

fn wait_until_ready(dir: &Path, shell: &mut Child) -> Result<(), NotStarted> {
    let failed = |what: &str| {
        let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(20)..].join("\n  ");
        NotStarted::Server(Failure::connection(format!(
            "{what}; the end of its log is\n  {end}"
        )))
    };
    let started = Instant::now();
    loop {
        // PostgreSQL's own tools watch this line: it changes when the server takes connections.
        let pid_file = fs::read_to_string(dir.join("data/postmaster.pid")).unwrap_or_default();
        if pid_file
            .lines()
            .nth(7)
            .is_some_and(|status| status.trim() == "ready")
        {
            return Ok(());
        }
        if let Ok(Some(status)) = shell.try_wait() {
            return Err(if status.code() == Some(NO_DIRECTORY) {
                NotStarted::Place(format!("{}: cannot be created", dir.display()))
            } else {
                failed(&format!(
                    "the shell that starts PostgreSQL ended with {status}"
                ))
            });
        }
        if dir.join("ended").exists() {
            return Err(failed("the throw-away PostgreSQL did not start"));
        }
        if started.elapsed() > PATIENCE {
            return Err(failed(&format!(
                "the throw-away PostgreSQL was not ready after {} s",
                PATIENCE.as_secs()
            )));
        }
        std::thread::sleep(Duration::from_millis(4));
    }
}
