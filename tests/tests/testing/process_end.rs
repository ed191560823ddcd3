//! Nothing is left behind by a process, however it ends.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::child::{child, line};

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "still not so: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(name: &str, pid: &str) -> bool {
    let mut kill = Command::new("kill");
    kill.args([name, "--", pid])
        .stderr(Stdio::null())
        .status()
        .expect("there is a program `kill`")
        .success()
}

/// Starts a child with a server of its own, ends it, and waits until neither server nor directory is left.
#[track_caller]
fn check_nothing_is_left(test: &str, end: impl FnOnce(u32)) {
    if std::env::var_os("DATABASE_URL").is_some() {
        // There may be nothing on this machine that a server could be started from.
        return;
    }
    let mut child = child(test).spawn().expect("this program starts again");
    let said = line(&mut child, "child: ");
    let [_, pid, dir] = said.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    end(child.id());
    child.wait().expect("it ends");
    eventually("the directory is gone", || !Path::new(dir).exists());
    eventually("the server is gone", || !signal("-0", pid));
}

#[test]
fn a_process_that_ends_leaves_nothing() {
    check_nothing_is_left("ends", |_| {});
}

#[test]
fn a_process_that_panics_leaves_nothing() {
    check_nothing_is_left("panics", |_| {});
}

#[test]
fn a_process_that_is_killed_leaves_nothing() {
    check_nothing_is_left("waits", |pid| assert!(signal("-KILL", &pid.to_string())));
}

#[test]
fn ctrl_c_leaves_nothing() {
    check_nothing_is_left("waits", |pid| {
        let group = format!("-{pid}");
        assert!(signal("-INT", &group));
        // A shell lets programs in the background ignore Ctrl-C, and they hand that down to their children. Then this
        // ends the child; else it comes too late.
        signal("-TERM", &group);
    });
}

#[test]
fn databases_that_nobody_waits_for_any_more_are_dropped() {
    if std::env::var_os("DATABASE_URL").is_none() {
        // In a process, and so on a server, of its own: other tests have databases too.
        assert!(
            child("cancels")
                .status()
                .expect("this program starts again")
                .success()
        );
    }
}
