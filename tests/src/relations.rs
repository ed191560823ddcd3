//! The models of the relationship tests, one for each kind of tie, and the library that they live in.
#![allow(missing_docs)]

use std::sync::Arc;

use orm_core::engine::{EngineBuilder, StatementLog};
use orm_core::prelude::*;
use orm_core::testing::TestDb;

use crate::fixture::unchecked;

/// Two foreign keys lead here from [`Book`], and a `has_one`.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "authors",
    has_many(books: Book, via = author),
    has_many(edited: Book, via = editor),
    has_one(bio: Bio, via = author)
)]
pub struct Author {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "bios")]
pub struct Bio {
    #[orm(primary_key)]
    pub id: i32,
    pub text: String,
    #[orm(unique, belongs_to(author: Author))]
    pub author_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "books",
    has_many(chapters: Chapter, via = book, cascade(delete)),
    many_to_many(tags: Tag, through = BookTag)
)]
pub struct Book {
    #[orm(primary_key)]
    pub id: i32,
    pub title: String,
    #[orm(belongs_to(author: Author))]
    pub author_id: Option<i32>,
    #[orm(belongs_to(editor: Author))]
    pub editor_id: Option<i32>,
}

/// Required, deleted with its book, and owner of its notes.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "chapters",
    has_many(notes: Note, via = chapter, cascade(delete, delete_orphan))
)]
pub struct Chapter {
    #[orm(primary_key)]
    pub id: i32,
    pub title: String,
    #[orm(belongs_to(book: Book))]
    pub book_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "notes")]
pub struct Note {
    #[orm(primary_key)]
    pub id: i32,
    pub text: String,
    #[orm(belongs_to(chapter: Chapter))]
    pub chapter_id: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tags", many_to_many(books: Book, through = BookTag))]
pub struct Tag {
    #[orm(primary_key)]
    pub id: i32,
    pub word: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "book_tags")]
pub struct BookTag {
    #[orm(primary_key, belongs_to(book: Book))]
    pub book_id: i32,
    #[orm(primary_key, belongs_to(tag: Tag))]
    pub tag_id: i32,
}

/// A tree.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "nodes", has_many(children: Node, via = parent))]
pub struct Node {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(parent: Self))]
    pub parent_id: Option<i32>,
}

/// A graph: many-to-many with itself.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "people",
    many_to_many(follows: Person, through = Follow, via = (follower, followed)),
    many_to_many(followers: Person, through = Follow, via = (followed, follower))
)]
pub struct Person {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "follows")]
pub struct Follow {
    #[orm(primary_key, belongs_to(follower: Person))]
    pub follower_id: i32,
    #[orm(primary_key, belongs_to(followed: Person))]
    pub followed_id: i32,
}

/// Referred to by a unique column that is not the key.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "countries", has_many(cities: City, via = country))]
pub struct Country {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(unique)]
    pub code: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "cities")]
pub struct City {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(country: Country, references(code)))]
    pub country_code: Option<String>,
}

/// Referred to by a composite key.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "shelves",
    has_many(items: Item, via = shelf),
    many_to_many(labels: Label, through = ShelfLabel)
)]
pub struct Shelf {
    #[orm(primary_key)]
    pub room: String,
    #[orm(primary_key)]
    pub number: i32,
}

/// Of its foreign key only one column can be NULL.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "items", belongs_to(shelf: Shelf, columns(room, shelf_number)))]
pub struct Item {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub room: String,
    pub shelf_number: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "labels", many_to_many(shelves: Shelf, through = ShelfLabel))]
pub struct Label {
    #[orm(primary_key)]
    pub id: i32,
    pub word: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "shelf_labels", belongs_to(shelf: Shelf, columns(room, number)))]
pub struct ShelfLabel {
    #[orm(primary_key)]
    pub room: String,
    #[orm(primary_key)]
    pub number: i32,
    #[orm(primary_key, belongs_to(label: Label))]
    pub label_id: i32,
}

