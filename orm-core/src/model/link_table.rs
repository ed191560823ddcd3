//! Link tables without a struct: `many_to_many(tags: Tag, table = "post_tags")`. The derive describes such a table beside the
//! relationship; its columns have the types of the keys that they refer to, which are found here, from the models' types.

use super::{ColumnInfo, OnUpdate};
use crate::types::{KeyPart, PgType};

/// The types of the columns of a primary key: what a link table without a struct has to hold.
///
/// ```
/// use orm_core::model::LinkKey;
///
/// assert_eq!(<(i32, String) as LinkKey>::TYPES.iter().map(|ty| ty.name).collect::<Vec<_>>(), ["int4", "text"]);
/// ```
pub trait LinkKey {
    /// One for each column.
    const TYPES: &'static [&'static PgType];
}

impl<T: KeyPart> LinkKey for T {
    const TYPES: &'static [&'static PgType] = &[T::TYPE];
}

macro_rules! tuples {
    ($($part:ident)*) => {
        impl<$($part: KeyPart),*> LinkKey for ($($part,)*) {
            const TYPES: &'static [&'static PgType] = &[$($part::TYPE),*];
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);

/// The description of a column that holds a part of a key. Called by derived code.
///
/// # Panics
/// At compile time, where the key has another number of columns than the link table has for it.
#[doc(hidden)]
pub const fn link_column<K: LinkKey>(name: &'static str, part: usize, parts: usize) -> ColumnInfo {
    assert!(
        K::TYPES.len() == parts,
        "the link table needs a column for each column of both primary keys: say them with `near(..)` and `far(..)`"
    );
    ColumnInfo {
        field: name,
        name,
        ty: K::TYPES[part],
        declared: None,
        nullable: false,
        identity: false,
        server_default: None,
        computed: None,
        on_update: OnUpdate::Keep,
        unique: false,
    }
}
