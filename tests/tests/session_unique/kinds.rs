//! What columns of each type hold while rows exchange their unique values, and where nothing can be done.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{Session, StepKind};
use rust_decimal::Decimal;
use tests::fixture::{Fixture, text};
use tests::refused;

use crate::day;

/// A required unique column of each type.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "every_kind",
    check("positive > 0 and positive < 1000"),
    check("upper(code) = code and length(code) = 5")
)]
struct Kind {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    date: chrono::NaiveDate,
    #[orm(unique)]
    at: chrono::DateTime<chrono::Utc>,
    #[orm(unique, sql_type = "timestamp(0)")]
    local: chrono::NaiveDateTime,
    #[orm(unique)]
    time: chrono::NaiveTime,
    #[orm(unique)]
    small: i16,
    #[orm(unique)]
    real: f32,
    #[orm(unique)]
    double: f64,
    #[orm(unique, precision = 6, scale = 2)]
    price: Decimal,
    /// With CHECKs.
    #[orm(unique)]
    positive: i32,
    #[orm(unique)]
    code: String,
    #[orm(unique, fixed_length = 3)]
    country: String,
}

fn kind(n: i16) -> impl orm_core::model::Insertable<Model = Kind> {
    let at = day(1).and_hms_opt(0, 0, n as u32).unwrap();
    Kind::create()
        .date(day(n as u32))
        .at(at.and_utc())
        .local(at)
        .time(at.time())
        .small(n)
        .real(f32::from(n))
        .double(f64::from(n))
        .price(n.to_string().parse::<Decimal>().unwrap())
        .positive(i32::from(n))
        .code(format!("CODE{n}"))
        .country(format!("C{n}"))
}

/// Gives each row the values of the next one, the last those of the first.
fn rotate(db: &mut Session, rows: &[Handle<Kind>]) {
    let values: Vec<Kind> = rows.iter().map(|row| db[*row].clone()).collect();
    for (at, row) in rows.iter().enumerate() {
        let id = db[*row].id;
        db[*row] = Kind {
            id,
            ..values[(at + 1) % values.len()].clone()
        };
    }
}

const KINDS: &str = "select id, date, at at time zone 'UTC', local, time, small, real, double, price, positive, code, country \
    from every_kind order by id";

fn line(id: i32, n: i32) -> String {
    format!(
        "{id}|2030-01-0{n}|2030-01-01 00:00:0{n}|2030-01-01 00:00:0{n}|00:00:0{n}|{n}|{n}|{n}|{n}.00|{n}|CODE{n}|C{n} "
    )
}

#[tokio::test]
async fn values_of_every_type_are_exchanged() {
    let f = Fixture::new::<(Kind,)>().await;
    let mut db = f.session();
    let rows = [1, 2, 3].map(|n| db.add(kind(n)));
    db.commit().await.unwrap();
    assert_eq!(f.rows(KINDS).await, [line(1, 1), line(2, 2), line(3, 3)]);
    // A ring of three, from a stale state; then a swap within the transaction.
    f.sent();
    rotate(&mut db, &rows);
    db.flush().await.unwrap();
    // A country has few letters, so one row alone has its country moved aside, and the rest goes row by row.
    assert_eq!(f.count(), 6);
    rotate(&mut db, &rows[..2]);
    db.commit().await.unwrap();
    assert_eq!(f.rows(KINDS).await, [line(1, 3), line(2, 2), line(3, 1)]);
    // The ends of a type's range are no obstacle.
    db[rows[0]].small = i16::MAX;
    db[rows[1]].small = i16::MIN + 1;
    db[rows[0]].double = f64::INFINITY;
    db.commit().await.unwrap();
    rotate(&mut db, &rows[..2]);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select small, double from every_kind order by id")
            .await,
        ["-32767|2", "32767|Infinity", "1|1"]
    );
}

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[orm(name = "medal")]
enum Medal {
    Gold,
    Silver,
    Bronze,
}

/// Who has which medal, of which there is one in each round.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "winners", unique(final_round, medal))]
struct Winner {
    #[orm(primary_key)]
    id: i32,
    final_round: bool,
    medal: Medal,
}

