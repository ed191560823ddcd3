use orm_core::engine::Connection;
use tests::queries::User;

async fn names(conn: &mut Connection) -> orm_core::Result<()> {
    let mut cursor = User::query().cursor(100);
    while let Some(chunk) = cursor.next(conn).await? {
        println!("{} users", chunk.len());
    }
    Ok(())
}

fn main() {
    let _ = names;
}
