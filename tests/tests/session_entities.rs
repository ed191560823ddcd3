//! Handles and what they name: states, the identity map, reading and changing, and the words of every refusal.
#![allow(missing_docs)]

use orm_core::Error;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::{Fixture, panic_text, text};
use tests::models::*;
use tests::refused;

type Shelf = (Author, Book);

const PENDING: &str =
    "this `Author` was added but not flushed: `flush().await?` first, or read `draft(handle)`";
const FOREIGN: &str = "this handle names no `Author` of this session: it is of another session; take a row's key and `get` it here";
const GONE: &str = "this handle names no `Author` of this session: the entity was deleted, expunged, or added in a \
                    transaction that was rolled back";
const DELETED: &str =
    "this handle names no `Author` of this session: its row was deleted in this transaction";

#[tokio::test]
async fn one_key_is_one_handle() {
    let f = Fixture::new::<Shelf>().await;
    f.elsewhere("insert into authors (name) values ('Ann'), ('Bob')")
        .await;
    let mut db = f.session();
    let all = Author::query()
        .order_by(Author::ID.asc())
        .all(&mut db)
        .await
        .unwrap();
    let ann = db.get::<Author>(1).await.unwrap().unwrap();
    assert_eq!(all[0], ann);
    let again = Author::query()
        .filter(Author::NAME.eq("Ann"))
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(again, ann);
    assert_eq!(db.get::<Author>(3).await.unwrap(), None);
    // Unflushed changes are not overwritten by a load.
    db[ann].name = "mine".to_owned();
    let mut quiet = db.no_autoflush();
    Author::query().all(&mut quiet).await.unwrap();
    drop(quiet);
    assert_eq!(db[ann].name, "mine");
}

#[tokio::test]
async fn pending_entities_are_read_as_drafts() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.add(Author::create().name("Ann"));
    assert_eq!(db.state(ann), State::Pending);
    assert_eq!(db.new_entities::<Author>(), [ann]);
    assert_eq!(text(&refused(db.peek(ann))), PENDING);
    assert_eq!(panic_text(|| drop(db[ann].clone())), PENDING);
    assert_eq!(panic_text(|| db[ann].name.clear()), PENDING);
    assert_eq!(text(&refused(db.refresh(ann).await)), PENDING);
    assert_eq!(text(&refused(db.expire(ann))), PENDING);
    assert!(!db.is_modified(ann));
    let draft = db.draft(ann).unwrap();
    assert_eq!((draft.id, draft.name.as_deref()), (None, Some("Ann")));
    draft.name = Some("Bob".to_owned());
    db.flush().await.unwrap();
    assert_eq!(db[ann].name, "Bob");
    assert!(db.new_entities::<Author>().is_empty());
    assert_eq!(
        text(&refused(db.draft(ann))),
        "this `Author` has a row already: change it with `db[handle]`"
    );
    let other = db.add(Author::create().name("x"));
    db.delete(other).unwrap();
    assert_eq!(db.state(other), State::Detached);
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Bob"]);
}

#[tokio::test]
async fn new_entities_are_in_the_order_of_add() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let [a, b, c] = ["a", "b", "c"].map(|name| db.add(Author::create().name(name)));
    db.expunge(a).unwrap();
    // It takes the place of the one that has left, and comes last all the same.
    let d = db.add(Author::create().name("d"));
    assert_eq!(db.new_entities::<Author>(), [b, c, d]);
    db.flush().await.unwrap();
    assert_eq!([db[b].id, db[c].id, db[d].id], [1, 2, 3]);
}

#[tokio::test]
async fn handles_of_other_sessions_and_of_what_is_gone_name_nothing() {
    let f = Fixture::new::<Shelf>().await;
    let (mut one, mut two) = (f.session(), f.session());
    let ann = one.insert(Author::create().name("Ann")).await.unwrap();
    two.add(Author::create().name("other"));
    assert_eq!(two.state(ann), State::Detached);
    assert_eq!(text(&refused(two.peek(ann))), FOREIGN);
    assert_eq!(panic_text(|| drop(two[ann].clone())), FOREIGN);
    assert_eq!(panic_text(|| two[ann].name.clear()), FOREIGN);
    assert_eq!(text(&refused(two.delete(ann))), FOREIGN);
    assert_eq!(text(&refused(two.expunge(ann))), FOREIGN);
    assert_eq!(text(&refused(two.refresh(ann).await)), FOREIGN);
    let before = two.new_entities::<Book>().len();
    assert_eq!(
        panic_text(|| {
            two.add(Book::create().title("x").author(ann));
        }),
        format!("Book::AUTHOR: {FOREIGN}")
    );
    assert_eq!(
        two.new_entities::<Book>().len(),
        before,
        "nothing was added by half"
    );
    one.expunge(ann).unwrap();
    assert_eq!(text(&refused(one.peek(ann))), GONE);
    // The next inhabitant of its place is another.
    let bob = one.insert(Author::create().name("Bob")).await.unwrap();
    assert_ne!(ann, bob);
    assert_eq!(panic_text(|| drop(one[ann].clone())), GONE);
}

