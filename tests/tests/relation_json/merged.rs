//! Documents about rows that are there: `merge_json` and `apply_json`.

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::{JsonShape, State};
use serde_json::{Value, json};
use tests::fixture::Fixture;
use tests::relations::{Author, Bio, Book, BookTag, Chapter, Note, Tag};

use crate::{Customer, Item, Order, Product, TEA, shop};

/// Two orders of Ann: the first has the items 1 and 2, the second item 3.
async fn orders() -> Fixture {
    let shop = shop().await;
    shop.elsewhere(&format!(
        "INSERT INTO customers (name, is_admin) VALUES ('Bob', false);
         INSERT INTO orders (code, status, tags, customer_id, revision) VALUES ('a', 'open', '{{}}', 7, 1), ('b', 'open', '{{}}', 7, 1);
         INSERT INTO items (quantity, priority, order_id, product_id) VALUES (1, 1, 1, '{TEA}'), (2, 1, 1, '{TEA}'), (3, 1, 2, '{TEA}');"
    ))
    .await;
    shop
}

fn order() -> JsonShape<Order> {
    let item = JsonShape::new()
        .every_column()
        .allow(Item::ID)
        .existing(Item::PRODUCT);
    let customer = JsonShape::new().allow(Customer::ID).allow(Customer::NAME);
    JsonShape::new()
        .every_column()
        .allow(Order::ID)
        .allow(Order::REVISION)
        .nested(Order::CUSTOMER, customer)
        .nested(Order::ITEMS, item)
}

const ITEMS: &str = "select id, quantity, order_id from items order by id";

/// Everything that is wrong with a document, a line each. Nothing must have been changed or written.
async fn problems<M: orm_core::model::Model>(
    f: &Fixture,
    db: &mut Session,
    shape: &JsonShape<M>,
    document: Value,
) -> Vec<String> {
    f.sent();
    let error = db.merge_json(shape, &document).await.unwrap_err();
    let Error::Validation(error) = error else {
        panic!("another error: {error}");
    };
    let sent = f.sent();
    let reads = |sql: &String| sql.starts_with("SELECT") || sql.starts_with("BEGIN");
    assert!(sent.iter().all(reads), "{sent:?}");
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    let rejections = error.rejections.iter();
    rejections
        .map(|rejection| format!("{}: {}", rejection.field, rejection.message))
        .collect()
}

#[tokio::test]
async fn rows_are_found_by_key_and_what_is_absent_stays() {
    let f = orders().await;
    let mut db = f.session();
    let document = json!({
        "id": 1,
        "status": "done",
        "items": [{"id": 2, "quantity": 20}, {"quantity": 5, "product": TEA}],
    });
    let order = db.merge_json(&order(), &document).await.unwrap();
    let sent = f.sent();
    assert_eq!(sent.len(), 5, "{sent:#?}");
    assert!(sent[1].contains("FROM products") || sent[1].contains("FROM orders"));
    assert_eq!(db.state(order), State::Persistent);
    assert_eq!(db[order].code, "a");
    let items = db.related(order, Order::ITEMS).unwrap().to_vec();
    assert_eq!(items.len(), 2);
    assert_eq!(db[items[0]].quantity, 20);
    // Nobody else may keep the item that is left out: its foreign key is required.
    let error = db.flush().await.unwrap_err();
    assert!(error.to_string().contains("items"), "{error}");
    db.rollback().await.unwrap();
    // With all of them it goes.
    let items = json!([{"id": 1}, {"id": 2, "quantity": 20}, {"quantity": 5, "product": TEA}]);
    let document = json!({"id": 1, "status": "done", "items": items});
    let again = db
        .merge_json(&crate::merged::order(), &document)
        .await
        .unwrap();
    assert_eq!(again, order);
    f.sent();
    db.commit().await.unwrap();
    let sent = f.sent();
    let verbs: Vec<_> = sent
        .iter()
        .map(|sql| sql.get(..12).unwrap_or(sql))
        .collect();
    assert_eq!(
        verbs,
        ["UPDATE order", "UPDATE items", "INSERT INTO ", "COMMIT"]
    );
    assert_eq!(f.rows(ITEMS).await, ["1|1|1", "2|20|1", "3|3|2", "4|5|1"]);
    assert_eq!(
        f.rows("select code, status, revision from orders order by id")
            .await,
        ["a|done|2", "b|open|1"]
    );
}

#[tokio::test]
async fn a_row_that_is_the_same_sends_nothing() {
    let f = orders().await;
    let mut db = f.session();
    let document = json!({"id": 1, "code": "a", "items": [{"id": 1, "quantity": 1}, {"id": 2}]});
    db.merge_json(&order(), &document).await.unwrap();
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(f.sent(), ["COMMIT"]);
}

