//! [`Hooks`] and [`SessionEvents`]: a program's own steps in a flush and around a transaction. Written by users, called by
//! `hook_calls`.
//!
//! All of them are plain functions: nothing in them can wait for the database, so a hook never sends a statement in the
//! middle of a flush. What they want written, they add to the unit of work, and the flush writes it.

use std::fmt;
use std::marker::PhantomData;

use super::{Info, Session};
use crate::error::{Error, Rejection, Result, ValidationError};
use crate::expr::Column;
use crate::model::{ColumnSet, Handle, Insertable, Model};

/// What happens to the rows of one model on their way through a flush. Each method does nothing until it is written.
/// SQLAlchemy: mapper events (`before_insert`, `after_update` ..) and `@validates`.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::{HookContext, Hooks, Problems, SessionOptions};
///
/// struct UserRules;
///
/// impl Hooks<User> for UserRules {
///     fn before_insert(&self, user: &mut UserDraft, _: &mut HookContext<'_, User>) -> orm_core::Result<()> {
///         user.name = user.name.take().map(|name| name.trim().to_owned());
///         Ok(())
///     }
///
///     fn validate(&self, user: &UserDraft, problems: &mut Problems<User>) {
///         if user.name.as_deref() == Some("") {
///             problems.reject(User::NAME, "must not be empty");
///         }
///     }
/// }
///
/// let engine = engine.with_sessions(SessionOptions::new().hooks(UserRules)); // for all sessions made of it
/// let mut db = engine.session();
/// let cara = db.insert(User::create().name("  Cara ")).await?;
/// assert_eq!(db[cara].name, "Cara");
///
/// db.add(User::create().name("  "));
/// let error = db.flush().await.unwrap_err(); // nothing was sent
/// assert_eq!(error.validation().unwrap().rejections[0].field, "name");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
///
/// # The order of a flush
/// 1. [`SessionEvents::before_flush`], which may change the unit of work.
/// 2. What deletes take with them is found, and what differs.
/// 3. `before_insert`, `before_update`, `before_delete` of all rows of the flush; what they change is part of it.
/// 4. `validate` of all rows that are inserted or updated. If any is rejected, the flush ends with
///    [`Error::Validation`], which has all rejections.
/// 5. The statements.
/// 6. `after_insert`, `after_update`, `after_delete` of all rows; keys and defaults are there.
/// 7. [`SessionEvents::after_flush`]. What hooks added in steps 6 and 7 is flushed in a second round.
///
/// An error before the statements leaves nothing sent: put the mistake right and flush again, and the hooks run again. What they have
/// added by then is taken out, since they will add it again; what they have changed stays. An error in steps 6 and 7 asks for a rollback, as any failure behind a statement does.
///
/// Bulk updates and deletes run no hooks, nor does [`plan`](Session::plan): it shows what would be flushed if hooks
/// changed nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no hooks",
    label = "expected a type that implements `Hooks` for a model",
    note = "write `impl Hooks<User> for {Self} {{ .. }}`, with the model whose rows the hooks are for"
)]
#[expect(unused_variables, reason = "the names are what implementors see")]
pub trait Hooks<M: Model>: Send + Sync + 'static {
    /// Says what is wrong with a row that is about to be inserted or updated. The row is given as a draft: a column that is `None`
    /// gets its value from the database. SQLAlchemy: `@validates`.
    ///
    /// A rejected row stays in the session as it is, and is asked about again by the next flush: put it right, or give it up by
    /// [`rollback`](Session::rollback) or [`expunge`](Session::expunge).
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{Hooks, Problems};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn validate(&self, product: &ProductDraft, problems: &mut Problems<Product>) {
    ///         if product.price.is_some_and(|price| price <= 0) {
    ///             problems.reject(Product::PRICE, "must be above zero");
    ///         }
    ///     }
    /// }
    /// ```
    fn validate(&self, row: &M::Draft, problems: &mut Problems<M>) {}

    /// A row is about to be inserted. A column that is `None` gets its value from the database.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_insert(&self, product: &mut ProductDraft, _: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         product.name = product.name.take().map(|name| name.trim().to_owned());
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush.
    fn before_insert(&self, row: &mut M::Draft, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }

    /// A row is about to be updated. `old` is what it was when it was last read or written.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_update(&self, product: &mut Product, old: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         if product.price > 2 * old.price {
    ///             return Err(cx.reject(Product::PRICE, "must not double"));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush.
    fn before_update(&self, row: &mut M, old: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }

    /// A row is about to be deleted.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_delete(&self, product: &Product, _: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         match product.stock {
    ///             0 => Ok(()),
    ///             _ => Err(orm_core::Error::invalid("there are some left")),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush.
    fn before_delete(&self, row: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }

    /// A row was inserted.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_insert(&self, product: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         cx.info_mut().get_or_default::<Vec<i32>>().push(product.id); // the key is there
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush, and asks for a rollback.
    fn after_insert(&self, row: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }

    /// A row was updated.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_update(&self, product: &Product, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         if cx.changed(Product::STOCK) && product.stock == 0 {
    ///             cx.info_mut().get_or_default::<Vec<String>>().push(format!("{} is sold out", product.name));
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush, and asks for a rollback.
    fn after_update(&self, row: &M, old: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }

    /// A row was deleted.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_delete(&self, product: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         cx.info_mut().get_or_default::<Vec<i32>>().push(product.id); // to forget it in a cache
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush, and asks for a rollback.
    fn after_delete(&self, row: &M, context: &mut HookContext<'_, M>) -> Result<()> {
        Ok(())
    }
}

