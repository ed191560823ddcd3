use orm_core::session::{Hooks, Problems};
use tests::queries::*;

struct Rules;

impl Hooks<User> for Rules {
    fn validate(&self, user: &UserDraft, problems: &mut Problems<User>) {
        if user.email.is_none() {
            problems.reject(Address::CITY, "must be known");
        }
    }
}

fn main() {
    let _ = Rules;
}
