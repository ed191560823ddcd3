//! Window functions: a value for each row, computed from the rows around it. `row_number().over(window()..)`,
//! `sum(x).over(..)`, and the window: its partition, its order and its frame.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use super::{
    Agg, Column, Expr, Expression, Literal, Node, Of, OrderList, OrderNode, Selectable, Windowed,
};
use crate::types::{Param, SqlType};

/// A window without its types: `PARTITION BY .. ORDER BY .. ROWS BETWEEN ..`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::{Expression, Node};
///
/// let number = row_number().over(window().order_by(Tag::WORD).rows(..=0));
/// let Node::Over(_, window) = number.into_node() else { unreachable!() };
/// assert_eq!((window.order.len(), window.frame.unwrap().mode), (1, "ROWS"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct WindowNode {
    /// PARTITION BY.
    pub partition: Vec<Node>,
    /// ORDER BY.
    pub order: Vec<OrderNode>,
    /// Which rows of the partition count.
    pub frame: Option<Frame>,
}

/// `ROWS BETWEEN start AND end`, in a [`WindowNode`].
#[derive(Debug, Clone)]
pub struct Frame {
    /// `ROWS`, `RANGE` or `GROUPS`.
    pub mode: &'static str,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// `EXCLUDE ..`.
    pub exclude: Option<&'static str>,
}

/// Where a frame begins or ends.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// // `Preceding(2)` to `Current`
/// let q = Product::query().select(sum(Product::STOCK).over(window().order_by(Product::ID).rows(-2..=0)));
/// assert!(q.to_sql().contains("ROWS BETWEEN $1 PRECEDING AND CURRENT ROW"));
/// ```
#[derive(Debug, Clone)]
pub enum FrameBound {
    /// At the partition's first or last row.
    Unbounded,
    /// At the current row.
    Current,
    /// So much before the current row.
    Preceding(Node),
    /// So much behind the current row.
    Following(Node),
}

/// What a window function looks at: what [`window`] begins.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let cheapest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE);
/// let q = Product::query().select(rank().over(cheapest));
/// assert!(q.to_sql().contains("OVER (PARTITION BY products.category_id ORDER BY products.price)"));
/// ```
pub struct Window<Uses> {
    node: WindowNode,
    uses: PhantomData<fn() -> Uses>,
}

/// A window over all rows: narrow it with `partition_by`, order it with `order_by`. It is a value: keep it in a variable
/// and give clones of it to several functions. SQLAlchemy: the arguments of `over(..)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # struct Product { #[orm(primary_key)] id: i32, price: i32, category_id: i32 }
/// let by_price = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::ID, rank().over(by_price)));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT products.id, rank() OVER (PARTITION BY products.category_id ORDER BY products.price DESC) FROM products"
/// );
/// ```
pub fn window() -> Window<()> {
    Window::new(WindowNode::default())
}

impl<Uses> Window<Uses> {
    fn new(node: WindowNode) -> Self {
        Window {
            node,
            uses: PhantomData,
        }
    }

    /// Looks only at the rows in which the expression (or each of a tuple) is the same as in the current one.
    /// SQLAlchemy: `over(partition_by=..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().select(rank().over(window().partition_by(Product::CATEGORY_ID)));
    /// assert!(q.to_sql().contains("OVER (PARTITION BY products.category_id)"));
    /// ```
    #[must_use]
    pub fn partition_by<P: Partition>(mut self, by: P) -> Window<(Uses, P::Uses)> {
        by.push_to(&mut self.node.partition);
        Window::new(self.node)
    }

    /// Puts the rows in order, which is what ranks count in and what a frame is cut from. SQLAlchemy: `over(order_by=..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().select(rank().over(window().order_by(Product::PRICE)));
    /// assert!(q.to_sql().contains("OVER (ORDER BY products.price)"));
    /// ```
    #[must_use]
    pub fn order_by<O: OrderList>(mut self, order: O) -> Window<(Uses, O::Uses)> {
        order.push_list(&mut self.node.order);
        Window::new(self.node)
    }

