//! Relationships lead to models of another crate, and through link models of another crate: no rule about foreign types and
//! traits is in the way.
use orm_core::prelude::*;
use tests::queries::{Product, User};

#[derive(Model, Debug, Clone)]
pub struct Note {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(belongs_to(author: User))]
    pub author_id: i32,
    #[orm(belongs_to(product: Product))]
    pub product_id: Option<i32>,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(readers: User, through = Reading))]
pub struct Book {
    #[orm(primary_key)]
    pub id: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Reading {
    #[orm(primary_key, belongs_to(book: Book))]
    pub book_id: i32,
    #[orm(primary_key, belongs_to(reader: User))]
    pub reader_id: i32,
}

fn main() {
    let _ = Note::query().join(Note::AUTHOR).filter(User::USERNAME.eq("ann")).with(Note::PRODUCT);
    let _ = Book::query().with(Book::READERS.then(User::ORDERS));
}
