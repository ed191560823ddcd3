use orm_core::prelude::*;
use tests::queries::*;

#[derive(FromRow)]
#[orm(from = Product)]
struct Listing {
    name: String,
    #[orm(from = Category::NAME)]
    category: String,
}

fn main() {
    let _ = Product::query()
        .left_join(Product::CATEGORY)
        .select(Listing::LIST);
    let _ = |listing: Listing| (listing.name, listing.category);
}
