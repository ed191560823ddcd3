#![no_implicit_prelude]

#[::std::prelude::v1::derive(::orm_core::Model, ::std::fmt::Debug, ::std::clone::Clone)]
#[orm(has_many(children: Node, via = parent))]
pub struct Node {
    #[orm(primary_key)]
    pub id: i64,
    pub name: ::std::string::String,
    #[orm(belongs_to(parent: Node))]
    pub parent_id: ::std::option::Option<i64>,
    #[orm(default = "x", on_update = "y")]
    pub note: ::std::string::String,
    #[orm(skip)]
    pub cached: bool,
}

#[::std::prelude::v1::derive(
    ::orm_core::DbEnum, ::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::std::cmp::PartialEq, ::std::cmp::Eq
)]
pub enum State {
    New,
}

#[::std::prelude::v1::derive(::orm_core::FromRow)]
pub struct Report {
    pub name: ::std::string::String,
    #[orm(skip)]
    pub cached: bool,
}

#[::std::prelude::v1::derive(::orm_core::Rowset)]
pub struct Spent {
    pub name: ::std::string::String,
    pub total: ::std::option::Option<i64>,
}

#[::std::prelude::v1::derive(::orm_core::Model, ::std::fmt::Debug, ::std::clone::Clone)]
#[orm(many_to_many(nodes: Node, table = "node_tags"))]
pub struct Tag {
    #[orm(primary_key)]
    pub id: i32,
}

#[::std::prelude::v1::derive(::orm_core::Changes)]
#[orm(model = Node)]
pub struct Patch {
    pub name: ::std::option::Option<::std::string::String>,
}

fn main() {
    let _ = ::orm_core::model::Insertable::into_new(Node::create().name("root"));
}
