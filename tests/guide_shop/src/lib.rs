//! The shop of the guide: the models that its chapters share, and a database with a few rows for each block of code.
//!
//! The blocks in `orm-core/src/guide` are doctests of `orm-core`, which has this crate among its dev-dependencies. They could
//! define the models themselves, in hidden lines; then the compiler would meet eight derives in each of a hundred blocks.

use std::sync::Arc;

use orm_core::engine::StatementLog;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

/// All models, for `engine.create_all::<All>()`.
pub type All = (User, Profile, Category, Product, Tag, Order, OrderItem);

/// Somebody who buys.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "users",
    has_many(orders: Order, via = user),
    has_one(profile: Profile, via = user)
)]
pub struct User {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// What to log in with.
    #[orm(unique)]
    pub email: String,
    /// What to be called.
    pub name: String,
    /// Whether the account is in use.
    #[orm(default = true)]
    pub active: bool,
}

/// What a user tells of themselves.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "profiles")]
pub struct Profile {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// In their words.
    pub bio: String,
    /// Whose it is.
    #[orm(unique, belongs_to(user: User, on_delete = "cascade"))]
    pub user_id: i32,
}

/// A shelf, which may stand in a larger one.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "categories",
    has_many(products: Product, via = category),
    has_many(children: Category, via = parent)
)]
pub struct Category {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// What is written on it.
    #[orm(unique)]
    pub name: String,
    /// The larger one.
    #[orm(belongs_to(parent: Self))]
    pub parent_id: Option<i32>,
}

/// Something to buy.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "products",
    many_to_many(tags: Tag, table = "product_tags"),
    check("stock >= 0")
)]
pub struct Product {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// In cents.
    pub price: i32,
    /// How many there are.
    #[orm(default = 0)]
    pub stock: i32,
    /// Where it stands.
    #[orm(index, belongs_to(category: Category))]
    pub category_id: Option<i32>,
}

/// A word that stands on products.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(products: Product, via = tags))]
pub struct Tag {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// The word.
    #[orm(unique)]
    pub word: String,
}

/// How far an order has come.
#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "order_status")]
pub enum OrderStatus {
    /// Not paid.
    Open,
    /// Paid.
    Paid,
    /// On its way.
    Shipped,
}

/// An order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "orders", has_many(items: OrderItem, via = order, cascade(delete, delete_orphan)))]
pub struct Order {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// How far it has come.
    #[orm(default = OrderStatus::Open)]
    pub status: OrderStatus,
    /// Who ordered.
    #[orm(index, belongs_to(user: User))]
    pub user_id: i32,
    /// Counts the changes.
    #[orm(version)]
    pub version: i32,
}

/// A line of an order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "order_items")]
pub struct OrderItem {
    /// Given by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// How many.
    pub quantity: i32,
    /// What one cost on that day, in cents.
    pub price: i32,
    /// Which order.
    #[orm(index, belongs_to(order: Order))]
    pub order_id: i32,
    /// Of what.
    #[orm(index, belongs_to(product: Product))]
    pub product_id: i32,
}

/// A database with the shop in it, which is dropped with this value.
pub struct Shop {
    /// An engine on it.
    pub engine: Engine,
    /// The statements that the engine has sent.
    pub log: StatementLog,
    /// The database.
    pub test: TestDb,
}

impl Shop {
    /// Opens a shop of one's own.
    ///
    /// # Errors
    /// When there is no server.
    pub async fn open() -> orm_core::Result<Shop> {
        let test = TestDb::with_models::<All>().await?;
        let log = StatementLog::new();
        let observed = Engine::builder(test.url()).observe(Arc::new(log.clone()));
        let engine = observed.connect().await?;
        fill(&engine).await?;
        log.clear();
        Ok(Shop { engine, log, test })
    }

    /// Lets others do something meanwhile: hand-written SQL on a connection of its own.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn elsewhere(&self, sql: &'static str) -> orm_core::Result<()> {
        let other = self.test.engine().await?;
        other.acquire().await?.execute_script(sql).await
    }
}

/// The rows. Keys are given in the order in which they stand here.
async fn fill(engine: &Engine) -> orm_core::Result<()> {
    let mut db = engine.session();
    let ann = db.add(User::create().email("ann@example.com").name("Ann"));
    let bob = db.add(User::create().email("bob@example.com").name("Bob"));
    db.add(
        User::create()
            .email("cleo@example.com")
            .name("Cleo")
            .active(false),
    );
    db.add(Profile::create().bio("likes tea").user(ann));

    let computers = db.add(Category::create().name("Computers"));
    let laptops = db.add(Category::create().name("Laptops").parent(computers));
    let phones = db.add(Category::create().name("Phones"));

    let air = Product::create()
        .name("Air")
        .price(99_900)
        .stock(5)
        .category(laptops);
    let air = db.add(air);
    let pro = Product::create()
        .name("Pro")
        .price(149_900)
        .stock(2)
        .category(laptops);
    let pro = db.add(pro);
    let nova = Product::create()
        .name("Nova")
        .price(69_900)
        .stock(8)
        .category(phones);
    let nova = db.add(nova);
    let cable = db.add(Product::create().name("Cable").price(1_900).stock(100));

    let new = db.add(Tag::create().word("new"));
    let sale = db.add(Tag::create().word("sale"));
    for (product, tag) in [(air, new), (nova, new), (nova, sale)] {
        db.push(product, Product::TAGS, tag);
    }

    for (user, status, items) in [
        (
            ann,
            OrderStatus::Paid,
            vec![(1, 99_900, air), (2, 1_900, cable)],
        ),
        (ann, OrderStatus::Open, vec![(1, 69_900, nova)]),
        (
            bob,
            OrderStatus::Shipped,
            vec![(1, 149_900, pro), (1, 1_900, cable)],
        ),
    ] {
        let order = db.add(Order::create().status(status).user(user));
        for (quantity, price, product) in items {
            let item = OrderItem::create().quantity(quantity).price(price);
            db.add(item.product(product).order(order));
        }
    }
    db.commit().await
}
