//! Random units of work over graphs, against a simple reference: trees whose rows may form rings, many-to-many links of a
//! table with itself, and children that are deleted with their parents or as orphans. After every flush, commit and
//! rollback, at every depth of savepoints, memory, database and reference agree.
//!
//! `session_random` does the same with columns, keys and versions. Seeds are chosen as there. `values` has the operations with
//! graphs of values: merge, detach and attach.
#![allow(missing_docs)]

mod values;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use orm_core::model::RawHandle;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::eventually;
use tests::fixture::{Fixture, poll_times};
use tests::random::{
    self, Dice, committed, failed, flushed, rolled_back, savepoint, seeds, under_triggers, watched,
};
use tests::relations::{Book, BookTag, Chapter, Follow, Node, Note, Person, Tag};

/// What should be there. Rows are named by numbers of our own, which are also their names in the database.
#[derive(Clone, Default)]
struct Reference {
    nodes: BTreeMap<u32, (Handle<Node>, Option<u32>)>,
    people: BTreeMap<u32, Handle<Person>>,
    follows: BTreeSet<(u32, u32)>,
    books: BTreeMap<u32, Handle<Book>>,
    chapters: BTreeMap<u32, (Handle<Chapter>, u32)>,
    notes: BTreeMap<u32, (Handle<Note>, u32)>,
}

/// The reference, and what it was when the transaction and each savepoint began.
#[derive(Default)]
struct World {
    now: Reference,
    /// The first is what was committed.
    began: Vec<Reference>,
    numbers: u32,
    /// Entities that took the place of others that were taken out of the session.
    read_again: HashSet<RawHandle>,
}

fn one<T>(dice: &mut Dice, of: &BTreeMap<u32, T>) -> Option<u32> {
    dice.pick(&of.keys().copied().collect::<Vec<_>>()).copied()
}

impl Reference {
    fn children(&self, parent: u32) -> Vec<Handle<Node>> {
        self.nodes
            .values()
            .filter(|(_, of)| *of == Some(parent))
            .map(|(node, _)| *node)
            .collect()
    }

    fn followed_by(&self, person: u32) -> Vec<Handle<Person>> {
        self.follows
            .iter()
            .filter(|(follower, _)| *follower == person)
            .map(|(_, followed)| self.people[followed])
            .collect()
    }

    fn followers_of(&self, person: u32) -> Vec<Handle<Person>> {
        self.follows
            .iter()
            .filter(|(_, followed)| *followed == person)
            .map(|(follower, _)| self.people[follower])
            .collect()
    }

    fn notes_of(&self, chapter: u32) -> Vec<Handle<Note>> {
        self.notes
            .values()
            .filter(|(_, of)| *of == chapter)
            .map(|(note, _)| *note)
            .collect()
    }

    fn forget_person(&mut self, person: u32) {
        self.people.remove(&person);
        self.follows.retain(|(a, b)| *a != person && *b != person);
    }

    fn forget_book(&mut self, book: u32) {
        self.books.remove(&book);
        self.chapters.retain(|_, (_, of)| *of != book);
        let chapters = &self.chapters;
        self.notes.retain(|_, (_, of)| chapters.contains_key(of));
    }

    /// What the database should say, a line a row or link.
    fn lines(&self) -> Vec<String> {
        let name = |number: &Option<u32>| number.map_or("NULL".to_owned(), |n| n.to_string());
        let nodes = self
            .nodes
            .iter()
            .map(|(n, (_, of))| format!("node {n} of {}", name(of)));
        let people = self.people.keys().map(|n| format!("person {n}"));
        let follows = self.follows.iter().map(|(a, b)| format!("{a} follows {b}"));
        let books = self.books.keys().map(|n| format!("book {n}"));
        let chapters = self
            .chapters
            .iter()
            .map(|(n, (_, of))| format!("chapter {n} of {of}"));
        let notes = self
            .notes
            .iter()
            .map(|(n, (_, of))| format!("note {n} of {of}"));
        let mut lines: Vec<_> = nodes
            .chain(people)
            .chain(follows)
            .chain(books)
            .chain(chapters)
            .chain(notes)
            .collect();
        lines.sort();
        lines
    }
}

