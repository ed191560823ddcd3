//! A module may have names of its own for everything that the standard library has.
#![allow(dead_code, non_camel_case_types)]

mod shop {
    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub struct Default;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Into;
    pub struct Clone;
    pub struct PhantomData;
    pub struct Table;
    pub struct Model;
    pub struct Relation;
    pub mod std {}
    pub mod core {}
    pub mod orm {}

    #[derive(::orm_core::Model, ::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq)]
    #[orm(has_many(products: Product, via = category))]
    pub struct Category {
        #[orm(primary_key)]
        pub id: i32,
        pub name: ::std::string::String,
        #[orm(belongs_to(tag: Tag))]
        pub tag_id: ::std::option::Option<i32>,
        pub note: ::std::option::Option<::std::string::String>,
        #[orm(default)]
        pub tags: ::std::vec::Vec<::std::string::String>,
    }

    #[derive(::orm_core::Model, ::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq)]
    pub struct Product {
        #[orm(primary_key)]
        pub id: i32,
        #[orm(belongs_to(category: Category))]
        pub category_id: ::std::option::Option<i32>,
        #[orm(version)]
        pub version: i64,
        #[orm(skip)]
        pub cached: bool,
        #[orm(default = 1, on_update = 2)]
        pub count: i32,
    }

    #[derive(::orm_core::DbEnum, ::std::fmt::Debug, ::std::clone::Clone, ::std::marker::Copy, ::std::cmp::PartialEq, ::std::cmp::Eq)]
    pub enum State {
        Some,
        None,
    }

    #[derive(::orm_core::FromRow)]
    pub struct Report {
        pub name: ::std::string::String,
    }

    #[derive(::orm_core::Rowset)]
    pub struct Spent {
        pub name: ::std::string::String,
        pub total: ::std::option::Option<i64>,
    }

    #[derive(::orm_core::Model, ::std::fmt::Debug, ::std::clone::Clone)]
    #[orm(many_to_many(products: Product, table = "product_tags"), has_one(main: Category, via = tag))]
    pub struct Tag {
        #[orm(primary_key)]
        pub id: i32,
    }

    #[derive(::orm_core::Changes)]
    #[orm(model = Category)]
    pub struct Patch {
        pub name: ::std::option::Option<::std::string::String>,
    }
}

fn main() {
    let new = ::orm_core::model::Insertable::into_new(shop::Category::create().name("Laptops"));
    assert_eq!(new.draft.name.as_deref(), Some("Laptops"));
}
