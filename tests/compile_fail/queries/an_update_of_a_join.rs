use tests::queries::*;

fn main() {
    let _ = User::query().join(User::ORDERS).update(User::IS_ACTIVE.set(true));
}
