//! Hand-written SQL: names and values, results into tuples and structs, transactions, scripts, streams.

use futures_util::{StreamExt, TryStreamExt};
use orm_core::Model;
use orm_core::engine::{Connection, Engine, Sql, sql};
use orm_core::model::{ColumnNames, FromRow, Row};
use orm_core::{Error, Result};
use tests::{database_url, refused};

async fn connection() -> Connection {
    let engine = Engine::builder(database_url()).pool_size(1).max_overflow(0);
    let engine = engine.connect().await.expect("the server answers");
    engine.acquire().await.expect("a connection")
}

const HOSTILE: [&str; 9] = [
    "'; DROP TABLE users; --",
    "O'Brien",
    "\\'; --",
    "$1 $tag$ $$",
    ":name ::text /* -- */",
    "\"quoted\"",
    "%_\\%",
    "line\nbreak\ttab",
    "ünïcödé 🦀 \u{200b}",
];

#[tokio::test]
async fn hostile_text_comes_back_as_it_went() {
    let mut conn = connection().await;
    for text in HOSTILE {
        let back: String = sql("SELECT :text::text")
            .bind("text", text)
            .scalar(&mut conn)
            .await
            .unwrap();
        assert_eq!(back, text);
        let quoted: (String, i64) = sql("SELECT ':text', length(:text) -- :text")
            .bind("text", text)
            .one::<(String, i32)>(&mut conn)
            .await
            .map(|(literal, length)| (literal, i64::from(length)))
            .unwrap();
        assert_eq!(quoted, (":text".to_owned(), text.chars().count() as i64));
    }
}

#[tokio::test]
async fn the_server_reads_quotes_and_comments_as_we_do() {
    let mut conn = connection().await;
    let row: (String, String, String, String, i32) = sql(
        "SELECT ':a', E'\\':a', $$:a$$, $t$ $$ :a $t$, /* :a /* ' */ :a */ :a::int4 AS \":a\" -- :a '",
    )
    .bind("a", 5)
    .one(&mut conn)
    .await
    .unwrap();
    assert_eq!(
        row,
        (":a".into(), "':a".into(), ":a".into(), " $$ :a ".into(), 5)
    );
    let slice: Vec<i32> = sql("SELECT (ARRAY[1, 2, 3])[1:n] FROM (SELECT :n::int4 AS n) AS one")
        .bind("n", 2)
        .scalar(&mut conn)
        .await
        .unwrap();
    assert_eq!(slice, [1, 2]);
}

#[test]
fn names_and_values_must_fit() {
    let text = |sql: Sql| {
        let error = refused(sql.statement());
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        error.to_string()
    };
    let missing = text(sql("SELECT :a, :b, :c").bind("b", 1));
    assert!(
        missing.starts_with("no value was given for `a`, `c`: "),
        "{missing}"
    );
    assert!(
        missing.ends_with("\n  statement: SELECT :a, :b, :c"),
        "{missing}"
    );
    let unused = text(sql("SELECT :a").bind("a", 1).bind("b", 2).bind("c", 3));
    assert!(
        unused.starts_with("a value was given for `b`, `c`, which the text has not"),
        "{unused}"
    );
    let twice = text(sql("SELECT :a").bind("a", 1).bind("a", 2));
    assert!(
        twice.starts_with("two values were given for `a`"),
        "{twice}"
    );
    let numbered = text(sql("SELECT $1"));
    assert!(
        numbered.starts_with("`$1` cannot be given a value: write `:name`"),
        "{numbered}"
    );
}

#[tokio::test]
async fn values_of_all_kinds_can_be_bound() {
    let mut conn = connection().await;
    let row: (i32, String, Option<String>, Option<i64>, Vec<String>, bool) =
        sql("SELECT :a, :b, :c, :d, :e::text[], :f")
            .bind("a", 1)
            .bind("b", String::from("owned"))
            .bind("c", Some("borrowed"))
            .bind("d", None::<i64>)
            .bind("e", vec![String::from("x")])
            .bind("f", true)
            .one(&mut conn)
            .await
            .unwrap();
    assert_eq!(
        row,
        (
            1,
            "owned".into(),
            Some("borrowed".into()),
            None,
            vec!["x".into()],
            true
        )
    );
}

struct Person {
    name: String,
    age: i32,
}

/// As `#[derive(FromRow)]` writes it.
impl FromRow for Person {
    const WIDTH: usize = 2;

