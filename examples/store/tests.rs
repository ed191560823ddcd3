//! The whole story as a test, and what it does when something in it is wrong.

use crate::error::Error;
use crate::story::Story;

#[tokio::test]
async fn the_store_tells_its_story_and_passes_its_checks() {
    let mut out = Vec::new();
    let outcome = crate::run(&mut out, false).await;
    let told = String::from_utf8(out).expect("the story is text");
    if let Err(error) = outcome {
        panic!("{error}\n\n{told}");
    }
    for line in [
        "Created user: johndoe",
        "Created product: Laptop in category: Electronics",
        "  janedoe       3",
        "Books with 50%: Atlas, 50% larger.",
        "Two requests took one each, at once: 8 in stock.",
        "Deleted 2 inactive users in one statement.",
        "  Delivered  5 Novel, 1 Atlas, 50% larger  Oslo   143.50",
        "  Electronics         3  2997.98         424.50",
        "Paid the order: it is Processing now.",
        "GET /users/999: 404, User not found",
        "Imported 2 of 3 posts; taken already, and rolled back to a savepoint: Hello.",
        "  RepeatableRead  the same price",
    ] {
        assert!(
            told.lines().any(|told| told == line),
            "`{line}` is missing in:\n{told}"
        );
    }
    let last = told.lines().last().unwrap_or_default();
    let passed = last
        .strip_suffix(" checks passed")
        .and_then(|n| n.parse::<u32>().ok());
    assert!(passed.is_some_and(|n| n >= 80), "the last line is `{last}`");
}

#[test]
fn a_check_that_fails_is_told_in_words() {
    let mut out = Vec::new();
    let mut story = Story::new(&mut out);
    story.check("the number of laptops", 7, 7);
    story.check("the number of mice", 3, 4);
    let error = story.end().expect_err("a check has failed");
    assert!(matches!(&error, Error::ChecksFailed(failures) if failures.len() == 1));
    assert_eq!(
        error.to_string(),
        "1 of the store's checks failed:\n  the number of mice: expected 4, found 3"
    );
    assert!(out.is_empty());
}
