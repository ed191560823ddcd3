//! Relationships of a model to itself, followed to their end in one statement: trees, ancestors, graphs with rings. And
//! loads of many rows.

use orm_core::prelude::*;
use tests::relations::*;

async fn library() -> Library {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO nodes (id, name, parent_id) VALUES (1, 'root', NULL), (2, 'left', 1), (3, 'right', 1), \
             (4, 'leaf', 2), (5, 'twig', 4), (6, 'other', NULL), (7, 'below', 6);
             INSERT INTO people (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e');
             INSERT INTO follows VALUES (1, 2), (2, 3), (3, 1), (3, 4), (5, 1);",
        )
        .await;
    library
}

async fn node(db: &mut Session, id: i32) -> Handle<Node> {
    db.get::<Node>(id).await.unwrap().unwrap()
}

/// The tree as text: `root(left(leaf()) right())`; `?` where it isn't loaded.
fn drawn(db: &Session, node: Handle<Node>) -> String {
    let inside = match db.related(node, Node::CHILDREN) {
        Ok(children) => {
            let children = children.iter().map(|child| drawn(db, *child));
            children.collect::<Vec<_>>().join(" ")
        }
        Err(_) => "?".to_owned(),
    };
    format!("{}({inside})", db[node].name)
}

#[tokio::test]
async fn a_tree_is_loaded_in_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let (root, other) = (node(&mut db, 1).await, node(&mut db, 6).await);
    library.sent();
    let tree = Node::CHILDREN.recursive().order_by(Node::NAME);
    db.load([root, other], tree).await.unwrap();
    assert_eq!(
        library.sent(),
        [
            "WITH RECURSIVE parent_keys(k0) AS (SELECT * FROM unnest($1::int4[]) UNION SELECT CAST(nodes.id AS int4) \
          FROM parent_keys CROSS JOIN nodes WHERE nodes.parent_id = parent_keys.k0) \
          SELECT nodes.id, nodes.name, nodes.parent_id FROM parent_keys CROSS JOIN nodes WHERE nodes.parent_id = parent_keys.k0 \
          ORDER BY nodes.name"
        ]
    );
    assert_eq!(drawn(&db, root), "root(left(leaf(twig())) right())");
    assert_eq!(drawn(&db, other), "other(below())");
    let left = db.related(root, Node::CHILDREN).unwrap()[0];
    assert_eq!(db.related(left, Node::PARENT).unwrap(), Some(root));
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn a_tree_is_loaded_with_a_query_and_more_behind_it() {
    let library = library().await;
    let mut db = library.session();
    let root = Node::query()
        .filter(Node::PARENT_ID.is_null())
        .with(
            Node::CHILDREN
                .recursive()
                .order_by(Node::NAME)
                .then(Node::PARENT),
        )
        .order_by(Node::ID)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(
        library.sent().len(),
        2,
        "the roots, the trees; parents are here"
    );
    assert_eq!(drawn(&db, root[0]), "root(left(leaf(twig())) right())");
}

#[tokio::test]
async fn a_number_of_levels_ends_a_tree() {
    let library = library().await;
    for (levels, seen) in [
        (0, "root(?)"),
        (1, "root(left(?) right(?))"),
        (2, "root(left(leaf(?)) right())"),
        (9, "root(left(leaf(twig())) right())"),
    ] {
        let mut db = library.session();
        let root = node(&mut db, 1).await;
        let tree = Node::CHILDREN.recursive_to(levels).order_by(Node::ID);
        db.load(root, tree).await.unwrap();
        assert_eq!(drawn(&db, root), seen, "{levels} levels");
    }
}

#[tokio::test]
async fn ancestors_are_loaded_in_one_statement() {
    let library = library().await;
    let mut db = library.session();
    let (twig, below) = (node(&mut db, 5).await, node(&mut db, 7).await);
    library.sent();
    db.load([twig, below], Node::PARENT.recursive())
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 1);
    let mut names = Vec::new();
    let mut at = Some(db.view(twig));
    while let Some(node) = at {
        names.push(node.name.clone());
        at = node.related(Node::PARENT).unwrap();
    }
    assert_eq!(names, ["twig", "leaf", "left", "root"]);
    // A row without a parent has no way up: nothing is sent.
    let mut db = library.session();
    let root = node(&mut db, 1).await;
    library.sent();
    db.load(root, Node::PARENT.recursive()).await.unwrap();
    assert_eq!(db.related(root, Node::PARENT).unwrap(), None);
    assert!(library.sent().is_empty());
}

