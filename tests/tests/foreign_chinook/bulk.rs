//! UPDATE and DELETE of many rows in one statement.

use orm_core::Result;
use orm_core::prelude::*;
use orm_core::session::State;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::models::*;
use crate::support::chinook;

#[tokio::test]
async fn the_prices_of_a_genre_rise() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let expected: Vec<(i32, Decimal, Option<String>)> = chinook
        .fetch(
            "SELECT track_id, CASE WHEN genre.name = 'Latin' THEN unit_price + 0.5 ELSE unit_price END,
                 CASE WHEN genre.name = 'Latin' THEN coalesce(composer, 'unknown') ELSE composer END
             FROM track LEFT JOIN genre USING (genre_id) ORDER BY 1",
        )
        .await?;
    let mut db = chinook.engine.session();
    let latin = Track::query().filter(Track::GENRE.has(Genre::NAME.eq("Latin")));
    // One of them is in the session, and stays in step.
    let loaded = latin
        .clone()
        .filter(Track::COMPOSER.is_null())
        .order_by(Track::ID)
        .first(&mut db)
        .await?;
    let loaded = loaded.expect("a track without a composer");
    let before = db[loaded].unit_price;
    let changed = latin
        .update((
            Track::UNIT_PRICE.set(Track::UNIT_PRICE + dec!(0.5)),
            Track::COMPOSER.set(func::coalesce(Track::COMPOSER, "unknown")),
        ))
        .exec(&mut db)
        .await?;
    assert_eq!(db[loaded].unit_price, before + dec!(0.5));
    assert_eq!(db[loaded].composer.as_deref(), Some("unknown"));
    assert!(!db.is_modified(loaded));
    db.commit().await?;
    let count: i64 = chinook
        .scalar("SELECT count(*) FROM track JOIN genre USING (genre_id) WHERE genre.name = 'Latin'")
        .await?;
    assert_eq!(i64::try_from(changed), Ok(count));
    let found = Track::query()
        .order_by(Track::ID)
        .select((Track::ID, Track::UNIT_PRICE, Track::COMPOSER))
        .all(&mut db)
        .await?;
    assert!(found == expected);
    chinook
        .assert_same(
            &found,
            "SELECT track_id, unit_price, composer FROM track ORDER BY 1",
        )
        .await
}

#[tokio::test]
async fn values_become_null() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut connection = chinook.engine.acquire().await?;
    let changed = Customer::query()
        .filter(Customer::COUNTRY.in_(["Canada", "USA"]))
        .update((
            Customer::FAX.set(None),
            Customer::COMPANY.set("-"),
            Customer::PHONE.set(Customer::EMAIL),
        ))
        .exec(&mut connection)
        .await?;
    drop(connection);
    let found: (i64, i64) = chinook
        .fetch_one(
            "SELECT count(*), count(*) FILTER (WHERE fax IS NULL AND company = '-' AND phone = email)
             FROM customer WHERE country IN ('Canada', 'USA')",
        )
        .await?;
    assert_eq!(found, (changed as i64, changed as i64));
    assert!(changed > 0);
    let others: i64 = chinook
        .scalar("SELECT count(*) FROM customer WHERE company = '-'")
        .await?;
    assert_eq!(others, changed as i64);
    Ok(())
}

#[tokio::test]
async fn links_are_deleted_by_what_they_lead_to() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let expected: Vec<(i32, i32)> = chinook
        .fetch(
            "SELECT playlist_id, track_id FROM playlist_track JOIN track USING (track_id)
             WHERE milliseconds <= 240000 ORDER BY 1, 2",
        )
        .await?;
    let before: i64 = chinook
        .scalar("SELECT count(*) FROM playlist_track")
        .await?;
    let mut db = chinook.engine.session();
    let doomed =
        PlaylistTrack::query().filter(PlaylistTrack::TRACK.has(Track::MILLISECONDS.gt(240_000)));
    let loaded = doomed
        .clone()
        .first(&mut db)
        .await?
        .expect("a long track is on a playlist");
    let deleted = doomed.delete().exec(&mut db).await?;
    assert_eq!(deleted as i64, before - expected.len() as i64);
    assert_eq!(db.state(loaded), State::Deleted);
    db.commit().await?;
    assert_eq!(db.state(loaded), State::Detached);
    chinook
        .assert_same(
            &expected,
            "SELECT playlist_id, track_id FROM playlist_track ORDER BY 1, 2",
        )
        .await
}

#[tokio::test]
async fn a_bulk_change_that_is_rolled_back_never_was() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let line = db.get::<InvoiceLine>(1).await?.expect("the first line");
    let before = db[line].clone();
    let deleted = InvoiceLine::query()
        .filter(InvoiceLine::INVOICE_ID.ne(1))
        .delete()
        .exec(&mut db)
        .await?;
    InvoiceLine::query()
        .update((InvoiceLine::QUANTITY.set(9),))
        .exec(&mut db)
        .await?;
    assert_eq!(db[line].quantity, 9);
    assert_eq!(InvoiceLine::query().count(&mut db).await?, 2);
    db.rollback().await?;
    assert_eq!(db[line], before);
    let left: (i64, i64) = chinook
        .fetch_one("SELECT count(*), sum(quantity) FROM invoice_line")
        .await?;
    assert_eq!(left, (deleted as i64 + 2, deleted as i64 + 2));
    Ok(())
}
