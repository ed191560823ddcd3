//! A bench for experiments: the shop of the guide, and room for a block of it, to be changed and run again.
//!
//! ```text
//! cargo run --example experiment
//! ```
//!
//! Paste a block of `orm_core::guide` (its code that can be seen) between the marks, change a line, and look at what the
//! session, the plan and the wire make of it. `db` is a session, `shop.log` the statements that were sent, and
//! `shop.elsewhere(..)` is somebody else at work. Whatever is left in the session at the end is shown.

use std::process::ExitCode;

use examples::Result;
use guide_shop::*;
use orm_core::prelude::*;

/// Does the experiment, and gives what there is to be seen behind it.
async fn run() -> Result<String> {
    let shop = Shop::open().await?;
    let mut db = shop.engine.session();

    // ── the experiment ──────────────────────────────────────────────────────────────────────────
    let ann = User::query()
        .filter(User::NAME.eq("Ann"))
        .one(&mut db)
        .await?;
    let air = db.get::<Product>(1).await?.expect("the row is there");
    db[air].stock -= 1;
    db.add(Order::create().user(ann));
    // ────────────────────────────────────────────────────────────────────────────────────────────

    let sent = shop.log.take().join("\n");
    let plan = db.plan()?;
    let (session, undo) = (db.debug_view().values(), db.undo_view().values());
    Ok(format!(
        "What was sent\n{sent}\n\nThe session\n{session}\nWhat a flush would do\n{plan}\nWhat a rollback would put back\n{undo}"
    ))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(seen) => {
            println!("{seen}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("experiment: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
#[tokio::test]
async fn the_bench_shows_what_the_experiment_has_left() {
    let seen = run().await.unwrap();
    let mut told = seen.lines();
    for line in [
        "What was sent",
        "BEGIN",
        "The session",
        "  #0  changed    stock: 5 -> 4",
        "  #0  new        status: 'open', user_id: 1, version: 1",
        "What a flush would do",
        " 2. 1 row: UPDATE products SET stock = $1 WHERE id = $2",
        "What a rollback would put back",
        "  1  row    Product#0    stock was 5",
    ] {
        assert!(
            told.any(|told| told == line),
            "`{line}` is missing in:\n{seen}"
        );
    }
}
