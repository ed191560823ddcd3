//! Values and sessions: `merge`, `detach` and `attach`; and reading rows by their keys with locks, columns and relationships.
#![allow(missing_docs)]

use orm_core::session::{Detached, Partial, State};
use orm_core::{Error, Result};
use tests::fixture::{Fixture, text};
use tests::models::Ticket;
use tests::refused;
use tests::relations::{Author, Bio, Book, BookDraft, BookTag, Chapter, Note, Tag};

type Library = (Author, Bio, Book, Chapter, Note, Tag, BookTag, Ticket);

fn author(id: i32, name: &str) -> Author {
    let name = name.to_owned();
    Author { id, name }
}

fn book(id: i32, title: &str) -> Book {
    Book {
        id,
        title: title.to_owned(),
        author_id: None,
        editor_id: None,
    }
}

fn chapter(id: i32, title: &str, book_id: i32) -> Chapter {
    Chapter {
        id,
        title: title.to_owned(),
        book_id,
    }
}

fn tag(id: i32) -> Tag {
    Tag {
        id,
        word: format!("t{id}"),
    }
}

/// Ann wrote `Emma` with two chapters and the tags 1 and 2.
async fn library() -> Fixture {
    let f = Fixture::new::<Library>().await;
    f.elsewhere(
        "insert into authors values (1, 'Ann'), (2, 'Bob');
         insert into books values (1, 'Emma', 1, null);
         insert into chapters values (1, 'one', 1), (2, 'two', 1);
         insert into notes values (1, 'n', 2);
         insert into tags values (1, 't1'), (2, 't2'), (3, 't3');
         insert into book_tags values (1, 1), (1, 2);
         insert into tickets values ('00000000-0000-0000-0000-000000000001', 's', 3);
         select setval(pg_get_serial_sequence('authors', 'id'), 50);
         select setval(pg_get_serial_sequence('books', 'id'), 50)",
    )
    .await;
    f
}

#[tokio::test]
async fn a_value_is_copied_onto_the_row_of_its_key_or_is_new() {
    let f = library().await;
    let mut db = f.session();
    let ann = db.merge(author(1, "Anna")).await.unwrap();
    assert_eq!(f.count(), 2, "BEGIN, SELECT");
    assert_eq!(db[ann].name, "Anna");
    assert_eq!(db.dirty::<Author>(), [ann]);
    // In the identity map: no SELECT, but autoflush.
    assert_eq!(db.merge(author(1, "Anne")).await.unwrap(), ann);
    assert_eq!(f.sent(), ["UPDATE authors SET name = $1 WHERE id = $2"]);
    let zoe = db.merge(author(9, "Zoe")).await.unwrap();
    assert_eq!(db.state(zoe), State::Pending);
    f.sent();
    // Equal: nothing to do.
    db.flush().await.unwrap();
    f.sent();
    db.merge(author(9, "Zoe")).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.sent(), ["COMMIT"]);
    assert_eq!(
        f.rows("select id, name from authors order by id").await,
        ["1|Anne", "2|Bob", "9|Zoe"]
    );
    // Stale after the commit: it is read again, and only what differs is sent, without a guard.
    f.elsewhere("update authors set name = 'Annette' where id = 1")
        .await;
    db.merge(author(1, "Anne")).await.unwrap();
    db.commit().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert_eq!(sent[2], "UPDATE authors SET name = $1 WHERE id = $2");
}

