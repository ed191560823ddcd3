//! Creating records: the tutorial's `create_user` and `create_product_with_category`, and a whole graph in one commit.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{TimeDelta, Utc};
use examples::Story;
use orm_core::Result;
use orm_core::error::ConstraintKind;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::error;
use crate::models::{Address, Category, Order, OrderItem, OrderStatus, Product, User};

/// Stands for what the tutorial calls `get_password_hash`. A real store takes Argon2, for instance from the crate `argon2`.
pub fn get_password_hash(password: &str) -> String {
    let mut hasher = DefaultHasher::new();
    password.hash(&mut hasher);
    format!("not-a-real-hash:{:016x}", hasher.finish())
}

/// Creates a user.
///
/// After the commit the row is complete, with the key and the timestamps that the server gave it: they came back with the
/// INSERT, so there is nothing to `refresh`.
pub async fn create_user(
    db: &mut Session,
    username: &str,
    email: &str,
    password: &str,
) -> Result<Handle<User>> {
    let user = db.add(
        User::create()
            .username(username)
            .email(email)
            .password_hash(get_password_hash(password)),
    );
    db.commit().await?;
    Ok(user)
}

/// The category of this name, which is created if need be.
///
/// Two requests may look at the same moment, both find nothing, and both create it. The unique constraint refuses the
/// second; the savepoint keeps that from ending the transaction around it, and the first one's category is taken.
pub async fn get_or_create_category(db: &mut Session, name: &str) -> Result<Handle<Category>> {
    let by_name = || Category::query().filter(Category::NAME.eq(name));
    if let Some(category) = by_name().one_or_none(db).await? {
        return Ok(category);
    }
    let mut savepoint = db.begin_nested().await?;
    match savepoint.insert(Category::create().name(name)).await {
        Ok(category) => {
            savepoint.commit().await?;
            Ok(category)
        }
        Err(error)
            if error
                .constraint()
                .is_some_and(|c| c.kind == ConstraintKind::Unique) =>
        {
            savepoint.rollback().await?;
            by_name().one(db).await
        }
        Err(error) => Err(error),
    }
}

/// Creates a product, and its category if there is none of this name.
pub async fn create_product_with_category(
    db: &mut Session,
    name: &str,
    price: Decimal,
    category_name: &str,
) -> Result<Handle<Product>> {
    let category = get_or_create_category(db, category_name).await?;
    let product = db.add(Product::create().name(name).price(price).category(category));
    db.commit().await?;
    Ok(product)
}

/// Fills the store: products, a customer with an address, and the orders of the last months.
///
/// It sends nothing, and nothing here has a key yet: handles of pending rows are enough to tie them together. The commit
/// that follows writes them in the order that their foreign keys ask for, one INSERT for each table.
pub fn fill_the_store(db: &mut Session, john: Handle<User>, laptop: Handle<Product>) -> Result<()> {
    let jane = db.add(
        User::create()
            .username("janedoe")
            .email("jane@example.com")
            .password_hash(get_password_hash("correct horse"))
            .full_name("Jane Doe"),
    );
    let home = |user, street| {
        Address::create()
            .user(user)
            .street(street)
            .city("Oslo")
            .country("NO")
    };
    let [johns_home, janes_home] = [(john, "Storgata 1"), (jane, "Lille gate 2")]
        .map(|(user, street)| db.add(home(user, street)));

    let books = db.add(
        Category::create()
            .name("Books")
            .description("To read on paper"),
    );
    let electronics = db.related(laptop, Product::CATEGORY)?;
    let product = |name, price, stock| {
        Product::create()
            .name(name)
            .price(price)
            .stock_quantity(stock)
    };
    let mouse = db.add(product("Mouse", dec!(24.50), 40).category(electronics));
    let monitor = db.add(product("Monitor", dec!(249), 8).category(electronics));
    let novel = db.add(product("Novel", dec!(12.90), 100).category(books));
    let atlas = db.add(product("Atlas, 50% larger", dec!(89), 3).category(books));

    let delivered = OrderStatus::Delivered;
    let first = [(laptop, dec!(949), 1), (mouse, dec!(24.50), 2)];
    add_past_order(db, 70, john, johns_home, delivered, &first);
    add_past_order(
        db,
        40,
        john,
        johns_home,
        delivered,
        &[(laptop, dec!(999.99), 2)],
    );
    let gifts = [(novel, dec!(12.90), 5), (atlas, dec!(79), 1)];
    add_past_order(db, 35, jane, janes_home, delivered, &gifts);
    let desk = [(monitor, dec!(249), 1), (laptop, dec!(999.99), 1)];
    add_past_order(db, 3, jane, janes_home, OrderStatus::Shipped, &desk);
    let mistake = [(laptop, dec!(999.99), 7)];
    add_past_order(db, 1, jane, janes_home, OrderStatus::Cancelled, &mistake);
    Ok(())
}

