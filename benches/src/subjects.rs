//! Who is measured. Each does the same work as well as its users can, and ends with the same rows: in the database, and as
//! structs of its own in memory.
//!
//! | file | who |
//! | --- | --- |
//! | `raw` | tokio-postgres by hand: statements prepared once, pipelined, many rows as arrays |
//! | `models` | the ORM's models, for the next two |
//! | `plain` | this ORM without tracking: queries on a `Connection` give plain rows |
//! | `tracked` | this ORM's `Session`: identity map, change tracking, unit of work |
//! | `diesel` | diesel-async |
//! | `sea` | SeaORM |

mod diesel;
mod models;
mod plain;
mod raw;
#[expect(
    unreachable_pub,
    reason = "as SeaORM's documentation writes its modules"
)]
mod sea;
mod tracked;

use crate::Result;
use crate::clock::Clock;
use crate::scenario::Work;

/// How many connections a pool has, and how many tasks use it.
pub(crate) const POOL: usize = 8;

/// The names, in the order in which they stand in the tables.
pub(crate) const NAMES: [&str; 5] = [
    "tokio-postgres",
    "orm plain",
    "orm tracked",
    "diesel-async",
    "sea-orm",
];

/// Any of them.
pub(crate) enum Subject {
    Raw(raw::Raw),
    Plain(plain::Plain),
    Tracked(tracked::Tracked),
    Diesel(diesel::Diesel),
    Sea(sea::Sea),
}

impl Subject {
    /// Connects the subject of this name.
    pub(crate) async fn connect(name: &str, url: &str) -> Result<Subject> {
        Ok(match name {
            "tokio-postgres" => Subject::Raw(raw::Raw::connect(url).await?),
            "orm plain" => Subject::Plain(plain::Plain::connect(url).await?),
            "orm tracked" => Subject::Tracked(tracked::Tracked::connect(url).await?),
            "diesel-async" => Subject::Diesel(diesel::Diesel::connect(url).await?),
            "sea-orm" => Subject::Sea(sea::Sea::connect(url).await?),
            _ => return Err(format!("there is no subject `{name}`").into()),
        })
    }

    /// Does the work once.
    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        match self {
            Subject::Raw(raw) => raw.run(work, clock).await,
            Subject::Plain(plain) => plain.run(work, clock).await,
            Subject::Tracked(tracked) => tracked.run(work, clock).await,
            Subject::Diesel(diesel) => diesel.run(work, clock).await,
            Subject::Sea(sea) => sea.run(work, clock).await,
        }
    }
}

/// Whether a subject does this work at all.
pub(crate) fn takes_part(name: &str, work: Work) -> bool {
    match work {
        // The others have no identity map.
        Work::IdentityMap(_) => name == "orm tracked",
        // A statement a row, which takes minutes.
        Work::Update { changed, .. } if changed > 10_000 => {
            name != "diesel-async" && name != "sea-orm"
        }
        _ => true,
    }
}

/// Fails when a subject has not done what it should.
fn check(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found} rows where {expected} should be").into())
    }
}