#[tokio::test]
async fn a_value_whose_row_others_have_deleted_is_new_and_the_old_entity_is_gone() {
    let f = library().await;
    let mut db = f.session();
    let bob = db
        .get::<Author>(2)
        .with(Author::BOOKS)
        .await
        .unwrap()
        .unwrap();
    db.commit().await.unwrap();
    f.elsewhere("delete from authors where id = 2").await;
    f.sent();
    let new = db.merge(author(2, "Bob II")).await.unwrap();
    assert_eq!(f.count(), 2, "BEGIN, and the SELECT that finds nothing");
    assert_ne!(new, bob);
    assert_eq!(db.state(new), State::Pending);
    // Until the INSERT proves that the row is gone, nobody knows: it may be hidden by a criterion.
    assert_eq!(db.state(bob), State::Persistent);
    let mut inner = db.begin_nested().await.unwrap();
    assert_eq!(inner.state(bob), State::Deleted);
    assert_eq!(inner.get::<Author>(2).await.unwrap(), Some(new));
    inner[new].name.push('!');
    inner.commit().await.unwrap();
    db.rollback().await.unwrap();
    // Memory is as it was: one entity of this key, which names a stale row.
    assert_eq!(
        (db.state(bob), db.state(new)),
        (State::Persistent, State::Detached)
    );
    assert_eq!(db[bob].name, "Bob");
    assert!(db.related(bob, Author::BOOKS).unwrap().is_empty());
    assert!(matches!(
        refused(db.refresh(bob).await),
        Error::NotFound { .. }
    ));
    // And again, to the end.
    let new = db.merge(author(2, "Bob II")).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        (db.state(bob), db.state(new)),
        (State::Detached, State::Persistent)
    );
    assert_eq!(db.get::<Author>(2).await.unwrap(), Some(new));
    assert_eq!(
        f.rows("select name from authors where id = 2").await,
        ["Bob II"]
    );
    db[new].name.push('!');
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name from authors where id = 2").await,
        ["Bob II!"]
    );
}

#[tokio::test]
async fn an_added_row_takes_the_place_of_one_that_is_gone_without_the_session_knowing() {
    let f = library().await;
    let mut db = f.session();
    let bob = db.get::<Author>(2).await.unwrap().unwrap();
    // In the same transaction, by a statement whose rows nobody looks at.
    orm_core::engine::sql("DELETE FROM authors WHERE id = 2")
        .execute(&mut db)
        .await
        .unwrap();
    let new = db.add(author(2, "Bob II"));
    db.flush().await.unwrap();
    assert_eq!(
        (db.state(bob), db.state(new)),
        (State::Deleted, State::Persistent)
    );
    db.commit().await.unwrap();
    db.delete(new).unwrap();
    db.commit().await.unwrap();
    assert_eq!(db.get::<Author>(2).await.unwrap(), None);
}

#[tokio::test]
async fn many_values_are_one_select_and_the_last_of_a_key_counts() {
    let f = library().await;
    let mut db = f.session();
    let values = [
        author(1, "a"),
        author(7, "b"),
        author(2, "c"),
        author(7, "d"),
    ];
    let merged = db.merge_all(values).await.unwrap();
    assert_eq!(f.count(), 2, "BEGIN, SELECT");
    assert_eq!(merged[1], merged[3]);
    db.commit().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 3, "UPDATE, INSERT, COMMIT: {sent:?}");
    assert_eq!(
        f.rows("select id, name from authors order by id").await,
        ["1|a", "2|c", "7|d"]
    );
}

#[tokio::test]
async fn a_partial_value_leaves_the_rest_alone_and_without_a_key_it_is_new() {
    let f = library().await;
    let mut db = f.session();
    let edited = BookDraft {
        id: Some(1),
        editor_id: Some(Some(2)),
        ..Default::default()
    };
    let emma = db.merge(Partial(edited)).await.unwrap();
    assert_eq!(db[emma].title, "Emma");
    let new = BookDraft {
        title: Some("Persuasion".to_owned()),
        ..Default::default()
    };
    f.sent();
    let new = db.merge(Partial(new)).await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE books SET editor_id = $1 WHERE id = $2"],
        "no SELECT"
    );
    assert_eq!(db.state(new), State::Pending);
    let bob = db.get::<Author>(2).await.unwrap().unwrap();
    assert_eq!(db.related(emma, Book::EDITOR).unwrap(), Some(bob));
}

