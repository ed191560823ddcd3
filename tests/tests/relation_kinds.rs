//! Link tables without a struct, ordered and read-only relationships, foreign keys that are the primary key or refer to a
//! unique column.
#![allow(missing_docs)]

use orm_core::prelude::*;
use tests::fixture::{Fixture, text};

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "posts",
    many_to_many(tags: Tag, table = "post_tags", order_by = word),
    many_to_many(loud_tags: Tag, via = posts, filter = loud, read_only),
    has_many(comments: Comment, via = post, order_by(position, desc(id)), cascade(delete)),
    has_many(open_comments: Comment, via = post, filter = open, order_by(desc(id)), read_only),
    has_one(pinned: Comment, via = post, filter = pinned, read_only),
)]
pub struct Post {
    #[orm(primary_key)]
    pub id: i32,
    pub title: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(posts: Post, via = tags))]
pub struct Tag {
    #[orm(primary_key, length = 20)]
    pub word: String,
    #[orm(default = false)]
    pub loud: bool,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "comments", has_many(answers: Comment, via = parent, filter = open, read_only))]
pub struct Comment {
    #[orm(primary_key)]
    pub id: i32,
    pub text: String,
    #[orm(default = 0)]
    pub position: i32,
    #[orm(default = true)]
    pub open: bool,
    #[orm(default = false)]
    pub pinned: bool,
    #[orm(belongs_to(post: Post))]
    pub post_id: i32,
    #[orm(belongs_to(parent: Self))]
    pub parent_id: Option<i32>,
}

fn loud() -> Filter<Tag> {
    Tag::LOUD.for_model()
}

fn open() -> Filter<Comment> {
    Comment::OPEN.and(Comment::TEXT.ne("")).for_model()
}

fn pinned() -> Filter<Comment> {
    Comment::PINNED.for_model()
}

type Blog = (Post, Tag, Comment);

const FILLED: &str = "INSERT INTO posts (id, title) VALUES (1, 'One'), (2, 'Two');
    INSERT INTO comments (id, text, position, open, pinned, post_id) VALUES
        (1, 'a', 2, true, false, 1), (2, 'b', 1, false, true, 1), (3, 'c', 1, true, false, 1), (4, 'd', 0, true, false, 2);
    INSERT INTO tags VALUES ('new', true), ('art', false), ('old', false);
    INSERT INTO post_tags VALUES (1, 'old'), (1, 'art'), (2, 'new');
    ALTER TABLE comments ALTER COLUMN id RESTART WITH 101; ALTER TABLE posts ALTER COLUMN id RESTART WITH 101;";

async fn blog() -> Fixture {
    let blog = Fixture::new::<Blog>().await;
    blog.elsewhere(FILLED).await;
    blog
}

fn words(db: &Session, tags: &[Handle<Tag>]) -> String {
    let words: Vec<_> = tags.iter().map(|tag| db[*tag].word.clone()).collect();
    words.join(" ")
}

fn ids(db: &Session, comments: &[Handle<Comment>]) -> Vec<i32> {
    comments.iter().map(|comment| db[*comment].id).collect()
}

fn plain(mut sent: Vec<String>) -> Vec<String> {
    sent.retain(|sql| !sql.starts_with("BEGIN") && sql != "COMMIT");
    sent
}

#[tokio::test]
async fn a_link_table_without_a_struct_is_created_and_dropped_once_with_its_models() {
    let blog = Fixture::new::<Blog>().await;
    let inspect = "SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns \
                   WHERE table_name = 'post_tags' ORDER BY ordinal_position";
    // The type of the key that it refers to, `varchar(20)`, and not only of its Rust type.
    assert_eq!(
        blog.rows(inspect).await,
        [
            "post_id|integer|NULL|NO",
            "tag_word|character varying|20|NO"
        ]
        .map(|row| row.replace("tag_word", "tag_id"))
    );
    let sql = orm_core::schema::Registry::of::<Blog>().sql();
    assert_eq!(sql.matches("CREATE TABLE post_tags").count(), 1, "{sql}");
    assert!(
        sql.contains("CONSTRAINT post_tags_pkey PRIMARY KEY (post_id, tag_id)"),
        "{sql}"
    );
    assert!(sql.contains("REFERENCES tags (word)"), "{sql}");
    blog.engine.create_all::<Blog>().await.unwrap();
    blog.engine.drop_all::<Blog>().await.unwrap();
    assert!(blog.rows(inspect).await.is_empty());

    // From the other side alone it is asked for as well, and what it refers to is missing.
    let error = text(&blog.engine.create_all::<(Tag,)>().await.unwrap_err());
    assert!(
        error.contains("Post") && error.contains("post_tags"),
        "{error}"
    );
}

