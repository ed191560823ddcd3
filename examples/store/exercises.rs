//! The tutorial's exercises, solved: users and their posts; search over several fields; nested transactions; isolation
//! levels.

use examples::Story;
use orm_core::error::ConstraintKind;
use orm_core::expr::func;
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions, State};

use crate::error::{Error, Result};
use crate::models::{Post, Product, User};
use crate::read::{get_user_by_username, product_named};

// Exercise 1: create, read, update and delete, with validation.

fn valid_title(title: &str) -> Result<&str> {
    match title.trim() {
        "" => Err(Error::Invalid("a post needs a title")),
        title => Ok(title),
    }
}

/// Writes a post.
pub async fn create_post(
    db: &mut Session,
    author: Handle<User>,
    title: &str,
    body: &str,
) -> Result<Handle<Post>> {
    let new = Post::create()
        .author(author)
        .title(valid_title(title)?)
        .body(body);
    Ok(db.insert(new).await?)
}

/// A post and its author.
pub async fn get_post(db: &mut Session, post_id: i32) -> orm_core::Result<Option<Handle<Post>>> {
    Post::query()
        .with(Post::AUTHOR)
        .filter(Post::ID.eq(post_id))
        .first(db)
        .await
}

/// What can be changed in a post.
#[derive(Changes, Debug, Clone, Default)]
#[orm(model = Post)]
pub struct PostPatch {
    /// Its headline.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
}

/// Changes a post.
pub async fn update_post(db: &mut Session, post_id: i32, patch: PostPatch) -> Result<Handle<Post>> {
    if let Some(title) = &patch.title {
        valid_title(title)?;
    }
    let post = db
        .get::<Post>(post_id)
        .await?
        .ok_or(Error::NotFound("post"))?;
    db.apply(post, patch);
    db.flush().await?;
    Ok(post)
}

/// Deletes a post. False where there is none.
pub async fn delete_post(db: &mut Session, post_id: i32) -> orm_core::Result<bool> {
    Ok(Post::query()
        .filter(Post::ID.eq(post_id))
        .delete()
        .exec(db)
        .await?
        == 1)
}

// Exercise 2: search over several fields, filters, sorting, statistics. The index over author and date is on the model.

/// Posts with a word in the title, the text, or the author's name, the most read first.
pub async fn search_posts(
    db: &mut Session,
    text: &str,
    at_least_views: Option<i32>,
) -> orm_core::Result<Vec<Handle<Post>>> {
    let anywhere = Post::TITLE
        .icontains(text)
        .or(Post::BODY.icontains(text))
        .or(Post::AUTHOR.has(User::USERNAME.icontains(text)));
    let mut q = Post::query().with(Post::AUTHOR).filter(anywhere);
    if let Some(views) = at_least_views {
        q = q.filter(Post::VIEWS.ge(views));
    }
    q.order_by((Post::VIEWS.desc(), Post::ID)).all(db).await
}

/// For each author: name, number of posts, and how often they were read. Authors without a post are left out.
pub async fn post_statistics(db: &mut Session) -> orm_core::Result<Vec<(String, i64, i64)>> {
    User::query()
        .join(User::POSTS)
        .group_by(User::ID)
        .order_by(User::USERNAME)
        .select((
            User::USERNAME,
            count(Post::ID),
            func::coalesce(sum(Post::VIEWS), 0_i64),
        ))
        .all(db)
        .await
}

// Exercise 3: nested transactions, and isolation levels.

/// Imports posts, each in a savepoint of its own: one that is refused is taken back, the others stay. Gives the number of
/// posts imported, and the titles that were taken already.
pub async fn import_posts(
    db: &mut Session,
    author: Handle<User>,
    posts: &[(&str, &str)],
) -> Result<(usize, Vec<String>)> {
    let (mut imported, mut refused) = (0, Vec::new());
    for (title, body) in posts {
        let mut savepoint = db.begin_nested().await?;
        match create_post(&mut savepoint, author, title, body).await {
            Ok(_) => {
                savepoint.commit().await?;
                imported += 1;
            }
            Err(Error::Integrity(violation)) if violation.kind == ConstraintKind::Unique => {
                savepoint.rollback().await?;
                refused.push((*title).to_owned());
            }
            // The savepoint is dropped, which takes it back as well.
            Err(error) => return Err(error),
        }
    }
    db.commit().await?;
    Ok((imported, refused))
}

/// What two reads in one transaction see, when somebody else changes the price between them.
pub async fn read_twice(
    engine: &Engine,
    isolation: Isolation,
    product_id: i32,
) -> orm_core::Result<bool> {
    let mut reader = engine.session_with(SessionOptions::new().isolation(isolation));
    let price = || {
        Product::query()
            .filter(Product::ID.eq(product_id))
            .select(Product::PRICE)
    };
    let first = price().one(&mut reader).await?;
    engine
        .transaction(async |db| {
            Product::query()
                .filter(Product::ID.eq(product_id))
                .update(Product::PRICE.set(Product::PRICE + rust_decimal::Decimal::ONE))
                .exec(db)
                .await
        })
        .await?;
    let second = price().one(&mut reader).await?;
    Ok(first == second)
}