#[tokio::test]
async fn a_value_of_another_version_is_stale_and_changes_nothing() {
    let f = library().await;
    let mut db = f.session();
    let ticket = Ticket::query().one(&mut db).await.unwrap();
    let (mut old, mut current) = (db[ticket].clone(), db[ticket].clone());
    old.version = 2;
    old.subject = "lost".to_owned();
    let error = refused(db.merge(old).await);
    assert!(matches!(
        error,
        Error::Stale {
            action: "merge",
            ..
        }
    ));
    assert_eq!(
        text(&error),
        "of 1 value(s) that were to be merged into `tickets`, 1 have another version than the row: it was changed since they \
         were read: Ticket#0; read the rows again and decide again"
    );
    assert_eq!(db[ticket].subject, "s");
    assert!(!db.is_modified(ticket));
    current.subject = "kept".to_owned();
    db.merge(current).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select subject, version from tickets").await,
        ["kept|4"]
    );
}

#[tokio::test]
async fn a_deep_value_makes_its_relationships_what_it_says() {
    let f = library().await;
    let mut db = f.session();
    let value = Detached::of(book(1, "Emma II"))
        .with(Book::AUTHOR, [author(2, "Bobby")])
        .with(
            Book::CHAPTERS,
            [chapter(2, "second", 1), chapter(5, "new", 1)],
        )
        .with(Book::TAGS, [tag(2), tag(3), tag(4)]);
    let emma = db.merge(value).await.unwrap();
    let sent = f.sent();
    let selects = sent.iter().filter(|sql| sql.starts_with("SELECT")).count();
    assert_eq!(selects, 6, "four tables, two collections: {sent:?}");
    assert_eq!(db.related(emma, Book::CHAPTERS).unwrap().len(), 2);
    assert_eq!(db.related(emma, Book::TAGS).unwrap().len(), 3);
    let error = refused(db.flush().await);
    assert!(
        text(&error).contains("Chapter::BOOK"),
        "chapter 1 must not be without a book: {error}"
    );
    db.rollback().await.unwrap();
    // Memory is what it was: nothing of the value is left.
    assert!(db.new_entities::<Chapter>().is_empty());
    assert!(db.dirty::<Author>().is_empty());
    let emma = db.get::<Book>(1).with(Book::TAGS).await.unwrap().unwrap();
    assert_eq!(db[emma].title, "Emma");
    assert_eq!(db.related(emma, Book::TAGS).unwrap().len(), 2);
    // With the first chapter it is possible. Notes of chapters are not named, and stay.
    let value = Detached::of(book(1, "Emma II"))
        .with(Book::AUTHOR, [author(2, "Bobby")])
        .with(
            Book::CHAPTERS,
            [chapter(1, "one", 1), chapter(2, "second", 1)],
        )
        .with(Book::TAGS, [tag(2), tag(3), tag(4)]);
    db.merge(value).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select title, author_id from books").await,
        ["Emma II|2"]
    );
    assert_eq!(
        f.rows("select title from chapters order by id").await,
        ["one", "second"]
    );
    assert_eq!(
        f.rows("select tag_id from book_tags order by 1").await,
        ["2", "3", "4"]
    );
    assert_eq!(f.rows("select count(*) from notes").await, ["1"]);
    assert_eq!(
        f.rows("select name from authors order by id").await,
        ["Ann", "Bobby"]
    );
}

#[tokio::test]
async fn orphans_of_a_merged_collection_are_deleted() {
    let f = library().await;
    let mut db = f.session();
    let value = Detached::of(chapter(2, "two", 1)).with(Chapter::NOTES, Vec::<Note>::new());
    db.merge(value).await.unwrap();
    db.commit().await.unwrap();
    assert!(f.rows("select id from notes").await.is_empty());
}

