//! `filter` on a real server: each operator, three-valued logic, related rows, lists and hostile text.

use chrono::{Duration, Utc};
use orm_core::expr::{Expression, escape_like};
use orm_core::prelude::*;
use orm_core::query::EntityQuery;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::queries::*;

/// The ids of the rows of `q`, which is told the condition.
macro_rules! ids {
    ($model:ident, $on:expr, $condition:expr) => {
        $model::query()
            .filter($condition)
            .order_by($model::ID)
            .select($model::ID)
            .all(&mut $on)
            .await
            .unwrap()
    };
}

#[tokio::test]
async fn comparisons_with_values() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(ids!(Product, on, Product::NAME.eq("Air")), [1]);
    assert_eq!(
        ids!(Product, on, Product::NAME.eq(String::from("Air"))),
        [1]
    );
    assert_eq!(ids!(Product, on, Product::NAME.ne("Air")), [2, 3, 4]);
    assert_eq!(ids!(Product, on, Product::STOCK_QUANTITY.lt(5)), [2, 4]);
    assert_eq!(ids!(Product, on, Product::STOCK_QUANTITY.le(5)), [1, 2, 4]);
    assert_eq!(ids!(Product, on, Product::STOCK_QUANTITY.gt(5)), [3]);
    assert_eq!(ids!(Product, on, Product::STOCK_QUANTITY.ge(5)), [1, 3]);
    assert_eq!(ids!(Product, on, Product::PRICE.ge(dec!(599))), [1, 2, 3]);
    // A literal beside a Decimal, a wide value beside a narrow column, columns beside columns.
    assert_eq!(ids!(Product, on, Product::PRICE.lt(600)), [3, 4]);
    assert_eq!(
        ids!(
            Product,
            on,
            Product::PRICE.gt(Product::STOCK_QUANTITY * 100)
        ),
        [1, 2]
    );
    assert_eq!(ids!(Number, on, Number::BIG.gt(Number::A)), [1, 2, 3]);
    assert_eq!(ids!(Number, on, Number::BIG.eq(Number::ID)), [2, 3]);
    assert_eq!(ids!(Number, on, Number::EXACT.lt(Number::BIG)), [1, 3]);
    assert_eq!(ids!(Number, on, Number::DOUBLE.lt(Number::REAL)), [1, 3]);
    assert_eq!(ids!(User, on, User::IS_ACTIVE.eq(true)), [1, 2]);
    assert_eq!(ids!(User, on, User::IS_ACTIVE), [1, 2]);
    assert_eq!(ids!(User, on, !User::IS_ACTIVE), [3, 4]);
    assert_eq!(
        ids!(
            User,
            on,
            User::CREATED_AT.ge(Utc::now() - Duration::days(30))
        ),
        [1, 3]
    );
    assert_eq!(
        ids!(User, on, User::CREATED_AT.lt(func::now())),
        [1, 2, 3, 4]
    );
    assert_eq!(
        ids!(Category, on, Category::DESCRIPTION.eq("to carry")),
        [1]
    );
    let orders: Vec<_> = Order::query()
        .filter(Order::STATUS.eq(OrderStatus::Pending))
        .select(Order::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(orders, [order_id(2)]);
    let by_id = Order::query()
        .filter(Order::ID.eq(order_id(2)))
        .one(&mut on)
        .await
        .unwrap();
    assert_eq!(by_id.status, OrderStatus::Pending);
}

