//! INSERT of many rows, from a query, with `on_conflict` and `returning`: on a connection and on a session, whose entities
//! are in step and come back with a rollback. Bulk UPDATE and DELETE with joins and `returning`.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

fn author(name: &str) -> impl orm_core::model::Insertable<Model = Author> {
    Author::create().name(name)
}

#[tokio::test]
async fn many_rows_are_one_statement_on_a_connection_and_on_a_session() {
    let on = Fixture::new::<All>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let names = (1..=1000).map(|n| format!("a{n}"));
    let n = Author::insert(names.map(|name| Author::create().name(name)))
        .exec(&mut conn)
        .await
        .unwrap();
    assert_eq!(n, 1000);
    assert_eq!(
        on.sent(),
        [
            "INSERT INTO authors (name, email) SELECT u.c0, u.c1 FROM unnest($1::text[], $2::text[]) \
             WITH ORDINALITY AS u(c0, c1, n) ORDER BY u.n"
        ]
    );
    // Keys count up in the order of the rows.
    assert_eq!(
        on.rows("SELECT id, name FROM authors WHERE id IN (1, 1000) ORDER BY id")
            .await,
        ["1|a1", "1000|a1000"]
    );

    let mut db = on.session();
    let n = Author::insert([author("one")]).exec(&mut db).await.unwrap();
    assert_eq!(n, 1);
    assert_eq!(
        on.sent(),
        ["BEGIN", "INSERT INTO authors (name, email) VALUES ($1, $2)"]
    );
    db.rollback().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["1000"]);
}

#[tokio::test]
async fn no_rows_send_nothing() {
    let on = Fixture::new::<All>().await;
    let mut db = on.session();
    let none = || Author::insert(Vec::<Author>::new());
    assert_eq!(none().to_sql().unwrap(), "");
    assert_eq!(none().exec(&mut db).await.unwrap(), 0);
    let rows = none()
        .on_conflict(Author::NAME)
        .do_update_all()
        .returning(Author::ALL);
    assert_eq!(rows.all(&mut db).await.unwrap(), []);
    assert_eq!(on.count(), 0);
    assert!(!db.in_transaction());
}

