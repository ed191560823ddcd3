//! The text of a statement is written once for each shape and shared; what is prepared is found by the shape. That equal shapes are
//! equal texts is asserted wherever a statement is made, in all tests; here stands what is shared, and what must not be.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use orm_core::engine::{Connection, Engine, Observer, StatementEvent, sql};
use orm_core::prelude::*;
use orm_core::query::{SqlText, Statement};
use tests::fixture::Fixture;
use tests::models::{Author, Book};
use tests::queries::Employee;

/// Whether two texts are not only equal, but one.
fn is_one(a: &SqlText, b: &SqlText) -> bool {
    assert_eq!(a, b);
    std::ptr::eq(&**a, &**b)
}

fn named(name: &str) -> Statement {
    Author::query().filter(Author::NAME.eq(name)).statement()
}

/// How many statements that begin so a connection has prepared.
async fn prepared(on: &mut Connection, like: &str) -> i64 {
    let count = sql("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like");
    count.bind("like", like).scalar(on).await.unwrap()
}

#[test]
fn queries_that_differ_in_values_have_one_text() {
    let (ann, bob) = (named("Ann"), named("Bob"));
    assert!(is_one(&ann.sql, &bob.sql));
    assert_eq!(
        (ann.params[0].show(), bob.params[0].show()),
        ("Ann".into(), "Bob".into())
    );
    let page = |n| {
        Author::query()
            .order_by(Author::NAME)
            .limit(n)
            .offset(n * 2)
            .statement()
    };
    assert!(is_one(&page(1).sql, &page(100_000).sql));
}

#[test]
fn threads_have_one_text() {
    let texts: Vec<SqlText> = std::thread::scope(|scope| {
        let make = || {
            Author::query()
                .filter(Author::NAME.icontains("a"))
                .filter(Author::ID.gt(7))
                .order_by(Author::NAME.desc())
                .statement()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        let made = threads.into_iter().map(|thread| thread.join().unwrap().sql);
        made.collect()
    });
    assert!(texts.iter().all(|text| is_one(text, &texts[0])));
}

#[test]
fn queries_that_differ_in_a_single_piece_have_texts_of_their_own() {
    type One = Aliased<Employee, 1>;
    type Two = Aliased<Employee, 2>;
    let all = Employee::query;
    let (id, name) = (Employee::ID, Employee::NAME);
    let texts = || {
        [
            // Tables, columns and aliases.
            all().to_sql(),
            Author::query().to_sql(),
            all().select(id).to_sql(),
            all().select(name).to_sql(),
            all().join_on(One::ALL, One::ID.gt(id)).to_sql(),
            all().join_on(Two::ALL, Two::ID.gt(id)).to_sql(),
            all()
                .join_on(One::ALL, One::ID.gt(id))
                .select(One::ID)
                .to_sql(),
            all().left_join_on(One::ALL, One::ID.gt(id)).to_sql(),
            // Operators, and brackets.
            all().filter(id.gt(1)).to_sql(),
            all().filter(id.ge(1)).to_sql(),
            all().filter(id.gt(1).or(id.lt(2)).and(id.ne(3))).to_sql(),
            all().filter(id.gt(1).or(id.lt(2).and(id.ne(3)))).to_sql(),
            all().filter(name.like("a")).to_sql(),
            all().filter(name.ilike("a")).to_sql(),
            // Functions and types.
            all().select(func::lower(name)).to_sql(),
            all().select(func::upper(name)).to_sql(),
            all().select(func::cast::<i64, _>(id)).to_sql(),
            all().select(func::cast::<String, _>(id)).to_sql(),
            all().select(count(id)).to_sql(),
            all().select(count_distinct(id)).to_sql(),
            // What stands behind the conditions.
            all().distinct().to_sql(),
            all().order_by(name).to_sql(),
            all().order_by(name.desc()).to_sql(),
            all().order_by(name.asc().nulls_first()).to_sql(),
            all().order_by(name.asc().nulls_last()).to_sql(),
            all().limit(1).to_sql(),
            all().offset(1).to_sql(),
            all().for_update().to_sql(),
            all().for_share().to_sql(),
            all().for_update().skip_locked().to_sql(),
            all().for_update().nowait().to_sql(),
            all().select(id).union(all().select(id)).to_sql(),
            all().select(id).union_all(all().select(id)).to_sql(),
        ]
    };
    let first = texts();
    let distinct: HashSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), first.len());
    assert_eq!(first, texts());
}

#[test]
fn what_is_made_at_run_time_is_looked_at() {
    // Two names in one place of memory, one after the other.
    let collated = |collation: &str| {
        let q = Author::query().order_by(Author::NAME.collate(collation.to_owned()));
        q.to_sql()
    };
    assert!(collated("C").ends_with("COLLATE \"C\""));
    assert!(collated("D").ends_with("COLLATE \"D\""));
    let some = |n: usize| {
        let q = Author::query().filter(any_of((0..n).map(|_| Author::NAME.like("a%"))));
        q.to_sql().matches("LIKE").count()
    };
    assert_eq!([some(1), some(2), some(3), some(2)], [1, 2, 3, 2]);
}

