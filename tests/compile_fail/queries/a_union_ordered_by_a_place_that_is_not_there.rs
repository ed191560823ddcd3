use orm_core::query::place;
use tests::queries::*;

fn main() {
    let ids = || User::query().select((User::ID, User::EMAIL));
    let _ = ids().union(ids()).order_by(place::<3>());
}
