//! Collections that are joined to their parents' statement, relationships out of joins that a query has anyhow, and
//! relationships read with `get` and `refresh`.

use orm_core::prelude::*;
use tests::relations::*;

const LIBRARY: &str = "
    INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
    INSERT INTO bios (id, text, author_id) VALUES (1, 'of Ann', 1);
    INSERT INTO books (id, title, author_id, editor_id) VALUES
        (1, 'One', 1, 2), (2, 'Two', 1, NULL), (3, 'Three', 2, 1), (4, 'Four', NULL, NULL);
    INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1), (3, '3.1', 3);
    INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 3);
    INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'none');
    INSERT INTO book_tags VALUES (1, 1), (1, 2), (2, 1), (3, 2);
    INSERT INTO nodes (id, name, parent_id) VALUES (1, 'root', NULL), (2, 'left', 1), (3, 'right', 1), (4, 'leaf', 2);
    INSERT INTO countries (id, code) VALUES (1, 'AT'), (2, 'BE');
    INSERT INTO cities (id, name, country_code) VALUES (1, 'Wien', 'AT'), (2, 'Graz', 'AT');
    INSERT INTO shelves VALUES ('a', 1), ('a', 2);
    INSERT INTO items (id, name, room, shelf_number) VALUES (1, 'x', 'a', 1), (2, 'y', 'a', 1), (3, 'z', 'a', NULL);
    INSERT INTO people (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');
    INSERT INTO follows VALUES (1, 2), (2, 1), (1, 3);
";

async fn library() -> Library {
    let library = Library::new().await;
    library.fill(LIBRARY).await;
    library
}

fn books(db: &Session, of: Handle<Author>) -> Vec<String> {
    let books = db.view(of).related(Author::BOOKS).unwrap();
    books.map(|book| book.title.clone()).collect()
}

#[tokio::test]
async fn a_joined_collection_comes_in_the_parents_statement_and_each_parent_once() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS.order_by(Book::TITLE.desc()).joined())
        .order_by(Author::NAME.desc())
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name, loaded_1.id, loaded_1.title, loaded_1.author_id, loaded_1.editor_id \
          FROM authors LEFT JOIN books AS loaded_1 ON loaded_1.author_id = authors.id \
          ORDER BY authors.name DESC, loaded_1.title DESC"
        ]
    );
    let names: Vec<_> = authors
        .iter()
        .map(|author| db[*author].name.as_str())
        .collect();
    assert_eq!(names, ["Cid", "Bob", "Ann"]);
    assert_eq!(books(&db, authors[2]), ["Two", "One"]);
    assert_eq!(books(&db, authors[1]), ["Three"]);
    assert_eq!(books(&db, authors[0]), [""; 0], "loaded, and empty");
    let one = db.related(authors[2], Author::BOOKS).unwrap()[0];
    assert_eq!(db.related(one, Book::AUTHOR).unwrap(), Some(authors[2]));
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn a_limit_counts_parents_where_a_collection_is_joined() {
    let library = library().await;
    let mut db = library.session();
    let query = Author::query()
        .with(Author::BOOKS.order_by(Book::ID).joined())
        .order_by(Author::NAME);
    let authors = query.clone().limit(2).all(&mut db).await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT loaded_0.id, loaded_0.name, loaded_0.loaded_row, loaded_1.id, loaded_1.title, loaded_1.author_id, \
          loaded_1.editor_id FROM (SELECT authors.id, authors.name, row_number() OVER (ORDER BY authors.name) \
          FROM authors ORDER BY 3 LIMIT $1) AS loaded_0(id, name, loaded_row) \
          LEFT JOIN books AS loaded_1 ON loaded_1.author_id = loaded_0.id ORDER BY loaded_0.loaded_row, loaded_1.id"
        ]
    );
    let names = |db: &Session, authors: &[Handle<Author>]| {
        let names = authors.iter().map(|author| db[*author].name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&db, &authors), ["Ann", "Bob"]);
    assert_eq!(books(&db, authors[0]), ["One", "Two"]);
    let second = query.clone().offset(1).limit(1).all(&mut db).await.unwrap();
    assert_eq!(names(&db, &second), ["Bob"]);
    let ann = query.clone().first(&mut db).await.unwrap().unwrap();
    assert_eq!(db[ann].name, "Ann");
    let only = query.clone().filter(Author::ID.eq(1)).one(&mut db).await;
    assert_eq!(only.unwrap(), ann, "two books, one author");
    assert_eq!(query.count(&mut db).await.unwrap(), 3);
}

