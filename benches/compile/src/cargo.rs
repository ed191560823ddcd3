//! Runs cargo on a crate that was written here, and says how long it took: on the clock, and of processors.
//!
//! The second is what the kernel has counted for processes that have ended and that we waited for, which cargo and its
//! compilers are. Other programs on the machine disturb it little.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::write::Orm;

/// The kernel counts in hundredths of a second.
const TICKS: f64 = 100.0;

/// In seconds.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
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
}

impl Project {
    /// An empty crate that depends on one of the ORMs, by the versions that `benches` has.
    pub(crate) fn new(orm: Orm, name: &str, benches: &Path, target: &Path) -> Result<Project> {
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
        })
    }

    /// Runs cargo.
    pub(crate) fn run(&self, way: Way) -> Result<Cost> {
        let (before, started) = (cpu_of_children()?, Instant::now());
        self.cargo(&[way.name()])?;
        Ok(Cost {
            wall: started.elapsed().as_secs_f64(),
            cpu: cpu_of_children()? - before,
        })
    }

    /// Lets the next run compile the crate anew, and nothing else.
    pub(crate) fn forget(&self) -> Result<()> {
        self.cargo(&["clean", "--package", &self.name])
    }

    /// Lets the next run compile the ORM anew, and the crate, and nothing else.
    pub(crate) fn forget_library(&self, orm: Orm) -> Result<()> {
        let mut words = vec!["clean"];
        for package in orm.packages() {
            words.extend(["--package", package]);
        }
        self.cargo(&words)
    }

    fn cargo(&self, words: &[&str]) -> Result<()> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(words)
            .arg("--quiet")
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let at = self.directory.display();
            return Err(format!("cargo {} in {at} failed:\n{said}", words.join(" ")).into());
        }
        Ok(())
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