    /// The frame in rows, counted from the current one, which is 0: `rows(-2..=0)` is the last three, `rows(..=0)` all up
    /// to this one, `rows(..)` the whole partition. SQLAlchemy: `over(rows=(-2, 0))`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, amount: i32 }
    /// let q = Sale::query().select(sum(Sale::AMOUNT).over(window().order_by(Sale::ID).rows(-2..=0)));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT sum(sales.amount) OVER (ORDER BY sales.id ROWS BETWEEN $1 PRECEDING AND CURRENT ROW) FROM sales"
    /// );
    /// ```
    #[must_use]
    pub fn rows(self, frame: impl RangeBounds<i64>) -> Self {
        self.framed("ROWS", &frame)
    }

    /// The frame in groups of rows that are equal in the window's order, counted from the current one.
    /// SQLAlchemy: `over(groups=..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, day: i32 }
    /// let around = window().order_by(Sale::DAY).groups(-1..=1).exclude_group();
    /// let q = Sale::query().select(count_all().over(around));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT count(*) OVER (ORDER BY sales.day GROUPS BETWEEN $1 PRECEDING AND $2 FOLLOWING EXCLUDE GROUP) FROM sales"
    /// );
    /// ```
    #[must_use]
    pub fn groups(self, frame: impl RangeBounds<i64>) -> Self {
        self.framed("GROUPS", &frame)
    }

    /// The frame by value: rows whose number in the window's order, which must be one expression, is this far from the
    /// current row's. SQLAlchemy: `over(range_=..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, day: i64 }
    /// let week = window().order_by(Sale::DAY).range(-6..=0);
    /// let sql = |window| Sale::query().select(count_all().over(window)).to_sql();
    /// let frame = "SELECT count(*) OVER (ORDER BY sales.day RANGE BETWEEN $1 PRECEDING AND CURRENT ROW";
    /// assert_eq!(sql(week.clone()), format!("{frame}) FROM sales"));
    /// assert_eq!(sql(week.clone().exclude_current_row()), format!("{frame} EXCLUDE CURRENT ROW) FROM sales"));
    /// assert_eq!(sql(week.exclude_ties()), format!("{frame} EXCLUDE TIES) FROM sales"));
    /// ```
    #[must_use]
    pub fn range(self, frame: impl RangeBounds<i64>) -> Self {
        self.framed("RANGE", &frame)
    }

    /// The frame by value, of another type than whole numbers: from `before` the current row's value to `behind` it.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "readings")]
    /// # struct Reading { #[orm(primary_key)] id: i32, at: f64 }
    /// let near = window().order_by(Reading::AT).range_within(0.5, 0.5);
    /// let q = Reading::query().select(count_all().over(near));
    /// assert!(q.to_sql().contains("RANGE BETWEEN $1 PRECEDING AND $2 FOLLOWING"));
    /// ```
    #[must_use]
    pub fn range_within<V: Literal>(self, before: V, behind: V) -> Self {
        let param = |value: V| Node::Param(Param::new(&value.into_value()));
        let (start, end) = (param(before), param(behind));
        self.with_frame(
            "RANGE",
            FrameBound::Preceding(start),
            FrameBound::Following(end),
        )
    }

    /// Leaves the current row out of the frame.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let near = || window().order_by(Product::PRICE).groups(-1..=1);
    /// let sql = |window| Product::query().select(count_all().over(window)).to_sql();
    /// assert!(sql(near().exclude_current_row()).contains("$2 FOLLOWING EXCLUDE CURRENT ROW)"));
    /// assert!(sql(near().exclude_group()).contains("$2 FOLLOWING EXCLUDE GROUP)"));
    /// assert!(sql(near().exclude_ties()).contains("$2 FOLLOWING EXCLUDE TIES)"));
    /// ```
    #[must_use]
    pub fn exclude_current_row(self) -> Self {
        self.excluding("EXCLUDE CURRENT ROW")
    }