#[tokio::test]
async fn joined_collections_nest_and_branch_in_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let path = Author::BOOKS
        .order_by(Book::ID)
        .joined()
        .then(Book::CHAPTERS.order_by(Chapter::ID.desc()).joined());
    let authors = Author::query()
        .with(path.clone().then(Chapter::NOTES))
        .with(
            Author::BOOKS
                .joined()
                .then(Book::TAGS.order_by(Tag::WORD).joined()),
        )
        .with(Author::BIO)
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let sent = library.sent();
    assert_eq!(
        sent.len(),
        2,
        "the notes have a statement of their own: {sent:#?}"
    );
    let ann = db.view(authors[0]);
    let seen: Vec<_> = ann
        .related(Author::BOOKS)
        .unwrap()
        .map(|book| {
            let chapters = book.related(Book::CHAPTERS).unwrap();
            let chapters: Vec<_> = chapters
                .map(|chapter| {
                    (
                        chapter.title.clone(),
                        chapter.related(Chapter::NOTES).unwrap().count(),
                    )
                })
                .collect();
            let tags = book.related(Book::TAGS).unwrap();
            let tags: Vec<_> = tags.map(|tag| tag.word.clone()).collect();
            (book.title.clone(), chapters, tags)
        })
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        seen,
        [
            (
                text("One"),
                vec![(text("1.2"), 0), (text("1.1"), 2)],
                vec![text("blue"), text("red")]
            ),
            (text("Two"), vec![], vec![text("red")]),
        ]
    );
    assert!(ann.related(Author::BIO).unwrap().is_some());
    assert!(library.sent().is_empty());
    // Behind a select-in and behind `load` too.
    let mut db = library.session();
    let authors = Author::query().all(&mut db).await.unwrap();
    library.sent();
    let joined = Author::BOOKS.then(Book::CHAPTERS.joined());
    db.load(&authors, joined).await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT books.id, books.title, books.author_id, books.editor_id, loaded_1.id, loaded_1.title, loaded_1.book_id \
          FROM books LEFT JOIN chapters AS loaded_1 ON loaded_1.book_id = books.id WHERE books.author_id = ANY($1)"
        ]
    );
    assert_eq!(books(&db, authors[0]).len(), 2);
}

#[tokio::test]
async fn a_condition_on_a_joined_collection_is_part_of_its_join() {
    let library = library().await;
    let mut db = library.session();
    // With a subquery that names the table by its own name.
    let condition = Book::TITLE.like("T%").and(Book::CHAPTERS.exists());
    let authors = Author::query()
        .with(Author::BOOKS.filter(condition).joined())
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name, loaded_1.id, loaded_1.title, loaded_1.author_id, loaded_1.editor_id \
          FROM authors LEFT JOIN books AS loaded_1 ON loaded_1.author_id = authors.id AND loaded_1.title LIKE $1 \
          AND EXISTS (SELECT 1 FROM chapters WHERE chapters.book_id = loaded_1.id) ORDER BY authors.id"
        ]
    );
    assert_eq!(books(&db, authors[0]), [""; 0]);
    assert_eq!(books(&db, authors[1]), ["Three"]);
    assert!(
        db.replace(authors[1], Author::BOOKS, &[][..]).is_err(),
        "a part of the collection cannot be replaced"
    );
    // A table's own FROM inside the condition keeps its name.
    let again = Book::AUTHOR.has(Author::BOOKS.any(Book::TITLE.eq("One")));
    let mut db = library.session();
    let authors = Author::query().with(Author::BOOKS.filter(again).joined());
    let authors = authors.order_by(Author::ID).all(&mut db).await.unwrap();
    assert_eq!(books(&db, authors[0]).len(), 2);
    assert_eq!(books(&db, authors[1]), [""; 0]);
}

