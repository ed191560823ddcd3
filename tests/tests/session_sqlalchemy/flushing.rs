//! Points 1 to 18: what a flush sends, and in which order.

use orm_core::Error;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;
use tests::relations::{self, Library};

use super::{committed_author, tables};

#[tokio::test]
async fn sqlalchemy_01_a_clean_session_sends_nothing_and_begins_nothing() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    db.flush().await.unwrap();
    db.commit().await.unwrap();
    assert!(!db.in_transaction());
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn sqlalchemy_02_an_orphan_is_deleted_and_a_pending_one_is_forgotten() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO books (id, title) VALUES (1, 'One');
             INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1);
             INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1);",
        )
        .await;
    use relations::{Chapter, Note};
    let mut db = library.session();
    let chapter = db.get::<Chapter>(1).await.unwrap().unwrap();
    db.load(chapter, Chapter::NOTES).await.unwrap();
    let old = db.related(chapter, Chapter::NOTES).unwrap()[0];
    let new = db.add(Note::create().text("b").chapter(chapter));
    db.remove(chapter, Chapter::NOTES, old);
    db.remove(chapter, Chapter::NOTES, new);
    library.sent();
    db.flush().await.unwrap();
    assert_eq!(library.sent(), ["DELETE FROM notes WHERE id = $1"]);
    assert_eq!(db.state(old), State::Deleted);
    assert_eq!(
        db.state(new),
        State::Detached,
        "it was never in the database"
    );
    // One that never had a parent is inserted, and the database decides.
    db.add(Note::create().text("c").chapter_id(77));
    let error = refused(db.commit().await);
    assert!(error.is_foreign_key_violation(), "{error}");
}

#[tokio::test]
async fn sqlalchemy_03_what_a_delete_takes_along_is_found_before_anything_is_written() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO books (id, title) VALUES (1, 'One');
             INSERT INTO chapters (id, title, book_id) VALUES (1, '1.1', 1), (2, '1.2', 1);
             INSERT INTO notes (id, text, chapter_id) VALUES (1, 'a', 1), (2, 'b', 2);",
        )
        .await;
    let mut db = library.session();
    let book = db.get::<relations::Book>(1).await.unwrap().unwrap();
    library.sent();
    db.delete(book).unwrap();
    db.flush().await.unwrap();
    let sent = library.sent();
    let first_write = sent.iter().position(|sql| !sql.starts_with("SELECT"));
    assert_eq!(
        first_write,
        Some(2),
        "a SELECT a level, then writes: {sent:#?}"
    );
    assert!(sent[2..].iter().all(|sql| sql.starts_with("DELETE")));
}

#[tokio::test]
async fn sqlalchemy_04_steps_are_sorted_by_what_refers_to_what() {
    use relations::{Author, Book, Tag};
    let library = Library::new().await;
    let mut db = library.session();
    // Added in the wrong order on purpose.
    let tag = db.add(Tag::create().word("red"));
    let book = db.add(Book::create().title("One"));
    let ann = db.add(Author::create().name("Ann"));
    db.set(book, Book::AUTHOR, ann);
    db.push(book, Book::TAGS, tag);
    db.flush().await.unwrap();
    assert_eq!(
        tables(&library.sent()),
        [
            "INSERT authors",
            "INSERT tags",
            "INSERT books",
            "INSERT book_tags"
        ]
    );
    for delete in [true, false] {
        match delete {
            true => db.delete(book).unwrap(),
            false => db.delete(ann).unwrap(),
        }
    }
    db.flush().await.unwrap();
    let sent: Vec<_> = tables(&library.sent())
        .into_iter()
        .filter(|sql| sql.starts_with("DELETE"))
        .collect();
    assert_eq!(sent, ["DELETE book_tags", "DELETE books", "DELETE authors"]);
}

#[tokio::test]
async fn sqlalchemy_05_in_one_table_updates_come_before_inserts_and_deletes_come_last() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let [changed, deleted] = ["a", "b"].map(|title| db.add(Book::create().title(title)));
    db.flush().await.unwrap();
    f.sent();
    db.delete(deleted).unwrap();
    db.add(Book::create().title("new"));
    db[changed].pages = 1;
    db.flush().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        ["UPDATE books", "INSERT books", "DELETE books"]
    );
}

