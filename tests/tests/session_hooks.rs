//! Hooks of rows and of sessions: what runs when, what it may change, what an error leaves behind. Session info, read-only
//! sessions and advisory locks, which hooks and their like are used with.
#![allow(missing_docs)]

use std::sync::{Arc, Mutex};

use orm_core::prelude::*;
use orm_core::session::{
    HookContext, Hooks, LockKey, Problems, SessionEvents, SessionOptions, State,
};
use orm_core::{Error, Result};
use tests::fixture::{Fixture, text};
use tests::models::{Author, AuthorDraft, Book, BookDraft, Egg, Hen, Note, NoteDraft};
use tests::refused;

type Library = (Author, Book, Note);

/// What the hooks of a test have seen.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Clone)]
struct CurrentUser(&'static str);

/// Notes all that happens to authors.
struct Recorder(Seen);

impl Hooks<Author> for Recorder {
    fn before_insert(
        &self,
        author: &mut AuthorDraft,
        context: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        self.0.note(format!(
            "before insert {:?} id {:?} {:?}",
            author.name,
            author.id,
            context.changed_columns()
        ));
        Ok(())
    }

    fn before_update(
        &self,
        author: &mut Author,
        old: &Author,
        context: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        let (name, email) = (
            context.changed(Author::NAME),
            context.changed(Author::EMAIL),
        );
        self.0.note(format!(
            "before update {} -> {} ({name}, {email})",
            old.name, author.name
        ));
        Ok(())
    }

    fn before_delete(&self, author: &Author, _: &mut HookContext<'_, Author>) -> Result<()> {
        self.0.note(format!("before delete {}", author.name));
        Ok(())
    }

    fn after_insert(&self, author: &Author, context: &mut HookContext<'_, Author>) -> Result<()> {
        let who = context
            .info()
            .get::<CurrentUser>()
            .map_or("nobody", |user| user.0);
        self.0.note(format!("after insert #{} by {who}", author.id));
        Ok(())
    }

    fn after_update(
        &self,
        author: &Author,
        old: &Author,
        _: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        self.0
            .note(format!("after update {} -> {}", old.name, author.name));
        Ok(())
    }

    fn after_delete(&self, author: &Author, _: &mut HookContext<'_, Author>) -> Result<()> {
        self.0.note(format!("after delete {}", author.name));
        Ok(())
    }
}

impl SessionEvents for Recorder {
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        self.0.note(format!(
            "before flush {} new {} dirty {} deleted",
            db.new_entities::<Author>().len(),
            db.dirty::<Author>().len(),
            db.deleted::<Author>().len()
        ));
        Ok(())
    }

    fn after_flush(&self, _: &mut Session) -> Result<()> {
        self.0.note("after flush");
        Ok(())
    }

    fn before_commit(&self, _: &mut Session) -> Result<()> {
        self.0.note("before commit");
        Ok(())
    }

    fn after_commit(&self, db: &mut Session) {
        self.0.note(format!("after commit {}", db.in_transaction()));
    }

    fn after_rollback(&self, db: &mut Session) {
        self.0
            .note(format!("after rollback {}", db.in_transaction()));
    }
}

#[tokio::test]
async fn each_hook_sees_its_rows_in_the_order_of_the_flush() {
    let f = Fixture::new::<Library>().await;
    let seen = Seen::default();
    let options = SessionOptions::new()
        .hooks(Recorder(seen.clone()))
        .events(Recorder(seen.clone()))
        .info(CurrentUser("root"));
    let mut db = f.session_with(options);
    let ann = db.add(Author::create().name("Ann"));
    db.add(Note::create().body("has no hooks"));
    db.commit().await.unwrap();
    assert_eq!(
        seen.take(),
        [
            "before commit",
            "before flush 1 new 0 dirty 0 deleted",
            "before insert Some(\"Ann\") id None [\"name\"]",
            "after insert #1 by root",
            "after flush",
            "after commit false",
        ]
    );
    db[ann].name = "Anna".to_owned();
    db.flush().await.unwrap();
    assert_eq!(
        seen.take(),
        [
            "before flush 0 new 1 dirty 0 deleted",
            "before update Ann -> Anna (true, false)",
            "after update Ann -> Anna",
            "after flush",
        ]
    );
    db.delete(ann).unwrap();
    db.flush().await.unwrap();
    assert_eq!(
        seen.take(),
        [
            "before flush 0 new 0 dirty 1 deleted",
            "before delete Anna",
            "after delete Anna",
            "after flush",
        ]
    );
    db.rollback().await.unwrap();
    assert_eq!(seen.take(), ["after rollback false"]);
    db.commit().await.unwrap();
    assert_eq!(
        seen.take(),
        ["before commit"],
        "there was nothing to commit"
    );
    // A touched row that is equal sends nothing, and no hook of rows runs.
    db[ann].name = "Ann".to_owned();
    db.flush().await.unwrap();
    assert_eq!(
        seen.take(),
        ["before flush 0 new 0 dirty 0 deleted", "after flush"]
    );
}

