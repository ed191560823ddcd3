//! Expressions on a real server: CASE, truth, rows, bits, aggregates with clauses, subtotals, declared functions, raw text.

use orm_core::prelude::*;
use orm_core::{Error, sql_function};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::queries::*;
use tests::refused;

/// What an expression is in each row of `numbers`, by id.
macro_rules! values {
    ($on:expr, $expression:expr) => {
        Number::query()
            .order_by(Number::ID)
            .select($expression)
            .all(&mut $on)
            .await
            .unwrap()
    };
}

#[tokio::test]
async fn a_case_has_the_value_of_its_first_true_branch() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let size = case()
        .when(Number::A.gt(5), "big")
        .when(Number::A.lt(0), String::from("negative"))
        .otherwise("none");
    let found: Vec<String> = values!(on, size.clone());
    assert_eq!(found, ["big", "negative", "none"]);
    assert_eq!(values!(on, size.eq("big")), [true, false, false]);
    // NULL where nothing fits, where a branch is NULL, and where the condition is unknown.
    let found: Vec<Option<i32>> = values!(on, case().when(Number::FLAG, Number::A).end());
    assert_eq!(found, [Some(10), None, None]);
    let found: Vec<Option<i32>> = values!(on, case().when(Number::A.gt(0), 1).otherwise(Number::B));
    assert_eq!(found, [Some(1), None, Some(0)]);
    let found: Vec<i32> = values!(on, case_of(Number::A).when(10, 1).when(-7, 2).otherwise(3));
    assert_eq!(found, [1, 2, 3]);
    // A condition on a table that a LEFT JOIN may have no row of does not make the CASE an Option, a value does.
    let rows: Vec<(String, &str, Option<i32>)> = User::query()
        .left_join(User::PROFILE)
        .order_by(User::ID)
        .select((
            User::USERNAME,
            case()
                .when(Profile::BIO.is_not_null(), "bio")
                .otherwise("no"),
            case().when(User::ID.gt(0), Profile::ID).otherwise(0),
        ))
        .all(&mut on)
        .await
        .unwrap()
        .into_iter()
        .map(|(name, bio, id): (String, String, Option<i32>)| {
            (name, if bio == "bio" { "bio" } else { "no" }, id)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("ann".into(), "bio", Some(1)),
            ("bob".into(), "no", Some(2)),
            ("cid".into(), "no", None),
            ("dee".into(), "no", None)
        ]
    );
    // An enum keeps its type among parameters alone.
    let status: Vec<OrderStatus> = Order::query()
        .order_by(Order::ID)
        .select(
            case()
                .when(Order::USER_ID.is_null(), OrderStatus::Pending)
                .otherwise(OrderStatus::Completed),
        )
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(status[3], OrderStatus::Pending);
    // Grouped by a CASE, which PostgreSQL compares by its text.
    let kind = case().when(Number::A.gt(0), "p").otherwise("n");
    let groups: Vec<(String, i64)> = Number::query()
        .group_by(kind.clone())
        .order_by(kind.clone())
        .select((kind, count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(groups, [("n".into(), 2), ("p".into(), 1)]);
}

#[tokio::test]
async fn what_is_unknown_can_be_asked_for() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(values!(on, Number::FLAG.is_true()), [true, false, false]);
    assert_eq!(values!(on, Number::FLAG.is_not_true()), [false, true, true]);
    assert_eq!(values!(on, Number::FLAG.is_false()), [false, true, false]);
    assert_eq!(
        values!(on, Number::FLAG.is_not_false()),
        [true, false, true]
    );
    assert_eq!(
        values!(on, Number::B.gt(1).is_unknown()),
        [false, true, false]
    );
    assert_eq!(
        values!(on, Number::B.gt(1).is_not_unknown()),
        [true, false, true]
    );
    let either: Vec<Option<bool>> = values!(on, Number::FLAG.xor(Number::A.gt(0)));
    assert_eq!(either, [Some(false), Some(false), None]);
    assert_eq!(
        values!(on, Number::A.between_symmetric(10, -7)),
        [true, true, true]
    );
    assert_eq!(
        values!(
            on,
            (!Number::A.between_symmetric(1, -1)).and(Number::ID.gt(0))
        ),
        [true, true, false]
    );
}

#[tokio::test]
async fn the_first_that_is_not_null_the_greatest_and_none() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let found: Vec<i32> = values!(
        on,
        func::coalesce(
            func::coalesce(
                Number::B,
                None::<i32>.map_or(value(None::<i32>), |n| value(Some(n)))
            ),
            9
        )
    );
    assert_eq!(found, [3, 9, 0]);
    let found: Vec<i32> = values!(on, func::greatest(Number::B, Number::A));
    assert_eq!(found, [10, -7, 0]);
    let found: Vec<i32> = values!(
        on,
        func::least(func::least(Number::B, Number::ID), Number::A)
    );
    assert_eq!(found, [1, -7, 0]);
    let found: Vec<Option<i32>> = values!(on, func::nullif(Number::A, -7));
    assert_eq!(found, [Some(10), None, Some(0)]);
}

