//! Unique values that change hands within one flush: freed by a delete or an update, swapped, passed along a chain.
//!
//! | file | what it is |
//! | --- | --- |
//! | `main` | the order of the flush, and what is moved aside |
//! | `kinds` | what columns of each type hold meanwhile, and where nothing can be done |
//! | `other_column` | where another column, or a value in place of NULL, is what helps |
//! | `same` | values that are equal though they are written otherwise |
#![allow(missing_docs)]

mod kinds;
mod other_column;
mod same;

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::StepKind;
use tests::fixture::Fixture;
use tests::refused;
use uuid::Uuid;

/// A unique column of every sort, and one over two columns.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "slots", unique(list, place))]
struct Slot {
    #[orm(primary_key)]
    id: i32,
    /// Required: text and numbers can be moved aside.
    #[orm(unique)]
    name: String,
    /// Can be NULL.
    #[orm(unique)]
    email: Option<String>,
    #[orm(default = 1)]
    list: i32,
    place: i32,
    note: Option<String>,
}

/// Required and unique.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "days", has_many(talks: Talk, via = day))]
struct Day {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    date: chrono::NaiveDate,
    #[orm(default = Uuid::new_v4(), unique)]
    token: Uuid,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "talks")]
struct Talk {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(day: Day))]
    day_id: Option<i32>,
}

/// One for each day: the foreign key is unique.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "menus", has_many(dishes: Dish, via = menu, cascade(delete)))]
struct Menu {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique, belongs_to(day: Day))]
    day_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "dishes")]
struct Dish {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(belongs_to(menu: Menu))]
    menu_id: i32,
}

/// Known by a code that people choose, and counted.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "codes")]
struct Code {
    #[orm(primary_key)]
    code: String,
    #[orm(unique)]
    rank: i64,
    #[orm(version)]
    version: i32,
}

fn day(n: u32) -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2030, 1, n).unwrap()
}

fn slot(n: i32) -> impl orm_core::model::Insertable<Model = Slot> {
    Slot::create()
        .name(format!("s{n}"))
        .email(format!("e{n}"))
        .place(n)
}

const NAMES: &str = "select id, name, email, place from slots order by id";

#[tokio::test]
async fn a_new_row_takes_the_value_of_a_deleted_one() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let [a, b, _] = [1, 2, 3].map(|n| db.add(slot(n)));
    db.commit().await.unwrap();
    f.sent();
    db.delete(a).unwrap();
    db.delete(b).unwrap();
    db.add(Slot::create().name("s1").place(9));
    assert_eq!(
        db.plan().unwrap().to_string(),
        " 1. 2 rows: DELETE FROM slots USING unnest($1::int4[]) AS u(k0) WHERE slots.id = u.k0
      deleted `Slot`, before everything else, because other rows take the unique values that they give up
 2. 1 row: INSERT INTO slots (name, email, list, place, note) VALUES ($1, $2, $3, $4, $5) RETURNING id
      new `Slot`, behind everything they refer to
"
    );
    db.commit().await.unwrap();
    assert_eq!(f.count(), 4);
    assert_eq!(f.rows(NAMES).await, ["3|s3|e3|3", "4|s1|NULL|9"]);
}

#[tokio::test]
async fn a_new_row_takes_the_value_of_a_changed_one_without_another_statement() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let a = db.insert(slot(1)).await.unwrap();
    f.sent();
    db[a].name = "other".to_owned();
    let new = db.add_all([slot(2), slot(3)]);
    db.draft(new[0]).unwrap().name = Some("s1".to_owned());
    db.flush().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!(sent[0], "UPDATE slots SET name = $1 WHERE id = $2");
    assert!(sent[1].starts_with("INSERT INTO slots"));
    db.commit().await.unwrap();
    assert_eq!(
        f.rows(NAMES).await,
        ["1|other|e1|1", "2|s1|e2|2", "3|s3|e3|3"]
    );
}

