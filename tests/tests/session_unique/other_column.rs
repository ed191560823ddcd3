//! Values that are exchanged where the column itself has nothing safe to hold meanwhile: another of the same constraint has, or one
//! that its CHECK allows.

use orm_core::Error;
use orm_core::prelude::*;
use tests::fixture::{Fixture, text};
use tests::refused;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lists", has_many(entries: Entry, via = list))]
struct List {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "entries", unique(list_id, position))]
struct Entry {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(list: List))]
    list_id: i32,
    position: i32,
    note: Option<String>,
}

/// The only two lists, each with an entry at the first place.
async fn two() -> (Fixture, Session, [Handle<Entry>; 2]) {
    let f = Fixture::new::<(List, Entry)>().await;
    let mut db = f.session();
    let entries = [(); 2].map(|()| {
        let list = db.add(List::create());
        db.add(Entry::create().list(list).position(1))
    });
    db.commit().await.unwrap();
    (f, db, entries)
}

fn swap_lists(db: &mut Session, entries: [Handle<Entry>; 2]) {
    let [first, second] = db.get_disjoint_mut(entries);
    std::mem::swap(&mut first.list_id, &mut second.list_id);
}

const ENTRIES: &str = "select id, list_id, position, note from entries order by id";

#[tokio::test]
async fn rows_of_the_only_two_lists_exchange_them() {
    let (f, mut db, entries) = two().await;
    // Stale ones, and then some that were written in this transaction.
    swap_lists(&mut db, entries);
    db.commit().await.unwrap();
    assert_eq!(f.rows(ENTRIES).await, ["1|2|1|NULL", "2|1|1|NULL"]);
    for note in ["there", "and back"] {
        db[entries[0]].note = Some(note.to_owned());
        db.flush().await.unwrap();
        swap_lists(&mut db, entries);
        db.flush().await.unwrap();
    }
    assert!(db.dirty::<Entry>().is_empty());
    db.commit().await.unwrap();
    assert_eq!(f.rows(ENTRIES).await, ["1|2|1|and back", "2|1|1|NULL"]);
}

#[tokio::test]
async fn what_others_made_of_the_column_that_is_moved_aside_is_noticed() {
    let (f, mut db, entries) = two().await;
    f.elsewhere("update entries set position = 5 where id = 1")
        .await;
    swap_lists(&mut db, entries);
    assert!(matches!(refused(db.commit().await), Error::Stale { .. }));
    db.rollback().await.unwrap();
    assert_eq!(f.rows(ENTRIES).await, ["1|1|5|NULL", "2|2|1|NULL"]);
}

/// Whoever is active has a slot.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "workers",
    check("not active or slot is not null"),
    check("slot < 100")
)]
struct Worker {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    slot: Option<i32>,
    #[orm(default = true)]
    active: bool,
}

async fn two_workers(sql: &str) -> (Fixture, Session) {
    let f = Fixture::new::<(Worker,)>().await;
    f.elsewhere(sql).await;
    let mut db = f.session();
    let workers = [1, 2].map(|slot| db.add(Worker::create().slot(slot)));
    db.commit().await.unwrap();
    db[workers[0]].slot = Some(2);
    db[workers[1]].slot = Some(1);
    (f, db)
}

#[tokio::test]
async fn a_column_that_a_check_wants_filled_is_moved_aside_to_a_value() {
    let (f, mut db) = two_workers("").await;
    db.commit().await.unwrap();
    let all = "select id, slot from workers order by id";
    assert_eq!(f.rows(all).await, ["1|2", "2|1"]);
}

/// One of two sides, or none.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "sides", check("side between 1 and 2"))]
struct Side {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    side: Option<i32>,
}

#[tokio::test]
async fn where_a_check_leaves_no_other_value_it_is_null() {
    let f = Fixture::new::<(Side,)>().await;
    let mut db = f.session();
    let sides = [1, 2].map(|side| db.add(Side::create().side(side)));
    db.commit().await.unwrap();
    (db[sides[0]].side, db[sides[1]].side) = (Some(2), Some(1));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select * from sides order by id").await,
        ["1|2", "2|1"]
    );
}

#[tokio::test]
async fn a_check_that_refuses_whatever_is_held_meanwhile_is_said() {
    let (_f, mut db) =
        two_workers("alter table workers add constraint few check (slot in (1, 2))").await;
    let error = refused(db.commit().await);
    assert!(matches!(error, Error::Cycle { .. }), "{error:?}");
    assert_eq!(
        text(&error),
        "rows of `workers` exchange unique values, so one of them has to hold something else for the time between, and nothing that \
         `workers.slot` could hold meanwhile satisfies the CHECK `few`; roll back, and let the constraint be checked at COMMIT \
         (`unique_deferred(..)`), or free a value first"
    );
}
