//! Long random walks through relationships: both sides agree after every step, a rollback brings back what was there, and
//! after a commit memory says what another session reads.

use std::collections::BTreeSet;

use orm_core::prelude::*;
use orm_core::session::State;
use tests::relations::*;

/// A generator of our own, so that a seed names a walk for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// All that the walk knows.
#[derive(Clone, Default)]
struct World {
    authors: Vec<Handle<Author>>,
    books: Vec<Handle<Book>>,
    tags: Vec<Handle<Tag>>,
}

impl World {
    /// Only what is still in the session and not deleted.
    fn alive(&mut self, db: &Session) {
        let is = |state| matches!(state, State::Pending | State::Persistent);
        let gone = db.deleted::<Book>();
        self.books
            .retain(|book| is(db.state(*book)) && !gone.contains(book));
        self.authors.retain(|author| is(db.state(*author)));
    }

    /// Who has what, seen from the collections.
    fn collections(&self, db: &Session) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for author in &self.authors {
            for book in db.related(*author, Author::BOOKS).unwrap() {
                seen.insert(format!("{author:?} wrote {book:?}"));
            }
            for book in db.related(*author, Author::EDITED).unwrap() {
                seen.insert(format!("{author:?} edited {book:?}"));
            }
        }
        for tag in &self.tags {
            for book in db.related(*tag, Tag::BOOKS).unwrap() {
                seen.insert(format!("{tag:?} on {book:?}"));
            }
        }
        seen
    }

    /// The same, seen from the books.
    fn references(&self, db: &Session) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for book in &self.books {
            if let Some(author) = db.related(*book, Book::AUTHOR).unwrap() {
                seen.insert(format!("{author:?} wrote {book:?}"));
            }
            if let Some(author) = db.related(*book, Book::EDITOR).unwrap() {
                seen.insert(format!("{author:?} edited {book:?}"));
            }
            for tag in db.related(*book, Book::TAGS).unwrap() {
                seen.insert(format!("{tag:?} on {book:?}"));
            }
        }
        seen
    }

    fn check(&self, db: &Session, trail: &[String]) {
        assert_eq!(
            self.collections(db),
            self.references(db),
            "the two sides disagree after {trail:#?}"
        );
    }
}

/// One change of relationships in memory.
fn step(db: &mut Session, world: &mut World, dice: &mut Dice) -> String {
    let (author, book) = (dice.pick(&world.authors), dice.pick(&world.books));
    let tag = dice.pick(&world.tags);
    match dice.roll(11) {
        0 => {
            db.push(author, Author::BOOKS, book);
            format!("{author:?} writes {book:?}")
        }
        1 => {
            db.remove(author, Author::BOOKS, book);
            format!("{author:?} did not write {book:?}")
        }
        2 => {
            db.set(book, Book::EDITOR, author);
            format!("{author:?} edits {book:?}")
        }
        3 => {
            db.set(book, Book::AUTHOR, None);
            format!("nobody wrote {book:?}")
        }
        4 | 5 => {
            db.push(book, Book::TAGS, tag);
            format!("{tag:?} on {book:?}")
        }
        6 | 7 => {
            db.remove(tag, Tag::BOOKS, book);
            format!("{tag:?} off {book:?}")
        }
        8 => {
            let new = db.add(Book::create().title("new").author(author));
            world.books.push(new);
            format!("{author:?} writes the new {new:?}")
        }
        9 if world.books.len() > 3 => {
            db.delete(book).unwrap();
            format!("{book:?} is deleted")
        }
        _ => {
            let new = db.add(Author::create().name("new"));
            db.set(book, Book::AUTHOR, new);
            world.authors.push(new);
            format!("the new {new:?} writes {book:?}")
        }
    }
}

/// A change by hand, which collections follow at the flush.
async fn by_hand(db: &mut Session, world: &mut World, dice: &mut Dice) -> String {
    db.flush().await.unwrap();
    world.alive(db);
    let (author, book) = (dice.pick(&world.authors), dice.pick(&world.books));
    let id = db[author].id;
    db[book].author_id = Some(id);
    db.flush().await.unwrap();
    format!("the column of {book:?} says {author:?}")
}