#[tokio::test]
async fn ranges_and_lists() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(
        ids!(Product, on, Product::STOCK_QUANTITY.between(1, 5)),
        [1, 4]
    );
    assert_eq!(
        ids!(Product, on, Product::PRICE.between(10, dec!(599.00))),
        [3, 4]
    );
    assert_eq!(
        ids!(Product, on, !Product::STOCK_QUANTITY.between(1, 5)),
        [2, 3]
    );
    assert_eq!(ids!(Product, on, Product::ID.in_([1, 3, 99])), [1, 3]);
    assert_eq!(ids!(Product, on, Product::ID.in_(vec![1, 3])), [1, 3]);
    assert_eq!(
        ids!(Product, on, Product::ID.in_([1, 3].as_slice())),
        [1, 3]
    );
    assert_eq!(ids!(Product, on, Product::ID.in_((1..=2).rev())), [1, 2]);
    assert_eq!(ids!(Product, on, Product::ID.not_in([1, 3])), [2, 4]);
    assert_eq!(ids!(Product, on, Product::NAME.in_(["Air", "Pro"])), [1, 2]);
    assert_eq!(
        ids!(Product, on, Product::NAME.in_(vec![String::from("Air")])),
        [1]
    );
    let few: Vec<&str> = vec!["Air"];
    assert_eq!(ids!(Product, on, Product::NAME.in_(&few)), [1]);
    assert_eq!(
        ids!(Product, on, Product::PRICE.in_([dec!(10), dec!(599)])),
        [3, 4]
    );
    // Nothing is in an empty list, everything but NULL is outside of it, and both are one statement as ever.
    assert_eq!(
        ids!(Product, on, Product::ID.in_(Vec::<i32>::new())),
        [0_i32; 0]
    );
    assert_eq!(
        ids!(Product, on, Product::ID.not_in(Vec::<i32>::new())),
        [1, 2, 3, 4]
    );
    assert_eq!(ids!(Product, on, Product::CATEGORY_ID.in_([1])), [1, 2]);
    assert_eq!(ids!(Product, on, Product::CATEGORY_ID.not_in([1])), [3]);
    assert_eq!(
        ids!(Product, on, Product::CATEGORY_ID.not_in(Vec::<i32>::new())),
        [1, 2, 3, 4]
    );
    let done: Vec<i32> = Order::query()
        .filter(Order::STATUS.in_([OrderStatus::Completed]))
        .filter(Order::USER_ID.is_not_null())
        .order_by(Order::ID)
        .select(Order::USER_ID)
        .all(&mut on)
        .await
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(done, [1, 2]);
    // The length of a list changes neither the statement nor the number of its parameters.
    let many = Product::query().filter(Product::ID.in_(1..=40_000));
    assert_eq!(many.statement().params.len(), 1);
    assert_eq!(many.count(&mut on).await.unwrap(), 4);
    assert_eq!(
        ids!(
            Product,
            on,
            Product::NAME.in_((0..40_000).map(|n| format!("p{n}")))
        ),
        [0_i32; 0]
    );
}

#[tokio::test]
async fn patterns_and_searched_text() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(ids!(Product, on, Product::NAME.like("%i%")), [1, 3]);
    assert_eq!(ids!(Product, on, Product::NAME.like("_i_")), [1]);
    assert_eq!(ids!(Product, on, Product::NAME.not_like("%i%")), [2, 4]);
    assert_eq!(ids!(Product, on, Product::NAME.ilike("a%")), [1]);
    assert_eq!(ids!(Product, on, Product::NAME.not_ilike("a%")), [2, 3, 4]);
    assert_eq!(
        ids!(Product, on, Product::NAME.ilike(format!("%{}%", "IN"))),
        [3]
    );
    assert_eq!(ids!(Product, on, Product::NAME.icontains("IN")), [3]);
    assert_eq!(ids!(Product, on, Product::NAME.contains("IN")), [0_i32; 0]);
    assert_eq!(
        ids!(Product, on, Product::NAME.contains(String::from("in"))),
        [3]
    );
    assert_eq!(ids!(Product, on, Product::NAME.starts_with("A")), [1]);
    assert_eq!(ids!(Product, on, Product::NAME.istarts_with("a")), [1]);
    assert_eq!(ids!(Product, on, Product::NAME.ends_with("r")), [1]);
    assert_eq!(ids!(Product, on, Product::NAME.iends_with("R")), [1]);
    // What is special in a pattern is not in a search.
    for text in ["%", "_", "\\", "%_\\", "Cid %_\\ Cee"] {
        assert_eq!(
            ids!(User, on, User::FULL_NAME.contains(text)),
            [3],
            "{text}"
        );
        assert_eq!(
            ids!(
                User,
                on,
                User::FULL_NAME.like(format!("%{}%", escape_like(text)))
            ),
            [3],
            "{text}"
        );
    }
    assert_eq!(ids!(User, on, User::FULL_NAME.starts_with("%")), [0_i32; 0]);
    assert_eq!(ids!(User, on, User::FULL_NAME.ends_with("_")), [0_i32; 0]);
    // A pattern can be a column or a calculation.
    assert_eq!(
        ids!(User, on, User::EMAIL.like(User::USERNAME.concat("@%"))),
        [1, 2, 3, 4]
    );
    assert_eq!(
        ids!(User, on, User::FULL_NAME.ilike(User::USERNAME.concat("%"))),
        [1, 3]
    );
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    for text in [
        "'; DROP TABLE users; --",
        "\\'",
        "$1",
        "\"",
        "{}",
        "%s",
        "ü\u{1f600}\u{202e}",
        "'' OR 1=1",
    ] {
        assert_eq!(
            ids!(User, on, User::USERNAME.eq(text)),
            [0_i32; 0],
            "{text}"
        );
        assert_eq!(
            ids!(User, on, User::USERNAME.in_([text, "ann"])),
            [1],
            "{text}"
        );
        assert_eq!(
            ids!(User, on, User::USERNAME.contains(text)),
            [0_i32; 0],
            "{text}"
        );
        let (echo,): (String,) = User::query()
            .limit(1)
            .select((value(text),))
            .one(&mut on)
            .await
            .unwrap();
        assert_eq!(echo, text);
        assert!(User::column(text).is_err());
        let error = tests::refused(
            User::query()
                .select(func::call::<i32, _>(text.to_owned(), ()))
                .all(&mut on)
                .await,
        );
        assert!(matches!(error, orm_core::Error::Query(_)), "{error}");
    }
    assert_eq!(User::query().count(&mut on).await.unwrap(), 4);
    // PostgreSQL's text holds no NUL: refused, and nothing else happens.
    assert!(
        User::query()
            .filter(User::USERNAME.eq("a\0b"))
            .all(&mut on)
            .await
            .is_err()
    );
    assert_eq!(User::query().count(&mut on).await.unwrap(), 4);
}

