//! `stream`: the rows of a query as they arrive, on a connection and on a session; `plain`: rows that a session does not keep.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt};
use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::SessionOptions;
use orm_core::{Error, Result};
use tests::fixture::{Fixture, poll_times, text};
use tests::models::*;
use tests::{eventually, refused};

type Shelf = (Author, Book);

const DECLARE: &str = "DECLARE orm_stream NO SCROLL CURSOR FOR \
     SELECT authors.id, authors.name, authors.email FROM authors ORDER BY authors.id";
const FETCH: &str = "FETCH FORWARD 1000 FROM orm_stream";
const CLOSE: &str = "CLOSE orm_stream";

/// Authors `a1`, `a2` ..
async fn with_authors(rows: u32) -> Fixture {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere(&format!(
        "INSERT INTO authors (name) SELECT 'a' || n FROM generate_series(1, {rows}) AS n ORDER BY n"
    ))
    .await;
    on
}

fn by_id() -> EntityQuery<Author> {
    Author::query().order_by(Author::ID)
}

/// The cursors of a session's transaction.
async fn cursors(db: &mut Session) -> i64 {
    let open = "SELECT count(*) FROM pg_cursors WHERE name LIKE 'orm%'";
    sql(open).scalar(db).await.unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_rows_come_a_thousand_at_a_time() {
    let on = with_authors(100_000).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut authors = by_id().stream(&mut conn).await.unwrap();
    let mut asked = 0;
    let mut seen = 0_i32;
    let mut begin = vec![];
    while let Some(author) = authors.try_next().await.unwrap() {
        seen += 1;
        assert_eq!(author.id, seen);
        // Statements are told of when they have been answered: that of the row that was just read has not, yet.
        let sent = on.sent();
        asked += sent.iter().filter(|sql| *sql == FETCH).count() as i32;
        assert_eq!(asked, (seen - 1) / 1000, "at row {seen}");
        begin.extend(sent.into_iter().filter(|sql| sql != FETCH));
    }
    assert_eq!(seen, 100_000);
    assert_eq!(begin, ["BEGIN", DECLARE]);
    // The last FETCH was full, so one more had to say that there are no more rows.
    assert_eq!(on.sent(), [FETCH, FETCH, "COMMIT"]);
    assert!(authors.try_next().await.unwrap().is_none());
    drop(authors);
    assert_eq!(on.count(), 0);
}

#[tokio::test]
async fn rows_that_nobody_reads_stay_on_the_server() {
    let on = Fixture::new::<Shelf>().await;
    // 200 MB in one FETCH: more than there is room for on the way.
    on.elsewhere(
        "INSERT INTO authors (name, email) SELECT n::text, repeat('x', 1000000) FROM generate_series(1, 200) AS n",
    )
    .await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut authors = by_id().stream(&mut conn).await.unwrap();
    assert_eq!(authors.try_next().await.unwrap().unwrap().id, 1);
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE wait_event = 'ClientWrite' AND query LIKE 'FETCH%'";
    eventually("the server waits for its client to read", async || {
        on.rows(waiting).await == ["1"]
    })
    .await;
    let rest: Vec<_> = authors.try_collect().await.unwrap();
    assert_eq!(rest.len(), 199);
    assert_eq!(rest[198].email.as_ref().unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn no_rows_and_full_fetches() {
    let on = with_authors(2000).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let none = by_id().filter(Author::ID.gt(5000));
    let mut rows = none.clone().stream(&mut conn).await.unwrap();
    assert!(rows.next().await.is_none());
    assert!(rows.next().await.is_none());
    drop(rows);
    let sent = on.sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert_eq!(
        [&*sent[0], &*sent[2], &*sent[3]],
        ["BEGIN", FETCH, "COMMIT"]
    );

    for (rows, fetches) in [(999, 1), (1000, 2), (1001, 2), (2000, 3)] {
        let q = by_id().filter(Author::ID.le(rows)).select(Author::NAME);
        let mut db = on.session();
        let mut names = q.stream(&mut db).await.unwrap();
        let mut seen = 0;
        while let Some(name) = names.next().await {
            seen += 1;
            assert_eq!(name.unwrap(), format!("a{seen}"));
        }
        assert_eq!(seen, rows);
        let sent = on.sent();
        assert_eq!(sent.iter().filter(|sql| *sql == FETCH).count(), fetches);
        drop(names);
        db.rollback().await.unwrap();
        on.sent();
    }
}

#[tokio::test]
async fn a_session_streams_plain_rows_in_its_transaction_and_flushes_first() {
    let on = with_authors(3).await;
    let mut db = on.session();
    let first = db.get::<Author>(1).await.unwrap().unwrap();
    db[first].name = "changed".to_owned();
    db.add(Author::create().name("new"));
    on.sent();
    let mut authors = by_id().stream(&mut db).await.unwrap();
    let mut names = Vec::new();
    while let Some(author) = authors.try_next().await.unwrap() {
        let author: Author = author;
        names.push(author.name);
    }
    drop(authors);
    assert_eq!(names, ["changed", "a2", "a3", "new"]);
    let sent = on.sent();
    assert_eq!(sent.len(), 5, "{sent:?}");
    assert!(sent[0].starts_with("INSERT") || sent[0].starts_with("UPDATE"));
    assert_eq!(sent[2..], [DECLARE, FETCH, CLOSE]);
    // The two that the session knew anyway.
    let known = db.debug_view().to_string();
    assert_eq!(known.matches("\n  #").count(), 2, "{known}");
    assert_eq!(cursors(&mut db).await, 0);
    db.rollback().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["3"]);
}

#[tokio::test]
async fn a_stream_dropped_halfway_leaves_the_transaction_as_it_was() {
    let on = with_authors(100_000).await;
    let mut db = on.session();
    db.add(Author::create().name("new"));
    db.flush().await.unwrap();
    on.sent();
    for read in [0, 1, 999, 1000, 1001, 1500] {
        let mut authors = by_id().stream(&mut db).await.unwrap();
        for _ in 0..read {
            authors.try_next().await.unwrap().unwrap();
        }
        drop(authors);
        assert_eq!(cursors(&mut db).await, 0);
        let sent = on.sent();
        let fetches = sent.iter().filter(|sql| *sql == FETCH).count() as i32;
        assert_eq!(fetches, (read + 999) / 1000, "after {read} rows");
        assert_eq!(sent[sent.len() - 2], CLOSE);
    }
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["100001"]);
    assert_eq!(on.engine.pool_status().idle, 1);
}

#[tokio::test]
async fn a_connection_goes_on_behind_a_dropped_stream() {
    let on = with_authors(5000).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let pid: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
    on.sent();
    let mut authors = by_id().stream(&mut conn).await.unwrap();
    authors.try_next().await.unwrap().unwrap();
    drop(authors);
    let again: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
    assert_eq!(pid, again);
    assert_eq!(
        on.sent(),
        [
            "BEGIN",
            DECLARE,
            FETCH,
            "ROLLBACK",
            "SELECT pg_backend_pid()"
        ]
    );
    // In a transaction of the user's, the cursor alone goes.
    let mut transaction = conn.begin().await.unwrap();
    let new = sql("INSERT INTO authors (name) VALUES ('new')");
    new.execute(&mut transaction).await.unwrap();
    let mut authors = by_id().stream(&mut transaction).await.unwrap();
    authors.try_next().await.unwrap().unwrap();
    drop(authors);
    let open: i64 = transaction
        .fetch_scalar("SELECT count(*) FROM pg_cursors WHERE name LIKE 'orm%'")
        .await
        .unwrap();
    assert_eq!(open, 0);
    transaction.commit().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["5001"]);
    // A second stream of other columns, by the same name.
    let mut names = Author::query()
        .select((Author::NAME, Author::ID))
        .order_by(Author::ID.desc())
        .stream(&mut conn)
        .await
        .unwrap();
    assert_eq!(
        names.try_next().await.unwrap(),
        Some(("new".to_owned(), 5001))
    );
}

