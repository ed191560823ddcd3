//! JSONB and arrays: columns that hold more than one value, read into Rust types, asked for inside, and changed in part.
//!
//! ```text
//! cargo run --example documents
//! ```
//!
//! Three kinds: a `Value` for what nobody knows beforehand, `Json<T>` where a struct knows it, and a `Vec` for a list of one
//! type.

use std::process::ExitCode;

use examples::Story;
use orm_core::engine::StatementLog;
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use orm_core::types::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Model, Debug, Clone)]
#[orm(table = "products")]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
    /// `jsonb`: anything.
    attributes: Value,
    /// `jsonb`, and always of this form.
    shipping: Json<Shipping>,
    /// `text[]`.
    tags: Vec<String>,
    /// `int4[]`: what it has cost.
    prices: Vec<i32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shipping {
    grams: u32,
    fragile: bool,
}

async fn fill(engine: &Engine) -> orm_core::Result<()> {
    let product = |name: &str, attributes, grams, tags: &[&str], prices: &[i32]| {
        Product::create()
            .name(name)
            .attributes(attributes)
            .shipping(Json(Shipping {
                grams,
                fragile: grams < 500,
            }))
            .tags(tags.iter().map(ToString::to_string).collect::<Vec<_>>())
            .prices(prices.to_vec())
    };
    let mut db = engine.session();
    db.add(product(
        "Lamp",
        json!({"colour": "red", "watts": 40, "bulb": {"base": "E27"}}),
        900,
        &["home", "light"],
        &[30, 25],
    ));
    db.add(product(
        "Torch",
        json!({"colour": "black", "watts": 5}),
        200,
        &["outdoor", "light"],
        &[12],
    ));
    db.add(product(
        "Tent",
        json!({"colour": "green", "persons": 2}),
        4000,
        &["outdoor"],
        &[200, 180, 150],
    ));
    db.commit().await
}

/// The names of the products that meet a condition, and the statement that asked for them.
async fn names(
    story: &mut Story<'_>,
    log: &StatementLog,
    db: &mut Session,
    condition: Filter<Product>,
) -> examples::Result<String> {
    log.clear();
    let query = Product::query()
        .filter(condition)
        .order_by(Product::NAME)
        .select(Product::NAME);
    let names = query.all(db).await?.join(", ");
    let mut sent = log.take();
    sent.retain(|sql| sql != "BEGIN");
    story.sql(sent);
    story.say(&names);
    Ok(names)
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Product,)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    fill(&engine).await?;
    let mut db = engine.session();

    story.part("Asked for inside");
    let red = Product::ATTRIBUTES.json_contains(json!({"colour": "red"}));
    let found = names(story, &log, &mut db, red.for_model()).await?;
    story.check("contains", found.as_str(), "Lamp");
    let strong = Product::ATTRIBUTES.get_as::<i32>("watts").gt(10);
    let found = names(story, &log, &mut db, strong.for_model()).await?;
    story.check("a number in it", found.as_str(), "Lamp");
    let base = Product::ATTRIBUTES
        .get_path_text(["bulb", "base"])
        .eq("E27");
    let found = names(story, &log, &mut db, base.for_model()).await?;
    story.check("at the end of a path", found.as_str(), "Lamp");
    let electric = Product::ATTRIBUTES.has_key("watts");
    let found = names(story, &log, &mut db, electric.for_model()).await?;
    story.check("a key", found.as_str(), "Lamp, Torch");

    story.part("A document with a form");
    let torch = Product::query()
        .filter(Product::NAME.eq("Torch"))
        .one(&mut db)
        .await?;
    story.say(format_args!(
        "In Rust it is a struct: {:?}",
        *db[torch].shipping
    ));
    let fragile = Product::SHIPPING.get_as::<bool>("fragile");
    let found = names(story, &log, &mut db, fragile.for_model()).await?;
    story.check("and in SQL it is JSON", found.as_str(), "Torch");

    story.part("Changed in memory: the whole document is written");
    log.clear();
    db[torch].shipping.grams = 180;
    db[torch].attributes["colour"] = json!("blue");
    db[torch].tags.push("new".to_owned());
    story.block(db.changes(torch)?);
    db.flush().await?;
    story.sql(log.take());

    story.part(
        "Changed by the server: only a part of it travels, and nobody else's part is touched",
    );
    let changed = Product::query()
        .filter(Product::ATTRIBUTES.has_key("watts"))
        .update(Product::ATTRIBUTES.set(func::jsonb_set(
            Product::ATTRIBUTES,
            ["checked"],
            json!(true),
        )))
        .exec(&mut db)
        .await?;
    story.sql(log.take());
    story.say(format_args!(
        "{changed} rows; what the session has is in step: {}",
        db[torch].attributes
    ));
    story.check("in step", &db[torch].attributes["checked"], &json!(true));

    story.part("Lists");
    let outdoor = Product::TAGS.array_contains(vec!["outdoor".to_owned()]);
    let found = names(story, &log, &mut db, outdoor.for_model()).await?;
    story.check("contains", found.as_str(), "Tent, Torch");
    let either = Product::TAGS.array_overlaps(vec!["home".to_owned(), "new".to_owned()]);
    let found = names(story, &log, &mut db, either.for_model()).await?;
    story.check("has one of", found.as_str(), "Lamp, Torch");
    let cheap = value(100).gt(Product::PRICES.as_all());
    let found = names(story, &log, &mut db, cheap.for_model()).await?;
    story.check("never cost 100 or more", found.as_str(), "Lamp, Torch");

    log.clear();
    let prices = Product::query().order_by(Product::NAME).select((
        Product::NAME,
        Product::PRICES.at(1),
        func::cardinality(Product::PRICES),
    ));
    let prices = prices.all(&mut db).await?;
    story.sql(log.take());
    let rows: Vec<_> = prices
        .into_iter()
        .map(|(name, first, times)| [name, first.unwrap_or(0).to_string(), times.to_string()])
        .collect();
    story.table(["product", "first price", "prices"], &rows);

    let tags = Product::query()
        .distinct()
        .select(func::unnest(Product::TAGS));
    let mut tags = tags.all(&mut db).await?;
    tags.sort();
    story.say(format_args!("All tags: {}", tags.join(", ")));
    story.check("unnest", tags, vec!["home", "light", "new", "outdoor"]);

    story.part("JSON made by the server");
    let list = func::jsonb_agg(func::jsonb_build_object((
        ("name", Product::NAME),
        ("price", Product::PRICES.at(1)),
    )));
    log.clear();
    let list = Product::query()
        .select(list.order_by(Product::NAME))
        .one(&mut db)
        .await?;
    story.sql(log.take());
    let list = list.unwrap_or_default();
    story.say(&list);
    story.check("three", list.as_array().map(Vec::len), Some(3));
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn documents_and_lists_are_read_asked_for_and_changed() {
    let told = [
        "In Rust it is a struct: Shipping { grams: 200, fragile: true }",
        "  Tent             200       3",
        "All tags: home, light, new, outdoor",
    ];
    examples::expect(run, &told).await;
}