#[tokio::test]
async fn null_is_neither_true_nor_false() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(ids!(Number, on, Number::B.is_null()), [2]);
    assert_eq!(ids!(Number, on, Number::B.is_not_null()), [1, 3]);
    assert_eq!(ids!(Number, on, Number::B.eq(3)), [1]);
    assert_eq!(ids!(Number, on, Number::B.ne(3)), [3]);
    assert_eq!(ids!(Number, on, !Number::B.eq(3)), [3]);
    assert_eq!(ids!(Number, on, Number::B.is_distinct_from(3)), [2, 3]);
    assert_eq!(ids!(Number, on, Number::B.is_not_distinct_from(3)), [1]);
    assert_eq!(ids!(Number, on, Number::B.is_not_distinct_from(None)), [2]);
    assert_eq!(ids!(Number, on, Number::B.is_distinct_from(None)), [1, 3]);
    assert_eq!(
        ids!(Number, on, Number::B.is_not_distinct_from(Some(3))),
        [1]
    );
    assert_eq!(
        ids!(Number, on, Number::B.is_not_distinct_from(Number::A - 7)),
        [1]
    );
    assert_eq!(ids!(Number, on, Number::FLAG), [1]);
    assert_eq!(ids!(Number, on, !Number::FLAG), [2]);
    assert_eq!(ids!(Number, on, Number::FLAG.or(!Number::FLAG)), [1, 2]);
    assert_eq!(
        ids!(Number, on, Number::FLAG.and(!Number::FLAG).is_null()),
        [3]
    );
    assert_eq!(
        ids!(Number, on, Number::FLAG.eq(false).or(Number::ID.eq(3))),
        [2, 3]
    );

    let seen: Vec<Option<bool>> = Number::query()
        .order_by(Number::ID)
        .select(Number::B.gt(0))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(seen, [Some(true), None, Some(false)]);
    // The upper end of a range makes it NULL, too.
    let seen: Vec<Option<bool>> = Number::query()
        .order_by(Number::ID)
        .select(Number::A.between(0, Number::B))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(seen, [Some(false), Some(false), Some(true)]);
    let seen: Vec<Option<bool>> = User::query()
        .order_by(User::ID)
        .select(User::USERNAME.like(User::FULL_NAME))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(seen, [Some(false), None, Some(false), None]);
    let seen: Vec<bool> = Number::query()
        .select(Number::B.is_null())
        .order_by(Number::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(seen, [false, true, false]);
}

#[tokio::test]
async fn and_or_not_keep_their_brackets() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let (a, b, c) = (|| Number::ID.eq(1), || Number::ID.le(2), || Number::A.gt(0));
    assert_eq!(ids!(Number, on, a().or(b()).and(c())), [1]);
    assert_eq!(ids!(Number, on, a().or(b().and(c()))), [1]);
    assert_eq!(ids!(Number, on, b().and(c().or(!c()))), [1, 2]);
    assert_eq!(ids!(Number, on, !(b().and(c()))), [2, 3]);
    assert_eq!(ids!(Number, on, !(b().or(c()))), [3]);
    assert_eq!(ids!(Number, on, !!b()), [1, 2]);
    assert_eq!(ids!(Number, on, (!b()).and(!a())), [3]);
    // A comparison of comparisons is a syntax error without brackets.
    assert_eq!(ids!(Number, on, Number::A.gt(0).eq(true)), [1]);
    assert_eq!(
        ids!(Number, on, Number::A.gt(0).eq(Number::ID.eq(1)).eq(true)),
        [1, 2, 3]
    );
    assert_eq!(
        ids!(Number, on, Number::A.gt(0).ne(Number::FLAG)),
        [0_i32; 0]
    );
    assert_eq!(ids!(Number, on, Number::A.between(-10, 0).eq(false)), [1]);
}

