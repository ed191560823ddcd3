//! Loading relationships: which statements go out, and what is in memory afterwards.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::relations::*;

const LIBRARY: &str = "
    INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
    INSERT INTO bios (id, text, author_id) VALUES (1, 'of Ann', 1), (2, 'of nobody', NULL);
    INSERT INTO books (id, title, author_id, editor_id) VALUES
        (1, 'One', 1, 2), (2, 'Two', 1, NULL), (3, 'Three', 2, 1), (4, 'Four', NULL, NULL);
    INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1), (3, '3.1', 3);
    INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 3);
    INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'none');
    INSERT INTO book_tags VALUES (1, 1), (1, 2), (2, 1), (3, 2);
";

async fn library() -> Library {
    let library = Library::new().await;
    library.fill(LIBRARY).await;
    library
}

async fn books(db: &mut Session) -> Vec<Handle<Book>> {
    Book::query().order_by(Book::ID).all(db).await.unwrap()
}

async fn authors(db: &mut Session) -> Vec<Handle<Author>> {
    Author::query().order_by(Author::ID).all(db).await.unwrap()
}

const BOOKS: &str = "SELECT books.id, books.title, books.author_id, books.editor_id FROM books";

#[tokio::test]
async fn a_to_one_is_joined() {
    let library = library().await;
    let mut db = library.session();
    let books = Book::query()
        .with(Book::AUTHOR)
        .with(Book::EDITOR)
        .order_by(Book::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT books.id, books.title, books.author_id, books.editor_id, loaded_1.id, loaded_1.name, loaded_2.id, \
          loaded_2.name FROM books LEFT JOIN authors AS loaded_1 ON loaded_1.id = books.author_id \
          LEFT JOIN authors AS loaded_2 ON loaded_2.id = books.editor_id ORDER BY books.id"
        ]
    );
    let names = |db: &Session, book: Handle<Book>| {
        let name = |author: Option<Handle<Author>>| author.map(|author| db[author].name.clone());
        (
            name(db.related(book, Book::AUTHOR).unwrap()),
            name(db.related(book, Book::EDITOR).unwrap()),
        )
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(names(&db, books[0]), (some("Ann"), some("Bob")));
    assert_eq!(names(&db, books[1]), (some("Ann"), None));
    assert_eq!(names(&db, books[2]), (some("Bob"), some("Ann")));
    assert_eq!(names(&db, books[3]), (None, None));
    let ann = db.related(books[0], Book::AUTHOR).unwrap();
    assert_eq!(
        ann,
        db.related(books[2], Book::EDITOR).unwrap(),
        "one entity per key"
    );
}

#[tokio::test]
async fn a_to_many_is_one_statement_for_all_parents() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name FROM authors ORDER BY authors.id",
            &format!("{BOOKS} WHERE books.author_id = ANY($1)"),
        ]
    );
    let counts = authors
        .iter()
        .map(|author| db.related(*author, Author::BOOKS).unwrap().len());
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [2, 1, 0],
        "the childless one is loaded and empty"
    );
    for author in &authors {
        for book in db.related(*author, Author::BOOKS).unwrap() {
            assert_eq!(
                db.related(book, Book::AUTHOR).unwrap(),
                Some(*author),
                "the other side"
            );
        }
        assert!(matches!(
            db.related(*author, Author::EDITED),
            Err(Error::NotLoaded { .. })
        ));
    }
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn one_parent_is_asked_for_by_its_key() {
    let library = library().await;
    let mut db = library.session();
    let ann = Author::query()
        .filter(Author::ID.eq(1))
        .with(Author::BOOKS.order_by(Book::TITLE.desc()))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent()[1..],
        [format!(
            "{BOOKS} WHERE books.author_id = $1 ORDER BY books.title DESC"
        )]
    );
    let titles = db
        .view(ann)
        .related(Author::BOOKS)
        .unwrap()
        .map(|book| book.title.clone());
    assert_eq!(titles.collect::<Vec<_>>(), ["Two", "One"]);
}

#[tokio::test]
async fn a_has_one_is_joined_and_known_on_both_sides() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BIO)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name, loaded_1.id, loaded_1.text, loaded_1.author_id FROM authors \
          LEFT JOIN bios AS loaded_1 ON loaded_1.author_id = authors.id ORDER BY authors.id"
        ]
    );
    let bio = db.related(authors[0], Author::BIO).unwrap().unwrap();
    assert_eq!(db[bio].text, "of Ann");
    assert_eq!(db.related(bio, Bio::AUTHOR).unwrap(), Some(authors[0]));
    assert_eq!(db.related(authors[1], Author::BIO).unwrap(), None);
}