    fn positions(columns: &ColumnNames<'_>) -> Result<Vec<usize>> {
        Ok(vec![
            columns.position("Person", "name")?,
            columns.position("Person", "age")?,
        ])
    }

    fn from_row(row: &Row, positions: &[usize]) -> Result<Self> {
        Ok(Person {
            name: row.get(positions[0])?,
            age: row.get(positions[1])?,
        })
    }
}

#[tokio::test]
async fn rows_become_tuples_and_structs() {
    let mut conn = connection().await;
    let people: Vec<Person> = conn
        .fetch_all("SELECT * FROM (VALUES (7, 'Ann'), (8, 'Bob')) AS p (age, name)")
        .await
        .unwrap();
    assert_eq!(people.len(), 2);
    assert_eq!((people[1].name.as_str(), people[1].age), ("Bob", 8));
    let error = refused(conn.fetch_one::<Person>("SELECT 1 AS age").await);
    assert!(
        error
            .to_string()
            .contains("`Person` wants a column `name`, and the result has age"),
        "{error}"
    );
    let error = refused(conn.fetch_one::<(i32, i32)>("SELECT 1 AS age").await);
    assert!(
        error
            .to_string()
            .contains("a tuple of 2 was asked for, and the result has 1 columns: age"),
        "{error}"
    );
    let error = refused(conn.fetch_one::<(i32,)>("SELECT NULL::int4 AS age").await);
    assert!(
        matches!(&error, Error::Decode { column, .. } if column == "age"),
        "{error:?}"
    );
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "guests")]
struct Guest {
    #[orm(primary_key)]
    id: i32,
    name: String,
    note: Option<String>,
}

#[tokio::test]
async fn rows_become_models_by_the_names_of_their_columns() {
    let mut conn = connection().await;
    let guest: Guest = conn
        .fetch_one("SELECT 'late' AS note, 1 AS more, 'Ann' AS name, 7 AS id")
        .await
        .unwrap();
    let ann = Guest {
        id: 7,
        name: "Ann".to_owned(),
        note: Some("late".to_owned()),
    };
    assert_eq!(guest, ann);
    let nameless = conn.fetch_one::<Guest>("SELECT NULL AS note, NULL::text AS name, 7 AS id");
    let error = refused(nameless.await);
    assert!(
        matches!(&error, Error::Decode { table, column, .. } if table == "guests" && column == "name"),
        "{error:?}"
    );
}

#[tokio::test]
async fn one_row_is_one_row() {
    let mut conn = connection().await;
    let none = "SELECT 1 WHERE false";
    let two = "VALUES (1), (2)";
    assert!(matches!(
        refused(conn.fetch_one::<(i32,)>(none).await),
        Error::NotFound { .. }
    ));
    assert!(matches!(
        refused(conn.fetch_scalar::<i32>(none).await),
        Error::NotFound { .. }
    ));
    assert_eq!(conn.fetch_optional::<(i32,)>(none).await.unwrap(), None);
    assert!(matches!(
        refused(conn.fetch_one::<(i32,)>(two).await),
        Error::MultipleFound { .. }
    ));
    assert!(matches!(
        refused(conn.fetch_optional::<(i32,)>(two).await),
        Error::MultipleFound { .. }
    ));
    assert!(matches!(
        refused(conn.fetch_scalar::<i32>(two).await),
        Error::MultipleFound { .. }
    ));
    assert_eq!(
        conn.fetch_optional::<(i32,)>("SELECT 1").await.unwrap(),
        Some((1,))
    );
    assert_eq!(conn.fetch_scalar::<i32>("SELECT 1, 2").await.unwrap(), 1);
    let error = refused(conn.fetch_scalar::<i32>("SELECT").await);
    assert!(
        error.to_string().contains("the result has no column"),
        "{error}"
    );
}

#[tokio::test]
async fn execute_counts_rows() {
    let mut conn = connection().await;
    conn.execute("CREATE TEMP TABLE t (a int)").await.unwrap();
    let insert = sql("INSERT INTO t SELECT generate_series(1, :n)").bind("n", 4);
    assert_eq!(conn.execute(insert).await.unwrap(), 4);
    assert_eq!(
        conn.execute("UPDATE t SET a = a + 1 WHERE a > 2 RETURNING a")
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        conn.execute("DELETE FROM t WHERE a > 100").await.unwrap(),
        0
    );
}

async fn count(conn: &mut Connection) -> i64 {
    conn.fetch_scalar("SELECT count(*) FROM t")
        .await
        .expect("there is a table")
}

