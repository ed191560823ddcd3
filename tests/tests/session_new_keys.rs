//! Primary keys that change, and whatever knows a row by its key: children and their children, links, savepoints.
#![allow(missing_docs)]

use orm_core::engine::sql;
use orm_core::prelude::*;
use tests::fixture::Fixture;
use tests::models::{City, Country};

const NOTHING: [&str; 0] = [];

/// Its floors are known by its key.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "towers", has_many(floors: Floor, via = tower))]
struct Tower {
    #[orm(primary_key)]
    code: String,
}

/// Its doors know it by its whole key, the tower's code in it.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "floors",
    belongs_to(tower: Tower, columns(tower_code)),
    has_many(doors: Door, via = floor)
)]
struct Floor {
    #[orm(primary_key)]
    tower_code: String,
    #[orm(primary_key)]
    number: i32,
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "doors", belongs_to(floor: Floor, columns(tower_code, number)))]
struct Door {
    #[orm(primary_key)]
    id: i32,
    tower_code: String,
    number: i32,
    name: String,
}

const FLOORS: &str = "select tower_code, number, name from floors order by 1, 2";
const DOORS: &str = "select tower_code, number, name from doors";

/// The tower with all that is in it; the first floor, the second, and the door.
async fn tower(
    db: &mut Session,
    code: &str,
) -> (Handle<Tower>, Handle<Floor>, Handle<Floor>, Handle<Door>) {
    let all = Tower::FLOORS.then(Floor::DOORS);
    let tower = db.get::<Tower>(code).with(all).await.unwrap().unwrap();
    let floors = db.related(tower, Tower::FLOORS).unwrap();
    let door = db.related(floors[0], Floor::DOORS).unwrap()[0];
    (tower, floors[0], floors[1], door)
}

async fn floor(db: &mut Session, tower: &str, number: i32) -> Option<Handle<Floor>> {
    db.get::<Floor>((tower.to_owned(), number)).await.unwrap()
}

#[tokio::test]
async fn a_key_that_is_part_of_childrens_keys_is_followed_to_the_last_of_them() {
    let f = Fixture::new::<(Tower, Floor, Door)>().await;
    f.elsewhere(
        "insert into towers values ('a'), ('z'); insert into floors values ('a', 1, 'x'), ('a', 2, 'y'), ('z', 1, 'z'); \
         insert into doors (tower_code, number, name) values ('a', 1, 'd')",
    )
    .await;
    let mut db = f.session();
    let (house, first, second, door) = tower(&mut db, "a").await;
    f.sent();
    db[house].code = "b".to_owned();
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!((&*db[first].tower_code, &*db[door].tower_code), ("b", "b"));
    assert!(!db.is_modified(first) && !db.is_modified(door));
    // They are known by their new keys, and found by them in the database.
    f.sent();
    assert_eq!(floor(&mut db, "b", 1).await, Some(first));
    assert_eq!(f.count(), 0);
    assert_eq!(floor(&mut db, "a", 1).await, None);
    db[first].name.push('!');
    db[door].name.push('!');
    db.flush().await.unwrap();
    db.rollback().await.unwrap();
    assert_eq!((&*db[first].tower_code, &*db[door].tower_code), ("a", "a"));
    assert_eq!(floor(&mut db, "a", 1).await, Some(first));

    // In one flush with changes of theirs, a child that is deleted, and one that is new.
    tower(&mut db, "a").await;
    db[house].code = "c".to_owned();
    db[first].name = "both".to_owned();
    db[door].name = "both".to_owned();
    db.delete(second).unwrap();
    let new = db.add(Floor::create().number(3).name("new").tower(house));
    db.commit().await.unwrap();
    assert_eq!(db[new].tower_code, "c");
    assert_eq!(f.rows(FLOORS).await, ["c|1|both", "c|3|new", "z|1|z"]);
    assert_eq!(f.rows(DOORS).await, ["c|1|both"]);

    // And behind a savepoint.
    tower(&mut db, "c").await;
    let mut nested = db.begin_nested().await.unwrap();
    nested[house].code = "d".to_owned();
    nested.flush().await.unwrap();
    assert_eq!(nested[door].tower_code, "d");
    nested.rollback().await.unwrap();
    assert_eq!((&*db[first].tower_code, &*db[door].tower_code), ("c", "c"));
    assert_eq!(floor(&mut db, "c", 1).await, Some(first));
    db[door].name = "after".to_owned();
    db.commit().await.unwrap();
    assert_eq!(f.rows(DOORS).await, ["c|1|after"]);
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "posts", many_to_many(labels: Label, through = PostLabel))]
struct Post {
    #[orm(primary_key)]
    slug: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "labels")]
