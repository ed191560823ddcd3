use tests::queries::*;

fn main() {
    let _ = Employee::query().select((Employee::ALL, Boss::NAME));
}
