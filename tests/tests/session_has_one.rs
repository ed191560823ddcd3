//! A `has_one` that is set while it isn't loaded, from either side: memory has what was set, and the flush lets go of what the database
//! has. What is loaded, planned, read-only or interrupted meanwhile makes no difference to that.
#![allow(missing_docs)]

use std::time::Duration;

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::SessionOptions;
use tests::fixture::{Fixture, text};
use tests::random::{Dice, seeds};
use tests::refused;
use tests::relations::*;

const OWNERS: &str = "select id, author_id from bios order by id";
const ROOFS: &str = "select colour, house_id from roofs order by 1";

const SELECT: &str =
    "SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = $1";

const UPDATE: &str = "UPDATE bios SET author_id = $1 WHERE id = $2";

/// Author 1 has bio 1; author 2 and the bios 2 and 3 have nobody.
async fn bios() -> Fixture {
    let f = Fixture::new::<(Author, Book, Bio, Chapter, Note, Tag, BookTag)>().await;
    f.elsewhere(
        "insert into authors values (1, 'Ann'), (2, 'Bob'); insert into bios values (1, 'old', 1), (2, 'new', null), (3, 'newer', null); \
         insert into books values (1, 'Trees', null, null); \
         select setval(pg_get_serial_sequence(name, 'id'), 50) from unnest(array['authors', 'bios']) as name",
    )
    .await;
    f
}

/// Of each house the roof is deleted with it, or when it gets another.
async fn houses() -> Fixture {
    let f = Fixture::new::<(House, Room, Roof)>().await;
    f.elsewhere(
        "insert into houses values (1, 'a'), (2, 'b'); insert into roofs values (1, 'red', 1), (2, 'blue', 2); \
         select setval(pg_get_serial_sequence('roofs', 'id'), 50)",
    )
    .await;
    f
}

async fn author(db: &mut Session, id: i32) -> Handle<Author> {
    db.get::<Author>(id).await.unwrap().unwrap()
}

async fn bio(db: &mut Session, id: i32) -> Handle<Bio> {
    db.get::<Bio>(id).await.unwrap().unwrap()
}

/// What a flush sends, without BEGIN.
async fn flush(f: &Fixture, db: &mut Session) -> Vec<String> {
    f.sent();
    db.flush().await.unwrap();
    let mut sent = f.sent();
    sent.retain(|sql| sql != "BEGIN");
    sent
}

#[tokio::test]
async fn a_child_that_is_set_to_an_owner_takes_the_place_of_the_one_before() {
    let f = bios().await;
    let mut db = f.session();
    let (ann, new) = (author(&mut db, 1).await, bio(&mut db, 2).await);
    db.set(new, Bio::AUTHOR, Some(ann));
    assert_eq!(db.related(ann, Author::BIO).unwrap(), Some(new));
    assert_eq!(
        flush(&f, &mut db).await,
        [SELECT, UPDATE, UPDATE], // the one behind the other, as the key is unique
    );
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|NULL", "2|1", "3|NULL"]);
    // One that is new, with its owner's key.
    db.add(Bio::create().text("newest").author(ann));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select text from bios where author_id = 1").await,
        ["newest"]
    );
}

#[tokio::test]
async fn what_an_owner_owns_is_deleted_when_a_child_takes_its_place() {
    let f = houses().await;
    let mut db = f.session();
    let house = db.get::<House>(1).await.unwrap().unwrap();
    db.add(Roof::create().colour("green").house(house));
    let blue = db.get::<Roof>(2).await.unwrap().unwrap();
    // Which leaves the new one without a house.
    db.set(blue, Roof::HOUSE, house);
    db.commit().await.unwrap();
    assert_eq!(f.rows(ROOFS).await, ["blue|1"]);
}

