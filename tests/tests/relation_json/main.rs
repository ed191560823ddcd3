//! Graphs from JSON documents: what a shape lets in, what becomes of it, and everything that is wrong with a document in one
//! error, each with its path. `merged` has documents about rows that are there.

mod merged;

use chrono::{DateTime, NaiveDate, Utc};
use orm_core::prelude::*;
use orm_core::session::{JsonShape, State};
use orm_core::types::{BytesMut, DecodeError, Json, PgType, Raw, SqlType};
use orm_core::{DbEnum, Error};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tests::fixture::{Fixture, panic_text};
use tests::relations::{Author, Bio, Book, Chapter, Library, Node, Shelf, ShelfLabel, Tag};
use uuid::Uuid;

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Open,
    Done,
}

/// A text with an `@` in it.
#[derive(Debug, Clone, PartialEq)]
struct Email(String);

impl SqlType for Email {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = String::TYPE;

    fn encode(&self, out: &mut BytesMut) -> bool {
        self.0.encode(out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        match String::decode(raw)? {
            text if text.contains('@') => Ok(Email(text)),
            _ => Err(DecodeError::malformed::<Self>("there is no `@` in it")),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "customers")]
struct Customer {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(default = false)]
    is_admin: bool,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "products")]
struct Product {
    #[orm(primary_key)]
    id: Uuid,
    name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "orders", has_many(items: Item, via = order))]
struct Order {
    #[orm(primary_key)]
    id: i32,
    #[orm(length = 5)]
    code: String,
    status: Status,
    email: Option<Email>,
    total: Option<Decimal>,
    due: Option<NaiveDate>,
    sent_at: Option<DateTime<Utc>>,
    #[orm(default = vec![])]
    tags: Vec<String>,
    address: Option<Json<Address>>,
    extra: Option<Value>,
    #[orm(server_default = "'new'")]
    phase: String,
    #[orm(version)]
    revision: i32,
    #[orm(belongs_to(customer: Customer))]
    customer_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "items")]
struct Item {
    #[orm(primary_key)]
    id: i32,
    quantity: i32,
    #[orm(default = 1)]
    priority: i16,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
    #[orm(belongs_to(product: Product))]
    product_id: Uuid,
}

type Shop = (Customer, Product, Order, Item);

const TEA: &str = "00000000-0000-0000-0000-00000000007e";

async fn shop() -> Fixture {
    let shop = Fixture::new::<Shop>().await;
    shop.elsewhere(&format!(
        "INSERT INTO customers (id, name, is_admin) OVERRIDING SYSTEM VALUE VALUES (7, 'Ann', false);
         INSERT INTO products (id, name) VALUES ('{TEA}', 'tea');"
    ))
    .await;
    shop
}

fn order() -> JsonShape<Order> {
    let item = JsonShape::new().every_column().existing(Item::PRODUCT);
    let customer = JsonShape::new().allow(Customer::NAME);
    JsonShape::new()
        .every_column()
        .nested(Order::CUSTOMER, customer)
        .existing(Order::CUSTOMER)
        .nested(Order::ITEMS, item)
}

/// Everything that is wrong with a document, a line each. Nothing must have been added.
async fn problems<M: orm_core::model::Model>(
    db: &mut Session,
    shape: &JsonShape<M>,
    document: Value,
) -> Vec<String> {
    let error = db.add_json(shape, &document).await.unwrap_err();
    let Error::Validation(error) = error else {
        panic!("another error: {error}");
    };
    assert!(db.new_entities::<M>().is_empty(), "{error}");
    let rejections = error.rejections.iter();
    rejections
        .map(|rejection| format!("{}: {}", rejection.field, rejection.message))
        .collect()
}