#[tokio::test]
async fn links_of_a_bare_table_are_loaded_changed_and_asked_for_from_both_sides() {
    let blog = blog().await;
    let mut db = blog.session();
    let posts = Post::query()
        .with(Post::TAGS)
        .order_by(Post::ID)
        .all(&mut db)
        .await
        .unwrap();
    let (one, two) = (posts[0], posts[1]);
    let sent = plain(blog.sent());
    assert_eq!(
        sent[1],
        "SELECT tags.word, tags.loud, link_1.post_id FROM tags JOIN post_tags AS link_1 ON link_1.tag_id = tags.word \
         WHERE link_1.post_id = ANY($1) ORDER BY tags.word"
    );
    let tags = db.related(one, Post::TAGS).unwrap();
    assert_eq!(words(&db, &tags), "art old");
    let (art, old) = (tags[0], tags[1]);
    db.load([art, old], Tag::POSTS).await.unwrap();
    db.push(art, Tag::POSTS, two);
    db.remove(one, Post::TAGS, old);
    assert_eq!(
        *db.related(two, Post::TAGS).unwrap(),
        [db.related(two, Post::TAGS).unwrap()[0], art]
    );
    assert!(db.related(old, Tag::POSTS).unwrap().is_empty());
    blog.sent();
    db.commit().await.unwrap();
    assert_eq!(
        plain(blog.sent()),
        [
            "DELETE FROM post_tags USING unnest($1::int4[], $2::text[]) AS u(k0, k1) WHERE post_tags.post_id = u.k0 AND \
             post_tags.tag_id = u.k1",
            "INSERT INTO post_tags (tag_id, post_id) SELECT u.k0, u.k1 FROM unnest($1::text[], $2::int4[]) WITH \
             ORDINALITY AS u(k0, k1, n) ORDER BY u.n ON CONFLICT (tag_id, post_id) DO NOTHING",
        ]
    );
    assert_eq!(
        blog.rows("SELECT * FROM post_tags ORDER BY 1, 2").await,
        ["1|art", "2|art", "2|new"]
    );

    let of_art = Post::query()
        .filter(Post::TAGS.any(Tag::WORD.eq("art")))
        .order_by(Post::ID);
    assert_eq!(of_art.all(&mut db).await.unwrap(), [one, two]);
    let joined = Tag::query()
        .join(Tag::POSTS)
        .filter(Post::TITLE.eq("Two"))
        .order_by(Tag::WORD);
    let joined = joined.all(&mut db).await.unwrap();
    assert_eq!(words(&db, &joined), "art new");

    // A deleted row takes its links along, and nothing else.
    db.delete(two).unwrap();
    db.commit().await.unwrap();
    assert_eq!(blog.rows("SELECT * FROM post_tags").await, ["1|art"]);
    assert_eq!(blog.rows("SELECT count(*) FROM tags").await, ["3"]);
}

#[tokio::test]
async fn a_link_that_is_there_already_or_not_any_more_is_no_mistake() {
    let blog = blog().await;
    let mut db = blog.session();
    let one = db.get::<Post>(1).await.unwrap().unwrap();
    let art = db.get::<Tag>("art").await.unwrap().unwrap();
    let new = db.get::<Tag>("new").await.unwrap().unwrap();
    // The same the other way round: one that isn't there is taken out.
    db.remove(one, Post::TAGS, new);
    db.commit().await.unwrap();
    db.push(one, Post::TAGS, art);
    db.push(one, Post::TAGS, new);
    db.commit().await.unwrap();
    assert_eq!(
        blog.rows("SELECT * FROM post_tags ORDER BY 1, 2").await,
        ["1|art", "1|new", "1|old", "2|new"]
    );
    db.load(one, Post::TAGS).await.unwrap();
    assert_eq!(
        words(&db, &db.related(one, Post::TAGS).unwrap()),
        "art new old"
    );
}

