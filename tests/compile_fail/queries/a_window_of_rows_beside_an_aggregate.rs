use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let place = row_number().over(window().order_by(User::USERNAME));
    let _ = User::query().select((count_all(), place));
}
