use tests::queries::*;

fn main() {
    let _ = User::query()
        .left_join(User::ADDRESSES)
        .for_update()
        .of(Address::ALL);
}
