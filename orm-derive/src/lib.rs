//! The derives of orm-core. Use them through `orm_core`, which re-exports them; this crate is of no use by itself.
//!
//! Each derive is a small compiler: `parse` reads what the user wrote into a description, `check` finds what is wrong with
//! it, all mistakes at once, and `expand` writes the code, one file for each generated thing. After a mistake `fallback`
//! writes what keeps the compiler from reporting the mistake's consequences as well.
//!
//! | file | what it does |
//! | --- | --- |
//! | `parse`, `parse/` | from attributes and fields to a description |
//! | `check`, `check/` | the rules, each in prose above its function |
//! | `expand`, `expand/` | from the description to code, with the code that each file makes in a comment at its head |
//! | `fallback` | what is written after a mistake |
//! | `ctxt` | gathers the mistakes |
//! | `partial` | a struct that is being typed, without what is no field yet |
//! | `names` | cases of names, and the nearest name to a mistyped one |
//! | `snapshots` | tests: the code that each derive makes, as files |

mod check;
mod ctxt;
mod expand;
mod fallback;
mod names;
mod parse;
mod partial;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;
use syn::DeriveInput;

use ctxt::Ctxt;

/// Makes a struct the row of a table. SQLAlchemy: a class of `DeclarativeBase`, with `mapped_column` and `relationship`.
///
/// ```
/// use orm_core::prelude::*;
/// use rust_decimal::Decimal;
///
/// #[derive(Model, Debug, Clone, PartialEq)]
/// #[orm(table = "products", unique(name, category_id), has_many(reviews: Review, via = product))]
/// pub struct Product {
///     #[orm(primary_key)]
///     pub id: i32,
///     #[orm(length = 200)]
///     pub name: String,
///     #[orm(precision = 10, scale = 2)]
///     pub price: Decimal,
///     #[orm(default = 0)]
///     pub stock_quantity: i32,
///     #[orm(belongs_to(category: Category))]
///     pub category_id: Option<i32>,
/// }
/// # #[derive(Model, Debug, Clone)]
/// # pub struct Category {
/// #     #[orm(primary_key)]
/// #     pub id: i32,
/// # }
/// # #[derive(Model, Debug, Clone)]
/// # pub struct Review {
/// #     #[orm(primary_key)]
/// #     pub id: i32,
/// #     #[orm(belongs_to(product: Product))]
/// #     pub product_id: i32,
/// # }
///
/// let air = Product::create().name("Air").price(Decimal::new(99999, 2));
/// let dear = Product::query().filter(Product::PRICE.gt(Decimal::from(500))).order_by(Product::NAME);
/// # let _ = (air, dear);
/// ```
///
/// A mistake in an attribute is an error at the word that is wrong; those of a struct are reported all at once.
///
/// # What it makes
/// - a constant for each column (`Product::NAME`) and each relationship (`Product::CATEGORY`), and `Product::ALL` for the
///   whole row;
/// - `Product::query()`, `Product::create()`, and `Product::column("name")` for names that come from a request;
/// - `ProductCreate`, the builder behind `create()`. What has no default and cannot be NULL is required, and `add` does
///   not compile without it. Relationships are set by their names, to handles or to what is new itself:
///   `.category(handle)`, `.category(Category::create().name("Tea"))`, `.reviews([Review::create()])`;
/// - `ProductDraft`, a product that is being put together;
/// - `ProductAs<N>`, for `type Other = Aliased<Product, 1>`;
/// - the implementations of `Model`, `Insertable` and `FromRow`.
///
/// A column's constant, its method of the builder and its field of the draft are as visible as its field; everything else
/// is as visible as the struct. The struct has to be `Clone`.
///
/// # On the struct
/// | attribute | what it says |
/// | --- | --- |
/// | `table = "products"` | the table's name; without it, the struct's name in snake_case: `OrderItem` is `order_item` |
/// | `schema = "shop"` | the schema; without it, the search path decides |
/// | `has_many(orders: Order, via = user)` | one-to-many; `via` names the `belongs_to` of `Order` that leads back here |
/// | `has_one(profile: Profile, via = user)` | one-to-one, with the foreign key on the other side |
/// | `.. cascade(delete, delete_orphan)` | in `has_many` and `has_one`: children go with their parent; a child taken out of its parent goes |
/// | `.. passive_deletes` | in `has_many` and `has_one`: children that the session doesn't have are left to the database's ON DELETE |
/// | `many_to_many(tags: Tag, through = PostTag)` | many-to-many; `PostTag` has a `belongs_to` for each side |
/// | `.. via = (near, far)` | in `many_to_many`: which `belongs_to` leads back here, and which to the other side, where several do |
/// | `many_to_many(tags: Tag, table = "post_tags")` | many-to-many through a link table without a struct, which `create_all` makes |
/// | `.. near = post_id, far = tag_id` | with `table`: its columns, `near(a, b)` for a key of several; without them the models' names with `_id` |
/// | `.. schema = "shop"`, `.. on_delete = "cascade"` | with `table`: its schema; what the database does with links of deleted rows (the session deletes them itself) |
/// | `many_to_many(posts: Post, via = tags)` | the other side of a `many_to_many` of `Post` |
/// | `.. order_by = position`, `.. order_by(position, desc(created_at))` | in `has_many` and `many_to_many`: the order in which members are loaded, unless a load asks for another |
/// | `.. read_only` | in `has_many`, `has_one` and `many_to_many`: loaded and queried, never written |
/// | `.. filter = recent, read_only` | only the rows that meet the condition that `fn recent() -> Filter<Order>` gives |
/// | `belongs_to(line: OrderLine, columns(order_id, line_no))` | many-to-one by a key of several columns |
/// | `unique(a, b)`, `index(a, b)` | over several columns, named by their fields; may stand several times |
/// | `unique_deferred(a, b)` | unique, and checked at COMMIT, so that rows may exchange any values on the way there; no target of `ON CONFLICT` or of a foreign key |
/// | `check("price > 0")` | a CHECK constraint; may stand several times |
/// | `crate = "path::to::orm_core"` | where orm-core is, if not at `::orm_core` |
///
/// # On a field
/// | attribute | what it says |
/// | --- | --- |
/// | `primary_key` | part of the primary key |
/// | `identity`, `no_identity` | whether the server generates the value. It does for an integer (`i16`, `i32`, `i64`) that is the whole primary key, has no default and is no foreign key |
/// | `column = "name"` | the column's name; without it, the field's |
/// | `length = 100`, `fixed_length = 2` | `varchar(100)`, `char(2)` |
/// | `precision = 10, scale = 2` | `numeric(10, 2)` |
/// | `sql_type = "citext"` | the type in CREATE TABLE, where it isn't that of the Rust type |
/// | `unique`, `index` | of this column alone |
/// | `default`, `default = ..` | what the application gives where nothing is given: the type's `Default`, or an expression |
/// | `server_default = "now()"` | DEFAULT of the column, as SQL |
/// | `computed = "price * quantity"` | GENERATED ALWAYS AS (..) STORED, as SQL |
/// | `on_update = ..` | an expression that gives the value whenever the row is updated without it |
/// | `server_on_update` | a trigger gives it a new value on UPDATE, which is read back |
/// | `version` | optimistic locking: an UPDATE asks for the old value and gives another. An `i32` or `i64`, counted from 1; a `Uuid`; a `DateTime<Utc>` |
/// | `belongs_to(category: Category)` | the foreign key of a many-to-one, and the relationship |
/// | `.. references(code)` | in `belongs_to`: the column there, where it isn't the primary key |
/// | `.. on_delete = "cascade"` | in `belongs_to`: `cascade`, `restrict`, `set null`, `set default` or `no action` |
/// | `.. deferred` | in `belongs_to`: the constraint is checked at COMMIT |
/// | `skip` | no column; the type has a `Default`, which rows that are read get |
///
/// # Link tables, order, and conditions
/// ```
/// use orm_core::prelude::*;
///
/// #[derive(Model, Debug, Clone)]
/// #[orm(
///     table = "posts",
///     many_to_many(tags: Tag, table = "post_tags", order_by = word),
///     has_many(comments: Comment, via = post, order_by(desc(pinned), id)),
///     has_many(open_comments: Comment, via = post, filter = open, read_only),
/// )]
/// pub struct Post {
///     #[orm(primary_key)]
///     pub id: i32,
/// }
///
/// #[derive(Model, Debug, Clone)]
/// #[orm(table = "tags", many_to_many(posts: Post, via = tags))]
/// pub struct Tag {
///     #[orm(primary_key)]
///     pub id: i32,
///     pub word: String,
/// }
///
/// #[derive(Model, Debug, Clone)]
/// #[orm(table = "comments")]
/// pub struct Comment {
///     #[orm(primary_key)]
///     pub id: i32,
///     pub pinned: bool,
///     pub closed: bool,
///     #[orm(belongs_to(post: Post))]
///     pub post_id: i32,
/// }
///
/// fn open() -> Filter<Comment> {
///     (!Comment::CLOSED).for_model()
/// }
///
/// let sql = orm_core::schema::Registry::of::<(Post, Tag, Comment)>().sql();
/// assert!(sql.contains("CREATE TABLE post_tags"));
/// let q = Post::query().filter(Post::OPEN_COMMENTS.exists());
/// assert_eq!(
///     q.to_sql(),
///     "SELECT posts.id FROM posts WHERE EXISTS \
///      (SELECT 1 FROM comments WHERE comments.post_id = posts.id AND NOT comments.closed)"
/// );
/// ```
///
/// A new member of an ordered collection is its last until it is loaded again. A read-only relationship shows what the
/// database had when it was loaded: what was pushed, set or deleted since shows after the next load.
///
/// A column can be NULL when its type is `Option`. The derive sees words and not types: for a type alias of an `Option`
/// the table is right, but `create()` asks for a value.
#[proc_macro_derive(Model, attributes(orm))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    derive(input, model)
}