#[tokio::test]
async fn a_changed_row_takes_the_value_of_another_behind_it() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let [a, b] = [1, 2].map(|n| db.add(slot(n)));
    db.flush().await.unwrap();
    f.sent();
    db[a].name = "s2".to_owned();
    db[b].name = "other".to_owned();
    assert_eq!(
        db.plan().unwrap().to_string(),
        " 1. 1 row: UPDATE slots SET name = $1 WHERE id = $2
      changed: name
 2. 1 row: UPDATE slots SET name = $1 WHERE id = $2
      changed: name; behind the rows that give up the values of `slots.name` that it takes
"
    );
    db.commit().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["1|s2|e1|1", "2|other|e2|2"]);
}

#[tokio::test]
async fn two_rows_swap_a_value_that_can_be_null() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let [a, b] = [1, 2].map(|n| db.add(slot(n)));
    db.flush().await.unwrap();
    f.sent();
    let [first, second] = db.get_disjoint_mut([a, b]);
    std::mem::swap(&mut first.email, &mut second.email);
    assert_eq!(
        db.plan().unwrap().to_string(),
        " 1. 2 rows: UPDATE slots SET email = NULL FROM unnest($1::int4[]) WITH ORDINALITY AS u(k0, n) WHERE slots.id = u.k0
      moves `slots.email` aside to NULL, because another row takes the value before this one has its new one
 2. 2 rows: UPDATE slots SET email = u.c0 FROM unnest($1::int4[], $2::text[]) AS u(k0, c0) WHERE slots.id = u.k0
      changed: email
"
    );
    db.flush().await.unwrap();
    assert_eq!(f.count(), 2);
    assert_eq!(db[a].email.as_deref(), Some("e2"));
    assert!(!db.is_modified(a));
    db.commit().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["1|s1|e2|1", "2|s2|e1|2"]);
}

#[tokio::test]
async fn rings_of_values_that_cannot_be_null_are_moved_aside_too() {
    let f = Fixture::new::<(Slot, Day, Talk, Menu, Dish, Code)>().await;
    let mut db = f.session();
    let slots = [1, 2, 3].map(|n| db.add(slot(n)));
    let days = [1, 2, 3].map(|n| db.add(Day::create().date(day(n))));
    let codes = [1, 2, 3].map(|n| db.add(Code::create().code(format!("c{n}")).rank(n)));
    db.commit().await.unwrap();
    // From a stale state, so that the guards have to do with it as well.
    let tokens = days.map(|day| db[day].token);
    f.sent();
    for at in 0..3 {
        let next = (at + 1) % 3;
        db[slots[at]].name = format!("s{}", next + 1);
        db[slots[at]].place = next as i32 + 1;
        db[days[at]].token = tokens[next];
        db[codes[at]].rank = next as i64 + 1;
    }
    db.commit().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 8, "{sent:#?}");
    assert_eq!(
        sent[5],
        "UPDATE slots SET name = gen_random_uuid()::text, place = $1 - u.n FROM unnest($2::int4[], $3::text[], $4::int4[]) \
         WITH ORDINALITY AS u(k0, o0, o1, n) WHERE slots.id = u.k0 AND slots.name IS NOT DISTINCT FROM u.o0 AND slots.place \
         IS NOT DISTINCT FROM u.o1"
    );
    assert_eq!(f.rows(NAMES).await, ["1|s2|e1|2", "2|s3|e2|3", "3|s1|e3|1"]);
    assert_eq!(
        f.rows("select code, rank, version from codes order by 1")
            .await,
        ["c1|2|2", "c2|3|2", "c3|1|2"]
    );
    for (at, day) in days.iter().enumerate() {
        db.refresh(*day).await.unwrap();
        assert_eq!(db[*day].token, tokens[(at + 1) % 3]);
    }
}

#[tokio::test]
async fn a_list_that_moves_up_is_two_statements_whatever_its_length() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let all = db.add_all((0..500).map(slot));
    db.flush().await.unwrap();
    f.sent();
    for row in &all {
        db[*row].place += 1;
    }
    let first = db.add(slot(600));
    db.draft(first).unwrap().place = Some(0);
    db.flush().await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 3, "{sent:#?}");
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select sum(place), min(place), max(place) from slots")
            .await,
        ["125250|0|500"]
    );
}

