//! Filters, order, distinct values, `any` and `has`, counts.

use orm_core::prelude::*;
use orm_core::{Error, Result};
use rust_decimal_macros::dec;

use crate::models::*;
use crate::support::chinook;

#[tokio::test]
async fn filters_on_numbers_text_null_and_lists() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let ids = Track::query().select(Track::ID).order_by(Track::ID);

    let found = ids
        .clone()
        .filter(Track::MILLISECONDS.between(240_000, 250_000))
        .filter(Track::UNIT_PRICE.lt(dec!(1)))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE milliseconds BETWEEN 240000 AND 250000 AND unit_price < 1 ORDER BY 1",
        )
        .await?;

    let found = ids
        .clone()
        .filter(
            (Track::COMPOSER
                .is_null()
                .or(Track::COMPOSER.ilike("%jagger%")))
            .and(Track::GENRE_ID.in_([1, 2, 7]))
            .and(Track::BYTES.ge(9_000_000)),
        )
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE (composer IS NULL OR composer ILIKE '%jagger%') AND genre_id IN (1, 2, 7)
             AND bytes >= 9000000 ORDER BY 1",
        )
        .await?;

    // NULL is not distinct from NULL, and a composer that is NULL is neither like nor unlike anything.
    let found = ids
        .clone()
        .filter(Track::COMPOSER.not_like("A%"))
        .filter(Track::MEDIA_TYPE_ID.not_in([1]))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE composer NOT LIKE 'A%' AND media_type_id NOT IN (1) ORDER BY 1",
        )
        .await?;
    let found = ids
        .clone()
        .filter(Track::COMPOSER.is_distinct_from("U2"))
        .filter(!Track::NAME.starts_with("T"))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE composer IS DISTINCT FROM 'U2' AND name NOT LIKE 'T%' ORDER BY 1",
        )
        .await?;

    // Text in which SQL's and LIKE's own characters stand.
    let found = ids
        .clone()
        .filter(Track::NAME.contains("'"))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE strpos(name, '''') > 0 ORDER BY 1",
        )
        .await?;
    let found = ids.filter(Track::NAME.contains("%")).all(&mut db).await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM track WHERE strpos(name, '%') > 0 ORDER BY 1",
        )
        .await
}

fn ones<T>(values: Vec<T>) -> Vec<(T,)> {
    values.into_iter().map(|value| (value,)).collect()
}

#[tokio::test]
async fn order_limit_and_offset_with_nulls_at_either_end() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let customers = Customer::query().select((Customer::ID, Customer::COMPANY));
    let found = customers
        .clone()
        .order_by((Customer::COMPANY.desc().nulls_last(), Customer::ID))
        .limit(15)
        .offset(3)
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT customer_id, company FROM customer ORDER BY company DESC NULLS LAST, customer_id LIMIT 15 OFFSET 3",
        )
        .await?;
    // By columns whose names came from somewhere else, one of them the field's name and one the column's.
    let found = customers
        .order_by((
            Customer::column("state")?.asc().nulls_first(),
            Customer::column("customer_id")?.desc(),
        ))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT customer_id, company FROM customer ORDER BY state NULLS FIRST, customer_id DESC",
        )
        .await
}

#[tokio::test]
async fn the_first_one_the_only_one_and_too_many() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let longest = Track::query().order_by(Track::MILLISECONDS.desc());
    let first = longest.first(&mut db).await?.expect("a track");
    let expected: i32 = chinook
        .scalar("SELECT track_id FROM track ORDER BY milliseconds DESC LIMIT 1")
        .await?;
    assert_eq!(db[first].id, expected);
    let ac_dc = Artist::query()
        .filter(Artist::NAME.eq("AC/DC"))
        .one(&mut db)
        .await?;
    assert_eq!(
        db[ac_dc].id,
        chinook
            .scalar::<i32>("SELECT artist_id FROM artist WHERE name = 'AC/DC'")
            .await?
    );
    let nobody = Artist::query().filter(Artist::NAME.eq("ac/dc"));
    assert_eq!(nobody.clone().one_or_none(&mut db).await?, None);
    assert!(matches!(
        nobody.one(&mut db).await,
        Err(Error::NotFound { .. })
    ));
    // Two playlists are called Music.
    let music = Playlist::query().filter(Playlist::NAME.eq("Music"));
    assert!(matches!(
        music.one(&mut db).await,
        Err(Error::MultipleFound { .. })
    ));
    Ok(())
}

#[tokio::test]
async fn distinct_values_and_expressions() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found = Invoice::query()
        .distinct()
        .order_by((Invoice::BILLING_COUNTRY, Invoice::BILLING_STATE))
        .select((Invoice::BILLING_COUNTRY, Invoice::BILLING_STATE))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT DISTINCT billing_country, billing_state FROM invoice ORDER BY 1, 2",
        )
        .await?;
    let places = Customer::query()
        .distinct()
        .select((Customer::COUNTRY, Customer::CITY));
    let found = places.clone().count(&mut db).await?;
    let expected: i64 = chinook
        .scalar("SELECT count(*) FROM (SELECT DISTINCT country, city FROM customer) AS places")
        .await?;
    assert_eq!(found, expected);
    assert!(found < Customer::query().count(&mut db).await?);

    let found = Customer::query()
        .filter(Customer::FAX.is_not_null())
        .order_by(Customer::ID)
        .select((
            func::upper(Customer::LAST_NAME)
                .concat(", ")
                .concat(Customer::FIRST_NAME),
            func::coalesce(Customer::COMPANY, "-"),
            func::length(Customer::EMAIL),
            func::coalesce(Customer::STATE, Customer::COUNTRY),
        ))
        .all(&mut db)
        .await?;
    let found: Vec<(String, String, i32, Option<String>)> = found;
    chinook
        .assert_same(
            &found,
            "SELECT upper(last_name) || ', ' || first_name, coalesce(company, '-'), length(email), coalesce(state, country)
             FROM customer WHERE fax IS NOT NULL ORDER BY customer_id",
        )
        .await
}

#[tokio::test]
async fn filters_by_related_rows_without_a_join() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();

    // any, with has inside it: artists with an album that has a jazz track.
    let found = Artist::query()
        .filter(Artist::ALBUMS.any(Album::TRACKS.any(Track::GENRE.has(Genre::NAME.eq("Jazz")))))
        .order_by(Artist::ID)
        .select(Artist::ID)
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT DISTINCT artist_id FROM artist JOIN album USING (artist_id) JOIN track USING (album_id)
             JOIN genre USING (genre_id) WHERE genre.name = 'Jazz' ORDER BY 1",
        )
        .await?;

    // none, and exists: customers who bought, but nothing dear.
    let found = Customer::query()
        .filter(
            Customer::INVOICES
                .exists()
                .and(Customer::INVOICES.none(Invoice::TOTAL.gt(dec!(15)))),
        )
        .order_by(Customer::ID)
        .select(Customer::ID)
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT customer_id FROM invoice GROUP BY customer_id HAVING max(total) <= 15 ORDER BY 1",
        )
        .await?;
    let found = Track::query()
        .filter(!Track::INVOICE_LINES.exists())
        .count(&mut db)
        .await?;
    let expected: i64 = chinook
        .scalar(
            "SELECT count(*) FROM track WHERE track_id NOT IN (SELECT track_id FROM invoice_line)",
        )
        .await?;
    assert!(
        found == expected && found > 0,
        "{found} tracks never sold, expected {expected}"
    );

    // Through the link table.
    let found = Track::query()
        .filter(Track::PLAYLISTS.any(Playlist::NAME.eq("Heavy Metal Classic")))
        .filter(Track::PLAYLISTS.none(Playlist::NAME.eq("90’s Music")))
        .order_by(Track::ID)
        .select(Track::ID)
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT track_id FROM playlist_track JOIN playlist USING (playlist_id) WHERE name = 'Heavy Metal Classic'
             EXCEPT SELECT track_id FROM playlist_track JOIN playlist USING (playlist_id) WHERE name = '90’s Music' ORDER BY 1",
        )
        .await?;

    // The same table inside and outside.
    let found = Employee::query()
        .filter(
            Employee::REPORTS
                .to::<Manager>()
                .any(Manager::TITLE.eq("Sales Support Agent")),
        )
        .select(Employee::LAST_NAME)
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &ones(found),
            "SELECT last_name FROM employee WHERE employee_id IN
             (SELECT reports_to FROM employee WHERE title = 'Sales Support Agent')",
        )
        .await
}

#[tokio::test]
async fn counts_and_whether_there_is_any() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let q = Track::query()
        .join(Track::ALBUM)
        .filter(Album::TITLE.like("%Live%"));
    let expected: i64 = chinook
        .scalar("SELECT count(*) FROM track JOIN album USING (album_id) WHERE title LIKE '%Live%'")
        .await?;
    assert_eq!(q.clone().count(&mut db).await?, expected);
    assert_eq!(q.clone().limit(7).count(&mut db).await?, 7);
    assert!(q.clone().exists(&mut db).await?);
    assert!(!q.filter(Track::MILLISECONDS.lt(0)).exists(&mut db).await?);
    let genres = Track::query()
        .group_by(Track::GENRE_ID)
        .having(count_all().gt(100))
        .select(Track::GENRE_ID);
    let expected: i64 = chinook
        .scalar("SELECT count(*) FROM (SELECT genre_id FROM track GROUP BY 1 HAVING count(*) > 100) AS genres")
        .await?;
    assert_eq!(genres.clone().count(&mut db).await?, expected);
    assert!(genres.exists(&mut db).await?);
    Ok(())
}

#[tokio::test]
async fn a_query_gives_the_same_on_a_connection_and_on_a_session() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let q = Customer::query()
        .join(Customer::SUPPORT_REP)
        .filter(Employee::FIRST_NAME.eq("Jane"))
        .order_by(Customer::ID);
    let plain: Vec<Customer> = q.clone().all(&mut chinook.engine.acquire().await?).await?;
    let mut db = chinook.engine.session();
    let tracked = q.all(&mut db).await?;
    assert!(
        plain
            .iter()
            .eq(tracked.iter().map(|customer| &db[*customer]))
    );
    chinook
        .assert_same(
            &plain,
            "SELECT customer.* FROM customer JOIN employee ON employee_id = support_rep_id
             WHERE employee.first_name = 'Jane' ORDER BY customer_id",
        )
        .await
}
