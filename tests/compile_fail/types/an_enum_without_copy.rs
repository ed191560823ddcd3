use orm_core::DbEnum;

#[derive(DbEnum, Debug, Clone, PartialEq, Eq)]
enum State {
    New,
    Old,
}

fn main() {}
