//! What memory has of all entities that a run has made, as text: compared with what it was before a rollback, and with the database.

use std::collections::BTreeMap;

use orm_core::model::Model;
use orm_core::prelude::*;
use orm_core::session::State;

use super::models::*;

/// Every entity that was ever added or found, by model.
#[derive(Default)]
pub(crate) struct Entities {
    pub teams: Vec<Handle<Team>>,
    pub players: Vec<Handle<Player>>,
    pub badges: Vec<Handle<Badge>>,
    pub lockers: Vec<Handle<Locker>>,
    pub tags: Vec<Handle<Tag>>,
}

/// A line for each entity: its state, its row, and what is known of its relationships.
pub(crate) type Picture = BTreeMap<String, String>;

macro_rules! known {
    ($db:expr, $of:expr; $($relation:path),*) => {{
        let known = [$(match $db.related(*$of, $relation) {
            Ok(members) => format!("{} {members:?}", stringify!($relation)),
            Err(_) => String::new(),
        }),*];
        known.join(" ")
    }};
}

fn line<M: Model + std::fmt::Debug>(
    db: &Session,
    entity: Handle<M>,
    known: impl FnOnce() -> String,
) -> (String, String) {
    let line = match db.state(entity) {
        State::Persistent => format!("{:?} {}", db[entity], known()),
        state => format!("{state:?}"),
    };
    (format!("{entity:?}"), line)
}

pub(crate) fn picture(db: &Session, all: &Entities) -> Picture {
    let teams = all.teams.iter().map(|team| {
        line(db, *team, || {
            known!(db, team; Team::PLAYERS, Team::GUESTS, Team::BADGE, Team::TAGS, Team::CAPTAIN)
        })
    });
    let players = all.players.iter().map(|player| {
        line(db, *player, || {
            known!(db, player; Player::PUPILS, Player::LED, Player::TEAM, Player::GUEST_OF, Player::COACH)
        })
    });
    let badges = all.badges.iter().map(|badge| {
        line(
            db,
            *badge,
            || known!(db, badge; Badge::LOCKERS, Badge::NEWER, Badge::TEAM, Badge::OLDER),
        )
    });
    let lockers = all
        .lockers
        .iter()
        .map(|locker| line(db, *locker, || known!(db, locker; Locker::BADGE)));
    let tags = all
        .tags
        .iter()
        .map(|tag| line(db, *tag, || known!(db, tag; Tag::TEAMS)));
    teams
        .chain(players)
        .chain(badges)
        .chain(lockers)
        .chain(tags)
        .collect()
}