/// Makes an enum a native PostgreSQL enum: each variant is a label, in their order. SQLAlchemy: `Enum(OrderStatus)`.
///
/// ```
/// use orm_core::DbEnum;
/// use orm_core::types::DbEnum as _;
///
/// #[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
/// #[orm(name = "order_status", rename_all = "snake_case")]
/// pub enum OrderStatus {
///     Pending,
///     #[orm(rename = "under way")]
///     InProgress,
/// }
///
/// assert_eq!(OrderStatus::LABELS, ["pending", "under way"]);
/// ```
///
/// The enum has to be `Debug`, `Copy` and `Eq`; with `Hash` and `Ord` it can be part of a primary key.
///
/// | attribute | what it says |
/// | --- | --- |
/// | `name = "order_status"` | the type's name; without it, the enum's name in snake_case |
/// | `schema = "shop"` | the schema; without it, the search path decides |
/// | `rename_all = "snake_case"` | how variants become labels: `snake_case` (also without it), `lowercase`, `UPPERCASE`, `SCREAMING_SNAKE_CASE`, `PascalCase`, `camelCase`, `kebab-case` |
/// | `crate = "path::to::orm_core"` | where orm-core is, if not at `::orm_core` |
/// | `rename = "under way"`, on a variant | its label |
#[proc_macro_derive(DbEnum, attributes(orm))]
pub fn derive_db_enum(input: TokenStream) -> TokenStream {
    derive(input, db_enum)
}

