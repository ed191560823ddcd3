//! This program, started again with one of the ignored tests below as the only one to run.
//!
//! What happens when a process ends can only be seen from outside. These tests do nothing when they are started by hand.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orm_core::testing::{TestDb, server_url};

use crate::support::{block_on, connect, execute};

const CHILD: &str = "ORM_TESTING_CHILD";

/// This program again, running one of the ignored tests below.
pub(crate) fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command
        .args([
            "--exact",
            &format!("child::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, "1");
    // A process group of its own, as a shell gives it to each command: Ctrl-C goes to the whole group.
    command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Waits for a line of the child that has `key` in it, and gives the rest of it.
///
/// Takes the child's output, so that it is read by one reader only; the child must not print more afterwards.
pub(crate) fn line(child: &mut Child, key: &str) -> String {
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut seen = Vec::new();
    for line in lines.map_while(std::result::Result::ok) {
        // The harness prints the name of the test before what the test prints, in the same line.
        if let Some((_, rest)) = line.split_once(key) {
            return rest.to_owned();
        }
        seen.push(line);
    }
    panic!("the child ended without a line `{key}`: {seen:?}");
}

#[test]
#[ignore = "started by other tests"]
fn waits() {
    if !is_child() {
        return;
    }
    block_on(async {
        let db =
            TestDb::from_template("child", async |url| execute(url, "create table t ()").await)
                .await;
        let db = db.expect("a database");
        println!(
            "child: {} {}",
            db.name(),
            server_of(&server_url().expect("there is a server"))
        );
        std::future::pending::<()>().await;
    });
}

#[test]
#[ignore = "started by other tests"]
fn ends() {
    if is_child() {
        println!(
            "child: - {}",
            server_of(&server_url().expect("there is a server"))
        );
    }
}

#[test]
#[ignore = "started by other tests"]
fn panics() {
    if is_child() {
        println!(
            "child: - {}",
            server_of(&server_url().expect("there is a server"))
        );
        panic!("on purpose");
    }
}

/// Pid and directory of a throw-away server, from its URL; nothing for another one.
fn server_of(url: &str) -> String {
    let Some((_, rest)) = url.split_once("host=") else {
        return String::new();
    };
    let dir = rest.split('&').next().expect("the first of some");
    let file = std::fs::read_to_string(Path::new(dir).join("data/postmaster.pid"))
        .expect("the server runs");
    format!(
        "{} {dir}",
        file.lines().next().expect("the pid is in the first line")
    )
}

#[test]
#[ignore = "started by other tests"]
fn cancels() {
    if !is_child() {
        return;
    }
    block_on(async {
        // Some give up before their database is made, some after.
        for milliseconds in 0..20 {
            let _ = tokio::time::timeout(Duration::from_millis(milliseconds), TestDb::new()).await;
        }
        let db = TestDb::new().await.expect("a database");
        let started = Instant::now();
        let client = connect(&server_url().expect("there is a server")).await;
        let others = "select count(*) from pg_database where datname like 'orm\\_test\\_%' and datname <> $1";
        while client
            .query_one(others, &[&db.name()])
            .await
            .expect("it counts")
            .get::<_, i64>(0)
            > 0
        {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "databases are left"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
#[ignore = "started by other tests"]
fn says_why_not() {
    if is_child() {
        let error = block_on(TestDb::new())
            .expect_err("no database")
            .to_string();
        println!("child: {}", error.replace('\n', " "));
    }
}
