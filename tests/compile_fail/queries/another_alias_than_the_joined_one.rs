use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    type Clerk = Aliased<Employee, 2>;
    let _ = Employee::query().join(Employee::MANAGER.to::<Boss>()).select(Clerk::NAME);
}