#[tokio::test]
async fn everything_that_is_wrong_comes_with_its_path() {
    let f = orders().await;
    let mut db = f.session();
    // Found without asking the database.
    let document = json!({
        "id": 1,
        "code": "longer",
        "phase": "x",
        "items": [{"id": 1, "quantity": "x"}, {"id": 1}, {"product": TEA}],
    });
    assert_eq!(
        problems(&f, &mut db, &order(), document).await,
        [
            "code: must have at most 5 characters",
            "items[0].quantity: must be an integer, and is a string",
            "items[1]: names a row that the list has already",
            "items[2].quantity: is missing",
            "phase: is not a field that can be set here",
        ]
    );
    // Rows that are not there, and rows of others.
    let document = json!({"id": 1, "items": [{"id": 77}, {"id": 1, "product": "00000000-0000-0000-0000-000000000000"}]});
    assert_eq!(
        problems(&f, &mut db, &order(), document).await,
        [
            "items[0]: names a `Item` that isn't there",
            "items[1].product: names a `Product` that isn't there"
        ]
    );
    let document = json!({"id": 1, "customer": {"id": 1, "name": "Mallory"}, "items": [{"id": 3, "quantity": 9}]});
    assert_eq!(
        problems(&f, &mut db, &order(), document).await,
        [
            "customer: names a `Customer` that `customer` does not lead to",
            "items[0]: names a `Item` that `items` does not lead to"
        ]
    );
    let document = json!({"id": 99, "code": "c"});
    assert_eq!(
        problems(&f, &mut db, &order(), document).await,
        [": names a `Order` that isn't there"]
    );
    // Without a key it is a new order, which needs what an order needs.
    assert_eq!(
        problems(&f, &mut db, &order(), json!({"code": "c"})).await,
        ["status: is missing", "customer: is missing"]
    );
    // What the shape doesn't allow is no key either.
    let closed = JsonShape::new().allow(Order::CODE);
    assert_eq!(
        problems(&f, &mut db, &closed, json!({"id": 1, "code": "c"})).await,
        ["id: is not a field that can be set here"]
    );
    assert_eq!(f.rows(ITEMS).await, ["1|1|1", "2|2|1", "3|3|2"]);
}

#[tokio::test]
async fn rows_from_elsewhere_are_taken_where_the_shape_says_so() {
    let f = orders().await;
    let mut db = f.session();
    let item = JsonShape::new().allow(Item::ID).allow(Item::QUANTITY);
    let shape = JsonShape::new()
        .allow(Order::ID)
        .nested(Order::ITEMS, item)
        .existing(Order::ITEMS);
    let document = json!({"id": 2, "items": [{"id": 3}, {"id": 2, "quantity": 9}]});
    db.merge_json(&shape, &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(ITEMS).await, ["1|1|1", "2|9|2", "3|3|2"]);
}

