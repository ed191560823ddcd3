//! Random units of work against a simple reference: after every flush, commit and rollback, at every depth of savepoints,
//! memory, database and reference agree.
//!
//! A failing round prints its seed; `ORM_RANDOM_SEED=7` runs that one alone, `ORM_RANDOM_ROUNDS=10000` is a long run.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::pin::Pin;

use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::Fixture;
use tests::models::*;

/// What should be there: authors and books by numbers of our own.
#[derive(Clone, Default)]
struct Reference {
    authors: BTreeMap<u32, (Handle<Author>, String, Option<String>)>,
    books: BTreeMap<u32, Expected>,
}

#[derive(Clone)]
struct Expected {
    handle: Handle<Book>,
    title: String,
    pages: i32,
    author: Option<u32>,
}

/// The reference, and what it was when the transaction and each savepoint began.
#[derive(Default)]
struct World {
    now: Reference,
    /// The first is what was committed.
    began: Vec<Reference>,
    numbers: u32,
    /// Everything that was ever added.
    all_authors: Vec<Handle<Author>>,
    all_books: Vec<Handle<Book>>,
}

/// A small generator of numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

impl World {
    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn author(&self, dice: &mut Dice) -> Option<u32> {
        dice.pick(&self.now.authors.keys().copied().collect::<Vec<_>>())
            .copied()
    }

    fn book(&self, dice: &mut Dice) -> Option<u32> {
        dice.pick(&self.now.books.keys().copied().collect::<Vec<_>>())
            .copied()
    }

    fn handle(&self, author: u32) -> Handle<Author> {
        self.now.authors[&author].0
    }

    /// Memory is as the reference says.
    fn check_memory(&self, db: &Session) {
        for (handle, name, email) in self.now.authors.values() {
            assert_eq!(db.state(*handle), State::Persistent, "{name}");
            assert_eq!((&db[*handle].name, &db[*handle].email), (name, email));
        }
        for book in self.now.books.values() {
            let Expected {
                handle,
                title,
                pages,
                author,
            } = book;
            assert_eq!(db.state(*handle), State::Persistent, "{title}");
            assert_eq!((&db[*handle].title, &db[*handle].pages), (title, pages));
            let author = author.map(|author| self.handle(author));
            assert_eq!(
                db[*handle].author_id,
                author.map(|author| db[author].id),
                "{title}"
            );
            if let Ok(known) = db.related(*handle, Book::AUTHOR) {
                assert_eq!(known, author, "{title}");
            }
        }
        for (number, (handle, name, _)) in &self.now.authors {
            if let Ok(known) = db.related(*handle, Author::BOOKS) {
                let mut known = known.to_vec();
                let of_author = self
                    .now
                    .books
                    .values()
                    .filter(|book| book.author == Some(*number));
                let mut expected: Vec<_> = of_author.map(|book| book.handle).collect();
                known.sort();
                expected.sort();
                assert_eq!(known, expected, "books of {name}");
            }
        }
        let gone = |state| matches!(state, State::Detached | State::Deleted);
        for handle in &self.all_authors {
            let here = self.now.authors.values().any(|(other, ..)| other == handle);
            assert!(here || gone(db.state(*handle)), "an author should be gone");
        }
        for handle in &self.all_books {
            let here = self.now.books.values().any(|other| other.handle == *handle);
            assert!(here || gone(db.state(*handle)), "a book should be gone");
        }
    }

    fn lines(&self) -> Vec<String> {
        let authors =
            self.now.authors.values().map(|(_, name, email)| {
                format!("{name}|{}|NULL", email.as_deref().unwrap_or("NULL"))
            });
        let books = self.now.books.values().map(|book| {
            let author = book
                .author
                .map(|author| self.now.authors[&author].1.as_str());
            format!("{}|{}|{}", book.title, book.pages, author.unwrap_or("NULL"))
        });
        let mut lines: Vec<_> = authors.chain(books).collect();
        lines.sort();
        lines
    }

