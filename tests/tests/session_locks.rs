//! Locking queries see rows as they are now, and bulk updates give `on_update` columns their values.
#![allow(missing_docs)]

use std::sync::Arc;

use orm_core::engine::StatementLog;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "shelves")]
pub struct Shelf {
    #[orm(primary_key)]
    pub id: i32,
    pub stock: i32,
    #[orm(default = 0, on_update = 7)]
    pub touched: i32,
}

async fn shelf(db: &TestDb) -> (Engine, i32) {
    let engine = db.engine().await.unwrap();
    let mut session = engine.session();
    let shelf = session.add(Shelf::create().stock(5));
    session.commit().await.unwrap();
    let id = session[shelf].id;
    (engine, id)
}

async fn set_stock(engine: &Engine, id: i32, stock: i32) {
    let mut other = engine.session();
    let update = Shelf::query()
        .filter(Shelf::ID.eq(id))
        .update(Shelf::STOCK.set(stock));
    assert_eq!(update.exec(&mut other).await.unwrap(), 1);
    other.commit().await.unwrap();
}

#[tokio::test]
async fn a_locking_query_reads_a_known_row_again() {
    let test = TestDb::with_models::<(Shelf,)>().await.unwrap();
    let (engine, id) = shelf(&test).await;
    let mut db = engine.session();
    let known = db.get::<Shelf>(id).await.unwrap().unwrap();
    set_stock(&engine, id, 99).await;

    let plain = Shelf::query().one(&mut db).await.unwrap();
    assert_eq!(
        (plain, db[known].stock),
        (known, 5),
        "read once in a transaction"
    );
    Shelf::query().for_update().one(&mut db).await.unwrap();
    assert_eq!(
        db[known].stock, 99,
        "whoever locks wants the row as it is now"
    );
    Shelf::query().one(&mut db).await.unwrap();
    assert_eq!(db[known].stock, 99);
}

/// Two transactions that lock the same rows, named in whatever order, lock them in the same one.
#[tokio::test]
async fn several_rows_are_locked_in_the_order_of_their_keys() {
    let test = TestDb::with_models::<(Shelf,)>().await.unwrap();
    let log = StatementLog::new();
    let engine = Engine::builder(test.url()).observe(Arc::new(log.clone()));
    let engine = engine.connect().await.unwrap();
    let mut db = engine.session();
    let mut all = db.add_all((0..3).map(|n| Shelf::create().stock(n)));
    db.commit().await.unwrap();
    all.reverse();
    log.clear();
    db.refresh(&all).for_update().await.unwrap();
    db.refresh(&all)
        .columns(Shelf::STOCK)
        .for_update()
        .await
        .unwrap();
    // Without a lock, or of one row, there is nothing to order.
    db.refresh(&all).await.unwrap();
    db.refresh(all[0]).for_update().await.unwrap();
    let ends: Vec<_> = log.take().into_iter().skip(1).collect();
    let ends: Vec<_> = ends
        .iter()
        .map(|sql| sql.split("WHERE ").nth(1).unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            "shelves.id = ANY($1) ORDER BY shelves.id FOR UPDATE OF shelves",
            "shelves.id = ANY($1) ORDER BY shelves.id FOR UPDATE OF shelves",
            "shelves.id = ANY($1)",
            "shelves.id = $1 FOR UPDATE OF shelves",
        ]
    );
}

#[tokio::test]
async fn populate_existing_reads_a_known_row_again() {
    let test = TestDb::with_models::<(Shelf,)>().await.unwrap();
    let (engine, id) = shelf(&test).await;
    let mut db = engine.session();
    let known = db.get::<Shelf>(id).await.unwrap().unwrap();
    set_stock(&engine, id, 99).await;
    Shelf::query()
        .populate_existing()
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(db[known].stock, 99);
}

#[tokio::test]
async fn a_bulk_update_gives_on_update_columns_their_values() {
    let test = TestDb::with_models::<(Shelf,)>().await.unwrap();
    let (engine, id) = shelf(&test).await;
    set_stock(&engine, id, 1).await;
    let mut conn = engine.acquire().await.unwrap();
    let row = Shelf::query().one(&mut conn).await.unwrap();
    assert_eq!((row.stock, row.touched), (1, 7));

    let set_here = Shelf::query().update((Shelf::STOCK.set(2), Shelf::TOUCHED.set(3)));
    set_here.exec(&mut conn).await.unwrap();
    let row = Shelf::query().one(&mut conn).await.unwrap();
    assert_eq!((row.stock, row.touched), (2, 3));
}
