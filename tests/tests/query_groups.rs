//! Ordering, limits, DISTINCT, aggregates with their types, GROUP BY, HAVING, functions.

use orm_core::Error;
use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::queries::*;
use tests::refused;

#[tokio::test]
async fn orders() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    macro_rules! ids {
        ($($order:expr),*) => {
            Number::query()$(.order_by($order))*.select(Number::ID).all(&mut on).await.unwrap()
        };
    }
    assert_eq!(ids!(Number::A), [2, 3, 1]);
    assert_eq!(ids!(Number::A.asc()), [2, 3, 1]);
    assert_eq!(ids!(Number::A.desc()), [1, 3, 2]);
    assert_eq!(ids!(Number::B), [3, 1, 2]);
    assert_eq!(ids!(Number::B.desc()), [2, 1, 3]);
    assert_eq!(ids!(Number::B.asc().nulls_first()), [2, 3, 1]);
    assert_eq!(ids!(Number::B.desc().nulls_last()), [1, 3, 2]);
    assert_eq!(ids!(Number::B.asc_nulls(Nulls::First)), [2, 3, 1]);
    assert_eq!(ids!(Number::B.desc_nulls(Nulls::Last)), [1, 3, 2]);
    assert_eq!(
        ids!((Number::FLAG.is_null().desc(), Number::ID.desc())),
        [3, 2, 1]
    );
    assert_eq!(ids!(Number::FLAG.is_null(), Number::ID.desc()), [2, 1, 3]);
    assert_eq!(ids!(Number::A * -1), [1, 3, 2]);
    let by = Number::column("a").unwrap();
    assert_eq!(ids!(by), [2, 3, 1]);
    assert_eq!(ids!((by.desc(), Number::ID)), [1, 3, 2]);
    assert_eq!(
        ids!(Number::column("b").unwrap().asc().nulls_first()),
        [2, 3, 1]
    );
    let error = refused(Number::column("id; DROP TABLE numbers"));
    assert_eq!(
        error.to_string(),
        "`Number` has no column `id; DROP TABLE numbers`; it has id, small, a, b, big, exact, real, double, flag"
    );
    // By the field's name too, and by what was joined.
    let rows: Vec<String> = Product::query()
        .join(Product::CATEGORY)
        .order_by((
            Category::column("name").unwrap().desc(),
            Product::column("name").unwrap(),
        ))
        .select(Product::NAME)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, ["Mini", "Air", "Pro"]);
}

#[tokio::test]
async fn limits() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Product::query().order_by(Product::ID).select(Product::ID);
    assert_eq!(q.clone().limit(2).all(&mut on).await.unwrap(), [1, 2]);
    assert_eq!(
        q.clone().limit(2).offset(1).all(&mut on).await.unwrap(),
        [2, 3]
    );
    assert_eq!(q.clone().offset(3).all(&mut on).await.unwrap(), [4]);
    assert_eq!(q.clone().limit(3).limit(1).all(&mut on).await.unwrap(), [1]);
    assert_eq!(q.clone().limit(0).all(&mut on).await.unwrap(), [0_i32; 0]);
    assert_eq!(
        q.clone().limit(i64::MAX).first(&mut on).await.unwrap(),
        Some(1)
    );
    assert_eq!(q.clone().limit(0).first(&mut on).await.unwrap(), None);
    assert_eq!(q.clone().offset(9).first(&mut on).await.unwrap(), None);
    assert_eq!(q.clone().limit(1).one(&mut on).await.unwrap(), 1);
    let error = refused(q.clone().limit(-1).all(&mut on).await);
    assert!(
        error.to_string().contains("LIMIT must not be negative"),
        "{error}"
    );
    assert!(matches!(
        refused(q.clone().one(&mut on).await),
        Error::MultipleFound { .. }
    ));
    assert!(matches!(
        refused(q.clone().one_or_none(&mut on).await),
        Error::MultipleFound { .. }
    ));
    assert!(matches!(
        refused(q.clone().offset(9).one(&mut on).await),
        Error::NotFound { .. }
    ));
    assert_eq!(q.offset(9).one_or_none(&mut on).await.unwrap(), None);
}

