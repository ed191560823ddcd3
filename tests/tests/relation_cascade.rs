//! What a delete takes with it, in the database and in memory.

use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::Fixture;
use tests::relations::*;

async fn library() -> Library {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob');
             INSERT INTO books (id, title, author_id) VALUES (1, 'One', 1), (2, 'Two', 1), (3, 'Three', 2);
             INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1), (3, '2.1', 2), (4, '3.1', 3);
             INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 3), (4, 'd', 4);
             INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue');
             INSERT INTO book_tags VALUES (1, 1), (1, 2), (2, 1), (3, 1);
             INSERT INTO folders (id, name) VALUES (1, 'f');
             INSERT INTO files (id, name, folder_id) VALUES (1, 'x', 1), (2, 'y', 1);
             INSERT INTO houses (id, name) VALUES (1, 'full'), (2, 'empty');
             INSERT INTO rooms (id, house_id) VALUES (1, 1);",
        )
        .await;
    library
}

async fn one<M: orm_core::model::Model>(db: &mut Session, id: impl Into<M::Key>) -> Handle<M> {
    db.get::<M>(id).await.unwrap().unwrap()
}

const LEFT: &str = "SELECT (SELECT count(*) FROM books), (SELECT count(*) FROM chapters) c, (SELECT count(*) FROM notes) n, \
                    (SELECT count(*) FROM book_tags) t";

#[tokio::test]
async fn several_levels_through_unloaded_collections_with_one_select_a_level() {
    let library = library().await;
    let mut db = library.session();
    let (first, second) = (one::<Book>(&mut db, 1).await, one::<Book>(&mut db, 2).await);
    library.sent();
    db.delete(first).unwrap();
    db.delete(second).unwrap();
    assert!(library.sent().is_empty(), "nothing until the flush");
    db.flush().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT chapters.id, chapters.title, chapters.book_id FROM chapters WHERE chapters.book_id = ANY($1)",
            "SELECT notes.id, notes.text, notes.chapter_id FROM notes WHERE notes.chapter_id = ANY($1)",
            "DELETE FROM book_tags USING unnest($1::int4[]) AS u(k0) WHERE book_tags.book_id = u.k0",
            "DELETE FROM notes USING unnest($1::int4[]) AS u(k0) WHERE notes.id = u.k0",
            "DELETE FROM chapters USING unnest($1::int4[]) AS u(k0) WHERE chapters.id = u.k0",
            "DELETE FROM books USING unnest($1::int4[]) AS u(k0) WHERE books.id = u.k0",
        ]
    );
    assert_eq!(db.state(first), State::Deleted);
    db.commit().await.unwrap();
    assert_eq!(db.state(first), State::Detached);
    assert_eq!(library.rows(LEFT).await, "1|1|1|1");
}

#[tokio::test]
async fn what_is_loaded_in_this_transaction_is_not_asked_for_again() {
    let library = library().await;
    let mut db = library.session();
    let book = Book::query()
        .with(Book::CHAPTERS.then(Chapter::NOTES))
        .filter(Book::ID.eq(1));
    let book = book.one(&mut db).await.unwrap();
    library.sent();
    db.delete(book).unwrap();
    db.flush().await.unwrap();
    assert_eq!(library.sent().len(), 4, "links, notes, chapters, book");
    db.rollback().await.unwrap();
    // In another transaction others may have added to it.
    library
        .elsewhere("INSERT INTO chapters (id, title, book_id) VALUES (9, 'new', 1)")
        .await;
    db.delete(book).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT count(*) FROM chapters WHERE book_id = 1")
            .await,
        "0"
    );
    // That goes for what this session has created as well.
    let house = db.insert(House::create().name("new")).await.unwrap();
    db.commit().await.unwrap();
    let id = db[house].id;
    library
        .elsewhere(&format!(
            "INSERT INTO roofs (id, colour, house_id) VALUES (7, 'red', {id})"
        ))
        .await;
    db.delete(house).unwrap();
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT count(*) FROM roofs").await, "0");
}

