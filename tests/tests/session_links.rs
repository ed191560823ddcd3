//! Rows of bare link tables that are not written or not deleted, because others have done it, or because a trigger keeps them: on a way
//! where COMMIT waits, on a long one where it goes along, and by `flush` alone.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::relay::Way;
use tests::{eventually, refused};

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "posts", many_to_many(tags: Tag, table = "post_tags"), many_to_many(votes: Tag, through = Vote))]
struct Post {
    #[orm(primary_key)]
    id: i32,
    title: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(posts: Post, via = tags))]
struct Tag {
    #[orm(primary_key, length = 20)]
    word: String,
}

/// A post may have the same tag more than once.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "votes")]
struct Vote {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(post: Post))]
    post_id: i32,
    #[orm(belongs_to(tag: Tag))]
    tag_word: String,
}

const LINKS: &str = "select post_id, tag_id from post_tags order by 1, 2";

const INSERT: &str = "INSERT INTO post_tags (post_id, tag_id) SELECT u.k0, u.k1 FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS \
                      u(k0, k1, n) ORDER BY u.n ON CONFLICT (post_id, tag_id) DO NOTHING";

const DELETE: &str = "DELETE FROM post_tags USING unnest($1::int4[], $2::text[]) AS u(k0, k1) WHERE post_tags.post_id = u.k0 AND \
                      post_tags.tag_id = u.k1";

/// Which of the links are there, or are not, by their numbers.
fn question(exists: &str) -> String {
    format!(
        "SELECT u.n FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS u(k0, k1, n) WHERE {exists} (SELECT FROM post_tags \
         WHERE post_tags.post_id = u.k0 AND post_tags.tag_id = u.k1) ORDER BY u.n"
    )
}

/// The INSERT in the form in which the server judges it: all that was not there is written.
fn judged_insert() -> String {
    format!(
        "WITH written AS ({INSERT} RETURNING 1) SELECT CASE WHEN count(*) = $3 OR count(*) = (SELECT count(*) FROM \
         unnest($1::int4[], $2::text[]) WITH ORDINALITY AS u(k0, k1, n) WHERE NOT EXISTS (SELECT FROM post_tags WHERE \
         post_tags.post_id = u.k0 AND post_tags.tag_id = u.k1)) THEN NULL ELSE current_setting(concat('rows written: ', \
         count(*))) END FROM written"
    )
}

fn judged_delete() -> String {
    format!(
        "WITH written AS ({DELETE} RETURNING 1) SELECT CASE count(*) WHEN $3 THEN NULL ELSE \
         current_setting(concat('rows written: ', count(*))) END FROM written"
    )
}

async fn way(f: &Fixture, is_far: bool) -> Way {
    match is_far {
        true => Way::far(f.url()).await,
        false => Way::near(f.url()).await,
    }
}

/// Two posts, the first of them with tag `a`; the tags `a` to `d`.
async fn blog() -> Fixture {
    let f = Fixture::new::<(Post, Tag, Vote)>().await;
    f.elsewhere(
        "insert into posts (title) values ('one'), ('two'); insert into tags values ('a'), ('b'), ('c'), ('d');
         insert into post_tags values (1, 'a')",
    )
    .await;
    f
}

/// Keeps rows of the link table with tag `b` from being written, or those with tag `a` from being deleted.
async fn keep(f: &Fixture, what: &str) {
    let (row, tag) = match what {
        "insert" => ("new", "b"),
        _ => ("old", "a"),
    };
    f.elsewhere(&format!(
        "create or replace function keep() returns trigger language plpgsql as $$ begin return null; end $$;
         create or replace trigger keep before {what} on post_tags for each row when ({row}.tag_id = '{tag}') execute function keep()"
    ))
    .await;
}

/// The same of an engine that has asked for triggers before.
async fn keep_unseen(f: &Fixture, way: &Way) {
    f.elsewhere("drop trigger if exists keep on post_tags")
        .await;
    let mut db = way.engine.session();
    let (two, found) = (post(&mut db, 2).await, tags(&mut db, &["d"]).await);
    db.push(two, Post::TAGS, found[0]);
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    keep(f, "insert").await;
}

async fn post(db: &mut Session, id: i32) -> Handle<Post> {
    db.get::<Post>(id).await.unwrap().expect("the post")
}

async fn tags(db: &mut Session, words: &[&str]) -> Vec<Handle<Tag>> {
    let query = Tag::query().filter(Tag::WORD.in_(words.iter().copied()));
    query.order_by(Tag::WORD).all(db).await.unwrap()
}

fn of(db: &Session, post: Handle<Post>) -> Vec<String> {
    let tags = db.related(post, Post::TAGS).unwrap();
    let mut words: Vec<_> = tags.iter().map(|tag| db[*tag].word.clone()).collect();
    words.sort();
    words
}

