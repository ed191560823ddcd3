//! Keys of every form, a part of the members of each parent, trees and graphs.

use orm_core::prelude::*;
use tests::relations::*;

#[tokio::test]
async fn a_composite_key_in_select_in_and_lateral() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO shelves VALUES ('a', 1), ('a', 2), ('b', 1), ('c', 9);
             INSERT INTO items (id, name, room, shelf_number) VALUES
                (1, 'w', 'a', 1), (2, 'x', 'a', 1), (3, 'y', 'b', 1), (4, 'z', 'b', NULL), (5, 'v', 'a', 1);
             INSERT INTO labels (id, word) VALUES (1, 'old'), (2, 'new');
             INSERT INTO shelf_labels VALUES ('a', 1, 1), ('a', 1, 2), ('b', 1, 1);",
        )
        .await;
    let mut db = library.session();
    let shelves = Shelf::query()
        .with(Shelf::ITEMS.order_by(Item::ID))
        .with(Shelf::LABELS.order_by(Label::ID))
        .order_by((Shelf::ROOM, Shelf::NUMBER))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent()[1..],
        [
            "SELECT items.id, items.name, items.room, items.shelf_number FROM items WHERE (items.room, \
             items.shelf_number) IN (SELECT * FROM unnest($1::text[], $2::int4[])) ORDER BY items.id",
            "SELECT labels.id, labels.word, link_1.room, link_1.number FROM labels JOIN shelf_labels AS link_1 ON \
             link_1.label_id = labels.id WHERE (link_1.room, link_1.number) IN (SELECT * FROM unnest($1::text[], \
             $2::int4[])) ORDER BY labels.id",
        ]
    );
    let names = |db: &Session, shelf: Handle<Shelf>| {
        let items = db.view(shelf).related(Shelf::ITEMS).unwrap();
        let labels = db.view(shelf).related(Shelf::LABELS).unwrap();
        let items: String = items.map(|item| item.name.clone()).collect();
        (items, labels.count())
    };
    let all = |db: &Session| {
        shelves
            .iter()
            .map(|shelf| names(db, *shelf))
            .collect::<Vec<_>>()
    };
    let found = |items: &str, labels| (items.to_owned(), labels);
    assert_eq!(
        all(&db),
        [found("wxv", 2), found("", 0), found("y", 1), found("", 0)]
    );

    db.load(&shelves, Shelf::ITEMS.order_by(Item::ID.desc()).limit(2))
        .await
        .unwrap();
    db.load(&shelves, Shelf::LABELS.order_by(Label::ID).limit(1))
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT items.id, items.name, items.room, items.shelf_number FROM unnest($1::text[], $2::int4[]) WITH \
             ORDINALITY AS parent_keys(k0, k1, n) CROSS JOIN LATERAL (SELECT items.id, items.name, items.room, \
             items.shelf_number FROM items WHERE items.room = parent_keys.k0 AND items.shelf_number = parent_keys.k1 ORDER BY \
             items.id DESC LIMIT $3) AS items ORDER BY parent_keys.n, items.id DESC",
            "SELECT labels.id, labels.word, parent_keys.k0, parent_keys.k1 FROM unnest($1::text[], $2::int4[]) WITH ORDINALITY \
             AS parent_keys(k0, k1, n) CROSS JOIN LATERAL (SELECT labels.id, labels.word FROM labels JOIN shelf_labels AS \
             link_1 ON link_1.label_id = labels.id WHERE link_1.room = parent_keys.k0 AND link_1.number = parent_keys.k1 ORDER \
             BY labels.id LIMIT $3) AS labels ORDER BY parent_keys.n, labels.id",
        ]
    );
    assert_eq!(
        all(&db),
        [found("vx", 1), found("", 0), found("y", 1), found("", 0)]
    );

    // The to-one: joined, by key, and with a key that is NULL in part.
    let mut db = library.session();
    let items = Item::query()
        .with(Item::SHELF)
        .order_by(Item::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert!(library.sent()[0].ends_with(
        "LEFT JOIN shelves AS loaded_1 ON loaded_1.room = items.room AND loaded_1.number = items.shelf_number ORDER BY \
         items.id"
    ));
    let shelf = db.related(items[0], Item::SHELF).unwrap().unwrap();
    assert_eq!((db[shelf].room.as_str(), db[shelf].number), ("a", 1));
    assert_eq!(db.related(items[3], Item::SHELF).unwrap(), None);
    db.commit().await.unwrap();
    db.load(&items, Item::SHELF).await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT shelves.room, shelves.number FROM shelves WHERE (shelves.room, shelves.number) IN (SELECT * FROM \
          unnest($1::text[], $2::int4[]))"
        ]
    );
}

