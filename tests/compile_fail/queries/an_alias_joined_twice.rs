use orm_core::prelude::*;
use tests::queries::*;

type Other = Aliased<Address, 1>;

fn main() {
    let both = Order::query()
        .join(Order::SHIPPING_ADDRESS.to::<Other>())
        .join(Order::BILLING_ADDRESS.to::<Other>());
    let _ = both.filter(Other::CITY.eq("Oslo"));
}
