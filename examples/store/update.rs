//! Updating records: one field of a loaded row, many rows in one statement, and a PATCH from JSON.

use chrono::Utc;
use examples::Story;
use orm_core::Result;
use orm_core::expr::func;
use orm_core::prelude::*;
use serde::Deserialize;

use crate::error::{self, Error};
use crate::models::{Product, User};
use crate::read::{get_user_by_username, product_named};

/// What a PATCH of a user may change. The tutorial sets whatever attribute a request names, `is_admin` and
/// `password_hash` too; here a field that is not in this struct is ignored.
///
/// `Option<T>` is absent or a new value. A column that can be NULL has two of them: absent, `null`, or a new value.
#[derive(Changes, Deserialize, Debug, Clone, Default)]
#[orm(model = User)]
pub struct UserPatch {
    /// The address to write to.
    pub email: Option<String>,
    /// The name to print on a parcel; `null` removes it.
    #[serde(default, deserialize_with = "orm_core::model::present")]
    pub full_name: Option<Option<String>>,
    /// Whether the account is in use.
    pub is_active: Option<bool>,
}

/// Updates a user with the fields that are given. The UPDATE has the columns that differ, and `updated_at`.
pub async fn update_user(
    db: &mut Session,
    user_id: i32,
    update_data: UserPatch,
) -> Result<Option<Handle<User>>> {
    let Some(user) = db.get::<User>(user_id).await? else {
        return Ok(None);
    };
    db.apply(user, update_data);
    db.commit().await?;
    Ok(Some(user))
}

/// Changes a product's stock. Safe whatever others do at the same time, because the server does the sum: of two requests
/// that take one each, none is lost. A stock below zero is refused by the table's check.
///
/// The loaded product is in step afterwards, without being read again.
pub async fn update_product_stock(
    db: &mut Session,
    product_id: i32,
    quantity_change: i32,
) -> Result<Option<Handle<Product>>> {
    Product::query()
        .filter(Product::ID.eq(product_id))
        .update((
            Product::STOCK_QUANTITY.set(Product::STOCK_QUANTITY + quantity_change),
            Product::UPDATED_AT.set(func::now()),
        ))
        .exec(db)
        .await?;
    db.commit().await?;
    db.get::<Product>(product_id).await
}

/// Sets the status of many users in one statement, and gives their number.
pub async fn bulk_update_user_status(
    db: &mut Session,
    user_ids: &[i32],
    is_active: bool,
) -> Result<u64> {
    let changed = User::query()
        .filter(User::ID.in_(user_ids))
        .update((
            User::IS_ACTIVE.set(is_active),
            User::UPDATED_AT.set(Utc::now()),
        ))
        .exec(db)
        .await?;
    db.commit().await?;
    Ok(changed)
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> error::Result<()> {
    story.chapter("Updating records", "update.rs");
    let mut db = engine.session();

    let json = r#"{ "full_name": "John Doe", "is_admin": true, "favourite_colour": "blue" }"#;
    let patch =
        serde_json::from_str(json).map_err(|_| Error::Invalid("this is no patch of a user"))?;
    story.say(format_args!("PATCH /users/1 {json}"));
    let Some(john) = update_user(&mut db, 1, patch).await? else {
        return Err(Error::NotFound("user 1"));
    };
    story.table(
        ["field", "now"],
        &[
            ["full_name".to_owned(), format!("{:?}", db[john].full_name)],
            ["email".to_owned(), db[john].email.clone()],
            ["is_admin".to_owned(), db[john].is_admin.to_string()],
        ],
    );
    story.check(
        "update_user: what is given is set",
        db[john].full_name.as_deref(),
        Some("John Doe"),
    );
    story.check(
        "update_user: what is absent stays",
        db[john].email.as_str(),
        "john@example.com",
    );
    story.check(
        "update_user: what is not in the list is ignored",
        db[john].is_admin,
        false,
    );
    story.check(
        "update_user: the timestamp follows",
        db[john].updated_at > db[john].created_at,
        true,
    );
    let null = UserPatch {
        full_name: Some(None),
        ..UserPatch::default()
    };
    update_user(&mut db, 1, null).await?;
    story.check(
        "update_user: null removes a value",
        db[john].full_name.clone(),
        None,
    );
    story.check(
        "update_user: no such user",
        update_user(&mut db, 999, UserPatch::default()).await?,
        None,
    );

    let laptop = product_named(&mut db, "Laptop").await?;
    let id = db[laptop].id;
    update_product_stock(&mut db, id, 10).await?;
    story.say(format_args!(
        "Ten laptops came in: {} in stock.",
        db[laptop].stock_quantity
    ));
    story.check("update_product_stock", db[laptop].stock_quantity, 10);

    let mut other = engine.session();
    let one_each = tokio::join!(
        update_product_stock(&mut db, id, -1),
        update_product_stock(&mut other, id, -1),
    );
    one_each.0?;
    one_each.1?;
    db.refresh(laptop).await?;
    story.say(format_args!(
        "Two requests took one each, at once: {} in stock.",
        db[laptop].stock_quantity
    ));
    story.check("update_product_stock at once", db[laptop].stock_quantity, 8);

    let too_many = update_product_stock(&mut db, id, -100).await;
    db.rollback().await?;
    db.refresh(laptop).await?;
    story.check(
        "a stock below zero is refused",
        too_many.is_err_and(|error| error.constraint().is_some()),
        true,
    );
    story.check("the stock after that", db[laptop].stock_quantity, 8);

    let jane = get_user_by_username(&mut db, "janedoe")
        .await?
        .ok_or(Error::NotFound("janedoe"))?;
    let jane_id = db[jane].id;
    let changed = bulk_update_user_status(&mut db, &[jane_id, 999], false).await?;
    story.say(format_args!(
        "Switched off {changed} of the users {jane_id} and 999."
    ));
    story.check("bulk_update_user_status", changed, 1);
    story.check("a loaded user is in step", db[jane].is_active, false);
    bulk_update_user_status(&mut db, &[jane_id], true).await?;
    Ok(())
}
