//! [`Column`], the constants that a model has; [`All`], all of them; and [`NamedColumn`], one found by its name.

use std::fmt;
use std::marker::PhantomData;

use super::{Node, OrderNode, Selectable};
use crate::error::{Error, Result};
use crate::model::{ColumnInfo, Model, Source};

/// A column: `User::NAME` is a `Column<User, String>`. SQLAlchemy: `InstrumentedAttribute`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Column;
///
/// let price: Column<Product, i32> = Product::PRICE; // a constant, and `Copy`
/// assert_eq!(format!("{price:?}"), "products.price");
/// ```
pub struct Column<S, T> {
    position: u16,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Column<S, T> {
    /// The constant of a column at a position. Called by derived code.
    #[doc(hidden)]
    pub const fn new(position: u16) -> Self {
        Column {
            position,
            types: PhantomData,
        }
    }

    /// The position in the table's description.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert_eq!((Product::ID.position(), Product::PRICE.position()), (0, 2));
    /// ```
    pub const fn position(&self) -> u16 {
        self.position
    }
}

impl<S: Selectable, T> Column<S, T> {
    /// The description. SQLAlchemy: `User.__table__.c.price`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let info = Product::CATEGORY_ID.info();
    /// assert_eq!((info.name, info.ty.name, info.nullable), ("category_id", "int4", true));
    /// ```
    pub fn info(&self) -> &'static ColumnInfo {
        &S::table_ref().table.columns[self.position as usize]
    }

    pub(crate) fn node(&self) -> Node {
        Node::Column(S::table_ref(), self.position)
    }
}

impl<S, T> Clone for Column<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T> Copy for Column<S, T> {}

impl<S: Selectable, T> fmt::Debug for Column<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", S::table_ref().table.name, self.info().name)
    }
}

/// All columns of a model: `User::ALL` in a select list gives the whole entity.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let q = Tag::query().select((Tag::ALL, func::length(Tag::WORD)));
/// assert_eq!(q.to_sql(), "SELECT tags.id, tags.word, length(tags.word) FROM tags");
/// ```
pub struct All<S>(PhantomData<fn() -> S>);

impl<S> All<S> {
    /// The constant. Called by derived code.
    #[doc(hidden)]
    pub const fn new() -> Self {
        All(PhantomData)
    }
}

impl<S> Default for All<S> {
    fn default() -> Self {
        All::new()
    }
}

impl<S> Clone for All<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for All<S> {}

impl<S: Selectable> fmt::Debug for All<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.*", S::table_ref().table.name)
    }
}

/// A column that was found by its name at run time: what `User::column("name")` gives. It can be ordered by.
///
/// The name is looked up among the model's columns and never reaches SQL by itself, so a request's parameter may be
/// passed as it is. SQLAlchemy code does this with `getattr(User, name)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let by = "price"; // from a request, say
/// let q = Product::query().order_by(Product::column(by)?.desc()).select(Product::ID);
/// assert_eq!(q.to_sql(), "SELECT products.id FROM products ORDER BY products.price DESC");
/// # Ok::<(), orm_core::Error>(())
/// ```
pub struct NamedColumn<S> {
    position: u16,
    source: PhantomData<fn() -> S>,
}

impl<S> Clone for NamedColumn<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for NamedColumn<S> {}

impl<S: Source> NamedColumn<S> {
    /// The column with this name, or of the field with this name. SQLAlchemy: `getattr(User, name)`.
    /// [`NamedColumn`] has an example.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::expr::NamedColumn;
    ///
    /// let by = NamedColumn::<Product>::find("price")?; // what `Product::column("price")` does
    /// assert_eq!(format!("{by:?}"), "products.price");
    ///
    /// let error = NamedColumn::<Product>::find("prize").unwrap_err();
    /// assert!(error.to_string().starts_with("`Product` has no column `prize`; it has id, name, price"));
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] that lists the model's columns.
    pub fn find(name: &str) -> Result<Self> {
        let table = S::Model::TABLE;
        let (position, _) = table.column(name).ok_or_else(|| {
            let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            Error::invalid(format!(
                "`{}` has no column `{}`; it has {}",
                table.model,
                name.escape_debug(),
                names.join(", ")
            ))
        })?;
        Ok(NamedColumn {
            position,
            source: PhantomData,
        })
    }

    /// The description.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// assert_eq!(Product::column("price")?.info().ty.name, "int4");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn info(&self) -> &'static ColumnInfo {
        &S::Model::TABLE.columns[self.position as usize]
    }

    /// In ascending order. SQLAlchemy: `asc()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::column("name")?.asc()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.name"));
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn asc(self) -> super::Ordered<super::Of<S>> {
        self.ordered(false)
    }

    /// In descending order. SQLAlchemy: `desc()`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let q = Product::query().order_by(Product::column("name")?.desc()).select(Product::ID);
    /// assert!(q.to_sql().ends_with("ORDER BY products.name DESC"));
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn desc(self) -> super::Ordered<super::Of<S>> {
        self.ordered(true)
    }

    fn ordered(self, descending: bool) -> super::Ordered<super::Of<S>> {
        super::Ordered::new(OrderNode {
            node: Node::Column(S::table_ref(), self.position),
            ty: Some(self.info().ty),
            descending,
            nulls_first: None,
        })
    }
}

impl<S: Source> fmt::Debug for NamedColumn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", S::Model::TABLE.name, self.info().name)
    }
}
