//! What a delete takes along, leaves behind, and cannot do; and a table that refers to itself.

use chrono::NaiveDate;
use orm_core::prelude::*;
use orm_core::session::State;
use orm_core::{Error, Result};

use crate::models::*;
use crate::support::{chinook, sent};

#[tokio::test]
async fn an_artist_goes_with_its_albums_and_the_tracks_stay() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let tracks: Vec<(i32,)> = chinook
        .fetch("SELECT track_id FROM track JOIN album USING (album_id) WHERE artist_id = 50 ORDER BY 1")
        .await?;
    let counts: (i64, i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM artist), (SELECT count(*) FROM album), (SELECT count(*) FROM track)")
        .await?;
    let albums: i64 = chinook
        .scalar("SELECT count(*) FROM album WHERE artist_id = 50")
        .await?;
    assert!(albums > 5 && tracks.len() > 50);
    let mut db = chinook.engine.session();
    let metallica = db.get::<Artist>(50).await?.expect("Metallica");
    chinook.log.clear();
    db.delete(metallica)?;
    db.commit().await?;
    let log = chinook.taken();
    // Albums and their tracks are loaded, one statement each; then one for each table, children first.
    assert_eq!(sent(&log, "SELECT"), 2, "{log:#?}");
    let writes: Vec<_> = log
        .iter()
        .filter(|sql| sql.starts_with("UPDATE") || sql.starts_with("DELETE"))
        .collect();
    assert_eq!(writes.len(), 3, "{writes:#?}");
    assert_eq!(db.state(metallica), State::Detached);
    chinook
        .assert_same(
            &tracks,
            "SELECT track_id FROM track WHERE album_id IS NULL ORDER BY 1",
        )
        .await?;
    let left: (i64, i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM artist), (SELECT count(*) FROM album), (SELECT count(*) FROM track)")
        .await?;
    assert_eq!(left, (counts.0 - 1, counts.1 - albums, counts.2));
    Ok(())
}

#[tokio::test]
async fn a_track_that_was_sold_cannot_be_deleted_and_one_that_was_not_leaves_its_playlists()
-> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let sold = Track::query()
        .filter(Track::INVOICE_LINES.exists())
        .first(&mut db)
        .await?
        .expect("a track");
    db.delete(sold)?;
    // It is known before anything is sent that the lines would be left without their track.
    let error = db.commit().await.expect_err("the lines need it");
    assert!(
        matches!(&error, Error::Invalid { what } if what.contains("INVOICE_LINES")),
        "{error}"
    );
    db.rollback().await?;
    assert_eq!(db.state(sold), State::Persistent);

    let unsold = Track::query()
        .filter(!Track::INVOICE_LINES.exists())
        .filter(Track::PLAYLISTS.exists())
        .order_by(Track::ID)
        .first(&mut db)
        .await?
        .expect("a track");
    let id = db[unsold].id;
    let links: i64 = chinook
        .scalar(format!(
            "SELECT count(*) FROM playlist_track WHERE track_id = {id}"
        ))
        .await?;
    let all: i64 = chinook
        .scalar("SELECT count(*) FROM playlist_track")
        .await?;
    db.delete(unsold)?;
    db.commit().await?;
    let left: (i64, i64, i64) = chinook
        .fetch_one(format!(
            "SELECT (SELECT count(*) FROM track WHERE track_id = {id}),
             (SELECT count(*) FROM playlist_track WHERE track_id = {id}), (SELECT count(*) FROM playlist_track)"
        ))
        .await?;
    assert!(links > 0);
    assert_eq!(left, (0, 0, all - links));
    Ok(())
}

