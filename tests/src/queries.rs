//! The models of the query tests and of the compile-fail cases: the tutorial's shop, a tree of employees, and two tables that
//! are there to be awkward.
#![allow(missing_docs)]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orm_core::engine::{Connection, StatementLog};
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use rust_decimal::Decimal;
use uuid::Uuid;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "users",
    has_many(orders: Order, via = user),
    has_many(addresses: Address, via = user),
    has_one(profile: Profile, via = user)
)]
pub struct User {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(length = 50, unique)]
    pub username: String,
    pub email: String,
    pub full_name: Option<String>,
    #[orm(default = true)]
    pub is_active: bool,
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "profiles")]
pub struct Profile {
    #[orm(primary_key)]
    pub id: i32,
    pub bio: Option<String>,
    #[orm(belongs_to(user: User))]
    pub user_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "addresses")]
pub struct Address {
    #[orm(primary_key)]
    pub id: i32,
    pub city: String,
    #[orm(belongs_to(user: User))]
    pub user_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "categories", has_many(products: Product, via = category))]
pub struct Category {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub description: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "products",
    has_many(items: OrderItem, via = product),
    many_to_many(tags: Tag, through = ProductTag)
)]
pub struct Product {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub description: Option<String>,
    #[orm(precision = 10, scale = 2)]
    pub price: Decimal,
    #[orm(default = 0)]
    pub stock_quantity: i32,
    #[orm(belongs_to(category: Category))]
    pub category_id: Option<i32>,
    #[orm(default = true)]
    pub is_active: bool,
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(products: Product, through = ProductTag))]
pub struct Tag {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "product_tags")]
pub struct ProductTag {
    #[orm(primary_key, belongs_to(product: Product))]
    pub product_id: i32,
    #[orm(primary_key, belongs_to(tag: Tag))]
    pub tag_id: i32,
}

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "order_status", rename_all = "snake_case")]
pub enum OrderStatus {
    Pending,
    Processing,
    Completed,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "orders", has_many(items: OrderItem, via = order))]
pub struct Order {
    #[orm(primary_key, default = Uuid::new_v4())]
    pub id: Uuid,
    #[orm(default = OrderStatus::Pending)]
    pub status: OrderStatus,
    pub metadata: Option<serde_json::Value>,
    #[orm(default)]
    pub tags: Vec<String>,
    #[orm(belongs_to(user: User))]
    pub user_id: Option<i32>,
    #[orm(belongs_to(shipping_address: Address))]
    pub shipping_address_id: Option<i32>,
    #[orm(belongs_to(billing_address: Address))]
    pub billing_address_id: Option<i32>,
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "order_items")]
pub struct OrderItem {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(belongs_to(order: Order))]
    pub order_id: Uuid,
    #[orm(belongs_to(product: Product))]
    pub product_id: i32,
    pub quantity: i32,
    #[orm(precision = 10, scale = 2)]
    pub unit_price: Decimal,
    #[orm(precision = 10, scale = 2)]
    pub total_price: Decimal,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "employees", has_many(reports: Employee, via = manager))]
pub struct Employee {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub salary: i64,
    #[orm(belongs_to(manager: Employee))]
    pub manager_id: Option<i32>,
}

pub type Boss = Aliased<Employee, 1>;

/// Every name in it is a keyword, or worse.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "group")]
pub struct Group {
    #[orm(primary_key)]
    pub id: i32,
    pub r#type: String,
    #[orm(column = "order")]
    pub position: i32,
    #[orm(column = "Full \"Name\"; --")]
    pub name: Option<String>,
}

/// Numbers and truth values of all kinds, with and without NULL.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "numbers")]
pub struct Number {
    #[orm(primary_key)]
    pub id: i32,
    pub small: i16,
    pub a: i32,
    pub b: Option<i32>,
    pub big: i64,
    pub exact: Decimal,
    pub real: f32,
    pub double: f64,
    pub flag: Option<bool>,
}

const TABLES: &str = r#"
    create table users (
        id int generated by default as identity primary key, username varchar(50) not null unique, email text not null,
        full_name text, is_active bool not null, created_at timestamptz not null default now(), updated_at timestamptz);
    create table profiles (
        id int generated by default as identity primary key, bio text, user_id int not null unique references users);
    create table addresses (
        id int generated by default as identity primary key, city text not null, user_id int not null references users);
    create table categories (
        id int generated by default as identity primary key, name text not null, description text);
    create table products (
        id int generated by default as identity primary key, name text not null, description text,
        price numeric(10, 2) not null, stock_quantity int not null, category_id int references categories,
        is_active bool not null default true, created_at timestamptz not null default now());
    create table tags (id int generated by default as identity primary key, name text not null);
    create table product_tags (
        product_id int references products, tag_id int references tags, primary key (product_id, tag_id));
    create type order_status as enum ('pending', 'processing', 'completed');
    create table orders (
        id uuid primary key, status order_status not null, metadata jsonb, tags text[] not null default '{}',
        user_id int references users, shipping_address_id int references addresses,
        billing_address_id int references addresses, created_at timestamptz not null default now());
    create table order_items (
        id int generated by default as identity primary key, order_id uuid not null references orders,
        product_id int not null references products, quantity int not null, unit_price numeric(10, 2) not null,
        total_price numeric(10, 2) not null);
    create table employees (
        id int generated by default as identity primary key, name text not null, salary int8 not null,
        manager_id int references employees);
    create table "group" (
        id int generated by default as identity primary key, type text not null, "order" int not null,
        "Full ""Name""; --" text);
    create table numbers (
        id int generated by default as identity primary key, small int2 not null, a int not null, b int, big int8 not null,
        exact numeric not null, real float4 not null, double float8 not null, flag bool);
