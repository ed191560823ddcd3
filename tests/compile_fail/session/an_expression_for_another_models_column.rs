use orm_core::prelude::*;
use tests::queries::*;

fn raise(db: &mut Session, product: Handle<Product>) -> orm_core::Result<()> {
    db.set_expr(product, OrderItem::QUANTITY.set(1))
}

fn main() {
    let _ = raise;
}
