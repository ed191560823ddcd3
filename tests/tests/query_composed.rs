//! Queries made of queries: subqueries, derived tables, CTEs, set operations, lateral joins, windows; what they give.

use orm_core::prelude::*;
use orm_core::query::{generate_series, place, unnest, values};
use rust_decimal::Decimal;
use tests::queries::*;
use uuid::Uuid;

#[derive(Rowset, Debug, Clone, PartialEq)]
struct Counted {
    n: i32,
}

#[derive(Rowset, Debug, Clone, PartialEq)]
struct Spent {
    user_id: Option<i32>,
    orders: i64,
    total: Option<Decimal>,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn spent() -> orm_core::query::Derived<Spent> {
    Order::query()
        .join(Order::ITEMS)
        .group_by(Order::USER_ID)
        .select((
            Order::USER_ID,
            count_distinct(Order::ID),
            sum(OrderItem::TOTAL_PRICE),
        ))
        .as_table::<Spent>()
}

#[tokio::test]
async fn a_query_stands_for_a_value() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    // Alone, in a filter.
    let dearest = Product::query().select(max(Product::PRICE)).as_scalar();
    let names = Product::query()
        .filter(Product::PRICE.eq(dearest))
        .select(Product::NAME);
    assert_eq!(names.all(&mut on).await.unwrap(), ["Pro"]);
    // Correlated, in a select list: NULL where there is no row, and a count, which is never NULL, is an Option too.
    let largest = OrderItem::query()
        .join(OrderItem::ORDER)
        .correlate::<User>()
        .filter(Order::USER_ID.eq(User::ID))
        .select(max(OrderItem::TOTAL_PRICE));
    let orders = Order::query()
        .correlate::<User>()
        .filter(Order::USER_ID.eq(User::ID))
        .select(count_all());
    let rows: Vec<(String, Option<Decimal>, Option<i64>)> = User::query()
        .order_by(User::ID)
        .select((User::USERNAME, largest.as_scalar(), orders.as_scalar()))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[0], ("ann".into(), Some(decimal("1999.98")), Some(2)));
    assert_eq!(rows[3], ("dee".into(), None, Some(0)));
    // Of its own table, through an alias.
    let of_boss = Boss::query()
        .correlate::<Employee>()
        .filter(Boss::ID.eq(Employee::MANAGER_ID))
        .select(Boss::SALARY);
    let q = Employee::query()
        .filter(Employee::SALARY.gt(of_boss.as_scalar()))
        .select(Employee::NAME);
    assert_eq!(
        q.to_sql(),
        "SELECT employees.name FROM employees WHERE employees.salary > (SELECT employees_1.salary FROM employees AS \
         employees_1 WHERE employees_1.id = employees.manager_id)"
    );
    assert_eq!(q.all(&mut on).await.unwrap(), ["Leaf"]);
    // Several rows where one was meant is the server's to find.
    let several = Product::query().select(Product::PRICE).as_scalar();
    let error = User::query()
        .select(several)
        .all(&mut on)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("more than one row returned by a subquery"),
        "{error}"
    );
}

#[tokio::test]
async fn a_query_stands_for_a_list() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let buyers = || {
        Order::query()
            .filter(Order::STATUS.eq(OrderStatus::Completed))
            .select(Order::USER_ID)
    };
    let q = User::query()
        .filter(User::ID.in_query(buyers()))
        .order_by(User::ID)
        .select(User::USERNAME);
    assert_eq!(q.all(&mut on).await.unwrap(), ["ann", "bob"]);
    let q = User::query()
        .filter(User::ID.not_in_query(buyers().filter(Order::USER_ID.is_not_null())))
        .order_by(User::ID)
        .select(User::USERNAME);
    assert_eq!(q.all(&mut on).await.unwrap(), ["cid", "dee"]);
    // A NULL in the list: nothing is known not to be in it.
    let all = Order::query().select(Order::USER_ID);
    assert_eq!(
        User::query()
            .filter(User::ID.not_in_query(all))
            .count(&mut on)
            .await
            .unwrap(),
        0
    );
    let phones = || {
        Product::query()
            .filter(Product::CATEGORY_ID.eq(2))
            .select(Product::PRICE)
    };
    let q = Product::query()
        .filter(Product::PRICE.gt(phones().as_all()))
        .order_by(Product::ID)
        .select(Product::NAME);
    assert_eq!(q.all(&mut on).await.unwrap(), ["Air", "Pro"]);
    let q = Product::query()
        .filter(Product::PRICE.eq(phones().as_any()))
        .select(Product::NAME);
    assert_eq!(q.all(&mut on).await.unwrap(), ["Mini"]);
}