#[tokio::test]
async fn sqlalchemy_06_tables_are_ordered_even_where_only_keys_were_set_by_hand() {
    let f = Fixture::new::<(Author, Book, Node)>().await;
    let mut db = f.session();
    let book = Book {
        id: 1,
        title: "Trees".to_owned(),
        pages: 1,
        binding: "paper".to_owned(),
        sides: 2,
        author_id: Some(7),
    };
    db.add(book);
    db.add(Author {
        id: 7,
        name: "Ann".to_owned(),
        email: None,
    });
    // SQLAlchemy inserts these in the order of `add`, and the database refuses the child. One statement for both is checked
    // at its end.
    let child = db.add(Node {
        id: 2,
        name: "child".to_owned(),
        parent_id: Some(1),
    });
    db.add(Node {
        id: 1,
        name: "parent".to_owned(),
        parent_id: None,
    });
    db.commit().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        [
            "BEGIN ",
            "INSERT authors",
            "INSERT nodes",
            "INSERT books",
            "COMMIT "
        ]
    );
    assert_eq!(db[child].parent_id, Some(1));
}

#[tokio::test]
async fn sqlalchemy_07_inserts_go_in_the_order_of_add_updates_and_deletes_by_key() {
    let f = Fixture::new::<(Country, City)>().await;
    let mut db = f.session();
    let [c, a, b] = ["c", "a", "b"].map(|code| db.add(Country::create().code(code).name("x")));
    db.flush().await.unwrap();
    // The place on the disk tells the order of INSERT.
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code from countries order by ctid").await,
        ["c", "a", "b"]
    );
    for country in [b, c, a] {
        db[country].name = "y".to_owned();
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code from countries order by ctid").await,
        ["a", "b", "c"]
    );
    for country in [c, b, a] {
        db.delete(country).unwrap();
    }
    let plan = db.plan().unwrap();
    assert_eq!(plan.steps.len(), 1, "{plan}");
    f.elsewhere(
        "create table deaths (n int generated always as identity, code text);
         create function note() returns trigger language plpgsql as
         $$ begin insert into deaths (code) values (old.code); return null; end $$;
         create trigger note after delete on countries for each row execute function note();",
    )
    .await;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code from deaths order by n").await,
        ["a", "b", "c"]
    );
}

#[tokio::test]
async fn sqlalchemy_08_a_tree_is_inserted_a_level_at_a_time_and_deleted_at_once() {
    let f = Fixture::new::<(Node,)>().await;
    let mut db = f.session();
    let root = db.add(Node::create().name("root"));
    let mut level = vec![root];
    let mut all = vec![root];
    for depth in 0..3 {
        level = level
            .iter()
            .flat_map(|parent| [*parent; 2])
            .map(|parent| db.add(Node::create().name(format!("{depth}")).parent(parent)))
            .collect();
        all.extend(&level);
    }
    db.flush().await.unwrap();
    assert_eq!(
        f.count(),
        5,
        "BEGIN, and one INSERT for each of four levels"
    );
    for node in &all {
        db.delete(*node).unwrap();
    }
    db.flush().await.unwrap();
    // SQLAlchemy sends four here. PostgreSQL checks foreign keys at the end of a statement, so one is enough.
    assert_eq!(tables(&f.sent()), ["DELETE nodes"]);
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from nodes").await, [""; 0]);
}

#[tokio::test]
async fn sqlalchemy_09_a_ring_is_broken_at_a_key_that_can_be_null_or_named() {
    let f = Fixture::new::<(Person, House, Hen, Egg, Node)>().await;
    let mut db = f.session();
    // SQLAlchemy wants `post_update` for these two.
    let ann = db.add(Person::create().name("Ann"));
    let house = db.add(House::create().street("Hill").owner(ann));
    db.set(ann, Person::HOME, Some(house));
    let me = db.add(Node::create().name("me"));
    db.set(me, Node::PARENT, Some(me));
    db.commit().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        [
            "BEGIN ",
            "INSERT people",
            "INSERT houses",
            "UPDATE people",
            "INSERT nodes",
            "UPDATE nodes",
            "COMMIT "
        ]
    );
    assert_eq!(f.rows("select home_id from people").await, ["1"]);
    assert_eq!(f.rows("select parent_id from nodes").await, ["1"]);
    let egg = db.add(Egg::create().hen_id(0));
    let hen = db.add(Hen::create().egg(egg));
    db.set(egg, Egg::HEN, hen);
    let error = refused(db.flush().await);
    assert!(matches!(error, Error::Cycle { .. }), "{error}");
    assert!(text(&error).contains("Egg::HEN") && text(&error).contains("Hen::EGG"));
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn sqlalchemy_10_set_holds_the_columns_that_differ_and_no_others() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.refresh(ann).await.unwrap();
    f.sent();
    db[ann].name = "Ann".to_owned();
    db[ann].email = Some("a@x".to_owned());
    db.flush().await.unwrap();
    assert_eq!(f.sent(), ["UPDATE authors SET email = $1 WHERE id = $2"]);
}

