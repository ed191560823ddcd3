//! The crates that are compiled. For each ORM the same: a module for each model, with seven columns, a relationship to another
//! model and ten queries; or queries along a chain of joins.
//!
//! Each is written as its documentation writes it, with what its tools would write.

mod diesel;
mod orm;
mod sea;

use std::path::Path;

use crate::Result;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orm {
    Own,
    Diesel,
    Sea,
}

impl Orm {
    pub(crate) const ALL: [Orm; 3] = [Orm::Own, Orm::Diesel, Orm::Sea];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Orm::Own => "orm",
            Orm::Diesel => "diesel-async",
            Orm::Sea => "sea-orm",
        }
    }

    /// The lines of the manifest.
    pub(crate) fn dependencies(self, benches: &Path) -> String {
        match self {
            Orm::Own => format!(
                "orm-core = {{ path = \"{}/../orm-core\" }}\n",
                benches.display()
            ),
            Orm::Diesel => diesel::DEPENDENCIES.to_owned(),
            Orm::Sea => sea::DEPENDENCIES.to_owned(),
        }
    }

    /// What is the ORM's own among them.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Orm::Own => &["orm-core", "orm-derive"],
            Orm::Diesel => &[
                "diesel",
                "diesel_derives",
                "diesel_table_macro_syntax",
                "diesel-async",
            ],
            Orm::Sea => &[
                "sea-orm",
                "sea-orm-macros",
                "sea-query",
                "sea-query-derive",
                "sea-query-sqlx",
            ],
        }
    }
}

/// Writes a crate of so many models.
pub(crate) fn models(orm: Orm, source: &Path, models: usize) -> Result<()> {
    let mut root = String::from("#![allow(dead_code)]\n");
    for at in 0..models {
        // A ring, so that each has one.
        let other = (at + models - 1) % models;
        let text = match orm {
            Orm::Own => orm::model(at, other, models),
            Orm::Diesel => diesel::model(at, other),
            Orm::Sea => sea::model(at, other, models),
        };
        std::fs::write(source.join(format!("m{at}.rs")), text)?;
        root.push_str(&format!("pub mod m{at};\n"));
    }
    if orm == Orm::Diesel && models > 0 {
        std::fs::write(source.join("schema.rs"), diesel::schema(models))?;
        root.push_str("pub mod schema;\n");
    }
    if models == 0 {
        root.push_str(match orm {
            Orm::Own => "pub use orm_core;\n",
            Orm::Diesel => "pub use {diesel, diesel_async};\n",
            Orm::Sea => "pub use sea_orm;\n",
        });
    }
    std::fs::write(source.join("lib.rs"), root)?;
    Ok(())
}

/// Changes a model's file.
pub(crate) fn touch(source: &Path, turn: usize) -> Result<()> {
    let file = source.join("m0.rs");
    let text = std::fs::read_to_string(&file)?;
    let begin = text.rfind("// touched").unwrap_or(text.len());
    let touched = format!("// touched\npub fn touched() -> usize {{\n    {turn}\n}}\n");
    std::fs::write(&file, format!("{}{touched}", &text[..begin]))?;
    Ok(())
}

/// Writes a crate with so many queries of so many joins each.
pub(crate) fn joins(orm: Orm, source: &Path, joins: usize, queries: usize) -> Result<()> {
    let text = match orm {
        Orm::Own => orm::joins(joins, queries),
        Orm::Diesel => diesel::joins(joins, queries),
        Orm::Sea => sea::joins(joins, queries),
    };
    std::fs::write(
        source.join("lib.rs"),
        format!("#![allow(dead_code)]\n{text}"),
    )?;
    Ok(())
}
