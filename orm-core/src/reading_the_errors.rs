//! Reading the errors: the twenty commonest mistakes, what the compiler says of them, and the way out.
//!
//! Three things help with any message. Its first line is in the words of your code. The `^^^^` below stands under the word
//! that is wrong. The `note:` and `help:` lines say what to write; lines with `required by` and `the trait .. is not
//! implemented` can be left to those who look for the reason.
//!
//! Messages name types by their whole path where the compiler thinks two of the same name are about: `tests::queries::User`
//! is the `User` of the examples below.
//!
//! # The struct
//!
//! ## No primary key
//!
//! The case: `struct/no_primary_key`
//!
//! ```text
//! struct Product {
//!     id: i32,
//! ```
//!
//! ```text
//! error: `Product` has no primary key, and a session knows a row by its key
//!        help: write `#[orm(primary_key)]` on `id`
//! ```
//!
//! **Fix:** `#[orm(primary_key)]` on the field that is the key. A key of several columns has it on each of them.
//!
//! ## A model that is not `Clone`
//!
//! The case: `struct/without_clone`
//!
//! ```text
//! #[derive(Model, Debug)]
//! struct Product {
//! ```
//!
//! ```text
//! error[E0277]: `Product` is a model, and has to be `Clone`
//! ```
//!
//! **Fix:** `#[derive(Model, Debug, Clone)]`: a session keeps a copy of a row to find out what was changed.
//!
//! ## A mistyped attribute
//!
//! The case: `attributes/a_mistyped_attribute`
//!
//! ```text
//! #[orm(lenght = 100)]
//! name: String,
//! ```
//!
//! ```text
//! error: there is no attribute `lenght`
//!        help: did you mean `length`?
//! ```
//!
//! **Fix:** the word of the `help:` line. [`Model`](derive@crate::Model) lists all attributes; an attribute of a field does
//! not stand on the struct.
//!
//! ## An enum that the database does not know
//!
//! The case: `types/an_enum_without_db_enum`
//!
//! ```text
//! enum State {
//!     state: State,
//! ```
//!
//! ```text
//! error[E0277]: `State` cannot be stored in a column
//! ```
//!
//! **Fix:** `#[derive(DbEnum)]` on the enum, which has to be `Copy`. The same message about `Decimal`, `Uuid` or
//! `DateTime<Utc>` means that a feature of orm-core is off.
//!
//! ## An unsigned integer
//!
//! The case: `types/an_unsigned_integer`
//!
//! ```text
//! stock: u32,
//! ```
//!
//! ```text
//! error: `u32` cannot be stored in a column: PostgreSQL has no unsigned integers
//!        help: write `i64`; `#[orm(check("stock >= 0"))]` on the struct keeps negative numbers out
//! ```
//!
//! **Fix:** `i64`, or `i32` where that is enough. So it is with a key: `id: i64`.
//!
//! # Relationships
//!
//! ## The target is not a model
//!
//! The case: `relationships/the_target_is_not_a_model`
//!
//! ```text
//! #[orm(belongs_to(category: Category))]
//! ```
//!
//! ```text
//! error[E0277]: `Category` is not a model
//! ```
//!
//! **Fix:** `#[derive(Model)]` on the target, or the name of the model that was meant.
//!
//! ## The foreign key has another type
//!
//! The case: `relationships/the_key_has_another_type`
//!
//! ```text
//! #[orm(belongs_to(category: Category))]
//! category_id: i64,
//! ```
//!
//! ```text
//! error[E0277]: a foreign key of type `i64` cannot hold a key of type `i32`
//! ```
//!
//! **Fix:** the type of the target's primary key, or an `Option` of it where there may be none.
//!
//! ## `has_many` without `via`
//!
//! The case: `relationships/via_is_missing`
//!
//! ```text
//! #[orm(has_many(products: Product))]
//! ```
//!
//! ```text
//! error: `has_many(products: Product)` does not say which foreign key it goes along
//!        help: add `via = ..`, the name of the `belongs_to` of `Product` that leads back here
//! ```
//!
//! **Fix:** `has_many(products: Product, via = category)`, where `category` is the `belongs_to` in `Product` that leads
//! back here.
//!
//! # New rows
//!
//! ## A required column has no value
//!
//! The case: `create/a_required_column_is_missing`
//!
//! ```text
//! let _ = |db: &mut orm_core::session::Session| db.add(Product::create().name("Air").category_id(1));
//! ```
//!
//! ```text
//! error[E0277]: `Product` cannot be added yet: a required column has no value
//! ```
//!
//! The `^^^^` below says which: `price_of_Product` is missing.
//!
//! **Fix:** `.price(..)`. To leave it out, give the column a `default`, a `server_default` or an `Option` type.
//!
//! ## A value of another type
//!
//! The case: `create/a_value_of_another_type`
//!
//! ```text
//! let _ = Product::create().price("cheap");
//! ```
//!
//! ```text
//! error[E0277]: the column holds `i32` and was given `&str`
//! ```
//!
//! **Fix:** a value of the type of the field. A column that can be NULL takes the value with or without `Some`, and text
//! takes a `&str`.
//!
//! # Queries
//!
//! ## A column of a table that was not joined
//!
//! The case: `queries/a_column_out_of_scope_in_filter`
//!
//! ```text
//! let _ = User::query().filter(Order::STATUS.eq(OrderStatus::Pending));
//! ```
//!
//! ```text
//! error[E0277]: this uses a table that is not part of the query
//! ```
//!
//! **Fix:** `.join(User::ORDERS)` before the `.filter(..)`. To ask whether there is one:
//! `.filter(User::ORDERS.any(Order::STATUS.eq(..)))`.
//!
//! ## A comparison with `None`
//!
//! The case: `queries/a_comparison_with_none`
//!
//! ```text
//! let _ = User::query().filter(User::FULL_NAME.eq(None));
//! ```
//!
//! ```text
//! error[E0277]: an `Option` cannot be compared or calculated with: in SQL nothing is equal to NULL
//! ```
//!
//! **Fix:** `.is_null()`: in SQL nothing is equal to NULL. For an `Option` that is a filter which may be absent,
//! `filter_some(..)`; for one that is a value, `.is_not_distinct_from(..)`.
//!
//! ## An aggregate in a filter
//!
//! The case: `queries/an_aggregate_in_filter`
//!
//! ```text
//! let _ = User::query().join(User::ORDERS).filter(count(Order::ID).gt(3));
//! ```
//!
//! ```text
//! error[E0277]: an aggregate has no value here: `count`, `sum` .. are known only after grouping
//! ```
//!
//! **Fix:** `.group_by(User::ID).having(count(Order::ID).gt(3))`: a filter is asked of each row, before there are groups.
//!
//! ## A plain column beside an aggregate
//!
//! The case: `queries/a_plain_column_beside_an_aggregate`
//!
//! ```text
//! let _ = User::query().select((User::USERNAME, count(User::ID)));
//! ```
//!
//! ```text
//! error[E0277]: a plain column stands beside an aggregate in a query without GROUP BY
//! ```
//!
//! **Fix:** `.group_by(User::USERNAME)` before the `.select(..)`.
//!
//! ## The right side of a left join
//!
//! The case: `queries/a_row_type_without_option_after_left_join`
//!
//! ```text
//! let q = User::query().left_join(User::ORDERS).select((User::ID, Order::STATUS));
//! let _: Vec<(i32, OrderStatus)> = q.all(on).await.unwrap();
//! ```
//!
//! ```text
//! error[E0308]: mismatched types
//! ```
//!
//! **Fix:** `Vec<(i32, Option<OrderStatus>)>`: where nothing was joined, its columns are NULL. If there always is one,
//! `.join(..)`.
//!
//! ## A relationship of another model
//!
//! The case: `queries/a_load_path_of_another_model`
//!
//! ```text
//! let _ = User::query().with(Order::ITEMS);
//! ```
//!
//! ```text
//! error[E0277]: this is no relationship of `tests::queries::User`
//! ```
//!
//! **Fix:** the way there, step by step: `.with(User::ORDERS.then(Order::ITEMS))`.
//!
//! # Sessions
//!
//! ## A field of a handle
//!
//! The case: `session/a_field_of_a_handle`
//!
//! ```text
//! for user in User::query().all(db).await? {
//!     println!("{}", user.username);
//! ```
//!
//! ```text
//! error[E0609]: no field `username` on type `Handle<tests::queries::User>`
//! ```
//!
//! **Fix:** `db[user].username`. A query on a session gives handles; the session has the rows.
//!
//! ## A query on an engine
//!
//! The case: `session/a_query_on_an_engine`
//!
//! ```text
//! let _ = User::query().all(&mut engine).await;
//! ```
//!
//! ```text
//! error[E0277]: a query cannot run on `orm_core::Engine`
//! ```
//!
//! **Fix:** `&mut engine.session()`, or `&mut engine.acquire().await?` for a connection, which gives plain rows.
//!
//! ## A row that is held across a flush
//!
//! The case: `session/a_row_held_across_a_flush`
//!
//! ```text
//! let row = &mut db[user];
//! row.username = "ann".to_owned();
//! db.flush().await?;
//! row.email = "ann@example.org".to_owned();
//! ```
//!
//! ```text
//! error[E0499]: cannot borrow `*db` as mutable more than once at a time
//! ```
//!
//! **Fix:** `db[user].email = ..` each time. A handle is `Copy` and borrows nothing, so it is what one keeps; a row is
//! borrowed for one statement, or cloned. For two rows at once there are
//! [`get_disjoint_mut`](crate::session::Session::get_disjoint_mut) and
//! [`get_pair_mut`](crate::session::Session::get_pair_mut).
//!
//! ## Two queries on one session at once
//!
//! The case: `session/two_queries_on_one_session_at_once`
//!
//! ```text
//! let _ = tokio::join!(User::query().all(db), Order::query().all(db));
//! ```
//!
//! ```text
//! error[E0499]: cannot borrow `*db` as mutable more than once at a time
//! ```
//!
//! **Fix:** one after the other, or a session for each: a session is one transaction, and that is one conversation with the
//! server. A task of its own gets a clone of the engine and makes its own session.
//!
//! # What the compiler says in its own words
//!
//! Some mistakes are found before anything of this crate is asked, so the words are rustc's:
//!
//! | it says | it means |
//! | --- | --- |
//! | E0599, "`Column<..>` is not an iterator", at `eq`, `gt` .. | the operators are not in scope: `use orm_core::prelude::*;` |
//! | E0599, "no method named `query`", "`Session` is not an iterator", at `db.query(..)`, `db.filter(..)` | a query begins at its model and ends at the session: `User::query().filter(..).all(&mut db)` |
//! | E0308, "types differ in mutability", at `all`, `one` .. | a query needs `&mut db`; an `&engine` is no session: `&mut engine.session()` |
//! | E0382, "use of moved value", of a query after `q.filter(..)` | a clause gives the query back: `q = q.filter(..);` |
//! | E0107, "struct takes at least 2 generic arguments", at `Query<User>` | the type of a query of whole rows is `EntityQuery<User>` |
//! | E0404, "expected trait, found derive macro `Model`", at `M: Model` | the trait is `orm_core::model::Model`; the prelude has the derive alone |
//! | E0369, "binary operation `==` cannot be applied to type `Column`"; the same of `<`, `>=` .. | Rust's comparisons give a `bool`, and no SQL: `.eq(1)`, `.lt(1)`, `.ge(1)` |
//! | E0308, "expected `bool`", at `&&` or `\|\|` between conditions | the same: `a.and(b)`, `a.or(b)`, `!a` |
//! | E0599, "`eq` exists for struct `Relation`, but its trait bounds were not satisfied" | a relationship is no value: compare the foreign key, `Order::USER_ID.eq(id)`, or take `User::ORDERS.with_parent(&db[user])` |
//! | E0061, "takes 1 argument but 2 were supplied", at `order_by`, `group_by`, `select` | several are a tuple: `.order_by((User::NAME, User::ID))` |
//! | E0609, "no field `orders` on type `User`" | a model's fields are its columns; what is related is read by `db.related(user, User::ORDERS)?` |
//! | E0277, "`Bulk<..>` is not a future", at `update(..).await`, `delete().await` | who shall run it? `.exec(&mut db).await?` |
//! | E0282, "type annotations needed", at `\|db\| async { .. }` of `transaction` | the closure itself is async: `async \|db\| { .. }` |
//! | E0283, "type annotations needed", at `transaction(async \|db\| ..)` followed by `?` | say which error its `Ok` goes with: `Ok::<_, orm_core::Error>(())` |
//! | E0277, "cannot be shared between threads safely", at `tokio::spawn` | a session belongs to one task: give the new one `engine.session()`, and the values that it needs |
//! | E0277, "cannot be sent between threads safely", at `transaction` | its error crosses threads with the future: `Box<dyn Error + Send + Sync>`, or an enum of yours |
//! | E0515, "cannot return value referencing function parameter", in a `map` over views | `view.name` borrows the view; `view.row().name` borrows the session |