#[tokio::test]
async fn a_version_is_compared() {
    let f = orders().await;
    let mut db = f.session();
    let document = |version| json!({"id": 1, "revision": version, "code": "new"});
    db.merge_json(&order(), &document(1)).await.unwrap();
    db.commit().await.unwrap();
    let error = db.merge_json(&order(), &document(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Stale {
                table: "orders",
                action: "merge",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(db.plan().unwrap().to_string(), "nothing to do");
    db.merge_json(&order(), &document(2)).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_patch_needs_no_key() {
    let f = orders().await;
    let mut db = f.session();
    let first = db.get::<Order>(1).await.unwrap().unwrap();
    f.sent();
    let patched = db
        .apply_json(first, &order(), &json!({"code": "z", "email": null}))
        .await;
    assert_eq!(patched.unwrap(), first);
    assert_eq!(f.count(), 0, "the session has the row");
    assert_eq!(db[first].code, "z");
    let error = db
        .apply_json(first, &order(), &json!({"id": 2, "code": "y"}))
        .await
        .unwrap_err();
    let rejection = &error.validation().unwrap().rejections[0];
    assert_eq!(
        format!("{} {}", rejection.field, rejection.message),
        "id is the key of another row"
    );
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select id, code from orders order by id").await,
        ["1|z", "2|b"]
    );
    db.expunge(first).unwrap();
    let error = db
        .apply_json(first, &order(), &json!({}))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Detached { .. }), "{error}");
}

/// Authors with books, a bio, tags by a link table; orphans are deleted.
#[tokio::test]
async fn every_kind_of_relationship_leads_where_the_document_says() {
    let f = Fixture::new::<(Author, Bio, Book, Chapter, Note, (Tag, BookTag))>().await;
    let mut db = f.session();
    let note = JsonShape::new().every_column().allow(Note::ID);
    let chapter = JsonShape::new()
        .every_column()
        .allow(Chapter::ID)
        .nested(Chapter::NOTES, note);
    let book = JsonShape::new()
        .every_column()
        .allow(Book::ID)
        .nested(Book::CHAPTERS, chapter)
        .nested(Book::TAGS, JsonShape::new().every_column().allow(Tag::ID))
        .existing(Book::TAGS);
    let shape = JsonShape::new()
        .every_column()
        .allow(Author::ID)
        .nested(Author::BIO, JsonShape::new().every_column().allow(Bio::ID))
        .nested(Author::BOOKS, book);
    let document = json!({
        "name": "Ann",
        "bio": {"text": "born"},
        "books": [
            {"title": "one", "chapters": [{"title": "c", "notes": [{"text": "n1"}, {"text": "n2"}]}], "tags": [{"word": "red"}, {"word": "blue"}]},
            {"title": "two"},
        ],
    });
    db.merge_json(&shape, &document).await.unwrap();
    db.commit().await.unwrap();
    let document = json!({
        "id": 1,
        "bio": {"id": 1, "text": "born and grown"},
        "books": [
            {"id": 1, "chapters": [{"id": 1, "notes": [{"id": 2, "text": "second"}]}], "tags": [{"id": 2, "word": "green"}]},
            {"title": "three", "tags": [1]},
        ],
    });
    let mut db = f.session();
    let author = db.merge_json(&shape, &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(db.related(author, Author::BOOKS).unwrap().len(), 2);
    assert_eq!(f.rows("select text from bios").await, ["born and grown"]);
    assert_eq!(
        f.rows("select id, title, author_id from books order by id")
            .await,
        ["1|one|1", "2|two|NULL", "3|three|1"]
    );
    assert_eq!(
        f.rows("select id, text from notes order by id").await,
        ["2|second"],
        "an orphan is deleted"
    );
    assert_eq!(
        f.rows("select book_id, word from book_tags join tags on tags.id = tag_id order by 1, 2")
            .await,
        ["1|green", "3|red"]
    );
    // `null` ends a relationship.
    let gone = db
        .merge_json(&shape, &json!({"id": 1, "bio": null, "books": []}))
        .await;
    assert_eq!(gone.unwrap(), author);
    db.commit().await.unwrap();
    assert_eq!(db.related(author, Author::BIO).unwrap(), None);
    assert_eq!(
        f.rows("select count(*) from books where author_id is not null")
            .await,
        ["0"]
    );
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lists", has_many(lines: Line, via = list, cascade(delete, delete_orphan)))]
struct List {
    #[orm(primary_key)]
    id: i32,
}

/// Known by its list and a number of its own.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lines")]
struct Line {
    #[orm(primary_key, belongs_to(list: List))]
    list_id: i32,
    #[orm(primary_key)]
    number: i32,
    text: String,
}

#[tokio::test]
async fn a_key_is_completed_by_its_place() {
    let f = Fixture::new::<(List, Line)>().await;
    let mut db = f.session();
    let line = JsonShape::new().allow(Line::NUMBER).allow(Line::TEXT);
    let shape = JsonShape::new().allow(List::ID).nested(List::LINES, line);
    let new = json!({"lines": [{"number": 1, "text": "a"}, {"number": 2, "text": "b"}]});
    for _ in 0..2 {
        db.merge_json(&shape, &new).await.unwrap();
    }
    db.commit().await.unwrap();
    // Line 1 is changed, line 2 taken out, line 3 new; the lines of the other list are others.
    let document =
        json!({"id": 1, "lines": [{"number": 1, "text": "A"}, {"number": 3, "text": "c"}]});
    let mut db = f.session();
    db.merge_json(&shape, &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select list_id, number, text from lines order by 1, 2")
            .await,
        ["1|1|A", "1|3|c", "2|1|a", "2|2|b"]
    );
    let problem = json!({"id": 1, "lines": [{"number": 4}]});
    assert_eq!(
        problems(&f, &mut db, &shape, problem).await,
        ["lines[0].text: is missing"]
    );
}

/// Keys that people choose.
#[tokio::test]
async fn a_key_of_the_client_is_new_where_there_is_no_row() {
    let f = shop().await;
    let mut db = f.session();
    let shape = JsonShape::new().allow(Product::ID).allow(Product::NAME);
    let cup = "00000000-0000-0000-0000-000000000c09";
    assert_eq!(
        problems(&f, &mut db, &shape, json!({"id": cup})).await,
        ["name: is missing"]
    );
    for name in ["cup", "big cup"] {
        let document = json!({"id": cup, "name": name});
        db.merge_json(&shape, &document).await.unwrap();
        db.commit().await.unwrap();
    }
    assert_eq!(
        f.rows("select name from products order by 1").await,
        ["big cup", "tea"]
    );
}
