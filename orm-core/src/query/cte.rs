//! CTEs: a query under a name before the query that uses it, once or several times; recursive ones; and those that change
//! rows.

use super::{BulkDelete, BulkUpdate, Derived, Insert, Query, Rowset, RowsetOf, Selects};
use crate::error::Result;
use crate::expr::{
    Action, Column, Cte, CteBody, Guard, Item, NewRows, Node, RowLevel, Rows, Select, Standalone,
    Write,
};
use crate::model::{Model, Table};

/// A CTE: what [`Query::as_cte`] and [`Query::recursive`] give. Clone it to use it more than once; the query that uses it
/// begins with its WITH.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::CteOf;
///
/// #[derive(Rowset)]
/// struct Word {
///     word: String,
/// }
///
/// let words: CteOf<Word> = Tag::query().select((Tag::WORD,)).as_cte();
/// assert_eq!(words.query().select(Word::WORD).to_sql(), "WITH word AS (SELECT tags.word FROM tags) SELECT word.word FROM word");
/// ```
pub type CteOf<R> = Derived<R>;

impl<Sel, Scope: Standalone, G> Query<Sel, Scope, G> {
    /// The query as a CTE with the columns of `R`, a struct with `#[derive(Rowset)]`. SQLAlchemy: `cte()`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, user_id: i32, total: i32 }
    /// #[derive(Rowset)]
    /// struct Spent { user_id: i32, total: Option<i64> }
    /// #[derive(Rowset)]
    /// struct Average { total: Option<f64> }
    ///
    /// let spent = Order::query()
    ///     .group_by(Order::USER_ID)
    ///     .select((Order::USER_ID, sum(Order::TOTAL)))
    ///     .as_cte::<Spent>();
    /// let most = spent.clone().query().select(max(Spent::TOTAL));
    /// let q = spent.query().filter(Spent::TOTAL.eq(most.as_scalar())).select(Spent::USER_ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH spent(user_id, total) AS (SELECT orders.user_id, sum(orders.total) FROM orders GROUP BY orders.user_id) \
    ///      SELECT spent.user_id FROM spent WHERE spent.total = (SELECT max(spent.total) FROM spent)"
    /// );
    /// ```
    pub fn as_cte<R>(self) -> CteOf<R>
    where
        R: RowsetOf<Sel>,
    {
        named::<R>(CteBody::Select(Box::new(self.select)), None)
    }

    /// As [`as_cte`](Query::as_cte), and says whether the server computes it once and keeps the rows (`true`), or puts it
    /// in place wherever it is used (`false`).
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// #[derive(Rowset)]
    /// struct Dear {
    ///     id: i32,
    /// }
    ///
    /// let dear = Product::query().filter(Product::PRICE.gt(100)).select((Product::ID,));
    /// let q = dear.as_materialized_cte::<Dear>(true).query().select(Dear::ID);
    /// assert!(q.to_sql().starts_with("WITH dear AS MATERIALIZED (SELECT "));
    /// ```
    pub fn as_materialized_cte<R>(self, materialized: bool) -> CteOf<R>
    where
        R: RowsetOf<Sel>,
    {
        let body = CteBody::Select(Box::new(self.select));
        named::<R>(body, Some(materialized))
    }

