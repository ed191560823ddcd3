//! `copy_out`: the rows of a query by COPY, with values that are no SQL text; what is left when it fails or is dropped.

use futures_util::TryStreamExt;
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::SessionOptions;
use tests::fixture::{Fixture, poll_times};
use tests::models::*;
use tests::{eventually, refused};
use uuid::Uuid;

type Shelf = (Author, Book, Sample);

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

#[tokio::test]
async fn a_hundred_thousand_rows_by_one_statement() {
    let on = with_authors(100_000).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut authors = by_id().copy_out(&mut conn).await.unwrap();
    let mut seen = 0;
    while let Some(author) = authors.try_next().await.unwrap() {
        seen += 1;
        assert_eq!(author.id, seen);
        assert_eq!(author.email, None);
    }
    assert_eq!(seen, 100_000);
    drop(authors);
    assert_eq!(
        on.sent(),
        [
            "BEGIN",
            "COPY (SELECT authors.id, authors.name, authors.email FROM authors ORDER BY authors.id) \
             TO STDOUT (FORMAT binary)",
            "COMMIT"
        ]
    );
}

#[tokio::test]
async fn rows_that_nobody_reads_stay_on_the_server() {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere(
        "INSERT INTO authors (name, email) SELECT n::text, repeat('x', 1000000) FROM generate_series(1, 200) AS n",
    )
    .await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut authors = by_id().copy_out(&mut conn).await.unwrap();
    assert_eq!(authors.try_next().await.unwrap().unwrap().id, 1);
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE wait_event = 'ClientWrite' AND query LIKE 'COPY%'";
    eventually("the server waits for its client to read", async || {
        on.rows(waiting).await == ["1"]
    })
    .await;
    let rest: Vec<Author> = authors.try_collect().await.unwrap();
    assert_eq!(rest.len(), 199);
}

#[tokio::test]
async fn every_kind_of_column_and_value_comes_back() {
    let on = Fixture::new::<Shelf>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let (full, empty) = (Sample::full(7), Sample::empty(8));
    Sample::copy_in([full.clone(), empty.clone()], &mut conn)
        .await
        .unwrap();
    let q = Sample::query().order_by(Sample::ID);
    let back: Vec<Sample> = q
        .copy_out(&mut conn)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(back, [full.clone(), empty]);
    // Each as a value in the query, by way of a setting.
    on.sent();
    let uuid = Uuid::from_u128(7);
    let q = Sample::query()
        .filter(Sample::TAGS.eq(full.tags.clone()))
        .filter(Sample::NUMBERS.eq(full.numbers.clone().unwrap()))
        .filter(Sample::BLOB.eq(full.blob.clone().unwrap()))
        .filter(Sample::MOOD.eq(Mood::VeryGood))
        .filter(Sample::MOODS.eq(full.moods.clone()))
        .filter(Sample::DATA.eq(full.data.clone().unwrap()))
        .filter(Sample::PRICE.eq(full.price.unwrap()))
        .limit(3)
        .select((
            Sample::ID,
            value(Sample::HOSTILE),
            value(None::<i32>),
            value(uuid),
            value(-1.5_f64),
            value(f64::NAN).eq(f64::NAN),
            value(i64::MIN),
            value(true),
        ));
    let rows: Vec<_> = q
        .copy_out(&mut conn)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let expected = (
        7,
        Sample::HOSTILE.to_owned(),
        None,
        uuid,
        -1.5,
        true,
        i64::MIN,
        true,
    );
    assert_eq!(rows, [expected]);
    let sent = on.sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(
        sent[1].starts_with("SELECT set_config('orm_copy.p1', $1::"),
        "{}",
        sent[1]
    );
    assert!(!sent.concat().contains("DROP TABLE"));
    // They are gone with the transaction.
    let left: Option<String> = conn
        .fetch_scalar("SELECT nullif(current_setting('orm_copy.p1', true), '')")
        .await
        .unwrap();
    assert_eq!(left, None);
}

