//! The tutorial's functions that are queries, written as a user of it would.

use chrono::{Duration, Utc};
use orm_core::Result;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::queries::*;
use uuid::Uuid;

async fn get_user_by_id(db: &mut Session, user_id: i32) -> Result<Option<Handle<User>>> {
    User::query().filter(User::ID.eq(user_id)).first(db).await
}

async fn get_user_by_username(db: &mut Session, username: &str) -> Result<Option<Handle<User>>> {
    User::query()
        .filter(User::USERNAME.eq(username))
        .first(db)
        .await
}

async fn get_users(db: &mut Session, skip: i64, limit: i64) -> Result<Vec<Handle<User>>> {
    User::query()
        .order_by(User::ID)
        .offset(skip)
        .limit(limit)
        .all(db)
        .await
}

async fn get_active_users(db: &mut Session) -> Result<Vec<Handle<User>>> {
    User::query().filter(User::IS_ACTIVE.eq(true)).all(db).await
}

/// Users with their order count.
async fn get_users_with_orders(db: &mut Session) -> Result<Vec<(Handle<User>, i64)>> {
    User::query()
        .left_join(User::ORDERS)
        .group_by(User::ID)
        .order_by(User::ID)
        .select((User::ALL, count(Order::ID)))
        .all(db)
        .await
}

async fn search_products(
    db: &mut Session,
    query: &str,
    category_id: Option<i32>,
) -> Result<Vec<Handle<Product>>> {
    let mut q = Product::query().filter(Product::NAME.ilike(format!("%{query}%")));
    if let Some(category_id) = category_id {
        q = q.filter(Product::CATEGORY_ID.eq(category_id));
    }
    q.all(db).await
}

async fn get_products_with_category(db: &mut Session) -> Result<Vec<Handle<Product>>> {
    Product::query()
        .with(Product::CATEGORY)
        .order_by(Product::ID)
        .all(db)
        .await
}

async fn get_order_with_items(db: &mut Session, order_id: Uuid) -> Result<Option<Handle<Order>>> {
    Order::query()
        .with(Order::ITEMS.then(OrderItem::PRODUCT))
        .filter(Order::ID.eq(order_id))
        .first(db)
        .await
}

async fn update_product_stock(
    db: &mut Session,
    product_id: i32,
    quantity_change: i32,
) -> Result<Option<Handle<Product>>> {
    let Some(product) = Product::query()
        .filter(Product::ID.eq(product_id))
        .first(db)
        .await?
    else {
        return Ok(None);
    };
    Product::query()
        .filter(Product::ID.eq(product_id))
        .update((
            Product::STOCK_QUANTITY.set(Product::STOCK_QUANTITY + quantity_change),
            Product::CREATED_AT.set(Utc::now()),
        ))
        .exec(db)
        .await?;
    db.commit().await?;
    Ok(Some(product))
}

async fn bulk_update_user_status(
    db: &mut Session,
    user_ids: &[i32],
    is_active: bool,
) -> Result<u64> {
    User::query()
        .filter(User::ID.in_(user_ids))
        .update((
            User::IS_ACTIVE.set(is_active),
            User::UPDATED_AT.set(Utc::now()),
        ))
        .exec(db)
        .await
}

async fn delete_inactive_users(db: &mut Session) -> Result<u64> {
    User::query()
        .filter(User::IS_ACTIVE.eq(false))
        .delete()
        .exec(db)
        .await
}

async fn soft_delete_product(db: &mut Session, product_id: i32) -> Result<()> {
    Product::query()
        .filter(Product::ID.eq(product_id))
        .update(Product::IS_ACTIVE.set(false))
        .exec(db)
        .await?;
    Ok(())
}

#[derive(Default)]
struct Filters<'a> {
    min_price: Option<Decimal>,
    max_price: Option<Decimal>,
    category_id: Option<i32>,
    in_stock: bool,
    search: Option<&'a str>,
    sort_by: Option<&'a str>,
    descending: bool,
}