struct Label {
    #[orm(primary_key)]
    word: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "post_labels")]
struct PostLabel {
    #[orm(primary_key, belongs_to(post: Post))]
    slug: String,
    #[orm(primary_key, belongs_to(label: Label))]
    word: String,
}

#[tokio::test]
async fn links_are_removed_by_the_keys_that_their_ends_have_had() {
    let f = Fixture::new::<(Post, Label, PostLabel)>().await;
    f.elsewhere(
        "insert into posts values ('p'), ('q'); insert into labels values ('a'), ('b'), ('c'); \
         insert into post_labels values ('p', 'a'), ('p', 'b')",
    )
    .await;
    let links = "select slug, word from post_labels order by 1, 2";
    let mut db = f.session();
    let get = db.get::<Post>("p").with(Post::LABELS);
    let post = get.await.unwrap().unwrap();
    let labels = Label::query().order_by(Label::WORD);
    let [a, b, c] = labels.all(&mut db).await.unwrap()[..] else {
        panic!("there are three")
    };
    // The key of one end, of what goes and of what comes.
    db[a].word = "A".to_owned();
    db.remove(post, Post::LABELS, a);
    db[c].word = "C".to_owned();
    db.push(post, Post::LABELS, c);
    db.commit().await.unwrap();
    assert_eq!(f.rows(links).await, ["p|C", "p|b"]);
    // Those of both.
    db.refresh(post).with(Post::LABELS).await.unwrap();
    db[post].slug = "P".to_owned();
    db[b].word = "B".to_owned();
    db.remove(post, Post::LABELS, b);
    db.commit().await.unwrap();
    assert_eq!(f.rows(links).await, ["P|C"]);
    // That of a row which is deleted.
    db.refresh(post).await.unwrap();
    db[post].slug = "gone".to_owned();
    db.delete(post).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(links).await, NOTHING);
    assert_eq!(f.rows("select slug from posts").await, ["q"]);
}

#[tokio::test]
async fn children_are_looked_for_by_the_key_that_the_database_has() {
    let f = Fixture::new::<(Country, City)>().await;
    f.elsewhere(
        "insert into countries values ('AA', 'a'), ('BB', 'b'); \
         insert into cities (name, country_code) values ('x', 'AA'), ('y', 'BB')",
    )
    .await;
    let homeless = "select name from cities where country_code is null";
    for loaded in [false, true] {
        let mut db = f.session();
        let country = db.get::<Country>("AA").await.unwrap().unwrap();
        if loaded {
            db.load(country, Country::CITIES).await.unwrap();
        }
        db[country].code = "ZZ".to_owned();
        db.delete(country).unwrap();
        db.flush().await.unwrap();
        let name: String = sql(homeless).scalar(&mut db).await.unwrap();
        assert_eq!(name, "x");
        db.rollback().await.unwrap();
        assert_eq!(db[country].code, "AA");
    }
    let mut db = f.session();
    let country = db.get::<Country>("AA").await.unwrap().unwrap();
    db[country].code = "ZZ".to_owned();
    db.no_autoflush()
        .load(country, Country::CITIES)
        .await
        .unwrap();
    let cities = db.related(country, Country::CITIES).unwrap();
    assert_eq!(cities.len(), 1);
    assert_eq!(db.count_of(country, Country::CITIES).await.unwrap(), [1]);
    db.commit().await.unwrap();
    assert_eq!(db[cities[0]].country_code.as_deref(), Some("ZZ"));
    assert_eq!(
        f.rows("select name, country_code from cities order by 1")
            .await,
        ["x|ZZ", "y|BB"]
    );
}