#[tokio::test]
async fn ordered_members_come_in_their_order_and_a_pushed_one_is_the_last() {
    let blog = blog().await;
    let mut db = blog.session();
    let one = Post::query()
        .with(Post::COMMENTS)
        .filter(Post::ID.eq(1))
        .one(&mut db)
        .await
        .unwrap();
    let sent = plain(blog.sent());
    assert!(
        sent[1].ends_with(
            r#"WHERE comments.post_id = $1 ORDER BY comments."position", comments.id DESC"#
        ),
        "{}",
        sent[1]
    );
    let comments = db.related(one, Post::COMMENTS).unwrap();
    assert_eq!(ids(&db, &comments), [3, 2, 1]);
    let views = db.view(one).related(Post::COMMENTS).unwrap();
    assert_eq!(
        views.map(|comment| comment.id).collect::<Vec<_>>(),
        [3, 2, 1]
    );

    let first = db.add(Comment::create().text("e").position(-1).post(one));
    assert_eq!(
        db.related(one, Post::COMMENTS).unwrap().last(),
        Some(&first)
    );
    db.commit().await.unwrap();
    db.load(one, Post::COMMENTS).await.unwrap();
    assert_eq!(
        ids(&db, &db.related(one, Post::COMMENTS).unwrap()),
        [101, 3, 2, 1]
    );

    // An order that is asked for stands in place of the relationship's; a limit takes the first of them.
    db.load(one, Post::COMMENTS.order_by(Comment::ID))
        .await
        .unwrap();
    assert_eq!(
        ids(&db, &db.related(one, Post::COMMENTS).unwrap()),
        [1, 2, 3, 101]
    );
    db.load(one, Post::COMMENTS.limit(2)).await.unwrap();
    assert_eq!(
        ids(&db, &db.related(one, Post::COMMENTS).unwrap()),
        [101, 3]
    );
}

