//! Changing relationships: both sides in memory at once, the rows at the flush, and nothing but what changed.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::relations::*;

async fn library() -> Library {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob');
             INSERT INTO bios (id, text, author_id) VALUES (1, 'of Ann', 1), (2, 'free', NULL);
             INSERT INTO books (id, title, author_id) VALUES (1, 'One', 1), (2, 'Two', 1), (3, 'Three', 2), (4, 'Four', NULL);
             INSERT INTO chapters (id, title, book_id) VALUES (1, 'c', 1);
             INSERT INTO notes (id, text, chapter_id) VALUES (1, 'n', 1);
             INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue'), (3, 'green');
             INSERT INTO book_tags VALUES (1, 1), (1, 2);
             INSERT INTO houses (id, name) VALUES (1, 'h');
             INSERT INTO roofs (id, colour, house_id) VALUES (1, 'red', 1);",
        )
        .await;
    library
}

/// Everyone, with their books loaded.
async fn loaded(db: &mut Session) -> ([Handle<Author>; 2], [Handle<Book>; 4]) {
    let books = Book::query().order_by(Book::ID).all(db).await.unwrap();
    let authors = Author::query()
        .with(Author::BOOKS.order_by(Book::ID))
        .order_by(Author::ID);
    let authors = authors.all(db).await.unwrap();
    (authors.try_into().unwrap(), books.try_into().unwrap())
}

async fn one<M: orm_core::model::Model>(db: &mut Session, id: impl Into<M::Key>) -> Handle<M> {
    db.get::<M>(id).await.unwrap().unwrap()
}

const AUTHORS_OF_BOOKS: &str = "SELECT id, author_id FROM books ORDER BY id";

#[tokio::test]
async fn a_child_moves_between_loaded_parents() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, bob], [one, two, three, four]) = loaded(&mut db).await;
    library.sent();
    db.push(bob, Author::BOOKS, one);
    db.push(bob, Author::BOOKS, one);
    db.set(four, Book::AUTHOR, ann);
    db.remove(ann, Author::BOOKS, two);
    db.remove(ann, Author::BOOKS, three); // not hers: nothing happens
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [four]);
    assert_eq!(*db.related(bob, Author::BOOKS).unwrap(), [three, one]);
    assert_eq!(db.related(one, Book::AUTHOR).unwrap(), Some(bob));
    assert_eq!(db.related(two, Book::AUTHOR).unwrap(), None);
    assert_eq!(db[one].author_id, Some(2), "the column follows at once");
    assert_eq!(db[two].author_id, None);
    assert!(library.sent().is_empty());
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "UPDATE books SET author_id = u.c0 FROM unnest($1::int4[], $2::int4[]) AS u(k0, c0) WHERE books.id = u.k0"
        ]
    );
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|2; 2|null; 3|2; 4|1"
    );
    db.push(bob, Author::BOOKS, one); // is there
    db.set(one, Book::AUTHOR, bob);
    db.commit().await.unwrap();
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn nothing_needs_to_be_loaded() {
    let library = library().await;
    let mut db = library.session();
    let (ann, bob) = (
        one::<Author>(&mut db, 1).await,
        one::<Author>(&mut db, 2).await,
    );
    let (first, second) = (one::<Book>(&mut db, 1).await, one::<Book>(&mut db, 2).await);
    library.sent();
    db.push(bob, Author::BOOKS, first);
    db.remove(ann, Author::BOOKS, second);
    assert!(
        matches!(db.related(bob, Author::BOOKS), Err(Error::NotLoaded { .. })),
        "the rest isn't known"
    );
    assert_eq!(db.related(first, Book::AUTHOR).unwrap(), Some(bob));
    db.load([ann, bob], Author::BOOKS.order_by(Book::ID))
        .await
        .unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 2, "flushed first: {sent:#?}");
    assert!(db.related(ann, Author::BOOKS).unwrap().is_empty());
    assert_eq!(db.related(bob, Author::BOOKS).unwrap().len(), 2);
    db.commit().await.unwrap();
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|2; 2|null; 3|2; 4|null"
    );
}

