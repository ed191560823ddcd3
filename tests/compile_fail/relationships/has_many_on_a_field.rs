use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Author {
    #[orm(primary_key)]
    id: i32,
    #[orm(has_many(books: Book, via = author))]
    books: Vec<Book>,
}

#[derive(Model, Debug, Clone)]
struct Book {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(author: Author))]
    author_id: i32,
}

fn main() {
    let _ = Author::query().with(Author::BOOKS);
}
