//! Transactions: all of it or nothing, in the database and in memory.

use std::collections::HashMap;

use examples::Story;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use uuid::Uuid;

use crate::create::create_product_with_category;
use crate::error::{Error, Result};
use crate::models::{Category, Order, OrderItem, OrderStatus, OrderTotal, Product};
use crate::read::product_named;

/// A line of an order that somebody wants to place.
#[derive(Debug, Clone, Copy)]
pub struct ItemData {
    /// Which product.
    pub product_id: i32,
    /// How many.
    pub quantity: i32,
}

/// The tutorial's `try: .. commit() except: rollback(); raise` around a piece of work.
async fn atomically<T>(
    db: &mut Session,
    work: impl AsyncFnOnce(&mut Session) -> Result<T>,
) -> Result<T> {
    let outcome = async {
        let value = work(db).await?;
        db.commit().await?;
        Ok(value)
    }
    .await;
    if outcome.is_err() {
        db.rollback().await?;
    }
    outcome
}

/// The products with these keys, locked until the transaction ends: nobody else changes their stock meanwhile. They are
/// locked in the order of their keys, so that two orders of the same products cannot wait for each other.
async fn lock_products(db: &mut Session, ids: Vec<i32>) -> Result<HashMap<i32, Handle<Product>>> {
    let products = Product::query()
        .filter(Product::ID.in_(ids))
        .order_by(Product::ID)
        .for_update()
        .all(db)
        .await?;
    Ok(products
        .into_iter()
        .map(|product| (db[product].id, product))
        .collect())
}

/// Creates an order with several items, and reserves their stock. If there is too little of one of them, nothing of it
/// happens.
///
/// The tutorial reads a product, compares, and writes the difference back: two customers can buy the same last one. Here
/// the products are locked first, in one statement.
pub async fn create_order_with_items(
    db: &mut Session,
    user_id: i32,
    items: &[ItemData],
) -> Result<Handle<Order>> {
    atomically(db, async |db| {
        let products =
            lock_products(db, items.iter().map(|item| item.product_id).collect()).await?;
        let order = db.add(Order::create().user_id(user_id));
        for item in items {
            let Some(&product) = products.get(&item.product_id) else {
                return Err(Error::NotFound("product"));
            };
            if db[product].stock_quantity < item.quantity {
                return Err(Error::InsufficientStock {
                    product: db[product].name.clone(),
                    wanted: item.quantity,
                    available: db[product].stock_quantity,
                });
            }
            let unit_price = db[product].price;
            db.add(
                OrderItem::create()
                    .order(order)
                    .product(product)
                    .quantity(item.quantity)
                    .unit_price(unit_price),
            );
            db[product].stock_quantity -= item.quantity;
            db[product].reserved_quantity += item.quantity;
        }
        Ok(order)
    })
    .await
}

/// Takes the money for an order, and its goods from the shelf: both or neither.
///
/// What the tables' constraints refuse arrives as [`Error::Integrity`], the tutorial's `except IntegrityError`.
pub async fn process_payment_and_update_inventory(db: &mut Session, order_id: Uuid) -> Result<()> {
    atomically(db, async |db| {
        let order = Order::query()
            .with(Order::ITEMS)
            .filter(Order::ID.eq(order_id))
            .for_update()
            .one_or_none(db)
            .await?
            .ok_or(Error::NotFound("order"))?;
        if db[order].status != OrderStatus::Pending {
            return Err(Error::Invalid("this order is not waiting for a payment"));
        }
        let amount = db.view(order).total_amount()?;
        if !process_payment(amount) {
            return Err(Error::PaymentFailed);
        }
        db[order].status = OrderStatus::Processing;

        let items = db.related(order, Order::ITEMS)?;
        let products =
            lock_products(db, items.iter().map(|item| db[*item].product_id).collect()).await?;
        for item in items {
            let (item, product) = db.get_pair_mut(item, products[&db[item].product_id]);
            product.reserved_quantity -= item.quantity;
        }
        Ok(())
    })
    .await
}

