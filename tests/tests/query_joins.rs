//! Joins along every kind of relationship and on conditions, aliases, and what a LEFT JOIN does to the types.

use orm_core::engine::Connection;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use tests::queries::*;
use uuid::Uuid;

#[tokio::test]
async fn along_each_kind_of_relationship() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    // belongs_to
    let q = Product::query()
        .join(Product::CATEGORY)
        .order_by(Product::ID)
        .select((Product::NAME, Category::NAME));
    let rows: Vec<(String, String)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2], ("Mini".into(), "Phones".into()));
    // has_many
    let q = User::query()
        .join(User::ORDERS)
        .order_by((User::ID, Order::ID))
        .select((User::ID, Order::ID));
    let rows: Vec<(i32, Uuid)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows, [(1, order_id(1)), (1, order_id(2)), (2, order_id(3))]);
    // has_one
    let q = User::query()
        .join(User::PROFILE)
        .order_by(User::ID)
        .select((User::ID, Profile::BIO));
    let rows: Vec<(i32, Option<String>)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows, [(1, Some("sails".into())), (2, None)]);
    // many_to_many, from both sides
    let q = Product::query()
        .join(Product::TAGS)
        .order_by((Product::ID, Tag::ID))
        .select((Product::ID, Tag::NAME));
    let rows: Vec<(i32, String)> = q.all(&mut on).await.unwrap();
    assert_eq!(
        rows,
        [(1, "new".into()), (1, "sale".into()), (3, "sale".into())]
    );
    let q = Tag::query()
        .join(Tag::PRODUCTS)
        .filter(Product::NAME.eq("Mini"))
        .select(Tag::NAME);
    assert_eq!(q.all(&mut on).await.unwrap(), ["sale"]);
    // Several after each other, there and back through the link table
    let q = User::query()
        .join(User::ORDERS)
        .join(Order::ITEMS)
        .join(OrderItem::PRODUCT)
        .join(Product::CATEGORY)
        .join(Product::TAGS)
        .filter(Category::NAME.eq("Laptops").and(Tag::NAME.eq("sale")))
        .order_by(OrderItem::ID)
        .select((User::USERNAME, OrderItem::QUANTITY));
    let rows: Vec<(String, i32)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows, [("ann".into(), 2), ("ann".into(), 1)]);
}

#[tokio::test]
async fn left_joins_make_options() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows: Vec<(String, Option<String>)> = Product::query()
        .left_join(Product::CATEGORY)
        .order_by(Product::ID)
        .select((Product::NAME, Category::NAME))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[3], ("Loose".into(), None));
    // A column that can be NULL anyway stays one Option; a whole entity becomes one; IS NULL, count and coalesce don't.
    let rows: Vec<(Product, Option<Category>, Option<String>, bool, String)> = Product::query()
        .left_join(Product::CATEGORY)
        .order_by(Product::ID)
        .select((
            Product::ALL,
            Category::ALL,
            Category::DESCRIPTION,
            Category::ID.is_null(),
            func::coalesce(Category::NAME, "none"),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[0].1.as_ref().unwrap().name, "Laptops");
    assert_eq!(
        (&rows[3].1, &rows[3].2, rows[3].3, rows[3].4.as_str()),
        (&None, &None, true, "none")
    );
    // Calculations, comparisons and functions of it are NULL with it.
    let row: (Option<i32>, Option<bool>, Option<String>, Option<Decimal>) = User::query()
        .left_join(User::ORDERS)
        .left_join(Order::ITEMS)
        .filter(User::ID.eq(4))
        .select((
            OrderItem::QUANTITY + 1,
            OrderItem::QUANTITY.gt(User::ID),
            func::cast::<String, _>(Order::STATUS),
            OrderItem::UNIT_PRICE * OrderItem::QUANTITY,
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, (None, None, None, None));
    let rows: Vec<(i32, i64, Option<i64>)> = User::query()
        .left_join(User::ORDERS)
        .left_join(Order::ITEMS)
        .group_by(User::ID)
        .order_by(User::ID)
        .select((
            User::ID,
            count_distinct(Order::ID),
            sum(OrderItem::QUANTITY),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [(1, 2, Some(4)), (2, 1, Some(3)), (3, 0, None), (4, 0, None)]
    );
    // has_one and many_to_many
    let rows: Vec<(i32, Option<i32>)> = User::query()
        .left_join(User::PROFILE)
        .order_by(User::ID)
        .select((User::ID, Profile::ID))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [(1, Some(1)), (2, Some(2)), (3, None), (4, None)]);
    let rows: Vec<(i32, Option<Tag>)> = Product::query()
        .left_join(Product::TAGS)
        .order_by((Product::ID, Tag::ID))
        .select((Product::ID, Tag::ALL))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|(id, tag)| (*id, tag.is_some()))
            .collect::<Vec<_>>(),
        [(1, true), (1, true), (2, false), (3, true), (4, false)]
    );
    // An inner join behind an outer one: the type stays an Option.
    let rows: Vec<Option<Uuid>> = User::query()
        .left_join(User::ORDERS)
        .join(Order::ITEMS)
        .distinct()
        .select(Order::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn on_conditions() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows: Vec<(i32, i32)> = Product::query()
        .join_on(Number::ALL, Number::ID.eq(Product::ID).and(Number::A.gt(0)))
        .select((Product::ID, Number::A))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [(1, 10)]);
    let rows: Vec<(i32, Option<i32>)> = Product::query()
        .left_join_on(Number::ALL, Number::ID.eq(Product::ID).and(Number::A.gt(0)))
        .order_by(Product::ID)
        .select((Product::ID, Number::A))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [(1, Some(10)), (2, None), (3, None), (4, None)]);
    // An alias on a condition: pairs of employees with the same boss.
    type Peer = Aliased<Employee, 2>;
    let rows: Vec<(String, String)> = Employee::query()
        .join_on(
            Peer::ALL,
            Peer::MANAGER_ID
                .eq(Employee::MANAGER_ID)
                .and(Peer::ID.gt(Employee::ID)),
        )
        .select((Employee::NAME, Peer::NAME))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [("Left".into(), "Right".into())]);
}