/// A team and its captain refer to one another.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "teams", has_many(players: Player, via = team))]
pub struct Team {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(captain: Player))]
    pub captain_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "players", has_one(captain_of: Team, via = captain))]
pub struct Player {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(team: Team))]
    pub team_id: i32,
}

/// Children are left to ON DELETE CASCADE.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "folders",
    has_many(files: File, via = folder, cascade(delete), passive_deletes)
)]
pub struct Folder {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "files")]
pub struct File {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(folder: Folder, on_delete = "cascade"))]
    pub folder_id: i32,
}

/// Required children without a cascade.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "houses",
    has_many(rooms: Room, via = house),
    has_one(roof: Roof, via = house, cascade(delete, delete_orphan))
)]
pub struct House {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "rooms")]
pub struct Room {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(belongs_to(house: House))]
    pub house_id: i32,
}

/// Replaced together with its row: the owner deletes orphans.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "roofs")]
pub struct Roof {
    #[orm(primary_key)]
    pub id: i32,
    pub colour: String,
    #[orm(belongs_to(house: House))]
    pub house_id: i32,
}

type Everything = (
    Author,
    Bio,
    Book,
    Chapter,
    Note,
    Tag,
    BookTag,
    Node,
    Person,
    Follow,
    Country,
    City,
    Shelf,
    Item,
    Label,
    ShelfLabel,
    Team,
    Player,
    Folder,
    File,
    House,
    Room,
    Roof,
);

/// A database with the tables, and a log of what is sent to it.
pub struct Library {
    pub engine: Engine,
    pub log: StatementLog,
    /// Connects beside the session, and isn't in the log.
    beside: Engine,
    _test: TestDb,
}

impl Library {
    /// # Panics
    /// When there is no PostgreSQL.
    pub async fn new() -> Self {
        let test = TestDb::with_models::<Everything>()
            .await
            .expect("a database");
        let log = StatementLog::new();
        let engine = Engine::builder(test.url())
            .observe(Arc::new(log.clone()))
            .connect()
            .await
            .expect("an engine");
        let beside = test.engine().await.expect("an engine");
        log.clear();
        Library {
            engine,
            log,
            beside,
            _test: test,
        }
    }

    /// A session.
    pub fn session(&self) -> Session {
        self.engine.session()
    }

    /// Another engine on the same database, not connected yet.
    pub fn another_engine(&self) -> EngineBuilder {
        Engine::builder(self._test.url())
    }

    /// Inserts rows with keys that the SQL says. The keys that the server makes later begin with 101.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn fill(&self, sql: &str) {
        self.elsewhere(sql).await;
        self.elsewhere(
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT table_name FROM information_schema.columns \
             WHERE table_schema = 'public' AND is_identity = 'YES' LOOP \
             EXECUTE format('ALTER TABLE %I ALTER COLUMN id RESTART WITH 101', t); END LOOP; END $$",
        )
        .await;
    }

    /// Runs SQL as somebody else would. It is not in the log.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn elsewhere(&self, sql: &str) {
        let mut other = self.beside.acquire().await.expect("a connection");
        other.execute_script(sql).await.expect(sql);
    }

    /// The rows of a query as text, as others see them now: `1|Ann; 2|null`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn rows(&self, sql: &str) -> String {
        let mut other = self.beside.acquire().await.expect("a connection");
        let sql = format!(
            "SELECT coalesce(string_agg((SELECT string_agg(coalesce(value, 'null'), '|') \
             FROM json_each_text(row_to_json(r))), '; '), '') FROM ({sql}) AS r"
        );
        other.fetch_scalar(sql.as_str()).await.expect("the query")
    }

    /// The statements since the last call, without those that begin and end transactions.
    pub fn sent(&self) -> Vec<String> {
        let mut sent: Vec<_> = self.log.take().into_iter().map(unchecked).collect();
        sent.retain(|sql| !sql.starts_with("BEGIN") && sql != "COMMIT" && sql != "ROLLBACK");
        sent
    }
}
