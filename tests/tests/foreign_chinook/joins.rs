//! Joins along relationships and on conditions, and aliases.

use orm_core::Result;
use orm_core::prelude::*;
use rust_decimal_macros::dec;

use crate::models::*;
use crate::support::chinook;

#[tokio::test]
async fn joins_through_five_tables() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    type Name = Option<String>;
    let found: Vec<(String, String, Name, Name, Name)> = Track::query()
        .join(Track::ALBUM)
        .join(Album::ARTIST)
        .join(Track::GENRE)
        .join(Track::MEDIA_TYPE)
        .filter(Artist::NAME.eq("Iron Maiden").and(Genre::NAME.ne("Rock")))
        .filter(Track::UNIT_PRICE.eq(dec!(0.99)))
        .order_by((Album::TITLE, Track::ID.desc()))
        .select((
            Track::NAME,
            Album::TITLE,
            Artist::NAME,
            Genre::NAME,
            MediaType::NAME,
        ))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT t.name, al.title, ar.name, g.name, m.name FROM track t
             JOIN album al USING (album_id) JOIN artist ar USING (artist_id) JOIN genre g USING (genre_id)
             JOIN media_type m USING (media_type_id)
             WHERE ar.name = 'Iron Maiden' AND g.name <> 'Rock' AND t.unit_price = 0.99
             ORDER BY al.title, t.track_id DESC",
        )
        .await
}

#[tokio::test]
async fn a_left_join_keeps_rows_without_a_partner() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(i32, Option<i32>, Option<String>)> = Artist::query()
        .left_join(Artist::ALBUMS)
        .order_by((Artist::ID, Album::ID))
        .select((Artist::ID, Album::ID, Album::TITLE))
        .all(&mut db)
        .await?;
    assert!(found.iter().any(|(_, album, _)| album.is_none()));
    chinook
        .assert_same(
            &found,
            "SELECT artist_id, album_id, title FROM artist LEFT JOIN album USING (artist_id) ORDER BY 1, 2",
        )
        .await?;

    // Whole entities: one of the two may be absent.
    let pairs: Vec<(Handle<Artist>, Option<Handle<Album>>)> = Artist::query()
        .left_join(Artist::ALBUMS)
        .filter(Album::ID.is_null())
        .order_by(Artist::ID)
        .select((Artist::ALL, Album::ALL))
        .all(&mut db)
        .await?;
    assert!(pairs.iter().all(|(_, album)| album.is_none()));
    let found: Vec<(i32,)> = pairs.iter().map(|(artist, _)| (db[*artist].id,)).collect();
    chinook
        .assert_same(
            &found,
            "SELECT artist_id FROM artist a WHERE NOT EXISTS (SELECT FROM album WHERE artist_id = a.artist_id) ORDER BY 1",
        )
        .await?;

    // A left join from a left join, and on a condition.
    let found: Vec<(i32, Option<String>, Option<i32>)> = Employee::query()
        .left_join(Employee::CUSTOMERS)
        .left_join_on(
            Invoice::ALL,
            Invoice::CUSTOMER_ID
                .eq(Customer::ID)
                .and(Invoice::TOTAL.gt(dec!(15))),
        )
        .order_by((Employee::ID, Customer::ID, Invoice::ID))
        .select((Employee::ID, Customer::LAST_NAME, Invoice::ID))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT e.employee_id, c.last_name, i.invoice_id FROM employee e
             LEFT JOIN customer c ON c.support_rep_id = e.employee_id
             LEFT JOIN invoice i ON i.customer_id = c.customer_id AND i.total > 15
             ORDER BY e.employee_id, c.customer_id, i.invoice_id",
        )
        .await
}

#[tokio::test]
async fn a_join_on_a_condition_of_ones_own() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(String, String, Option<String>)> = Customer::query()
        .join_on(
            Employee::ALL,
            Employee::COUNTRY
                .eq(Customer::COUNTRY)
                .and(Employee::STATE.eq(Customer::STATE)),
        )
        .order_by((Customer::ID, Employee::ID))
        .select((Customer::LAST_NAME, Employee::LAST_NAME, Employee::CITY))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT c.last_name, e.last_name, e.city FROM customer c
             JOIN employee e ON e.country = c.country AND e.state = c.state ORDER BY c.customer_id, e.employee_id",
        )
        .await
}

