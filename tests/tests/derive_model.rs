//! What the derives make, without a database: descriptions, drafts, builders, encoding and comparing.
#![deny(missing_docs)]

use chrono::{DateTime, Utc};
use orm_core::model::{
    Aliased, ColumnSet, Draft, Insertable, Itself, LinksTo, Many, ManyThrough, Model, OnDelete,
    OnUpdate, One, OneChild, OptionalOne, Relation, RelationKind, Source,
};
use orm_core::types::{DbEnum as _, SqlType};
use orm_core::{Changes, DbEnum, FromRow, Model};
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use uuid::Uuid;

/// A category.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "categories", has_many(products: Product, via = category))]
pub struct Category {
    /// The key.
    #[orm(primary_key)]
    pub id: i32,
    /// The name.
    #[orm(length = 100)]
    pub name: String,
    /// More.
    pub description: Option<String>,
}

/// A product.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "products",
    schema = "shop",
    unique(name, category_id),
    index(name, price),
    check("price > 0")
)]
#[orm(many_to_many(tags: Tag, through = ProductTag))]
pub struct Product {
    /// The key.
    #[orm(primary_key)]
    pub id: i32,
    /// The name.
    #[orm(length = 200, index)]
    pub name: String,
    /// The price.
    #[orm(precision = 10, scale = 2)]
    pub price: Decimal,
    /// The stock.
    #[orm(default = 0)]
    pub stock_quantity: i32,
    /// The key of the category.
    #[orm(belongs_to(category: Category, on_delete = "set null"))]
    pub category_id: Option<i32>,
    /// When.
    #[orm(server_default = "now()", on_update = Utc::now())]
    pub created_at: DateTime<Utc>,
    /// Not in the table.
    #[orm(skip)]
    pub note: String,
}

/// A tag.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(many_to_many(products: Product, through = ProductTag))]
pub struct Tag {
    /// The key.
    #[orm(primary_key, column = "tag_id")]
    pub id: i64,
    /// The word.
    #[orm(unique, sql_type = "citext")]
    pub word: String,
}

/// A link.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct ProductTag {
    /// One side.
    #[orm(primary_key, belongs_to(product: Product, on_delete = "cascade"))]
    pub product_id: i32,
    /// The other.
    #[orm(primary_key, belongs_to(tag: Tag))]
    pub tag_id: i64,
}

/// An employee.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(reports: Employee, via = manager, cascade(delete, delete_orphan), passive_deletes))]
pub struct Employee {
    /// The key.
    #[orm(primary_key)]
    pub id: i32,
    /// The boss.
    #[orm(belongs_to(manager: Self, deferred))]
    pub manager_id: Option<i32>,
}

/// The state of an order.
#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(schema = "shop")]
pub enum OrderStatus {
    /// New.
    Pending,
    /// Under way.
    InProgress,
    /// Sent.
    #[orm(rename = "sent out")]
    Shipped,
}

/// An order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "orders", has_many(lines: OrderLine, via = order), has_one(invoice: Invoice, via = order))]
pub struct Order {
    /// The key.
    #[orm(primary_key, default = Uuid::new_v4())]
    pub id: Uuid,
    /// The state.
    #[orm(default = OrderStatus::Pending)]
    pub status: OrderStatus,
    /// Words.
    #[orm(default)]
    pub tags: Vec<String>,
    /// A note.
    #[orm(default = "none")]
    pub note: Option<String>,
    /// For locking.
    #[orm(version)]
    pub version: i32,
    /// Who ordered.
    #[orm(belongs_to(buyer: Employee))]
    pub buyer_id: i32,
    /// Who sold.
    #[orm(belongs_to(seller: Employee))]
    pub seller_id: i32,
}

/// A line of an order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(has_many(notes: LineNote, via = line))]
pub struct OrderLine {
    /// Which order.
    #[orm(primary_key, belongs_to(order: Order))]
    pub order_id: Uuid,
    /// Which line.
    #[orm(primary_key)]
    pub line_no: i16,
    /// How much it is.
    #[orm(computed = "quantity * unit_price")]
    pub total: Decimal,
}

