//! `on_conflict`: what an INSERT does with a row that is there already.

use std::fmt;
use std::marker::PhantomData;

use super::Insert;
use super::insert::{IgnoringConflict, NoConflict, UpdatingConflict};
use super::render;
use super::write::with_implied;
use crate::error::{Error, Result};
use crate::expr::{
    Action, Alias, Assigns, Column, Condition, Conflict, ConflictAction, ConflictTarget, Excluded,
    Node, PerRow, TableRef, Within, Write,
};
use crate::model::Model;

/// The scope of `do_update`: the row that is there, and the one that could not be inserted.
type Both<M> = (M, (Excluded<M>, ()));

/// An INSERT that has been told which rows are there already, and not yet what to do with them.
/// SQLAlchemy: PostgreSQL's `insert(..).on_conflict_..`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let rows = || [Tag::create().word("used")];
/// let skip = Tag::insert(rows()).on_conflict(Tag::WORD).do_nothing();
/// assert_eq!(skip.to_sql()?, "INSERT INTO tags (word) VALUES ($1) ON CONFLICT (word) DO NOTHING");
/// let write = Tag::insert(rows()).on_conflict(Tag::WORD).do_update(Tag::WORD.set(excluded(Tag::WORD)));
/// assert!(write.to_sql()?.ends_with(" ON CONFLICT (word) DO UPDATE SET word = excluded.word"));
/// # Ok::<(), orm_core::Error>(())
/// ```
#[must_use = "say what happens: `.do_nothing()` or `.do_update(..)`"]
pub struct OnConflict<M, By = ByColumns> {
    write: Result<Write>,
    target: ConflictTarget,
    types: PhantomData<fn() -> (M, By)>,
}

/// The conflict is about columns.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{ByColumns, OnConflict};
///
/// let there: OnConflict<Tag, ByColumns> = Tag::insert([Tag::create().word("used")]).on_conflict(Tag::WORD);
/// # let _ = there;
/// ```
#[derive(Debug)]
pub struct ByColumns;

/// The conflict is about a constraint that is named.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::{ByName, OnConflict};
///
/// let there: OnConflict<Tag, ByName> = Tag::insert([Tag::create().word("used")]).on_constraint("tags_word_key");
/// # let _ = there;
/// ```
#[derive(Debug)]
pub struct ByName;

impl<M: Model> Insert<M, NoConflict> {
    /// A row is there already if another has the same values in these columns: one, or a tuple, for which there must be a
    /// unique index or constraint. SQLAlchemy: `on_conflict_do_..(index_elements=[..])`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "stock")]
    /// # struct Stock { #[orm(primary_key)] place: i32, #[orm(primary_key)] sku: String, count: i32 }
    /// let rows = [Stock::create().place(1).sku("a").count(1)];
    /// let q = Stock::insert(rows).on_conflict((Stock::PLACE, Stock::SKU)).do_nothing();
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO stock (place, sku, count) VALUES ($1, $2, $3) ON CONFLICT (place, sku) DO NOTHING"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn on_conflict<C: ConflictColumns<M>>(self, columns: C) -> OnConflict<M> {
        let mut positions = Vec::new();
        columns.push_to(&mut positions);
        OnConflict {
            write: self.write,
            target: ConflictTarget::Columns {
                columns: positions,
                filters: Vec::new(),
            },
            types: PhantomData,
        }
    }

    /// A row is there already if it violates the constraint of this name. SQLAlchemy: `constraint="..."`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// let q = User::insert([User::create().name("ann")]).on_constraint("users_name_key").do_nothing();
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO users (name) VALUES ($1) ON CONFLICT ON CONSTRAINT users_name_key DO NOTHING"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn on_constraint(self, name: impl Into<String>) -> OnConflict<M, ByName> {
        OnConflict {
            write: self.write,
            target: ConflictTarget::Constraint(name.into()),
            types: PhantomData,
        }
    }

    /// Leaves out the rows that are there already, whichever constraint says so. SQLAlchemy: `on_conflict_do_nothing()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// let q = User::insert([User::create().name("ann")]).on_conflict_do_nothing();
    /// assert_eq!(q.to_sql()?, "INSERT INTO users (name) VALUES ($1) ON CONFLICT DO NOTHING");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn on_conflict_do_nothing(self) -> Insert<M, IgnoringConflict> {
        with(self.write, ConflictTarget::Any, ConflictAction::Nothing)
    }
}

