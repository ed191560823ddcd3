//! `db.debug_view()`: what is in the session, as text that one wants to read.

use std::fmt;

use super::history::{FieldChange, NewValue, shown};
use super::slots::LinkState;
use super::{Session, State};
use crate::model::RawHandle;

/// What is in a session, to be printed: see [`Session::debug_view`].
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// db.get::<User>(1).await?;
/// assert!(db.debug_view().to_string().starts_with("1 entity, "));
/// assert!(db.debug_view().long().values().to_string().contains("'Ann'"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a debug view does nothing until it is printed"]
#[derive(Clone, Copy)]
pub struct DebugView<'a> {
    session: &'a Session,
    long: bool,
    values: bool,
    unsent: bool,
}

impl Session {
    /// What is in the session: every entity, its state, and each field that was changed, a line for each entity. Sends
    /// nothing and changes nothing. Values are hidden unless [`values`](DebugView::values) asks for them.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// let ann = User::query().filter(User::NAME.eq("Ann")).one(&mut db).await?;
    /// db[ann].name = "Anna".to_owned();
    /// db.add(Order::create().total(7).user(ann));
    /// assert_eq!(
    ///     db.debug_view().to_string(),
    ///     "2 entities, 2 of them unsent, in a transaction
    ///
    /// User (users)
    ///   #0  changed  name
    ///
    /// Order (orders)
    ///   #0  new      total, user_id
    /// "
    /// );
    /// assert_eq!(
    ///     db.debug_view().long().values().to_string(),
    ///     "2 entities, 2 of them unsent, in a transaction
    ///
    /// User (users)
    ///   #0  changed
    ///       id       1
    ///       name     'Anna'  was 'Ann'
    ///       ORDERS   not loaded
    ///       PROFILE  not loaded
    ///
    /// Order (orders)
    ///   #0  new
    ///       total    7
    ///       user_id  1
    ///       USER     User#0
    ///       ITEMS    none
    /// "
    /// );
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    pub fn debug_view(&self) -> DebugView<'_> {
        DebugView {
            session: self,
            long: false,
            values: false,
            unsent: false,
        }
    }
}