    /// A recursive CTE: this query is where it begins, and `step` makes the query that goes on from the rows that were
    /// found last, until it finds none (UNION ALL). Both select the fields of `R`. The step joins the table that it is
    /// given. SQLAlchemy: `cte(recursive=True)` and `union_all`.
    ///
    /// Data with a cycle makes it run forever: limit the depth in the step, or use
    /// [`recursive_without_cycles`](Query::recursive_without_cycles).
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "categories")]
    /// # struct Category { #[orm(primary_key)] id: i32, name: String, parent_id: Option<i32> }
    /// #[derive(Rowset)]
    /// struct Tree { id: i32, depth: i32 }
    ///
    /// let tree = Category::query()
    ///     .filter(Category::PARENT_ID.is_null())
    ///     .select((Category::ID, value(0)))
    ///     .recursive::<Tree, _, _, _>(|tree| {
    ///         Category::query()
    ///             .join_on(tree, Category::PARENT_ID.eq(Tree::ID))
    ///             .select((Category::ID, Tree::DEPTH + 1))
    ///     });
    /// let q = Category::query()
    ///     .join_on(tree, Tree::ID.eq(Category::ID))
    ///     .order_by((Tree::DEPTH, Category::NAME))
    ///     .select((Category::NAME, Tree::DEPTH));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH RECURSIVE tree(id, depth) AS (\
    ///      SELECT categories.id, $1 FROM categories WHERE categories.parent_id IS NULL UNION ALL \
    ///      SELECT categories.id, tree.depth + $2 FROM categories JOIN tree ON categories.parent_id = tree.id) \
    ///      SELECT categories.name, tree.depth FROM categories JOIN tree ON tree.id = categories.id \
    ///      ORDER BY tree.depth, categories.name"
    /// );
    /// ```
    pub fn recursive<R, StepSel, StepScope, StepG>(
        self,
        step: impl FnOnce(CteOf<R>) -> Query<StepSel, StepScope, StepG>,
    ) -> CteOf<R>
    where
        R: RowsetOf<Sel> + RowsetOf<StepSel>,
        StepScope: Standalone,
    {
        named::<R>(
            recursive::<R>(self.select, step(itself()).select, true, None),
            None,
        )
    }

    /// As [`recursive`](Query::recursive), and keeps each row once (UNION): so it comes to an end where the data has a
    /// cycle, provided that the rows have no depth or path that would tell them apart. SQLAlchemy: `union`.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// #[derive(Rowset)]
    /// struct Above {
    ///     id: Option<i32>,
    /// }
    ///
    /// // A category and all that it stands in, also where somebody has made a ring of them.
    /// let above = Category::query()
    ///     .filter(Category::ID.eq(7))
    ///     .select((Category::PARENT_ID,))
    ///     .recursive_distinct::<Above, _, _, _>(|above| {
    ///         Category::query().join_on(above, Category::ID.eq(Above::ID)).select((Category::PARENT_ID,))
    ///     });
    /// assert!(above.query().select(Above::ID).to_sql().contains(" UNION SELECT "));
    /// ```
    pub fn recursive_distinct<R, StepSel, StepScope, StepG>(
        self,
        step: impl FnOnce(CteOf<R>) -> Query<StepSel, StepScope, StepG>,
    ) -> CteOf<R>
    where
        R: RowsetOf<Sel> + RowsetOf<StepSel>,
        StepScope: Standalone,
    {
        named::<R>(
            recursive::<R>(self.select, step(itself()).select, false, None),
            None,
        )
    }

    /// As [`recursive`](Query::recursive), and leaves out rows whose `key` was met already on the way to them, so that it
    /// comes to an end whatever the data: CYCLE.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "parts")]
    /// # struct Part { #[orm(primary_key)] id: i32, part_of: Option<i32> }
    /// #[derive(Rowset)]
    /// struct Tree { id: i32, depth: i32 }
    ///
    /// let tree = Part::query()
    ///     .filter(Part::ID.eq(1))
    ///     .select((Part::ID, value(0)))
    ///     .recursive_without_cycles::<Tree, _, _, _, _>(Tree::ID, |tree| {
    ///         Part::query()
    ///             .join_on(tree, Part::PART_OF.eq(Tree::ID))
    ///             .select((Part::ID, Tree::DEPTH + 1))
    ///     });
    /// assert_eq!(
    ///     tree.query().to_sql(),
    ///     "WITH RECURSIVE tree(id, depth) AS (SELECT parts.id, $1 FROM parts WHERE parts.id = $2 UNION ALL \
    ///      SELECT parts.id, tree.depth + $3 FROM parts JOIN tree ON parts.part_of = tree.id) \
    ///      CYCLE id SET closes_cycle USING cycle_path \
    ///      SELECT tree.id, tree.depth FROM (SELECT tree.id, tree.depth FROM tree WHERE NOT closes_cycle) AS tree"
    /// );
    /// ```
    pub fn recursive_without_cycles<R, K, StepSel, StepScope, StepG>(
        self,
        key: K,
        step: impl FnOnce(CteOf<R>) -> Query<StepSel, StepScope, StepG>,
    ) -> CteOf<R>
    where
        R: RowsetOf<Sel> + RowsetOf<StepSel>,
        K: CycleKey<R>,
        StepScope: Standalone,
    {
        let guard = Guard {
            columns: key.positions(),
        };
        let body = recursive::<R>(self.select, step(itself()).select, true, Some(guard));
        Derived::new(Some(Rows::Guarded), vec![cte::<R>(body, None)])
    }
}

