//! Add, change, move, roll back. What is then in the database is read by hand-written SQL.

use chrono::NaiveDate;
use orm_core::engine::sql;
use orm_core::error::ConstraintKind;
use orm_core::prelude::*;
use orm_core::session::State;
use orm_core::{Error, Result};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

use crate::models::*;
use crate::support::{Chinook, chinook, sent};

/// Artist, album, track and genre of everything by the artists with this name.
async fn discography(
    chinook: &Chinook,
    artist: &str,
) -> Result<Vec<(String, String, Decimal, Option<String>)>> {
    chinook
        .fetch(
            sql(
                "SELECT title, track.name, unit_price, genre.name FROM artist JOIN album USING (artist_id)
                 JOIN track USING (album_id) LEFT JOIN genre USING (genre_id)
                 WHERE artist.name = :artist ORDER BY album_id, track_id",
            )
            .bind("artist", artist),
        )
        .await
}

#[tokio::test]
async fn an_artist_is_added_with_albums_and_tracks() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let jazz = Genre::query()
        .filter(Genre::NAME.eq("Jazz"))
        .one(&mut db)
        .await?;
    let media = db.get::<MediaType>(1).await?.expect("a media type");
    chinook.log.clear();
    let artist = db.add(Artist::create().name("Esbjörn Svensson Trio"));
    let mut tracks = Vec::new();
    for (title, names) in [
        (
            "Viaticum",
            ["Tide of Trepidation", "Eighty-eight Days in My Veins"],
        ),
        ("Leucocyte", ["Decade", "Premonition"]),
    ] {
        let album = db.add(Album::create().title(title).artist(artist));
        for name in names {
            let track = Track::create()
                .name(name)
                .album(album)
                .genre(jazz)
                .media_type(media)
                .milliseconds(300_000)
                .unit_price(dec!(1.29));
            tracks.push(db.add(track));
        }
    }
    assert_eq!(db.state(artist), State::Pending);
    db.commit().await?;
    let log = chinook.taken();
    assert_eq!(sent(&log, "INSERT"), 3, "one statement a table: {log:#?}");
    assert_eq!(log.len() - sent(&log, "INSERT"), 1, "and COMMIT: {log:#?}");

    // The keys have come back, and both sides of each relationship are known without a statement.
    let albums = db.related(artist, Artist::ALBUMS)?;
    assert_eq!(albums.len(), 2);
    assert_eq!(db.related(albums[1], Album::TRACKS)?.to_vec(), tracks[2..]);
    assert_eq!(db[albums[0]].artist_id, db[artist].id);
    assert_eq!(chinook.log.count(), 0);
    let found: Vec<_> = tracks
        .iter()
        .map(|track| {
            let track = db.view(*track);
            let album = track
                .related(Track::ALBUM)
                .expect("known")
                .expect("an album");
            (
                album.title.clone(),
                track.name.clone(),
                track.unit_price,
                Some("Jazz".to_owned()),
            )
        })
        .collect();
    assert_eq!(discography(&chinook, "Esbjörn Svensson Trio").await?, found);
    let last: i32 = chinook.scalar("SELECT max(artist_id) FROM artist").await?;
    assert_eq!(db[artist].id, last);
    Ok(())
}

#[tokio::test]
async fn only_what_was_changed_is_written() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let before: Vec<Customer> = chinook
        .fetch("SELECT * FROM customer ORDER BY customer_id")
        .await?;
    let mut db = chinook.engine.session();
    let customers = Customer::query()
        .order_by(Customer::ID)
        .all(&mut db)
        .await?;
    chinook.log.clear();
    for customer in &customers {
        let row = &mut db[*customer];
        if row.country.as_deref() == Some("USA") {
            row.country = Some("United States".to_owned());
        } else {
            // Touched, and the same.
            row.email = row.email.clone();
        }
    }
    db[customers[0]].company = None;
    assert_eq!(db.dirty::<Customer>().len(), 14);
    db.commit().await?;
    let log = chinook.taken();
    let updates: Vec<_> = log.iter().filter(|sql| sql.starts_with("UPDATE")).collect();
    assert_eq!(
        updates.len(),
        2,
        "one for each set of columns: {updates:#?}"
    );
    assert!(updates.iter().all(|sql| !sql.contains("email")));
    let mut expected = before;
    expected[0].company = None;
    for customer in &mut expected {
        if customer.country.as_deref() == Some("USA") {
            customer.country = Some("United States".to_owned());
        }
    }
    chinook
        .assert_same(&expected, "SELECT * FROM customer ORDER BY customer_id")
        .await
}

