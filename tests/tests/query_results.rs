//! What the rows of a query become: structs whose fields are checked against the select list, structs inside structs, maps.

use std::collections::HashMap;

use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::query::{EntityQuery, Query, RowsOf};
use rust_decimal::Decimal;
use tests::queries::*;

#[derive(FromRow, Debug, PartialEq)]
struct Card {
    name: String,
    full_name: Option<String>,
    orders: i64,
    #[orm(skip)]
    shown: bool,
}

fn card(name: &str, full_name: Option<&str>, orders: i64) -> Card {
    Card {
        name: name.into(),
        full_name: full_name.map(Into::into),
        orders,
        shown: false,
    }
}

/// A select list that is fixed by a struct, as a step from query to query.
fn cards(
    users: EntityQuery<User>,
) -> Query<RowsOf<Card>, (orm_core::expr::Maybe<Order>, (User, ())), orm_core::expr::Grouped> {
    users
        .left_join(User::ORDERS)
        .group_by(User::ID)
        .select(Card::of((
            User::USERNAME,
            User::FULL_NAME,
            count(Order::ID),
        )))
}

#[tokio::test]
async fn a_select_list_is_read_into_a_struct() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let q = cards(User::query().order_by(User::ID));
    assert_eq!(
        q.to_sql(),
        "SELECT users.username, users.full_name, count(orders.id) FROM users LEFT JOIN orders ON orders.user_id = users.id \
         GROUP BY users.id ORDER BY users.id"
    );
    let found: Vec<Card> = q.all(&mut db).await.unwrap();
    assert_eq!(found[0], card("ann", Some("Ann Lee"), 2));
    assert_eq!(found[1], card("bob", None, 1));
    assert_eq!((found.len(), found[3].orders), (4, 0));
    // Beside other parts of a list, and behind UNION.
    let (user, card_of): (Handle<User>, Card) = User::query()
        .filter(User::ID.eq(2))
        .select((
            User::ALL,
            Card::of((User::USERNAME, User::EMAIL, value(7i64))),
        ))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(db[user].username, card_of.name);
    assert_eq!(card_of, card("bob", Some("bob@example.org"), 7));
    let named = |name: &'static str| {
        User::query()
            .filter(User::USERNAME.eq(name))
            .select(Card::of((User::USERNAME, User::FULL_NAME, value(0i64))))
    };
    let both = named("ann").union_all(named("bob")).all(&mut db).await;
    assert_eq!(both.unwrap().len(), 2);
}

#[derive(FromRow, Debug, PartialEq)]
struct Place {
    id: i32,
    city: String,
}

#[derive(FromRow, Debug, PartialEq)]
struct Buyer {
    #[orm(column = "username")]
    name: String,
    #[orm(nested, prefix = "home_")]
    home: Option<Place>,
}

#[derive(FromRow, Debug, PartialEq)]
struct Bill {
    status: OrderStatus,
    #[orm(nested, prefix = "buyer_")]
    buyer: Option<Buyer>,
    items: Option<i64>,
}