#[tokio::test]
async fn keys_that_change_and_change_hands_behind_savepoints_come_back() {
    let f = Fixture::new::<(Country, City)>().await;
    f.elsewhere(
        "insert into countries values ('AA', 'a'), ('BB', 'b'); \
         insert into cities (name, country_code) values ('x', 'AA')",
    )
    .await;
    let mut db = f.session();
    let get = db.get::<Country>("AA").with(Country::CITIES);
    let a = get.await.unwrap().unwrap();
    let b = db.get::<Country>("BB").await.unwrap().unwrap();
    let city = db.related(a, Country::CITIES).unwrap()[0];
    let mut outer = db.begin_nested().await.unwrap();
    outer[a].code = "A1".to_owned();
    outer.flush().await.unwrap();
    let mut inner = outer.begin_nested().await.unwrap();
    inner[a].code = "A2".to_owned();
    inner.delete(b).unwrap();
    let in_its_place = inner.add(Country::create().code("BB").name("new"));
    let taken = inner.add(Country::create().code("AA").name("taken"));
    inner.set(city, City::COUNTRY, in_its_place);
    inner.flush().await.unwrap();
    assert_eq!(inner.get::<Country>("AA").await.unwrap(), Some(taken));
    assert_eq!(inner.get::<Country>("A1").await.unwrap(), None);
    inner.expunge(taken).unwrap();
    inner[a].code = "unsent".to_owned();
    inner.rollback().await.unwrap();
    for (code, known) in [("A1", Some(a)), ("BB", Some(b)), ("AA", None)] {
        assert_eq!(outer.get::<Country>(code).await.unwrap(), known, "{code}");
    }
    assert_eq!(outer[city].country_code.as_deref(), Some("A1"));
    assert_eq!(outer.related(city, City::COUNTRY).unwrap(), Some(a));
    assert_eq!(*outer.related(a, Country::CITIES).unwrap(), [city]);
    outer.rollback().await.unwrap();
    for (code, known) in [("AA", Some(a)), ("BB", Some(b)), ("A1", None)] {
        assert_eq!(db.get::<Country>(code).await.unwrap(), known, "{code}");
    }
    assert_eq!(db[city].country_code.as_deref(), Some("AA"));
    db[a].name.push('!');
    db[city].name.push('!');
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code, name from countries order by 1").await,
        ["AA|a!", "BB|b"]
    );
}

/// Part of another one, maybe.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "areas", has_many(parts: Area, via = whole))]
struct Area {
    #[orm(belongs_to(whole: Self))]
    whole_code: Option<String>,
    #[orm(primary_key)]
    code: String,
}

const AREAS: &str = "select code, whole_code from areas order by 1";

async fn areas(values: &str) -> (Fixture, Session, Vec<Handle<Area>>) {
    let f = Fixture::new::<Area>().await;
    let insert = format!("insert into areas (code, whole_code) values {values}");
    f.elsewhere(&insert).await;
    let mut db = f.session();
    let all = Area::query().order_by(Area::CODE).all(&mut db).await;
    (f, db, all.unwrap())
}

