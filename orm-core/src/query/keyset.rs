//! [`Pages`]: keyset pagination. A page begins behind the last row of the one before, found by the values of its order, not
//! by counting rows: as fast at the end as at the beginning, and nothing is left out or given twice when rows come and go.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;

use super::finish::{Asked, run_with};
use super::{Executor, LoadStep, Query, Running, Selection, Statement, render, token};
use crate::error::{Error, Result};
use crate::expr::{Item, JoinKind, Node, OrderNode, Select, Standalone, TableRef, Ungrouped};
use crate::model::RowReader;
use crate::types::Param;

/// A page of a query's rows, which is still to be fetched: [`Query::page`].
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// let pages = Tag::query().order_by(Tag::WORD).select(Tag::WORD).page(20); // nothing is sent yet
/// assert_eq!(pages.to_sql()?, "SELECT tags.word, tags.word, tags.id FROM tags ORDER BY tags.word, tags.id LIMIT $1");
/// # Ok::<(), orm_core::Error>(())
/// ```
#[must_use = "a page is read by `.fetch(&mut db).await`"]
pub struct Pages<Sel> {
    select: Select,
    loads: Vec<LoadStep>,
    size: i64,
    place: Place,
    types: PhantomData<fn() -> Sel>,
}

/// Where a page stands.
#[derive(Debug)]
enum Place {
    First,
    After(String),
    Before(String),
}

/// A page of rows, and the tokens of its neighbours.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::query::Page;
///
/// let page: Page<String> = Product::query().order_by(Product::NAME).select(Product::NAME).page(3).fetch(&mut db).await?;
/// assert_eq!(page.rows, ["Air", "Cable", "Nova"]);
/// assert!(page.next.is_some() && page.prev.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows, in the query's order.
    pub rows: Vec<T>,
    /// What [`Pages::after`] takes for the next page; `None` where there is none.
    pub next: Option<String>,
    /// What [`Pages::before`] takes for the page before; `None` where there is none.
    pub prev: Option<String>,
}

impl<Sel, Scope> Query<Sel, Scope, Ungrouped> {
    /// The rows in pages of this size, each found by the last row of the one before. The query's `order_by` may have any
    /// number of columns and expressions, directions, and NULLs first or last; the primary keys of its tables are added
    /// behind them, so that no two rows stand at one place.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let q = Product::query().order_by(Product::PRICE.desc()).select(Product::NAME);
    /// let first = q.clone().page(3).fetch(&mut db).await?;
    /// assert_eq!(first.rows, ["Pro", "Air", "Nova"]);
    /// let second = q.page(3).after(first.next.expect("there are four")); // the token went to the client and came back
    /// assert!(second.to_sql()?.contains("products.price < $"));
    /// assert_eq!(second.fetch(&mut db).await?.rows, ["Cable"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Of the next page, the SQL asks for rows that come later: `name > $1 OR name = $1 AND id > $2`, and for NULLs as the
    /// order has them. An index on the order's columns makes it fast.
    pub fn page(self, size: u32) -> Pages<Sel>
    where
        Scope: Standalone,
    {
        Pages {
            select: self.select,
            loads: self.loads,
            size: i64::from(size.max(1)),
            place: Place::First,
            types: PhantomData,
        }
    }
}