"#;

const ROWS: &str = r#"
    insert into users (username, email, full_name, is_active, created_at, updated_at) values
        ('ann', 'ann@example.org', 'Ann Lee', true, now() - interval '2 days', now()),
        ('bob', 'bob@example.org', null, true, now() - interval '90 days', null),
        ('cid', 'cid@example.org', 'Cid %_\ Cee', false, now() - interval '10 days', null),
        ('dee', 'dee@example.org', null, false, now() - interval '400 days', now());
    insert into profiles (bio, user_id) values ('sails', 1), (null, 2);
    insert into addresses (city, user_id) values ('Rome', 1), ('Oslo', 1), ('Bonn', 2);
    insert into categories (name, description) values ('Laptops', 'to carry'), ('Phones', null), ('Empty', null);
    insert into products (name, description, price, stock_quantity, category_id) values
        ('Air', 'light', 999.99, 5, 1), ('Pro', null, 1999.99, 0, 1), ('Mini', 'small', 599.00, 20, 2),
        ('Loose', null, 10.00, 1, null);
    insert into tags (name) values ('new'), ('sale'), ('unused');
    insert into product_tags values (1, 1), (1, 2), (3, 2);
    insert into orders (id, status, metadata, tags, user_id, shipping_address_id, billing_address_id, created_at) values
        ('00000000-0000-0000-0000-000000000001', 'completed', '{"gift": true}', '{a,b}', 1, 1, 2, '2026-01-15 12:00Z'),
        ('00000000-0000-0000-0000-000000000002', 'pending', null, '{}', 1, 2, null, '2026-02-15 12:00Z'),
        ('00000000-0000-0000-0000-000000000003', 'completed', null, '{}', 2, 3, 3, '2026-02-20 12:00Z'),
        ('00000000-0000-0000-0000-000000000004', 'processing', null, '{}', null, null, null, '2026-03-01 12:00Z');
    insert into order_items (order_id, product_id, quantity, unit_price, total_price) values
        ('00000000-0000-0000-0000-000000000001', 1, 2, 999.99, 1999.98),
        ('00000000-0000-0000-0000-000000000001', 3, 1, 599.00, 599.00),
        ('00000000-0000-0000-0000-000000000002', 1, 1, 999.99, 999.99),
        ('00000000-0000-0000-0000-000000000003', 3, 3, 599.00, 1797.00);
    insert into employees (name, salary, manager_id) values
        ('Root', 900, null), ('Left', 500, 1), ('Right', 600, 1), ('Leaf', 700, 2);
    insert into "group" (type, "order", "Full ""Name""; --") values ('x', 2, 'second'), ('y', 1, null);
    insert into numbers (small, a, b, big, exact, real, double, flag) values
        (1, 10, 3, 10000000000, 1.50, 0.5, 0.25, true), (2, -7, null, 2, 2.25, 1.5, 2.5, false),
        (3, 0, 0, 3, -1, 2.5, -1.75, null);
"#;

/// A database of one's own with the models' tables and a few rows.
pub struct Shop {
    pub engine: Engine,
    pub log: StatementLog,
    // Dropped last: the connections first, then the database.
    _db: TestDb,
}

impl Shop {
    /// # Panics
    /// Where there is no server.
    pub async fn open() -> Shop {
        let db = TestDb::from_template("queries", async |url| {
            let mut conn = Engine::connect(url).await?.acquire().await?;
            conn.execute_script(TABLES).await?;
            conn.execute_script(ROWS).await
        })
        .await
        .expect("a database");
        let log = StatementLog::new();
        let engine = Engine::builder(db.url()).observe(Arc::new(log.clone()));
        let engine = engine.connect().await.expect("an engine");
        log.clear();
        Shop {
            engine,
            log,
            _db: db,
        }
    }

    pub fn session(&self) -> Session {
        self.engine.session()
    }

    /// # Panics
    /// When no connection can be had.
    pub async fn connection(&self) -> Connection {
        self.engine.acquire().await.expect("a connection")
    }
}

/// The id of the order that ends in this number.
pub fn order_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}
