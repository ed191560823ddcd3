//! Relationships loaded with their rows, to every side, in a number of statements that does not depend on the rows.

use std::collections::BTreeMap;

use orm_core::prelude::*;
use orm_core::{Error, Result};

use crate::models::*;
use crate::support::chinook;

#[tokio::test]
async fn artists_their_albums_the_albums_tracks_and_their_genres() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    chinook.log.clear();
    let artists = Artist::query()
        .with(Artist::ALBUMS.then(Album::TRACKS).then(Track::GENRE))
        .with(Artist::ALBUMS.then(Album::TRACKS).then(Track::MEDIA_TYPE))
        .order_by(Artist::ID)
        .all(&mut db)
        .await?;
    let sent = chinook.taken();
    // Artists, albums, tracks with what they belong to. BEGIN travels with the first of them.
    let selects: Vec<_> = sent
        .iter()
        .filter(|sql| sql.starts_with("SELECT"))
        .collect();
    assert_eq!(selects.len(), 3, "{sent:#?}");

    type Row = (
        i32,
        Option<i32>,
        Option<i32>,
        Option<String>,
        Option<String>,
    );
    let mut found: Vec<Row> = Vec::new();
    for artist in artists {
        let artist = db.view(artist);
        let mut albums = 0;
        for album in artist.related(Artist::ALBUMS)? {
            albums += 1;
            let mut tracks = 0;
            for track in album.related(Album::TRACKS)? {
                tracks += 1;
                let genre = track
                    .related(Track::GENRE)?
                    .and_then(|genre| genre.name.clone());
                let media = track.related(Track::MEDIA_TYPE)?.name.clone();
                found.push((artist.id, Some(album.id), Some(track.id), genre, media));
            }
            if tracks == 0 {
                found.push((artist.id, Some(album.id), None, None, None));
            }
        }
        if albums == 0 {
            found.push((artist.id, None, None, None, None));
        }
    }
    assert_eq!(chinook.log.count(), 0);
    found.sort();
    let mut expected: Vec<Row> = chinook
        .fetch(
            "SELECT artist_id, album_id, track_id, genre.name, media_type.name FROM artist LEFT JOIN album USING (artist_id)
             LEFT JOIN track USING (album_id) LEFT JOIN genre USING (genre_id) LEFT JOIN media_type USING (media_type_id)",
        )
        .await?;
    expected.sort();
    assert!(found.len() > 3000);
    assert!(found == expected);
    Ok(())
}

#[tokio::test]
async fn many_to_many_from_both_sides() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let playlists = Playlist::query()
        .with(Playlist::TRACKS.order_by(Track::ID))
        .order_by(Playlist::ID)
        .all(&mut db)
        .await?;
    let mut found: Vec<(i32, i32)> = Vec::new();
    for playlist in &playlists {
        for track in db.related(*playlist, Playlist::TRACKS)? {
            found.push((db[*playlist].id, db[track].id));
        }
    }
    chinook
        .assert_same(
            &found,
            "SELECT playlist_id, track_id FROM playlist_track ORDER BY 1, 2",
        )
        .await?;

    let mut db = chinook.engine.session();
    let tracks = Track::query()
        .filter(Track::COMPOSER.eq("U2"))
        .order_by(Track::ID)
        .all(&mut db)
        .await?;
    assert!(matches!(
        db.related(tracks[0], Track::PLAYLISTS),
        Err(Error::NotLoaded { .. })
    ));
    db.load(&tracks, Track::PLAYLISTS.order_by(Playlist::ID))
        .await?;
    let mut found: Vec<(i32, i32, Option<String>)> = Vec::new();
    for track in tracks {
        for playlist in db.view(track).related(Track::PLAYLISTS)? {
            found.push((db[track].id, playlist.id, playlist.name.clone()));
        }
    }
    chinook
        .assert_same(
            &found,
            "SELECT track_id, playlist_id, playlist.name FROM track JOIN playlist_track USING (track_id)
             JOIN playlist USING (playlist_id) WHERE composer = 'U2' ORDER BY 1, 2",
        )
        .await
}

