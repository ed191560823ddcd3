//! Tables that refer to one another, and to themselves: which rows go first, and where a ring is broken or opened.
#![allow(missing_docs)]

use orm_core::prelude::*;
use tests::fixture::Fixture;
use tests::models::{House, Person};
use tests::relations::{Player, Team};

/// What a flush is about to send, without the columns that come back.
fn planned(db: &mut Session) -> Vec<String> {
    let steps = db.plan().unwrap().steps.into_iter();
    let sql = steps.map(|step| step.sql.split(" RETURNING ").next().unwrap().to_owned());
    sql.collect()
}

async fn owner_at_home() -> (Fixture, Session, Handle<Person>, Handle<House>) {
    let f = Fixture::new::<(Person, House)>().await;
    f.elsewhere(
        "insert into people values (1, 'p', null); insert into houses values (1, 's', 1); update people set home_id = 1",
    )
    .await;
    let mut db = f.session();
    let person = db.get::<Person>(1).await.unwrap().unwrap();
    let house = db.get::<House>(1).await.unwrap().unwrap();
    (f, db, person, house)
}

#[tokio::test]
async fn a_ring_is_opened_by_what_the_database_has_not_by_what_was_set_since() {
    for by_hand in [false, true] {
        let (f, mut db, person, house) = owner_at_home().await;
        if by_hand {
            db[person].home_id = None;
        } else {
            db.set(person, Person::HOME, None);
        }
        db.delete(person).unwrap();
        db.delete(house).unwrap();
        assert_eq!(
            planned(&mut db),
            [
                "UPDATE people SET home_id = NULL WHERE id = $1",
                "DELETE FROM houses WHERE id = $1",
                "DELETE FROM people WHERE id = $1",
            ]
        );
        db.commit().await.unwrap();
        assert_eq!(f.rows("select id from people").await.len(), 0);
    }
    // And the other way round: what was never sent has nothing to open.
    let f = Fixture::new::<(Person, House)>().await;
    f.elsewhere("insert into people values (1, 'p', null); insert into houses values (1, 's', 1)")
        .await;
    let mut db = f.session();
    let person = db.get::<Person>(1).await.unwrap().unwrap();
    let house = db.get::<House>(1).await.unwrap().unwrap();
    db.set(person, Person::HOME, Some(house));
    db.delete(person).unwrap();
    db.delete(house).unwrap();
    assert_eq!(planned(&mut db).len(), 2);
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_team_goes_with_its_players_though_its_captain_was_unset() {
    let f = Fixture::new::<(Team, Player)>().await;
    let mut db = f.session();
    let team = db.add(Team::create().name("t"));
    let players = db.add_all(["a", "b"].map(|name| Player::create().name(name).team(team)));
    db.set(team, Team::CAPTAIN, Some(players[1]));
    db.commit().await.unwrap();
    // A new captain, and the old one is deleted in the same flush.
    let new = db.add(Player::create().name("new").team(team));
    db.set(team, Team::CAPTAIN, Some(new));
    db.delete(players[1]).unwrap();
    db.commit().await.unwrap();
    // All of it, the captain unset by hand.
    db[team].captain_id = None;
    for player in [players[0], new] {
        db.delete(player).unwrap();
    }
    db.delete(team).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select id from teams").await.len(), 0);
}

/// Its chief sits at a desk of the same tenant: one column of the key can be NULL, the other can't.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "offices", belongs_to(chief: Desk, columns(tenant, chief_id)))]
struct Office {
    #[orm(primary_key)]
    tenant: i32,
    #[orm(primary_key)]
    id: i32,
    chief_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "desks", belongs_to(office: Office, columns(tenant, office_id)))]
struct Desk {
    #[orm(primary_key)]
    tenant: i32,
    #[orm(primary_key)]
    id: i32,
    office_id: i32,
}

#[tokio::test]
async fn one_column_of_a_foreign_key_that_can_be_null_is_enough_to_break_a_ring_and_to_open_it() {
    let f = Fixture::new::<(Office, Desk)>().await;
    let mut db = f.session();
    let office = Office {
        tenant: 1,
        id: 1,
        chief_id: None,
    };
    let desk = Desk {
        tenant: 1,
        id: 2,
        office_id: 1,
    };
    let (office, desk) = (db.add(office), db.add(desk));
    db.set(office, Office::CHIEF, Some(desk));
    db.set(desk, Desk::OFFICE, office);
    assert_eq!(
        planned(&mut db),
        [
            "INSERT INTO offices (tenant, id, chief_id) VALUES ($1, $2, $3)",
            "INSERT INTO desks (tenant, id, office_id) VALUES ($1, $2, $3)",
            "UPDATE offices SET chief_id = $1 WHERE tenant = $2 AND id = $3",
        ]
    );
    db.commit().await.unwrap();
    assert_eq!(f.rows("select * from offices").await, ["1|1|2"]);

    db.delete(office).unwrap();
    db.delete(desk).unwrap();
    assert_eq!(
        planned(&mut db),
        [
            "UPDATE offices SET chief_id = NULL WHERE tenant = $1 AND id = $2",
            "DELETE FROM desks WHERE tenant = $1 AND id = $2",
            "DELETE FROM offices WHERE tenant = $1 AND id = $2",
        ]
    );
    db.commit().await.unwrap();
    assert_eq!(f.rows("select id from offices").await.len(), 0);
}