const LINES: &str = "SELECT line FROM (
    SELECT 'node ' || n.name || ' of ' || coalesce(p.name, 'NULL') AS line FROM nodes n LEFT JOIN nodes p ON p.id = n.parent_id
    UNION ALL SELECT 'person ' || name FROM people
    UNION ALL SELECT a.name || ' follows ' || b.name FROM follows JOIN people a ON a.id = follower_id
              JOIN people b ON b.id = followed_id
    UNION ALL SELECT 'book ' || title FROM books
    UNION ALL SELECT 'chapter ' || c.title || ' of ' || b.title FROM chapters c JOIN books b ON b.id = book_id
    UNION ALL SELECT 'note ' || n.text || ' of ' || c.title FROM notes n JOIN chapters c ON c.id = chapter_id
) AS lines ORDER BY line COLLATE \"C\"";

impl World {
    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }
}

impl random::World for World {
    type Reference = Reference;

    fn levels(&mut self) -> (&mut Reference, &mut Vec<Reference>) {
        (&mut self.now, &mut self.began)
    }

    async fn step(&mut self, f: &Fixture, db: &mut Session, dice: &mut Dice, depth: usize) {
        step(f, db, self, dice, depth).await;
    }

    async fn find_again(&mut self, db: &mut Session) {
        self.find_lost(db).await;
    }

    /// What is not loaded is not asked for.
    fn check_memory(&self, db: &Session) {
        let now = &self.now;
        let same = |known: Option<Vec<u64>>, expected: Vec<u64>, what: &str, of: u32| {
            if let Some(mut known) = known {
                let mut expected = expected;
                known.sort_unstable();
                expected.sort_unstable();
                assert_eq!(known, expected, "{what} of {of}");
            }
        };
        for (number, (node, parent)) in &now.nodes {
            assert_eq!(db.state(*node), State::Persistent, "node {number}");
            let parent = parent.map(|parent| now.nodes[&parent].0);
            assert_eq!(
                db[*node].parent_id,
                parent.map(|parent| db[parent].id),
                "node {number}"
            );
            if let Ok(known) = db.related(*node, Node::PARENT) {
                assert_eq!(known, parent, "node {number}");
            }
            let known = db.related(*node, Node::CHILDREN).ok();
            let known = known.map(|known| known.iter().map(|child| db[*child].id as u64).collect());
            let expected = now.children(*number);
            let expected = expected.iter().map(|child| db[*child].id as u64).collect();
            same(known, expected, "children", *number);
        }
        for (number, person) in &now.people {
            let ids = |people: &[Handle<Person>]| -> Vec<u64> {
                people.iter().map(|person| db[*person].id as u64).collect()
            };
            let known = db
                .related(*person, Person::FOLLOWS)
                .ok()
                .map(|known| ids(&known));
            same(known, ids(&now.followed_by(*number)), "follows", *number);
            let known = db
                .related(*person, Person::FOLLOWERS)
                .ok()
                .map(|known| ids(&known));
            same(known, ids(&now.followers_of(*number)), "followers", *number);
        }
        for (number, (chapter, book)) in &now.chapters {
            assert_eq!(
                db[*chapter].book_id, db[now.books[book]].id,
                "chapter {number}"
            );
            let ids = |notes: &[Handle<Note>]| -> Vec<u64> {
                notes.iter().map(|note| db[*note].id as u64).collect()
            };
            let known = db
                .related(*chapter, Chapter::NOTES)
                .ok()
                .map(|known| ids(&known));
            same(known, ids(&now.notes_of(*number)), "notes", *number);
        }
        for (number, (note, chapter)) in &now.notes {
            assert_eq!(db.state(*note), State::Persistent, "note {number}");
            assert_eq!(
                db[*note].chapter_id, db[now.chapters[chapter].0].id,
                "note {number}"
            );
        }
    }

    async fn check_own_rows(&self, db: &mut Session) {
        let rows: Vec<(String,)> = orm_core::engine::sql(LINES).all(db).await.unwrap();
        let lines: Vec<_> = rows.into_iter().map(|(line,)| line).collect();
        assert_eq!(lines, self.now.lines());
    }

    async fn check_rows(&self, f: &Fixture) {
        assert_eq!(f.rows(LINES).await, self.now.lines());
    }
}

