//! `expire` gives up what waits for the next flush of a row, wherever the change was made, and of no other row. Memory is on both sides
//! what the database has, and a rollback finds its way behind it.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::Fixture;
use tests::random::{Dice, seeds};
use tests::relations::*;

const OWNERS: &str = "select id, author_id from bios order by id";
const ROOFS: &str = "select colour, house_id from roofs order by 1";
const BOOKS: &str = "select id, title, author_id from books order by id";
const LINKS: &str = "select book_id, tag_id from book_tags order by 1, 2";

type All = (
    Author,
    Bio,
    Book,
    Chapter,
    Note,
    Tag,
    BookTag,
    House,
    Room,
    Roof,
);

/// What has number 1 belongs to what has number 1; of number 2 each is there alone, but for the roofs.
async fn world() -> Fixture {
    let f = Fixture::new::<All>().await;
    f.elsewhere(
        "insert into authors values (1, 'Ann'), (2, 'Bob'); insert into bios values (1, 'one', 1), (2, 'two', null); \
         insert into books values (1, 'A', 1, null), (2, 'B', null, null); insert into tags values (1, 'a'), (2, 'b'); \
         insert into book_tags values (1, 1); insert into chapters values (1, 'c', 1); insert into notes values (1, 'n', 1); \
         insert into houses values (1, 'x'), (2, 'y'); insert into roofs values (1, 'red', 1), (2, 'blue', 2); \
         select setval(pg_get_serial_sequence(name, 'id'), 50) from unnest(array['authors', 'books', 'tags']) as name",
    )
    .await;
    f
}

async fn author(db: &mut Session, id: i32) -> Handle<Author> {
    db.get::<Author>(id).await.unwrap().unwrap()
}

async fn book(db: &mut Session, id: i32) -> Handle<Book> {
    db.get::<Book>(id).await.unwrap().unwrap()
}

async fn bio(db: &mut Session, id: i32) -> Handle<Bio> {
    db.get::<Bio>(id).await.unwrap().unwrap()
}

async fn tag(db: &mut Session, id: i32) -> Handle<Tag> {
    db.get::<Tag>(id).await.unwrap().unwrap()
}

/// Commits, and nothing is to be written.
async fn has_nothing_to_do(f: &Fixture, db: &mut Session) {
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    f.sent();
    db.flush().await.unwrap();
    assert_eq!(f.sent(), Vec::<String>::new());
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_has_one_that_was_set_is_given_up_with_both_sides() {
    for by_child in [false, true] {
        let f = world().await;
        let mut db = f.session();
        let house = db.get::<House>(1).await.unwrap().unwrap();
        let blue = db.get::<Roof>(2).await.unwrap().unwrap();
        let (ann, two) = (author(&mut db, 1).await, bio(&mut db, 2).await);
        if by_child {
            db.set(blue, Roof::HOUSE, house);
            db.set(two, Bio::AUTHOR, Some(ann));
        } else {
            db.set(house, House::ROOF, Some(blue));
            db.set(ann, Author::BIO, Some(two));
        }
        db.expire_all();
        assert!(db.related(house, House::ROOF).is_err());
        assert_eq!(db.related(two, Bio::AUTHOR).unwrap(), None);
        has_nothing_to_do(&f, &mut db).await;
        db.load(house, House::ROOF).await.unwrap();
        let red = db.related(house, House::ROOF).unwrap().unwrap();
        assert_eq!(db[red].colour, "red");
        assert_eq!(f.rows(ROOFS).await, ["blue|2", "red|1"]);
        assert_eq!(f.rows(OWNERS).await, ["1|1", "2|NULL"]);
    }
}

#[tokio::test]
async fn a_has_one_is_given_up_by_the_side_that_has_to_write_it() {
    // The child is expired, or leaves the session: nobody takes the place of the one that is there.
    for leaves in [false, true] {
        let f = world().await;
        let mut db = f.session();
        let house = db.get::<House>(1).await.unwrap().unwrap();
        let blue = db.get::<Roof>(2).await.unwrap().unwrap();
        db.set(house, House::ROOF, Some(blue));
        if leaves {
            db.expunge(blue).unwrap();
        } else {
            db.expire(blue).unwrap();
        }
        assert!(db.related(house, House::ROOF).is_err());
        has_nothing_to_do(&f, &mut db).await;
        assert_eq!(f.rows(ROOFS).await, ["blue|2", "red|1"]);
    }
    // The owner is: the child is to be written still, and takes the place.
    let f = world().await;
    let mut db = f.session();
    let (ann, two) = (author(&mut db, 1).await, bio(&mut db, 2).await);
    db.set(ann, Author::BIO, Some(two));
    db.expire(ann).unwrap();
    assert_eq!(db.related(ann, Author::BIO).unwrap(), Some(two));
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|NULL", "2|1"]);
    // What it led to is: the child takes the place all the same.
    let one = bio(&mut db, 1).await;
    db.load(ann, Author::BIO).await.unwrap();
    db.set(ann, Author::BIO, Some(one));
    db.expire(two).unwrap();
    assert_eq!(db.related(ann, Author::BIO).unwrap(), Some(one));
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|1", "2|NULL"]);
    // Nobody takes it: then it is the owner's.
    db.expire(ann).unwrap();
    db.set(ann, Author::BIO, None);
    db.expire(ann).unwrap();
    has_nothing_to_do(&f, &mut db).await;
    assert_eq!(f.rows(OWNERS).await, ["1|1", "2|NULL"]);
}

#[tokio::test]
async fn links_are_given_up_by_the_side_that_they_were_set_from() {
    let f = world().await;
    let mut db = f.session();
    let [a, b] = [book(&mut db, 1).await, book(&mut db, 2).await];
    let [one, two] = [tag(&mut db, 1).await, tag(&mut db, 2).await];
    let load = async |db: &mut Session| db.load([one, two], Tag::BOOKS).await.unwrap();
    load(&mut db).await;
    let memory = |db: &Session| [one, two].map(|tag| db.related(tag, Tag::BOOKS).unwrap().to_vec());
    let before = memory(&db);
    for all in [false, true] {
        db.push(a, Book::TAGS, two);
        db.push(b, Book::TAGS, two);
        db.remove(a, Book::TAGS, one);
        assert_eq!(memory(&db), [vec![], vec![a, b]]);
        if all {
            db.expire_all();
            load(&mut db).await;
        } else {
            db.expire(a).unwrap();
            assert_eq!(memory(&db), [vec![a], vec![b]]);
            db.expire(b).unwrap();
        }
        assert_eq!(memory(&db), before);
        assert!(db.changes(a).unwrap().is_empty());
        has_nothing_to_do(&f, &mut db).await;
    }
    assert_eq!(f.rows(LINKS).await, ["1|1"]);
    // The other end has nothing to write.
    db.push(b, Book::TAGS, two);
    db.remove(a, Book::TAGS, one);
    db.expire(one).unwrap();
    db.expire(two).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINKS).await, ["2|2"]);
}

