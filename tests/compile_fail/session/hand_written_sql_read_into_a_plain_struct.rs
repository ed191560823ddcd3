use orm_core::engine::Connection;

struct Report {
    name: String,
}

async fn reports(connection: &mut Connection) -> orm_core::Result<Vec<Report>> {
    connection.fetch_all("SELECT name FROM users").await
}

fn main() {
    let _ = reports;
}