async fn step(f: &Fixture, db: &mut Session, world: &mut World, dice: &mut Dice, depth: usize) {
    let kind = dice.below(35);
    if watched() {
        println!(
            "{}{kind}: {}",
            "  ".repeat(depth),
            world.now.lines().join(", ")
        );
    }
    if kind > 26 {
        return values::step(db, world, dice, kind).await;
    }
    let number = world.number();
    let name = number.to_string();
    let now = &mut world.now;
    match kind {
        0..=2 => {
            let parent = one(dice, &now.nodes);
            let new = Node::create().name(name);
            let node = match parent {
                Some(parent) => db.add(new.parent(now.nodes[&parent].0)),
                None => db.add(new),
            };
            now.nodes.insert(number, (node, parent));
        }
        3 | 4 => {
            // Any node can be the parent of any: itself, its child.
            let (Some(node), parent) = (one(dice, &now.nodes), one(dice, &now.nodes)) else {
                return;
            };
            let parent = parent.filter(|_| dice.below(4) > 0);
            let target = parent.map(|parent| now.nodes[&parent].0);
            let entry = now.nodes.get_mut(&node).unwrap();
            db.set(entry.0, Node::PARENT, target);
            entry.1 = parent;
        }
        5 => {
            let (Some(node), Some(parent)) = (one(dice, &now.nodes), one(dice, &now.nodes)) else {
                return;
            };
            db.push(now.nodes[&parent].0, Node::CHILDREN, now.nodes[&node].0);
            now.nodes.get_mut(&node).unwrap().1 = Some(parent);
        }
        6 => {
            let Some(node) = one(dice, &now.nodes) else {
                return;
            };
            let Some(parent) = now.nodes[&node].1 else {
                return;
            };
            db.remove(now.nodes[&parent].0, Node::CHILDREN, now.nodes[&node].0);
            now.nodes.get_mut(&node).unwrap().1 = None;
        }
        7 | 8 => {
            let Some(node) = one(dice, &now.nodes) else {
                return;
            };
            db.flush().await.unwrap();
            let (handle, _) = now.nodes.remove(&node).unwrap();
            db.delete(handle).unwrap();
            for (_, parent) in now.nodes.values_mut() {
                if *parent == Some(node) {
                    *parent = None;
                }
            }
            db.flush().await.unwrap();
        }
        9 => {
            let person = db.add(Person::create().name(name));
            now.people.insert(number, person);
        }
        10..=12 => {
            let (Some(a), Some(b)) = (one(dice, &now.people), one(dice, &now.people)) else {
                return;
            };
            if now.follows.insert((a, b)) {
                match dice.below(2) {
                    0 => db.push(now.people[&a], Person::FOLLOWS, now.people[&b]),
                    _ => db.push(now.people[&b], Person::FOLLOWERS, now.people[&a]),
                }
            }
        }
        13 => {
            let links: Vec<_> = now.follows.iter().copied().collect();
            let Some((a, b)) = dice.pick(&links).copied() else {
                return;
            };
            now.follows.remove(&(a, b));
            match dice.below(2) {
                0 => db.remove(now.people[&a], Person::FOLLOWS, now.people[&b]),
                _ => db.remove(now.people[&b], Person::FOLLOWERS, now.people[&a]),
            }
        }
        14 => {
            let Some(person) = one(dice, &now.people) else {
                return;
            };
            let members: Vec<_> = now
                .people
                .keys()
                .copied()
                .filter(|_| dice.below(2) == 0)
                .collect();
            db.flush().await.unwrap();
            db.load(now.people[&person], Person::FOLLOWS).await.unwrap();
            let handles = members.iter().map(|member| now.people[member]);
            db.replace(
                now.people[&person],
                Person::FOLLOWS,
                handles.collect::<Vec<_>>(),
            )
            .unwrap();
            now.follows.retain(|(a, _)| *a != person);
            now.follows
                .extend(members.iter().map(|member| (person, *member)));
        }
        15 => {
            let Some(person) = one(dice, &now.people) else {
                return;
            };
            db.delete(now.people[&person]).unwrap();
            now.forget_person(person);
        }
        16 => {
            let book = db.add(Book::create().title(name));
            now.books.insert(number, book);
        }
        17 => {
            let Some(book) = one(dice, &now.books) else {
                return;
            };
            let chapter = db.add(Chapter::create().title(name).book(now.books[&book]));
            now.chapters.insert(number, (chapter, book));
        }
        18 | 19 => {
            let Some(chapter) = one(dice, &now.chapters) else {
                return;
            };
            let note = db.add(Note::create().text(name).chapter(now.chapters[&chapter].0));
            now.notes.insert(number, (note, chapter));
        }
        20 => {
            let (Some(note), Some(chapter)) = (one(dice, &now.notes), one(dice, &now.chapters))
            else {
                return;
            };
            let entry = now.notes.get_mut(&note).unwrap();
            db.set(entry.0, Note::CHAPTER, now.chapters[&chapter].0);
            entry.1 = chapter;
        }
        21 => {
            // An orphan.
            let Some(note) = one(dice, &now.notes) else {
                return;
            };
            let (handle, chapter) = now.notes.remove(&note).unwrap();
            db.remove(now.chapters[&chapter].0, Chapter::NOTES, handle);
        }
        22 => {
            // Two levels with it, loaded or not.
            let Some(book) = one(dice, &now.books) else {
                return;
            };
            db.flush().await.unwrap();
            db.delete(now.books[&book]).unwrap();
            now.forget_book(book);
            db.flush().await.unwrap();
        }
        23 => {
            db.flush().await.unwrap();
            match dice.below(5) {
                0 => db.expire_all(),
                1 => {
                    let nodes: Vec<_> = now.nodes.values().map(|(node, _)| *node).collect();
                    db.load(&nodes, Node::CHILDREN.then(Node::CHILDREN))
                        .await
                        .unwrap();
                }
                2 => {
                    let people: Vec<_> = now.people.values().copied().collect();
                    db.load(&people, Person::FOLLOWERS).await.unwrap();
                }
                3 => {
                    Book::query()
                        .with(Book::CHAPTERS.then(Chapter::NOTES))
                        .all(db)
                        .await
                        .unwrap();
                }
                _ => {
                    let Some(node) = one(dice, &now.nodes) else {
                        return;
                    };
                    db.refresh(now.nodes[&node].0).await.unwrap();
                }
            }
        }
        24 => match dice.below(3) {
            0 => {
                // Refused by the database: nothing but a rollback helps.
                db.add(Note::create().text(name).chapter_id(999_999));
                db.flush().await.unwrap_err();
                failed(f, db, world, depth).await;
            }
            1 => {
                // Given up halfway: a timeout, a request that was closed.
                let flushed = poll_times(dice.below(8), db.flush()).await;
                if flushed.is_none() {
                    failed(f, db, world, depth).await;
                }
            }
            _ => rolled_back(f, db, world).await,
        },
        25 => {
            if depth < 3 {
                savepoint(f, db, world, dice, depth).await;
            }
        }
        _ => {
            flushed(db, world).await;
            if dice.below(2) == 0 {
                committed(f, db, world).await;
            }
        }
    }
}