    /// The database is as the reference says, as the session's own transaction sees it.
    async fn check_own_rows(&self, db: &mut Session) {
        let mut lines = Vec::new();
        let authors = Author::query().select((Author::NAME, Author::EMAIL));
        for (name, email) in authors.all(db).await.unwrap() {
            lines.push(format!(
                "{name}|{}|NULL",
                email.as_deref().unwrap_or("NULL")
            ));
        }
        let books =
            Book::query()
                .left_join(Book::AUTHOR)
                .select((Book::TITLE, Book::PAGES, Author::NAME));
        for (title, pages, author) in books.all(db).await.unwrap() {
            lines.push(format!(
                "{title}|{pages}|{}",
                author.as_deref().unwrap_or("NULL")
            ));
        }
        lines.sort();
        assert_eq!(lines, self.lines());
    }

    /// The database is as the reference says, as everybody sees it.
    async fn check_rows(&self, f: &Fixture) {
        let mut lines = f.rows("select name, email, null from authors").await;
        lines.extend(
            f.rows(
                "select title, pages, name from books left join authors on authors.id = author_id",
            )
            .await,
        );
        lines.sort();
        assert_eq!(lines, self.lines());
    }
}

type Work<'w> = Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

/// Some steps of work at some depth of savepoints.
fn work<'w>(
    f: &'w Fixture,
    db: &'w mut Session,
    world: &'w mut World,
    dice: &'w mut Dice,
    depth: usize,
) -> Work<'w> {
    Box::pin(async move {
        let base = world.began.len();
        for _ in 0..dice.below(12) + 2 {
            step(f, db, world, dice, depth).await;
            if world.began.len() != base {
                // The whole transaction was ended behind a savepoint, or a flush failed.
                return;
            }
        }
    })
}

async fn step(f: &Fixture, db: &mut Session, world: &mut World, dice: &mut Dice, depth: usize) {
    let kind = dice.below(20);
    if std::env::var_os("ORM_RANDOM_SEED").is_some() {
        println!("{}{kind}: {}", "  ".repeat(depth), world.lines().join(" "));
    }
    match kind {
        0 | 1 => {
            let number = world.number();
            let name = format!("a{number}");
            let handle = db.add(Author::create().name(name.as_str()));
            world.all_authors.push(handle);
            world.now.authors.insert(number, (handle, name, None));
        }
        2 | 3 => {
            let number = world.number();
            let title = format!("b{number}");
            let author = world.author(dice);
            let new = Book::create().title(title.as_str()).pages(1);
            let handle = match author {
                Some(author) => db.add(new.author(world.handle(author))),
                None => db.add(new),
            };
            world.all_books.push(handle);
            world.now.books.insert(
                number,
                Expected {
                    handle,
                    title,
                    pages: 1,
                    author,
                },
            );
        }
        4 | 5 => {
            let Some(author) = world.author(dice) else {
                return;
            };
            let email = (dice.below(3) > 0).then(|| format!("e{}", dice.below(9)));
            let (handle, _, old) = world.now.authors.get_mut(&author).unwrap();
            old.clone_from(&email);
            match db.draft(*handle) {
                Ok(draft) => draft.email = Some(email),
                Err(_) => db[*handle].email = email,
            }
        }
        6 | 7 => {
            let Some(book) = world.book(dice) else { return };
            let book = world.now.books.get_mut(&book).unwrap();
            book.pages = dice.below(5) as i32;
            match db.draft(book.handle) {
                Ok(draft) => draft.pages = Some(book.pages),
                Err(_) => db[book.handle].pages = book.pages,
            }
        }
        8 => {
            let (Some(book), author) = (world.book(dice), world.author(dice)) else {
                return;
            };
            let target = author.map(|author| world.handle(author));
            let book = world.now.books.get_mut(&book).unwrap();
            db.set(book.handle, Book::AUTHOR, target);
            book.author = author;
        }
        9 => {
            let (Some(book), Some(author)) = (world.book(dice), world.author(dice)) else {
                return;
            };
            let owner = world.handle(author);
            let book = world.now.books.get_mut(&book).unwrap();
            db.push(owner, Author::BOOKS, book.handle);
            book.author = Some(author);
        }
        10 => {
            let Some(book) = world.book(dice) else { return };
            let Some(author) = world.now.books[&book].author else {
                return;
            };
            let owner = world.handle(author);
            let book = world.now.books.get_mut(&book).unwrap();
            db.remove(owner, Author::BOOKS, book.handle);
            book.author = None;
        }
        11 => {
            // By hand, which works where both have rows; relationships follow at the flush.
            let (Some(book), Some(author)) = (world.book(dice), world.author(dice)) else {
                return;
            };
            db.flush().await.unwrap();
            let id = db[world.handle(author)].id;
            let book = world.now.books.get_mut(&book).unwrap();
            db[book.handle].author_id = Some(id);
            book.author = Some(author);
            db.flush().await.unwrap();
        }
        12 => {
            let Some(book) = world.book(dice) else { return };
            let book = world.now.books.remove(&book).unwrap();
            db.delete(book.handle).unwrap();
        }
        13 => {
            let Some(author) = world.author(dice) else {
                return;
            };
            let (handle, ..) = world.now.authors.remove(&author).unwrap();
            db.delete(handle).unwrap();
            for book in world.now.books.values_mut() {
                if book.author == Some(author) {
                    book.author = None;
                }
            }
            // What it takes along shows at the flush.
            db.flush().await.unwrap();
        }
        14 => {
            db.flush().await.unwrap();
            match dice.below(4) {
                0 => db.expire_all(),
                1 => {
                    let Some(author) = world.author(dice) else {
                        return;
                    };
                    db.refresh(world.handle(author)).await.unwrap();
                }
                2 => {
                    let Some(author) = world.author(dice) else {
                        return;
                    };
                    db.load(world.handle(author), Author::BOOKS).await.unwrap();
                }
                _ => {
                    Author::query()
                        .with(Author::BOOKS.then(Book::AUTHOR))
                        .all(db)
                        .await
                        .unwrap();
                }
            }
        }
        15 => {
            // Refused by the database: nothing but a rollback helps.
            let Some(author) = world.author(dice) else {
                return;
            };
            let name = world.now.authors[&author].1.clone();
            let twin = db.add(Author::create().name(name));
            world.all_authors.push(twin);
            assert!(db.flush().await.unwrap_err().constraint().is_some());
            if depth == 0 {
                db.rollback().await.unwrap();
                world.began.truncate(1);
                world.now = world.began[0].clone();
                world.check_memory(db);
                world.check_rows(f).await;
            } else {
                // The guard above rolls back; until then everything is refused.
                assert!(db.flush().await.is_err());
                world.began.push(Reference::default());
            }
        }
        16 if depth < 3 => savepoint(f, db, world, dice, depth).await,
        17 => {
            if dice.below(3) > 0 {
                db.commit().await.unwrap();
                world.began = vec![world.now.clone()];
            } else {
                db.rollback().await.unwrap();
                world.began.truncate(1);
                world.now = world.began[0].clone();
            }
            world.check_memory(db);
            world.check_rows(f).await;
        }
        _ => {
            db.flush().await.unwrap();
            world.check_memory(db);
            world.check_own_rows(db).await;
        }
    }
}