impl<M: Model> OnConflict<M> {
    /// The unique index has a condition: it is a partial one, and this is its condition or one that implies it.
    /// SQLAlchemy: `index_where`.
    ///
    /// The server chooses the index before it knows any value, so the condition is of columns alone: `!User::DELETED`,
    /// `User::DELETED_AT.is_null()`. For an index whose condition compares with a value, use a constraint, or an index
    /// on an expression of columns.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String, deleted: bool }
    /// let q = User::insert([User::create().name("ann").deleted(false)])
    ///     .on_conflict(User::NAME)
    ///     .filter(!User::DELETED)
    ///     .do_nothing();
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO users (name, deleted) VALUES ($1, $2) ON CONFLICT (name) WHERE NOT deleted DO NOTHING"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn filter<E, I>(mut self, condition: E) -> Self
    where
        E: Condition + Within<(M, ()), I> + PerRow,
    {
        let node = condition.into_node();
        if !render::statement(&|sql| sql.node(&node)).params.is_empty() {
            self.write = self.write.and(Err(Error::invalid(format!(
                "the condition of a unique index of `{}` compares with a value, which the server does not know when it \
                 chooses the index: use columns alone (`!DELETED`, `DELETED_AT.is_null()`), or `on_constraint`",
                M::TABLE.name
            ))));
        } else if let ConflictTarget::Columns { filters, .. } = &mut self.target {
            filters.push(node);
        }
        self
    }
}

impl<M: Model, By> OnConflict<M, By> {
    /// Leaves out the rows that are there already. RETURNING gives nothing for them.
    /// SQLAlchemy: `on_conflict_do_nothing`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let tags = ["new", "used"].map(|word| Tag::create().word(word));
    /// let added = Tag::insert(tags).on_conflict(Tag::WORD).do_nothing().exec(&mut db).await?;
    /// assert_eq!(added, 1); // "new" is there
    /// # Ok(())
    /// # }
    /// ```
    pub fn do_nothing(self) -> Insert<M, IgnoringConflict> {
        with(self.write, self.target, ConflictAction::Nothing)
    }

    /// Changes the row that is there; [`excluded(COLUMN)`](crate::expr::excluded) is what was to be inserted. Columns with
    /// `on_update = ..` get their new values and a version counts up, unless they are set here. A condition follows by
    /// [`filter`](Insert::filter). SQLAlchemy: `on_conflict_do_update(set_={..}, where=..)`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "stock")]
    /// # struct Stock { #[orm(primary_key)] sku: String, price: i32, count: i32 }
    /// let q = Stock::insert([Stock::create().sku("a").price(9).count(1)])
    ///     .on_conflict(Stock::SKU)
    ///     .do_update((
    ///         Stock::PRICE.set(excluded(Stock::PRICE)),
    ///         Stock::COUNT.set(Stock::COUNT + excluded(Stock::COUNT)),
    ///     ))
    ///     .filter(Stock::PRICE.ne(excluded(Stock::PRICE)));
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO stock (sku, price, count) VALUES ($1, $2, $3) ON CONFLICT (sku) \
    ///      DO UPDATE SET price = excluded.price, count = stock.count + excluded.count \
    ///      WHERE stock.price <> excluded.price"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn do_update<A, I>(self, assignments: A) -> Insert<M, UpdatingConflict>
    where
        A: Assigns<M, Both<M>, I>,
    {
        let mut set = Vec::new();
        assignments.push_to(&mut set);
        self.update(set)
    }

