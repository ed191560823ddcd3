//! Random operations with values: rows that are merged, taken out and put in again; values that the server computes; unique
//! values and keys that change hands.

use orm_core::prelude::*;
use orm_core::session::{Detached, Partial, State};
use tests::fixture::{Fixture, poll_times};
use tests::models::*;
use tests::random::{Dice, failed};

use super::{CODES, Expected, World, rules};

/// Keys of values that nobody has, out of the sequence's reach.
const UNKNOWN: i32 = 1_000_000;

impl World {
    /// An entity that was taken out of the session doesn't come back with a rollback, but its row does: it is loaded again, and
    /// the reference told its handle.
    pub(super) async fn find_lost(&mut self, db: &mut Session) {
        let gone = |db: &Session, book: &Expected| db.state(book.handle) == State::Detached;
        let lost: Vec<_> = self
            .now
            .books
            .iter()
            .filter(|(_, book)| gone(db, book))
            .collect();
        let lost: Vec<_> = lost
            .into_iter()
            .map(|(n, book)| (*n, book.title.clone()))
            .collect();
        for (number, title) in lost {
            let found = Book::query()
                .filter(Book::TITLE.eq(title.as_str()))
                .one(db)
                .await;
            let found = found.unwrap_or_else(|error| panic!("{title}: {error}"));
            self.exchange_book(number, found);
        }
        let lost: Vec<_> = self
            .now
            .authors
            .iter()
            .map(|(n, author)| (*n, author.clone()))
            .collect();
        for (number, (handle, name, _)) in lost {
            if db.state(handle) == State::Detached {
                let found = Author::query()
                    .filter(Author::NAME.eq(name.as_str()))
                    .one(db)
                    .await;
                let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
                self.exchange_author(number, found);
            }
        }
        // What was read again in the transaction had its values, and is stale now.
        for book in self.now.books.values() {
            if self.read_again.contains(&book.handle.raw()) {
                db.refresh(book.handle).await.unwrap();
            }
        }
        for (author, ..) in self.now.authors.values() {
            if self.read_again.contains(&author.raw()) {
                db.refresh(*author).await.unwrap();
            }
        }
    }

    /// Another handle stands for a row, now and wherever a rollback may lead. (It isn't among those that must be gone with the
    /// row: what was read stays, stale, when the transaction that inserted the row is rolled back.)
    fn exchange_book(&mut self, number: u32, new: Handle<Book>) {
        let old = self.now.books[&number].handle;
        for reference in self.began.iter_mut().chain([&mut self.now]) {
            if let Some(book) = reference
                .books
                .get_mut(&number)
                .filter(|book| book.handle == old)
            {
                book.handle = new;
            }
        }
        self.read_again.insert(new.raw());
    }

    fn exchange_author(&mut self, number: u32, new: Handle<Author>) {
        let old = self.now.authors[&number].0;
        for reference in self.began.iter_mut().chain([&mut self.now]) {
            if let Some(author) = reference.authors.get_mut(&number).filter(|of| of.0 == old) {
                author.0 = new;
            }
        }
        self.read_again.insert(new.raw());
    }

    fn add_author(&mut self, handle: Handle<Author>, name: String, email: Option<String>) {
        let number = self.number();
        self.all_authors.push(handle);
        self.now.authors.insert(number, (handle, name, email));
    }
}

fn set_name(db: &mut Session, author: Handle<Author>, name: &str) {
    match db.draft(author) {
        Ok(draft) => draft.name = Some(name.to_owned()),
        Err(_) => db[author].name = name.to_owned(),
    }
}

