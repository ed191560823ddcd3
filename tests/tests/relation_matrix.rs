//! Every kind of to-many and `has_one`, loaded in every way: the same members, in one statement a level.
#![allow(missing_docs)]

use orm_core::prelude::*;
use tests::fixture::Fixture;
use tests::relations::*;

/// What the relationships of the library lack: a link table without a struct, an order, a condition.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "albums",
    many_to_many(moods: Mood, table = "album_moods"),
    has_many(tracks: Track, via = album, order_by(place, desc(id))),
    has_many(hits: Track, via = album, filter = hit, read_only),
    many_to_many(ranked: Mood, via = albums, filter = loud, order_by(desc(id)), read_only),
)]
pub struct Album {
    #[orm(primary_key)]
    pub id: i32,
    /// Named as a loader would name the numbers of its rows.
    pub loaded_row: i32,
    #[orm(column = "loaded_row_")]
    pub other: i32,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "moods", many_to_many(albums: Album, via = moods))]
pub struct Mood {
    #[orm(primary_key)]
    pub id: i32,
    pub loud: bool,
}

/// A tree whose members have an order.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "tracks",
    has_many(parts: Track, via = whole, order_by = place),
    has_many(hit_parts: Track, via = whole, filter = hit, read_only),
)]
pub struct Track {
    #[orm(primary_key)]
    pub id: i32,
    pub place: i32,
    pub hit: bool,
    #[orm(belongs_to(album: Album))]
    pub album_id: Option<i32>,
    #[orm(belongs_to(whole: Self))]
    pub whole_id: Option<i32>,
}

fn hit() -> Filter<Track> {
    Track::HIT.for_model()
}

fn loud() -> Filter<Mood> {
    Mood::LOUD.for_model()
}

async fn albums() -> Fixture {
    let fixture = Fixture::new::<(Album, Mood, Track)>().await;
    fixture
        .elsewhere(
            "INSERT INTO albums VALUES (1, 30, 7), (2, 20, 8), (3, 10, 9);
             INSERT INTO moods VALUES (1, true), (2, false), (3, true);
             INSERT INTO album_moods (album_id, mood_id) VALUES (1, 1), (1, 2), (1, 3), (2, 2), (2, 3);
             INSERT INTO tracks VALUES (1, 2, true, 1, NULL), (2, 1, false, 1, NULL), (3, 1, true, 1, NULL),
                (4, 1, false, 2, NULL), (5, 3, true, NULL, 1), (6, 2, false, NULL, 1), (7, 1, true, NULL, 1),
                (8, 1, true, NULL, 6), (9, 0, true, NULL, 7);",
        )
        .await;
    fixture
}

async fn library() -> Library {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
             INSERT INTO bios (id, text, author_id) VALUES (1, 'of Ann', 1), (2, 'of Cid', 3);
             INSERT INTO books (id, title, author_id, editor_id) VALUES (1, 'One', 1, 2), (2, 'Two', 1, NULL), (3, 'Three', 2, 1);
             INSERT INTO tags (id, word) VALUES (1, 'red'), (2, 'blue');
             INSERT INTO book_tags VALUES (1, 1), (1, 2), (2, 1);
             INSERT INTO nodes (id, name, parent_id) VALUES (1, 'root', NULL), (2, 'left', 1), (3, 'right', 1), (4, 'leaf', 2);
             INSERT INTO people (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');
             INSERT INTO follows VALUES (1, 2), (2, 1), (1, 3);
             INSERT INTO countries (id, code) VALUES (1, 'AT'), (2, 'BE');
             INSERT INTO cities (id, name, country_code) VALUES (1, 'Wien', 'AT'), (2, 'Graz', 'AT');
             INSERT INTO shelves VALUES ('a', 1), ('a', 2);
             INSERT INTO items (id, name, room, shelf_number) VALUES (1, 'x', 'a', 1), (2, 'y', 'a', 1), (3, 'z', 'a', NULL);
             INSERT INTO labels (id, word) VALUES (1, 'new'), (2, 'old');
             INSERT INTO shelf_labels VALUES ('a', 1, 1), ('a', 1, 2), ('a', 2, 2);",
        )
        .await;
    library
}

/// The SELECTs among statements.
fn selects(sent: Vec<String>) -> Vec<String> {
    let mut sent = sent;
    sent.retain(|sql| sql.starts_with("SELECT"));
    sent
}