#[tokio::test]
async fn of_a_composite_key_only_what_can_be_null_becomes_null() {
    let library = Library::new().await;
    let mut db = library.session();
    let shelf = db.add(Shelf::create().room("a").number(1));
    let item = db.add(Item::create().name("w").shelf(shelf));
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT room, shelf_number FROM items").await,
        "a|1"
    );
    library.sent();
    db.set(item, Item::SHELF, None);
    assert_eq!((db[item].room.as_str(), db[item].shelf_number), ("a", None));
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "UPDATE items SET shelf_number = $1 WHERE id = $2 AND shelf_number IS NOT DISTINCT FROM $3"
        ]
    );
    assert!(db.related(shelf, Shelf::ITEMS).unwrap().is_empty());
    db.push(shelf, Shelf::ITEMS, item);
    db.commit().await.unwrap();
    db.delete(shelf).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT room, shelf_number FROM items").await,
        "a|null"
    );
}

#[tokio::test]
async fn a_foreign_key_to_a_unique_column() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO countries (id, code) VALUES (1, 'at'), (2, 'be'), (3, 'ch');
             INSERT INTO cities (id, name, country_code) VALUES (1, 'Wien', 'at'), (2, 'Graz', 'at'), (3, 'Gent', 'be'),
                (4, 'Atlantis', NULL);",
        )
        .await;
    let mut db = library.session();
    let cities = City::query().order_by(City::ID).all(&mut db).await.unwrap();
    library.sent();
    assert!(db.related(cities[0], City::COUNTRY).is_err());
    db.load(&cities, City::COUNTRY).await.unwrap();
    assert_eq!(
        library.sent(),
        ["SELECT countries.id, countries.code FROM countries WHERE countries.code = ANY($1)"]
    );
    let at = db.related(cities[0], City::COUNTRY).unwrap().unwrap();
    assert_eq!(db[at].code, "at");
    assert_eq!(db.related(cities[3], City::COUNTRY).unwrap(), None);
    let countries = Country::query()
        .with(Country::CITIES)
        .order_by(Country::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent()[1..],
        [
            "SELECT cities.id, cities.name, cities.country_code FROM cities WHERE cities.country_code = ANY($1)"
        ]
    );
    let counts = countries
        .iter()
        .map(|country| db.related(*country, Country::CITIES).unwrap().len());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 1, 0]);

    // In memory, and a removal where neither side was loaded.
    db.push(countries[2], Country::CITIES, cities[3]);
    assert_eq!(db[cities[3]].country_code.as_deref(), Some("ch"));
    let mut db = library.session();
    let be = db.get::<Country>(2).await.unwrap().unwrap();
    let gent = db.get::<City>(3).await.unwrap().unwrap();
    db.remove(be, Country::CITIES, gent);
    db.commit().await.unwrap();
    let new = db.add(Country::create().code("dk"));
    let city = db.add(City::create().name("Aarhus").country(new));
    db.commit().await.unwrap();
    assert_eq!(db[city].country_code.as_deref(), Some("dk"));
    assert_eq!(
        library
            .rows("SELECT name, country_code FROM cities ORDER BY id")
            .await,
        "Wien|at; Graz|at; Gent|null; Atlantis|null; Aarhus|dk"
    );
}