/// Three ways to others, all of which may lead nowhere.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tenants")]
struct Tenant {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(home: Flat))]
    home_id: Option<i32>,
    #[orm(belongs_to(work: Flat))]
    work_id: Option<i32>,
    #[orm(belongs_to(boss: Self))]
    boss_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "flats")]
struct Flat {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(tenant: Tenant))]
    tenant_id: i32,
    #[orm(belongs_to(heir: Tenant))]
    heir_id: Option<i32>,
}

#[tokio::test]
async fn the_foreign_keys_of_a_row_are_closed_and_opened_by_one_update() {
    let f = Fixture::new::<(Tenant, Flat)>().await;
    let mut db = f.session();
    let mut rows = Vec::new();
    for _ in 0..3 {
        let tenant = db.add(Tenant::create());
        let [home, work] = [(); 2].map(|()| db.add(Flat::create().tenant(tenant).heir(tenant)));
        db.set(tenant, Tenant::HOME, Some(home));
        db.set(tenant, Tenant::WORK, Some(work));
        db.set(tenant, Tenant::BOSS, Some(tenant));
        rows.push((tenant, home, work));
    }
    let updates = |plan: Vec<String>| {
        let updates = plan.into_iter().filter(|sql| sql.starts_with("UPDATE"));
        updates.collect::<Vec<_>>()
    };
    let closing = updates(planned(&mut db));
    assert_eq!(closing.len(), 1, "{closing:?}");
    db.commit().await.unwrap();
    for (tenant, home, work) in rows {
        db.delete(tenant).unwrap();
        db.delete(home).unwrap();
        db.delete(work).unwrap();
    }
    // Not what stands in nobody's way: a boss, who is deleted by the same statement, and the heirs of flats.
    let opening = updates(planned(&mut db));
    assert_eq!(opening.len(), 1, "{opening:?}");
    assert!(
        opening[0].starts_with("UPDATE tenants SET home_id = NULL, work_id = NULL FROM"),
        "{opening:?}"
    );
    let reason = "`Tenant::HOME` and `Tenant::WORK` are set to NULL, to delete rows that refer to one another";
    assert_eq!(db.plan().unwrap().steps[0].reason, reason);
    db.commit().await.unwrap();
    assert_eq!(f.rows("select id from tenants").await.len(), 0);
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "folders")]
struct Folder {
    #[orm(primary_key)]
    code: String,
    #[orm(server_default = "'x'")]
    mark: String,
    #[orm(belongs_to(parent: Self))]
    parent_code: Option<String>,
}

#[tokio::test]
async fn keys_that_were_set_by_hand_are_those_of_rows_of_the_same_flush() {
    let f = Fixture::new::<Folder>().await;
    let mut db = f.session();
    // Of several batches, the one that they refer to stands first.
    let old = db.add(Folder::create().code("old"));
    db.add(Folder::create().code("parent").mark("m"));
    let child = db.add(
        Folder::create()
            .code("child")
            .parent_code("parent".to_owned()),
    );
    db.commit().await.unwrap();
    assert_eq!(
        db[child].parent_code.as_deref(),
        Some("parent"),
        "{:?}",
        f.sent()
    );
    // A row that is there refers to one that is new.
    db[old].parent_code = Some("new".to_owned());
    db.add(Folder::create().code("new"));
    db.commit().await.unwrap();
    // Rows that send the same columns are one INSERT, also in a ring.
    f.sent();
    for (code, parent) in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "c"), ("e", "e")] {
        db.add(Folder::create().code(code).parent_code(parent.to_owned()));
    }
    db.commit().await.unwrap();
    assert_eq!(f.sent().len(), 3);
    assert_eq!(
        f.rows("select code, parent_code from folders where parent_code is not null order by 1")
            .await,
        ["a|b", "b|c", "c|a", "child|parent", "d|c", "e|e", "old|new"]
    );
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "roads")]
struct Road {
    #[orm(primary_key)]
    code: String,
    #[orm(belongs_to(town: Town))]
    town_code: Option<String>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "towns")]
struct Town {
    #[orm(primary_key)]
    code: String,
    #[orm(belongs_to(road: Road))]
    road_code: Option<String>,
}

#[tokio::test]
async fn keys_that_were_set_by_hand_order_tables_that_refer_to_each_other() {
    for road_first in [true, false] {
        for to_town in [true, false] {
            let f = Fixture::new::<(Road, Town)>().await;
            let mut db = f.session();
            let (road, town) = match to_town {
                true => (Some("t".to_owned()), None),
                false => (None, Some("r".to_owned())),
            };
            let (road, town) = (
                Road {
                    code: "r".to_owned(),
                    town_code: road,
                },
                Town {
                    code: "t".to_owned(),
                    road_code: town,
                },
            );
            if road_first {
                db.add(road);
                db.add(town);
            } else {
                db.add(town);
                db.add(road);
            }
            db.commit().await.unwrap();
        }
    }
}
