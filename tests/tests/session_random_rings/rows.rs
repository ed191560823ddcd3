//! Memory against the rows of the database: those that the session's own transaction sees, read past the session.

use std::fmt::Debug;

use orm_core::model::Model;
use orm_core::prelude::*;
use orm_core::session::State;

use super::models::*;
use super::picture::Entities;

/// Each persistent entity has its row, and no row is left over.
fn same_rows<M: Model + Debug + PartialEq>(
    db: &Session,
    all: &[Handle<M>],
    rows: &[M],
    key: impl Fn(&M) -> String,
) {
    let there: Vec<_> = all
        .iter()
        .filter(|entity| db.state(**entity) == State::Persistent)
        .collect();
    for entity in &there {
        let row = rows.iter().find(|row| key(row) == key(&db[**entity]));
        assert_eq!(Some(&db[**entity]), row, "{entity:?}");
    }
    assert_eq!(there.len(), rows.len(), "rows of {}", M::TABLE.name);
}

/// What is known of a relationship, as sorted keys, is what foreign keys say.
macro_rules! same_members {
    ($db:expr, $entity:expr, $relation:path, $expected:expr) => {
        if let Ok(known) = $db.related($entity, $relation) {
            let mut known: Vec<String> = known
                .into_iter()
                .map(|member| Named::name_of_row(&$db[member]))
                .collect();
            let mut expected: Vec<String> = $expected;
            known.sort();
            expected.sort();
            assert_eq!(
                known,
                expected,
                "{} of {:?}",
                stringify!($relation),
                $db[$entity]
            );
        }
    };
}

trait Named {
    fn name_of_row(&self) -> String;
}

macro_rules! named {
    ($($model:ident $key:ident),*) => { $(
        impl Named for $model {
            fn name_of_row(&self) -> String {
                self.$key.to_string()
            }
        }
    )* };
}

named!(Team id, Player id, Badge code, Locker id, Tag id);

fn keys_of<M: Named>(rows: &[M], are_wanted: impl Fn(&M) -> bool) -> Vec<String> {
    rows.iter()
        .filter(|row| are_wanted(row))
        .map(Named::name_of_row)
        .collect()
}

/// # Panics
/// Where memory and rows differ.
pub(crate) async fn check(db: &mut Session, all: &Entities) {
    let teams = Team::query().plain().all(db).await.unwrap();
    let players = Player::query().plain().all(db).await.unwrap();
    let badges = Badge::query().plain().all(db).await.unwrap();
    let lockers = Locker::query().plain().all(db).await.unwrap();
    let tags = Tag::query().plain().all(db).await.unwrap();
    let links = TeamTag::query().plain().all(db).await.unwrap();
    same_rows(db, &all.teams, &teams, Named::name_of_row);
    same_rows(db, &all.players, &players, Named::name_of_row);
    same_rows(db, &all.badges, &badges, Named::name_of_row);
    same_rows(db, &all.lockers, &lockers, Named::name_of_row);
    same_rows(db, &all.tags, &tags, Named::name_of_row);

    for team in persistent(db, &all.teams) {
        let id = db[team].id;
        same_members!(
            db,
            team,
            Team::PLAYERS,
            keys_of(&players, |player| player.team_id == Some(id))
        );
        same_members!(
            db,
            team,
            Team::GUESTS,
            keys_of(&players, |player| player.guest_of_id == Some(id))
        );
        same_members!(
            db,
            team,
            Team::BADGE,
            keys_of(&badges, |badge| badge.team_id == Some(id))
        );
        same_members!(
            db,
            team,
            Team::CAPTAIN,
            keys_of(&players, |player| db[team].captain_id == Some(player.id))
        );
        let of_team = links.iter().filter(|link| link.team_id == id);
        same_members!(
            db,
            team,
            Team::TAGS,
            of_team.map(|link| link.tag_id.to_string()).collect()
        );
    }
    for player in persistent(db, &all.players) {
        let row = &db[player];
        same_members!(
            db,
            player,
            Player::PUPILS,
            keys_of(&players, |other| other.coach_id == Some(row.id))
        );
        same_members!(
            db,
            player,
            Player::LED,
            keys_of(&teams, |team| team.captain_id == Some(row.id))
        );
        same_members!(
            db,
            player,
            Player::TEAM,
            keys_of(&teams, |team| row.team_id == Some(team.id))
        );
        same_members!(
            db,
            player,
            Player::GUEST_OF,
            keys_of(&teams, |team| row.guest_of_id == Some(team.id))
        );
        same_members!(
            db,
            player,
            Player::COACH,
            keys_of(&players, |other| row.coach_id == Some(other.id))
        );
    }
    for badge in persistent(db, &all.badges) {
        let row = &db[badge];
        let is_it = |code: &Option<String>| code.as_ref() == Some(&row.code);
        same_members!(
            db,
            badge,
            Badge::LOCKERS,
            keys_of(&lockers, |locker| is_it(&locker.badge_code))
        );
        same_members!(
            db,
            badge,
            Badge::NEWER,
            keys_of(&badges, |other| is_it(&other.older_code))
        );
        same_members!(
            db,
            badge,
            Badge::TEAM,
            keys_of(&teams, |team| row.team_id == Some(team.id))
        );
        same_members!(
            db,
            badge,
            Badge::OLDER,
            keys_of(&badges, |other| row.older_code.as_ref()
                == Some(&other.code))
        );
    }
    for locker in persistent(db, &all.lockers) {
        let row = &db[locker];
        same_members!(
            db,
            locker,
            Locker::BADGE,
            keys_of(&badges, |badge| row.badge_code.as_ref()
                == Some(&badge.code))
        );
    }
    for tag in persistent(db, &all.tags) {
        let of_tag = links.iter().filter(|link| link.tag_id == db[tag].id);
        same_members!(
            db,
            tag,
            Tag::TEAMS,
            of_tag.map(|link| link.team_id.to_string()).collect()
        );
    }
}

fn persistent<M: Model>(db: &Session, all: &[Handle<M>]) -> Vec<Handle<M>> {
    let is_there = |entity: &Handle<M>| db.state(*entity) == State::Persistent;
    all.iter().copied().filter(is_there).collect()
}