impl<Sel> Pages<Sel> {
    /// The page behind the place of a token: [`Page::next`] of the page before.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let products = Product::query().order_by(Product::NAME);
    /// let first = products.clone().page(3).fetch(&mut db).await?;
    /// let second = products.page(3).after(first.next.expect("there are four")).fetch(&mut db).await?;
    /// assert_eq!(second.rows.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(mut self, token: impl Into<String>) -> Self {
        self.place = Place::After(token.into());
        self
    }

    /// As [`after`](Pages::after) where there is a token, else the first page.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let token: Option<&str> = None; // of a request without `?after=..`
    /// let page = Product::query().order_by(Product::NAME).page(3).after_some(token).fetch(&mut db).await?;
    /// assert_eq!(db[page.rows[0]].name, "Air");
    /// # Ok(())
    /// # }
    /// ```
    pub fn after_some<T: Into<String>>(self, token: Option<T>) -> Self {
        match token {
            Some(token) => self.after(token),
            None => self,
        }
    }

    /// The page in front of the place of a token: [`Page::prev`] of the page behind. Its rows stand in the query's order.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let products = Product::query().order_by(Product::NAME);
    /// let first = products.clone().page(3).fetch(&mut db).await?;
    /// let second = products.clone().page(3).after(first.next.expect("there are four")).fetch(&mut db).await?;
    /// let again = products.page(3).before(second.prev.expect("it isn't the first")).fetch(&mut db).await?;
    /// assert_eq!(again.rows, first.rows);
    /// # Ok(())
    /// # }
    /// ```
    pub fn before(mut self, token: impl Into<String>) -> Self {
        self.place = Place::Before(token.into());
        self
    }

    /// The SQL text, without the values.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let page = Tag::query().order_by(Tag::WORD).page(20);
    /// assert_eq!(page.to_sql()?, "SELECT tags.id, tags.word, tags.word, tags.id FROM tags ORDER BY tags.word, tags.id LIMIT $1");
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fetch`](Pages::fetch).
    pub fn to_sql(&self) -> Result<String> {
        Ok(self.statement()?.sql.into())
    }

    /// The SQL text and its parameters.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// let page = Tag::query().order_by(Tag::WORD).page(20).statement()?;
    /// assert_eq!(page.params[0].show(), "21"); // one more, to know whether there is another page
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fetch`](Pages::fetch).
    pub fn statement(&self) -> Result<Statement> {
        let mut select = self.select.clone();
        prepare(&mut select, self.size, &self.place)?;
        Ok(render::select(&select))
    }
}

impl<Sel: Selection> Pages<Sel> {
    /// Reads the page. One statement, and one more for each to-many level of `.with(..)`. It asks for one row more than the
    /// page has, to know whether there is another page.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let page = Product::query().order_by(Product::PRICE.desc()).page(2).fetch(&mut db).await?;
    /// let names: Vec<&str> = page.rows.iter().map(|product| db[*product].name.as_str()).collect();
    /// assert_eq!(names, ["Pro", "Air"]);
    /// assert!(page.next.is_some() && page.prev.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that was not made by this crate, was changed, or is of another order, and for a query
    /// with DISTINCT, LIMIT or OFFSET; else as [`Query::all`].
    pub fn fetch<X: Executor, R: Send>(mut self, on: &mut X) -> Running<'_, Page<R>>
    where
        Sel: Selection<Row<X> = R>,
    {
        Running::new(async move {
            let order = prepare(&mut self.select, self.size, &self.place)?;
            let parts = order.len();
            let behind = |row: &mut RowReader<'_>| (0..parts).map(|_| value(row)).collect();
            let found = run_with::<Sel, X, Vec<Option<Bytes>>>(
                self.select,
                self.loads,
                on,
                Asked::IN_PARTS,
                behind,
            );
            let mut found = found.await?;
            let more = found.len() as i64 > self.size;
            found.truncate(self.size as usize);
            let backwards = matches!(self.place, Place::Before(_));
            if backwards {
                found.reverse();
            }
            let token =
                |at: Option<&(_, Vec<_>)>| at.map(|(_, values)| token::write(&order, values));
            let first = token(found.first());
            let last = token(found.last());
            let (prev, next) = match self.place {
                Place::First => (None, last.filter(|_| more)),
                Place::After(_) => (first, last.filter(|_| more)),
                Place::Before(_) => (first.filter(|_| more), last),
            };
            let rows = found.into_iter().map(|(row, _)| row).collect();
            Ok(Page { rows, next, prev })
        })
    }
}

impl<Sel> fmt::Debug for Pages<Sel> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_sql() {
            Ok(sql) => f.write_str(&sql),
            Err(error) => fmt::Display::fmt(&error, f),
        }
    }
}

/// The value of an order's part at a row, in the form that a parameter has.
fn value(row: &mut RowReader<'_>) -> Option<Bytes> {
    let raw = row.raw();
    let bytes = raw.bytes?;
    // The form on the wire begins with its version.
    let versioned = matches!(raw.type_name(), "jsonb" | "jsonpath" | "ltree");
    Some(Bytes::copy_from_slice(&bytes[usize::from(versioned)..]))
}