/// An order of some days ago, with its items: product, unit price, quantity.
fn add_past_order(
    db: &mut Session,
    days_ago: i64,
    user: Handle<User>,
    address: Handle<Address>,
    status: OrderStatus,
    items: &[(Handle<Product>, Decimal, i32)],
) {
    let order = db.add(
        Order::create()
            .user(user)
            .shipping_address(address)
            .status(status)
            .tags(["web"])
            .metadata(serde_json::json!({ "channel": "web", "lines": items.len() }))
            .created_at(Utc::now() - TimeDelta::days(days_ago)),
    );
    db.add_all(items.iter().map(|&(product, unit_price, quantity)| {
        OrderItem::create()
            .order(order)
            .product(product)
            .quantity(quantity)
            .unit_price(unit_price)
    }));
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Creating records", "create.rs");
    let mut db = engine.session();

    let john = create_user(&mut db, "johndoe", "john@example.com", "password123").await?;
    story.say(format_args!("Created user: {}", db[john].username));
    story.check("the first user's key", db[john].id, 1);
    story.check("a user is active by default", db[john].is_active, true);

    let laptop =
        create_product_with_category(&mut db, "Laptop", dec!(999.99), "Electronics").await?;
    let category = db
        .view(laptop)
        .related(Product::CATEGORY)?
        .map_or("none", |category| &category.row().name);
    story.say(format_args!(
        "Created product: {} in category: {category}",
        db[laptop].name
    ));
    story.check("the laptop's category", category, "Electronics");

    let again = get_or_create_category(&mut db, "Electronics").await?;
    story.check(
        "get or create gets what is there",
        Some(again),
        db.related(laptop, Product::CATEGORY)?,
    );

    fill_the_store(&mut db, john, laptop)?;
    story.say("Filled the store. Nothing of it was sent so far; the commit will do this:");
    let mut rows = Vec::new();
    for step in db.plan()?.steps {
        rows.push([
            format!("{:?}", step.kind),
            step.table.name.to_owned(),
            step.rows().to_string(),
        ]);
    }
    story.table(["step", "table", "rows"], &rows);
    db.commit().await?;
    let tables: Vec<&str> = rows.iter().map(|[_, table, _]| table.as_str()).collect();
    let before = |a, b| tables.iter().position(|t| *t == a) < tables.iter().position(|t| *t == b);
    story.check("one step for each table", tables.len(), 6);
    story.check(
        "users before their addresses",
        before("users", "addresses"),
        true,
    );
    story.check(
        "orders before their items",
        before("orders", "order_items"),
        true,
    );
    story.check(
        "all products are there",
        Product::query().count(&mut db).await?,
        5,
    );
    story.check(
        "all orders are there",
        Order::query().count(&mut db).await?,
        5,
    );
    story.check(
        "all items are there",
        OrderItem::query().count(&mut db).await?,
        8,
    );

    let taken = create_user(&mut db, "johndoe", "other@example.com", "password123").await;
    db.rollback().await?;
    story.say(match &taken {
        Ok(_) => "Created a second johndoe".to_owned(),
        Err(error) => format!("A second johndoe: {error}"),
    });
    story.check("a name is taken once", taken.is_err(), true);
    Ok(())
}
