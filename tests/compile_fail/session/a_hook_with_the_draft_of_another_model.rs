use orm_core::session::{HookContext, Hooks};
use tests::queries::*;

struct Rules;

impl Hooks<User> for Rules {
    fn before_insert(&self, order: &mut OrderDraft, _: &mut HookContext<'_, User>) -> orm_core::Result<()> {
        order.tags = None;
        Ok(())
    }
}

fn main() {
    let _ = Rules;
}