#[tokio::test]
async fn a_track_moves_to_another_album() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let albums = Album::query()
        .with(Album::TRACKS.order_by(Track::ID))
        .filter(Album::ID.in_([1, 4]))
        .order_by(Album::ID)
        .all(&mut db)
        .await?;
    let (from, to) = (albums[0], albums[1]);
    let tracks = db.related(from, Album::TRACKS)?;
    let (by_set, by_push, by_column) = (tracks[0], tracks[1], tracks[2]);
    db.set(by_set, Track::ALBUM, Some(to));
    db.push(to, Album::TRACKS, by_push);
    db[by_column].album_id = Some(4);
    // Both sides agree before anything is sent.
    assert!(!db.related(from, Album::TRACKS)?.contains(&by_push));
    assert!(db.related(to, Album::TRACKS)?.contains(&by_set));
    db.remove(from, Album::TRACKS, tracks[3]);
    chinook.log.clear();
    db.commit().await?;
    let log = chinook.taken();
    assert_eq!(sent(&log, "UPDATE"), 1, "{log:#?}");
    let ids: Vec<(i32, Option<i32>)> = tracks
        .iter()
        .map(|track| (db[*track].id, db[*track].album_id))
        .collect();
    assert_eq!(
        ids[..4].iter().map(|(_, album)| *album).collect::<Vec<_>>(),
        [Some(4), Some(4), Some(4), None]
    );
    let moved: Vec<i32> = ids.iter().map(|(id, _)| *id).collect();
    let query = sql("SELECT track_id, album_id FROM track WHERE track_id = ANY(:ids) ORDER BY 1")
        .bind("ids", moved);
    chinook.assert_same(&ids, query).await?;
    db.load(&albums, Album::TRACKS).await?;
    let sizes: (i64, i64) = chinook
        .fetch_one("SELECT count(*) FILTER (WHERE album_id = 1), count(*) FILTER (WHERE album_id = 4) FROM track")
        .await?;
    let found = (
        db.related(from, Album::TRACKS)?.len() as i64,
        db.related(to, Album::TRACKS)?.len() as i64,
    );
    assert_eq!(found, sizes);
    Ok(())
}