#[tokio::test]
async fn a_new_graph_by_values_is_inserted_in_order() {
    let f = library().await;
    let mut db = f.session();
    let value = Detached::of(author(20, "Cy"))
        .with(
            Author::BOOKS,
            [Detached::of(book(20, "B")).with(Book::CHAPTERS, [chapter(20, "c", 20)])],
        )
        .with(
            Author::BIO,
            Some(Bio {
                id: 20,
                text: "x".to_owned(),
                author_id: None,
            }),
        );
    db.merge(value).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows(
            "select name, books.title, chapters.id, text from authors join books on author_id = authors.id
             join chapters on book_id = books.id join bios on bios.author_id = authors.id"
        )
        .await,
        ["Cy|B|20|x"]
    );
}

#[tokio::test]
#[should_panic(expected = "`Book::AUTHOR` leads to one row at most, and was given 2")]
async fn a_to_one_takes_one_value() {
    let _ = Detached::of(book(1, "b")).with(Book::AUTHOR, [author(1, "a"), author(2, "b")]);
}

#[tokio::test]
async fn changes_made_before_and_after_detaching_are_flushed_where_it_is_attached() {
    let f = library().await;
    let (mut db, mut other) = (f.session(), f.session());
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    db[ann].name = "Anna".to_owned();
    let mut detached = db.detach(ann).unwrap();
    assert_eq!(db.state(ann), State::Detached);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name from authors where id = 1").await,
        ["Ann"]
    );
    detached.name.push('!');
    let detached = tokio::spawn(async move { detached }).await.unwrap();
    f.sent();
    let ann = other.attach(detached.clone()).unwrap();
    assert_eq!(f.count(), 0);
    assert_eq!(other[ann].name, "Anna!");
    assert_eq!(other.dirty::<Author>(), [ann]);
    other.commit().await.unwrap();
    assert_eq!(
        f.sent()[0],
        "UPDATE authors SET name = $1 WHERE id = $2 AND name IS NOT DISTINCT FROM $3"
    );
    assert_eq!(
        f.rows("select name from authors where id = 1").await,
        ["Anna!"]
    );
    // The same once more comes from an old row.
    let mut late = f.session();
    late.attach(detached).unwrap();
    assert!(matches!(refused(late.commit().await), Error::Stale { .. }));
}

#[tokio::test]
async fn an_attached_row_without_changes_sends_nothing_and_leaves_with_a_rollback() {
    let f = library().await;
    let mut db = f.session();
    let ann = db.attach(Detached::of(author(1, "from a cache"))).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.count(), 0);
    assert_eq!(db[ann].name, "from a cache");
    assert_eq!(db.get::<Author>(1).await.unwrap(), Some(ann));
    assert_eq!(db[ann].name, "Ann", "it was stale");
    let error = refused(db.attach(Detached::of(author(1, "twice"))));
    assert_eq!(
        text(&error),
        "this session has this `Author` already: `merge` copies onto it, `expunge` takes it out"
    );
    let bob = db.attach(Detached::of(author(2, "Bob"))).unwrap();
    db[bob].name = "x".to_owned();
    db.rollback().await.unwrap();
    assert_eq!(db.state(bob), State::Detached);
    assert_eq!(db.state(ann), State::Persistent);
}