#[tokio::test]
async fn the_foreign_key_follows_at_once_where_the_target_has_its_key() {
    let library = library().await;
    let mut db = library.session();
    let ann = one::<Author>(&mut db, 1).await;
    let first = one::<Book>(&mut db, 1).await;
    library.sent();
    let new = db.add(Book::create().title("New").author(ann));
    assert_eq!(
        db.draft(new).unwrap().author_id,
        Some(Some(1)),
        "of a draft, too"
    );
    db.set(first, Book::AUTHOR, None);
    assert_eq!(db[first].author_id, None);
    // Of several columns, of one that is unique and not the key, and by way of the other side.
    let shelf = db.add(Shelf {
        room: "a".to_owned(),
        number: 7,
    });
    let item = db.add(Item::create().name("w").shelf(shelf));
    let draft = db.draft(item).unwrap();
    assert_eq!(
        (draft.room.as_deref(), draft.shelf_number),
        (Some("a"), Some(Some(7)))
    );
    let peru = db.add(Country::create().code("pe"));
    let lima = db.add(City::create().name("Lima"));
    db.push(peru, Country::CITIES, lima);
    let code = db.draft(lima).unwrap().country_code.clone();
    assert_eq!(code, Some(Some("pe".to_owned())));
    // Of a target without a key there is nothing to write yet.
    let dan = db.add(Author::create().name("Dan"));
    db.set(new, Book::AUTHOR, dan);
    assert_eq!(db.related(new, Book::AUTHOR).unwrap(), Some(dan));
    assert_eq!(
        db.draft(new).unwrap().author_id,
        Some(Some(1)),
        "until the flush"
    );
    // The whole collection of what is pending.
    let newer = db.add(Book::create().title("Newer"));
    db.replace(dan, Author::BOOKS, [newer]).unwrap();
    assert_eq!(db.draft(new).unwrap().author_id, Some(None));
    db.replace(dan, Author::BOOKS, [new, newer]).unwrap();
    assert_eq!(*db.related(dan, Author::BOOKS).unwrap(), [newer, new]);
    assert!(library.sent().is_empty());
    db.commit().await.unwrap();
    assert_eq!(db[new].author_id, Some(db[dan].id));
    assert_eq!(db[lima].country_code.as_deref(), Some("pe"));
}

#[tokio::test]
async fn pending_and_persistent_in_every_mixture() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, _], [first, ..]) = loaded(&mut db).await;
    let dan = db.add(Author::create().name("Dan")); // pending parent
    let new = db.add(Book::create().title("New").author(dan)); // pending child of a pending parent
    let newer = db.add(Book::create().title("Newer").author(ann)); // of a persistent one
    db.push(dan, Author::BOOKS, first); // persistent child of a pending parent
    assert_eq!(*db.related(dan, Author::BOOKS).unwrap(), [new, first]);
    assert_eq!(db.related(ann, Author::BOOKS).unwrap()[1..], [newer]);
    assert!(
        db.related(dan, Author::EDITED).unwrap().is_empty(),
        "a new author has edited nothing"
    );
    assert_eq!(db.related(dan, Author::BIO).unwrap(), None);
    assert!(db.related(new, Book::TAGS).unwrap().is_empty());
    db.push(ann, Author::BOOKS, new); // and on to another parent, still pending
    assert_eq!(*db.related(dan, Author::BOOKS).unwrap(), [first]);
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT title, author_id FROM books ORDER BY id")
            .await,
        "One|101; Two|1; Three|2; Four|null; New|1; Newer|1"
    );
    assert_eq!(
        db[first].author_id,
        Some(101),
        "the key came with the flush"
    );
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 3);
}

