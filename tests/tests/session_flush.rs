//! What a flush sends, and what comes back: columns, order, keys, relationships.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

#[tokio::test]
async fn add_and_commit_bring_keys_and_defaults_back() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let ann = db.add(Author::create().name("Ann"));
    let book = db.add(Book::create().title("Trees").author(ann));
    assert_eq!(f.count(), 0);
    assert_eq!(db.state(ann), State::Pending);
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id",
            "INSERT INTO books (title, pages, author_id) VALUES ($1, $2, $3) RETURNING id, binding, sides",
            "COMMIT",
        ]
    );
    assert_eq!(
        db[book],
        Book {
            id: 1,
            title: "Trees".to_owned(),
            pages: 100,
            binding: "paper".to_owned(),
            sides: 200,
            author_id: Some(1),
        }
    );
    assert_eq!(db.state(book), State::Persistent);
    assert_eq!(
        f.rows("select * from books").await,
        ["1|Trees|100|paper|200|1"]
    );
}

#[tokio::test]
async fn an_update_sends_the_columns_that_differ() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    f.sent();
    db[book].title = "Woods".to_owned();
    db[book].pages = 20;
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE books SET title = $1, pages = $2 WHERE id = $3 RETURNING sides"]
    );
    assert_eq!(db[book].sides, 40);
    db[book].pages = 30;
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE books SET pages = $1 WHERE id = $2 RETURNING sides",
            "COMMIT"
        ]
    );
    assert_eq!(
        f.rows("select title, pages, sides from books").await,
        ["Woods|30|60"]
    );
}

#[tokio::test]
async fn what_is_touched_and_equal_sends_nothing() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    db[ann].name = "Bob".to_owned();
    db[ann].name = "Ann".to_owned();
    assert!(!db.is_modified(ann));
    assert!(db.dirty::<Author>().is_empty());
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    db.commit().await.unwrap();
    assert_eq!(f.count(), 0);
    assert!(!db.in_transaction());
    db.commit().await.unwrap();
    db.rollback().await.unwrap();
    assert_eq!(f.count(), 0);
    assert_eq!(db[ann].name, "Ann");
}

#[tokio::test]
async fn nothing_added_sends_nothing() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let none: Vec<Author> = Vec::new();
    assert!(db.add_all(none).is_empty());
    db.commit().await.unwrap();
    assert_eq!(f.count(), 0);
}

#[tokio::test]
async fn queries_flush_first_unless_told_not_to() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let ann = db.add(Author::create().name("Ann"));
    let found = Author::query().all(&mut db).await.unwrap();
    assert_eq!(found, [ann]);
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id",
            "SELECT authors.id, authors.name, authors.email FROM authors",
        ]
    );
    db[ann].name = "Bob".to_owned();
    {
        let mut db = db.no_autoflush();
        let n = Author::query()
            .filter(Author::NAME.eq("Bob"))
            .count(&mut db)
            .await
            .unwrap();
        assert_eq!(n, 0);
    }
    let n = Author::query()
        .filter(Author::NAME.eq("Bob"))
        .count(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 1);
}

#[tokio::test]
async fn rows_of_one_model_are_one_insert() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let all = db.add_all((0..5).map(|n| Author::create().name(format!("a{n}"))));
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO authors (name, email) SELECT u.c0, u.c1 FROM unnest($1::text[], $2::text[]) \
             WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n RETURNING id",
        ]
    );
    for (n, author) in all.iter().enumerate() {
        assert_eq!(db[*author].id, n as i32 + 1);
        assert_eq!(db[*author].name, format!("a{n}"));
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select id, name, email from authors order by id")
            .await,
        [
            "1|a0|NULL",
            "2|a1|NULL",
            "3|a2|NULL",
            "4|a3|NULL",
            "5|a4|NULL"
        ]
    );
}

