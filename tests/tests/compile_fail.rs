//! The mistakes that people make with the derives, each with the message that it gets, and beside them the near misses that
//! have to compile.
//!
//! `TRYBUILD=overwrite cargo test -p tests --test compile_fail` writes the messages anew; read them as a user would before
//! they are committed.

// Two tests and not one: where nothing has to compile, trybuild checks all cases in a single call of cargo; else it builds
// one after the other.

#[test]
fn mistakes_are_reported() {
    trybuild::TestCases::new().compile_fail("compile_fail/*/*.rs");
}

#[test]
fn near_misses_compile() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

/// A column whose type is behind a feature that is off gets one error, which names the feature.
///
/// A crate of its own, outside of the workspace: inside of it cargo turns on the features that the tests need, and trybuild
/// does the same. It is written into the target folder and checked with what is already downloaded.
#[test]
fn a_type_whose_feature_is_off_names_the_feature() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = tests.parent().unwrap();
    let scratch = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("features_off");
    let manifest = format!(
        "[package]\nname = \"features_off\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         chrono = {{ version = \"0.4\", default-features = false, features = [\"std\", \"clock\"] }}\n\
         orm-core = {{ path = {:?} }}\n\
         rust_decimal = {{ version = \"1\", default-features = false, features = [\"std\"] }}\n\
         serde_json = \"1\"\nuuid = \"1\"\n",
        root.join("orm-core")
    );
    std::fs::create_dir_all(scratch.join("src")).unwrap();
    std::fs::write(scratch.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root.join("Cargo.lock"), scratch.join("Cargo.lock")).unwrap();
    std::fs::copy(
        tests.join("features_off/mistakes.rs"),
        scratch.join("src/main.rs"),
    )
    .unwrap();
    let checked = std::process::Command::new(env!("CARGO"))
        .args(["check", "--offline", "--message-format=short"])
        .current_dir(&scratch)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .output()
        .unwrap();
    let output = String::from_utf8(checked.stderr).unwrap();
    let found: Vec<_> = output
        .lines()
        .filter_map(|line| line.strip_prefix("src/main.rs:"))
        .collect();
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
    const OURS: [&str; 21] = [
        "__",
        "GivenFor",
        "MissingFor",
        "IntoColumn",
        "RefersTo",
        "LinksTo",
        "LeadsBack",
        "PrimaryKey",
        "SqlType",
        "Codec",
        "KeyPart",
        "OfModel",
        "InScope",
        "Next<",
        "Of<",
        "Here",
        "Copied",
        "ChangesOf",
        "Stored",
        "NotAModel",
        "NothingOfThisName",
    ];
    for (path, message) in messages() {
        for line in message.lines().filter(|line| line.starts_with("error")) {
            // rustc's words for a method that does not exist name the builder, parameters and all.
            let line = line.split(" found for struct `").next().unwrap_or(line);
            for ours in OURS {
                assert!(!line.contains(ours), "{}: {line}", path.display());
            }
        }
    }
}

/// One mistake is one error. The names of the cases that hold several mistakes say so in this list, as do the few where
/// rustc repeats itself.
#[test]
fn one_mistake_is_one_error() {
    const SEVERAL: [(&str, usize); 13] = [
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
        // Once for the argument, once for the result, whose type depends on it.
        ("a_declared_function_with_an_argument_of_another_type", 2),
        ("something_that_is_no_model", 2),
        // Once for each item that the type stands in.
        ("a_type_that_does_not_exist", 3),
        // It is neither a rowset nor a struct of fields.
        ("a_table_of_rows_that_are_no_rowset", 2),
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
    const LONGER: [&str; 2] = [
        // Three errors, for the three columns that are missing.
        "all_required_columns_are_missing",
        // Two errors, each with rustc's list of what else could be added.
        "something_that_is_no_model",
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
