//! `db.undo_view()`: what a rollback would put back in memory, as text that one wants to read.

use std::fmt;

use super::history::shown;
use super::slots::LinkState;
use super::undo::Undo;
use super::{Session, State};
use crate::model::RawHandle;
use crate::types::Param;

/// What a rollback would put back in memory, to be printed: see [`Session::undo_view`].
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// db.add(Tag::create().word("used"));
/// assert!(db.undo_view().to_string().contains("was not in the session"));
/// # Ok(())
/// # }
/// ```
#[must_use = "an undo view does nothing until it is printed"]
#[derive(Clone, Copy)]
pub struct UndoView<'a> {
    session: &'a Session,
    values: bool,
}

impl Session {
    /// What a [`rollback`](Session::rollback) would put back in memory: the entries of the undo log in the order in which they
    /// were made, under the transaction or the savepoint that they belong to. Rolling back takes them off from the last to the
    /// first. Sends nothing and changes nothing. Values are hidden unless [`values`](UndoView::values) asks for them.
    ///
    /// An entity is in the log once for each transaction or savepoint, however often it is changed in it: the entry is what it
    /// was before the first change.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db[ann].name = "Anna".to_owned();
    /// db[ann].name = "Annabel".to_owned();
    /// let mut savepoint = db.begin_nested().await?;
    /// savepoint[ann].name = "Hannah".to_owned();
    /// savepoint.add(Order::create().total(7).user(ann));
    /// assert_eq!(
    ///     savepoint.undo_view().values().to_string(),
    ///     "4 entries, which a rollback takes back from the last to the first
    ///
    /// the transaction
    ///   1  row    User#0        name was 'Ann'
    ///
    /// savepoint sp_1
    ///   2  row    User#0        name was 'Annabel'
    ///   3  added  new Order#0   was not in the session
    ///   4  link   Order#0.USER  was not loaded
    /// "
    /// );
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn undo_view(&self) -> UndoView<'_> {
        UndoView {
            session: self,
            values: false,
        }
    }
}

impl UndoView<'_> {
    /// With the values that rows had. They may be somebody's secrets: think of where the text goes.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// db[air].stock = 4;
    /// assert!(db.undo_view().values().to_string().contains('5'));
    /// # Ok(())
    /// # }
    /// ```
    pub fn values(mut self) -> Self {
        self.values = true;
        self
    }

    /// An entry: its kind, what it is about, and what a rollback makes of that.
    fn entry(&self, undo: &Undo) -> (&'static str, String, String) {
        let session = self.session;
        let (kind, row) = match undo {
            Undo::Row(row, ..) | Undo::Deleted(row, _) => ("row", *row),
            Undo::Added(row, _) => ("added", *row),
            Undo::Link(row, ..) | Undo::NotLoaded(row, ..) => ("link", *row),
            Undo::Joined(row, ..) => ("joined", *row),
            Undo::Left(row, ..) => ("left", *row),
            Undo::Created(row, _) => ("created", *row),
            Undo::Read(row) => ("read", *row),
        };
        let subject = match undo {
            Undo::Link(_, relation, _)
            | Undo::NotLoaded(_, relation, _)
            | Undo::Joined(_, relation, _)
            | Undo::Left(_, relation, ..) => {
                let table = session.table(row);
                let relation = &table.relations[*relation as usize];
                format!("{}#{}.{}", table.model, row.index, relation.name)
            }
            _ => session.row_name(row),
        };
        let effect = match undo {
            _ if session.raw_state(row) == State::Detached => {
                "has left the session already".to_owned()
            }
            Undo::Row(row, copy, _) => self.row(*row, |at| session.value_in(*row, *copy, at)),
            Undo::Deleted(row, _) => self.row(*row, |at| session.value_before(*row, at)),
            Undo::Added(..) => "was not in the session".to_owned(),
            Undo::NotLoaded(..) => "was not loaded".to_owned(),
            Undo::Link(_, _, state) => match state {
                LinkState::NotLoaded => "was not loaded".to_owned(),
                LinkState::One(None) => "led nowhere".to_owned(),
                LinkState::One(Some(target)) => format!("led to {}", session.row_name(*target)),
                LinkState::Many(members) => match members.members().len() {
                    0 => "was empty".to_owned(),
                    1 => "had 1 member".to_owned(),
                    n => format!("had {n} members"),
                },
            },
            Undo::Joined(_, _, member) => format!("did not have {}", session.row_name(*member)),
            Undo::Left(_, _, member, at) => {
                format!("had {} at place {}", session.row_name(*member), at + 1)
            }
            Undo::Created(..) => "was created here, and its collections were known".to_owned(),
            Undo::Read(_) => "was not read".to_owned(),
        };
        (kind, subject, effect)
    }

    /// What a row was, in the fields that are different now.
    fn row(&self, row: RawHandle, was: impl Fn(u16) -> Param) -> String {
        let session = self.session;
        let columns = session.table(row).columns;
        let mut parts = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let was = was(at as u16);
            if was.bytes() != session.value(row, at as u16).bytes() {
                parts.push(match self.values {
                    true => format!("{} was {}", column.field, shown(&was)),
                    false => format!("{} was different", column.field),
                });
            }
        }
        let slots = session.slots(row);
        let head = &slots.heads[row.index as usize];
        if head.state == State::Deleted || head.doomed {
            parts.insert(0, "was not deleted".to_owned());
        }
        match parts.is_empty() {
            true => "was as it is".to_owned(),
            false => parts.join(", "),
        }
    }
}

impl fmt::Debug for UndoView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for UndoView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for (depth, undo) in self.session.undo.entries() {
            undo.one_by_one(|undo| lines.push((depth, self.entry(undo))));
        }
        match lines.len() {
            0 => return writeln!(f, "no entries: there is nothing to take back"),
            1 => writeln!(f, "1 entry, which a rollback takes back")?,
            n => writeln!(
                f,
                "{n} entries, which a rollback takes back from the last to the first"
            )?,
        }
        let width = |of: fn(&(&'static str, String, String)) -> usize| {
            lines.iter().map(|(_, line)| of(line)).max().unwrap_or(0)
        };
        let number = lines.len().to_string().len();
        let kind = width(|line| line.0.len());
        let subject = width(|line| line.1.chars().count());
        let mut last = None;
        for (at, (depth, line)) in lines.iter().enumerate() {
            if last.replace(*depth) != Some(*depth) {
                match depth {
                    0 => writeln!(f, "\nthe transaction")?,
                    depth => writeln!(f, "\nsavepoint sp_{depth}")?,
                }
            }
            let (word, about, effect) = line;
            let at = at + 1;
            writeln!(
                f,
                "  {at:>number$}  {word:<kind$}  {about:<subject$}  {effect}"
            )?;
        }
        Ok(())
    }
}
