//! What can be asked of related rows without loading them: counts and other aggregates, of rows that are there and inside
//! queries, and single columns read into structs.

use orm_core::Error;
use orm_core::prelude::*;
use tests::relations::*;

const LIBRARY: &str = "
    INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
    INSERT INTO bios (id, text, author_id) VALUES (1, 'of Ann', 1);
    INSERT INTO books (id, title, author_id, editor_id) VALUES
        (1, 'One', 1, 2), (2, 'Two', 1, NULL), (3, 'Three', 2, 1), (4, 'Four', NULL, NULL);
    INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1), (3, '3.1', 3);
    INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'none');
    INSERT INTO book_tags VALUES (1, 1), (1, 2), (2, 1), (3, 2);
    INSERT INTO nodes (id, name, parent_id) VALUES (1, 'root', NULL), (2, 'left', 1), (3, 'right', 1), (4, 'leaf', 2);
    INSERT INTO countries (id, code) VALUES (1, 'AT'), (2, 'BE');
    INSERT INTO cities (id, name, country_code) VALUES (1, 'Wien', 'AT'), (2, 'Graz', 'AT');
    INSERT INTO shelves VALUES ('a', 1), ('a', 2);
    INSERT INTO items (id, name, room, shelf_number) VALUES (1, 'x', 'a', 1), (2, 'y', 'a', 1), (3, 'z', 'a', NULL);
";

async fn library() -> Library {
    let library = Library::new().await;
    library.fill(LIBRARY).await;
    library
}

async fn authors(db: &mut Session) -> Vec<Handle<Author>> {
    Author::query().order_by(Author::ID).all(db).await.unwrap()
}

#[tokio::test]
async fn the_members_of_many_collections_are_counted_in_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    library.sent();
    let counts = db.count_of(&authors, Author::BOOKS).await.unwrap();
    assert_eq!(counts, [2, 1, 0]);
    assert_eq!(
        library.sent(),
        [
            "SELECT books.author_id, count(*) FROM books WHERE books.author_id = ANY($1) GROUP BY books.author_id \
          UNION ALL SELECT NULL, count(*) FROM books WHERE FALSE"
        ]
    );
    assert!(
        db.related(authors[0], Author::BOOKS).is_err(),
        "nothing was loaded"
    );
    // The values stand in the order of the handles, and a handle may stand there twice.
    let again = [authors[2], authors[0], authors[0]];
    assert_eq!(db.count_of(again, Author::BOOKS).await.unwrap(), [0, 2, 2]);
    library.sent();
    let nobody: [Handle<Author>; 0] = [];
    assert!(db.count_of(nobody, Author::BOOKS).await.unwrap().is_empty());
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn every_kind_of_relationship_is_counted_in_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
    let nodes = Node::query().order_by(Node::ID).all(&mut db).await.unwrap();
    let countries = Country::query().order_by(Country::ID);
    let countries = countries.all(&mut db).await.unwrap();
    let shelves = Shelf::query().order_by(Shelf::NUMBER);
    let shelves = shelves.all(&mut db).await.unwrap();
    let items = Item::query().order_by(Item::ID).all(&mut db).await.unwrap();
    library.sent();
    let db = &mut db;
    assert_eq!(db.count_of(&books, Book::TAGS).await.unwrap(), [2, 1, 1, 0]);
    assert_eq!(
        db.count_of(&nodes, Node::CHILDREN).await.unwrap(),
        [2, 1, 0, 0]
    );
    assert_eq!(
        db.count_of(&countries, Country::CITIES).await.unwrap(),
        [2, 0]
    );
    assert_eq!(db.count_of(&shelves, Shelf::ITEMS).await.unwrap(), [2, 0]);
    assert_eq!(db.count_of(&authors, Author::BIO).await.unwrap(), [1, 0, 0]);
    assert_eq!(db.count_of(&items, Item::SHELF).await.unwrap(), [1, 1, 0]);
    assert_eq!(
        db.count_of(&books, Book::AUTHOR).await.unwrap(),
        [1, 1, 1, 0]
    );
    let sent = library.sent();
    assert_eq!(sent.len(), 7, "one each");
    assert_eq!(
        sent[0],
        "SELECT link_1.book_id, count(*) FROM tags JOIN book_tags AS link_1 ON link_1.tag_id = tags.id \
         WHERE link_1.book_id = ANY($1) GROUP BY link_1.book_id UNION ALL SELECT NULL, count(*) FROM tags WHERE FALSE"
    );
    assert_eq!(
        sent[3],
        "SELECT items.room, items.shelf_number, count(*) FROM items WHERE (items.room, items.shelf_number) IN \
         (SELECT * FROM unnest($1::text[], $2::int4[])) GROUP BY items.room, items.shelf_number \
         UNION ALL SELECT NULL, NULL, count(*) FROM items WHERE FALSE"
    );
}