#[tokio::test]
async fn employees_up_and_down_the_ladder() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    // Up, by two joins to the same table.
    let employees = Employee::query()
        .with(Employee::MANAGER.then(Employee::MANAGER))
        .order_by(Employee::ID)
        .all(&mut db)
        .await?;
    let mut found: Vec<(i32, Option<i32>, Option<i32>)> = Vec::new();
    for employee in &employees {
        let employee = db.view(*employee);
        let manager = employee.related(Employee::MANAGER)?;
        let director = match &manager {
            Some(manager) => manager.related(Employee::MANAGER)?,
            None => None,
        };
        found.push((employee.id, manager.map(|m| m.id), director.map(|d| d.id)));
    }
    chinook
        .assert_same(
            &found,
            "SELECT e.employee_id, m.employee_id, m.reports_to FROM employee e
             LEFT JOIN employee m ON m.employee_id = e.reports_to ORDER BY 1",
        )
        .await?;

    // Down, by one statement a level.
    let mut db = chinook.engine.session();
    let top = Employee::query()
        .filter(Employee::REPORTS_TO.is_null())
        .with(
            Employee::REPORTS
                .order_by(Employee::ID)
                .then(Employee::REPORTS.order_by(Employee::ID)),
        )
        .one(&mut db)
        .await?;
    let mut found: Vec<(String, String)> = Vec::new();
    for manager in db.view(top).related(Employee::REPORTS)? {
        for report in manager.related(Employee::REPORTS)? {
            found.push((manager.last_name.clone(), report.last_name.clone()));
        }
    }
    chinook
        .assert_same(
            &found,
            "SELECT m.last_name, e.last_name FROM employee m JOIN employee e ON e.reports_to = m.employee_id
             WHERE m.reports_to IS NOT NULL ORDER BY m.employee_id, e.employee_id",
        )
        .await
}

#[tokio::test]
async fn a_limit_a_filter_and_an_order_for_each_parent() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let genres = Genre::query()
        .with(
            Genre::TRACKS
                .filter(Track::COMPOSER.is_not_null())
                .order_by((Track::MILLISECONDS.desc(), Track::ID))
                .limit(3)
                .then(Track::ALBUM)
                .then(Album::ARTIST),
        )
        .order_by(Genre::ID)
        .all(&mut db)
        .await?;
    let mut found: Vec<(i32, i32, Option<String>)> = Vec::new();
    for genre in genres {
        for track in db.view(genre).related(Genre::TRACKS)? {
            let album = track
                .related(Track::ALBUM)?
                .expect("each track has an album");
            found.push((
                db[genre].id,
                track.id,
                album.related(Album::ARTIST)?.name.clone(),
            ));
        }
    }
    chinook
        .assert_same(
            &found,
            "SELECT genre_id, track_id, artist.name FROM (SELECT *, row_number() OVER
                 (PARTITION BY genre_id ORDER BY milliseconds DESC, track_id) AS place FROM track WHERE composer IS NOT NULL) AS t
             JOIN album USING (album_id) JOIN artist USING (artist_id) WHERE place <= 3 ORDER BY genre_id, place",
        )
        .await?;

    // Through the link table.
    let mut db = chinook.engine.session();
    let playlists = Playlist::query()
        .with(
            Playlist::TRACKS
                .order_by((Track::NAME.desc(), Track::ID))
                .limit(2),
        )
        .order_by(Playlist::ID)
        .all(&mut db)
        .await?;
    let mut found: Vec<(i32, i32)> = Vec::new();
    for playlist in playlists {
        found.extend(
            db.view(playlist)
                .related(Playlist::TRACKS)?
                .map(|track| (db[playlist].id, track.id)),
        );
    }
    chinook
        .assert_same(
            &found,
            "SELECT playlist_id, track_id FROM (SELECT playlist_id, track_id, row_number() OVER
                 (PARTITION BY playlist_id ORDER BY name DESC, track_id) AS place
                 FROM playlist_track JOIN track USING (track_id)) AS t WHERE place <= 2 ORDER BY playlist_id, place",
        )
        .await
}