impl<M: Model, S> Insert<M, S> {
    /// The INSERT as a CTE that gives the rows that it wrote, of drafts or from a query: `WITH new AS (INSERT .. RETURNING ..)`.
    /// It runs with the query that uses it, once, whatever that query reads. SQLAlchemy: `insert(..).returning(..).cte()`.
    ///
    /// The query that uses it sees the table as it was before: the new rows are in the CTE alone. A session does not bring its
    /// entities in step with what a CTE changes.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "users")]
    /// # struct User { #[orm(primary_key)] id: i32, name: String }
    /// # #[derive(Model, Clone)] #[orm(table = "visits")]
    /// # struct Visit { #[orm(primary_key)] id: i32, page: String, old: bool }
    /// # #[derive(Model, Clone)] #[orm(table = "archive")]
    /// # struct Archived { #[orm(primary_key)] id: i32, page: String }
    /// #[derive(Rowset)]
    /// struct Added { id: i32, name: String }
    ///
    /// let added = User::insert([User::create().name("Ann")]).as_cte::<Added, _, _, _, _>((User::ID, User::NAME))?;
    /// assert_eq!(
    ///     added.query().select(Added::ID).to_sql(),
    ///     "WITH added AS (INSERT INTO users (name) VALUES ($1) RETURNING users.id, users.name) SELECT added.id FROM added"
    /// );
    ///
    /// // Rows move from one table to another, and how many of each page did is counted, in one statement.
    /// #[derive(Rowset)]
    /// struct Gone { page: String }
    /// #[derive(Rowset)]
    /// struct Moved { page: String }
    ///
    /// let gone = Visit::query().filter(Visit::OLD).delete().as_cte::<Gone, _, _, _, _>((Visit::PAGE,))?;
    /// let moved = Archived::insert_from(Archived::PAGE, gone.query().select(Gone::PAGE))
    ///     .as_cte::<Moved, _, _, _, _>((Archived::PAGE,))?;
    /// let q = moved.query().group_by(Moved::PAGE).select((Moved::PAGE, count_all()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH gone AS (DELETE FROM visits WHERE visits.old RETURNING visits.page), \
    ///      moved AS (INSERT INTO archive (page) SELECT gone.page FROM gone RETURNING archive.page) \
    ///      SELECT moved.page, count(*) FROM moved GROUP BY moved.page"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for rows with a relationship set on them, as [`exec`](Insert::exec).
    pub fn as_cte<R, L, I, Row, Uses>(self, returning: L) -> Result<CteOf<R>>
    where
        R: RowsetOf<Row>,
        L: Selects<(M, ()), I, Row, Uses>,
        Uses: RowLevel,
    {
        Ok(changing::<R>(self.write?, |items| returning.push_to(items)))
    }
}

impl<M: Model, Scope> BulkDelete<M, Scope> {
    /// The DELETE as a CTE that gives what it deleted: `WITH gone AS (DELETE .. RETURNING ..)`. It runs with the query that
    /// uses it, once, whatever that query reads. SQLAlchemy: `delete(..).returning(..).cte()`.
    ///
    /// A session does not bring its entities in step with what a CTE changes.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "visits")]
    /// # struct Visit { #[orm(primary_key)] id: i32, page: String, old: bool }
    /// #[derive(Rowset)]
    /// struct Gone { page: String }
    ///
    /// let gone = Visit::query().filter(Visit::OLD).delete().as_cte::<Gone, _, _, _, _>((Visit::PAGE,))?;
    /// let q = gone.query().group_by(Gone::PAGE).select((Gone::PAGE, count_all()));
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH gone AS (DELETE FROM visits WHERE visits.old RETURNING visits.page) \
    ///      SELECT gone.page, count(*) FROM gone GROUP BY gone.page"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) where the query has a LIMIT, OFFSET, ORDER BY or lock.
    pub fn as_cte<R, L, I, Row, Uses>(self, returning: L) -> Result<CteOf<R>>
    where
        R: RowsetOf<Row>,
        L: Selects<Scope, I, Row, Uses>,
        Uses: RowLevel,
    {
        Ok(changing::<R>(self.into_write()?, |items| {
            returning.push_to(items)
        }))
    }
}