#[tokio::test]
async fn exists_and_not_exists_look_at_the_row_around_them() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let gifts = || {
        Order::query()
            .correlate::<User>()
            .filter(Order::USER_ID.eq(User::ID).and(Order::TAGS.is_not_null()))
    };
    let with: Vec<Handle<User>> = User::query()
        .filter(exists(gifts()))
        .order_by(User::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(with.iter().map(|h| db[*h].id).collect::<Vec<_>>(), [1, 2]);
    let without = User::query()
        .filter(not_exists(gifts()))
        .count(&mut db)
        .await
        .unwrap();
    assert_eq!(without, 2);
    // Inside a subquery inside a subquery, each looks at what is around it.
    let item = OrderItem::query()
        .correlate::<Order>()
        .correlate::<User>()
        .filter(
            OrderItem::ORDER_ID
                .eq(Order::ID)
                .and(OrderItem::QUANTITY.gt(User::ID)),
        );
    let order = Order::query()
        .correlate::<User>()
        .filter(Order::USER_ID.eq(User::ID))
        .filter(exists(item));
    let q = User::query()
        .filter(exists(order))
        .order_by(User::ID)
        .select(User::ID);
    assert_eq!(q.all(&mut db).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_query_is_a_table() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows: Vec<(String, i64, Option<Decimal>)> = User::query()
        .join_on(spent(), Spent::USER_ID.eq(User::ID))
        .filter(Spent::TOTAL.gt(Decimal::from(100)))
        .order_by(User::ID)
        .select((User::USERNAME, Spent::ORDERS, Spent::TOTAL))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            ("ann".into(), 2, Some(decimal("3598.97"))),
            ("bob".into(), 1, Some(decimal("1797.00")))
        ]
    );
    // By itself, as whole structs, and with a LEFT JOIN as Options of them.
    let all: Vec<Spent> = spent()
        .query()
        .order_by(Spent::TOTAL.desc())
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        all[0],
        Spent {
            user_id: Some(1),
            orders: 2,
            total: Some(decimal("3598.97"))
        }
    );
    let rows: Vec<(String, Option<Spent>, Option<i64>)> = User::query()
        .left_join_on(spent(), Spent::USER_ID.eq(User::ID))
        .order_by(User::ID)
        .select((User::USERNAME, Spent::ALL, Spent::ORDERS))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[1].1.as_ref(), Some(&all[1]));
    assert_eq!(rows[2], ("cid".into(), None, None));
    assert_eq!(spent().query().count(&mut on).await.unwrap(), 2);
    assert!(
        spent()
            .query()
            .filter(Spent::ORDERS.gt(1))
            .exists(&mut on)
            .await
            .unwrap()
    );
}

#[derive(Rowset, Debug, PartialEq)]
struct Wanted {
    name: String,
    at_most: Option<Decimal>,
}

#[derive(Rowset)]
struct Tagged {
    tag: String,
}

#[derive(Rowset)]
struct Day {
    #[orm(column = "Day; --")]
    number: i32,
}

#[tokio::test]
async fn values_arrays_and_series_are_tables() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let wanted = values::<Wanted, _>([
        ("Air".to_owned(), Some(decimal("1000"))),
        ("Pro".to_owned(), Some(decimal("1"))),
        ("Mini'; --".to_owned(), None),
    ]);
    let q = Wanted::NAME
        .eq(Product::NAME)
        .and(Product::PRICE.le(Wanted::AT_MOST));
    let q = Product::query()
        .join_on(wanted.clone(), q)
        .select((Product::ID, Wanted::ALL));
    let rows = q.all(&mut on).await.unwrap();
    assert_eq!(
        rows,
        [(
            1,
            Wanted {
                name: "Air".into(),
                at_most: Some(decimal("1000"))
            }
        )]
    );
    assert_eq!(wanted.query().count(&mut on).await.unwrap(), 3);
    assert_eq!(
        values::<Wanted, _>([])
            .query()
            .count(&mut on)
            .await
            .unwrap(),
        0
    );
    let rows: Vec<(Uuid, String)> = Order::query()
        .join_lateral(unnest::<Tagged, _, _>(Order::TAGS))
        .order_by(Tagged::TAG)
        .select((Order::ID, Tagged::TAG))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [(order_id(1), "a".into()), (order_id(1), "b".into())]);
    let rows: Vec<(i32, Option<String>)> = generate_series::<Day, _>(3, 5)
        .query()
        .left_join_on(User::ALL, User::ID.eq(Day::NUMBER))
        .order_by(Day::NUMBER)
        .select((Day::NUMBER, User::USERNAME))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [(3, Some("cid".into())), (4, Some("dee".into())), (5, None)]
    );
}

#[derive(Rowset, Debug, PartialEq)]
struct Chart {
    id: i32,
    path: String,
    depth: i32,
}

fn chart() -> orm_core::query::CteOf<Chart> {
    Employee::query()
        .filter(Employee::MANAGER_ID.is_null())
        .select((Employee::ID, Employee::NAME, value(0)))
        .recursive::<Chart, _, _, _>(|above| {
            Employee::query()
                .join_on(above, Employee::MANAGER_ID.eq(Chart::ID))
                .select((
                    Employee::ID,
                    func::call::<String, _>(
                        "concat",
                        (
                            Chart::PATH,
                            func::cast::<String, _>(value("/")),
                            Employee::NAME,
                        ),
                    ),
                    Chart::DEPTH + 1,
                ))
        })
}

