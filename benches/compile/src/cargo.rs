//! Runs cargo on a crate that was written here, and says how long it took: on the clock, and of processors.
//!
//! The second is what the kernel has counted for processes that have ended and that we waited for, which cargo and its
//! compilers are. Other programs on the machine disturb it little.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::write::Orm;

/// The kernel counts in hundredths of a second.
const TICKS: f64 = 100.0;

/// For what has to be done, however long it takes.
pub(crate) const NO_LIMIT: Duration = Duration::MAX;

/// In seconds.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    /// Whether it was given up, so that both say how long it was waited for, and not how long it takes.
    pub(crate) given_up: bool,
}

/// What cargo is to do.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    Check,
    Build,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Check => "check",
            Way::Build => "build",
        }
    }
}

/// A crate.
pub(crate) struct Project {
    name: String,
    directory: PathBuf,
    pub(crate) source: PathBuf,
    target: PathBuf,
    /// When to give up.
    limit: Duration,
}

impl Project {
    /// An empty crate that depends on one of the ORMs, by the versions that `benches` has.
    pub(crate) fn new(
        orm: Orm,
        name: &str,
        benches: &Path,
        target: &Path,
        limit: Duration,
    ) -> Result<Project> {
        let directory = target.join("crates").join(name);
        let source = directory.join("src");
        if source.exists() {
            std::fs::remove_dir_all(&source)?;
        }
        std::fs::create_dir_all(&source)?;
        let manifest = format!(
            "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{}",
            orm.dependencies(benches)
        );
        std::fs::write(directory.join("Cargo.toml"), manifest)?;
        std::fs::copy(benches.join("Cargo.lock"), directory.join("Cargo.lock"))?;
        Ok(Project {
            name: name.to_owned(),
            directory,
            source,
            target: target.to_owned(),
            limit,
        })
    }

    /// Runs cargo.
    pub(crate) fn run(&self, way: Way) -> Result<Cost> {
        let (before, started) = (cpu_of_children()?, Instant::now());
        let done = self.cargo(&[way.name()])?;
        Ok(Cost {
            wall: started.elapsed().as_secs_f64(),
            cpu: cpu_of_children()? - before,
            given_up: !done,
        })
    }

    /// Lets the next run compile the crate anew, and nothing else.
    pub(crate) fn forget(&self) -> Result<()> {
        self.cargo(&["clean", "--package", &self.name]).map(drop)
    }

    /// Lets the next run compile the ORM anew, and the crate, and nothing else.
    pub(crate) fn forget_library(&self, orm: Orm) -> Result<()> {
        let mut words = vec!["clean"];
        for package in orm.packages() {
            words.extend(["--package", package]);
        }
        self.cargo(&words).map(drop)
    }

    /// Whether cargo came to its end in time.
    fn cargo(&self, words: &[&str]) -> Result<bool> {
        let said = self.directory.join("said");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(words)
            .arg("--quiet")
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&said)?)
            // With its compilers, so that all of them can be ended.
            .process_group(0)
            .spawn()?;
        let started = Instant::now();
        let status = loop {
            if let Some(status) = cargo.try_wait()? {
                break status;
            }
            if started.elapsed() > self.limit {
                let group = format!("-{}", cargo.id());
                Command::new("kill")
                    .args(["-KILL", "--", &group])
                    .status()?;
                cargo.wait()?;
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(5));
        };
        if !status.success() {
            let said = std::fs::read_to_string(said)?;
            let at = self.directory.display();
            return Err(format!("cargo {} in {at} failed:\n{said}", words.join(" ")).into());
        }
        Ok(true)
    }
}

/// The processor time of all processes that have ended and that we waited for, and of those that they waited for.
fn cpu_of_children() -> Result<f64> {
    let line = std::fs::read_to_string("/proc/self/stat")?;
    // The program's name may hold anything; behind it the third field follows.
    let (_, fields) = line.rsplit_once(')').ok_or("/proc/self/stat is none")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |field: usize| -> Result<f64> {
        let field = fields.get(field - 3).ok_or("/proc/self/stat is short")?;
        Ok(field.parse::<f64>()? / TICKS)
    };
    Ok(ticks(16)? + ticks(17)?)
}
