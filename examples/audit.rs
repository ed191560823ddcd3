//! An audit log by hooks, and what else an application asks of every session: who is at work, and rows that are marked
//! instead of deleted.
//!
//! ```text
//! cargo run --example audit
//! ```
//!
//! Read from the top: the models, the hooks, the engine that has them in every session, and what follows from that. No line
//! of `work` speaks of the log: an entry is written by the flush that writes the row, in its transaction.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use examples::Story;
use orm_core::prelude::*;
use orm_core::session::{HookContext, Hooks, Problems, SessionEvents, SessionOptions};
use orm_core::testing::TestDb;
use orm_core::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Model, Debug, Clone, PartialEq, Serialize)]
#[orm(table = "products")]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
    price: i32,
    /// When it was deleted. Queries don't see it from then on.
    deleted_at: Option<DateTime<Utc>>,
}

/// What was done to a row, by whom, and which values changed.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "audit_log")]
struct AuditEntry {
    #[orm(primary_key)]
    id: i32,
    #[orm(server_default = "now()")]
    at: DateTime<Utc>,
    who: Option<String>,
    action: String,
    model: String,
    row_id: i32,
    /// `{"price": [999, 899]}`: what it was and what it is.
    changes: Value,
}

/// Who is at work: every request puts it into its session.
#[derive(Clone)]
struct CurrentUser(&'static str);

/// A model whose changes are logged.
trait Audited: orm_core::model::Model + Serialize {
    fn row_id(&self) -> i32;
}

impl Audited for Product {
    fn row_id(&self) -> i32 {
        self.id
    }
}

/// Writes the log: one implementation for all models that are `Audited`.
///
/// The entries are added behind the statements, where keys are known, and are inserted in the same transaction: the log
/// and the rows come or stay away together.
struct Audit;

impl<M: Audited> Hooks<M> for Audit {
    fn after_insert(&self, row: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        log("insert", None, Some(row), context)
    }

    fn after_update(&self, row: &M, old: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        log("update", Some(old), Some(row), context)
    }

    fn after_delete(&self, row: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        log("delete", Some(row), None, context)
    }
}

fn log<M: Audited>(
    action: &str,
    old: Option<&M>,
    new: Option<&M>,
    context: &mut HookContext<'_, M>,
) -> Result<()> {
    let Some(row) = new.or(old) else {
        return Ok(());
    };
    let (before, after) = (fields(old)?, fields(new)?);
    let names = after.keys().chain(before.keys());
    let changes: Map<String, Value> = names
        .filter(|name| *name != "id")
        .map(|name| (name, value_of(&before, name), value_of(&after, name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| (name.clone(), json!([before, after])))
        .collect();
    let who = context.info().get::<CurrentUser>();
    let entry = AuditEntry::create()
        .who(who.map(|user| user.0.to_owned()))
        .action(action)
        .model(M::TABLE.model)
        .row_id(row.row_id())
        .changes(Value::Object(changes));
    context.add(entry);
    Ok(())
}

/// The fields of a row as JSON; none of no row.
fn fields<M: Serialize>(row: Option<&M>) -> Result<Map<String, Value>> {
    match serde_json::to_value(row).map_err(|error| Error::invalid(error.to_string()))? {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

fn value_of<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a Value {
    fields.get(name).unwrap_or(&Value::Null)
}

/// What must hold of a product, whoever writes it.
struct ProductRules;

impl Hooks<Product> for ProductRules {
    fn validate(&self, product: &ProductDraft, problems: &mut Problems<Product>) {
        if product.price.is_some_and(|price| price < 0) {
            problems.reject(Product::PRICE, "must not be negative");
        }
    }
}

/// A deleted product is marked; the log sees an update.
struct SoftDelete;

impl SessionEvents for SoftDelete {
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        for product in db.deleted::<Product>() {
            db.undelete(product)?;
            db[product].deleted_at = Some(Utc::now());
        }
        Ok(())
    }
}

/// The engine of the application: all of its sessions have the hooks, and see no marked rows.
fn with_rules(engine: &Engine) -> Engine {
    engine.with_sessions(
        SessionOptions::new()
            .hooks(ProductRules)
            .hooks::<Product>(Audit)
            .events(SoftDelete)
            .criteria::<Product>(Product::DELETED_AT.is_null().for_model()),
    )
}

/// What an application does all day. Gives what was said to the one whose change was rejected.
async fn work(engine: &Engine) -> Result<String> {
    let mut db = engine.session();
    db.info_mut().insert(CurrentUser("ann"));
    let air = db.add(Product::create().name("Air").price(999));
    db.add(Product::create().name("Mini").price(599));
    db.commit().await?;

    db.info_mut().insert(CurrentUser("bob"));
    db[air].price = 899;
    db.commit().await?;

    // Written and rolled back, and its entry with it.
    db[air].price = 1;
    db.flush().await?;
    db.rollback().await?;

    // Rejected before anything is sent; the session goes on when the row is put right.
    db[air].price = -1;
    let rejected = match db.commit().await {
        Err(error) if error.validation().is_some() => error.to_string(),
        outcome => {
            outcome?;
            "nothing, and it should have been rejected".to_owned()
        }
    };
    db[air].price = 899;

    db.delete(air)?;
    db.commit().await?;
    Ok(rejected)
}

/// The log, a line an entry, as people read it.
async fn read_log(db: &mut Session) -> Result<Vec<String>> {
    let entries = AuditEntry::query().order_by(AuditEntry::ID).all(db).await?;
    Ok(entries.iter().map(|entry| line(&db[*entry])).collect())
}

fn line(entry: &AuditEntry) -> String {
    let changes = entry.changes.as_object().into_iter().flatten();
    let changes: Vec<_> = changes
        .map(|(field, change)| match field.as_str() {
            "deleted_at" => "marked as deleted".to_owned(),
            _ if change[0].is_null() => format!("{field} {}", change[1]),
            _ => format!("{field} {} -> {}", change[0], change[1]),
        })
        .collect();
    let who = entry.who.as_deref().unwrap_or("nobody");
    let (action, model, row) = (&entry.action, &entry.model, entry.row_id);
    format!("{who}  {action} {model} {row}: {}", changes.join(", "))
}

/// Does the work and tells what came of it.
async fn run(story: &mut Story<'_>) -> Result<()> {
    let test = TestDb::with_models::<(Product, AuditEntry)>().await?;
    let engine = with_rules(&test.engine().await?);
    let rejected = work(&engine).await?;

    let mut db = engine.read_only_session();
    let log = read_log(&mut db).await?;
    story.say("The audit log:");
    story.block(log.join("\n"));
    story.check("entries, none of what was rolled back", log.len(), 4);
    story.say(format_args!("Rejected: {rejected}."));
    let seen = Product::query().select(Product::NAME);
    let all = Product::query().order_by(Product::ID).select(Product::NAME);
    story.say(format_args!(
        "Products that a query sees: {}; without the criteria: {}.",
        seen.all(&mut db).await?.join(", "),
        all.without_criteria().all(&mut db).await?.join(", ")
    ));
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn every_change_that_was_committed_is_in_the_log_and_no_other() {
    let told = [
        "The audit log:",
        "",
        r#"  ann  insert Product 1: name "Air", price 999"#,
        r#"  ann  insert Product 2: name "Mini", price 599"#,
        "  bob  update Product 1: price 999 -> 899",
        "  bob  update Product 1: marked as deleted",
        "",
        "Rejected: nothing was sent, because rows were rejected: `Product.price` must not be",
        "  negative.",
        "Products that a query sees: Mini; without the criteria: Air, Mini.",
    ];
    examples::expect(run, &told).await;
}
