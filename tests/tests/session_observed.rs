//! What a program can be told about itself: loops that read row by row, and values whose two forms do not agree.

use std::sync::Arc;

use orm_core::Error;
use orm_core::engine::{Engine, NPlusOne, NPlusOneCall, StatementLog};
use orm_core::expr::{Expr, Of};
use orm_core::prelude::*;
use orm_core::session::{Computed, View};
use tests::relations::*;

const LIBRARY: &str = "
    INSERT INTO authors (id, name) SELECT n, 'author ' || n FROM generate_series(1, 9) n;
    INSERT INTO books (id, title, author_id) SELECT n, 'book ' || n, n FROM generate_series(1, 9) n;
    INSERT INTO chapters (id, title, book_id) VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2);
";

async fn library() -> Library {
    let library = Library::new().await;
    library.fill(LIBRARY).await;
    library
}

/// An engine on the library that warns of more than three.
async fn warned(library: &Library) -> (Engine, StatementLog) {
    let log = StatementLog::new();
    let engine = library.another_engine().warn_n_plus_one(3);
    let engine = engine.observe(Arc::new(log.clone())).connect().await;
    (engine.unwrap(), log)
}

fn only(mut warnings: Vec<NPlusOne>) -> NPlusOne {
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    warnings.remove(0)
}

#[tokio::test]
async fn a_loop_that_loads_row_by_row_is_warned_of_with_the_fix() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let books = Book::query().all(&mut db).await.unwrap();
    for book in &books[..3] {
        db.load(*book, Book::CHAPTERS).await.unwrap();
    }
    assert!(log.take_warnings().is_empty(), "from other places");
    let line = line!() + 2;
    for book in &books {
        db.load(*book, Book::CHAPTERS).await.unwrap();
    }
    let warning = only(log.take_warnings());
    assert_eq!(warning.model, "Book");
    assert_eq!(warning.call, NPlusOneCall::Load("CHAPTERS"));
    assert_eq!((warning.at.line(), warning.count), (line, 4));
    let file = warning.at.file();
    assert!(file.ends_with("session_observed.rs"));
    assert_eq!(
        warning.to_string(),
        format!(
            "N+1: `db.load` at {file}:{line}:12 has loaded `Book::CHAPTERS` for one row at a time, 4 times in this transaction; pass all of them at once before the loop, `db.load(&books, Book::CHAPTERS)`, or ask for it in the \
             query that finds them, `.with(Book::CHAPTERS)`"
        )
    );
}