#[tokio::test]
async fn rows_that_change_nothing_unique_cost_nothing() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let all = db.add_all((0..5).map(slot));
    db.flush().await.unwrap();
    f.sent();
    for row in &all {
        db[*row].note = Some("x".to_owned());
    }
    db[all[0]].email = None;
    db.flush().await.unwrap();
    assert_eq!(f.count(), 2);
}

#[tokio::test]
async fn a_one_to_one_is_replaced_in_one_flush() {
    let f = Fixture::new::<(Day, Talk, Menu, Dish)>().await;
    let mut db = f.session();
    let monday = db.add(Day::create().date(day(1)));
    let old = db.add(Menu::create().day(monday));
    db.add(Dish::create().name("soup").menu(old));
    db.commit().await.unwrap();
    f.sent();
    db.delete(old).unwrap();
    let new = db.add(Menu::create().day(monday));
    db.add(Dish::create().name("stew").menu(new));
    db.flush().await.unwrap();
    let sent = f.sent();
    let verbs: Vec<_> = sent
        .iter()
        .map(|sql| sql.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        verbs,
        [
            "BEGIN",
            "SELECT dishes.id, dishes.name,",
            "DELETE FROM dishes",
            "DELETE FROM menus",
            "INSERT INTO menus",
            "INSERT INTO dishes"
        ]
    );
    db.commit().await.unwrap();
    assert_eq!(f.rows("select id, day_id from menus").await, ["2|1"]);
    assert_eq!(f.rows("select name, menu_id from dishes").await, ["stew|2"]);
}

#[tokio::test]
async fn a_deleted_row_that_others_still_refer_to_is_moved_aside() {
    let f = Fixture::new::<(Day, Talk)>().await;
    let mut db = f.session();
    let monday = db.add(Day::create().date(day(1)));
    let talk = db.add(Talk::create().day(monday));
    db.commit().await.unwrap();
    let token = db[monday].token;
    f.sent();
    // The talk is led away from its day by the flush, which is later than the day's DELETE could go.
    db.delete(monday).unwrap();
    db.add(Day::create().date(day(2)).token(token));
    db.flush().await.unwrap();
    let sent = f.sent();
    let steps: Vec<_> = sent
        .iter()
        .map(|sql| sql.split(" WHERE ").next().unwrap())
        .collect();
    assert_eq!(
        steps[2..],
        [
            "UPDATE days SET token = gen_random_uuid()",
            "INSERT INTO days (date, token) VALUES ($1, $2) RETURNING id",
            "UPDATE talks SET day_id = $1",
            "DELETE FROM days",
        ]
    );
    assert_eq!(db[talk].day_id, None);
    db.rollback().await.unwrap();
    assert_eq!(db[monday].token, token);
    // A date has a placeholder, too.
    db.delete(monday).unwrap();
    let new = db.add(Day::create().date(day(1)));
    db.commit().await.unwrap();
    assert_eq!(db[new].date, day(1));
    assert_eq!(f.rows("select id, date from days").await, ["3|2030-01-01"]);
}

#[tokio::test]
async fn a_key_is_taken_from_a_deleted_row_and_along_a_chain() {
    let f = Fixture::new::<(Code,)>().await;
    let mut db = f.session();
    let [a, b, c] = [1, 2, 3].map(|n| db.add(Code::create().code(format!("c{n}")).rank(n)));
    db.commit().await.unwrap();
    db.delete(a).unwrap();
    db[b].code = "c1".to_owned();
    db[c].code = "c2".to_owned();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code, rank from codes order by 1").await,
        ["c1|2", "c2|3"]
    );
    assert_eq!(db.get::<Code>("c1".to_owned()).await.unwrap(), Some(b));
    assert_eq!(db.get::<Code>("c2".to_owned()).await.unwrap(), Some(c));
}

