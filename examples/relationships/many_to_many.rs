//! Many-to-many with a link table that nobody has to see: posts have tags, and tags have posts.
//!
//! ```text
//! cargo run --example many_to_many
//! ```
//!
//! A link says no more than that the two belong together, so its table needs no struct: one side names the table, the other
//! side names the first. When a link has something to say of its own, a grade or a date, see `association_object`.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "posts", many_to_many(tags: Tag, table = "post_tags", order_by = word))]
struct Post {
    #[orm(primary_key)]
    id: i32,
    title: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "tags", many_to_many(posts: Post, via = tags, order_by = title))]
struct Tag {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    word: String,
}

fn words(db: &Session, post: Handle<Post>) -> orm_core::Result<String> {
    let tags = db.view(post).related(Post::TAGS)?;
    Ok(tags
        .map(|tag| tag.row().word.as_str())
        .collect::<Vec<_>>()
        .join(" "))
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Post, Tag)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("Links are written like rows, in one statement");
    let tags = db.add_all(["new", "old", "sql"].map(|word| Tag::create().word(word)));
    let [new, old, sql] = tags[..] else {
        return Err("three tags".into());
    };
    let joins = db.add(Post::create().title("Joins").tags([new, sql]));
    let locks = db.add(Post::create().title("Locks").tags([sql]));
    db.flush().await?;
    story.sql(log.take());
    story.say(format_args!(
        "Joins: {}; Locks: {}",
        words(&db, joins)?,
        words(&db, locks)?
    ));

    story.part("From either side");
    db.push(old, Tag::POSTS, joins);
    db.remove(joins, Post::TAGS, new);
    story.say(format_args!(
        "Joins is {} now, in memory; both links wait for the flush.",
        words(&db, joins)?
    ));
    story.check("both sides know", db.related(new, Tag::POSTS)?.len(), 0);
    db.flush().await?;
    story.sql(log.take());

    story.part("Only the difference");
    db.replace(joins, Post::TAGS, [sql, old, new])?;
    db.flush().await?;
    story.say("Joins shall have these three tags; two of them it has:");
    let sent = story.sql(log.take());
    story.check("one INSERT", sent, 1);
    db.commit().await?;

    story.part("A link that is there already is what was wanted");
    let mut other = engine.session();
    let locks_again = other.get::<Post>(db[locks].id).await?.ok_or("a post")?;
    let sql_again = other.get::<Tag>(db[sql].id).await?.ok_or("a tag")?;
    other.push(locks_again, Post::TAGS, sql_again);
    other.commit().await?;
    story.say("Nobody loaded the tags of Locks before one was pushed; the INSERT passes over what is there.");
    let links = "SELECT count(*) FROM post_tags";
    let count: i64 = engine.acquire().await?.fetch_scalar(links).await?;
    story.check("links", count, 4);
    log.clear();

    story.part("Loaded, and asked for");
    let mut db = engine.session();
    let tags = Tag::query()
        .with(Tag::POSTS)
        .order_by(Tag::WORD)
        .all(&mut db)
        .await?;
    story.sql(log.take());
    for tag in &tags {
        let tag = db.view(*tag);
        let titles: Vec<_> = tag
            .related(Tag::POSTS)?
            .map(|post| post.row().title.as_str())
            .collect();
        story.say(format_args!("{}: {}", tag.word, titles.join(", ")));
    }
    let tagged = Post::query()
        .filter(Post::TAGS.any(Tag::WORD.eq("sql")))
        .order_by(Post::TITLE)
        .select((Post::TITLE, Post::TAGS.count()));
    let tagged = tagged.all(&mut db).await?;
    story.say(format_args!(
        "Posts with the tag sql, and the number of their tags: {tagged:?}"
    ));
    story.sql(log.take());
    story.check(
        "posts with a tag",
        tagged,
        [("Joins", 3), ("Locks", 1)]
            .map(|(title, n)| (title.to_owned(), n))
            .to_vec(),
    );

    story.part("A deleted row takes its links along");
    db.delete(tags[2])?;
    db.flush().await?;
    story.sql(log.take());
    story.check("posts stay", Post::query().count(&mut db).await?, 2);
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn posts_have_tags_and_tags_have_posts() {
    let told = [
        "Joins: new sql; Locks: sql",
        "Joins is sql old now, in memory; both links wait for the flush.",
        "new: Joins",
        "old: Joins",
        "sql: Joins, Locks",
        "Posts with the tag sql, and the number of their tags: [(\"Joins\", 3), (\"Locks\", 1)]",
    ];
    examples::expect(run, &told).await;
}