#[tokio::test]
async fn a_graph_is_taken_out_and_put_in_with_its_relationships() {
    let f = library().await;
    let (mut db, mut other) = (f.session(), f.session());
    let emma = Book::query()
        .with(Book::CHAPTERS.then(Chapter::NOTES))
        .with(Book::AUTHOR)
        .one(&mut db)
        .await
        .unwrap();
    let chapters = db.related(emma, Book::CHAPTERS).unwrap();
    let ann = db.related(emma, Book::AUTHOR).unwrap().unwrap();
    let graph = db
        .detach_with(emma, Book::CHAPTERS.then(Chapter::NOTES))
        .unwrap();
    assert_eq!(db.state(chapters[1]), State::Detached);
    assert_eq!(db.state(ann), State::Persistent, "it was not on the path");
    assert_eq!(graph.related(Book::CHAPTERS).unwrap().len(), 2);
    assert!(graph.related(Book::TAGS).is_none());
    f.sent();
    let emma = other.attach(graph).unwrap();
    let chapters = other.related(emma, Book::CHAPTERS).unwrap();
    assert_eq!(other.related(chapters[1], Chapter::NOTES).unwrap().len(), 1);
    assert_eq!(other.related(chapters[0], Chapter::BOOK).unwrap(), emma);
    assert!(other.related(emma, Book::TAGS).is_err());
    assert_eq!(f.count(), 0);
    // A delete doesn't trust what came along.
    f.elsewhere("insert into chapters values (3, 'three', 1)")
        .await;
    f.elsewhere("delete from book_tags").await;
    other.delete(emma).unwrap();
    other.commit().await.unwrap();
    assert!(f.rows("select id from chapters").await.is_empty());
}

#[tokio::test]
async fn a_detached_graph_can_be_merged_onto_what_is_there() {
    let f = library().await;
    let (mut db, mut other) = (f.session(), f.session());
    let emma = db
        .get::<Book>(1)
        .with(Book::CHAPTERS)
        .await
        .unwrap()
        .unwrap();
    let mut graph = db.detach_with(emma, Book::CHAPTERS).unwrap();
    graph.title = "Emma III".to_owned();
    let known = other.get::<Book>(1).await.unwrap().unwrap();
    assert!(other.attach(graph.clone()).is_err());
    assert_eq!(other.merge(graph).await.unwrap(), known);
    other.commit().await.unwrap();
    assert_eq!(f.rows("select title from books").await, ["Emma III"]);
    assert_eq!(f.rows("select count(*) from chapters").await, ["2"]);
}

/// The author of a book of hers is she herself, as she was before she was changed.
#[tokio::test]
async fn of_a_graph_that_leads_back_to_itself_the_outer_value_counts() {
    let f = library().await;
    let (mut db, mut other) = (f.session(), f.session());
    let query = Author::query().with(Author::BOOKS.then(Book::AUTHOR));
    let ann = query.first(&mut db).await.unwrap().unwrap();
    let all = Author::BOOKS.then(Book::AUTHOR);
    let mut graph = db.detach_with(ann, all).unwrap();
    graph.name.push('!');
    let name = graph.name.clone();
    let merged = other.merge(graph.clone()).await.unwrap();
    assert_eq!(other[merged].name, name);
    other.rollback().await.unwrap();
    other.close().await.unwrap();
    let attached = other.attach(graph).unwrap();
    assert_eq!(other[attached].name, name);
    other.commit().await.unwrap();
    let there = format!("select name from authors where id = {}", other[attached].id);
    assert_eq!(f.rows(&there).await, [name]);
}

#[tokio::test]
async fn what_cannot_be_detached_stays_where_it_is() -> Result<()> {
    let f = library().await;
    let mut db = f.session();
    let new = db.add(Author::create().name("new"));
    assert!(matches!(refused(db.detach(new)), Error::Pending { .. }));
    let mut quiet = db.no_autoflush();
    let emma = quiet.get::<Book>(1).await?.unwrap();
    quiet.set(emma, Book::AUTHOR, new);
    assert!(matches!(
        refused(quiet.detach(emma)),
        Error::Pending { model: "Author" }
    ));
    let error = refused(quiet.detach_with(emma, Book::CHAPTERS));
    assert!(matches!(error, Error::Pending { .. }), "{error}");
    drop(quiet);
    db.flush().await?;
    let error = refused(db.detach_with(emma, Book::CHAPTERS));
    assert!(matches!(error, Error::NotLoaded { .. }), "{error}");
    assert_eq!(db.state(emma), State::Persistent);
    db.load(emma, Book::CHAPTERS).await?;
    let chapter = db.related(emma, Book::CHAPTERS)?[0];
    db.delete(chapter)?;
    assert!(db.detach(chapter).is_err());
    assert_eq!(db.deleted::<Chapter>(), [chapter]);
    Ok(())
}

