//! Tables that refer to one another in rings, with keys that change, a `has_one`, links, unique values and versions.

use orm_core::prelude::*;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "teams",
    has_many(players: Player, via = team),
    has_many(guests: Player, via = guest_of),
    has_one(badge: Badge, via = team),
    many_to_many(tags: Tag, through = TeamTag)
)]
pub(crate) struct Team {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(unique)]
    pub name: String,
    #[orm(default = 0)]
    pub score: i32,
    #[orm(belongs_to(captain: Player))]
    pub captain_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "players",
    check("goals >= 0"),
    has_many(pupils: Player, via = coach, cascade(delete)),
    has_many(led: Team, via = captain)
)]
pub(crate) struct Player {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(default = 0)]
    pub goals: i32,
    #[orm(belongs_to(team: Team))]
    pub team_id: Option<i32>,
    #[orm(belongs_to(guest_of: Team))]
    pub guest_of_id: Option<i32>,
    #[orm(belongs_to(coach: Self))]
    pub coach_id: Option<i32>,
}

/// Its key is chosen, and changes.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "badges", has_many(lockers: Locker, via = badge), has_many(newer: Badge, via = older))]
pub(crate) struct Badge {
    #[orm(primary_key)]
    pub code: String,
    #[orm(belongs_to(older: Self))]
    pub older_code: Option<String>,
    #[orm(server_default = "'m'")]
    pub mark: String,
    #[orm(unique, belongs_to(team: Team))]
    pub team_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lockers")]
pub(crate) struct Locker {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(unique)]
    pub slot: Option<i32>,
    #[orm(belongs_to(badge: Badge))]
    pub badge_code: Option<String>,
    #[orm(version)]
    pub version: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(teams: Team, through = TeamTag))]
pub(crate) struct Tag {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(default = 0)]
    pub weight: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "team_tags")]
pub(crate) struct TeamTag {
    #[orm(primary_key, belongs_to(team: Team))]
    pub team_id: i32,
    #[orm(primary_key, belongs_to(tag: Tag))]
    pub tag_id: i32,
}
