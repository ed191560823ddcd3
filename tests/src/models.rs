//! The models that the tests of the session share.

use chrono::{DateTime, Utc};
use orm_core::prelude::*;
use uuid::Uuid;

/// Has books.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "authors", has_many(books: Book, via = author))]
pub struct Author {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// No two have the same.
    #[orm(unique)]
    pub name: String,
    /// May be missing.
    pub email: Option<String>,
}

/// Of an author; with a default here, one on the server, and a computed column.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "books")]
pub struct Book {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub title: String,
    /// A default of the client.
    #[orm(default = 100)]
    pub pages: i32,
    /// A default of the server.
    #[orm(server_default = "'paper'")]
    pub binding: String,
    /// Computed by the server.
    #[orm(computed = "pages * 2")]
    pub sides: i32,
    /// Who wrote it.
    #[orm(belongs_to(author: Author))]
    pub author_id: Option<i32>,
}

/// Refers to others of its kind.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "nodes", has_many(children: Node, via = parent))]
pub struct Node {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub name: String,
    /// The node above.
    #[orm(belongs_to(parent: Self))]
    pub parent_id: Option<i32>,
}

/// Has a key made by the client, and a version.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tickets")]
pub struct Ticket {
    /// Made by the client.
    #[orm(primary_key, default = Uuid::new_v4())]
    pub id: Uuid,
    /// Anything.
    pub subject: String,
    /// Counted by the session.
    #[orm(version)]
    pub version: i32,
}

/// Has a key made by the server that is no number.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "documents")]
pub struct Document {
    /// Made by the server.
    #[orm(primary_key, server_default = "gen_random_uuid()")]
    pub id: Uuid,
    /// Anything.
    pub title: String,
    /// Given by the server.
    #[orm(server_default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// Has a key of two columns.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "seats")]
pub struct Seat {
    /// One part.
    #[orm(primary_key)]
    pub row: i32,
    /// The other.
    #[orm(primary_key)]
    pub number: i32,
    /// Who sits there.
    pub taken_by: Option<String>,
}

/// Has a time of its last change.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "notes")]
pub struct Note {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub body: String,
    /// Anything else.
    #[orm(default = 0)]
    pub stars: i32,
    /// Set by every update.
    #[orm(server_default = "0", on_update = 7)]
    pub edits: i32,
}

/// A native enum.
#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(name = "mood", rename_all = "snake_case")]
pub enum Mood {
    /// One.
    VeryGood,
    /// Another.
    Bad,
}

/// Has a column of every kind that travels in its own way.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "samples")]
pub struct Sample {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// An array of texts.
    #[orm(default)]
    pub tags: Vec<String>,
    /// An array with NULLs.
    pub numbers: Option<Vec<Option<i32>>>,
    /// An array of bytes.
    #[orm(default)]
    pub blobs: Vec<Vec<u8>>,
    /// Bytes.
    pub blob: Option<Vec<u8>>,
    /// An enum.
    pub mood: Option<Mood>,
    /// An array of enums.
    #[orm(default)]
    pub moods: Vec<Mood>,
    /// `jsonb`.
    pub data: Option<serde_json::Value>,
    /// `json`, which has no equality.
    #[orm(sql_type = "json")]
    pub raw: Option<serde_json::Value>,
    /// A number that the column rounds.
    #[orm(precision = 10, scale = 2)]
    pub price: Option<rust_decimal::Decimal>,
}

impl Sample {
    /// What a text must come through unchanged, wherever it goes.
    pub const HOSTILE: &str = "\\N\t\"'; DROP TABLE samples; --\n\\. $1 \u{1F600}";

    /// One with a value in every column.
    pub fn full(id: i32) -> Self {
        Sample {
            id,
            tags: vec![Self::HOSTILE.to_owned(), String::new()],
            numbers: Some(vec![Some(1), None, Some(i32::MIN)]),
            blobs: vec![vec![0, 255], vec![]],
            blob: Some(vec![9, 0]),
            mood: Some(Mood::VeryGood),
            moods: vec![Mood::Bad, Mood::VeryGood],
            data: Some(serde_json::json!({"text": Self::HOSTILE})),
            raw: Some(serde_json::json!([null, 1])),
            price: Some(rust_decimal::Decimal::new(-12_345, 2)),
        }
    }

    /// One with nothing in any column that can do without.
    pub fn empty(id: i32) -> Self {
        Sample {
            id,
            tags: vec![],
            numbers: None,
            blobs: vec![],
            blob: None,
            mood: None,
            moods: vec![],
            data: None,
            raw: None,
            price: None,
        }
    }
}

/// Lives in a house, maybe: one half of two tables that refer to each other.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "people")]
pub struct Person {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub name: String,
    /// May be missing, so that the ring can be broken here.
    #[orm(belongs_to(home: House))]
    pub home_id: Option<i32>,
}

/// Is owned by a person, always.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "houses")]
pub struct House {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub street: String,
    /// Must be there.
    #[orm(belongs_to(owner: Person))]
    pub owner_id: i32,
}

/// Came from an egg, always: a ring that cannot be broken.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "hens")]
pub struct Hen {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Must be there.
    #[orm(belongs_to(egg: Egg))]
    pub egg_id: i32,
}

/// Came from a hen, always.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "eggs")]
pub struct Egg {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Must be there.
    #[orm(belongs_to(hen: Hen))]
    pub hen_id: i32,
}

/// A task that may be followed by another; keys are made by the client.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tasks")]
pub struct Task {
    /// Made by the client.
    #[orm(primary_key, default = Uuid::new_v4())]
    pub id: Uuid,
    /// Anything.
    pub name: String,
    /// The task after it.
    #[orm(belongs_to(next: Self))]
    pub next_id: Option<Uuid>,
}

/// Everything here is a reserved word.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "order")]
pub struct Reserved {
    /// A reserved word.
    #[orm(primary_key, column = "user")]
    pub id: i32,
    /// A reserved word.
    pub select: String,
    /// A word with a quote in it.
    #[orm(column = "group \"by\"")]
    pub group: Option<String>,
}

/// Has a key that people choose.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "countries", has_many(cities: City, via = country))]
pub struct Country {
    /// Chosen by people.
    #[orm(primary_key)]
    pub code: String,
    /// Anything.
    pub name: String,
}

/// Is in a country.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "cities")]
pub struct City {
    /// Made by the server.
    #[orm(primary_key)]
    pub id: i32,
    /// Anything.
    pub name: String,
    /// Where.
    #[orm(belongs_to(country: Country))]
    pub country_code: Option<String>,
}

/// Is changed by a trigger on every update, and its key can change.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "stamped")]
pub struct Stamped {
    /// Given by the client, and may change.
    #[orm(primary_key)]
    pub code: String,
    /// Anything.
    pub name: String,
    /// Written by the server.
    #[orm(server_default = "0", server_on_update)]
    pub writes: i32,
}

/// All of them, but for [`Stamped`].
pub type All = (
    Author,
    Book,
    Node,
    Ticket,
    Document,
    Seat,
    Note,
    Sample,
    (Person, House, Hen, Egg),
    (Task, Reserved, Country, City),
);
