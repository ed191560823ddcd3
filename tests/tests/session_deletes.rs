//! Deletes at their edges: what is taken back before it was sent, a place that another row takes, unique values that go with what is
//! taken along.
#![allow(missing_docs)]

use orm_core::prelude::*;
use orm_core::session::{HookContext, Hooks, SessionOptions, State};
use orm_core::{Error, Result};
use tests::fixture::Fixture;
use tests::refused;
use uuid::Uuid;

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "carts",
    has_many(lines: Line, via = cart, cascade(delete, delete_orphan)),
    has_many(visits: Visit, via = cart, cascade(delete), passive_deletes),
    has_many(notes: Note, via = cart)
)]
struct Cart {
    #[orm(primary_key, default = Uuid::new_v4())]
    id: Uuid,
    #[orm(unique)]
    name: String,
}

/// Goes with its cart.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "lines", unique(cart_id, position), has_many(gifts: Gift, via = line, cascade(delete)))]
struct Line {
    #[orm(primary_key)]
    id: i32,
    position: i32,
    #[orm(unique)]
    sku: String,
    #[orm(belongs_to(cart: Cart))]
    cart_id: Uuid,
}

/// Goes with its line.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "gifts")]
struct Gift {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(line: Line))]
    line_id: i32,
}

/// Is deleted with its cart by the database.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "visits")]
struct Visit {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(cart: Cart, on_delete = "cascade"))]
    cart_id: Uuid,
}

/// Stays without its cart.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "notes")]
struct Note {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(cart: Cart))]
    cart_id: Option<Uuid>,
}

type Shop = (Cart, Line, Gift, Visit, Note);

fn line(position: i32, sku: &str) -> impl orm_core::model::Nested<Line, 0> + use<> {
    Line::create().position(position).sku(sku)
}

/// A cart with two lines, a gift, a visit and a note.
async fn fill(f: &Fixture) -> Uuid {
    let mut db = f.session();
    let cart = db.add(
        Cart::create()
            .name("c")
            .lines([line(1, "a"), line(2, "b")])
            .visits([Visit::create()])
            .notes([Note::create()]),
    );
    let lines = db.related(cart, Cart::LINES).unwrap();
    db.add(Gift::create().line(lines[0]));
    db.commit().await.unwrap();
    db[cart].id
}

const LEFT: &str = "select (select count(*) from carts), (select count(*) from lines), (select count(*) from gifts), \
     (select count(*) from visits), (select count(*) from notes where cart_id is not null)";

const LINES: &str = "select position, sku, name from lines join carts on carts.id = cart_id order by name, position";

struct Kept;

impl Hooks<Cart> for Kept {
    fn before_delete(&self, _: &Cart, _: &mut HookContext<'_, Cart>) -> Result<()> {
        Err(Error::invalid("it stays"))
    }
}

#[tokio::test]
async fn a_delete_that_is_taken_back_leaves_what_a_plan_or_a_rejected_flush_has_marked() {
    let f = Fixture::new::<Shop>().await;
    let id = fill(&f).await;
    for rejected in [false, true] {
        let mut db = match rejected {
            true => f.session_with(SessionOptions::new().hooks(Kept)),
            false => f.session(),
        };
        let get = db.get::<Cart>(id).with(Cart::LINES.then(Line::GIFTS));
        let cart = get.with(Cart::VISITS).with(Cart::NOTES).await.unwrap();
        let cart = cart.expect("it is there");
        let note = db.related(cart, Cart::NOTES).unwrap()[0];
        let own = db.related(cart, Cart::LINES).unwrap()[1];
        let marked = |db: &Session| {
            let lines = db.deleted::<Line>().len();
            (
                lines,
                db.deleted::<Gift>().len(),
                db.deleted::<Visit>().len(),
            )
        };
        db.delete(cart).unwrap();
        if rejected {
            refused(db.flush().await);
        } else {
            db.plan().unwrap();
        }
        assert_eq!(marked(&db), (2, 1, 1));
        assert_eq!(db.related(note, Note::CART).unwrap(), None);
        db.undelete(cart).unwrap();
        assert_eq!(marked(&db), (0, 0, 0));
        assert_eq!(db.related(note, Note::CART).unwrap(), Some(cart));
        assert!(!db.is_modified(note));
        // What was deleted by itself, and what has gone elsewhere, is not the cart's to bring back.
        db.delete(own).unwrap();
        db.delete(cart).unwrap();
        db.plan().unwrap();
        let other = db.add(Cart::create().name("other"));
        db.set(note, Note::CART, other);
        db.undelete(cart).unwrap();
        assert_eq!(db.deleted::<Line>(), [own]);
        assert_eq!(db.related(note, Note::CART).unwrap(), Some(other));
        db.rollback().await.unwrap();
        db.delete(cart).unwrap();
        let _ = db.plan();
        db.undelete(cart).unwrap();
        f.sent();
        db.commit().await.unwrap();
        assert_eq!(f.sent(), [""; 0]);
    }
    assert_eq!(f.rows(LEFT).await, ["1|2|1|1|1"]);
}