/// Stands for a bank, which declines large amounts.
fn process_payment(amount: Decimal) -> bool {
    amount < Decimal::from(5000)
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> Result<()> {
    story.chapter("Transactions", "transactions.rs");
    let mut db = engine.session();
    let laptop = product_named(&mut db, "Laptop").await?;
    let mouse = product_named(&mut db, "Mouse").await?;
    let [laptop_id, mouse_id] = [db[laptop].id, db[mouse].id];
    let items = |laptops, mice| {
        [
            ItemData {
                product_id: laptop_id,
                quantity: laptops,
            },
            ItemData {
                product_id: mouse_id,
                quantity: mice,
            },
        ]
    };

    let order = create_order_with_items(&mut db, 1, &items(2, 3)).await?;
    let order_id = db[order].id;
    let total = db.view(order).total_amount()?;
    story.say(format_args!(
        "Created an order of {total:.2}: 2 laptops and 3 mice."
    ));
    story.check(
        "create_order_with_items: the total",
        total.to_string(),
        "2073.48",
    );
    story.check(
        "create_order_with_items: the stock",
        stock(&db, laptop),
        (6, 2),
    );

    let orders = Order::query().count(&mut db).await?;
    let too_many = create_order_with_items(&mut db, 1, &items(1, 500)).await;
    if let Err(error) = &too_many {
        story.say(format_args!("An order of 1 laptop and 500 mice: {error}."));
    }
    story.check(
        "insufficient stock",
        matches!(too_many, Err(Error::InsufficientStock { .. })),
        true,
    );
    story.check(
        "memory is as it was",
        (stock(&db, laptop), stock(&db, mouse)),
        ((6, 2), (37, 3)),
    );
    db.refresh(laptop).await?;
    story.check("the database is as it was", stock(&db, laptop), (6, 2));
    story.check(
        "no order is left",
        Order::query().count(&mut db).await?,
        orders,
    );
    story.say("The laptop that it had reserved before is back, in memory and in the database.");

    process_payment_and_update_inventory(&mut db, order_id).await?;
    story.say(format_args!(
        "Paid the order: it is {:?} now.",
        db[order].status
    ));
    story.check(
        "process_payment: the status",
        db[order].status,
        OrderStatus::Processing,
    );
    story.check("process_payment: the inventory", stock(&db, laptop), (6, 0));
    let again = process_payment_and_update_inventory(&mut db, order_id).await;
    story.check("an order is paid once", again.is_err(), true);
    let unknown = process_payment_and_update_inventory(&mut db, Uuid::nil()).await;
    story.check(
        "an order that does not exist",
        matches!(unknown, Err(Error::NotFound(_))),
        true,
    );

    let dear = create_order_with_items(&mut db, 1, &items(6, 1)).await?;
    let dear_id = db[dear].id;
    let declined = process_payment_and_update_inventory(&mut db, dear_id).await;
    story.check(
        "the bank said no",
        matches!(declined, Err(Error::PaymentFailed)),
        true,
    );
    story.check(
        "the order still waits",
        db[dear].status,
        OrderStatus::Pending,
    );

    let small = create_order_with_items(&mut db, 1, &items(0, 1)).await;
    story.check(
        "a line of nothing",
        matches!(small, Err(Error::Integrity(_))),
        true,
    );
    let one = create_order_with_items(&mut db, 2, &items(0, 1)[1..]).await?;
    let one_id = db[one].id;
    // Somebody corrects the shelf by hand, and forgets that two mice on it are spoken for.
    Product::query()
        .filter(Product::ID.eq(mouse_id))
        .update(Product::RESERVED_QUANTITY.set(0))
        .exec(&mut db)
        .await?;
    db.commit().await?;
    let refused = process_payment_and_update_inventory(&mut db, one_id).await;
    if let Err(error) = &refused {
        story.say(format_args!(
            "A payment for a mouse that nobody reserved: {error}."
        ));
    }
    story.check(
        "an integrity error",
        matches!(refused, Err(Error::Integrity(_))),
        true,
    );
    story.check(
        "the order is not paid: memory",
        db[one].status,
        OrderStatus::Pending,
    );
    db.refresh(one).await?;
    story.check(
        "the order is not paid: database",
        db[one].status,
        OrderStatus::Pending,
    );

    let mut other = engine.session();
    let both = tokio::join!(
        create_product_with_category(&mut db, "Spade", dec!(19.90), "Garden"),
        create_product_with_category(&mut other, "Rake", dec!(14.90), "Garden"),
    );
    both.0?;
    both.1?;
    let gardens = Category::query()
        .filter(Category::NAME.eq("Garden"))
        .count(&mut db)
        .await?;
    let products = Product::query().filter(Product::CATEGORY.has(Category::NAME.eq("Garden")));
    let products = products.count(&mut db).await?;
    story.say(format_args!(
        "Two requests opened the category Garden at once: {gardens} category, {products} products."
    ));
    story.check("get or create at once", (gardens, products), (1, 2));
    Ok(())
}

/// A product's stock: what can be sold, and what is reserved.
fn stock(db: &Session, product: Handle<Product>) -> (i32, i32) {
    (db[product].stock_quantity, db[product].reserved_quantity)
}