impl DebugView<'_> {
    /// Every field on a line of its own, those that weren't changed too, and where relationships lead.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.add(Tag::create().word("used"));
    /// assert_eq!(
    ///     db.debug_view().long().to_string(),
    ///     "1 entity, 1 of them unsent, in no transaction
    ///
    /// Tag (tags)
    ///   #0  new
    ///       word      <text>
    ///       PRODUCTS  none
    /// "
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn long(mut self) -> Self {
        self.long = true;
        self
    }

    /// With the values of the fields. They may be somebody's secrets: think of where the text goes.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.add(Tag::create().word("used"));
    /// assert_eq!(
    ///     db.debug_view().values().to_string(),
    ///     "1 entity, 1 of them unsent, in no transaction
    ///
    /// Tag (tags)
    ///   #0  new  word: 'used'
    /// "
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn values(mut self) -> Self {
        self.values = true;
        self
    }

    /// Only the entities that the next flush would write.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// Tag::query().all(&mut db).await?;
    /// db.add(Tag::create().word("used"));
    /// assert!(db.debug_view().to_string().contains("#0  unchanged"));
    /// assert!(!db.debug_view().unsent().to_string().contains("#0  unchanged"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn unsent(mut self) -> Self {
        self.unsent = true;
        self
    }

    /// What is to be done with an entity, in a word, and what else is to be known of it.
    fn state(&self, row: RawHandle, changed: bool) -> (&'static str, bool) {
        let head = &self.session.slots(row).heads[row.index as usize];
        let stale = head.state == State::Persistent && head.epoch != self.session.epoch;
        let word = match head.state {
            State::Pending => "new",
            State::Persistent if head.doomed => "deleting",
            State::Persistent if changed => "changed",
            State::Persistent => "unchanged",
            State::Deleted => "deleted",
            State::Detached => "detached",
        };
        (word, stale)
    }

    /// The changed fields on one line.
    fn fields(&self, changes: &[FieldChange]) -> String {
        let fields = changes.iter().map(|change| {
            if self.values {
                change.to_string()
            } else {
                change.column.field.to_owned()
            }
        });
        fields.collect::<Vec<_>>().join(", ")
    }

    /// The fields and relationships of an entity, a line for each.
    fn lines(&self, row: RawHandle, changes: &[FieldChange]) -> Vec<(String, String, String)> {
        let table = self.session.table(row);
        let new = self.session.raw_state(row) == State::Pending;
        let mut lines = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let change = changes.iter().find(|change| change.position == at as u16);
            let ty = format!("<{}>", column.ty);
            let (now, was) = match change {
                None if new => continue,
                None if self.values => (shown(&self.session.value(row, at as u16)), None),
                None => (ty, None),
                Some(change) if self.values => {
                    (change.new.to_string(), change.old.as_ref().map(shown))
                }
                Some(change) => {
                    let now = match &change.new {
                        NewValue::Value(_) => ty,
                        // Neither shows a value.
                        new => new.to_string(),
                    };
                    (now, change.old.is_some().then(|| "changed".to_owned()))
                }
            };
            let was = was.map_or_else(String::new, |was| match self.values {
                true => format!("was {was}"),
                false => was,
            });
            lines.push((column.field.to_owned(), now, was));
        }
        for relation in table.relations {
            let slots = self.session.slots(row);
            let known = match slots.link(relation.index, row.index) {
                LinkState::NotLoaded => match self.session.targets(row, relation) {
                    Some(targets) => self.names(&targets),
                    None => "not loaded".to_owned(),
                },
                LinkState::One(target) => self.names(&target.iter().copied().collect::<Vec<_>>()),
                LinkState::Many(collection) => {
                    let mut names = self.names(collection.members());
                    if collection.is_partial() {
                        names.push_str(" (a part)");
                    }
                    names
                }
            };
            lines.push((relation.name.to_owned(), known, String::new()));
        }
        lines
    }

    fn names(&self, rows: &[RawHandle]) -> String {
        const MOST: usize = 5;
        let here = rows
            .iter()
            .filter(|row| self.session.raw_state(**row) != State::Detached);
        let mut names: Vec<String> = here.map(|row| self.session.row_name(*row)).collect();
        let more = names.len().saturating_sub(MOST);
        names.truncate(MOST);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        }
    }

    fn entity(
        &self,
        f: &mut fmt::Formatter<'_>,
        row: RawHandle,
        changes: &[FieldChange],
        widths: (usize, usize),
    ) -> fmt::Result {
        let (state, stale) = self.state(row, !changes.is_empty());
        let mut note = match self.long {
            true => String::new(),
            false => self.fields(changes),
        };
        if stale {
            note.push_str(if note.is_empty() {
                "stale"
            } else {
                "  (stale)"
            });
        }
        let name = format!("#{}", row.index);
        let line = format!("  {name:<0$}  {state:<1$}  {note}", widths.0, widths.1);
        writeln!(f, "{}", line.trim_end())?;
        if !self.long {
            return Ok(());
        }
        let lines = self.lines(row, changes);
        let first = lines.iter().map(|line| line.0.chars().count()).max();
        let second = lines
            .iter()
            .filter(|line| !line.2.is_empty())
            .map(|line| line.1.chars().count());
        let (first, second) = (first.unwrap_or(0), second.max().unwrap_or(0));
        for (name, now, was) in lines {
            let line = format!("{:4}  {name:<first$}  {now:<second$}  {was}", "");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Debug for DebugView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DebugView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut models = Vec::new();
        let (mut entities, mut unsent, mut widths) = (0, 0, (0, 0));
        for store in &self.session.arenas {
            let slots = store.slots();
            let mut rows = Vec::new();
            for index in slots.inhabited() {
                let row = slots.handle(index);
                let changes = self.session.field_changes(row);
                let head = &slots.heads[index as usize];
                let waits = !changes.is_empty() || head.doomed || head.state == State::Pending;
                entities += 1;
                unsent += usize::from(waits);
                if waits || !self.unsent {
                    let (state, _) = self.state(row, !changes.is_empty());
                    widths.0 = widths.0.max(format!("#{index}").len());
                    widths.1 = widths.1.max(state.len());
                    rows.push((row, changes));
                }
            }
            if !rows.is_empty() {
                models.push((slots.table, rows));
            }
        }
        let entities = match entities {
            1 => "1 entity".to_owned(),
            n => format!("{n} entities"),
        };
        let transaction = match (self.session.link.is_some(), self.session.undo.depth()) {
            (false, _) => "in no transaction".to_owned(),
            (true, 0) => "in a transaction".to_owned(),
            (true, 1) => "in a transaction with 1 savepoint".to_owned(),
            (true, n) => format!("in a transaction with {n} savepoints"),
        };
        writeln!(f, "{entities}, {unsent} of them unsent, {transaction}")?;
        for (table, rows) in models {
            writeln!(f, "\n{} ({})", table.model, table.name)?;
            for (row, changes) in rows {
                self.entity(f, row, &changes, widths)?;
            }
        }
        let mut links = self.session.link_rows.iter().peekable();
        if links.peek().is_some() {
            writeln!(f, "\nlinks to be written")?;
        }
        for link in links {
            let sign = if link.added { '+' } else { '-' };
            let (owner, target) = (
                self.session.row_name(link.owner),
                self.session.row_name(link.target),
            );
            writeln!(f, "  {sign} {}: {owner} - {target}", link.relation.path())?;
        }
        Ok(())
    }
}