#[tokio::test]
async fn conditions_as_values() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    fn wanted(cheap: bool) -> Filter<Product> {
        if cheap {
            Product::PRICE.lt(100).for_model()
        } else {
            Product::NAME
                .eq("Air")
                .or(Product::NAME.eq("Pro"))
                .for_model()
        }
    }
    assert_eq!(ids!(Product, on, wanted(true)), [4]);
    assert_eq!(ids!(Product, on, wanted(false)), [1, 2]);
    assert_eq!(
        ids!(Product, on, any_of([wanted(true), wanted(false)])),
        [1, 2, 4]
    );
    assert_eq!(
        ids!(Product, on, all_of([wanted(true), wanted(false)])),
        [0_i32; 0]
    );
    assert_eq!(
        ids!(Product, on, any_of(Vec::<Filter<Product>>::new())),
        [0_i32; 0]
    );
    assert_eq!(
        ids!(Product, on, all_of(Vec::<Filter<Product>>::new())),
        [1, 2, 3, 4]
    );
    assert_eq!(
        ids!(
            Product,
            on,
            any_of(["Air", "Mini"].map(|n| Product::NAME.eq(n)))
        ),
        [1, 3]
    );
    // However many there are, they are one level.
    assert_eq!(
        ids!(Product, on, any_of((0..20_000).map(|n| Product::ID.eq(n)))).len(),
        4
    );
    let folded = (0..2_000)
        .map(|n| Product::ID.eq(n).for_model())
        .reduce(|a: Filter<Product>, b| a.or(b).for_model());
    assert_eq!(ids!(Product, on, folded.unwrap()).len(), 4);
    let mut q = Product::query();
    for n in 0..2_000 {
        q = q.filter(Product::ID.ne(n + 10));
    }
    assert_eq!(q.count(&mut on).await.unwrap(), 4);
}

