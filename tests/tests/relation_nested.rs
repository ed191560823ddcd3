//! Graphs of new entities in one expression: what `create()` takes for a relationship, and what becomes of it.

use orm_core::prelude::*;
use tests::relations::*;

#[tokio::test]
async fn a_graph_in_one_expression_is_one_insert_a_table() {
    let library = Library::new().await;
    let mut db = library.session();
    let author = db.add(
        Author::create()
            .name("Ann")
            .bio(Bio::create().text("tea"))
            .books([
                Book::create().title("One").chapters([
                    Chapter::create()
                        .title("a")
                        .notes([Note::create().text("x")]),
                    Chapter::create().title("b").notes([] as [Handle<Note>; 0]),
                ]),
                Book::create()
                    .title("Two")
                    .tags([Tag::create().word("old")]),
            ]),
    );
    assert!(library.sent().is_empty(), "nothing is sent by add");

    // All is pending, and both sides are known before anything is sent.
    let books = db.related(author, Author::BOOKS).unwrap();
    assert_eq!(books.len(), 2);
    assert_eq!(db.related(books[1], Book::AUTHOR).unwrap(), Some(author));
    let bio = db.related(author, Author::BIO).unwrap().unwrap();
    assert_eq!(db.related(bio, Bio::AUTHOR).unwrap(), Some(author));
    let chapters = db.related(books[0], Book::CHAPTERS).unwrap();
    let notes = db.related(chapters[0], Chapter::NOTES).unwrap();
    assert_eq!((chapters.len(), notes.len()), (2, 1));
    assert_eq!(db.related(notes[0], Note::CHAPTER).unwrap(), chapters[0]);
    let tag = db.related(books[1], Book::TAGS).unwrap()[0];
    assert_eq!(*db.related(tag, Tag::BOOKS).unwrap(), [books[1]]);

    db.commit().await.unwrap();
    let tables: Vec<_> = library
        .sent()
        .iter()
        .map(|sql| sql.split(' ').nth(2).unwrap().to_owned())
        .collect();
    let mut sorted = tables.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "authors",
            "bios",
            "book_tags",
            "books",
            "chapters",
            "notes",
            "tags"
        ],
        "{tables:?}"
    );
    assert_eq!(db[books[1]].author_id, Some(db[author].id));
    assert_eq!(db[chapters[1]].book_id, db[books[0]].id);
    assert_eq!(
        library
            .rows(
                "SELECT a.name, b.title, c.title AS c, n.text, t.word FROM authors a JOIN books b ON b.author_id = a.id \
                 LEFT JOIN chapters c ON c.book_id = b.id LEFT JOIN notes n ON n.chapter_id = c.id \
                 LEFT JOIN book_tags bt ON bt.book_id = b.id LEFT JOIN tags t ON t.id = bt.tag_id ORDER BY b.id, c.id"
            )
            .await,
        "Ann|One|a|x|null; Ann|One|b|null|null; Ann|Two|null|null|old"
    );
}

#[tokio::test]
async fn a_parent_may_be_new_a_handle_or_nothing() {
    let library = Library::new().await;
    let mut db = library.session();
    let new = db.add(
        Book::create()
            .title("One")
            .author(Author::create().name("Ann")),
    );
    let ann = db.related(new, Book::AUTHOR).unwrap().unwrap();
    let same = db.add(Book::create().title("Two").author(ann).editor(Some(ann)));
    let none = db.add(Book::create().title("Three").author(None));
    // A required one, from the child's side, through three levels.
    let note = db.add(
        Note::create().text("x").chapter(
            Chapter::create()
                .title("a")
                .book(Book::create().title("Four").author(ann)),
        ),
    );
    db.commit().await.unwrap();
    assert_eq!(library.sent().len(), 4, "authors, books, chapters, notes");
    assert_eq!(db.related(none, Book::AUTHOR).unwrap(), None);
    let chapter = db.related(note, Note::CHAPTER).unwrap();
    let four = db.related(chapter, Chapter::BOOK).unwrap();
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [new, same, four]);
    assert_eq!(
        library
            .rows("SELECT title, author_id, editor_id FROM books ORDER BY title")
            .await,
        "Four|1|null; One|1|null; Three|null|null; Two|1|1"
    );
}