/// What happens to a session as a whole. Each method does nothing until it is written. SQLAlchemy: `SessionEvents`.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// use orm_core::session::{SessionEvents, SessionOptions};
///
/// /// Orders are never deleted, only set to nothing.
/// struct KeepOrders;
///
/// impl SessionEvents for KeepOrders {
///     fn before_flush(&self, db: &mut Session) -> orm_core::Result<()> {
///         for order in db.deleted::<Order>() {
///             db.undelete(order)?;
///             db[order].total = 0;
///         }
///         Ok(())
///     }
/// }
///
/// let mut db = engine.session_with(SessionOptions::new().events(KeepOrders));
/// let order = Order::query().first(&mut db).await?.unwrap();
/// db.delete(order)?;
/// db.commit().await?; // UPDATE orders SET total = $1 WHERE id = $2
/// assert_eq!(db[order].total, 0);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
#[expect(unused_variables, reason = "the names are what implementors see")]
pub trait SessionEvents: Send + Sync + 'static {
    /// Something waits for a flush: `db.new_entities()`, `db.dirty()`, `db.deleted()` say what. What is added, changed and
    /// deleted here is part of the flush.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::SessionEvents;
    ///
    /// struct Events;
    ///
    /// impl SessionEvents for Events {
    ///     fn before_flush(&self, db: &mut Session) -> orm_core::Result<()> {
    ///         for product in db.dirty::<Product>() {
    ///             db[product].name = db[product].name.trim().to_owned();
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush before anything is sent.
    fn before_flush(&self, db: &mut Session) -> Result<()> {
        Ok(())
    }

    /// All statements of a flush were sent, and what came back is in the rows. What is added, changed and deleted here is
    /// flushed at once, in another round. (SQLAlchemy leaves it to the next flush.)
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::SessionEvents;
    ///
    /// struct Events;
    ///
    /// impl SessionEvents for Events {
    ///     fn after_flush(&self, db: &mut Session) -> orm_core::Result<()> {
    ///         *db.info_mut().get_or_default::<u32>() += 1;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the flush, and asks for a rollback.
    fn after_flush(&self, db: &mut Session) -> Result<()> {
        Ok(())
    }

    /// [`commit`](Session::commit) was called and has not flushed yet.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::SessionEvents;
    ///
    /// struct Events;
    ///
    /// impl SessionEvents for Events {
    ///     fn before_commit(&self, db: &mut Session) -> orm_core::Result<()> {
    ///         match db.deleted::<User>().len() {
    ///             0..=10 => Ok(()),
    ///             _ => Err(orm_core::Error::invalid("so many users at once are a mistake")),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any ends the commit before anything is sent.
    fn before_commit(&self, db: &mut Session) -> Result<()> {
        Ok(())
    }

    /// A transaction was committed. Not called where `commit` had nothing to do.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::SessionEvents;
    ///
    /// struct Events;
    ///
    /// impl SessionEvents for Events {
    ///     fn after_commit(&self, db: &mut Session) {
    ///         for message in db.info_mut().remove::<Vec<String>>().unwrap_or_default() {
    ///             println!("{message}"); // now that it is true
    ///         }
    ///     }
    /// }
    /// ```
    fn after_commit(&self, db: &mut Session) {}

    /// A transaction was rolled back by [`rollback`](Session::rollback) or [`close`](Session::close), and memory is what
    /// it was when it began. Not called for savepoints, nor where a session in a transaction is dropped.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::SessionEvents;
    ///
    /// struct Events;
    ///
    /// impl SessionEvents for Events {
    ///     fn after_rollback(&self, db: &mut Session) {
    ///         db.info_mut().remove::<Vec<String>>(); // it did not happen
    ///     }
    /// }
    /// ```
    fn after_rollback(&self, db: &mut Session) {}
}

/// What a hook of [`Hooks`] has at hand beside the row. SQLAlchemy: the `mapper` and `connection` that events are given.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::session::{HookContext, Hooks};
///
/// struct Rules;
///
/// impl Hooks<Product> for Rules {
///     fn before_update(&self, product: &mut Product, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
///         if cx.changed(Product::PRICE) && product.price <= 0 {
///             return Err(cx.reject(Product::PRICE, "must be more than nothing"));
///         }
///         Ok(())
///     }
/// }
/// ```
pub struct HookContext<'a, M> {
    pub(super) info: &'a mut Info,
    pub(super) queue: &'a mut Queue,
    pub(super) handle: Handle<M>,
    pub(super) changed: ColumnSet,
}

