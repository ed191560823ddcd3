//! Columns, expressions, operators and functions: the typed edge of a query.
//!
//! An expression carries two type parameters, the SQL type of its value and the tables that it uses, and one plain
//! [`Node`] with neither. The types are for the compiler: they say whether a comparison makes sense and whether a table
//! is in scope. The node is for the renderer. So wrong queries don't compile, and what is left at run time is one enum.
//! Nothing here does I/O.
//!
//! | file | what it is |
//! | --- | --- |
//! | `node` | [`Node`] and [`Select`]: SQL as plain data |
//! | `expression` | [`Expression`], [`Expr`], [`AsExpr`], [`Condition`]: what can stand where |
//! | `scope` | which tables an expression uses, and whether a query has them |
//! | `kind` | constants, plain columns, aggregates: what may stand beside what |
//! | `column` | [`Column`], [`All`], [`NamedColumn`] |
//! | `compare` | [`Operators`]: `eq`, `lt`, `in_`, `between`, `is_null`, `and`, `or` |
//! | `text` | [`TextOperators`]: `like`, `ilike`, `contains` |
//! | `arithmetic` | `+`, `-`, `*`, `/`, `%`, the operators on bits, and `!` |
//! | `truth` | [`TruthOperators`]: `is_true`, `is_not_true`, `xor`, `between_symmetric` |
//! | `quantified` | [`ListOperators`]: `as_any`, `as_all` |
//! | `row` | [`row`]: several expressions that are compared together |
//! | `case` | [`case`] and [`case_of`] |
//! | `aggregate`, `ordered_set` | [`count`], [`sum`], [`avg`], [`min`], [`max`], statistics, `FILTER`, `WITHIN GROUP` |
//! | `func` | [`func`]: `lower`, `coalesce`, `extract` and any other by name |
//! | `strings`, `math`, `datetime` | functions and operators of text, numbers, dates and times |
//! | `json`, `array`, `range`, `network`, `text_search` | those of PostgreSQL's own types |
//! | `operator` | what these share |
//! | `function` | [`sql_function!`](crate::sql_function): declares a function with its types |
//! | `raw`, `template` | [`raw`]: an expression in SQL text |
//! | `order` | [`Ordered`]: `asc`, `desc`, NULLs first or last |
//! | `assign` | [`Assignment`]: `Product::PRICE.set(..)` |
//! | `write` | [`Write`]: INSERT, UPDATE and DELETE as plain data |
//! | `excluded` | [`excluded`]: the row that an INSERT could not insert |
//! | `window` | [`window()`], [`row_number`], [`rank`], [`lag`]; `sum(x).over(..)`; frames |
//! | `selectable` | [`Selectable`]: what has columns, a table or computed rows |
//! | `rows` | derived tables, CTEs and set operations as plain data |
//! | `batch` | [`Batch`]: many rows as one array a column |
//! | `walk` | going through a statement as data: every node, every SELECT inside |
//! | `members` | a relationship's own condition and order |
//! | `related` | `User::ORDERS.any(..)`: filters by a related table without a join |
//! | `collection` | `User::ORDERS.count()`: aggregates of the related rows without a join |

mod aggregate;
mod arithmetic;
mod array;
mod assign;
mod batch;
mod case;
mod collection;
mod column;
mod compare;
#[cfg(feature = "chrono")]
mod datetime;
mod excluded;
mod expression;
pub mod func;
pub(crate) mod function;
#[cfg(feature = "json")]
mod json;
mod kind;
mod math;
mod members;
pub(crate) mod named;
mod network;
mod node;
mod operator;
mod order;
mod ordered_set;
mod quantified;
mod range;
mod raw;
mod related;
mod row;
mod rows;
mod scope;
mod selectable;
mod strings;
pub(crate) mod template;
mod text;
mod text_search;
mod truth;
mod walk;
mod window;
mod write;

pub use aggregate::{
    Averaged, OfAggregate, Summed, avg, count, count_all, count_distinct, max, min, sum,
};
pub use arithmetic::{Bits, Exact};
pub use array::{Array, ArrayOperators, ElementOf, ElementOperators};
pub use assign::{AssignTo, Assignment, Assignments, Assigns, Updated};
pub use batch::{Batch, BatchColumn};
pub use case::{Case, CaseStart, Searched, Simple, When, case, case_of};
pub use column::{All, Column, NamedColumn};
pub use compare::{Filter, ListItem, ListOf, Operators, all_of, any_of};
#[cfg(feature = "chrono")]
pub use datetime::{Temporal, TimeOperators, Truncated, Truncates, Zoned};
pub use excluded::{Excluded, HasExcluded, OfExcluded, excluded};
pub use expression::{
    AsExpr, Condition, Expr, Expression, Literal, NeverNull, Operand, Undecided, value,
};
pub use function::Argument;
#[cfg(feature = "json")]
pub use json::{JsonContainment, JsonKey, JsonOperators, JsonValue, Members};
pub use kind::{
    Accepts, Aggregate, BesideRows, BesideTotals, Constant, Grouped, HasGroups, Kind, KindOf,
    Mixed, NoWindow, OneForMany, PerGroup, PerRow, Plain, RowLevel, Totals, Ungrouped, WindowFree,
};
pub use math::Fractional;
pub(crate) use members::{own_condition, own_order, with_own_condition};
pub use named::{Apart, InFrom, NotIn, Without};
pub use network::{Address, NetworkOperators};
pub use node::{
    AggregateCall, Alias, CaseNode, Item, Join, JoinKind, Lock, LockStrength, LockWait, Node,
    OrderNode, Select, TableRef,
};
pub use order::{Nulls, OrderBy, OrderKind, OrderList, Ordered, OrdersBy};
pub use ordered_set::{AnyOrder, Continuous, InOrder, Mode, OfValues, WithinGroup};
pub use quantified::{ListOperators, Quantified};
pub use range::{RangeOperators, Ranged};
pub use raw::raw;
pub use row::{RowExpr, RowItem, RowList, RowOperand, row};
pub use rows::{Cte, CteBody, Guard, Rows, SetOperation};
pub use scope::{
    Agg, Bool, Correlate, Each, Has, Here, HereMaybe, HoldsNull, InNullable, InScope, Inside,
    Maybe, MaybeWhole, Next, No, NotOuter, Nullable, Nulled, Of, Open, Outer, Solid, Standalone,
    Subtotals, Whole, Windowed, Within, Yes,
};
pub use selectable::Selectable;
pub use text::{Text, TextOperators, Verbatim, escape_like};
pub use text_search::{SearchOperators, Searched as SearchedText};
pub use truth::TruthOperators;
pub(crate) use walk::Visit;
pub use window::{
    Frame, FrameBound, Partition, Window, WindowFunction, WindowNode, cume_dist, dense_rank,
    first_value, lag, last_value, lead, nth_value, ntile, percent_rank, rank, row_number, window,
};
pub use write::{Action, Conflict, ConflictAction, ConflictTarget, NewRows, Write};