#[tokio::test]
async fn a_has_one_is_replaced_from_either_side() {
    let library = library().await;
    let mut db = library.session();
    let ann = Author::query()
        .with(Author::BIO)
        .filter(Author::ID.eq(1))
        .one(&mut db)
        .await
        .unwrap();
    let old = db.related(ann, Author::BIO).unwrap().unwrap();
    let free = one::<Bio>(&mut db, 2).await;
    library.sent();
    db.set(ann, Author::BIO, free);
    assert_eq!(db.related(ann, Author::BIO).unwrap(), Some(free));
    assert_eq!(db.related(free, Bio::AUTHOR).unwrap(), Some(ann));
    assert_eq!(db.related(old, Bio::AUTHOR).unwrap(), None);
    db.set(old, Bio::AUTHOR, ann); // back, from the other side
    assert_eq!(db.related(ann, Author::BIO).unwrap(), Some(old));
    assert_eq!(db[free].author_id, None);
    db.flush().await.unwrap();
    assert!(library.sent().is_empty(), "all is as it was");
    db.set(ann, Author::BIO, None);
    assert_eq!(db.related(old, Bio::AUTHOR).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        ["UPDATE bios SET author_id = $1 WHERE id = $2"]
    );
    assert_eq!(
        library
            .rows("SELECT id, author_id FROM bios ORDER BY id")
            .await,
        "1|null; 2|null"
    );
}

#[tokio::test]
async fn a_has_one_that_is_not_loaded_is_looked_for_at_the_flush() {
    let library = library().await;
    let mut db = library.session();
    let ann = one::<Author>(&mut db, 1).await;
    library.sent();
    db.set(ann, Author::BIO, None);
    assert_eq!(db.related(ann, Author::BIO).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT bios.id, bios.text, bios.author_id FROM bios WHERE bios.author_id = $1",
            "UPDATE bios SET author_id = $1 WHERE id = $2",
        ]
    );
    // The owner of orphans deletes what was there; the new one takes its place.
    let house = one::<House>(&mut db, 1).await;
    let roof = db.add(Roof::create().colour("blue").house(house));
    db.set(house, House::ROOF, roof);
    db.commit().await.unwrap();
    let sent = library.sent();
    assert!(sent[1].starts_with("SELECT roofs.id"), "{sent:#?}");
    assert_eq!(
        sent.len(),
        4,
        "the house, the old roof, INSERT, DELETE: {sent:#?}"
    );
    assert_eq!(
        library.rows("SELECT id, colour, house_id FROM roofs").await,
        "101|blue|1"
    );
}

#[tokio::test]
async fn only_changed_link_rows_are_written() {
    let library = library().await;
    let mut db = library.session();
    let tags = Tag::query().order_by(Tag::ID).all(&mut db).await.unwrap();
    let [red, blue, green] = tags[..] else {
        panic!("three tags")
    };
    let first = Book::query()
        .with(Book::TAGS.order_by(Tag::ID))
        .filter(Book::ID.eq(1))
        .one(&mut db)
        .await
        .unwrap();
    db.load(&tags, Tag::BOOKS).await.unwrap();
    library.sent();
    db.push(first, Book::TAGS, red); // is there
    db.push(red, Tag::BOOKS, first);
    db.remove(first, Book::TAGS, green); // is not
    db.push(first, Book::TAGS, green);
    db.push(green, Tag::BOOKS, first); // the same row, from the other side
    db.remove(blue, Tag::BOOKS, first);
    db.remove(first, Book::TAGS, red);
    db.push(red, Tag::BOOKS, first); // cancels out
    assert_eq!(*db.related(first, Book::TAGS).unwrap(), [green, red]);
    assert_eq!(*db.related(green, Tag::BOOKS).unwrap(), [first]);
    assert!(db.related(blue, Tag::BOOKS).unwrap().is_empty());
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "DELETE FROM book_tags USING unnest($1::int4[], $2::int4[]) AS u(k0, k1) WHERE book_tags.tag_id = u.k0 AND \
             book_tags.book_id = u.k1",
            "INSERT INTO book_tags (book_id, tag_id) SELECT u.c0, u.c1 FROM unnest($1::int4[], $2::int4[]) WITH \
             ORDINALITY AS u(c0, c1, n) ORDER BY u.n ON CONFLICT \
             (book_id, tag_id) DO NOTHING",
        ]
        .map(|sql| sql.replace("u.c0, u.c1", "u.k0, u.k1").replace("u(c0, c1, n)", "u(k0, k1, n)"))
    );
    assert_eq!(
        library.rows("SELECT * FROM book_tags ORDER BY 1, 2").await,
        "1|1; 1|3"
    );
}

