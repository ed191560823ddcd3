use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let mut shop = None::<Session>;
    let db = shop.as_mut().unwrap();
    let _ = async {
        let _: Vec<(String, i64)> = User::query()
            .group_by_rollup(User::USERNAME)
            .select((User::USERNAME, count_all()))
            .all(db)
            .await
            .unwrap();
    };
}
