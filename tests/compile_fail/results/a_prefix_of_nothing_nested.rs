use orm_core::prelude::*;

#[derive(FromRow)]
struct Card {
    #[orm(prefix = "user_")]
    name: String,
}

fn main() {
    let _ = |card: Card| card.name;
}
