use tests::queries::*;

fn main() {
    let _ = User::query().update(User::IS_ACTIVE.set("yes"));
}