#[tokio::test]
async fn a_document_is_a_graph_of_drafts_in_the_fewest_statements() {
    let shop = shop().await;
    let mut db = shop.session();
    let document = json!({
        "code": "a-1", "status": "open", "email": "ann@example.org", "total": 19.90, "due": "2024-05-06",
        "sent_at": "2024-05-06T09:08:09+02:00", "tags": ["x", "y"], "address": {"city": "Oslo"}, "extra": [1, null],
        "customer": {"name": "Cara"},
        "items": [{"quantity": 2, "product": TEA}, {"quantity": 1, "priority": 3, "product": {"id": TEA}}],
    });
    let order = db.add_json(&order(), &document).await.unwrap();
    assert_eq!(
        shop.sent(),
        [
            "BEGIN",
            "SELECT products.id, products.name FROM products WHERE products.id = $1"
        ]
    );
    assert_eq!(db.state(order), State::Pending);
    let customer = db.related(order, Order::CUSTOMER).unwrap();
    let items = db.related(order, Order::ITEMS).unwrap();
    assert_eq!(db.related(items[0], Item::ORDER).unwrap(), order);
    let tea = db.related(items[0], Item::PRODUCT).unwrap();
    assert_eq!(db[tea].name, "tea");
    assert_eq!(db.related(items[1], Item::PRODUCT).unwrap(), tea);

    db.commit().await.unwrap();
    let sent = shop.sent();
    assert_eq!(sent.len(), 4, "customers, orders, items, COMMIT: {sent:#?}");
    let row = &db[order];
    assert_eq!((row.code.as_str(), row.status), ("a-1", Status::Open));
    assert_eq!(row.email, Some(Email("ann@example.org".to_owned())));
    assert_eq!(row.total.unwrap().to_string(), "19.9");
    assert_eq!(
        row.sent_at.unwrap().to_rfc3339(),
        "2024-05-06T07:08:09+00:00"
    );
    assert_eq!(row.tags, ["x", "y"]);
    assert_eq!(row.address.as_ref().unwrap().city, "Oslo");
    assert_eq!(row.extra, Some(json!([1, null])));
    assert_eq!((row.phase.as_str(), row.revision), ("new", 1));
    assert_eq!(row.customer_id, db[customer].id);
    assert_eq!(
        shop.rows("SELECT quantity, priority, product_id FROM items ORDER BY id")
            .await,
        [format!("2|1|{TEA}"), format!("1|3|{TEA}")]
    );
}

#[tokio::test]
async fn all_mistakes_come_at_once_each_with_its_path() {
    let shop = shop().await;
    let mut db = shop.session();
    let document = json!({
        "code": "too long", "status": "opened", "email": "nobody", "total": "1,5", "due": "2024-02-30",
        "sent_at": "yesterday", "tags": ["x", 7], "address": {"town": "Oslo"},
        "customer": {"nam": "Cara", "is_admin": true},
        "items": [
            {"quantity": "2", "product": TEA},
            {"quantity": 3_000_000_000_i64, "product": "tea"},
            {"quantty": 1, "priority": 1.5, "order_id": 7},
            null,
        ],
        "id": 7, "revision": 9, "phase": "done", "customer_id": 7,
    });
    assert_eq!(
        problems(&mut db, &order(), document).await,
        [
            "address: cannot be taken: missing field `city`",
            "code: must have at most 5 characters",
            "customer.is_admin: is not a field that can be set here",
            "customer.nam: is not a field that can be set here; did you mean `name`?",
            "customer.name: is missing",
            "customer_id: is not a field that can be set here; did you mean `customer`?",
            "due: must be a date such as \"2024-05-06\"",
            "email: cannot be taken: there is no `@` in it",
            "id: is not a field that can be set here",
            "items[0].quantity: must be an integer, and is a string",
            "items[1].product: must be a UUID",
            "items[1].quantity: must be from -2147483648 to 2147483647",
            "items[2].order_id: is not a field that can be set here",
            "items[2].priority: must be an integer, and has a fraction",
            "items[2].quantty: is not a field that can be set here; did you mean `quantity`?",
            "items[2].quantity: is missing",
            "items[2].product: is missing",
            "items[3]: must be an object, and is null",
            "phase: is not a field that can be set here",
            "revision: is not a field that can be set here",
            "sent_at: must be a time with an offset such as \"2024-05-06T07:08:09Z\"",
            "status: must be one of open, done",
            "tags[1]: must be a string, and is a number",
            "total: must be a decimal number",
        ]
    );
    assert!(
        shop.sent().is_empty(),
        "nothing is looked up for a document that is wrong"
    );
    // The session goes on.
    let error = db.add_json(&order(), &json!([])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing was sent, because rows were rejected: `Order` must be an object, and is a list"
    );
    let wrong = json!({"code": "a", "status": "open", "customer": {"name": 7}});
    let error = db.add_json(&order(), &wrong).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("`Order.customer.name` must be a string, and is a number"),
        "{error}"
    );
}