/// A note on a line.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(belongs_to(line: OrderLine, columns(order_id, line_no), on_delete = "cascade"))]
pub struct LineNote {
    /// The key.
    #[orm(primary_key, no_identity)]
    pub id: i32,
    /// Which order.
    pub order_id: Uuid,
    /// Which line.
    pub line_no: i16,
}

/// An invoice.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Invoice {
    /// The key, which is the order's.
    #[orm(primary_key, belongs_to(order: Order))]
    pub order_id: Uuid,
    /// For whom, by the word of a tag.
    #[orm(belongs_to(label: Tag, references(word)))]
    pub tag_word: Option<String>,
}

fn product() -> Product {
    Product {
        id: 7,
        name: "Air".to_owned(),
        price: dec!(999.99),
        stock_quantity: 3,
        category_id: None,
        created_at: DateTime::UNIX_EPOCH,
        note: "mine".to_owned(),
    }
}

#[test]
fn the_table_is_described() {
    let table = Product::TABLE;
    assert_eq!(
        (table.model, table.schema, table.name),
        ("Product", Some("shop"), "products")
    );
    assert_eq!(table.primary_key, [0]);
    assert_eq!(table.uniques, [[1, 4]]);
    assert_eq!(
        table
            .indexes
            .iter()
            .map(|index| index.columns)
            .collect::<Vec<_>>(),
        [&[1][..], &[1, 2]]
    );
    assert_eq!(table.checks[0].sql, "price > 0");
    let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    assert_eq!(
        names,
        [
            "id",
            "name",
            "price",
            "stock_quantity",
            "category_id",
            "created_at"
        ]
    );
    let declared: Vec<_> = table.columns.iter().map(|column| column.declared).collect();
    assert_eq!(
        declared,
        [
            None,
            Some("varchar(200)"),
            Some("numeric(10, 2)"),
            None,
            None,
            None
        ]
    );
    assert!(table.columns[0].identity && !table.columns[3].identity);
    assert!(table.columns[4].nullable && !table.columns[1].nullable);
    assert_eq!(table.columns[5].server_default, Some("now()"));
    assert_eq!(table.columns[5].on_update, OnUpdate::Client);
    assert_eq!(Order::TABLE.version, Some(4));
    assert_eq!(
        OrderLine::TABLE.columns[2].computed,
        Some("quantity * unit_price")
    );
    assert_eq!(Tag::TABLE.name, "tag");
    assert_eq!(
        (Tag::TABLE.columns[0].field, Tag::TABLE.columns[0].name),
        ("id", "tag_id")
    );
    assert!(Tag::TABLE.columns[1].unique);
    assert!(!ProductTag::TABLE.columns[0].identity && !LineNote::TABLE.columns[0].identity);
}

#[test]
fn constants_are_typed() {
    let _: orm_core::expr::Column<Product, Option<i32>> = Product::CATEGORY_ID;
    let _: Relation<Product, Category, OptionalOne> = Product::CATEGORY;
    let _: Relation<Category, Product, Many> = Category::PRODUCTS;
    let _: Relation<Product, Tag, ManyThrough> = Product::TAGS;
    let _: Relation<ProductTag, Product, One> = ProductTag::PRODUCT;
    let _: Relation<Employee, Itself<Employee>, OptionalOne> = Employee::MANAGER;
    let _: Relation<Employee, Itself<Employee>, Many> = Employee::REPORTS;
    let _: Relation<Order, Invoice, OneChild> = Order::INVOICE;
    let _: Relation<LineNote, OrderLine, One> = LineNote::LINE;
    assert_eq!(Product::PRICE.position(), 2);
    let _ = (Product::ALL, Product::query());
    assert_eq!(Product::column("price").unwrap().info().name, "price");
    assert!(Product::column("prise").is_err());
}

#[test]
fn aliases_have_the_same_constants() {
    type Boss = Aliased<Employee, 1>;
    let _: orm_core::expr::Column<Boss, i32> = Boss::ID;
    let _: Relation<Boss, Itself<Employee>, OptionalOne> = Boss::MANAGER;
    let _ = Boss::ALL;
    assert_eq!(Boss::ALIAS, Some(1));
    assert_eq!(Employee::ALIAS, None);
}

