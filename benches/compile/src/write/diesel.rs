//! With diesel-async. The schema is what `diesel print-schema` writes.

pub(super) const DEPENDENCIES: &str = "\
diesel = { version = \"2.3\", default-features = false, features = [\"postgres_backend\", \"32-column-tables\"] }
diesel-async = { version = \"0.9\", features = [\"deadpool\", \"postgres\"] }
";

/// The tables.
pub(super) fn schema(models: usize) -> String {
    let mut text = String::new();
    for at in 0..models {
        text.push_str(&format!(
            "diesel::table! {{\n    t{at} (id) {{\n        id -> Int4,\n        name -> Text,\n        note -> Nullable<Text>,\n        \
             amount -> Int8,\n        score -> Float8,\n        active -> Bool,\n        parent_id -> Int4,\n    }}\n}}\n"
        ));
    }
    for at in 0..models {
        let other = (at + models - 1) % models;
        if other != at {
            text.push_str(&format!(
                "diesel::joinable!(t{at} -> t{other} (parent_id));\n"
            ));
        }
    }
    let names: Vec<_> = (0..models).map(|at| format!("t{at}")).collect();
    text.push_str(&format!(
        "diesel::allow_tables_to_appear_in_same_query!({});\n",
        names.join(", ")
    ));
    text
}

/// A model and its queries.
pub(super) fn model(at: usize, other: usize) -> String {
    format!(
        r#"use diesel::prelude::*;
use diesel_async::{{AsyncPgConnection, RunQueryDsl}};

use crate::m{other}::M{other};
use crate::schema::{{t{at}, t{other}}};

#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Associations, AsChangeset)]
#[diesel(table_name = t{at}, belongs_to(M{other}, foreign_key = parent_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct M{at} {{
    pub id: i32,
    pub name: String,
    pub note: Option<String>,
    pub amount: i64,
    pub score: f64,
    pub active: bool,
    pub parent_id: i32,
}}

#[derive(Debug, Insertable)]
#[diesel(table_name = t{at})]
pub struct NewM{at}<'a> {{
    pub name: &'a str,
    pub note: Option<&'a str>,
    pub amount: i64,
    pub score: f64,
    pub active: bool,
    pub parent_id: i32,
}}

pub async fn all(db: &mut AsyncPgConnection) -> QueryResult<Vec<M{at}>> {{
    t{at}::table.order(t{at}::name).select(M{at}::as_select()).load(db).await
}}

pub async fn get(db: &mut AsyncPgConnection, id: i32) -> QueryResult<Option<M{at}>> {{
    t{at}::table.find(id).select(M{at}::as_select()).first(db).await.optional()
}}

pub async fn named(db: &mut AsyncPgConnection, name: &str) -> QueryResult<Vec<M{at}>> {{
    t{at}::table.filter(t{at}::name.eq(name)).select(M{at}::as_select()).load(db).await
}}

pub async fn large(db: &mut AsyncPgConnection, amount: i64) -> QueryResult<Vec<M{at}>> {{
    t{at}::table
        .filter(t{at}::amount.gt(amount))
        .filter(t{at}::active)
        .order(t{at}::amount.desc())
        .limit(10)
        .select(M{at}::as_select())
        .load(db)
        .await
}}

pub async fn number(db: &mut AsyncPgConnection) -> QueryResult<i64> {{
    t{at}::table.filter(t{at}::note.is_null()).count().get_result(db).await
}}

pub async fn create(db: &mut AsyncPgConnection, name: &str, parent: i32) -> QueryResult<M{at}> {{
    let new = NewM{at} {{ name, note: None, amount: 1, score: 0.5, active: true, parent_id: parent }};
    diesel::insert_into(t{at}::table).values(&new).returning(M{at}::as_returning()).get_result(db).await
}}

pub async fn rename(db: &mut AsyncPgConnection, id: i32, name: &str) -> QueryResult<usize> {{
    diesel::update(t{at}::table.find(id)).set(t{at}::name.eq(name)).execute(db).await
}}

pub async fn remove(db: &mut AsyncPgConnection, below: f64) -> QueryResult<usize> {{
    diesel::delete(t{at}::table.filter(t{at}::score.lt(below))).execute(db).await
}}

pub async fn with_parents(db: &mut AsyncPgConnection) -> QueryResult<Vec<(String, String)>> {{
    t{at}::table
        .inner_join(t{other}::table)
        .filter(t{other}::active)
        .select((t{at}::name, t{other}::name))
        .load(db)
        .await
}}

pub async fn totals(db: &mut AsyncPgConnection) -> QueryResult<Vec<(i32, i64, Option<i64>)>> {{
    t{at}::table
        .group_by(t{at}::parent_id)
        .select((t{at}::parent_id, diesel::dsl::count_star(), diesel::dsl::max(t{at}::amount)))
        .load(db)
        .await
}}
"#
    )
}

/// A chain of tables, and queries along it.
pub(super) fn joins(joins: usize, queries: usize) -> String {
    let mut text = String::from(
        "use diesel::prelude::*;\nuse diesel_async::{AsyncPgConnection, RunQueryDsl};\n",
    );
    for at in 0..=joins {
        let parent = if at == 0 { "" } else { "parent_id -> Int4," };
        text.push_str(&format!(
            "diesel::table! {{ t{at} (id) {{ id -> Int4, name -> Text, {parent} }} }}\n"
        ));
    }
    for at in 1..=joins {
        text.push_str(&format!(
            "diesel::joinable!(t{at} -> t{} (parent_id));\n",
            at - 1
        ));
    }
    let names: Vec<_> = (0..=joins).map(|at| format!("t{at}")).collect();
    text.push_str(&format!(
        "diesel::allow_tables_to_appear_in_same_query!({});\n",
        names.join(", ")
    ));
    // Each table is joined to the one behind it: `t2.inner_join(t1.inner_join(t0))`.
    let chain = (1..=joins).fold("t0::table".to_owned(), |inner, at| {
        format!("t{at}::table.inner_join({inner})")
    });
    for query in 0..queries {
        text.push_str(&format!(
            "pub async fn q{query}(db: &mut AsyncPgConnection) -> QueryResult<Vec<(String, String)>> {{\n    {chain}\n        \
             .filter(t0::name.eq(\"{query}\"))\n        .filter(t{}::id.gt({query}))\n        .select((t0::name, t{joins}::name))\n        \
             .load(db)\n        .await\n}}\n",
            joins / 2
        ));
    }
    text
}