#[tokio::test]
async fn a_read_only_relationship_has_the_rows_of_its_condition() {
    let blog = blog().await;
    let mut db = blog.session();
    let posts = Post::query()
        .with(Post::OPEN_COMMENTS)
        .with(Post::PINNED)
        .with(Post::LOUD_TAGS)
        .order_by(Post::ID)
        .all(&mut db)
        .await
        .unwrap();
    let sent = plain(blog.sent());
    assert_eq!(sent.len(), 3);
    assert!(
        sent[0].contains(
            "LEFT JOIN comments AS loaded_1 ON loaded_1.post_id = posts.id AND loaded_1.pinned ORDER BY posts.id"
        ),
        "the condition names the table as the query does: {}",
        sent[0]
    );
    assert!(
        sent[1].ends_with(
            "WHERE (comments.open AND comments.text <> $1) AND comments.post_id = ANY($2) ORDER BY comments.id DESC"
        ) || sent[1].ends_with(
            "WHERE comments.open AND comments.text <> $1 AND comments.post_id = ANY($2) ORDER BY comments.id DESC"
        ),
        "{}",
        sent[1]
    );
    let one = posts[0];
    assert_eq!(
        ids(&db, &db.related(one, Post::OPEN_COMMENTS).unwrap()),
        [3, 1]
    );
    let pinned = db.related(one, Post::PINNED).unwrap().unwrap();
    assert_eq!(db[pinned].id, 2);
    assert_eq!(db.related(posts[1], Post::PINNED).unwrap(), None);
    assert_eq!(
        words(&db, &db.related(posts[1], Post::LOUD_TAGS).unwrap()),
        "new"
    );
    assert_eq!(words(&db, &db.related(one, Post::LOUD_TAGS).unwrap()), "");

    // Nothing that waits shows in it, and all that is in the database does.
    let new = db.add(Comment::create().text("e").post(one));
    assert_eq!(
        ids(&db, &db.related(one, Post::OPEN_COMMENTS).unwrap()),
        [3, 1]
    );
    db.load(one, Post::OPEN_COMMENTS).await.unwrap();
    assert_eq!(
        db.related(one, Post::OPEN_COMMENTS).unwrap().first(),
        Some(&new)
    );
    // A part of a part.
    db.load(one, Post::OPEN_COMMENTS.filter(Comment::ID.gt(1)).limit(1))
        .await
        .unwrap();
    assert_eq!(*db.related(one, Post::OPEN_COMMENTS).unwrap(), [new]);
    // Of a new post its members aren't known, since those that are pushed may not meet the condition.
    let three = db.add(
        Post::create()
            .title("Three")
            .comments([Comment::create().text("").open(false)]),
    );
    assert_eq!(db.related(three, Post::COMMENTS).unwrap().len(), 1);
    assert!(matches!(
        db.related(three, Post::OPEN_COMMENTS),
        Err(orm_core::Error::NotLoaded { .. })
    ));
    db.commit().await.unwrap();
    blog.sent();
    // Deletes go along the relationship that has all rows, once.
    db.delete(one).unwrap();
    db.commit().await.unwrap();
    let sent = plain(blog.sent());
    let of = |word: &str| sent.iter().filter(|sql| sql.contains(word)).count();
    assert_eq!(
        (
            of("DELETE FROM comments"),
            of("DELETE FROM post_tags"),
            of("UPDATE")
        ),
        (1, 1, 0),
        "{sent:#?}"
    );
}

#[tokio::test]
async fn queries_along_a_read_only_relationship_have_its_condition_under_every_name() {
    let blog = blog().await;
    blog.elsewhere("INSERT INTO comments (id, text, position, open, pinned, post_id, parent_id) VALUES (5, 'x', 0, true, false, 1, 1), (6, 'y', 0, false, false, 1, 1)").await;
    let mut db = blog.session();
    let found = Post::query()
        .filter(Post::OPEN_COMMENTS.any(Comment::ID.lt(3)))
        .select(Post::ID);
    assert_eq!(
        found.to_sql(),
        "SELECT posts.id FROM posts WHERE EXISTS (SELECT 1 FROM comments WHERE comments.post_id = posts.id AND \
         comments.open AND comments.text <> $1 AND comments.id < $2)"
    );
    assert_eq!(found.all(&mut db).await.unwrap(), [1]);
    let none = Post::query()
        .filter(Post::OPEN_COMMENTS.none(Comment::ID.lt(3)))
        .select(Post::ID);
    assert_eq!(none.all(&mut db).await.unwrap(), [2]);
    let joined = Post::query()
        .left_join(Post::OPEN_COMMENTS)
        .order_by((Post::ID, Comment::ID))
        .select((Post::ID, Comment::ID));
    assert_eq!(
        joined.all(&mut db).await.unwrap(),
        [(1, Some(1)), (1, Some(3)), (1, Some(5)), (2, Some(4))]
    );
    type Answer = Aliased<Comment, 1>;
    let answers = Comment::query()
        .join(Comment::ANSWERS.to::<Answer>())
        .select((Comment::ID, Answer::ID));
    assert_eq!(
        answers.to_sql(),
        "SELECT comments.id, comments_1.id FROM comments JOIN comments AS comments_1 ON comments_1.parent_id = \
         comments.id AND comments_1.open AND comments_1.text <> $1"
    );
    assert_eq!(answers.all(&mut db).await.unwrap(), [(1, 5)]);
    let first = db.get::<Comment>(1).await.unwrap().unwrap();
    db.load(first, Comment::ANSWERS).await.unwrap();
    assert_eq!(ids(&db, &db.related(first, Comment::ANSWERS).unwrap()), [5]);
}