#[tokio::test]
async fn structs_stand_in_structs() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let items = OrderItem::query()
        .correlate::<Order>()
        .filter(OrderItem::ORDER_ID.eq(Order::ID))
        .select(count_all())
        .as_scalar();
    let home = Place::or_none((Address::ID, Address::CITY));
    let typed: Vec<Bill> = Order::query()
        .left_join(Order::USER)
        .left_join(Order::SHIPPING_ADDRESS)
        .order_by(Order::ID)
        .select(Bill::of((
            Order::STATUS,
            Buyer::or_none((User::USERNAME, home)),
            items,
        )))
        .all(&mut db)
        .await
        .unwrap();
    let ann = Buyer {
        name: "ann".into(),
        home: Some(Place {
            id: 1,
            city: "Rome".into(),
        }),
    };
    assert_eq!(
        typed[0],
        Bill {
            status: OrderStatus::Completed,
            buyer: Some(ann),
            items: Some(2)
        }
    );
    assert_eq!(typed[3].buyer, None);
    // By hand, by the names of the columns, in whatever order they are.
    let text = "SELECT (SELECT count(*) FROM order_items i WHERE i.order_id = o.id) AS items, u.username AS buyer_username, \
                a.city AS buyer_home_city, a.id AS buyer_home_id, o.status FROM orders o LEFT JOIN users u ON u.id = o.user_id \
                LEFT JOIN addresses a ON a.id = o.shipping_address_id ORDER BY o.id";
    let by_hand: Vec<Bill> = sql(text).all(&mut db).await.unwrap();
    assert_eq!(by_hand, typed);
    // What is missing is called by its whole name.
    let error = sql("SELECT 'pending'::order_status AS status, 1::int8 AS items, '' AS buyer_username, 1 AS buyer_home_id")
        .all::<Bill>(&mut db)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Place` wants a column `buyer_home_city`"),
        "{error}"
    );
    // A part that is NULL where the field is not: the struct and the column.
    let error = sql("SELECT 1 AS id, NULL::text AS city")
        .all::<Place>(&mut db)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("column `city` of `Place` cannot be read"),
        "{error}"
    );
}

#[derive(FromRow, Debug, PartialEq)]
#[orm(from = Category)]
struct Shelf {
    id: i32,
    #[orm(from = Category::NAME)]
    label: String,
}

#[derive(FromRow, Debug, PartialEq)]
#[orm(from = Product)]
struct Listing {
    name: String,
    price: Decimal,
    #[orm(nested, prefix = "shelf_")]
    shelf: Option<Shelf>,
    #[orm(from = Category::DESCRIPTION)]
    about: Option<String>,
}

#[tokio::test]
async fn a_struct_has_a_select_list() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    let q = Product::query()
        .left_join(Product::CATEGORY)
        .order_by(Product::ID)
        .select(Listing::LIST);
    assert_eq!(
        q.to_sql(),
        "SELECT products.name, products.price, categories.id, categories.name, categories.description FROM products \
         LEFT JOIN categories ON categories.id = products.category_id ORDER BY products.id"
    );
    let rows = q.all(&mut db).await.unwrap();
    let laptops = Shelf {
        id: 1,
        label: "Laptops".into(),
    };
    assert_eq!(rows[0].shelf, Some(laptops));
    assert_eq!(rows[0].about.as_deref(), Some("to carry"));
    assert_eq!((&*rows[3].name, &rows[3].shelf), ("Loose", &None));
    // A list of a table that is there.
    let shelves: Vec<(Shelf, i64)> = Category::query()
        .join(Category::PRODUCTS)
        .group_by(Category::ID)
        .order_by(Category::ID)
        .select((Shelf::LIST, count_all()))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(shelves.len(), 2);
    assert_eq!((&*shelves[0].0.label, shelves[0].1), ("Laptops", 2));
}

#[tokio::test]
async fn rows_become_maps() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    shop.log.clear();
    let by_name = User::query()
        .select((User::USERNAME, User::ALL))
        .to_map(&mut db)
        .await
        .unwrap();
    assert_eq!(by_name.len(), 4);
    assert_eq!(db[by_name["cid"]].email, "cid@example.org");
    // After BEGIN.
    assert_eq!(shop.log.take().len(), 2);
    // A key that comes twice is no map.
    let cities = || {
        Address::query()
            .order_by(Address::CITY.desc())
            .select((Address::USER_ID, Address::CITY))
    };
    let error = cities().to_map(&mut db).await.unwrap_err();
    assert!(matches!(error, orm_core::Error::MultipleFound { .. }));
    assert!(
        error
            .to_string()
            .contains("for one key of a map; `to_groups` keeps them all: SELECT addresses.user_id"),
        "{error}"
    );
    let groups = cities().to_groups(&mut db).await.unwrap();
    let expected = HashMap::from([
        (1, vec!["Rome".to_owned(), "Oslo".to_owned()]),
        (2, vec!["Bonn".to_owned()]),
    ]);
    assert_eq!(groups, expected);
    // In the order of the rows, not of the keys.
    let ordered = Address::query()
        .order_by(Address::CITY)
        .select((Address::USER_ID, Address::CITY))
        .to_ordered_groups(&mut db)
        .await
        .unwrap();
    assert_eq!(
        ordered,
        [
            (2, vec!["Bonn".to_owned()]),
            (1, vec!["Oslo".to_owned(), "Rome".to_owned()])
        ]
    );
    // Handles are keys, too, and a tuple is one value.
    let orders: HashMap<Handle<User>, Vec<(OrderStatus, Handle<Order>)>> = User::query()
        .join(User::ORDERS)
        .select((User::ALL, (Order::STATUS, Order::ALL)))
        .to_groups(&mut db)
        .await
        .unwrap();
    assert_eq!(orders[&by_name["ann"]].len(), 2);
}

/// Whether another connection gets this lock at once.
async fn free<S, G>(shop: &Shop, q: Query<S, (Product, ()), G>) -> bool
where
    S: orm_core::query::Selection,
{
    let mut other = shop.session();
    let free = match q.nowait().all(&mut other).await {
        Ok(_) => true,
        Err(error) => {
            assert!(matches!(error, orm_core::Error::Timeout { .. }), "{error}");
            false
        }
    };
    other.rollback().await.unwrap();
    free
}

#[tokio::test]
async fn each_lock_keeps_others_out_as_far_as_it_says() {
    let shop = Shop::open().await;
    let q = || Product::query().filter(Product::ID.eq(1));
    type Locked = EntityQuery<Product>;
    let locks: [(&str, fn(Locked) -> Locked); 4] = [
        ("FOR UPDATE", Query::for_update),
        ("FOR NO KEY UPDATE", Query::for_no_key_update),
        ("FOR SHARE", Query::for_share),
        ("FOR KEY SHARE", Query::for_key_share),
    ];
    // PostgreSQL's table of conflicts: whether the second lock is given beside the first.
    let beside = [
        [false, false, false, false],
        [false, false, false, true],
        [false, false, true, true],
        [false, true, true, true],
    ];
    for ((words, held), row) in locks.iter().zip(beside) {
        let mut holder = shop.session();
        shop.log.clear();
        held(q()).one(&mut holder).await.unwrap();
        let sent = shop.log.take();
        let expected = format!("WHERE products.id = $1 LIMIT $2 {words} OF products");
        assert!(sent[1].ends_with(&expected), "{sent:?}");
        for ((other, second), given) in locks.iter().zip(row) {
            assert_eq!(
                free(&shop, second(q())).await,
                given,
                "{other} beside {words}"
            );
        }
        // The other rows are free, and skipped is what is not.
        let mut third = shop.session();
        let skipped = held(Product::query().order_by(Product::ID))
            .for_update()
            .skip_locked();
        let rows = skipped.select(Product::ID).all(&mut third).await.unwrap();
        assert_eq!(rows, [2, 3, 4], "{words}");
        third.rollback().await.unwrap();
        holder.rollback().await.unwrap();
        assert!(free(&shop, q().for_update()).await, "after {words}");
    }
}

#[tokio::test]
async fn what_cannot_be_locked_is_refused_before_it_is_sent() {
    let shop = Shop::open().await;
    let mut db = shop.session();
    shop.log.clear();
    macro_rules! refused {
        ($query:expr, $($words:literal),+) => {
            let error = $query.all(&mut db).await.unwrap_err();
            assert!(matches!(error, orm_core::Error::Invalid { .. }), "{error:?}");
            $(assert!(error.to_string().contains($words), "{error}");)+
        };
    }
    refused!(
        Product::query().distinct().for_update(),
        "FOR UPDATE locks rows of a table",
        "with DISTINCT"
    );
    refused!(
        Product::query().distinct_on(Product::NAME).for_share(),
        "FOR SHARE",
        "with DISTINCT"
    );
    refused!(
        Product::query()
            .for_update()
            .group_by(Product::NAME)
            .select(Product::NAME),
        "with GROUP BY"
    );
    refused!(
        Product::query().for_key_share().select(count_all() + 1),
        "FOR KEY SHARE",
        "with an aggregate"
    );
    refused!(
        Product::query()
            .for_update()
            .select((Product::ID, rank().over(window()))),
        "with a window function"
    );
    let right = Product::query()
        .right_join_on(Category::ALL, Product::CATEGORY_ID.eq(Category::ID))
        .for_update()
        .select(Category::ID);
    refused!(right, "FOR UPDATE cannot lock `products`", ".of(..)");
    assert_eq!(shop.log.take(), [] as [&str; 0]);
    // What PostgreSQL takes: a subquery with an aggregate, the side that is there, and a locked query as a table.
    let dearest = Product::query().select(max(Product::PRICE)).as_scalar();
    let q = Product::query()
        .filter(Product::PRICE.eq(dearest.clone()))
        .for_update()
        .select((Product::ID, dearest));
    assert_eq!(q.all(&mut db).await.unwrap().len(), 1);
    let q = Product::query()
        .right_join_on(Category::ALL, Product::CATEGORY_ID.eq(Category::ID))
        .for_update()
        .of(Category::ALL)
        .select(Category::ID);
    assert_eq!(q.all(&mut db).await.unwrap().len(), 4);
    #[derive(Rowset)]
    struct Locked {
        id: i32,
    }
    let locked = Product::query()
        .for_update()
        .select((Product::ID,))
        .as_table::<Locked>();
    let sum = locked
        .query()
        .select(sum(Locked::ID))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(sum, Some(10));
}
