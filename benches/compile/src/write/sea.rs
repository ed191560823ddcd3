//! With SeaORM.

pub(super) const DEPENDENCIES: &str = "\
sea-orm = { version = \"2.0\", default-features = false, features = [\"macros\", \"runtime-tokio\", \"sqlx-postgres\"] }
";

/// A model and its queries.
pub(super) fn model(at: usize, other: usize, models: usize) -> String {
    let child = (at + 1) % models;
    format!(
        r#"use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{{ActiveValue::{{NotSet, Set}}, JoinType, QueryOrder, QuerySelect}};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "t{at}")]
pub struct Model {{
    #[sea_orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub note: Option<String>,
    pub amount: i64,
    pub score: f64,
    pub active: bool,
    pub parent_id: i32,
}}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {{
    #[sea_orm(
        belongs_to = "crate::m{other}::Entity",
        from = "Column::ParentId",
        to = "crate::m{other}::Column::Id"
    )]
    Parent,
    #[sea_orm(has_many = "crate::m{child}::Entity")]
    Children,
}}

impl Related<crate::m{other}::Entity> for Entity {{
    fn to() -> RelationDef {{
        Relation::Parent.def()
    }}
}}

impl ActiveModelBehavior for ActiveModel {{}}

pub async fn all(db: &DatabaseConnection) -> Result<Vec<Model>, DbErr> {{
    Entity::find().order_by_asc(Column::Name).all(db).await
}}

pub async fn get(db: &DatabaseConnection, id: i32) -> Result<Option<Model>, DbErr> {{
    Entity::find_by_id(id).one(db).await
}}

pub async fn named(db: &DatabaseConnection, name: &str) -> Result<Vec<Model>, DbErr> {{
    Entity::find().filter(Column::Name.eq(name)).all(db).await
}}

pub async fn large(db: &DatabaseConnection, amount: i64) -> Result<Vec<Model>, DbErr> {{
    Entity::find()
        .filter(Column::Amount.gt(amount))
        .filter(Column::Active.eq(true))
        .order_by_desc(Column::Amount)
        .limit(10)
        .all(db)
        .await
}}

pub async fn number(db: &DatabaseConnection) -> Result<u64, DbErr> {{
    Entity::find().filter(Column::Note.is_null()).count(db).await
}}

pub async fn create(db: &DatabaseConnection, name: &str, parent: i32) -> Result<Model, DbErr> {{
    let new = ActiveModel {{
        id: NotSet,
        name: Set(name.to_owned()),
        note: Set(None),
        amount: Set(1),
        score: Set(0.5),
        active: Set(true),
        parent_id: Set(parent),
    }};
    new.insert(db).await
}}

pub async fn rename(db: &DatabaseConnection, id: i32, name: &str) -> Result<u64, DbErr> {{
    let done = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}}

pub async fn remove(db: &DatabaseConnection, below: f64) -> Result<u64, DbErr> {{
    let done = Entity::delete_many().filter(Column::Score.lt(below)).exec(db).await?;
    Ok(done.rows_affected)
}}

pub async fn with_parents(db: &DatabaseConnection) -> Result<Vec<(String, String)>, DbErr> {{
    Entity::find()
        .join(JoinType::InnerJoin, Relation::Parent.def())
        .filter(crate::m{other}::Column::Active.eq(true))
        .select_only()
        .column(Column::Name)
        .column_as(crate::m{other}::Column::Name, "parent")
        .into_tuple()
        .all(db)
        .await
}}

pub async fn totals(db: &DatabaseConnection) -> Result<Vec<(i32, i64, Option<i64>)>, DbErr> {{
    Entity::find()
        .select_only()
        .column(Column::ParentId)
        .column_as(Column::Id.count(), "number")
        .column_as(Column::Amount.max(), "most")
        .group_by(Column::ParentId)
        .into_tuple()
        .all(db)
        .await
}}
"#
    )
}

/// A chain of entities, and queries along it.
pub(super) fn joins(joins: usize, queries: usize) -> String {
    let mut text = String::new();
    for at in 0..=joins {
        let (field, relation) = match at {
            0 => ("", String::new()),
            _ => (
                "        pub parent_id: i32,\n",
                format!(
                    "        #[sea_orm(belongs_to = \"crate::m{0}::Entity\", from = \"Column::ParentId\", to = \
                     \"crate::m{0}::Column::Id\")]\n        Parent,\n",
                    at - 1
                ),
            ),
        };
        text.push_str(&format!(
            "pub mod m{at} {{\n    use sea_orm::entity::prelude::*;\n    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]\n    \
             #[sea_orm(table_name = \"t{at}\")]\n    pub struct Model {{\n        #[sea_orm(primary_key)]\n        pub id: i32,\n        \
             pub name: String,\n{field}    }}\n    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]\n    pub enum Relation \
             {{\n{relation}    }}\n    impl ActiveModelBehavior for ActiveModel {{}}\n}}\n"
        ));
    }
    text.push_str("use sea_orm::entity::prelude::*;\nuse sea_orm::{JoinType, QuerySelect};\n");
    for query in 0..queries {
        text.push_str(&format!(
            "pub async fn q{query}(db: &DatabaseConnection) -> Result<Vec<(String, String)>, DbErr> {{\n    m{joins}::Entity::find()\n"
        ));
        for at in (1..=joins).rev() {
            text.push_str(&format!(
                "        .join(JoinType::InnerJoin, m{at}::Relation::Parent.def())\n"
            ));
        }
        text.push_str(&format!(
            "        .filter(m0::Column::Name.eq(\"{query}\"))\n        .filter(m{}::Column::Id.gt({query}))\n        .select_only()\n        \
             .column_as(m0::Column::Name, \"first\")\n        .column_as(m{joins}::Column::Name, \"last\")\n        .into_tuple()\n        \
             .all(db)\n        .await\n}}\n",
            joins / 2
        ));
    }
    text
}
