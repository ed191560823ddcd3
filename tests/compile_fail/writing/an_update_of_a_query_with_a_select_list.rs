use tests::queries::*;

fn main() {
    let _ = User::query().select(User::ID).update(User::IS_ACTIVE.set(true));
}