#[tokio::test]
async fn a_recursion_walks_a_tree() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let rows = chart()
        .query()
        .order_by(Chart::PATH)
        .all(&mut on)
        .await
        .unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.path.as_str(), row.depth))
        .collect();
    assert_eq!(
        shown,
        [
            (1, "Root", 0),
            (2, "Root/Left", 1),
            (4, "Root/Left/Leaf", 2),
            (3, "Root/Right", 1)
        ]
    );
    // As entities of a session, in the tree's order.
    let mut db = shop.session();
    let below: Vec<(Handle<Employee>, i32)> = Employee::query()
        .join_on(chart(), Chart::ID.eq(Employee::ID))
        .filter(Chart::DEPTH.ge(1))
        .order_by((Chart::DEPTH.desc(), Employee::NAME))
        .select((Employee::ALL, Chart::DEPTH))
        .all(&mut db)
        .await
        .unwrap();
    let names: Vec<_> = below
        .iter()
        .map(|(h, depth)| (db[*h].name.as_str(), *depth))
        .collect();
    assert_eq!(names, [("Leaf", 2), ("Left", 1), ("Right", 1)]);
}

#[derive(Rowset, Debug, PartialEq)]
struct Ring {
    id: i32,
    depth: i32,
}

#[derive(Rowset, Debug, PartialEq)]
struct Reached {
    id: i32,
}

#[tokio::test]
async fn a_recursion_over_a_ring_comes_to_an_end() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    on.execute_script("update employees set manager_id = 4 where id = 1")
        .await
        .unwrap();
    let ring = Employee::query()
        .filter(Employee::ID.eq(1))
        .select((Employee::ID, value(0)))
        .recursive_without_cycles::<Ring, _, _, _, _>(Ring::ID, |above| {
            Employee::query()
                .join_on(above, Employee::MANAGER_ID.eq(Ring::ID))
                .select((Employee::ID, Ring::DEPTH + 1))
        });
    let rows: Vec<(i32, i32)> = ring
        .clone()
        .query()
        .order_by((Ring::DEPTH, Ring::ID))
        .select((Ring::ID, Ring::DEPTH))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [(1, 0), (2, 1), (3, 1), (4, 2)]);
    let q = Employee::query()
        .join_on(ring, Ring::ID.eq(Employee::ID))
        .order_by(Employee::ID)
        .select(Employee::ID);
    assert_eq!(q.all(&mut on).await.unwrap(), [1, 2, 3, 4]);
    let reached = Employee::query()
        .filter(Employee::ID.eq(2))
        .select((Employee::ID,))
        .recursive_distinct::<Reached, _, _, _>(|above| {
            Employee::query()
                .join_on(above, Employee::MANAGER_ID.eq(Reached::ID))
                .select((Employee::ID,))
        });
    let rows = reached
        .query()
        .order_by(Reached::ID)
        .select(Reached::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_cte_is_named_once_however_often_it_is_used() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let spent = Order::query()
        .join(Order::ITEMS)
        .group_by(Order::USER_ID)
        .select((
            Order::USER_ID,
            count_distinct(Order::ID),
            sum(OrderItem::TOTAL_PRICE),
        ))
        .as_cte::<Spent>();
    let most = spent.clone().query().select(max(Spent::TOTAL));
    let q = User::query()
        .join_on(spent, Spent::USER_ID.eq(User::ID))
        .filter(Spent::TOTAL.eq(most.as_scalar()))
        .select(User::USERNAME);
    assert_eq!(q.to_sql().matches("WITH").count(), 1);
    assert_eq!(q.all(&mut on).await.unwrap(), ["ann"]);
    for materialized in [true, false] {
        let orders = Order::query().select((Order::USER_ID, value(1_i64), value(None::<Decimal>)));
        let spent = orders.as_materialized_cte::<Spent>(materialized);
        let rows = spent
            .query()
            .order_by(Spent::USER_ID)
            .select(Spent::USER_ID);
        let users: Vec<Option<i32>> = rows.all(&mut on).await.unwrap();
        assert_eq!(users, [Some(1), Some(1), Some(2), None]);
    }
}

#[derive(Rowset, Debug, PartialEq)]
struct Changed {
    id: i32,
    quantity: i32,
}

#[tokio::test]
async fn a_cte_changes_rows_and_gives_them() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let gone = OrderItem::query()
        .filter(OrderItem::QUANTITY.ge(2))
        .delete();
    let gone = gone
        .as_cte::<Changed, _, _, _, _>((OrderItem::ID, OrderItem::QUANTITY))
        .unwrap();
    let q = gone.query().select((count_all(), sum(Changed::QUANTITY)));
    assert_eq!(
        q.to_sql(),
        "WITH changed AS (DELETE FROM order_items WHERE order_items.quantity >= $1 RETURNING order_items.id, \
         order_items.quantity) SELECT count(*), sum(changed.quantity) FROM changed"
    );
    assert_eq!(q.one(&mut on).await.unwrap(), (2, Some(5)));
    assert_eq!(OrderItem::query().count(&mut on).await.unwrap(), 2);
    let more = OrderItem::query().update((OrderItem::QUANTITY.set(OrderItem::QUANTITY + 10),));
    let more = more
        .as_cte::<Changed, _, _, _, _>((OrderItem::ID, OrderItem::QUANTITY))
        .unwrap();
    let rows = more
        .query()
        .order_by(Changed::ID)
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            Changed {
                id: 2,
                quantity: 11
            },
            Changed {
                id: 3,
                quantity: 11
            }
        ]
    );
    let limited = OrderItem::query()
        .limit(1)
        .delete()
        .as_cte::<Changed, _, _, _, _>((OrderItem::ID, OrderItem::QUANTITY));
    assert!(
        limited
            .unwrap_err()
            .to_string()
            .contains("cannot have LIMIT")
    );
}