#[tokio::test]
async fn an_orphan_that_gets_a_parent_after_a_plan_is_not_deleted() {
    let f = Fixture::new::<Shop>().await;
    let id = fill(&f).await;
    let mut db = f.session();
    let get = db.get::<Cart>(id).with(Cart::LINES.then(Line::GIFTS));
    let cart = get.await.unwrap().expect("it is there");
    let lines = db.related(cart, Cart::LINES).unwrap();
    for line in &*lines {
        db.remove(cart, Cart::LINES, *line);
    }
    assert_eq!(db.plan().unwrap().steps.len(), 2, "gifts and lines");
    let other = db.add(Cart::create().name("d"));
    db.push(other, Cart::LINES, lines[0]);
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINES).await, ["1|a|d"]);
    assert_eq!(f.rows("select count(*) from gifts").await, ["1"]);
    assert_eq!(db.state(lines[1]), State::Detached);
}

/// Where another row takes the place, no DELETE is sent: so the database deletes no children either.
#[tokio::test]
async fn a_row_whose_place_is_taken_takes_its_children_along() {
    for loaded in [false, true] {
        let f = Fixture::new::<Shop>().await;
        let id = fill(&f).await;
        let mut db = f.session();
        let get = db.get::<Cart>(id);
        let cart = match loaded {
            true => get.with(Cart::LINES).with(Cart::VISITS).await,
            false => get.await,
        };
        db.delete(cart.unwrap().expect("it is there")).unwrap();
        let new = Cart::create().id(id).name("new");
        let new = db.add(new.lines([line(1, "a")]));
        let first = db.plan().unwrap().to_string();
        assert_eq!(first.contains("load Cart::VISITS of 1"), !loaded, "{first}");
        db.commit().await.unwrap();
        assert_eq!(f.rows(LEFT).await, ["1|1|0|0|0"]);
        assert_eq!(f.rows(LINES).await, ["1|a|new"]);
        assert_eq!(db.related(new, Cart::LINES).unwrap().len(), 1);
    }
}

#[tokio::test]
async fn unique_values_of_what_goes_along_are_free_for_what_comes() {
    let f = Fixture::new::<Shop>().await;
    let id = fill(&f).await;
    let mut db = f.session();
    // A collection is replaced by one with the same places.
    let get = db.get::<Cart>(id).with(Cart::LINES);
    let cart = get.await.unwrap().expect("it is there");
    let new = [("b", 1), ("a", 2)]
        .map(|(sku, position)| db.add(Line::create().position(position).sku(sku).cart_id(id)));
    db.replace(cart, Cart::LINES, new).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINES).await, ["1|b|c", "2|a|c"]);
    // A parent by another with children like those, which nobody has loaded.
    let mut db = f.session();
    let cart = db.get::<Cart>(id).await.unwrap().expect("it is there");
    db.delete(cart).unwrap();
    let again = Cart::create().name("c");
    let again = db.add(again.lines([line(1, "a"), line(2, "b")]));
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINES).await, ["1|a|c", "2|b|c"]);
    // One of the lines is changed, one deleted, and a new parent's children take both values.
    db.refresh(again).with(Cart::LINES).await.unwrap();
    let lines = db.related(again, Cart::LINES).unwrap();
    db[lines[0]].sku = "x".to_owned();
    db.delete(lines[1]).unwrap();
    let other = Cart::create().name("d");
    db.add(other.lines([line(1, "b"), line(2, "a")]));
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINES).await, ["1|x|c", "1|b|d", "2|a|d"]);
    // One goes to a parent that is new, and leaves its place.
    let third = db.add(Cart::create().name("e"));
    db.set(lines[0], Line::CART, third);
    db.add(Line::create().position(1).sku("y").cart(again));
    db.commit().await.unwrap();
    assert_eq!(f.rows(LINES).await, ["1|y|c", "1|b|d", "2|a|d", "1|x|e"]);
}
