//! `db.changes(handle)`: what the next flush would write of an entity, field by field, with what was there before.
//! SQLAlchemy: `inspect(obj).attrs.x.history`.

use std::fmt;
use std::marker::PhantomData;

use super::expressions::rendered;
use super::{Session, State};
use crate::error::Result;
use crate::expr::Column;
use crate::model::{ColumnInfo, Handle, Model, RawHandle, RelationInfo};
use crate::types::{Param, SqlType, TypeKind};

/// The unflushed changes of an entity: what [`Session::changes`] gives. Its `Display` is a line for each, with values.
/// SQLAlchemy: `attributes.History`, of all attributes.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db[air].stock = 4;
/// let changes = db.changes(air)?; // a `History<Product>`
/// assert_eq!(changes.fields[0].column.name, "stock");
/// assert_eq!(changes.to_string(), "stock: 5 -> 4\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct History<M> {
    /// The fields, in the order of the struct.
    pub fields: Vec<FieldChange>,
    /// Many-to-many links that were added or removed, from either side.
    pub links: Vec<LinkChange>,
    model: PhantomData<fn() -> M>,
}

/// A field that differs from the database.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db[air].stock = 4;
/// let changes = db.changes(air)?;
/// let change = &changes.fields[0];
/// assert_eq!((change.column.field, change.old.as_ref().map(|old| old.show())), ("stock", Some("5".to_owned())));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// The description of its column.
    pub column: &'static ColumnInfo,
    /// What the database has, as far as the session knows; `None` for a new entity.
    pub old: Option<Param>,
    /// What the flush will write.
    pub new: NewValue,
    pub(super) position: u16,
}

/// What a flush will write into a column.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::NewValue;
///
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db[air].stock = 4;
/// assert!(matches!(&db.changes(air)?.fields[0].new, NewValue::Value(value) if value.show() == "4"));
/// db.set_expr(air, Product::STOCK.set(Product::STOCK - 1))?;
/// assert!(matches!(&db.changes(air)?.fields[0].new, NewValue::Expression(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub enum NewValue {
    /// A value.
    Value(Param),
    /// What the server makes of this SQL: see [`Session::set_expr`].
    Expression(String),
    /// The key of a new entity, named as messages name it, which the server makes when that is inserted.
    KeyOf(String),
}

/// A field before and behind a change, in its own type.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// use orm_core::session::Change;
///
/// let air = db.get::<Product>(1).await?.expect("it is there");
/// db[air].stock = 4;
/// assert_eq!(db.changes(air)?.of(Product::STOCK), Some(Change { old: Some(5), new: Some(4) }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// What the database has; `None` for a new entity.
    pub old: Option<T>,
    /// What the flush will write; `None` where the server makes it.
    pub new: Option<T>,
}

/// A many-to-many link that the next flush inserts or deletes.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let (air, sale) = (db.get::<Product>(1).await?.unwrap(), db.get::<Tag>(2).await?.unwrap());
/// db.push(air, Product::TAGS, sale);
/// let link = db.changes(air)?.links[0];
/// assert_eq!((link.added, link.other, link.relation.path()), (true, sale.raw(), "Product::TAGS".to_owned()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LinkChange {
    /// The relationship that it was changed by.
    pub relation: &'static RelationInfo,
    /// Whether it comes or goes.
    pub added: bool,
    /// What is at the link's other end.
    pub other: RawHandle,
}

impl<M: Model> History<M> {
    /// The change of one field, in its own type; `None` if it hasn't changed.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// db[air].stock -= 1;
    /// let change = db.changes(air)?.of(Product::STOCK).expect("it was changed");
    /// assert_eq!((change.old, change.new), (Some(5), Some(4)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<T: SqlType>(&self, column: Column<M, T>) -> Option<Change<T>> {
        let mut fields = self.fields.iter();
        let change = fields.find(|change| change.position == column.position())?;
        Some(Change {
            old: change.old.as_ref().and_then(decoded),
            new: match &change.new {
                NewValue::Value(value) => decoded(value),
                NewValue::Expression(_) | NewValue::KeyOf(_) => None,
            },
        })
    }
}

impl<M> History<M> {
    /// Whether nothing was changed.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let air = db.get::<Product>(1).await?.expect("it is there");
    /// assert!(db.changes(air)?.is_empty());
    /// db[air].stock -= 1;
    /// assert!(!db.changes(air)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.links.is_empty()
    }
}

/// What a field of this type encoded.
fn decoded<T: SqlType>(value: &Param) -> Option<T> {
    T::decode(value.pg_type().raw(value.bytes())).ok()
}