async fn get_filtered_products(db: &mut Session, filters: Filters<'_>) -> Result<Vec<String>> {
    let mut query = Product::query()
        .filter_some(filters.min_price.map(|price| Product::PRICE.ge(price)))
        .filter_some(filters.max_price.map(|price| Product::PRICE.le(price)))
        .filter_some(filters.category_id.map(|id| Product::CATEGORY_ID.eq(id)));
    if filters.in_stock {
        query = query.filter(Product::STOCK_QUANTITY.gt(0));
    }
    if let Some(search) = filters.search {
        query = query.filter(Product::NAME.icontains(search));
    }
    let sort_by = Product::column(filters.sort_by.unwrap_or("name"))?;
    query = query.order_by(if filters.descending {
        sort_by.desc()
    } else {
        sort_by.asc()
    });
    let products = query.all(db).await?;
    Ok(products
        .iter()
        .map(|product| db[*product].name.clone())
        .collect())
}

#[derive(Debug, PartialEq)]
struct UserStatistics {
    total_users: i64,
    active_users: i64,
    recent_registrations: i64,
    status_breakdown: Vec<(bool, i64)>,
}

async fn get_user_statistics<X: Executor>(db: &mut X) -> Result<UserStatistics> {
    let users = || User::query().select(count(User::ID));
    Ok(UserStatistics {
        total_users: users().scalar(db).await?,
        active_users: users().filter(User::IS_ACTIVE.eq(true)).scalar(db).await?,
        recent_registrations: users()
            .filter(User::CREATED_AT.ge(Utc::now() - Duration::days(30)))
            .scalar(db)
            .await?,
        status_breakdown: User::query()
            .group_by(User::IS_ACTIVE)
            .order_by(User::IS_ACTIVE)
            .select((User::IS_ACTIVE, count(User::ID)))
            .all(db)
            .await?,
    })
}

async fn get_user_order_history(db: &mut Session, user_id: i32) -> Result<Vec<Handle<Order>>> {
    Order::query()
        .with(Order::ITEMS.then(OrderItem::PRODUCT))
        .with(Order::SHIPPING_ADDRESS)
        .filter(Order::USER_ID.eq(user_id))
        .order_by(Order::CREATED_AT.desc())
        .all(db)
        .await
}

/// Monthly sales: year, month, quantity, revenue.
async fn get_product_sales_report<X: Executor>(
    db: &mut X,
    product_id: i32,
) -> Result<Vec<(i32, i32, Option<i64>, Option<Decimal>)>> {
    let year = || func::extract(func::Year, Order::CREATED_AT);
    let month = || func::extract(func::Month, Order::CREATED_AT);
    Product::query()
        .join(Product::ITEMS)
        .join(OrderItem::ORDER)
        .filter(OrderItem::PRODUCT_ID.eq(product_id))
        .filter(Order::CREATED_AT.ge(Utc::now() - Duration::days(36_500)))
        .group_by((year(), month()))
        .order_by((year(), month()))
        .select((
            year(),
            month(),
            sum(OrderItem::QUANTITY),
            sum(OrderItem::TOTAL_PRICE),
        ))
        .all(db)
        .await
}

/// For each category: products, revenue, average price.
async fn get_category_performance<X: Executor>(
    db: &mut X,
) -> Result<Vec<(String, i64, Option<Decimal>, Option<Decimal>)>> {
    Category::query()
        .join(Category::PRODUCTS)
        .join(Product::ITEMS)
        .join(OrderItem::ORDER)
        .filter(Order::STATUS.eq(OrderStatus::Completed))
        .group_by((Category::ID, Category::NAME))
        .order_by(Category::ID)
        .select((
            Category::NAME,
            count(Product::ID),
            sum(OrderItem::TOTAL_PRICE),
            avg(Product::PRICE),
        ))
        .all(db)
        .await
}