#[tokio::test]
async fn every_kind_of_column_arrives() {
    let on = Fixture::new::<All>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let sample = |n: i32| {
        Sample::create()
            .tags(vec![format!("a,{n}"), "\"b\"".to_owned()])
            .numbers(Some(vec![Some(n), None]))
            .blobs(vec![vec![0, 1], vec![]])
            .blob(vec![9])
            .mood(Mood::Bad)
            .moods(vec![Mood::VeryGood, Mood::Bad])
            .data(serde_json::json!({"n": n}))
            .raw(serde_json::json!([n]))
            .price(rust_decimal::Decimal::new(125, 2))
    };
    let one: Sample = Sample::insert([sample(1)])
        .returning(Sample::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    let many: Vec<Sample> = Sample::insert([sample(1), sample(1)])
        .returning(Sample::ALL)
        .all(&mut conn)
        .await
        .unwrap();
    assert_eq!(many.len(), 2);
    for row in many {
        assert_eq!(Sample { id: one.id, ..row }, one);
    }
    assert_eq!(one.moods, [Mood::VeryGood, Mood::Bad]);
    // A value of the model is inserted as it is, its key too; what the server computes is not.
    let book = Book {
        id: 70,
        title: "T".into(),
        pages: 5,
        binding: "cloth".into(),
        sides: 999,
        author_id: None,
    };
    let back = Book::insert([book.clone()])
        .returning(Book::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    assert_eq!(back, Book { sides: 10, ..book });
}

#[tokio::test]
async fn a_default_of_the_server_can_be_left_to_it_in_some_rows() {
    let on = Fixture::new::<All>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mixed = [Some("cloth"), None].map(|binding| {
        let mut row = orm_core::model::Insertable::into_new(Book::create().title("t").pages(2));
        row.draft.binding = binding.map(str::to_owned);
        Ready(row)
    });
    assert_eq!(Book::insert(mixed).exec(&mut conn).await.unwrap(), 2);
    assert_eq!(
        on.sent(),
        [
            "INSERT INTO books (title, pages, binding, author_id) VALUES ($1, $2, $3, $4), ($5, $6, DEFAULT, $7)"
        ]
    );
    assert_eq!(
        on.rows("SELECT binding FROM books WHERE id < 50 ORDER BY id")
            .await,
        ["cloth", "paper"]
    );
    // More values than a statement can have.
    let mixed = (0..20_000).map(|n| {
        let mut row = orm_core::model::Insertable::into_new(Book::create().title("t"));
        row.draft.binding = (n == 0).then(|| "cloth".to_owned());
        Ready(row)
    });
    assert_eq!(
        text(&refused(Book::insert(mixed).exec(&mut conn).await)),
        "20000 rows for `books` leave a column with a default to the server in some rows and not in others, which is \
         possible for 65535 values at most: give all rows the same columns, or insert them in two"
    );
}

/// A draft that was changed by hand.
struct Ready(orm_core::model::New<Book>);

impl orm_core::model::OfModel for Ready {
    type Model = Book;
}

impl orm_core::model::Insertable for Ready {
    fn into_new(self) -> orm_core::model::New<Book> {
        self.0
    }
}

#[tokio::test]
async fn a_relationship_on_a_row_is_refused_before_anything_is_sent() {
    let on = Fixture::new::<All>().await;
    let mut db = on.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    on.sent();
    let q = Book::insert([Book::create().title("T").author(ann)]);
    assert_eq!(
        text(&refused(q.exec(&mut db).await)),
        "a row for `books` has `Book::AUTHOR` set to an entity, whose key a bulk INSERT does not know: set the foreign \
         key's column, or `add` the row to a session"
    );
    assert_eq!(on.count(), 0);
}

#[tokio::test]
async fn a_query_is_inserted_without_passing_through_the_client() {
    let on = Fixture::new::<All>().await;
    on.elsewhere("INSERT INTO authors (name, email) VALUES ('Ann', 'a@x'), ('Bob', null)")
        .await;
    let mut conn = on.engine.acquire().await.unwrap();
    let authors = Author::query()
        .filter(Author::NAME.ne("Cid"))
        .order_by(Author::ID);
    let q = Note::insert_from(
        (Note::BODY, Note::STARS),
        authors.select((Author::NAME.concat("!"), Author::ID * 10)),
    );
    let ids: Vec<(i32, String)> = q
        .returning((Note::ID, Note::BODY))
        .all(&mut conn)
        .await
        .unwrap();
    assert_eq!(ids, [(1, "Ann!".to_owned()), (2, "Bob!".to_owned())]);
    assert_eq!(
        on.sent(),
        [
            "INSERT INTO notes (body, stars) SELECT authors.name || $1, authors.id * $2 FROM authors \
             WHERE authors.name <> $3 ORDER BY authors.id RETURNING notes.id, notes.body"
        ]
    );
    // One column, from one value.
    let q = Author::insert_from(Author::NAME, Note::query().select(Note::BODY))
        .on_conflict(Author::NAME)
        .do_nothing();
    assert_eq!(q.exec(&mut conn).await.unwrap(), 2);
    assert_eq!(
        on.rows("SELECT name, stars FROM authors JOIN notes ON body = name ORDER BY 1")
            .await,
        ["Ann!|10", "Bob!|20"]
    );
}

#[tokio::test]
async fn a_row_that_is_there_is_left_or_changed() {
    let on = Fixture::new::<All>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let seat = |number: i32, who: &str| {
        Seat::create()
            .row(1)
            .number(number)
            .taken_by(who.to_owned())
    };
    Seat::insert([seat(1, "ann"), seat(2, "bob")])
        .exec(&mut conn)
        .await
        .unwrap();
    // Left alone.
    let again =
        || Seat::insert([seat(2, "cid"), seat(3, "cid")]).on_conflict((Seat::ROW, Seat::NUMBER));
    let new: Vec<Seat> = again()
        .do_nothing()
        .returning(Seat::ALL)
        .all(&mut conn)
        .await
        .unwrap();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].number, 3);
    let any = Seat::insert([seat(3, "dee")]).on_conflict_do_nothing();
    assert_eq!(any.exec(&mut conn).await.unwrap(), 0);
    // Changed by what was to be inserted.
    assert_eq!(again().do_update_all().exec(&mut conn).await.unwrap(), 2);
    on.sent();
    let q = again()
        .do_update(Seat::TAKEN_BY.set(Seat::TAKEN_BY.concat("+").concat(excluded(Seat::TAKEN_BY))))
        .filter(Seat::NUMBER.lt(3).and(Seat::ROW.eq(excluded(Seat::ROW))));
    assert_eq!(q.exec(&mut conn).await.unwrap(), 1);
    assert_eq!(
        on.sent(),
        [
            "INSERT INTO seats (\"row\", number, taken_by) SELECT u.c0, u.c1, u.c2 \
             FROM unnest($1::int4[], $2::int4[], $3::text[]) WITH ORDINALITY AS u(c0, c1, c2, n) ORDER BY u.n \
             ON CONFLICT (\"row\", number) DO UPDATE SET taken_by = seats.taken_by || $4 || excluded.taken_by \
             WHERE seats.number < $5 AND seats.\"row\" = excluded.\"row\""
        ]
    );
    assert_eq!(
        on.rows("SELECT number, taken_by FROM seats ORDER BY 1")
            .await,
        ["1|ann", "2|cid+cid", "3|cid"]
    );
    // By name, and with a name that wants quotes.
    let q = || Author::insert([author("Ann")]);
    assert_eq!(
        q().on_constraint("authors_name_key")
            .do_nothing()
            .exec(&mut conn)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        q().on_constraint("authors_name_key")
            .do_nothing()
            .exec(&mut conn)
            .await
            .unwrap(),
        0
    );
    let error = refused(
        q().on_constraint("x\"; DROP TABLE seats")
            .do_nothing()
            .exec(&mut conn)
            .await,
    );
    assert!(
        text(&error)
            .contains("constraint \"x\"; DROP TABLE seats\" for table \"authors\" does not exist"),
        "{error}"
    );
    // Versions count up, `on_update` has its say, and neither is overwritten by the row that was to be inserted.
    let ticket = Ticket::insert([Ticket::create().subject("a")])
        .returning(Ticket::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    let newer = Ticket {
        subject: "b".into(),
        ..ticket.clone()
    };
    let ticket = Ticket::insert([newer])
        .on_conflict(Ticket::ID)
        .do_update_all()
        .returning(Ticket::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    assert_eq!((ticket.subject.as_str(), ticket.version), ("b", 2));
    let note = Note::insert([Note::create().body("x")])
        .returning(Note::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    assert_eq!(note.edits, 0);
    let note = Note::insert([note])
        .on_conflict(Note::ID)
        .do_update(Note::BODY.set("y"))
        .returning(Note::ALL)
        .one(&mut conn)
        .await
        .unwrap();
    assert_eq!((note.body.as_str(), note.edits), ("y", 7));
}

#[tokio::test]
async fn a_partial_index_is_found_by_its_condition() {
    let on = Fixture::new::<All>().await;
    on.elsewhere("CREATE UNIQUE INDEX ON authors (email) WHERE email IS NOT NULL")
        .await;
    let mut conn = on.engine.acquire().await.unwrap();
    let insert = |name: &str| {
        Author::insert([Author::create().name(name).email("x@y".to_owned())])
            .on_conflict(Author::EMAIL)
    };
    for (name, expected) in [("a", 1), ("b", 0)] {
        // Often enough for the server to plan without the values.
        let q = insert(name)
            .filter(Author::EMAIL.is_not_null())
            .do_nothing();
        assert_eq!(q.exec(&mut conn).await.unwrap(), expected);
    }
    for _ in 0..8 {
        let q = insert("b").filter(Author::EMAIL.is_not_null()).do_nothing();
        assert_eq!(q.exec(&mut conn).await.unwrap(), 0);
    }
    let error = refused(insert("c").do_nothing().exec(&mut conn).await);
    assert!(
        text(&error).contains("no unique or exclusion constraint matching"),
        "{error}"
    );
    on.sent();
    let error = refused(
        insert("c")
            .filter(Author::EMAIL.ne(""))
            .do_nothing()
            .exec(&mut conn)
            .await,
    );
    assert_eq!(
        text(&error),
        "the condition of a unique index of `authors` compares with a value, which the server does not know when it \
         chooses the index: use columns alone (`!DELETED`, `DELETED_AT.is_null()`), or `on_constraint`"
    );
    let nothing = Author::insert_from(Author::NAME, Note::query().select(Note::BODY))
        .on_conflict(Author::NAME)
        .do_update_all();
    assert_eq!(
        text(&refused(nothing.exec(&mut conn).await)),
        "`do_update` of an INSERT into `authors` sets no column: `.do_nothing()` leaves the row as it is"
    );
    assert_eq!(on.count(), 0);
}

#[tokio::test]
async fn inserted_rows_are_entities_of_the_session_and_leave_with_a_rollback() {
    let on = Fixture::new::<All>().await;
    let mut db = on.session();
    let q = Book::insert([Book::create().title("a"), Book::create().title("b")]);
    let books = q.returning(Book::ALL).all(&mut db).await.unwrap();
    assert_eq!(db.state(books[0]), State::Persistent);
    assert_eq!(
        (db[books[1]].title.as_str(), db[books[1]].sides),
        ("b", 200)
    );
    // They are known: nothing is sent, and a change is an UPDATE.
    on.sent();
    let id = db[books[0]].id;
    assert_eq!(db.get::<Book>(id).await.unwrap(), Some(books[0]));
    db[books[0]].pages = 7;
    db.flush().await.unwrap();
    assert_eq!(
        on.sent(),
        ["UPDATE books SET pages = $1 WHERE id = $2 RETURNING sides"]
    );
    db.rollback().await.unwrap();
    assert_eq!(db.get::<Book>(id).await.unwrap(), None);
    assert_eq!(on.rows("SELECT count(*) FROM books").await, ["0"]);
}

#[tokio::test]
async fn rows_that_do_update_changes_are_in_step_and_come_back() {
    let on = Fixture::new::<All>().await;
    on.elsewhere("INSERT INTO authors (name, email) VALUES ('Ann', 'old'), ('Bob', 'old')")
        .await;
    let mut db = on.session();
    let authors = Author::query()
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    let [ann, bob] = authors[..] else { panic!() };
    on.sent();
    let upsert = || {
        Author::insert(
            ["Ann", "Cid"].map(|name| Author::create().name(name).email("new".to_owned())),
        )
        .on_conflict(Author::NAME)
        .do_update(Author::EMAIL.set(excluded(Author::EMAIL)))
    };
    // Without a RETURNING of one's own.
    assert_eq!(upsert().exec(&mut db).await.unwrap(), 2);
    assert!(on.sent()[0].ends_with("RETURNING authors.id, authors.email"));
    assert_eq!(db[ann].email.as_deref(), Some("new"));
    assert_eq!(db[bob].email.as_deref(), Some("old"));
    db.flush().await.unwrap();
    assert_eq!(on.count(), 0, "nothing is dirty");
    db.rollback().await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("old"));
    // With values, in a savepoint.
    let mut nested = db.begin_nested().await.unwrap();
    let names = upsert()
        .returning(Author::NAME)
        .all(&mut nested)
        .await
        .unwrap();
    assert_eq!(names, ["Ann", "Cid"]);
    assert_eq!(nested[ann].email.as_deref(), Some("new"));
    nested.rollback().await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("old"));
    // With entities: the known one is the same.
    let both = upsert().returning(Author::ALL).all(&mut db).await.unwrap();
    assert_eq!(both[0], ann);
    assert_eq!(db[both[1]].name, "Cid");
    db.commit().await.unwrap();
    assert_eq!(db[ann].email.as_deref(), Some("new"));
}

#[tokio::test]
async fn an_update_returns_what_it_made_and_computed_columns_are_in_step() {
    let on = Fixture::new::<All>().await;
    on.elsewhere(
        "INSERT INTO authors (name) VALUES ('Ann'), ('Bob'); \
         INSERT INTO books (title, pages, author_id) VALUES ('a', 1, 1), ('b', 2, 1), ('c', 3, 2), ('d', 4, null)",
    )
    .await;
    let mut db = on.session();
    let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
    let q = Book::query()
        .filter(Book::PAGES.lt(3))
        .update(Book::PAGES.set(Book::PAGES * 10));
    assert_eq!(q.exec(&mut db).await.unwrap(), 2);
    assert_eq!((db[books[0]].pages, db[books[0]].sides), (10, 20));
    on.sent();
    // By a joined table, with its columns in the values and in RETURNING.
    let q = Book::query()
        .join(Book::AUTHOR)
        .filter(Author::NAME.eq("Ann"))
        .update(Book::TITLE.set(Author::NAME))
        .returning((Book::ALL, Author::ID));
    let rows = q.all(&mut db).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        on.sent(),
        [
            "UPDATE books SET title = authors.name FROM authors WHERE authors.id = books.author_id AND authors.name = $1 \
             RETURNING books.id, books.title, books.pages, books.binding, books.sides, books.author_id, authors.id, \
             books.id, books.title, books.sides"
        ]
    );
    for (book, author) in rows {
        assert_eq!((db[book].title.as_str(), author), ("Ann", 1));
        assert!(books.contains(&book));
    }
    assert_eq!(db[books[2]].title, "c");
    db.rollback().await.unwrap();
    assert_eq!((db[books[0]].title.as_str(), db[books[0]].sides), ("a", 2));

    // A key cannot be followed.
    let q = Book::query().update(Book::ID.set(Book::ID + 1));
    assert_eq!(
        text(&refused(q.exec(&mut db).await)),
        "a bulk write cannot set `books.id` on a session that has rows of `books`: nobody could tell which of them are \
         meant; set it on the entities, or run the statement on a connection"
    );
}