#[tokio::test]
async fn queries_are_combined() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    // Entities: one handle for one row, whichever side gave it.
    let cheap = Product::query().filter(Product::PRICE.lt(Decimal::from(1000)));
    let laptops = Product::query().filter(Product::CATEGORY_ID.eq(1));
    let union = cheap
        .clone()
        .union(laptops.clone())
        .order_by(Product::PRICE.desc())
        .limit(3);
    let rows: Vec<Handle<Product>> = union.clone().all(&mut db).await.unwrap();
    let names = |rows: &[Handle<Product>], db: &Session| {
        rows.iter().map(|h| db[*h].name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&rows, &db), ["Pro", "Air", "Mini"]);
    assert_eq!(union.clone().count(&mut db).await.unwrap(), 3);
    assert_eq!(union.offset(2).first(&mut db).await.unwrap(), Some(rows[2]));
    let all = cheap.clone().union_all(laptops.clone());
    assert_eq!(all.count(&mut db).await.unwrap(), 5);
    let both = cheap.clone().intersect(laptops.clone());
    assert_eq!(both.one(&mut db).await.unwrap(), rows[1]);
    let rest = cheap.clone().except(laptops.clone()).order_by(Product::ID);
    assert_eq!(
        names(&rest.all(&mut db).await.unwrap(), &db),
        ["Mini", "Loose"]
    );
    // Rows of values from different tables; a side with an order and a limit of its own; three of them.
    let people = User::query()
        .order_by(User::ID.desc())
        .limit(1)
        .select((User::USERNAME, value(1)));
    let q = people
        .union(
            Employee::query()
                .filter(Employee::ID.le(1))
                .select((Employee::NAME, value(2))),
        )
        .union(Tag::query().select((Tag::NAME, value(3))))
        .order_by((place::<2>().desc(), place::<1>()))
        .limit(4);
    assert_eq!(
        q.to_sql(),
        "(SELECT users.username, $1 FROM users ORDER BY users.id DESC LIMIT $2) UNION SELECT employees.name, $3 FROM \
         employees WHERE employees.id <= $4 UNION SELECT tags.name, $5 FROM tags ORDER BY 2 DESC, 1 LIMIT $6"
    );
    let rows: Vec<(String, i32)> = q.all(&mut db).await.unwrap();
    assert_eq!(
        rows,
        [
            ("new".into(), 3),
            ("sale".into(), 3),
            ("unused".into(), 3),
            ("Root".into(), 2)
        ]
    );
    // INTERSECT binds more tightly than UNION, and is not meant to.
    let ids = |ids: &[i32]| {
        User::query()
            .filter(User::ID.in_(ids.to_vec()))
            .select(User::ID)
    };
    let q = ids(&[1, 2])
        .union(ids(&[3]))
        .intersect(ids(&[3, 4]))
        .order_by(place::<1>());
    assert_eq!(q.all(&mut db).await.unwrap(), [3]);
    let q = ids(&[1, 2])
        .union(ids(&[3]).intersect(ids(&[3, 4])))
        .order_by(place::<1>());
    assert_eq!(q.all(&mut db).await.unwrap(), [1, 2, 3]);
    let q = ids(&[1, 2, 3]).except(ids(&[1]).except(ids(&[1])));
    assert_eq!(q.count(&mut db).await.unwrap(), 3);
    // As a list, and as a table.
    let q = User::query()
        .filter(User::ID.in_query(ids(&[1]).union(ids(&[4]))))
        .order_by(User::ID)
        .select(User::USERNAME);
    assert_eq!(q.all(&mut db).await.unwrap(), ["ann", "dee"]);
    let table = ids(&[1]).union(ids(&[4])).as_table::<Reached>();
    assert_eq!(
        table
            .query()
            .select(max(Reached::ID))
            .scalar(&mut db)
            .await
            .unwrap(),
        Some(4)
    );
}

