//! A database that none of us wrote: Chinook, a shop for music, with its own tables, names and rows.
//!
//! The models here map what is there and create nothing. What the ORM gives or does is compared with hand-written SQL on
//! the same database. The script is not ours and may not be there; then each test says so on standard error and ends.
//!
//! | file | what it compares |
//! | --- | --- |
//! | `models` | the tables as models |
//! | `mapping` | the models with the catalogue, and every row of every table |
//! | `reading` | filters, order, distinct, `any` and `has`, counts |
//! | `joins` | inner and left joins, link tables, aliases |
//! | `summing` | groups, sums, averages, dates |
//! | `loading` | relationships loaded with their rows, to every side |
//! | `bulk` | UPDATE and DELETE of many rows |
//! | `unit_of_work` | add, change, move, roll back |
//! | `deleting` | what a delete takes along and leaves behind |
//! | `links` | many-to-many |
//! | `support` | where the script is found, and a clone of the database for each test |
#![allow(missing_docs)]

mod bulk;
mod deleting;
mod joins;
mod links;
mod loading;
mod mapping;
// Models are public as a rule, and so they are here, though nothing outside can reach them.
#[allow(unreachable_pub)]
mod models;
mod reading;
mod summing;
mod support;
mod unit_of_work;