#[tokio::test]
async fn handles_of_rows_that_are_there_move_into_the_new_parent() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) VALUES (1, 'Ann');
             INSERT INTO books (id, title, author_id) VALUES (1, 'One', 1), (2, 'Two', 1);
             INSERT INTO tags (id, word) VALUES (1, 'old');",
        )
        .await;
    let mut db = library.session();
    let ann = Author::query()
        .with(Author::BOOKS)
        .one(&mut db)
        .await
        .unwrap();
    let one = db.related(ann, Author::BOOKS).unwrap()[0];
    let old = Tag::query().one(&mut db).await.unwrap();
    library.sent();
    let bob = db.add(
        Author::create()
            .name("Bob")
            .books([one])
            .books([Book::create().title("Three").tags([old])]),
    );
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 1);
    let books = db.related(bob, Author::BOOKS).unwrap();
    assert_eq!((books.len(), books[0]), (2, one));
    db.commit().await.unwrap();
    assert_eq!(
        library.sent().len(),
        4,
        "author, book, the moved book, the link"
    );
    assert_eq!(
        library
            .rows("SELECT title, author_id FROM books ORDER BY id")
            .await,
        "One|101; Two|1; Three|101"
    );
    assert_eq!(library.rows("SELECT * FROM book_tags").await, "101|1");
}

#[tokio::test]
async fn trees_and_graphs_of_one_model_are_one_insert_a_level() {
    let library = Library::new().await;
    let mut db = library.session();
    let leaf = |name: &str| Node::create().name(name);
    let root = db.add(leaf("root").children([
        leaf("a").children([leaf("c"), leaf("d")]),
        leaf("b").children([leaf("e")]),
    ]));
    let ann = db.add(
        Person::create()
            .name("Ann")
            .follows([Person::create().name("Bob"), Person::create().name("Cara")]),
    );
    db.commit().await.unwrap();
    let sent = library.sent();
    let into = |table: &str| {
        sent.iter()
            .filter(|sql| sql.starts_with(&format!("INSERT INTO {table} ")))
            .count()
    };
    assert_eq!(
        (into("nodes"), into("people"), into("follows")),
        (3, 1, 1),
        "{sent:#?}"
    );
    let first = db.related(root, Node::CHILDREN).unwrap()[0];
    assert_eq!(db[first].parent_id, Some(db[root].id));
    let bob = db.related(ann, Person::FOLLOWS).unwrap()[0];
    assert_eq!(*db.related(bob, Person::FOLLOWERS).unwrap(), [ann]);
    assert_eq!(
        library.rows("SELECT c.name, p.name AS p FROM nodes c JOIN nodes p ON p.id = c.parent_id ORDER BY c.name").await,
        "a|root; b|root; c|a; d|a; e|b"
    );
}

#[tokio::test]
async fn composite_and_unique_keys_are_given_by_the_place() {
    let library = Library::new().await;
    let mut db = library.session();
    db.add(
        Shelf::create()
            .room("a")
            .number(1)
            // `room` is required of an item, and is a part of the foreign key.
            .items([Item::create().name("w"), Item::create().name("x")])
            .labels([Label::create().word("old")]),
    );
    db.add(
        Country::create()
            .code("pe")
            .cities([City::create().name("Lima")]),
    );
    // A team and its captain refer to one another.
    let team = db.add(Team::create().name("red"));
    db.add(Player::create().name("Ann").team(team).captain_of(team));
    // A row of one's own, in place of a builder.
    db.add(
        House::create()
            .name("h")
            .rooms([Room { id: 7, house_id: 0 }]),
    );
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT name, room, shelf_number FROM items ORDER BY name")
            .await,
        "w|a|1; x|a|1"
    );
    assert_eq!(library.rows("SELECT * FROM shelf_labels").await, "a|1|1");
    assert_eq!(library.rows("SELECT country_code FROM cities").await, "pe");
    assert_eq!(library.rows("SELECT captain_id FROM teams").await, "1");
    assert_eq!(library.rows("SELECT id, house_id FROM rooms").await, "7|1");
}

#[tokio::test]
async fn a_graph_leaves_with_a_rollback() {
    let library = Library::new().await;
    let mut db = library.session();
    let author = db.add(
        Author::create()
            .name("Ann")
            .books([Book::create().title("One")]),
    );
    let book = db.related(author, Author::BOOKS).unwrap()[0];
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    assert!(db.peek(author).is_err() && db.peek(book).is_err());
    assert_eq!(library.rows("SELECT * FROM books").await, "");
}

#[tokio::test]
async fn a_handle_of_another_session_anywhere_in_the_graph_adds_nothing() {
    let library = Library::new().await;
    let (mut db, mut other) = (library.session(), library.session());
    let foreign = other.add(Tag::create().word("old"));
    let text = tests::fixture::panic_text(|| {
        db.add(
            Author::create()
                .name("Ann")
                .books([Book::create().title("One").tags([foreign])]),
        );
    });
    assert!(text.starts_with("Book::TAGS: "), "{text}");
    assert!(db.new_entities::<Author>().is_empty() && db.new_entities::<Book>().is_empty());
}