#[tokio::test]
async fn without_a_cascade_foreign_keys_become_null_in_one_update_before_the_delete() {
    let library = library().await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS.order_by(Book::ID))
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let ann = authors[0];
    let books = db.related(ann, Author::BOOKS).unwrap();
    // What a rollback restores is what was there when the transaction began.
    db.commit().await.unwrap();
    library.sent();
    db.delete(ann).unwrap();
    db.flush().await.unwrap();
    let sent = library.sent();
    assert_eq!(
        sent,
        [
            "SELECT books.id, books.title, books.author_id, books.editor_id FROM books WHERE books.author_id = $1",
            "SELECT books.id, books.title, books.author_id, books.editor_id FROM books WHERE books.editor_id = $1",
            "SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = $1",
            "UPDATE books SET author_id = u.c0 FROM unnest($1::int4[], $2::int4[]) AS u(k0, c0) WHERE books.id = u.k0",
            "DELETE FROM authors WHERE id = $1",
        ]
    );
    assert_eq!(db.related(books[0], Book::AUTHOR).unwrap(), None);
    assert_eq!(db[books[0]].author_id, None);
    db.rollback().await.unwrap();
    assert_eq!(db.state(ann), State::Persistent);
    assert_eq!(db.related(ann, Author::BOOKS).unwrap(), books);
    assert_eq!(db.related(books[0], Book::AUTHOR).unwrap(), Some(ann));
    assert_eq!(db[books[0]].author_id, Some(1));
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT id, author_id FROM books ORDER BY id")
            .await,
        "1|1; 2|1; 3|2"
    );
}

#[tokio::test]
async fn required_children_without_a_cascade_are_refused_before_anything_is_written() {
    let library = library().await;
    let mut db = library.session();
    let (full, empty) = (
        one::<House>(&mut db, 1).await,
        one::<House>(&mut db, 2).await,
    );
    library.sent();
    db.delete(full).unwrap();
    let error = db.flush().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "deleting a `House` would set `rooms.house_id` of its `ROOMS` to NULL, which it must not be: delete the children \
         first, or let `House::ROOMS` cascade: `cascade(delete)`, or `passive_deletes` with ON DELETE in the database"
    );
    // Whether there are rooms only the database knew.
    let sent = library.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].starts_with("SELECT rooms."));
    db.rollback().await.unwrap();
    assert_eq!(db.state(full), State::Persistent);
    // Where they are loaded, nothing is asked: not for the roof either, which can't take rooms along.
    db.load(full, House::ROOMS).await.unwrap();
    library.sent();
    db.delete(full).unwrap();
    assert_eq!(db.flush().await.unwrap_err().to_string(), error.to_string());
    assert!(db.plan().is_err());
    assert_eq!(library.sent(), [""; 0]);
    // The session goes on: the room is taken along by hand.
    let room = one::<Room>(&mut db, 1).await;
    db.delete(room).unwrap();
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    // Without children there is nothing to refuse, and with them deleted neither.
    db.delete(empty).unwrap();
    let room = one::<Room>(&mut db, 1).await;
    db.delete(room).unwrap();
    db.delete(full).unwrap();
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT count(*) FROM houses").await, "0");
}

/// A company, its departments, and people who belong to both.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "companies",
    has_many(staff: Worker, via = company),
    has_many(departments: Department, via = company, cascade(delete))
)]
struct Company {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "departments", has_many(staff: Worker, via = department, cascade(delete)))]
struct Department {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(company: Company))]
    company_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "workers")]
struct Worker {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(company: Company))]
    company_id: i32,
    #[orm(belongs_to(department: Department))]
    department_id: i32,
}

/// What one relationship would refuse, another takes along, whichever is looked at first.
#[tokio::test]
async fn required_children_may_be_taken_along_by_another_way() {
    let f = Fixture::new::<(Company, Department, Worker)>().await;
    for loaded in [false, true] {
        let mut db = f.session();
        let company = db.add(Company::create());
        let department = db.add(Department::create().company(company));
        for _ in 0..2 {
            db.add(Worker::create().company(company).department(department));
        }
        db.commit().await.unwrap();
        if loaded {
            db.load(company, Company::STAFF).await.unwrap();
        }
        db.delete(company).unwrap();
        db.commit().await.unwrap();
        assert_eq!(f.rows("select count(*) from workers").await, ["0"]);
        assert_eq!(f.rows("select count(*) from companies").await, ["0"]);
    }
}

