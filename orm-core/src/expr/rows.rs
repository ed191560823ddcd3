//! Rows that a query computes in place, as plain data: derived tables, set-returning functions, CTEs, set operations.

use super::{Item, Node, Select, Write};
use crate::model::Table;
use crate::types::{Param, PgType};

/// What stands in FROM where no table of the database does.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::{expr::Rows, query::Side};
/// #[derive(Rowset)]
/// struct Word { word: String }
///
/// let words = Tag::query().select((Tag::WORD,)).as_table::<Word>();
/// let select = words.query().into_operand();
/// assert!(matches!(select.computed[0].1, Rows::Select { lateral: false, .. }));
/// ```
#[derive(Debug, Clone)]
pub enum Rows {
    /// `(select) AS name (columns)`.
    Select {
        /// The query.
        select: Box<Select>,
        /// Whether it uses tables before it: LATERAL.
        lateral: bool,
    },
    /// `(select) AS name (columns, number)`: the entities of a query with the numbers of their rows, which
    /// [`Node::RowNumber`] names. The number is the select's last item.
    Numbered(Box<Select>),
    /// `function(..) AS name (columns)`: a function that gives rows.
    Function(Node),
    /// `unnest($1::int4[], ..) AS name (columns)`: rows of values, one array a column.
    Values(Vec<(Param, &'static PgType)>),
    /// The name of a CTE whose rows that close a cycle are left out.
    Guarded,
}

/// A query under a name: `WITH name (columns) AS (..)`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::{expr::CteBody, query::Side};
/// #[derive(Rowset)]
/// struct Word { word: String }
///
/// let words = Tag::query().select((Tag::WORD,)).as_materialized_cte::<Word>(true);
/// let cte = &words.query().into_operand().ctes[0];
/// assert!(cte.table.name == "word" && matches!(cte.body, CteBody::Select(_)));
/// assert_eq!(cte.materialized, Some(true));
/// ```
#[derive(Debug, Clone)]
pub struct Cte {
    /// The name and the columns.
    pub table: &'static Table,
    /// What it is.
    pub body: CteBody,
    /// Whether the server computes it once (MATERIALIZED), or may put it in place (NOT MATERIALIZED); `None` leaves it to
    /// the server.
    pub materialized: Option<bool>,
}

/// What a [`Cte`] is.
#[derive(Debug, Clone)]
pub enum CteBody {
    /// A query.
    Select(Box<Select>),
    /// Two queries, the second of which uses what was found before: WITH RECURSIVE.
    Recursive {
        /// Where it begins.
        base: Box<Select>,
        /// How it goes on.
        step: Box<Select>,
        /// Whether rows that were found already are kept: UNION ALL.
        all: bool,
        /// What keeps it from going in a circle.
        guard: Option<Guard>,
    },
    /// An UPDATE or DELETE with RETURNING.
    Write(Box<Write>),
}

/// `CYCLE columns SET closes_cycle USING cycle_path`, of
/// [`recursive_without_cycles`](crate::query::Query::recursive_without_cycles).
#[derive(Debug, Clone)]
pub struct Guard {
    /// The columns by which a row is known again.
    pub columns: Vec<u16>,
}

/// `left UNION right`.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::query::Side;
///
/// let words = Tag::query().select(Tag::WORD).union(Category::query().select(Category::NAME));
/// assert_eq!(words.into_operand().set.unwrap().operator, "UNION");
/// ```
#[derive(Debug, Clone)]
pub struct SetOperation {
    /// `UNION`, `UNION ALL`, `INTERSECT` ..
    pub operator: &'static str,
    /// The left side.
    pub left: Select,
    /// The right side.
    pub right: Select,
}

impl Select {
    /// The select list: of a set operation, that of its first query.
    pub(crate) fn outputs(&self) -> &[Item] {
        match &self.set {
            Some(set) => set.left.outputs(),
            None => &self.items,
        }
    }

    /// Puts CTEs before the query, those that are not there yet.
    pub(crate) fn add_ctes(&mut self, ctes: Vec<Cte>) {
        for cte in ctes {
            if self
                .ctes
                .iter()
                .all(|known| known.table.id() != cte.table.id())
            {
                self.ctes.push(cte);
            }
        }
    }
}