const TABLES: [&str; 6] = ["nodes", "people", "follows", "books", "chapters", "notes"];

async fn world() -> Fixture {
    Fixture::new::<(
        Node,
        Person,
        Follow,
        Book,
        Chapter,
        Note,
        (Tag, BookTag),
        tests::relations::Author,
    )>()
    .await
}

/// Runs every seed.
async fn run(f: &Fixture, seeds: Range<u64>) {
    for seed in seeds {
        println!("seed {seed}");
        // A flush that was given up holds its locks until it is cancelled.
        eventually("nobody works", async || !f.somebody_works().await).await;
        f.elsewhere(&format!(
            "truncate {} restart identity cascade",
            TABLES.join(", ")
        ))
        .await;
        let mut dice = Dice::new(seed);
        let mut world = World {
            began: vec![Reference::default()],
            ..World::default()
        };
        let mut db = f.session();
        random::run(f, &mut db, &mut world, &mut dice).await;
        assert_eq!(f.rewritten(), [""; 0]);
    }
}

#[tokio::test]
async fn random_graphs() {
    run(&world().await, seeds(300)).await;
}

#[tokio::test]
async fn random_graphs_under_triggers() {
    let f = world().await;
    under_triggers(&f, &TABLES).await;
    run(&f, seeds(100)).await;
}
