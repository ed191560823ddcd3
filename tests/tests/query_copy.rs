//! `copy_in`: any number of rows by COPY, on a connection and on a session; what is left when it fails or is dropped.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use orm_core::Error;
use orm_core::prelude::*;
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book, Sample);

const COPY: &str = "COPY authors (name, email) FROM STDIN (FORMAT binary)";

fn author(n: usize) -> impl orm_core::model::Insertable<Model = Author> {
    Author::create().name(format!("a{n}"))
}

#[tokio::test]
async fn many_rows_arrive_and_are_asked_for_as_the_connection_takes_them() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    const ROWS: usize = 200_000;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let rows = (0..ROWS).map(move |n| {
        counter.fetch_add(1, Relaxed);
        Author::create().name(format!("{n:0>50}"))
    });
    let mut copy = Author::copy_in(rows, &mut conn);
    let most = Rc::new(Cell::new(0));
    let n = std::future::poll_fn(|context| {
        let before = asked.load(Relaxed);
        let poll = Pin::new(&mut copy).poll(context);
        most.set(most.get().max(asked.load(Relaxed) - before));
        poll
    })
    .await
    .unwrap();
    drop(copy);
    assert_eq!(n, ROWS as u64);
    // A row is 60 bytes and a chunk 64 KiB; some chunks may wait at a time.
    assert!(most.get() < 10_000, "{} rows at once", most.get());
    assert_eq!(on.sent(), [COPY]);
    assert_eq!(
        on.rows("SELECT count(*), count(DISTINCT name), max(name), count(email) FROM authors")
            .await,
        [format!("{ROWS}|{ROWS}|{:0>50}|0", ROWS - 1)]
    );
}

#[tokio::test]
async fn every_kind_of_column_arrives() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let (full, empty) = (Sample::full(7), Sample::empty(8));
    let rows = [full.clone(), empty.clone()];
    assert_eq!(Sample::copy_in(rows, &mut conn).await.unwrap(), 2);
    let back = Sample::query().order_by(Sample::ID).all(&mut conn).await;
    assert_eq!(back.unwrap(), [full, empty]);
}

#[tokio::test]
async fn what_the_server_fills_in_is_left_to_it() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let rows = ["a", "b"].map(|title| Book::create().title(title));
    assert_eq!(Book::copy_in(rows, &mut conn).await.unwrap(), 2);
    assert_eq!(
        on.sent(),
        ["COPY books (title, pages, author_id) FROM STDIN (FORMAT binary)"]
    );
    assert_eq!(
        on.rows("SELECT id, title, pages, binding, sides FROM books ORDER BY id")
            .await,
        ["1|a|100|paper|200", "2|b|100|paper|200"]
    );
}

#[tokio::test]
async fn no_rows_send_nothing() {
    let on = Fixture::new::<Shelf>().await;
    let mut db = on.session();
    let none = Vec::<Author>::new();
    assert_eq!(Author::copy_in(none, &mut db).await.unwrap(), 0);
    assert_eq!(on.count(), 0);
    assert!(!db.in_transaction());
}

#[tokio::test]
async fn a_violation_names_the_row_and_keeps_nothing() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let rows = (0..5000).map(|n| author(if n == 3000 { 7 } else { n }));
    let error = refused(Author::copy_in(rows, &mut conn).await);
    assert!(error.is_unique_violation());
    assert_eq!(error.constraint().unwrap().row, Some(3001));
    assert_eq!(
        text(&error),
        "row 3001 of the COPY: another row of `authors` has the same value (name): unique constraint `authors_name_key`"
    );
    // A value that the column's own type refuses.
    on.elsewhere("ALTER TABLE books ALTER title TYPE varchar(3)")
        .await;
    let rows = ["abc", "abcd"].map(|title| Book::create().title(title));
    let error = refused(Book::copy_in(rows, &mut conn).await);
    assert!(
        text(&error)
            .contains("row 2, column `title`: value too long for type character varying(3)"),
        "{error}"
    );
    assert_eq!(
        on.rows("SELECT (SELECT count(*) FROM authors) + (SELECT count(*) FROM books)")
            .await,
        ["0"]
    );
    // The connection is as good as before.
    assert_eq!(Author::copy_in([author(1)], &mut conn).await.unwrap(), 1);
}

#[tokio::test]
async fn rows_with_other_columns_than_the_first_are_refused_by_number() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let row = |binding: Option<&str>| {
        let mut row = orm_core::model::Insertable::into_new(Book::create().title("t"));
        row.draft.binding = binding.map(str::to_owned);
        Ready(row)
    };
    let more = [row(None), row(None), row(Some("cloth"))];
    assert_eq!(
        text(&refused(Book::copy_in(more, &mut conn).await)),
        "row 3 for `books` gives a value to `binding`, and row 1 leaves it to the server: COPY writes the same columns of all \
         rows, so give it in all or in none"
    );
    let less = [row(Some("cloth")), row(None)];
    assert_eq!(
        text(&refused(Book::copy_in(less, &mut conn).await)),
        "row 2 for `books` gives no value to `binding`, and row 1 does: COPY writes the same columns of all rows, so give it in \
         all or in none"
    );
    assert_eq!(on.rows("SELECT count(*) FROM books").await, ["0"]);
    let all = [row(Some("cloth")), row(Some("linen"))];
    assert_eq!(Book::copy_in(all, &mut conn).await.unwrap(), 2);
}

