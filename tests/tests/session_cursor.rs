//! `cursor`: tracked entities in chunks. What a chunk sends, what the session does between two of them, and what a cursor
//! outlives.

use orm_core::Error;
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::{Cursor, SessionOptions, State};
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);
type Chunk = Vec<Handle<Author>>;

/// Authors `a1`, `a2` .., each with two books.
async fn with_authors(rows: u32) -> Fixture {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere(&format!(
        "INSERT INTO authors (name) SELECT 'a' || n FROM generate_series(1, {rows}) AS n ORDER BY n; \
         INSERT INTO books (title, pages, author_id) SELECT 'b' || n, n, 1 + n / 2 \
         FROM generate_series(0, 2 * {rows} - 1) AS n ORDER BY n"
    ))
    .await;
    on
}

fn by_id() -> EntityQuery<Author> {
    Author::query().order_by(Author::ID)
}

fn ids(db: &Session, chunk: Option<Chunk>) -> Vec<i32> {
    let chunk = chunk.unwrap_or_default();
    chunk.iter().map(|author| db[*author].id).collect()
}

/// The next ids.
async fn next(cursor: &mut Cursor<orm_core::expr::Whole<Author>>, db: &mut Session) -> Vec<i32> {
    let chunk = cursor.next(db).await.unwrap();
    ids(db, chunk)
}

/// The cursors of a session's transaction, as the server knows them.
async fn open(db: &mut Session) -> Vec<String> {
    let open = sql("SELECT name FROM pg_cursors WHERE name LIKE 'orm%' ORDER BY name");
    let open: Vec<(String,)> = open.all(db).await.unwrap();
    open.into_iter().map(|(name,)| name).collect()
}

fn entities(db: &Session) -> usize {
    db.debug_view().to_string().matches("\n  #").count()
}

#[tokio::test]
async fn a_chunk_is_a_fetch_and_one_statement_a_level() {
    let on = with_authors(5).await;
    let mut db = on.session();
    let mut cursor = by_id().with(Author::BOOKS.then(Book::AUTHOR)).cursor(2);
    assert_eq!(on.count(), 0);
    let mut seen = Vec::new();
    while let Some(chunk) = cursor.next(&mut db).await.unwrap() {
        for author in &chunk {
            assert_eq!(db.related(*author, Author::BOOKS).unwrap().len(), 2);
        }
        seen.push(ids(&db, Some(chunk)));
    }
    assert_eq!(seen, [vec![1, 2], vec![3, 4], vec![5]]);
    let books = "SELECT books.id, books.title, books.pages, books.binding, books.sides, books.author_id FROM books \
                 WHERE books.author_id = ANY($1)";
    let fetch = "FETCH FORWARD 2 FROM orm_cursor_1";
    let sent = on.sent();
    assert_eq!(
        sent[..2],
        [
            "BEGIN",
            "DECLARE orm_cursor_1 NO SCROLL CURSOR FOR \
             SELECT authors.id, authors.name, authors.email FROM authors ORDER BY authors.id"
        ]
    );
    let short: Vec<_> = sent[2..]
        .iter()
        .map(|sql| {
            if sql.contains("FROM books") {
                books
            } else {
                sql
            }
        })
        .collect();
    assert_eq!(short, [fetch, books, fetch, books, fetch, books]);
    assert!(cursor.next(&mut db).await.unwrap().is_none());
    assert_eq!(on.count(), 0);
    assert!(open(&mut db).await.is_empty());
    assert_eq!(on.sent()[0], "CLOSE orm_cursor_1");
}

