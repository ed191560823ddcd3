use orm_core::prelude::*;
use tests::queries::*;

fn restrict(db: &mut Session) {
    db.add_criteria::<Order>(User::IS_ACTIVE.for_model());
}

fn main() {
    let _ = restrict;
}