#[tokio::test]
async fn the_row_that_takes_a_place_gives_up_the_other_values() {
    let f = Fixture::new::<(Code,)>().await;
    let mut db = f.session();
    let [a, b] = [1, 2].map(|n| db.add(Code::create().code(format!("c{n}")).rank(n)));
    db.commit().await.unwrap();
    f.sent();
    // `c1` is deleted and added again with the rank of `c2`, which takes the rank that `c1` had.
    db.delete(a).unwrap();
    db.add(Code::create().code("c1").rank(2));
    db[b].rank = 1;
    let plan = db.plan().unwrap();
    let kinds: Vec<_> = plan.steps.iter().map(|step| step.kind).collect();
    assert_eq!(
        kinds,
        [StepKind::Park, StepKind::Update, StepKind::Replace],
        "{plan}"
    );
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code, rank from codes order by 1").await,
        ["c1|2", "c2|1"]
    );
}

#[tokio::test]
async fn what_others_changed_is_noticed_when_it_is_moved_aside() {
    let f = Fixture::new::<(Slot,)>().await;
    let mut db = f.session();
    let [a, b] = [1, 2].map(|n| db.add(slot(n)));
    db.commit().await.unwrap();
    f.elsewhere("update slots set email = 'mine' where id = 1")
        .await;
    let [first, second] = db.get_disjoint_mut([a, b]);
    std::mem::swap(&mut first.email, &mut second.email);
    assert!(matches!(
        refused(db.commit().await),
        Error::Stale {
            expected: 2,
            changed: 1,
            ..
        }
    ));
    db.rollback().await.unwrap();
    assert_eq!(f.rows(NAMES).await, ["1|s1|mine|1", "2|s2|e2|2"]);
}

#[tokio::test]
async fn a_plan_is_the_same_on_every_run() {
    let f = Fixture::new::<(Slot, Day, Talk, Menu, Dish, Code)>().await;
    let mut db = f.session();
    for n in 1..=6 {
        db.add(slot(n));
        db.add(Code::create().code(format!("c{n}")).rank(i64::from(n)));
        let day = db.add(Day::create().date(day(n as u32)));
        db.add(Talk::create().day(day));
        db.add(Menu::create().day(day));
    }
    db.commit().await.unwrap();
    let mut plans = std::collections::BTreeSet::new();
    for _ in 0..50 {
        // Each session has maps with seeds of their own.
        let mut db = f.session();
        let slots = Slot::query().order_by(Slot::ID).all(&mut db).await.unwrap();
        let days = Day::query().order_by(Day::ID).all(&mut db).await.unwrap();
        let menus = Menu::query()
            .with(Menu::DISHES)
            .order_by(Menu::ID)
            .all(&mut db)
            .await
            .unwrap();
        let codes = Code::query()
            .order_by(Code::CODE)
            .all(&mut db)
            .await
            .unwrap();
        for at in 0..4 {
            db[slots[at]].email = Some(format!("e{}", (at + 1) % 4 + 1));
            db[slots[at]].place = (at as i32 + 1) % 4 + 1;
            db[codes[at]].rank = (at as i64 + 1) % 4 + 1;
        }
        db[slots[4]].note = Some("x".to_owned());
        db.delete(slots[5]).unwrap();
        db.delete(codes[4]).unwrap();
        db.delete(codes[5]).unwrap();
        db.add(Code::create().code("c5").rank(6));
        db.add(slot(6));
        for menu in &menus[3..] {
            db.delete(*menu).unwrap();
        }
        for day in &days[3..] {
            let menu = db.add(Menu::create().day(*day));
            db.add(Dish::create().name("soup").menu(menu));
        }
        let plan = db.plan().unwrap();
        assert!(plan.steps.len() > 8, "{plan}");
        plans.insert(plan.to_string());
        // A plan can be printed for a programmer, too, although tables refer to one another.
        let mut steps = plan.steps.iter().map(|step| format!("{step:?}"));
        assert!(steps.any(|step| step.contains("name: \"codes\"")));
        db.rollback().await.unwrap();
    }
    assert_eq!(plans.len(), 1, "{plans:#?}");
}

