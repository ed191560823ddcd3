use tests::queries::*;

fn main() {
    let _ = User::query().filter(1 + 1 == 2);
}