    /// Gives the row that is there all values that were to be inserted, but for its primary key and the columns of the
    /// conflict: "insert or replace".
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "stock")]
    /// # struct Stock { #[orm(primary_key)] sku: String, price: i32, count: i32 }
    /// let q = Stock::insert([Stock::create().sku("a").price(9).count(1)]).on_conflict(Stock::SKU).do_update_all();
    /// assert_eq!(
    ///     q.to_sql()?,
    ///     "INSERT INTO stock (sku, price, count) VALUES ($1, $2, $3) ON CONFLICT (sku) \
    ///      DO UPDATE SET price = excluded.price, count = excluded.count"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    pub fn do_update_all(self) -> Insert<M, UpdatingConflict> {
        let excluded = TableRef {
            table: M::TABLE,
            alias: Alias::Excluded,
        };
        let conflicting = match &self.target {
            ConflictTarget::Columns { columns, .. } => columns.as_slice(),
            _ => &[],
        };
        let inserted = match &self.write {
            Ok(Write {
                action: Action::Insert { columns, .. },
                ..
            }) => columns.as_slice(),
            _ => &[],
        };
        let set = inserted
            .iter()
            .filter(|column| {
                !conflicting.contains(column)
                    && !M::TABLE.primary_key.contains(column)
                    && M::TABLE.version != Some(**column)
            })
            .map(|column| (*column, Node::Column(excluded, *column)))
            .collect();
        self.update(set)
    }

    fn update(self, set: Vec<(u16, Node)>) -> Insert<M, UpdatingConflict> {
        // What is not sent at all sets no column either, and is no mistake.
        let sends = self.write.as_ref().is_ok_and(|write| !write.is_empty());
        let write = match self.write {
            Ok(_) if sends && set.is_empty() => Err(Error::invalid(format!(
                "`do_update` of an INSERT into `{}` sets no column: `.do_nothing()` leaves the row as it is",
                M::TABLE.name
            ))),
            write => write,
        };
        let action = ConflictAction::Update {
            assignments: with_implied(TableRef::of(M::TABLE), set, M::on_update()),
            filters: Vec::new(),
        };
        with(write, self.target, action)
    }
}

impl<M: Model> Insert<M, UpdatingConflict> {
    /// Leaves the row that is there as it is unless the condition holds; RETURNING gives nothing for it then. Several must
    /// all hold. SQLAlchemy: `where` of `on_conflict_do_update`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let cheaper = Product { id: 1, name: "Air".to_owned(), price: 94_900, stock: 5, category_id: Some(3) };
    /// let written = Product::insert([cheaper])
    ///     .on_conflict(Product::ID)
    ///     .do_update(Product::PRICE.set(excluded(Product::PRICE)))
    ///     .filter(Product::PRICE.gt(excluded(Product::PRICE))) // only where it is cheaper
    ///     .exec(&mut db)
    ///     .await?;
    /// assert_eq!(written, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter<E, I>(mut self, condition: E) -> Self
    where
        E: Condition + Within<Both<M>, I> + PerRow,
    {
        if let Ok(Write {
            action:
                Action::Insert {
                    conflict:
                        Some(Conflict {
                            action: ConflictAction::Update { filters, .. },
                            ..
                        }),
                    ..
                },
            ..
        }) = &mut self.write
        {
            filters.push(condition.into_node());
        }
        self
    }
}

fn with<M: Model, S>(
    write: Result<Write>,
    target: ConflictTarget,
    action: ConflictAction,
) -> Insert<M, S> {
    Insert::of(write.map(|mut write| {
        if let Action::Insert { conflict, .. } = &mut write.action {
            *conflict = Some(Conflict { target, action });
        }
        write
    }))
}

impl<M, By> fmt::Debug for OnConflict<M, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::returning::debug(&self.write, f)?;
        write!(f, " ON CONFLICT {:?}", self.target)
    }
}

/// What `on_conflict` takes: a column of the model, or a tuple of up to 8.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::ConflictColumns;
///
/// let mut positions = Vec::new();
/// ConflictColumns::<Tag>::push_to((Tag::ID, Tag::WORD), &mut positions); // `.on_conflict((Tag::ID, Tag::WORD))`
/// assert_eq!(positions, [0, 1]);
/// ```
#[diagnostic::on_unimplemented(
    message = "a conflict of rows of `{M}` is not about this",
    label = "expected a column of `{M}`, or a tuple of these; found `{Self}`"
)]
pub trait ConflictColumns<M> {
    /// Appends the columns' positions.
    fn push_to(self, columns: &mut Vec<u16>);
}

impl<M: Model, T> ConflictColumns<M> for Column<M, T> {
    fn push_to(self, columns: &mut Vec<u16>) {
        columns.push(self.position());
    }
}

macro_rules! tuples {
    ($($name:ident),*) => {
        impl<M, $($name: ConflictColumns<M>),*> ConflictColumns<M> for ($($name,)*) {
            #[allow(non_snake_case)]
            fn push_to(self, columns: &mut Vec<u16>) {
                let ($($name,)*) = self;
                $($name.push_to(columns);)*
            }
        }
    };
}

tuples!(A);
tuples!(A, B);
tuples!(A, B, C);
tuples!(A, B, C, D);
tuples!(A, B, C, D, E);
tuples!(A, B, C, D, E, F);
tuples!(A, B, C, D, E, F, G);
tuples!(A, B, C, D, E, F, G, H);
