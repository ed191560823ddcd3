//! [`Replaced`]: `has_one` relationships that were set, from either side, before it was known what they led to. Memory has where they are
//! to lead; what the database has is asked for by the next flush, one SELECT a relationship, and let go of.

use std::collections::BTreeMap;

use super::slots::LinkState;
use super::{Session, State};
use crate::error::Result;
use crate::model::{RawHandle, RelationInfo};

/// The relationships, by owner.
#[derive(Debug, Default)]
pub(super) struct Replaced(BTreeMap<(RawHandle, u16), &'static RelationInfo>);

impl Replaced {
    pub(super) fn insert(&mut self, owner: RawHandle, relation: &'static RelationInfo) {
        self.0.insert((owner, relation.index), relation);
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, owner: RawHandle, relation: &'static RelationInfo) -> bool {
        self.0.remove(&(owner, relation.index)).is_some()
    }

    pub(super) fn contains(&self, owner: RawHandle, relation: &'static RelationInfo) -> bool {
        self.0.contains_key(&(owner, relation.index))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn forget(&mut self, owner: RawHandle) {
        let of_owner = (owner, 0)..=(owner, u16::MAX);
        self.0.extract_if(of_owner, |_, _| true).for_each(drop);
    }

    fn iter(&self) -> impl Iterator<Item = (RawHandle, &'static RelationInfo)> {
        let all = self.0.iter();
        all.map(|((owner, _), relation)| (*owner, *relation))
    }

    /// The relationship of the first, and those owners of which it was set.
    fn first(&self) -> Option<(&'static RelationInfo, Vec<RawHandle>)> {
        let (_, first) = self.iter().next()?;
        let same = self.iter().filter(|(_, other)| std::ptr::eq(*other, first));
        Some((first, same.map(|(owner, _)| owner).collect()))
    }
}

impl Session {
    /// The entities that have rows whose `has_one` was set before it was known what it led to.
    pub(super) fn replaced_of_rows(
        &self,
    ) -> impl Iterator<Item = (RawHandle, &'static RelationInfo)> {
        let all = self.replaced.iter();
        all.filter(|(owner, _)| self.raw_state(*owner) == State::Persistent)
    }

    /// A child was set to be the one of an owner, by its own side: where it isn't known whom that leads to, it is from now on.
    pub(super) fn take_unseen_place(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        via: &'static RelationInfo,
        child: RawHandle,
    ) {
        if self.targets(owner, relation).is_some() || self.led_there(child, via, owner) {
            return;
        }
        self.replaced.insert(owner, relation);
        self.set_link(owner, relation.index, LinkState::One(Some(child)));
    }

    /// Whether the row of a child leads to an owner in the database, as far as the session knows.
    fn led_there(&self, child: RawHandle, via: &'static RelationInfo, owner: RawHandle) -> bool {
        let (columns, references) = via.columns();
        self.raw_state(child) == State::Persistent && {
            let key = self.key_before_at(child, columns);
            key.is_some() && key == self.key_before_at(owner, references)
        }
    }

    /// A child that an owner was to lead to is so no more, and nobody has said whom else: that is for the database to say.
    pub(super) fn give_up_place(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        child: RawHandle,
    ) -> bool {
        let given_up = self.holds(owner, relation, child) && self.replaced.remove(owner, relation);
        if given_up {
            self.set_link(owner, relation.index, LinkState::NotLoaded);
        }
        given_up
    }

    /// What one of the relationships led to was loaded before the flush has asked for it. What was set stays.
    pub(super) fn let_go_of_loaded(
        &mut self,
        owner: RawHandle,
        relation: &'static RelationInfo,
        loaded: &[RawHandle],
    ) {
        let Some(via) = relation.owner() else {
            return;
        };
        for old in loaded {
            if self.is_alive(*old) && !self.holds(owner, relation, *old) {
                self.assign(*old, via, None);
            }
        }
    }

    /// Asks for what the relationships led to, and lets go of it.
    pub(super) async fn let_go_of_replaced(&mut self) -> Result<()> {
        while let Some((relation, mut owners)) = self.replaced.first() {
            owners.retain(|owner| self.raw_state(*owner) == State::Persistent);
            let found = self.read_members(&owners, relation).await?;
            // Not before: a flush that has sent nothing may be done again.
            self.replaced
                .0
                .retain(|_, other| !std::ptr::eq(*other, relation));
            let Some(via) = relation.owner() else {
                continue;
            };
            for (owner, old) in found {
                let kept = self.targets(owner, relation).unwrap_or_default();
                if !kept.contains(&old) && self.leads_there(old, via, owner) {
                    self.assign(old, via, None);
                }
            }
        }
        Ok(())
    }

    /// Whether a child that was read leads to the owner still, and wasn't set to something else.
    fn leads_there(&self, child: RawHandle, via: &'static RelationInfo, owner: RawHandle) -> bool {
        let (columns, references) = via.columns();
        self.is_alive(child)
            && match self.set_links.contains(child, via) {
                true => self.known_target(child, via) == Some(Some(owner)),
                false => self.key_at(child, columns) == self.key_before_at(owner, references),
            }
    }
}