#[tokio::test]
async fn a_lateral_query_gives_the_first_of_each() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let dearest = || {
        Product::query()
            .correlate::<Category>()
            .filter(Product::CATEGORY_ID.eq(Category::ID))
            .order_by(Product::PRICE.desc())
            .limit(1)
    };
    let rows: Vec<(Handle<Category>, Handle<Product>)> = Category::query()
        .join_lateral(dearest())
        .order_by(Category::ID)
        .select((Category::ALL, Product::ALL))
        .all(&mut db)
        .await
        .unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|(c, p)| (db[*c].name.as_str(), db[*p].name.as_str()))
        .collect();
    assert_eq!(names, [("Laptops", "Pro"), ("Phones", "Mini")]);
    let rows: Vec<(String, Option<Handle<Product>>)> = Category::query()
        .left_join_lateral(dearest())
        .order_by(Category::ID)
        .select((Category::NAME, Product::ALL))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows[2], ("Empty".into(), None));
    // Computed columns, on a condition.
    let totals = Order::query()
        .correlate::<User>()
        .filter(Order::USER_ID.eq(User::ID))
        .select((min(Order::USER_ID), count_all(), value(Decimal::ONE)))
        .as_table::<Spent>();
    let rows: Vec<(i32, i64)> = User::query()
        .join_on(totals, Spent::ORDERS.gt(0))
        .order_by(User::ID)
        .select((User::ID, Spent::ORDERS))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows, [(1, 2), (2, 1)]);
}

#[tokio::test]
async fn windows_look_at_the_rows_around() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let by_price = window()
        .partition_by(Product::CATEGORY_ID)
        .order_by((Product::PRICE.desc(), Product::ID));
    let rows: Vec<(String, i64, i64, Option<Decimal>, Option<String>, i64)> = Product::query()
        .filter(Product::CATEGORY_ID.is_not_null())
        .order_by(Product::ID)
        .select((
            Product::NAME,
            row_number().over(by_price.clone()),
            dense_rank().over(by_price.clone()),
            sum(Product::PRICE).over(by_price.clone()),
            lag(Product::NAME, 1).over(by_price.clone()),
            count_all().over(window()),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows[0],
        (
            "Air".into(),
            2,
            2,
            Some(decimal("2999.98")),
            Some("Pro".into()),
            3
        )
    );
    assert_eq!(
        rows[1],
        ("Pro".into(), 1, 1, Some(decimal("1999.99")), None, 3)
    );
    // Frames.
    let around = window().order_by(Employee::ID);
    let rows: Vec<(
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
        Option<Decimal>,
    )> = Employee::query()
        .order_by(Employee::ID)
        .select((
            sum(Employee::SALARY).over(around.clone().rows(-1..=1)),
            sum(Employee::SALARY).over(around.clone().rows(..=0)),
            sum(Employee::SALARY).over(around.clone().range(-1..1)),
            sum(Employee::SALARY).over(around.clone().groups(..).exclude_current_row()),
        ))
        .all(&mut on)
        .await
        .unwrap();
    let whole = |n: i64| Some(Decimal::from(n));
    assert_eq!(rows[0], (whole(1400), whole(900), whole(900), whole(1800)));
    assert_eq!(
        rows[3],
        (whole(1300), whole(2700), whole(1300), whole(2000))
    );
    // Numbers 1 to 6, two of each kind: what stands beside the current row and is, or is not, equal to it.
    let numbers = generate_series::<Counted, _>(1, 6);
    let kinds = window().order_by(Counted::N / 3).groups(..);
    let rows: Vec<(Option<i64>, Option<i64>, Option<i32>, f64, i64)> = numbers
        .query()
        .order_by(Counted::N)
        .select((
            sum(Counted::N).over(kinds.clone().exclude_group()),
            sum(Counted::N).over(kinds.clone().exclude_ties()),
            lead(Counted::N, 2).over(window().order_by(Counted::N)),
            orm_core::expr::cume_dist().over(window().order_by(Counted::N / 3)),
            count_all().over(window().order_by(Counted::N).range_within(1, 2)),
        ))
        .all(&mut on)
        .await
        .unwrap();
    // 1, 2 | 3, 4, 5 | 6, divided by 3.
    assert_eq!(rows[0], (Some(18), Some(19), Some(3), 2.0 / 6.0, 3));
    assert_eq!(rows[2], (Some(9), Some(12), Some(5), 5.0 / 6.0, 4));
    assert_eq!(rows[5], (Some(15), Some(21), None, 1.0, 2));
    let rows: Vec<(Option<String>, Option<String>, Option<String>, i32, f64)> = Employee::query()
        .order_by(Employee::ID)
        .select((
            first_value(Employee::NAME).over(around.clone()),
            last_value(Employee::NAME).over(around.clone().rows(..)),
            nth_value(Employee::NAME, 2).over(around.clone()),
            ntile(2).over(around.clone()),
            orm_core::expr::percent_rank().over(around),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(
        rows[0],
        (Some("Root".into()), Some("Leaf".into()), None, 1, 0.0)
    );
    assert_eq!(
        rows[3],
        (
            Some("Root".into()),
            Some("Leaf".into()),
            Some("Left".into()),
            2,
            1.0
        )
    );
    // Over groups: the place of each user by what they spent.
    let rows: Vec<(Option<i32>, Option<Decimal>, i64)> = Order::query()
        .join(Order::ITEMS)
        .group_by(Order::USER_ID)
        .order_by(Order::USER_ID)
        .select((
            Order::USER_ID,
            sum(OrderItem::TOTAL_PRICE),
            rank().over(window().order_by(sum(OrderItem::TOTAL_PRICE).desc())),
        ))
        .all(&mut on)
        .await
        .unwrap();
    assert_eq!(rows[1], (Some(2), Some(decimal("1797.00")), 2));
}

#[tokio::test]
async fn outer_joins_of_all_sides() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let rows: Vec<(Option<String>, Uuid)> = User::query()
        .right_join_on(Order::ALL, Order::USER_ID.eq(User::ID))
        .order_by(Order::ID)
        .select((User::USERNAME, Order::ID))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows[0], (Some("ann".into()), order_id(1)));
    assert_eq!(rows[3], (None, order_id(4)));
    // Without a select list: the entities, where there are any.
    let users: Vec<Option<Handle<User>>> = User::query()
        .right_join_on(Order::ALL, Order::USER_ID.eq(User::ID))
        .order_by(Order::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(users[0], users[1]);
    assert!(users[2].is_some() && users[3].is_none());
    let rows: Vec<(Option<i32>, Option<Uuid>)> = User::query()
        .full_join_on(Order::ALL, Order::USER_ID.eq(User::ID))
        .order_by((User::ID, Order::ID))
        .select((User::ID, Order::ID))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows[3], (Some(3), None));
    assert_eq!(rows[5], (None, Some(order_id(4))));
    let pairs = Tag::query()
        .cross_join(Category::ALL)
        .count(&mut db)
        .await
        .unwrap();
    assert_eq!(pairs, 9);
}

