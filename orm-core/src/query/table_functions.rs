//! Functions that give rows, as tables: `unnest`, `generate_series`, `jsonb_array_elements`, `jsonb_each`.

use super::{Derived, Rowset};
use crate::expr::{Expression, Node, Rows, Selectable};
use crate::types::{Element, Param, SqlType};

fn rows_of<S: Selectable, Uses>(call: Node) -> Derived<S, Uses> {
    Derived::new(Some(Rows::Function(call)), Vec::new())
}

/// The elements of an array as rows of a rowset with one field: joined with [`join_lateral`](crate::query::Query::join_lateral) for
/// each row's array, selected from for a list of values. An array that is NULL has no elements.
/// SQLAlchemy: `func.unnest(..).table_valued(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::query::unnest;
/// # #[derive(Model, Clone)] #[orm(table = "posts")]
/// # struct Post { #[orm(primary_key)] id: i32, tags: Vec<String> }
/// #[derive(Rowset)]
/// struct Tag { tag: String }
///
/// let q = Post::query()
///     .join_lateral(unnest::<Tag, _, _>(Post::TAGS))
///     .group_by(Tag::TAG)
///     .select((Tag::TAG, count_all()));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT tag.tag, count(*) FROM posts CROSS JOIN unnest(posts.tags) AS tag(tag) GROUP BY tag.tag"
/// );
/// ```
pub fn unnest<R, T, E>(array: E) -> Derived<R, E::Uses>
where
    R: Rowset<Fields = (T,)>,
    T: SqlType,
    T::Base: Element,
    E: Expression,
    E::Type: SqlType<Base = Vec<T>>,
{
    rows_of(Node::call("unnest", vec![array.into_node()]))
}

/// Numbers from `first` to `last`, both included, as rows of a rowset with one field.
/// SQLAlchemy: `func.generate_series(..).table_valued(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::query::generate_series;
/// # #[derive(Model, Clone)] #[orm(table = "sales")]
/// # struct Sale { #[orm(primary_key)] id: i32, month: i32, amount: i32 }
/// #[derive(Rowset)]
/// struct Month { number: i32 }
///
/// let q = generate_series::<Month, _>(1, 12)
///     .query()
///     .left_join_on(Sale::ALL, Sale::MONTH.eq(Month::NUMBER))
///     .group_by(Month::NUMBER)
///     .select((Month::NUMBER, sum(Sale::AMOUNT)));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT month.number, sum(sales.amount) FROM generate_series($1, $2) AS month(number) \
///      LEFT JOIN sales ON sales.month = month.number GROUP BY month.number"
/// );
/// ```
pub fn generate_series<R, T>(first: T, last: T) -> Derived<R>
where
    R: Rowset<Fields = (T,)>,
    T: Series,
{
    let ends = [first, last].map(|end| Node::Param(Param::new(&end)));
    rows_of(Node::call("generate_series", ends.into()))
}

/// A number that can be counted from one to another.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::generate_series;
///
/// #[derive(Rowset)]
/// struct Number {
///     n: i64,
/// }
/// let q = generate_series::<Number, _>(1, 12).query().select(Number::N);
/// assert_eq!(q.to_sql(), "SELECT number.n FROM generate_series($1, $2) AS number(n)");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be counted with `generate_series`",
    label = "expected `i32`, `i64` or `Decimal`"
)]
pub trait Series: SqlType {}

impl Series for i32 {}
impl Series for i64 {}
#[cfg(feature = "decimal")]
impl Series for rust_decimal::Decimal {}

/// Values from `first` to at most `last`, `step` apart: numbers by a number, moments and dates by an
/// [`Interval`](crate::types::Interval). The rows are those of a rowset with one field. A step of nothing is refused by the
/// server.
///
/// ```
/// # #[cfg(feature = "chrono")] {
/// use chrono::NaiveDate;
/// use orm_core::prelude::*;
/// use orm_core::query::generate_series_by;
/// use orm_core::types::Interval;
/// # #[derive(Model, Clone)] #[orm(table = "sales")]
/// # struct Sale { #[orm(primary_key)] id: i32, day: NaiveDate, amount: i32 }
/// #[derive(Rowset)]
/// struct Day { day: NaiveDate }
///
/// let from = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
/// let to = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
/// let q = generate_series_by::<Day, _>(from, to, Interval::days(1))
///     .query()
///     .left_join_on(Sale::ALL, Sale::DAY.eq(Day::DAY))
///     .group_by(Day::DAY)
///     .select((Day::DAY, sum(Sale::AMOUNT)));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT day.day, sum(sales.amount) FROM \
///      unnest(ARRAY(SELECT CAST(generate_series(CAST($1 AS timestamp), CAST($2 AS timestamp), $3) AS date))) AS day(day) \
///      LEFT JOIN sales ON sales.day = day.day GROUP BY day.day"
/// );
/// # }
/// ```
pub fn generate_series_by<R, T>(first: T, last: T, step: T::Step) -> Derived<R>
where
    R: Rowset<Fields = (T,)>,
    T: Steps,
{
    let mut arguments = [first, last]
        .map(|end| Node::Param(Param::new(&end)))
        .to_vec();
    arguments.push(Node::Param(Param::new(&step)));
    rows_of(T::series(arguments))
}

/// A value from which steps lead to another.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::generate_series_by;
///
/// #[derive(Rowset)]
/// struct Number {
///     n: i32,
/// }
/// let q = generate_series_by::<Number, _>(0, 100, 10).query().select(Number::N); // a `Step` of an `i32` is an `i32`
/// assert_eq!(q.to_sql(), "SELECT number.n FROM generate_series($1, $2, $3) AS number(n)");
/// ```
#[diagnostic::on_unimplemented(
    message = "there is no series of `{Self}`",
    label = "expected `i32`, `i64`, `Decimal`, `DateTime<Utc>`, `NaiveDateTime` or `NaiveDate`"
)]
pub trait Steps: SqlType {
    /// What lies between two of them.
    type Step: SqlType;

