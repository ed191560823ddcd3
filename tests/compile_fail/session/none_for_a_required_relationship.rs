use orm_core::prelude::*;
use tests::queries::*;

fn forget(db: &mut Session, address: Handle<Address>) {
    db.set(address, Address::USER, None);
}

fn main() {
    let _ = forget;
}
