//! The invariants of ARCHITECTURE.md that can be read off the source.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of orm-core from the bottom up. A module imports from those before it, and from itself.
const LAYERS: &[&str] = &[
    "error", "types", "model", "expr", "query", "order", "engine", "schema", "session", "testing",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../orm-core/src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules named behind `use crate::` in a file, outside of its tests and docs.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines()
        .filter_map(|line| {
            let line = line.trim_start();
            let path = line
                .strip_prefix("use crate::")
                .or_else(|| line.strip_prefix("pub use crate::"))?;
            path.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn imports_point_downwards() {
    let root = source();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (rank, layer) in LAYERS.iter().enumerate() {
        let mut of_layer = Vec::new();
        let folder = root.join(layer);
        if folder.is_dir() {
            files(&folder, &mut of_layer);
        }
        of_layer.push(root.join(format!("{layer}.rs")));
        for path in of_layer.iter().filter(|path| path.exists()) {
            for module in imports(&fs::read_to_string(path).unwrap()) {
                seen += 1;
                let at = LAYERS.iter().position(|other| *other == module);
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                if at.is_some_and(|at| at > rank) {
                    wrong.push(format!("{name} imports {module}"));
                }
            }
        }
    }
    assert!(
        seen > 50,
        "only {seen} imports were found: does the test still read them?"
    );
    assert!(
        wrong.is_empty(),
        "imports that point upwards:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn only_the_engine_sends() {
    let root = source();
    let mut all = Vec::new();
    files(&root, &mut all);
    // `types`, `model::row` and `error` name the driver's types to convert them; none of them can send anything.
    let senders: Vec<_> = all
        .iter()
        .filter(|path| {
            fs::read_to_string(path)
                .unwrap()
                .contains("tokio_postgres::Client")
        })
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .filter(|name| !name.starts_with("engine") && !name.starts_with("testing"))
        .collect();
    assert!(senders.is_empty(), "{senders:?}");
}

#[test]
fn every_file_says_what_it_is() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    files(&source().join("../../orm-derive/src"), &mut all);
    let silent: Vec<_> = all
        .iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// The lines of code that stand in the examples of a file's docs, those of macros too.
fn examples(text: &str) -> String {
    let mut found = String::new();
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let doc = ["///", "//!"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark));
        match doc {
            Some(doc) if doc.trim_start().starts_with("```") => inside = !inside,
            Some(doc) if inside => found += doc,
            None if inside && !line.starts_with("#[doc") => inside = false,
            _ => {}
        }
        found.push('\n');
    }
    found
}

/// The functions of a file that a user sees, and whether the docs of each have an example: those that are `pub`, and those of
/// a `pub trait`.
fn shown_functions(text: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let (mut in_trait, mut hidden, mut example) = (false, false, false);
    for line in text.split("#[cfg(test)]").next().unwrap().lines() {
        let code = line.trim_start();
        if code.starts_with("///") || code.starts_with("#[") {
            example |= code.starts_with("/// ```");
            hidden |= code.starts_with("#[doc(hidden)]");
            continue;
        }
        if line.starts_with("pub trait ") || line == "}" {
            in_trait = !hidden && !line.ends_with('}');
        }
        let words = code.trim_start_matches("pub ").trim_start_matches("const ");
        let name = words.trim_start_matches("async ").strip_prefix("fn ");
        if let Some(name) = name.filter(|_| code.starts_with("pub ") || in_trait) {
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = &name[..end.unwrap_or(name.len())];
            // A macro's `$name` is asked by the examples that the macro writes.
            if !hidden && !name.is_empty() {
                found.push((name, example));
            }
        }
        (hidden, example) = (false, false);
    }
    found
}

/// Files whose public functions are for this crate and for derived code.
const NOT_SHOWN: &[&str] = &["private.rs", "private/drafts.rs", "order.rs"];

/// Siblings may share one: a function is also shown where an example of its file calls it.
#[test]
fn every_public_function_is_shown_in_an_example() {
    let root = source();
    let (mut silent, mut seen) = (Vec::new(), 0);
    let mut all = Vec::new();
    files(&root, &mut all);
    for path in all {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        if NOT_SHOWN.contains(&file.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let examples = examples(&text);
        for (name, has_one) in shown_functions(&text) {
            seen += 1;
            let called = ["(", "::<"].iter().any(|open| {
                let call = format!("{name}{open}");
                [".", "::", " ", "(", "!"]
                    .iter()
                    .any(|before| examples.contains(&format!("{before}{call}")))
            });
            if !has_one && !called {
                silent.push(format!("{file}: {name}"));
            }
        }
    }
    assert!(
        seen > 700,
        "only {seen} functions were found: does the test still read them?"
    );
    assert!(
        silent.is_empty(),
        "public functions without an example:\n{}",
        silent.join("\n")
    );
}
