//! How related rows are loaded, and what each way sends: by a join, by one statement a level, a part of them, later, or not at
//! all.
//!
//! ```text
//! cargo run --example loading
//! ```
//!
//! Nothing is loaded that nobody asked for, and nothing one row at a time: that is the N+1 problem, and the last part shows how
//! a program is told of it.

use std::process::ExitCode;
use std::sync::Arc;

use examples::Story;
use orm_core::engine::StatementLog;
use orm_core::prelude::*;
use orm_core::session::{PipelinedLoads, SessionOptions};
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "customers", has_many(orders: Order, via = customer, order_by = id))]
struct Customer {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "orders", has_many(items: Item, via = order, order_by = id))]
struct Order {
    #[orm(primary_key)]
    id: i32,
    total: i32,
    #[orm(index, belongs_to(customer: Customer))]
    customer_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "items")]
struct Item {
    #[orm(primary_key)]
    id: i32,
    product: String,
    #[orm(index, belongs_to(order: Order))]
    order_id: i32,
}

/// Two customers: three orders of two items each, and none.
async fn fill(engine: &Engine) -> orm_core::Result<()> {
    let mut db = engine.session();
    let order = |total: i32| {
        let items = ["tea", "cup"].map(|product| Item::create().product(product));
        Order::create().total(total).items(items)
    };
    db.add(
        Customer::create()
            .name("Ann")
            .orders([10, 20, 30].map(order)),
    );
    db.add(Customer::create().name("Bob"));
    db.commit().await
}

/// A session for each part, so that nothing is there from before; BEGIN is not shown.
fn show(story: &mut Story<'_>, log: &StatementLog) -> usize {
    let mut sent = log.take();
    sent.retain(|statement| statement != "BEGIN");
    story.sql(sent)
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Customer, Order, Item)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    // On a slow machine a session would choose what `pipelined()` asks for below; here it is to be seen by itself.
    let one_by_one = SessionOptions::new().pipelined_loads(PipelinedLoads::Never);
    let engine = engine.with_sessions(one_by_one);
    fill(&engine).await?;
    log.clear();

    story.part("To one: joined, if nothing else is said");
    let mut db = engine.session();
    let orders = Order::query()
        .with(Order::CUSTOMER)
        .order_by(Order::ID)
        .all(&mut db)
        .await?;
    let sent = show(story, &log);
    story.check("one statement", sent, 1);
    let customer = db.related(orders[0], Order::CUSTOMER)?;
    story.check(
        "one entity for all orders",
        db.related(orders[2], Order::CUSTOMER)?,
        customer,
    );
    db.close().await?;
    log.clear();

    story.part("To one: by a statement of its own");
    Order::query()
        .with(Order::CUSTOMER.selectin())
        .order_by(Order::ID)
        .all(&mut db)
        .await?;
    story.say("A customer of a thousand orders comes once, and not a thousand times. What the session has is not asked for.");
    let sent = show(story, &log);
    story.check("two statements", sent, 2);
    db.close().await?;
    log.clear();

    story.part("To many: a statement a level");
    let all = Customer::ORDERS.then(Order::ITEMS);
    let customers = Customer::query()
        .with(all)
        .order_by(Customer::ID)
        .all(&mut db)
        .await?;
    let sent = show(story, &log);
    story.check("three statements, whatever the number of rows", sent, 3);
    let ann = db.view(customers[0]);
    let mut products = 0;
    for order in ann.related(Customer::ORDERS)? {
        products += order.related(Order::ITEMS)?.count();
    }
    story.say(format_args!(
        "{} has {} orders with {products} items; all of it is in memory.",
        ann.name,
        ann.related(Customer::ORDERS)?.count()
    ));
    story.check("reading sends nothing", log.count(), 0);
    db.close().await?;
    log.clear();

    story.part("All levels at once");
    let all = Customer::ORDERS.then(Order::ITEMS);
    Customer::query()
        .with(all)
        .order_by(Customer::ID)
        .pipelined()
        .all(&mut db)
        .await?;
    story.say("`pipelined()`, for a server that is far away: nobody waits for the customers to ask for their orders, as the server finds them once more. A session does so by itself where it measures that it pays.");
    let sent = show(story, &log);
    story.check("three statements", sent, 3);
    db.close().await?;
    log.clear();

    story.part("To many, joined: one statement, and LIMIT still counts customers");
    let joined = Customer::query()
        .with(Customer::ORDERS.joined())
        .order_by(Customer::NAME)
        .limit(1);
    let customers = joined.all(&mut db).await?;
    let sent = show(story, &log);
    story.check("one statement", sent, 1);
    story.check(
        "one customer, three orders",
        (
            customers.len(),
            db.related(customers[0], Customer::ORDERS)?.len(),
        ),
        (1, 3),
    );
    db.close().await?;
    log.clear();

    story.part("A part of them: the dearest two of each customer");
    let dearest = Customer::ORDERS.order_by(Order::TOTAL.desc()).limit(2);
    let customers = Customer::query()
        .with(dearest)
        .order_by(Customer::ID)
        .all(&mut db)
        .await?;
    show(story, &log);
    let totals: Vec<_> = db
        .view(customers[0])
        .related(Customer::ORDERS)?
        .map(|order| order.total)
        .collect();
    story.say(format_args!("Ann's dearest: {totals:?}"));
    story.check("the dearest", totals, vec![30, 20]);
    db.close().await?;
    log.clear();

    story.part("Later, for all that need it");
    let orders = Order::query()
        .filter(Order::TOTAL.gt(10))
        .order_by(Order::ID)
        .all(&mut db)
        .await?;
    let refused = db.related(orders[0], Order::ITEMS);
    story.check(
        "not loaded is an error, and no statement",
        refused.is_err(),
        true,
    );
    db.load(&orders, Order::ITEMS).await?;
    let sent = show(story, &log);
    story.check("one for the orders, one for the items of both", sent, 2);
    db.close().await?;
    log.clear();

    story.part("Not at all: the server counts");
    let counted = Customer::query()
        .order_by(Customer::ID)
        .select((Customer::NAME, Customer::ORDERS.count()));
    let counted = counted.all(&mut db).await?;
    show(story, &log);
    story.say(format_args!("{counted:?}"));
    story.check(
        "counts",
        counted,
        vec![("Ann".to_owned(), 3), ("Bob".to_owned(), 0)],
    );
    db.close().await?;

    story.part("And what not to do");
    let engine = Engine::builder(test_db.url())
        .warn_n_plus_one(2)
        .observe(Arc::new(log.clone()))
        .connect()
        .await?;
    let mut db = engine.session();
    let orders = Order::query().order_by(Order::ID).all(&mut db).await?;
    log.clear();
    for order in &orders {
        db.load(*order, Order::ITEMS).await?;
    }
    story.say("A loop that loads order by order. With `warn_n_plus_one(2)` on the engine, for development, the third is too much:");
    let sent = show(story, &log);
    story.check("a statement an order", sent, 3);
    let warnings = log.take_warnings();
    for warning in &warnings {
        // Without the path of this file, which differs from machine to machine.
        let place = format!("{} ", warning.at);
        story.say(warning.to_string().replace(&place, "this line "));
    }
    story.check("one warning", warnings.len(), 1);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn each_way_of_loading_sends_what_it_says() {
    let told = [
        "  SELECT customers.id, customers.name FROM customers WHERE customers.id = $1",
        "Ann has 3 orders with 6 items; all of it is in memory.",
        "Ann's dearest: [30, 20]",
        "[(\"Ann\", 3), (\"Bob\", 0)]",
    ];
    examples::expect(run, &told).await;
}