#[tokio::test]
async fn a_row_is_led_to_one_whose_key_changes_behind_that() {
    for way in ["key first", "key last", "by hand"] {
        for fresh in [true, false] {
            let (f, mut db, all) = areas("('a', null), ('c', null), ('d', 'a')").await;
            let [a, c, d] = all[..] else { panic!("three") };
            if !fresh {
                db.commit().await.unwrap();
            }
            if way == "key last" {
                db.push(a, Area::PARTS, c);
            }
            db[a].code = "b".to_owned();
            match way {
                "key first" => db.push(a, Area::PARTS, c),
                "by hand" => db[c].whole_code = Some("b".to_owned()),
                _ => {}
            }
            let new = db.add(Area::create().code("new").whole(a));
            db.flush().await.unwrap();
            for part in [c, d, new] {
                assert_eq!(db[part].whole_code.as_deref(), Some("b"), "{way}");
            }
            db.commit().await.unwrap();
            assert_eq!(f.rows(AREAS).await, ["b|NULL", "c|b", "d|b", "new|b"]);
        }
    }
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "rivers")]
struct River {
    #[orm(primary_key)]
    code: String,
    #[orm(belongs_to(spring: Spring))]
    spring_code: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "springs")]
struct Spring {
    #[orm(primary_key)]
    code: String,
    #[orm(belongs_to(river: River))]
    river_code: Option<String>,
}

#[tokio::test]
async fn a_key_that_changes_goes_first_in_tables_that_refer_to_each_other() {
    for (is_river, is_first) in [(true, true), (true, false), (false, true), (false, false)] {
        let f = Fixture::new::<(River, Spring)>().await;
        f.elsewhere(
            "insert into rivers values ('r', null); insert into springs values ('s', null)",
        )
        .await;
        let mut db = f.session();
        if is_first {
            River::query().all(&mut db).await.unwrap();
        }
        let spring = db.get::<Spring>("s").await.unwrap().unwrap();
        let river = db.get::<River>("r").await.unwrap().unwrap();
        if is_river {
            db[river].code = "new".to_owned();
            db.set(spring, Spring::RIVER, Some(river));
        } else {
            db[spring].code = "new".to_owned();
            db.set(river, River::SPRING, Some(spring));
        }
        db.commit().await.unwrap();
        let keys = "select coalesce(river_code, spring_code) from rivers, springs";
        assert_eq!(f.rows(keys).await, ["new"]);
    }
}

#[tokio::test]
async fn keys_of_a_whole_and_its_parts_change_in_the_transaction_that_wrote_them() {
    let f = Fixture::new::<Area>().await;
    for [top, middle, leaf] in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
        let mut db = f.session();
        let top = db.add(Area::create().code(top));
        let middle = db.add(Area::create().code(middle).whole(top));
        let leaf = db.add(Area::create().code(leaf).whole(middle));
        db.flush().await.unwrap();
        for (row, code) in [(top, "x"), (middle, "y"), (leaf, "z")] {
            db[row].code = code.to_owned();
        }
        db.flush().await.unwrap();
        assert_eq!(db[leaf].whole_code.as_deref(), Some("y"));
        assert_eq!(db[middle].whole_code.as_deref(), Some("x"));
        // A ring of them.
        db.set(top, Area::WHOLE, Some(leaf));
        db.flush().await.unwrap();
        for row in [top, middle, leaf] {
            db[row].code.push('!');
        }
        db.flush().await.unwrap();
        let lines = "select string_agg(code || '|' || whole_code, ' ' order by code) from areas";
        let lines: String = sql(lines).scalar(&mut db).await.unwrap();
        assert_eq!(lines, "x!|z! y!|x! z!|y!");
    }
}

