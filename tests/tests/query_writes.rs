//! Bulk UPDATE and DELETE, on a connection and on a session, whose entities are in step; locks; generic code; errors.

use orm_core::Error;
use orm_core::engine::Connection;
use orm_core::prelude::*;
use rust_decimal_macros::dec;
use tests::queries::*;
use tests::refused;

#[tokio::test]
async fn updates_on_a_connection() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let n = Product::query()
        .filter(Product::ID.eq(1))
        .update((
            Product::STOCK_QUANTITY.set(Product::STOCK_QUANTITY - 2),
            Product::NAME.set("Air 2"),
        ))
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(n, 1);
    let row = Product::query()
        .filter(Product::ID.eq(1))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!((row.stock_quantity, row.name.as_str()), (3, "Air 2"));
    let all = Product::query()
        .update(Product::PRICE.set(Product::PRICE * dec!(1.1)))
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(all, 4);
    let none = Product::query()
        .filter(Product::ID.gt(99))
        .update(Product::PRICE.set(10))
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(none, 0);
    // Every form of a value: NULL, an Option, a value without its Option, text, a function, a condition, an enum.
    User::query()
        .filter(User::ID.eq(1))
        .update((
            User::FULL_NAME.set(None),
            User::UPDATED_AT.set(func::now()),
            User::EMAIL.set(User::USERNAME.concat("@example.com")),
            User::IS_ACTIVE.set(User::ORDERS.exists()),
        ))
        .exec(&mut on)
        .await
        .unwrap();
    User::query()
        .filter(User::ID.eq(2))
        .update(User::FULL_NAME.set(Some("Bob".to_owned())))
        .exec(&mut on)
        .await
        .unwrap();
    User::query()
        .filter(User::ID.eq(3))
        .update(User::FULL_NAME.set(User::USERNAME))
        .exec(&mut on)
        .await
        .unwrap();
    let rows: Vec<(Option<String>, bool)> = User::query()
        .order_by(User::ID)
        .limit(3)
        .select((User::FULL_NAME, User::IS_ACTIVE))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            (None, true),
            (Some("Bob".into()), true),
            (Some("cid".into()), false)
        ]
    );
    let n = Order::query()
        .filter(Order::STATUS.ne(OrderStatus::Completed))
        .update(vec![Order::STATUS.set(OrderStatus::Completed)])
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(n, 2);
    // By a related table, without a join.
    let n = Product::query()
        .filter(Product::CATEGORY.has(Category::NAME.eq("Laptops")))
        .update(Product::IS_ACTIVE.set(false))
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(n, 2);
    assert_eq!(
        Product::query()
            .filter(!Product::IS_ACTIVE)
            .count(&mut on)
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn what_an_update_cannot_have_is_refused_before_anything_is_sent() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let set = || Product::PRICE.set(1);
    let q = Product::query;
    for (update, clause) in [
        (q().limit(1).update(set()), "LIMIT"),
        (q().offset(1).update(set()), "OFFSET"),
        (q().order_by(Product::ID).update(set()), "ORDER BY"),
        (q().distinct().update(set()), "DISTINCT"),
        (q().for_update().update(set()), "FOR UPDATE"),
    ] {
        let text = update.to_sql().unwrap_err().to_string();
        assert_eq!(
            text,
            format!(
                "an UPDATE or DELETE of `products` cannot have {clause}: filter the rows by their keys instead"
            )
        );
        assert_eq!(refused(update.exec(&mut on).await).to_string(), text);
    }
    assert!(
        refused(q().limit(1).delete().exec(&mut on).await)
            .to_string()
            .contains("LIMIT")
    );
    let nothing: Vec<orm_core::expr::Assignment<Product, ()>> = Vec::new();
    assert_eq!(
        refused(q().update(nothing).exec(&mut on).await).to_string(),
        "an UPDATE of `products` sets no column"
    );
    assert_eq!(shop.log.take(), [""; 0]);
}

