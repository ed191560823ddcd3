//! Reports: what a user ordered, how a product sold, how categories do.

use std::collections::HashMap;

use chrono::{Datelike, TimeDelta, Utc};
use examples::Story;
use orm_core::Result;
use orm_core::expr::func::{self, Month, Year};
use orm_core::prelude::*;
use orm_core::session::Computed;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::error::{self, Error};
use crate::models::{Category, Order, OrderItem, OrderStatus, OrderTotal, Product, TotalAmount};
use crate::read::{get_user_by_username, product_named};

/// A user's orders, the latest first, with their items, products and addresses: two statements, whatever their number.
pub async fn get_user_order_history(db: &mut Session, user_id: i32) -> Result<Vec<Handle<Order>>> {
    Order::query()
        .with(Order::ITEMS.then(OrderItem::PRODUCT))
        .with(Order::SHIPPING_ADDRESS)
        .filter(Order::USER_ID.eq(user_id))
        .order_by(Order::CREATED_AT.desc())
        .all(db)
        .await
}

/// A month of a sales report.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthlySales {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: i32,
    /// How many were sold.
    pub total_quantity: i64,
    /// What they brought in.
    pub total_revenue: Decimal,
}

/// How a product sold in each of the last twelve months. Cancelled orders are no sales.
pub async fn get_product_sales_report(
    db: &mut Session,
    product_id: i32,
) -> Result<Vec<MonthlySales>> {
    let year = || func::extract(Year, Order::CREATED_AT);
    let month = || func::extract(Month, Order::CREATED_AT);
    let months = OrderItem::query()
        .join(OrderItem::ORDER)
        .filter(OrderItem::PRODUCT_ID.eq(product_id))
        .filter(Order::CREATED_AT.ge(Utc::now() - TimeDelta::days(365)))
        .filter(Order::STATUS.ne(OrderStatus::Cancelled))
        .group_by((year(), month()))
        .order_by((year(), month()))
        .select((
            year(),
            month(),
            sum(OrderItem::QUANTITY),
            sum(OrderItem::TOTAL_PRICE),
        ))
        .all(db)
        .await?;
    Ok(months
        .into_iter()
        .map(|(year, month, quantity, revenue)| MonthlySales {
            year,
            month,
            total_quantity: quantity.unwrap_or_default(),
            total_revenue: revenue.unwrap_or_default(),
        })
        .collect())
}

/// A category in a performance report.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryPerformance {
    /// Its name.
    pub name: String,
    /// How many products it has.
    pub product_count: i64,
    /// What they brought in.
    pub total_revenue: Decimal,
    /// What its products cost on average.
    pub avg_price: Decimal,
}

