//! `plan()` beside what a flush sends: the same statements, word for word, for every kind of step.
#![allow(missing_docs)]

use orm_core::prelude::*;
use orm_core::session::{Plan, StepKind};
use tests::fixture::Fixture;
use tests::models::*;

/// Plans, flushes, and compares the statements.
async fn flush_as_planned(f: &Fixture, db: &mut Session) -> Vec<String> {
    let plan = db.plan().unwrap();
    let planned: Vec<String> = plan.steps.iter().map(|step| step.sql.clone()).collect();
    f.sent();
    db.flush().await.unwrap();
    let mut sent = f.sent();
    // What is loaded first has its own line in the plan.
    sent.retain(|sql| sql != "BEGIN" && !sql.starts_with("SELECT"));
    assert_eq!(sent, planned, "{plan}");
    sent
}

#[tokio::test]
async fn what_the_plan_says_is_what_is_sent() {
    let f = Fixture::new::<All>().await;
    let mut db = f.session();
    let [ann, bob, gone] = ["Ann", "Bob", "Gone"].map(|name| db.add(Author::create().name(name)));
    let books = [ann, bob].map(|author| db.add(Book::create().title("t").author(author)));
    let tickets = db.add_all(["a", "b", "c"].map(|subject| Ticket::create().subject(subject)));
    let country = db.add(Country::create().code("AA").name("a"));
    let city = db.add(City::create().name("x").country(country));
    let note = db.add(Note::create().body("n"));
    db.commit().await.unwrap();
    for kept in [false, true] {
        // A swap, a value that is taken over, guards, an expression, versions, given anew, rings, trees, each kind of key.
        let (name, other) = (db[ann].name.clone(), db[bob].name.clone());
        db[ann].name = other;
        db[bob].name = name;
        db.delete(gone).unwrap();
        db.add(Author::create().name("Gone"));
        db[books[0]].pages += 1;
        db.set_expr(books[1], Book::PAGES.set(Book::PAGES + 1))
            .unwrap();
        for ticket in &tickets {
            db[*ticket].subject.push('!');
        }
        db[note].body.push('!');
        db[country].name.push('!');
        let person = db.add(Person::create().name("P"));
        let house = db.add(House::create().street("S").owner(person));
        db.set(person, Person::HOME, Some(house));
        let root = db.add(Node::create().name("root"));
        let leaf = db.add(Node::create().name("leaf").parent(root));
        db.add_all(["d", "e"].map(|title| Document::create().title(title)));
        db.add_all([1, 2].map(|number| Seat::create().row(1).number(number)));
        let sent = flush_as_planned(&f, &mut db).await;
        assert!(sent.len() > 12, "{sent:?}");
        // A ring that is opened, a tree, a place that is taken, a foreign key.
        db.delete(person).unwrap();
        db.delete(house).unwrap();
        db.delete(root).unwrap();
        db.delete(leaf).unwrap();
        let id = db[tickets[0]].id;
        db.delete(tickets[0]).unwrap();
        db.add(Ticket::create().id(id).subject("in its place"));
        db.set(city, City::COUNTRY, None);
        let sent = flush_as_planned(&f, &mut db).await;
        assert_eq!(sent.len(), 6, "{sent:?}");
        if kept {
            db.commit().await.unwrap();
        } else {
            db.rollback().await.unwrap();
        }
    }
    // A key that changes, and one that is made of it.
    db.set(city, City::COUNTRY, country);
    db.flush().await.unwrap();
    db[country].code = "BB".to_owned();
    db[city].name = "after".to_owned();
    let new = db.add(City::create().name("new").country(country));
    assert_eq!(flush_as_planned(&f, &mut db).await.len(), 3);
    db.commit().await.unwrap();
    assert_eq!(db[new].country_code.as_deref(), Some("BB"));
}

/// Where a plan writes what.
fn tables(plan: &Plan) -> Vec<(StepKind, &'static str)> {
    let steps = plan.steps.iter();
    steps.map(|step| (step.kind, step.table.name)).collect()
}

#[tokio::test]
async fn the_order_of_tables_does_not_depend_on_what_a_session_met_first() {
    let f = Fixture::new::<All>().await;
    let mut db = f.session();
    let person = db.add(Person::create().name("p"));
    let house = db.add(House::create().street("s").owner(person));
    db.set(person, Person::HOME, Some(house));
    let author = db.add(Author::create().name("a"));
    db.add(Book::create().title("b").author(author));
    let country = db.add(Country::create().code("AA").name("a"));
    db.add(City::create().name("x").country(country));
    db.add(Note::create().body("n"));
    db.add(Ticket::create().subject("t"));
    db.commit().await.unwrap();
    let mut orders = Vec::new();
    for first in 0..8 {
        let mut db = f.session();
        // Each time another table is met first, and then those behind it.
        let (mut notes, mut cities) = (Vec::new(), Vec::new());
        for turn in first..first + 8 {
            match turn % 8 {
                0 => notes = Note::query().all(&mut db).await.unwrap(),
                1 => drop(House::query().all(&mut db).await.unwrap()),
                2 => drop(Ticket::query().all(&mut db).await.unwrap()),
                3 => drop(Book::query().all(&mut db).await.unwrap()),
                4 => cities = City::query().all(&mut db).await.unwrap(),
                5 => drop(Person::query().all(&mut db).await.unwrap()),
                6 => drop(Country::query().all(&mut db).await.unwrap()),
                _ => drop(Author::query().all(&mut db).await.unwrap()),
            }
        }
        let author = Author::query().one(&mut db).await.unwrap();
        let ticket = Ticket::query().one(&mut db).await.unwrap();
        db[ticket].subject.push('!');
        db[notes[0]].stars += 1;
        db[author].name.push('!');
        db[cities[0]].name.push('!');
        let person = db.add(Person::create().name("new"));
        let house = db.add(House::create().street("new").owner(person));
        db.set(person, Person::HOME, Some(house));
        let mut order = tables(&db.plan().unwrap());
        db.flush().await.unwrap();
        for book in Book::query().all(&mut db).await.unwrap() {
            db.delete(book).unwrap();
        }
        db.delete(ticket).unwrap();
        db.delete(person).unwrap();
        db.delete(house).unwrap();
        db.delete(notes[0]).unwrap();
        order.extend(tables(&db.plan().unwrap()));
        orders.push(order);
        db.rollback().await.unwrap();
    }
    use StepKind::{Close, Delete, Insert, Open, Update};
    assert_eq!(
        orders[0],
        [
            (Update, "authors"),
            (Insert, "people"),
            (Insert, "houses"),
            (Close, "people"),
            (Update, "notes"),
            (Update, "tickets"),
            (Update, "cities"),
            (Delete, "books"),
            (Delete, "tickets"),
            (Delete, "notes"),
            (Open, "people"),
            (Delete, "houses"),
            (Delete, "people"),
        ]
    );
    for order in &orders[1..] {
        assert_eq!(*order, orders[0]);
    }
}
