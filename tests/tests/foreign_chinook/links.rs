//! Many-to-many: links that are made and taken away, and links as entities.

use orm_core::Result;
use orm_core::error::ConstraintKind;
use orm_core::prelude::*;
use rust_decimal::Decimal;

use crate::models::*;
use crate::support::{chinook, sent};

#[tokio::test]
async fn tracks_are_put_on_a_playlist_and_taken_off_it() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut expected: Vec<(i32,)> = chinook
        .fetch("SELECT track_id FROM playlist_track WHERE playlist_id = 16 ORDER BY 1")
        .await?;
    let mut db = chinook.engine.session();
    let grunge = Playlist::query()
        .with(Playlist::TRACKS.order_by(Track::ID))
        .filter(Playlist::NAME.eq("Grunge"))
        .one(&mut db)
        .await?;
    assert_eq!(db[grunge].id, 16);
    let tracks = db.related(grunge, Playlist::TRACKS)?;
    let new = Track::query()
        .filter(Track::ID.in_([1, 2, 3]))
        .with(Track::PLAYLISTS)
        .order_by(Track::ID)
        .all(&mut db)
        .await?;
    chinook.log.clear();
    db.remove(grunge, Playlist::TRACKS, tracks[0]);
    db.remove(grunge, Playlist::TRACKS, tracks[1]);
    db.push(grunge, Playlist::TRACKS, new[0]);
    db.push(grunge, Playlist::TRACKS, new[1]);
    // There and away again, and what is there already.
    db.push(grunge, Playlist::TRACKS, new[2]);
    db.remove(grunge, Playlist::TRACKS, new[2]);
    db.push(grunge, Playlist::TRACKS, tracks[2]);
    assert!(db.related(new[0], Track::PLAYLISTS)?.contains(&grunge));
    db.commit().await?;
    let log = chinook.taken();
    assert_eq!(
        (sent(&log, "INSERT"), sent(&log, "DELETE"), log.len()),
        (1, 1, 3),
        "{log:#?}"
    );
    expected.drain(..2);
    // From the other side.
    db.push(new[2], Track::PLAYLISTS, grunge);
    assert!(db.related(grunge, Playlist::TRACKS)?.contains(&new[2]));
    db.commit().await?;
    expected.splice(..0, [(1,), (2,), (3,)]);
    chinook
        .assert_same(
            &expected,
            "SELECT track_id FROM playlist_track WHERE playlist_id = 16 ORDER BY 1",
        )
        .await?;

    // A new playlist with a new track on it, and an old one that goes with its links.
    let all: i64 = chinook
        .scalar("SELECT count(*) FROM playlist_track")
        .await?;
    let of_music: i64 = chinook
        .scalar("SELECT count(*) FROM playlist_track WHERE playlist_id = 1")
        .await?;
    let own = db.add(Playlist::create().name("Own"));
    let humming = db.add(
        Track::create()
            .name("Humming")
            .media_type_id(1)
            .milliseconds(1000)
            .unit_price(Decimal::ZERO),
    );
    db.push(own, Playlist::TRACKS, humming);
    db.push(own, Playlist::TRACKS, new[0]);
    let music = db.get::<Playlist>(1).await?.expect("a playlist");
    db.delete(music)?;
    db.commit().await?;
    let found: Vec<(Option<String>, String)> = chinook
        .fetch(
            "SELECT p.name, t.name FROM playlist p JOIN playlist_track USING (playlist_id) JOIN track t USING (track_id)
             WHERE p.name = 'Own' ORDER BY track_id DESC",
        )
        .await?;
    let first: String = chinook
        .scalar("SELECT name FROM track WHERE track_id = 1")
        .await?;
    assert_eq!(
        found,
        [
            (Some("Own".into()), "Humming".into()),
            (Some("Own".into()), first)
        ]
    );
    let left: (i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM playlist WHERE playlist_id = 1), (SELECT count(*) FROM playlist_track)")
        .await?;
    assert_eq!(left, (0, all - of_music + 2));
    Ok(())
}

#[tokio::test]
async fn a_link_is_an_entity_too() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    // Playlist 2 has no tracks. A link is made, one is moved by changing half of its key, one is deleted.
    let made = db.add(PlaylistTrack {
        playlist_id: 2,
        track_id: 7,
    });
    let moved = db.get::<PlaylistTrack>((1, 3402)).await?.expect("a link");
    db[moved].playlist_id = 2;
    let gone = db.get::<PlaylistTrack>((1, 3389)).await?.expect("a link");
    db.delete(gone)?;
    db.commit().await?;
    assert_eq!(db.get::<PlaylistTrack>((2, 7)).await?, Some(made));
    assert_eq!(db.get::<PlaylistTrack>((2, 3402)).await?, Some(moved));
    assert_eq!(db.get::<PlaylistTrack>((1, 3402)).await?, None);
    chinook
        .assert_same(
            &[(2, 7), (2, 3402)],
            "SELECT playlist_id, track_id FROM playlist_track
             WHERE playlist_id = 2 OR (playlist_id, track_id) IN ((1, 3402), (1, 3389)) ORDER BY 1, 2",
        )
        .await?;
    // Twice the same link: the constraint is named, whoever made it.
    db.add(PlaylistTrack {
        playlist_id: 5,
        track_id: 51,
    });
    let error = db.commit().await.expect_err("the link is there");
    let violation = error.constraint().expect("a constraint");
    assert_eq!(
        (
            violation.kind,
            violation.table.as_str(),
            violation.constraint.as_str()
        ),
        (
            ConstraintKind::Unique,
            "playlist_track",
            "playlist_track_pkey"
        )
    );
    Ok(())
}

#[tokio::test]
async fn a_link_made_from_both_sides_is_one() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    // Neither side is loaded, so what is there already is not known.
    let movies = db.get::<Playlist>(2).await?.expect("a playlist");
    let track = db.get::<Track>(1).await?.expect("a track");
    db.push(movies, Playlist::TRACKS, track);
    db.push(movies, Playlist::TRACKS, track);
    db.push(track, Track::PLAYLISTS, movies);
    db.commit().await?;
    chinook
        .assert_same(
            &[(2, 1)],
            "SELECT playlist_id, track_id FROM playlist_track WHERE playlist_id = 2",
        )
        .await
}

#[tokio::test]
async fn a_playlist_of_everything_and_a_price_for_each() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let tracks = Track::query().order_by(Track::ID).all(&mut db).await?;
    let everything = db.add(Playlist::create().name("Everything"));
    for track in &tracks {
        let row = &mut db[*track];
        row.unit_price = Decimal::new(i64::from(row.id), 2);
        db.push(everything, Playlist::TRACKS, *track);
    }
    chinook.log.clear();
    db.commit().await?;
    let log = chinook.taken();
    // The playlist, the links, the prices: one statement each, however many rows.
    assert_eq!(
        (sent(&log, "INSERT"), sent(&log, "UPDATE"), log.len()),
        (2, 1, 4),
        "{log:#?}"
    );
    let found: (i64, i64) = chinook
        .fetch_one(
            "SELECT count(*), count(*) FILTER (WHERE unit_price = track_id / 100.0) FROM track
             JOIN playlist_track USING (track_id) JOIN playlist p USING (playlist_id) WHERE p.name = 'Everything'",
        )
        .await?;
    let all: i64 = chinook.scalar("SELECT count(*) FROM track").await?;
    assert_eq!(found, (all, all));
    Ok(())
}
