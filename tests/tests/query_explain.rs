//! `explain` and `explain_analyze`: the plan as a tree, of queries and of bulk writes, which are measured and not done.

use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::query::PlanNode;
use orm_core::session::SessionOptions;
use orm_core::{Engine, Error};
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);

async fn shelf() -> Fixture {
    let on = Fixture::new::<Shelf>().await;
    on.elsewhere(
        "INSERT INTO authors (name) SELECT 'a' || n FROM generate_series(1, 1000) AS n; \
         INSERT INTO books (title, pages, author_id) SELECT 'b' || n, n, 1 + n % 1000 FROM generate_series(1, 3000) AS n; \
         ANALYZE",
    )
    .await;
    on
}

fn find<'a>(node: &'a PlanNode, relation: &str) -> Option<&'a PlanNode> {
    if node.relation.as_deref() == Some(relation) {
        return Some(node);
    }
    node.children.iter().find_map(|child| find(child, relation))
}

#[tokio::test]
async fn a_plan_is_a_tree_and_nothing_runs() {
    let on = shelf().await;
    let mut db = on.session();
    let q = Book::query()
        .join(Book::AUTHOR)
        .filter(Author::NAME.ne("a7"))
        .order_by((Book::PAGES.desc(), Book::ID))
        .select((Book::TITLE, Author::NAME));
    let plan = q.explain(&mut db).await.unwrap();
    assert_eq!(
        on.sent(),
        [
            "BEGIN",
            "EXPLAIN (FORMAT JSON) SELECT books.title, authors.name FROM books JOIN authors ON authors.id = books.author_id \
             WHERE authors.name <> $1 ORDER BY books.pages DESC, books.id"
        ]
    );
    assert_eq!(plan.root.node_type, "Sort");
    assert_eq!(
        plan.root.details,
        [(
            "Sort Key".to_owned(),
            "books.pages DESC, books.id".to_owned()
        )]
    );
    let authors = find(&plan.root, "authors").unwrap();
    assert_eq!(
        authors.conditions[0].to_string(),
        "Filter: (name <> 'a7'::text)"
    );
    assert_eq!(authors.plan_rows, 999.0);
    assert!(authors.plan_width > 0 && authors.total_cost > 0.0);
    assert!(
        plan.nodes()
            .all(|node| node.actual.is_none() && node.buffers.is_none())
    );
    assert!(
        plan.nodes()
            .all(|node| node.total_cost <= plan.root.total_cost)
    );
    assert_eq!((plan.planning_time, plan.execution_time), (None, None));
    let kinds: Vec<_> = plan.nodes().map(|node| node.node_type.as_str()).collect();
    assert_eq!(kinds, ["Sort", "Hash Join", "Seq Scan", "Hash", "Seq Scan"]);
    assert_eq!(
        plan.nodes().nth(1).unwrap().join_type.as_deref(),
        Some("Inner")
    );
    let shown = plan.to_string();
    let shapes: Vec<_> = shown
        .lines()
        .map(|line| line.split("  (cost=").next().unwrap())
        .collect();
    assert_eq!(
        shapes,
        [
            "Sort",
            "  Sort Key: books.pages DESC, books.id",
            "  ->  Hash Join",
            "        Hash Cond: (books.author_id = authors.id)",
            "        ->  Seq Scan on books",
            "        ->  Hash",
            "              ->  Seq Scan on authors",
            "                    Filter: (name <> 'a7'::text)",
        ]
    );
}