/// Adds one to a post's views by reading and writing, as SERIALIZABLE transaction: when two of them meet, one loses, and
/// is run again.
pub async fn view_post(engine: &Engine, post_id: i32) -> Result<()> {
    engine
        .transaction_retry(
            SessionOptions::new().isolation(Isolation::Serializable),
            async |db| {
                let post = db
                    .get::<Post>(post_id)
                    .await?
                    .ok_or(Error::NotFound("post"))?;
                db[post].views += 1;
                Ok(())
            },
        )
        .await
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> Result<()> {
    story.chapter("Exercises", "exercises.rs");
    let mut db = engine.session();
    let john = get_user_by_username(&mut db, "johndoe")
        .await?
        .ok_or(Error::NotFound("johndoe"))?;
    let jane = get_user_by_username(&mut db, "janedoe")
        .await?
        .ok_or(Error::NotFound("janedoe"))?;

    let hello = create_post(&mut db, john, "Hello", "My first post").await?;
    let trip = create_post(&mut db, jane, "A trip", "We went to the sea, hello!").await?;
    db[trip].views = 12;
    db.commit().await?;
    let (hello_id, trip_id) = (db[hello].id, db[trip].id);
    story.say(format_args!(
        "{} and {} wrote a post each.",
        db[john].username, db[jane].username
    ));
    story.check(
        "a title is needed",
        create_post(&mut db, john, "  ", "..").await.is_err(),
        true,
    );
    let found = get_post(&mut db, trip_id).await?;
    let author = found.map(|post| {
        db.view(post)
            .related(Post::AUTHOR)
            .map(|user| user.username.clone())
    });
    story.check("get_post", author.transpose()?.as_deref(), Some("janedoe"));
    let patch = PostPatch {
        body: Some("My very first post".to_owned()),
        ..PostPatch::default()
    };
    update_post(&mut db, hello_id, patch).await?;
    story.check("update_post", db[hello].body.as_str(), "My very first post");
    story.check(
        "update_post: the rest stays",
        db[hello].title.as_str(),
        "Hello",
    );

    let posts = search_posts(&mut db, "HELLO", None).await?;
    let titles: Vec<&str> = posts.iter().map(|post| db[*post].title.as_str()).collect();
    story.say(format_args!(
        "Posts about hello, in any field: {}.",
        titles.join(", ")
    ));
    story.check("search_posts", titles, ["A trip", "Hello"]);
    story.check(
        "search_posts: by author",
        search_posts(&mut db, "janed", None).await?,
        [trip],
    );
    story.check(
        "search_posts: by views",
        search_posts(&mut db, "hello", Some(10)).await?,
        [trip],
    );

    let offered = [("Soup", "Hot"), ("Hello", "Again"), ("Salad", "Cold")];
    let (imported, refused) = import_posts(&mut db, john, &offered).await?;
    story.say(format_args!(
        "Imported {imported} of {} posts; taken already, and rolled back to a savepoint: {}.",
        offered.len(),
        refused.join(", "),
    ));
    story.check(
        "import_posts",
        (imported, refused),
        (2, vec!["Hello".to_owned()]),
    );

    let statistics = post_statistics(&mut db).await?;
    let rows: Vec<_> = statistics
        .iter()
        .map(|(author, posts, views)| [author.clone(), posts.to_string(), views.to_string()])
        .collect();
    story.table(["author", "posts", "views"], &rows);
    story.check(
        "post_statistics",
        rows,
        [["janedoe", "1", "12"], ["johndoe", "3", "0"]],
    );

    story.check("delete_post", delete_post(&mut db, trip_id).await?, true);
    story.check("the loaded post is in step", db.state(trip), State::Deleted);
    db.rollback().await?;
    story.check(
        "after a rollback it is back",
        db[trip].title.as_str(),
        "A trip",
    );

    let novel = product_named(&mut db, "Novel").await?;
    let novel_id = db[novel].id;
    db.rollback().await?;
    let mut rows = Vec::new();
    for isolation in [
        Isolation::ReadCommitted,
        Isolation::RepeatableRead,
        Isolation::Serializable,
    ] {
        let same = read_twice(engine, isolation, novel_id).await?;
        rows.push([
            format!("{isolation:?}"),
            if same {
                "the same price"
            } else {
                "the new price"
            }
            .to_owned(),
        ]);
    }
    story.say("Somebody changes a price between two reads of a transaction. The second read sees:");
    story.table(["isolation", "second read"], &rows);
    let seen: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
    story.check(
        "isolation levels",
        seen,
        ["the new price", "the same price", "the same price"],
    );

    let views = tokio::join!(
        view_post(engine, hello_id),
        view_post(engine, hello_id),
        view_post(engine, hello_id)
    );
    views.0.and(views.1).and(views.2)?;
    db.refresh(hello).await?;
    story.say(format_args!(
        "Three readers at once, serializable: {} views.",
        db[hello].views
    ));
    story.check("no view is lost", db[hello].views, 3);
    Ok(())
}