#[tokio::test]
async fn passive_deletes_leave_it_to_the_database() {
    let library = library().await;
    let mut db = library.session();
    let folder = one::<Folder>(&mut db, 1).await;
    library.sent();
    db.delete(folder).unwrap();
    db.flush().await.unwrap();
    assert_eq!(library.sent(), ["DELETE FROM folders WHERE id = $1"]);
    db.rollback().await.unwrap();
    // What is loaded is deleted, so that memory knows.
    db.load(folder, Folder::FILES).await.unwrap();
    let files = db.related(folder, Folder::FILES).unwrap();
    library.sent();
    db.delete(folder).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "DELETE FROM files USING unnest($1::int4[]) AS u(k0) WHERE files.id = u.k0",
            "DELETE FROM folders WHERE id = $1",
        ]
    );
    assert_eq!(db.state(files[0]), State::Detached);
    assert_eq!(library.rows("SELECT count(*) FROM files").await, "0");
}

#[tokio::test]
async fn with_passive_deletes_children_in_memory_follow_though_nobody_loaded_the_collection() {
    let library = library().await;
    let mut db = library.session();
    let folder = one::<Folder>(&mut db, 1).await;
    let file = one::<File>(&mut db, 1).await;
    // One that goes elsewhere in time, to a folder that has no key yet.
    let saved = one::<File>(&mut db, 2).await;
    let third = db.add(Folder::create().name("third"));
    db.set(saved, File::FOLDER, third);
    let new = db.add(File::create().name("new").folder(folder));
    library.sent();
    db.delete(folder).unwrap();
    db.flush().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "INSERT INTO folders (name) VALUES ($1) RETURNING id",
            "UPDATE files SET folder_id = $1 WHERE id = $2",
            "DELETE FROM files WHERE id = $1",
            "DELETE FROM folders WHERE id = $1"
        ],
        "nothing is loaded"
    );
    assert_eq!(db.state(file), State::Deleted);
    assert_eq!(db.state(new), State::Detached, "it just left the session");
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT f.id, o.name FROM files f JOIN folders o ON o.id = f.folder_id")
            .await,
        "2|third"
    );
}

#[tokio::test]
async fn with_passive_deletes_what_somebody_else_has_moved_away_stays() {
    let library = library().await;
    library
        .elsewhere("INSERT INTO folders (id, name) VALUES (2, 'other')")
        .await;
    let mut db = library.session();
    let folder = one::<Folder>(&mut db, 1).await;
    db.load(folder, Folder::FILES).await.unwrap();
    let file = one::<File>(&mut db, 1).await;
    db.commit().await.unwrap();
    library
        .elsewhere("UPDATE files SET folder_id = 2 WHERE id = 1")
        .await;
    library.sent();
    db.delete(folder).unwrap();
    db.commit().await.unwrap();
    assert_eq!(library.sent(), ["DELETE FROM folders WHERE id = $1"]);
    assert_eq!(
        library.rows("SELECT id, folder_id FROM files").await,
        "1|2",
        "what was loaded in an earlier transaction is no ground for a delete"
    );
    db.refresh(file).await.unwrap();
    assert_eq!(db[file].folder_id, 2);
}

#[tokio::test]
async fn a_deleted_child_leaves_the_collections_that_hold_it() {
    let library = library().await;
    let mut db = library.session();
    let ann = Author::query()
        .filter(Author::ID.eq(1))
        .with(Author::BOOKS.order_by(Book::ID))
        .one(&mut db)
        .await
        .unwrap();
    let red = Tag::query()
        .filter(Tag::ID.eq(1))
        .with(Tag::BOOKS.order_by(Book::ID))
        .one(&mut db)
        .await
        .unwrap();
    let [first, second] = db.related(ann, Author::BOOKS).unwrap()[..] else {
        panic!("two books")
    };
    {
        let mut db = db.begin_nested().await.unwrap();
        db.delete(first).unwrap();
        assert_eq!(
            *db.related(ann, Author::BOOKS).unwrap(),
            [second],
            "at once"
        );
        assert_eq!(
            db.related(red, Tag::BOOKS).unwrap().len(),
            2,
            "also where only the other side was loaded"
        );
        db.flush().await.unwrap();
        assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [second]);
        // Rolled back.
    }
    assert_eq!(
        *db.related(ann, Author::BOOKS).unwrap(),
        [first, second],
        "at its place"
    );
    assert_eq!(db.related(red, Tag::BOOKS).unwrap().len(), 3);
    db.delete(first).unwrap();
    db.commit().await.unwrap();
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [second]);
    assert_eq!(db.related(red, Tag::BOOKS).unwrap().len(), 2);
}