/// Trims names, and refuses some.
struct Rules;

impl Hooks<Author> for Rules {
    fn validate(&self, author: &AuthorDraft, problems: &mut Problems<Author>) {
        if author.name.as_deref() == Some("") {
            problems.reject(Author::NAME, "must not be empty");
        }
        if let Some(Some(email)) = &author.email
            && !email.contains('@')
        {
            problems.reject(Author::EMAIL, "must have an @");
        }
    }

    fn before_insert(
        &self,
        author: &mut AuthorDraft,
        _: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        author.name = author.name.take().map(|name| name.trim().to_owned());
        Ok(())
    }

    fn before_update(
        &self,
        author: &mut Author,
        old: &Author,
        context: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        author.name = author.name.trim().to_owned();
        if context.changed(Author::EMAIL) && old.email.is_some() && author.email.is_none() {
            return Err(context.reject(Author::EMAIL, "cannot be taken away"));
        }
        Ok(())
    }
}

impl Hooks<Book> for Rules {
    fn validate(&self, book: &BookDraft, problems: &mut Problems<Book>) {
        if book.pages.is_some_and(|pages| pages < 1) {
            problems.reject(Book::PAGES, "must be positive");
        }
    }
}

fn rules() -> SessionOptions {
    SessionOptions::new()
        .hooks::<Author>(Rules)
        .hooks::<Book>(Rules)
}

#[tokio::test]
async fn what_a_hook_changes_before_is_part_of_the_statement() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(rules());
    let ann = db.insert(Author::create().name(" Ann ")).await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(f.count(), 2);
    // The hook makes it what it was: nothing is left to send.
    db[ann].name = "Ann  ".to_owned();
    db.flush().await.unwrap();
    assert_eq!(f.count(), 0);
    assert!(!db.is_modified(ann));
    db[ann].name = " Anna".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE authors SET name = $1 WHERE id = $2", "COMMIT"]
    );
    assert_eq!(f.rows("select name from authors").await, ["Anna"]);
}

#[tokio::test]
async fn all_rejections_of_a_flush_are_one_error_and_nothing_is_sent() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(rules());
    let ann = db
        .insert(Author::create().name("Ann").email("ann@x"))
        .await
        .unwrap();
    db.commit().await.unwrap();
    f.sent();
    db[ann].email = None;
    let nobody = db.add(Author::create().name(" ").email("nowhere"));
    let book = db.add(Book::create().title("secret title").pages(0));
    let error = refused(db.flush().await);
    let fields: Vec<_> = error
        .validation()
        .unwrap()
        .rejections
        .iter()
        .map(|rejection| format!("{}.{}", rejection.model, rejection.field))
        .collect();
    assert_eq!(
        fields,
        ["Author.email", "Author.name", "Author.email", "Book.pages"]
    );
    assert_eq!(
        text(&error),
        "nothing was sent, because rows were rejected: `Author.email` cannot be taken away; `Author.name` must not be \
         empty; `Author.email` must have an @; `Book.pages` must be positive"
    );
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert_eq!(f.count(), 0);
    // The mistakes can be put right.
    db[ann].email = Some("anna@x".to_owned());
    let draft = db.draft(nobody).unwrap();
    draft.name = Some("Bob".to_owned());
    draft.email = None;
    db.draft(book).unwrap().pages = Some(1);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["Ann|anna@x", "Bob|NULL"]
    );
}

#[tokio::test]
async fn after_a_rejection_a_rollback_puts_back_what_was() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(rules());
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    db[ann].name = "  ".to_owned();
    let bob = db.add(Author::create().name("Bob"));
    assert!(refused(db.commit().await).validation().is_some());
    db.rollback().await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(db.state(bob), State::Detached);
    db[ann].name = "Anna".to_owned();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Anna"]);
}

/// Notes books before their INSERT, and rejects empty ones.
struct NotesFirst;

impl Hooks<Book> for NotesFirst {
    fn before_insert(
        &self,
        book: &mut BookDraft,
        context: &mut HookContext<'_, Book>,
    ) -> Result<()> {
        context.add(Note::create().body(book.title.clone().unwrap_or_default()));
        Ok(())
    }