#[tokio::test]
async fn joins_through_a_link_table_from_both_sides() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(i32, Option<String>, i32)> = Playlist::query()
        .join(Playlist::TRACKS)
        .filter(Track::NAME.starts_with("Tr"))
        .order_by((Playlist::ID, Track::ID))
        .select((Playlist::ID, Playlist::NAME, Track::ID))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT p.playlist_id, p.name, t.track_id FROM playlist p JOIN playlist_track USING (playlist_id)
             JOIN track t USING (track_id) WHERE t.name LIKE 'Tr%' ORDER BY 1, 3",
        )
        .await?;
    let found: Vec<(i32, Option<String>)> = Track::query()
        .left_join(Track::PLAYLISTS)
        .filter(Track::ALBUM_ID.eq(322))
        .order_by((Track::ID, Playlist::ID))
        .select((Track::ID, Playlist::NAME))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT t.track_id, p.name FROM track t LEFT JOIN playlist_track l ON l.track_id = t.track_id
             LEFT JOIN playlist p ON p.playlist_id = l.playlist_id WHERE t.album_id = 322
             ORDER BY t.track_id, p.playlist_id",
        )
        .await?;
    // The link as a model of its own gives the same.
    let by_link = PlaylistTrack::query()
        .join(PlaylistTrack::TRACK)
        .join(PlaylistTrack::PLAYLIST)
        .filter(Playlist::NAME.eq("Grunge"))
        .order_by(Track::ID)
        .select(Track::NAME)
        .all(&mut db)
        .await?;
    let by_relation = Track::query()
        .join(Track::PLAYLISTS)
        .filter(Playlist::NAME.eq("Grunge"))
        .order_by(Track::ID)
        .select(Track::NAME)
        .all(&mut db)
        .await?;
    assert_eq!((by_link.len(), by_link), (15, by_relation));
    Ok(())
}

#[tokio::test]
async fn an_employee_a_manager_and_a_managers_manager() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let found: Vec<(String, String)> = Employee::query()
        .join(Employee::MANAGER.to::<Manager>())
        .filter(
            Manager::TITLE
                .ilike("%manager%")
                .and(Employee::HIRE_DATE.gt(Manager::HIRE_DATE)),
        )
        .order_by((Manager::LAST_NAME, Employee::LAST_NAME))
        .select((Employee::LAST_NAME, Manager::LAST_NAME))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT e.last_name, m.last_name FROM employee e JOIN employee m ON m.employee_id = e.reports_to
             WHERE m.title ILIKE '%manager%' AND e.hire_date > m.hire_date ORDER BY 2, 1",
        )
        .await?;
    let found: Vec<(String, Option<String>, Option<String>)> = Employee::query()
        .left_join(Employee::MANAGER.to::<Manager>())
        .left_join(Manager::MANAGER.to::<Director>())
        .order_by(Employee::ID)
        .select((Employee::LAST_NAME, Manager::LAST_NAME, Director::LAST_NAME))
        .all(&mut db)
        .await?;
    assert_eq!(found[0], ("Adams".into(), None, None));
    chinook
        .assert_same(
            &found,
            "SELECT e.last_name, m.last_name, d.last_name FROM employee e
             LEFT JOIN employee m ON m.employee_id = e.reports_to LEFT JOIN employee d ON d.employee_id = m.reports_to
             ORDER BY e.employee_id",
        )
        .await?;
    // The other way, with the employees themselves: a manager and each report are the same entities whichever way.
    let pairs: Vec<(Handle<Employee>, Handle<Employee>)> = Employee::query()
        .join(Employee::REPORTS.to::<Manager>())
        .order_by((Employee::ID, Manager::ID))
        .select((Employee::ALL, Manager::ALL))
        .all(&mut db)
        .await?;
    let found: Vec<(i32, i32)> = pairs
        .iter()
        .map(|(boss, report)| (db[*boss].id, db[*report].id))
        .collect();
    chinook
        .assert_same(
            &found,
            "SELECT m.employee_id, e.employee_id FROM employee m JOIN employee e ON e.reports_to = m.employee_id ORDER BY 1, 2",
        )
        .await?;
    let nancy = pairs
        .iter()
        .find(|(_, report)| db[*report].last_name == "Edwards")
        .expect("Nancy reports to Adams")
        .1;
    assert!(pairs.iter().any(|(boss, _)| *boss == nancy));
    Ok(())
}

#[tokio::test]
async fn a_table_is_joined_to_itself_on_a_condition() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    type Other = Aliased<Customer, 1>;
    let mut db = chinook.engine.session();
    let found: Vec<(String, String, Option<String>)> = Customer::query()
        .join_on(
            Other::ALL,
            Other::CITY
                .eq(Customer::CITY)
                .and(Other::ID.gt(Customer::ID)),
        )
        .order_by((Customer::ID, Other::ID))
        .select((Customer::EMAIL, Other::EMAIL, Other::CITY))
        .all(&mut db)
        .await?;
    chinook
        .assert_same(
            &found,
            "SELECT a.email, b.email, b.city FROM customer a JOIN customer b ON b.city = a.city AND b.customer_id > a.customer_id
             ORDER BY a.customer_id, b.customer_id",
        )
        .await
}
