//! The whole story as a test.

use examples::Story;

#[tokio::test]
async fn the_store_tells_its_story_and_passes_its_checks() {
    let told = [
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
    ];
    let run = async |story: &mut Story<'_>| crate::run(story, false).await;
    let checks = examples::expect(run, &told).await;
    assert!(checks >= 80, "{checks} checks are too few");
}
