//! Random units of work against a simple reference: after every flush, commit and rollback, at every depth of savepoints,
//! memory, database and reference agree.
//!
//! A failing round prints its seed; `ORM_RANDOM_SEED=7` runs that one alone, `ORM_RANDOM_ROUNDS=10000` is a long run.
//!
//! | file | what it is |
//! | --- | --- |
//! | `main` | the reference, what is compared, and the plain operations |
//! | `values` | operations with values: merge, detach and attach, expressions, unique values and keys that change hands |
//! | `rules` | the same under hooks that add and reject rows, and criteria that hide some |
#![allow(missing_docs)]

mod rules;
mod values;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use orm_core::model::RawHandle;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::eventually;
use tests::fixture::{Fixture, poll_times};
use tests::models::*;
use tests::random::{
    self, Dice, committed, failed, flushed, rolled_back, savepoint, seeds, under_triggers, watched,
};

/// What should be there: authors and books by numbers of our own.
#[derive(Clone, Default)]
struct Reference {
    authors: BTreeMap<u32, (Handle<Author>, String, Option<String>)>,
    books: BTreeMap<u32, Expected>,
    /// Keys that people choose, and change.
    countries: BTreeMap<String, (Handle<Country>, String)>,
    cities: BTreeMap<u32, (Handle<City>, Option<String>)>,
    /// Keys of the client, and versions.
    tickets: BTreeMap<u32, (Handle<Ticket>, String)>,
    /// What the hooks have written.
    log: Vec<String>,
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
    /// Whether the session has the hooks and criteria of `rules`.
    rules: bool,
    /// Books with an expression that may wait for a flush.
    waiting: HashSet<Handle<Book>>,
    /// Entities that took the place of others that were taken out of the session.
    read_again: HashSet<RawHandle>,
    /// Everything that was ever added.
    all_authors: Vec<Handle<Author>>,
    all_books: Vec<Handle<Book>>,
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

    fn country(&self, dice: &mut Dice) -> Option<String> {
        dice.pick(&self.now.countries.keys().cloned().collect::<Vec<_>>())
            .cloned()
    }

    fn handle(&self, author: u32) -> Handle<Author> {
        self.now.authors[&author].0
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
}

impl random::World for World {
    type Reference = Reference;

    fn levels(&mut self) -> (&mut Reference, &mut Vec<Reference>) {
        (&mut self.now, &mut self.began)
    }

    async fn step(&mut self, f: &Fixture, db: &mut Session, dice: &mut Dice, depth: usize) {
        step(f, db, self, dice, depth).await;
    }

    async fn find_again(&mut self, db: &mut Session) {
        self.find_lost(db).await;
    }

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
        for (code, (handle, name)) in &self.now.countries {
            assert_eq!((&db[*handle].code, &db[*handle].name), (code, name));
        }
        for (handle, country) in self.now.cities.values() {
            assert_eq!(db[*handle].country_code, *country);
            if let Ok(known) = db.related(*handle, City::COUNTRY) {
                assert_eq!(
                    known,
                    country.as_ref().map(|code| self.now.countries[code].0)
                );
            }
        }
        for (handle, subject) in self.now.tickets.values() {
            assert_eq!(db[*handle].subject, *subject);
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
        let mut log: Vec<String> = Note::query().select(Note::BODY).all(db).await.unwrap();
        log.sort();
        assert_eq!(log, self.sorted_log());
        for (code, (handle, _)) in &self.now.countries {
            let found = db.get::<Country>(code.clone()).await.unwrap();
            assert_eq!(found, Some(*handle), "the identity map knows {code}");
        }
        for code in CODES {
            let here = self.now.countries.contains_key(code);
            assert_eq!(
                db.get::<Country>(code.to_owned()).await.unwrap().is_some(),
                here
            );
        }
    }