#[tokio::test]
async fn every_kind_of_collection_can_be_joined() {
    let library = library().await;
    let mut db = library.session();
    let db = &mut db;
    let tagged = Book::query().with(Book::TAGS.joined()).order_by(Book::ID);
    let tagged = tagged.limit(3).all(db).await.unwrap();
    let tags = |book: &Handle<Book>| db.related(*book, Book::TAGS).unwrap().len();
    assert_eq!(tagged.iter().map(tags).collect::<Vec<_>>(), [2, 1, 1]);
    let tree = Node::query()
        .with(Node::CHILDREN.joined())
        .order_by(Node::ID);
    let tree = tree.all(db).await.unwrap();
    let children = |node: &Handle<Node>| db.related(*node, Node::CHILDREN).unwrap().len();
    assert_eq!(tree.iter().map(children).collect::<Vec<_>>(), [2, 1, 0, 0]);
    let people = Person::query()
        .with(Person::FOLLOWS.joined())
        .order_by(Person::ID);
    let people = people.all(db).await.unwrap();
    let follows = |person: &Handle<Person>| db.related(*person, Person::FOLLOWS).unwrap().len();
    assert_eq!(people.iter().map(follows).collect::<Vec<_>>(), [2, 1, 0]);
    let countries = Country::query()
        .with(Country::CITIES.joined())
        .order_by(Country::ID);
    let countries = countries.all(db).await.unwrap();
    let cities = |country: &Handle<Country>| db.related(*country, Country::CITIES).unwrap().len();
    assert_eq!(countries.iter().map(cities).collect::<Vec<_>>(), [2, 0]);
    let shelves = Shelf::query()
        .with(Shelf::ITEMS.joined())
        .order_by(Shelf::NUMBER);
    let shelves = shelves.all(db).await.unwrap();
    let items = |shelf: &Handle<Shelf>| db.related(*shelf, Shelf::ITEMS).unwrap().len();
    assert_eq!(shelves.iter().map(items).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(library.sent().len(), 5, "one each");
}

#[tokio::test]
async fn a_query_gives_as_many_rows_with_a_joined_collection_as_without() {
    let library = library().await;
    let mut db = library.session();
    // An author comes once for each of the books that the query itself joins.
    let by_book = || {
        Author::query()
            .join(Author::EDITED)
            .join_on(Tag::ALL, Tag::ID.le(2))
            .order_by(Author::ID)
    };
    let without = by_book().all(&mut db).await.unwrap();
    let with = by_book()
        .with(Author::BOOKS.joined())
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(without.len(), 4);
    assert_eq!(with, without);
    // Where the rows can have no more columns, the collection has a statement of its own.
    library.sent();
    let joined = || Author::query().with(Author::BOOKS.joined());
    joined().distinct().all(&mut db).await.unwrap();
    joined().for_update().limit(1).all(&mut db).await.unwrap();
    joined()
        .select((Author::ALL, Author::NAME))
        .all(&mut db)
        .await
        .unwrap();
    joined().group_by(Author::ID).all(&mut db).await.unwrap();
    let limited = Author::query().with(Author::BOOKS.limit(1).joined());
    limited.all(&mut db).await.unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 10);
    assert!(sent.iter().all(|sql| !sql.contains("loaded_")), "{sent:#?}");
    // Locked rows without a limit need no subquery.
    joined().for_update().all(&mut db).await.unwrap();
    assert_eq!(library.sent().len(), 1);
}