#[tokio::test]
async fn counts_and_existence_are_those_of_the_rows() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    macro_rules! check {
        ($q:expr) => {{
            let rows = $q.all(&mut on).await.unwrap().len() as i64;
            assert_eq!($q.count(&mut on).await.unwrap(), rows, "{:?}", $q);
            assert_eq!($q.exists(&mut on).await.unwrap(), rows > 0, "{:?}", $q);
            rows
        }};
    }
    assert_eq!(check!(Product::query()), 4);
    assert_eq!(check!(Product::query().filter(Product::ID.gt(99))), 0);
    assert_eq!(check!(Product::query().order_by(Product::NAME).limit(3)), 3);
    assert_eq!(check!(Product::query().limit(0)), 0);
    assert_eq!(check!(Product::query().offset(3)), 1);
    assert_eq!(check!(Product::query().offset(4)), 0);
    assert_eq!(check!(Product::query().select(Product::CATEGORY_ID)), 4);
    assert_eq!(
        check!(Product::query().distinct().select(Product::CATEGORY_ID)),
        3
    );
    assert_eq!(
        check!(
            Product::query()
                .distinct()
                .select(Product::CATEGORY_ID)
                .order_by(Product::CATEGORY_ID)
        ),
        3
    );
    assert_eq!(
        check!(
            Product::query()
                .group_by(Product::CATEGORY_ID)
                .select(count_all())
        ),
        3
    );
    assert_eq!(
        check!(
            Product::query()
                .group_by(Product::CATEGORY_ID)
                .having(count_all().gt(1))
                .order_by(count_all())
                .select((Product::CATEGORY_ID, count_all()))
        ),
        1
    );
    assert_eq!(
        check!(
            Product::query()
                .group_by(Product::CATEGORY_ID)
                .having(count_all().gt(9))
                .select(count_all())
        ),
        0
    );
    // An aggregate without GROUP BY is one row, whatever it counts.
    assert_eq!(check!(Product::query().select(count_all())), 1);
    assert_eq!(
        check!(
            Product::query()
                .filter(Product::ID.gt(99))
                .select(max(Product::PRICE))
        ),
        1
    );
    assert_eq!(
        check!(
            Product::query()
                .filter(Product::ID.gt(99))
                .select(count_all())
                .having(count_all().gt(0))
        ),
        0
    );
    // Columns of the same name, whole entities, rows multiplied by a join.
    assert_eq!(
        check!(
            User::query()
                .join(User::ORDERS)
                .select((User::ALL, Order::ALL))
        ),
        3
    );
    assert_eq!(
        check!(
            User::query()
                .join(User::ORDERS)
                .distinct()
                .select((User::ID, Order::USER_ID))
        ),
        2
    );
    assert_eq!(
        check!(
            User::query()
                .left_join(User::ORDERS)
                .limit(4)
                .select((User::ID, Order::ID))
        ),
        4
    );
    assert_eq!(check!(User::query().join(User::ORDERS)), 3);
    assert_eq!(check!(User::query().for_update()), 4);
}