/// What hooks want to be added: done when no row is borrowed any more.
pub(super) type Queue = Vec<Box<dyn FnOnce(&mut Session) + Send>>;

impl<M: Model> HookContext<'_, M> {
    /// The session's [`Info`]: who is logged in, which tenant is served.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_delete(&self, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         match cx.info().get::<User>() {
    ///             Some(user) if user.active => Ok(()),
    ///             _ => Err(orm_core::Error::invalid("log in first")),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn info(&self) -> &Info {
        self.info
    }

    /// The same, to be changed: for what hooks collect.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_delete(&self, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         *cx.info_mut().get_or_default::<u32>() += 1;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn info_mut(&mut self) -> &mut Info {
        self.info
    }

    /// The row's entity.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_update(&self, _: &Product, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         let product = cx.handle();
    ///         cx.info_mut().get_or_default::<Vec<Handle<Product>>>().push(product);
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn handle(&self) -> Handle<M> {
        self.handle
    }

    /// Whether a column of a row that is updated differs from what it was; of one that is inserted, whether it was given. What
    /// the hook itself changes doesn't count.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_update(&self, _: &mut Product, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         if cx.changed(Product::CATEGORY_ID) {
    ///             println!("a product moves");
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn changed<T>(&self, column: Column<M, T>) -> bool {
        self.changed.contains(column.position())
    }

    /// The names of all such columns.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_update(&self, product: &Product, _: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         println!("product {}: {}", product.id, cx.changed_columns().join(", "));
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn changed_columns(&self) -> Vec<&'static str> {
        let columns = self.changed.iter();
        columns
            .map(|column| M::TABLE.columns[column as usize].name)
            .collect()
    }

    /// Adds a new entity to the unit of work. In a `before_` hook it is inserted by the same flush (and has its own hooks), in
    /// an `after_` hook by another round right behind. Forgotten where the flush fails.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn after_insert(&self, product: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         cx.add(Tag::create().word(format!("new-{}", product.id)));
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn add<I: Insertable + Send + 'static>(&mut self, new: I) {
        self.queue.push(Box::new(move |db| {
            db.add(new);
        }));
    }

    /// The error that rejects the row because of a field: for rules that need the old row, or the context. It is collected
    /// with the other rejections of the flush. In an `after_` hook it is an error as any other.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{HookContext, Hooks};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<Product> for Rules {
    ///     fn before_update(&self, product: &mut Product, old: &Product, cx: &mut HookContext<'_, Product>) -> orm_core::Result<()> {
    ///         match product.category_id {
    ///             None if old.category_id.is_some() => Err(cx.reject(Product::CATEGORY_ID, "must stay on a shelf")),
    ///             _ => Ok(()),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn reject<T>(&self, column: Column<M, T>, message: impl Into<String>) -> Error {
        Error::Validation(Box::new(ValidationError {
            rejections: vec![rejection(column, message.into())],
        }))
    }
}

impl<M: Model> fmt::Debug for HookContext<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext")
            .field("handle", &self.handle)
            .field("changed", &self.changed_columns())
            .finish_non_exhaustive()
    }
}

/// What `validate` found to be wrong.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::{Hooks, Problems, SessionOptions};
///
/// struct Rules;
///
/// impl Hooks<Tag> for Rules {
///     fn validate(&self, tag: &TagDraft, problems: &mut Problems<Tag>) {
///         if tag.word.as_ref().is_some_and(|word| word.is_empty()) {
///             problems.reject(Tag::WORD, "must not be empty");
///         }
///     }
/// }
///
/// let mut db = engine.session_with(SessionOptions::new().hooks::<Tag>(Rules));
/// db.add(Tag::create().word(""));
/// let error = db.flush().await.unwrap_err(); // nothing was sent
/// assert!(matches!(error, orm_core::Error::Validation(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Problems<M> {
    pub(super) found: Vec<Rejection>,
    pub(super) model: PhantomData<fn() -> M>,
}

impl<M: Model> Problems<M> {
    /// Rejects the row because of a field. The message goes on where the field's name ends: "must not be empty".
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::session::{Hooks, Problems};
    ///
    /// struct Rules;
    ///
    /// impl Hooks<User> for Rules {
    ///     fn validate(&self, user: &UserDraft, problems: &mut Problems<User>) {
    ///         if user.email.as_ref().is_some_and(|email| !email.contains('@')) {
    ///             problems.reject(User::EMAIL, "must have an @");
    ///         }
    ///     }
    /// }
    /// ```
    pub fn reject<T>(&mut self, column: Column<M, T>, message: impl Into<String>) {
        self.found.push(rejection(column, message.into()));
    }
}

fn rejection<M: Model, T>(column: Column<M, T>, message: String) -> Rejection {
    Rejection {
        model: M::TABLE.model,
        field: column.info().field.into(),
        message,
    }
}
