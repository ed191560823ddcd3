//! What stands near the mistakes with queries of queries, and is in order.

use orm_core::prelude::*;
use orm_core::query::place;
use tests::queries::*;

#[derive(Rowset)]
struct Row {
    id: Option<i64>,
    name: Option<String>,
}

fn main() {
    // A window function in a select list, beside columns and aggregates; in ORDER BY; over groups; filtered as a table.
    let by_price = window().order_by(Product::PRICE);
    let _ = Product::query()
        .order_by(row_number().over(by_price.clone()))
        .select((Product::ID, sum(Product::PRICE).over(by_price)));
    let by_count = window().order_by(count_all().desc());
    let ranked = Product::query()
        .group_by(Product::NAME)
        .select((rank().over(by_count), Product::NAME))
        .as_table::<Row>();
    let _ = ranked.query().filter(Row::ID.le(3));
    // A subquery that says what it looks at; one in another that looks at both; a column that is NULL in the list.
    let orders = Order::query().correlate::<User>().filter(Order::USER_ID.eq(User::ID));
    let _ = User::query().filter(exists(orders.clone()));
    let _ = Product::query().join_on(User::ALL, User::ID.eq(Product::ID)).filter(not_exists(orders));
    let _ = User::query().filter(User::ID.in_query(Order::query().select(Order::USER_ID)));
    // Unions of entities by their columns, of rows by their places.
    let _ = User::query().union(User::query()).order_by((User::ID.desc(), User::EMAIL));
    let _ = User::query().select((User::ID, User::EMAIL)).except(User::query().select((User::ID, User::EMAIL))).order_by(place::<2>());
    // A sort key of a joined table.
    let _ = Product::query().join(Product::CATEGORY).sort_by("c", |keys| keys.key("c", Category::NAME));
}
