use orm_core::prelude::*;
use tests::queries::*;

struct Line {
    quantity: i32,
}

async fn lines(db: &mut Session, orders: &[Handle<Order>]) -> orm_core::Result<()> {
    let lines: Vec<Vec<Line>> = db.load_as(orders, Order::ITEMS).await?;
    println!("{}", lines[0][0].quantity);
    Ok(())
}

fn main() {
    let _ = lines;
}
