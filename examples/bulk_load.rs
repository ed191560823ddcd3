//! Many rows at once: through the unit of work, past it, over what is there already, and by COPY.
//!
//! ```text
//! cargo run --example bulk_load
//! ```
//!
//! | rows | what to take | why |
//! | --- | --- | --- |
//! | that the program goes on with | `db.add_all(..)` | entities, with their keys; one statement a model |
//! | that it has no more use for | `Model::insert(..)` | one statement, nothing is tracked |
//! | of which some are there already | `.on_conflict(..)` | the server decides row by row |
//! | by the million | `Model::copy_in(..)` | constant memory, the fastest way there is |

use std::process::ExitCode;

use examples::Story;
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "readings", check("value < 1000"))]
struct Reading {
    #[orm(primary_key)]
    id: i32,
    sensor: i32,
    value: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "stock")]
struct Stock {
    #[orm(primary_key, length = 20)]
    sku: String,
    count: i32,
    #[orm(default = 0)]
    deliveries: i32,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Reading, Stock)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();
    let reading = |n: i32| Reading::create().sensor(n % 10).value(n % 1000);

    story.part("Through the unit of work: a thousand entities");
    let readings = db.add_all((0..1000).map(reading));
    db.flush().await?;
    story.sql(log.take());
    story.say(format_args!("A parameter is a whole column, so there is no limit of rows. The keys came back: {} to {}.", db[readings[0]].id, db[readings[999]].id));
    story.check("in order", db[readings[999]].id - db[readings[0]].id, 999);

    story.part("Changed one by one, written at once");
    for reading in &readings {
        db[*reading].value += 1;
    }
    let too_large = readings
        .iter()
        .filter(|reading| db[**reading].value == 1000);
    let too_large: Vec<_> = too_large.copied().collect();
    for reading in too_large {
        db.delete(reading)?;
    }
    db.flush().await?;
    story.sql(log.take());
    story.check(
        "999 rows of the value that they had, and one",
        Reading::query()
            .filter(Reading::VALUE.gt(0))
            .count(&mut db)
            .await?,
        999,
    );
    db.commit().await?;
    log.clear();

    story.part("Past it: nothing to be tracked");
    let inserted = Reading::insert((0..5000).map(reading))
        .exec(&mut db)
        .await?;
    let sent = story.sql(log.take());
    story.say(format_args!("{inserted} rows."));
    story.check("BEGIN and one INSERT", sent, 2);

    story.part("Over what is there already");
    Stock::insert(
        [("tea", 5), ("cup", 2)].map(|(sku, count)| Stock::create().sku(sku).count(count)),
    )
    .exec(&mut db)
    .await?;
    log.clear();
    let delivery =
        [("cup", 10), ("pot", 1)].map(|(sku, count)| Stock::create().sku(sku).count(count));
    let counts = Stock::insert(delivery)
        .on_conflict(Stock::SKU)
        .do_update((
            Stock::COUNT.set(Stock::COUNT + excluded(Stock::COUNT)),
            Stock::DELIVERIES.set(Stock::DELIVERIES + 1),
        ))
        .returning((Stock::SKU, Stock::COUNT, Stock::DELIVERIES))
        .all(&mut db)
        .await?;
    story.sql(log.take());
    let rows: Vec<_> = counts
        .into_iter()
        .map(|(sku, count, deliveries)| [sku, count.to_string(), deliveries.to_string()])
        .collect();
    story.table(["sku", "count", "deliveries"], &rows);
    story.check(
        "the cups were added up",
        rows.contains(&["cup", "12", "1"].map(str::to_owned)),
        true,
    );
    db.commit().await?;

    story.part("By COPY: a row is made when the connection has room for it");
    log.clear();
    let copied = Reading::copy_in((0..50_000).map(reading), &mut db).await?;
    story.sql(log.take());
    story.say(format_args!("{copied} rows, in constant memory."));
    db.commit().await?;
    let before = Reading::query().count(&mut db).await?;
    db.commit().await?;

    story.part("All or nothing: an error names the row");
    let faulty = (1..=2000).map(|n| {
        Reading::create()
            .sensor(1)
            .value(if n == 1234 { 1000 } else { n % 1000 })
    });
    let refused = Reading::copy_in(faulty, &mut db).await;
    if let Err(error) = &refused {
        story.say(error);
    }
    let row = match &refused {
        Err(Error::Constraint(violation)) => violation.row,
        _ => None,
    };
    story.check("the row", row, Some(1234));
    db.rollback().await?;
    story.check(
        "nothing of it is kept",
        Reading::query().count(&mut db).await?,
        before,
    );
    db.rollback().await?;

    story.part("Changed and deleted where they are");
    log.clear();
    let changed = Reading::query()
        .filter(Reading::SENSOR.eq(3))
        .update(Reading::VALUE.set(Reading::VALUE + 1))
        .exec(&mut db)
        .await?;
    let gone = Reading::query()
        .filter(Reading::SENSOR.eq(3))
        .delete()
        .exec(&mut db)
        .await?;
    story.sql(log.take());
    story.say(format_args!(
        "{changed} rows were changed and {gone} deleted, and none of them came here but its key, for the entities that the session has."
    ));
    story.check("a tenth", (changed, gone), (5600, 5600));
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn many_rows_are_few_statements() {
    let told = [
        "5000 rows.",
        "  cup     12           1",
        "50000 rows, in constant memory.",
        "  DELETE FROM readings WHERE readings.sensor = $1 RETURNING readings.id",
    ];
    examples::expect(run, &told).await;
}