#[tokio::test]
async fn strategies_can_be_chosen() {
    let library = library().await;
    let mut db = library.session();
    Book::query()
        .with(Book::AUTHOR.selectin())
        .order_by(Book::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            format!("{BOOKS} ORDER BY books.id"),
            "SELECT authors.id, authors.name FROM authors WHERE authors.id = ANY($1)".to_owned(),
        ]
    );
    let mut db = library.session();
    Author::query()
        .with(Author::BIO.selectin())
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent()[1..],
        ["SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = ANY($1)"]
    );
    // What was asked for once stays, also when a longer path comes by.
    let mut db = library.session();
    Book::query()
        .with(Book::AUTHOR.selectin())
        .with(Book::AUTHOR.then(Author::BIO))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            BOOKS,
            "SELECT authors.id, authors.name, loaded_1.id, loaded_1.text, loaded_1.author_id FROM authors \
             LEFT JOIN bios AS loaded_1 ON loaded_1.author_id = authors.id WHERE authors.id = ANY($1)",
        ]
    );
    let mut db = library.session();
    Book::query()
        .with(Book::AUTHOR.selectin())
        .with(Book::AUTHOR.joined())
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 1);
}

#[tokio::test]
async fn many_to_many_goes_through_the_link_table() {
    let library = library().await;
    let mut db = library.session();
    let books = Book::query()
        .with(Book::TAGS.order_by(Tag::WORD))
        .order_by(Book::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent()[1..],
        [
            "SELECT tags.id, tags.word, link_1.book_id FROM tags JOIN book_tags AS link_1 ON link_1.tag_id = tags.id \
          WHERE link_1.book_id = ANY($1) ORDER BY tags.word"
        ]
    );
    let words = |db: &Session, book: Handle<Book>| {
        let tags = db.view(book).related(Book::TAGS).unwrap();
        tags.map(|tag| tag.word.clone()).collect::<Vec<_>>()
    };
    assert_eq!(words(&db, books[0]), ["blue", "red"]);
    assert_eq!(words(&db, books[1]), ["red"]);
    assert_eq!(words(&db, books[3]), [""; 0]);
    let red = db.related(books[1], Book::TAGS).unwrap()[0];
    assert!(matches!(
        db.related(red, Tag::BOOKS),
        Err(Error::NotLoaded { .. })
    ));
}

#[tokio::test]
async fn paths_nest_and_branch_with_one_statement_a_to_many_level() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS.then(Book::CHAPTERS).then(Chapter::NOTES))
        .with(Author::BOOKS.then(Book::TAGS))
        .with(Author::BOOKS.then(Book::EDITOR).then(Author::BIO))
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name FROM authors ORDER BY authors.id",
            "SELECT books.id, books.title, books.author_id, books.editor_id, loaded_1.id, loaded_1.name, loaded_2.id, \
             loaded_2.text, loaded_2.author_id FROM books LEFT JOIN authors AS loaded_1 ON loaded_1.id = books.editor_id \
             LEFT JOIN bios AS loaded_2 ON loaded_2.author_id = loaded_1.id WHERE books.author_id = ANY($1)",
            "SELECT chapters.id, chapters.title, chapters.book_id FROM chapters WHERE chapters.book_id = ANY($1)",
            "SELECT notes.id, notes.text, notes.chapter_id FROM notes WHERE notes.chapter_id = ANY($1)",
            "SELECT tags.id, tags.word, link_1.book_id FROM tags JOIN book_tags AS link_1 ON link_1.tag_id = tags.id \
             WHERE link_1.book_id = ANY($1)",
        ]
    );
    let one = db.related(authors[0], Author::BOOKS).unwrap()[0];
    let chapters = db.related(one, Book::CHAPTERS).unwrap();
    assert_eq!(db.related(chapters[0], Chapter::NOTES).unwrap().len(), 2);
    assert_eq!(db.related(chapters[1], Chapter::NOTES).unwrap().len(), 0);
    assert_eq!(db.related(one, Book::TAGS).unwrap().len(), 2);
    assert_eq!(db.related(one, Book::EDITOR).unwrap(), Some(authors[1]));
    assert_eq!(db.related(authors[1], Author::BIO).unwrap(), None);
}