#[tokio::test]
async fn what_waits_for_a_flush_stays_over_a_joined_collection() {
    let library = library().await;
    let mut db = library.session();
    let mut db = db.no_autoflush();
    let one = db.get::<Book>(1).await.unwrap().unwrap();
    let cid = db.get::<Author>(3).await.unwrap().unwrap();
    db.push(cid, Author::BOOKS, one);
    let authors = Author::query()
        .with(Author::BOOKS.joined())
        .order_by(Author::ID);
    let authors = authors.all(&mut db).await.unwrap();
    assert_eq!(books(&db, authors[0]), ["Two"]);
    assert_eq!(books(&db, authors[2]), ["One"]);
}

#[tokio::test]
async fn a_relationship_is_taken_out_of_a_join_that_is_there() {
    let library = library().await;
    let mut db = library.session();
    let of_ann = Book::query()
        .join(Book::AUTHOR)
        .filter(Author::NAME.eq("Ann"))
        .order_by(Book::ID)
        .with_joined(Book::AUTHOR)
        .with(Book::AUTHOR.then(Author::BIO))
        .with(Book::CHAPTERS);
    let found = of_ann.all(&mut db).await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT books.id, books.title, books.author_id, books.editor_id, authors.id, authors.name, loaded_2.id, \
          loaded_2.text, loaded_2.author_id FROM books JOIN authors ON authors.id = books.author_id \
          LEFT JOIN bios AS loaded_2 ON loaded_2.author_id = authors.id WHERE authors.name = $1 ORDER BY books.id",
            "SELECT chapters.id, chapters.title, chapters.book_id FROM chapters WHERE chapters.book_id = ANY($1)",
        ]
    );
    assert_eq!(found.len(), 2);
    let ann = db.view(found[0]).related(Book::AUTHOR).unwrap().unwrap();
    assert_eq!(ann.name, "Ann");
    assert!(ann.related(Author::BIO).unwrap().is_some());
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn a_collection_out_of_a_join_has_what_the_query_left_of_it() {
    let library = library().await;
    let mut db = library.session();
    let query = Author::query()
        .join(Author::BOOKS)
        .filter(Book::TITLE.like("T%"))
        .order_by((Author::ID, Book::ID))
        .with_joined(Author::BOOKS);
    let authors = query.all(&mut db).await.unwrap();
    assert_eq!(library.sent().len(), 1);
    assert_eq!(authors.len(), 2, "each once");
    assert_eq!(books(&db, authors[0]), ["Two"]);
    assert!(db.replace(authors[0], Author::BOOKS, &[][..]).is_err());
    // Under another name, of a LEFT JOIN, and of a model with itself.
    type Parent = Aliased<Node, 1>;
    let parent = Node::PARENT.to::<Parent>();
    let nodes = Node::query()
        .left_join(parent)
        .order_by((Parent::NAME.asc_nulls(Nulls::First), Node::ID))
        .with_joined(parent);
    let nodes = nodes.all(&mut db).await.unwrap();
    let names: Vec<_> = nodes
        .iter()
        .map(|node| {
            let parent = db.related(*node, Node::PARENT).unwrap();
            parent.map(|parent| db[parent].name.clone())
        })
        .collect();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(names, [None, some("left"), some("root"), some("root")]);
    assert_eq!(library.sent().len(), 1);
}