#[tokio::test]
async fn the_rows_of_a_parent() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let ann = db.get::<User>(1).await.unwrap().unwrap();
    let q = Order::query()
        .filter(User::ORDERS.with_parent(&db[ann]))
        .order_by(Order::ID)
        .select(Order::ID);
    assert_eq!(q.all(&mut db).await.unwrap(), [order_id(1), order_id(2)]);
    // The other way, through a key that can be NULL; through a link table; within one table.
    let order = db.get::<Order>(order_id(1)).await.unwrap().unwrap();
    let loose = db.get::<Order>(order_id(4)).await.unwrap().unwrap();
    let user = |order: &Order| {
        User::query()
            .filter(Order::USER.with_parent(order))
            .select(User::ID)
    };
    let (of_order, of_loose) = (user(&db[order]), user(&db[loose]));
    assert_eq!(of_order.all(&mut db).await.unwrap(), [1]);
    assert_eq!(of_loose.count(&mut db).await.unwrap(), 0);
    let air = db.get::<Product>(1).await.unwrap().unwrap();
    let q = Tag::query()
        .filter(Product::TAGS.with_parent(&db[air]))
        .order_by(Tag::ID)
        .select(Tag::NAME);
    assert_eq!(
        q.to_sql(),
        "SELECT tags.name FROM tags WHERE EXISTS (SELECT 1 FROM product_tags AS link_0 WHERE link_0.tag_id = tags.id AND \
         link_0.product_id = $1) ORDER BY tags.id"
    );
    assert_eq!(q.all(&mut db).await.unwrap(), ["new", "sale"]);
    let root = db.get::<Employee>(1).await.unwrap().unwrap();
    let q = Employee::query()
        .filter(Employee::REPORTS.with_parent(&db[root]))
        .order_by(Employee::ID)
        .select(Employee::NAME);
    assert_eq!(q.all(&mut db).await.unwrap(), ["Left", "Right"]);
    // Filtering the root by a related table, and loading another with it.
    let orders = Order::query()
        .filter(Order::ITEMS.any(OrderItem::PRODUCT.has(Product::NAME.eq("Mini"))))
        .order_by(Order::ID)
        .with(Order::USER);
    let found = orders.all(&mut db).await.unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|order| {
            db[db.related(*order, Order::USER).unwrap().unwrap()]
                .username
                .clone()
        })
        .collect();
    assert_eq!(names, ["ann", "bob"]);
}

/// `?q=..&min=..&category=..&sort=..&page=..`
#[derive(Default)]
struct Search<'a> {
    words: &'a [&'a str],
    min: Option<i64>,
    category: Option<&'a str>,
    sort: &'a str,
}

type Listing<Sel> = Query<Sel, (orm_core::expr::Maybe<Category>, (Product, ()))>;

fn search(search: &Search<'_>) -> orm_core::Result<Listing<orm_core::expr::Whole<Product>>> {
    let named = |word: &&str| {
        Product::NAME
            .icontains(*word)
            .or(Product::DESCRIPTION.icontains(*word))
    };
    let mut q = Product::query()
        .left_join(Product::CATEGORY)
        .filter_some(search.min.map(|min| Product::PRICE.ge(Decimal::from(min))))
        .filter_some(search.category.map(|name| Category::NAME.eq(name)));
    if !search.words.is_empty() {
        q = q.filter(any_of(search.words.iter().map(named)));
    }
    let q = q.sort_by(search.sort, |keys| {
        keys.key("price", Product::PRICE).key(
            "category",
            (Category::NAME.asc().nulls_last(), Product::NAME),
        )
    })?;
    Ok(q.order_by(Product::ID))
}