#[tokio::test]
async fn orphans_are_deleted_where_the_parent_says_so() {
    let library = library().await;
    let mut db = library.session();
    let chapter = Chapter::query()
        .filter(Chapter::ID.eq(1))
        .with(Chapter::NOTES.order_by(Note::ID));
    let chapter = chapter.one(&mut db).await.unwrap();
    let other = one::<Chapter>(&mut db, 2).await;
    let [a, b] = db.related(chapter, Chapter::NOTES).unwrap()[..] else {
        panic!("two notes")
    };
    let added = db.add(Note::create().text("never written").chapter(chapter));
    library.sent();
    db.remove(chapter, Chapter::NOTES, a);
    db.remove(chapter, Chapter::NOTES, b);
    db.push(other, Chapter::NOTES, b); // has a new parent
    db.remove(chapter, Chapter::NOTES, added);
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "UPDATE notes SET chapter_id = $1 WHERE id = $2",
            "DELETE FROM notes WHERE id = $1"
        ]
    );
    assert_eq!(db.state(a), State::Detached);
    assert_eq!(db.state(added), State::Detached, "it just left the session");
    assert_eq!(
        library
            .rows("SELECT id, chapter_id FROM notes ORDER BY id")
            .await,
        "2|2; 3|3; 4|4"
    );
}

#[tokio::test]
async fn a_pending_parent_takes_its_pending_children_along() {
    let library = library().await;
    let mut db = library.session();
    let book = db.add(Book::create().title("never"));
    let chapter = db.add(Chapter::create().title("never").book(book));
    let note = db.add(Note::create().text("never").chapter(chapter));
    let author = db.add(Author::create().name("Dan"));
    let stays = db.add(Book::create().title("stays").author(author));
    db.delete(book).unwrap();
    db.delete(author).unwrap();
    let states = (db.state(book), db.state(chapter), db.state(note));
    assert_eq!(states, (State::Detached, State::Detached, State::Detached));
    assert_eq!(db.related(stays, Book::AUTHOR).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(library.sent().len(), 1);
    assert_eq!(
        library
            .rows("SELECT title, author_id FROM books WHERE id > 100")
            .await,
        "stays|null"
    );
}

#[tokio::test]
async fn delete_and_rollback_restore_everything() {
    let library = library().await;
    let mut db = library.session();
    let book = Book::query()
        .filter(Book::ID.eq(1))
        .with(
            Book::CHAPTERS
                .order_by(Chapter::ID)
                .then(Chapter::NOTES.order_by(Note::ID)),
        )
        .with(Book::TAGS.order_by(Tag::ID))
        .with(Book::AUTHOR)
        .one(&mut db)
        .await
        .unwrap();
    let chapters = db.related(book, Book::CHAPTERS).unwrap();
    let notes = db.related(chapters[0], Chapter::NOTES).unwrap();
    let tags = db.related(book, Book::TAGS).unwrap();
    let author = db.related(book, Book::AUTHOR).unwrap();
    db.delete(book).unwrap();
    db.flush().await.unwrap();
    assert_eq!(db.state(notes[0]), State::Deleted);
    db.rollback().await.unwrap();
    assert_eq!(db.state(notes[0]), State::Persistent);
    // Loaded in the transaction that was rolled back, so unknown again.
    assert!(db.related(book, Book::CHAPTERS).is_err());
    let again = Book::query()
        .filter(Book::ID.eq(1))
        .with(
            Book::CHAPTERS
                .order_by(Chapter::ID)
                .then(Chapter::NOTES.order_by(Note::ID)),
        )
        .with(Book::TAGS.order_by(Tag::ID))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(again, book);
    assert_eq!(db.related(book, Book::CHAPTERS).unwrap(), chapters);
    assert_eq!(db.related(chapters[0], Chapter::NOTES).unwrap(), notes);
    assert_eq!(db.related(book, Book::TAGS).unwrap(), tags);
    assert_eq!(db.related(book, Book::AUTHOR).unwrap(), author);
    assert_eq!(library.rows(LEFT).await, "3|4|4|4");
}

#[tokio::test]
async fn the_plan_says_what_is_loaded_first() {
    let library = library().await;
    let mut db = library.session();
    let book = one::<Book>(&mut db, 1).await;
    db.delete(book).unwrap();
    let plan = db.plan().unwrap();
    assert_eq!(
        plan.loads_first,
        ["load Book::CHAPTERS of 1 deleted row(s) first"]
    );
    db.rollback().await.unwrap();
    library.sent();
}