impl<M> fmt::Display for History<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.fields {
            writeln!(f, "{change}")?;
        }
        for link in &self.links {
            let sign = if link.added { '+' } else { '-' };
            let path = link.relation.path();
            writeln!(f, "{sign} {path}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.column.field)?;
        if let Some(old) = &self.old {
            write!(f, "{} -> ", shown(old))?;
        }
        write!(f, "{}", self.new)
    }
}

impl fmt::Display for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NewValue::Value(value) => f.write_str(&shown(value)),
            NewValue::Expression(sql) => write!(f, "{{{sql}}}"),
            NewValue::KeyOf(entity) => write!(f, "{{key of {entity}}}"),
        }
    }
}

/// A value for those who asked to see it: numbers as they are, all else between quotes, and no longer than a line.
pub(super) fn shown(value: &Param) -> String {
    const LONGEST: usize = 60;
    if value.bytes().is_none() {
        return "NULL".to_owned();
    }
    let mut text = value.show();
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).collect();
        text.push('…');
    }
    let bare = [
        "int2", "int4", "int8", "numeric", "float4", "float8", "bool",
    ];
    match value.pg_type().kind {
        TypeKind::Scalar if bare.contains(&value.pg_type().name) => text,
        _ => format!("'{}'", text.replace('\n', "\\n")),
    }
}

impl Session {
    /// What the next flush would write of an entity: each field that differs, its old value and its new one; foreign keys
    /// that were set through relationships and expressions too. Empty where nothing was changed. Sends nothing.
    /// SQLAlchemy: `inspect(obj).attrs.x.history`.
    ///
    /// ```
    #[doc = include_str!("example_shop.txt")]
    /// use orm_core::session::Change;
    ///
    /// let order = Order::query().first(&mut db).await?.unwrap();
    /// db[order].total = 31;
    /// let changes = db.changes(order)?;
    /// assert_eq!(changes.of(Order::TOTAL), Some(Change { old: Some(30), new: Some(31) }));
    /// assert_eq!(changes.of(Order::USER_ID), None);
    /// assert_eq!(changes.to_string(), "total: 30 -> 31\n");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// A new entity has all fields that were given, without old values. What cascades would do to other rows is seen in
    /// [`plan`](Session::plan).
    ///
    /// # Errors
    /// [`Error::Detached`](crate::Error::Detached).
    pub fn changes<M: Model>(&self, handle: Handle<M>) -> Result<History<M>> {
        self.check(handle)?;
        Ok(History {
            fields: self.field_changes(handle.raw()),
            links: self.link_changes(handle.raw()),
            model: PhantomData,
        })
    }

    /// The fields of an entity that the next flush writes.
    pub(super) fn field_changes(&self, row: RawHandle) -> Vec<FieldChange> {
        let store = self.store(row);
        let computed = self.computed_columns(row);
        let to_come = self.keys_to_come(row);
        let state = self.raw_state(row);
        let columns = match state {
            State::Pending => store.given(row.index).union(computed).union(to_come),
            State::Persistent => store.changes(row.index).union(computed).union(to_come),
            State::Deleted | State::Detached => return Vec::new(),
        };
        let change = |position: u16| FieldChange {
            column: &self.table(row).columns[position as usize],
            old: (state == State::Persistent).then(|| self.value_before(row, position)),
            new: match self.expression(row, position) {
                Some(expression) if computed.contains(position) => {
                    NewValue::Expression(rendered(expression).sql.into())
                }
                _ if to_come.contains(position) => NewValue::KeyOf(self.target_of(row, position)),
                _ => NewValue::Value(self.value(row, position)),
            },
            position,
        };
        columns.iter().map(change).collect()
    }

    /// The name of the new entity whose key will come into a column.
    fn target_of(&self, row: RawHandle, column: u16) -> String {
        let mut relations = self.set_links.of(row);
        let relation = relations.find(|relation| relation.columns().0.contains(&column));
        relation
            .and_then(|relation| self.known_target(row, relation).flatten())
            .map_or_else(String::new, |target| self.row_name(target))
    }

    fn link_changes(&self, row: RawHandle) -> Vec<LinkChange> {
        let of_row = self.link_rows.iter().filter_map(|link| {
            let other = if link.owner == row {
                link.target
            } else if link.target == row {
                link.owner
            } else {
                return None;
            };
            Some(LinkChange {
                relation: link.relation,
                added: link.added,
                other,
            })
        });
        of_row.collect()
    }

    /// `Hen#0`, `new Hen#1`: what messages call a row whose values they don't show.
    pub(super) fn row_name(&self, row: RawHandle) -> String {
        let new = match self.raw_state(row) {
            State::Pending => "new ",
            _ => "",
        };
        format!("{new}{}#{}", self.table(row).model, row.index)
    }
}
