//! The native enums that the columns of some tables are of.

use crate::model::{ColumnInfo, Table};
use crate::query::quote;
use crate::types::{PgType, TypeKind};

/// A native enum.
#[derive(Debug, Clone, Copy)]
pub(super) struct EnumType {
    pub(super) ty: &'static PgType,
    pub(super) labels: &'static [&'static str],
}

impl EnumType {
    /// Its name in SQL.
    pub(super) fn sql_name(self) -> String {
        let mut name = String::new();
        quote::qualified(&mut name, self.ty.schema, self.ty.name);
        name
    }

    fn is(self, other: Self) -> bool {
        (self.ty.schema, self.ty.name) == (other.ty.schema, other.ty.name)
    }
}

/// The enum that a column's values are of, itself or in an array. None where the column was declared as another type,
/// which is then the one that the table needs.
pub(super) fn of_column(column: &ColumnInfo) -> Option<EnumType> {
    if column.declared.is_some() {
        return None;
    }
    let mut ty = column.ty;
    loop {
        match ty.kind {
            TypeKind::Array(element) => ty = element,
            TypeKind::Enum(labels) => return Some(EnumType { ty, labels }),
            TypeKind::Scalar => return None,
        }
    }
}

/// The enum of each column that has one.
pub(super) fn of_columns(tables: &[&'static Table]) -> impl Iterator<Item = EnumType> {
    let columns = tables.iter().flat_map(|table| table.columns);
    columns.filter_map(of_column)
}

/// The enums of some tables, each once, in the order of the columns.
pub(super) fn of_tables(tables: &[&'static Table]) -> Vec<EnumType> {
    let mut enums: Vec<EnumType> = Vec::new();
    for one in of_columns(tables) {
        if !enums.iter().any(|other| other.is(one)) {
            enums.push(one);
        }
    }
    enums
}