#[tokio::test]
async fn reading() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let ann = get_user_by_id(&mut db, 1).await.unwrap().unwrap();
    assert_eq!(
        get_user_by_username(&mut db, "ann").await.unwrap(),
        Some(ann)
    );
    assert_eq!(get_user_by_username(&mut db, "zoe").await.unwrap(), None);
    assert_eq!(
        get_users(&mut db, 1, 2)
            .await
            .unwrap()
            .iter()
            .map(|user| db[*user].id)
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(get_active_users(&mut db).await.unwrap().len(), 2);
    let counts = get_users_with_orders(&mut db).await.unwrap();
    assert_eq!(counts[0], (ann, 2));
    assert_eq!(
        counts.iter().map(|(_, n)| *n).collect::<Vec<_>>(),
        [2, 1, 0, 0]
    );
    assert_eq!(search_products(&mut db, "i", None).await.unwrap().len(), 2);
    assert_eq!(
        search_products(&mut db, "i", Some(2)).await.unwrap().len(),
        1
    );
    let products = get_products_with_category(&mut db).await.unwrap();
    let category = db.related(products[0], Product::CATEGORY).unwrap().unwrap();
    assert_eq!(db[category].name, "Laptops");
    let order = get_order_with_items(&mut db, order_id(1))
        .await
        .unwrap()
        .unwrap();
    let mut names = Vec::new();
    for item in db.related(order, Order::ITEMS).unwrap() {
        names.push(
            db[db.related(item, OrderItem::PRODUCT).unwrap()]
                .name
                .clone(),
        );
    }
    names.sort();
    assert_eq!(names, ["Air", "Mini"]);
    let history = get_user_order_history(&mut db, 1).await.unwrap();
    assert_eq!(
        history
            .iter()
            .map(|order| db[*order].id)
            .collect::<Vec<_>>(),
        [order_id(2), order_id(1)]
    );
}

#[tokio::test]
async fn writing() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let air = update_product_stock(&mut db, 1, -2).await.unwrap().unwrap();
    assert_eq!(db[air].stock_quantity, 3);
    assert_eq!(update_product_stock(&mut db, 99, -2).await.unwrap(), None);
    assert_eq!(
        bulk_update_user_status(&mut db, &[1, 2, 99], false)
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        bulk_update_user_status(&mut db, &[], false).await.unwrap(),
        0
    );
    assert_eq!(
        bulk_update_user_status(&mut db, &[1, 2], true)
            .await
            .unwrap(),
        2
    );
    assert_eq!(delete_inactive_users(&mut db).await.unwrap(), 2);
    soft_delete_product(&mut db, 1).await.unwrap();
    assert!(!db[air].is_active);
}

#[tokio::test]
async fn filtering_and_sorting() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let all = get_filtered_products(&mut db, Filters::default())
        .await
        .unwrap();
    assert_eq!(all, ["Air", "Loose", "Mini", "Pro"]);
    let filters = Filters {
        min_price: Some(dec!(100)),
        max_price: Some(dec!(1000)),
        in_stock: true,
        sort_by: Some("price"),
        descending: true,
        ..Filters::default()
    };
    assert_eq!(
        get_filtered_products(&mut db, filters).await.unwrap(),
        ["Air", "Mini"]
    );
    let filters = Filters {
        category_id: Some(1),
        search: Some("R"),
        ..Filters::default()
    };
    assert_eq!(
        get_filtered_products(&mut db, filters).await.unwrap(),
        ["Air", "Pro"]
    );
    let filters = Filters {
        sort_by: Some("1; DROP TABLE users"),
        ..Filters::default()
    };
    assert!(get_filtered_products(&mut db, filters).await.is_err());
}

#[tokio::test]
async fn reports() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let mut conn = shop.connection().await;
    let expected = UserStatistics {
        total_users: 4,
        active_users: 2,
        recent_registrations: 2,
        status_breakdown: vec![(false, 2), (true, 2)],
    };
    assert_eq!(get_user_statistics(&mut db).await.unwrap(), expected);
    assert_eq!(get_user_statistics(&mut conn).await.unwrap(), expected);
    assert_eq!(
        get_product_sales_report(&mut conn, 1).await.unwrap(),
        [
            (2026, 1, Some(2), Some(dec!(1999.98))),
            (2026, 2, Some(1), Some(dec!(999.99)))
        ]
    );
    let report = get_category_performance(&mut db).await.unwrap();
    assert_eq!(report.len(), 2);
    assert_eq!(
        report[0],
        ("Laptops".into(), 1, Some(dec!(1999.98)), Some(dec!(999.99)))
    );
    assert_eq!(
        report[1],
        ("Phones".into(), 2, Some(dec!(2396.00)), Some(dec!(599)))
    );
}
