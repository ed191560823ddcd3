//! [`Cast`]: the entities that the story has met, and how each is found in the session at a moment.

use orm_core::model::Model;
use orm_core::prelude::*;
use orm_core::session::{NewValue, State};

use crate::models::{Item, Order, User};

/// The entities that the story has met.
#[derive(Default)]
pub(crate) struct Cast {
    pub(crate) users: Vec<Handle<User>>,
    pub(crate) orders: Vec<Handle<Order>>,
    pub(crate) items: Vec<Handle<Item>>,
}

/// An entity at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entity {
    /// `User#0`, as the debug view calls it.
    pub(crate) name: String,
    pub(crate) model: &'static str,
    pub(crate) state: Is,
    pub(crate) fields: Vec<Field>,
    /// The entity that its foreign key leads to.
    pub(crate) parent: Option<String>,
}

/// A field, and what the database has where that is something else.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) was: Option<String>,
}

/// What a flush would do with an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    New,
    Unchanged,
    Changed,
    Deleting,
    Deleted,
    Gone,
}

impl Is {
    /// In a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Is::New => "new",
            Is::Unchanged => "unchanged",
            Is::Changed => "changed",
            Is::Deleting => "deleting",
            Is::Deleted => "deleted",
            Is::Gone => "gone",
        }
    }
}

impl Cast {
    /// All of them as they are now.
    pub(crate) fn look(&self, db: &Session) -> Vec<Entity> {
        let users = self.users.iter().map(|user| {
            let fields = db.peek(*user).map_or_else(
                |_| Vec::new(),
                |row| vec![("id", row.id.to_string()), ("name", quoted(&row.name))],
            );
            entity(db, *user, fields, None)
        });
        let orders = self.orders.iter().map(|order| {
            let fields = db.peek(*order).map_or_else(
                |_| Vec::new(),
                |row| {
                    vec![
                        ("id", row.id.to_string()),
                        ("total", row.total.to_string()),
                        ("user_id", row.user_id.to_string()),
                    ]
                },
            );
            let user = db.related(*order, Order::USER).ok();
            entity(db, *order, fields, user.map(|user| format!("{user:?}")))
        });
        let items = self.items.iter().map(|item| {
            let fields = db.peek(*item).map_or_else(
                |_| Vec::new(),
                |row| {
                    vec![
                        ("id", row.id.to_string()),
                        ("product", quoted(&row.product)),
                        ("quantity", row.quantity.to_string()),
                        ("order_id", row.order_id.to_string()),
                    ]
                },
            );
            let order = db.related(*item, Item::ORDER).ok();
            entity(db, *item, fields, order.map(|order| format!("{order:?}")))
        });
        users.chain(orders).chain(items).collect()
    }
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// An entity, with the fields of its row. One that has no row yet has the fields that it was given.
fn entity<M: Model>(
    db: &Session,
    handle: Handle<M>,
    row: Vec<(&'static str, String)>,
    parent: Option<String>,
) -> Entity {
    let changes = (db.changes(handle)).map_or_else(|_| Vec::new(), |changes| changes.fields);
    let was = |name: &str| {
        let change = changes.iter().find(|change| change.column.field == name)?;
        Some(change.old.as_ref()?.show())
    };
    let state = match db.state(handle) {
        State::Pending => Is::New,
        State::Persistent if db.deleted::<M>().contains(&handle) => Is::Deleting,
        State::Persistent if db.is_modified(handle) => Is::Changed,
        State::Persistent => Is::Unchanged,
        State::Deleted => Is::Deleted,
        State::Detached => Is::Gone,
    };
    let fields = if state == Is::New {
        let given = changes.iter().map(|change| Field {
            name: change.column.field,
            value: match &change.new {
                NewValue::KeyOf(entity) => format!("key of {entity}"),
                new => new.to_string(),
            },
            was: None,
        });
        given.collect()
    } else {
        let fields = row.into_iter().map(|(name, value)| Field {
            name,
            was: was(name).map(|was| match value.starts_with('\'') {
                true => quoted(&was),
                false => was,
            }),
            value,
        });
        fields.collect()
    };
    Entity {
        name: format!("{handle:?}"),
        model: M::TABLE.model,
        state,
        fields,
        parent,
    }
}