#[tokio::test]
async fn a_team_is_hired_and_gets_another_manager() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let before: i64 = chinook.scalar("SELECT count(*) FROM employee").await?;
    let mut db = chinook.engine.session();
    let adams = Employee::query()
        .with(Employee::REPORTS.order_by(Employee::ID))
        .filter(Employee::REPORTS_TO.is_null())
        .one(&mut db)
        .await?;
    let managers = db.related(adams, Employee::REPORTS)?;
    let hired = NaiveDate::from_ymd_opt(2026, 1, 5).and_then(|day| day.and_hms_opt(9, 0, 0));
    // A chain of new rows in one table: each needs the key of the one before.
    let chief = db.add(
        Employee::create()
            .last_name("Chief")
            .first_name("C")
            .manager(adams)
            .hire_date(hired),
    );
    let lead = db.add(
        Employee::create()
            .last_name("Lead")
            .first_name("L")
            .manager(chief),
    );
    let agents = db.add_all(["A", "B"].map(|name| {
        Employee::create()
            .last_name("Agent")
            .first_name(name)
            .manager(lead)
    }));
    db.flush().await?;
    assert_eq!(db[agents[1]].reports_to, Some(db[lead].id));
    // The team of the first manager reports to the new chief, and the manager too.
    db.load(managers[0], Employee::REPORTS).await?;
    for agent in db.related(managers[0], Employee::REPORTS)? {
        db.push(chief, Employee::REPORTS, agent);
    }
    db.set(managers[0], Employee::MANAGER, Some(chief));
    db.commit().await?;
    let expected: Vec<(String, String, i64)> = [
        ("Adams", "C", 1),
        ("Chief", "L", 2),
        ("Chief", "Nancy", 2),
        ("Chief", "Jane", 2),
        ("Chief", "Margaret", 2),
        ("Chief", "Steve", 2),
        ("Lead", "A", 3),
        ("Lead", "B", 3),
    ]
    .into_iter()
    .map(|(boss, report, level)| (boss.to_owned(), report.to_owned(), level))
    .collect();
    let mut expected = expected;
    expected.sort();
    let mut found: Vec<(String, String, i64)> = chinook
        .fetch(
            "WITH RECURSIVE team AS (
                 SELECT employee_id, last_name, first_name, reports_to, 1::int8 AS level FROM employee WHERE last_name = 'Chief'
                 UNION ALL
                 SELECT e.employee_id, e.last_name, e.first_name, e.reports_to, level + 1 FROM employee e
                 JOIN team ON team.employee_id = e.reports_to)
             SELECT m.last_name, team.first_name, level FROM team JOIN employee m ON m.employee_id = team.reports_to",
        )
        .await?;
    found.sort();
    assert_eq!(found, expected);

    // The chief leaves: whoever reported to them reports to nobody.
    db.delete(chief)?;
    db.commit().await?;
    let left: (i64, i64) = chinook
        .fetch_one("SELECT count(*), count(*) FILTER (WHERE reports_to IS NULL) FROM employee")
        .await?;
    assert_eq!(left, (before + 3, 1 + 5));
    Ok(())
}

#[tokio::test]
async fn two_who_manage_each_other_come_and_all_go() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let first = db.add(Employee::create().last_name("First").first_name("F"));
    let second = db.add(
        Employee::create()
            .last_name("Second")
            .first_name("S")
            .manager(first),
    );
    db.set(first, Employee::MANAGER, Some(second));
    db.commit().await?;
    let mut found: Vec<(String, String)> = chinook
        .fetch(
            "SELECT e.last_name, m.last_name FROM employee e JOIN employee m ON m.employee_id = e.reports_to
             WHERE e.last_name IN ('First', 'Second')",
        )
        .await?;
    found.sort();
    let (f, s) = ("First".to_owned(), "Second".to_owned());
    assert_eq!(found, [(f.clone(), s.clone()), (s, f)]);

    // Everyone, managers before those who report to them; the customers stay without support.
    for employee in Employee::query()
        .order_by(Employee::ID)
        .all(&mut db)
        .await?
    {
        db.delete(employee)?;
    }
    db.commit().await?;
    let left: (i64, i64) = chinook
        .fetch_one("SELECT (SELECT count(*) FROM employee), count(*) FILTER (WHERE support_rep_id IS NULL) FROM customer")
        .await?;
    let customers: i64 = chinook.scalar("SELECT count(*) FROM customer").await?;
    assert_eq!(left, (0, customers));
    Ok(())
}
