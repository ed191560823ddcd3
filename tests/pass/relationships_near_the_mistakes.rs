//! What the relationships that do not compile were meant to be.

use orm_core::prelude::*;

#[derive(Model, Debug, Clone)]
#[orm(
    has_many(items: Item, via = order, order_by(quantity, desc(id))),
    has_many(large_items: Item, via = order, filter = large, order_by = quantity, read_only),
    has_one(note: Note, via = order),
    many_to_many(products: Product, table = "favourites", near = order_no, far = product_no),
    many_to_many(like: Order, table = "likeness", near = this, far = that),
    many_to_many(liked_by: Self, via = like),
)]
struct Order {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Item {
    #[orm(primary_key)]
    id: i32,
    quantity: i32,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
    #[orm(belongs_to(product: Product))]
    product_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(orders: Order, via = products))]
struct Product {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
#[orm(has_many(notes: Note, via = shelf, order_by(r#type, renamed)))]
struct Shelf {
    #[orm(primary_key)]
    id: i32,
    #[orm(unique)]
    code: Option<String>,
}

#[derive(Model, Debug, Clone)]
struct Note {
    #[orm(primary_key)]
    id: i32,
    r#type: Option<i16>,
    #[orm(column = "position")]
    renamed: Option<i32>,
    #[orm(belongs_to(shelf: Shelf, references(code)))]
    shelf_code: Option<String>,
    #[orm(belongs_to(order: Order))]
    order_id: i32,
}

fn large() -> Filter<Item> {
    Item::QUANTITY.gt(10).for_model()
}

fn main() {
    let _ = |db: &mut Session, product: Handle<Product>, note: Handle<Note>| {
        let tea = Product::create().name("tea");
        let order = db.add(
            Order::create()
                .items([Item::create().quantity(2).product(tea.clone())])
                .items(vec![Item::create().quantity(3).product_id(1)])
                .items([Item::create().quantity(4).product(product).order_id(7)])
                .note(note)
                .products([product])
                .products([tea]),
        );
        db.add(Order::create().note(Note::create()).like([order]).liked_by([order, order]));
        let _ = db.related(order, Order::LARGE_ITEMS);
    };
}
