//! [`State`]: where an entity stands in its life. SQLAlchemy's five states, and which call leads from one to the next.
//!
//! | from | call | to |
//! | --- | --- | --- |
//! | transient (a `create()` builder, or a struct of your own) | `add` | pending |
//! | pending | `flush` sends the INSERT | persistent |
//! | the database | a query, `get`, a load path | persistent |
//! | persistent | `delete` | persistent still, and in `db.deleted()` |
//! | persistent, in `db.deleted()` | `flush` sends the DELETE | deleted |
//! | deleted | `commit` | detached |
//! | deleted | `rollback` | persistent |
//! | pending, or inserted in this transaction | `rollback` | detached |
//! | pending, persistent | `expunge` | detached |

/// Where an entity stands in its life: what `db.state(handle)` gives.
/// SQLAlchemy: `InstanceState.pending`, `.persistent`, `.deleted`, `.detached`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::State;
///
/// let tag = db.add(Tag::create().word("used"));
/// assert_eq!(db.state(tag), State::Pending);
/// db.flush().await?;
/// assert_eq!(db.state(tag), State::Persistent);
/// db.rollback().await?;
/// assert_eq!(db.state(tag), State::Detached);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Added, not inserted yet.
    Pending,
    /// A row of the database.
    Persistent,
    /// Its row was deleted in this transaction.
    Deleted,
    /// Not of this session, or no longer.
    Detached,
}