#[tokio::test]
async fn conditions_order_and_limit_count_for_each_parent() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) SELECT n, 'a' || n FROM generate_series(1, 5) n;
             INSERT INTO books (id, title, author_id) SELECT a * 10 + b, 'b' || b, a
                FROM generate_series(1, 4) a, generate_series(1, 4) b;
             INSERT INTO tags (id, word) SELECT n, 'w' || n FROM generate_series(1, 4) n;
             INSERT INTO book_tags SELECT 10 + b, t FROM generate_series(1, 4) b, generate_series(1, 4) t;",
        )
        .await;
    let mut db = library.session();
    let top = Author::BOOKS
        .filter(Book::TITLE.ne("b4"))
        .order_by(Book::ID.desc())
        .limit(2);
    let authors = Author::query()
        .with(top.clone().then(Book::EDITOR))
        .with(Author::BOOKS.then(Book::TAGS.order_by(Tag::ID.desc()).limit(3)))
        .order_by(Author::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent(),
        [
            "SELECT authors.id, authors.name FROM authors ORDER BY authors.id",
            "SELECT books.id, books.title, books.author_id, books.editor_id, loaded_1.id, loaded_1.name FROM \
             unnest($1::int4[]) WITH ORDINALITY AS parent_keys(k0, n) CROSS JOIN LATERAL (SELECT books.id, books.title, \
             books.author_id, books.editor_id FROM books WHERE books.title <> $2 AND books.author_id = parent_keys.k0 ORDER \
             BY books.id DESC LIMIT $3) AS books LEFT JOIN authors AS loaded_1 ON loaded_1.id = books.editor_id ORDER BY \
             parent_keys.n, books.id DESC",
            "SELECT tags.id, tags.word, parent_keys.k0 FROM unnest($1::int4[]) WITH ORDINALITY AS parent_keys(k0, n) CROSS JOIN \
             LATERAL (SELECT tags.id, tags.word FROM tags JOIN book_tags AS link_1 ON link_1.tag_id = tags.id WHERE \
             link_1.book_id = parent_keys.k0 ORDER BY tags.id DESC LIMIT $2) AS tags ORDER BY parent_keys.n, tags.id DESC",
        ]
    );
    for (at, author) in authors.iter().enumerate() {
        let ids: Vec<_> = db
            .view(*author)
            .related(Author::BOOKS)
            .unwrap()
            .map(|book| book.id)
            .collect();
        let a = at as i32 + 1;
        let expected = if a == 5 {
            vec![]
        } else {
            vec![a * 10 + 3, a * 10 + 2]
        };
        assert_eq!(ids, expected);
    }
    let book = db.related(authors[0], Author::BOOKS).unwrap()[0];
    let tags: Vec<_> = db
        .view(book)
        .related(Book::TAGS)
        .unwrap()
        .map(|tag| tag.id)
        .collect();
    assert_eq!(tags, [4, 3, 2]);

    // A part of a collection is not all of it: a delete asks for the rest.
    library.sent();
    db.delete(authors[0]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT count(*) FROM books WHERE author_id IS NULL")
            .await,
        "4"
    );
    // And a limit that was not reached has cut nothing off.
    let mut db = library.session();
    let bob = Author::query()
        .filter(Author::ID.eq(2))
        .with(Author::BOOKS.limit(9))
        .one(&mut db)
        .await
        .unwrap();
    db.load(bob, Author::EDITED).await.unwrap();
    library.sent();
    db.delete(bob).unwrap();
    db.commit().await.unwrap();
    let sent = library.sent();
    assert!(
        !sent.iter().any(|sql| sql.starts_with("SELECT books")),
        "{sent:#?}"
    );
}

#[tokio::test]
async fn a_tree() {
    let library = Library::new().await;
    let mut db = library.session();
    let root = db.add(Node::create().name("root"));
    let left = db.add(Node::create().name("left").parent(root));
    let right = db.add(Node::create().name("right").parent(root));
    let leaf = db.add(Node::create().name("leaf").parent(left));
    assert_eq!(*db.related(root, Node::CHILDREN).unwrap(), [left, right]);
    db.commit().await.unwrap();
    assert_eq!(library.sent().len(), 3, "an INSERT a level");
    assert_eq!(
        library
            .rows("SELECT name, parent_id FROM nodes ORDER BY id")
            .await,
        "root|null; left|1; right|1; leaf|2"
    );
    let mut db = library.session();
    let tops = Node::query()
        .filter(Node::PARENT_ID.is_null())
        .with(Node::CHILDREN.then(Node::CHILDREN.then(Node::PARENT.then(Node::PARENT))))
        .all(&mut db)
        .await
        .unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 3, "{sent:#?}");
    assert!(sent[2].contains("LEFT JOIN nodes AS loaded_2 ON loaded_2.id = loaded_1.parent_id"));
    let below: Vec<_> = db
        .view(tops[0])
        .related(Node::CHILDREN)
        .unwrap()
        .flat_map(|node| node.related(Node::CHILDREN).unwrap())
        .map(|node| node.name.clone())
        .collect();
    assert_eq!(below, ["leaf"]);
    let leaf_id = db_id(&library, "leaf").await;
    let _ = leaf;
    let leaf = db.get::<Node>(leaf_id).await.unwrap().unwrap();
    let parent = db.related(leaf, Node::PARENT).unwrap().unwrap();
    assert_eq!(db.related(parent, Node::PARENT).unwrap(), Some(tops[0]));
    assert!(library.sent().is_empty());

    // A child moves, and a node becomes its own ancestor's child's child without anybody noticing in memory.
    db.set(leaf, Node::PARENT, tops[0]);
    assert!(db.related(parent, Node::CHILDREN).unwrap().is_empty());
    assert_eq!(db.related(tops[0], Node::CHILDREN).unwrap().len(), 3);
    // Deleting the root sets the parents of its children to NULL in one statement.
    db.delete(tops[0]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        library
            .rows("SELECT name, parent_id FROM nodes ORDER BY id")
            .await,
        "left|null; right|null; leaf|null"
    );
}