#[tokio::test]
async fn an_invoice_is_written_changed_and_deleted_with_its_lines() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let before: (i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM invoice), (SELECT count(*) FROM invoice_line)")
        .await?;
    let mut db = chinook.engine.session();
    let customer = Customer::query()
        .filter(Customer::LAST_NAME.eq("Köhler"))
        .one(&mut db)
        .await?;
    let tracks = Track::query()
        .filter(Track::ALBUM_ID.eq(1))
        .order_by(Track::ID)
        .limit(3)
        .all(&mut db)
        .await?;
    let day = NaiveDate::from_ymd_opt(2026, 2, 28)
        .and_then(|day| day.and_hms_micro_opt(23, 59, 59, 123_456));
    let total: Decimal = tracks.iter().map(|track| db[*track].unit_price).sum();
    let invoice = db.add(
        Invoice::create()
            .customer(customer)
            .invoice_date(day.expect("a day"))
            .total(total)
            .billing_country("Germany"),
    );
    for track in &tracks {
        let unit_price = db[*track].unit_price;
        db.add(
            InvoiceLine::create()
                .invoice(invoice)
                .track(*track)
                .unit_price(unit_price)
                .quantity(1),
        );
    }
    db.commit().await?;
    let written = "SELECT last_name, total, sum(unit_price * quantity), count(*), to_char(invoice_date, 'DD Mon HH24:MI:SS.US')
         FROM invoice JOIN invoice_line USING (invoice_id) JOIN customer USING (customer_id)
         WHERE invoice_date >= '2026-02-28' GROUP BY invoice_id, last_name";
    type Row = (String, Decimal, Option<Decimal>, i64, String);
    let when = "28 Feb 23:59:59.123456".to_owned();
    let row: Row = (
        "Köhler".into(),
        dec!(2.97),
        Some(dec!(2.97)),
        3,
        when.clone(),
    );
    chinook.assert_same(&[row], written).await?;

    // A line that is taken out goes: it cannot be without its invoice.
    let lines = db.related(invoice, Invoice::LINES)?;
    db.refresh(invoice).await?;
    db.load(invoice, Invoice::LINES).await?;
    db.remove(invoice, Invoice::LINES, lines[2]);
    db.refresh(lines[0]).await?;
    db[lines[0]].quantity = 5;
    db[invoice].total = dec!(5.94);
    db.commit().await?;
    let row: Row = ("Köhler".into(), dec!(5.94), Some(dec!(5.94)), 2, when);
    chinook.assert_same(&[row], written).await?;

    db.delete(invoice)?;
    db.commit().await?;
    let left: (i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM invoice), (SELECT count(*) FROM invoice_line)")
        .await?;
    assert_eq!(left, before);
    Ok(())
}

#[tokio::test]
async fn what_is_rolled_back_never_was() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let state = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM
         (SELECT a::text FROM album a UNION ALL SELECT t::text FROM track t UNION ALL SELECT p::text FROM playlist_track p) AS t";
    let before: Option<String> = chinook.scalar(state).await?;
    let mut db = chinook.engine.session();
    let album = Album::query()
        .with(Album::TRACKS)
        .filter(Album::ID.eq(5))
        .one(&mut db)
        .await?;
    // What a rollback goes back to is how it was when the transaction began; the album and its tracks are to be known then.
    db.commit().await?;
    let tracks = db.related(album, Album::TRACKS)?;
    let rows = (db[album].clone(), db[tracks[0]].clone());
    db[tracks[0]].name = "Other".to_owned();
    db.remove(album, Album::TRACKS, tracks[1]);
    let new = db.add(Album::create().title("New").artist_id(1));
    let kept = {
        let mut nested = db.begin_nested().await?;
        nested.set(tracks[0], Track::ALBUM, Some(new));
        nested[album].title = "Savepoint".to_owned();
        nested.flush().await?;
        nested.rollback().await?;
        db[album].title == rows.0.title && db[tracks[0]].album_id == Some(5)
    };
    assert!(kept);
    assert_eq!(db[tracks[0]].name, "Other");
    assert_eq!(db.related(album, Album::TRACKS)?.len(), tracks.len() - 1);
    db.delete(album)?;
    db.flush().await?;
    db.rollback().await?;
    assert_eq!((&db[album], &db[tracks[0]]), (&rows.0, &rows.1));
    assert_eq!(db.related(album, Album::TRACKS)?, tracks);
    assert_eq!(db.state(new), State::Detached);
    db.commit().await?;
    assert_eq!(chinook.scalar::<Option<String>>(state).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_foreign_key_that_leads_nowhere_is_named() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    db.add(Album::create().title("Nobody's").artist_id(-1));
    let error = db.commit().await.expect_err("there is no such artist");
    let violation = error.constraint().expect("a constraint");
    assert_eq!(
        (
            violation.kind,
            violation.table.as_str(),
            violation.constraint.as_str()
        ),
        (ConstraintKind::ForeignKey, "album", "album_artist_id_fkey")
    );
    assert_eq!(violation.columns, ["artist_id"]);
    assert!(matches!(
        Album::query().count(&mut db).await,
        Err(Error::RollbackRequired { .. })
    ));
    db.rollback().await?;
    assert_eq!(Album::query().count(&mut db).await?, 347);
    Ok(())
}
