//! The throw-away PostgreSQL and the databases on it, as a user of the feature `testing` sees them.
//!
//! | file | what it asserts |
//! | --- | --- |
//! | `database` | a database is one's own, and is dropped, whatever happens to its test |
//! | `template` | one template for many tests, whatever happens to the one that builds it |
//! | `models` | a database with the tables of some models, and engines on it |
//! | `process_end` | nothing is left behind by a process, however it ends |
//! | `given_server` | `DATABASE_URL`: what is left there is tidied up, and what is said when it cannot be used |
//! | `support` | what they share; `child`: this program started again, to be watched from outside |

mod child;
mod database;
mod given_server;
mod models;
mod process_end;
mod support;
mod template;
