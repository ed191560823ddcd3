use orm_core::prelude::*;
use tests::queries::*;

fn main() {
    let _ = Employee::query().filter(Employee::REPORTS.any(Employee::SALARY.gt(1)));
}
