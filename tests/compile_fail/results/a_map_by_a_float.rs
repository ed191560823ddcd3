use orm_core::prelude::*;
use tests::queries::*;

async fn by_float(db: &mut Session) -> orm_core::Result<()> {
    let _ = Number::query()
        .select((Number::DOUBLE, Number::ID))
        .to_map(db)
        .await?;
    Ok(())
}

fn main() {
    let _ = by_float;
}
