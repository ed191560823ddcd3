//! Groups, sums, averages, dates.

use orm_core::Result;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::models::*;
use crate::support::chinook;

#[tokio::test]
async fn sales_by_country_with_having() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(Option<String>, i64, Option<Decimal>)> = Invoice::query()
        .group_by(Invoice::BILLING_COUNTRY)
        .having(
            sum(Invoice::TOTAL)
                .gt(dec!(100))
                .or(count(Invoice::ID).eq(7)),
        )
        .order_by((sum(Invoice::TOTAL).desc(), Invoice::BILLING_COUNTRY))
        .select((Invoice::BILLING_COUNTRY, count_all(), sum(Invoice::TOTAL)))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT billing_country, count(*), sum(total) FROM invoice GROUP BY 1
             HAVING sum(total) > 100 OR count(invoice_id) = 7 ORDER BY 3 DESC, 1",
        )
        .await
}

#[tokio::test]
async fn sums_averages_and_extremes_of_a_whole_table() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    type Row = (
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
        i64,
    );
    let found: Row = Invoice::query()
        .select((
            sum(Invoice::TOTAL),
            avg(Invoice::TOTAL),
            min(Invoice::TOTAL),
            max(Invoice::TOTAL),
            count_distinct(Invoice::CUSTOMER_ID),
        ))
        .scalar(&mut db)
        .await?;
    chinook
        .assert_same(
            &[found],
            "SELECT sum(total), avg(total), min(total), max(total), count(DISTINCT customer_id) FROM invoice",
        )
        .await?;
    // PostgreSQL's own types: integers sum to bigint and average to numeric; of no rows the sum is NULL.
    type Numbers = (Option<i64>, Option<Decimal>, i64, i64, Option<String>);
    let tracks = Track::query().select((
        sum(Track::MILLISECONDS),
        avg(Track::BYTES),
        count(Track::COMPOSER),
        count_all(),
        max(Track::COMPOSER),
    ));
    let found: Numbers = tracks.clone().scalar(&mut db).await?;
    chinook
        .assert_same(
            &[found],
            "SELECT sum(milliseconds), avg(bytes), count(composer), count(*), max(composer) FROM track",
        )
        .await?;
    let none: Numbers = tracks
        .filter(Track::MILLISECONDS.lt(0))
        .scalar(&mut db)
        .await?;
    assert_eq!(none, (None, None, 0, 0, None));
    Ok(())
}

#[tokio::test]
async fn revenue_by_artist_through_four_joins() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let revenue = || sum(InvoiceLine::UNIT_PRICE * InvoiceLine::QUANTITY);
    let rows: Vec<(Handle<Artist>, Option<Decimal>, i64)> = Artist::query()
        .join(Artist::ALBUMS)
        .join(Album::TRACKS)
        .join(Track::INVOICE_LINES)
        .group_by(Artist::ID)
        .having(count(InvoiceLine::ID).ge(20))
        .order_by((revenue().desc(), Artist::ID))
        .limit(12)
        .select((Artist::ALL, revenue(), count_distinct(Track::ID)))
        .all(&mut db)
        .await?;
    let found: Vec<(Option<String>, Option<Decimal>, i64)> = rows
        .into_iter()
        .map(|(artist, sum, tracks)| (db[artist].name.clone(), sum, tracks))
        .collect();
    chinook
        .assert_same(
            &found,
            "SELECT artist.name, sum(l.unit_price * l.quantity), count(DISTINCT track_id) FROM artist
             JOIN album USING (artist_id) JOIN track USING (album_id) JOIN invoice_line l USING (track_id)
             GROUP BY artist_id HAVING count(*) >= 20 ORDER BY 2 DESC, artist_id LIMIT 12",
        )
        .await
}