#[tokio::test]
async fn a_path_may_start_from_an_alias() {
    use orm_core::query::entity_as;
    type Child = Aliased<Node, 1>;
    let library = library().await;
    let mut db = library.session();
    // The children of `root`, each with its own children and their parents.
    let nodes = entity_as::<Child>()
        .join_on(Node::ALL, Child::PARENT_ID.eq(Node::ID))
        .filter(Node::NAME.eq("root"))
        .with(Child::PARENT)
        .with(
            Child::CHILDREN
                .filter(Node::NAME.ne("x"))
                .then(Node::PARENT),
        )
        .order_by(Child::NAME);
    let nodes = nodes.all(&mut db).await.unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        sent[0],
        "SELECT nodes_1.id, nodes_1.name, nodes_1.parent_id, loaded_1.id, loaded_1.name, loaded_1.parent_id \
         FROM nodes AS nodes_1 JOIN nodes ON nodes_1.parent_id = nodes.id \
         LEFT JOIN nodes AS loaded_1 ON loaded_1.id = nodes_1.parent_id WHERE nodes.name = $1 ORDER BY nodes_1.name"
    );
    let seen: Vec<_> = nodes
        .iter()
        .map(|node| {
            let node = db.view(*node);
            let parent = node.related(Node::PARENT).unwrap().unwrap();
            let children = node.related(Node::CHILDREN).unwrap();
            (node.name.clone(), parent.name.clone(), children.count())
        })
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        seen,
        [
            (text("left"), text("root"), 1),
            (text("right"), text("root"), 0)
        ]
    );
    // Joined around a query that has the alias.
    let mut db = library.session();
    let nodes = entity_as::<Child>()
        .with(Child::CHILDREN.joined())
        .order_by(Child::ID)
        .limit(1);
    let root = nodes.one(&mut db).await.unwrap();
    assert_eq!(db.related(root, Node::CHILDREN).unwrap().len(), 2);
    // `load` takes it, too: its rows are the model's.
    db.load(root, Child::CHILDREN).await.unwrap();
}

#[tokio::test]
async fn get_loads_relationships_with_the_row() {
    let library = library().await;
    let mut db = library.session();
    let one = db
        .get::<Book>(1)
        .with(Book::AUTHOR.then(Author::BIO))
        .with(Book::CHAPTERS.then(Chapter::NOTES))
        .await
        .unwrap()
        .unwrap();
    let sent = library.sent();
    assert_eq!(
        sent.len(),
        3,
        "the book with its author, the chapters, the notes"
    );
    assert_eq!(
        sent[0],
        "SELECT books.id, books.title, books.author_id, books.editor_id, loaded_1.id, loaded_1.name, loaded_2.id, \
         loaded_2.text, loaded_2.author_id FROM books LEFT JOIN authors AS loaded_1 ON loaded_1.id = books.author_id \
         LEFT JOIN bios AS loaded_2 ON loaded_2.author_id = loaded_1.id WHERE books.id = $1"
    );
    assert_eq!(db.related(one, Book::CHAPTERS).unwrap().len(), 2);
    assert!(db.related(one, Book::AUTHOR).unwrap().is_some());
    // A row that is here is not read again, its relationships are.
    db.get::<Book>(1)
        .with(Book::AUTHOR)
        .with(Book::TAGS)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 1, "the tags; the author is here");
    assert_eq!(db.related(one, Book::TAGS).unwrap().len(), 2);
    assert!(db.get::<Book>(99).with(Book::TAGS).await.unwrap().is_none());
    assert_eq!(library.sent().len(), 1);
    // A joined collection is one statement with its row.
    let ann = db.get::<Author>(2).with(Author::BOOKS.joined()).await;
    assert_eq!(library.sent().len(), 1);
    assert_eq!(books(&db, ann.unwrap().unwrap()), ["Three"]);
}

#[tokio::test]
async fn refresh_loads_relationships_with_the_row() {
    let library = library().await;
    let mut db = library.session();
    let ann = db
        .get::<Author>(1)
        .with(Author::BOOKS)
        .await
        .unwrap()
        .unwrap();
    db.commit().await.unwrap();
    library.elsewhere("UPDATE authors SET name = 'Anna' WHERE id = 1; DELETE FROM book_tags; DELETE FROM books WHERE id = 2").await;
    library.sent();
    db.refresh(ann)
        .with(Author::BOOKS)
        .with(Author::BIO)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 2);
    assert_eq!(db[ann].name, "Anna");
    assert_eq!(books(&db, ann), ["One"]);
    assert!(db.related(ann, Author::BIO).unwrap().is_some());
    assert!(db.related(ann, Author::EDITED).is_err());
}