#[tokio::test]
async fn get_with_a_lock_reads_the_row_as_it_is_now() {
    let f = library().await;
    let (mut db, mut other) = (f.session(), f.session());
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    f.elsewhere("update authors set name = 'Anna' where id = 1")
        .await;
    f.sent();
    let again = db
        .get::<Author>(1)
        .for_update()
        .with(Author::BOOKS)
        .await
        .unwrap();
    assert_eq!(again, Some(ann));
    assert_eq!(db[ann].name, "Anna");
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 1);
    let sent = f.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].ends_with("WHERE authors.id = $1 FOR UPDATE OF authors"));
    assert!(
        other
            .get::<Author>(1)
            .skip_locked()
            .await
            .unwrap()
            .is_none()
    );
    assert!(other.get::<Author>(1).for_share().nowait().await.is_err());
    other.rollback().await.unwrap();
    let here = other.get::<Author>(1).await.unwrap().unwrap();
    let missing = refused(other.refresh(here).skip_locked().await);
    assert!(text(&missing).contains("locked by them"), "{missing}");
}

#[tokio::test]
async fn get_with_populate_existing_reads_a_known_row_again() {
    let f = library().await;
    let mut db = f.session();
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    f.elsewhere("update authors set name = 'Anna' where id = 1")
        .await;
    db.get::<Author>(1).await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    db.get::<Author>(1).populate_existing().await.unwrap();
    assert_eq!(db[ann].name, "Anna");
}

#[tokio::test]
async fn refresh_of_some_columns_leaves_the_others_and_the_relationships() {
    let f = library().await;
    let mut db = f.session();
    let emma = db
        .get::<Book>(1)
        .with(Book::CHAPTERS)
        .await
        .unwrap()
        .unwrap();
    f.elsewhere("update books set title = 'new', author_id = 2, editor_id = 2")
        .await;
    db[emma].title = "mine".to_owned();
    db[emma].editor_id = Some(1);
    f.sent();
    let mut quiet = db.no_autoflush();
    quiet
        .refresh(emma)
        .columns((Book::TITLE, Book::AUTHOR_ID))
        .await
        .unwrap();
    drop(quiet);
    assert_eq!(
        f.sent(),
        ["SELECT books.id, books.title, books.author_id FROM books WHERE books.id = $1"]
    );
    assert_eq!(db[emma].title, "new");
    assert_eq!(db[emma].author_id, Some(2));
    assert_eq!(db[emma].editor_id, Some(1), "its change stays");
    assert_eq!(db.related(emma, Book::CHAPTERS).unwrap().len(), 2);
    let bob = db.no_autoflush().get::<Author>(2).await.unwrap().unwrap();
    assert_eq!(db.related(emma, Book::AUTHOR).unwrap(), Some(bob));
    f.sent();
    db.flush().await.unwrap();
    assert_eq!(f.sent(), ["UPDATE books SET editor_id = $1 WHERE id = $2"]);
    db.rollback().await.unwrap();
    assert_eq!(db[emma].title, "Emma");
}

#[tokio::test]
async fn refresh_of_many_is_one_select_and_names_what_is_missing() {
    let f = library().await;
    let mut db = f.session();
    let authors = Author::query()
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    f.elsewhere("update authors set name = name || '!'").await;
    f.sent();
    db.refresh(&authors).with(Author::BOOKS).await.unwrap();
    assert_eq!(f.count(), 2);
    assert_eq!(db[authors[1]].name, "Bob!");
    assert_eq!(db.related(authors[0], Author::BOOKS).unwrap().len(), 1);
    f.elsewhere("delete from authors where id = 2").await;
    let error = refused(db.refresh(&authors).await);
    assert!(
        matches!(&error, Error::NotFound { what } if what.starts_with("1 of 2 row(s) of `Author`")),
        "{error}"
    );
}