    /// Leaves the current row and those equal to it in the window's order out of the frame.
    #[must_use]
    pub fn exclude_group(self) -> Self {
        self.excluding("EXCLUDE GROUP")
    }

    /// Leaves the rows equal to the current one in the window's order out of the frame, but not the current one.
    #[must_use]
    pub fn exclude_ties(self) -> Self {
        self.excluding("EXCLUDE TIES")
    }

    fn framed(self, mode: &'static str, frame: &impl RangeBounds<i64>) -> Self {
        let start = match frame.start_bound() {
            Bound::Unbounded => FrameBound::Unbounded,
            Bound::Included(at) => FrameBound::at(*at),
            Bound::Excluded(at) => FrameBound::at(at.saturating_add(1)),
        };
        let end = match frame.end_bound() {
            Bound::Unbounded => FrameBound::Unbounded,
            Bound::Included(at) => FrameBound::at(*at),
            Bound::Excluded(at) => FrameBound::at(at.saturating_sub(1)),
        };
        self.with_frame(mode, start, end)
    }

    fn with_frame(mut self, mode: &'static str, start: FrameBound, end: FrameBound) -> Self {
        let exclude = self.node.frame.and_then(|frame| frame.exclude);
        self.node.frame = Some(Frame {
            mode,
            start,
            end,
            exclude,
        });
        self
    }

    /// What is left out is left out of a frame; without one, of the frame that SQL takes where none is given.
    fn excluding(mut self, words: &'static str) -> Self {
        let frame = self.node.frame.get_or_insert(Frame {
            mode: "RANGE",
            start: FrameBound::Unbounded,
            end: FrameBound::Current,
            exclude: None,
        });
        frame.exclude = Some(words);
        self
    }
}

impl FrameBound {
    fn at(offset: i64) -> Self {
        let distance = || {
            let distance = i64::try_from(offset.unsigned_abs()).unwrap_or(i64::MAX);
            Node::Param(Param::new(&distance))
        };
        match offset {
            0 => FrameBound::Current,
            ..0 => FrameBound::Preceding(distance()),
            1.. => FrameBound::Following(distance()),
        }
    }
}

impl<Uses> Clone for Window<Uses> {
    fn clone(&self) -> Self {
        Window::new(self.node.clone())
    }
}

impl<Uses> fmt::Debug for Window<Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

impl<T: SqlType, U> Expr<T, Agg<U>> {
    /// The aggregate over the rows of a window, for each row: `sum(Sale::AMOUNT).over(window().order_by(Sale::ID))`. So
    /// it is no aggregate any more, and may stand beside plain columns. SQLAlchemy: `func.sum(x).over(..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, amount: i32, region: String }
    /// let q = Sale::query().select((Sale::ID, sum(Sale::AMOUNT).over(window().partition_by(Sale::REGION))));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT sales.id, sum(sales.amount) OVER (PARTITION BY sales.region) FROM sales"
    /// );
    /// ```
    pub fn over<W>(self, window: Window<W>) -> Expr<T, Windowed<(U, W)>> {
        let mut node = self.into_node();
        node.over(&window.node);
        Expr::new(node)
    }
}

/// A function that has a value only over a window: call `.over(..)` on it.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let number = row_number(); // of which rows, and in which order?
/// let q = Tag::query().select(number.over(window().order_by(Tag::WORD)));
/// assert_eq!(q.to_sql(), "SELECT row_number() OVER (ORDER BY tags.word) FROM tags");
/// ```
#[must_use = "a window function is nothing without its window: `.over(window())`"]
pub struct WindowFunction<T, Uses> {
    node: Node,
    types: PhantomData<fn() -> (T, Uses)>,
}

impl<T: SqlType, U> WindowFunction<T, U> {
    fn call(function: &'static str, arguments: Vec<Node>) -> Self {
        WindowFunction {
            node: Node::call(function, arguments),
            types: PhantomData,
        }
    }