#[tokio::test]
async fn distinct_and_a_repeated_expression() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Product::query()
        .distinct()
        .order_by(func::coalesce(Product::CATEGORY_ID, 0).desc())
        .select(func::coalesce(Product::CATEGORY_ID, 0));
    assert_eq!(q.all(&mut on).await.unwrap(), [2, 1, 0]);
    let label = || func::coalesce(User::FULL_NAME, "nobody").concat("!");
    let q = User::query()
        .filter(User::EMAIL.ne("nobody"))
        .group_by(label())
        .having(label().ne("!"))
        .order_by((label(), count_all()))
        .select((label(), count_all()));
    assert_eq!(
        q.to_sql(),
        "SELECT coalesce(users.full_name, $1) || $2, count(*) FROM users WHERE users.email <> $3 \
         GROUP BY coalesce(users.full_name, $1) || $2 HAVING coalesce(users.full_name, $1) || $2 <> $4 \
         ORDER BY coalesce(users.full_name, $1) || $2, count(*)"
    );
    let rows: Vec<(String, i64)> = q.all(&mut on).await.unwrap();
    assert_eq!(
        rows,
        [
            ("Ann Lee!".into(), 1),
            ("Cid %_\\ Cee!".into(), 1),
            ("nobody!".into(), 2)
        ]
    );
    // A part of what was grouped by, the same value elsewhere, and another value.
    let q = Number::query()
        .group_by(Number::A + 1)
        .order_by((Number::A + 1) * 2)
        .select((
            (Number::A + 1) * 2,
            (Number::A + 1) * 1,
            count(Number::B + 1),
        ));
    assert_eq!(
        q.to_sql(),
        "SELECT (numbers.a + $1) * $2, (numbers.a + $1) * $3, count(numbers.b + $4) FROM numbers \
         GROUP BY numbers.a + $1 ORDER BY (numbers.a + $1) * $2"
    );
    let rows: Vec<(i32, i32, i64)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows, [(-12, -6, 0), (2, 1, 1), (22, 11, 1)]);
}

