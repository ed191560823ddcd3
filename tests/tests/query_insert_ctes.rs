//! INSERT in WITH: of drafts and from a query, with the rows that it gives.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);

#[derive(Rowset, Debug, PartialEq)]
struct New {
    id: i32,
    name: String,
}

#[derive(Rowset)]
struct Gone {
    title: String,
    pages: i32,
}

#[derive(Rowset)]
struct Moved {
    id: i32,
    name: String,
}

#[tokio::test]
async fn drafts_are_inserted_and_given() {
    let on = Fixture::new::<Shelf>().await;
    let mut db = on.session();
    for rows in [0, 1, 3] {
        let drafts = (0..rows).map(|n| Author::create().name(format!("{rows} {n}")));
        let new = Author::insert(drafts);
        let new = new
            .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
            .unwrap();
        let found = new
            .query()
            .order_by(New::ID.desc())
            .all(&mut db)
            .await
            .unwrap();
        let names: Vec<_> = found.iter().map(|new| new.name.clone()).collect();
        let mut expected: Vec<_> = (0..rows).map(|n| format!("{rows} {n}")).collect();
        expected.reverse();
        assert_eq!(names, expected);
    }
    let sent = on.sent();
    assert_eq!(
        sent[2],
        "WITH new AS (INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING authors.id, authors.name) \
         SELECT new.id, new.name FROM new ORDER BY new.id DESC"
    );
    assert_eq!(sent.len(), 4, "{sent:?}");
    // What is inserted is not seen by the query beside it, and is of the transaction.
    let new = Author::insert([Author::create().name("late")]);
    let new = new
        .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    let known = Author::query().select(count_all()).as_scalar();
    let (late, before) = new
        .query()
        .select((New::NAME, known))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!((late.as_str(), before), ("late", Some(4)));
    assert_eq!(Author::query().count(&mut db).await.unwrap(), 5);
    db.rollback().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["0"]);
}

#[tokio::test]
async fn conflicts_are_for_the_insert_to_settle() {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere("INSERT INTO authors (name) VALUES ('a')")
        .await;
    let mut conn = on.engine.acquire().await.unwrap();
    let drafts = || ["a", "b"].map(|name| Author::create().name(name));
    let new = Author::insert(drafts())
        .on_conflict(Author::NAME)
        .do_nothing();
    let new = new
        .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    let names = new.query().select(New::NAME).all(&mut conn).await.unwrap();
    assert_eq!(names, ["b"]);
    let new = Author::insert(drafts())
        .on_conflict(Author::NAME)
        .do_update(Author::EMAIL.set("again".to_owned()));
    let new = new
        .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    assert_eq!(new.query().count(&mut conn).await.unwrap(), 2);
    assert_eq!(on.rows("SELECT count(email) FROM authors").await, ["2"]);
}

#[tokio::test]
async fn rows_move_from_one_table_to_another_in_one_statement() {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere(
        "INSERT INTO books (title, pages) SELECT 'b' || n, n FROM generate_series(1, 5) AS n; \
         INSERT INTO authors (name) VALUES ('somebody')",
    )
    .await;
    let gone = |more: i32| {
        let books = Book::query().filter(Book::PAGES.gt(more)).delete();
        books
            .as_cte::<Gone, _, _, _, _>((Book::TITLE, Book::PAGES))
            .unwrap()
    };
    // By itself ..
    let mut db = on.session();
    let titles = gone(3).query().select(Gone::TITLE);
    let moved = Author::insert_from(Author::NAME, titles);
    assert_eq!(
        moved.to_sql().unwrap(),
        "WITH gone AS (DELETE FROM books WHERE books.pages > $1 RETURNING books.title, books.pages) \
         INSERT INTO authors (name) SELECT gone.title FROM gone"
    );
    assert_eq!(moved.exec(&mut db).await.unwrap(), 2);
    // .. and as a CTE, behind the one that it reads, of which there is one however often it is used.
    let gone = gone(1);
    let titles = gone
        .clone()
        .query()
        .filter(Gone::PAGES.gt(2))
        .select(Gone::TITLE);
    let moved = Author::insert_from(Author::NAME, titles)
        .as_cte::<Moved, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    let q = moved
        .query()
        .join_on(gone, Gone::TITLE.eq(Moved::NAME))
        .select((Moved::NAME, Gone::PAGES, Moved::ID));
    assert_eq!(
        q.to_sql(),
        "WITH gone AS (DELETE FROM books WHERE books.pages > $1 RETURNING books.title, books.pages), \
         moved AS (INSERT INTO authors (name) SELECT gone.title FROM gone WHERE gone.pages > $2 \
         RETURNING authors.id, authors.name) \
         SELECT moved.name, gone.pages, moved.id FROM moved JOIN gone ON gone.title = moved.name"
    );
    let rows = q.all(&mut db).await.unwrap();
    assert_eq!(rows, [("b3".to_owned(), 3, 4)]);
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT title FROM books").await, ["b1"]);
    assert_eq!(
        on.rows("SELECT name FROM authors ORDER BY id").await,
        ["somebody", "b4", "b5", "b3"]
    );
}

#[tokio::test]
async fn what_cannot_be_inserted_is_said() {
    let on = Fixture::new::<Shelf>().await;
    let mut db = on.session();
    let ann = db.add(Author::create().name("Ann"));
    let book = Book::insert([Book::create().title("Trees").author(ann)]);
    let error = book.as_cte::<Gone, _, _, _, _>((Book::TITLE, Book::PAGES));
    assert_eq!(
        text(&refused(error)),
        "a row for `books` has `Book::AUTHOR` set to an entity, whose key a bulk INSERT does not know: set the foreign key's \
         column, or `add` the row to a session"
    );
    assert_eq!(db.state(ann), State::Pending);
    let twice = Author::insert(["x", "x"].map(|name| Author::create().name(name)));
    let twice = twice
        .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    let error = refused(twice.query().all(&mut db).await);
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    // No cursor can have it, and the server says so.
    db.rollback().await.unwrap();
    let new = Author::insert([Author::create().name("x")]);
    let new = new
        .as_cte::<New, _, _, _, _>((Author::ID, Author::NAME))
        .unwrap();
    let error = text(&refused(new.query().stream(&mut db).await));
    assert!(
        error.contains("must not contain data-modifying statements in WITH"),
        "{error}"
    );
}