    /// The function over the rows of a window, for each row. SQLAlchemy: `func.rank().over(..)`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Tag::query().select((Tag::WORD, rank().over(window().order_by(Tag::WORD))));
    /// assert_eq!(q.to_sql(), "SELECT tags.word, rank() OVER (ORDER BY tags.word) FROM tags");
    /// ```
    pub fn over<W>(self, window: Window<W>) -> Expr<T, Windowed<(U, W)>> {
        over(self.node, window)
    }
}

impl<T, Uses> fmt::Debug for WindowFunction<T, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

fn over<T, U, W>(function: Node, window: Window<W>) -> Expr<T, Windowed<(U, W)>> {
    Expr::new(Node::Over(Box::new(function), Box::new(window.node)))
}

/// What a function of another row gives: that row may not be there.
type Other<E> = Option<<<E as Expression>::Type as SqlType>::Base>;

/// The row's number in its window, from 1. SQLAlchemy: `func.row_number()`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let q = User::query().select((User::NAME, row_number().over(window().order_by(User::NAME))));
/// assert_eq!(q.to_sql(), "SELECT users.name, row_number() OVER (ORDER BY users.name) FROM users");
/// ```
pub fn row_number() -> WindowFunction<i64, ()> {
    WindowFunction::call("row_number", Vec::new())
}

/// The number of the first row that is equal to this one in the window's order: equal rows have one rank, and the next
/// rank is as much higher as there were equal ones. SQLAlchemy: `func.rank()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, rank().over(dearest)));
/// assert!(q.to_sql().contains("rank() OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn rank() -> WindowFunction<i64, ()> {
    WindowFunction::call("rank", Vec::new())
}

/// As [`rank`] without gaps. SQLAlchemy: `func.dense_rank()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, dense_rank().over(dearest)));
/// assert!(q.to_sql().contains("dense_rank() OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn dense_rank() -> WindowFunction<i64, ()> {
    WindowFunction::call("dense_rank", Vec::new())
}

/// The rank as a fraction, from 0 for the first row to 1 for the last. SQLAlchemy: `func.percent_rank()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, orm_core::expr::percent_rank().over(dearest)));
/// assert!(q.to_sql().contains("percent_rank() OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn percent_rank() -> WindowFunction<f64, ()> {
    WindowFunction::call("percent_rank", Vec::new())
}

/// Which part of the rows stands no later than this one, up to 1. SQLAlchemy: `func.cume_dist()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, orm_core::expr::cume_dist().over(dearest)));
/// assert!(q.to_sql().contains("cume_dist() OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn cume_dist() -> WindowFunction<f64, ()> {
    WindowFunction::call("cume_dist", Vec::new())
}

/// Which of so many equal parts of the window the row is in, from 1. The server refuses a number below 1.
/// SQLAlchemy: `func.ntile(n)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, ntile(4).over(dearest)));
/// assert!(q.to_sql().contains("ntile($1) OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn ntile(parts: i32) -> WindowFunction<i32, ()> {
    WindowFunction::call("ntile", vec![Node::Param(Param::new(&parts))])
}

/// The expression in the row that stands `rows` before this one in the window; NULL where there is none, for which
/// `func::coalesce(.., 0)` has a value. SQLAlchemy: `func.lag(x, n)`.
///
/// ```
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "sales")]
/// # struct Sale { #[orm(primary_key)] id: i32, amount: i32 }
/// let before = lag(Sale::AMOUNT, 1).over(window().order_by(Sale::ID));
/// let q = Sale::query().select(Sale::AMOUNT - before);
/// assert_eq!(q.to_sql(), "SELECT sales.amount - lag(sales.amount, $1) OVER (ORDER BY sales.id) FROM sales");
/// ```
pub fn lag<E: Expression>(expression: E, rows: i32) -> WindowFunction<Other<E>, E::Uses> {
    shifted("lag", expression, rows)
}

/// The expression in the row that stands `rows` behind this one in the window; NULL where there is none.
/// SQLAlchemy: `func.lead(x, n)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, lead(Product::PRICE, 1).over(dearest)));
/// assert!(q.to_sql().contains("lead(products.price, $1) OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn lead<E: Expression>(expression: E, rows: i32) -> WindowFunction<Other<E>, E::Uses> {
    shifted("lead", expression, rows)
}

