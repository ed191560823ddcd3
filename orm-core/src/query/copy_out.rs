//! [`Query::copy_out`]: the rows of a query by COPY. The engine's `copy_out` reads them off the wire.

use super::{Executor, Query, RowsOfStream, Running, Selection, lock, plain};
use crate::expr::Standalone;

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// The rows by COPY in PostgreSQL's binary format, as they arrive and in constant memory: the fastest way to read all of them.
    /// Entities are plain rows. The other way is [`copy_in`](super::Inserts::copy_in), to which these can go. The nearest that
    /// SQLAlchemy has is the driver's `copy_from_query`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let mut orders = Order::query().filter(Order::TOTAL.gt(10)).order_by(Order::ID).copy_out(&mut db).await?;
    /// while let Some(order) = orders.try_next().await? { // an `Order`
    ///     println!("{} {}", order.id, order.total);
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// COPY has no parameters, and values are no SQL text here either: they become settings of the transaction. So this sends
    ///
    /// ```text
    /// SELECT set_config('orm_copy.p1', $1::pg_catalog.int4::text, true)
    /// COPY (SELECT .. WHERE orders.total > (current_setting('orm_copy.p1')::pg_catalog.int4) ..) TO STDOUT (FORMAT binary)
    /// ```
    ///
    /// the first of them only where there are values, and asks the server for the columns' types before. A session flushes first,
    /// if anything is pending, and reads in its transaction; a connection without one has BEGIN before and COMMIT behind it.
    ///
    /// Where you may stop before the end, [`stream`](Query::stream) is better: of a COPY that is dropped halfway the rest is read
    /// and thrown away before the next statement's answer; if the session or connection goes away first, it is cancelled.
    ///
    /// # Errors
    /// What the server refuses, here or from the stream; [`Error::Invalid`](crate::Error::Invalid) for a query with
    /// `.with(..)`.
    pub fn copy_out<X: Executor>(
        mut self,
        on: &mut X,
    ) -> Running<'_, RowsOfStream<'_, Sel::PlainRow>>
    where
        Scope: Standalone,
    {
        Running::new(async move {
            if !self.loads.is_empty() {
                return Err(plain::refuse_loads(&self.select, "use `.cursor(..)`"));
            }
            lock::check(&self.select)?;
            on.before_query().await?;
            on.restrict(&mut self.select);
            let rows = on.copy_out(self.select).await?;
            Ok(RowsOfStream::reading::<Sel>(rows))
        })
    }
}