#[tokio::test]
async fn an_enum_waits_with_a_label_that_is_free_in_its_group() {
    let f = Fixture::new::<(Winner,)>().await;
    let mut db = f.session();
    let pairs = [false, true].map(|round| {
        [Medal::Gold, Medal::Bronze]
            .map(|medal| db.add(Winner::create().final_round(round).medal(medal)))
    });
    db.commit().await.unwrap();
    f.sent();
    for [first, second] in &pairs {
        let [first, second] = db.get_disjoint_mut([*first, *second]);
        std::mem::swap(&mut first.medal, &mut second.medal);
    }
    let plan = db.plan().unwrap();
    let kinds: Vec<_> = plan.steps.iter().map(|s| (s.kind, s.rows())).collect();
    assert_eq!(
        kinds,
        [
            (StepKind::Park, 2),
            (StepKind::Update, 2),
            (StepKind::Update, 2)
        ],
        "{plan}"
    );
    db.flush().await.unwrap();
    assert_eq!(f.count(), 4);
    db.commit().await.unwrap();
    let all = "select final_round, medal from winners order by id";
    assert_eq!(
        f.rows(all).await,
        ["f|bronze", "f|gold", "t|bronze", "t|gold"]
    );
    // The third label is about to be taken, so there is nothing to wait with.
    db.add(Winner::create().final_round(false).medal(Medal::Silver));
    let [first, second] = pairs[0];
    let [first, second] = db.get_disjoint_mut([first, second]);
    std::mem::swap(&mut first.medal, &mut second.medal);
    let error = refused(db.commit().await);
    assert!(matches!(error, Error::Cycle { .. }));
    assert_eq!(
        text(&error),
        "rows of `winners` exchange unique values, so one of them has to hold something else for the time between, and every \
         value that `winners.medal` can have is taken; roll back, and let the constraint be checked at COMMIT \
         (`unique_deferred(..)`), or free a value first"
    );
    db.rollback().await.unwrap();
    assert_eq!(f.rows(all).await.len(), 4);
}

/// Two rings in one group need two free labels.
#[tokio::test]
async fn rows_of_one_statement_wait_with_different_values() {
    let f = Fixture::new::<(Letter,)>().await;
    let mut db = f.session();
    use Sign::{A, B, C, D, E, F};
    let rows = [A, B, C, D].map(|sign| db.add(Letter::create().sign(sign)));
    db.commit().await.unwrap();
    for (row, sign) in rows.iter().zip([B, A, D, C]) {
        db[*row].sign = sign;
    }
    db.commit().await.unwrap();
    let all = "select sign from letters order by id";
    assert_eq!(f.rows(all).await, ["b", "a", "d", "c"]);
    db.add_all([E, F].map(|sign| Letter::create().sign(sign)));
    db.commit().await.unwrap();
}

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[orm(name = "sign")]
enum Sign {
    A,
    B,
    C,
    D,
    E,
    F,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "letters")]
struct Letter {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    sign: Sign,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "rooms")]
struct Room {
    #[orm(primary_key)]
    id: i32,
}

/// One to one, and required.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "guests")]
struct Guest {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(unique, belongs_to(room: Room))]
    room_id: i32,
}

#[tokio::test]
async fn two_guests_exchange_their_rooms_by_way_of_an_empty_one() {
    let f = Fixture::new::<(Room, Guest)>().await;
    let mut db = f.session();
    let rooms = [1, 2].map(|_| db.add(Room::create()));
    let guests = [0, 1].map(|n| {
        db.add(
            Guest::create()
                .name(format!("g{n}"))
                .room(rooms[n as usize]),
        )
    });
    db.commit().await.unwrap();
    let all = "select name, room_id from guests order by id";
    for _ in 0..2 {
        // Without a third room there is no way.
        db.set(guests[0], Guest::ROOM, rooms[1]);
        db.set(guests[1], Guest::ROOM, rooms[0]);
        let error = refused(db.commit().await);
        assert!(text(&error).contains("every value that `guests.room_id` can have is taken"));
        db.rollback().await.unwrap();
        assert_eq!(db.related(guests[0], Guest::ROOM).unwrap(), rooms[0]);
        assert_eq!(f.rows(all).await, ["g0|1", "g1|2"]);
    }
    // New rooms are as good, but for the one that a new guest moves into.
    let new = [3, 4].map(|_| db.add(Room::create()));
    db.add(Guest::create().name("g2").room(new[0]));
    db.set(guests[0], Guest::ROOM, rooms[1]);
    db.set(guests[1], Guest::ROOM, rooms[0]);
    db.commit().await.unwrap();
    assert_eq!(f.rows(all).await, ["g0|2", "g1|1", "g2|3"]);
}