#[tokio::test]
async fn what_goes_away_with_its_stream_half_read_comes_back_clean() {
    let on = with_authors(50_000).await;
    let pid = async || {
        let mut conn = on.engine.acquire().await.unwrap();
        let pid: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
        pid
    };
    let first = pid().await;
    for _ in 0..6 {
        let mut db = on.session();
        db.add(Author::create().name("never"));
        let mut authors = by_id().stream(&mut db).await.unwrap();
        authors.try_next().await.unwrap().unwrap();
        drop(authors);
        drop(db);
        eventually("the connection is back", async || {
            on.engine.pool_status().idle == 1
        })
        .await;
        assert_eq!(pid().await, first);
        let mut conn = on.engine.acquire().await.unwrap();
        let mut authors = by_id().stream(&mut conn).await.unwrap();
        authors.try_next().await.unwrap().unwrap();
        drop(authors);
        drop(conn);
        eventually("the connection is back", async || {
            on.engine.pool_status().idle == 1
        })
        .await;
    }
    assert_eq!(by_id().count(&mut on.session()).await.unwrap(), 50_000);
    eventually("no transaction is left", async || {
        on.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND state <> 'idle'",
        )
        .await
            == ["0"]
    })
    .await;
}

#[tokio::test]
async fn an_error_among_the_rows_has_the_statement_and_no_values() {
    let on = with_authors(1500).await;
    let q = || {
        by_id()
            .filter(Author::NAME.ne("secret-value"))
            .select(value(1_000_001) / (Author::ID - 1200))
    };
    let check = |error: Error, seen: i32| {
        // A FETCH gives rows when it has them all.
        assert_eq!(seen, 1000);
        let Error::Query(what) = &error else {
            panic!("{error:?}");
        };
        assert!(what.sql.starts_with("DECLARE orm_stream"), "{}", what.sql);
        assert!(what.sql.contains("authors.name <> $3"), "{}", what.sql);
        assert_eq!(what.code.as_deref(), Some("22012"));
        for shown in [text(&error), format!("{error:?}")] {
            assert!(!shown.contains("secret-value"), "{shown}");
            assert!(!shown.contains("1000001"), "{shown}");
        }
    };
    let mut conn = on.engine.acquire().await.unwrap();
    let mut rows = q().stream(&mut conn).await.unwrap();
    let mut seen = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => seen += 1,
            Err(error) => break error,
        }
    };
    assert!(rows.next().await.is_none());
    drop(rows);
    check(error, seen);
    assert_eq!(conn.fetch_scalar::<i32>("SELECT 5").await.unwrap(), 5);

    let mut db = on.session();
    let author = db.add(Author::create().name("new"));
    db.flush().await.unwrap();
    let mut nested = db.begin_nested().await.unwrap();
    let mut rows = q().stream(&mut nested).await.unwrap();
    let mut seen = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => seen += 1,
            Err(error) => break error,
        }
    };
    drop(rows);
    check(error, seen);
    let error = refused(by_id().count(&mut nested).await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
    nested.rollback().await.unwrap();
    db[author].email = Some("x".to_owned());
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT count(email) FROM authors").await, ["1"]);
}