impl<M: Model, Scope> BulkUpdate<M, Scope> {
    /// The UPDATE as a CTE that gives the rows that it changed, with their new values. As
    /// [`BulkDelete::as_cte`].
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "products")]
    /// # struct Product { #[orm(primary_key)] id: i32, stock: i32 }
    /// #[derive(Rowset)]
    /// struct Sold { id: i32, left: i32 }
    ///
    /// let sold = Product::query()
    ///     .filter(Product::STOCK.gt(0))
    ///     .update((Product::STOCK.set(Product::STOCK - 1),))
    ///     .as_cte::<Sold, _, _, _, _>((Product::ID, Product::STOCK))?;
    /// let q = sold.query().filter(Sold::LEFT.eq(0)).select(Sold::ID);
    /// assert_eq!(
    ///     q.to_sql(),
    ///     "WITH sold(id, \"left\") AS (UPDATE products SET stock = products.stock - $1 WHERE products.stock > $2 \
    ///      RETURNING products.id, products.stock) SELECT sold.id FROM sold WHERE sold.\"left\" = $3"
    /// );
    /// # Ok::<(), orm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) where the query has a LIMIT, OFFSET, ORDER BY or lock.
    pub fn as_cte<R, L, I, Row, Uses>(self, returning: L) -> Result<CteOf<R>>
    where
        R: RowsetOf<Row>,
        L: Selects<Scope, I, Row, Uses>,
        Uses: RowLevel,
    {
        Ok(changing::<R>(self.into_write()?, |items| {
            returning.push_to(items)
        }))
    }
}

fn changing<R: Rowset>(mut write: Write, list: impl FnOnce(&mut Vec<Item>)) -> CteOf<R> {
    list(&mut write.returning);
    let mut ctes = match &mut write.action {
        // PostgreSQL takes what changes rows at the top alone, and an INSERT's rows may come from such.
        Action::Insert {
            rows: NewRows::Select(select),
            ..
        } => std::mem::take(&mut select.ctes),
        _ => Vec::new(),
    };
    ctes.push(cte::<R>(CteBody::Write(Box::new(write)), None));
    Derived::new(None, ctes)
}

/// The columns by which a recursion knows a row again: a column of its rowset, or a tuple of two or three.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::query::CycleKey;
///
/// #[derive(Rowset)]
/// struct Reached {
///     id: i32,
///     depth: i32,
/// }
///
/// assert_eq!(Reached::ID.positions(), [0]);
/// assert_eq!((Reached::ID, Reached::DEPTH).positions(), [0, 1]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name columns of `{R}`",
    label = "expected a column of `{R}`, or a tuple of two or three"
)]
pub trait CycleKey<R> {
    /// Their positions.
    fn positions(&self) -> Vec<u16>;
}

#[diagnostic::do_not_recommend]
impl<R, T> CycleKey<R> for Column<R, T> {
    fn positions(&self) -> Vec<u16> {
        vec![self.position()]
    }
}

#[diagnostic::do_not_recommend]
impl<R, A, B> CycleKey<R> for (Column<R, A>, Column<R, B>) {
    fn positions(&self) -> Vec<u16> {
        vec![self.0.position(), self.1.position()]
    }
}

#[diagnostic::do_not_recommend]
impl<R, A, B, C> CycleKey<R> for (Column<R, A>, Column<R, B>, Column<R, C>) {
    fn positions(&self) -> Vec<u16> {
        vec![self.0.position(), self.1.position(), self.2.position()]
    }
}

fn named<R: Rowset>(body: CteBody, materialized: Option<bool>) -> CteOf<R> {
    Derived::new(None, vec![cte::<R>(body, materialized)])
}

fn cte<R: Rowset>(body: CteBody, materialized: Option<bool>) -> Cte {
    Cte {
        table: R::table_ref().table,
        body,
        materialized,
    }
}

/// The CTE as its own step names it.
fn itself<R: Rowset>() -> CteOf<R> {
    Derived::new(None, Vec::new())
}

fn recursive<R: Rowset>(
    mut base: Select,
    step: Select,
    all: bool,
    guard: Option<Guard>,
) -> CteBody {
    as_wide_as_fields(R::table_ref().table, &mut base);
    CteBody::Recursive {
        base: Box::new(base),
        step: Box::new(step),
        all,
        guard,
    }
}

/// The first part of a recursion decides the types of all of it, and PostgreSQL wants exactly these from the step: a
/// `varchar(50)` there is refused a `text` that a step makes of it. So a column that is declared otherwise than its Rust type
/// is cast to the field's type.
fn as_wide_as_fields(fields: &'static Table, base: &mut Select) {
    if let Some(set) = &mut base.set {
        return as_wide_as_fields(fields, &mut set.left);
    }
    for (item, field) in base.items.iter_mut().zip(fields.columns) {
        if let Item::Expr(Node::Column(of, at)) = item
            && of.table.columns[*at as usize].declared.is_some()
        {
            let column = Node::Column(*of, *at);
            *item = Item::Expr(Node::Cast(Box::new(column), field.ty));
        }
    }
}
