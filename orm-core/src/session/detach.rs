//! `detach` and `attach`: entities taken out of a session as values, and put into another.

use super::collection::Collection;
use super::detached::{Branch, Detached, Members, Mergeable, Value};
use super::hash::{FastMap, FastSet};
use super::key::KeyBytes;
use super::slots::LinkState;
use super::{Session, State};
use crate::error::{Error, Result};
use crate::model::{Handle, Model, RawHandle};
use crate::query::{LoadStep, StartsAt};

impl Session {
    /// Takes an entity out of the session and gives its row as a value, with what it was when it was loaded: for another
    /// session, another task, or nobody. Sends nothing. Unflushed changes go along, and are flushed where it is attached. The
    /// handle names nothing any more. SQLAlchemy: `expunge`, with the instance in hand.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().order_by(Order::ID).first(&mut db).await?.unwrap();
    /// db[order].total = 31;
    /// let detached = db.detach(order)?;
    ///
    /// let mut other = engine.session();
    /// let order = other.attach(detached)?;
    /// other.commit().await?; // UPDATE orders SET total = $1 WHERE id = $2 AND total IS NOT DISTINCT FROM $3
    /// assert_eq!(other[order].total, 31);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// A rollback of this session doesn't bring it back. Relationships of other entities that led here are not loaded any more.
    ///
    /// Relationships that were set to rows that have no key yet, links of a many-to-many that were not flushed, and expressions
    /// ([`set_expr`](Session::set_expr)) cannot go along: the first is an error, the others are forgotten. Flush before.
    ///
    /// # Errors
    /// [`Error::Pending`] for what was not flushed yet, [`Error::Detached`] for what is deleted or marked so.
    pub fn detach<M: Model>(&mut self, handle: Handle<M>) -> Result<Detached<M>> {
        self.check(handle)?;
        let branch = self.take_out(handle.raw(), &[])?;
        Ok(typed(branch))
    }