#[tokio::test]
async fn twenty_thousand_rows_are_changed_and_never_more_than_a_chunk_is_in_memory() {
    let on = with_authors(20_000).await;
    let mut db = on.session();
    let mut cursor = by_id().with(Author::BOOKS).cursor(1000);
    let mut most = 0;
    let mut chunks = 0;
    while let Some(chunk) = cursor.next(&mut db).await.unwrap() {
        assert_eq!(chunk.len(), 1000);
        for author in &chunk {
            db[*author].email = Some(format!("{}@x", db[*author].id));
        }
        db.flush().await.unwrap();
        most = most.max(entities(&db));
        for author in chunk {
            for book in db.related(author, Author::BOOKS).unwrap().to_vec() {
                db.expunge(book).unwrap();
            }
            db.expunge(author).unwrap();
        }
        chunks += 1;
    }
    assert_eq!((most, chunks), (3000, 20));
    db.commit().await.unwrap();
    let sent = on.sent();
    let of = |start: &str| sent.iter().filter(|sql| sql.starts_with(start)).count();
    // The last chunk was full, so one more FETCH was needed to know that it was the last.
    assert_eq!(
        [of("DECLARE"), of("FETCH"), of("UPDATE"), of("SELECT")],
        [1, 21, 20, 20]
    );
    assert_eq!(
        on.rows("SELECT count(*) FROM authors WHERE email = id || '@x'")
            .await,
        ["20000"]
    );
}

#[tokio::test]
async fn no_rows_and_full_chunks() {
    let on = with_authors(4).await;
    let mut db = on.session();
    let mut none = by_id().filter(Author::ID.gt(9)).cursor(2);
    assert!(none.next(&mut db).await.unwrap().is_none());
    assert!(none.next(&mut db).await.unwrap().is_none());
    assert_eq!(on.count(), 3);
    let mut full = by_id().cursor(2);
    assert_eq!(next(&mut full, &mut db).await, [1, 2]);
    assert_eq!(next(&mut full, &mut db).await, [3, 4]);
    assert!(full.next(&mut db).await.unwrap().is_none());
    let mut one = by_id().cursor(0);
    assert_eq!(next(&mut one, &mut db).await, [1]);
    // Plain rows and values come in chunks, too.
    let mut names = by_id()
        .select((Author::NAME, Author::ALL))
        .plain()
        .cursor(3);
    let chunk: Vec<(String, Author)> = names.next(&mut db).await.unwrap().unwrap();
    assert_eq!(chunk[2].0, "a3");
}