#[tokio::test]
async fn what_is_new_stays_and_what_it_has_to_write() {
    let f = world().await;
    let mut db = f.session();
    let (ann, one) = (author(&mut db, 1).await, tag(&mut db, 1).await);
    let new = db.add(Book::create().title("C").author(ann));
    db.push(new, Book::TAGS, one);
    let two = db.add(Bio::create().id(3).text("three").author(ann));
    db.expire_all();
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINKS).await, ["1|1", "51|1"]);
    assert_eq!(f.rows(OWNERS).await, ["1|NULL", "2|NULL", "3|1"]);
    assert_eq!(db.related(two, Bio::AUTHOR).unwrap(), Some(ann));
}

#[tokio::test]
async fn what_a_plan_has_done_in_memory_is_given_up_too() {
    let f = world().await;
    let mut db = f.session();
    let authors = [author(&mut db, 1).await, author(&mut db, 2).await];
    db.load(authors, Author::BOOKS).await.unwrap();
    let book = book(&mut db, 1).await;
    // A foreign key that was set by hand: both collections follow.
    db[book].author_id = Some(2);
    assert_eq!(db.plan().unwrap().steps.len(), 1);
    let memory =
        |db: &Session| authors.map(|author| db.related(author, Author::BOOKS).unwrap().to_vec());
    assert_eq!(memory(&db), [vec![], vec![book]]);
    db.expire(book).unwrap();
    assert_eq!(memory(&db), [vec![book], vec![]]);
    has_nothing_to_do(&f, &mut db).await;
    // An orphan that was about to be deleted.
    let chapter = db
        .get::<Chapter>(1)
        .with(Chapter::NOTES)
        .await
        .unwrap()
        .unwrap();
    let note = db.related(chapter, Chapter::NOTES).unwrap()[0];
    for planned in [false, true] {
        db.remove(chapter, Chapter::NOTES, note);
        if planned {
            db.plan().unwrap();
            assert_eq!(db.deleted::<Note>(), [note]);
        }
        db.expire(note).unwrap();
        assert!(db.deleted::<Note>().is_empty());
        assert_eq!(*db.related(chapter, Chapter::NOTES).unwrap(), [note]);
        has_nothing_to_do(&f, &mut db).await;
    }
}

