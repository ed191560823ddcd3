//! The unit of work. Between two marks stands a step: its lines are shown as they stand here, and what the session, the plan
//! and the wire make of them.

use examples::Result;
use orm_core::prelude::*;

use crate::models::{Item, Order, User};
use crate::scene::Stage;

/// This file, for the lines that are shown.
pub(crate) const SOURCE: &str = include_str!("story.rs");

/// Performs it.
pub(crate) async fn tell(engine: &Engine, stage: &mut Stage<'_>) -> Result {
    let from = line!();
    let mut db = engine.session();
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "A session",
        "A session is empty and has no connection. It takes one for its first statement, and that statement begins a \
         transaction.",
    )?;

    let from = line!();
    let anns = User::query()
        .filter(User::NAME.eq("Ann"))
        .with(User::ORDERS);
    let ann = anns.one(&mut db).await?;
    let code = from..line!();
    stage.cast.users.push(ann);
    stage.cast.orders = db.related(ann, User::ORDERS)?.into();
    stage.scene(
        &mut db,
        code,
        "Read a user with her orders",
        "BEGIN travels ahead of the first SELECT. The rows go into the session, and `ann` is a handle: a small key that names \
         one of them. `.one` asks for two rows, to know that there is no second. `.with` loads the orders by one statement \
         for all users that were found, however many. A statement that a connection has not seen yet is prepared first, \
         which is a round trip more.",
    )?;

    let from = line!();
    let id = db[ann].id;
    assert_eq!(db.get::<User>(id).await?, Some(ann));
    let dear = Order::query()
        .filter(Order::TOTAL.gt(20))
        .one(&mut db)
        .await?;
    assert_eq!(dear, db.related(ann, User::ORDERS)?[0]);
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Ask for the same rows again",
        "The identity map has one entity for each primary key. `get` finds Ann there and sends nothing. A query does send, since \
         only PostgreSQL knows which rows match; but the row that comes back has a key that is known, so the answer is the \
         handle that was there before.",
    )?;

    let from = line!();
    let orders = db.related(ann, User::ORDERS)?;
    db.load(&orders, Order::ITEMS).await?;
    let code = from..line!();
    for order in &orders {
        stage.cast.items.extend(db.related(order, Order::ITEMS)?);
    }
    stage.scene(
        &mut db,
        code,
        "Load what the orders lead to",
        "`related` reads memory and never sends. `load` is the call that does: one statement for all orders of the list, with \
         their keys as one array. A loop with a statement for each order would be the N+1 problem.",
    )?;

    let from = line!();
    db[ann].name = "Anna".to_owned();
    db[dear].total += 5;
    db[dear].total += 5;
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Change two rows",
        "`db[ann]` gives out the struct itself, mutably. Before it does so for the first time, the session keeps a copy of the \
         row and puts it into the undo log. Nothing else happens: the flush will compare the row with its copy. The second \
         change of the order finds the copy there.",
    )?;

    let from = line!();
    let item = |product: &str| Item::create().product(product).quantity(1);
    let new = Order::create()
        .total(25)
        .user(ann)
        .items([item("pot"), item("lid")]);
    let new = db.add(new);
    let code = from..line!();
    stage.cast.orders.push(new);
    stage.cast.items.extend(db.related(new, Order::ITEMS)?);
    stage.scene(
        &mut db,
        code,
        "Add an order with its items",
        "Three entities are pending: they have drafts and no rows yet. The items don't know the key of their order, because \
         PostgreSQL will make it; the session knows that the key is to come, and from where. In memory the order is among \
         Ann's orders already.",
    )?;

    let from = line!();
    db.delete(orders[1])?;
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Delete an order",
        "`delete` is a mark. What goes with the order is found when the flush is planned: its items, because the relationship \
         says `cascade(delete)`. The plan is complete now. Parents are inserted before their children and deleted behind them.",
    )?;

    let from = line!();
    db.flush().await?;
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Flush",
        "Each step of the plan is one statement. Statements that don't need one another's answers go out together; the items wait \
         for the order's key. Two new items are one INSERT, with one array for each column. What comes back goes into the \
         rows. Everything is written, and nothing is committed; the undo log still knows what was.",
    )?;

    let from = line!();
    let mut attempt = db.begin_nested().await?;
    attempt[ann].name = "Nobody".to_owned();
    attempt.flush().await?;
    let code = from..line!();
    stage.scene(
        &mut attempt,
        code,
        "A savepoint, and something to regret",
        "A savepoint is a place in PostgreSQL's transaction, and one in the undo log. What is changed behind it is in the log once \
         more, with the value that it had when the savepoint was made.",
    )?;

    let from = line!();
    attempt.rollback().await?;
    assert_eq!(db[ann].name, "Anna");
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Back to the savepoint",
        "PostgreSQL takes back what was written since the savepoint, and the session takes the entries off the end of its log. So \
         the two agree again. The row is stale: another load of it will read it anew.",
    )?;

    let from = line!();
    db.commit().await?;
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "Commit",
        "There was nothing left to flush, so COMMIT is alone. The connection goes back to the pool and the undo log is empty. Rows \
         stay readable. They are stale from now on: others may change them, so a write from one will ask for the old values \
         first.",
    )?;

    let from = line!();
    let mut other = engine.read_only_session();
    let orders = Order::query()
        .order_by(Order::ID)
        .select((Order::ID, Order::TOTAL));
    assert_eq!(orders.all(&mut other).await?, [(1, 40), (3, 25)]);
    let code = from..line!();
    stage.scene(
        &mut db,
        code,
        "What others see",
        "Another session, in another transaction, sees the rows as they were committed. It asked for columns and not for \
         entities, so it has no entities either: values come as they are, and the identity map stays empty.",
    )?;
    Ok(())
}
