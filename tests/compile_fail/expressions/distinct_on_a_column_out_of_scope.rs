use tests::queries::*;

fn main() {
    let _ = User::query().distinct_on(Order::ID);
}
