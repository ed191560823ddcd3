use orm_core::DbEnum;

#[derive(DbEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    #[orm(rename = "new")]
    Fresh,
}

fn main() {}