#[tokio::test]
async fn rows_with_other_columns_are_another_batch() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let one = db.add(Book::create().title("one"));
    let two = db.add(Book::create().title("two").binding("cloth"));
    let three = db.add(Book::create().title("three"));
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO books (title, pages, author_id) SELECT u.c0, u.c1, u.c2 \
             FROM unnest($1::text[], $2::int4[], $3::int4[]) WITH ORDINALITY AS u(c0, c1, c2, n) ORDER BY u.n \
             RETURNING id, binding, sides",
            "INSERT INTO books (title, pages, binding, author_id) VALUES ($1, $2, $3, $4) RETURNING id, sides",
        ]
    );
    let read = |handle: Handle<Book>| (db[handle].id, db[handle].binding.as_str());
    assert_eq!(read(one), (1, "paper"));
    assert_eq!(read(three), (2, "paper"));
    assert_eq!(read(two), (3, "cloth"));
}

#[tokio::test]
async fn updates_of_the_same_columns_are_one_statement_sorted_by_key() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let all = db.add_all((0..3).map(|n| Author::create().name(format!("a{n}"))));
    db.flush().await.unwrap();
    f.sent();
    for author in all.iter().rev() {
        db[*author].name.push('!');
    }
    db[all[0]].email = Some("x".to_owned());
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE authors SET name = u.c0 FROM unnest($1::int4[], $2::text[]) AS u(k0, c0) WHERE authors.id = u.k0",
            "UPDATE authors SET name = $1, email = $2 WHERE id = $3",
        ]
    );
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors order by id").await,
        ["a0!|x", "a1!|NULL", "a2!|NULL"]
    );
}

#[tokio::test]
async fn a_row_that_is_there_can_be_set_to_one_that_is_not_yet() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let book = db.insert(Book::create().title("Trees")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    let ann = db.add(Author::create().name("Ann"));
    db.set(book, Book::AUTHOR, Some(ann));
    assert!(db.is_modified(book));
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id",
            "UPDATE books SET author_id = $1 WHERE id = $2 AND author_id IS NOT DISTINCT FROM $3 RETURNING sides",
            "COMMIT"
        ]
    );
    assert_eq!(db[book].author_id, Some(db[ann].id));
    assert_eq!(f.rows("select author_id from books").await, ["1"]);
}

#[tokio::test]
async fn a_tree_is_inserted_level_by_level() {
    let f = Fixture::new::<(Node,)>().await;
    let mut db = f.session();
    // The leaves are added first.
    let leaves = db.add_all(["c", "d"].map(|name| Node::create().name(name)));
    let middle = db.add_all(["a", "b"].map(|name| Node::create().name(name)));
    let root = db.add(Node::create().name("root"));
    for node in &middle {
        db.set(*node, Node::PARENT, Some(root));
    }
    db.set(leaves[0], Node::PARENT, Some(middle[0]));
    db.set(leaves[1], Node::PARENT, Some(middle[1]));
    db.commit().await.unwrap();
    assert_eq!(f.count(), 5, "BEGIN, three levels, COMMIT");
    assert_eq!(
        f.rows(
            "select n.name, p.name from nodes n left join nodes p on p.id = n.parent_id order by 1"
        )
        .await,
        ["a|root", "b|root", "c|a", "d|b", "root|NULL"]
    );
    assert_eq!(db[leaves[0]].parent_id, Some(db[middle[0]].id));
    for node in leaves.iter().chain(&middle) {
        db.delete(*node).unwrap();
    }
    db.delete(root).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from nodes").await, [""; 0]);
}

#[tokio::test]
async fn two_tables_in_a_ring_are_broken_at_the_key_that_can_be_null() {
    let f = Fixture::new::<(Person, House, Hen, Egg)>().await;
    let mut db = f.session();
    let ann = db.add(Person::create().name("Ann"));
    let house = db.add(House::create().street("Hill").owner(ann));
    db.set(ann, Person::HOME, Some(house));
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO people (name, home_id) VALUES ($1, $2) RETURNING id",
            "INSERT INTO houses (street, owner_id) VALUES ($1, $2) RETURNING id",
            "UPDATE people SET home_id = $1 WHERE id = $2",
            "COMMIT",
        ]
    );
    assert_eq!(db[ann].home_id, Some(db[house].id));
    assert_eq!(db[house].owner_id, db[ann].id);
    assert_eq!(f.rows("select home_id from people").await, ["1"]);
    f.sent();
    db.delete(ann).unwrap();
    db.delete(house).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "UPDATE people SET home_id = NULL WHERE id = $1",
            "DELETE FROM houses WHERE id = $1",
            "DELETE FROM people WHERE id = $1",
            "COMMIT",
        ]
    );
    assert_eq!(f.rows("select * from people").await, [""; 0]);
    assert_eq!(db.state(ann), State::Detached);
}