/// Its key is the key of its person: at most one of each, by the primary key.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "passports")]
pub struct Passport {
    #[orm(primary_key, belongs_to(person: Person))]
    pub person_id: i32,
    pub number: String,
}

/// Found by its e-mail address, which is unique and not the key; required.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "accounts")]
pub struct Account {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(belongs_to(person: Person, references(email)))]
    pub email: String,
    /// The same, and may be absent.
    #[orm(belongs_to(backup: Person, references(email)))]
    pub backup_email: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "people",
    has_one(passport: Passport, via = person),
    has_many(accounts: Account, via = person, cascade(delete)),
    has_one(saves: Account, via = backup),
)]
pub struct Person {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(unique)]
    pub email: String,
}

type People = (Person, Passport, Account);

#[tokio::test]
async fn a_foreign_key_that_is_the_primary_key() {
    let people = Fixture::new::<People>().await;
    let mut db = people.session();
    let ann = db.add(
        Person::create()
            .email("a@x")
            .passport(Passport::create().number("P1")),
    );
    let bob = db.add(Person::create().email("b@x"));
    let of_bob = db.add(Passport::create().number("P2").person(bob));
    assert_eq!(db.related(bob, Person::PASSPORT).unwrap(), Some(of_bob));
    db.commit().await.unwrap();
    assert_eq!(
        plain(people.sent()).len(),
        2,
        "the people, then the passports with their keys"
    );
    assert_eq!(
        people.rows("SELECT * FROM passports ORDER BY 1").await,
        ["1|P1", "2|P2"]
    );
    let passport = db.related(ann, Person::PASSPORT).unwrap().unwrap();
    assert_eq!(db[passport].person_id, db[ann].id);
    assert_eq!(db.get::<Passport>(1).await.unwrap(), Some(passport));
    people.sent();

    let mut other = people.session();
    let found = Passport::query()
        .with(Passport::PERSON)
        .order_by(Passport::PERSON_ID)
        .all(&mut other)
        .await
        .unwrap();
    let person = other.related(found[0], Passport::PERSON).unwrap();
    assert_eq!(*other.view(person).email, *"a@x");
    other.load(person, Person::PASSPORT).await.unwrap();
    assert_eq!(
        other.related(person, Person::PASSPORT).unwrap(),
        Some(found[0])
    );
    people.sent();

    // Without its person it cannot be: neither taken away, nor left behind. Nothing is sent to find out.
    db.set(bob, Person::PASSPORT, None);
    let error = text(&db.flush().await.unwrap_err());
    assert_eq!(
        error,
        "`Passport::PERSON` of Passport#1 leads nowhere, and `passports.person_id` must not be NULL: set another target, or \
         delete the row"
    );
    db.rollback().await.unwrap();
    db.load([ann, bob], Person::PASSPORT).await.unwrap();
    people.sent();
    db.delete(ann).unwrap();
    let error = text(&db.flush().await.unwrap_err());
    assert!(
        error.starts_with(
            "deleting a `Person` would set `passports.person_id` of its `PASSPORT` to NULL, which it must not be: delete the \
             children first, or let `Person::PASSPORT` cascade"
        ),
        "{error}"
    );
    let sent = plain(people.sent());
    assert!(sent.iter().all(|sql| sql.starts_with("SELECT")), "{sent:?}");
    db.rollback().await.unwrap();
    // Both together go in the right order.
    db.delete(of_bob).unwrap();
    db.delete(bob).unwrap();
    db.commit().await.unwrap();
    assert_eq!(people.rows("SELECT id FROM people").await, ["1"]);
}

