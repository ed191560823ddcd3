//! [`row`]: several expressions that are compared together. SQLAlchemy: `tuple_(..)`.

use std::fmt;
use std::marker::PhantomData;

use super::{AsExpr, Expr, Expression, ListItem, Node};
use crate::types::{ArrayWriter, Element, SqlType};

/// A row of 2 to 6 columns or expressions, compared from left to right: `(a, b) < (x, y)` is `a < x`, or `a = x` and `b < y`.
/// SQLAlchemy: `tuple_(..)`.
///
/// ```
/// use orm_core::expr::row;
/// use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String, city: String }
/// let q = User::query().filter(row((User::NAME, User::ID)).gt(("ann", 7))).select(User::ID);
/// assert_eq!(q.to_sql(), "SELECT users.id FROM users WHERE (users.name, users.id) > ($1, $2)");
///
/// let q = User::query().filter(row((User::NAME, User::CITY)).in_([("ann", "Oslo"), ("bob", "Rome")]));
/// assert!(q.to_sql().ends_with(
///     "WHERE (users.name, users.city) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
/// ));
/// ```
pub fn row<L: RowList>(list: L) -> RowExpr<L::Types, L::Uses> {
    RowExpr {
        nodes: list.into_nodes(),
        types: PhantomData,
    }
}

/// Several expressions that are compared together: what [`row`] gives.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Product::query().filter(row((Product::PRICE, Product::ID)).gt((100, 7))).select(Product::ID);
/// assert!(q.to_sql().ends_with("WHERE (products.price, products.id) > ($1, $2)"));
/// ```
#[must_use = "a row is there to be compared: `.lt(..)`, `.eq(..)`, `.in_(..)`"]
pub struct RowExpr<Types, Uses> {
    nodes: Vec<Node>,
    types: PhantomData<fn() -> (Types, Uses)>,
}

impl<Types, Uses> fmt::Debug for RowExpr<Types, Uses> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.nodes.fmt(f)
    }
}

impl<Types, Uses> RowExpr<Types, Uses> {
    fn compared<R: RowOperand<Types>>(
        self,
        operator: &'static str,
        other: R,
    ) -> Expr<R::Truth, (Uses, R::Uses)> {
        let other = Node::Row(other.into_row());
        Expr::new(Node::infix(Node::Row(self.nodes), operator, other))
    }

    /// `=`: equal in all parts.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let place = || row((Product::PRICE, Product::ID));
    /// let sql = |condition: Filter<Product>| {
    ///     let sql = Product::query().filter(condition).select(Product::ID).to_sql();
    ///     sql.rsplit_once(" WHERE ").unwrap().1.to_owned()
    /// };
    /// assert_eq!(sql(place().eq((100, 7)).for_model()), "(products.price, products.id) = ($1, $2)");
    /// assert_eq!(sql(place().ne((100, 7)).for_model()), "(products.price, products.id) <> ($1, $2)");
    /// ```
    pub fn eq<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared("=", other)
    }

    /// `<>`: not equal in all parts.
    pub fn ne<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared("<>", other)
    }

    /// `<`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let place = || row((Product::PRICE, Product::ID));
    /// let sql = |condition: Filter<Product>| {
    ///     let sql = Product::query().filter(condition).select(Product::ID).to_sql();
    ///     sql.rsplit_once(" WHERE ").unwrap().1.to_owned()
    /// };
    /// assert_eq!(sql(place().lt((100, 7)).for_model()), "(products.price, products.id) < ($1, $2)");
    /// assert_eq!(sql(place().le((100, 7)).for_model()), "(products.price, products.id) <= ($1, $2)");
    /// assert_eq!(sql(place().gt((100, 7)).for_model()), "(products.price, products.id) > ($1, $2)");
    /// assert_eq!(sql(place().ge((100, 7)).for_model()), "(products.price, products.id) >= ($1, $2)");
    /// ```
    pub fn lt<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared("<", other)
    }

    /// `<=`.
    pub fn le<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared("<=", other)
    }

    /// `>`.
    pub fn gt<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared(">", other)
    }

    /// `>=`.
    pub fn ge<R: RowOperand<Types>>(self, other: R) -> Expr<R::Truth, (Uses, R::Uses)> {
        self.compared(">=", other)
    }

    /// Whether the row is in the list of tuples. The list travels as one array for each part, so its length changes neither the
    /// statement nor the number of parameters. NULL in a part makes the answer NULL, as with `=`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().filter(row((Product::NAME, Product::PRICE)).in_([("Air", 100)])).select(Product::ID);
    /// assert!(q.to_sql().ends_with("WHERE (products.name, products.price) IN (SELECT * FROM unnest($1::text[], $2::int4[]))"));
    /// ```
    pub fn in_<L>(self, list: L) -> Expr<Option<bool>, Uses>
    where
        L: IntoIterator,
        L::Item: RowItem<Types>,
    {
        let mut arrays = Vec::new();
        for item in list {
            arrays.resize_with(self.nodes.len(), ArrayWriter::new);
            item.push_to(&mut arrays);
        }
        arrays.resize_with(self.nodes.len(), ArrayWriter::new);
        let types = <L::Item as RowItem<Types>>::types();
        let arrays = arrays.into_iter().zip(types);
        let arrays = arrays.map(|(array, ty)| (array.into_param_of(ty), ty));
        Expr::new(Node::InRows(self.nodes, arrays.collect()))
    }
}

