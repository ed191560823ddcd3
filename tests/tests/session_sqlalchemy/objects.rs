//! Points 29 to 32: expire, refresh, merge, what cannot be deleted or added.

use orm_core::Error;
use orm_core::session::{Detached, Partial, State};
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

use super::{committed_author, tables};

#[tokio::test]
async fn sqlalchemy_29_expire_gives_up_changes_and_the_next_load_reads_the_row() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.load(ann, Author::BOOKS).await.unwrap();
    db[ann].name = "mine".to_owned();
    f.elsewhere("update authors set email = 'e'").await;
    f.sent();
    db.expire(ann).unwrap();
    // Reading does no I/O: the row is what it was when it was loaded, until somebody loads it.
    assert_eq!(
        (db[ann].name.as_str(), db[ann].email.as_deref()),
        ("Ann", None)
    );
    assert!(db.related(ann, Author::BOOKS).is_err());
    assert_eq!(f.count(), 0);
    db.get::<Author>(1).await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("e"));
    // What is not persistent cannot be expired.
    let pending = db.add(Author::create().name("x"));
    assert!(matches!(refused(db.expire(pending)), Error::Pending { .. }));
    db.expunge(ann).unwrap();
    assert!(matches!(refused(db.expire(ann)), Error::Detached { .. }));
}

#[tokio::test]
async fn sqlalchemy_30_refresh_reads_at_once_and_a_row_that_is_gone_is_an_error() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.add(Author::create().name("pending"));
    f.elsewhere("update authors set email = 'e'").await;
    db.refresh(ann).await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("e"));
    let sent = f.sent();
    assert!(
        sent[1].starts_with("INSERT"),
        "autoflush comes first: {sent:#?}"
    );
    assert!(sent[2].starts_with("SELECT"));
    db.rollback().await.unwrap();
    f.elsewhere("delete from authors").await;
    let error = refused(db.refresh(ann).await);
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn sqlalchemy_31_merge_finds_in_memory_then_in_the_database_and_else_adds() {
    let f = Fixture::new::<(Author, Ticket)>().await;
    let (mut db, ann) = committed_author(&f).await;
    f.elsewhere("insert into authors (name) values ('Bob')")
        .await;
    let author = |id, name: &str| Author {
        id,
        name: name.to_owned(),
        email: None,
    };
    db.refresh(ann).await.unwrap();
    f.sent();
    assert_eq!(db.merge(author(1, "Anna")).await.unwrap(), ann);
    assert_eq!(f.count(), 0, "it is in the identity map");
    let bob = db.no_autoflush().merge(author(2, "Bobby")).await.unwrap();
    assert_eq!(tables(&f.sent()), ["SELECT authors.id,"]);
    let new = db.no_autoflush().merge(author(9, "Cy")).await.unwrap();
    assert_eq!(tables(&f.sent()), ["SELECT authors.id,"]);
    assert_eq!(
        (db.state(bob), db.state(new)),
        (State::Persistent, State::Pending)
    );
    // Without a key there is nothing to look for; what the source lacks stays as it is.
    let keyless = AuthorDraft {
        name: Some("Dee".to_owned()),
        ..AuthorDraft::default()
    };
    let keyless = db.no_autoflush().merge(Partial(keyless)).await.unwrap();
    assert_eq!((f.count(), db.state(keyless)), (0, State::Pending));
    let patch = AuthorDraft {
        id: Some(1),
        email: Some(Some("a@x".to_owned())),
        ..AuthorDraft::default()
    };
    db.no_autoflush().merge(Partial(patch)).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by name")
            .await,
        ["Anna|a@x", "Bobby|NULL", "Cy|NULL", "Dee|NULL"]
    );
    // A value of another version was read before somebody's change.
    let ticket = db.insert(Ticket::create().subject("s")).await.unwrap();
    let mut old = db[ticket].clone();
    old.version -= 1;
    assert!(matches!(refused(db.merge(old).await), Error::Stale { .. }));
    // SQLAlchemy's `load=False`: a clean copy, without asking the database.
    let mut other = f.session();
    f.sent();
    let cached = other.attach(Detached::of(author(1, "Anna"))).unwrap();
    assert!(!other.is_modified(cached));
    other.commit().await.unwrap();
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn sqlalchemy_31_merge_loads_collections_to_compare_and_leaves_its_source_alone() {
    use tests::relations::{Book, Chapter, Library};
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO books (id, title) VALUES (1, 'One');
             INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1);
             INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1), (2, 'b', 1);",
        )
        .await;
    use tests::relations::Note;
    let mut db = library.session();
    let chapter = Chapter {
        id: 1,
        title: "1.1".to_owned(),
        book_id: 1,
    };
    let kept = Note {
        id: 2,
        text: "b!".to_owned(),
        chapter_id: 1,
    };
    let source = Detached::of(chapter).with(Chapter::NOTES, [kept]);
    library.sent();
    let chapter = db.merge(source.clone()).await.unwrap();
    assert_eq!(
        library.sent().len(),
        3,
        "a SELECT a table, and one for the collection"
    );
    assert_eq!(db.related(chapter, Chapter::NOTES).unwrap().len(), 1);
    // What it doesn't name is not loaded.
    assert!(db.no_autoflush().get::<Book>(1).await.unwrap().is_some());
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT id, text FROM notes").await, "2|b!");
    assert_eq!(source.related(Chapter::NOTES).unwrap()[0].text, "b!");
}

#[tokio::test]
async fn sqlalchemy_32_what_is_no_entity_of_the_session_cannot_be_deleted() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    let mut other = f.session();
    let error = refused(other.delete(ann));
    assert!(text(&error).contains("it is of another session"), "{error}");
    // A handle cannot be added to another session at all, and a second entity with the same key is refused by the database:
    // a pending row takes no place in the identity map.
    let twin = db.add(Author {
        id: 1,
        name: "twin".to_owned(),
        email: None,
    });
    assert!(refused(db.flush().await).is_unique_violation());
    db.rollback().await.unwrap();
    assert_eq!(db.state(twin), State::Detached);
    assert_eq!(db.get::<Author>(1).await.unwrap(), Some(ann));
}

#[tokio::test]
async fn sqlalchemy_32_what_a_delete_takes_along_is_decided_at_the_flush() {
    use tests::relations::{Book, Chapter, Library};
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO books (id, title) VALUES (1, 'One'), (2, 'Two');
             INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1);",
        )
        .await;
    let mut db = library.session();
    let [one, two] = [1, 2].map(|id| id);
    let one = db.get::<Book>(one).await.unwrap().unwrap();
    let two = db.get::<Book>(two).await.unwrap().unwrap();
    let saved = db.get::<Chapter>(1).await.unwrap().unwrap();
    db.delete(one).unwrap();
    // SQLAlchemy has marked the chapter already, and deletes it. Here it is the other book's by now, and stays.
    db.set(saved, Chapter::BOOK, two);
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT id, book_id FROM chapters").await,
        "1|2"
    );
    assert_eq!(db[saved].book_id, 2);
}