#[tokio::test]
async fn a_sessions_entities_are_in_step() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let products = Product::query()
        .order_by(Product::ID)
        .all(&mut db)
        .await
        .unwrap();
    let [air, pro, mini, loose] = products[..] else {
        panic!()
    };
    db.commit().await.unwrap();
    shop.log.clear();
    let n = Product::query()
        .filter(Product::STOCK_QUANTITY.ge(1))
        .update((
            Product::STOCK_QUANTITY.set(Product::STOCK_QUANTITY * 10),
            Product::DESCRIPTION.set(None),
        ))
        .exec(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 3);
    assert_eq!(
        [air, pro, mini, loose].map(|product| db[product].stock_quantity),
        [50, 0, 200, 10]
    );
    assert_eq!(db[air].description, None);
    // One statement, and nothing is dirty afterwards.
    assert_eq!(
        shop.log.take(),
        [
            "BEGIN",
            "UPDATE products SET stock_quantity = products.stock_quantity * $1, description = $2 \
             WHERE products.stock_quantity >= $3 RETURNING products.id, products.stock_quantity, products.description"
        ]
    );
    db.flush().await.unwrap();
    assert_eq!(shop.log.take(), [""; 0]);
    db.rollback().await.unwrap();
    assert_eq!(
        [air, pro, mini, loose].map(|product| db[product].stock_quantity),
        [5, 0, 20, 1]
    );
    assert_eq!(db[air].description.as_deref(), Some("light"));

    // What is pending is flushed first, so that the server sees it.
    db.refresh(loose).await.unwrap();
    db[loose].price = dec!(5000);
    let n = Product::query()
        .filter(Product::PRICE.gt(4000))
        .update(Product::NAME.set("Dear"))
        .exec(&mut db)
        .await
        .unwrap();
    assert_eq!(
        (n, db[loose].name.as_str(), db[loose].price),
        (1, "Dear", dec!(5000))
    );
    db.rollback().await.unwrap();
    assert_eq!(
        (db[loose].name.as_str(), db[loose].price),
        ("Loose", dec!(10.00))
    );

    // Deleted rows leave, and come back with a rollback.
    let n = Product::query()
        .filter(Product::ID.eq(4))
        .delete()
        .exec(&mut db)
        .await
        .unwrap();
    assert_eq!(n, 1);
    assert_ne!(db.state(loose), orm_core::session::State::Persistent);
    assert_eq!(Product::query().count(&mut db).await.unwrap(), 3);
    db.rollback().await.unwrap();
    assert_eq!(db[loose].name, "Loose");
    assert_eq!(Product::query().count(&mut db).await.unwrap(), 4);
    // In a savepoint, too.
    {
        let mut nested = db.begin_nested().await.unwrap();
        Product::query()
            .filter(Product::ID.eq(2))
            .update(Product::STOCK_QUANTITY.set(9))
            .exec(&mut nested)
            .await
            .unwrap();
        assert_eq!(nested[pro].stock_quantity, 9);
    }
    assert_eq!(db[pro].stock_quantity, 0);
    let fresh: i32 = Product::query()
        .filter(Product::ID.eq(2))
        .select(Product::STOCK_QUANTITY)
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(fresh, 0);
}

#[tokio::test]
async fn locked_rows_are_waited_for_skipped_or_refused() {
    let shop = Shop::open().await;
    let (mut one, mut two) = (shop.session(), shop.session());
    let q = || Product::query().order_by(Product::ID);
    let held = q().limit(2).for_update().all(&mut one).await.unwrap();
    assert_eq!(held.len(), 2);
    let free: Vec<i32> = q()
        .skip_locked()
        .select(Product::ID)
        .all(&mut two)
        .await
        .unwrap();
    assert_eq!(free, [3, 4]);
    two.rollback().await.unwrap();
    let error = refused(q().for_share().nowait().all(&mut two).await);
    assert!(
        error.to_string().contains("55P03") || matches!(error, Error::Timeout { .. }),
        "{error}"
    );
    two.rollback().await.unwrap();
    one.rollback().await.unwrap();
    // Two readers share; a writer does not get in between.
    assert_eq!(q().for_share().all(&mut one).await.unwrap().len(), 4);
    assert_eq!(
        q().for_share().nowait().all(&mut two).await.unwrap().len(),
        4
    );
    two.rollback().await.unwrap();
    assert!(q().nowait().all(&mut two).await.is_err());
    two.rollback().await.unwrap();
    one.rollback().await.unwrap();
    // A weaker lock leaves those alone who only refer to the row.
    q().for_no_key_update().all(&mut one).await.unwrap();
    q().for_key_share().nowait().all(&mut two).await.unwrap();
    two.rollback().await.unwrap();
    one.rollback().await.unwrap();
    // Only the first table is locked, or the ones that were named.
    let joined = || {
        Product::query()
            .left_join(Product::CATEGORY)
            .order_by(Product::ID)
    };
    assert!(
        joined()
            .for_update()
            .to_sql()
            .ends_with("ORDER BY products.id FOR UPDATE OF products")
    );
    assert_eq!(joined().for_update().all(&mut one).await.unwrap().len(), 4);
    assert_eq!(
        Category::query()
            .nowait()
            .all(&mut two)
            .await
            .unwrap()
            .len(),
        3
    );
    two.rollback().await.unwrap();
    one.rollback().await.unwrap();
    let both = Product::query()
        .join(Product::CATEGORY)
        .for_update()
        .of(Product::ALL)
        .of(Category::ALL);
    assert!(
        both.to_sql()
            .ends_with("FOR UPDATE OF products, categories")
    );
    both.all(&mut one).await.unwrap();
    assert!(Category::query().nowait().all(&mut two).await.is_err());
}

async fn cheap<X: Executor>(on: &mut X) -> orm_core::Result<Vec<String>> {
    let products = Product::query()
        .filter(Product::PRICE.lt(600))
        .order_by(Product::ID)
        .all(on)
        .await?;
    Ok(products
        .iter()
        .map(|product| on.row(product).name.clone())
        .collect())
}