#[tokio::test]
async fn what_the_server_refuses_at_once_has_its_position() {
    let on = with_authors(1).await;
    on.elsewhere("ALTER TABLE authors DROP COLUMN email").await;
    let mut conn = on.engine.acquire().await.unwrap();
    let error = refused(by_id().stream(&mut conn).await);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    let at = what.position.unwrap() as usize;
    assert!(what.sql[at - 1..].starts_with("authors.email"), "{error}");
    assert_eq!(conn.fetch_scalar::<i32>("SELECT 5").await.unwrap(), 5);
    let mut db = on.session();
    let error = refused(by_id().stream(&mut db).await);
    assert!(matches!(error, Error::Query(_)), "{error:?}");
    db.rollback().await.unwrap();
    assert_eq!(Author::query().count(&mut db).await.unwrap(), 1);
}

#[tokio::test]
async fn a_connection_killed_among_the_rows_is_an_error_and_the_session_goes_on() {
    let on = with_authors(100_000).await;
    let kill = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut db = on.session();
    let mut authors = by_id().stream(&mut db).await.unwrap();
    authors.try_next().await.unwrap().unwrap();
    on.elsewhere(kill).await;
    let error = loop {
        match authors.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the connection was killed"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    drop(authors);
    let error = refused(by_id().count(&mut db).await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
    db.rollback().await.unwrap();
    assert_eq!(by_id().count(&mut db).await.unwrap(), 100_000);
}

#[tokio::test]
async fn futures_may_be_dropped_at_every_point() {
    let on = with_authors(2500).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut opened = 0;
    for polls in 0..20 {
        let done = poll_times(polls, by_id().stream(&mut conn)).await.is_some();
        opened += u32::from(done);
        assert_eq!(conn.fetch_scalar::<i32>("SELECT 5").await.unwrap(), 5);

        let mut db = on.session();
        let done = poll_times(polls, by_id().stream(&mut db)).await.is_some();
        let counted = by_id().count(&mut db).await;
        if done || !db.in_transaction() {
            assert_eq!(counted.unwrap(), 2500);
        } else if let Err(error) = counted {
            assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
            db.rollback().await.unwrap();
            assert_eq!(by_id().count(&mut db).await.unwrap(), 2500);
        }
    }
    assert!(opened > 5, "{opened}");
}

#[tokio::test]
async fn a_row_that_was_waited_for_in_vain_comes_later() {
    let on = with_authors(3000).await;
    let mut db = on.session();
    let mut authors = by_id().stream(&mut db).await.unwrap();
    let mut seen = 0;
    let mut in_vain = 0;
    loop {
        match poll_times(1, authors.try_next()).await {
            None => {
                in_vain += 1;
                tokio::task::yield_now().await;
            }
            Some(Ok(Some(author))) => {
                seen += 1;
                assert_eq!(author.id, seen);
            }
            Some(Ok(None)) => break,
            Some(Err(error)) => panic!("{error}"),
        }
    }
    assert_eq!(seen, 3000);
    assert!(in_vain > 0);
}

#[tokio::test]
async fn criteria_and_unions_and_parameters() {
    let on = with_authors(20).await;
    let options = SessionOptions::new().criteria::<Author>(Author::ID.ne(3).for_model());
    let mut db = on.session_with(options);
    let mut ids = by_id()
        .filter(Author::ID.le(4))
        .select(Author::ID)
        .stream(&mut db)
        .await
        .unwrap();
    let mut seen = Vec::new();
    while let Some(id) = ids.try_next().await.unwrap() {
        seen.push(id);
    }
    drop(ids);
    assert_eq!(seen, [1, 2, 4]);
    let low = Author::query().filter(Author::ID.lt(3));
    let high = Author::query().filter(Author::ID.gt(18));
    let both = low.union(high).order_by(Author::ID.desc());
    let both: Result<Vec<Author>> = both.stream(&mut db).await.unwrap().try_collect().await;
    let ids: Vec<_> = both.unwrap().iter().map(|author| author.id).collect();
    assert_eq!(ids, [20, 19, 2, 1]);
}

#[tokio::test]
async fn relationships_have_no_place_in_plain_rows() {
    let on = with_authors(1).await;
    let mut db = on.session();
    for error in [
        refused(by_id().with(Author::BOOKS).stream(&mut db).await),
        refused(by_id().with(Author::BOOKS).plain().all(&mut db).await),
    ] {
        let text = text(&error);
        assert!(
            text.starts_with("relationships of `authors` are to be loaded with plain rows"),
            "{text}"
        );
    }
    assert_eq!(on.count(), 0);
}

#[tokio::test]
async fn plain_rows_are_read_in_the_transaction_and_not_kept() {
    let on = with_authors(3).await;
    on.elsewhere(
        "INSERT INTO books (title, pages, author_id) VALUES ('Trees', 9, 1), ('Birds', 9, NULL)",
    )
    .await;
    let mut db = on.session();
    let first = db.get::<Author>(1).await.unwrap().unwrap();
    db[first].name = "changed".to_owned();
    on.sent();
    let authors: Vec<Author> = by_id().plain().all(&mut db).await.unwrap();
    assert_eq!(authors.len(), 3);
    assert_eq!(authors[0].name, "changed");
    assert_eq!(
        on.sent(),
        [
            "UPDATE authors SET name = $1 WHERE id = $2",
            "SELECT authors.id, authors.name, authors.email FROM authors ORDER BY authors.id"
        ]
    );
    let pairs: Vec<(Book, Option<Author>)> = Book::query()
        .left_join(Book::AUTHOR)
        .order_by(Book::ID)
        .select((Book::ALL, Author::ALL))
        .plain()
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(pairs[0].1.as_ref().unwrap().name, "changed");
    assert!(pairs[1].1.is_none());
    let by_name: HashMap<String, Author> = by_id()
        .select((Author::NAME, Author::ALL))
        .plain()
        .to_map(&mut db)
        .await
        .unwrap();
    assert_eq!(by_name["a2"].id, 2);
    let page = by_id().plain().page(2).fetch(&mut db).await.unwrap();
    assert_eq!(page.rows[1].name, "a2");
    let one: Option<Author> = by_id().for_update().plain().first(&mut db).await.unwrap();
    assert_eq!(one.unwrap().id, 1);
    let both = Author::query().union(Author::query()).order_by(Author::ID);
    let both: Vec<Author> = both.plain().all(&mut db).await.unwrap();
    assert_eq!(both.len(), 3);
    let known = db.debug_view().to_string();
    assert_eq!(known.matches("\n  #").count(), 1, "{known}");
    // The tracked row is what it was, and a plain one is nobody's: changing it changes nothing.
    assert_eq!(db[first].name, "changed");
    db.rollback().await.unwrap();
    assert_eq!(
        on.rows("SELECT name FROM authors WHERE id = 1").await,
        ["a1"]
    );
    // On a connection there is nothing else.
    let mut conn = on.engine.acquire().await.unwrap();
    let names: Vec<Author> = by_id().plain().all(&mut conn).await.unwrap();
    assert_eq!(names.len(), 3);
}
