//! Keys of several columns, and foreign keys that refer to them: the lines of an order, and the parcels that a line goes out in.
//!
//! ```text
//! cargo run --example composite_keys
//! ```
//!
//! A line is the second of order 7: its key is the order and a number. So a parcel's foreign key has two columns as well, and
//! the two only mean something together.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "orders", has_many(lines: Line, via = order, order_by = line_no, cascade(delete, delete_orphan)))]
struct Order {
    #[orm(primary_key)]
    id: i32,
    customer: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "order_lines", has_many(parcels: Parcel, via = line, cascade(delete)))]
struct Line {
    /// The first half of the key is a foreign key itself.
    #[orm(primary_key, belongs_to(order: Order))]
    order_id: i32,
    #[orm(primary_key)]
    line_no: i32,
    product: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "parcels", belongs_to(line: Line, columns(order_id, line_no)), index(order_id, line_no))]
struct Parcel {
    #[orm(primary_key)]
    id: i32,
    pieces: i32,
    order_id: i32,
    line_no: i32,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Order, Line, Parcel)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("Keys go down two levels");
    let order = db.add(
        Order::create().customer("Ann").lines([
            Line::create()
                .line_no(1)
                .product("tea")
                .parcels([Parcel::create().pieces(2)]),
            Line::create()
                .line_no(2)
                .product("cups")
                .parcels([Parcel::create().pieces(3), Parcel::create().pieces(1)]),
        ]),
    );
    db.flush().await?;
    story.say("The server makes the order's key; it becomes half of the lines' keys, and with the line's number the parcels' foreign keys.");
    story.sql(log.take());
    db.commit().await?;
    let order_id = db[order].id;

    story.part("A row by its key: a tuple");
    let mut db = engine.session();
    log.clear();
    let cups = db.get::<Line>((order_id, 2)).await?.ok_or("a line")?;
    story.sql(log.take());
    story.say(format_args!(
        "Line 2 of order {order_id}: {}",
        db[cups].product
    ));
    let again = db.get::<Line>((order_id, 2)).await?;
    story.check(
        "the same entity, from the identity map",
        (again, log.count()),
        (Some(cups), 0),
    );

    story.part("Loaded for many: pairs are compared, not columns");
    let lines = Line::query()
        .with(Line::PARCELS)
        .order_by((Line::ORDER_ID, Line::LINE_NO))
        .all(&mut db)
        .await?;
    story.sql(log.take());
    for line in lines {
        let line = db.view(line);
        let pieces: Vec<_> = line
            .related(Line::PARCELS)?
            .map(|parcel| parcel.pieces.to_string())
            .collect();
        story.say(format_args!(
            "{}: parcels of {}",
            line.product,
            pieces.join(" and ")
        ));
    }

    story.part("A join has both columns");
    let pieces = Parcel::query()
        .join(Parcel::LINE)
        .group_by(Line::PRODUCT)
        .order_by(Line::PRODUCT)
        .select((Line::PRODUCT, sum(Parcel::PIECES)));
    let pieces = pieces.all(&mut db).await?;
    story.sql(log.take());
    story.check(
        "pieces",
        pieces,
        vec![("cups".to_owned(), Some(4)), ("tea".to_owned(), Some(2))],
    );

    story.part("A parcel goes to another line");
    let parcel = db.related(cups, Line::PARCELS)?[0];
    let tea = db.get::<Line>((order_id, 1)).await?.ok_or("a line")?;
    log.clear();
    db.set(parcel, Parcel::LINE, tea);
    db.flush().await?;
    let sql = log.take();
    let columns = sql
        .iter()
        .all(|statement| statement.contains("line_no") && !statement.contains("SET order_id"));
    story.sql(sql);
    story.check(
        "only the number differs, and only it is written",
        columns,
        true,
    );

    story.part("Everything goes with its order");
    let order = db.get::<Order>(order_id).await?.ok_or("an order")?;
    log.clear();
    db.delete(order)?;
    db.flush().await?;
    story.sql(log.take());
    story.check("parcels", Parcel::query().count(&mut db).await?, 0);
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_key_of_two_columns_is_referred_to() {
    let told = [
        "Line 2 of order 1: cups",
        "tea: parcels of 2",
        "cups: parcels of 3 and 1",
        "  UPDATE parcels SET line_no = $1 WHERE id = $2",
        "  DELETE FROM orders WHERE id = $1",
    ];
    examples::expect(run, &told).await;
}
