//! Keys that are declared as `char(n)`: the server fills them up with blanks, and blanks at their end don't count.
#![allow(missing_docs)]

use orm_core::prelude::*;
use tests::fixture::Fixture;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "countries",
    has_many(towns: Town, via = country),
    many_to_many(languages: Language, through = Spoken)
)]
struct Country {
    #[orm(primary_key, fixed_length = 3)]
    code: String,
    size: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "towns")]
struct Town {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(country: Country), fixed_length = 3)]
    country_code: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "languages", many_to_many(countries: Country, through = Spoken))]
struct Language {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "spoken")]
struct Spoken {
    #[orm(primary_key, belongs_to(country: Country), fixed_length = 3)]
    country_code: String,
    #[orm(primary_key, belongs_to(language: Language))]
    language_id: i32,
}

/// Its key has two columns.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "rooms", has_many(desks: Desk, via = room))]
struct Room {
    #[orm(primary_key, fixed_length = 4)]
    house: String,
    #[orm(primary_key)]
    number: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "desks", belongs_to(room: Room, columns(house, room_number)))]
struct Desk {
    #[orm(primary_key)]
    id: i32,
    #[orm(fixed_length = 4)]
    house: String,
    room_number: i32,
}

/// A tree.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "parts", has_many(parts: Part, via = whole))]
struct Part {
    #[orm(primary_key, fixed_length = 3)]
    code: String,
    #[orm(belongs_to(whole: Self), fixed_length = 3)]
    whole_code: Option<String>,
}

type All = (Country, Town, Language, Spoken);

async fn two() -> (Fixture, Session, Vec<Handle<Country>>) {
    let f = Fixture::new::<All>().await;
    f.elsewhere(
        "insert into countries values ('de', 1), ('fr', 2); insert into towns values (1, 'de'), (2, 'fr');
         insert into languages values (1, 'German'); insert into spoken values ('de', 1), ('fr', 1)",
    )
    .await;
    let mut db = f.session();
    let query = Country::query().order_by(Country::CODE);
    let all = query.all(&mut db).await.unwrap();
    (f, db, all)
}

const COUNTRIES: &str = "select code, size from countries order by code";

#[tokio::test]
async fn many_rows_are_written_by_keys_with_blanks() {
    let (f, mut db, all) = two().await;
    db.commit().await.unwrap();
    // Stale, and then of this transaction.
    for by in [10, 20] {
        all.iter().for_each(|country| db[*country].size += by);
        db.flush().await.unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(f.rows(COUNTRIES).await, ["de |31", "fr |32"]);
    f.elsewhere("delete from spoken; delete from towns").await;
    all.iter().for_each(|country| db.delete(*country).unwrap());
    db.commit().await.unwrap();
    assert!(f.rows(COUNTRIES).await.is_empty());
}

#[tokio::test]
async fn what_others_changed_is_named() {
    let (f, mut db, all) = two().await;
    db.commit().await.unwrap();
    all.iter().for_each(|country| db[*country].size += 1);
    f.elsewhere("update countries set size = 7 where code = 'fr'")
        .await;
    let error = tests::refused(db.commit().await);
    let orm_core::Error::Stale { rows, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(rows[..], ["Country#1"]);
}

#[tokio::test]
async fn members_are_loaded_by_keys_with_blanks() {
    let (_f, mut db, all) = two().await;
    for path in [Country::TOWNS.limit(1), Country::TOWNS.limit(2)] {
        db.load(&all, path).await.unwrap();
        for country in &all {
            let towns = db.related(*country, Country::TOWNS).unwrap();
            assert_eq!(towns.len(), 1);
        }
    }
}

#[tokio::test]
async fn links_to_keys_with_blanks_are_removed_together() {
    let (f, mut db, all) = two().await;
    db.load(&all, Country::LANGUAGES).await.unwrap();
    for country in &all {
        let spoken = db.related(*country, Country::LANGUAGES).unwrap();
        db.remove(*country, Country::LANGUAGES, spoken[0]);
    }
    db.commit().await.unwrap();
    assert!(f.rows("select * from spoken").await.is_empty());
    let language = db.get::<Language>(1).await.unwrap().unwrap();
    all.iter()
        .for_each(|country| db.push(*country, Country::LANGUAGES, language));
    db.commit().await.unwrap();
    assert_eq!(f.rows("select count(*) from spoken").await, ["2"]);
    f.elsewhere("delete from towns").await;
    all.iter().for_each(|country| db.delete(*country).unwrap());
    db.commit().await.unwrap();
    assert!(f.rows("select * from spoken").await.is_empty());
}

#[tokio::test]
async fn keys_of_several_columns_may_have_blanks() {
    let f = Fixture::new::<(Room, Desk)>().await;
    f.elsewhere("insert into rooms values ('a', 1), ('a', 2); insert into desks values (1, 'a', 1), (2, 'a', 2)")
        .await;
    let mut db = f.session();
    let rooms = Room::query().all(&mut db).await.unwrap();
    db.load(&rooms, Room::DESKS).await.unwrap();
    for room in rooms {
        assert_eq!(db.related(room, Room::DESKS).unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_tree_is_followed_along_keys_with_blanks() {
    let f = Fixture::new::<(Part,)>().await;
    f.elsewhere("insert into parts values ('a', null), ('b', 'a'), ('c', 'b'), ('d', 'c')")
        .await;
    let mut db = f.session();
    let root = db.get::<Part>("a").await.unwrap().unwrap();
    db.load(root, Part::PARTS.recursive()).await.unwrap();
    let (mut at, mut path) = (root, Vec::new());
    while let Some(part) = db.related(at, Part::PARTS).unwrap().first() {
        at = *part;
        path.push(db[at].code.clone());
    }
    assert_eq!(path, ["b  ", "c  ", "d  "]);
}
