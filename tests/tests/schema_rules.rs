//! What was declared is what the database does: defaults, constraints, foreign keys.

use orm_core::engine::Connection;
use orm_core::error::ConstraintKind;
use orm_core::testing::TestDb;
use orm_core::{Error, Model, Result};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::refused;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "countries")]
struct Country {
    #[orm(primary_key, fixed_length = 2)]
    code: String,
    #[orm(unique)]
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "cities", unique(name, country_code), check("population >= 0"))]
struct City {
    #[orm(primary_key)]
    id: i32,
    #[orm(length = 10)]
    name: String,
    #[orm(server_default = "1000")]
    population: i32,
    #[orm(precision = 6, scale = 2, server_default = "1 + 0.5")]
    area: Decimal,
    #[orm(computed = "population / area")]
    density: Decimal,
    #[orm(server_default = "now() AT TIME ZONE 'utc'")]
    founded: chrono::NaiveDateTime,
    #[orm(fixed_length = 2, belongs_to(country: Country, on_delete = "cascade"))]
    country_code: String,
    #[orm(belongs_to(twin: City, on_delete = "set null"))]
    twin_id: Option<i32>,
    #[orm(belongs_to(capital: City, on_delete = "restrict"))]
    capital_id: Option<i32>,
    #[orm(server_default = "1", belongs_to(fallback: City, on_delete = "set default", deferred))]
    fallback_id: Option<i32>,
}

async fn with_countries() -> Result<(TestDb, Connection)> {
    let db = TestDb::with_models::<(City, Country)>().await?;
    let mut conn = db.engine().await?.acquire().await?;
    conn.execute("INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France')")
        .await?;
    Ok((db, conn))
}

async fn city(conn: &mut Connection, id: i32) -> Result<City> {
    conn.fetch_one(orm_core::engine::sql("SELECT * FROM cities WHERE id = :id").bind("id", id))
        .await
}

/// The kind and the name of the constraint that refuses a statement.
async fn constraint(conn: &mut Connection, sql: &str) -> (ConstraintKind, String) {
    match refused(conn.execute(sql).await) {
        Error::Constraint(violation) => (violation.kind, violation.constraint),
        other => panic!("{sql}: {other}"),
    }
}

#[tokio::test]
async fn defaults_are_given_by_the_server() -> Result<()> {
    let (_db, mut conn) = with_countries().await?;
    conn.execute("INSERT INTO cities (name, country_code) VALUES ('Ulm', 'de')")
        .await?;
    let ulm = city(&mut conn, 1).await?;
    assert_eq!(
        (ulm.id, ulm.population, ulm.area, ulm.fallback_id),
        (1, 1000, dec!(1.50), Some(1))
    );
    assert_eq!(ulm.density.round(), dec!(667));
    assert!(
        (chrono::Utc::now().naive_utc() - ulm.founded)
            .num_minutes()
            .abs()
            < 5
    );
    Ok(())
}