#[test]
fn relationships_are_described() {
    let category = Product::CATEGORY.info();
    assert_eq!((category.name, category.index), ("CATEGORY", 0));
    assert!(std::ptr::eq(category.from, Product::TABLE));
    assert!(std::ptr::eq(category.to, Category::TABLE));
    let key = category.foreign_key().unwrap();
    assert_eq!(
        (key.columns, key.references, key.on_delete, key.deferred),
        (&[4][..], None, OnDelete::SetNull, false)
    );
    let products = Category::PRODUCTS.info();
    assert!(std::ptr::eq(products.to, Product::TABLE));
    assert!(matches!(products.kind, RelationKind::HasMany { via } if std::ptr::eq(via, category)));
    assert_eq!(category.inverses().count(), 1);

    let RelationKind::ManyToMany { near, far } = Product::TAGS.info().kind else {
        panic!()
    };
    assert!(
        std::ptr::eq(near, ProductTag::PRODUCT.info()) && std::ptr::eq(far, ProductTag::TAG.info())
    );
    assert!(std::ptr::eq(Product::TAGS.info().to, Tag::TABLE));
    assert!(std::ptr::eq(<ProductTag as LinksTo<Tag>>::LINK, far));

    let reports = Employee::REPORTS.info();
    assert!(
        reports.cascade.delete && reports.cascade.delete_orphan && reports.cascade.passive_deletes
    );
    assert!(std::ptr::eq(reports.to, Employee::TABLE));
    assert!(Employee::MANAGER.info().foreign_key().unwrap().deferred);

    assert_eq!(LineNote::LINE.info().columns(), (&[1, 2][..], &[0, 1][..]));
    assert_eq!(
        Invoice::LABEL.info().foreign_key().unwrap().references,
        Some(&[1][..])
    );
    for (at, relation) in Order::TABLE.relations.iter().enumerate() {
        assert_eq!(usize::from(relation.index), at);
    }
}

#[test]
fn a_row_is_encoded_and_written_by_column() {
    let row = product();
    let mut out = bytes(|out| assert!(row.encode(0, out)));
    assert_eq!(out, 7_i32.to_be_bytes());
    out = bytes(|out| assert!(!row.encode(4, out)));
    assert!(out.is_empty());
    let mut other = row.clone();
    let raw = orm_core::types::Raw::new(Some(b"Mini"), 25, "text");
    other.write(1, raw).unwrap();
    assert_eq!(other.name, "Mini");
    assert!(other.write(99, raw).is_err());
}

fn bytes(write: impl FnOnce(&mut orm_core::__private::BytesMut)) -> Vec<u8> {
    let mut out = orm_core::__private::BytesMut::new();
    write(&mut out);
    out.to_vec()
}

#[test]
fn a_diff_is_a_set_of_columns() {
    let before = product();
    let now = Product {
        name: "Mini".to_owned(),
        note: "other".to_owned(),
        ..before.clone()
    };
    assert_eq!(now.diff(&before), ColumnSet::EMPTY.with(1));
}

#[test]
fn on_update_makes_a_value_each_time() {
    let shown = || -> Vec<_> {
        let values = Product::on_update();
        values
            .iter()
            .map(|(at, value)| (*at, value.show()))
            .collect()
    };
    let first = shown();
    assert_eq!(first.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [5]);
    assert!(Category::on_update().is_empty());
}

#[test]
fn keys_have_one_part_or_several() {
    assert_eq!(product().key(), 7);
    let line = OrderLine {
        order_id: Uuid::nil(),
        line_no: 2,
        total: dec!(1),
    };
    assert_eq!(line.key(), (Uuid::nil(), 2));
    assert_eq!(
        bytes(|out| assert!(OrderLine::encode_key(&line.key(), 1, out))),
        [0, 2]
    );
    assert!(!OrderLine::encode_key(
        &line.key(),
        2,
        &mut Default::default()
    ));
}

#[test]
fn a_builder_makes_a_draft() {
    let new = Product::create().name("Air").price(dec!(1)).into_new();
    assert_eq!(new.draft.given(), [1, 2, 3].into_iter().collect());
    assert_eq!(new.draft.stock_quantity, Some(0));
    assert_eq!(
        format!("{:?}", new.draft),
        r#"ProductDraft { name: "Air", price: 1, stock_quantity: 0 }"#
    );
    assert!(new.links.is_empty());
    assert_eq!(new.draft.clone().finish(), Err(0));

    let mut draft = new.draft;
    draft.id = Some(1);
    draft.created_at = Some(DateTime::UNIX_EPOCH);
    let row = draft.finish().unwrap();
    assert_eq!((row.id, row.category_id, row.note.as_str()), (1, None, ""));
}

