//! Random operations with graphs of values: deep merges whose collections are compared, and entities that are taken out of the
//! session with what they lead to, and put in again.

use orm_core::prelude::*;
use orm_core::session::{Detached, State};
use tests::random::Dice;
use tests::relations::{Book, Chapter, Node, Note, Person};

use super::{World, one};

/// Keys of values that nobody has, out of the sequence's reach.
const UNKNOWN: i32 = 1_000_000;

/// Lets another handle stand for a row, now and wherever a rollback may lead.
macro_rules! exchange {
    ($world:expr, $of:ident, $number:expr, $new:expr) => {{
        let (number, new) = ($number, $new);
        let old = *handle($world.now.$of.get_mut(&number).unwrap());
        for reference in $world.began.iter_mut().chain([&mut $world.now]) {
            if let Some(entry) = reference.$of.get_mut(&number) {
                let known = handle(entry);
                if *known == old {
                    *known = new;
                }
            }
        }
        $world.read_again.insert(new.raw());
    }};
}

/// Rows whose entities were taken out are loaded again after a rollback; what was read in the transaction is read anew.
macro_rules! find_again {
    ($db:expr, $world:expr, $of:ident, $model:ident, $name:expr) => {{
        let all: Vec<_> = $world
            .now
            .$of
            .iter_mut()
            .map(|(n, entry)| (*n, *handle(entry)))
            .collect();
        for (number, known) in all {
            if $db.state(known) == State::Detached {
                let found = $name.eq(number.to_string());
                let found = $model::query().filter(found).one($db).await;
                let found = found.unwrap_or_else(|error| panic!("{number}: {error}"));
                exchange!($world, $of, number, found);
            } else if $world.read_again.contains(&known.raw()) {
                $db.refresh(known).await.unwrap();
            }
        }
    }};
}

/// What the reference has of a row: its handle, and whose it is.
trait Entry {
    type Model;
    fn handle(&mut self) -> &mut Handle<Self::Model>;
}

impl<M> Entry for Handle<M> {
    type Model = M;

    fn handle(&mut self) -> &mut Handle<M> {
        self
    }
}

impl<M, Of> Entry for (Handle<M>, Of) {
    type Model = M;

    fn handle(&mut self) -> &mut Handle<M> {
        &mut self.0
    }
}

fn handle<E: Entry>(entry: &mut E) -> &mut Handle<E::Model> {
    entry.handle()
}

impl World {
    pub(super) async fn find_lost(&mut self, db: &mut Session) {
        find_again!(db, self, nodes, Node, Node::NAME);
        find_again!(db, self, people, Person, Person::NAME);
        find_again!(db, self, books, Book, Book::TITLE);
        find_again!(db, self, chapters, Chapter, Chapter::TITLE);
        find_again!(db, self, notes, Note, Note::TEXT);
    }
}

pub(super) async fn step(db: &mut Session, world: &mut World, dice: &mut Dice, kind: usize) {
    db.flush().await.unwrap();
    match kind {
        27 | 28 => merge_person(db, world, dice).await,
        29 => merge_chapter(db, world, dice).await,
        30 => merge_book(db, world, dice).await,
        31 => detach_nodes(db, world, dice).await,
        32 => detach_book(db, world, dice).await,
        _ => detach_person(db, world, dice).await,
    }
}

/// A person with all whom it follows: some who are there, itself maybe, and a new one.
async fn merge_person(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(person) = one(dice, &world.now.people) else {
        return;
    };
    let some: Vec<_> = world
        .now
        .people
        .keys()
        .copied()
        .filter(|_| dice.below(3) == 0)
        .collect();
    let mut values: Vec<Person> = some
        .iter()
        .map(|n| db[world.now.people[n]].clone())
        .collect();
    let new = (dice.below(3) == 0).then(|| world.number());
    values.extend(new.map(|number| Person {
        id: UNKNOWN + number as i32,
        name: number.to_string(),
    }));
    let handle = world.now.people[&person];
    let value = Detached::of(db[handle].clone()).with(Person::FOLLOWS, values);
    assert_eq!(db.merge(value).await.unwrap(), handle);
    world.now.follows.retain(|(a, _)| *a != person);
    world
        .now
        .follows
        .extend(some.iter().map(|member| (person, *member)));
    if let Some(number) = new {
        let members = db.related(handle, Person::FOLLOWS).unwrap();
        let added = members
            .iter()
            .find(|member| db.state(**member) == State::Pending);
        world.now.people.insert(number, *added.unwrap());
        world.now.follows.insert((person, number));
    }
}