#[tokio::test]
async fn links_of_what_is_not_loaded() {
    let library = library().await;
    let mut db = library.session();
    let (first, second) = (one::<Book>(&mut db, 1).await, one::<Book>(&mut db, 2).await);
    let (red, green) = (one::<Tag>(&mut db, 1).await, one::<Tag>(&mut db, 3).await);
    db.push(second, Book::TAGS, green);
    db.push(second, Book::TAGS, green); // twice is once, also where nothing is known
    db.push(green, Tag::BOOKS, second);
    db.remove(first, Book::TAGS, red);
    let word = db.add(Tag::create().word("new"));
    let book = db.add(Book::create().title("New"));
    db.push(book, Book::TAGS, word);
    db.push(first, Book::TAGS, word);
    assert_eq!(*db.related(word, Tag::BOOKS).unwrap(), [book, first]);
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT * FROM book_tags ORDER BY 1, 2").await,
        "1|2; 1|101; 2|3; 101|101"
    );
    // Known from one side only: the other needs no loading either.
    db.load(green, Tag::BOOKS).await.unwrap();
    library.sent();
    db.push(second, Book::TAGS, green);
    db.commit().await.unwrap();
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn a_column_set_by_hand_is_followed_at_the_flush() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, bob], [first, second, third, fourth]) = loaded(&mut db).await;
    db[first].author_id = Some(2);
    db[second].author_id = None;
    db[fourth].author_id = Some(1);
    assert_eq!(
        db.related(first, Book::AUTHOR).unwrap(),
        Some(ann),
        "until the flush"
    );
    db.flush().await.unwrap();
    assert_eq!(db.related(first, Book::AUTHOR).unwrap(), Some(bob));
    assert_eq!(db.related(second, Book::AUTHOR).unwrap(), None);
    assert_eq!(*db.related(ann, Author::BOOKS).unwrap(), [fourth]);
    assert_eq!(*db.related(bob, Author::BOOKS).unwrap(), [third, first]);

    // The relationship wins, whichever was set last.
    db.set(first, Book::AUTHOR, ann);
    db[first].author_id = Some(2);
    db[third].author_id = None;
    db.set(third, Book::AUTHOR, ann);
    db.flush().await.unwrap();
    assert_eq!(
        *db.related(ann, Author::BOOKS).unwrap(),
        [fourth, first, third]
    );
    assert!(db.related(bob, Author::BOOKS).unwrap().is_empty());
    assert_eq!(
        (db[first].author_id, db[third].author_id),
        (Some(1), Some(1))
    );

    // A child that was added with a key in place of a handle.
    let by_key = db.add(Book::create().title("By key").author_id(2));
    // A parent and a child that bring their keys along.
    let eve = db.add(Author {
        id: 50,
        name: "Eve".to_owned(),
    });
    let hers = db.add(Book {
        id: 50,
        title: "Hers".to_owned(),
        author_id: Some(50),
        editor_id: Some(1),
    });
    db.commit().await.unwrap();
    assert_eq!(*db.related(bob, Author::BOOKS).unwrap(), [by_key]);
    assert_eq!(*db.related(eve, Author::BOOKS).unwrap(), [hers]);
    assert_eq!(db.related(hers, Book::AUTHOR).unwrap(), Some(eve));
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|1; 2|null; 3|1; 4|1; 50|50; 101|2"
    );
}

#[tokio::test]
async fn set_after_a_column_that_was_set_by_hand_leaves_no_child_behind() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, bob], _) = loaded(&mut db).await;
    let first = db.related(ann, Author::BOOKS).unwrap()[0];
    db.expire(first).unwrap(); // its own link is unknown, its place in Ann's list is not
    db.get::<Book>(1).await.unwrap();
    db[first].author_id = Some(2);
    db.set(first, Book::AUTHOR, bob);
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 1);
    assert!(db.related(bob, Author::BOOKS).unwrap().contains(&first));
    // And what is given up is given up on both sides.
    db.refresh(first).await.unwrap();
    assert!(db.related(ann, Author::BOOKS).unwrap().contains(&first));
    assert!(!db.related(bob, Author::BOOKS).unwrap().contains(&first));
    assert_eq!(db[first].author_id, Some(1));
    db.commit().await.unwrap();
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|1; 2|1; 3|2; 4|null"
    );
}