    /// The call.
    #[doc(hidden)]
    fn series(arguments: Vec<Node>) -> Node {
        Node::call("generate_series", arguments)
    }
}

impl Steps for i32 {
    type Step = i32;
}
impl Steps for i64 {
    type Step = i64;
}
#[cfg(feature = "decimal")]
impl Steps for rust_decimal::Decimal {
    type Step = rust_decimal::Decimal;
}

#[cfg(feature = "chrono")]
mod moments {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

    use super::Steps;
    use crate::expr::Node;
    use crate::types::{Interval, SqlType};

    impl Steps for DateTime<Utc> {
        type Step = Interval;
    }
    impl Steps for NaiveDateTime {
        type Step = Interval;
    }

    /// PostgreSQL counts dates as moments, in the zone of the connection; without a zone they stay the days that they are.
    impl Steps for NaiveDate {
        type Step = Interval;

        fn series(arguments: Vec<Node>) -> Node {
            let moments = arguments.into_iter().enumerate().map(|(at, argument)| {
                if at < 2 {
                    argument.cast(<NaiveDateTime as SqlType>::TYPE)
                } else {
                    argument
                }
            });
            Node::Template(
                "unnest(ARRAY(SELECT CAST(generate_series(?, ?, ?) AS date)))",
                moments.collect(),
            )
        }
    }
}

#[cfg(feature = "json")]
pub use json::{JsonElement, JsonMember, jsonb_array_elements, jsonb_each};

#[cfg(feature = "json")]
mod json {
    use serde_json::Value;

    use super::{Derived, Expression, Node, Rowset, SqlType, rows_of};
    use crate::expr::JsonValue;

    /// The elements of a JSON array as rows of a rowset with one field: a `Value`, or an `Option<String>` for their text.
    /// A document that is NULL has none; the server refuses one that is no array. Joined with
    /// [`join_lateral`](crate::query::Query::join_lateral) for each row's document.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::query::jsonb_array_elements;
    /// use serde_json::Value;
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, lines: Value }
    /// #[derive(Rowset)]
    /// struct Line { line: Value }
    ///
    /// let q = Order::query()
    ///     .join_lateral(jsonb_array_elements::<Line, _, _>(Order::LINES))
    ///     .select((Order::ID, Line::LINE.get_text("sku")));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT orders.id, line.line ->> $1 FROM orders CROSS JOIN jsonb_array_elements(orders.lines) AS line(line)"
    /// );
    /// ```
    pub fn jsonb_array_elements<R, T, E>(document: E) -> Derived<R, E::Uses>
    where
        R: Rowset<Fields = (T,)>,
        T: JsonElement,
        E: Expression,
        <E::Type as SqlType>::Base: JsonValue,
    {
        rows_of(Node::call(T::ELEMENTS, vec![document.into_node()]))
    }

    /// The members of a JSON object as rows of a rowset with two fields, the name and the value: a `Value`, or an
    /// `Option<String>` for its text. Otherwise as [`jsonb_array_elements`].
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::query::jsonb_each;
    /// use serde_json::Value;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, details: Value }
    /// #[derive(Rowset)]
    /// struct Detail { name: String, text: Option<String> }
    ///
    /// let q = Product::query()
    ///     .join_lateral(jsonb_each::<Detail, _, _>(Product::DETAILS))
    ///     .group_by(Detail::NAME)
    ///     .select((Detail::NAME, count_distinct(Detail::TEXT)));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT detail.name, count(DISTINCT detail.text) FROM products \
    ///      CROSS JOIN jsonb_each_text(products.details) AS detail(name, text) GROUP BY detail.name"
    /// );
    /// ```
    pub fn jsonb_each<R, T, E>(document: E) -> Derived<R, E::Uses>
    where
        R: Rowset<Fields = (String, T)>,
        T: JsonMember,
        E: Expression,
        <E::Type as SqlType>::Base: JsonValue,
    {
        rows_of(Node::call(T::MEMBERS, vec![document.into_node()]))
    }

    /// What an element of a JSON array can be read as.
    ///
    /// ```
    /// use orm_core::query::JsonElement;
    ///
    /// assert_eq!(<Option<String> as JsonElement>::ELEMENTS, "jsonb_array_elements_text");
    /// ```
    #[diagnostic::on_unimplemented(
        message = "the elements of a JSON array are no `{Self}`",
        label = "expected a rowset with one field, a `Value` or an `Option<String>`"
    )]
    pub trait JsonElement: SqlType {
        /// The function that gives it.
        const ELEMENTS: &'static str;
    }

    impl JsonElement for Value {
        const ELEMENTS: &'static str = "jsonb_array_elements";
    }
    impl JsonElement for Option<String> {
        const ELEMENTS: &'static str = "jsonb_array_elements_text";
    }

    /// What a member of a JSON object can be read as.
    ///
    /// ```
    /// use orm_core::query::JsonMember;
    ///
    /// assert_eq!(<Option<String> as JsonMember>::MEMBERS, "jsonb_each_text");
    /// ```
    #[diagnostic::on_unimplemented(
        message = "the members of a JSON object are no `{Self}`",
        label = "expected a rowset with two fields, a `String` and a `Value` or an `Option<String>`"
    )]
    pub trait JsonMember: SqlType {
        /// The function that gives it.
        const MEMBERS: &'static str;
    }

    impl JsonMember for Value {
        const MEMBERS: &'static str = "jsonb_each";
    }
    impl JsonMember for Option<String> {
        const MEMBERS: &'static str = "jsonb_each_text";
    }
}