async fn walk(seed: u64) {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');
             INSERT INTO books (id, title, author_id, editor_id) VALUES (1, '1', 1, 2), (2, '2', 1, NULL), (3, '3', 2, 2),
                (4, '4', NULL, 3), (5, '5', 3, 1);
             INSERT INTO tags (id, word) VALUES (1, 'x'), (2, 'y'), (3, 'z');
             INSERT INTO book_tags VALUES (1, 1), (2, 1), (2, 2), (5, 3);",
        )
        .await;
    let mut db = library.session();
    let mut world = World {
        authors: load_authors(&mut db, Way::SelectIn).await,
        books: load_books(&mut db, Way::Joined).await,
        tags: load_tags(&mut db, Way::Around).await,
    };
    db.commit().await.unwrap();
    let mut dice = Dice(seed);
    let mut trail = vec![format!("seed {seed}")];
    for _ in 0..12 {
        for _ in 0..dice.roll(5) {
            trail.push(step(&mut db, &mut world, &mut dice));
            world.alive(&db);
            world.check(&db, &trail);
        }
        if dice.roll(2) == 0 {
            trail.push(by_hand(&mut db, &mut world, &mut dice).await);
            world.check(&db, &trail);
        }
        if dice.roll(2) == 0 {
            db.flush().await.unwrap();
            let (before, known) = (world.collections(&db), world.clone());
            let mut savepoint = db.begin_nested().await.unwrap();
            trail.push("savepoint".to_owned());
            for _ in 0..1 + dice.roll(4) {
                trail.push(step(&mut savepoint, &mut world, &mut dice));
                world.alive(&savepoint);
                world.check(&savepoint, &trail);
                if dice.roll(3) == 0 {
                    savepoint.flush().await.unwrap();
                    trail.push("flush".to_owned());
                    world.check(&savepoint, &trail);
                }
            }
            if dice.roll(2) == 0 {
                trail.push("kept".to_owned());
                savepoint.commit().await.unwrap();
            } else {
                trail.push("rolled back".to_owned());
                savepoint.rollback().await.unwrap();
                world = known;
                assert_eq!(world.collections(&db), before, "{trail:#?}");
            }
            world.check(&db, &trail);
        }
        if dice.roll(2) == 0 {
            trail.push("loaded again, without a flush".to_owned());
            let way = dice.pick(&[Way::SelectIn, Way::Joined, Way::Around]);
            let before = world.collections(&db);
            let mut db = db.no_autoflush();
            load_authors(&mut db, way).await;
            load_books(&mut db, way).await;
            load_tags(&mut db, way).await;
            assert_eq!(world.collections(&db), before, "{trail:#?}");
            world.check(&db, &trail);
        }
        if dice.roll(3) == 0 {
            trail.push("commit".to_owned());
            db.commit().await.unwrap();
            world.alive(&db);
            world.check(&db, &trail);
            compare(&library, &db, &world, &trail).await;
        }
    }
    db.commit().await.unwrap();
    world.alive(&db);
    compare(&library, &db, &world, &trail).await;
}

/// By which statements everything is loaded.
#[derive(Clone, Copy)]
enum Way {
    SelectIn,
    Joined,
    /// Joined around a query with a LIMIT.
    Around,
}

fn limited<M: orm_core::model::Model>(query: EntityQuery<M>, way: Way) -> EntityQuery<M> {
    match way {
        Way::Around => query.limit(1000),
        Way::SelectIn | Way::Joined => query,
    }
}

async fn load_authors(db: &mut Session, way: Way) -> Vec<Handle<Author>> {
    let authors = Author::query().order_by(Author::ID);
    let authors = match way {
        Way::SelectIn => authors.with(Author::BOOKS).with(Author::EDITED),
        Way::Joined | Way::Around => authors
            .with(Author::BOOKS.joined())
            .with(Author::EDITED.joined()),
    };
    limited(authors, way).all(db).await.unwrap()
}

async fn load_books(db: &mut Session, way: Way) -> Vec<Handle<Book>> {
    let books = Book::query().order_by(Book::ID);
    let books = match way {
        Way::SelectIn => books.with(Book::TAGS),
        Way::Joined | Way::Around => books.with(Book::TAGS.joined()),
    };
    limited(books, way).all(db).await.unwrap()
}

async fn load_tags(db: &mut Session, way: Way) -> Vec<Handle<Tag>> {
    let tags = Tag::query().order_by(Tag::ID);
    let tags = match way {
        Way::SelectIn => tags.with(Tag::BOOKS),
        Way::Joined | Way::Around => tags.with(Tag::BOOKS.joined()),
    };
    limited(tags, way).all(db).await.unwrap()
}

/// Memory says what another session reads, in whatever way.
async fn compare(library: &Library, db: &Session, world: &World, trail: &[String]) {
    for way in [Way::SelectIn, Way::Joined, Way::Around] {
        compare_with(library, db, world, trail, way).await;
    }
}

async fn compare_with(library: &Library, db: &Session, world: &World, trail: &[String], way: Way) {
    let mut other = library.session();
    let authors = load_authors(&mut other, way).await;
    load_books(&mut other, way).await;
    let tags = load_tags(&mut other, way).await;
    let facts = |db: &Session, authors: &[Handle<Author>], tags: &[Handle<Tag>]| {
        let mut facts = BTreeSet::new();
        for author in authors.iter().map(|author| db.view(*author)) {
            for book in author.related(Author::BOOKS).unwrap() {
                facts.insert((author.id, "wrote", book.id, book.author_id));
            }
            for book in author.related(Author::EDITED).unwrap() {
                facts.insert((author.id, "edited", book.id, book.editor_id));
            }
        }
        for tag in tags.iter().map(|tag| db.view(*tag)) {
            for book in tag.related(Tag::BOOKS).unwrap() {
                facts.insert((tag.id, "on", book.id, None));
            }
        }
        facts
    };
    assert_eq!(
        facts(db, &world.authors, &world.tags),
        facts(&other, &authors, &tags),
        "memory and database differ after {trail:#?}"
    );
}