    fn validate(&self, book: &BookDraft, problems: &mut Problems<Book>) {
        if book.pages == Some(0) {
            problems.reject(Book::PAGES, "must be positive");
        }
    }
}

#[tokio::test]
async fn what_a_hook_added_to_a_rejected_flush_is_added_once_by_the_next() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(SessionOptions::new().hooks(NotesFirst));
    let mine = db.add(Note::create().body("mine"));
    let book = db.add(Book::create().title("One").pages(0));
    assert!(refused(db.flush().await).validation().is_some());
    assert_eq!(db.new_entities::<Note>(), [mine]);
    db.draft(book).unwrap().pages = Some(1);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select body from notes order by id").await,
        ["mine", "One"]
    );
}

/// Notes books before the flush and before the commit.
struct NotesWhatComes;

impl SessionEvents for NotesWhatComes {
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        if !db.new_entities::<Book>().is_empty() {
            db.add(Note::create().body("a flush"));
        }
        Ok(())
    }

    fn before_commit(&self, db: &mut Session) -> Result<()> {
        db.add(Note::create().body("a commit"));
        Ok(())
    }
}

/// Whatever refuses the flush before anything is sent: a row, the order of the rows, another hook.
#[tokio::test]
async fn what_any_hook_added_to_a_flush_that_sent_nothing_is_added_once() {
    let f = Fixture::new::<(Library, Hen, Egg)>().await;
    let options = SessionOptions::new()
        .events(NotesWhatComes)
        .events(Fails("before_flush"))
        .hooks(NotesFirst);
    let mut db = f.session_with(options);
    let book = db.add(Book::create().title("One").pages(0));
    let hen = db.add(Hen::create().egg_id(1));
    let egg = db.add(Egg::create().hen(hen));
    db.set(hen, Hen::EGG, egg);
    let refuse = async |db: &mut Session| {
        let (flush, commit) = (refused(db.flush().await), refused(db.commit().await));
        assert!(db.new_entities::<Note>().is_empty());
        assert!(!db.in_transaction());
        assert_eq!(text(&flush), text(&commit));
        flush
    };
    assert_eq!(text(&refuse(&mut db).await), "no");
    db.info_mut().insert(Calm);
    assert!(refuse(&mut db).await.validation().is_some());
    db.draft(book).unwrap().pages = Some(1);
    assert!(matches!(refuse(&mut db).await, Error::Cycle { .. }));
    db.expunge(hen).unwrap();
    db.expunge(egg).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select body from notes order by id").await,
        ["a commit", "a flush", "One"]
    );
}

/// Writes a note for each author, before or after.
struct Notes {
    before: bool,
}

impl Hooks<Author> for Notes {
    fn before_insert(
        &self,
        author: &mut AuthorDraft,
        context: &mut HookContext<'_, Author>,
    ) -> Result<()> {
        if self.before {
            context.add(Note::create().body(format!("{:?} comes", author.name)));
        }
        Ok(())
    }

    fn after_insert(&self, author: &Author, context: &mut HookContext<'_, Author>) -> Result<()> {
        if !self.before {
            context.add(Note::create().body(format!("author {} came", author.id)));
        }
        Ok(())
    }
}

/// Shouts.
struct Loud;

impl Hooks<Note> for Loud {
    fn before_insert(&self, note: &mut NoteDraft, _: &mut HookContext<'_, Note>) -> Result<()> {
        note.body = note.body.take().map(|body| body.to_uppercase());
        Ok(())
    }
}

#[tokio::test]
async fn what_a_hook_adds_before_is_in_the_same_flush_and_has_its_own_hooks() {
    let f = Fixture::new::<Library>().await;
    let options = SessionOptions::new()
        .hooks(Notes { before: true })
        .hooks(Loud);
    let mut db = f.session_with(options);
    db.add_all(["Ann", "Bob"].map(|name| Author::create().name(name)));
    db.commit().await.unwrap();
    assert_eq!(f.count(), 4, "BEGIN, two INSERTs, COMMIT");
    assert_eq!(
        f.rows("select body from notes order by id").await,
        ["SOME(\"ANN\") COMES", "SOME(\"BOB\") COMES"]
    );
}

#[tokio::test]
async fn what_a_hook_adds_after_knows_the_keys_and_goes_in_another_round() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(SessionOptions::new().hooks(Notes { before: false }));
    db.add_all(["Ann", "Bob"].map(|name| Author::create().name(name)));
    db.flush().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 3, "BEGIN, INSERT, INSERT: {sent:?}");
    assert!(sent[2].starts_with("INSERT INTO notes"), "{}", sent[2]);
    assert!(db.new_entities::<Note>().is_empty());
    db.rollback().await.unwrap();
    assert!(f.rows("select body from notes").await.is_empty());
    db.add(Author::create().name("Cara"));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select body from notes").await, ["author 3 came"]);
}