/// How the categories do, by delivered orders.
///
/// The tutorial joins products, items and orders and counts products in that: one that was sold three times counts three
/// times, in the average price too, and a category that sold nothing is missing. So here products are counted as
/// products, and sales as sales.
pub async fn get_category_performance(db: &mut Session) -> Result<Vec<CategoryPerformance>> {
    let shelves = Category::query()
        .left_join(Category::PRODUCTS)
        .group_by(Category::ID)
        .order_by(Category::NAME)
        .select((
            Category::ID,
            Category::NAME,
            count(Product::ID),
            func::coalesce(avg(Product::PRICE), Decimal::ZERO),
        ))
        .all(db)
        .await?;
    let revenues = Product::query()
        .join(Product::ORDER_ITEMS)
        .join(OrderItem::ORDER)
        .filter(Order::STATUS.eq(OrderStatus::Delivered))
        .group_by(Product::CATEGORY_ID)
        .select((Product::CATEGORY_ID, sum(OrderItem::TOTAL_PRICE)))
        .all(db)
        .await?;
    let revenues: HashMap<Option<i32>, Option<Decimal>> = revenues.into_iter().collect();
    Ok(shelves
        .into_iter()
        .map(|(id, name, product_count, avg_price)| CategoryPerformance {
            name,
            product_count,
            total_revenue: revenues
                .get(&Some(id))
                .copied()
                .flatten()
                .unwrap_or_default(),
            avg_price: avg_price.round_dp(2),
        })
        .collect())
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Reports", "reports.rs");
    let mut db = engine.session();

    let jane = get_user_by_username(&mut db, "janedoe")
        .await?
        .ok_or(Error::NotFound("janedoe"))?;
    let jane_id = db[jane].id;
    let history = get_user_order_history(&mut db, jane_id).await?;
    let mut rows = Vec::new();
    for order in &history {
        let order = db.view(*order);
        let mut items = Vec::new();
        for item in order.related(Order::ITEMS)? {
            items.push(format!(
                "{} {}",
                item.quantity,
                item.related(OrderItem::PRODUCT)?.name
            ));
        }
        let city = order
            .related(Order::SHIPPING_ADDRESS)?
            .map(|address| address.city.clone());
        rows.push([
            format!("{:?}", order.status),
            items.join(", "),
            city.unwrap_or_default(),
            format!("{:.2}", order.total_amount()?),
        ]);
    }
    story.say("Jane's orders:");
    story.table(["status", "items", "to", "total"], &rows);
    story.check("get_user_order_history", history.len(), 3);
    // The same total as a value of the query: nothing is loaded for it.
    let dearest: Option<Decimal> = Order::query()
        .filter(Order::USER_ID.eq(jane_id))
        .order_by(TotalAmount::sql().desc())
        .select(TotalAmount::sql())
        .first(&mut db)
        .await?;
    let totals: Vec<Decimal> = history
        .iter()
        .map(|order| db.view(*order).total_amount())
        .collect::<orm_core::Result<_>>()?;
    story.check("the dearest order", dearest, totals.iter().copied().max());
    let different = db.disagreements::<TotalAmount>(&history).await?;
    story.check("total_amount in SQL and in Rust", different.len(), 0);
    story.check("the latest first", rows[0][0].as_str(), "Cancelled");
    story.check(
        "with items and products",
        rows[2][1].as_str(),
        "5 Novel, 1 Atlas, 50% larger",
    );

    let laptop = product_named(&mut db, "Laptop").await?;
    let laptop_id = db[laptop].id;
    let report = get_product_sales_report(&mut db, laptop_id).await?;
    let rows: Vec<_> = report
        .iter()
        .map(|sales| {
            [
                format!("{}-{:02}", sales.year, sales.month),
                sales.total_quantity.to_string(),
                format!("{:.2}", sales.total_revenue),
            ]
        })
        .collect();
    story.say("Laptops sold:");
    story.table(["month", "sold", "revenue"], &rows);
    let sold: i64 = report.iter().map(|sales| sales.total_quantity).sum();
    let revenue: Decimal = report.iter().map(|sales| sales.total_revenue).sum();
    story.check(
        "get_product_sales_report",
        (sold, revenue),
        (4, dec!(3948.97)),
    );
    let first = Utc::now() - TimeDelta::days(70);
    let month = report.first().map(|sales| (sales.year, sales.month));
    story.check(
        "the first month",
        month,
        Some((first.year(), first.month() as i32)),
    );

    let categories = get_category_performance(&mut db).await?;
    let rows: Vec<_> = categories
        .iter()
        .map(|category| {
            [
                category.name.clone(),
                category.product_count.to_string(),
                format!("{:.2}", category.total_revenue),
                format!("{:.2}", category.avg_price),
            ]
        })
        .collect();
    story.say("Categories, by delivered orders:");
    story.table(["category", "products", "revenue", "average price"], &rows);
    story.check(
        "get_category_performance",
        rows,
        [
            ["Books", "2", "143.50", "50.95"],
            ["Electronics", "3", "2997.98", "424.50"],
        ],
    );
    Ok(())
}
