//! Every storable type on its way to a real PostgreSQL and back: as a parameter, in a column, in arrays, and as text.
//!
//! The tests speak to the driver directly, with [`Param`] as the parameter, so that what they find is the doing of
//! `orm_core::types` alone. Tables, enums and domains are temporary, so the tests can run side by side on one database.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use orm_core::testing::TestDb;
use orm_core::types::{
    ArrayWriter, BytesMut, DbEnum, DecodeError, Element, Json, Param, PgType, Raw, SqlType,
    decode_enum, encode_enum, enum_type,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::{FromSql, ToSql, Type};
use uuid::Uuid;

/// A connection to the server that the tests share.
async fn connect() -> Client {
    connect_to(&tests::database_url()).await
}

async fn connect_to(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .expect("the server answers");
    tokio::spawn(connection);
    client
}

/// A value as it came, of whatever type.
struct RawValue {
    bytes: Option<Vec<u8>>,
    ty: Type,
}

impl RawValue {
    fn decode<T: SqlType>(&self) -> Result<T, DecodeError> {
        T::decode(Raw::new(
            self.bytes.as_deref(),
            self.ty.oid(),
            self.ty.name(),
        ))
    }
}

impl<'a> FromSql<'a> for RawValue {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(RawValue {
            bytes: Some(raw.to_vec()),
            ty: ty.clone(),
        })
    }

    fn from_sql_null(ty: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(RawValue {
            bytes: None,
            ty: ty.clone(),
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Runs a statement the way the engine does, with the types that its parameters declare. Gives the first row.
async fn row(
    client: &Client,
    sql: &str,
    params: &[Param],
) -> Result<Vec<RawValue>, tokio_postgres::Error> {
    let types: Vec<Type> = params.iter().map(Param::declared_type).collect();
    let statement = client.prepare_typed(sql, &types).await?;
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
    let rows = client.query(&statement, &params).await?;
    Ok(rows.first().map_or_else(Vec::new, |row| {
        (0..row.len()).map(|at| row.get(at)).collect()
    }))
}

/// The one value of a statement that must succeed.
async fn value<T: SqlType>(client: &Client, sql: &str, params: &[Param]) -> T {
    read(client, sql, params)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The one value of a statement, which may be none that `T` can hold.
async fn read<T: SqlType>(client: &Client, sql: &str, params: &[Param]) -> Result<T, DecodeError> {
    match row(client, sql, params).await {
        Ok(row) => row[0].decode(),
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

/// What the server, or [`Param`] before it, says against a statement.
async fn refusal(client: &Client, sql: &str, params: &[Param]) -> String {
    match row(client, sql, params).await {
        Ok(_) => panic!("{sql} was not refused"),
        Err(error) => format!("{error:?}"),
    }
}

async fn run(client: &Client, sql: &str) {
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn text(value: impl Into<String>) -> Param {
    Param::new(&value.into())
}

#[track_caller]
fn assert_same<T: SqlType>(back: &T, sent: &T, sql_type: &str, way: &str) {
    assert!(
        back.same(sent),
        "{sql_type} {way}: {back:?} came back for {sent:?}"
    );
}

/// One value, there and back: as a parameter, and in the text form of `show`.
async fn there_and_back<T: SqlType>(client: &Client, sql_type: &str, sent: &T) {
    let param = Param::new(sent);
    let shown = param.show();
    let back = value::<T>(client, &format!("SELECT $1::{sql_type}"), &[param]).await;
    assert_same(&back, sent, sql_type, "as a parameter");

    let sql = format!("SELECT $1::text::{sql_type}");
    let back = value::<T>(client, &sql, &[text(shown)]).await;
    assert_same(&back, sent, sql_type, "as text");
}

/// Every way that a type of values can go: alone, in a column, as NULL, in arrays with and without NULLs, empty arrays.
async fn check<T: Element + SqlType<Base = T>>(client: &Client, sql_type: &str, values: &[T]) {
    run(
        client,
        &format!(
            "DROP TABLE IF EXISTS pg_temp.row_of; CREATE TEMP TABLE row_of (one {sql_type}, many {sql_type}[])"
        ),
    )
    .await;
    const STORE: &str = "INSERT INTO row_of VALUES ($1, $2) RETURNING one, many";

    for one in values {
        there_and_back(client, sql_type, one).await;
        let many = vec![one.clone(), one.clone()];
        let row = row(client, STORE, &[Param::new(one), Param::new(&many)])
            .await
            .unwrap_or_else(|error| panic!("{sql_type}: {error:?}"));
        assert_same(&row[0].decode().unwrap(), one, sql_type, "in a column");
        assert_same(&row[1].decode().unwrap(), &many, sql_type, "in a column");
    }

    let none = [Param::new(&None::<T>), Param::new(&None::<Vec<T>>)];
    let row = row(client, STORE, &none).await.unwrap();
    assert!(row[0].decode::<Option<T>>().unwrap().is_none());
    assert!(row[1].decode::<Option<Vec<T>>>().unwrap().is_none());
    assert!(row[0].decode::<T>().is_err());

    let array = format!("{sql_type}[]");
    there_and_back(client, &array, &Vec::<T>::new()).await;
    there_and_back(client, &array, &values.to_vec()).await;
    let mut gaps: Vec<Option<T>> = values.iter().cloned().map(Some).collect();
    gaps.insert(0, None);
    gaps.push(None);
    there_and_back(client, &array, &gaps).await;

    let sql = format!("SELECT $1::{array}");
    let error = read::<Vec<T>>(client, &sql, &[Param::new(&gaps)])
        .await
        .unwrap_err();
    assert!(error.0.contains("use `Vec<Option<"), "{error}");

    // A batch: the column of values as one array, the column of arrays as an array of literals.
    let mut ones = ArrayWriter::new();
    let mut manys = ArrayWriter::new();
    for one in values {
        ones.push(one);
        manys.push(&Param::new(&vec![Some(one.clone()), None]).show());
    }
    let sql = format!(
        "WITH stored AS (
            INSERT INTO row_of
            SELECT one, many::{array} FROM unnest($1::{array}, $2::text[]) AS batch (one, many)
            RETURNING one, many
        )
        SELECT array_agg(one), array_agg(many[1]), bool_and(many[2] IS NULL) FROM stored"
    );
    let batch = [
        ones.into_param(T::ARRAY),
        manys.into_param(<String as Element>::ARRAY),
    ];
    let row = self::row(client, &sql, &batch)
        .await
        .unwrap_or_else(|error| panic!("{sql_type}: {error:?}"));
    let sent = values.to_vec();
    assert_same(&row[0].decode().unwrap(), &sent, sql_type, "in a batch");
    assert_same(&row[1].decode().unwrap(), &sent, sql_type, "in a batch");
    assert!(row[2].decode::<bool>().unwrap());
}

/// A small generator of numbers that are the same on every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }
}

const HOSTILE: &[&str] = &[
    "",
    " ",
    "plain",
    "NULL",
    "null",
    "{}",
    "{1,2}",
    "a,b",
    "it's",
    "\"quoted\"",
    "back\\slash",
    "\\\"",
    "\\x00",
    "line\nbreak\r\n\ttab\u{b}\u{c}",
    "$1 %s ?",
    "'; DROP TABLE users; --",
    "emoji \u{1f980} e\u{301}",
    "\u{a0}\u{2003}",
    "\u{1}\u{7f}",
    " both ends ",
];

fn hostile() -> Vec<String> {
    HOSTILE.iter().map(|&text| text.to_owned()).collect()
}

// ---------------------------------------------------------------------------------------------------- scalars

#[tokio::test]
async fn booleans_and_integers() {
    let client = &connect().await;
    check(client, "bool", &[true, false]).await;
    check(client, "int2", &[0_i16, 1, -1, i16::MIN, i16::MAX]).await;
    check(client, "int4", &[0_i32, 1, -1, i32::MIN, i32::MAX]).await;
    check(client, "int8", &[0_i64, 1, -1, i64::MIN, i64::MAX]).await;
}

#[tokio::test]
async fn floats() {
    let client = &connect().await;
    let mut singles = vec![
        0.0,
        -0.0,
        1.5,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN,
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
        f32::EPSILON,
    ];
    let mut doubles = vec![
        0.0,
        -0.0,
        0.1,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::EPSILON,
    ];
    let mut dice = Dice(1);
    for _ in 0..50 {
        singles.push(f32::from_bits(dice.roll() as u32));
        doubles.push(f64::from_bits(dice.roll()));
    }
    check(client, "float4", &singles).await;
    check(client, "float8", &doubles).await;
}

#[tokio::test]
async fn a_wider_integer_reads_a_narrower_column_and_a_narrower_one_says_why_not() {
    let client = &connect().await;
    assert_eq!(value::<i64>(client, "SELECT 7::int4", &[]).await, 7);
    assert_eq!(value::<i64>(client, "SELECT -7::int2", &[]).await, -7);
    assert_eq!(value::<i32>(client, "SELECT 7::int2", &[]).await, 7);
    assert_eq!(value::<f64>(client, "SELECT 0.5::float4", &[]).await, 0.5);
    assert_eq!(
        value::<Vec<i64>>(client, "SELECT ARRAY[1, 2]::int4[]", &[]).await,
        [1, 2]
    );
    let error = read::<i32>(client, "SELECT 7::int8", &[])
        .await
        .unwrap_err();
    assert!(
        error.0.contains("`int8`") && error.0.contains("`i32`"),
        "{error}"
    );
}

#[tokio::test]
async fn texts_in_all_their_types() {
    let client = &connect().await;
    for sql_type in ["text", "varchar", "varchar(80)"] {
        check(client, sql_type, &hostile()).await;
    }
    check(client, "name", &["users".to_owned(), "order by".to_owned()]).await;
    if client.simple_query("SELECT '<a/>'::xml").await.is_ok() {
        check(client, "xml", &["<a b=\"c\">d</a>".to_owned()]).await;
    } else {
        eprintln!("xml is not tried: this PostgreSQL was built without it");
    }

    let padded: String = value(client, "SELECT 'ab'::char(5)", &[]).await;
    assert_eq!(padded, "ab   ");
    let refused = refusal(client, "SELECT $1::int4", &[text("1")]).await;
    assert!(
        refused.contains("expects a value of type `int4`"),
        "{refused}"
    );
    let refused = refusal(client, "SELECT $1::text", &[text("a\0b")]).await;
    assert!(refused.contains("invalid byte sequence"), "{refused}");
}

#[tokio::test]
async fn lengths_are_the_columns_business() {
    let client = &connect().await;
    run(client, "CREATE TEMP TABLE t (v varchar(3), c char(3))").await;
    let insert = "INSERT INTO t VALUES ($1, $2) RETURNING v, c";
    let row = row(client, insert, &[text("abc"), text("a")])
        .await
        .unwrap();
    assert_eq!(row[0].decode::<String>().unwrap(), "abc");
    assert_eq!(row[1].decode::<String>().unwrap(), "a  ");
    let refused = refusal(client, insert, &[text("abcd"), text("a")]).await;
    assert!(refused.contains("value too long"), "{refused}");
    // Blanks at the end of a char(n) do not count, as the parameter is taken for one.
    let found: bool = value(client, "SELECT c = $1 FROM t", &[text("a")]).await;
    assert!(found);
}

#[tokio::test]
async fn citext_compares_as_citext() {
    // In a database of its own, because an extension stays.
    let db = TestDb::new().await.unwrap();
    let client = &connect_to(db.url()).await;
    let known = "SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'";
    if value::<i64>(client, known, &[]).await == 0 {
        eprintln!("citext is not tried: this PostgreSQL came without its extensions");
        return;
    }
    run(client, "CREATE EXTENSION citext").await;
    check(client, "citext", &hostile()).await;
    run(
        client,
        "CREATE TEMP TABLE t (name citext); INSERT INTO t VALUES ('Ann')",
    )
    .await;
    let one: bool = value(client, "SELECT name = $1 FROM t", &[text("ANN")]).await;
    let any: bool = value(
        client,
        "SELECT name = ANY($1) FROM t",
        &[Param::new(&vec!["ANN".to_owned()])],
    )
    .await;
    assert!(one && any);
}

#[tokio::test]
async fn bytes_are_any_bytes() {
    let client = &connect().await;
    let all: Vec<u8> = (0..=255).collect();
    check(client, "bytea", &[vec![], vec![0], b"\\x".to_vec(), all]).await;
    there_and_back(client, "bytea", &vec![7_u8; 1_000_000]).await;
}

// ---------------------------------------------------------------------------------------------------- arrays

#[tokio::test]
async fn long_arrays() {
    let client = &connect().await;
    let numbers: Vec<i32> = (0..10_000).collect();
    there_and_back(client, "int4[]", &numbers).await;
    let texts: Vec<Option<String>> = (0..10_000)
        .map(|n| (n % 7 != 0).then(|| format!("{} {n}", HOSTILE[n % HOSTILE.len()])))
        .collect();
    there_and_back(client, "text[]", &texts).await;
}

#[tokio::test]
async fn arrays_begin_anywhere_and_have_one_dimension() {
    let client = &connect().await;
    let shifted: Vec<i32> = value(client, "SELECT '[5:6]={1,2}'::int4[]", &[]).await;
    assert_eq!(shifted, [1, 2]);
    let error = read::<Vec<i32>>(client, "SELECT '{{1,2},{3,4}}'::int4[]", &[]).await;
    assert!(error.unwrap_err().0.contains("2 dimensions"));
    let error = read::<Vec<i32>>(client, "SELECT 7::int4", &[]).await;
    assert!(error.unwrap_err().0.contains("`int4`"));
}

#[tokio::test]
async fn arrays_of_text_take_the_columns_type() {
    let client = &connect().await;
    run(
        client,
        "CREATE TEMP TABLE t (tags varchar(10)[], labels text[]);
         INSERT INTO t VALUES ('{a,b}', '{a,b}')",
    )
    .await;
    let wanted = Param::new(&vec!["a".to_owned()]);
    for condition in [
        "labels @> $1",
        "labels && $1",
        "labels[1] = ANY($1)",
        "labels <> $1",
    ] {
        let sql = format!("SELECT {condition} FROM t");
        assert!(
            value::<bool>(client, &sql, std::slice::from_ref(&wanted)).await,
            "{condition}"
        );
    }
    let sql = "UPDATE t SET tags = $1 RETURNING tags";
    let tags: Vec<String> = value(client, sql, &[wanted]).await;
    assert_eq!(tags, ["a"]);
}

// ---------------------------------------------------------------------------------------------------- domains

#[tokio::test]
async fn domains_are_what_they_are_made_of() {
    let client = &connect().await;
    run(
        client,
        "CREATE DOMAIN pg_temp.email AS varchar(50) CHECK (VALUE LIKE '%@%');
         CREATE DOMAIN pg_temp.work_email AS pg_temp.email;
         CREATE DOMAIN pg_temp.settings AS jsonb;
         CREATE DOMAIN pg_temp.quantity AS int4 CHECK (VALUE > 0);
         CREATE DOMAIN pg_temp.tags AS text[];",
    )
    .await;
    let emails = ["a@b".to_owned(), "c@d".to_owned()];
    check(client, "pg_temp.email", &emails).await;
    check(client, "pg_temp.work_email", &emails).await;
    there_and_back(client, "pg_temp.settings", &json!({"a": 1})).await;
    there_and_back(client, "pg_temp.quantity", &7_i32).await;

    // As elements they can be sent, and have to be cast on the way back.
    run(
        client,
        "CREATE TEMP TABLE many (settings pg_temp.settings[], quantities pg_temp.quantity[])",
    )
    .await;
    let (settings, quantities) = (vec![json!({"a": 1}), json!([])], vec![1, 7]);
    let row = row(
        client,
        "INSERT INTO many VALUES ($1, $2::int4[])
         RETURNING settings::jsonb[], quantities::int4[], quantities",
        &[Param::new(&settings), Param::new(&quantities)],
    )
    .await
    .unwrap();
    assert_eq!(row[0].decode(), Ok(settings));
    assert_eq!(row[1].decode(), Ok(quantities));
    let error = row[2].decode::<Vec<i32>>().unwrap_err();
    assert!(error.0.contains("`quantity`"), "{error}");

    run(client, "CREATE TEMP TABLE t (tags pg_temp.tags)").await;
    let tags = vec!["a".to_owned(), "b c".to_owned()];
    let sql = "INSERT INTO t VALUES ($1) RETURNING tags";
    assert_eq!(
        value::<Vec<String>>(client, sql, &[Param::new(&tags)]).await,
        tags
    );
}

// ---------------------------------------------------------------------------------------------------- enums

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mood {
    Sad,
    SoSo,
    Happy,
}

impl DbEnum for Mood {
    const NAME: &'static str = "Mood of \"all\"";
    const LABELS: &'static [&'static str] = &["sad", "so, so", "it's \"happy\""];

    fn label(self) -> &'static str {
        Self::LABELS[self as usize]
    }

    fn from_label(label: &str) -> Option<Self> {
        let at = Self::LABELS.iter().position(|known| *known == label)?;
        Some([Mood::Sad, Mood::SoSo, Mood::Happy][at])
    }
}

impl SqlType for Mood {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &enum_type(Self::NAME, None, Self::LABELS);

    fn encode(&self, out: &mut BytesMut) -> bool {
        encode_enum(*self, out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        decode_enum(raw)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

#[tokio::test]
async fn native_enums() {
    let client = &connect().await;
    // PgType's Display is the type's name in SQL.
    let (name, array) = (Mood::TYPE.to_string(), Vec::<Mood>::TYPE.to_string());
    assert_eq!(array, r#""Mood of ""all"""[]"#);
    assert_eq!(Vec::<Mood>::TYPE.name, r#"Mood of "all"[]"#);
    run(
        client,
        &format!(r#"CREATE TYPE pg_temp.{name} AS ENUM ('sad', 'so, so', 'it''s "happy"', 'new')"#),
    )
    .await;
    check(client, &name, &[Mood::Sad, Mood::SoSo, Mood::Happy]).await;

    let label: String = value(client, &format!("SELECT 'so, so'::{name}"), &[]).await;
    assert_eq!(label, "so, so");
    let labels: Vec<String> = value(client, &format!("SELECT '{{sad}}'::{array}"), &[]).await;
    assert_eq!(labels, ["sad"]);
    let mood: Mood = value(client, "SELECT 'sad'::text", &[]).await;
    assert_eq!(mood, Mood::Sad);
    let error = read::<Mood>(client, &format!("SELECT 'new'::{name}"), &[]).await;
    // A label belongs to the schema, and is named; text is a value, and is not.
    assert_eq!(
        error.unwrap_err().0,
        r#"`new` is not a label of the Rust enum, which has sad, so, so, it's "happy""#
    );
    let error = read::<Mood>(client, "SELECT 'secret'::text", &[]).await;
    assert_eq!(
        error.unwrap_err().0,
        r#"a `text` is not a label of the Rust enum, which has sad, so, so, it's "happy""#
    );
    assert!(read::<Mood>(client, "SELECT 7::int4", &[]).await.is_err());
    let refused = refusal(client, &format!("SELECT $1::{name}"), &[text("angry")]).await;
    assert!(
        refused.contains("invalid input value for enum"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_composite_value_is_no_text() {
    let client = &connect().await;
    run(client, "CREATE TYPE pg_temp.pair AS (a int4, b text)").await;
    let error = read::<String>(client, "SELECT (1, 'b')::pg_temp.pair", &[]).await;
    assert!(error.unwrap_err().0.contains("`pair`"));
}

// ---------------------------------------------------------------------------------------------------- decimals

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn decimals() {
    let client = &connect().await;
    let values = [
        "0",
        "0.00",
        "1.50",
        "-1.50",
        "10000",
        "9999.9999",
        "0.0001",
        "12345678901234567890.12345678",
        "0.0000000000000000000000000001",
        "-79228162514264337593543950335",
        "79228162514264337593543950335",
        "7.9228162514264337593543950335",
    ];
    check(client, "numeric", &values.map(decimal)).await;
    check(
        client,
        "numeric(10, 2)",
        &[decimal("0.01"), decimal("99999999.99")],
    )
    .await;
}

/// A number of up to 28 digits, with as many of them after the point as it likes.
fn any_decimal(dice: &mut Dice) -> String {
    let length = 1 + dice.below(28) as usize;
    let mut digits: String = (0..length)
        // Many zeros, for those are what the encoding treats specially.
        .map(|_| [b'0' + dice.below(10) as u8, b'0', b'9'][dice.below(3) as usize] as char)
        .collect();
    let scale = dice.below(length as u64 + 1) as usize;
    digits.insert_str(length - scale, if scale > 0 { "." } else { "" });
    let whole = digits.trim_start_matches('0');
    let whole = if whole.is_empty() || whole.starts_with('.') {
        format!("0{whole}")
    } else {
        whole.to_owned()
    };
    let negative = dice.below(2) == 1 && whole.contains(|c: char| ('1'..='9').contains(&c));
    if negative { format!("-{whole}") } else { whole }
}

#[tokio::test]
async fn decimals_agree_with_postgresqls_own_text() {
    let client = &connect().await;
    let mut dice = Dice(20_240_506);
    let texts: Vec<String> = (0..5_000).map(|_| any_decimal(&mut dice)).collect();
    let decimals: Vec<Decimal> = texts.iter().map(|text| decimal(text)).collect();

    let read: Vec<Decimal> = value(
        client,
        "SELECT array_agg(x::numeric) FROM unnest($1::text[]) AS x",
        &[Param::new(&texts)],
    )
    .await;
    let written: Vec<String> = value(
        client,
        "SELECT array_agg(x::text) FROM unnest($1::numeric[]) AS x",
        &[Param::new(&decimals)],
    )
    .await;
    for (at, text) in texts.iter().enumerate() {
        assert_eq!(read[at].to_string(), *text, "as read");
        assert_eq!(written[at], *text, "as written");
    }
}

#[tokio::test]
async fn numerics_that_a_decimal_cannot_hold_are_errors() {
    let client = &connect().await;
    for text in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1234567890123456789012345678901234567890",
        "79228162514264337593543950336",
        "-79228162514264337593543950336",
        "0.00000000000000000000000000001",
        "1.23456789012345678901234567891",
        "1e1000",
        "1e-1000",
    ] {
        let error = read::<Decimal>(client, &format!("SELECT '{text}'::numeric"), &[]).await;
        let error = error.expect_err(text);
        assert!(
            error.0.contains("cannot be held by `Decimal` exactly"),
            "{text}: {error}"
        );
    }
    // Zeros at the end take no room that they must have.
    for (text, kept) in [
        (
            "1.5000000000000000000000000000000000000000",
            "1.5000000000000000000000000000",
        ),
        (
            "79228162514264337593543950335.00",
            "79228162514264337593543950335",
        ),
        (
            "0.0000000000000000000000000000000000000000",
            "0.0000000000000000000000000000",
        ),
    ] {
        let back: Decimal = value(client, &format!("SELECT '{text}'::numeric"), &[]).await;
        assert_eq!(back.to_string(), kept);
    }
}

// ---------------------------------------------------------------------------------------------------- times

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn moments() -> Vec<DateTime<Utc>> {
    let mut moments: Vec<_> = [
        "2000-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "2024-02-29T12:34:56.789Z",
        "1970-01-01T00:00:00.000001Z",
        "0001-01-01T00:00:00Z",
        "0000-12-31T23:59:59.5Z",
        "-4712-01-01T00:00:00Z",
        "+12024-01-02T03:04:05Z",
        "+262142-12-31T23:59:59.999999Z",
        "2024-05-06T07:08:09.123456789Z",
        "1969-05-06T07:08:09.123456789Z",
    ]
    .map(moment)
    .to_vec();
    let mut dice = Dice(7);
    for _ in 0..100 {
        let micros = dice.below(400_000_000_000_000_000) as i64 - 200_000_000_000_000_000;
        moments.push(DateTime::from_timestamp_micros(micros).unwrap());
    }
    moments
}

#[tokio::test]
async fn times_and_dates() {
    let client = &connect().await;
    // Neither the session's time zone nor its way to print dates has a say.
    run(
        client,
        "SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'",
    )
    .await;
    check(client, "timestamptz", &moments()).await;
    let naive: Vec<NaiveDateTime> = moments().iter().map(DateTime::naive_utc).collect();
    check(client, "timestamp", &naive).await;
    let dates: Vec<NaiveDate> = naive.iter().map(NaiveDateTime::date).collect();
    check(client, "date", &dates).await;
    let mut times: Vec<NaiveTime> = naive.iter().map(NaiveDateTime::time).collect();
    times.push(NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap());
    times.push(NaiveTime::from_hms_milli_opt(12, 30, 59, 1500).unwrap());
    check(client, "time", &times).await;
}

#[tokio::test]
async fn times_show_as_postgresql_prints_them() {
    let client = &connect().await;
    run(client, "SET TimeZone = 'UTC'").await;
    for moment in moments() {
        for (sql_type, param) in [
            ("timestamptz", Param::new(&moment)),
            ("timestamp", Param::new(&moment.naive_utc())),
            ("date", Param::new(&moment.date_naive())),
            ("time", Param::new(&moment.time())),
        ] {
            let shown = param.show();
            let sql = format!("SELECT $1::{sql_type}::text");
            assert_eq!(value::<String>(client, &sql, &[param]).await, shown);
        }
    }
}

#[tokio::test]
async fn times_that_chrono_cannot_hold_are_errors() {
    let client = &connect().await;
    async fn error<T: SqlType>(client: &Client, literal: &str) -> String {
        let back = read::<T>(client, &format!("SELECT {literal}"), &[]).await;
        back.expect_err(literal).0
    }
    for word in ["infinity", "-infinity"] {
        let expected = format!("`{word}`");
        for error in [
            error::<DateTime<Utc>>(client, &format!("'{word}'::timestamptz")).await,
            error::<NaiveDateTime>(client, &format!("'{word}'::timestamp")).await,
            error::<NaiveDate>(client, &format!("'{word}'::date")).await,
            error::<Vec<NaiveDate>>(client, &format!("ARRAY['{word}'::date]")).await,
        ] {
            assert!(error.contains(&expected), "{error}");
        }
    }
    for error in [
        error::<DateTime<Utc>>(client, "'294276-12-31 23:59:59+00'::timestamptz").await,
        error::<NaiveDateTime>(client, "'294276-12-31 23:59:59'::timestamp").await,
        error::<NaiveDate>(client, "'5874897-12-31'::date").await,
    ] {
        assert!(error.contains("outside"), "{error}");
    }
    let error = error::<NaiveTime>(client, "'24:00:00'::time").await;
    assert!(error.contains("24:00:00"), "{error}");
}

#[tokio::test]
async fn times_that_postgresql_cannot_hold_are_refused() {
    let client = &connect().await;
    for (sql_type, param) in [
        ("timestamptz", Param::new(&DateTime::<Utc>::MIN_UTC)),
        ("timestamp", Param::new(&NaiveDateTime::MIN)),
        ("date", Param::new(&NaiveDate::MIN)),
        (
            "time",
            Param::new(&NaiveTime::from_hms_milli_opt(23, 59, 59, 1000)),
        ),
        (
            "time",
            Param::new(&NaiveTime::from_hms_milli_opt(23, 59, 59, 1999)),
        ),
    ] {
        let refused = refusal(client, &format!("SELECT $1::{sql_type}"), &[param]).await;
        assert!(refused.contains("out of range"), "{refused}");
    }
}

// ---------------------------------------------------------------------------------------------------- uuid, json

#[tokio::test]
async fn uuids() {
    let client = &connect().await;
    check(client, "uuid", &[Uuid::nil(), Uuid::max(), Uuid::new_v4()]).await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    city: String,
    zip: Option<String>,
}

#[tokio::test]
async fn json_in_both_its_types() {
    let client = &connect().await;
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(0.1),
        json!([]),
        json!({}),
        json!({"a": {"b": [1, null, "x"]}, "": 1.5e300}),
    ];
    values.extend(HOSTILE.iter().map(|text| json!({ *text: [text] })));
    let addresses: Vec<Json<Address>> = HOSTILE
        .iter()
        .map(|text| Address {
            city: (*text).to_owned(),
            zip: (text.len() > 3).then(|| (*text).to_owned()),
        })
        .map(Json)
        .collect();
    for sql_type in ["jsonb", "json"] {
        check(client, sql_type, &values).await;
        check(client, sql_type, &addresses).await;
    }
    // A String goes into JSON columns and paths as the JSON text that it is.
    let sql = "SELECT $1::jsonb = '{\"a\": 1}'";
    assert!(value::<bool>(client, sql, &[text("{\"a\":1}")]).await);
    let sql = "SELECT jsonb_path_exists('{\"a\": 1}', $1)";
    assert!(value::<bool>(client, sql, &[text("$.a")]).await);
}

#[tokio::test]
async fn the_two_nulls_of_json() {
    let client = &connect().await;
    for (given, is_null) in [(None, true), (Some(Value::Null), false)] {
        let row = row(
            client,
            "SELECT $1::jsonb, $1::jsonb IS NULL",
            &[Param::new(&given)],
        )
        .await
        .unwrap();
        assert_eq!(row[0].decode::<Option<Value>>(), Ok(given));
        assert_eq!(row[1].decode::<bool>(), Ok(is_null));
    }
}

#[tokio::test]
async fn json_of_another_shape_is_an_error_that_quotes_nothing() {
    let client = &connect().await;
    let sql = r#"SELECT '{"city": 4711}'::jsonb"#;
    let error = read::<Json<Address>>(client, sql, &[]).await.unwrap_err();
    assert!(
        error.0.contains("Json<Address>") && error.0.contains("a string"),
        "{error}"
    );
    assert!(!error.0.contains("4711"), "{error}");
    let error = read::<Value>(client, "SELECT '1e999'::jsonb", &[])
        .await
        .unwrap_err();
    assert!(error.0.contains("cannot be read"), "{error}");
}