#[tokio::test]
async fn a_required_relationship_cannot_lead_nowhere() {
    let library = library().await;
    let mut db = library.session();
    let book = Book::query()
        .with(Book::CHAPTERS)
        .filter(Book::ID.eq(1))
        .one(&mut db)
        .await
        .unwrap();
    let chapter = db.related(book, Book::CHAPTERS).unwrap()[0];
    library.sent();
    db.remove(book, Book::CHAPTERS, chapter);
    let error = db.flush().await.unwrap_err();
    assert!(
        error.to_string().contains("`Chapter::BOOK` of Chapter#"),
        "{error}"
    );
    assert!(library.sent().is_empty(), "nothing is sent");
    db.set(chapter, Chapter::BOOK, book);
    db.flush().await.unwrap();
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn rollback_restores_links_at_any_depth() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, bob], [first, second, third, fourth]) = loaded(&mut db).await;
    let green = one::<Tag>(&mut db, 3).await;
    db.load(first, Book::TAGS).await.unwrap();
    let tags = db.related(first, Book::TAGS).unwrap();
    let new;
    db.push(ann, Author::BOOKS, fourth);
    {
        let mut outer = db.begin_nested().await.unwrap();
        outer.push(bob, Author::BOOKS, first);
        outer.push(first, Book::TAGS, green);
        {
            let mut inner = outer.begin_nested().await.unwrap();
            new = inner.add(Book::create().title("new").author(ann));
            inner.remove(ann, Author::BOOKS, second);
            inner.push(ann, Author::BOOKS, first);
            inner.remove(first, Book::TAGS, green);
            inner.flush().await.unwrap();
            assert_eq!(
                *inner.related(ann, Author::BOOKS).unwrap(),
                [fourth, new, first]
            );
            // Dropped.
        }
        assert_eq!(
            *outer.related(ann, Author::BOOKS).unwrap(),
            [second, fourth]
        );
        assert_eq!(*outer.related(bob, Author::BOOKS).unwrap(), [third, first]);
        assert_eq!(outer.related(first, Book::AUTHOR).unwrap(), Some(bob));
        assert!(outer.related(first, Book::TAGS).unwrap().contains(&green));
        assert_eq!(outer.state(new), State::Detached);
        {
            let mut kept = outer.begin_nested().await.unwrap();
            kept.push(bob, Author::BOOKS, second);
            kept.commit().await.unwrap();
        }
        assert_eq!(
            *outer.related(bob, Author::BOOKS).unwrap(),
            [third, first, second]
        );
        outer.rollback().await.unwrap();
    }
    assert_eq!(
        *db.related(ann, Author::BOOKS).unwrap(),
        [first, second, fourth]
    );
    assert_eq!(*db.related(bob, Author::BOOKS).unwrap(), [third]);
    assert_eq!(db.related(first, Book::AUTHOR).unwrap(), Some(ann));
    assert_eq!(db.related(first, Book::TAGS).unwrap(), tags);
    db.commit().await.unwrap();
    assert_eq!(library.rows(AUTHORS_OF_BOOKS).await, "1|1; 2|1; 3|2; 4|1");

    // The whole transaction, with what was never flushed.
    db.push(bob, Author::BOOKS, first);
    db.rollback().await.unwrap();
    assert_eq!(
        *db.related(ann, Author::BOOKS).unwrap(),
        [first, second, fourth]
    );
    db.commit().await.unwrap();
    assert_eq!(library.rows(AUTHORS_OF_BOOKS).await, "1|1; 2|1; 3|2; 4|1");
}

