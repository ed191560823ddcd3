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
