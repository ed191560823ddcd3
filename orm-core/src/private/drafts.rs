//! What the builders and drafts of derived code call.

use std::fmt;

use crate::model::{
    Draft, DraftLink, IntoColumn, LinkEnd, Nested, New, NewRow, RelationInfo, Several, Table,
};

/// What a builder holds, whatever its type parameters say of it.
///
/// It is one struct for all builders: each method of one moves it on, and two fields would be moved and dropped one by one.
#[derive(Clone, Debug, Default)]
pub struct Building<D> {
    /// The values.
    pub draft: D,
    /// The relationships.
    pub links: Vec<DraftLink>,
}

impl<D: Draft> Building<D> {
    /// What goes into a session.
    pub fn into_new(mut self) -> New<D::Model> {
        self.draft.apply_defaults();
        New {
            draft: self.draft,
            links: self.links,
        }
    }

    /// What a relationship of another builder leads to.
    pub fn into_end(self) -> LinkEnd {
        LinkEnd::New(NewRow::new(self.draft, self.links))
    }

    /// Sets a relationship.
    pub fn link<N: Nested<M, PLACE>, M, const PLACE: u16>(
        &mut self,
        relation: &'static RelationInfo,
        target: N,
    ) {
        let end = target.into_end();
        self.links.push(DraftLink { relation, end });
    }

    /// Adds members to a to-many.
    pub fn members<N: Nested<M, PLACE>, M, const PLACE: u16>(
        &mut self,
        relation: &'static RelationInfo,
        members: impl Several<N>,
    ) {
        let ends = members.each().map(N::into_end);
        self.links
            .extend(ends.map(|end| DraftLink { relation, end }));
    }
}

/// Shows a builder.
///
/// # Errors
/// The formatter's.
pub fn debug_builder<D: Draft>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    building: &Building<D>,
) -> fmt::Result {
    f.debug_struct(name)
        .field("draft", &building.draft)
        .field("links", &building.links)
        .finish()
}

/// Shows a draft: the values that it has.
///
/// # Errors
/// The formatter's.
pub fn debug_draft(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    table: &Table,
    values: &[Option<&dyn fmt::Debug>],
) -> fmt::Result {
    let mut fields = f.debug_struct(name);
    for (column, value) in table.columns.iter().zip(values) {
        if let Some(value) = value {
            fields.field(column.field, value);
        }
    }
    fields.finish()
}

/// Gives a draft's field a value.
pub fn give<T>(field: &mut Option<T>, value: impl IntoColumn<T>) {
    *field = Some(value.into_column());
}
