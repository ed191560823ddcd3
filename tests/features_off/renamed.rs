//! All derives, with orm-core called `db` in Cargo.toml.
use db::prelude::*;
use db::{Changes, DbEnum, FromRow, Rowset, sql_function};

#[derive(Model, Debug, Clone)]
#[orm(crate = "db", table = "nodes", has_many(children: Node, via = parent), many_to_many(tags: Tag, table = "node_tags"))]
pub struct Node {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(belongs_to(parent: Node))]
    pub parent_id: Option<i32>,
    #[orm(default = State::New)]
    pub state: State,
}

#[derive(Model, Debug, Clone)]
#[orm(crate = "db", many_to_many(nodes: Node, via = tags))]
pub struct Tag {
    #[orm(primary_key)]
    pub id: i32,
}

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(crate = "db")]
pub enum State {
    New,
}

#[derive(FromRow, Debug)]
#[orm(crate = "db")]
pub struct Report {
    pub name: String,
}

#[derive(Rowset, Debug)]
#[orm(crate = "db")]
pub struct Spent {
    pub total: Option<i64>,
}

#[derive(Changes, Debug)]
#[orm(crate = "db", model = Node)]
pub struct Patch {
    pub name: Option<String>,
}

sql_function! {
    pub fn levenshtein(a: String, b: String) -> i32;
}

fn main() {
    let q = Node::query().filter(levenshtein(Node::NAME, "root").lt(2)).select(Report::of((Node::NAME,)));
    println!("{} {:?}", q.to_sql(), Node::create().name("x").tags([Tag::create()]));
}
