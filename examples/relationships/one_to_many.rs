//! One-to-many and many-to-one: an author has books, a book has an author. Both sides, and why they cannot disagree.
//!
//! ```text
//! cargo run --example one_to_many
//! ```
//!
//! The foreign key stands in the table of the many, so that side is where the relationship is declared: `belongs_to`. The other
//! side, `has_many`, only names it. Whichever side a program changes, it is the key of the book that is written.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "authors", has_many(books: Book, via = author, order_by = title))]
struct Author {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "books")]
struct Book {
    #[orm(primary_key)]
    id: i32,
    title: String,
    /// An `Option`, so a book may be without an author; with `i32` it could not.
    #[orm(index, belongs_to(author: Author))]
    author_id: Option<i32>,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Author, Book)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("A whole graph in one expression");
    let tove = db.add(Author::create().name("Tove").books([
        Book::create().title("Comet"),
        Book::create().title("Winter"),
    ]));
    let astrid = db.add(Author::create().name("Astrid"));
    db.flush().await?;
    story.say("Two authors, two books: a statement for each table, parents first. The books have their keys by where they stand.");
    let sent = story.sql(log.take());
    story.check("BEGIN, authors, books", sent, 3);

    story.part("Both sides change at once");
    let books = db.related(tove, Author::BOOKS)?;
    let comet = books[0];
    db.set(comet, Book::AUTHOR, astrid);
    story.say(format_args!(
        "`db.set(comet, Book::AUTHOR, astrid)`: {} has {} book now and {} has {}, and nothing was sent.",
        db[tove].name,
        db.related(tove, Author::BOOKS)?.len(),
        db[astrid].name,
        db.related(astrid, Author::BOOKS)?.len(),
    ));
    story.check("nothing was sent", log.count(), 0);
    story.check(
        "the new side",
        db.related(astrid, Author::BOOKS)?.to_vec(),
        vec![comet],
    );
    db.push(tove, Author::BOOKS, comet);
    story.say("`db.push(tove, Author::BOOKS, comet)` says the same from the other side, and takes it back.");
    db.flush().await?;
    story.check("no difference, no statement", log.count(), 0);
    db.push(astrid, Author::BOOKS, comet);
    db.flush().await?;
    story.say("Pushed once more, and flushed:");
    story.sql(log.take());
    db.commit().await?;

    story.part("Reading does not load behind your back");
    let mut db = engine.session();
    let tove = Author::query()
        .filter(Author::NAME.eq("Tove"))
        .one(&mut db)
        .await?;
    let refused = db.related(tove, Author::BOOKS);
    let why = refused
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    story.say(why);
    log.clear();
    let authors = Author::query()
        .with(Author::BOOKS)
        .order_by(Author::NAME)
        .all(&mut db)
        .await?;
    story.say("Asked for with the query, all books of all authors are one more statement:");
    let sent = story.sql(log.take());
    story.check("two statements", sent, 2);
    for author in &authors {
        let author = db.view(*author);
        let titles: Vec<_> = author
            .related(Author::BOOKS)?
            .map(|book| book.row().title.as_str())
            .collect();
        story.say(format_args!("{}: {}", author.name, titles.join(", ")));
    }
    let books = Book::query()
        .with(Book::AUTHOR)
        .order_by(Book::TITLE)
        .all(&mut db)
        .await?;
    story.say("From the books' side the author comes in the same statement, by a join:");
    let sent = story.sql(log.take());
    story.check("one statement", sent, 1);
    let comet = db.view(books[0]);
    let author = comet.related(Book::AUTHOR)?;
    story.check(
        "Comet is Astrid's",
        author.map(|author| author.row().name.as_str()),
        Some("Astrid"),
    );

    story.part("Asking without loading");
    let with_winter = Author::query()
        .filter(Author::BOOKS.any(Book::TITLE.eq("Winter")))
        .select((Author::NAME, Author::BOOKS.count()));
    let found = with_winter.all(&mut db).await?;
    story.say(format_args!(
        "Who wrote a Winter, and how many books has she? {found:?}"
    ));
    story.sql(log.take());
    story.check("any and count", found, vec![("Tove".to_owned(), 1)]);

    story.part("What becomes of the books");
    db.delete(tove)?;
    db.flush().await?;
    story.say("Without a cascade, children stay and lose their parent. `cascade(delete)` on the relationship would take them along.");
    story.sql(log.take());
    let without = Book::query()
        .filter(Book::AUTHOR_ID.is_null())
        .select(Book::TITLE);
    story.check(
        "Winter is without an author",
        without.all(&mut db).await?,
        vec!["Winter"],
    );
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn an_author_has_books_and_a_book_has_an_author() {
    let told = [
        "  UPDATE books SET author_id = $1 WHERE id = $2",
        "Astrid: Comet",
        "Tove: Winter",
        "Who wrote a Winter, and how many books has she? [(\"Tove\", 1)]",
        "  DELETE FROM authors WHERE id = $1",
    ];
    examples::expect(run, &told).await;
}
