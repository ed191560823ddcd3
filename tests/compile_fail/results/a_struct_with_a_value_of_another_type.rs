use orm_core::prelude::*;
use tests::queries::*;

#[derive(FromRow)]
struct Card {
    name: String,
    orders: i64,
}

fn main() {
    let _ = User::query().select(Card::of((User::USERNAME, User::ID)));
    let _ = |card: Card| (card.name, card.orders);
}