fn shifted<E: Expression>(
    function: &'static str,
    expression: E,
    rows: i32,
) -> WindowFunction<Other<E>, E::Uses> {
    let rows = Node::Param(Param::new(&rows));
    WindowFunction::call(function, vec![expression.into_node(), rows])
}

/// The expression in the frame's first row; NULL where the frame is empty. SQLAlchemy: `func.first_value(x)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, first_value(Product::NAME).over(dearest)));
/// assert!(q.to_sql().contains("first_value(products.name) OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn first_value<E: Expression>(expression: E) -> WindowFunction<Other<E>, E::Uses> {
    WindowFunction::call("first_value", vec![expression.into_node()])
}

/// The expression in the frame's last row; NULL where the frame is empty. Unless the window has a frame, it ends at the
/// current row: `.rows(..)` makes it the partition's last. SQLAlchemy: `func.last_value(x)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, last_value(Product::NAME).over(dearest)));
/// assert!(q.to_sql().contains("last_value(products.name) OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn last_value<E: Expression>(expression: E) -> WindowFunction<Other<E>, E::Uses> {
    WindowFunction::call("last_value", vec![expression.into_node()])
}

/// The expression in the frame's n-th row, from 1; NULL where there is none. The server refuses a number below 1.
/// SQLAlchemy: `func.nth_value(x, n)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let dearest = window().partition_by(Product::CATEGORY_ID).order_by(Product::PRICE.desc());
/// let q = Product::query().select((Product::NAME, nth_value(Product::NAME, 2).over(dearest)));
/// assert!(q.to_sql().contains("nth_value(products.name, $1) OVER (PARTITION BY products.category_id ORDER BY products.price DESC)"));
/// ```
pub fn nth_value<E: Expression>(expression: E, n: i32) -> WindowFunction<Other<E>, E::Uses> {
    let n = Node::Param(Param::new(&n));
    WindowFunction::call("nth_value", vec![expression.into_node(), n])
}

/// What `partition_by` takes: a column, an expression, or a tuple of these.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Partition;
///
/// let mut parts = Vec::new();
/// (Product::CATEGORY_ID, Product::STOCK.gt(0)).push_to(&mut parts);
/// assert_eq!(parts.len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "a window cannot be partitioned by this",
    label = "expected a column or an expression, or a tuple of up to 6 of these; found `{Self}`"
)]
pub trait Partition {
    /// The tables that it uses.
    type Uses;

    /// Appends the parts.
    fn push_to(self, parts: &mut Vec<Node>);
}

impl<S: Selectable, T: SqlType> Partition for Column<S, T> {
    type Uses = Of<S>;

    fn push_to(self, parts: &mut Vec<Node>) {
        parts.push(self.into_node());
    }
}

impl<T: SqlType, U> Partition for Expr<T, U> {
    type Uses = U;

    fn push_to(self, parts: &mut Vec<Node>) {
        parts.push(self.into_node());
    }
}

macro_rules! tuples {
    ($($name:ident),* => $uses:ty) => {
        impl<$($name: Partition),*> Partition for ($($name,)*) {
            type Uses = $uses;

            #[allow(non_snake_case)]
            fn push_to(self, parts: &mut Vec<Node>) {
                let ($($name,)*) = self;
                $($name.push_to(parts);)*
            }
        }
    };
}

tuples!(A => A::Uses);
tuples!(A, B => (A::Uses, B::Uses));
tuples!(A, B, C => (A::Uses, (B::Uses, C::Uses)));
tuples!(A, B, C, D => (A::Uses, (B::Uses, (C::Uses, D::Uses))));
tuples!(A, B, C, D, E => (A::Uses, (B::Uses, (C::Uses, (D::Uses, E::Uses)))));
tuples!(A, B, C, D, E, F => (A::Uses, (B::Uses, (C::Uses, (D::Uses, (E::Uses, F::Uses))))));