#[tokio::test]
async fn a_request_decides_filters_and_order() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let mut names = async |request: Search<'_>| {
        search(&request)
            .unwrap()
            .select(Product::NAME)
            .all(&mut on)
            .await
            .unwrap()
    };
    assert_eq!(
        names(Search::default()).await,
        ["Air", "Pro", "Mini", "Loose"]
    );
    assert_eq!(
        names(Search {
            sort: "-price",
            ..Search::default()
        })
        .await,
        ["Pro", "Air", "Mini", "Loose"]
    );
    assert_eq!(
        names(Search {
            sort: "category",
            ..Search::default()
        })
        .await,
        ["Air", "Pro", "Mini", "Loose"]
    );
    assert_eq!(
        names(Search {
            sort: "-category",
            ..Search::default()
        })
        .await,
        ["Loose", "Mini", "Pro", "Air"]
    );
    let some = Search {
        words: &["light", "MINI", "100%"],
        min: Some(600),
        ..Search::default()
    };
    assert_eq!(names(some).await, ["Air"]);
    assert_eq!(
        names(Search {
            category: Some("Phones"),
            sort: " price , -category",
            ..Search::default()
        })
        .await,
        ["Mini"]
    );
    let error = search(&Search {
        sort: "name; DROP TABLE users",
        ..Search::default()
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot sort by `name; DROP TABLE users`; there is price, category"
    );
}

#[derive(Rowset)]
struct Date {
    day: chrono::NaiveDate,
}

#[derive(Rowset)]
struct Moment {
    at: chrono::DateTime<chrono::Utc>,
}

#[derive(Rowset)]
struct Third {
    number: i32,
}

#[derive(Rowset)]
struct Member {
    name: String,
    text: Option<String>,
}

#[derive(Rowset)]
struct Line {
    line: serde_json::Value,
}

#[tokio::test]
async fn series_go_by_steps_and_documents_become_rows() {
    use chrono::{DateTime, NaiveDate, Utc};
    use orm_core::query::{generate_series_by, jsonb_array_elements, jsonb_each};
    use orm_core::types::Interval;
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    // In a zone where a day of these has 23 hours.
    on.execute_script("SET timezone = 'Europe/Berlin'")
        .await
        .unwrap();
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let days = generate_series_by::<Date, _>(day(28), day(31), Interval::days(1)).query();
    let found: Vec<Date> = days.order_by(Date::DAY).all(&mut on).await.unwrap();
    let found: Vec<NaiveDate> = found.into_iter().map(|row| row.day).collect();
    assert_eq!(found, [day(28), day(29), day(30), day(31)]);
    let at = |hour: u32| -> DateTime<Utc> { day(1).and_hms_opt(hour, 0, 0).unwrap().and_utc() };
    let hours = generate_series_by::<Moment, _>(at(0), at(20), Interval::hours(6)).query();
    let found = hours.select(Moment::AT).all(&mut on).await.unwrap();
    assert_eq!(found, [at(0), at(6), at(12), at(18)]);
    let thirds = generate_series_by::<Third, _>(10, 1, -3).query();
    let found = thirds.select(Third::NUMBER).all(&mut on).await.unwrap();
    assert_eq!(found, [10, 7, 4, 1]);
    // Documents: a table's, and a value.
    let members = Order::query()
        .join_lateral(jsonb_each::<Member, _, _>(Order::METADATA))
        .select((Order::STATUS, Member::NAME, Member::TEXT));
    assert_eq!(
        members.all(&mut on).await.unwrap(),
        [(OrderStatus::Completed, "gift".into(), Some("true".into()))]
    );
    let list = serde_json::json!([{ "sku": "a" }, null, 3]);
    let lines = jsonb_array_elements::<Line, _, _>(value(list)).query();
    let found = lines.select(Line::LINE).all(&mut on).await.unwrap();
    assert_eq!(
        found,
        [
            serde_json::json!({ "sku": "a" }),
            serde_json::Value::Null,
            3.into()
        ]
    );
}

#[tokio::test]
async fn a_cte_and_a_derived_table_stand_in_a_query_twice() {
    type Other = orm_core::query::AliasedRows<Spent, 1>;
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let pairs = |spent: orm_core::query::Derived<Spent>| {
        spent
            .clone()
            .query()
            .join_on(spent.aliased::<1>(), Other::TOTAL.gt(Spent::TOTAL))
            .select((Spent::USER_ID, Other::USER_ID, Other::ALL))
    };
    let derived = pairs(spent());
    assert!(
        derived
            .to_sql()
            .contains(") AS spent_1(user_id, orders, total) ON spent_1.total > spent.total")
    );
    let rows = derived.all(&mut on).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].0, rows[0].1, rows[0].2.orders),
        (Some(2), Some(1), 2)
    );
    let cte = Order::query()
        .join(Order::ITEMS)
        .group_by(Order::USER_ID)
        .select((
            Order::USER_ID,
            count_distinct(Order::ID),
            sum(OrderItem::TOTAL_PRICE),
        ))
        .as_cte::<Spent>();
    let q = pairs(cte);
    assert_eq!(q.to_sql().matches("spent(user_id").count(), 1);
    assert!(q.to_sql().contains("FROM spent JOIN spent AS spent_1 ON"));
    assert_eq!(q.all(&mut on).await.unwrap(), rows);
}

