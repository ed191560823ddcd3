//! PostgreSQL's own types in queries, on a real server: text, numbers, times, JSON, lists, ranges, addresses, full-text search.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use orm_core::Error;
use orm_core::engine::Connection;
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use orm_core::types::{Cidr, Inet, Interval, Lexeme, Multirange, PgRange, TsVector};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use serde_json::{Value, json};
use tests::refused;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "things")]
struct Thing {
    #[orm(primary_key)]
    id: i32,
    name: String,
    nick: Option<String>,
    score: f64,
    price: Decimal,
    at: DateTime<Utc>,
    local: NaiveDateTime,
    day: Option<NaiveDate>,
    span: Interval,
    data: Value,
    tags: Vec<String>,
    marks: Option<Vec<Option<i32>>>,
    ages: PgRange<i32>,
    ids: PgRange<i64>,
    prices: PgRange<Decimal>,
    days: Option<PgRange<NaiveDate>>,
    during: PgRange<DateTime<Utc>>,
    hours: PgRange<NaiveDateTime>,
    open: Multirange<i32>,
    spans: Vec<Interval>,
    levels: Vec<PgRange<i32>>,
    address: Inet,
    host: Option<IpAddr>,
    network: Cidr,
    words: TsVector,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn thing() -> Thing {
    Thing {
        id: 1,
        name: "Ann Lee".into(),
        nick: None,
        score: 2.25,
        price: dec!(12.345),
        at: at("2024-03-05T12:30:00Z"),
        local: at("2024-03-05T12:30:00Z").naive_utc(),
        day: Some(day("2024-03-05")),
        span: Interval::new(1, -2, 3_000_000),
        data: json!({"a": {"b": [10, 20]}, "n": 7, "text": "it's", "yes": true, "null": null}),
        tags: vec!["red".into(), "blue".into()],
        marks: Some(vec![Some(5), None]),
        ages: (13..20).into(),
        ids: (5..).into(),
        prices: (dec!(1.5)..=dec!(2.5)).into(),
        days: Some((day("2024-03-01")..day("2024-04-01")).into()),
        during: (at("2024-03-01T00:00:00Z")..at("2024-04-01T00:00:00Z")).into(),
        hours: (..).into(),
        open: Multirange(vec![(8..12).into(), (13..17).into()]),
        spans: vec![Interval::days(1), Interval::months(-1)],
        levels: vec![(1..3).into(), PgRange::Empty],
        address: Inet::new("192.168.0.7".parse().unwrap(), 24),
        host: Some("::1".parse().unwrap()),
        network: Cidr::new("192.168.0.0".parse().unwrap(), 16),
        words: TsVector(vec![
            Lexeme {
                word: "it's".into(),
                places: vec![(1, 'A'), (3, 'D')],
            },
            Lexeme {
                word: "plain".into(),
                places: vec![],
            },
        ]),
    }
}

/// A database with the table and one thing in it.
async fn open() -> (TestDb, Engine, Connection) {
    let db = TestDb::new().await.expect("a database");
    let engine = db.engine().await.expect("an engine");
    engine.create_all::<Thing>().await.expect("the table");
    let mut session = engine.session();
    session.add(thing());
    session.commit().await.expect("a thing");
    drop(session);
    let connection = engine.acquire().await.expect("a connection");
    (db, engine, connection)
}

/// What an expression is for the one thing.
macro_rules! the {
    ($on:expr, $expression:expr) => {
        Thing::query()
            .select($expression)
            .one(&mut $on)
            .await
            .unwrap()
    };
}

fn text(value: &str) -> String {
    value.to_owned()
}

#[tokio::test]
async fn columns_of_all_types_are_created_and_come_back() {
    let (_db, engine, mut on) = open().await;
    assert_eq!(Thing::query().one(&mut on).await.unwrap(), thing());
    let mut inspector = engine.inspect().await.unwrap();
    let columns = inspector.columns("things", None).await.unwrap();
    let types: Vec<&str> = columns.iter().map(|c| c.sql_type.as_str()).collect();
    assert_eq!(
        types[8..],
        [
            "interval",
            "jsonb",
            "text[]",
            "integer[]",
            "int4range",
            "int8range",
            "numrange",
            "daterange",
            "tstzrange",
            "tsrange",
            "int4multirange",
            "interval[]",
            "int4range[]",
            "inet",
            "inet",
            "cidr",
            "tsvector"
        ]
    );
    // Changed in a session, one by one; a range in another form is as PostgreSQL keeps it once it is read again.
    let mut db = engine.session();
    let one = Thing::query().one(&mut db).await.unwrap();
    db[one].span = Interval::hours(5);
    db[one].ages = (20..=29).into();
    db[one].open = Multirange(vec![]);
    db[one].days = None;
    db[one].network = Cidr::new("10.0.0.0".parse().unwrap(), 8);
    let plan = db.plan().unwrap().to_string();
    assert!(
        plan.contains("network") && !plan.contains("prices"),
        "{plan}"
    );
    db.commit().await.unwrap();
    db.refresh(one).await.unwrap();
    assert_eq!(db[one].ages, (20..30).into());
    assert_eq!(db[one].span, Interval::hours(5));
    assert_eq!((&db[one].open, &db[one].days), (&Multirange(vec![]), &None));
    // Two at once: a batch, in which lists travel as text.
    let mut db = engine.session();
    for id in [2, 3] {
        db.add(Thing { id, ..thing() });
    }
    db.commit().await.unwrap();
    for id in [2, 3] {
        let again = Thing::query()
            .filter(Thing::ID.eq(id))
            .one(&mut on)
            .await
            .unwrap();
        assert_eq!(again, Thing { id, ..thing() });
    }
}

#[tokio::test]
async fn functions_of_text() {
    let (_db, _engine, mut on) = open().await;
    assert_eq!(the!(on, func::initcap("ann lee")), "Ann Lee");
    assert_eq!(the!(on, func::trim("  a ")), "a");
    assert_eq!(
        the!(on, (func::ltrim(" a "), func::rtrim(" a "))),
        (text("a "), text(" a"))
    );
    assert_eq!(the!(on, func::trim_characters("--a_", "_-")), "a");
    assert_eq!(the!(on, func::substring(Thing::NAME, 5, 2)), "Le");
    assert_eq!(the!(on, func::replace(Thing::NAME, "e", "'")), "Ann L''");
    assert_eq!(the!(on, func::position(Thing::NAME, "Lee")), 5);
    assert_eq!(the!(on, func::position(Thing::NICK, "Lee")), None);
    assert_eq!(
        the!(
            on,
            (func::left(Thing::NAME, 3), func::right(Thing::NAME, 3))
        ),
        (text("Ann"), text("Lee"))
    );
    assert_eq!(the!(on, func::split_part(Thing::NAME, " ", 2)), "Lee");
    assert_eq!(
        the!(on, (func::lpad("7", 3, "0"), func::rpad("7", 3, "0"))),
        (text("007"), text("700"))
    );
    assert_eq!(
        the!(on, (func::repeat("ab", 2), func::reverse("abc"))),
        (text("abab"), text("cba"))
    );
    assert_eq!(the!(on, func::translate("abc", "ab", "x")), "xc");
    assert_eq!(the!(on, func::md5("a")), "0cc175b9c0f1b6a831c399e269772661");
    assert_eq!(
        the!(on, func::string_to_array(Thing::NAME, " ")),
        ["Ann", "Lee"]
    );
    assert_eq!(
        the!(on, func::array_to_string(Thing::TAGS, "+")),
        "red+blue"
    );
    assert_eq!(
        the!(on, func::concat((Thing::NICK, value("#"), Thing::ID))),
        "#1"
    );
    assert_eq!(
        the!(
            on,
            func::concat_ws("-", (Thing::NICK, Thing::NAME, Thing::ID))
        ),
        "Ann Lee-1"
    );
    assert_eq!(the!(on, func::to_char(Thing::SCORE, "990D0")), "   2.2");
    assert_eq!(the!(on, func::to_char(Thing::AT, "YYYY-MM")), "2024-03");
    // Regular expressions.
    assert!(the!(on, Thing::NAME.matches("^A.*e$")));
    assert!(!the!(on, Thing::NAME.matches("^a")));
    assert!(the!(on, Thing::NAME.imatches("^a")));
    assert!(the!(on, Thing::NAME.not_matches("^a")));
    assert!(!the!(on, Thing::NAME.not_imatches("^a")));
    assert_eq!(the!(on, Thing::NICK.matches("a")), None);
    assert_eq!(
        the!(on, func::regexp_replace(Thing::NAME, "(n)(n)", "\\1-\\2")),
        "An-n Lee"
    );
    assert_eq!(
        the!(on, func::regexp_replace_flags(Thing::NAME, "E", "", "gi")),
        "Ann L"
    );
    assert_eq!(
        the!(on, func::regexp_match(Thing::NAME, "(L)(x)?")),
        Some(vec![Some(text("L")), None])
    );
    assert_eq!(the!(on, func::regexp_match(Thing::NAME, "z")), None);
    assert_eq!(
        the!(on, func::regexp_split_to_array(Thing::NAME, "[ n]+")),
        ["A", "Lee"]
    );
    let error = refused(
        Thing::query()
            .filter(Thing::NAME.matches("("))
            .all(&mut on)
            .await,
    );
    assert!(matches!(error, Error::Query { .. }), "{error:?}");
}

#[tokio::test]
async fn functions_of_numbers() {
    let (_db, _engine, mut on) = open().await;
    assert_eq!(
        the!(on, (func::round(Thing::SCORE), func::round(Thing::PRICE))),
        (2.0, dec!(12))
    );
    assert_eq!(the!(on, func::round_to(Thing::PRICE, 2)), dec!(12.35));
    assert_eq!(
        the!(
            on,
            (
                func::ceil(Thing::SCORE),
                func::floor(Thing::SCORE),
                func::trunc(Thing::PRICE)
            )
        ),
        (3.0, 2.0, dec!(12))
    );
    assert_eq!(
        the!(on, (func::sign(-Thing::SCORE), func::sqrt(Thing::SCORE))),
        (-1.0, 1.5)
    );
    assert_eq!(
        the!(
            on,
            (func::power(Thing::SCORE, 2.0), func::power(Thing::PRICE, 0))
        ),
        (5.0625, dec!(1))
    );
    assert_eq!(
        the!(on, (func::exp(0.0), func::ln(1.0), func::log(100.0))),
        (1.0, 0.0, 2.0)
    );
    assert!((0.0..1.0).contains(&the!(on, func::random())));
    assert!((the!(on, func::pi()) - std::f64::consts::PI).abs() < 1e-9);
    assert_eq!(the!(on, func::bit_not(Thing::ID)), -2);
}

#[tokio::test]
async fn dates_and_intervals() {
    let (_db, _engine, mut on) = open().await;
    let later: DateTime<Utc> = the!(on, Thing::AT + Interval::months(1) - Interval::hours(1));
    assert_eq!(later, at("2024-04-05T11:30:00Z"));
    assert_eq!(
        the!(on, Thing::AT + Thing::SPAN),
        at("2024-04-03T12:30:03Z")
    );
    assert_eq!(
        the!(on, Thing::DAY + Interval::hours(6)),
        Some(at("2024-03-05T06:00:00Z").naive_utc())
    );
    assert_eq!(
        the!(on, Thing::SPAN + Interval::days(3)),
        Interval::new(1, 1, 3_000_000)
    );
    assert_eq!(
        the!(on, Thing::AT.since(at("2024-03-04T12:00:00Z"))),
        Interval::new(0, 1, 1_800_000_000)
    );
    assert_eq!(the!(on, Thing::DAY.since(day("2024-02-28"))), Some(6));
    assert_eq!(
        the!(on, func::age(Thing::AT, at("2023-01-04T12:30:00Z"))),
        Interval::new(14, 1, 0)
    );
    assert_eq!(
        the!(on, func::date_trunc(func::Month, Thing::LOCAL)),
        at("2024-03-01T00:00:00Z").naive_utc()
    );
    assert_eq!(
        the!(on, Thing::AT.at_time_zone("Asia/Tokyo")),
        at("2024-03-05T21:30:00Z").naive_utc()
    );
    assert_eq!(
        the!(on, Thing::LOCAL.at_time_zone("Asia/Tokyo")),
        at("2024-03-05T03:30:00Z")
    );
    assert_eq!(
        the!(on, func::make_interval(1, Thing::ID, 1, 0, 0, 0, 1.5)),
        Interval::new(13, 7, 1_500_000)
    );
    assert_eq!(
        the!(on, func::make_date(2024, Thing::ID, 2)),
        day("2024-01-02")
    );
    assert_eq!(
        the!(on, func::to_timestamp(86400.0)),
        at("1970-01-02T00:00:00Z")
    );
    assert_eq!(
        the!(on, func::extract(func::Epoch, value(Interval::minutes(2)))),
        120.0
    );
    assert_eq!(the!(on, func::extract(func::Year, Thing::AT)), 2024);
    assert!(the!(on, func::clock_timestamp().ge(func::now())));
    assert!(the!(on, func::current_date().gt(Thing::DAY)).unwrap());
    let recent = Thing::query().filter(Thing::AT.gt(func::now() - Interval::days(30)));
    assert_eq!(recent.count(&mut on).await.unwrap(), 0);
    let month = func::date_trunc(func::Month, Thing::AT);
    let months: Vec<(DateTime<Utc>, i64)> = Thing::query()
        .group_by(month.clone())
        .order_by(month.clone())
        .select((month, count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(months.len(), 1);
    let error = refused(
        Thing::query()
            .select(Thing::AT.at_time_zone("Nowhere"))
            .all(&mut on)
            .await,
    );
    assert!(error.to_string().contains("time zone"), "{error}");
}

#[tokio::test]
async fn json() {
    let (_db, _engine, mut on) = open().await;
    assert_eq!(
        the!(on, Thing::DATA.get("a").get("b").get(1)),
        Some(json!(20))
    );
    assert_eq!(
        the!(on, Thing::DATA.get("a").get("b").get(-1)),
        Some(json!(20))
    );
    assert_eq!(
        the!(
            on,
            (Thing::DATA.get_text("text"), Thing::DATA.get_text("none"))
        ),
        (Some(text("it's")), None)
    );
    assert_eq!(the!(on, Thing::DATA.get("null")), Some(Value::Null));
    assert_eq!(the!(on, Thing::DATA.get_as::<i32>("n") + 1), Some(8));
    assert_eq!(the!(on, Thing::DATA.get_as::<bool>("yes")), Some(true));
    assert_eq!(
        the!(on, Thing::DATA.get_path(["a", "b", "0"])),
        Some(json!(10))
    );
    assert_eq!(
        the!(on, Thing::DATA.get_path_text(["a", "b", "0"])),
        Some(text("10"))
    );
    assert!(the!(on, Thing::DATA.json_contains(json!({"n": 7}))));
    assert!(!the!(on, Thing::DATA.json_contained_by(json!({"n": 7}))));
    assert!(the!(on, Thing::DATA.has_key("n")));
    assert!(the!(on, Thing::DATA.has_any_key(["x", "n"])));
    assert!(!the!(on, Thing::DATA.has_all_keys(["x", "n"])));
    assert_eq!(
        the!(on, Thing::DATA.path_exists("$.a.b[*] ? (@ > 15)")),
        Some(true)
    );
    assert_eq!(the!(on, Thing::DATA.path_match("$.n > 7")), Some(false));
    assert_eq!(
        the!(
            on,
            Thing::DATA
                .without_key("a")
                .without_key("text")
                .without_path(["yes"])
        ),
        json!({"n": 7, "null": null})
    );
    assert_eq!(
        the!(
            on,
            Thing::DATA.get("a").json_concat(json!({"c": 1})).get("c")
        ),
        Some(json!(1))
    );
    assert_eq!(
        the!(
            on,
            func::jsonb_set(Thing::DATA, ["a", "b"], json!([])).get("a")
        ),
        Some(json!({"b": []}))
    );
    assert_eq!(
        the!(
            on,
            func::jsonb_array_length(Thing::DATA.get_path(["a", "b"]))
        ),
        Some(2)
    );
    assert_eq!(
        the!(on, func::jsonb_typeof(Thing::DATA.get("yes"))),
        Some(text("boolean"))
    );
    assert_eq!(
        the!(on, func::to_jsonb(Thing::TAGS)),
        json!(["red", "blue"])
    );
    assert_eq!(the!(on, func::to_jsonb(value("a"))), json!("a"));
    let object = func::jsonb_build_object((
        ("id", Thing::ID),
        ("nick", Thing::NICK),
        ("a", "b"),
        ("n", 1.5),
    ));
    let built = json!({"id": 1, "nick": null, "a": "b", "n": 1.5});
    assert_eq!(the!(on, object.clone()), built);
    assert_eq!(the!(on, func::jsonb_agg(object)), Some(json!([built])));
    // Hostile names stay names.
    assert_eq!(the!(on, Thing::DATA.get_text("' || (select 1) --")), None);
    let set = Thing::query()
        .filter(Thing::DATA.get_as::<i32>("n").eq(7))
        .update(Thing::DATA.set(func::jsonb_set(Thing::DATA, ["n"], json!(8))));
    assert_eq!(set.exec(&mut on).await.unwrap(), 1);
    assert_eq!(the!(on, Thing::DATA.get_as::<i64>("n")), Some(8));
    let error = refused(
        Thing::query()
            .select(Thing::DATA.get_as::<i32>("text"))
            .all(&mut on)
            .await,
    );
    assert!(error.to_string().contains("integer"), "{error}");
}

#[tokio::test]
async fn lists() {
    let (_db, _engine, mut on) = open().await;
    let tags = |list: &[&str]| list.iter().map(|tag| text(tag)).collect::<Vec<_>>();
    assert!(the!(on, Thing::TAGS.array_contains(tags(&["red"]))));
    assert!(!the!(on, Thing::TAGS.array_contained_by(tags(&["red"]))));
    assert!(the!(
        on,
        Thing::TAGS.array_overlaps(tags(&["green", "blue"]))
    ));
    assert_eq!(
        the!(on, Thing::TAGS.array_concat(tags(&["x"]))),
        ["red", "blue", "x"]
    );
    assert_eq!(
        the!(on, (Thing::TAGS.at(1), Thing::TAGS.at(Thing::ID + 5))),
        (Some(text("red")), None)
    );
    assert_eq!(the!(on, Thing::MARKS.at(2)), None);
    assert_eq!(the!(on, Thing::MARKS.at(1).eq(5)), Some(true));
    assert!(the!(on, value("blue").eq_any(Thing::TAGS)));
    assert!(the!(on, Thing::NAME.ne_all(Thing::TAGS)));
    assert_eq!(the!(on, Thing::ID.eq_any(Thing::MARKS)), None);
    assert_eq!(
        the!(
            on,
            (
                func::cardinality(Thing::TAGS),
                func::cardinality(Thing::MARKS)
            )
        ),
        (2, Some(2))
    );
    assert_eq!(the!(on, func::array_position(Thing::TAGS, "blue")), Some(2));
    assert_eq!(
        the!(on, func::array_append(Thing::TAGS, "x")),
        ["red", "blue", "x"]
    );
    assert_eq!(the!(on, func::array_remove(Thing::TAGS, "red")), ["blue"]);
    let rows: Vec<String> = Thing::query()
        .select(func::unnest(Thing::TAGS))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, ["red", "blue"]);
    let set = Thing::query().update(Thing::TAGS.set(func::array_append(Thing::TAGS, "new")));
    assert_eq!(set.exec(&mut on).await.unwrap(), 1);
    assert_eq!(the!(on, Thing::TAGS), ["red", "blue", "new"]);
}

#[tokio::test]
async fn ranges() {
    let (_db, _engine, mut on) = open().await;
    assert!(the!(on, Thing::AGES.range_contains(13)));
    assert!(!the!(on, Thing::AGES.range_contains(20)));
    assert!(the!(on, Thing::AGES.range_contains_range(14..=15)));
    assert!(the!(on, Thing::AGES.range_contained_by(1..)));
    assert!(the!(on, Thing::DURING.range_contains(Thing::AT)));
    assert!(!the!(
        on,
        Thing::DURING.range_overlaps(..at("2024-03-01T00:00:00Z"))
    ));
    assert!(the!(on, Thing::AGES.range_before(20..)));
    assert!(the!(on, Thing::AGES.range_after(..13)));
    assert!(the!(on, Thing::AGES.range_ends_within(..=19)));
    assert!(the!(on, Thing::AGES.range_begins_within(13..)));
    assert!(the!(on, Thing::AGES.range_adjacent(20..30)));
    assert_eq!(the!(on, Thing::AGES.range_union(20..30)), (13..30).into());
    assert_eq!(
        the!(on, Thing::AGES.range_intersection(15..30)),
        (15..20).into()
    );
    assert_eq!(
        the!(on, Thing::AGES.range_difference(15..30)),
        (13..15).into()
    );
    assert_eq!(
        the!(on, Thing::AGES.range_intersection(50..)),
        PgRange::Empty
    );
    assert_eq!(
        the!(
            on,
            (
                func::range_lower(Thing::AGES),
                func::range_upper(Thing::IDS)
            )
        ),
        (Some(13), None)
    );
    assert_eq!(
        the!(on, func::range_lower(Thing::DAYS)),
        Some(day("2024-03-01"))
    );
    assert!(!the!(on, func::range_is_empty(Thing::AGES)));
    assert_eq!(the!(on, func::range_is_empty(Thing::DAYS)), Some(false));
    assert!(the!(on, func::range_upper_inclusive(Thing::PRICES)));
    assert!(the!(on, func::range_lower_inclusive(Thing::PRICES)));
    assert!(the!(on, func::range_upper_infinite(Thing::IDS)));
    assert!(!the!(on, func::range_lower_infinite(Thing::IDS)));
    assert!(the!(on, Thing::OPEN.range_contains(8)));
    assert!(!the!(on, Thing::OPEN.range_contains(12)));
    assert_eq!(
        the!(
            on,
            Thing::OPEN.range_union(Multirange(vec![(12..13).into()]))
        ),
        Multirange(vec![(8..17).into()])
    );
    assert_eq!(
        the!(on, func::range_agg(Thing::AGES)),
        Some(Multirange(vec![(13..20).into()]))
    );
    let error = refused(
        Thing::query()
            .select(Thing::AGES.range_union(50..))
            .all(&mut on)
            .await,
    );
    assert!(error.to_string().contains("contiguous"), "{error}");
}

#[tokio::test]
async fn network_addresses() {
    let (_db, _engine, mut on) = open().await;
    let network = |text: &str, prefix| Cidr::new(text.parse().unwrap(), prefix);
    assert!(the!(on, Thing::ADDRESS.within(network("192.168.0.0", 16))));
    assert!(the!(on, Thing::ADDRESS.within_or_equal(Thing::NETWORK)));
    assert!(the!(on, Thing::NETWORK.network_contains(Thing::ADDRESS)));
    assert!(the!(
        on,
        Thing::NETWORK.network_contains_or_equal(Thing::ADDRESS)
    ));
    assert!(!the!(
        on,
        Thing::NETWORK.network_overlaps(network("10.0.0.0", 8))
    ));
    assert_eq!(the!(on, Thing::HOST.within(network("::", 0))), Some(true));
    assert_eq!(
        the!(
            on,
            (func::host(Thing::ADDRESS), func::masklen(Thing::ADDRESS))
        ),
        (text("192.168.0.7"), 24)
    );
    assert_eq!(
        the!(on, func::network(Thing::ADDRESS)),
        network("192.168.0.0", 24)
    );
    let found: Vec<i32> = Thing::query()
        .filter(Thing::HOST.eq("::1".parse::<IpAddr>().unwrap()))
        .select(Thing::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(found, [1]);
}

#[tokio::test]
async fn full_text_search() {
    let (_db, _engine, mut on) = open().await;
    let words = func::to_tsvector("english", value("The cats sat on a mat"));
    let search = |text: &str| func::websearch_to_tsquery("english", text);
    assert!(the!(on, words.clone().search(search("cat -dog"))));
    assert!(!the!(on, words.clone().search(search("\"mat cat\""))));
    assert!(the!(
        on,
        words
            .clone()
            .search(func::plainto_tsquery("english", "mats cats"))
    ));
    assert!(the!(
        on,
        words
            .clone()
            .search(func::phraseto_tsquery("english", "cats sat"))
    ));
    assert!(the!(
        on,
        words
            .clone()
            .search(func::to_tsquery("english", "cat & !dog"))
    ));
    // What people type is never an error.
    assert!(!the!(
        on,
        words
            .clone()
            .search(search("'); drop table things; -- ((( & | !"))
    ));
    let (rank, near): (f32, f32) = the!(
        on,
        (
            func::ts_rank(words.clone(), search("cat")),
            func::ts_rank_cd(words.clone(), search("cat mat"))
        )
    );
    assert!(rank > 0.0 && near > 0.0);
    assert_eq!(
        the!(
            on,
            func::ts_headline("english", value("The cats sat"), search("cat"))
        ),
        "The <b>cats</b> sat"
    );
    let weighed: TsVector = the!(
        on,
        func::setweight(func::to_tsvector("simple", value("a b")), func::Weight::B)
    );
    assert_eq!(weighed.to_string(), "'a':1B 'b':2B");
    let both: TsVector = the!(
        on,
        func::to_tsvector("simple", Thing::NAME).ts_concat(Thing::WORDS)
    );
    assert_eq!(both.to_string(), "'ann':1 'it''s':3A,5 'lee':2 'plain'");
    assert!(the!(
        on,
        Thing::WORDS.search(func::to_tsquery("simple", "plain"))
    ));
    // A query that came as a value goes as one.
    let wanted = the!(on, search("cat"));
    assert!(the!(on, words.clone().search(wanted)));
    assert_eq!(the!(on, func::to_tsvector("simple", Thing::NICK)), None);
    let error = refused(
        Thing::query()
            .select(func::to_tsvector("klingon", Thing::NAME))
            .all(&mut on)
            .await,
    );
    assert!(matches!(error, Error::Query { .. }), "{error}");
}