#[tokio::test]
async fn a_to_many_below_a_joined_to_one_is_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let chapters = Chapter::query()
        .with(Chapter::BOOK.then(Book::AUTHOR).then(Author::BOOKS))
        .order_by(Chapter::ID)
        .all(&mut db)
        .await
        .unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 2, "{sent:#?}");
    assert_eq!(sent[1], format!("{BOOKS} WHERE books.author_id = ANY($1)"));
    let view = db.view(chapters[0]);
    let book = view.related(Chapter::BOOK).unwrap();
    let author = book.related(Book::AUTHOR).unwrap().unwrap();
    assert_eq!(author.related(Author::BOOKS).unwrap().len(), 2);
    // The first book was reached twice, and is one entity.
    assert!(
        author
            .related(Author::BOOKS)
            .unwrap()
            .any(|other| other.handle() == book.handle())
    );
}

#[tokio::test]
async fn zero_rows_send_nothing_more() {
    let library = library().await;
    let mut db = library.session();
    let none = Author::query()
        .filter(Author::ID.eq(99))
        .with(Author::BOOKS.then(Book::CHAPTERS))
        .all(&mut db)
        .await
        .unwrap();
    assert!(none.is_empty());
    assert_eq!(library.sent().len(), 1);
    // Nobody has books: the level below has nobody to ask for.
    Author::query()
        .filter(Author::ID.eq(3))
        .with(Author::BOOKS.then(Book::CHAPTERS))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 2);
    db.load(Vec::new(), Author::BOOKS).await.unwrap();
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn keys_that_are_null_send_nothing() {
    let library = library().await;
    let mut db = library.session();
    let four = db.get::<Book>(4).await.unwrap().unwrap();
    library.sent();
    assert_eq!(
        db.related(four, Book::AUTHOR).unwrap(),
        None,
        "NULL counts as loaded"
    );
    db.load(four, Book::AUTHOR.then(Author::BOOKS))
        .await
        .unwrap();
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn targets_in_the_identity_map_send_nothing() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    let books = books(&mut db).await;
    library.sent();
    assert_eq!(
        db.related(books[0], Book::AUTHOR).unwrap(),
        Some(authors[0]),
        "without loading"
    );
    db.load(&books, Book::AUTHOR).await.unwrap();
    db.load(&books, Book::EDITOR.selectin()).await.unwrap();
    assert!(library.sent().is_empty());
    // A level behind them is still one statement.
    db.load(&books, Book::AUTHOR.then(Author::BIO))
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        ["SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = ANY($1)"]
    );
}

#[tokio::test]
async fn some_targets_known_and_some_not_is_one_statement_a_level() {
    let library = library().await;
    let mut db = library.session();
    db.get::<Author>(1).await.unwrap();
    let books = books(&mut db).await;
    library.sent();
    db.load(&books, Book::AUTHOR.then(Author::BIO).then(Bio::AUTHOR))
        .await
        .unwrap();
    db.load(
        &books,
        Book::AUTHOR.then(Author::BOOKS.then(Book::CHAPTERS)),
    )
    .await
    .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name FROM authors WHERE authors.id = $1",
            "SELECT bios.id, bios.text, bios.author_id, loaded_1.id, loaded_1.name FROM bios \
             LEFT JOIN authors AS loaded_1 ON loaded_1.id = bios.author_id WHERE bios.author_id = ANY($1)",
            &format!("{BOOKS} WHERE books.author_id = ANY($1)"),
            "SELECT chapters.id, chapters.title, chapters.book_id FROM chapters WHERE chapters.book_id = ANY($1)",
        ]
    );
}

#[tokio::test]
async fn load_takes_one_handle_or_many() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    library.sent();
    let many = format!("{BOOKS} WHERE books.author_id = ANY($1)");
    let one = format!("{BOOKS} WHERE books.author_id = $1");
    db.load(authors[0], Author::BOOKS).await.unwrap();
    assert_eq!(library.sent(), [one.as_str()]);
    db.load(&authors, Author::BOOKS).await.unwrap();
    assert_eq!(library.sent(), [many.as_str()]);
    db.load(&authors[..2], Author::BOOKS).await.unwrap();
    assert_eq!(library.sent(), [many.as_str()]);
    db.load([authors[0], authors[1]], Author::BOOKS)
        .await
        .unwrap();
    assert_eq!(library.sent(), [many.as_str()]);
    db.load(authors.clone(), Author::BOOKS).await.unwrap();
    assert_eq!(library.sent(), [many.as_str()]);
    // Twice the same handle is one parent.
    db.load([authors[0], authors[0]], Author::BOOKS)
        .await
        .unwrap();
    assert_eq!(library.sent(), [one.as_str()]);
    let books = db.related(authors[0], Author::BOOKS).unwrap();
    assert_eq!(books.len(), 2);
    db.load(&books, Book::CHAPTERS).await.unwrap();
    db.load(books, Book::TAGS).await.unwrap();
    assert_eq!(library.sent().len(), 2);
}