#[tokio::test]
async fn a_transaction_is_kept_or_undone_as_a_whole() {
    let mut conn = connection().await;
    conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
        .await
        .unwrap();

    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    sql("INSERT INTO t VALUES (2)")
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&mut conn).await, 2);

    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("DELETE FROM t").await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(count(&mut conn).await, 2);

    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("DELETE FROM t").await.unwrap();
    drop(transaction);
    assert_eq!(count(&mut conn).await, 2);

    let mut transaction = conn.begin().await.unwrap();
    transaction.execute("DELETE FROM t").await.unwrap();
    drop(transaction);
    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (3)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&mut conn).await, 3);

    conn.begin().await.unwrap().commit().await.unwrap();
    conn.begin().await.unwrap().rollback().await.unwrap();
    drop(conn.begin().await.unwrap());
    assert_eq!(count(&mut conn).await, 3);
}

#[tokio::test]
async fn a_failed_transaction_is_not_committed_in_silence() {
    let mut conn = connection().await;
    conn.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)")
        .await
        .unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    let error = refused(transaction.execute("INSERT INTO t VALUES (1)").await);
    assert!(error.constraint().is_some(), "{error:?}");
    let error = refused(transaction.execute("INSERT INTO t VALUES (2)").await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    let error = refused(transaction.commit().await);
    assert!(matches!(error, Error::RollbackRequired { .. }), "{error:?}");
    assert_eq!(count(&mut conn).await, 0);

    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    transaction.execute("SAVEPOINT s").await.unwrap();
    refused(transaction.execute("INSERT INTO t VALUES (1)").await);
    transaction.execute("ROLLBACK TO s").await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (2)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&mut conn).await, 2);
}

#[tokio::test]
async fn a_deferred_constraint_fails_the_commit() {
    let mut conn = connection().await;
    conn.execute("CREATE TEMP TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        .await
        .unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1), (1)")
        .await
        .unwrap();
    let error = refused(transaction.commit().await);
    assert!(error.constraint().is_some(), "{error:?}");
    assert_eq!(count(&mut conn).await, 0);
}

#[tokio::test]
async fn transactions_do_not_nest() {
    let mut conn = connection().await;
    let mut transaction = conn.begin().await.unwrap();
    let error = refused(transaction.begin().await.map(drop));
    assert!(
        error
            .to_string()
            .contains("a transaction is open on this connection already"),
        "{error}"
    );
}

#[tokio::test]
async fn a_script_runs_all_or_nothing() {
    let mut conn = connection().await;
    conn.execute_script("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); -- done\n")
        .await
        .unwrap();
    assert_eq!(count(&mut conn).await, 2);
    let error = refused(conn.execute_script("DELETE FROM t; SELECT nonsense").await);
    assert!(matches!(error, Error::Query(_)), "{error:?}");
    assert_eq!(count(&mut conn).await, 2);
}

#[tokio::test]
async fn a_stream_gives_rows_as_they_come() {
    let mut conn = connection().await;
    let rows: Vec<(i32,)> = conn
        .stream::<(i32,)>(sql("SELECT generate_series(1, :n)").bind("n", 1000))
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 1000);

    let mut rows = conn
        .stream::<(i32,)>("SELECT generate_series(1, 100000)")
        .await
        .unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap(), (1,));
    drop(rows);
    assert_eq!(conn.fetch_scalar::<i32>("SELECT 5").await.unwrap(), 5);

    let mut rows = conn
        .stream::<(i32,)>("SELECT 1 / (n - 3) FROM generate_series(1, 9) AS n")
        .await
        .unwrap();
    let mut seen = 0;
    let error = loop {
        match rows.next().await {
            Some(Ok(_)) => seen += 1,
            Some(Err(error)) => break error,
            None => panic!("it divides by zero"),
        }
    };
    assert_eq!(seen, 2);
    assert!(matches!(error, Error::Query(_)), "{error:?}");
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn a_stream_may_be_left_in_a_transaction() {
    let mut conn = connection().await;
    let mut transaction = conn.begin().await.unwrap();
    transaction
        .execute("CREATE TEMP TABLE t (a int)")
        .await
        .unwrap();
    let mut rows = transaction
        .stream::<(i32,)>("SELECT generate_series(1, 100000)")
        .await
        .unwrap();
    rows.next().await.unwrap().unwrap();
    drop(rows);
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&mut conn).await, 1);
}