#[tokio::test]
async fn deleted_rows_can_be_read_and_not_changed() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.delete(ann).unwrap();
    db.delete(ann).unwrap();
    assert_eq!(db.deleted::<Author>(), [ann]);
    assert!(db.dirty::<Author>().is_empty());
    db.flush().await.unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert_eq!(panic_text(|| db[ann].name.clear()), DELETED);
    db.commit().await.unwrap();
    assert_eq!(panic_text(|| drop(db[ann].clone())), GONE);
}

#[tokio::test]
async fn several_rows_can_be_changed_at_once() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let [a, b] = ["a", "b"].map(|title| db.add(Book::create().title(title)));
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let [x, y] = db.get_disjoint_mut([a, b]);
    std::mem::swap(&mut x.title, &mut y.title);
    let (book, author) = db.get_pair_mut(a, ann);
    author.email = Some(book.title.clone());
    assert_eq!(db.dirty::<Book>(), [a, b]);
    assert_eq!(
        panic_text(|| db.get_disjoint_mut([a, a])[0].title.clear()),
        "two of the handles name the same `Book`"
    );
    assert_eq!(
        panic_text(|| drop(db.get_pair_mut(a, b).0.title.clone())),
        "the two handles are of one model: use `get_disjoint_mut`"
    );
    let pending = db.add(Author::create().name("p"));
    assert_eq!(
        panic_text(|| db.get_pair_mut(a, pending).0.title.clear()),
        PENDING
    );
    assert_eq!(
        panic_text(|| db.get_disjoint_mut([ann, pending])[0].name.clear()),
        PENDING
    );
    db.expunge(pending).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select title from books order by id").await,
        ["b", "a"]
    );
    assert_eq!(f.rows("select email from authors").await, ["b"]);
}

#[derive(Changes)]
#[orm(model = Author)]
struct Patch {
    name: Option<String>,
    email: Option<Option<String>>,
}

#[tokio::test]
async fn apply_writes_what_is_present() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db
        .insert(Author::create().name("Ann").email("a@x"))
        .await
        .unwrap();
    db.apply(
        ann,
        Patch {
            name: None,
            email: Some(None),
        },
    );
    db.flush().await.unwrap();
    f.sent();
    db.apply(
        ann,
        Patch {
            name: Some("Bob".to_owned()),
            email: None,
        },
    );
    db.flush().await.unwrap();
    assert_eq!(f.sent(), ["UPDATE authors SET name = $1 WHERE id = $2"]);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, email from authors").await,
        ["Bob|NULL"]
    );
}

#[tokio::test]
async fn refresh_and_expire_give_up_what_was_not_flushed() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    db[ann].name = "mine".to_owned();
    assert!(db.is_modified(ann));
    f.sent();
    db.refresh(ann).await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "SELECT authors.id, authors.name, authors.email FROM authors WHERE authors.id = $1"
        ]
    );
    assert_eq!(db[ann].name, "Ann");
    db[ann].name = "mine".to_owned();
    db.expire(ann).unwrap();
    assert_eq!(db[ann].name, "Ann");
    assert!(!db.is_modified(ann));
    // An expired row is read again by `get`.
    assert_eq!(f.count(), 0);
    db.get::<Author>(1).await.unwrap();
    assert_eq!(f.count(), 1);
    db[ann].name = "mine".to_owned();
    db.expire_all();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from authors").await, ["Ann"]);
}

#[tokio::test]
async fn refreshed_collections_are_unknown_again() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    assert!(
        db.related(ann, Author::BOOKS).unwrap().is_empty(),
        "it was just made"
    );
    db.commit().await.unwrap();
    f.elsewhere("insert into books (title, pages, author_id) values ('Trees', 1, 1)")
        .await;
    db.refresh(ann).await.unwrap();
    let error = refused(db.related(ann, Author::BOOKS));
    assert!(
        matches!(
            error,
            Error::NotLoaded {
                relationship: "BOOKS",
                ..
            }
        ),
        "{error:?}"
    );
    db.load(ann, Author::BOOKS).await.unwrap();
    assert_eq!(db.related(ann, Author::BOOKS).unwrap().len(), 1);
}

