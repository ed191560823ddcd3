//! Hooks and criteria for random units of work: a log of books that come and go, a number of pages that is rejected, a title that
//! fails behind its INSERT, and rows of others that are hidden.

use orm_core::Result;
use orm_core::prelude::*;
use orm_core::session::{HookContext, Hooks, Problems, SessionOptions, State};
use tests::fixture::Fixture;
use tests::models::*;

use super::{Expected, World};
use tests::random::{Dice, failed};

/// What the hooks have written.
pub(super) const LOG: &str = "select body from notes order by body collate \"C\"";

/// Rows that the criteria hide. The hidden book is of no author that is seen.
pub(super) const HIDDEN: &str = "insert into authors (id, name) values (-1, 'hidden'); \
    insert into books (id, title, pages, author_id) values (-1, 'hidden', 1, -1); \
    insert into countries (code, name) values ('-', 'hidden');";

/// No book has this number of pages.
const REJECTED: i32 = -13;
/// A book with this title fails behind its INSERT.
const FAILS: &str = "fails";

struct Rules;

impl Hooks<Book> for Rules {
    fn validate(&self, book: &BookDraft, problems: &mut Problems<Book>) {
        if book.pages == Some(REJECTED) {
            problems.reject(Book::PAGES, "must not be negative");
        }
    }

    fn before_insert(
        &self,
        book: &mut BookDraft,
        context: &mut HookContext<'_, Book>,
    ) -> Result<()> {
        let title = book.title.clone().unwrap_or_default();
        context.add(Note::create().body(format!("before {title}")));
        Ok(())
    }

    fn after_insert(&self, book: &Book, context: &mut HookContext<'_, Book>) -> Result<()> {
        context.add(Note::create().body(format!("after {}", book.title)));
        match book.title.as_str() {
            FAILS => Err(orm_core::Error::invalid("a hook fails")),
            _ => Ok(()),
        }
    }

    fn after_delete(&self, book: &Book, context: &mut HookContext<'_, Book>) -> Result<()> {
        context.add(Note::create().body(format!("deleted {}", book.title)));
        Ok(())
    }
}

pub(super) fn options() -> SessionOptions {
    SessionOptions::new()
        .hooks(Rules)
        .criteria::<Author>(Author::NAME.ne("hidden").for_model())
        .criteria::<Book>(Book::TITLE.ne("hidden").for_model())
        .criteria::<Country>(Country::NAME.ne("hidden").for_model())
}

impl World {
    pub(super) fn sorted_log(&self) -> Vec<String> {
        let mut log = self.now.log.clone();
        log.sort();
        log
    }

    /// A book was added, and will be inserted.
    pub(super) fn insert_book(
        &mut self,
        handle: Handle<Book>,
        number: u32,
        title: String,
        author: Option<u32>,
    ) {
        if self.rules {
            self.now.log.push(format!("before {title}"));
            self.now.log.push(format!("after {title}"));
        }
        self.all_books.push(handle);
        let book = Expected {
            handle,
            title,
            pages: 1,
            author,
        };
        self.now.books.insert(number, book);
    }

    /// A book is about to be deleted. One that was never inserted leaves no trace.
    pub(super) fn deleted_book(&mut self, db: &Session, book: &Expected) {
        if !self.rules {
            return;
        }
        if db.state(book.handle) == State::Pending {
            let title = &book.title;
            let of_book = [format!("before {title}"), format!("after {title}")];
            self.now.log.retain(|line| !of_book.contains(line));
        } else {
            self.now.log.push(format!("deleted {}", book.title));
        }
    }
}

/// Something that a hook doesn't like.
pub(super) async fn reject(
    f: &Fixture,
    db: &mut Session,
    world: &mut World,
    dice: &mut Dice,
    depth: usize,
) {
    if !world.rules {
        return;
    }
    if dice.below(3) == 0 {
        // Behind the statement: nothing but a rollback helps.
        let book = db.add(Book::create().title(FAILS));
        world.all_books.push(book);
        db.flush().await.unwrap_err();
        failed(f, db, world, depth).await;
        return;
    }
    // Before anything is sent: the session goes on when the row is put right. What is pending stays so.
    let Some(book) = world.book(dice) else { return };
    let handle = world.now.books[&book].handle;
    if world.waiting.remove(&handle) {
        db.flush().await.unwrap();
    }
    let mut pages = REJECTED;
    let mut exchange = |db: &mut Session| match db.draft(handle) {
        Ok(draft) => {
            let old = draft.pages.replace(pages);
            pages = old.unwrap_or(100);
        }
        Err(_) => std::mem::swap(&mut db[handle].pages, &mut pages),
    };
    exchange(db);
    f.sent();
    let error = db.flush().await.unwrap_err();
    assert!(error.validation().is_some(), "{error}");
    assert!(
        f.sent()
            .iter()
            .all(|sql| sql.starts_with("SELECT") || sql.starts_with("BEGIN"))
    );
    exchange(db);
}