#[tokio::test]
async fn a_foreign_key_to_a_unique_column_required_and_optional() {
    let people = Fixture::new::<People>().await;
    let mut db = people.session();
    let ann = db.add(Person::create().email("a@x").accounts([Account::create()]));
    let bob = db.add(Person::create().email("b@x"));
    let account = db.related(ann, Person::ACCOUNTS).unwrap()[0];
    // The key that is referred to is known before the row is sent.
    assert_eq!(db.draft(account).unwrap().email.as_deref(), Some("a@x"));
    db.set(account, Account::BACKUP, bob);
    db.commit().await.unwrap();
    assert_eq!(
        people
            .rows("SELECT email, backup_email FROM accounts")
            .await,
        ["a@x|b@x"]
    );
    assert_eq!(db.related(bob, Person::SAVES).unwrap(), Some(account));

    // A move, and nothing in place of the optional one, in one UPDATE.
    people.sent();
    db.push(bob, Person::ACCOUNTS, account);
    db.set(account, Account::BACKUP, None);
    assert_eq!(
        (
            db[account].email.as_str(),
            db[account].backup_email.as_deref()
        ),
        ("b@x", None)
    );
    assert!(db.related(ann, Person::ACCOUNTS).unwrap().is_empty());
    assert_eq!(db.related(bob, Person::SAVES).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(plain(people.sent()).len(), 1);
    assert_eq!(
        people
            .rows("SELECT email, backup_email FROM accounts")
            .await,
        ["b@x|NULL"]
    );

    let mut other = people.session();
    let found = Account::query()
        .with(Account::PERSON)
        .with(Account::BACKUP)
        .one(&mut other)
        .await
        .unwrap();
    let person = other.related(found, Account::PERSON).unwrap();
    assert_eq!(other[person].email, "b@x");
    assert_eq!(other.related(found, Account::BACKUP).unwrap(), None);
    other.load(person, Person::ACCOUNTS).await.unwrap();
    assert_eq!(*other.related(person, Person::ACCOUNTS).unwrap(), [found]);
    // The key that is referred to changes, and its rows follow.
    other[person].email = "c@x".to_owned();
    other.commit().await.unwrap();
    assert_eq!(other[found].email, "c@x");
    assert_eq!(people.rows("SELECT email FROM accounts").await, ["c@x"]);
    other.delete(person).unwrap();
    other.commit().await.unwrap();
    assert_eq!(people.rows("SELECT count(*) FROM accounts").await, ["0"]);
}

#[tokio::test]
async fn several_rows_for_a_has_one_are_an_error_by_every_loader() {
    let people = Fixture::new::<People>().await;
    people
        .elsewhere(
            "INSERT INTO people (id, email) VALUES (1, 'a@x'), (2, 'b@x');
             INSERT INTO accounts (id, email, backup_email) VALUES (1, 'a@x', 'b@x'), (2, 'a@x', 'b@x');
             INSERT INTO passports VALUES (1, 'P1'), (2, 'P2')",
        )
        .await;
    let mut db = people.session();
    let wanted = "more than one row found: `Person::SAVES` leads to several `Account` of one `Person`: delete the wrong ones \
                  and make the foreign key unique, or declare it as a `has_many`";
    let joined = Person::query()
        .with(Person::SAVES)
        .order_by(Person::ID)
        .all(&mut db)
        .await;
    assert_eq!(text(&joined.unwrap_err()), wanted);
    let apart = Person::query()
        .with(Person::SAVES.selectin())
        .all(&mut db)
        .await;
    assert_eq!(text(&apart.unwrap_err()), wanted);
    let behind = Passport::query()
        .with(Passport::PERSON.then(Person::SAVES))
        .all(&mut db)
        .await;
    assert_eq!(text(&behind.unwrap_err()), wanted);
    let all = Person::query()
        .order_by(Person::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        text(&db.load(&all, Person::SAVES).await.unwrap_err()),
        wanted
    );
    // One that is met again, because a query joins other rows to it, is one.
    let twice = Person::query()
        .with(Person::PASSPORT)
        .join(Person::ACCOUNTS)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(twice, [all[0], all[0]]);
    assert!(db.related(all[0], Person::PASSPORT).unwrap().is_some());
}

/// A graph without a struct for its edges, in a schema of their own; and a link table for a key of two columns.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "stations",
    many_to_many(next: Station, table = "tracks", schema = "rail", near = from_id, far = to_id, on_delete = "cascade"),
    many_to_many(previous: Station, via = next, order_by(desc(id))),
    many_to_many(lines: Line, table = "stops", near = station, far(country, number)),
)]
pub struct Station {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lines", many_to_many(stations: Station, via = lines))]
pub struct Line {
    #[orm(primary_key)]
    pub country: String,
    #[orm(primary_key)]
    pub number: i32,
}

#[tokio::test]
async fn a_bare_link_table_of_a_graph_and_of_a_composite_key() {
    let rail = Fixture::new::<(Station, Line)>().await;
    let mut db = rail.session();
    let station = |name: &str| Station::create().name(name);
    let hub = db.add(
        station("hub")
            .next([station("a"), station("b")])
            .lines([Line::create().country("pe").number(1)]),
    );
    let [a, b] = db.related(hub, Station::NEXT).unwrap()[..] else {
        panic!("two were given")
    };
    db.push(a, Station::NEXT, hub);
    db.push(a, Station::PREVIOUS, b);
    assert_eq!(*db.related(b, Station::NEXT).unwrap(), [a]);
    db.commit().await.unwrap();
    assert_eq!(
        rail.rows("SELECT from_id, to_id FROM rail.tracks ORDER BY 1, 2")
            .await,
        ["1|2", "1|3", "2|1", "3|2"]
    );
    assert_eq!(
        rail.rows("SELECT station, country, number FROM stops")
            .await,
        ["1|pe|1"]
    );

    let mut other = rail.session();
    let all = Station::query()
        .with(Station::PREVIOUS)
        .with(Station::LINES)
        .order_by(Station::ID)
        .all(&mut other)
        .await
        .unwrap();
    let names = |db: &Session, station: Handle<Station>| {
        db.view(station)
            .related(Station::PREVIOUS)
            .unwrap()
            .map(|s| s.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(&other, all[0]), "a");
    assert_eq!(
        names(&other, all[1]),
        "b hub",
        "in the order of the side that is loaded"
    );
    let line = other.related(all[0], Station::LINES).unwrap()[0];
    other.load(line, Line::STATIONS).await.unwrap();
    assert_eq!(*other.related(line, Line::STATIONS).unwrap(), [all[0]]);
    // By SQL alone: the database deletes the links.
    Station::query()
        .filter(Station::NAME.eq("b"))
        .delete()
        .exec(&mut other)
        .await
        .unwrap();
    other.commit().await.unwrap();
    assert_eq!(
        rail.rows("SELECT from_id, to_id FROM rail.tracks ORDER BY 1, 2")
            .await,
        ["1|2", "2|1"]
    );
}

/// Both sides declare the link table.
mod both_sides {
    use super::*;

    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "songs", many_to_many(lists: List, table = "song_lists"))]
    pub(crate) struct Song {
        #[orm(primary_key)]
        pub(crate) id: i32,
    }

    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "lists", many_to_many(songs: Song, table = "song_lists"))]
    pub(crate) struct List {
        #[orm(primary_key)]
        pub(crate) id: i32,
    }

    /// A model of its own on top of a link table that is declared.
    #[derive(Model, Debug, Clone, PartialEq)]
    #[orm(table = "song_lists")]
    pub(crate) struct SongList {
        #[orm(primary_key)]
        pub(crate) song_id: i32,
        #[orm(primary_key)]
        pub(crate) list_id: i32,
    }
}

#[tokio::test]
async fn a_link_table_that_is_declared_twice_is_refused_before_anything_is_created() {
    use both_sides::{List, Song, SongList};
    let f = Fixture::new::<Blog>().await;
    let message = "two relationships declare the link table `song_lists`, or a model has this table: let the `many_to_many` of \
                   one side declare it with `table = \"song_lists\"`, and that of the other side name the first with \
                   `via = ..`";
    let twice = f.engine.create_all::<(Song, List)>().await.unwrap_err();
    assert_eq!(text(&twice), message);
    let beside = f.engine.create_all::<(SongList, Song)>().await.unwrap_err();
    assert_eq!(text(&beside), message);
    let beside = f.engine.create_all::<(Song, SongList)>().await.unwrap_err();
    assert!(text(&beside).contains("`song_lists`"), "{beside}");
    assert!(f.sent().is_empty());
}