#[tokio::test]
async fn the_parent_that_leaves_the_session_keeps_its_children() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let book = db
        .insert(Book::create().title("Trees").author(ann))
        .await
        .unwrap();
    let bob = db.insert(Author::create().name("Bob")).await.unwrap();
    db.commit().await.unwrap();
    db.set(book, Book::AUTHOR, Some(bob));
    db.expunge(bob).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select author_id from books").await, ["2"]);
    assert_eq!(db[book].author_id, Some(2));
}

#[tokio::test]
async fn plan_prints_what_a_flush_would_send_and_changes_nothing() {
    let f = Fixture::new::<(Author, Book, Node)>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    let old = db
        .insert(Book::create().title("old").author(ann))
        .await
        .unwrap();
    let kept = db
        .insert(Book::create().title("kept").author(ann))
        .await
        .unwrap();
    db.commit().await.unwrap();
    f.sent();
    let bob = db.add(Author::create().name("Bob"));
    db.add_all(["x", "y"].map(|title| Book::create().title(title).author(bob)));
    db[kept].pages = 5;
    db.delete(old).unwrap();
    let root = db.add(Node::create().name("root"));
    let leaf = db.add(Node::create().name("leaf"));
    db.set(leaf, Node::PARENT, Some(root));
    let expected = " 1. 1 row: INSERT INTO authors (name, email) VALUES ($1, $2) RETURNING id
      new `Author`, behind everything they refer to
 2. 1 row: INSERT INTO nodes (name, parent_id) VALUES ($1, $2) RETURNING id
      new `Node`, behind everything they refer to
 3. 1 row: INSERT INTO nodes (name, parent_id) VALUES ($1, $2) RETURNING id
      new `Node`, behind the `Node` that Node::PARENT leads to
 4. 1 row: UPDATE books SET pages = $1 WHERE id = $2 AND pages IS NOT DISTINCT FROM $3 RETURNING sides
      changed: pages; read in an earlier transaction, so the old values must still be there
 5. 2 rows: INSERT INTO books (title, pages, author_id) SELECT u.c0, u.c1, u.c2 FROM unnest($1::text[], $2::int4[], \
$3::int4[]) WITH ORDINALITY AS u(c0, c1, c2, n) ORDER BY u.n RETURNING id, binding, sides
      new `Book`, behind everything they refer to
 6. 1 row: DELETE FROM books WHERE id = $1
      deleted `Book`, behind everything that refers to them
";
    assert_eq!(db.plan().unwrap().to_string(), expected);
    assert_eq!(
        db.plan().unwrap().to_string(),
        expected,
        "the same every time"
    );
    assert_eq!(f.count(), 0);
    assert!(!db.in_transaction());
    assert_eq!(
        (db.state(bob), db.state(old)),
        (State::Pending, State::Persistent)
    );
    assert_eq!(db.dirty::<Book>(), [kept]);
    let planned: Vec<String> = db
        .plan()
        .unwrap()
        .steps
        .into_iter()
        .map(|step| step.sql)
        .collect();
    db.flush().await.unwrap();
    assert_eq!(f.sent()[1..], planned);
    assert!(db.plan().unwrap().steps.is_empty());
}

#[tokio::test]
async fn plan_shows_what_a_delete_takes_with_it() {
    let f = Fixture::new::<Shelf>().await;
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.insert(Book::create().title("old").author(ann))
        .await
        .unwrap();
    db.delete(ann).unwrap();
    let planned: Vec<String> = db
        .plan()
        .unwrap()
        .steps
        .into_iter()
        .map(|step| step.sql)
        .collect();
    f.sent();
    db.flush().await.unwrap();
    assert_eq!(f.sent(), planned);
    assert_eq!(
        planned,
        [
            "UPDATE books SET author_id = $1 WHERE id = $2 RETURNING sides",
            "DELETE FROM authors WHERE id = $1"
        ]
    );
}

#[tokio::test]
async fn get_finds_what_is_pending_under_a_key_of_the_client() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let ticket = db.add(Ticket::create().subject("a"));
    let id = db.draft(ticket).unwrap().id.unwrap();
    assert_eq!(db.no_autoflush().get::<Ticket>(id).await.unwrap(), None);
    f.sent();
    assert_eq!(db.get::<Ticket>(id).await.unwrap(), Some(ticket));
    assert_eq!(
        f.sent(),
        ["INSERT INTO tickets (id, subject, version) VALUES ($1, $2, $3)"]
    );
}
