//! Fields whose names become one name in another case, or the name of something else that the derive makes.
#![allow(non_snake_case)]

use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
pub struct Part {
    #[orm(primary_key)]
    pub id: i32,
    pub kind: String,
    pub kind_: String,
    pub size__of: i32,
    pub size_of: i32,
    pub type_: i32,
    pub r#type: i32,
    pub part: String,
    pub part_draft: String,
    pub string: String,
    pub _1: i32,
    pub _self: i32,
}

fn main() {
    let new = Part::create().kind("a").kind_("b").size__of(1).size_of(2).type_(3).r#type(4);
    let new = new.part("c").part_draft("d").string("e")._1(5)._self(6);
    let draft = orm_core::model::Insertable::into_new(new).draft;
    assert_eq!((draft.kind.as_deref(), draft.kind_.as_deref()), (Some("a"), Some("b")));
    let q = Part::query().order_by((Part::KIND, Part::KIND_, Part::TYPE, Part::TYPE_)).select(Part::ID);
    assert!(q.to_sql().ends_with("ORDER BY part.kind, part.kind_, part.type, part.type_"), "{}", q.to_sql());
}
