//! Points 19 to 22: how many rows a statement has, and whose row came back.

use tests::fixture::Fixture;
use tests::models::*;

#[tokio::test]
async fn sqlalchemy_19_rows_with_the_same_columns_are_a_batch_wherever_they_stand() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    // SQLAlchemy makes four statements of this, because only neighbours share one.
    for binding in [None, Some("cloth"), None, Some("cloth")] {
        let book = Book::create().title("x");
        match binding {
            Some(binding) => db.add(book.binding(binding)),
            None => db.add(book),
        };
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 3, "BEGIN and two INSERTs");
}

#[tokio::test]
async fn sqlalchemy_20_a_batch_is_one_statement_whatever_its_size() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    // 2,500 rows are three statements there; a parameter of ours is a whole column.
    let all = db.add_all((0..2_500).map(|n| Author::create().name(n.to_string())));
    db.flush().await.unwrap();
    assert_eq!(f.count(), 2);
    assert_eq!(db[all[2_499]].id, 2_500);
}

#[tokio::test]
async fn sqlalchemy_21_returned_rows_are_matched_by_value_or_by_counted_keys() {
    let f = Fixture::new::<(Author, Ticket, Document)>().await;
    let mut db = f.session();
    // Keys that the server counts, keys of the client, and keys of the server that are no numbers.
    let authors = db.add_all((0..50).map(|n| Author::create().name(n.to_string())));
    let tickets = db.add_all((0..50).map(|n| Ticket::create().subject(n.to_string())));
    let documents = db.add_all((0..50).map(|n| Document::create().title(n.to_string())));
    db.commit().await.unwrap();
    let same = |rows: Vec<String>, mine: Vec<String>| {
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        assert_eq!(sorted(rows), sorted(mine));
    };
    same(
        f.rows("select id, name from authors").await,
        authors
            .iter()
            .map(|a| format!("{}|{}", db[*a].id, db[*a].name))
            .collect(),
    );
    same(
        f.rows("select id, subject from tickets").await,
        tickets
            .iter()
            .map(|t| format!("{}|{}", db[*t].id, db[*t].subject))
            .collect(),
    );
    same(
        f.rows("select id, title from documents").await,
        documents
            .iter()
            .map(|d| format!("{}|{}", db[*d].id, db[*d].title))
            .collect(),
    );
}

#[tokio::test]
async fn sqlalchemy_22_updates_that_return_values_and_deletes_are_batches_too() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let books = db.add_all((0..10).map(|n| Book::create().title(n.to_string())));
    db.flush().await.unwrap();
    f.sent();
    for (n, book) in books.iter().enumerate() {
        db[*book].pages = n as i32;
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert!(
        books
            .iter()
            .all(|book| db[*book].sides == db[*book].pages * 2)
    );
    for book in &books {
        db.delete(*book).unwrap();
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
}