#[tokio::test]
async fn null_is_taken_where_the_column_can_be_null() {
    let shop = shop().await;
    let mut db = shop.session();
    let document = json!({
        "code": null, "status": null, "email": null, "extra": null, "tags": [null], "customer": null, "items": null,
    });
    assert_eq!(
        problems(&mut db, &order(), document).await,
        [
            "code: must not be null",
            "customer: must not be null",
            "items: must be a list, and is null",
            "status: must not be null",
            "tags[0]: must not be null",
        ]
    );
    let document =
        json!({"code": "a", "status": "done", "email": null, "extra": null, "customer": 7});
    let order = db.add_json(&order(), &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!((&db[order].email, &db[order].extra), (&None, &None));
    assert_eq!(db[order].customer_id, 7);
}

#[tokio::test]
async fn rows_that_are_named_are_looked_up_by_one_statement_a_table() {
    let shop = shop().await;
    shop.elsewhere("INSERT INTO customers (id, name, is_admin) VALUES (8, 'Bob', false)")
        .await;
    let mut db = shop.session();
    let gone = Uuid::nil().to_string();
    let document = json!({
        "code": "a", "status": "open", "customer": {"id": 8},
        "items": [{"quantity": 1, "product": gone}, {"quantity": 1, "product": TEA}, {"quantity": 1, "product": {"id": gone}}],
    });
    assert_eq!(
        problems(&mut db, &order(), document.clone()).await,
        [
            "items[0].product: names a `Product` that isn't there",
            "items[2].product: names a `Product` that isn't there",
        ]
    );
    assert_eq!(shop.count(), 3, "BEGIN, customers, products");
    let mut right = document;
    right["items"] = json!([{"quantity": 1, "product": TEA}]);
    let order = db.add_json(&order(), &right).await.unwrap();
    assert_eq!(shop.count(), 0, "all are in the identity map");
    let bob = db.related(order, Order::CUSTOMER).unwrap();
    assert_eq!(db[bob].name, "Bob");
    // A row that is about to be deleted is not there.
    db.rollback().await.unwrap();
    let bob = db.get::<Customer>(8).await.unwrap().unwrap();
    db.delete(bob).unwrap();
    assert_eq!(
        problems(&mut db, &self::order(), right).await,
        ["customer: names a `Customer` that isn't there"]
    );
}

#[tokio::test]
async fn what_a_shape_does_not_allow_is_given_by_the_program() {
    let shop = shop().await;
    let mut db = shop.session();
    let item = JsonShape::new()
        .allow(Item::QUANTITY)
        .existing(Item::PRODUCT);
    let shape = JsonShape::new()
        .allow(Order::CODE)
        .nested(Order::ITEMS, item);
    let me = db.get::<Customer>(7).await.unwrap().unwrap();
    let document = json!({"code": "a", "items": [{"quantity": 2, "product": TEA}]});
    let order = db.add_json(&shape, &document).await.unwrap();
    db.set(order, Order::CUSTOMER, me);
    db.draft(order).unwrap().status = Some(Status::Open);
    db.commit().await.unwrap();
    assert_eq!(
        shop.rows("SELECT code, status, customer_id FROM orders")
            .await,
        ["a|open|7"]
    );
    assert_eq!(
        format!("{shape:?}"),
        "Order {code, items: Item {quantity, product: existing}}"
    );
    // `every_column` opens nothing that a client has no business with.
    assert_eq!(
        format!("{:?}", JsonShape::<Order>::new().every_column()),
        "Order {code, status, email, total, due, sent_at, tags, address, extra}"
    );
}

#[tokio::test]
async fn unknown_fields_can_be_passed_over() {
    let shop = shop().await;
    let mut db = shop.session();
    let shape = JsonShape::new().allow(Customer::NAME).ignore_unknown();
    let document = json!({"id": 1, "name": "Eve", "is_admin": true});
    let eve = db.add_json(&shape, &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        (db[eve].is_admin, db[eve].id == 1),
        (false, true),
        "the identity's own first"
    );
    // An identity key is open to a client where the program says so.
    let shape = shape.allow(Customer::ID);
    let fay = db
        .add_json(&shape, &json!({"id": 77, "name": "Fay"}))
        .await
        .unwrap();
    db.commit().await.unwrap();
    assert_eq!(db[fay].id, 77);
}

#[tokio::test]
async fn every_kind_of_relationship_and_any_depth() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue');
             INSERT INTO books (id, title) VALUES (1, 'One');",
        )
        .await;
    let mut db = library.session();
    let tag = JsonShape::new().every_column();
    let book = JsonShape::new()
        .every_column()
        .nested(Book::TAGS, tag)
        .existing(Book::TAGS)
        .nested(Book::CHAPTERS, JsonShape::new().every_column());
    let author = JsonShape::new()
        .every_column()
        .nested(Author::BIO, JsonShape::new().every_column())
        .nested(Author::BOOKS, book)
        .existing(Author::BOOKS);
    let document = json!({
        "name": "Ann",
        "bio": {"text": "tea"},
        "books": [
            1,
            {"title": "Two", "chapters": [{"title": "2.1"}], "tags": [2, {"word": "green"}, {"id": 1}]},
        ],
    });
    let ann = db.add_json(&author, &document).await.unwrap();
    assert_eq!(library.sent().len(), 2, "the book, and both tags");
    let books = db.related(ann, Author::BOOKS).unwrap();
    assert_eq!(db[books[0]].title, "One");
    assert_eq!(db.related(books[1], Book::TAGS).unwrap().len(), 3);
    assert!(db.related(ann, Author::BIO).unwrap().is_some());
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT b.title, b.author_id, t.word FROM books b LEFT JOIN book_tags bt ON bt.book_id = b.id \
                      LEFT JOIN tags t ON t.id = bt.tag_id ORDER BY b.id, t.id").await,
        "One|101|null; Two|101|red; Two|101|blue; Two|101|green"
    );
    assert_eq!(
        library.rows("SELECT text, author_id FROM bios").await,
        "tea|101"
    );
    assert_eq!(library.rows("SELECT title FROM chapters").await, "2.1");

    let tree = JsonShape::new().every_column().recursive(Node::CHILDREN);
    let document = json!({"name": "root", "children": [{"name": "a", "children": [{"name": "b", "children": []}]}]});
    let root = db.add_json(&tree, &document).await.unwrap();
    db.commit().await.unwrap();
    let a = db.related(root, Node::CHILDREN).unwrap()[0];
    let b = db.related(a, Node::CHILDREN).unwrap()[0];
    assert_eq!(db[b].parent_id, Some(db[a].id));
    let wrong = json!({"name": "root", "children": [{"name": "a", "children": [{"name": 1}]}]});
    assert_eq!(
        problems(&mut db, &tree, wrong).await,
        ["children[0].children[0].name: must be a string, and is a number"]
    );
}