#[tokio::test]
async fn aliases() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Employee::query()
        .left_join(Employee::MANAGER.to::<Boss>())
        .order_by(Employee::ID)
        .select((Employee::NAME, Boss::NAME));
    assert_eq!(
        q.to_sql(),
        "SELECT employees.name, employees_1.name FROM employees LEFT JOIN employees AS employees_1 ON \
         employees_1.id = employees.manager_id ORDER BY employees.id"
    );
    let rows: Vec<(String, Option<String>)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows[0], ("Root".into(), None));
    assert_eq!(rows[3], ("Leaf".into(), Some("Left".into())));
    // Two steps up, and the whole entities.
    type Top = Aliased<Employee, 2>;
    let rows: Vec<(Employee, Employee, Employee)> = Employee::query()
        .join(Employee::MANAGER.to::<Boss>())
        .join(Boss::MANAGER.to::<Top>())
        .select((Employee::ALL, Boss::ALL, Top::ALL))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0.id, rows[0].1.id, rows[0].2.id), (4, 2, 1));
    // From above.
    let rows: Vec<(String, i64)> = Employee::query()
        .join(Employee::REPORTS.to::<Boss>())
        .group_by(Employee::ID)
        .order_by(Employee::ID)
        .select((Employee::NAME, count(Boss::ID)))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [("Root".into(), 2), ("Left".into(), 1)]);
    // Two keys to one table.
    type Billing = Aliased<Address, 1>;
    let rows: Vec<(Uuid, String, Option<String>)> = Order::query()
        .join(Order::SHIPPING_ADDRESS)
        .left_join(Order::BILLING_ADDRESS.to::<Billing>())
        .order_by(Order::ID)
        .select((Order::ID, Address::CITY, Billing::CITY))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[0], (order_id(1), "Rome".into(), Some("Oslo".into())));
    assert_eq!(rows[1], (order_id(2), "Oslo".into(), None));
    // On a session the aliases of one row are one entity.
    let mut db = shop.session();
    let pairs: Vec<(Handle<Employee>, Option<Handle<Employee>>)> = Employee::query()
        .left_join(Employee::MANAGER.to::<Boss>())
        .order_by(Employee::ID)
        .select((Employee::ALL, Boss::ALL))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(pairs[1].1, Some(pairs[0].0));
    assert_eq!(pairs[3].1, Some(pairs[1].0));
}

#[tokio::test]
async fn sixteen_columns() {
    let shop = Shop::open().await;
    let mut on: Connection = shop.connection().await;
    let row = User::query()
        .filter(User::ID.eq(1))
        .select((
            User::ID,
            User::USERNAME,
            User::EMAIL,
            User::FULL_NAME,
            User::IS_ACTIVE,
            User::CREATED_AT.is_null(),
            User::UPDATED_AT.is_not_null(),
            User::ID + 1,
            User::ID - 1,
            User::ID * 2,
            -User::ID,
            func::upper(User::USERNAME),
            func::length(User::USERNAME),
            value(7_i64),
            value("x"),
            User::ORDERS.exists(),
        ))
        .one(&mut on)
        .await
        .unwrap();
    let (id, name, _, full, active, a, b, c, d, e, f, g, h, i, j, k) = row;
    assert_eq!(
        (id, name.as_str(), full.as_deref(), active),
        (1, "ann", Some("Ann Lee"), true)
    );
    assert_eq!((a, b, c, d, e, f), (false, true, 2, 0, 2, -1));
    assert_eq!((g.as_str(), h, i, j.as_str(), k), ("ANN", 3, 7, "x", true));
}