#[tokio::test]
async fn a_session_copies_in_its_transaction_and_flushes_first() {
    let on = with_authors(3).await;
    let options = SessionOptions::new().criteria::<Author>(Author::ID.ne(2).for_model());
    let mut db = on.session_with(options);
    db.add(Author::create().name("new"));
    let names = by_id().filter(Author::NAME.ne("a1")).select(Author::NAME);
    let names: Vec<String> = names
        .copy_out(&mut db)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names, ["a3", "new"]);
    let sent = on.sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(
        sent[3].contains("authors.id <> (current_setting('orm_copy.p2')::"),
        "{}",
        sent[3]
    );
    db.rollback().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["3"]);
    // No rows at all.
    let none: Vec<Author> = by_id()
        .filter(Author::ID.gt(99))
        .copy_out(&mut db)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn out_of_one_table_and_into_another() {
    let on = with_authors(5000).await;
    let (mut from, mut to) = (on.session(), on.session());
    let authors = by_id()
        .filter(Author::ID.le(4000))
        .copy_out(&mut from)
        .await
        .unwrap();
    let books = authors.map_ok(|author| Book::create().title(author.name).pages(author.id));
    assert_eq!(Book::copy_in_stream(books, &mut to).await.unwrap(), 4000);
    to.commit().await.unwrap();
    assert_eq!(
        on.rows("SELECT count(*), max(pages), min(title) FROM books")
            .await,
        ["4000|4000|a1"]
    );
}

#[tokio::test]
async fn dropped_halfway_it_leaves_everything_usable() {
    let on = with_authors(100_000).await;
    let mut conn = on.engine.acquire().await.unwrap();
    let pid: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
    let mut db = on.session();
    db.add(Author::create().name("new"));
    for read in [0, 1, 500] {
        let mut authors = by_id().copy_out(&mut conn).await.unwrap();
        for _ in 0..read {
            authors.try_next().await.unwrap().unwrap();
        }
        drop(authors);
        let again: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
        assert_eq!(pid, again);
        let mut authors = by_id().copy_out(&mut db).await.unwrap();
        for _ in 0..read {
            authors.try_next().await.unwrap().unwrap();
        }
        drop(authors);
        assert_eq!(by_id().count(&mut db).await.unwrap(), 100_001);
    }
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT count(*) FROM authors").await, ["100001"]);
    for polls in 0..16 {
        let _ = poll_times(polls, by_id().filter(Author::ID.gt(1)).copy_out(&mut conn)).await;
        assert_eq!(conn.fetch_scalar::<i32>("SELECT 5").await.unwrap(), 5);
        let mut db = on.session();
        let _ = poll_times(polls, by_id().filter(Author::ID.gt(1)).copy_out(&mut db)).await;
        db.rollback().await.unwrap();
        assert_eq!(by_id().count(&mut db).await.unwrap(), 100_001);
    }
}

#[tokio::test]
async fn errors_have_the_statement_and_no_values() {
    let on = with_authors(1500).await;
    let q = || {
        by_id()
            .filter(Author::NAME.ne("secret-value"))
            .select(value(1_000_001) / (Author::ID - 1200))
    };
    let mut db = on.session();
    let mut rows = q().copy_out(&mut db).await.unwrap();
    let mut seen = 0;
    let error = loop {
        match rows.try_next().await {
            Ok(Some(_)) => seen += 1,
            Ok(None) => panic!("it divides by zero"),
            Err(error) => break error,
        }
    };
    assert!(seen < 1200, "{seen}");
    assert!(rows.try_next().await.unwrap().is_none());
    drop(rows);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    assert!(
        what.sql
            .starts_with("COPY (SELECT (current_setting('orm_copy.p1')::"),
        "{}",
        what.sql
    );
    assert_eq!(what.code.as_deref(), Some("22012"));
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("secret-value") && !shown.contains("1000001"),
        "{shown}"
    );
    let error = refused(by_id().count(&mut db).await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error}");
    db.rollback().await.unwrap();
    // A column that is gone, with its place in the query.
    on.elsewhere("ALTER TABLE authors DROP COLUMN email").await;
    let error = refused(by_id().copy_out(&mut db).await);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    let at = what.position.unwrap() as usize;
    assert!(what.sql[at - 1..].starts_with("authors.email"), "{error}");
    db.rollback().await.unwrap();
    // A connection that is killed.
    let mut names = by_id()
        .select(func::repeat(Author::NAME, 100_000))
        .copy_out(&mut db)
        .await
        .unwrap();
    names.try_next().await.unwrap().unwrap();
    on.elsewhere(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let error = loop {
        match names.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the connection was killed"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    drop(names);
    db.rollback().await.unwrap();
    assert_eq!(Author::query().count(&mut db).await.unwrap(), 1500);
}
