use orm_core::DbEnum;

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    new: bool,
}

fn main() {}