/// Makes a struct something that rows are read into: those of hand-written SQL by the names of their columns, those of a query
/// in the order of a select list, `query.select(Report::of((..)))`, which is checked against the fields' types. SQLAlchemy: the
/// names of a `Row`, or a `Bundle`.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::engine::sql;
/// use rust_decimal::Decimal;
///
/// # #[derive(Model, Clone)]
/// # struct Shop { #[orm(primary_key)] id: i32, name: String }
/// #[derive(FromRow)]
/// struct Place {
///     city: String,
///     country: String,
/// }
///
/// #[derive(FromRow)]
/// struct Report {
///     name: String,
///     #[orm(column = "sum")]
///     total: Option<Decimal>,
///     #[orm(nested, prefix = "at_")]
///     place: Option<Place>,
///     #[orm(skip)]
///     shown: bool,
/// }
///
/// # async fn run(db: &mut Session) -> orm_core::Result<()> {
/// let reports: Vec<Report> = sql("SELECT name, sum, city AS at_city, country AS at_country FROM ..").all(db).await?;
/// # Ok(())
/// # }
/// ```
///
/// | attribute of a field | what it says |
/// | --- | --- |
/// | `column = "sum"` | the column's name; without it, the field's |
/// | `nested` | a struct like this one, or a model, that the next columns are read into; an `Option` of one is `None` where all of them are NULL |
/// | `nested, prefix = "at_"` | what stands before the names of its columns |
/// | `from = Category::NAME` | the column that `Report::LIST` selects for it |
/// | `skip` | not read: the field gets its type's `Default` |
///
/// | attribute of the struct | what it says |
/// | --- | --- |
/// | `from = Product` | the model whose columns of the same names `Report::LIST` selects: see `orm_core::query::List` |
/// | `crate = "path::to::orm_core"` | where orm-core is, if not at `::orm_core` |
#[proc_macro_derive(FromRow, attributes(orm))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    derive(input, from_row)
}

/// Makes a struct the columns of a derived table or a CTE: a constant for each field, and `ALL` for the whole struct.
/// SQLAlchemy: the `.c` of `subquery()` and `cte()`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, user_id: i32, total: i32 }
///
/// #[derive(Rowset)]
/// struct Spent {
///     user_id: i32,
///     total: Option<i64>,
/// }
///
/// let spent = Order::query().group_by(Order::USER_ID).select((Order::USER_ID, sum(Order::TOTAL)));
/// let q = spent.as_cte::<Spent>().query().filter(Spent::TOTAL.gt(100)).select(Spent::USER_ID);
/// assert!(q.to_sql().ends_with("SELECT spent.user_id FROM spent WHERE spent.total > $1"));
/// ```
///
/// The table is called as the struct is, in snake case. `orm_core::query::Rowset` says how to use it. The struct is read from rows
/// as by `#[derive(FromRow)]`, which this derive includes. It also makes `SpentAs<N>`, for `AliasedRows<Spent, 1>`.
///
/// | attribute of a field | what it says |
/// | --- | --- |
/// | `column = "sum"` | the column's name; without it, the field's |
/// | `skip` | no column: the field gets its type's `Default` |
///
/// On the struct, `crate = "path::to::orm_core"` says where orm-core is, if not at `::orm_core`.
#[proc_macro_derive(Rowset, attributes(orm))]
pub fn derive_rowset(input: TokenStream) -> TokenStream {
    derive(input, rowset)
}

