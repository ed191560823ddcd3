use orm_core::prelude::*;
use tests::queries::*;

#[derive(FromRow)]
struct Listing {
    #[orm(from = Product::NAME)]
    name: String,
    price: i32,
}

fn main() {
    let _ = Product::query().select(Listing::LIST);
    let _ = |listing: Listing| (listing.name, listing.price);
}
