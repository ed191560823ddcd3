use tests::queries::*;

fn main() {
    let _ = User::query().update(User::USERNAME.set(Address::CITY));
}