/// A chapter with all of its notes: those that it doesn't name are orphans.
async fn merge_chapter(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(chapter) = one(dice, &world.now.chapters) else {
        return;
    };
    let (handle, _) = world.now.chapters[&chapter];
    let some: Vec<_> = world
        .now
        .notes
        .keys()
        .copied()
        .filter(|_| dice.below(2) == 0)
        .collect();
    // What the rows say of their chapter doesn't count.
    let mut values: Vec<Note> = some
        .iter()
        .map(|n| db[world.now.notes[n].0].clone())
        .collect();
    let new = (dice.below(2) == 0).then(|| world.number());
    values.extend(new.map(|number| Note {
        id: UNKNOWN + number as i32,
        text: number.to_string(),
        chapter_id: 0,
    }));
    let value = Detached::of(db[handle].clone()).with(Chapter::NOTES, values);
    assert_eq!(db.merge(value).await.unwrap(), handle);
    world
        .now
        .notes
        .retain(|number, (_, of)| *of != chapter || some.contains(number));
    for number in some {
        world.now.notes.get_mut(&number).unwrap().1 = chapter;
    }
    if let Some(number) = new {
        let notes = db.related(handle, Chapter::NOTES).unwrap();
        let added = notes.iter().find(|note| db.state(**note) == State::Pending);
        world.now.notes.insert(number, (*added.unwrap(), chapter));
    }
}

/// A book with its chapters, each with its notes; some chapters come from other books.
async fn merge_book(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(book) = one(dice, &world.now.books) else {
        return;
    };
    let chosen = world
        .now
        .chapters
        .iter()
        .filter(|(_, (_, of))| *of == book || dice.below(4) == 0);
    let chosen: Vec<_> = chosen
        .map(|(number, (handle, _))| (*number, *handle))
        .collect();
    let mut values = Vec::new();
    for (number, handle) in &chosen {
        let notes = world.now.notes_of(*number);
        let notes: Vec<Note> = notes.iter().map(|note| db[*note].clone()).collect();
        values.push(Detached::of(db[*handle].clone()).with(Chapter::NOTES, notes));
    }
    let handle = world.now.books[&book];
    let value = Detached::of(db[handle].clone()).with(Book::CHAPTERS, values);
    assert_eq!(db.merge(value).await.unwrap(), handle);
    for (number, _) in chosen {
        world.now.chapters.get_mut(&number).unwrap().1 = book;
    }
}

/// A node and its children, itself among them maybe.
async fn detach_nodes(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(node) = one(dice, &world.now.nodes) else {
        return;
    };
    let (old, _) = world.now.nodes[&node];
    db.load(old, Node::CHILDREN).await.unwrap();
    let detached = db.detach_with(old, Node::CHILDREN).unwrap();
    let new = match dice.below(3) {
        0 => db.merge(detached).await.unwrap(),
        _ => db.attach(detached).unwrap(),
    };
    for handle in db
        .related(new, Node::CHILDREN)
        .unwrap()
        .iter()
        .chain([&new])
    {
        let number = db[*handle].name.parse().unwrap();
        exchange!(world, nodes, number, *handle);
    }
}

/// A book, its chapters and their notes.
async fn detach_book(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(book) = one(dice, &world.now.books) else {
        return;
    };
    let old = world.now.books[&book];
    db.load(old, Book::CHAPTERS.then(Chapter::NOTES))
        .await
        .unwrap();
    let detached = db
        .detach_with(old, Book::CHAPTERS.then(Chapter::NOTES))
        .unwrap();
    let new = match dice.below(3) {
        0 => db.merge(detached).await.unwrap(),
        _ => db.attach(detached).unwrap(),
    };
    exchange!(world, books, book, new);
    for chapter in db.related(new, Book::CHAPTERS).unwrap().iter() {
        let number = db[*chapter].title.parse().unwrap();
        exchange!(world, chapters, number, *chapter);
        for note in db.related(*chapter, Chapter::NOTES).unwrap().iter() {
            let number = db[*note].text.parse().unwrap();
            exchange!(world, notes, number, *note);
        }
    }
}

/// A person alone: those who follow it have it in their collections.
async fn detach_person(db: &mut Session, world: &mut World, dice: &mut Dice) {
    let Some(person) = one(dice, &world.now.people) else {
        return;
    };
    let detached = db.detach(world.now.people[&person]).unwrap();
    let new = match dice.below(3) {
        0 => db.merge(detached).await.unwrap(),
        _ => db.attach(detached).unwrap(),
    };
    exchange!(world, people, person, new);
}