#[tokio::test]
async fn analyze_tells_what_came_of_each_step() {
    let on = shelf().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let q = Book::query().filter(Book::PAGES.le(500));
    let plan = q.explain_analyze(&mut conn).await.unwrap();
    let sent = on.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert_eq!([&*sent[0], &*sent[2]], ["BEGIN", "ROLLBACK"]);
    assert!(sent[1].starts_with("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT books.id"));
    let run = plan.root.actual.unwrap();
    assert_eq!((run.rows, run.loops), (500.0, 1.0));
    assert!(run.total_time >= run.startup_time);
    assert_eq!(plan.root.conditions[0].rows_removed, Some(2500.0));
    assert!(plan.root.buffers.unwrap().shared_hit > 0);
    assert!(plan.execution_time.is_some() && plan.planning_time.is_some());
    let shown = plan.to_string();
    for part in [
        "Seq Scan on books  (cost=0.00..",
        " rows=500 loops=1)\n  Filter: (pages <= 500)\n  Rows Removed by Filter: 2500\n  Buffers: shared hit=",
        "\nPlanning Time: ",
        " ms\nExecution Time: ",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let by_key = Author::query().filter(Author::ID.eq(7));
    let plan = by_key.explain_analyze(&mut conn).await.unwrap();
    assert_eq!(plan.root.index.as_deref(), Some("authors_pkey"));
    let shown = plan.to_string();
    assert!(
        shown.starts_with("Index Scan using authors_pkey on authors  (cost="),
        "{shown}"
    );
    assert!(shown.contains("\n  Index Cond: (id = 7)\n"), "{shown}");
    let none = Author::query()
        .filter(value(false))
        .explain_analyze(&mut conn);
    assert_eq!(none.await.unwrap().root.actual.unwrap().rows, 0.0);
    // Unions, outer joins, subplans.
    let low = Author::query().filter(Author::ID.lt(3));
    let plan = low.union(Author::query()).explain(&mut conn).await.unwrap();
    assert!(
        plan.nodes().any(|node| node.node_type == "Append"),
        "{plan}"
    );
    let q = Book::query()
        .left_join(Book::AUTHOR)
        .select((Book::ID, Author::NAME));
    let shown = q.explain(&mut conn).await.unwrap().to_string();
    assert!(shown.starts_with("Hash Left Join  (cost="), "{shown}");
    let many = Author::query().filter(Author::BOOKS.count().gt(2));
    let plan = many.explain_analyze(&mut conn).await.unwrap();
    let sub = plan.nodes().find(|node| node.subplan.is_some()).unwrap();
    assert_eq!(sub.relationship.as_deref(), Some("SubPlan"));
    assert_eq!(sub.actual.unwrap().loops, 1000.0);
}

#[tokio::test]
async fn a_write_is_measured_and_not_done() {
    let on = shelf().await;
    let count = async || on.rows("SELECT count(*), count(email) FROM authors").await;
    let mut db = on.session();
    let known = db.get::<Author>(1).await.unwrap().unwrap();
    on.sent();
    let all = Author::query().update(Author::EMAIL.set("x".to_owned()));
    let plan = all.explain_analyze(&mut db).await.unwrap();
    assert_eq!(plan.root.operation.as_deref(), Some("Update"));
    assert_eq!(plan.root.relation.as_deref(), Some("authors"));
    assert_eq!(plan.root.children[0].actual.unwrap().rows, 1000.0);
    assert!(
        plan.to_string().starts_with("Update on authors  (cost="),
        "{plan}"
    );
    assert_eq!(
        on.sent(),
        [
            "SAVEPOINT orm_undo",
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) UPDATE authors SET email = $1",
            "ROLLBACK TO SAVEPOINT orm_undo; RELEASE SAVEPOINT orm_undo"
        ]
    );
    assert_eq!(db[known].email, None);
    let gone = Book::query().filter(Book::ID.le(10)).delete();
    let plan = gone.explain_analyze(&mut db).await.unwrap();
    assert_eq!(plan.root.operation.as_deref(), Some("Delete"));
    let new = Author::insert((0..20).map(|n| Author::create().name(format!("new {n}"))));
    let plan = new.explain_analyze(&mut db).await.unwrap();
    assert_eq!(plan.root.operation.as_deref(), Some("Insert"));
    assert_eq!(plan.root.children[0].actual.unwrap().rows, 20.0);
    // What a write would return is not asked for rows, but is in its plan.
    let gone = Book::query().filter(Book::ID.le(10)).delete();
    let gone = gone.returning((Book::ID,));
    let plan = gone.explain_analyze(&mut db).await.unwrap();
    assert_eq!(plan.root.operation.as_deref(), Some("Delete"));
    assert_eq!(plan.root.actual.unwrap().rows, 10.0);
    // Even what an earlier statement of the transaction did is there still.
    db[known].email = Some("kept".to_owned());
    db.flush().await.unwrap();
    let gone = Book::query()
        .delete()
        .explain_analyze(&mut db)
        .await
        .unwrap();
    assert_eq!(gone.root.children[0].actual.unwrap().rows, 3000.0);
    assert_eq!(Book::query().count(&mut db).await.unwrap(), 3000);
    db.commit().await.unwrap();
    assert_eq!(count().await, ["1000|1"]);
    // On a connection, with and without a transaction.
    let mut conn = on.engine.acquire().await.unwrap();
    let update = || Author::query().update(Author::EMAIL.set("x".to_owned()));
    update().explain_analyze(&mut conn).await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    update().explain_analyze(&mut transaction).await.unwrap();
    let delete = sql("DELETE FROM authors WHERE name = 'a1000' AND email = 'x'");
    assert_eq!(delete.execute(&mut transaction).await.unwrap(), 0);
    transaction.commit().await.unwrap();
    assert_eq!(count().await, ["1000|1"]);
    // Planned only, nothing runs at all.
    let plan = update().explain(&mut conn).await.unwrap();
    assert!(plan.root.actual.is_none());
    assert_eq!(count().await, ["1000|1"]);
    // A query that writes is a write.
    #[derive(Rowset)]
    struct Gone {
        id: i32,
    }
    let gone = Book::query()
        .delete()
        .as_cte::<Gone, _, _, _, _>((Book::ID,))
        .unwrap();
    let plan = gone
        .query()
        .select(count_all())
        .explain_analyze(&mut conn)
        .await
        .unwrap();
    assert!(
        plan.nodes()
            .any(|node| node.operation.as_deref() == Some("Delete"))
    );
    assert_eq!(on.rows("SELECT count(*) FROM books").await, ["3000"]);
}