#[tokio::test]
async fn of_children_that_are_set_to_one_owner_the_last_stays() {
    let f = bios().await;
    let mut db = f.session();
    let ann = author(&mut db, 1).await;
    let [old, new, newer] = [
        bio(&mut db, 1).await,
        bio(&mut db, 2).await,
        bio(&mut db, 3).await,
    ];
    db.set(old, Bio::AUTHOR, Some(ann)); // It is there already.
    db.set(new, Bio::AUTHOR, Some(ann));
    db.set(newer, Bio::AUTHOR, Some(ann));
    assert_eq!(db.related(new, Bio::AUTHOR).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|NULL", "2|NULL", "3|1"]);
    assert_eq!(db[old].author_id, None);
    // One by the child, one by the owner, one by the child.
    let bob = author(&mut db, 2).await;
    db.set(old, Bio::AUTHOR, Some(bob));
    db.set(bob, Author::BIO, Some(new));
    db.set(newer, Bio::AUTHOR, Some(bob));
    assert_eq!(db.related(bob, Author::BIO).unwrap(), Some(newer));
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|NULL", "2|NULL", "3|2"]);
}

#[tokio::test]
async fn nothing_is_asked_for_where_nobody_can_have_been_there() {
    let f = bios().await;
    let mut db = f.session();
    let (ann, old) = (author(&mut db, 1).await, bio(&mut db, 1).await);
    db.set(old, Bio::AUTHOR, Some(ann)); // It leads there already.
    assert!(flush(&f, &mut db).await.is_empty());
    // The other sides are collections.
    let book = db.get::<Book>(1).await.unwrap().unwrap();
    db.set(book, Book::AUTHOR, Some(ann));
    db.set(book, Book::EDITOR, Some(ann));
    assert_eq!(
        flush(&f, &mut db).await,
        ["UPDATE books SET author_id = $1, editor_id = $2 WHERE id = $3"]
    );
    // A new owner.
    let cara = db.add(Author::create().name("Cara"));
    let new = bio(&mut db, 2).await;
    db.set(new, Bio::AUTHOR, Some(cara));
    assert_eq!(flush(&f, &mut db).await.len(), 1);
    // One that is loaded.
    let bob = author(&mut db, 2).await;
    db.load(bob, Author::BIO).await.unwrap();
    db.set(new, Bio::AUTHOR, Some(bob));
    assert_eq!(flush(&f, &mut db).await.len(), 1);
}

#[tokio::test]
async fn what_was_set_stays_on_top_of_what_is_loaded_before_the_flush() {
    for joined in [false, true] {
        for sets_one in [false, true] {
            let f = bios().await;
            let mut db = f.session();
            let (ann, old) = (author(&mut db, 1).await, bio(&mut db, 1).await);
            let set = match sets_one {
                true => Some(bio(&mut db, 2).await),
                false => None,
            };
            db.set(ann, Author::BIO, set);
            let mut quiet = db.no_autoflush();
            if joined {
                let all = Author::query().with(Author::BIO).order_by(Author::ID);
                all.all(&mut *quiet).await.unwrap();
            } else {
                quiet.load(ann, Author::BIO).await.unwrap();
            }
            assert_eq!(quiet.related(ann, Author::BIO).unwrap(), set);
            assert_eq!(quiet.related(old, Bio::AUTHOR).unwrap(), None);
            drop(quiet);
            db.commit().await.unwrap();
            let second = if sets_one { "2|1" } else { "2|NULL" };
            assert_eq!(f.rows(OWNERS).await, ["1|NULL", second, "3|NULL"]);
        }
    }
}

#[tokio::test]
async fn the_plan_says_that_what_a_has_one_led_to_is_loaded_first() {
    let f = bios().await;
    let mut db = f.session();
    let (ann, bob) = (author(&mut db, 1).await, author(&mut db, 2).await);
    db.set(ann, Author::BIO, None);
    let asks = |owners: u32| {
        format!("load Author::BIO of {owners} row(s) first, to let go of what it led to")
    };
    let plan = db.plan().unwrap();
    assert_eq!((plan.steps.len(), &plan.loads_first), (0, &vec![asks(1)]));
    assert_eq!(plan.to_string(), format!(" -  {}\n", asks(1)));
    let new = bio(&mut db.no_autoflush(), 2).await;
    db.set(bob, Author::BIO, Some(new));
    let plan = db.plan().unwrap();
    assert_eq!((plan.steps.len(), &plan.loads_first), (1, &vec![asks(2)]));
    let sent = flush(&f, &mut db).await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[0].starts_with("SELECT"));
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn a_read_only_session_refuses_it_before_anything_is_sent() {
    let f = bios().await;
    let mut db = f.session_with(SessionOptions::new().read_only());
    let ann = author(&mut db, 1).await;
    db.set(ann, Author::BIO, None);
    f.sent();
    let error = refused(db.flush().await);
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert!(text(&error).contains("this session is read-only, and a `Author` was changed"));
    // What a flush refuses is no plan.
    assert_eq!(text(&refused(db.plan())), text(&error));
    assert_eq!(f.count(), 0);
    db.expire(ann).unwrap();
    db.commit().await.unwrap();
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
}

#[tokio::test]
async fn a_flush_that_got_no_connection_is_done_again() {
    let f = bios().await;
    let pool = Engine::builder(f.url()).pool_size(1).max_overflow(0);
    let engine = pool
        .pool_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let mut db = engine.session();
    let ann = author(&mut db, 1).await;
    db.commit().await.unwrap();
    db.set(ann, Author::BIO, None);
    let mut other = engine.session();
    author(&mut other, 2).await;
    refused(db.commit().await);
    other.rollback().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await[0], "1|NULL");
}

