//! What SQLAlchemy 2.0 promises of its `Session`, point by point: a test's name has the point's number.
//!
//! Where we do better, the test shows what we do, and the page "Coming from SQLAlchemy" (`orm_core::guide`) says why. Other
//! files test the same machinery from other sides; these tests are the index.
//!
//! | file | points |
//! | --- | --- |
//! | `flushing` | 1 to 18: what a flush sends, and in which order |
//! | `batches` | 19 to 22: how many rows a statement has, and whose row came back |
//! | `transactions` | 23 to 28: failure, commit, rollback, savepoints, close |
//! | `objects` | 29 to 32: expire, refresh, merge, what cannot be deleted or added |
#![allow(missing_docs)]

mod batches;
mod flushing;
mod objects;
mod transactions;

use orm_core::prelude::*;
use tests::models::*;

/// An author that was committed, in a session whose log is empty.
async fn committed_author(f: &tests::fixture::Fixture) -> (Session, Handle<Author>) {
    let mut db = f.session();
    let ann = db.insert(Author::create().name("Ann")).await.unwrap();
    db.commit().await.unwrap();
    f.sent();
    (db, ann)
}

/// `INSERT authors` of `INSERT INTO authors ..`.
fn tables(sent: &[String]) -> Vec<String> {
    sent.iter()
        .map(|sql| {
            let mut words = sql
                .split_whitespace()
                .filter(|word| !matches!(*word, "INTO" | "FROM"));
            let verb = words.next().unwrap_or_default();
            format!("{verb} {}", words.next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn every_point_has_a_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session_sqlalchemy");
    let mut sources = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        sources.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let has_test =
        |point: &u32| sources.contains(&format!("#[tokio::test]\nasync fn sqlalchemy_{point:02}_"));
    let without: Vec<_> = (1..=32).filter(|point| !has_test(point)).collect();
    assert!(without.is_empty(), "points without a test: {without:?}");
}