pub(super) async fn step(
    f: &Fixture,
    db: &mut Session,
    world: &mut World,
    dice: &mut Dice,
    depth: usize,
    kind: usize,
) {
    match kind {
        30 => merge_author(f, db, world, dice, depth).await,
        31 => merge_books(db, world, dice).await,
        32 => {
            let code = CODES[dice.below(CODES.len())];
            let name = format!("m{}", world.number());
            let value = Country {
                code: code.to_owned(),
                name: name.clone(),
            };
            let handle = db.merge(value).await.unwrap();
            let known = world.now.countries.insert(code.to_owned(), (handle, name));
            match known {
                Some((known, _)) => assert_eq!(known, handle),
                None => assert_eq!(db.state(handle), State::Pending),
            }
        }
        33 | 34 => detach_book(db, world, dice).await,
        35 => detach_author(db, world, dice).await,
        36 | 37 => {
            // Computed by the server at the flush, from what the row is then.
            let Some(book) = world.book(dice) else { return };
            db.flush().await.unwrap();
            let book = world.now.books.get_mut(&book).unwrap();
            let more = dice.below(5) as i32 + 1;
            db.set_expr(book.handle, Book::PAGES.set(Book::PAGES + more))
                .unwrap();
            book.pages += more;
            world.waiting.insert(book.handle);
        }
        38 | 39 => {
            // Two, or a ring of three, exchange their unique names.
            let all: Vec<_> = world.now.authors.keys().copied().collect();
            let mut ring: Vec<_> = (0..2 + dice.below(2))
                .filter_map(|_| dice.pick(&all))
                .collect();
            ring.sort();
            ring.dedup();
            let names = ring
                .iter()
                .map(|number| world.now.authors[*number].1.clone());
            let mut names: Vec<_> = names.collect();
            if !names.is_empty() {
                names.rotate_left(1);
            }
            for (number, name) in ring.into_iter().zip(names) {
                let author = world.now.authors.get_mut(number).unwrap();
                set_name(db, author.0, &name);
                author.1 = name;
            }
        }
        40 | 41 => {
            // A name is freed by a change or a delete, and taken by a new row or another one.
            let Some(author) = world.author(dice) else {
                return;
            };
            let fresh = format!("a{}", world.number());
            let freed = if dice.below(2) == 0 {
                let entry = world.now.authors.get_mut(&author).unwrap();
                set_name(db, entry.0, &fresh);
                std::mem::replace(&mut entry.1, fresh)
            } else {
                let (handle, name, _) = world.now.authors.remove(&author).unwrap();
                db.delete(handle).unwrap();
                for book in world.now.books.values_mut() {
                    if book.author == Some(author) {
                        book.author = None;
                    }
                }
                name
            };
            match world.author(dice).filter(|_| dice.below(2) == 0) {
                Some(taker) => {
                    let entry = world.now.authors.get_mut(&taker).unwrap();
                    set_name(db, entry.0, &freed);
                    entry.1 = freed;
                }
                None => {
                    let new = db.add(Author::create().name(freed.as_str()));
                    world.add_author(new, freed, None);
                }
            }
        }
        42 => {
            // A key is changed, and a new row takes it in the same flush.
            let Some(old) = world.country(dice) else {
                return;
            };
            let new = CODES[dice.below(CODES.len())];
            if world.now.countries.contains_key(new) {
                return;
            }
            db.flush().await.unwrap();
            let (handle, name) = world.now.countries.remove(&old).unwrap();
            db[handle].code = new.to_owned();
            world.now.countries.insert(new.to_owned(), (handle, name));
            for (_, country) in world.now.cities.values_mut() {
                if country.as_ref() == Some(&old) {
                    *country = Some(new.to_owned());
                }
            }
            let name = format!("n{}", world.number());
            let taker = db.add(Country::create().code(old.as_str()).name(name.as_str()));
            world.now.countries.insert(old, (taker, name));
            db.flush().await.unwrap();
        }
        _ => rules::reject(f, db, world, dice, depth).await,
    }
}

async fn merge_author(
    f: &Fixture,
    db: &mut Session,
    world: &mut World,
    dice: &mut Dice,
    depth: usize,
) {
    let email = (dice.below(3) > 0).then(|| format!("e{}", dice.below(9)));
    let fresh = format!("a{}", world.number());
    let known = world.author(dice).filter(|_| dice.below(3) > 0);
    let known = known.filter(|author| db.state(world.handle(*author)) == State::Persistent);
    let Some(author) = known else {
        let value = Author {
            id: UNKNOWN + world.number() as i32,
            name: fresh.clone(),
            email: email.clone(),
        };
        let handle = if dice.below(2) == 0 {
            db.merge(value).await.unwrap()
        } else {
            // Twice the same key: the last counts.
            let first = Author {
                name: "overwritten".to_owned(),
                ..value.clone()
            };
            let both = db.merge_all([first, value]).await.unwrap();
            assert_eq!(both[0], both[1]);
            both[0]
        };
        world.add_author(handle, fresh, email);
        return;
    };
    let handle = world.handle(author);
    if dice.below(4) == 0 {
        let patch = AuthorDraft {
            id: Some(db[handle].id),
            name: Some(fresh.clone()),
            ..AuthorDraft::default()
        };
        // Given up halfway, maybe.
        match poll_times(dice.below(10), db.merge(Partial(patch))).await {
            Some(merged) => {
                assert_eq!(merged.unwrap(), handle);
                world.now.authors.get_mut(&author).unwrap().1 = fresh;
            }
            None => failed(f, db, world, depth).await,
        }
        return;
    }
    let value = Author {
        id: db[handle].id,
        name: fresh.clone(),
        email: email.clone(),
    };
    assert_eq!(db.merge(value).await.unwrap(), handle);
    let entry = world.now.authors.get_mut(&author).unwrap();
    (entry.1, entry.2) = (fresh, email);
}

