use orm_core::prelude::*;
use tests::queries::*;

fn restrict(db: &mut Session) {
    db.add_criteria::<Order>(Order::STATUS.eq(OrderStatus::Pending));
}

fn main() {
    let _ = restrict;
}
