//! [`Registry`]: a list of models as a value, for programs that put theirs together as they run.

use std::collections::HashMap;

use super::Models;
use super::enums::{self, EnumType};
use crate::error::{Error, Result};
use crate::model::{RelationKind, Table};

/// A list of models, as a value. SQLAlchemy: `MetaData`, the registry behind `DeclarativeBase`.
///
/// [`Models`] as a type is the shorter way where a program knows its models in one place. A registry is for one that does
/// not: each part or plug-in adds its own.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::schema::Registry;
///
/// # #[derive(Model, Clone)] struct User { #[orm(primary_key)] id: i32 }
/// # #[derive(Model, Clone)] struct Category { #[orm(primary_key)] id: i32 }
/// # #[derive(Model, Clone)] struct Product { #[orm(primary_key)] id: i32 }
/// let registry = Registry::new().with::<User>().with::<(Category, Product)>();
/// assert_eq!(registry.tables().len(), 3);
///
/// # async fn run(engine: Engine, registry: Registry) -> orm_core::Result<()> {
/// engine.create_tables(&registry).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Why models are not found by themselves
///
/// In Python a class statement is code that runs, and SQLAlchemy's base class notes each class as its module is imported.
/// A Rust program runs nothing before `main`. The crates that get around that (`inventory`, `linkme`) place data in
/// sections that the linker, or the loader, collects: that takes `unsafe`, depends on the platform, and a model whose
/// module nothing refers to can be lost without a word. A list that is written down says what the database will have, and
/// a forgotten model is an error that names it as soon as another one refers to it.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    tables: Vec<&'static Table>,
}

impl Registry {
    /// An empty registry.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// assert!(Registry::new().tables().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A registry of these models.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// assert_eq!(Registry::of::<(User, Profile)>().tables()[1].name, "profiles");
    /// ```
    pub fn of<M: Models>() -> Self {
        Self::new().with::<M>()
    }

    /// The registry with these models too; those that it has already are no mistake.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// let registry = Registry::of::<User>().with::<(User, Profile)>(); // User once
    /// assert_eq!(registry.tables().len(), 2);
    /// ```
    pub fn with<M: Models>(mut self) -> Self {
        M::register(&mut self);
        self
    }

    /// Adds models to the registry; those that it has already are no mistake.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// fn plug_in(registry: &mut Registry) {
    ///     registry.add::<(User, Profile)>();
    /// }
    /// let mut registry = Registry::new();
    /// plug_in(&mut registry);
    /// assert_eq!(registry.tables().len(), 2);
    /// ```
    pub fn add<M: Models>(&mut self) {
        M::register(self);
    }

    /// The tables, each once, in the order in which they came.
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// let registry = Registry::of::<(User, Profile)>();
    /// let names: Vec<_> = registry.tables().iter().map(|table| table.name).collect();
    /// assert_eq!(names, ["users", "profiles"]);
    /// ```
    pub fn tables(&self) -> &[&'static Table] {
        &self.tables
    }

    /// The SQL that creates everything: see [`schema_sql`](super::schema_sql).
    ///
    /// ```
    /// # use guide_shop::*;
    /// # use orm_core::prelude::*;
    /// use orm_core::schema::Registry;
    ///
    /// assert!(Registry::of::<Tag>().sql().starts_with("CREATE TABLE tags ("));
    /// ```
    pub fn sql(&self) -> String {
        super::script::complete(&self.tables).to_string()
    }

    pub(crate) fn push(&mut self, table: &'static Table) {
        if !self.tables.iter().any(|known| known.id() == table.id()) {
            self.tables.push(table);
            // A link table without a struct comes with the models that it links, once, whichever of them says it.
            for relation in table.relations {
                if let RelationKind::ManyToMany { near, .. } = &relation.kind
                    && near.from.is_bare_link
                {
                    self.push(near.from);
                }
            }
        }
    }

    /// Whether the models can stand in one database.
    ///
    /// # Errors
    /// Two models with one table, two enums with one name and different labels.
    pub(super) fn check(&self) -> Result<()> {
        let mut models = HashMap::new();
        for table in &self.tables {
            if let Some(other) = models.insert((table.schema, table.name), table.model) {
                if table.is_bare_link {
                    return Err(Error::invalid(format!(
                        "two relationships declare the link table `{}`, or a model has this table: let the `many_to_many` of \
                         one side declare it with `table = \"{}\"`, and that of the other side name the first with `via = ..`",
                        table.name, table.name
                    )));
                }
                return Err(Error::invalid(format!(
                    "`{other}` and `{}` are both models of the table `{}`: create it from the one that has all its columns, \
                     and leave the other out of the list",
                    table.model, table.name
                )));
            }
        }
        let mut labels = HashMap::new();
        for EnumType { ty, labels: mine } in enums::of_columns(&self.tables) {
            let theirs = *labels.entry((ty.schema, ty.name)).or_insert(mine);
            if theirs != mine {
                return Err(Error::invalid(format!(
                    "two Rust enums are called `{}` in the database, one with {} and one with {}: give one of them another \
                     name with `#[orm(name = \"..\")]`",
                    ty.name,
                    theirs.join(", "),
                    mine.join(", ")
                )));
            }
        }
        Ok(())
    }
}