#[tokio::test]
async fn ten_thousand_children_of_one_parent() {
    let library = library().await;
    let mut db = library.session();
    let dan = db.add(Author::create().name("Dan"));
    let books: Vec<_> = (0..10_000)
        .map(|n| db.add(Book::create().title(n.to_string())))
        .collect();
    for book in &books {
        db.push(dan, Author::BOOKS, *book);
    }
    let tag = db.add(Tag::create().word("all"));
    for book in &books {
        db.push(*book, Book::TAGS, tag);
    }
    assert_eq!(db.related(tag, Tag::BOOKS).unwrap().len(), 10_000);
    db.commit().await.unwrap();
    assert_eq!(library.sent().len(), 4, "authors, books, tags, links");
    let ann = one::<Author>(&mut db, 1).await;
    db.load(ann, Author::BOOKS).await.unwrap();
    library.sent();
    for book in &books {
        db.push(ann, Author::BOOKS, *book);
        db.remove(tag, Tag::BOOKS, *book);
    }
    assert!(db.related(dan, Author::BOOKS).unwrap().is_empty());
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 10_002);
    db.rollback().await.unwrap();
    assert_eq!(*db.related(dan, Author::BOOKS).unwrap(), books);
    assert_eq!(*db.related(tag, Tag::BOOKS).unwrap(), books);
    assert!(library.sent().is_empty());
    for book in &books {
        db.delete(*book).unwrap();
    }
    assert!(db.related(dan, Author::BOOKS).unwrap().is_empty());
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT count(*) FROM books").await, "4");
    let sent = library.sent();
    assert_eq!(
        sent.len(),
        3,
        "chapters are looked for, links, books: {sent:#?}"
    );
}

#[tokio::test]
async fn a_whole_collection_is_replaced_by_its_difference() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, bob], [first, second, third, fourth]) = loaded(&mut db).await;
    let book = Book::query().with(Book::TAGS).filter(Book::ID.eq(1));
    let book = book.one(&mut db).await.unwrap();
    let (blue, green) = (one::<Tag>(&mut db, 2).await, one::<Tag>(&mut db, 3).await);
    library.sent();
    db.replace(ann, Author::BOOKS, [second, third, fourth])
        .unwrap();
    db.replace(book, Book::TAGS, vec![green, blue]).unwrap();
    assert_eq!(
        *db.related(ann, Author::BOOKS).unwrap(),
        [second, third, fourth]
    );
    assert!(db.related(bob, Author::BOOKS).unwrap().is_empty());
    assert_eq!(db.related(first, Book::AUTHOR).unwrap(), None);
    db.commit().await.unwrap();
    assert_eq!(
        library.sent().len(),
        3,
        "a link goes, books change, a link comes"
    );
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|null; 2|1; 3|1; 4|1"
    );
    assert_eq!(
        library.rows("SELECT * FROM book_tags ORDER BY 1, 2").await,
        "1|2; 1|3"
    );
    // What is not known, or not all of it, cannot be replaced.
    let error = db.replace(ann, Author::EDITED, [first]).unwrap_err();
    assert!(matches!(error, Error::NotLoaded { .. }));
    db.load(ann, Author::BOOKS.limit(1)).await.unwrap();
    assert!(db.replace(ann, Author::BOOKS, Vec::new()).is_err());
}

#[tokio::test]
async fn what_is_expunged_is_no_longer_led_to() {
    let library = library().await;
    let mut db = library.session();
    let ([ann, _], [first, second, ..]) = loaded(&mut db).await;
    db.expunge(first).unwrap();
    // What is left of the collection is not all of it.
    let error = db.related(ann, Author::BOOKS).unwrap_err();
    assert!(matches!(error, Error::NotLoaded { .. }), "{error}");
    db.expunge(ann).unwrap();
    let error = db.related(second, Book::AUTHOR).unwrap_err();
    assert!(
        matches!(error, Error::NotLoaded { .. }),
        "the key says that there is one"
    );
    db.load(second, Book::AUTHOR).await.unwrap();
    let again = db.related(second, Book::AUTHOR).unwrap().unwrap();
    assert_eq!(db[again].name, "Ann");
    // A pending parent that leaves before it was written leaves the foreign key as it is.
    let dan = db.add(Author::create().name("Dan"));
    db.set(second, Book::AUTHOR, dan);
    db.expunge(dan).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library.rows(AUTHORS_OF_BOOKS).await,
        "1|1; 2|1; 3|2; 4|null"
    );
}
