use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query()
        .left_join(User::ADDRESSES)
        .group_by(User::ID)
        .select((User::ID, func::array_agg(Address::CITY)));
}
