use tests::queries::*;

fn main() {
    let _ = User::query().with(User::USERNAME);
}
