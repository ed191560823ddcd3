use tests::queries::*;

fn main() {
    let _ = User::query().group_by_sets("id");
}