/// A draft that was changed by hand.
struct Ready(orm_core::model::New<Book>);

impl orm_core::model::OfModel for Ready {
    type Model = Book;
}

impl orm_core::model::Insertable for Ready {
    fn into_new(self) -> orm_core::model::New<Book> {
        self.0
    }
}

#[tokio::test]
async fn a_session_flushes_first_and_the_rows_are_part_of_its_transaction() {
    let on = Fixture::new::<Shelf>().await;
    let mut db = on.session();
    let ann = db.add(Author::create().name("Ann"));
    let rows = (0..3).map(author);
    assert_eq!(Author::copy_in(rows, &mut db).await.unwrap(), 3);
    let sent = on.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!(sent[0], "BEGIN");
    assert!(sent[1].starts_with("INSERT INTO authors"));
    assert_eq!(sent[2], COPY);
    assert_eq!(db[ann].id, 1);
    assert_eq!(Author::query().count(&mut db).await.unwrap(), 4);
    db.rollback().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["0"]);
    on.sent();

    Author::copy_in([author(1)], &mut db).await.unwrap();
    assert_eq!(on.sent(), ["BEGIN", COPY]);
    // A savepoint takes back what failed behind it.
    let mut attempt = db.begin_nested().await.unwrap();
    let error = refused(Author::copy_in([author(2), author(1)], &mut *attempt).await);
    assert!(error.is_unique_violation());
    attempt.rollback().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT name FROM authors").await, ["a1"]);
}

#[tokio::test]
async fn a_read_only_session_refuses_before_anything_is_sent() {
    let on = Fixture::new::<Shelf>().await;
    let options = orm_core::session::SessionOptions::new().read_only();
    let mut db = on.session_with(options);
    assert_eq!(
        text(&refused(Author::copy_in([author(1)], &mut db).await)),
        "this session is read-only, and this is a COPY of `authors`: use `engine.session()`"
    );
    assert_eq!(on.count(), 0);
}

#[tokio::test]
async fn a_relationship_on_a_row_is_refused() {
    let on = Fixture::new::<Shelf>().await;
    let mut db = on.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let rows = [Book::create().title("T").author(ann)];
    assert_eq!(
        text(&refused(Book::copy_in(rows, &mut db).await)),
        "row 1 for `books` has `Book::AUTHOR` set to an entity, whose key COPY does not know: set the foreign key's column, \
         or `add` the row to a session"
    );
}

#[tokio::test]
async fn an_error_of_the_rows_stops_the_copy() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let row = |n: usize| match n {
        4000 => Err(Error::invalid("the file ends here")),
        n => Ok(author(n)),
    };
    let rows = || futures_util::stream::iter((0..5000).map(row));
    let error = refused(Author::copy_in_stream(rows(), &mut conn).await);
    assert_eq!(text(&error), "the file ends here");
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["0"]);
    let mut transaction = conn.begin().await.unwrap();
    refused(Author::copy_in_stream(rows(), &mut transaction).await);
    let error = refused(transaction.fetch_scalar::<i32>("SELECT 1").await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
    transaction.rollback().await.unwrap();
    assert_eq!(Author::copy_in([author(1)], &mut conn).await.unwrap(), 1);
}

#[tokio::test]
async fn a_copy_that_is_dropped_anywhere_keeps_nothing() {
    let on = Fixture::new::<Shelf>().await;
    let mut polls = 0;
    loop {
        on.elsewhere("TRUNCATE authors, books RESTART IDENTITY")
            .await;
        let mut conn = on.engine.acquire().await.unwrap();
        let rows = || (0..10_000).map(|n| Author::create().name(format!("{n:0>50}")));
        let done = poll_times(polls, Author::copy_in(rows(), &mut conn)).await;
        // The same connection works at once, and the COPY before has come to its end then.
        let n: i64 = conn
            .fetch_scalar("SELECT count(*) FROM authors")
            .await
            .unwrap();
        match &done {
            Some(outcome) => assert_eq!((*outcome.as_ref().unwrap(), n), (10_000, 10_000)),
            None => assert!(n == 0 || n == 10_000, "{n} rows"),
        }
        drop(conn);
        if done.is_some() {
            break;
        }
        on.elsewhere("TRUNCATE authors, books RESTART IDENTITY")
            .await;
        // Dropped with its connection, which does not go back to the pool as it is.
        let mut conn = on.engine.acquire().await.unwrap();
        poll_times(polls, Author::copy_in(rows(), &mut conn)).await;
        drop(conn);
        // A session asks for a rollback, if it had begun.
        let mut db = on.session();
        let done = poll_times(polls, Author::copy_in([author(1)], &mut db)).await;
        if done.is_none() && db.in_transaction() {
            let error = refused(Author::query().count(&mut db).await);
            assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
        }
        db.rollback().await.unwrap();
        polls += 1;
    }
    assert!(polls >= 4, "a COPY has more await points than {polls}");
}