/// Loads a relationship of all rows of a model in every way. Each way gives what is said, and sends as many SELECTs as the
/// table says. `in order` compares the order of the members, too.
macro_rules! every_way {
    ($on:expr, $model:ident :: $relation:ident, by $key:ident, $($in:ident order,)? $wanted:expr) => {{
        let on = &$on;
        let path = $model::$relation;
        let all = || $model::query().order_by($model::$key);
        let marks: &[&str] = &[$(stringify!($in)),*];
        let in_order = !marks.is_empty();
        let read = |db: &Session, parents: &[Handle<$model>], way: &str| {
            let seen = parents.iter().map(|parent| {
                let members = db.view(*parent).related(path).unwrap().into_iter();
                let mut members: Vec<_> = members.map(|member| member.id.to_string()).collect();
                if !in_order {
                    members.sort();
                }
                members.join(" ")
            });
            let seen: Vec<_> = seen.collect();
            assert_eq!(seen, $wanted, "{way}");
        };

        let mut db = on.session();
        let parents = all().with(path.selectin()).all(&mut db).await.unwrap();
        read(&db, &parents, "select-in");
        let sent = selects(on.sent());
        assert_eq!(sent.len(), 2, "{sent:#?}");

        // Together with the query: all of it, and a part.
        for limit in [None, Some(2)] {
            let mut db = on.session();
            let mut query = all().with(path.selectin()).pipelined();
            if let Some(limit) = limit {
                query = query.limit(limit);
            }
            let mut parents = query.all(&mut db).await.unwrap();
            if limit.is_some() {
                let rest = all().with(path.selectin()).pipelined().offset(2);
                parents.extend(rest.all(&mut db).await.unwrap());
            }
            read(&db, &parents, "pipelined");
            let sent = selects(on.sent());
            assert_eq!(sent.len(), if limit.is_some() { 4 } else { 2 }, "{sent:#?}");
            assert!(sent[1].contains("LATERAL"), "{sent:#?}");
        }

        let mut db = on.session();
        let parents = all().with(path.joined()).all(&mut db).await.unwrap();
        read(&db, &parents, "joined");
        let sent = selects(on.sent());
        assert_eq!(sent.len(), 1, "{sent:#?}");

        // Joined around a query with a LIMIT and an order of its own.
        let mut db = on.session();
        let limited = all().with(path.joined()).limit(2).offset(0);
        let parents = limited.all(&mut db).await.unwrap();
        assert_eq!(parents.len(), 2);
        let rest = all().with(path.joined()).offset(2).all(&mut db).await.unwrap();
        let parents: Vec<_> = parents.into_iter().chain(rest).collect();
        read(&db, &parents, "joined under a limit");
        let sent = selects(on.sent());
        assert_eq!(sent.len(), 2, "{sent:#?}");

        let mut db = on.session();
        let parents = all().all(&mut db).await.unwrap();
        on.sent();
        db.load(&parents, path).await.unwrap();
        read(&db, &parents, "load");
        let sent = selects(on.sent());
        assert_eq!(sent.len(), 1, "{sent:#?}");

        let counted = db.count_of(&parents, path).await.unwrap();
        let lengths = $wanted.iter().map(|members| members.split_whitespace().count() as i64);
        assert_eq!(counted, lengths.collect::<Vec<_>>(), "counted");
        let sent = selects(on.sent());
        assert_eq!(sent.len(), 1, "{sent:#?}");
    }};
}

#[tokio::test]
async fn a_one_to_many_is_one_statement_a_level_in_every_way() {
    let library = library().await;
    every_way!(library, Author::BOOKS, by ID, ["1 2", "3", ""]);
    every_way!(library, Author::EDITED, by ID, ["3", "1", ""]);
    every_way!(library, Node::CHILDREN, by ID, ["2 3", "4", "", ""]);
    every_way!(library, Country::CITIES, by ID, ["1 2", ""]);
    every_way!(library, Shelf::ITEMS, by NUMBER, ["1 2", ""]);
}

#[tokio::test]
async fn a_has_one_is_one_statement_a_level_in_every_way() {
    let library = library().await;
    every_way!(library, Author::BIO, by ID, ["1", "", "2"]);
}

#[tokio::test]
async fn a_many_to_many_is_one_statement_a_level_in_every_way() {
    let library = library().await;
    every_way!(library, Book::TAGS, by ID, ["1 2", "1", ""]);
    every_way!(library, Tag::BOOKS, by ID, ["1 2", "1"]);
    every_way!(library, Person::FOLLOWS, by ID, ["2 3", "1", ""]);
    every_way!(library, Person::FOLLOWERS, by ID, ["2", "1", "1"]);
    every_way!(library, Shelf::LABELS, by NUMBER, ["1 2", "2"]);
    let albums = albums().await;
    every_way!(albums, Album::MOODS, by ID, ["1 2 3", "2 3", ""]);
    every_way!(albums, Mood::ALBUMS, by ID, ["1", "1 2", "1 2"]);
}