#[tokio::test]
async fn an_aggregate_of_no_rows_is_what_the_server_says_it_is() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    let db = &mut db;
    let longest = db.aggregate(&authors, Author::BOOKS, max(Book::TITLE));
    assert_eq!(
        longest.await.unwrap(),
        [Some("Two".to_owned()), Some("Three".to_owned()), None]
    );
    let or_zero = func::coalesce(sum(Book::ID), 0);
    let sums = db
        .aggregate(&authors, Author::BOOKS, or_zero)
        .await
        .unwrap();
    assert_eq!(sums, [3, 3, 0]);
    let filtered = Author::BOOKS.filter(Book::TITLE.like("T%"));
    let counts = db.count_of(&authors, filtered).await.unwrap();
    assert_eq!(counts, [1, 1, 0]);
    // Of the related rows of related rows.
    let chapters = sum(Book::CHAPTERS.count());
    let chapters = db
        .aggregate(&authors, Author::BOOKS, chapters)
        .await
        .unwrap();
    assert_eq!(chapters, [Some(2.into()), Some(1.into()), None]);
}

#[tokio::test]
async fn what_is_pending_is_counted_too() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    db.add(Book::create().title("Five").author(authors[2]));
    assert_eq!(
        db.count_of(&authors, Author::BOOKS).await.unwrap(),
        [2, 1, 1]
    );
}

#[tokio::test]
async fn an_order_a_limit_and_a_longer_path_are_no_aggregate() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    library.sent();
    let limited = db.count_of(&authors, Author::BOOKS.limit(1)).await;
    assert_eq!(
        limited.unwrap_err().to_string(),
        "an aggregate over `Author::BOOKS` is over all of its rows: it takes a `filter`, and no `order_by` or `limit`"
    );
    let longer = Author::BOOKS.then(Book::CHAPTERS);
    assert_eq!(
        db.count_of(&authors, longer.clone())
            .await
            .unwrap_err()
            .to_string(),
        "`db.aggregate(..)` takes one relationship, and this path goes on from `Author::BOOKS` to `Book::CHAPTERS`"
    );
    let read: Result<Vec<Vec<Title>>, Error> = db.load_as(&authors, longer).await;
    assert_eq!(
        read.unwrap_err().to_string(),
        "`db.load_as(..)` takes one relationship, and this path goes on from `Author::BOOKS` to `Book::CHAPTERS`"
    );
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn an_aggregate_of_a_collection_stands_wherever_a_column_can() {
    let library = library().await;
    let mut db = library.session();
    let busy = Author::query()
        .filter(Author::BOOKS.count().ge(1))
        .order_by(Author::BOOKS.count().desc())
        .select((Author::NAME, Author::BOOKS.count(), Author::EDITED.count()));
    let rows: Vec<(String, i64, i64)> = busy.all(&mut db).await.unwrap();
    assert_eq!(rows, [("Ann".to_owned(), 2, 1), ("Bob".to_owned(), 1, 1)]);
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.name, (SELECT count(*) FROM books WHERE books.author_id = authors.id), \
          (SELECT count(*) FROM books WHERE books.editor_id = authors.id) FROM authors \
          WHERE (SELECT count(*) FROM books WHERE books.author_id = authors.id) >= $1 \
          ORDER BY (SELECT count(*) FROM books WHERE books.author_id = authors.id) DESC"
        ]
    );
    // Through a link table, and with a condition that uses both sides.
    let tagged = Book::query()
        .order_by(Book::ID)
        .select(Book::TAGS.count_if(Tag::WORD.eq("red")));
    assert_eq!(tagged.all(&mut db).await.unwrap(), [1, 1, 0, 0]);
    let own = Author::query()
        .order_by(Author::ID)
        .select(Author::BOOKS.aggregate_if(max(Book::TITLE), Book::EDITOR_ID.ne(Author::ID)));
    assert_eq!(
        own.all(&mut db).await.unwrap(),
        [Some("One".to_owned()), Some("Three".to_owned()), None]
    );
    // A tree needs a name for the other row, as a join does.
    type Child = Aliased<Node, 1>;
    let children = Node::CHILDREN.to::<Child>();
    let names = Node::query().order_by(Node::ID).select((
        children.count(),
        children.min(Child::NAME),
        children.avg(Child::ID),
    ));
    let rows = names.all(&mut db).await.unwrap();
    assert_eq!(
        rows[0],
        (2, Some("left".to_owned()), Some("2.5".parse().unwrap()))
    );
    assert_eq!(rows[3], (0, None, None));
    // Of a row that a LEFT JOIN may not have, the count is 0.
    let editors = Book::query()
        .left_join(Book::EDITOR)
        .order_by(Book::ID)
        .select((Book::ID, Author::BOOKS.count()));
    assert_eq!(
        editors.all(&mut db).await.unwrap(),
        [(1, 1), (2, 0), (3, 2), (4, 0)]
    );
    // In a query of groups it is a value of the row like any other.
    let all = Author::query().select(sum(Author::BOOKS.count()));
    assert_eq!(all.one(&mut db).await.unwrap(), Some(3.into()));
}

