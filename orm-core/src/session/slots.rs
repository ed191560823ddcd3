//! [`Slots`]: what the session knows of one model's entities apart from their values. The same plain struct for every
//! model, so that flush, cascades, loaders and undo are written once and without type parameters.

use super::collection::Collection;
use super::key::KeyBytes;
use super::key_map::KeyMap;
use super::state::State;
use crate::model::{RawHandle, Table};

/// The epoch of rows that are stale, whatever the transaction: the first one has number 1.
pub(super) const STALE: u32 = 0;

/// The head of an entity: everything but its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// Counts the slot's inhabitants, so that a handle of an earlier one names none of the later.
    pub generation: u32,
    /// Detached means that the slot is empty.
    pub state: State,
    /// The transaction in which the row was read or written; a row of an earlier one is stale.
    pub epoch: u32,
    /// Whether `delete` was called and the DELETE has not been sent.
    pub doomed: bool,
    /// The transaction in which it was created by this session, else 0: its collections are known to be empty until
    /// something is put in.
    pub created: u32,
    /// The undo frame in which the entity was last saved.
    pub saved: u32,
    /// Its place in `waiting`, counted from 1; 0 where it is not in it.
    place: u32,
}

/// An entity that a flush has to look at.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    index: u32,
    /// How many entities had been added by then: the order in which pending ones are inserted.
    adds: u64,
}

impl Head {
    /// Whether the next flush looks at the row: it was handed out mutably, or is to be deleted.
    pub(crate) fn is_touched(&self) -> bool {
        self.place > 0 && self.state != State::Pending
    }
}

/// What is known of a relationship of one entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum LinkState {
    #[default]
    NotLoaded,
    One(Option<RawHandle>),
    /// Boxed, because most entities have none that is known.
    Many(Box<Collection>),
}

/// The heads of one model's entities, their relationships, and the identity map.
#[derive(Debug)]
pub(crate) struct Slots {
    pub table: &'static Table,
    pub session: u32,
    pub arena: u16,
    pub heads: Vec<Head>,
    free: Vec<u32>,
    /// The identity map: one entity per primary key.
    pub keys: KeyMap,
    /// What a flush has to look at: entities that are pending, were handed out mutably, or are to be deleted. In no order, so
    /// that each comes and goes at once; whoever asks gets them sorted.
    waiting: Vec<Waiting>,
    /// The generation of a slot's first inhabitant. Higher than that of any handle that was given out before `clear`.
    first_generation: u32,
    adds: u64,
    /// For each relationship of the table, by slot.
    links: Vec<Vec<LinkState>>,
}

impl Slots {
    pub(crate) fn new(table: &'static Table, session: u32, arena: u16) -> Self {
        Slots {
            table,
            session,
            arena,
            heads: Vec::new(),
            free: Vec::new(),
            keys: KeyMap::new(table, table.primary_key),
            waiting: Vec::new(),
            first_generation: 0,
            adds: 0,
            links: table.relations.iter().map(|_| Vec::new()).collect(),
        }
    }

    /// Makes room for so many more entities.
    pub(crate) fn reserve(&mut self, entities: usize) {
        self.heads.reserve(entities);
        self.keys.reserve(entities);
    }

    /// The same, of those that a flush has to look at.
    pub(crate) fn reserve_waiting(&mut self, entities: usize) {
        self.waiting.reserve(entities);
    }

    /// Makes room for so many slots that are about to be emptied.
    pub(crate) fn reserve_free(&mut self, slots: usize) {
        self.free.reserve(slots);
    }

    /// The slot that the next entity gets.
    pub(crate) fn next(&self) -> u32 {
        let free = self.free.last().copied();
        free.unwrap_or(self.heads.len() as u32)
    }

    /// Takes an empty slot for a new entity.
    #[inline]
    pub(crate) fn claim(&mut self, state: State, epoch: u32) -> u32 {
        let head = Head {
            generation: self.first_generation,
            state,
            epoch,
            doomed: false,
            created: if state == State::Pending { epoch } else { 0 },
            saved: 0,
            place: 0,
        };
        let index = match self.free.pop() {
            Some(index) => {
                let generation = self.heads[index as usize].generation;
                self.heads[index as usize] = Head { generation, ..head };
                index
            }
            None => {
                self.heads.push(head);
                (self.heads.len() - 1) as u32
            }
        };
        if state == State::Pending {
            self.adds += 1;
            self.touch(index);
        }
        index
    }

