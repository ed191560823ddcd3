use orm_core::DbEnum;

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[orm(rename_all = "snakecase")]
enum State {
    New,
    Old,
}

fn main() {}
