use tests::queries::*;

fn main() {
    let _ = Employee::query().join(Employee::MANAGER);
}