/// Adds a note after every flush, for ever.
struct Endless;

impl SessionEvents for Endless {
    fn after_flush(&self, db: &mut Session) -> Result<()> {
        db.add(Note::create().body("again"));
        Ok(())
    }
}

#[tokio::test]
async fn hooks_that_never_come_to_an_end_are_an_error() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(SessionOptions::new().events(Endless));
    db.add(Note::create().body("first"));
    let error = refused(db.flush().await);
    assert!(text(&error).contains("100 rounds"), "{error}");
    assert!(matches!(
        refused(db.flush().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
    assert!(f.rows("select body from notes").await.is_empty());
}

/// Fails at a step of its choice.
struct Fails(&'static str);

impl SessionEvents for Fails {
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        if self.0 == "before_flush" && db.info().get::<Calm>().is_none() {
            return Err(Error::invalid("no"));
        }
        Ok(())
    }

    fn after_flush(&self, db: &mut Session) -> Result<()> {
        if self.0 == "after_flush" && db.info().get::<Calm>().is_none() {
            return Err(Error::invalid("no"));
        }
        Ok(())
    }

    fn before_commit(&self, db: &mut Session) -> Result<()> {
        if self.0 == "before_commit" && db.info().get::<Calm>().is_none() {
            return Err(Error::invalid("no"));
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Calm;

#[tokio::test]
async fn an_error_of_a_hook_before_leaves_the_session_as_it_was() {
    let f = Fixture::new::<Library>().await;
    for step in ["before_flush", "before_commit"] {
        let mut db = f.session_with(SessionOptions::new().events(Fails(step)));
        db.add(Author::create().name(step));
        assert_eq!(text(&refused(db.commit().await)), "no");
        assert_eq!(f.count(), 0);
        assert_eq!(db.new_entities::<Author>().len(), 1);
        db.info_mut().insert(Calm);
        db.commit().await.unwrap();
        f.sent();
    }
    assert_eq!(f.rows("select name from authors").await.len(), 2);
}

#[tokio::test]
async fn an_error_of_a_hook_after_asks_for_a_rollback() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(SessionOptions::new().events(Fails("after_flush")));
    db.add(Author::create().name("Ann"));
    assert_eq!(text(&refused(db.commit().await)), "no");
    let error = refused(db.commit().await);
    assert!(
        matches!(&error, Error::RollbackRequired { cause } if cause == "no"),
        "{error}"
    );
    db.rollback().await.unwrap();
    db.info_mut().insert(Calm);
    db.add(Author::create().name("Bob"));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Bob"]);
}

/// Sets the author of books by hand.
struct Adopt;

impl Hooks<Book> for Adopt {
    fn before_insert(&self, book: &mut BookDraft, _: &mut HookContext<'_, Book>) -> Result<()> {
        book.author_id = Some(Some(1));
        Ok(())
    }
}

#[tokio::test]
async fn a_foreign_key_that_a_hook_sets_is_followed() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session_with(SessionOptions::new().hooks(Adopt));
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let book = db.insert(Book::create().title("b")).await.unwrap();
    assert_eq!(db.related(book, Book::AUTHOR).unwrap(), Some(ann));
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [book]);
}

#[tokio::test]
async fn plan_runs_no_hooks() {
    let f = Fixture::new::<Library>().await;
    let seen = Seen::default();
    let options = SessionOptions::new()
        .hooks(Recorder(seen.clone()))
        .events(Recorder(seen.clone()));
    let mut db = f.session_with(options);
    db.add(Author::create().name("Ann"));
    assert_eq!(db.plan().unwrap().steps.len(), 1);
    assert!(seen.take().is_empty());
}

#[tokio::test]
async fn a_delete_that_was_taken_back_leaves_the_row_and_its_changes() {
    let f = Fixture::new::<Library>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    db.delete(ann).unwrap();
    db[ann].name = "Anna".to_owned();
    db.undelete(ann).unwrap();
    assert_eq!(db.dirty::<Author>(), [ann]);
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Anna"]);
    db.delete(ann).unwrap();
    db.flush().await.unwrap();
    assert!(matches!(refused(db.undelete(ann)), Error::Detached { .. }));
}

#[tokio::test]
async fn hooks_and_info_of_an_engine_add_up_with_those_of_a_session() {
    let f = Fixture::new::<Library>().await;
    let seen = Seen::default();
    let base = SessionOptions::new()
        .hooks(Recorder(seen.clone()))
        .info(CurrentUser("engine"))
        .info(7_i32);
    let engine = f.engine.with_sessions(base);
    engine
        .transaction(async |db| {
            db.add(Author::create().name("Ann"));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert_eq!(seen.take().last().unwrap(), "after insert #1 by engine");
    let own = SessionOptions::new()
        .hooks::<Author>(Rules)
        .info(CurrentUser("session"));
    let mut db = engine.session_with(own.clone());
    assert_eq!(db.info().get::<i32>(), Some(&7));
    db.insert(Author::create().name(" Bob ")).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(seen.take().last().unwrap(), "after insert #2 by session");
    engine
        .transaction_retry(own, async |db| {
            db.add(Author::create().name(" Cy "));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert_eq!(seen.take().last().unwrap(), "after insert #3 by session");
    assert_eq!(
        f.rows("select name from authors order by id").await,
        ["Ann", "Bob", "Cy"]
    );
    // The engine that it was made of has none.
    let mut plain = f.session();
    plain.insert(Author::create().name("  ")).await.unwrap();
    assert!(seen.take().is_empty());
}

#[tokio::test]
async fn a_read_only_session_refuses_every_kind_of_write_before_it_is_sent() {
    let f = Fixture::new::<Library>().await;
    let mut setup = f.session();
    setup.add(Author::create().name("Ann"));
    setup.commit().await.unwrap();
    let mut db = f.engine.read_only_session();
    let ann = Author::query().one(&mut db).await.unwrap();
    assert!(f.sent().contains(&"BEGIN READ ONLY".to_owned()));
    db[ann].name = "Anna".to_owned();
    let error = refused(Author::query().all(&mut db).await);
    assert_eq!(
        text(&error),
        "this session is read-only, and a `Author` was changed: use `engine.session()` to write, or `rollback` to forget it"
    );
    db[ann].name = "Ann".to_owned();
    Author::query()
        .all(&mut db)
        .await
        .expect("it is equal again");
    db.add(Note::create().body("x"));
    assert!(text(&refused(db.commit().await)).contains("a `Note` was added"));
    db.rollback().await.unwrap();
    db.delete(ann).unwrap();
    assert!(text(&refused(db.flush().await)).contains("was deleted"));
    db.rollback().await.unwrap();
    f.sent();
    let bulk = Author::query().update(Author::NAME.set("x"));
    let error = refused(bulk.exec(&mut db).await);
    assert!(
        text(&error).contains("bulk INSERT, UPDATE or DELETE of `authors`"),
        "{error}"
    );
    assert_eq!(f.count(), 0);
    // And what goes around the session is refused by the server.
    let raw = orm_core::engine::sql("delete from authors");
    assert!(text(&refused(raw.execute(&mut db).await)).contains("read-only transaction"));
}

#[tokio::test]
async fn advisory_locks_are_held_until_the_transaction_ends() {
    let f = Fixture::new::<Library>().await;
    let (mut db, mut other) = (f.session(), f.session());
    let keys: [LockKey; 4] = [7_i64.into(), (1, 7).into(), "seven".into(), 8.into()];
    for key in &keys {
        db.advisory_lock(key.clone()).await.unwrap();
        assert!(!other.try_advisory_lock(key.clone()).await.unwrap());
        assert!(!other.try_advisory_lock_shared(key.clone()).await.unwrap());
    }
    db.commit().await.unwrap();
    for key in keys {
        assert!(other.try_advisory_lock(key).await.unwrap());
    }
    other.rollback().await.unwrap();
    db.advisory_lock_shared("reports").await.unwrap();
    assert!(other.try_advisory_lock_shared("reports").await.unwrap());
    assert!(!other.try_advisory_lock("reports").await.unwrap());
    f.sent();
    db.rollback().await.unwrap();
    db.advisory_lock("x").await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "ROLLBACK",
            "BEGIN",
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
        ]
    );
}

#[tokio::test]
async fn a_lock_behind_a_savepoint_is_given_back_with_it() {
    let f = Fixture::new::<Library>().await;
    let (mut db, mut other) = (f.session(), f.session());
    let mut nested = db.begin_nested().await.unwrap();
    nested.advisory_lock(1).await.unwrap();
    assert!(!other.try_advisory_lock(1).await.unwrap());
    nested.rollback().await.unwrap();
    assert!(other.try_advisory_lock(1).await.unwrap());
}
