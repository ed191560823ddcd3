use tests::queries::*;

fn main() {
    let _ = User::query().select(User::ID).with(User::ORDERS);
}