#[tokio::test]
async fn reading_what_is_not_loaded_names_it_and_the_fix() {
    let library = library().await;
    let mut db = library.session();
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    library.sent();
    let error = db.related(ann, Author::BOOKS).unwrap_err();
    assert!(matches!(
        error,
        Error::NotLoaded {
            model: "Author",
            relationship: "BOOKS"
        }
    ));
    assert_eq!(
        error.to_string(),
        "`Author::BOOKS` is not loaded: ask for it with `.with(Author::BOOKS)` in the query, or with \
         `db.load(handle, Author::BOOKS).await?` before reading it"
    );
    assert!(db.view(ann).related(Author::BOOKS).is_err());
    assert!(library.sent().is_empty(), "reading never sends anything");
}

#[tokio::test]
async fn views_are_copied_and_chained() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS.then(Book::EDITOR))
        .with(Author::BIO)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let ann = db.view(authors[0]);
    let same = ann;
    assert_eq!((ann.name.as_str(), same.handle()), ("Ann", authors[0]));
    let editors: Vec<&str> = ann
        .related(Author::BOOKS)
        .unwrap()
        .filter_map(|book| book.related(Book::EDITOR).unwrap())
        .map(|editor| editor.row().name.as_str())
        .collect();
    assert_eq!(editors, ["Bob"]);
    assert_eq!(
        ann.related(Author::BIO)
            .unwrap()
            .map(|bio| bio.text.as_str().len()),
        Some(6)
    );
}

#[tokio::test]
async fn a_plain_connection_says_that_it_cannot_load() {
    let library = library().await;
    let mut connection = library.engine.acquire().await.unwrap();
    let query = Author::query().with(Author::BOOKS);
    let error = query.all(&mut connection).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`.with(Author::BOOKS)` needs a session, which has a place to keep what it loads: run the query on one, or join \
         instead"
    );
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn loads_under_limit_grouping_and_projection() {
    let library = library().await;
    let mut db = library.session();
    let first = Book::query()
        .with(Book::AUTHOR)
        .with(Book::TAGS)
        .order_by(Book::ID)
        .limit(2)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(first.len(), 2, "the limit counts books");
    assert_eq!(library.sent().len(), 2);
    // A joined row would not stand in a GROUP BY.
    let mut db = library.session();
    let written = Author::query()
        .join(Author::BOOKS)
        .group_by(Author::ID)
        .with(Author::BIO)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(written.len(), 2);
    assert!(db.related(written[0], Author::BIO).unwrap().is_some());
    assert_eq!(
        library.sent()[1..],
        ["SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = ANY($1)"]
    );
    // A query that was turned to give no entities has nothing to load anything of.
    let n = Author::query()
        .with(Author::BIO)
        .with(Author::BOOKS)
        .select(count(Author::ID))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 3);
    assert_eq!(
        library.sent(),
        ["SELECT count(authors.id) FROM authors LIMIT $1"]
    );
}

#[tokio::test]
async fn stale_links_stay_readable_until_they_are_loaded_again() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let (ann, bob) = (authors[0], authors[1]);
    let [one, two] = db.related(ann, Author::BOOKS).unwrap()[..] else {
        panic!("Ann has two books")
    };
    db.commit().await.unwrap();
    library
        .elsewhere(
            "UPDATE books SET author_id = 2 WHERE id = 1; INSERT INTO books (id, title, author_id) VALUES (9, 'Nine', 1)",
        )
        .await;
    library.sent();
    assert_eq!(
        db.related(ann, Author::BOOKS).unwrap().len(),
        2,
        "stale, and readable"
    );
    assert!(library.sent().is_empty());

    // A row that is read again leads where it leads now, and both sides agree; what nobody read stays unknown.
    db.get::<Book>(1).await.unwrap();
    assert_eq!(db.related(one, Book::AUTHOR).unwrap(), Some(bob));
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [two]);
    assert!(db.related(bob, Author::BOOKS).unwrap().contains(&one));

    // Loading again brings the truth.
    db.load(&authors, Author::BOOKS).await.unwrap();
    let nine = db.get::<Book>(9).await.unwrap().unwrap();
    let mut now: Vec<_> = db.related(ann, Author::BOOKS).unwrap().into();
    now.sort_by_key(|book| db[*book].id);
    assert_eq!(now, [two, nine]);

    // So does `with`, for parents that have been here before.
    db.commit().await.unwrap();
    library.elsewhere("DELETE FROM books WHERE id = 9").await;
    Author::query()
        .with(Author::BOOKS)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [two]);
}