#[tokio::test]
async fn deleted_rows_come_back_once_more_and_leave() {
    let on = Fixture::new::<All>().await;
    on.elsewhere(
        "INSERT INTO authors (name) VALUES ('Ann'), ('Bob'); \
         INSERT INTO books (title, pages, author_id) VALUES ('a', 1, 1), ('b', 1, 1), ('c', 1, 2)",
    )
    .await;
    let mut db = on.session();
    let known = Book::query()
        .filter(Book::TITLE.eq("a"))
        .one(&mut db)
        .await
        .unwrap();
    on.sent();
    let q = Book::query()
        .join(Book::AUTHOR)
        .filter(Author::NAME.eq("Ann"))
        .delete()
        .returning(Book::ALL);
    let gone = q.all(&mut db).await.unwrap();
    assert_eq!(
        on.sent(),
        [
            "DELETE FROM books USING authors WHERE authors.id = books.author_id AND authors.name = $1 \
             RETURNING books.id, books.title, books.pages, books.binding, books.sides, books.author_id, books.id"
        ]
    );
    assert_eq!(gone.len(), 2);
    assert!(gone.contains(&known));
    for book in &gone {
        assert_eq!(db.state(*book), State::Deleted);
        assert_eq!(db[*book].author_id, Some(1), "its last values can be read");
    }
    let id = db[known].id;
    assert_eq!(db.get::<Book>(id).await.unwrap(), None);
    db.rollback().await.unwrap();
    for book in &gone {
        assert_eq!(db.state(*book), State::Persistent);
    }
    assert_eq!(db.get::<Book>(id).await.unwrap(), Some(known));
    // Values, of rows that the session has and of others.
    let mut titles = Book::query()
        .delete()
        .returning(Book::TITLE)
        .all(&mut db)
        .await
        .unwrap();
    titles.sort();
    assert_eq!(titles, ["a", "b", "c"]);
    assert_eq!(db.state(known), State::Deleted);
    db.commit().await.unwrap();
    assert_eq!(db.state(known), State::Detached);
    assert_eq!(on.rows("SELECT count(*) FROM books").await, ["0"]);
}