#[tokio::test]
async fn sales_by_year_and_month() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let year = || func::extract(func::Year, Invoice::INVOICE_DATE);
    let month = || func::extract(func::Month, Invoice::INVOICE_DATE);
    let found: Vec<(i32, i32, i64, Option<Decimal>)> = Invoice::query()
        .filter(year().between(2022, 2024))
        .group_by((year(), month()))
        .order_by((year(), month()))
        .select((year(), month(), count_all(), sum(Invoice::TOTAL)))
        .all(&mut db)
        .await?;
    assert_eq!(found.len(), 36);
    chinook
        .assert_same(
            &found,
            "SELECT extract(year FROM invoice_date)::int, extract(month FROM invoice_date)::int, count(*), sum(total)
             FROM invoice WHERE invoice_date >= '2022-01-01' AND invoice_date < '2025-01-01' GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .await?;
    // Of a column that can be NULL the part can be NULL.
    let found: Vec<(String, Option<i32>)> = Employee::query()
        .order_by((
            func::extract(func::Year, Employee::BIRTH_DATE),
            Employee::ID,
        ))
        .select((
            Employee::LAST_NAME,
            func::extract(func::Year, Employee::BIRTH_DATE),
        ))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT last_name, extract(year FROM birth_date)::int FROM employee ORDER BY 2, employee_id",
        )
        .await
}

#[tokio::test]
async fn a_count_over_a_left_join_is_zero_for_rows_without_a_partner() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(Option<String>, i64, Option<i64>)> = Playlist::query()
        .left_join(Playlist::TRACKS)
        .group_by(Playlist::ID)
        .order_by(Playlist::ID)
        .select((Playlist::NAME, count(Track::ID), sum(Track::MILLISECONDS)))
        .all(&mut db)
        .await?;
    assert!(
        found
            .iter()
            .any(|(_, tracks, length)| *tracks == 0 && length.is_none())
    );
    chinook
        .assert_same(
            &found,
            "SELECT p.name, count(t.track_id), sum(t.milliseconds) FROM playlist p
             LEFT JOIN playlist_track l ON l.playlist_id = p.playlist_id LEFT JOIN track t ON t.track_id = l.track_id
             GROUP BY p.playlist_id ORDER BY p.playlist_id",
        )
        .await?;
    let found: Vec<(String, i64)> = Employee::query()
        .left_join(Employee::REPORTS.to::<Manager>())
        .group_by((Employee::ID, Employee::LAST_NAME))
        .order_by((count(Manager::ID).desc(), Employee::LAST_NAME))
        .select((Employee::LAST_NAME, count(Manager::ID)))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT m.last_name, count(e.employee_id) FROM employee m LEFT JOIN employee e ON e.reports_to = m.employee_id
             GROUP BY m.employee_id ORDER BY 2 DESC, 1",
        )
        .await
}

#[tokio::test]
async fn averages_by_group_and_arithmetic_on_them() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(Option<String>, Option<Decimal>, Option<i32>)> = Track::query()
        .join(Track::GENRE)
        .group_by((Genre::ID, Genre::NAME))
        .having(avg(Track::MILLISECONDS).gt(dec!(300000)))
        .order_by(avg(Track::MILLISECONDS).desc())
        .select((
            Genre::NAME,
            avg(Track::MILLISECONDS),
            max(Track::MILLISECONDS) / 1000,
        ))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT genre.name, avg(milliseconds), max(milliseconds) / 1000 FROM track JOIN genre USING (genre_id)
             GROUP BY genre.genre_id HAVING avg(milliseconds) > 300000 ORDER BY 2 DESC",
        )
        .await
}

#[tokio::test]
async fn each_invoice_is_the_sum_of_its_lines() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let lines = || sum(InvoiceLine::UNIT_PRICE * InvoiceLine::QUANTITY);
    let invoices = Invoice::query()
        .join(Invoice::LINES)
        .group_by((Invoice::ID, Invoice::TOTAL));
    let wrong = invoices
        .clone()
        .having(lines().ne(Invoice::TOTAL))
        .select(Invoice::ID)
        .count(&mut db)
        .await?;
    let right = invoices
        .having(lines().eq(Invoice::TOTAL))
        .select(Invoice::ID)
        .count(&mut db)
        .await?;
    let expected: (i64, i64) = chinook
        .fetch_one(
            "SELECT count(*) FILTER (WHERE total <> s), count(*) FILTER (WHERE total = s) FROM invoice
             JOIN (SELECT invoice_id, sum(unit_price * quantity) AS s FROM invoice_line GROUP BY 1) l USING (invoice_id)",
        )
        .await?;
    assert_eq!((wrong, right), expected);
    assert!(right > 0);
    Ok(())
}
