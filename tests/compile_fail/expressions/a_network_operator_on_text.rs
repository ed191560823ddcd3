use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let home = orm_core::types::Cidr::new("192.168.0.0".parse().unwrap(), 16);
    let _ = User::query().filter(User::USERNAME.within(home));
}
