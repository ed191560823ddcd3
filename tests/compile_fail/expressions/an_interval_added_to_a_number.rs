use tests::queries::*;

fn main() {
    let _ = User::query().select(User::ID + orm_core::types::Interval::days(1));
}
