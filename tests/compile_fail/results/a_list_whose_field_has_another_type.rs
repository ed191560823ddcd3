use orm_core::prelude::*;
use tests::queries::*;

#[derive(FromRow)]
#[orm(from = Product)]
struct Listing {
    name: i32,
}

fn main() {
    let _ = Product::query().select(Listing::LIST);
    let _ = |listing: Listing| listing.name;
}
