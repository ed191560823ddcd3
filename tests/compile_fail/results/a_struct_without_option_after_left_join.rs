use orm_core::prelude::*;
use tests::queries::*;

#[derive(FromRow)]
struct Card {
    name: String,
    city: String,
}

fn main() {
    let _ = User::query()
        .left_join(User::ADDRESSES)
        .select(Card::of((User::USERNAME, Address::CITY)));
    let _ = |card: Card| (card.name, card.city);
}
