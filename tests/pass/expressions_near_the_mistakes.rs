//! Expressions that stand close to a mistake and are none.

use orm_core::prelude::*;
use orm_core::types::Interval;
use tests::queries::*;

orm_core::sql_function! {
    fn levenshtein(a: String, b: String) -> i32;
    #[aggregate]
    fn product(factor: f64) -> Option<f64>;
}

fn main() {
    let _ = User::query().select(case().when(User::IS_ACTIVE, 1).otherwise(2));
    let _ = Product::query().select(case().when(Product::IS_ACTIVE, Product::PRICE).otherwise(0));
    let _ = User::query().select(case_of(User::USERNAME).when("ann", 1).end());
    let _ = User::query().filter(row((User::ID, User::USERNAME)).gt((1, "ann")));
    let _ = User::query().filter(row((User::ID, User::USERNAME)).in_([(1, "ann")]));
    let _ = Product::query().select(Product::STOCK_QUANTITY & 1);
    let _ = User::query().select(count_all().filter(User::ID.gt(1)));
    let _ = Product::query().select(func::percentile_cont(0.5).within_group(Product::PRICE));
    let _ = User::query().join(User::ORDERS).distinct_on(Order::ID);
    let _ = User::query().select(raw::<i32>("length(?)").bind(User::USERNAME).gt(3));
    let _ = Order::query().select(Order::METADATA.get("a").get_text(0));
    let _ = Order::query().filter(Order::TAGS.array_overlaps(vec![String::new()]));
    let _ = Order::query().filter(value("a").eq_any(Order::TAGS));
    let _ = User::query().filter(
        func::to_tsvector("english", User::USERNAME).search(func::plainto_tsquery("english", "a")),
    );
    let _ = Order::query().select(Order::CREATED_AT + Interval::days(1));
    let _ = User::query().select(User::UPDATED_AT.since(User::CREATED_AT));
    let _ = User::query().select(levenshtein(User::FULL_NAME, "ann"));
    let _ = Number::query()
        .group_by(Number::A)
        .having(product(Number::DOUBLE).gt(1.0))
        .select(Number::A);
}