async fn savepoint(
    f: &Fixture,
    db: &mut Session,
    world: &mut World,
    dice: &mut Dice,
    depth: usize,
) {
    let mut nested = db.begin_nested().await.unwrap();
    let began = world.now.clone();
    world.began.push(began.clone());
    let level = world.began.len();
    // Some steps, until the transaction ends or a flush fails.
    for _ in 0..dice.below(8) + 1 {
        if world.began.len() != level {
            break;
        }
        work(f, &mut nested, world, dice, depth + 1).await;
    }
    if world.began.len() < level {
        // The transaction has ended: the guard does nothing.
        nested.rollback().await.unwrap();
        return;
    }
    let failed = world.began.len() > level;
    world.began.truncate(level - 1);
    match dice.below(3) {
        0 if !failed => {
            nested.commit().await.unwrap();
            return;
        }
        1 => nested.rollback().await.unwrap(),
        _ => drop(nested),
    }
    world.now = began;
    world.check_memory(db);
    world.check_own_rows(db).await;
    world.check_memory(db);
}

#[tokio::test]
async fn random_units_of_work() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let seeds = match number("ORM_RANDOM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ORM_RANDOM_ROUNDS").unwrap_or(300),
    };
    let f = Fixture::new::<(Author, Book)>().await;
    for seed in seeds {
        println!("seed {seed}");
        f.elsewhere("truncate authors, books restart identity")
            .await;
        let mut dice = Dice((seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut world = World {
            began: vec![Reference::default()],
            ..World::default()
        };
        let mut db = f.session();
        for _ in 0..4 {
            work(&f, &mut db, &mut world, &mut dice, 0).await;
        }
        db.commit().await.unwrap();
        world.check_memory(&db);
        world.check_rows(&f).await;
    }
}