#[test]
fn defaults_are_applied_where_nothing_is_given() {
    let draft = Order::create().buyer_id(1).seller_id(2).into_new().draft;
    assert!(draft.id.is_some());
    assert_eq!(draft.status, Some(OrderStatus::Pending));
    assert_eq!(draft.tags, Some(vec![]));
    assert_eq!(draft.note, Some(Some("none".to_owned())));
    assert_eq!(draft.version, Some(1));
    let given = Order::create()
        .buyer_id(1)
        .seller_id(2)
        .note(None)
        .status(OrderStatus::Shipped)
        .tags(["a"]);
    let draft = given.into_new().draft;
    assert_eq!(
        (draft.note, draft.status),
        (Some(None), Some(OrderStatus::Shipped))
    );
}

#[test]
fn a_row_becomes_a_draft_with_all_values() {
    let row = product();
    let draft = row.clone().into_new().draft;
    assert_eq!(draft.given().len(), 6);
    assert_eq!(draft.finish(), Ok(row));
}

#[test]
fn enums_have_labels() {
    assert_eq!(
        (OrderStatus::NAME, OrderStatus::LABELS),
        ("order_status", &["pending", "in_progress", "sent out"][..])
    );
    assert_eq!(OrderStatus::TYPE.schema, Some("shop"));
    assert_eq!(
        OrderStatus::from_label("in_progress"),
        Some(OrderStatus::InProgress)
    );
    assert_eq!(OrderStatus::from_label("other"), None);
    assert_eq!(OrderStatus::Shipped.label(), "sent out");
}

/// Three columns of a report.
#[derive(FromRow, Debug)]
pub struct Report {
    /// The name.
    pub name: String,
    /// The total.
    #[orm(column = "sum")]
    pub total: Option<i64>,
    /// Not read.
    #[orm(skip)]
    pub shown: bool,
}

#[test]
fn rows_are_read_by_the_names_of_their_columns() {
    use orm_core::model::{ColumnNames, FromRow as _};
    let found = Report::positions(&ColumnNames::new(&["sum", "id", "name"]));
    assert_eq!(found.unwrap(), [2, 0]);
    let error = Report::positions(&ColumnNames::new(&["name", "total"])).unwrap_err();
    assert!(
        error.to_string().contains("`Report` wants a column `sum`"),
        "{error}"
    );
    let found = Tag::positions(&ColumnNames::new(&["word", "tag_id"]));
    assert_eq!(found.unwrap(), [1, 0]);
}

/// What a request may change.
#[derive(Changes)]
#[orm(model = Product)]
pub struct ProductPatch {
    /// The name.
    pub name: Option<String>,
    /// The stock.
    #[orm(field = stock_quantity)]
    pub stock: Option<i32>,
    /// The category, or none.
    pub category_id: Option<Option<i32>>,
    /// No change.
    #[orm(skip)]
    pub reason: String,
}

#[test]
fn changes_write_what_is_present() {
    use orm_core::model::Changes as _;
    let mut row = Product {
        category_id: Some(1),
        ..product()
    };
    let patch = ProductPatch {
        name: None,
        stock: Some(9),
        category_id: Some(None),
        reason: "sold out".to_owned(),
    };
    patch.apply(&mut row);
    assert_eq!(
        row,
        Product {
            stock_quantity: 9,
            category_id: None,
            ..product()
        }
    );
}

#[test]
fn an_optional_column_takes_a_value_an_option_and_none() {
    assert_eq!(
        Category::create()
            .name("a")
            .description("d")
            .into_new()
            .draft
            .description,
        Some(Some("d".to_owned()))
    );
    let absent: Option<String> = None;
    for new in [
        Category::create().name("a").description(absent).into_new(),
        Category::create().name("a").description(None).into_new(),
    ] {
        assert_eq!(new.draft.description, Some(None));
    }
}