#[tokio::test]
async fn a_condition_prunes_a_tree() {
    let library = library().await;
    let mut db = library.session();
    let root = node(&mut db, 1).await;
    let without = Node::CHILDREN.recursive().filter(Node::NAME.ne("leaf"));
    db.load(root, without.order_by(Node::ID)).await.unwrap();
    assert_eq!(drawn(&db, root), "root(left() right())");
    assert!(
        db.replace(root, Node::CHILDREN, &[][..]).is_err(),
        "it is a part"
    );
    let limited = Node::CHILDREN.recursive().limit(1);
    assert_eq!(
        db.load(root, limited).await.unwrap_err().to_string(),
        "`Node::CHILDREN` is loaded recursively: a limit for each row is known level by level only, so load the levels one \
         by one, or leave out rows with `filter`"
    );
}

#[tokio::test]
async fn a_graph_with_rings_is_loaded_in_one_statement() {
    let library = library().await;
    for path in [
        Person::FOLLOWS.recursive(),
        Person::FOLLOWS.recursive_to(20),
    ] {
        let mut db = library.session();
        let a = db.get::<Person>(1).await.unwrap().unwrap();
        library.sent();
        db.load(a, path).await.unwrap();
        assert_eq!(library.sent().len(), 1);
        let follows = |of: Handle<Person>| {
            let mut names: Vec<_> = db.view(of).related(Person::FOLLOWS).unwrap().collect();
            names.sort_by_key(|person| person.id);
            names
        };
        let b = follows(a)[0];
        let c = follows(b.handle())[0];
        let of_c = follows(c.handle());
        assert_eq!(of_c[0].handle(), a, "the ring is closed");
        assert!(
            follows(of_c[1].handle()).is_empty(),
            "d follows nobody, and that is known"
        );
    }
    // A row that is its own parent.
    library
        .elsewhere("UPDATE nodes SET parent_id = 1 WHERE id = 1")
        .await;
    let mut db = library.session();
    let root = node(&mut db, 1).await;
    db.load(root, Node::CHILDREN.recursive()).await.unwrap();
    assert!(db.related(root, Node::CHILDREN).unwrap().contains(&root));
    db.load(root, Node::PARENT.recursive()).await.unwrap();
    assert_eq!(db.related(root, Node::PARENT).unwrap(), Some(root));
}

#[tokio::test]
async fn ten_thousand_parents_and_a_hundred_thousand_children_are_two_statements() {
    let library = Library::new().await;
    library
        .fill(
            "INSERT INTO authors (id, name) SELECT n, 'author ' || n FROM generate_series(1, 10000) n;
             INSERT INTO books (id, title, author_id) SELECT n, 'book ' || n, (n - 1) / 10 + 1 FROM generate_series(1, 100000) n;
             CREATE INDEX ON books (author_id); ANALYZE;",
        )
        .await;
    let mut db = library.session();
    let authors = Author::query()
        .with(Author::BOOKS)
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(library.sent().len(), 2);
    assert_eq!(authors.len(), 10_000);
    let members = |db: &Session| -> usize {
        let members = authors
            .iter()
            .map(|author| db.related(*author, Author::BOOKS).unwrap());
        members
            .map(|books| books.len())
            .inspect(|books| assert_eq!(*books, 10))
            .sum()
    };
    assert_eq!(members(&db), 100_000);
    assert_eq!(
        db.count_of(&authors, Author::BOOKS).await.unwrap(),
        [10; 10_000]
    );
    let top = Author::BOOKS.order_by(Book::ID.desc()).limit(3);
    db.load(&authors, top).await.unwrap();
    let books = db.related(authors[9], Author::BOOKS).unwrap();
    assert_eq!(books.len(), 3);
    assert_eq!(library.sent().len(), 2);
}