/// An author with all books that it has from now on: some that it has, some of others, a new one. What their rows say of their
/// author doesn't count.
async fn merge_books(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(author) = world.author(dice) else {
        return;
    };
    db.flush().await.unwrap();
    let (handle, name, email) = world.now.authors[&author].clone();
    let mut books = Vec::new();
    let mut chosen = Vec::new();
    for (number, book) in &mut world.now.books {
        if dice.below(3) > 0 {
            continue;
        }
        let mut row = db[book.handle].clone();
        book.pages = dice.below(5) as i32;
        row.pages = book.pages;
        books.push(Detached::of(row));
        chosen.push(*number);
    }
    let new = (dice.below(2) == 0).then(|| {
        let number = world.number();
        let row = Book {
            id: UNKNOWN + number as i32,
            title: format!("b{number}"),
            pages: 1,
            binding: "paper".to_owned(),
            sides: 0,
            author_id: None,
        };
        books.push(Detached::of(row));
        number
    });
    let row = Author {
        id: db[handle].id,
        name,
        email,
    };
    let value = Detached::of(row).with(Author::BOOKS, books);
    assert_eq!(db.merge(value).await.unwrap(), handle);
    for (number, book) in &mut world.now.books {
        if chosen.contains(number) {
            book.author = Some(author);
        } else if book.author == Some(author) {
            book.author = None;
        }
    }
    if let Some(number) = new {
        let added = db.related(handle, Author::BOOKS).unwrap();
        let added = added.iter().find(|book| db.state(**book) == State::Pending);
        world.insert_book(*added.unwrap(), number, format!("b{number}"), Some(author));
    }
}

/// A book is taken out of the session and put in again, changed or not.
async fn detach_book(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(number) = world.book(dice) else {
        return;
    };
    db.flush().await.unwrap();
    let book = world.now.books.get_mut(&number).unwrap();
    let old = book.handle;
    if dice.below(2) == 0 {
        book.pages = dice.below(5) as i32;
        db[old].pages = book.pages;
    }
    let mut detached = db.detach(old).unwrap();
    assert_eq!(db.state(old), State::Detached);
    if dice.below(2) == 0 {
        book.pages = dice.below(5) as i32;
        detached.pages = book.pages;
    }
    let new = match dice.below(3) {
        0 => db.merge(detached).await.unwrap(),
        _ => db.attach(detached).unwrap(),
    };
    world.exchange_book(number, new);
}

/// The same with an author and the books that go along.
async fn detach_author(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(author) = world.author(dice) else {
        return;
    };
    db.flush().await.unwrap();
    let old = world.handle(author);
    db.load(old, Author::BOOKS).await.unwrap();
    let mut detached = db.detach_with(old, Author::BOOKS).unwrap();
    let email = (dice.below(2) == 0).then(|| format!("e{}", dice.below(9)));
    detached.email.clone_from(&email);
    world.now.authors.get_mut(&author).unwrap().2 = email;
    let new = match dice.below(3) {
        0 => db.merge(detached).await.unwrap(),
        _ => db.attach(detached).unwrap(),
    };
    world.exchange_author(author, new);
    for book in db.related(new, Author::BOOKS).unwrap().to_vec() {
        let books = world.now.books.iter();
        let (number, _) = books
            .clone()
            .find(|(_, known)| known.title == db[book].title)
            .unwrap();
        let number = *number;
        world.exchange_book(number, book);
    }
}