    /// Empties a slot; handles to its inhabitant name nothing from now on.
    pub(crate) fn release(&mut self, index: u32) {
        let head = &mut self.heads[index as usize];
        head.generation = head.generation.wrapping_add(1);
        head.state = State::Detached;
        head.doomed = false;
        self.untouch(index);
        for links in &mut self.links {
            if let Some(link) = links.get_mut(index as usize) {
                *link = LinkState::NotLoaded;
            }
        }
        self.free.push(index);
    }

    /// Empties all slots, and gives their memory back.
    pub(crate) fn clear(&mut self) {
        let last = self.heads.iter().map(|head| head.generation).max();
        self.first_generation = last.map_or(self.first_generation, |last| last.wrapping_add(1));
        self.heads = Vec::new();
        self.free = Vec::new();
        self.keys = KeyMap::new(self.table, self.table.primary_key);
        self.waiting = Vec::new();
        self.links.fill_with(Vec::new);
    }

    pub(crate) fn handle(&self, index: u32) -> RawHandle {
        RawHandle {
            session: self.session,
            arena: self.arena,
            index,
            generation: self.heads[index as usize].generation,
        }
    }

    /// The head that a handle names, if it names one.
    pub(crate) fn head(&self, handle: RawHandle) -> Option<&Head> {
        self.heads
            .get(handle.index as usize)
            .filter(|head| head.generation == handle.generation && head.state != State::Detached)
    }

    /// Lets the next flush look at the entity.
    pub(crate) fn touch(&mut self, index: u32) {
        let head = &mut self.heads[index as usize];
        if head.place == 0 {
            let adds = self.adds;
            self.waiting.push(Waiting { index, adds });
            head.place = self.waiting.len() as u32;
        }
    }

    /// Lets it pass the entity by.
    pub(crate) fn untouch(&mut self, index: u32) {
        let place = std::mem::take(&mut self.heads[index as usize].place) as usize;
        if place > 0 {
            self.waiting.swap_remove(place - 1);
            if let Some(moved) = self.waiting.get(place - 1) {
                self.heads[moved.index as usize].place = place as u32;
            }
        }
    }

    /// An entity has a row in the database, with this key. Gives another one that had the key so far.
    pub(crate) fn inserted(&mut self, index: u32, key: KeyBytes, epoch: u32) -> Option<u32> {
        let forerunner = self.keys.insert(key, index);
        self.untouch(index);
        let head = &mut self.heads[index as usize];
        head.state = State::Persistent;
        head.epoch = epoch;
        forerunner.filter(|known| *known != index)
    }

    /// The key of an entity's row was written.
    pub(crate) fn rekey(&mut self, index: u32, old: KeyBytes, new: KeyBytes) {
        if old != new {
            // Another row of the same statement may have taken the old key.
            self.keys.remove(&old, index);
            self.keys.insert(new, index);
        }
    }

    /// Gives up the keys of entities that are deleted now, where these are so many that it costs less to look through the
    /// identity map than to make their keys and find them in it. Whether it was done.
    pub(crate) fn forgets_all_at_once(&mut self, deleted: usize) -> bool {
        const LOOKED_AT_FOR_ONE_FOUND: usize = 8;
        if deleted < self.keys.places() / LOOKED_AT_FOR_ONE_FOUND {
            return false;
        }
        let heads = &self.heads;
        self.keys
            .retain(|index| heads[index as usize].state != State::Deleted);
        true
    }