    async fn check_rows(&self, f: &Fixture) {
        let mut lines = f
            .rows("select name, email, null from authors where id > 0")
            .await;
        lines.extend(
            f.rows(
                "select title, pages, name from books left join authors on authors.id = author_id where books.id > 0",
            )
            .await,
        );
        lines.sort();
        assert_eq!(lines, self.lines());
        assert_eq!(f.rows(rules::LOG).await, self.sorted_log());
        let countries = self.now.countries.iter();
        let countries: Vec<_> = countries
            .map(|(code, (_, name))| format!("{code}|{name}"))
            .collect();
        assert_eq!(
            f.rows("select code, name from countries where code <> '-' order by code")
                .await,
            countries
        );
        let cities = self.now.cities.iter().map(|(number, (_, country))| {
            format!("{number}|{}", country.as_deref().unwrap_or("NULL"))
        });
        let sql = "select name, country_code from cities order by name::int";
        assert_eq!(f.rows(sql).await, cities.collect::<Vec<_>>());
        let mut tickets: Vec<_> = self
            .now
            .tickets
            .values()
            .map(|(_, subject)| subject.clone())
            .collect();
        tickets.sort();
        assert_eq!(
            f.rows("select subject from tickets order by subject").await,
            tickets
        );
    }
}

const CODES: [&str; 5] = ["A", "B", "C", "D", "E"];

async fn step(f: &Fixture, db: &mut Session, world: &mut World, dice: &mut Dice, depth: usize) {
    let kind = dice.below(46);
    if watched() {
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
            world.insert_book(handle, number, title, author);
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
            if world.waiting.remove(&book.handle) {
                // Whether the expression or the value was set last is told by comparing, so that the same value is none.
                db.flush().await.unwrap();
            }
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
            world.deleted_book(db, &book);
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
            failed(f, db, world, depth).await;
        }
        16 if depth < 3 => savepoint(f, db, world, dice, depth).await,
        17 if dice.below(3) > 0 => committed(f, db, world).await,
        17 => rolled_back(f, db, world).await,
        30.. => values::step(f, db, world, dice, depth, kind).await,
        20 => {
            // A code that is free, maybe since a moment ago.
            let code = CODES[dice.below(CODES.len())];
            if world.now.countries.contains_key(code) {
                return;
            }
            let name = format!("n{}", world.number());
            let handle = db.add(Country::create().code(code).name(name.as_str()));
            world.now.countries.insert(code.to_owned(), (handle, name));
        }
        21 => {
            let Some(code) = world.country(dice) else {
                return;
            };
            let (handle, _) = world.now.countries.remove(&code).unwrap();
            for (_, country) in world.now.cities.values_mut() {
                if country.as_ref() == Some(&code) {
                    *country = None;
                }
            }
            db.delete(handle).unwrap();
        }
        22 => {
            let Some(code) = world.country(dice) else {
                return;
            };
            let new = CODES[dice.below(CODES.len())];
            if world.now.countries.contains_key(new) {
                return;
            }
            db.flush().await.unwrap();
            let (handle, name) = world.now.countries.remove(&code).unwrap();
            db[handle].code = new.to_owned();
            world.now.countries.insert(new.to_owned(), (handle, name));
            for (_, country) in world.now.cities.values_mut() {
                if country.as_ref() == Some(&code) {
                    *country = Some(new.to_owned());
                }
            }
            db.flush().await.unwrap();
        }
        23 => {
            let (country, number) = (world.country(dice), world.number());
            let new = City::create().name(number.to_string());
            let handle = match &country {
                Some(code) => db.add(new.country(world.now.countries[code].0)),
                None => db.add(new),
            };
            world.now.cities.insert(number, (handle, country));
        }
        24 => {
            let cities: Vec<_> = world.now.cities.keys().copied().collect();
            let Some(city) = dice.pick(&cities) else {
                return;
            };
            let country = world.country(dice);
            let target = country.as_ref().map(|code| world.now.countries[code].0);
            let city = world.now.cities.get_mut(city).unwrap();
            db.set(city.0, City::COUNTRY, target);
            city.1 = country;
        }
        25 => {
            let number = world.number();
            let subject = format!("t{number}");
            let handle = db.add(Ticket::create().subject(subject.as_str()));
            world.now.tickets.insert(number, (handle, subject));
        }
        26 | 27 => {
            let tickets: Vec<_> = world.now.tickets.keys().copied().collect();
            let Some(number) = dice.pick(&tickets).copied() else {
                return;
            };
            db.flush().await.unwrap();
            let (handle, subject) = world.now.tickets.get_mut(&number).unwrap();
            let id = db[*handle].id;
            match dice.below(3) {
                0 => {
                    db.delete(*handle).unwrap();
                    world.now.tickets.remove(&number);
                }
                1 => {
                    // Another one in its place.
                    db.delete(*handle).unwrap();
                    subject.push('r');
                    *handle = db.add(Ticket::create().id(id).subject(subject.as_str()));
                }
                _ => {
                    subject.push('x');
                    db[*handle].subject.push('x');
                }
            }
        }
        28 => {
            // Given up halfway: a timeout, a request that was closed.
            if poll_times(dice.below(8), db.flush()).await.is_none() {
                failed(f, db, world, depth).await;
            }
        }
        _ => {
            flushed(db, world).await;
        }
    }
}

const TABLES: [&str; 6] = [
    "authors",
    "books",
    "countries",
    "cities",
    "tickets",
    "notes",
];

async fn world() -> Fixture {
    Fixture::new::<(Author, Book, Country, City, Ticket, Note)>().await
}

/// Runs every seed.
async fn run(f: &Fixture, seeds: Range<u64>, rules: bool) {
    for seed in seeds {
        println!("seed {seed}");
        // A flush that was given up holds its locks until it is cancelled.
        eventually("nobody works", async || !f.somebody_works().await).await;
        f.elsewhere(&format!("truncate {} restart identity", TABLES.join(", ")))
            .await;
        let mut db = f.session();
        if rules {
            f.elsewhere(rules::HIDDEN).await;
            db = f.session_with(rules::options());
        }
        let mut dice = Dice::new(seed);
        let mut world = World {
            began: vec![Reference::default()],
            rules,
            ..World::default()
        };
        random::run(f, &mut db, &mut world, &mut dice).await;
        assert_eq!(f.rewritten(), [""; 0]);
    }
}

#[tokio::test]
async fn random_units_of_work() {
    run(&world().await, seeds(300), false).await;
}

#[tokio::test]
async fn random_units_of_work_under_hooks_and_criteria() {
    run(&world().await, seeds(300), true).await;
}

#[tokio::test]
async fn random_units_of_work_under_triggers() {
    let f = world().await;
    under_triggers(&f, &TABLES).await;
    run(&f, seeds(100), false).await;
}