#[tokio::test]
async fn bits_and_remainders() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(values!(on, Number::A % 4), [10 % 4, -7 % 4, 0]);
    assert_eq!(
        values!(on, Number::EXACT % dec!(1)),
        [dec!(0.50), dec!(0.25), dec!(0)]
    );
    assert_eq!(values!(on, Number::A & 6), [10 & 6, -7 & 6, 0]);
    assert_eq!(values!(on, Number::A | Number::ID), [10 | 1, -7 | 2, 3]);
    assert_eq!(values!(on, Number::A ^ 3), [10 ^ 3, -7 ^ 3, 3]);
    assert_eq!(values!(on, Number::BIG << 2), [40_000_000_000, 8, 12]);
    assert_eq!(values!(on, Number::A >> Number::ID), [5, -2, 0]);
    let null: Vec<Option<i32>> = values!(on, Number::B & 1);
    assert_eq!(null, [Some(1), None, Some(0)]);
    // Rust and PostgreSQL bind these operators differently; the tree is Rust's.
    assert_eq!(
        values!(on, Number::A & (Number::A + 1) << 1),
        [10 & (11 << 1), -7 & (-6 << 1), 0]
    );
    assert_eq!(values!(on, (Number::A & 3) + 1), [3, 2, 1]);
}

#[tokio::test]
async fn rows_are_compared_part_by_part() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    macro_rules! ids {
        ($condition:expr) => {
            Product::query()
                .filter($condition)
                .order_by(Product::ID)
                .select(Product::ID)
                .all(&mut on)
                .await
                .unwrap()
        };
    }
    assert_eq!(ids!(row((Product::NAME, Product::ID)).eq(("Air", 1))), [1]);
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).ne(("Air", 1))),
        [2, 3, 4]
    );
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).lt(("Mini", 3))),
        [1, 4]
    );
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).le(("Mini", 3))),
        [1, 3, 4]
    );
    assert_eq!(ids!(row((Product::NAME, Product::ID)).gt(("Mini", 3))), [2]);
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).ge(("Mini", Product::ID))),
        [2, 3]
    );
    let some = vec![("Air", 1), ("Pro", 2), ("Pro", 3)];
    assert_eq!(ids!(row((Product::NAME, Product::ID)).in_(some)), [1, 2]);
    let none: Vec<(String, i32)> = Vec::new();
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).in_(none)),
        [0_i32; 0]
    );
    // NULL in a part: equal to nothing, and `in_` says NULL.
    assert_eq!(
        ids!(row((Product::CATEGORY_ID, Product::ID)).in_([(1, 2), (2, 4)])),
        [2]
    );
    let truth: Vec<Option<bool>> = Product::query()
        .order_by(Product::ID)
        .select(row((Product::CATEGORY_ID, Product::ID)).eq((1, 1)))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(truth, [Some(true), Some(false), Some(false), Some(false)]);
    // Hostile text is a value here as everywhere.
    let hostile = "'); DROP TABLE products; --";
    assert_eq!(
        ids!(row((Product::NAME, Product::ID)).in_([(hostile, 1)])),
        [0_i32; 0]
    );
}