#[tokio::test]
async fn generic_code_runs_on_everything_and_in_tasks() {
    let shop = Shop::open().await;
    let expected = ["Mini", "Loose"];
    assert_eq!(cheap(&mut shop.session()).await.unwrap(), expected);
    let mut on = shop.connection().await;
    assert_eq!(cheap(&mut on).await.unwrap(), expected);
    assert_eq!(
        cheap(&mut on.begin().await.unwrap()).await.unwrap(),
        expected
    );
    let mut db = shop.session();
    assert_eq!(
        cheap(&mut db.begin_nested().await.unwrap()).await.unwrap(),
        expected
    );

    async fn spawned<X: Executor + 'static>(mut on: X) -> Vec<String> {
        tokio::spawn(async move { cheap(&mut on).await.unwrap() })
            .await
            .unwrap()
    }
    assert_eq!(spawned(shop.session()).await, expected);
    assert_eq!(spawned(shop.connection().await).await, expected);
    // Every finisher in a task.
    let engine = shop.engine.clone();
    tokio::spawn(async move {
        let mut db = engine.session();
        let q = Product::query()
            .join(Product::CATEGORY)
            .group_by(Category::ID)
            .select((Category::NAME, count_all()));
        assert_eq!(q.clone().count(&mut db).await.unwrap(), 2);
        assert!(q.clone().exists(&mut db).await.unwrap());
        assert!(q.clone().first(&mut db).await.unwrap().is_some());
        assert!(q.limit(1).one(&mut db).await.is_ok());
        Product::query()
            .update(Product::STOCK_QUANTITY.set(0))
            .exec(&mut db)
            .await
            .unwrap();
        Product::query()
            .filter(Product::ID.eq(4))
            .delete()
            .exec(&mut db)
            .await
            .unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_same_query_gives_rows_or_entities() {
    let shop = Shop::open().await;
    let mut on: Connection = shop.connection().await;
    let mut db = shop.session();
    let q = Product::query().order_by(Product::PRICE.desc());
    let rows: Vec<Product> = q.clone().all(&mut on).await.unwrap();
    let entities: Vec<Handle<Product>> = q.clone().all(&mut db).await.unwrap();
    assert_eq!(
        rows.iter().collect::<Vec<_>>(),
        entities
            .iter()
            .map(|entity| &db[*entity])
            .collect::<Vec<_>>()
    );
    let row: Option<Product> = q.clone().first(&mut on).await.unwrap();
    let entity: Option<Handle<Product>> = q.first(&mut db).await.unwrap();
    assert_eq!(row.unwrap(), db[entity.unwrap()]);
    // What was asked to be loaded with entities is nothing beside columns.
    let names: Vec<String> = Product::query()
        .with(Product::CATEGORY)
        .order_by(Product::ID)
        .select(Product::NAME)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(names, ["Air", "Pro", "Mini", "Loose"]);
    let pairs: Vec<(Handle<Product>, bool)> = Product::query()
        .with(Product::CATEGORY)
        .order_by(Product::ID)
        .select((Product::ALL, Product::IS_ACTIVE))
        .all(&mut db)
        .await
        .unwrap();
    let category = db.related(pairs[0].0, Product::CATEGORY).unwrap().unwrap();
    assert_eq!(db[category].name, "Laptops");
}

#[tokio::test]
async fn an_error_shows_the_statement_and_the_place_and_no_values() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = User::query()
        .filter(User::USERNAME.eq("s3cret").or(User::ID.eq(424_242)))
        .select(func::call::<i32, _>("no_such_function", (User::ID,)));
    let error = refused(q.all(&mut on).await);
    let text = error.to_string();
    assert_eq!(
        text,
        "PostgreSQL refused a statement (SQLSTATE 42883): function no_such_function(integer) does not exist \
         (hint: No function matches the given name and argument types. You might need to add explicit type casts.)\n  \
         statement: SELECT no_such_function(users.id) FROM users WHERE users.username = $1 OR users.id = $2\n  \
         at character 8:\n    SELECT no_such_function(users.id) FROM users WH..\n           ^"
    );
    assert!(!text.contains("s3cret") && !text.contains("424242"));
    let error = refused(
        Number::query()
            .filter(Number::ID.eq(3))
            .select(Number::ID / Number::A)
            .all(&mut on)
            .await,
    );
    let Error::Query(error) = error else {
        panic!("{error}")
    };
    assert_eq!(
        (error.message.as_str(), error.code.as_deref()),
        ("division by zero", Some("22012"))
    );
    // `NotFound` and `MultipleFound` say of what.
    let error = refused(
        User::query()
            .filter(User::USERNAME.eq("s3cret"))
            .one(&mut on)
            .await,
    );
    assert!(
        error.to_string().ends_with("WHERE users.username = $1"),
        "{error}"
    );
    // The connection is as good as before.
    assert_eq!(User::query().count(&mut on).await.unwrap(), 4);
}
