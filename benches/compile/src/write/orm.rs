//! With this ORM.

/// A model and its queries.
pub(super) fn model(at: usize, other: usize, models: usize) -> String {
    let child = (at + 1) % models;
    format!(
        r#"use orm_core::prelude::*;

use crate::m{child}::M{child};
use crate::m{other}::M{other};

#[derive(Model, Debug, Clone)]
#[orm(table = "t{at}", has_many(children: M{child}, via = parent))]
pub struct M{at} {{
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    pub note: Option<String>,
    pub amount: i64,
    pub score: f64,
    pub active: bool,
    #[orm(belongs_to(parent: M{other}))]
    pub parent_id: i32,
}}

pub async fn all(db: &mut Session) -> orm_core::Result<Vec<Handle<M{at}>>> {{
    M{at}::query().order_by(M{at}::NAME).all(db).await
}}

pub async fn get(db: &mut Session, id: i32) -> orm_core::Result<Option<Handle<M{at}>>> {{
    db.get::<M{at}>(id).await
}}

pub async fn named(db: &mut Session, name: &str) -> orm_core::Result<Vec<Handle<M{at}>>> {{
    M{at}::query().filter(M{at}::NAME.eq(name)).all(db).await
}}

pub async fn large(db: &mut Session, amount: i64) -> orm_core::Result<Vec<Handle<M{at}>>> {{
    M{at}::query()
        .filter(M{at}::AMOUNT.gt(amount))
        .filter(M{at}::ACTIVE)
        .order_by(M{at}::AMOUNT.desc())
        .limit(10)
        .all(db)
        .await
}}

pub async fn number(db: &mut Session) -> orm_core::Result<i64> {{
    M{at}::query().filter(M{at}::NOTE.is_null()).count(db).await
}}

pub async fn create(db: &mut Session, name: &str, parent: i32) -> orm_core::Result<Handle<M{at}>> {{
    let new = M{at}::create().name(name).amount(1).score(0.5).active(true).parent_id(parent);
    db.insert(new).await
}}

pub async fn rename(db: &mut Session, id: i32, name: &str) -> orm_core::Result<u64> {{
    M{at}::query().filter(M{at}::ID.eq(id)).update(M{at}::NAME.set(name)).exec(db).await
}}

pub async fn remove(db: &mut Session, below: f64) -> orm_core::Result<u64> {{
    M{at}::query().filter(M{at}::SCORE.lt(below)).delete().exec(db).await
}}

pub async fn with_parents(db: &mut Session) -> orm_core::Result<Vec<(String, String)>> {{
    M{at}::query()
        .join(M{at}::PARENT)
        .filter(M{other}::ACTIVE)
        .select((M{at}::NAME, M{other}::NAME))
        .all(db)
        .await
}}

pub async fn totals(db: &mut Session) -> orm_core::Result<Vec<(i32, i64, Option<i64>)>> {{
    M{at}::query()
        .group_by(M{at}::PARENT_ID)
        .select((M{at}::PARENT_ID, count_all(), max(M{at}::AMOUNT)))
        .all(db)
        .await
}}
"#
    )
}

/// A chain of models, and queries along it.
pub(super) fn joins(joins: usize, queries: usize) -> String {
    let mut text = String::from("use orm_core::prelude::*;\n");
    for at in 0..=joins {
        let parent = match at {
            0 => String::new(),
            _ => format!(
                "    #[orm(belongs_to(parent: M{}))]\n    pub parent_id: i32,\n",
                at - 1
            ),
        };
        text.push_str(&format!(
            "#[derive(Model, Debug, Clone)]\n#[orm(table = \"t{at}\")]\npub struct M{at} {{\n    #[orm(primary_key)]\n    \
             pub id: i32,\n    pub name: String,\n{parent}}}\n"
        ));
    }
    for query in 0..queries {
        text.push_str(&format!(
            "pub async fn q{query}(db: &mut Session) -> orm_core::Result<Vec<(String, String)>> {{\n    M{joins}::query()\n"
        ));
        for at in (1..=joins).rev() {
            text.push_str(&format!("        .join(M{at}::PARENT)\n"));
        }
        text.push_str(&format!(
            "        .filter(M0::NAME.eq(\"{query}\"))\n        .filter(M{}::ID.gt({query}))\n        \
             .select((M0::NAME, M{joins}::NAME))\n        .all(db)\n        .await\n}}\n",
            joins / 2
        ));
    }
    text
}
