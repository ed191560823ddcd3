//! [`NPlusOne`]: the warning that a loop reads row by row what one statement could read. Sessions count, observers are told.
//! [`NPlusOneReport`]: all that was counted since the engine was made, as a table.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use super::observe::Observer;

/// A loop that sends a statement for each row: what [`EngineBuilder::warn_n_plus_one`](super::EngineBuilder::warn_n_plus_one)
/// warns of. `Display` is the warning, with the fix.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// # use std::sync::Arc;
/// use orm_core::engine::{NPlusOneCall, StatementLog};
///
/// let log = StatementLog::new();
/// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).observe(Arc::new(log.clone())).connect().await?;
/// let mut db = engine.session();
/// for id in 1..=3 {
///     db.get::<User>(id).await?; // the third warns
/// }
/// let warning = &log.take_warnings()[0];
/// assert_eq!((warning.model, &warning.call, warning.count), ("User", &NPlusOneCall::Get, 3));
/// println!("{warning}"); // N+1: `db.get::<User>` at src/main.rs:6:8 has read one row at a time, 3 times ..
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NPlusOne {
    /// The model whose rows are read one by one, or whose relationship is.
    pub model: &'static str,
    /// What is called in the loop.
    pub call: NPlusOneCall,
    /// Where it is called.
    pub at: &'static Location<'static>,
    /// How many statements this place has sent in the transaction by now.
    pub count: usize,
    /// What to write instead.
    pub fix: String,
}

/// A call that sends a statement for one row.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::engine::NPlusOneCall;
///
/// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).connect().await?;
/// let mut db = engine.session();
/// let ann = db.get::<User>(1).await?.expect("she is there");
/// db.load(ann, User::ORDERS).await?;
/// let calls: Vec<_> = engine.n_plus_one_report().places.into_iter().map(|place| place.call).collect();
/// assert!(calls.contains(&NPlusOneCall::Get) && calls.contains(&NPlusOneCall::Load("ORDERS")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NPlusOneCall {
    /// `db.get`.
    Get,
    /// `db.refresh` of one entity.
    Refresh,
    /// `db.load` of one entity, and the relationship.
    Load(&'static str),
    /// `db.count_of` or `db.aggregate` of one entity, and the relationship.
    Aggregate(&'static str),
    /// `db.load_as` of one entity, and the relationship.
    LoadAs(&'static str),
    /// A query, and its SQL.
    Query(String),
}

impl fmt::Display for NPlusOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (model, count, at) = (self.model, self.count, self.at);
        match &self.call {
            NPlusOneCall::Get => write!(f, "N+1: `db.get::<{model}>` at {at} has read one row"),
            NPlusOneCall::Refresh => {
                write!(f, "N+1: `db.refresh` at {at} has read one row of `{model}`")
            }
            NPlusOneCall::Load(relationship) => write!(
                f,
                "N+1: `db.load` at {at} has loaded `{model}::{relationship}` for one row"
            ),
            NPlusOneCall::Aggregate(relationship) => write!(
                f,
                "N+1: `db.count_of` or `db.aggregate` at {at} has asked for a value of `{model}::{relationship}` for one row"
            ),
            NPlusOneCall::LoadAs(relationship) => write!(
                f,
                "N+1: `db.load_as` at {at} has read `{model}::{relationship}` for one row"
            ),
            NPlusOneCall::Query(_) => write!(
                f,
                "N+1: the query for `{model}` at {at} has asked for a part of the rows"
            ),
        }?;
        write!(
            f,
            " at a time, {count} times in this transaction; {}",
            self.fix
        )
    }
}

/// Tells `tracing` and every observer.
pub(super) fn publish(observers: &[Arc<dyn Observer>], warning: &NPlusOne) {
    tracing::warn!(target: "orm_core::n_plus_one", "{warning}");
    for observer in observers {
        observer.n_plus_one(warning);
    }
}