#[tokio::test]
async fn any_and_all_of_a_list_stand_beside_every_comparison() {
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
    let two = || value(vec![2, 3]);
    assert_eq!(ids!(Product::ID.eq(two().as_any())), [2, 3]);
    assert_eq!(ids!(Product::ID.ne(two().as_all())), [1, 4]);
    assert_eq!(ids!(Product::ID.lt(two().as_any())), [1, 2]);
    assert_eq!(ids!(Product::ID.le(two().as_all())), [1, 2]);
    assert_eq!(ids!(Product::ID.gt(two().as_all())), [4]);
    assert_eq!(ids!(Product::ID.ge(two().as_any())), [2, 3, 4]);
    let words = value(vec!["a%".to_owned(), "%I".to_owned()]);
    assert_eq!(ids!(Product::NAME.ilike(words.as_any())), [1, 3]);
    // An empty list: none of it, and all of it.
    let none = || value(Vec::<i32>::new());
    assert_eq!(ids!(Product::ID.eq(none().as_any())), [] as [i32; 0]);
    assert_eq!(ids!(Product::ID.eq(none().as_all())).len(), 4);
    // A NULL in the list makes what it does not hold for unknown.
    let unknown = value(vec![Some(1), None]);
    let q = Product::query()
        .order_by(Product::ID)
        .limit(2)
        .select(Product::ID.eq(unknown.as_any()));
    assert_eq!(q.all(&mut on).await.unwrap(), [Some(true), None]);
}

#[tokio::test]
async fn collations_patterns_and_spans_of_time() {
    use orm_core::types::Interval;
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let names = User::query()
        .order_by((User::FULL_NAME.collate("C").desc().nulls_last(), User::ID))
        .select(User::ID);
    assert_eq!(names.all(&mut on).await.unwrap(), [3, 1, 2, 4]);
    let error = User::query()
        .order_by(User::EMAIL.collate("no \" such"))
        .all(&mut on)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no \\\" such") || error.to_string().contains("no \" such"),
        "{error}"
    );
    let similar = User::query()
        .filter(User::USERNAME.similar_to("(ann|b_b)"))
        .order_by(User::ID)
        .select(User::ID);
    assert_eq!(similar.all(&mut on).await.unwrap(), [1, 2]);
    let others = User::query()
        .filter(User::USERNAME.not_similar_to("(ann|b_b)"))
        .count(&mut on)
        .await;
    assert_eq!(others.unwrap(), 2);
    let span = Number::query().filter(Number::ID.eq(1)).select((
        value(Interval::hours(6)) * Number::DOUBLE,
        value(Interval::days(1)) / 2.0,
    ));
    assert_eq!(
        span.one(&mut on).await.unwrap(),
        (Interval::minutes(90), Interval::hours(12))
    );
    let list = Order::query()
        .filter(Order::ID.eq(order_id(1)))
        .select(func::array_prepend("x", Order::TAGS));
    assert_eq!(list.one(&mut on).await.unwrap(), ["x", "a", "b"]);
}

#[tokio::test]
async fn an_aggregate_of_some_rows_over_a_window() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let q = Product::query().order_by(Product::ID).select((
        Product::ID,
        count_all()
            .filter(Product::PRICE.lt(1000))
            .over(window().order_by(Product::ID)),
    ));
    assert!(
        q.to_sql()
            .contains("count(*) FILTER (WHERE products.price < $1) OVER (ORDER BY products.id)")
    );
    assert_eq!(
        q.all(&mut on).await.unwrap(),
        [(1, 1), (2, 1), (3, 2), (4, 3)]
    );
}

#[tokio::test]
async fn an_aggregates_order_reaches_into_what_is_made_of_it() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let ids = func::cast::<String, _>(func::array_agg(Product::ID)).order_by(Product::ID.desc());
    let q = Product::query().select(ids);
    assert_eq!(
        q.to_sql(),
        "SELECT CAST(array_agg(products.id ORDER BY products.id DESC) AS text) FROM products"
    );
    assert_eq!(q.one(&mut on).await.unwrap().as_deref(), Some("{4,3,2,1}"));
    // A left-joined column: the missing rows are no elements.
    let q = Category::query()
        .left_join(Category::PRODUCTS)
        .group_by(Category::ID)
        .order_by(Category::ID)
        .select((
            Category::ID,
            func::array_agg_not_null(Product::ID).order_by(Product::ID),
        ));
    assert_eq!(
        q.all(&mut on).await.unwrap(),
        [(1, Some(vec![1, 2])), (2, Some(vec![3])), (3, None)]
    );
    let q = Category::query()
        .left_join(Category::PRODUCTS)
        .filter(Category::ID.ge(2))
        .select(func::array_agg(Product::DESCRIPTION).order_by(Category::ID));
    assert_eq!(
        q.one(&mut on).await.unwrap(),
        Some(vec![Some("small".into()), None])
    );
}
