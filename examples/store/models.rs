//! The store's tables, one struct each: the tutorial's models, and `Post` for its exercises.
//!
//! A model is a plain row. What the tutorial writes as `relationship(..)` is an attribute, and becomes a constant:
//! `Product::CATEGORY`, `Category::PRODUCTS`. The two sides of a relationship cannot disagree, because `has_many` names
//! the other side's `belongs_to` (`via = ..`) and the compiler looks it up.

use chrono::{DateTime, Utc};
use orm_core::expr::{Expr, Of};
use orm_core::prelude::*;
use orm_core::session::{Computed, View};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

/// All models, for `engine.create_all::<All>()`.
pub type All = (User, Address, Category, Product, Order, OrderItem, Post);

/// Somebody who buys, and writes posts.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "users",
    has_many(addresses: Address, via = user, cascade(delete, delete_orphan)),
    has_many(orders: Order, via = user),
    has_many(posts: Post, via = author, cascade(delete)),
)]
pub struct User {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// The name to log in with.
    #[orm(length = 50, unique)]
    pub username: String,
    /// The address to write to.
    #[orm(length = 255, unique)]
    pub email: String,
    /// Never the password itself.
    #[orm(length = 255)]
    pub password_hash: String,
    /// The name to print on a parcel.
    #[orm(length = 100)]
    pub full_name: Option<String>,
    /// Whether the account is in use. The tutorial's column can be NULL, which is neither; this one cannot.
    #[orm(default = true, server_default = "true")]
    pub is_active: bool,
    /// Whether the account may do everything.
    #[orm(default = false, server_default = "false")]
    pub is_admin: bool,
    /// When the row was made.
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the row was changed last: set by every flush that changes it.
    #[orm(server_default = "now()", on_update = Utc::now())]
    pub updated_at: DateTime<Utc>,
}

/// Where a parcel goes.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "addresses")]
pub struct Address {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Whose it is. Goes with its user, also when a bulk DELETE removes that.
    #[orm(index, belongs_to(user: User, on_delete = "cascade"))]
    pub user_id: i32,
    /// Street and number.
    #[orm(length = 200)]
    pub street: String,
    /// The town.
    #[orm(length = 100)]
    pub city: String,
    /// Two letters, as ISO 3166 has them.
    #[orm(fixed_length = 2)]
    pub country: String,
}

/// A shelf of the store.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "categories", has_many(products: Product, via = category))]
pub struct Category {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Unique, so that "get or create" cannot create it twice.
    #[orm(length = 100, unique)]
    pub name: String,
    /// More words.
    pub description: Option<String>,
}

/// Something to buy.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "products",
    has_many(order_items: OrderItem, via = product),
    check("stock_quantity >= 0"),
    check("reserved_quantity >= 0")
)]
pub struct Product {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// What it is called.
    #[orm(length = 200, index)]
    pub name: String,
    /// More words.
    pub description: Option<String>,
    /// Money is a `Decimal`, never a float.
    #[orm(precision = 10, scale = 2)]
    pub price: Decimal,
    /// How many can still be sold.
    #[orm(default = 0)]
    pub stock_quantity: i32,
    /// How many are ordered and not yet paid. The tutorial takes stock when an order is made, and again when it is paid
    /// for; here the first moves it from `stock_quantity` to this column, and the second takes it from here.
    #[orm(default = 0)]
    pub reserved_quantity: i32,
    /// False once it was taken from the shelf. The tutorial's `soft_delete_product` writes it, and its model lacks it.
    #[orm(default = true)]
    pub is_active: bool,
    /// The shelf.
    #[orm(index, belongs_to(category: Category))]
    pub category_id: Option<i32>,
    /// When the row was made.
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the row was changed last.
    #[orm(server_default = "now()", on_update = Utc::now())]
    pub updated_at: DateTime<Utc>,
    /// Counts the changes: an UPDATE from an older reading is refused, instead of undoing what others wrote.
    #[orm(version)]
    pub version: i32,
}

