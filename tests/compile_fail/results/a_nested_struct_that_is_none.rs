use orm_core::prelude::*;

struct Name(String);

#[derive(FromRow)]
struct Card {
    #[orm(nested)]
    name: Name,
}

fn main() {
    let _ = |card: Card| card.name.0;
}
