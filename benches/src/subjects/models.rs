//! The models of [`plain`](super::plain) and [`tracked`](super::tracked).

use orm_core::prelude::*;

#[derive(Model, Clone)]
#[orm(table = "users", has_many(posts: Post, via = user))]
pub(super) struct User {
    #[orm(primary_key)]
    pub(super) id: i32,
    pub(super) name: String,
    pub(super) hair_color: Option<String>,
}

#[derive(Model, Clone)]
#[orm(table = "posts", has_many(comments: Comment, via = post))]
pub(super) struct Post {
    #[orm(primary_key)]
    pub(super) id: i32,
    #[orm(belongs_to(user: User))]
    pub(super) user_id: i32,
    pub(super) title: String,
}

#[derive(Model, Clone)]
#[orm(table = "comments")]
pub(super) struct Comment {
    #[orm(primary_key)]
    pub(super) id: i32,
    #[orm(belongs_to(post: Post))]
    pub(super) post_id: i32,
    pub(super) body: String,
}

#[derive(Model, Clone)]
#[orm(table = "orders", has_many(items: Item, via = order))]
pub(super) struct Order {
    #[orm(primary_key)]
    pub(super) id: i32,
    pub(super) customer: String,
}

#[derive(Model, Clone)]
#[orm(table = "items")]
pub(super) struct Item {
    #[orm(primary_key)]
    pub(super) id: i32,
    #[orm(belongs_to(order: Order))]
    pub(super) order_id: i32,
    pub(super) product: String,
    pub(super) quantity: i32,
}
