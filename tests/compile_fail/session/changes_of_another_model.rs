use orm_core::prelude::*;
use tests::queries::*;

#[derive(Changes)]
#[orm(model = Product)]
struct ProductPatch {
    name: Option<String>,
}

fn patch(db: &mut Session, user: Handle<User>, patch: ProductPatch) {
    db.apply(user, patch);
}

fn main() {
    let _ = patch;
}
