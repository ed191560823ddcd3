use tests::queries::*;

fn main() {
    let _ = User::query().update((User::IS_ACTIVE.set(true), Order::USER_ID.set(1)));
}
