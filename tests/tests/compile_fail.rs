//! The mistakes that people make with the derives, each with the message that it gets, and beside them the near misses that
//! have to compile.
//!
//! `TRYBUILD=overwrite cargo test -p tests --test compile_fail` writes the messages anew; read them as a user would before
//! they are committed.

// Two tests and not one: where nothing has to compile, trybuild checks all cases in a single call of cargo; else it builds
// one after the other.

#[test]
fn mistakes_are_reported() {
    name_the_compiler();
    trybuild::TestCases::new().compile_fail("compile_fail/*/*.rs");
}

/// Says so where the messages are another compiler's: what differs then is no mistake of this crate.
fn name_the_compiler() {
    let written_by = env!("CARGO_PKG_RUST_VERSION");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc)
        .arg("--version")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if !version.starts_with(&format!("rustc {written_by}.")) {
        eprintln!(
            "The messages in compile_fail are those of rustc {written_by}, word for word, and this is {version}\
             Where one differs below, that may be the compiler's doing: RUSTUP_TOOLCHAIN={written_by} tells."
        );
    }
}

#[test]
fn near_misses_compile() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

/// What cargo says of a crate of its own with one source file, outside of the workspace: inside of it cargo turns on the
/// features that the tests need, and trybuild does the same. It is written into the target folder and checked with what is
/// already downloaded.
fn check_alone(name: &str, dependencies: &str, source: &str) -> String {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = tests.parent().unwrap();
    let scratch = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}",
        dependencies.replace("$ORM_CORE", &format!("path = {:?}", root.join("orm-core"))),
    );
    std::fs::create_dir_all(scratch.join("src")).unwrap();
    std::fs::write(scratch.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root.join("Cargo.lock"), scratch.join("Cargo.lock")).unwrap();
    std::fs::copy(tests.join(source), scratch.join("src/main.rs")).unwrap();
    let checked = std::process::Command::new(env!("CARGO"))
        .args(["check", "--offline", "--message-format=short"])
        .current_dir(&scratch)
        // One for all of them: they have the same dependencies.
        .env("CARGO_TARGET_DIR", scratch.with_file_name("alone"))
        .output()
        .unwrap();
    String::from_utf8(checked.stderr).unwrap()
}

/// In Cargo.toml the crate can have another name: `#[orm(crate = "..")]` says which.
#[test]
fn the_crate_under_another_name() {
    let dependencies = "db = { package = \"orm-core\", $ORM_CORE }\n";
    let output = check_alone("renamed", dependencies, "features_off/renamed.rs");
    assert!(output.contains("Finished"), "{output}");
    assert!(!output.contains("warning: unused"), "{output}");
}

/// A column whose type is behind a feature that is off gets one error, which names the feature.
#[test]
fn a_type_whose_feature_is_off_names_the_feature() {
    let dependencies = "chrono = { version = \"0.4\", default-features = false, features = [\"std\", \"clock\"] }\n\
        orm-core = { $ORM_CORE }\n\
        rust_decimal = { version = \"1\", default-features = false, features = [\"std\"] }\n\
        serde_json = \"1\"\nuuid = \"1\"\n";
    let output = check_alone("features_off", dependencies, "features_off/mistakes.rs");
    let found: Vec<_> = output
        .lines()
        .filter_map(|line| line.strip_prefix("src/main.rs:"))
        .collect();
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = tests.join("features_off/messages.txt");
    if std::env::var("TRYBUILD").is_ok_and(|value| value == "overwrite") {
        std::fs::write(&expected, found.join("\n") + "\n").unwrap();
    }
    let expected = std::fs::read_to_string(expected).unwrap();
    assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{output}");
}

/// The first line of a message is in the user's words: no name that only orm-core and its derives know.
#[test]
fn messages_begin_with_the_users_words() {
    let ours = names_that_nobody_writes();
    for expected in [
        "Has",
        "InScope",
        "Next",
        "Of",
        "Here",
        "MissingFor",
        "Unset",
    ] {
        assert!(ours.contains(expected), "{expected} is not looked for");
    }
    for (path, message) in messages() {
        for line in message.lines().filter(|line| line.starts_with("error")) {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let ours = words.find(|word| word.starts_with("__") || ours.contains(*word));
            assert_eq!(ours, None, "{}: {line}", path.display());
            // The markers of columns and the types of aliases that a derive makes.
            for ours in ["_columns::", "As<"] {
                assert!(!line.contains(ours), "{}: {line}", path.display());
            }
        }
    }
}

