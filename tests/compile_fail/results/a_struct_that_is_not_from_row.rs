use orm_core::prelude::*;
use tests::queries::*;

struct Card {
    name: String,
}

fn main() {
    let _ = User::query().select(Card::of((User::USERNAME,)));
    let _ = |card: Card| card.name;
}