#[tokio::test]
async fn aggregates_of_some_rows_in_an_order() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let (all, cheap, dear): (i64, i64, Option<Decimal>) = Product::query()
        .select((
            count_all(),
            count_all().filter(Product::PRICE.lt(600)),
            sum(Product::PRICE)
                .filter(Product::PRICE.gt(600))
                .filter(Product::STOCK_QUANTITY.gt(0)),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!((all, cheap, dear), (4, 2, Some(dec!(999.99))));
    // Behind a cast it is still the aggregate's.
    let cast: i32 = Product::query()
        .select(func::cast::<i32, _>(count_all()).filter(Product::ID.eq(1)))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(cast, 1);
    let (names, back, ids, kinds): (Option<String>, Option<String>, Option<Vec<i32>>, _) =
        Product::query()
            .select((
                func::string_agg(Product::NAME, ", ").order_by(Product::NAME),
                func::string_agg(Product::NAME, "'")
                    .order_by((Product::CATEGORY_ID.desc().nulls_last(), Product::ID)),
                func::array_agg(Product::ID).order_by(Product::ID.desc()),
                func::array_agg(Product::CATEGORY_ID).distinct(),
            ))
            .one(&mut on)
            .await
            .unwrap();
    let kinds: Option<Vec<Option<i32>>> = kinds;
    assert_eq!(names.as_deref(), Some("Air, Loose, Mini, Pro"));
    assert_eq!(back.as_deref(), Some("Mini'Air'Pro'Loose"));
    assert_eq!(ids, Some(vec![4, 3, 2, 1]));
    assert_eq!(kinds, Some(vec![Some(1), Some(2), None]));
    let none: Option<Vec<i32>> = Product::query()
        .filter(Product::ID.lt(0))
        .select(func::array_agg(Product::ID))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(none, None);
    let (median, first, most): (Option<f64>, Option<String>, Option<i32>) = Product::query()
        .select((
            func::percentile_cont(0.5).within_group(Product::STOCK_QUANTITY),
            func::percentile_disc(0.0).within_group_desc(Product::NAME),
            func::mode().within_group(Product::CATEGORY_ID),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(
        (median, first.as_deref(), most),
        (Some(3.0), Some("Pro"), Some(1))
    );
    let numeric: Option<f64> = Product::query()
        .select(func::percentile_cont(1.0).within_group(Product::PRICE))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(numeric, Some(1999.99));
}

#[tokio::test]
async fn statistics() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let (all, any, none): (Option<bool>, Option<bool>, Option<bool>) = Number::query()
        .select((
            func::bool_and(Number::FLAG),
            func::bool_or(Number::FLAG),
            func::bool_and(Number::FLAG).filter(Number::FLAG.is_null()),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!((all, any, none), (Some(false), Some(true), None));
    let (of_ints, of_floats): (Option<Decimal>, Option<f64>) = Number::query()
        .select((func::var_pop(Number::ID), func::stddev_samp(Number::REAL)))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(of_ints.unwrap().round_dp(4), dec!(0.6667));
    assert_eq!(of_floats, Some(1.0));
    let (together, slope): (Option<f64>, Option<f64>) = Number::query()
        .select((
            func::corr(Number::SMALL, Number::REAL),
            func::regr_slope(Number::EXACT, Number::ID),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert!((together.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(slope, Some(-1.25));
    let found: (
        Option<Decimal>,
        Option<f64>,
        Option<f64>,
        Option<f64>,
        Option<Decimal>,
    ) = Number::query()
        .select((
            func::stddev_pop(Number::ID),
            func::covar_pop(Number::ID, Number::A),
            func::covar_samp(Number::ID, Number::A),
            func::regr_intercept(Number::EXACT, Number::ID),
            func::var_samp(Number::ID),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(found.4.map(|d| d.normalize()), Some(dec!(1)));
    assert!(found.0.is_some() && found.1.is_some() && found.2.is_some() && found.3.is_some());
}

#[tokio::test]
async fn subtotals_have_null_for_what_they_do_not_group_by() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows: Vec<(Option<i32>, Option<bool>, i32, i64)> = Product::query()
        .group_by_rollup((Product::CATEGORY_ID, Product::IS_ACTIVE))
        .order_by((
            func::grouping((Product::CATEGORY_ID, Product::IS_ACTIVE)),
            Product::CATEGORY_ID,
        ))
        .select((
            Product::CATEGORY_ID,
            Product::IS_ACTIVE,
            func::grouping((Product::CATEGORY_ID, Product::IS_ACTIVE)),
            count_all(),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            (Some(1), Some(true), 0, 2),
            (Some(2), Some(true), 0, 1),
            (None, Some(true), 0, 1),
            (Some(1), None, 1, 2),
            (Some(2), None, 1, 1),
            (None, None, 1, 1),
            (None, None, 3, 4),
        ]
    );
    let cube: Vec<(Option<String>, i64)> = Product::query()
        .group_by_cube((Product::NAME, Product::IS_ACTIVE))
        .having(count_all().gt(1))
        .select((Product::NAME, count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(cube, [(None, 4), (None, 4)]);
    let mut sets: Vec<(Option<String>, Option<String>, i64)> = Product::query()
        .left_join(Product::CATEGORY)
        .group_by_sets((Category::NAME, (Product::NAME, Category::NAME), ()))
        .select((Category::NAME, Product::NAME, count(Category::ID)))
        .all(&mut on)
        .await
        .unwrap();
    sets.sort();
    assert_eq!(sets.len(), 8);
    assert_eq!(sets[7], (Some("Phones".into()), Some("Mini".into()), 1));
    assert!(sets.contains(&(None, None, 3)));
    // An expression with a value in it is grouped by and selected with the same parameter.
    let size = func::coalesce(Product::DESCRIPTION, "none");
    let sizes: Vec<(Option<String>, i64)> = Product::query()
        .group_by_rollup(size.clone())
        .order_by(count_all().desc())
        .select((size, count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(sizes[0], (None, 4));
}

#[tokio::test]
async fn distinct_on_gives_the_first_of_each() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Product::query()
        .distinct_on(func::coalesce(Product::CATEGORY_ID, 0))
        .order_by((
            func::coalesce(Product::CATEGORY_ID, 0),
            Product::PRICE.desc(),
        ));
    let dearest: Vec<String> = q.clone().select(Product::NAME).all(&mut on).await.unwrap();
    assert_eq!(dearest, ["Loose", "Pro", "Mini"]);
    assert_eq!(q.clone().count(&mut on).await.unwrap(), 3);
    assert!(q.clone().exists(&mut on).await.unwrap());
    // Whole entities too, on a session.
    let mut db = shop.session();
    assert_eq!(q.all(&mut db).await.unwrap().len(), 3);
    let error = refused(
        Product::query()
            .distinct_on(Product::NAME)
            .delete()
            .exec(&mut db)
            .await,
    );
    assert!(error.to_string().contains("DISTINCT"), "{error}");
    // An order that begins with something else is the server's to refuse.
    let error = refused(
        Product::query()
            .distinct_on(Product::NAME)
            .order_by(Product::ID)
            .all(&mut on)
            .await,
    );
    assert!(matches!(error, Error::Query { .. }), "{error:?}");
}

sql_function! {
    /// The number of characters, in bytes.
    fn octet_length(text: String) -> i32;
    /// A function of the test's own, in a schema with a name that has to be quoted.
    fn net_price(price: Decimal, country: Option<String>) -> Decimal = "My Shop.net price";
    /// An aggregate of the test's own.
    #[aggregate]
    fn product_of(factor: f64) -> Option<f64> = "My Shop.product";
    fn pi() -> f64;
}

#[tokio::test]
async fn declared_functions() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    on.execute_script(
        r#"create schema "My Shop";
        create function "My Shop"."net price"(price numeric, country text) returns numeric language sql as
            $$ select case when country is null then price else price / 2 end $$;
        create aggregate "My Shop".product(float8) (sfunc = float8mul, stype = float8, initcond = 1);"#,
    )
    .await
    .unwrap();
    let lengths: Vec<i32> = User::query()
        .filter(octet_length(User::USERNAME).eq(3))
        .order_by(User::ID)
        .select(octet_length("größe"))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(lengths, [7, 7, 7, 7]);
    let nullable: Vec<Option<i32>> = User::query()
        .order_by(User::ID)
        .limit(2)
        .select(octet_length(User::FULL_NAME))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(nullable, [Some(7), None]);
    let prices: (Decimal, Decimal, Decimal) = Product::query()
        .filter(Product::ID.eq(4))
        .select((
            net_price(Product::PRICE, None),
            net_price(Product::PRICE, "no"),
            net_price(dec!(3), Product::DESCRIPTION),
        ))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(prices, (dec!(10.00), dec!(5), dec!(3)));
    let product: Option<f64> = Number::query()
        .select(product_of(Number::REAL).filter(Number::ID.lt(3)))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(product, Some(0.75));
    let pi: f64 = Number::query()
        .limit(1)
        .select(pi())
        .one(&mut on)
        .await
        .unwrap();
    assert!((pi - std::f64::consts::PI).abs() < 1e-12);
}

#[tokio::test]
async fn raw_text_with_bound_operands() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = User::query()
        .filter(
            raw::<i32>("length(?) + ?")
                .bind(User::USERNAME)
                .bind(1)
                .eq(4),
        )
        .order_by(User::ID)
        .select((User::ID, raw::<String>("? || '?'").bind(User::USERNAME)));
    assert_eq!(
        q.to_sql(),
        "SELECT users.id, users.username || '?' FROM users WHERE (length(users.username) + $1) = $2 ORDER BY users.id"
    );
    let rows: Vec<(i32, String)> = q.all(&mut on).await.unwrap();
    assert_eq!(rows[0], (1, "ann?".into()));
    // What is bound may be an expression, which is put in brackets; `??` is a question mark.
    let found: i64 = Number::query()
        .filter(Number::ID.eq(1))
        .select(raw::<i64>("(? * 2)").bind(Number::BIG + 1))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(found, 20_000_000_002);
    let gifts = Order::query().filter(
        raw::<Option<bool>>("? ?? ?")
            .bind(Order::METADATA)
            .bind("gift"),
    );
    assert_eq!(gifts.count(&mut on).await.unwrap(), 1);
    // A place without a value is the server's to refuse.
    let error = refused(
        User::query()
            .select(raw::<i32>("length(?)"))
            .all(&mut on)
            .await,
    );
    assert!(matches!(error, Error::Query { .. }), "{error:?}");
}

#[test]
#[should_panic(expected = "`now()` has places for 0 values, and this is one more")]
fn a_value_without_a_place_panics() {
    let _ = raw::<i32>("now()").bind(1);
}