#[derive(FromRow, Debug, PartialEq)]
struct Title {
    title: String,
}

#[derive(FromRow, Debug, PartialEq)]
struct City2 {
    #[orm(column = "name")]
    called: String,
}

#[derive(FromRow, Debug, PartialEq)]
struct Word {
    word: String,
    #[orm(skip)]
    shown: bool,
}

#[derive(FromRow, Debug, PartialEq)]
struct Wrong {
    #[allow(dead_code)]
    name: String,
}

fn titles(of: &[&str]) -> Vec<Title> {
    let titles = of.iter().map(|title| Title {
        title: (*title).to_owned(),
    });
    titles.collect()
}

#[tokio::test]
async fn some_columns_of_related_rows_are_read_into_structs_by_parent() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    library.sent();
    let ordered = Author::BOOKS.order_by(Book::TITLE.desc());
    let books: Vec<Vec<Title>> = db.load_as(&authors, ordered.clone()).await.unwrap();
    assert_eq!(
        books,
        [titles(&["Two", "One"]), titles(&["Three"]), titles(&[])]
    );
    let first: Vec<Vec<Title>> = db.load_as(&authors, ordered.limit(1)).await.unwrap();
    assert_eq!(first, [titles(&["Two"]), titles(&["Three"]), titles(&[])]);
    assert_eq!(
        library.sent(),
        [
            "SELECT books.title, books.author_id FROM books WHERE books.author_id = ANY($1) ORDER BY books.title DESC",
            "SELECT books.title, parent_keys.k0 FROM unnest($1::int4[]) WITH ORDINALITY AS parent_keys(k0, n) CROSS JOIN LATERAL \
             (SELECT books.id, books.title, books.author_id, books.editor_id FROM books WHERE books.author_id = parent_keys.k0 \
             ORDER BY books.title DESC LIMIT $2) AS books ORDER BY parent_keys.n, books.title DESC"
        ]
    );
    assert!(
        db.related(authors[0], Author::BOOKS).is_err(),
        "the session knows nothing of them"
    );
}

#[tokio::test]
async fn structs_are_read_along_every_kind_of_relationship() {
    let library = library().await;
    let mut db = library.session();
    let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
    let chapters = Chapter::query().order_by(Chapter::ID);
    let chapters = chapters.all(&mut db).await.unwrap();
    let countries = Country::query().order_by(Country::ID);
    let countries = countries.all(&mut db).await.unwrap();
    library.sent();
    let ordered = Book::TAGS.order_by(Tag::WORD);
    let words: Vec<Vec<Word>> = db.load_as(&books, ordered).await.unwrap();
    let words = words
        .iter()
        .map(|words| words.iter().map(|word| word.word.as_str()).collect());
    let words: Vec<Vec<&str>> = words.collect();
    assert_eq!(
        words,
        [vec!["blue", "red"], vec!["red"], vec!["blue"], vec![]]
    );
    // Two chapters of one book: each has it.
    let of: Vec<Vec<Title>> = db.load_as(&chapters, Chapter::BOOK).await.unwrap();
    assert_eq!(of, [titles(&["One"]), titles(&["One"]), titles(&["Three"])]);
    let cities = Country::CITIES.order_by(City::NAME);
    let cities: Vec<Vec<City2>> = db.load_as(&countries, cities).await.unwrap();
    let called = cities[0].iter().map(|city| city.called.as_str());
    assert_eq!(called.collect::<Vec<_>>(), ["Graz", "Wien"]);
    // A tuple is all columns; a model is a plain copy.
    let whole: Vec<Vec<(i32, String)>> = db.load_as(&books[..1], Book::TAGS).await.unwrap();
    assert_eq!(whole[0].len(), 2);
    let plain: Vec<Vec<Tag>> = db.load_as(&books[1..2], Book::TAGS).await.unwrap();
    assert_eq!(plain[0][0].word, "red");
    assert_eq!(library.sent().len(), 5, "one each");
}

#[tokio::test]
async fn a_field_without_a_column_is_named() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    library.sent();
    let wrong: Result<Vec<Vec<Wrong>>, Error> = db.load_as(&authors, Author::BOOKS).await;
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "the rows of `Author::BOOKS`: `Wrong` wants a column `name`, and the result has id, title, author_id, editor_id"
    );
    assert!(library.sent().is_empty());
}