/// All traits of orm-core and the types that its checks are made of, but for those that a user writes.
fn names_that_nobody_writes() -> std::collections::HashSet<String> {
    const WRITTEN: [&str; 8] = [
        "Model", "FromRow", "Rowset", "Changes", "DbEnum", "Executor", "Hooks",
        // A model of the cases has this name, too.
        "Address",
    ];
    const TYPES: [&str; 5] = [
        "expr/scope.rs",
        "expr/kind.rs",
        "expr/named.rs",
        "model/create.rs",
        "query/selection.rs",
    ];
    let mut names = std::collections::HashSet::new();
    let mut folders = vec![std::path::PathBuf::from("../orm-core/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let types = TYPES.iter().any(|file| path.ends_with(file));
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let line = line.trim_start();
                let name = line
                    .strip_prefix("pub trait ")
                    .or_else(|| line.strip_prefix("pub struct ").filter(|_| types));
                if let Some(name) = name {
                    let end = name.find(|letter: char| !letter.is_alphanumeric());
                    names.insert(name[..end.unwrap_or(name.len())].to_owned());
                }
            }
        }
    }
    // A macro's `pub trait $name` has none.
    names.retain(|name| !name.is_empty() && !WRITTEN.contains(&name.as_str()));
    names
}

/// One mistake is one error. The names of the cases that hold several mistakes say so in this list, as do the few where
/// rustc repeats itself.
#[test]
fn one_mistake_is_one_error() {
    const SEVERAL: [(&str, usize); 12] = [
        // Several mistakes, each reported once.
        ("several_mistakes_at_once", 6),
        ("half_typed_attributes", 5),
        ("a_word_of_another_library", 3),
        ("all_required_columns_are_missing", 3),
        ("without_parentheses", 2),
        ("an_index_over_a_relationship", 2),
        ("an_index_over_a_mistyped_column", 2),
        ("a_mistyped_primary_key", 2),
        ("a_length_without_a_value", 2),
        ("two_has_one_that_name_each_other", 2),
        ("two_many_to_many_that_name_each_other", 2),
        // For the struct rustc proposes to make `Decimall` a type parameter, since it stands in an `Option` there. Of what the
        // derive writes it proposes nothing: most of that are `impl`s with parameters of their own, where it would be another
        // proposal. So the two messages differ. They are one where the field's type is `Decimall` alone, of which the struct
        // says nothing more. An alias in place of the type would do, and stand in the user's documentation.
        ("a_type_in_an_option_that_does_not_exist", 2),
    ];
    for (path, message) in messages() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let expected = SEVERAL
            .iter()
            .find(|(case, _)| *case == name)
            .map_or(1, |(_, errors)| *errors);
        let found = message
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        assert_eq!(found, expected, "{}", path.display());
    }
}

/// A message is read on one screen.
#[test]
fn a_message_is_no_longer_than_a_screen() {
    const SCREEN: usize = 50;
    const LONGER: [&str; 1] = [
        // Three errors, for the three columns that are missing.
        "all_required_columns_are_missing",
    ];
    let mut longer = Vec::new();
    for (path, message) in messages() {
        let lines = message.lines().count();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let listed = LONGER.contains(&name.as_str());
        assert!(
            lines <= SCREEN || listed,
            "{}: {lines} lines",
            path.display()
        );
        if lines > SCREEN {
            longer.push(name);
        }
    }
    for name in LONGER {
        assert!(
            longer.iter().any(|longer| longer == name),
            "{name} has become short enough: take it off the list"
        );
    }
}

/// The page «Reading the errors» shows what the compiler says: each of its mistakes names its case, and the message under
/// it is that case's. What it shows as code stands in the case too.
#[test]
fn the_page_of_errors_shows_what_the_compiler_says() {
    let page = std::fs::read_to_string("../orm-core/src/reading_the_errors.rs").unwrap();
    let page: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let mistakes: Vec<_> = page.split(|line| line.starts_with("## ")).skip(1).collect();
    assert_eq!(mistakes.len(), 20);
    let mut cases = std::collections::HashSet::new();
    for mistake in mistakes {
        let case = mistake
            .iter()
            .find_map(|line| line.strip_prefix("The case: `")?.strip_suffix('`'))
            .unwrap_or_else(|| panic!("no case is named in {mistake:#?}"));
        assert!(cases.insert(case), "{case} stands on the page twice");
        let read = |extension: &str| {
            let path = format!("compile_fail/{case}.{extension}");
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let (code, message) = (read("rs"), read("stderr"));
        let blocks: Vec<_> = mistake.split(|line| line.starts_with("```")).collect();
        let [_, wrong, _, quoted, fix, ..] = blocks[..] else {
            panic!("{case}: expected the code, the message and the fix");
        };
        for (shown, real) in [(wrong, &code), (quoted, &message)] {
            assert!(!shown.is_empty(), "{case}");
            for line in shown {
                assert!(
                    real.lines().any(|real| real.trim() == line.trim()),
                    "{case} has no line `{line}`"
                );
            }
        }
        assert!(quoted[0].starts_with("error"), "{case}: {}", quoted[0]);
        assert!(
            fix.iter().any(|line| line.starts_with("**Fix:** ")),
            "{case} lacks its fix"
        );
    }
}

fn messages() -> Vec<(std::path::PathBuf, String)> {
    let mut messages = Vec::new();
    for topic in std::fs::read_dir("compile_fail").unwrap() {
        for file in std::fs::read_dir(topic.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "stderr")
            {
                let message = std::fs::read_to_string(&path).unwrap();
                messages.push((path, message));
            }
        }
    }
    assert!(!messages.is_empty());
    messages
}