/// Makes a struct of `Option`s a set of changes to a model: the whitelist of a PATCH, for `db.apply(handle, patch)`.
/// SQLAlchemy: `for name, value in patch.items(): setattr(product, name, value)`.
///
/// ```
/// use orm_core::prelude::*;
///
/// # #[derive(Model, Debug, Clone)]
/// # struct Product {
/// #     #[orm(primary_key)]
/// #     id: i32,
/// #     name: String,
/// #     description: Option<String>,
/// # }
/// #[derive(Changes, serde::Deserialize)]
/// #[orm(model = Product)]
/// struct ProductPatch {
///     name: Option<String>,                  // absent, or a new value
///     description: Option<Option<String>>,   // a column that can be NULL: absent, NULL, or a new value
/// }
///
/// async fn update(db: &mut Session, product: Handle<Product>, patch: ProductPatch) -> orm_core::Result<()> {
///     db.apply(product, patch); // sends nothing
///     db.commit().await // UPDATE products SET .. of what is present and differs
/// }
/// ```
///
/// | attribute | what it says |
/// | --- | --- |
/// | `model = Product` | the model |
/// | `crate = "path::to::orm_core"` | where orm-core is, if not at `::orm_core` |
/// | `field = stock`, on a field | the model's field; without it, the field of the same name |
/// | `skip`, on a field | no change |
#[proc_macro_derive(Changes, attributes(orm))]
pub fn derive_changes(input: TokenStream) -> TokenStream {
    derive(input, changes)
}

fn model(cx: &Ctxt, input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut model = parse::model::read(cx, input);
    check::model(cx, &model, input);
    if cx.failed() {
        model.broken = true;
        return fallback::model(model, input);
    }
    expand::model(model)
}

fn db_enum(cx: &Ctxt, input: &DeriveInput) -> proc_macro2::TokenStream {
    let described = parse::enumeration::read(cx, input);
    check::db_enum(cx, &described);
    if cx.failed() {
        return fallback::db_enum(&described, input);
    }
    expand::db_enum(&described)
}

fn from_row(cx: &Ctxt, input: &DeriveInput) -> proc_macro2::TokenStream {
    let row = parse::row::read(cx, input, parse::row::Kind::FromRow);
    if cx.failed() {
        return fallback::from_row(&row, input);
    }
    expand::from_row(&row)
}

fn rowset(cx: &Ctxt, input: &DeriveInput) -> proc_macro2::TokenStream {
    let row = parse::row::read(cx, input, parse::row::Kind::Rowset);
    if cx.failed() {
        return fallback::rowset(&row, input);
    }
    expand::rowset(&row)
}

fn changes(cx: &Ctxt, input: &DeriveInput) -> proc_macro2::TokenStream {
    let changes = parse::row::read_changes(cx, input);
    check::changes(cx, &changes);
    if cx.failed() {
        return fallback::changes(&changes, input);
    }
    expand::changes(&changes)
}

/// What a derive does with what it was put on: read, check, write.
type Derive = fn(&Ctxt, &DeriveInput) -> proc_macro2::TokenStream;

fn derive(input: TokenStream, make: Derive) -> TokenStream {
    derive_tokens(input.into(), make).into()
}

/// Of a struct that cannot be read whole, the members that can be go on being known: editors run derives on half-typed
/// structs. What else is wrong with it is not said before it is complete.
fn derive_tokens(input: proc_macro2::TokenStream, make: Derive) -> proc_macro2::TokenStream {
    let error = match syn::parse2::<DeriveInput>(input.clone()) {
        Ok(input) => return derived(&input, make),
        Err(error) => error,
    };
    let errors = error.to_compile_error();
    let code = partial::without_broken_members(input).map(|input| {
        let cx = Ctxt::new();
        cx.push(error);
        let code = make(&cx, &input);
        cx.finish();
        code
    });
    quote::quote! { #errors #code }
}

/// The mistakes that were found on the way stand before the code.
fn derived(input: &DeriveInput, make: Derive) -> proc_macro2::TokenStream {
    let cx = Ctxt::new();
    let code = make(&cx, input);
    let errors = cx.finish();
    quote::quote! { #errors #code }
}