#[tokio::test]
async fn orders_and_conditions_of_a_relationship_hold_in_every_way() {
    let albums = albums().await;
    every_way!(albums, Album::TRACKS, by ID, in order, ["3 2 1", "4", ""]);
    every_way!(albums, Album::HITS, by ID, ["1 3", "", ""]);
    every_way!(albums, Album::RANKED, by ID, in order, ["3 1", "3", ""]);
    every_way!(
        albums, Track::PARTS, by ID, in order,
        ["7 6 5", "", "", "", "", "8", "9", "", ""]
    );
    every_way!(
        albums, Track::HIT_PARTS, by ID,
        ["5 7", "", "", "", "", "8", "9", "", ""]
    );
}

#[tokio::test]
async fn the_numbers_of_rows_are_in_nobodys_way() {
    let albums = albums().await;
    let mut db = albums.session();
    let query = Album::query()
        .with(Album::TRACKS.joined())
        .order_by(Album::LOADED_ROW)
        .limit(2);
    let found = query.all(&mut db).await.unwrap();
    let sent = selects(albums.sent());
    assert!(
        sent[0].contains("AS loaded_0(id, loaded_row, loaded_row_, loaded_row__) LEFT JOIN"),
        "{}",
        sent[0]
    );
    let values = found.iter().map(|album| {
        let album = &db[*album];
        (album.id, album.loaded_row, album.other)
    });
    assert_eq!(values.collect::<Vec<_>>(), [(3, 10, 9), (2, 20, 8)]);
}

#[tokio::test]
async fn a_tree_keeps_the_order_and_the_condition_of_its_relationship() {
    let albums = albums().await;
    let mut db = albums.session();
    let root = db.get::<Track>(1).await.unwrap().unwrap();
    db.load(root, Track::PARTS.recursive()).await.unwrap();
    let ids = |db: &Session, of: Handle<Track>| -> Vec<i32> {
        let parts = db.view(of).related(Track::PARTS).unwrap();
        parts.map(|part| part.id).collect()
    };
    assert_eq!(ids(&db, root), [7, 6, 5]);
    let seven = db.related(root, Track::PARTS).unwrap()[0];
    assert_eq!(ids(&db, seven), [9]);
    db.load(root, Track::PARTS.recursive().order_by(Track::ID))
        .await
        .unwrap();
    assert_eq!(ids(&db, root), [5, 6, 7]);

    // What does not meet the condition isn't there, nor what lies behind it alone.
    let mut db = albums.session();
    let root = db.get::<Track>(1).await.unwrap().unwrap();
    albums.sent();
    db.load(root, Track::HIT_PARTS.recursive()).await.unwrap();
    assert_eq!(albums.sent().len(), 1);
    let parts = db.view(root).related(Track::HIT_PARTS).unwrap();
    let mut ids: Vec<_> = parts.map(|part| part.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [5, 7]);
    let behind = db.related(root, Track::HIT_PARTS).unwrap();
    for part in behind.iter() {
        assert!(
            db.related(*part, Track::HIT_PARTS).is_ok(),
            "known to its end"
        );
    }
}

#[tokio::test]
async fn two_levels_are_as_many_statements_as_are_asked_for() {
    let library = library().await;
    let ways = [
        (false, false, 3),
        (false, true, 2),
        (true, false, 2),
        (true, true, 1),
    ];
    let ways = [false, true].map(|pipelined| ways.map(|way| (pipelined, way)));
    for (pipelined, (outer, inner, statements)) in ways.into_iter().flatten() {
        let books = match outer {
            true => Author::BOOKS.joined(),
            false => Author::BOOKS.selectin(),
        };
        let tags = match inner {
            true => Book::TAGS.joined(),
            false => Book::TAGS.selectin(),
        };
        let mut db = library.session();
        let query = Author::query().with(books.then(tags)).order_by(Author::ID);
        let authors = match pipelined {
            true => query.pipelined().all(&mut db).await.unwrap(),
            false => query.all(&mut db).await.unwrap(),
        };
        let sent = library.sent();
        assert_eq!(sent.len(), statements, "{sent:#?}");
        let mut seen = Vec::new();
        for author in authors {
            for book in db.view(author).related(Author::BOOKS).unwrap() {
                let tags = book.related(Book::TAGS).unwrap();
                let mut tags: Vec<_> = tags.map(|tag| tag.word.clone()).collect();
                tags.sort();
                seen.push((book.id, tags.join(" ")));
            }
        }
        seen.sort();
        let seen: Vec<_> = seen
            .iter()
            .map(|(book, tags)| (*book, tags.as_str()))
            .collect();
        assert_eq!(seen, [(1, "blue red"), (2, "red"), (3, "")]);
    }
}