/// Makes the query that of a page, and gives the whole order.
fn prepare(select: &mut Select, size: i64, place: &Place) -> Result<Vec<OrderNode>> {
    let clause = if select.limit.is_some() || select.offset.is_some() {
        Some("LIMIT or OFFSET, which `page` sets")
    } else if select.distinct || !select.distinct_on.is_empty() {
        Some("DISTINCT, whose rows have no key")
    } else {
        None
    };
    if let Some(clause) = clause {
        return Err(Error::invalid(format!(
            "a page of `{}` cannot have {clause}",
            select.from.table.name
        )));
    }
    let joined = select.joins.iter().map(|join| join.table);
    let mut tables = std::iter::once(select.from).chain(joined);
    if select.set.is_some() || tables.any(|table| table.table.primary_key.is_empty()) {
        return Err(Error::invalid(
            "rows that a query computes (a set operation, a derived table, a CTE) have no key, so there are no pages of them \
             by `page`: use `page_with_count`, or begin with a model",
        ));
    }
    let order = whole_order(select);
    let mut parts = order.clone();
    if let Place::Before(_) = place {
        for part in &mut parts {
            part.nulls_first = Some(!nulls_first(part));
            part.descending = !part.descending;
        }
    }
    if let Place::After(token) | Place::Before(token) = place {
        let values = token::read(token, &order)?;
        let optional = optional_tables(select);
        if let Some(bound) = bound(&parts[0], &values[0], &optional) {
            select.filters.push(bound);
        }
        select.filters.push(later(&parts, &values, &optional));
    }
    let values = order.iter().map(|part| Item::Expr(part.node.clone()));
    select.items.extend(values);
    select.order_by = parts;
    select.limit = Some(size + 1);
    Ok(order)
}

/// The order, with the keys of all tables behind it: their rows together are what a row of the query is.
fn whole_order(select: &Select) -> Vec<OrderNode> {
    let mut order = select.order_by.clone();
    let descending = order.last().is_some_and(|part| part.descending);
    let joined = select.joins.iter().map(|join| join.table);
    for table in std::iter::once(select.from).chain(joined) {
        for key in table.table.primary_key {
            let node = Node::Column(table, *key);
            if order.iter().all(|part| !part.node.same(&node)) {
                order.push(OrderNode {
                    node,
                    ty: Some(table.table.columns[*key as usize].ty),
                    descending,
                    nulls_first: None,
                });
            }
        }
    }
    order
}

/// The tables that may have no row.
fn optional_tables(select: &Select) -> Vec<TableRef> {
    let outer = select
        .joins
        .iter()
        .filter(|join| join.kind != JoinKind::Inner);
    outer.map(|join| join.table).collect()
}

/// Where NULLs stand: last in ascending order, first in descending order, unless it was said.
fn nulls_first(part: &OrderNode) -> bool {
    part.nulls_first.unwrap_or(part.descending)
}

/// Whether a part of the order can be NULL. Of expressions nobody knows.
fn nullable(node: &Node, optional: &[TableRef]) -> bool {
    match node {
        Node::Column(table, column) => {
            table.table.columns[*column as usize].nullable
                || optional
                    .iter()
                    .any(|other| other.table.id() == table.table.id() && other.alias == table.alias)
        }
        _ => true,
    }
}

/// The rows that come later in an order than the place of these values.
fn later(order: &[OrderNode], values: &[Param], optional: &[TableRef]) -> Node {
    let (Some((part, order)), Some((value, values))) = (order.split_first(), values.split_first())
    else {
        return Node::Word("FALSE");
    };
    let node = || part.node.clone();
    let equal = match value.bytes() {
        None => Node::postfix(node(), "IS NULL"),
        Some(_) => Node::infix(node(), "=", Node::Param(value.clone())),
    };
    let behind = match (value.bytes(), nulls_first(part)) {
        (None, true) => Some(Node::postfix(node(), "IS NOT NULL")),
        // Nothing is behind the NULLs.
        (None, false) => None,
        (Some(_), nulls_first) => {
            let operator = if part.descending { "<" } else { ">" };
            let behind = Node::infix(node(), operator, Node::Param(value.clone()));
            Some(if !nulls_first && nullable(&part.node, optional) {
                Node::junction(behind, "OR", Node::postfix(node(), "IS NULL"))
            } else {
                behind
            })
        }
    };
    if order.is_empty() {
        return behind.unwrap_or(Node::Word("FALSE"));
    }
    let tied = Node::junction(equal, "AND", later(order, values, optional));
    match behind {
        Some(behind) => Node::junction(behind, "OR", tied),
        None => tied,
    }
}

/// A condition on the first part alone, which follows from the others and by which an index can be used.
fn bound(part: &OrderNode, value: &Param, optional: &[TableRef]) -> Option<Node> {
    let nulls_later = !nulls_first(part) && nullable(&part.node, optional);
    (value.bytes().is_some() && !nulls_later).then(|| {
        let operator = if part.descending { "<=" } else { ">=" };
        Node::infix(part.node.clone(), operator, Node::Param(value.clone()))
    })
}