/// Numbers that look random and are the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % n
    }

    /// The numbers up to `n` in a random order.
    fn shuffled(&mut self, n: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..n).collect();
        for at in (1..n).rev() {
            all.swap(at, self.below(at + 1));
        }
        all
    }
}

/// Whatever unique values rows give up, take and exchange: if the end is allowed, the flush gets there, in a few statements.
#[tokio::test]
async fn every_redistribution_of_unique_values_is_one_flush() {
    const VALUES: usize = 9;
    let f = Fixture::new::<(Slot, Day, Talk, Menu, Dish, Code)>().await;
    for seed in 0..120 {
        f.elsewhere("truncate slots, codes, talks, days, dishes, menus restart identity")
            .await;
        let mut random = Random(seed);
        let mut db = f.session();
        let mut slots: Vec<Handle<Slot>> = (0..6).map(|n| db.add(slot(n))).collect();
        let mut codes: Vec<Handle<Code>> = (0..4)
            .map(|n| db.add(Code::create().code(format!("k{n}")).rank(n)))
            .collect();
        db.commit().await.unwrap();
        for round in 0..4 {
            let at = format!("seed {seed}, round {round}");
            if random.below(2) == 0 {
                // Rows of this transaction have no guards.
                Slot::query().all(&mut db).await.unwrap();
            }
            let (names, emails, places, ranks) = (
                random.shuffled(VALUES),
                random.shuffled(VALUES),
                random.shuffled(VALUES),
                random.shuffled(VALUES),
            );
            for at in (0..slots.len()).rev() {
                match random.below(5) {
                    0 => db.delete(slots.swap_remove(at)).unwrap(),
                    1 => db[slots[at]].note = Some(at.to_string()),
                    _ => {}
                }
            }
            while slots.len() < VALUES && random.below(3) > 0 {
                slots.push(db.add(slot(100)));
            }
            for at in (0..codes.len()).rev() {
                if random.below(4) == 0 {
                    let code = db[codes[at]].code.clone();
                    db.delete(codes.swap_remove(at)).unwrap();
                    // Its place is taken, or not.
                    if random.below(2) == 0 {
                        codes.push(db.add(Code::create().code(code).rank(100)));
                    }
                }
            }
            f.sent();
            let mut expected = Vec::new();
            for (n, row) in slots.iter().enumerate() {
                let name = format!("s{}", names[n]);
                let email = (random.below(4) > 0).then(|| format!("e{}", emails[n]));
                let (list, place) = (places[n] as i32 % 2, places[n] as i32 / 2);
                expected.push(format!(
                    "{name}|{}|{list}|{place}",
                    email.as_deref().unwrap_or("NULL")
                ));
                if db.peek(*row).is_ok() {
                    let row = &mut db[*row];
                    (row.name, row.email) = (name, email);
                    (row.list, row.place) = (list, place);
                } else {
                    let draft = db.draft(*row).unwrap();
                    draft.name = Some(name);
                    draft.email = Some(email);
                    (draft.list, draft.place) = (Some(list), Some(place));
                }
            }
            let mut expected_codes = Vec::new();
            for (n, row) in codes.iter().enumerate() {
                let rank = ranks[n] as i64;
                if db.peek(*row).is_ok() {
                    db[*row].rank = rank;
                    expected_codes.push(format!("{}|{rank}", db[*row].code));
                } else {
                    let draft = db.draft(*row).unwrap();
                    draft.rank = Some(rank);
                    expected_codes.push(format!("{}|{rank}", draft.code.clone().unwrap()));
                }
            }
            let plan = db.plan().unwrap().to_string();
            if let Err(error) = db.commit().await {
                panic!("{at}: {error}\n{plan}");
            }
            expected.sort();
            expected_codes.sort();
            let mut rows = f.rows("select name, email, list, place from slots").await;
            rows.sort();
            assert_eq!(rows, expected, "{at}\n{plan}");
            let mut rows = f.rows("select code, rank from codes").await;
            rows.sort();
            assert_eq!(rows, expected_codes, "{at}\n{plan}");
        }
    }
}