/// How far an order has come: a native enum in PostgreSQL.
#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "order_status", rename_all = "snake_case")]
pub enum OrderStatus {
    /// Not paid.
    Pending,
    /// Paid.
    Processing,
    /// On its way.
    Shipped,
    /// There.
    Delivered,
    /// Given up.
    Cancelled,
}

/// An order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "orders",
    has_many(items: OrderItem, via = order, cascade(delete, delete_orphan))
)]
pub struct Order {
    /// Made here and not by the server, so it is known before the row is written.
    #[orm(primary_key, default = Uuid::new_v4())]
    pub id: Uuid,
    /// How far it has come.
    #[orm(default = OrderStatus::Pending, index)]
    pub status: OrderStatus,
    /// Anything: `jsonb`.
    pub metadata: Option<Value>,
    /// Anything, kept letter by letter: `json`.
    #[orm(sql_type = "json")]
    pub notes: Option<Value>,
    /// Words: `text[]`.
    #[orm(default)]
    pub tags: Vec<String>,
    /// Who ordered. The order stays when its user goes.
    #[orm(index, belongs_to(user: User, on_delete = "set null"))]
    pub user_id: Option<i32>,
    /// Where it goes.
    #[orm(belongs_to(shipping_address: Address, on_delete = "set null"))]
    pub shipping_address_id: Option<i32>,
    /// When it was made. The tutorial's reports read it, and its model lacks it.
    #[orm(server_default = "now()", index)]
    pub created_at: DateTime<Utc>,
}

/// A line of an order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "order_items", check("quantity > 0"))]
pub struct OrderItem {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Which order.
    #[orm(index, belongs_to(order: Order, on_delete = "cascade"))]
    pub order_id: Uuid,
    /// Which product.
    #[orm(index, belongs_to(product: Product))]
    pub product_id: i32,
    /// How many.
    pub quantity: i32,
    /// What one cost on that day.
    #[orm(precision = 10, scale = 2)]
    pub unit_price: Decimal,
    /// What they cost together: computed by the server, so it cannot be wrong.
    #[orm(precision = 10, scale = 2, computed = "quantity * unit_price")]
    pub total_price: Decimal,
}

/// Something a user wrote: the first exercise.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "posts", index(author_id, created_at))]
pub struct Post {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Its headline; no two of them alike.
    #[orm(length = 200, unique)]
    pub title: String,
    /// Its text.
    pub body: String,
    /// How often it was read.
    #[orm(default = 0)]
    pub views: i32,
    /// Who wrote it.
    #[orm(belongs_to(author: User, on_delete = "cascade"))]
    pub author_id: i32,
    /// When.
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// What all items of an order cost together: over loaded items, and inside a query, where the server adds them up. The
/// tutorial has the first as a property of the model; SQLAlchemy calls the two together a hybrid property. The story checks
/// that they agree.
pub struct TotalAmount;

impl Computed for TotalAmount {
    type Model = Order;
    type Value = Decimal;

    fn value(order: View<'_, Order>) -> orm_core::Result<Decimal> {
        let items = order.related(Order::ITEMS)?;
        Ok(items.map(|item| item.total_price).sum())
    }

    fn sql() -> Expr<Decimal, Of<Order>> {
        func::coalesce(Order::ITEMS.sum(OrderItem::TOTAL_PRICE), Decimal::ZERO).of_model()
    }
}

/// `order.total_amount()?`, as the tutorial has it, on a [`View`]: an order that can see its items.
pub trait OrderTotal {
    /// What all items cost together. The items must be loaded: `.with(Order::ITEMS)`.
    fn total_amount(&self) -> orm_core::Result<Decimal>;
}

impl OrderTotal for View<'_, Order> {
    fn total_amount(&self) -> orm_core::Result<Decimal> {
        TotalAmount::value(*self)
    }
}