#[tokio::test]
async fn a_ring_of_rows_with_keys_of_the_client_is_broken_too() {
    let f = Fixture::new::<(Task,)>().await;
    let mut db = f.session();
    let [a, b, me] = ["a", "b", "me"].map(|name| db.add(Task::create().name(name)));
    db.set(a, Task::NEXT, Some(b));
    db.set(b, Task::NEXT, Some(a));
    db.set(me, Task::NEXT, Some(me));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select t.name, n.name from tasks t join tasks n on n.id = t.next_id order by 1")
            .await,
        ["a|b", "b|a", "me|me"]
    );
    assert_eq!(db[a].next_id, Some(db[b].id));
    assert_eq!(db[b].next_id, Some(db[a].id));
    assert_eq!(db[me].next_id, Some(db[me].id));
    // Nothing is left over.
    db[a].name.push('!');
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(f.count(), 1);
}

#[tokio::test]
async fn a_row_that_refers_to_itself_by_a_key_of_the_server_is_completed_by_an_update() {
    let f = Fixture::new::<(Node,)>().await;
    let mut db = f.session();
    let node = db.add(Node::create().name("me"));
    db.set(node, Node::PARENT, Some(node));
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO nodes (name, parent_id) VALUES ($1, $2) RETURNING id",
            "UPDATE nodes SET parent_id = $1 WHERE id = $2",
            "COMMIT"
        ]
    );
    assert_eq!(db[node].parent_id, Some(1));
    assert_eq!(f.rows("select id, parent_id from nodes").await, ["1|1"]);
}

#[tokio::test]
async fn a_ring_that_cannot_be_broken_is_named_and_nothing_is_sent() {
    let f = Fixture::new::<(Person, House, Hen, Egg)>().await;
    let mut db = f.session();
    let egg = db.add(Egg::create().hen_id(0));
    let hen = db.add(Hen::create().egg(egg));
    db.set(egg, Egg::HEN, hen);
    let error = refused(db.flush().await);
    assert!(matches!(error, Error::Cycle { .. }), "{error:?}");
    assert_eq!(
        text(&error),
        "these rows need one another in a ring, so none can be written first, and none of the foreign keys can be NULL \
         for the time between: new Egg#0 refers to new Hen#0 by Egg::HEN (`eggs.hen_id`), new Hen#0 refers to new Egg#0 by Hen::EGG \
         (`hens.egg_id`); make one of the keys an `Option`, or set it after the first flush"
    );
    assert_eq!(f.count(), 0);
    db.rollback().await.unwrap();
    assert_eq!(db.state(egg), State::Detached);
}