#[tokio::test]
async fn sqlalchemy_11_an_expired_row_that_is_changed_needs_no_select() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.expire(ann).unwrap();
    db[ann].name = "Anna".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            // The guard takes the place of SQLAlchemy's SELECT, and the one statement is a transaction by itself.
            "UPDATE authors SET name = $1 WHERE id = $2 AND name IS NOT DISTINCT FROM $3"
        ]
    );
}

#[tokio::test]
async fn sqlalchemy_12_a_relationship_wins_over_a_key_set_by_hand_and_none_does_too() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let [ann, bob] = ["Ann", "Bob"].map(|name| db.add(Author::create().name(name)));
    let [one, two] = ["1", "2"].map(|title| db.add(Book::create().title(title).author(ann)));
    db.flush().await.unwrap();
    db.set(one, Book::AUTHOR, Some(bob));
    db[one].author_id = None;
    db[two].author_id = Some(db[bob].id);
    db.set(two, Book::AUTHOR, None);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select title, author_id from books order by id")
            .await,
        ["1|2", "2|NULL"]
    );
    assert_eq!((db[one].author_id, db[two].author_id), (Some(2), None));
}

#[tokio::test]
async fn sqlalchemy_13_children_without_a_cascade_lose_their_parent_before_it_goes() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    let books = db.add_all((0..3).map(|n| Book::create().title(n.to_string()).author(ann)));
    db.commit().await.unwrap();
    f.sent();
    db.delete(ann).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        [
            "BEGIN ",
            "SELECT books.id,",
            "UPDATE books",
            "DELETE authors",
            "COMMIT "
        ]
    );
    assert_eq!(
        f.rows("select distinct author_id from books").await,
        ["NULL"]
    );
    assert!(books.iter().all(|book| db[*book].author_id.is_none()));

    // A key that is part of the child's own key cannot be NULL: known before any statement that writes.
    let library = Library::new().await;
    library
        .fill("INSERT INTO houses (id, name) VALUES (1, 'full'); INSERT INTO rooms (id, house_id) VALUES (1, 1);")
        .await;
    let mut db = library.session();
    let house = db.get::<relations::House>(1).await.unwrap().unwrap();
    db.delete(house).unwrap();
    library.sent();
    let error = refused(db.flush().await);
    assert!(text(&error).contains("`rooms.house_id`"), "{error}");
    let wrote = library.sent().iter().any(|sql| !sql.starts_with("SELECT"));
    assert!(!wrote);
}

#[tokio::test]
async fn sqlalchemy_14_a_row_takes_the_place_of_a_deleted_one_by_one_update() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let old = db.insert(Ticket::create().subject("old")).await.unwrap();
    let id = db[old].id;
    db.commit().await.unwrap();
    f.sent();
    db.delete(old).unwrap();
    let new = db.add(Ticket::create().id(id).subject("new"));
    db.commit().await.unwrap();
    assert_eq!(
        f.sent()[0],
        "UPDATE tickets SET subject = $1, version = tickets.version + 1 WHERE id = $2 AND version = $3"
    );
    assert_eq!((db[new].version, db.state(old)), (2, State::Detached));
    // Without the delete the database refuses it.
    db.add(Ticket::create().id(id).subject("another"));
    assert!(refused(db.commit().await).is_unique_violation());
}

#[tokio::test]
async fn sqlalchemy_14_a_unique_value_that_is_freed_can_be_taken_in_the_same_flush() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    // SQLAlchemy inserts first, and the database refuses it.
    db.delete(ann).unwrap();
    let second = db.add(Author::create().name("Ann"));
    db.commit().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        [
            "BEGIN ",
            "SELECT books.id,",
            "DELETE authors",
            "INSERT authors",
            "COMMIT "
        ]
    );
    // Freed by a change.
    db[second].name = "Anna".to_owned();
    let third = db.add(Author::create().name("Ann"));
    db.commit().await.unwrap();
    assert_eq!(
        tables(&f.sent()),
        ["BEGIN ", "UPDATE authors", "INSERT authors", "COMMIT "]
    );
    assert_eq!(
        f.rows("select id, name from authors order by id").await,
        ["2|Anna", "3|Ann"]
    );
    assert_eq!((db[second].id, db[third].id), (2, 3));
}

