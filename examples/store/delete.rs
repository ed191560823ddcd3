//! Deleting records: one with what belongs to it, many in one statement, and not at all.

use examples::Story;
use orm_core::Result;
use orm_core::expr::func;
use orm_core::prelude::*;

use crate::create::create_user;
use crate::error;
use crate::models::{Address, Order, Product, User};
use crate::read::product_named;
use crate::update::bulk_update_user_status;

/// Deletes a user: addresses and posts go with it, orders stay and belong to nobody. False where there is no such user.
pub async fn delete_user(db: &mut Session, user_id: i32) -> Result<bool> {
    let Some(user) = db.get::<User>(user_id).await? else {
        return Ok(false);
    };
    db.delete(user)?;
    db.commit().await?;
    Ok(true)
}

/// Deletes all users whose account is not in use, in one statement, and gives their number.
///
/// What belongs to them is left to the tables' `ON DELETE`; without that, as in the tutorial, this would be refused as
/// soon as one of them has an order.
pub async fn delete_inactive_users(db: &mut Session) -> Result<u64> {
    let deleted = User::query()
        .filter(!User::IS_ACTIVE)
        .delete()
        .exec(db)
        .await?;
    db.commit().await?;
    Ok(deleted)
}

/// Takes a product from the shelf without deleting its row, which orders refer to. False where there is no such product.
pub async fn soft_delete_product(db: &mut Session, product_id: i32) -> Result<bool> {
    let changed = Product::query()
        .filter(Product::ID.eq(product_id))
        .update((
            Product::IS_ACTIVE.set(false),
            Product::UPDATED_AT.set(func::now()),
        ))
        .exec(db)
        .await?;
    db.commit().await?;
    Ok(changed == 1)
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Deleting records", "delete.rs");
    let mut db = engine.session();

    let ann = create_user(&mut db, "ann", "ann@example.com", "secret").await?;
    let flat = db.add(
        Address::create()
            .user(ann)
            .street("Kirkegata 3")
            .city("Bergen")
            .country("NO"),
    );
    let order = db.add(Order::create().user(ann).shipping_address(flat));
    db.commit().await?;
    let ann_id = db[ann].id;
    story.check("delete_user", delete_user(&mut db, ann_id).await?, true);
    story.check(
        "delete_user: no such user",
        delete_user(&mut db, ann_id).await?,
        false,
    );
    db.refresh(order).await?;
    let addresses = Address::query()
        .filter(Address::USER_ID.eq(ann_id))
        .count(&mut db)
        .await?;
    story.say(format_args!(
        "Deleted ann with {} address; her order stays and belongs to {}.",
        1 - addresses,
        db[order]
            .user_id
            .map_or("nobody".to_owned(), |id| format!("user {id}")),
    ));
    story.check("the address went with its user", addresses, 0);
    story.check("the order stays", db[order].user_id, None);
    story.check(
        "the handle names nothing any more",
        db.peek(ann).is_err(),
        true,
    );
    db.delete(order)?;
    db.commit().await?;

    let mut ids = Vec::new();
    for name in ["spam1", "spam2"] {
        let spam = create_user(&mut db, name, &format!("{name}@example.com"), "secret").await?;
        ids.push(db[spam].id);
    }
    bulk_update_user_status(&mut db, &ids, false).await?;
    let deleted = delete_inactive_users(&mut db).await?;
    story.say(format_args!(
        "Deleted {deleted} inactive users in one statement."
    ));
    story.check("delete_inactive_users", deleted, 2);
    story.check(
        "the others are there",
        User::query().count(&mut db).await?,
        2,
    );

    let atlas = product_named(&mut db, "Atlas, 50% larger").await?;
    let id = db[atlas].id;
    story.check(
        "soft_delete_product",
        soft_delete_product(&mut db, id).await?,
        true,
    );
    story.say(format_args!(
        "Took {} from the shelf; its row is still there.",
        db[atlas].name
    ));
    story.check("the loaded product is in step", db[atlas].is_active, false);
    story.check(
        "soft_delete_product: no such product",
        soft_delete_product(&mut db, 999).await?,
        false,
    );
    Ok(())
}