#[test]
fn values_that_decide_on_the_text_are_looked_at() {
    let grouped = |selected: &str, by: &str| {
        let shown = |none: &str| func::coalesce(Author::EMAIL, none);
        let q = Author::query()
            .group_by(shown(by))
            .select((shown(selected), count_all()));
        q.to_sql()
    };
    for _ in 0..2 {
        assert!(grouped("-", "-").ends_with("GROUP BY coalesce(authors.email, $1)"));
        assert!(grouped("-", "?").ends_with("GROUP BY coalesce(authors.email, $2)"));
    }
}

#[tokio::test]
async fn one_text_with_other_types_is_prepared_for_itself() {
    let world = Fixture::new::<(Author, Book)>().await;
    let mut on = world.engine.acquire().await.unwrap();
    world
        .elsewhere("insert into authors (name, email) values ('Ann', 'a')")
        .await;
    let number = || Author::query().select(value(7_i32));
    let large = || Author::query().select(value(1_i64 << 40));
    assert_eq!(number().to_sql(), large().to_sql());
    for _ in 0..2 {
        assert_eq!(number().all(&mut on).await.unwrap(), [7]);
        assert_eq!(large().all(&mut on).await.unwrap(), [1 << 40]);
    }
    assert_eq!(prepared(&mut on, "SELECT $1 FROM authors%").await, 2);
}

#[tokio::test]
async fn a_connection_prepares_a_shape_once() {
    let world = Fixture::new::<(Author, Book)>().await;
    let mut on = world.engine.acquire().await.unwrap();
    for name in ["Ann", "Bob", "Cid"] {
        Author::query()
            .filter(Author::NAME.eq(name))
            .all(&mut on)
            .await
            .unwrap();
    }
    // The same text by hand is found by its text.
    on.fetch(Statement {
        sql: named("Dan").sql.to_string().into(),
        params: named("Dan").params,
    })
    .await
    .unwrap();
    assert_eq!(prepared(&mut on, "SELECT authors.%").await, 1);
}

#[tokio::test]
async fn shapes_without_end_are_forgotten_on_a_connection() {
    let world = Fixture::new::<(Author, Book)>().await;
    let mut on = world.engine.acquire().await.unwrap();
    for n in 1..700 {
        let names = any_of((0..n % 350).map(|_| Author::NAME.eq("a")));
        let q = Author::query().filter(names);
        if n < 350 {
            q.select(Author::ID).all(&mut on).await.unwrap();
        } else {
            q.select(Author::NAME).all(&mut on).await.unwrap();
        }
    }
    let kept = prepared(&mut on, "SELECT authors.%").await;
    assert!((1..=500).contains(&kept), "{kept} statements are kept");
}

#[tokio::test]
async fn without_the_cache_no_shape_stays_prepared() {
    let world = Fixture::new::<(Author, Book)>().await;
    let engine = Engine::builder(world.url())
        .statement_cache(false)
        .connect()
        .await
        .unwrap();
    let mut on = engine.acquire().await.unwrap();
    for name in ["Ann", "Bob"] {
        Author::query()
            .filter(Author::NAME.eq(name))
            .all(&mut on)
            .await
            .unwrap();
    }
    assert_eq!(prepared(&mut on, "SELECT authors.%").await, 0);
}

#[tokio::test]
async fn a_shape_that_grew_stale_is_prepared_again() {
    let world = Fixture::new::<(Author, Book)>().await;
    let mut on = world.engine.acquire().await.unwrap();
    let emails = || Author::query().select(Author::EMAIL);
    emails().all(&mut on).await.unwrap();
    world
        .elsewhere("alter table authors alter email type varchar(30)")
        .await;
    world
        .elsewhere("insert into authors (name, email) values ('Ann', 'A')")
        .await;
    assert_eq!(emails().all(&mut on).await.unwrap(), [Some("A".to_owned())]);
}

/// Where the texts of the statements lie that were sent.
#[derive(Debug, Default)]
struct Places(Mutex<Vec<(String, usize)>>);

impl Observer for Places {
    fn statement(&self, event: &StatementEvent<'_>) {
        let place = (event.sql.to_owned(), event.sql.as_ptr().addr());
        self.0.lock().unwrap().push(place);
    }
}

#[tokio::test]
async fn sessions_write_with_one_text() {
    let world = Fixture::new::<(Author, Book)>().await;
    let places = Arc::new(Places::default());
    let engine = Engine::builder(world.url()).observe(places.clone());
    let engine = engine.connect().await.unwrap();
    let mut work = Vec::new();
    for name in ["Ann", "Bob"] {
        let mut db = engine.session();
        let author = db.add(
            Author::create()
                .name(name)
                .email(format!("{name}@example.org")),
        );
        db.commit().await.unwrap();
        let key = db[author].id;
        db.close().await.unwrap();

        let mut db = engine.session();
        let author = db.get::<Author>(key).await.unwrap().unwrap();
        db[author].name.push('!');
        db.commit().await.unwrap();
        db.delete(author).unwrap();
        db.commit().await.unwrap();
        work.push(std::mem::take(&mut *places.0.lock().unwrap()));
    }
    // In this order: what is inserted and updated is judged by the server.
    let of_rows = |sql: &str| sql.contains("authors");
    let [first, second] = &work[..] else {
        unreachable!()
    };
    let mut seen = 0;
    for (first, second) in first
        .iter()
        .zip(second)
        .filter(|(first, _)| of_rows(&first.0))
    {
        assert_eq!(first, second);
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} statements: {first:?}");
    assert!(
        first
            .iter()
            .any(|(sql, _)| sql.starts_with("WITH written AS (INSERT"))
    );
}
