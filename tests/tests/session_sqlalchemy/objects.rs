//! Points 29 to 32: expire, refresh, merge, what cannot be deleted or added.

use orm_core::Error;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

use super::committed_author;

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
