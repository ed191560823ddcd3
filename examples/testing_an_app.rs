//! Testing an application: a real PostgreSQL without set-up, a database for each test, and statements that are counted.
//!
//! ```text
//! cargo run --example testing_an_app      # tells what the tests below rely on
//! cargo test --example testing_an_app     # the tests
//! ```
//!
//! The application is a library with one page and one action. Nothing in it knows that it is tested: it takes a session, and a
//! test has one. Read from `tests` at the end.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use orm_core::{Error, Result};

#[derive(Model, Debug, Clone)]
#[orm(table = "members", has_many(loans: Loan, via = member, order_by = id))]
struct Member {
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
    #[orm(default = 1)]
    copies: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "loans", unique(member_id, book_id))]
struct Loan {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(member: Member))]
    member_id: i32,
    #[orm(belongs_to(book: Book))]
    book_id: i32,
}

/// The action: a member takes a book, if there is a copy left.
async fn borrow(db: &mut Session, member_id: i32, book_id: i32) -> Result<Handle<Loan>> {
    let loan = db
        .insert(Loan::create().member_id(member_id).book_id(book_id))
        .await?;
    let book = db.get::<Book>(book_id).for_update().await?;
    let book = book.ok_or_else(|| Error::invalid("there is no such book"))?;
    if db[book].copies == 0 {
        return Err(Error::invalid("all copies are out"));
    }
    db[book].copies -= 1;
    db.commit().await?;
    Ok(loan)
}

/// The page: who has which books, a line a member.
async fn page(db: &mut Session) -> Result<Vec<String>> {
    let members = Member::query()
        .with(Member::LOANS.then(Loan::BOOK))
        .order_by(Member::NAME)
        .all(db)
        .await?;
    let line = |member: &Handle<Member>| {
        let member = db.view(*member);
        let loans = member.related(Member::LOANS)?;
        let titles = loans.map(|loan| Ok(loan.related(Loan::BOOK)?.title.clone()));
        let titles = titles.collect::<Result<Vec<_>>>()?.join(", ");
        Ok(format!("{}: {titles}", member.name))
    };
    members.iter().map(line).collect()
}

/// What most tests begin with. The tables and rows are made once in the process, as a template; each test gets a copy, for about
/// the price of an empty database.
async fn library() -> Result<TestDb> {
    TestDb::from_template("library", async |url| {
        let engine = Engine::connect(url).await?;
        engine.create_all::<(Member, Book, Loan)>().await?;
        let mut db = engine.session();
        db.add_all(["Ann", "Bob"].map(|name| Member::create().name(name)));
        db.add_all(["Comet", "Winter"].map(|title| Book::create().title(title)));
        db.commit().await
    })
    .await
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    story.part("A database each");
    let (one, two) = (library().await?, library().await?);
    let mut db = one.engine().await?.session();
    borrow(&mut db, 1, 1).await?;
    let mut other = two.engine().await?.session();
    story.say("Two copies of one template. In the first, a book is borrowed:");
    story.block(page(&mut db).await?.join("\n"));
    story.say("In the second it is not:");
    story.block(page(&mut other).await?.join("\n"));
    story.check(
        "apart",
        (
            Loan::query().count(&mut db).await?,
            Loan::query().count(&mut other).await?,
        ),
        (1, 0),
    );
    story.say("So tests run at the same time, and none has to clean up: a database is dropped with its `TestDb`, also when the test panics.");

    story.part("Statements are counted");
    let (engine, log) = two.logged_engine().await?;
    let mut db = engine.session();
    page(&mut db).await?;
    let few = log.take();
    for n in 0..50 {
        let member = db.add(Member::create().name(format!("Member {n}")));
        let book = db.add(Book::create().title(format!("Book {n}")));
        db.add(Loan::create().member(member).book(book));
    }
    db.commit().await?;
    log.clear();
    page(&mut db).await?;
    let many = log.take();
    story.say("The page of two members without a loan, and of 52 with 50 loans:");
    story.table(
        ["members", "statements"],
        &[
            ["2".to_owned(), few.len().to_string()],
            ["52".to_owned(), many.len().to_string()],
        ],
    );
    story.sql(many.clone());
    story.check("the same", few.len(), many.len());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_book_is_borrowed_and_stands_on_the_page() {
        let test_db = library().await.unwrap();
        let mut db = test_db.engine().await.unwrap().session();
        borrow(&mut db, 1, 2).await.unwrap();
        assert_eq!(page(&mut db).await.unwrap(), ["Ann: Winter", "Bob: "]);
        let book = db.get::<Book>(2).await.unwrap().unwrap();
        assert_eq!(db[book].copies, 0);
    }

    #[tokio::test]
    async fn the_last_copy_is_lent_once_and_a_refusal_leaves_nothing_behind() {
        let test_db = library().await.unwrap();
        let mut db = test_db.engine().await.unwrap().session();
        borrow(&mut db, 1, 1).await.unwrap();
        let refused = borrow(&mut db, 2, 1).await.unwrap_err();
        assert_eq!(refused.to_string(), "all copies are out");
        db.rollback().await.unwrap();
        assert_eq!(page(&mut db).await.unwrap(), ["Ann: Comet", "Bob: "]);
    }

    #[tokio::test]
    async fn what_the_database_refuses_is_told_apart() {
        let test_db = library().await.unwrap();
        let mut db = test_db.engine().await.unwrap().session();
        borrow(&mut db, 1, 1).await.unwrap();
        assert!(
            borrow(&mut db, 1, 1)
                .await
                .unwrap_err()
                .is_unique_violation()
        );
        db.rollback().await.unwrap();
        assert!(
            borrow(&mut db, 9, 1)
                .await
                .unwrap_err()
                .is_foreign_key_violation()
        );
    }

    /// The test against N+1: it fails as soon as somebody loads in a loop.
    #[tokio::test]
    async fn the_page_sends_two_statements_whatever_its_length() {
        let test_db = library().await.unwrap();
        let (engine, log) = test_db.logged_engine().await.unwrap();
        let mut db = engine.session();
        borrow(&mut db, 1, 1).await.unwrap();
        borrow(&mut db, 2, 2).await.unwrap();
        log.clear();
        page(&mut db).await.unwrap();
        let sent = log.take();
        assert_eq!(
            sent.len(),
            3,
            "BEGIN, the members, their loans with the books: {sent:#?}"
        );
    }

    #[tokio::test]
    async fn the_example_tells_what_the_tests_rely_on() {
        let told = [
            "  Ann: Comet",
            "  Ann: ",
            "        2           3",
            "       52           3",
        ];
        examples::expect(run, &told).await;
    }
}
