//! [`Query::plain`]: rows that are read through a session and not kept in it.

use std::marker::PhantomData;

use super::{Executor, OrNothing, Query, Selection};
use crate::error::{Error, Result};
use crate::expr::Select;
use crate::model::RowReader;

/// A selection whose entities are plain rows.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Whole;
/// use orm_core::query::{Plain, Query};
///
/// fn rows() -> Query<Plain<Whole<Tag>>, (Tag, ())> {
///     Tag::query().plain() // `Tag`s, on a session too
/// }
/// assert_eq!(rows().to_sql(), "SELECT tags.id, tags.word FROM tags");
/// ```
#[derive(Debug)]
pub struct Plain<S>(PhantomData<fn() -> S>);

impl<S: Selection> Selection for Plain<S> {
    type Row<X: Executor> = S::PlainRow;
    type PlainRow = S::PlainRow;
    type Plain = Self;

    const IS_PLAIN: bool = true;

    fn read<X: Executor>(_: &mut X, row: &mut RowReader<'_>) -> Result<Self::Row<X>> {
        S::read_plain(row)
    }

    fn read_plain(row: &mut RowReader<'_>) -> Result<Self::PlainRow> {
        S::read_plain(row)
    }
}

impl<S: OrNothing> OrNothing for Plain<S> {
    type Row = Plain<S::Row>;
}

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// Entities come as plain rows, as they do on a connection, and the session keeps nothing of them: for what is only read,
    /// in the session's own transaction and with its criteria. A session flushes first, so what is pending is in the rows.
    /// On a connection it changes nothing. Sends nothing itself.
    ///
    /// SQLAlchemy has no such thing for entities: there one selects the columns.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db[ann].name = "Anna".to_owned();
    ///
    /// let users: Vec<User> = User::query().order_by(User::ID).plain().all(&mut db).await?; // UPDATE users .., SELECT ..
    /// assert_eq!(users[0], User { id: 1, name: "Anna".to_owned() });
    ///
    /// let pairs: Vec<(Order, Option<User>)> = Order::query()
    ///     .left_join(Order::USER)
    ///     .select((Order::ALL, User::ALL))
    ///     .plain()
    ///     .all(&mut db)
    ///     .await?;
    /// assert_eq!(pairs.len(), 3);
    /// assert_eq!(db.debug_view().to_string().lines().filter(|line| line.contains("User")).count(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Relationships cannot be loaded with plain rows, which have no place for them: a `.with(..)` before is
    /// [`Error::Invalid`] when the query runs, one behind it does not compile.
    pub fn plain(self) -> Query<Sel::Plain, Scope, G> {
        self.retyped()
    }
}

/// What is said of loads beside plain rows.
pub(crate) fn refuse_loads(select: &Select, instead: &str) -> Error {
    Error::invalid(format!(
        "relationships of `{}` are to be loaded with plain rows, which have no place for them: leave out `.with(..)`, or \
         {instead}, which gives tracked entities",
        select.from.table.name
    ))
}
