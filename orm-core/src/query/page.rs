//! [`Query::page_with_count`]: numbered pages, with the number of all rows.

use super::finish::{Asked, run};
use super::{Executor, Query, Running, Selection, render};
use crate::error::Error;
use crate::expr::Standalone;

/// A numbered page of rows, and how many there are in all.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let page = Product::query().order_by(Product::NAME).page_with_count(2, 3, &mut db).await?;
/// assert_eq!((page.rows.len(), page.number, page.total, page.pages()), (1, 2, 4, 2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CountedPage<T> {
    /// The rows of the page; none behind the last page.
    pub rows: Vec<T>,
    /// The page's number, from 1.
    pub number: u32,
    /// How many rows a page has.
    pub size: u32,
    /// The number of rows of all pages.
    pub total: i64,
}

impl<T> CountedPage<T> {
    /// The number of pages.
    ///
    /// ```
    /// use orm_core::query::CountedPage;
    ///
    /// let page = CountedPage { rows: vec!["a"], number: 3, size: 10, total: 21 };
    /// assert_eq!(page.pages(), 3);
    /// ```
    pub fn pages(&self) -> i64 {
        let size = i64::from(self.size.max(1));
        (self.total + size - 1) / size
    }
}

impl<Sel: Selection, Scope, G> Query<Sel, Scope, G> {
    /// The page of this number, counted from 1, and the number of rows of all pages. Two statements, `SELECT count(*)` and
    /// the page's; the second is left out where the page lies behind the last row. Of the two, one is asked after the
    /// other: what others commit in between is in the page and not in the count, unless the transaction is
    /// `REPEATABLE READ`.
    ///
    /// A window `count(*) OVER ()` would be one statement, and gives no count for a page without rows. For long lists, and
    /// those that change while they are read, [`page`](Query::page) is better. The query should have an order.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let page = Product::query().order_by(Product::NAME).page_with_count(2, 3, &mut db).await?;
    /// assert_eq!(db[page.rows[0]].name, "Pro");
    /// assert_eq!((page.number, page.pages(), page.total), (2, 2, 4));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page number or size of 0, and for a query with LIMIT or OFFSET; else as [`Query::all`].
    pub fn page_with_count<X: Executor, R: Send>(
        mut self,
        number: u32,
        size: u32,
        on: &mut X,
    ) -> Running<'_, CountedPage<R>>
    where
        Sel: Selection<Row<X> = R>,
        Scope: Standalone,
    {
        Running::new(async move {
            let table = self.select.from.table.name;
            if number == 0 || size == 0 {
                return Err(Error::invalid(format!(
                    "page {number} of `{table}` with {size} rows: pages count from 1, and have at least one row"
                )));
            }
            if self.select.limit.is_some() || self.select.offset.is_some() {
                return Err(Error::invalid(format!(
                    "a page of `{table}` cannot have LIMIT or OFFSET, which `page_with_count` sets"
                )));
            }
            on.before_query().await?;
            let mut all = self.select.clone();
            on.restrict(&mut all);
            let counted = on.fetch(render::count(all)).await?;
            let total: i64 = super::finish::only_row(counted)?.get(0)?;
            let offset = i64::from(number - 1) * i64::from(size);
            let mut rows = Vec::new();
            if offset < total {
                self.select.limit = Some(i64::from(size));
                self.select.offset = Some(offset);
                rows = run::<Sel, X>(self.select, self.loads, on, Asked::IN_PARTS).await?;
            }
            Ok(CountedPage {
                rows,
                number,
                size,
                total,
            })
        })
    }
}