#[tokio::test]
async fn commit_goes_along_with_new_links_which_the_server_judges() {
    let f = blog().await;
    let way = Way::near(f.url()).await;
    let mut db = way.engine.session();
    let (one, found) = (post(&mut db, 1).await, tags(&mut db, &["b", "c"]).await);
    for tag in found {
        db.push(one, Post::TAGS, tag);
    }
    way.log.clear();
    db.commit().await.unwrap();
    assert_eq!(way.log.take(), [judged_insert().as_str(), "COMMIT"]);

    // Both sides are new: their keys come first.
    let (new, word) = (
        db.add(Post::create().title("new")),
        db.add(Tag::create().word("e")),
    );
    db.push(new, Post::TAGS, word);
    db.commit().await.unwrap();
    let sent = way.log.take();
    assert_eq!(sent.len(), 5, "{sent:#?}");
    assert_eq!(sent[3..], [judged_insert().as_str(), "COMMIT"]);
    assert_eq!(f.rows(LINKS).await, ["1|a", "1|b", "1|c", "3|e"]);
}

#[tokio::test]
async fn links_that_others_have_made_or_removed_are_as_they_were_to_be() {
    let f = blog().await;
    for is_far in [false, true] {
        let way = way(&f, is_far).await;
        f.elsewhere("truncate post_tags; insert into post_tags values (1, 'a'), (1, 'b')")
            .await;
        let mut db = way.engine.session();
        let one = post(&mut db, 1).await;
        let found = tags(&mut db, &["a", "b", "c", "d"]).await;
        db.load(one, Post::TAGS).await.unwrap();
        db.commit().await.unwrap();
        f.elsewhere(
            "delete from post_tags where tag_id = 'a'; insert into post_tags values (1, 'c')",
        )
        .await;
        // One is there and one is not: no second look is needed.
        db.push(one, Post::TAGS, found[2]);
        db.push(one, Post::TAGS, found[3]);
        way.log.clear();
        db.commit().await.unwrap();
        assert_eq!(way.log.take(), [judged_insert()]);
        // One is gone and one is not: that is asked.
        db.remove(one, Post::TAGS, found[0]);
        db.remove(one, Post::TAGS, found[1]);
        db.commit().await.unwrap();
        let mut sent = way.log.take();
        if is_far {
            assert_eq!(sent.remove(0), judged_delete());
        }
        let gone = question("EXISTS");
        assert_eq!(sent, ["BEGIN", DELETE, &gone, "COMMIT"]);
        assert_eq!(f.rows(LINKS).await, ["1|c", "1|d"]);
        assert_eq!(of(&db, one), ["c", "d"]);
    }
}

/// What others have linked meanwhile is not seen by the statement that waited for them, so it is done again.
#[tokio::test]
async fn a_link_that_others_make_at_the_same_time_is_there() {
    let f = blog().await;
    let mut theirs = f.session();
    let (one, found) = (post(&mut theirs, 1).await, tags(&mut theirs, &["b"]).await);
    theirs.push(one, Post::TAGS, found[0]);
    theirs.flush().await.unwrap();

    let way = Way::near(f.url()).await;
    let mut db = way.engine.session();
    let (one, found) = (post(&mut db, 1).await, tags(&mut db, &["b", "c"]).await);
    found.iter().for_each(|tag| db.push(one, Post::TAGS, *tag));
    way.log.clear();
    let (ours, ()) = tokio::join!(db.commit(), async {
        eventually("our INSERT waits", async || f.somebody_waits().await).await;
        theirs.commit().await.unwrap();
    });
    ours.unwrap();
    let missing = question("NOT EXISTS");
    assert_eq!(
        way.log.take(),
        [
            &judged_insert(),
            "COMMIT",
            "BEGIN",
            "SHOW transaction_isolation",
            INSERT,
            &missing,
            "COMMIT"
        ]
    );
    assert_eq!(f.rows(LINKS).await, ["1|a", "1|b", "1|c"]);
}

/// A trigger links each new post to `a`, and the program does so, too.
#[tokio::test]
async fn a_link_that_a_trigger_has_made_before_is_there() {
    let f = blog().await;
    f.elsewhere(
        "create function link() returns trigger language plpgsql as
         $$ begin insert into post_tags values (new.id, 'a'); return null; end $$;
         create trigger link after insert on posts for each row execute function link()",
    )
    .await;
    let way = Way::near(f.url()).await;
    let mut db = way.engine.session();
    let found = tags(&mut db, &["a", "b"]).await;
    let new = db.add(Post::create().title("new"));
    found.iter().for_each(|tag| db.push(new, Post::TAGS, *tag));
    way.log.clear();
    db.commit().await.unwrap();
    let sent = way.log.take();
    assert_eq!(sent[1..], [judged_insert().as_str(), "COMMIT"]);
    assert_eq!(f.rows(LINKS).await, ["1|a", "3|a", "3|b"]);
}