#[tokio::test]
async fn reserved_words_are_names_like_any_other() {
    let f = Fixture::new::<(Reserved,)>().await;
    let mut db = f.session();
    let rows = db.add_all(["x", "y"].map(|s| Reserved::create().select(s)));
    db.flush().await.unwrap();
    db[rows[0]].group = Some("g".to_owned());
    db.flush().await.unwrap();
    db[rows[0]].select.push('1');
    db[rows[1]].select.push('1');
    db.commit().await.unwrap();
    assert_eq!(
        f.rows(r#"select * from "order" order by 1"#).await,
        ["1|x1|g", "2|y1|NULL"]
    );
    for row in rows {
        db[row].group = None;
        db.delete(row).unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(f.rows(r#"select * from "order""#).await, [""; 0]);
}

#[tokio::test]
async fn columns_with_on_update_are_given_anew_by_every_update() {
    let f = Fixture::new::<(Note,)>().await;
    let mut db = f.session();
    let note = db.insert(Note::create().body("a")).await.unwrap();
    assert_eq!(db[note].edits, 0);
    f.sent();
    db[note].body.push('b');
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE notes SET body = $1, edits = $2 WHERE id = $3"]
    );
    assert_eq!(db[note].edits, 7);
    db[note].body.push('c');
    db[note].edits = 3;
    db.commit().await.unwrap();
    assert_eq!(f.rows("select body, edits from notes").await, ["abc|3"]);
    f.sent();
    // The old value of a column that is given anew is not what the change was decided by.
    db[note].stars = 5;
    db.commit().await.unwrap();
    assert_eq!(
        f.sent()[0],
        "UPDATE notes SET stars = $1, edits = $2 WHERE id = $3 AND stars IS NOT DISTINCT FROM $4"
    );
}

#[tokio::test]
async fn a_version_begins_at_one_and_is_counted() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let tickets = db.add_all(["a", "b"].map(|s| Ticket::create().subject(s)));
    db.commit().await.unwrap();
    assert_eq!(db[tickets[0]].version, 1);
    f.sent();
    db[tickets[0]].subject.push('!');
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE tickets SET subject = $1, version = tickets.version + 1 WHERE id = $2 AND version = $3"
        ]
    );
    for ticket in &tickets {
        db[*ticket].subject.push('?');
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.sent()[0],
        "UPDATE tickets SET subject = u.c0, version = tickets.version + 1 \
         FROM unnest($1::uuid[], $2::text[], $3::int4[]) AS u(k0, c0, v0) \
         WHERE tickets.id = u.k0 AND tickets.version = u.v0"
    );
    assert_eq!((db[tickets[0]].version, db[tickets[1]].version), (3, 2));
    assert_eq!(
        f.rows("select subject, version from tickets order by 1")
            .await,
        ["a!?|3", "b?|2"]
    );
    db[tickets[0]].version = 9;
    let error = refused(db.flush().await);
    assert_eq!(
        text(&error),
        "`Ticket.version` is the version column, which the session gives by itself: don't set it"
    );
    db.rollback().await.unwrap();
    assert_eq!(db[tickets[0]].version, 3);
}

#[tokio::test]
async fn a_key_that_changes_is_an_update_and_loaded_children_follow() {
    let f = Fixture::new::<(Country, City)>().await;
    let mut db = f.session();
    let at = db.add(Country::create().code("OE").name("Austria"));
    let ch = db.add(Country::create().code("CH").name("Switzerland"));
    let wien = db.add(City::create().name("Wien").country(at));
    db.commit().await.unwrap();
    db.refresh(wien).await.unwrap();
    f.sent();
    db[at].code = "AT".to_owned();
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE countries SET code = $1 WHERE code = $2 AND code IS NOT DISTINCT FROM $3"]
    );
    assert_eq!(db[wien].country_code.as_deref(), Some("AT"));
    assert!(!db.is_modified(wien));
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), Some(at));
    assert_eq!(db.get::<Country>("OE".to_owned()).await.unwrap(), None);
    db.rollback().await.unwrap();
    assert_eq!(db[at].code, "OE");
    assert_eq!(db[wien].country_code.as_deref(), Some("OE"));
    assert_eq!(db.get::<Country>("OE".to_owned()).await.unwrap(), Some(at));
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), None);
    // One takes the key that another has just left.
    db[at].code = "AT".to_owned();
    db.flush().await.unwrap();
    db[ch].code = "OE".to_owned();
    db.commit().await.unwrap();
    assert_eq!(db.get::<Country>("OE".to_owned()).await.unwrap(), Some(ch));
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), Some(at));
    assert_eq!(f.rows("select country_code from cities").await, ["AT"]);
}