#[tokio::test]
async fn a_bulk_update_moves_loaded_children() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let n = Book::query()
        .filter(Book::AUTHOR_ID.eq(1))
        .update((Book::AUTHOR_ID.set(3),))
        .exec(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 2);
    let counts = authors
        .iter()
        .map(|author| db.related(*author, Author::BOOKS).unwrap().len());
    assert_eq!(counts.collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test]
async fn refresh_forgets_what_was_loaded() {
    let library = library().await;
    let mut db = library.session();
    let ann = Author::query()
        .with(Author::BOOKS)
        .filter(Author::ID.eq(1))
        .one(&mut db)
        .await
        .unwrap();
    db.refresh(ann).await.unwrap();
    assert!(matches!(
        db.related(ann, Author::BOOKS),
        Err(Error::NotLoaded { .. })
    ));

    // Also of what this session created, whose collections were known to be empty.
    let dan = db.insert(Author::create().name("Dan")).await.unwrap();
    assert!(db.related(dan, Author::BOOKS).unwrap().is_empty());
    db.commit().await.unwrap();
    let id = db[dan].id;
    library
        .elsewhere(&format!(
            "INSERT INTO books (id, title, author_id) VALUES (8, 'Eight', {id})"
        ))
        .await;
    db.refresh(dan).await.unwrap();
    assert!(matches!(
        db.related(dan, Author::BOOKS),
        Err(Error::NotLoaded { .. })
    ));
    db.load(dan, Author::BOOKS).await.unwrap();
    assert_eq!(db.related(dan, Author::BOOKS).unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_loaded_behind_a_savepoint_is_forgotten_with_it() {
    let library = library().await;
    let mut db = library.session();
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    let one;
    {
        let mut savepoint = db.begin_nested().await.unwrap();
        // A write that memory knows nothing of, read back by a load.
        orm_core::engine::sql("UPDATE books SET title = 'changed' WHERE id = 1")
            .execute(&mut *savepoint)
            .await
            .unwrap();
        savepoint.load(ann, Author::BOOKS).await.unwrap();
        one = savepoint
            .related(ann, Author::BOOKS)
            .unwrap()
            .iter()
            .copied()
            .find(|book| savepoint[*book].id == 1)
            .unwrap();
        assert_eq!(savepoint[one].title, "changed");
        savepoint.rollback().await.unwrap();
    }
    assert!(matches!(
        db.related(ann, Author::BOOKS),
        Err(Error::NotLoaded { .. })
    ));
    assert_eq!(db.state(one), State::Persistent);
    db.load(ann, Author::BOOKS).await.unwrap();
    assert_eq!(
        db[one].title, "One",
        "a row that was read behind the savepoint is read again"
    );
}

#[tokio::test]
async fn loading_keeps_what_waits_for_a_flush() {
    let library = library().await;
    let mut db = library.session();
    let authors = authors(&mut db).await;
    let books = books(&mut db).await;
    let (ann, bob) = (authors[0], authors[1]);
    let red = db.get::<Tag>(1).await.unwrap().unwrap();
    let blue = db.get::<Tag>(2).await.unwrap().unwrap();
    {
        let mut db = db.no_autoflush();
        db.set(books[0], Book::AUTHOR, bob); // from Ann
        db.push(ann, Author::BOOKS, books[3]); // from nobody
        let new = db.add(Book::create().title("new").author(ann));
        db.remove(books[0], Book::TAGS, red);
        db.push(books[3], Book::TAGS, blue);
        db.load([ann, bob], Author::BOOKS).await.unwrap();
        db.load([books[0], books[3]], Book::TAGS).await.unwrap();
        db.load([red, blue], Tag::BOOKS).await.unwrap();
        assert_eq!(
            *db.related(ann, Author::BOOKS).unwrap(),
            [books[1], books[3], new]
        );
        assert_eq!(
            *db.related(bob, Author::BOOKS).unwrap(),
            [books[2], books[0]]
        );
        assert_eq!(*db.related(books[0], Book::TAGS).unwrap(), [blue]);
        assert_eq!(*db.related(books[3], Book::TAGS).unwrap(), [blue]);
        assert_eq!(*db.related(red, Tag::BOOKS).unwrap(), [books[1]]);
        assert_eq!(
            *db.related(blue, Tag::BOOKS).unwrap(),
            [books[0], books[2], books[3]]
        );
    }
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT id, author_id FROM books ORDER BY id")
            .await,
        "1|2; 2|1; 3|2; 4|1; 101|1"
    );
    assert_eq!(
        library.rows("SELECT * FROM book_tags ORDER BY 1, 2").await,
        "1|2; 2|1; 3|2; 4|2"
    );
}