#[tokio::test]
async fn a_chain_of_to_one_relationships_is_one_statement() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    chinook.log.clear();
    let lines = InvoiceLine::query()
        .with(InvoiceLine::TRACK.then(Track::ALBUM).then(Album::ARTIST))
        .with(
            InvoiceLine::INVOICE
                .then(Invoice::CUSTOMER)
                .then(Customer::SUPPORT_REP)
                .then(Employee::MANAGER),
        )
        .filter(InvoiceLine::ID.le(200))
        .order_by(InvoiceLine::ID)
        .all(&mut db)
        .await?;
    let sent = chinook.taken();
    assert_eq!(
        sent.iter().filter(|sql| sql.starts_with("SELECT")).count(),
        1,
        "{sent:#?}"
    );
    let mut found: Vec<(i32, Option<String>, String, Option<String>)> = Vec::new();
    for line in lines {
        let line = db.view(line);
        let album = line
            .related(InvoiceLine::TRACK)?
            .related(Track::ALBUM)?
            .expect("an album");
        let customer = line
            .related(InvoiceLine::INVOICE)?
            .related(Invoice::CUSTOMER)?;
        let rep = customer
            .related(Customer::SUPPORT_REP)?
            .expect("someone supports each customer");
        let manager = rep.related(Employee::MANAGER)?.expect("and has a manager");
        found.push((
            line.id,
            album.related(Album::ARTIST)?.name.clone(),
            customer.email.clone(),
            manager.email.clone(),
        ));
    }
    chinook
        .assert_same(
            &found,
            "SELECT invoice_line_id, artist.name, c.email, m.email FROM invoice_line
             JOIN track USING (track_id) JOIN album USING (album_id) JOIN artist USING (artist_id)
             JOIN invoice USING (invoice_id) JOIN customer c USING (customer_id)
             JOIN employee e ON e.employee_id = support_rep_id JOIN employee m ON m.employee_id = e.reports_to
             WHERE invoice_line_id <= 200 ORDER BY 1",
        )
        .await
}

#[tokio::test]
async fn a_path_that_branches_and_one_that_comes_back() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let customers = Customer::query()
        .with(
            Customer::INVOICES
                .order_by(Invoice::ID)
                .then(Invoice::LINES.order_by(InvoiceLine::ID)),
        )
        .with(Customer::SUPPORT_REP.then(Employee::CUSTOMERS))
        .filter(Customer::COUNTRY.eq("Brazil"))
        .order_by(Customer::ID)
        .all(&mut db)
        .await?;
    let mut lines: Vec<(i32, i32, i32)> = Vec::new();
    let mut colleagues: Vec<(i32, i64)> = Vec::new();
    for customer in customers {
        let view = db.view(customer);
        for invoice in view.related(Customer::INVOICES)? {
            for line in invoice.related(Invoice::LINES)? {
                assert_eq!(
                    line.related(InvoiceLine::INVOICE)?.handle(),
                    invoice.handle()
                );
                lines.push((view.id, invoice.id, line.id));
            }
        }
        let rep = view
            .related(Customer::SUPPORT_REP)?
            .expect("someone supports each customer");
        let others: Vec<_> = rep
            .related(Employee::CUSTOMERS)?
            .map(|other| other.handle())
            .collect();
        assert!(others.contains(&customer));
        colleagues.push((view.id, others.len() as i64));
    }
    chinook
        .assert_same(
            &lines,
            "SELECT customer_id, invoice_id, invoice_line_id FROM customer JOIN invoice USING (customer_id)
             JOIN invoice_line USING (invoice_id) WHERE country = 'Brazil' ORDER BY 1, 2, 3",
        )
        .await?;
    chinook
        .assert_same(
            &colleagues,
            "SELECT customer_id, (SELECT count(*) FROM customer o WHERE o.support_rep_id = c.support_rep_id)
             FROM customer c WHERE country = 'Brazil' ORDER BY 1",
        )
        .await
}

#[tokio::test]
async fn related_rows_of_entities_that_are_there() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let albums = Album::query()
        .filter(Album::TITLE.ilike("%greatest%"))
        .order_by(Album::ID)
        .all(&mut db)
        .await?;
    chinook.log.clear();
    db.load(&albums, Album::TRACKS.then(Track::GENRE)).await?;
    assert_eq!(chinook.log.count(), 1);
    let mut genres: BTreeMap<(i32, Option<String>), i64> = BTreeMap::new();
    for album in albums {
        for track in db.view(album).related(Album::TRACKS)? {
            let genre = track
                .related(Track::GENRE)?
                .and_then(|genre| genre.name.clone());
            *genres.entry((db[album].id, genre)).or_default() += 1;
        }
    }
    let found: Vec<_> = genres
        .into_iter()
        .map(|((album, genre), tracks)| (album, genre, tracks))
        .collect();
    chinook
        .assert_same(
            &found,
            "SELECT album_id, genre.name, count(*) FROM album JOIN track USING (album_id) LEFT JOIN genre USING (genre_id)
             WHERE title ILIKE '%greatest%' GROUP BY 1, 2 ORDER BY 1, genre.name COLLATE \"C\"",
        )
        .await
}