/// Each with two states, one of each.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "switches", unique(name, on), has_many(lamps: Lamp, via = switch))]
struct Switch {
    #[orm(primary_key)]
    id: i32,
    name: bool,
    on: bool,
}

#[tokio::test]
async fn a_swap_that_cannot_be_done_is_an_error_before_anything_is_sent() {
    let f = Fixture::new::<(Switch, Lamp)>().await;
    let mut db = f.session();
    let [a, b] = [true, false].map(|on| db.add(Switch::create().name(true).on(on)));
    db.commit().await.unwrap();
    f.sent();
    db[a].on = false;
    db[b].on = true;
    let error = refused(db.flush().await);
    assert!(matches!(error, Error::Cycle { .. }));
    assert_eq!(
        text(&error),
        "these rows exchange unique values, so none can be written first, and the column can hold nothing else for the \
         time between: Switch#0 takes the value of `switches.(name, on)` from Switch#1, Switch#1 takes the value of \
         `switches.(name, on)` from Switch#0; make it an `Option`, let the constraint be checked at COMMIT \
         (`unique_deferred(..)`), or give one of the rows a value of its own, flush, and then the one it is to have"
    );
    assert_eq!(f.count(), 0);
    // A chain goes row by row.
    db[a].on = true;
    db[a].name = false;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select id, name, \"on\" from switches order by 1")
            .await,
        ["1|f|t", "2|t|t"]
    );
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lamps")]
struct Lamp {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(switch: Switch))]
    switch_id: Option<i32>,
}

#[tokio::test]
async fn a_value_of_a_deleted_row_that_others_still_refer_to_is_refused_where_nothing_can_stand_in_its_place()
 {
    let f = Fixture::new::<(Switch, Lamp)>().await;
    let mut db = f.session();
    let old = db.add(Switch::create().name(true).on(true));
    db.add(Lamp::create().switch(old));
    db.commit().await.unwrap();
    db.delete(old).unwrap();
    db.add(Switch::create().name(true).on(true));
    assert_eq!(
        text(&refused(db.flush().await)),
        "new Switch#1 takes the unique value of `switches.(name, on)` from Switch#0, which is deleted in the same flush, but \
         not before the rows that refer to it are led elsewhere, and the value cannot be moved aside meanwhile: delete it \
         and flush, then give the value to the other"
    );
}

/// The same, checked at COMMIT.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "toggles", unique_deferred(name, on))]
struct Toggle {
    #[orm(primary_key)]
    id: i32,
    name: bool,
    on: bool,
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_commit_needs_no_order() {
    let f = Fixture::new::<(Toggle,)>().await;
    let mut db = f.session();
    let [a, b] = [true, false].map(|on| db.add(Toggle::create().name(true).on(on)));
    db.commit().await.unwrap();
    f.sent();
    db[a].on = false;
    db[b].on = true;
    db.commit().await.unwrap();
    assert_eq!(f.count(), 1, "one UPDATE");
    let all = "select id, \"on\" from toggles order by 1";
    assert_eq!(f.rows(all).await, ["1|f", "2|t"]);
    // What is not unique in the end is refused, by name.
    db[a].on = true;
    let error = refused(db.commit().await);
    let violated = error
        .constraint()
        .map(|violated| violated.constraint.as_str());
    assert_eq!(violated, Some("toggles_name_on_key"), "{error}");
    db.rollback().await.unwrap();
    assert_eq!(f.rows(all).await, ["1|f", "2|t"]);
}