#[tokio::test]
async fn related_rows_without_a_join() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(ids!(User, on, User::ORDERS.exists()), [1, 2]);
    assert_eq!(ids!(User, on, !User::ORDERS.exists()), [3, 4]);
    assert_eq!(
        ids!(
            User,
            on,
            User::ORDERS.any(Order::STATUS.eq(OrderStatus::Pending))
        ),
        [1]
    );
    assert_eq!(
        ids!(
            User,
            on,
            User::ORDERS.none(Order::STATUS.eq(OrderStatus::Pending))
        ),
        [2, 3, 4]
    );
    assert_eq!(
        ids!(User, on, User::PROFILE.has(Profile::BIO.is_null())),
        [2]
    );
    assert_eq!(
        ids!(
            Product,
            on,
            Product::CATEGORY.has(Category::NAME.eq("Laptops"))
        ),
        [1, 2]
    );
    assert_eq!(
        ids!(
            Product,
            on,
            !Product::CATEGORY.has(Category::NAME.eq("Laptops"))
        ),
        [3, 4]
    );
    assert_eq!(
        ids!(Product, on, Product::TAGS.any(Tag::NAME.eq("sale"))),
        [1, 3]
    );
    assert_eq!(ids!(Product, on, Product::TAGS.exists()), [1, 3]);
    assert_eq!(ids!(Tag, on, Tag::PRODUCTS.none(Product::PRICE.gt(0))), [3]);
    // Nested, there and back, through the same tables.
    let deep = User::ORDERS.any(Order::ITEMS.any(OrderItem::PRODUCT.has(Product::NAME.eq("Mini"))));
    assert_eq!(ids!(User, on, deep), [1, 2]);
    let back = Product::TAGS.any(Tag::PRODUCTS.any(Product::NAME.eq("Mini")));
    assert_eq!(ids!(Product, on, back), [1, 3]);
    // The condition may compare with the row's own columns.
    assert_eq!(
        ids!(
            Product,
            on,
            Product::ITEMS.any(OrderItem::QUANTITY.gt(Product::STOCK_QUANTITY - 4))
        ),
        [1]
    );
    // A self-reference needs an alias for the other side.
    let led = Employee::REPORTS.to::<Boss>();
    assert_eq!(ids!(Employee, on, led.any(Boss::SALARY.gt(650))), [2]);
    assert_eq!(
        ids!(Employee, on, led.any(Boss::SALARY.gt(Employee::SALARY))),
        [2]
    );
    assert_eq!(
        ids!(
            Employee,
            on,
            Employee::MANAGER.to::<Boss>().has(Boss::NAME.eq("Root"))
        ),
        [2, 3]
    );
    // In OR, in a select list, under a negation.
    assert_eq!(
        ids!(User, on, User::ORDERS.exists().or(User::ID.eq(4))),
        [1, 2, 4]
    );
    let seen: Vec<(i32, bool)> = User::query()
        .order_by(User::ID)
        .select((User::ID, User::ORDERS.exists()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(seen, [(1, true), (2, true), (3, false), (4, false)]);
}

#[tokio::test]
async fn names_that_are_keywords() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows = Group::query()
        .filter(
            Group::TYPE
                .in_(["x", "y"])
                .and(Group::NAME.is_null().or(Group::NAME.eq("second"))),
        )
        .order_by((Group::POSITION.desc(), Group::column("order").unwrap()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows.iter().map(|row| row.position).collect::<Vec<_>>(),
        [2, 1]
    );
    let n = Group::query()
        .filter(Group::POSITION.eq(1))
        .update(Group::NAME.set("first"))
        .exec(&mut on)
        .await
        .unwrap();
    assert_eq!(n, 1);
    let names: Vec<(Option<String>, i64)> = Group::query()
        .group_by(Group::NAME)
        .order_by(Group::NAME)
        .select((Group::NAME, count_all()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        names,
        [(Some("first".into()), 1), (Some("second".into()), 1)]
    );
    assert_eq!(
        Group::query()
            .filter(Group::TYPE.eq("x"))
            .delete()
            .exec(&mut on)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn arrays_json_and_enums() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Order::query().filter(Order::TAGS.eq(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(q.one(&mut on).await.unwrap().id, order_id(1));
    let q = Order::query().filter(Order::METADATA.eq(serde_json::json!({"gift": true})));
    assert_eq!(q.one(&mut on).await.unwrap().id, order_id(1));
    let all: Vec<(OrderStatus, serde_json::Value, String, Option<OrderStatus>)> = Order::query()
        .limit(1)
        .select((
            value(OrderStatus::Pending),
            value(serde_json::json!([1])),
            value("x"),
            value(None::<OrderStatus>),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        all,
        [(
            OrderStatus::Pending,
            serde_json::json!([1]),
            "x".to_owned(),
            None
        )]
    );
    // An enum is ordered as it was declared.
    let first: OrderStatus = Order::query()
        .order_by(Order::STATUS.desc())
        .select(Order::STATUS)
        .first(&mut on)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first, OrderStatus::Completed);
}

#[tokio::test]
async fn fragments_and_optional_filters() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    fn in_stock(q: EntityQuery<Product>) -> EntityQuery<Product> {
        q.filter(Product::STOCK_QUANTITY.gt(0))
    }
    fn search(
        min: Option<Decimal>,
        max: Option<Decimal>,
        text: Option<&str>,
    ) -> EntityQuery<Product> {
        let mut q = in_stock(Product::query()).order_by(Product::ID);
        if let Some(min) = min {
            q = q.filter(Product::PRICE.ge(min));
        }
        if let Some(text) = text {
            q = q.filter(Product::NAME.icontains(text));
        }
        q.filter_some(max.map(|max| Product::PRICE.le(max)))
    }
    let ids = |rows: Vec<Product>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(
        ids(search(None, None, None).all(&mut on).await.unwrap()),
        [1, 3, 4]
    );
    assert_eq!(
        ids(search(Some(dec!(100)), None, None)
            .all(&mut on)
            .await
            .unwrap()),
        [1, 3]
    );
    assert_eq!(
        ids(search(None, Some(dec!(600)), Some("i"))
            .all(&mut on)
            .await
            .unwrap()),
        [3]
    );
}

#[tokio::test]
async fn an_expression_says_its_type_to_generic_code() {
    fn positive<E>(expression: E) -> impl Condition<Uses = (E::Uses, ())>
    where
        E: Expression<Type = i32>,
    {
        expression.gt(0)
    }
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    assert_eq!(ids!(Number, on, positive(Number::A)), [1]);
    assert_eq!(ids!(Number, on, positive(Number::A + 8)), [1, 2, 3]);
}
