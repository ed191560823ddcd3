use orm_core::prelude::*;

async fn save(db: &mut Session) -> orm_core::Result<()> {
    db.commit()?;
    Ok(())
}

fn main() {
    let _ = save;
}
