use tests::queries::*;

fn main() {
    let _ = User::query().order_by("username");
}