#[tokio::test]
async fn constraints_refuse_by_their_names() -> Result<()> {
    let (_db, mut conn) = with_countries().await?;
    conn.execute("INSERT INTO cities (name, country_code) VALUES ('Ulm', 'de')")
        .await?;
    for (sql, kind, name) in [
        (
            "INSERT INTO countries VALUES ('de', 'Austria')",
            ConstraintKind::Unique,
            "countries_pkey",
        ),
        (
            "INSERT INTO countries VALUES ('at', 'France')",
            ConstraintKind::Unique,
            "countries_name_key",
        ),
        (
            "INSERT INTO cities (name, country_code) VALUES ('Ulm', 'de')",
            ConstraintKind::Unique,
            "cities_name_country_code_key",
        ),
        (
            "UPDATE cities SET population = -1",
            ConstraintKind::Check,
            "cities_check",
        ),
        (
            "INSERT INTO cities (name, country_code) VALUES ('Bern', 'ch')",
            ConstraintKind::ForeignKey,
            "cities_country_code_fkey",
        ),
        (
            "INSERT INTO cities (country_code) VALUES ('de')",
            ConstraintKind::NotNull,
            "",
        ),
    ] {
        assert_eq!(
            constraint(&mut conn, sql).await,
            (kind, name.to_owned()),
            "{sql}"
        );
    }
    for sql in [
        "INSERT INTO cities (name, country_code) VALUES ('Villingen-Schwenningen', 'de')",
        "UPDATE cities SET area = 10000",
        "UPDATE cities SET density = 1",
    ] {
        assert!(
            matches!(refused(conn.execute(sql).await), Error::Query(_)),
            "{sql}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn on_delete_does_what_was_declared() -> Result<()> {
    let (_db, mut conn) = with_countries().await?;
    conn.execute(
        "INSERT INTO cities (name, country_code, twin_id, capital_id, fallback_id)
         VALUES ('Berlin', 'de', NULL, NULL, 1), ('Paris', 'fr', 1, NULL, 1), ('Lyon', 'fr', NULL, 2, 4), ('Bonn', 'de', 3, 1, 1)",
    )
    .await?;
    assert_eq!(
        constraint(&mut conn, "DELETE FROM cities WHERE id = 1").await,
        (
            ConstraintKind::ForeignKey,
            "cities_capital_id_fkey".to_owned()
        )
    );
    conn.execute("DELETE FROM cities WHERE id = 4").await?;
    assert_eq!(city(&mut conn, 3).await?.fallback_id, Some(1));
    conn.execute("UPDATE cities SET fallback_id = NULL").await?;
    conn.execute("DELETE FROM countries WHERE code = 'de'")
        .await?;
    let left: Vec<(i32, Option<i32>)> = conn
        .fetch_all("SELECT id, twin_id FROM cities ORDER BY id")
        .await?;
    assert_eq!(left, [(2, None), (3, None)]);
    Ok(())
}

#[tokio::test]
async fn a_natural_key_that_changes_takes_its_rows_along() -> Result<()> {
    let (_db, mut conn) = with_countries().await?;
    conn.execute("INSERT INTO cities (name, country_code) VALUES ('Ulm', 'de')")
        .await?;
    conn.execute("UPDATE countries SET code = 'zz' WHERE code = 'de'")
        .await?;
    assert_eq!(city(&mut conn, 1).await?.country_code, "zz");
    // Keys that the server makes do not change, and nothing follows them.
    conn.execute("UPDATE cities SET fallback_id = NULL, twin_id = id")
        .await?;
    assert_eq!(
        constraint(&mut conn, "UPDATE cities SET id = 7").await,
        (ConstraintKind::ForeignKey, "cities_twin_id_fkey".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn a_deferred_key_is_checked_at_commit() -> Result<()> {
    let (_db, mut conn) = with_countries().await?;
    let mut transaction = conn.begin().await?;
    transaction
        .execute("INSERT INTO cities (name, country_code, fallback_id) VALUES ('Ulm', 'de', 2)")
        .await?;
    transaction
        .execute("INSERT INTO cities (name, country_code, fallback_id) VALUES ('Bonn', 'de', 1)")
        .await?;
    transaction.commit().await?;
    let mut transaction = conn.begin().await?;
    transaction
        .execute("UPDATE cities SET fallback_id = 99")
        .await?;
    let violation = refused(transaction.commit().await);
    assert_eq!(
        violation.constraint().unwrap().constraint,
        "cities_fallback_id_fkey"
    );
    Ok(())
}

#[tokio::test]
async fn a_computed_foreign_key_is_followed_by_nothing() -> Result<()> {
    #[derive(Model, Debug, Clone, PartialEq)]
    struct Plate {
        #[orm(primary_key)]
        number: String,
        #[orm(computed = "left(number, 2)", belongs_to(country: Country))]
        country_code: String,
    }
    let db = TestDb::with_models::<(Country, Plate)>().await?;
    let mut conn = db.engine().await?.acquire().await?;
    conn.execute("INSERT INTO countries VALUES ('de', 'Germany')")
        .await?;
    conn.execute("INSERT INTO plate VALUES ('de-1')").await?;
    assert_eq!(
        constraint(&mut conn, "UPDATE countries SET code = 'at'")
            .await
            .1,
        "plate_country_code_fkey"
    );
    Ok(())
}