#[tokio::test]
async fn a_key_that_was_deleted_can_be_added_again() {
    let f = Fixture::new::<(Country, City)>().await;
    let mut db = f.session();
    let old = db
        .insert(Country::create().code("AT").name("old"))
        .await
        .unwrap();
    db.commit().await.unwrap();
    db.delete(old).unwrap();
    db.flush().await.unwrap();
    let new = db
        .insert(Country::create().code("AT").name("new"))
        .await
        .unwrap();
    assert_ne!(old, new);
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), Some(new));
    db.rollback().await.unwrap();
    assert_eq!(db.state(new), State::Detached);
    assert_eq!(db[old].name, "old");
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), Some(old));
    db.delete(old).unwrap();
    let new = db.add(Country::create().code("AT").name("new"));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from countries").await, ["AT|new"]);
    assert_eq!(db.get::<Country>("AT".to_owned()).await.unwrap(), Some(new));
    assert_eq!(db.state(old), State::Detached);
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let f = Fixture::new::<(Author, Country, City)>().await;
    let hostile = [
        "'; drop table authors; --",
        "\"",
        "\\",
        "{a,b}",
        "NULL",
        "",
        "%_",
        "$1",
        "a\nb\t",
        "\u{1F984}",
    ];
    let mut db = f.session();
    let authors = db.add_all(hostile.map(|name| Author::create().name(name)));
    let countries = db.add_all(hostile.map(|code| Country::create().code(code).name(code)));
    db.commit().await.unwrap();
    for ((author, country), name) in authors.iter().zip(&countries).zip(hostile) {
        assert_eq!(db[*author].name, name);
        let found = Author::query()
            .filter(Author::NAME.eq(name))
            .one(&mut db)
            .await
            .unwrap();
        assert_eq!(found, *author);
        assert_eq!(
            db.get::<Country>(name.to_owned()).await.unwrap(),
            Some(*country)
        );
        db[*author].email = Some(name.to_owned());
        db[*country].name.push_str(name);
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select count(*) from authors where email = name")
            .await,
        ["10"]
    );
    assert_eq!(
        f.rows("select count(*) from countries where name = code || code")
            .await,
        ["10"]
    );
    for country in countries {
        db.delete(country).unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from countries").await, [""; 0]);
}

#[tokio::test]
async fn a_row_that_takes_the_place_of_a_deleted_one_is_an_update() {
    let f = Fixture::new::<(Ticket, Seat, Country, City)>().await;
    let mut db = f.session();
    let old = db.insert(Ticket::create().subject("old")).await.unwrap();
    let id = db[old].id;
    db.commit().await.unwrap();
    f.sent();
    db.delete(old).unwrap();
    let new = db.add(Ticket::create().id(id).subject("new"));
    assert_eq!(
        db.plan().unwrap().to_string(),
        " 1. 1 row: UPDATE tickets SET subject = $1, version = tickets.version + 1 WHERE id = $2 AND version = $3\n      \
         new `Ticket` with the keys of deleted ones take their places\n"
    );
    db.commit().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!(
        (db[new].subject.as_str(), db[new].version),
        ("new", 2),
        "the version goes on counting"
    );
    assert_eq!(
        f.rows("select subject, version from tickets").await,
        ["new|2"]
    );
    assert_eq!(db.state(old), State::Detached);
    assert_eq!(db.get::<Ticket>(id).await.unwrap(), Some(new));
    // Someone else was first.
    f.elsewhere("update tickets set version = 9").await;
    db.delete(new).unwrap();
    db.add(Ticket::create().id(id).subject("newer"));
    assert!(matches!(refused(db.commit().await), Error::Stale { .. }));
    db.rollback().await.unwrap();
    assert_eq!(db.state(new), State::Persistent);
    // Several at once, and what refers to them keeps its row.
    let codes = ["a", "b", "c"];
    let olds = db.add_all(codes.map(|code| Country::create().code(code).name("old")));
    db.flush().await.unwrap();
    f.elsewhere("set lock_timeout = 0").await;
    for country in &olds {
        db.delete(*country).unwrap();
    }
    let news = db.add_all(["b", "a"].map(|code| Country::create().code(code).name("new")));
    f.sent();
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE countries SET name = u.c0 FROM unnest($1::text[], $2::text[]) AS u(k0, c0) WHERE countries.code = u.k0",
            "DELETE FROM countries WHERE code = $1",
        ]
    );
    assert_eq!(
        db.get::<Country>("a".to_owned()).await.unwrap(),
        Some(news[1])
    );
    db.rollback().await.unwrap();
    assert_eq!(db.state(news[0]), State::Detached);
    assert_eq!(f.rows("select * from countries").await, [""; 0]);
    // Where there is nothing but the key.
    let seat = db
        .insert(Seat {
            row: 1,
            number: 1,
            taken_by: Some("x".to_owned()),
        })
        .await
        .unwrap();
    db.delete(seat).unwrap();
    let seat = db.add(Seat::create().row(1).number(1));
    db.commit().await.unwrap();
    assert_eq!(db[seat].taken_by, None);
    assert_eq!(f.rows("select * from seats").await, ["1|1|NULL"]);
}