    /// As [`detach`](Session::detach), and takes out what is loaded along a path, too.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let order = Order::query().with(Order::ITEMS).order_by(Order::ID).first(&mut db).await?.unwrap();
    /// let mut order = db.detach_with(order, Order::ITEMS)?;
    /// order.total = 31;
    /// assert_eq!(order.related(Order::ITEMS).unwrap()[0].product, "tea");
    ///
    /// let mut other = engine.session();
    /// let order = other.attach(order)?;
    /// assert_eq!(other.related(order, Order::ITEMS)?.len(), 1); // loaded, as it was
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`detach`](Session::detach), of any of them, and [`Error::NotLoaded`] where the path isn't loaded. The session is as it
    /// was then.
    pub fn detach_with<M: Model, P: StartsAt<M>>(
        &mut self,
        handle: Handle<M>,
        path: P,
    ) -> Result<Detached<M>> {
        self.check(handle)?;
        let branch = self.take_out(handle.raw(), &[path.into_steps()])?;
        Ok(typed(branch))
    }

    fn take_out(&mut self, root: RawHandle, steps: &[LoadStep]) -> Result<Branch> {
        let mut all = FastSet::default();
        let branch = self.copy_out(root, steps, &mut all)?;
        for handle in all {
            self.take_away(handle);
        }
        Ok(branch)
    }

    /// The value of an entity, and of what lies along some paths. `all` gets every entity of it.
    fn copy_out(
        &self,
        handle: RawHandle,
        steps: &[LoadStep],
        all: &mut FastSet<RawHandle>,
    ) -> Result<Branch> {
        self.check_row(handle)?;
        let slots = self.slots(handle);
        let (model, head) = (slots.table.model, slots.heads[handle.index as usize]);
        if head.state == State::Deleted || head.doomed {
            return Err(Error::Detached {
                model,
                why: "its row is deleted, or about to be",
            });
        }
        if !self.keys_to_come(handle).is_empty() {
            let set = self.set_links.of(handle).map(|relation| relation.to.model);
            return Err(Error::Pending {
                model: set.last().unwrap_or(model),
            });
        }
        all.insert(handle);
        let mut members = Vec::with_capacity(steps.len());
        for step in steps {
            let relation = step.relation;
            let targets = self.targets(handle, relation).ok_or(Error::NotLoaded {
                model,
                relationship: relation.name,
            })?;
            let branches = targets
                .into_iter()
                .map(|target| self.copy_out(target, &step.then, all));
            members.push(Members {
                relation,
                branches: branches.collect::<Result<_>>()?,
                partial: matches!(
                    self.slots(handle).link(relation.index, handle.index),
                    LinkState::Many(collection) if collection.is_partial()
                ),
            });
        }
        let mut value = self
            .store(handle)
            .copy_out(handle.index)
            .ok_or(Error::Pending { model })?;
        if let Some(known) = value.members_mut() {
            *known = members;
        }
        Ok(Branch(value))
    }

    /// Puts a detached row, and what came along with it, into this session, without asking the database. The rows are stale:
    /// the next load refreshes them, and a write from one is guarded by what it was when it was loaded. What was changed since
    /// then is flushed here. SQLAlchemy: `add` of a detached instance.
    ///
    /// A row that no session has read ([`Detached::of`], out of a cache, say) is believed to be as the database has it.
    /// SQLAlchemy: `merge(.., load=False)`.
    ///
    /// A rollback takes it out of the session again. Keep a clone to try once more.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// db[air].price = 94_900;
    /// let air = db.detach(air)?; // with its change
    ///
    /// let mut other = engine.session();
    /// let air = other.attach(air)?;
    /// other.commit().await?;
    /// assert_eq!(other[air].price, 94_900);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] where one of the rows is in this session already: [`merge`](Session::merge) copies onto it. Nothing is
    /// attached then.
    pub fn attach<M: Model>(&mut self, detached: Detached<M>) -> Result<Handle<M>> {
        let branch = detached.into_branch();
        self.check_absent(branch.0.as_ref())?;
        let mut done = FastMap::default();
        let handle = self.put_in(branch.0.as_ref(), &mut done);
        Ok(Handle::from_raw(handle))
    }

    fn check_absent(&mut self, value: &dyn Value) -> Result<()> {
        let table = value.table();
        let number = self.arena_number(table) as usize;
        let Some(key) = value.key() else {
            return Err(Error::invalid(format!(
                "a partial `{}` cannot be attached: `merge` it",
                table.model
            )));
        };
        if self.arenas[number].slots().keys.get(&key).is_some() {
            return Err(Error::invalid(format!(
                "this session has this `{}` already: `merge` copies onto it, `expunge` takes it out",
                table.model
            )));
        }
        let partial = value.given().len() < table.columns.len();
        if partial {
            return Err(Error::invalid(format!(
                "a partial `{}` cannot be attached: `merge` it",
                table.model
            )));
        }
        value
            .members()
            .iter()
            .flat_map(|members| &members.branches)
            .try_for_each(|branch| self.check_absent(branch.0.as_ref()))
    }

    fn put_in(
        &mut self,
        value: &dyn Value,
        done: &mut FastMap<(usize, KeyBytes), RawHandle>,
    ) -> RawHandle {
        let table = value.table();
        let number = self.arena_number(table) as usize;
        let key = value.key().map(|key| (table.id(), key));
        let known = key.as_ref().and_then(|key| done.get(key)).copied();
        let handle = known.unwrap_or_else(|| {
            let store = self.arenas[number].as_mut();
            let index = value
                .attach(store)
                .unwrap_or_else(|| unreachable!("`check_absent` refuses what is no row"));
            let handle = store.slots().handle(index);
            self.undo.added(handle);
            handle
        });
        done.extend(key.map(|key| (key, handle)));
        for members in value.members() {
            let branches = members.branches.iter();
            let targets: Vec<_> = branches
                .map(|branch| self.put_in(branch.0.as_ref(), done))
                .collect();
            let state = if members.relation.is_to_one() {
                LinkState::One(targets.first().copied())
            } else {
                // Of no transaction of this session, so that a delete asks again.
                let collection = Collection::new(targets, 0);
                LinkState::Many(Box::new(if members.partial {
                    collection.partial()
                } else {
                    collection
                }))
            };
            self.set_link(handle, members.relation.index, state);
        }
        handle
    }
}

fn typed<M: Model>(branch: Branch) -> Detached<M> {
    match branch.0.as_any().downcast_ref::<Detached<M>>() {
        Some(detached) => detached.clone(),
        None => unreachable!("an arena's values are of its own model"),
    }
}