    /// Whether a flush has anything to look at.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What a flush has to look at: entities that were handed out mutably or are to be deleted, in the order of their slots,
    /// and added ones, in the order of `add`.
    pub(crate) fn waiting(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut touched, mut pending) = (Vec::with_capacity(self.waiting.len()), Vec::new());
        for waiting in &self.waiting {
            match self.heads[waiting.index as usize].state {
                State::Pending => pending.push(*waiting),
                _ => touched.push(waiting.index),
            }
        }
        touched.sort_unstable();
        (touched, in_order_of_add(pending))
    }

    /// Entities that were handed out mutably or are to be deleted, in the order of their slots.
    pub(crate) fn touched(&self) -> Vec<u32> {
        self.waiting_where(|head| head.is_touched())
    }

    /// Whether an entity is to be deleted.
    pub(crate) fn any_doomed(&self) -> bool {
        let mut all = self.waiting.iter();
        all.any(|waiting| self.heads[waiting.index as usize].doomed)
    }

    /// Entities that are to be deleted, in the order of their slots.
    pub(crate) fn doomed(&self) -> Vec<u32> {
        self.waiting_where(|head| head.doomed && head.is_touched())
    }

    /// Added entities, in the order of `add`.
    pub(crate) fn pending(&self) -> Vec<u32> {
        self.pending_since(0)
    }

    fn waiting_where(&self, wanted: impl Fn(&Head) -> bool) -> Vec<u32> {
        let all = self.waiting.iter().map(|waiting| waiting.index);
        let mut found: Vec<u32> = all
            .filter(|index| wanted(&self.heads[*index as usize]))
            .collect();
        found.sort_unstable();
        found
    }

    /// How many entities have been added so far; those that are added later count on from here.
    pub(crate) fn adds(&self) -> u64 {
        self.adds
    }

    /// Pending entities that came behind the first `adds`.
    pub(crate) fn pending_since(&self, adds: u64) -> Vec<u32> {
        let is_pending = |index: u32| self.heads[index as usize].state == State::Pending;
        let all = self.waiting.iter().copied();
        let pending = all.filter(|waiting| waiting.adds > adds && is_pending(waiting.index));
        in_order_of_add(pending.collect())
    }

    pub(crate) fn link(&self, relation: u16, index: u32) -> &LinkState {
        static NOT_LOADED: LinkState = LinkState::NotLoaded;
        self.links[relation as usize]
            .get(index as usize)
            .unwrap_or(&NOT_LOADED)
    }

    /// A to-many relationship that is known. Only what tells the undo log calls it.
    pub(crate) fn collection_mut(&mut self, relation: u16, index: u32) -> Option<&mut Collection> {
        match self.links[relation as usize].get_mut(index as usize) {
            Some(LinkState::Many(collection)) => Some(collection),
            _ => None,
        }
    }

    /// Changes a link and gives its former state. Only the session's `relate` calls it, which keeps the undo log.
    pub(crate) fn replace_link(
        &mut self,
        relation: u16,
        index: u32,
        state: LinkState,
    ) -> LinkState {
        let links = &mut self.links[relation as usize];
        if links.len() <= index as usize {
            if state == LinkState::NotLoaded {
                return state;
            }
            let all = self.heads.len().max(index as usize + 1);
            links.resize_with(all, LinkState::default);
        }
        std::mem::replace(&mut links[index as usize], state)
    }

    /// Changes a link to what it is not yet, and gives its former state.
    pub(crate) fn change_link(
        &mut self,
        relation: u16,
        index: u32,
        state: LinkState,
    ) -> Option<LinkState> {
        match self.links[relation as usize].get_mut(index as usize) {
            Some(link) if *link == state => None,
            Some(link) => Some(std::mem::replace(link, state)),
            None if state == LinkState::NotLoaded => None,
            None => Some(self.replace_link(relation, index, state)),
        }
    }

    /// All entities, in the order of their slots.
    pub(crate) fn inhabited(&self) -> impl Iterator<Item = u32> {
        self.heads
            .iter()
            .enumerate()
            .filter(|(_, head)| head.state != State::Detached)
            .map(|(index, _)| index as u32)
    }
}

fn in_order_of_add(mut pending: Vec<Waiting>) -> Vec<u32> {
    pending.sort_unstable_by_key(|waiting| waiting.adds);
    let indices = pending.into_iter().map(|waiting| waiting.index);
    indices.collect()
}