#[tokio::test]
async fn a_loop_that_gets_row_by_row_is_warned_of_with_the_fix() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    for id in 1..=9 {
        db.get::<Author>(id).await.unwrap();
    }
    let warning = only(log.take_warnings());
    assert_eq!(
        (warning.model, &warning.call),
        ("Author", &NPlusOneCall::Get)
    );
    let text = warning.to_string();
    assert!(text.starts_with("N+1: `db.get::<Author>` at "), "{text}");
    assert!(
        text.ends_with(
            " has read one row at a time, 4 times in this transaction; read them with one query before the loop, \
             `Author::query().filter(Author::ID.in_(keys))`, after which `get` sends nothing; or load the relationship that \
             leads to them with `.with(..)`"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_loop_of_one_query_with_other_values_is_warned_of_with_the_fix() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let authors = Author::query().all(&mut db).await.unwrap();
    let line = line!() + 4;
    for author in &authors {
        let id = db[*author].id;
        let of_author = Book::query().filter(Book::AUTHOR_ID.eq(id));
        of_author.all(&mut db).await.unwrap();
    }
    let warning = only(log.take_warnings());
    assert_eq!((warning.model, warning.at.line()), ("Book", line));
    let NPlusOneCall::Query(sql) = &warning.call else {
        panic!("{warning:?}");
    };
    assert!(
        sql.ends_with("FROM books WHERE books.author_id = $1"),
        "{sql}"
    );
    let file = warning.at.file();
    assert_eq!(
        warning.to_string(),
        format!(
            "N+1: the query for `Book` at {file}:{line}:19 has asked for a part of the rows at a time, 4 times in this \
             transaction; ask for all of the rows with one query before the loop, with `.in_(values)` in place of \
             `.eq(value)`, or load the relationship that leads to them with `.with(..)`"
        )
    );
    // Every way to run it counts, on a savepoint too, and each place for itself.
    let mut first = 0;
    for id in 1..=9 {
        let book = || Book::query().filter(Book::AUTHOR_ID.eq(id));
        let mut nested = db.begin_nested().await.unwrap();
        first = line!() + 1;
        book().first(&mut nested).await.unwrap();
        book().one(&mut nested).await.unwrap();
        book().one_or_none(&mut nested).await.unwrap();
        book().count(&mut nested).await.unwrap();
        book().exists(&mut nested).await.unwrap();
        nested.commit().await.unwrap();
    }
    let lines: Vec<_> = log
        .take_warnings()
        .iter()
        .map(|warning| warning.at.line() - first)
        .collect();
    assert_eq!(lines, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn queries_that_go_through_rows_on_purpose_are_not_warned_of() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let mut token: Option<String> = None;
    for round in 0..9 {
        let page = Author::query().page(1).after_some(token.as_deref());
        token = page.fetch(&mut db).await.unwrap().next;
        let next = Author::query().order_by(Author::ID).offset(round).limit(1);
        next.all(&mut db).await.unwrap();
        let job = Author::query().filter(Author::ID.gt(round as i32));
        job.for_update().first(&mut db).await.unwrap();
        // Without values it is no query about a row.
        Author::query().count(&mut db).await.unwrap();
    }
    assert!(log.take_warnings().is_empty());
}

#[tokio::test]
async fn a_loop_that_refreshes_row_by_row_is_warned_of_with_the_fix() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let authors = Author::query().all(&mut db).await.unwrap();
    for author in &authors {
        db.refresh(*author).await.unwrap();
        db.refresh(&authors).await.unwrap();
    }
    let warning = only(log.take_warnings());
    assert_eq!(warning.call, NPlusOneCall::Refresh);
    let text = warning.to_string();
    assert!(
        text.ends_with(
            "has read one row of `Author` at a time, 4 times in this transaction; pass all of them at once before the \
             loop, `db.refresh(&authors)`"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn what_sends_nothing_or_all_at_once_is_not_warned_of() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let books = Book::query().with(Book::AUTHOR).all(&mut db).await.unwrap();
    for (book, id) in books.iter().zip(1..) {
        db.load(*book, Book::AUTHOR).await.unwrap();
        db.get::<Author>(id).await.unwrap();
        db.load(&books, Book::CHAPTERS).await.unwrap();
    }
    // A transaction for each row is a request for each row.
    for book in &books {
        db.load(*book, Book::CHAPTERS).await.unwrap();
        db.commit().await.unwrap();
    }
    assert!(log.take_warnings().is_empty());
    // Without the option nothing is warned of.
    let mut db = library.session();
    for id in 1..=9 {
        db.get::<Author>(id).await.unwrap();
    }
    assert!(library.log.take_warnings().is_empty());
}

#[tokio::test]
async fn values_of_relationships_are_asked_for_at_once_too() {
    let library = library().await;
    let (engine, log) = warned(&library).await;
    let mut db = engine.session();
    let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
    let line = line!() + 2;
    for book in &books {
        db.count_of(*book, Book::CHAPTERS).await.unwrap();
        let of_book = db.aggregate(*book, Book::CHAPTERS, max(Chapter::TITLE));
        let _: Vec<Option<String>> = of_book.await.unwrap();
        let _: Vec<Vec<Line>> = db.load_as(*book, Book::CHAPTERS).await.unwrap();
        db.count_of(&books, Book::CHAPTERS).await.unwrap();
    }
    let warnings = log.take_warnings();
    let calls: Vec<_> = warnings
        .iter()
        .map(|one| (one.model, one.call.clone(), one.at.line() - line, one.count))
        .collect();
    assert_eq!(
        calls,
        [
            ("Book", NPlusOneCall::Aggregate("CHAPTERS"), 0, 4),
            ("Book", NPlusOneCall::Aggregate("CHAPTERS"), 1, 4),
            ("Book", NPlusOneCall::LoadAs("CHAPTERS"), 3, 4),
        ]
    );
    let text = warnings[0].to_string();
    assert!(
        text.ends_with(
            " has asked for a value of `Book::CHAPTERS` for one row at a time, 4 times in this transaction; pass all of them \
             at once before the loop, `db.count_of(&books, Book::CHAPTERS)`, or ask for the value in the query that finds \
             them, `.select((.., Book::CHAPTERS.count()))`"
        ),
        "{text}"
    );
}

#[derive(FromRow)]
#[expect(dead_code, reason = "only its columns matter")]
struct Line {
    title: String,
}

#[tokio::test]
async fn a_report_names_every_place_that_reads_single_rows() {
    let library = library().await;
    let (engine, _) = warned(&library).await;
    assert_eq!(
        engine.n_plus_one_report().to_string(),
        "no statement was sent for a single row"
    );
    let first = line!() + 4;
    for transaction in 1..=2 {
        let mut db = engine.session();
        for book in Book::query().order_by(Book::ID).all(&mut db).await.unwrap() {
            db.load(book, Book::CHAPTERS).await.unwrap();
        }
        db.get::<Author>(transaction).await.unwrap();
        db.commit().await.unwrap();
    }
    let report = engine.n_plus_one_report();
    let places: Vec<_> = report
        .places
        .iter()
        .map(|p| {
            (
                p.model,
                p.call.clone(),
                p.at.line() - first,
                p.statements,
                p.transactions,
                p.most,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("Book", NPlusOneCall::Load("CHAPTERS"), 0, 18, 2, 9),
            ("Author", NPlusOneCall::Get, 2, 2, 2, 1)
        ]
    );
    let (file, second) = (report.places[0].at.file(), first + 2);
    assert_eq!(
        report.to_string(),
        format!(
            "most in one  statements  transactions  call                 place
          9          18             2  load Book::CHAPTERS  {file}:{first}:16
             N+1: pass all of them at once before the loop, `db.load(&books, Book::CHAPTERS)`, or ask for it in the query that finds them, `.with(Book::CHAPTERS)`
          1           2             2  get::<Author>        {file}:{second}:12"
        )
    );
    assert!(library.engine.n_plus_one_report().places.is_empty());
}

/// How many chapters a book has.
struct Length;

impl Computed for Length {
    type Model = Book;
    type Value = i64;

    fn value(book: View<'_, Book>) -> orm_core::Result<i64> {
        Ok(book.related(Book::CHAPTERS)?.count() as i64)
    }

    fn sql() -> Expr<i64, Of<Book>> {
        Book::CHAPTERS.count().of_model()
    }
}

/// The same, wrong for books without chapters.
struct AtLeastOne;

impl Computed for AtLeastOne {
    type Model = Book;
    type Value = Option<String>;

    fn value(book: View<'_, Book>) -> orm_core::Result<Option<String>> {
        let titles = book
            .related(Book::CHAPTERS)?
            .map(|chapter| chapter.title.clone());
        Ok(Some(titles.max().unwrap_or_default()))
    }

    fn sql() -> Expr<Option<String>, Of<Book>> {
        Book::CHAPTERS.max(Chapter::TITLE).of_model()
    }
}

#[tokio::test]
async fn a_computed_value_is_the_same_over_loaded_rows_and_inside_a_query() {
    let library = library().await;
    let mut db = library.session();
    let books = Book::query()
        .with(Book::CHAPTERS)
        .order_by(Book::ID)
        .limit(3);
    let books = books.all(&mut db).await.unwrap();
    assert_eq!(Length::value(db.view(books[0])).unwrap(), 2);
    let long = Book::query()
        .filter(Length::sql().ge(1))
        .order_by(Length::sql().desc());
    let rows = long
        .select((Book::ID, Length::sql()))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows, [(1, 2), (2, 1)]);
    library.sent();
    assert!(db.disagreements::<Length>(&books).await.unwrap().is_empty());
    assert_eq!(library.sent().len(), 1);
    // What is pending is seen by both.
    db.add(Chapter::create().title("d").book(books[2]));
    assert!(db.disagreements::<Length>(&books).await.unwrap().is_empty());
    assert_eq!(Length::value(db.view(books[2])).unwrap(), 1);
}

#[tokio::test]
async fn forms_that_do_not_agree_are_found_with_their_rows() {
    let library = library().await;
    let mut db = library.session();
    let books = Book::query()
        .order_by(Book::ID)
        .limit(3)
        .all(&mut db)
        .await
        .unwrap();
    let unknown = db.disagreements::<AtLeastOne>(&books).await;
    assert!(matches!(
        unknown,
        Err(Error::NotLoaded {
            relationship: "CHAPTERS",
            ..
        })
    ));
    db.load(&books, Book::CHAPTERS).await.unwrap();
    let found = db.disagreements::<AtLeastOne>(&books).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key, found[0].in_sql.clone()), (3, None));
    assert_eq!(found[0].in_rust, Some(String::new()));
    assert_eq!(
        found[0].to_string(),
        "`AtLeastOne` of the `Book` with the key 3 is another value in SQL than in Rust"
    );
}
