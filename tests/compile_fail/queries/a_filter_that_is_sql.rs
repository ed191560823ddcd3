use tests::queries::*;

fn main() {
    let _ = User::query().filter("username = 'ann'");
}