#[tokio::test]
async fn what_is_not_given_is_the_default_again_in_a_row_that_takes_a_place() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let olds = db.add_all(["a", "b"].map(|title| Book::create().title(title).binding("cloth")));
    db.commit().await.unwrap();
    for (replaced, book) in olds.iter().enumerate() {
        let id = db[*book].id;
        db.delete(*book).unwrap();
        let new = db.add(Book::create().id(id).title("new").pages(3));
        f.sent();
        db.commit().await.unwrap();
        assert_eq!(
            f.sent()[1],
            "UPDATE books SET title = $1, pages = $2, author_id = $3, binding = DEFAULT WHERE id = $4 \
             RETURNING binding, sides"
        );
        assert_eq!(
            (db[new].binding.as_str(), db[new].sides),
            ("paper", 6),
            "{replaced}"
        );
    }
}

#[tokio::test]
async fn rows_that_swap_keys_in_one_statement_keep_their_handles() {
    let f = Fixture::new::<(Country, City)>().await;
    f.elsewhere("drop table cities; alter table countries drop constraint countries_pkey, add primary key (code) deferrable")
        .await;
    let mut db = f.session();
    let [a, b, c] = ["a", "b", "c"].map(|code| db.add(Country::create().code(code).name(code)));
    db.flush().await.unwrap();
    f.sent();
    for (country, code) in [(a, "b"), (b, "c"), (c, "a")] {
        db[country].code = code.to_owned();
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    for (country, code) in [(a, "b"), (b, "c"), (c, "a")] {
        assert_eq!(
            db.get::<Country>(code.to_owned()).await.unwrap(),
            Some(country)
        );
    }
    assert_eq!(f.count(), 0);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code, name from countries order by name")
            .await,
        ["b|a", "c|b", "a|c"]
    );
    for country in [a, b, c] {
        db[country].code.push('!');
    }
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    assert_eq!(db.get::<Country>("a".to_owned()).await.unwrap(), Some(c));
    assert_eq!(db.get::<Country>("a!".to_owned()).await.unwrap(), None);
}

#[derive(Model, Debug, Clone)]
#[orm(table = "labels")]
pub struct Label {
    #[orm(primary_key)]
    id: i32,
    #[orm(length = 5)]
    code: String,
    #[orm(length = 8)]
    note: Option<String>,
}

#[tokio::test]
async fn a_text_that_is_too_long_is_named_with_its_column_and_not_with_its_value() {
    let f = Fixture::new::<Label>().await;
    let mut db = f.session();
    // Characters are counted, and not bytes.
    let fits = db.insert(Label::create().code("äöüßé")).await.unwrap();
    db.commit().await.unwrap();
    let refused = |error: Error| match error {
        Error::Query(query) => query.hint.expect("a hint"),
        other => panic!("{other}"),
    };
    db.add(Label::create().code("short").note("much too long"));
    db.add(Label::create().code("longer").note("not"));
    let error = db.commit().await.unwrap_err();
    assert!(!text(&error).contains("much too"), "{error}");
    assert_eq!(
        refused(error),
        "`labels.code` holds 5 characters at most, and a row was given 6; \
         `labels.note` holds 8 characters at most, and a row was given 13"
    );
    db.rollback().await.unwrap();
    db[fits].note = Some("a longer one".to_owned());
    assert_eq!(
        refused(db.flush().await.unwrap_err()),
        "`labels.note` holds 8 characters at most, and a row was given 12"
    );
}
