use tests::queries::*;

orm_core::sql_function! {
    fn levenshtein(a: String, b: String) -> i32;
}

fn main() {
    let _ = User::query().select(levenshtein(User::USERNAME));
}