#[tokio::test]
async fn commit_and_rollback_end_a_cursor() {
    let on = with_authors(6).await;
    let mut db = on.session();
    for commits in [true, false] {
        let mut cursor = by_id().cursor(2);
        assert_eq!(next(&mut cursor, &mut db).await, [1, 2]);
        if commits {
            db.commit().await.unwrap();
        } else {
            db.rollback().await.unwrap();
        }
        on.sent();
        for _ in 0..2 {
            assert_eq!(
                text(&refused(cursor.next(&mut db).await)),
                "the cursor of `authors` ended with the transaction in which it was opened: a cursor does not outlive \
                 `commit` or `rollback`; to commit in between, read pages with `.page(..)`"
            );
        }
        assert_eq!(on.count(), 0);
        // The session is fine, and a new cursor of the same name goes its own way.
        let mut again = by_id().cursor(5);
        assert_eq!(next(&mut again, &mut db).await, [1, 2, 3, 4, 5]);
        drop(cursor);
        assert_eq!(next(&mut again, &mut db).await, [6]);
        db.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_cursor_outlives_savepoints_that_began_later() {
    let on = with_authors(8).await;
    let mut db = on.session();
    let mut cursor = by_id().cursor(2);
    assert_eq!(next(&mut cursor, &mut db).await, [1, 2]);
    let mut nested = db.begin_nested().await.unwrap();
    let chunk = cursor.next(&mut nested).await.unwrap().unwrap();
    nested[chunk[0]].name = "changed".to_owned();
    nested.rollback().await.unwrap();
    // Rows that were read stay read; what was changed is taken back.
    assert_eq!(db[chunk[0]].name, "a3");
    assert_eq!(next(&mut cursor, &mut db).await, [5, 6]);
    let mut nested = db.begin_nested().await.unwrap();
    assert_eq!(next(&mut cursor, &mut nested).await, [7, 8]);
    nested.commit().await.unwrap();
    assert!(cursor.next(&mut db).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cursor_ends_with_the_savepoint_in_which_it_was_opened() {
    let on = with_authors(6).await;
    let mut db = on.session();
    let gone = "the cursor of `authors` ended with the savepoint in which it was opened, which was rolled back: open it before \
                the savepoint";
    let mut nested = db.begin_nested().await.unwrap();
    let mut cursor = by_id().cursor(2);
    assert_eq!(next(&mut cursor, &mut nested).await, [1, 2]);
    drop(nested);
    assert_eq!(text(&refused(cursor.next(&mut db).await)), gone);
    assert!(open(&mut db).await.is_empty());
    // Released, it belongs to what is around the savepoint.
    let mut outer = db.begin_nested().await.unwrap();
    let mut cursor = by_id().cursor(2);
    let mut inner = outer.begin_nested().await.unwrap();
    assert_eq!(next(&mut cursor, &mut inner).await, [1, 2]);
    inner.commit().await.unwrap();
    let beside = outer.begin_nested().await.unwrap();
    beside.rollback().await.unwrap();
    assert_eq!(next(&mut cursor, &mut outer).await, [3, 4]);
    outer.rollback().await.unwrap();
    assert_eq!(text(&refused(cursor.next(&mut db).await)), gone);
    assert_eq!(by_id().count(&mut db).await.unwrap(), 6);
}

#[tokio::test]
async fn an_error_behind_a_savepoint_leaves_the_cursor_where_it_was() {
    let on = with_authors(6).await;
    let mut db = on.session();
    let mut cursor = by_id().cursor(2);
    assert_eq!(next(&mut cursor, &mut db).await, [1, 2]);
    let mut nested = db.begin_nested().await.unwrap();
    nested.add(Author::create().name("a1"));
    let error = refused(cursor.next(&mut nested).await);
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    let error = refused(cursor.next(&mut nested).await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    nested.rollback().await.unwrap();
    assert_eq!(next(&mut cursor, &mut db).await, [3, 4]);
}

#[tokio::test]
async fn a_chunk_that_fails_ends_the_cursor_and_names_the_statement() {
    let on = with_authors(6).await;
    let mut db = on.session();
    let mut cursor = by_id()
        .filter(Author::NAME.ne("secret-value"))
        .select(value(1) / (Author::ID - 5))
        .cursor(3);
    let mut nested = db.begin_nested().await.unwrap();
    assert_eq!(cursor.next(&mut nested).await.unwrap().unwrap().len(), 3);
    let error = refused(cursor.next(&mut nested).await);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    assert!(
        what.sql
            .starts_with("DECLARE orm_cursor_1 NO SCROLL CURSOR FOR SELECT")
    );
    assert!(!format!("{error} {error:?}").contains("secret-value"));
    nested.rollback().await.unwrap();
    assert_eq!(
        text(&refused(cursor.next(&mut db).await)),
        "the cursor of `authors` has failed, or the future of a chunk was dropped, and which row would be next is not known: \
         begin again with a new one"
    );
    assert_eq!(by_id().count(&mut db).await.unwrap(), 6);
}

#[tokio::test]
async fn a_dropped_cursor_is_closed_with_the_next_statement() {
    let on = with_authors(6).await;
    let mut db = on.session();
    let mut outer = by_id().cursor(2);
    next(&mut outer, &mut db).await;
    let mut inner = by_id().cursor(3);
    next(&mut inner, &mut db).await;
    assert_eq!(open(&mut db).await, ["orm_cursor_1", "orm_cursor_2"]);
    drop(outer);
    on.sent();
    assert_eq!(open(&mut db).await, ["orm_cursor_2"]);
    assert_eq!(on.sent()[0], "CLOSE orm_cursor_1");
    // Its number is free again, and the other one is not disturbed.
    let mut third = by_id().cursor(4);
    assert_eq!(next(&mut third, &mut db).await, [1, 2, 3, 4]);
    assert_eq!(next(&mut inner, &mut db).await, [4, 5, 6]);
    assert_eq!(open(&mut db).await, ["orm_cursor_1", "orm_cursor_2"]);
    drop((inner, third));
    on.sent();
    db.commit().await.unwrap();
    assert_eq!(
        on.sent(),
        ["CLOSE orm_cursor_2", "CLOSE orm_cursor_1", "COMMIT"]
    );
    assert_eq!(on.engine.pool_status().idle, 1);
    // Dropped behind its transaction there is nothing to close.
    let mut late = by_id().cursor(2);
    next(&mut late, &mut db).await;
    db.commit().await.unwrap();
    on.sent();
    drop(late);
    by_id().count(&mut db).await.unwrap();
    assert_eq!(on.count(), 2);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_session() {
    let on = with_authors(4).await;
    let (mut db, mut other) = (on.session(), on.session());
    let mut cursor = by_id().cursor(2);
    next(&mut cursor, &mut db).await;
    on.sent();
    assert_eq!(
        text(&refused(cursor.next(&mut other).await)),
        "the cursor of `authors` belongs to another session: go on with the one on which it was opened"
    );
    assert_eq!(on.count(), 0);
    assert_eq!(next(&mut cursor, &mut db).await, [3, 4]);
}

#[tokio::test]
async fn futures_of_chunks_may_be_dropped_at_every_point() {
    let on = with_authors(9).await;
    let mut fetched = 0;
    for polls in 0..30 {
        let mut db = on.session();
        let mut cursor = by_id().with(Author::BOOKS).cursor(2);
        let first = poll_times(polls, cursor.next(&mut db)).await;
        if let Some(first) = first {
            fetched += 1;
            assert_eq!(ids(&db, first.unwrap()), [1, 2]);
            assert_eq!(next(&mut cursor, &mut db).await, [3, 4]);
            continue;
        }
        if polls > 0 && db.in_transaction() {
            let error = refused(by_id().count(&mut db).await);
            assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
        }
        db.rollback().await.unwrap();
        if polls > 0 {
            let error = text(&refused(cursor.next(&mut db).await));
            assert!(
                error.starts_with("the cursor of `authors` has failed"),
                "{error}"
            );
        }
        assert_eq!(by_id().count(&mut db).await.unwrap(), 9);
    }
    assert!(fetched > 5, "{fetched}");
}

#[tokio::test]
async fn joined_collections_get_statements_of_their_own() {
    let on = with_authors(4).await;
    let mut db = on.session();
    let mut cursor = by_id().with(Author::BOOKS.joined()).cursor(3);
    let chunk = cursor.next(&mut db).await.unwrap().unwrap();
    assert_eq!(chunk.len(), 3);
    for author in chunk {
        assert_eq!(db.related(author, Author::BOOKS).unwrap().len(), 2);
    }
    assert_eq!(on.count(), 4);
    // A to-one is joined as ever.
    let mut cursor = Book::query()
        .order_by(Book::ID)
        .with(Book::AUTHOR)
        .cursor(3);
    let chunk = cursor.next(&mut db).await.unwrap().unwrap();
    assert!(db.related(chunk[2], Book::AUTHOR).unwrap().is_some());
    let sent = on.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[0].contains("LEFT JOIN authors"), "{sent:?}");
    let joined = by_id().join(Author::BOOKS).with_joined(Author::BOOKS);
    assert_eq!(
        text(&refused(joined.cursor(2).next(&mut db).await)),
        "`.with_joined(Author::BOOKS)` has its collections in the query's own rows, and a cursor may find those of one entity \
         in two chunks: use `.with(..)`"
    );
}

#[tokio::test]
async fn the_rows_are_those_of_the_moment_in_which_it_was_opened() {
    let on = with_authors(4).await;
    let mut db = on.session();
    let mut cursor = by_id().cursor(2);
    let first = cursor.next(&mut db).await.unwrap().unwrap();
    // A new row, one that is deleted, and one that somebody else deletes.
    db.add(Author::create().name("new"));
    db.delete(first[0]).unwrap();
    let three = db.get::<Author>(3).await.unwrap().unwrap();
    db[three].name = "changed".to_owned();
    on.elsewhere("DELETE FROM books WHERE author_id = 4; DELETE FROM authors WHERE id = 4")
        .await;
    let second = cursor.next(&mut db).await.unwrap().unwrap();
    assert_eq!(second[0], three);
    assert_eq!(db[three].name, "changed");
    assert_eq!(ids(&db, Some(second)), [3, 4]);
    assert!(cursor.next(&mut db).await.unwrap().is_none());
    assert_eq!(db.state(first[0]), State::Deleted);
}

#[tokio::test]
async fn locks_and_criteria_hold_in_chunks() {
    let on = with_authors(6).await;
    let options = SessionOptions::new().criteria::<Author>(Author::ID.ne(2).for_model());
    let mut db = on.session_with(options);
    let known = db.get::<Author>(3).await.unwrap().unwrap();
    on.elsewhere("UPDATE authors SET name = 'elsewhere' WHERE id = 3")
        .await;
    let mut cursor = by_id().for_update().cursor(2);
    assert_eq!(next(&mut cursor, &mut db).await, [1, 3]);
    // The row that is locked is the row as it is.
    assert_eq!(db[known].name, "elsewhere");
    assert_eq!(
        on.rows("SELECT id FROM authors ORDER BY id FOR UPDATE SKIP LOCKED")
            .await,
        ["2", "4", "5", "6"]
    );
}

/// What a session may do between two chunks, with criteria and without.
async fn ask_otherwise(db: &mut Session, number: usize, unfiltered: bool) {
    let query = |unfiltered| match unfiltered {
        true => Author::query().without_criteria(),
        false => Author::query(),
    };
    match (number, unfiltered) {
        (0, true) => drop(db.get::<Book>(99).without_criteria().await.unwrap()),
        (0, false) => drop(db.get::<Book>(99).await.unwrap()),
        (1, _) => drop(query(unfiltered).count(db).await.unwrap()),
        (2, _) => drop(query(unfiltered).plain().all(db).await.unwrap()),
        // It waits for the server when it is dropped, and so does the rollback.
        (3, _) => {
            let mut inner = db.begin_nested().await.unwrap();
            poll_times(1, query(unfiltered).with(Author::BOOKS).all(&mut inner)).await;
        }
        (4, true) => {
            let mut inner = db.begin_nested().await.unwrap();
            let all = Book::query().without_criteria().delete();
            all.exec(&mut inner).await.unwrap();
        }
        _ => {
            // A delete finds hidden children, too.
            let mut inner = db.begin_nested().await.unwrap();
            let one = inner.get::<Author>(1).await.unwrap().unwrap();
            inner.delete(one).unwrap();
            inner.flush().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_cursor_has_its_own_criteria_whatever_is_asked_between_two_chunks() {
    let on = with_authors(3).await;
    let options = SessionOptions::new().criteria::<Book>(Book::TITLE.ne("hidden").for_model());
    on.elsewhere("UPDATE books SET title = 'hidden' WHERE id % 2 = 0")
        .await;
    for unfiltered in [false, true] {
        for between in 0..6 {
            let mut db = on.session_with(options.clone());
            let query = by_id().with(Author::BOOKS);
            let mut cursor = match unfiltered {
                true => query.without_criteria().cursor(1),
                false => query.cursor(1),
            };
            let mut sizes = Vec::new();
            while let Some(chunk) = cursor.next(&mut db).await.unwrap() {
                sizes.push(db.related(chunk[0], Author::BOOKS).unwrap().len());
                ask_otherwise(&mut db, between, !unfiltered).await;
            }
            let all = if unfiltered { 2 } else { 1 };
            assert_eq!(sizes, [all; 3], "{between}");
        }
    }
}