#[tokio::test]
async fn keys_of_several_columns_and_places_that_set_them() {
    let library = Library::new().await;
    library.fill("INSERT INTO shelves VALUES ('a', 1)").await;
    let mut db = library.session();
    let label = JsonShape::new()
        .existing(ShelfLabel::SHELF)
        .nested(ShelfLabel::LABEL, JsonShape::new().every_column());
    let document = json!({"shelf": {"room": "a", "number": 1}, "label": {"word": "old"}});
    db.add_json(&label, &document).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(library.rows("SELECT * FROM shelf_labels").await, "a|1|101");
    let wrong = json!({"shelf": {"room": "a", "nr": 1}, "label": {"word": "old"}});
    assert_eq!(
        problems(&mut db, &label, wrong).await,
        [
            "shelf.number: is missing",
            "shelf.nr: is not part of the key of `Shelf`"
        ]
    );
    let wrong = json!({"shelf": "a", "label": {"word": "old"}});
    assert_eq!(
        problems(&mut db, &label, wrong).await,
        ["shelf: must be an object with `room` and `number`, and is a string"]
    );

    // A foreign key that is allowed as a column, too, is said once.
    let chapter = JsonShape::new()
        .allow(Chapter::TITLE)
        .allow(Chapter::BOOK_ID);
    let shape = JsonShape::new()
        .allow(Book::TITLE)
        .nested(Book::CHAPTERS, chapter);
    let wrong = json!({"title": "One", "chapters": [{"title": "a", "book_id": 7}]});
    assert_eq!(
        problems(&mut db, &shape, wrong).await,
        ["chapters[0].book_id: is set by its place already"]
    );
    let bio = JsonShape::new()
        .allow(Bio::TEXT)
        .allow(Bio::AUTHOR_ID)
        .nested(Bio::AUTHOR, JsonShape::new().every_column());
    let wrong = json!({"text": "x", "author": {"name": "Ann"}, "author_id": 7});
    assert_eq!(
        problems(&mut db, &bio, wrong).await,
        ["author_id: is set by `author` already"]
    );
    let none = db
        .add_json(&bio, &json!({"text": "x", "author": null}))
        .await
        .unwrap();
    db.commit().await.unwrap();
    assert_eq!(db[none].author_id, None);
    let _: JsonShape<Shelf> = JsonShape::default();
    let _: JsonShape<Tag> = JsonShape::new().clone();
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "slots")]
struct Slot {
    #[orm(primary_key)]
    id: i32,
    length: orm_core::types::Interval,
    #[orm(computed = "1 + 1")]
    two: i32,
}

#[test]
fn a_shape_that_cannot_work_is_refused_where_it_is_made() {
    let _ = Slot::query();
    assert_eq!(
        panic_text(|| drop(JsonShape::new().allow(Slot::LENGTH))),
        "`Slot.length` is of type `interval`, which has no form in JSON"
    );
    assert_eq!(
        panic_text(|| drop(JsonShape::new().allow(Slot::TWO))),
        "`Slot.two` is computed by the server, so no document can set it"
    );
    assert_eq!(
        format!("{:?}", JsonShape::<Slot>::new().every_column()),
        "Slot {}"
    );
}