#[tokio::test]
async fn a_delete_is_not_given_up_and_what_was_changed_before_it_is() {
    let f = world().await;
    let mut db = f.session();
    let book = book(&mut db, 2).await;
    db[book].title = "mine".to_owned();
    db.delete(book).unwrap();
    db.expire(book).unwrap();
    assert_eq!(db.deleted::<Book>(), [book]);
    assert_eq!(db[book].title, "B");
    db.undelete(book).unwrap();
    has_nothing_to_do(&f, &mut db).await;
    db.delete(book).unwrap();
    db.expire_all();
    db.commit().await.unwrap();
    assert_eq!(f.rows(BOOKS).await, ["1|A|1"]);
}

#[tokio::test]
async fn refreshed_columns_give_up_their_expressions_and_no_others() {
    let f = world().await;
    let mut db = f.session();
    let book = book(&mut db, 1).await;
    let shout = || Book::TITLE.set(Book::TITLE.concat("!"));
    db.set_expr(book, shout()).unwrap();
    db.refresh(book).columns(Book::AUTHOR_ID).await.unwrap();
    assert_eq!(db[book].title, "A!"); // It was flushed before the row was read.
    db.set_expr(book, shout()).unwrap();
    db.refresh(book).columns(Book::TITLE).await.unwrap();
    assert_eq!(db[book].title, "A!");
    has_nothing_to_do(&f, &mut db).await;
    assert_eq!(f.rows(BOOKS).await[0], "1|A!|1");
}

#[tokio::test]
async fn columns_that_are_refreshed_give_up_the_place_in_a_has_one() {
    let f = world().await;
    let mut db = f.session();
    let (ann, two) = (author(&mut db, 1).await, bio(&mut db, 2).await);
    db.set(ann, Author::BIO, Some(two));
    db.refresh(two).columns(Bio::AUTHOR_ID).await.unwrap();
    has_nothing_to_do(&f, &mut db).await;
    assert_eq!(f.rows(OWNERS).await, ["1|1", "2|NULL"]);
}

#[tokio::test]
async fn behind_a_savepoint_that_is_rolled_back_memory_is_as_before() {
    let f = world().await;
    let mut db = f.session();
    let (one, two) = (bio(&mut db, 1).await, bio(&mut db, 2).await);
    let ann = author(&mut db, 1).await;
    let tags = [tag(&mut db, 1).await, tag(&mut db, 2).await];
    let book = book(&mut db, 1).await;
    db.load(ann, Author::BIO).await.unwrap();
    db.load(book, Book::TAGS).await.unwrap();
    db.load(tags, Tag::BOOKS).await.unwrap();
    let new = db.add(Author::create().name("new"));
    db.flush().await.unwrap();
    let memory = |db: &Session| {
        let led = [one, two].map(|bio| db.related(bio, Bio::AUTHOR).unwrap());
        let books = tags.map(|tag| db.related(tag, Tag::BOOKS).unwrap().to_vec());
        let tags = db.related(book, Book::TAGS).unwrap().to_vec();
        let of_new = db.related(new, Author::BOOKS).unwrap().len();
        let bio_of_new = db.related(new, Author::BIO).unwrap();
        (
            led,
            books,
            tags,
            of_new,
            db.related(ann, Author::BIO).unwrap(),
            bio_of_new,
        )
    };
    let before = memory(&db);
    let mut nested = db.begin_nested().await.unwrap();
    nested.set(ann, Author::BIO, Some(two));
    nested.set(new, Author::BIO, Some(one));
    nested.push(book, Book::TAGS, tags[1]);
    nested.remove(book, Book::TAGS, tags[0]);
    nested.set(book, Book::AUTHOR, Some(new));
    nested.expire_all();
    assert!(matches!(
        nested.related(new, Author::BOOKS),
        Err(Error::NotLoaded { .. })
    ));
    nested.rollback().await.unwrap();
    assert_eq!(memory(&db), before);
    has_nothing_to_do(&f, &mut db).await;
    // Of what was created in an earlier transaction as well, with the whole of this one.
    db.expire(new).unwrap();
    assert!(db.related(new, Author::BOOKS).is_err());
    db.rollback().await.unwrap();
    assert!(db.related(new, Author::BOOKS).unwrap().is_empty());
    assert_eq!(db.state(new), State::Persistent);
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "walls",
    has_many(pictures: Picture, via = wall),
    has_one(large: Picture, via = wall, filter = large, read_only)
)]
struct Wall {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "pictures")]
struct Picture {
    #[orm(primary_key)]
    id: i32,
    height: i32,
    #[orm(belongs_to(wall: Wall))]
    wall_id: Option<i32>,
}