#[tokio::test]
async fn links_that_a_trigger_keeps_from_being_written_are_a_failure() {
    let f = blog().await;
    for (is_far, commit) in [(false, true), (false, false), (true, true), (true, false)] {
        let way = way(&f, is_far).await;
        keep_unseen(&f, &way).await;
        let mut db = way.engine.session();
        let (one, found) = (post(&mut db, 1).await, tags(&mut db, &["b", "c"]).await);
        db.load(one, Post::TAGS).await.unwrap();
        db.commit().await.unwrap();
        found.iter().for_each(|tag| db.push(one, Post::TAGS, *tag));
        let error = match commit {
            true => refused(db.commit().await),
            false => refused(db.flush().await),
        };
        assert_eq!(
            text(&error),
            "INSERT of `post_tags` was sent for 2 row(s) and wrote 1: a trigger or a rule of the table has kept the others from \
             being written: Post#0 with Tag#0; roll back, and change the rows or the trigger"
        );
        let error = refused(db.flush().await);
        assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
        db.rollback().await.unwrap();
        assert_eq!(of(&db, one), ["a"]);
        assert!(db.plan().unwrap().steps.is_empty());
        assert_eq!(f.rows(LINKS).await, ["1|a"]);
    }
}

/// With the key of a new row, which comes first, the flush cannot be done again: what the server has counted is all that is known.
#[tokio::test]
async fn links_of_a_new_row_that_a_trigger_keeps_take_it_along() {
    let f = blog().await;
    let way = Way::near(f.url()).await;
    keep_unseen(&f, &way).await;
    let mut db = way.engine.session();
    let found = tags(&mut db, &["b", "c"]).await;
    let new = db.add(Post::create().title("new"));
    found.iter().for_each(|tag| db.push(new, Post::TAGS, *tag));
    let error = refused(db.commit().await);
    assert!(
        matches!(
            error,
            Error::Stale {
                table: "post_tags",
                action: "INSERT",
                expected: 2,
                changed: 1,
                ..
            }
        ),
        "{error:?}"
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(new), State::Detached);
    assert_eq!(
        f.rows("select title from posts order by id").await,
        ["one", "two"]
    );
    assert_eq!(f.rows(LINKS).await, ["1|a"]);
}

#[tokio::test]
async fn links_that_a_trigger_keeps_from_being_deleted_are_a_failure() {
    let f = blog().await;
    f.elsewhere("insert into post_tags values (1, 'b')").await;
    keep(&f, "delete").await;
    for (is_far, commit) in [(false, true), (false, false), (true, true), (true, false)] {
        let way = way(&f, is_far).await;
        let mut db = way.engine.session();
        let (one, found) = (post(&mut db, 1).await, tags(&mut db, &["a", "b"]).await);
        db.load(one, Post::TAGS).await.unwrap();
        db.commit().await.unwrap();
        found
            .iter()
            .for_each(|tag| db.remove(one, Post::TAGS, *tag));
        let error = match commit {
            true => refused(db.commit().await),
            false => refused(db.flush().await),
        };
        assert_eq!(
            text(&error),
            "DELETE of `post_tags` was sent for 2 row(s), and 1 of them are still there: a trigger or a row-level security policy \
             keeps them; roll back"
        );
        db.rollback().await.unwrap();
        assert_eq!(of(&db, one), ["a", "b"]);
        assert_eq!(f.rows(LINKS).await, ["1|a", "1|b"]);
    }
}

/// Where the transaction has written before, links between rows that others can link, too, are looked at before COMMIT.
#[tokio::test]
async fn behind_other_writes_commit_waits_for_links() {
    let f = blog().await;
    for is_far in [false, true] {
        let way = way(&f, is_far).await;
        let mut db = way.engine.session();
        let two = post(&mut db, 2).await;
        let found = tags(&mut db, &["c", "d"]).await;
        sql("update posts set title = 'written' where id = 2")
            .execute(&mut db)
            .await
            .unwrap();
        found.iter().for_each(|tag| db.push(two, Post::TAGS, *tag));
        f.elsewhere("insert into post_tags values (2, 'c')").await;
        way.log.clear();
        db.commit().await.unwrap();
        let missing = question("NOT EXISTS");
        assert_eq!(way.log.take(), [INSERT, &missing, "COMMIT"]);
        sql("update posts set title = 'again' where id = 2")
            .execute(&mut db)
            .await
            .unwrap();
        found
            .iter()
            .for_each(|tag| db.remove(two, Post::TAGS, *tag));
        way.log.clear();
        db.commit().await.unwrap();
        assert_eq!(way.log.take(), [DELETE, "COMMIT"]);
        assert_eq!(f.rows(LINKS).await, ["1|a"]);
    }
}