#[tokio::test]
async fn one_and_none_say_how_many_rows_were_written() {
    let on = Fixture::new::<All>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let q = |names: &[&str]| {
        let rows = names.iter().map(|name| author(name)).collect::<Vec<_>>();
        Author::insert(rows)
            .on_conflict_do_nothing()
            .returning(Author::NAME)
    };
    assert_eq!(q(&["a"]).one(&mut conn).await.unwrap(), "a");
    assert_eq!(q(&["a"]).one_or_none(&mut conn).await.unwrap(), None);
    assert!(matches!(
        refused(q(&["a"]).one(&mut conn).await),
        Error::NotFound { .. }
    ));
    assert!(matches!(
        refused(q(&["b", "c"]).one(&mut conn).await),
        Error::MultipleFound { .. }
    ));
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["3"]);
}

#[tokio::test]
async fn a_pending_entity_is_flushed_before_a_bulk_insert() {
    let on = Fixture::new::<All>().await;
    let mut db = on.session();
    db.add(Author::create().name("Ann"));
    let q = Author::insert([author("Ann")])
        .on_conflict(Author::NAME)
        .do_nothing();
    assert_eq!(q.exec(&mut db).await.unwrap(), 0);
    // An error ends the transaction, as for all statements.
    let error = refused(Author::insert([author("Ann")]).exec(&mut db).await);
    assert!(error.is_unique_violation());
    assert!(matches!(
        refused(db.flush().await),
        Error::RollbackRequired { .. }
    ));
    db.rollback().await.unwrap();
}
