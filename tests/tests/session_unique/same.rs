//! Unique values that the database takes for equal though they are written otherwise.

use orm_core::prelude::*;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use tests::fixture::Fixture;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "prices", unique(shop, code))]
struct Price {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    amount: Decimal,
    #[orm(unique)]
    weight: f64,
    shop: i32,
    #[orm(fixed_length = 5)]
    code: String,
}

const ALL: &str = "select id, amount, weight, code from prices order by id";

/// Two rows, as others have written them.
async fn two() -> (Fixture, Session, Vec<Handle<Price>>) {
    let f = Fixture::new::<(Price,)>().await;
    f.elsewhere("insert into prices values (1, 5.0, 0, 1, 'ab'), (2, 6.0, 1, 1, 'cd')")
        .await;
    let mut db = f.session();
    let all = Price::query().order_by(Price::ID).all(&mut db).await;
    (f, db, all.unwrap())
}

#[tokio::test]
async fn a_new_row_takes_what_equals_the_value_of_a_deleted_one() {
    let (f, mut db, all) = two().await;
    db.delete(all[0]).unwrap();
    db.add(Price {
        id: 3,
        amount: dec!(5.00),
        weight: 7.0,
        shop: 2,
        code: String::new(),
    });
    db.flush().await.unwrap();
    db.delete(all[1]).unwrap();
    db.add(Price {
        id: 4,
        amount: dec!(8),
        weight: 8.0,
        shop: 1,
        code: "cd".to_owned(),
    });
    db.flush().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(ALL).await, ["3|5.00|7|     ", "4|8|8|cd   "]);
}

#[tokio::test]
async fn rows_exchange_what_equals_their_values() {
    let (f, mut db, all) = two().await;
    (db[all[0]].amount, db[all[1]].amount) = (dec!(6), dec!(5.000));
    db.flush().await.unwrap();
    (db[all[0]].weight, db[all[1]].weight) = (1.0, -0.0);
    db.flush().await.unwrap();
    (db[all[0]].code, db[all[1]].code) = ("cd".to_owned(), "ab ".to_owned());
    db.flush().await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(ALL).await, ["1|6|1|cd   ", "2|5.000|-0|ab   "]);
}
