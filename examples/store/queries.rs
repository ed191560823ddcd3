//! Filtering, sorting and statistics.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use examples::Story;
use orm_core::Result;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use serde::Deserialize;

use crate::error;
use crate::models::{Product, User};

/// What a product list can be filtered and sorted by: a request's parameters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProductFilters {
    /// The lowest price.
    pub min_price: Option<Decimal>,
    /// The highest price.
    pub max_price: Option<Decimal>,
    /// Products of this category.
    pub category_id: Option<i32>,
    /// Only what can be sold. The tutorial asks whether the key is there, so that `in_stock: False` filters too.
    pub in_stock: bool,
    /// A part of the name.
    pub search: Option<String>,
    /// A column's name; the product's name if not said.
    pub sort_by: Option<String>,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// What a customer may see: a fragment of a query, to be used by others.
pub fn on_the_shelf(q: EntityQuery<Product>) -> EntityQuery<Product> {
    q.filter(Product::IS_ACTIVE)
}

/// Products, filtered and sorted. A name that is no column is an error that lists the columns; it never reaches SQL.
pub async fn get_filtered_products(
    db: &mut Session,
    filters: &ProductFilters,
) -> Result<Vec<Handle<Product>>> {
    let mut q = on_the_shelf(Product::query());
    if let Some(min_price) = filters.min_price {
        q = q.filter(Product::PRICE.ge(min_price));
    }
    if let Some(max_price) = filters.max_price {
        q = q.filter(Product::PRICE.le(max_price));
    }
    if let Some(category_id) = filters.category_id {
        q = q.filter(Product::CATEGORY_ID.eq(category_id));
    }
    if filters.in_stock {
        q = q.filter(Product::STOCK_QUANTITY.gt(0));
    }
    if let Some(search) = &filters.search {
        q = q.filter(Product::NAME.icontains(search));
    }
    let column = Product::column(filters.sort_by.as_deref().unwrap_or("name"))?;
    let order = if filters.descending {
        column.desc()
    } else {
        column.asc()
    };
    q.order_by((order, Product::ID)).all(db).await
}

/// What `get_user_statistics` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserStatistics {
    /// How many users there are.
    pub total_users: i64,
    /// How many accounts are in use.
    pub active_users: i64,
    /// How many users came in the last thirty days.
    pub recent_registrations: i64,
    /// How many accounts are in use, and how many are not.
    pub status_breakdown: BTreeMap<bool, i64>,
}

/// Counts users. The totals follow from the breakdown, so it takes two statements where the tutorial sends four.
pub async fn get_user_statistics(db: &mut Session) -> Result<UserStatistics> {
    let status_counts = User::query()
        .group_by(User::IS_ACTIVE)
        .select((User::IS_ACTIVE, count(User::ID)))
        .all(db)
        .await?;
    let recent_registrations = User::query()
        .filter(User::CREATED_AT.ge(Utc::now() - TimeDelta::days(30)))
        .select(count(User::ID))
        .scalar(db)
        .await?;
    let status_breakdown: BTreeMap<bool, i64> = status_counts.into_iter().collect();
    Ok(UserStatistics {
        total_users: status_breakdown.values().sum(),
        active_users: status_breakdown.get(&true).copied().unwrap_or(0),
        recent_registrations,
        status_breakdown,
    })
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Filtering, sorting, statistics", "queries.rs");
    let mut db = engine.session();

    let filters = ProductFilters {
        min_price: Some(dec!(20)),
        max_price: Some(dec!(1000)),
        in_stock: true,
        sort_by: Some("price".to_owned()),
        descending: true,
        ..ProductFilters::default()
    };
    let products = get_filtered_products(&mut db, &filters).await?;
    let rows: Vec<_> = products
        .iter()
        .map(|product| {
            [
                db[*product].name.clone(),
                format!("{:.2}", db[*product].price),
            ]
        })
        .collect();
    story.say("In stock, from 20 to 1000, dearest first:");
    story.table(["product", "price"], &rows);
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    story.check(
        "get_filtered_products",
        names,
        ["Laptop", "Monitor", "Mouse"],
    );

    let filters = ProductFilters {
        category_id: Some(2),
        search: Some("NOVEL".to_owned()),
        ..ProductFilters::default()
    };
    let found = get_filtered_products(&mut db, &filters).await?;
    story.check("by category and text", found.len(), 1);
    let injection = ProductFilters {
        sort_by: Some("price; DROP TABLE users".to_owned()),
        ..ProductFilters::default()
    };
    let refused = get_filtered_products(&mut db, &injection).await;
    story.check("a sort column that does not exist", refused.is_err(), true);
    if let Err(error) = refused {
        story.say(format_args!("Sorted by something else: {error}."));
    }

    let statistics = get_user_statistics(&mut db).await?;
    story.table(
        ["users", "active", "new in 30 days"],
        &[[
            statistics.total_users.to_string(),
            statistics.active_users.to_string(),
            statistics.recent_registrations.to_string(),
        ]],
    );
    let expected = UserStatistics {
        total_users: 2,
        active_users: 2,
        recent_registrations: 2,
        status_breakdown: BTreeMap::from([(true, 2)]),
    };
    story.check("get_user_statistics", statistics, expected);
    Ok(())
}
