//! Reading records.

use examples::Story;
use orm_core::Result;
use orm_core::prelude::*;
use rust_decimal_macros::dec;
use uuid::Uuid;

use crate::error;
use crate::models::{Order, OrderItem, OrderTotal, Product, User};

/// The user with this key. A user that the session has read in this transaction is given without asking the server.
pub async fn get_user_by_id(db: &mut Session, user_id: i32) -> Result<Option<Handle<User>>> {
    db.get::<User>(user_id).await
}

/// The user with this name.
pub async fn get_user_by_username(
    db: &mut Session,
    username: &str,
) -> Result<Option<Handle<User>>> {
    User::query()
        .filter(User::USERNAME.eq(username))
        .first(db)
        .await
}

/// A page of users. The tutorial's has no order, so that two pages may show the same user.
pub async fn get_users(db: &mut Session, skip: i64, limit: i64) -> Result<Vec<Handle<User>>> {
    User::query()
        .order_by(User::ID)
        .offset(skip)
        .limit(limit)
        .all(db)
        .await
}

/// The users whose account is in use.
pub async fn get_active_users(db: &mut Session) -> Result<Vec<Handle<User>>> {
    User::query()
        .filter(User::IS_ACTIVE)
        .order_by(User::ID)
        .all(db)
        .await
}

/// Users with their order count; those without an order have 0.
pub async fn get_users_with_orders(db: &mut Session) -> Result<Vec<(Handle<User>, i64)>> {
    User::query()
        .left_join(User::ORDERS)
        .group_by(User::ID)
        .order_by(User::ID)
        .select((User::ALL, count(Order::ID)))
        .all(db)
        .await
}

/// Products by a part of their name, and category.
///
/// `icontains` is ILIKE for text that somebody typed: a `%` or `_` in it means itself. In the tutorial's
/// `ilike(f"%{query}%")` it matches anything.
pub async fn search_products(
    db: &mut Session,
    query: &str,
    category_id: Option<i32>,
) -> Result<Vec<Handle<Product>>> {
    let mut q = Product::query()
        .filter(Product::NAME.icontains(query))
        .order_by(Product::NAME);
    if let Some(category_id) = category_id {
        q = q.filter(Product::CATEGORY_ID.eq(category_id));
    }
    q.all(db).await
}

/// Products with their category, in one statement.
pub async fn get_products_with_category(db: &mut Session) -> Result<Vec<Handle<Product>>> {
    Product::query()
        .with(Product::CATEGORY)
        .order_by(Product::ID)
        .all(db)
        .await
}

/// An order with all its items and their products, in two statements whatever their number.
pub async fn get_order_with_items(
    db: &mut Session,
    order_id: Uuid,
) -> Result<Option<Handle<Order>>> {
    Order::query()
        .with(Order::ITEMS.then(OrderItem::PRODUCT))
        .filter(Order::ID.eq(order_id))
        .first(db)
        .await
}

/// The product of this name, for the chapters.
pub async fn product_named(db: &mut Session, name: &str) -> Result<Handle<Product>> {
    Product::query()
        .filter(Product::NAME.eq(name))
        .one(db)
        .await
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Reading records", "read.rs");
    let mut db = engine.session();

    let john = get_user_by_id(&mut db, 1).await?;
    let name = john.map(|user| db[user].username.as_str());
    story.say(format_args!("User 1 is {}.", name.unwrap_or("nobody")));
    story.check("get_user_by_id", name, Some("johndoe"));
    story.check("no such key", get_user_by_id(&mut db, 999).await?, None);

    let same = get_user_by_username(&mut db, "johndoe").await?;
    story.say("Found by name it is the same object: a session has one for each row.");
    story.check("get_user_by_username", same, john);

    let page = get_users(&mut db, 1, 10).await?;
    let names: Vec<&str> = page
        .iter()
        .map(|user| db[*user].username.as_str())
        .collect();
    story.check("get_users", names, ["janedoe"]);
    story.check(
        "get_active_users",
        get_active_users(&mut db).await?.len(),
        2,
    );

    let with_orders = get_users_with_orders(&mut db).await?;
    let rows: Vec<_> = with_orders
        .iter()
        .map(|(user, orders)| [db[*user].username.clone(), orders.to_string()])
        .collect();
    story.table(["user", "orders"], &rows);
    story.check(
        "get_users_with_orders",
        rows,
        [["johndoe", "2"], ["janedoe", "3"]],
    );

    let found = search_products(&mut db, "M", None).await?;
    let names: Vec<&str> = found
        .iter()
        .map(|product| db[*product].name.as_str())
        .collect();
    story.say(format_args!("Products with an m: {}.", names.join(", ")));
    story.check("search_products", names, ["Monitor", "Mouse"]);
    let found = search_products(&mut db, "50%", Some(2)).await?;
    let names: Vec<&str> = found
        .iter()
        .map(|product| db[*product].name.as_str())
        .collect();
    story.say(format_args!("Books with 50%: {}.", names.join(", ")));
    story.check("a percent sign means itself", names, ["Atlas, 50% larger"]);

    let products = get_products_with_category(&mut db).await?;
    let mut rows = Vec::new();
    for product in products {
        let product = db.view(product);
        let category = product.related(Product::CATEGORY)?;
        rows.push([
            product.name.clone(),
            category.map_or_else(|| "-".to_owned(), |category| category.name.clone()),
            format!("{:.2}", product.price),
            product.stock_quantity.to_string(),
        ]);
    }
    story.table(["product", "category", "price", "stock"], &rows);
    story.check(
        "get_products_with_category",
        &rows[3][..2],
        ["Novel", "Books"],
    );

    let first = Order::query()
        .order_by(Order::CREATED_AT)
        .select(Order::ID)
        .first(&mut db)
        .await?;
    let order = get_order_with_items(&mut db, first.unwrap_or_default()).await?;
    if let Some(order) = order {
        let order = db.view(order);
        story.say("The first order:");
        let mut rows = Vec::new();
        for item in order.related(Order::ITEMS)? {
            let product = item.related(OrderItem::PRODUCT)?;
            rows.push([
                product.name.clone(),
                item.quantity.to_string(),
                format!("{:.2}", item.unit_price),
                format!("{:.2}", item.total_price),
            ]);
        }
        story.table(["product", "quantity", "unit price", "total"], &rows);
        story.say(format_args!("Together: {:.2}", order.total_amount()?));
        story.check("total_amount", order.total_amount()?, dec!(998));
    }
    story.check("get_order_with_items", order.is_some(), true);
    Ok(())
}