#[tokio::test]
async fn rows_whose_keys_change_are_led_to_each_other() {
    for fresh in [true, false] {
        let (f, mut db, all) = areas("('a', null), ('b', null), ('c', null)").await;
        let [a, b, c] = all[..] else { panic!("three") };
        if !fresh {
            db.commit().await.unwrap();
        }
        for (row, whole) in [(a, b), (b, a), (c, a)] {
            db[row].code.push('!');
            db.set(row, Area::WHOLE, Some(whole));
        }
        // And one that is new.
        let new = db.add(Area::create().code("new").whole(c));
        db.set(a, Area::WHOLE, Some(new));
        let plan = db.plan().unwrap().to_string();
        assert!(
            plan.contains("closes a ring: `Area::WHOLE` was left as it was"),
            "{plan}"
        );
        db.commit().await.unwrap();
        assert_eq!(f.rows(AREAS).await, ["a!|new", "b!|a!", "c!|a!", "new|c!"]);
        // What others have changed meanwhile is not overwritten.
        if !fresh {
            for (row, whole) in [(a, b), (b, a)] {
                db[row].code.push('!');
                db.set(row, Area::WHOLE, Some(whole));
            }
            f.elsewhere("update areas set whole_code = null where code in ('a!', 'b!')")
                .await;
            assert!(db.commit().await.is_err());
            db.rollback().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_row_leaves_one_whose_key_changes() {
    for fresh in [true, false] {
        let f = Fixture::new::<(Country, City)>().await;
        f.elsewhere(
            "insert into countries values ('AA', 'a'), ('BB', 'b'); \
             insert into cities (name, country_code) values ('x', 'AA'), ('y', 'AA')",
        )
        .await;
        let mut db = f.session();
        let countries = Country::query().order_by(Country::CODE).all(&mut db);
        let countries = countries.await.unwrap();
        let cities = City::query().order_by(City::ID).all(&mut db).await;
        let cities = cities.unwrap();
        if !fresh {
            db.commit().await.unwrap();
        }
        db[countries[0]].code = "ZZ".to_owned();
        db.set(cities[0], City::COUNTRY, None);
        db.set(cities[1], City::COUNTRY, Some(countries[1]));
        db.commit().await.unwrap();
        let rows = "select name, country_code from cities order by 1";
        assert_eq!(f.rows(rows).await, ["x|NULL", "y|BB"]);

        let (f, mut db, all) = areas("('a', null), ('b', null), ('c', 'a'), ('d', 'a')").await;
        if !fresh {
            db.commit().await.unwrap();
        }
        db[all[0]].code = "new".to_owned();
        db.set(all[2], Area::WHOLE, None);
        db.set(all[3], Area::WHOLE, Some(all[1]));
        db.commit().await.unwrap();
        assert_eq!(f.rows(AREAS).await, ["b|NULL", "c|NULL", "d|b", "new|NULL"]);

        // The same of another table, and of rows that are known by a key with the other's in it.
        let f = Fixture::new::<(Tower, Floor, Door)>().await;
        f.elsewhere(
            "insert into towers values ('a'), ('z'); insert into floors values ('a', 1, 'x'), ('a', 2, 'y'); \
             insert into doors (tower_code, number, name) values ('a', 1, 'd'), ('a', 2, 'e')",
        )
        .await;
        let mut db = f.session();
        let (house, first, second, _) = tower(&mut db, "a").await;
        let z = db.get::<Tower>("z").await.unwrap().unwrap();
        if !fresh {
            db.commit().await.unwrap();
        }
        db[house].code = "b".to_owned();
        db.set(first, Floor::TOWER, z);
        db.commit().await.unwrap();
        assert_eq!(
            (&*db[first].tower_code, &*db[second].tower_code),
            ("z", "b")
        );
        assert_eq!(floor(&mut db, "z", 1).await, Some(first));
        assert_eq!(f.rows(FLOORS).await, ["b|2|y", "z|1|x"]);
        assert_eq!(
            f.rows("select tower_code, name from doors order by name")
                .await,
            ["z|d", "b|e"]
        );
        db[first].name.push('!');
        db.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_row_is_led_by_hand_to_a_key_that_changes_then() {
    for fresh in [true, false] {
        let (f, mut db, all) = areas("('a', null), ('b', null), ('c', null), ('d', 'b')").await;
        if !fresh {
            db.commit().await.unwrap();
        }
        for row in [all[2], all[3]] {
            db[row].whole_code = Some("a".to_owned());
        }
        for row in [all[0], all[1]] {
            db[row].code.push('!');
        }
        db.commit().await.unwrap();
        assert_eq!(f.rows(AREAS).await, ["a!|NULL", "b!|NULL", "c|a!", "d|a!"]);
    }
}