/// Where two rows of a link table may be the same, each is written, and is missed when it is not.
#[tokio::test]
async fn links_of_a_table_in_which_two_may_be_the_same_are_all_written() {
    let f = blog().await;
    let votes = "select post_id, tag_word from votes order by 1, 2";
    for word in ["c", "b"] {
        if word == "b" {
            f.elsewhere(
                "create function keep() returns trigger language plpgsql as $$ begin return null; end $$;
                 create trigger keep before insert on votes for each row when (new.tag_word = 'b') execute function keep()",
            )
            .await;
        }
        for commit in [true, false] {
            let mut db = f.session();
            let (one, found) = (post(&mut db, 1).await, tags(&mut db, &[word, "d"]).await);
            found.iter().for_each(|tag| db.push(one, Post::VOTES, *tag));
            let outcome = match commit {
                true => db.commit().await,
                false => db.flush().await,
            };
            if word == "c" {
                outcome.unwrap();
                db.commit().await.unwrap();
                continue;
            }
            assert_eq!(
                text(&refused(outcome)),
                "INSERT of `votes` was sent for 2 row(s) and wrote 1: a trigger or a rule of the table has kept the others from \
                 being written; roll back, and change the rows or the trigger"
            );
            db.rollback().await.unwrap();
        }
        assert_eq!(f.rows(votes).await, ["1|c", "1|c", "1|d", "1|d"]);
    }
}

/// As many rows as were sent, and others: only who looks can see it, and so COMMIT waits.
#[tokio::test]
async fn links_that_a_trigger_turns_into_others_are_a_failure() {
    let f = blog().await;
    f.elsewhere(
        "create function other() returns trigger language plpgsql as $$ begin new.tag_id := 'd'; return new; end $$;
         create trigger other before insert on post_tags for each row when (new.tag_id = 'b') execute function other()",
    )
    .await;
    for (is_far, commit) in [(false, true), (false, false), (true, true), (true, false)] {
        let way = way(&f, is_far).await;
        let mut db = way.engine.session();
        let (one, found) = (post(&mut db, 1).await, tags(&mut db, &["b", "c"]).await);
        db.load(one, Post::TAGS).await.unwrap();
        found.iter().for_each(|tag| db.push(one, Post::TAGS, *tag));
        let error = match commit {
            true => refused(db.commit().await),
            false => refused(db.flush().await),
        };
        assert!(
            matches!(
                &error,
                Error::Stale { table: "post_tags", action: "INSERT", expected: 2, changed: 1, rows }
                    if rows == &["Post#0 with Tag#0"]
            ),
            "{error:?}"
        );
        db.rollback().await.unwrap();
        assert_eq!(f.rows(LINKS).await, ["1|a"]);
        // Those that it leaves alone are no failure.
        db.push(one, Post::TAGS, found[1]);
        db.commit().await.unwrap();
        f.elsewhere("delete from post_tags where tag_id = 'c'")
            .await;
    }
}

#[tokio::test]
async fn the_last_word_counts_where_it_is_not_known_whether_two_are_linked() {
    let f = blog().await;
    let mut db = f.session();
    let (first, second) = (post(&mut db, 1).await, post(&mut db, 2).await);
    let tag = tags(&mut db, &["a"]).await[0];
    for _ in 0..2 {
        db.push(first, Post::TAGS, tag);
        db.remove(first, Post::TAGS, tag); // which is in the database
        db.remove(second, Post::TAGS, tag);
        db.push(tag, Tag::POSTS, second); // the same link, from its other side
    }
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINKS).await, ["2|a"]);
}

#[tokio::test]
async fn a_link_that_is_known_and_changed_twice_is_not_written() {
    let f = blog().await;
    let mut db = f.session();
    let (first, second) = (post(&mut db, 1).await, post(&mut db, 2).await);
    let a = tags(&mut db, &["a"]).await[0];
    db.load([first, second], Post::TAGS).await.unwrap();
    db.remove(first, Post::TAGS, a);
    db.push(first, Post::TAGS, a);
    db.push(second, Post::TAGS, a);
    db.remove(second, Post::TAGS, a);
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(f.sent(), ["COMMIT"]);
    // What is new has no links yet, also where nobody knows those of the other side.
    let mut db = f.session();
    let first = post(&mut db, 1).await;
    let new = db.add(Tag::create().word("new"));
    db.push(first, Post::TAGS, new);
    db.remove(first, Post::TAGS, new);
    let vote = db.add(Tag::create().word("vote"));
    db.push(first, Post::VOTES, vote);
    db.remove(first, Post::VOTES, vote);
    assert_eq!(db.plan().unwrap().steps.len(), 1);
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINKS).await, ["1|a"]);
}