/// What [`row`] takes: a tuple of 2 to 6 columns or expressions.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::RowList;
///
/// assert_eq!((Product::NAME, Product::PRICE).into_nodes().len(), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "this is no row",
    label = "expected a tuple of 2 to 6 columns or expressions; found `{Self}`"
)]
pub trait RowList {
    /// The types of the parts, as a tuple.
    type Types;
    /// The tables that it uses.
    type Uses;

    /// The parts without their types.
    fn into_nodes(self) -> Vec<Node>;
}

/// What a row of `Types` is compared with: a tuple of values, columns or expressions of these types, or another row.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::RowOperand;
///
/// fn parts(other: impl RowOperand<(String, i32), Truth = bool>) -> usize { other.into_row().len() }
/// assert_eq!(parts(("Air", Product::PRICE)), 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "a row is compared with a tuple that has as many parts, of the same types",
    label = "the row's types are `{Types}`; found `{Self}`"
)]
pub trait RowOperand<Types> {
    /// The type of the comparison: `bool`, or `Option<bool>` where any part can be NULL.
    type Truth: SqlType;
    /// The tables that it uses.
    type Uses;

    /// The parts without their types.
    fn into_row(self) -> Vec<Node>;
}

/// An element of a list in which a row of `Types` may be: a tuple of values of these types.
///
/// ```
/// use orm_core::expr::RowItem;
/// use orm_core::types::ArrayWriter;
///
/// type Item = (&'static str, i32);
/// let mut arrays = [ArrayWriter::new(), ArrayWriter::new()];
/// RowItem::<(String, i32)>::push_to(("Air", 100), &mut arrays);
/// assert!(arrays.iter().all(|array| array.len() == 1));
/// assert_eq!(<Item as RowItem<(String, i32)>>::types()[0].name, "text");
/// ```
#[diagnostic::on_unimplemented(
    message = "the list holds no rows of these types",
    label = "the row's types are `{Types}`; the list holds `{Self}`"
)]
pub trait RowItem<Types> {
    /// Appends each part to its array.
    fn push_to(self, arrays: &mut [ArrayWriter]);

    /// The types of the parts.
    fn types() -> Vec<&'static crate::types::PgType>;
}

macro_rules! uses {
    ($last:ty) => { $last };
    ($first:ty, $($rest:ty),+) => { ($first, uses!($($rest),+)) };
}

macro_rules! rows {
    ($($name:ident $ty:ident $at:tt),*) => {
        impl<$($name: Expression),*> RowList for ($($name,)*) {
            type Types = ($($name::Type,)*);
            type Uses = uses!($($name::Uses),*);

            fn into_nodes(self) -> Vec<Node> {
                vec![$(self.$at.into_node()),*]
            }
        }

        impl<$($ty: SqlType, $name: AsExpr<$ty::Base>),*> RowOperand<($($ty,)*)> for ($($name,)*) {
            type Truth = rows!(@truth $($ty $name)*);
            type Uses = uses!($($name::Uses),*);

            fn into_row(self) -> Vec<Node> {
                vec![$(self.$at.into_operand()),*]
            }
        }

        impl<$($ty: SqlType, $name: ListItem<$ty::Base>),*> RowItem<($($ty,)*)> for ($($name,)*)
        where
            $($ty::Base: Element),*
        {
            fn push_to(self, arrays: &mut [ArrayWriter]) {
                $(self.$at.push_to(&mut arrays[$at]);)*
            }

            fn types() -> Vec<&'static crate::types::PgType> {
                vec![$(<$ty::Base as SqlType>::TYPE),*]
            }
        }
    };
    (@truth) => { bool };
    (@truth $ty:ident $name:ident $($rest:ident)*) => {
        <$ty as SqlType>::Nullify<
            <<$name as AsExpr<<$ty as SqlType>::Base>>::Type as SqlType>::Nullify<rows!(@truth $($rest)*)>
        >
    };
}

rows!(A TA 0, B TB 1);
rows!(A TA 0, B TB 1, C TC 2);
rows!(A TA 0, B TB 1, C TC 2, D TD 3);
rows!(A TA 0, B TB 1, C TC 2, D TD 3, E TE 4);
rows!(A TA 0, B TB 1, C TC 2, D TD 3, E TE 4, F TF 5);