#[tokio::test]
async fn what_was_set_is_not_undone_by_rows_that_are_read() {
    let f = bios().await;
    let mut db = f.session();
    let (ann, bob) = (author(&mut db, 1).await, author(&mut db, 2).await);
    let (old, new) = (bio(&mut db, 1).await, bio(&mut db, 2).await);
    db.set(new, Bio::AUTHOR, Some(bob));
    db.commit().await.unwrap();
    // Others exchange the two, which this session doesn't know when it lets go of the one.
    f.elsewhere("update bios set author_id = null; update bios set author_id = 2 where id = 1; update bios set author_id = 1 where id = 2")
        .await;
    db.expire_all();
    db.set(ann, Author::BIO, None);
    let mut quiet = db.no_autoflush();
    quiet.refresh(old).await.unwrap();
    quiet.refresh(new).await.unwrap();
    drop(quiet);
    assert_eq!(db.related(ann, Author::BIO).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(f.rows(OWNERS).await, ["1|2", "2|NULL", "3|NULL"]);
}

/// Which bio leads to which author, by their numbers.
type Led = [Option<usize>; 4];

/// A bio leads to an author, and no other does any more.
fn lead(led: &mut Led, bio: usize, author: usize) {
    for other in led.iter_mut() {
        other.take_if(|led_to| *led_to == author);
    }
    led[bio] = Some(author);
}

/// Authors and bios, and which bio is to lead to which author.
struct Walk {
    authors: Vec<Handle<Author>>,
    bios: Vec<Handle<Bio>>,
    led: Led,
}

impl Walk {
    async fn step(&mut self, db: &mut Session, dice: &mut Dice) {
        let (author, bio) = (dice.below(3), dice.below(4));
        let handles = (self.authors[author], self.bios[bio]);
        match dice.below(5) {
            0 => {
                db.set(handles.0, Author::BIO, Some(handles.1));
                lead(&mut self.led, bio, author);
            }
            1 => {
                db.set(handles.0, Author::BIO, None);
                for other in &mut self.led {
                    other.take_if(|led_to| *led_to == author);
                }
            }
            2 => {
                db.set(handles.1, Bio::AUTHOR, Some(handles.0));
                lead(&mut self.led, bio, author);
            }
            3 => {
                db.set(handles.1, Bio::AUTHOR, None);
                self.led[bio] = None;
            }
            _ => {
                let mut quiet = db.no_autoflush();
                quiet.load(handles.0, Author::BIO).await.unwrap();
            }
        }
        self.is_shown(db);
    }

    /// What memory shows of the owners is what was set.
    fn is_shown(&self, db: &Session) {
        for (number, author) in self.authors.iter().enumerate() {
            if let Ok(shown) = db.related(*author, Author::BIO) {
                let mut led = self.led.iter();
                let at = led.position(|led_to| *led_to == Some(number));
                assert_eq!(shown, at.map(|at| self.bios[at]));
            }
        }
    }

    /// All of it is committed.
    async fn is_written(&self, f: &Fixture, db: &Session) {
        let rows = self.led.iter().enumerate().map(|(bio, author)| {
            let author = author.map_or("NULL".to_owned(), |author| (author + 1).to_string());
            format!("{}|{author}", bio + 1)
        });
        assert_eq!(f.rows(OWNERS).await, rows.collect::<Vec<_>>());
        for (bio, author) in self.bios.iter().zip(self.led) {
            let shown = db.related(*bio, Bio::AUTHOR).unwrap();
            assert_eq!(shown, author.map(|author| self.authors[author]));
        }
    }
}

/// Random steps beside a reference: what memory shows is what was set, and what is committed as well.
#[tokio::test]
async fn each_owner_has_one_whoever_sets_it_and_whatever_is_loaded() {
    let f = Fixture::new::<(Author, Book, Bio, Chapter, Note, Tag, BookTag)>().await;
    f.elsewhere(
        "insert into authors values (1, 'a'), (2, 'b'), (3, 'c'); \
         insert into bios values (1, '', 1), (2, '', 2), (3, '', null), (4, '', null)",
    )
    .await;
    let mut led: Led = [Some(0), Some(1), None, None];
    for seed in seeds(100) {
        println!("seed {seed}");
        let mut dice = Dice::new(seed);
        let mut db = f.session();
        let authors = Author::query()
            .order_by(Author::ID)
            .all(&mut db)
            .await
            .unwrap();
        let bios = Bio::query().order_by(Bio::ID).all(&mut db).await.unwrap();
        let mut walk = Walk { authors, bios, led };
        let mut flushed = led;
        for _ in 0..20 {
            match dice.below(10) {
                0 => {
                    db.flush().await.unwrap();
                    flushed = walk.led;
                }
                1 => {
                    db.expire_all();
                    walk.led = flushed;
                }
                2 => {
                    db.commit().await.unwrap();
                    flushed = walk.led;
                }
                3 => {
                    flushed = walk.led;
                    let mut nested = db.begin_nested().await.unwrap();
                    for _ in 0..3 {
                        walk.step(&mut nested, &mut dice).await;
                    }
                    if dice.below(2) == 0 {
                        nested.flush().await.unwrap();
                    }
                    nested.rollback().await.unwrap();
                    walk.led = flushed;
                }
                _ => walk.step(&mut db, &mut dice).await,
            }
            walk.is_shown(&db);
        }
        db.commit().await.unwrap();
        walk.is_written(&f, &db).await;
        led = walk.led;
    }
}