async fn db_id(library: &Library, name: &str) -> i32 {
    let id = library
        .rows(&format!("SELECT id FROM nodes WHERE name = '{name}'"))
        .await;
    id.parse().unwrap()
}

#[tokio::test]
async fn a_graph() {
    let library = Library::new().await;
    let mut db = library.session();
    let [ann, bob, cid] = ["Ann", "Bob", "Cid"].map(|name| db.add(Person::create().name(name)));
    db.push(ann, Person::FOLLOWS, bob);
    db.push(ann, Person::FOLLOWS, cid);
    db.push(bob, Person::FOLLOWS, ann);
    db.push(ann, Person::FOLLOWS, ann);
    db.push(bob, Person::FOLLOWERS, ann); // is there, from the other side
    assert_eq!(*db.related(ann, Person::FOLLOWERS).unwrap(), [bob, ann]);
    assert_eq!(*db.related(bob, Person::FOLLOWERS).unwrap(), [ann]);
    db.commit().await.unwrap();
    assert_eq!(
        library.rows("SELECT * FROM follows ORDER BY 1, 2").await,
        "1|1; 1|2; 1|3; 2|1"
    );
    library.sent();
    db.remove(ann, Person::FOLLOWERS, ann);
    assert_eq!(*db.related(ann, Person::FOLLOWS).unwrap(), [bob, cid]);
    db.commit().await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "DELETE FROM follows USING unnest($1::int4[], $2::int4[]) AS u(k0, k1) WHERE follows.followed_id = u.k0 AND \
          follows.follower_id = u.k1"
        ]
    );
    let mut db = library.session();
    let people = Person::query()
        .with(Person::FOLLOWS.then(Person::FOLLOWERS))
        .order_by(Person::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 3);
    assert_eq!(
        *db.related(people[0], Person::FOLLOWS).unwrap(),
        people[1..]
    );
    assert_eq!(
        *db.related(people[1], Person::FOLLOWERS).unwrap(),
        people[..1]
    );
}

#[tokio::test]
async fn models_that_refer_to_one_another() {
    let library = Library::new().await;
    let mut db = library.session();
    let team = db.add(Team::create().name("Reds"));
    let ann = db.add(Player::create().name("Ann").team(team));
    let bob = db.add(Player::create().name("Bob").team(team));
    db.set(team, Team::CAPTAIN, ann);
    assert_eq!(db.related(ann, Player::CAPTAIN_OF).unwrap(), Some(team));
    db.commit().await.unwrap();
    let sent = library.sent();
    assert_eq!(sent.len(), 3, "team, players, captain: {sent:#?}");
    assert_eq!(sent[2], "UPDATE teams SET captain_id = $1 WHERE id = $2");
    let mut db = library.session();
    let teams = Team::query()
        .with(Team::CAPTAIN.then(Player::TEAM))
        .with(Team::PLAYERS.then(Player::CAPTAIN_OF));
    let team = teams.one(&mut db).await.unwrap();
    assert_eq!(library.sent().len(), 2);
    let captain = db.related(team, Team::CAPTAIN).unwrap().unwrap();
    assert_eq!(db.related(captain, Player::TEAM).unwrap(), team);
    let led: Vec<_> = db
        .view(team)
        .related(Team::PLAYERS)
        .unwrap()
        .map(|player| player.related(Player::CAPTAIN_OF).unwrap().is_some())
        .collect();
    assert_eq!(led, [true, false]);
    let _ = bob;
}

#[tokio::test]
async fn a_hundred_thousand_children_of_ten_thousand_parents() {
    let library = Library::new().await;
    library
        .fill(
            "CREATE INDEX ON books (author_id);
             INSERT INTO authors (id, name) SELECT n, 'a' FROM generate_series(1, 10000) n;
             INSERT INTO books (id, title, author_id) SELECT n, 'b', n / 10 + 1 FROM generate_series(0, 99999) n;
             ANALYZE",
        )
        .await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS.then(Book::CHAPTERS))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 3);
    assert_eq!(authors.len(), 10_000);
    assert!(
        authors
            .iter()
            .all(|author| db.related(*author, Author::BOOKS).unwrap().len() == 10)
    );
    db.load(&authors, Author::BOOKS.order_by(Book::ID).limit(1))
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 1);
    assert!(
        authors
            .iter()
            .all(|author| db.related(*author, Author::BOOKS).unwrap().len() == 1)
    );
    let books = Book::query()
        .with(Book::AUTHOR.selectin())
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(books.len(), 100_000);
    assert_eq!(
        library.sent().len(),
        1,
        "all authors are in the identity map"
    );
}