#[tokio::test]
async fn aggregates_have_postgresqls_types() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let row: (i64, i64, i64) = Number::query()
        .select((count_all(), count(Number::B), count_distinct(Number::FLAG)))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, (3, 2, 2));
    #[allow(clippy::type_complexity)]
    let row: (
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<Decimal>,
        Option<Decimal>,
        Option<f32>,
        Option<f64>,
    ) = Number::query()
        .select((
            sum(Number::SMALL),
            sum(Number::A),
            sum(Number::B),
            sum(Number::BIG),
            sum(Number::EXACT),
            sum(Number::REAL),
            sum(Number::DOUBLE),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(
        row,
        (
            Some(6),
            Some(3),
            Some(3),
            Some(dec!(10000000005)),
            Some(dec!(2.75)),
            Some(4.5),
            Some(1.0)
        )
    );
    let row: (
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
        Option<f64>,
        Option<f64>,
    ) = Number::query()
        .select((
            avg(Number::SMALL),
            avg(Number::A),
            avg(Number::B),
            avg(Number::EXACT),
            avg(Number::REAL),
            avg(Number::DOUBLE),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row.0, Some(dec!(2)));
    assert_eq!(
        (row.1, row.2, row.4),
        (Some(dec!(1)), Some(dec!(1.5)), Some(1.5))
    );
    let row: (Option<i32>, Option<i32>, Option<Decimal>, Option<String>) = Product::query()
        .select((
            min(Product::ID),
            max(Product::CATEGORY_ID),
            min(Product::PRICE),
            max(Product::NAME),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, (Some(1), Some(2), Some(dec!(10)), Some("Pro".into())));
    // Of no rows.
    let row: (i64, Option<i64>, Option<i32>, i64) = Number::query()
        .filter(Number::ID.gt(99))
        .select((
            count_all(),
            sum(Number::A),
            max(Number::A),
            func::coalesce(sum(Number::A), 0),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, (0, None, None, 0));
    // Calculated with.
    let row: (Option<Decimal>, Option<i64>, Decimal) = OrderItem::query()
        .select((
            sum(OrderItem::UNIT_PRICE * OrderItem::QUANTITY) / 2,
            sum(OrderItem::QUANTITY) * 2 + 1,
            func::coalesce(sum(OrderItem::TOTAL_PRICE), 0),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, (Some(dec!(2697.985)), Some(15), dec!(5395.97)));
    let total: i64 = Number::query()
        .select(count_all())
        .scalar(&mut on)
        .await
        .unwrap();
    assert_eq!(total, 3);
}

#[tokio::test]
async fn groups() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = User::query()
        .group_by(User::IS_ACTIVE)
        .order_by((count(User::ID).desc(), User::IS_ACTIVE))
        .select((User::IS_ACTIVE, count(User::ID)));
    let rows: Vec<(bool, i64)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows, [(false, 2), (true, 2)]);
    // The primary key stands for the whole entity.
    let rows: Vec<(User, i64)> = User::query()
        .left_join(User::ORDERS)
        .group_by(User::ID)
        .having(count(Order::ID).gt(1).or(User::ID.eq(4)))
        .order_by(User::ID)
        .select((User::ALL, count(Order::ID)))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows.iter()
            .map(|(user, n)| (user.id, *n))
            .collect::<Vec<_>>(),
        [(1, 2), (4, 0)]
    );
    let rows: Vec<(Option<i32>, bool, i64)> = Product::query()
        .group_by((Product::CATEGORY_ID, Product::PRICE.gt(1000)))
        .order_by((Product::CATEGORY_ID, Product::PRICE.gt(1000)))
        .select((Product::CATEGORY_ID, Product::PRICE.gt(1000), count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            (Some(1), false, 1),
            (Some(1), true, 1),
            (Some(2), false, 1),
            (None, false, 1)
        ]
    );
    // What is neither grouped nor aggregated is PostgreSQL's to refuse, and the error points at it.
    let error = refused(
        User::query()
            .group_by(User::IS_ACTIVE)
            .select(User::USERNAME)
            .all(&mut on)
            .await,
    );
    let Error::Query(error) = error else {
        panic!("{error}")
    };
    assert_eq!(
        error.sql,
        "SELECT users.username FROM users GROUP BY users.is_active"
    );
    assert_eq!(error.position, Some(8));
    assert!(
        error.message.contains("users.username"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn functions() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let row: (i32, i32, i32, i32, f64, f64) = Order::query()
        .filter(Order::ID.eq(order_id(2)))
        .select((
            func::extract(func::Year, Order::CREATED_AT),
            func::extract(func::Month, Order::CREATED_AT),
            func::extract(func::Day, Order::CREATED_AT),
            func::extract(func::Quarter, Order::CREATED_AT),
            func::extract(func::Second, Order::CREATED_AT),
            func::extract(func::Epoch, Order::CREATED_AT),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!((row.0, row.1, row.2, row.3, row.4), (2026, 2, 15, 1, 0.0));
    let row: (
        String,
        Option<String>,
        i32,
        Option<i32>,
        i32,
        String,
        Option<i32>,
    ) = User::query()
        .filter(User::ID.eq(2))
        .select((
            func::upper(User::USERNAME),
            func::lower(User::FULL_NAME),
            func::length(User::EMAIL),
            func::length(User::FULL_NAME),
            func::abs(-User::ID),
            func::coalesce(
                User::FULL_NAME,
                func::coalesce(User::FULL_NAME, User::USERNAME),
            ),
            func::extract(func::Year, User::UPDATED_AT),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, ("BOB".into(), None, 15, None, 2, "bob".into(), None));
    let row: (String, i32, Decimal, Option<String>, String) = User::query()
        .filter(User::ID.eq(1))
        .select((
            func::call::<String, _>("initcap", (User::USERNAME,)),
            func::call::<i32, _>("pg_catalog.strpos", (User::EMAIL, value("@"))),
            func::call::<Decimal, _>("round", (func::cast::<Decimal, _>(User::ID), value(2))),
            func::call::<Option<String>, _>("nullif", (User::USERNAME, value("ann"))),
            func::call::<String, _>(
                "concat",
                (
                    func::cast::<String, _>(value("a")),
                    User::USERNAME,
                    User::ID,
                ),
            ),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, ("Ann".into(), 4, dec!(1), None, "aann1".into()));
    let row: (String, i64, String) = User::query()
        .limit(1)
        .select((
            func::cast::<String, _>(value(5)),
            func::cast::<i64, _>(value("7")),
            value("a").concat("b"),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, ("5".into(), 7, "ab".into()));
    let row: (String, String) = User::query()
        .limit(1)
        .select((
            func::coalesce(value(None::<String>), "b"),
            func::coalesce(value("a"), "b"),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(row, ("b".into(), "a".into()));
}