#[tokio::test]
async fn sqlalchemy_14_two_rows_can_swap_their_unique_values() {
    let f = Fixture::new::<(Author,)>().await;
    let (mut db, ann) = committed_author(&f).await;
    let bob = db.insert(Author::create().name("Bob")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    db[ann].name = "Bob".to_owned();
    db[bob].name = "Ann".to_owned();
    db.commit().await.unwrap();
    // In SQLAlchemy this is an IntegrityError. The first statement moves a value aside.
    assert_eq!(
        tables(&f.sent()),
        ["BEGIN ", "UPDATE authors", "UPDATE authors", "COMMIT "]
    );
    assert_eq!(
        f.rows("select id, name from authors order by id").await,
        ["1|Bob", "2|Ann"]
    );
    assert_eq!(
        (db[ann].name.as_str(), db[bob].name.as_str()),
        ("Bob", "Ann")
    );
}

#[tokio::test]
async fn sqlalchemy_15_a_deleted_child_is_in_no_collection_any_more() {
    let f = Fixture::new::<(Author, Book)>().await;
    let (mut db, ann) = committed_author(&f).await;
    db.load(ann, Author::BOOKS).await.unwrap();
    let [one, two] = ["1", "2"].map(|title| db.add(Book::create().title(title).author(ann)));
    db.flush().await.unwrap();
    db.delete(one).unwrap();
    db.flush().await.unwrap();
    // SQLAlchemy still holds both until the collection is expired.
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [two]);
    db.rollback().await.unwrap();
    assert!(db.related(ann, Author::BOOKS).unwrap().is_empty());
}

#[tokio::test]
async fn sqlalchemy_16_of_many_to_many_links_the_difference_is_written_once() {
    use relations::{Book, Tag};
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO books (id, title) VALUES (1, 'One');
             INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'green');
             INSERT INTO book_tags VALUES (1, 1), (1, 2);",
        )
        .await;
    let mut db = library.session();
    let book = Book::query().with(Book::TAGS).one(&mut db).await.unwrap();
    let tags = Tag::query().order_by(Tag::ID).all(&mut db).await.unwrap();
    library.sent();
    db.replace(book, Book::TAGS, [tags[1], tags[2]]).unwrap();
    // The other side of the same link.
    db.push(tags[2], Tag::BOOKS, book);
    db.flush().await.unwrap();
    assert_eq!(
        tables(&library.sent()),
        ["DELETE book_tags", "INSERT book_tags"]
    );
    // Somebody else took a link away, and put another there. SQLAlchemy: `StaleDataError`, `IntegrityError`. Here a link that
    // is gone, or there, is what was asked for, since the two keys of the table are unique together.
    db.commit().await.unwrap();
    library
        .elsewhere("DELETE FROM book_tags; INSERT INTO book_tags VALUES (1, 1)")
        .await;
    db.remove(book, Book::TAGS, tags[1]);
    db.push(book, Book::TAGS, tags[0]);
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT tag_id FROM book_tags").await, "1");
}

#[tokio::test]
async fn sqlalchemy_17_an_update_of_too_few_rows_is_stale_and_so_is_a_versioned_delete() {
    let f = Fixture::new::<(Author, Book, Ticket)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    let ticket = db.insert(Ticket::create().subject("a")).await.unwrap();
    db.commit().await.unwrap();
    f.elsewhere("delete from books; delete from tickets").await;
    db[book].pages = 1;
    assert!(matches!(
        refused(db.commit().await),
        Error::Stale {
            action: "UPDATE",
            ..
        }
    ));
    db.rollback().await.unwrap();
    db.delete(ticket).unwrap();
    assert!(matches!(
        refused(db.commit().await),
        Error::Stale {
            action: "DELETE",
            ..
        }
    ));
    db.rollback().await.unwrap();
    // What was to go and is gone already, is no failure without a version.
    db.delete(book).unwrap();
    db.commit().await.unwrap();
    assert_eq!(db.state(book), State::Detached);
}

#[tokio::test]
async fn sqlalchemy_18_versions_count_row_changes_in_batches_and_guard_deletes() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let tickets = db.add_all((0..3).map(|n| Ticket::create().subject(n.to_string())));
    db.flush().await.unwrap();
    assert!(tickets.iter().all(|ticket| db[*ticket].version == 1));
    for ticket in &tickets {
        db[*ticket].subject.push('!');
    }
    f.sent();
    db.flush().await.unwrap();
    // SQLAlchemy sends one statement for each versioned row.
    assert_eq!(f.count(), 1);
    assert!(tickets.iter().all(|ticket| db[*ticket].version == 2));
    db.flush().await.unwrap();
    assert!(
        tickets.iter().all(|ticket| db[*ticket].version == 2),
        "nothing changed"
    );
    db.commit().await.unwrap();
    f.elsewhere("update tickets set version = 3 where subject = '1!'")
        .await;
    db.delete(tickets[1]).unwrap();
    assert!(matches!(refused(db.commit().await), Error::Stale { .. }));
}