#[tokio::test]
async fn triggers_and_criteria_are_in_the_plan() {
    let on = shelf().await;
    let options = SessionOptions::new().criteria::<Author>(Author::ID.gt(990).for_model());
    let mut db = on.session_with(options);
    let update = Author::query().update(Author::NAME.set("x".to_owned()));
    let plan = update.explain(&mut db).await.unwrap();
    let conditions: Vec<_> = plan.nodes().flat_map(|node| &node.conditions).collect();
    assert!(
        conditions.iter().any(|on| on.text == "(id > 990)"),
        "{plan}"
    );
    let found = Author::query().explain_analyze(&mut db).await.unwrap();
    assert_eq!(found.root.actual.unwrap().rows, 10.0);
    let delete = Author::query().filter(Author::BOOKS.count().eq(0)).delete();
    let plan = delete.explain_analyze(&mut db).await.unwrap();
    assert!(plan.triggers.iter().all(|trigger| trigger.calls > 0.0));
}

#[tokio::test]
async fn what_fails_is_taken_back_and_the_transaction_goes_on() {
    let on = shelf().await;
    let mut db = on.session();
    let author = db.add(Author::create().name("new"));
    db.flush().await.unwrap();
    let taken = Author::insert([Author::create().name("a1")]);
    let error = refused(taken.explain_analyze(&mut db).await);
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    let nobody = Author::insert(Vec::<Author>::new());
    let error = text(&refused(nobody.explain(&mut db).await));
    assert!(error.contains("an insert of no rows"), "{error}");
    let zero = Author::query()
        .filter(Author::NAME.ne("secret-value"))
        .select(value(1) / (Author::ID - 5));
    let error = refused(zero.explain_analyze(&mut db).await);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    assert!(
        what.sql
            .starts_with("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT $1")
    );
    assert!(!format!("{error} {error:?}").contains("secret-value"));
    db[author].email = Some("x".to_owned());
    db.commit().await.unwrap();
    assert_eq!(on.rows("SELECT count(email) FROM authors").await, ["1"]);

    on.elsewhere("ALTER TABLE authors DROP COLUMN email").await;
    let mut conn = on.engine.acquire().await.unwrap();
    let error = refused(Author::query().explain(&mut conn).await);
    let Error::Query(what) = &error else {
        panic!("{error:?}");
    };
    let at = what.position.unwrap() as usize;
    assert!(what.sql[at - 1..].starts_with("authors.email"), "{error}");
    // Nothing is found before it is asked: an INSERT that cannot be written, for one.
    let engine: &Engine = &on.engine;
    let mut db = engine.read_only_session();
    let write = Book::query().delete().explain_analyze(&mut db);
    let error = text(&refused(write.await));
    assert!(error.contains("read-only transaction"), "{error}");
    assert_eq!(Book::query().count(&mut db).await.unwrap(), 3000);
}