#[tokio::test]
async fn walks_one_to_ten() {
    for seed in 1..=10 {
        walk(seed).await;
    }
}

#[tokio::test]
async fn walks_eleven_to_twenty() {
    for seed in 11..=20 {
        walk(seed).await;
    }
}

/// Nodes whose parents were drawn by lot: trees, and rings with trees on them.
async fn forest(seed: u64) {
    const NODES: usize = 24;
    let library = Library::new().await;
    let mut dice = Dice(seed);
    let mut rows = Vec::new();
    let mut parents: Vec<Option<usize>> = Vec::new();
    for id in 1..=NODES {
        // Every third seed has rings.
        let up_to = if seed % 3 == 0 { NODES } else { id - 1 };
        let parent = (dice.roll(5) > 0 && up_to > 0).then(|| 1 + dice.roll(up_to));
        rows.push((id, parent));
        parents.push(parent);
    }
    let values = rows.iter().map(|(id, parent)| {
        let parent = parent.map_or("NULL".to_owned(), |parent| parent.to_string());
        format!("({id}, 'n', {parent})")
    });
    let values: Vec<_> = values.collect();
    let sql = format!(
        "INSERT INTO nodes (id, name, parent_id) VALUES {}",
        values.join(", ")
    );
    library.fill(&sql).await;
    let children = |of: usize| -> BTreeSet<i32> {
        let of = rows.iter().filter(|(_, parent)| *parent == Some(of));
        of.map(|(id, _)| *id as i32).collect()
    };
    for round in 0..6 {
        let roots: BTreeSet<usize> = (0..1 + dice.roll(3))
            .map(|_| 1 + dice.roll(NODES))
            .collect();
        let levels = (round % 2 == 1).then(|| 1 + dice.roll(4));
        let mut db = library.session();
        let mut handles = Vec::new();
        for root in &roots {
            handles.push(db.get::<Node>(*root as i32).await.unwrap().unwrap());
        }
        library.sent();
        let path = match levels {
            None => Node::CHILDREN.recursive(),
            Some(levels) => Node::CHILDREN.recursive_to(levels as u32),
        };
        db.load(&handles, path).await.unwrap();
        assert_eq!(library.sent().len(), 1, "seed {seed}, round {round}");
        // What lies fewer levels below a root is known, and nothing else.
        let mut known: BTreeSet<usize> = BTreeSet::new();
        let mut level = roots.clone();
        let mut depth = 0;
        while !level.is_empty() && levels.is_none_or(|levels| depth < levels) {
            known.extend(&level);
            let next = level.iter().flat_map(|node| children(*node));
            level = next
                .map(|id| id as usize)
                .filter(|id| !known.contains(id))
                .collect();
            depth += 1;
        }
        let mut reached = handles.clone();
        let mut at = 0;
        while at < reached.len() {
            if let Ok(found) = db.related(reached[at], Node::CHILDREN) {
                let new: Vec<_> = found
                    .iter()
                    .filter(|child| !reached.contains(child))
                    .copied()
                    .collect();
                reached.extend(new);
            }
            at += 1;
        }
        let reached_ids: BTreeSet<usize> =
            reached.iter().map(|node| db[*node].id as usize).collect();
        assert!(
            known.is_subset(&reached_ids),
            "{rows:?}: {known:?} and {reached_ids:?}"
        );
        for node in reached {
            let id = db[node].id as usize;
            let context = format!("node {id} of {rows:?} from {roots:?}, {levels:?} levels");
            match db.related(node, Node::CHILDREN) {
                Ok(found) => {
                    let found: BTreeSet<i32> = found.iter().map(|child| db[*child].id).collect();
                    assert_eq!(found, children(id), "{context}");
                    assert!(known.contains(&id), "{context}");
                }
                Err(_) => assert!(!known.contains(&id), "{context}"),
            }
        }
        // Upwards, the ancestors of each.
        let mut db = library.session();
        let mut handles = Vec::new();
        for root in &roots {
            handles.push(db.get::<Node>(*root as i32).await.unwrap().unwrap());
        }
        db.load(&handles, Node::PARENT.recursive()).await.unwrap();
        for (root, handle) in roots.iter().zip(&handles) {
            let (mut id, mut at, mut seen) = (*root, *handle, BTreeSet::new());
            while seen.insert(id) {
                let parent = db.related(at, Node::PARENT).unwrap();
                let parent = parent.map(|parent| (db[parent].id as usize, parent));
                assert_eq!(parent.map(|(id, _)| id), parents[id - 1], "{rows:?}");
                let Some(above) = parent else { break };
                (id, at) = above;
            }
        }
    }
}

#[tokio::test]
async fn trees_and_rings_of_chance_are_what_their_rows_say() {
    for seed in 1..=9 {
        forest(seed).await;
    }
}
