mod reexport {
    pub use ::orm_core as orm;
}

#[derive(reexport::orm::Model, Debug, Clone)]
#[orm(crate = "crate::reexport::orm", has_many(children: Node, via = parent))]
struct Node {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(parent: Node))]
    parent_id: Option<i32>,
    #[orm(default)]
    state: State,
}

#[derive(reexport::orm::DbEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[orm(crate = "crate::reexport::orm")]
enum State {
    #[default]
    New,
}

#[derive(reexport::orm::FromRow)]
#[orm(crate = "crate::reexport::orm")]
struct Report {
    #[orm(column = "count")]
    total: i64,
}

#[derive(reexport::orm::Changes)]
#[orm(crate = "crate::reexport::orm", model = Node)]
struct Patch {
    state: Option<State>,
}

fn main() {
    let _ = (Node::query(), Report { total: 1 }.total, Patch { state: None }.state);
}