fn large() -> Filter<Picture> {
    Picture::HEIGHT.gt(100).for_model()
}

#[tokio::test]
async fn a_has_one_with_a_condition_lets_go_of_nothing() {
    let f = Fixture::new::<(Wall, Picture)>().await;
    f.elsewhere(
        "insert into walls values (1); insert into pictures values (1, 200, 1), (2, 20, 1)",
    )
    .await;
    let mut db = f.session();
    let wall = db.get::<Wall>(1).with(Wall::LARGE).await.unwrap().unwrap();
    let picture = db.related(wall, Wall::LARGE).unwrap().unwrap();
    db.set(picture, Picture::WALL, Some(wall));
    db.expire(wall).unwrap();
    assert!(db.related(wall, Wall::LARGE).is_err());
    has_nothing_to_do(&f, &mut db).await;
}

/// Whatever was changed of rows that are there: when all are expired there is nothing to do, and memory shows what the database has.
#[tokio::test]
async fn whatever_waits_is_given_up() {
    let f = world().await;
    for seed in seeds(200) {
        let mut dice = Dice::new(seed);
        let mut db = f.session();
        let authors = Author::query()
            .order_by(Author::ID)
            .all(&mut db)
            .await
            .unwrap();
        let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
        let bios = Bio::query().order_by(Bio::ID).all(&mut db).await.unwrap();
        let tags = Tag::query().order_by(Tag::ID).all(&mut db).await.unwrap();
        for _ in 0..8 {
            let [author, book, bio, tag] = [2; 4].map(|limit| dice.below(limit));
            let (author, book, bio, tag) = (authors[author], books[book], bios[bio], tags[tag]);
            let mut quiet = db.no_autoflush();
            match dice.below(16) {
                0 => quiet.set(author, Author::BIO, Some(bio)),
                1 => quiet.set(author, Author::BIO, None),
                2 => quiet.set(bio, Bio::AUTHOR, Some(author)),
                3 => quiet.set(bio, Bio::AUTHOR, None),
                4 => quiet[bio].author_id = None,
                5 => quiet.push(author, Author::BOOKS, book),
                6 => quiet.remove(author, Author::BOOKS, book),
                7 => quiet[book].author_id = Some(2),
                8 => quiet.push(book, Book::TAGS, tag),
                9 => quiet.remove(tag, Tag::BOOKS, book),
                10 => quiet.load(author, Author::BIO).await.unwrap(),
                11 => quiet.load(author, Author::BOOKS).await.unwrap(),
                12 => quiet.load(book, Book::TAGS).await.unwrap(),
                13 => quiet.load(tag, Tag::BOOKS).await.unwrap(),
                14 => drop(quiet.plan().unwrap()),
                _ => match dice.below(4) {
                    0 => quiet.expire(author).unwrap(),
                    1 => quiet.expire(book).unwrap(),
                    2 => quiet.expire(bio).unwrap(),
                    _ => quiet.expire(tag).unwrap(),
                },
            }
        }
        // One by one, in any order.
        for _ in 0..2 {
            for at in [0, 1] {
                let at = (at + dice.below(2)) % 2;
                db.expire(authors[at]).unwrap();
                db.expire(bios[at]).unwrap();
                db.expire(tags[at]).unwrap();
                db.expire(books[at]).unwrap();
            }
        }
        db.expire_all();
        let plan = db.plan().unwrap().to_string();
        assert_eq!(plan, "nothing to do", "seed {seed}");
        assert_eq!(
            db.related(bios[0], Bio::AUTHOR).unwrap(),
            Some(authors[0]),
            "seed {seed}"
        );
        assert_eq!(
            db.related(bios[1], Bio::AUTHOR).unwrap(),
            None,
            "seed {seed}"
        );
        assert_eq!(
            db.related(books[0], Book::AUTHOR).unwrap(),
            Some(authors[0]),
            "seed {seed}"
        );
        db.load(&authors, Author::BIO).await.unwrap();
        db.load(&tags, Tag::BOOKS).await.unwrap();
        assert_eq!(
            db.related(authors[0], Author::BIO).unwrap(),
            Some(bios[0]),
            "seed {seed}"
        );
        assert_eq!(
            db.related(authors[1], Author::BIO).unwrap(),
            None,
            "seed {seed}"
        );
        assert_eq!(
            *db.related(tags[0], Tag::BOOKS).unwrap(),
            [books[0]],
            "seed {seed}"
        );
        db.rollback().await.unwrap();
    }
    assert_eq!(f.rows(LINKS).await, ["1|1"]);
}
