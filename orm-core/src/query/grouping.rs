//! Subtotals: `group_by_rollup`, `group_by_cube` and `group_by_sets`. A query that has several groupings at once.

use super::Query;
use super::builder::{GroupBy, GroupsBy};
use crate::expr::{Grouped, Node, Nulled, Ungrouped, Whole};

impl<M, Scope> Query<Whole<M>, Scope, Ungrouped> {
    /// Groups by the expressions, and by all of them but the last, and so on up to one row for everything: subtotals and the
    /// grand total. What is not grouped by is NULL in a row, so whatever is selected becomes an `Option`, aggregates
    /// aside; [`func::grouping`](crate::expr::func::grouping) tells such a NULL from one of the table's. It stands before
    /// `select`. SQLAlchemy: `group_by(func.rollup(a, b))`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, country: String, city: String, amount: i32 }
    /// let q = Sale::query()
    ///     .group_by_rollup((Sale::COUNTRY, Sale::CITY))
    ///     .select((Sale::COUNTRY, Sale::CITY, sum(Sale::AMOUNT)));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT sales.country, sales.city, sum(sales.amount) FROM sales \
    ///      GROUP BY ROLLUP (sales.country, sales.city)"
    /// );
    /// # async fn typed(db: &mut Session) -> orm_core::Result<()> {
    /// # let q = Sale::query().group_by_rollup((Sale::COUNTRY, Sale::CITY)).select((Sale::COUNTRY, Sale::CITY, sum(Sale::AMOUNT)));
    /// let rows: Vec<(Option<String>, Option<String>, Option<i64>)> = q.all(db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn group_by_rollup<L, I>(self, by: L) -> Query<Whole<M>, Nulled<Scope>, Grouped>
    where
        L: GroupsBy<Scope, I>,
    {
        self.subtotals("ROLLUP", listed(by))
    }

    /// Groups by the expressions and by each choice of some of them, down to one row for everything. Types are as with
    /// [`group_by_rollup`](Query::group_by_rollup). SQLAlchemy: `group_by(func.cube(a, b))`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, country: String, city: String, amount: i32 }
    /// let q = Sale::query().group_by_cube((Sale::COUNTRY, Sale::CITY)).select(count_all());
    /// assert_eq!(q.to_sql(), "SELECT count(*) FROM sales GROUP BY CUBE (sales.country, sales.city)");
    /// ```
    pub fn group_by_cube<L, I>(self, by: L) -> Query<Whole<M>, Nulled<Scope>, Grouped>
    where
        L: GroupsBy<Scope, I>,
    {
        self.subtotals("CUBE", listed(by))
    }

    /// Groups by each of the sets: a column, an expression, a tuple of these, or `()` for one row for everything. Types are as
    /// with [`group_by_rollup`](Query::group_by_rollup). SQLAlchemy: `group_by(func.grouping_sets(..))`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "sales")]
    /// # struct Sale { #[orm(primary_key)] id: i32, country: String, city: String, amount: i32 }
    /// let q = Sale::query()
    ///     .group_by_sets(((Sale::COUNTRY, Sale::CITY), Sale::CITY, ()))
    ///     .select((Sale::CITY, func::grouping((Sale::CITY,)), count_all()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "SELECT sales.city, grouping(sales.city), count(*) FROM sales \
    ///      GROUP BY GROUPING SETS ((sales.country, sales.city), (sales.city), ())"
    /// );
    /// ```
    pub fn group_by_sets<L, I>(self, sets: L) -> Query<Whole<M>, Nulled<Scope>, Grouped>
    where
        L: GroupingSets<Scope, I>,
    {
        let mut rows = Vec::new();
        sets.push_to(&mut rows);
        self.subtotals("GROUPING SETS", rows)
    }

    fn subtotals(
        mut self,
        word: &'static str,
        parts: Vec<Node>,
    ) -> Query<Whole<M>, Nulled<Scope>, Grouped> {
        let parts = Box::new(Node::Row(parts));
        self.select.group_by.push(Node::Prefix(word, parts));
        self.retyped()
    }
}

fn listed<Scope, I>(list: impl GroupBy<Scope, I>) -> Vec<Node> {
    let mut nodes = Vec::new();
    list.push_to(&mut nodes);
    nodes
}

/// One of the sets of [`group_by_sets`](Query::group_by_sets): what `group_by` takes, or `()`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::GroupingSet;
///
/// let parts = GroupingSet::<(Tag, ()), _>::into_parts((Tag::ID, Tag::WORD));
/// assert_eq!(parts.len(), 2);
/// ```
pub trait GroupingSet<Scope, I> {
    /// The parts.
    fn into_parts(self) -> Vec<Node>;
}

impl<Scope, I, L: GroupBy<Scope, I>> GroupingSet<Scope, (I,)> for L {
    fn into_parts(self) -> Vec<Node> {
        listed(self)
    }
}

impl<Scope> GroupingSet<Scope, ()> for () {
    fn into_parts(self) -> Vec<Node> {
        Vec::new()
    }
}

/// What [`group_by_sets`](Query::group_by_sets) takes: a tuple of up to 6 sets.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::GroupingSets;
///
/// let mut sets = Vec::new();
/// GroupingSets::<(Tag, ()), _>::push_to((Tag::ID, Tag::WORD, ()), &mut sets); // `.group_by_sets((Tag::ID, Tag::WORD, ()))`
/// assert_eq!(sets.len(), 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "these are no grouping sets",
    label = "expected a tuple of up to 6 sets: columns, tuples of columns, or `()`; found `{Self}`"
)]
pub trait GroupingSets<Scope, I> {
    /// Appends each set.
    fn push_to(self, sets: &mut Vec<Node>);
}

macro_rules! tuples {
    ($($name:ident $index:ident),*) => {
        impl<Scope, $($name, $index),*> GroupingSets<Scope, ($($index,)*)> for ($($name,)*)
        where
            $($name: GroupingSet<Scope, $index>),*
        {
            #[allow(non_snake_case)]
            fn push_to(self, sets: &mut Vec<Node>) {
                let ($($name,)*) = self;
                $(sets.push(Node::Row($name.into_parts()));)*
            }
        }
    };
}

tuples!(A IA);
tuples!(A IA, B IB);
tuples!(A IA, B IB, C IC);
tuples!(A IA, B IB, C IC, D ID);
tuples!(A IA, B IB, C IC, D ID, E IE);
tuples!(A IA, B IB, C IC, D ID, E IE, F IF);