/// Which places of a program read single rows, and how often: what [`Engine::n_plus_one_report`](super::Engine::n_plus_one_report)
/// gives. `Display` is a table, the worst place first, with the fix below each place that the engine warns of.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).connect().await?;
/// let report = engine.n_plus_one_report();
/// assert_eq!((report.places.len(), report.more_than), (0, 2));
/// assert_eq!(report.to_string(), "no statement was sent for a single row");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NPlusOneReport {
    /// The places, the one with the most statements in one transaction first.
    pub places: Vec<NPlusOnePlace>,
    /// From how many statements in one transaction on the engine warns.
    pub more_than: usize,
}

/// One place of a program, and what it reads there.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let engine = Engine::builder(shop.test.url()).warn_n_plus_one(2).connect().await?;
/// engine.session().get::<User>(1).await?;
/// let place = &engine.n_plus_one_report().places[0];
/// assert_eq!((place.model, place.statements, place.transactions, place.most), ("User", 1, 1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NPlusOnePlace {
    /// The model whose rows are read one by one, or whose relationship is.
    pub model: &'static str,
    /// What is called.
    pub call: NPlusOneCall,
    /// Where it is called.
    pub at: &'static Location<'static>,
    /// How many statements it has sent.
    pub statements: u64,
    /// In how many transactions.
    pub transactions: u64,
    /// How many of the statements were in one transaction, where they were most.
    pub most: usize,
    /// What to write instead, if it is a loop.
    pub fix: String,
}

impl NPlusOnePlace {
    fn words(&self) -> String {
        let model = self.model;
        match &self.call {
            NPlusOneCall::Get => format!("get::<{model}>"),
            NPlusOneCall::Refresh => format!("refresh {model}"),
            NPlusOneCall::Load(relationship) => format!("load {model}::{relationship}"),
            NPlusOneCall::Aggregate(relationship) => format!("aggregate {model}::{relationship}"),
            NPlusOneCall::LoadAs(relationship) => format!("load_as {model}::{relationship}"),
            NPlusOneCall::Query(_) => format!("query of {model}"),
        }
    }
}

impl fmt::Display for NPlusOneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places.is_empty() {
            return f.write_str("no statement was sent for a single row");
        }
        let words: Vec<String> = self.places.iter().map(NPlusOnePlace::words).collect();
        let width = words.iter().map(String::len).max().unwrap_or(0).max(4);
        write!(
            f,
            "most in one  statements  transactions  {:width$}  place",
            "call"
        )?;
        for (place, words) in self.places.iter().zip(words) {
            let NPlusOnePlace {
                statements,
                transactions,
                most,
                at,
                ..
            } = place;
            write!(
                f,
                "\n{most:>11}  {statements:>10}  {transactions:>12}  {words:width$}  {at}"
            )?;
            if *most > self.more_than {
                write!(f, "\n             N+1: {}", place.fix)?;
            }
        }
        Ok(())
    }
}

/// What the sessions of an engine have counted.
#[derive(Default)]
pub(super) struct Counts(Mutex<HashMap<Place, Count>>);

type Place = (&'static Location<'static>, &'static str, NPlusOneCall);

#[derive(Default)]
struct Count {
    statements: u64,
    transactions: u64,
    most: usize,
    fix: String,
}

impl Counts {
    /// Notes a statement: the one with the number `count` of its place in its transaction.
    pub(super) fn note(&self, one: NPlusOne) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = places.entry((one.at, one.model, one.call)).or_default();
        known.statements += 1;
        known.transactions += u64::from(one.count == 1);
        known.most = known.most.max(one.count);
        known.fix = one.fix;
    }

    pub(super) fn report(&self, more_than: usize) -> NPlusOneReport {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.iter();
        let mut places: Vec<_> = places
            .map(|((at, model, call), count)| NPlusOnePlace {
                model,
                call: call.clone(),
                at,
                statements: count.statements,
                transactions: count.transactions,
                most: count.most,
                fix: count.fix.clone(),
            })
            .collect();
        places.sort_by(|a, b| {
            let key = |one: &NPlusOnePlace| (one.most, one.statements);
            let place = |one: &NPlusOnePlace| (one.at.file(), one.at.line(), one.at.column());
            (key(b).cmp(&key(a)))
                .then_with(|| place(a).cmp(&place(b)))
                .then_with(|| a.words().cmp(&b.words()))
        });
        NPlusOneReport { places, more_than }
    }
}
