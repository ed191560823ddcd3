use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = User::query().select(func::percentile_cont(0.5).within_group(User::USERNAME));
}
