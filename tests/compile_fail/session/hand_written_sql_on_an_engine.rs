use orm_core::Engine;
use orm_core::engine::sql;

async fn users(mut engine: Engine) -> orm_core::Result<i64> {
    sql("SELECT count(*) FROM users").scalar(&mut engine).await
}

fn main() {
    let _ = users;
}
