use orm_core::Model;
use orm_core::model::Model as _;

#[derive(Model, Debug, Clone)]
#[orm(table = "order", has_many(r#loop: r#type, via = r#match), unique(r#type, order))]
pub struct r#type {
    #[orm(primary_key)]
    pub r#fn: i32,
    pub r#type: String,
    pub order: i32,
    pub select: Option<bool>,
    #[orm(belongs_to(r#match: Self))]
    pub match_id: Option<i32>,
    #[orm(belongs_to(r#where: r#type), default)]
    pub where_id: i32,
}

fn main() {
    let _ = (r#type::TYPE, r#type::FN, r#type::MATCH, r#type::LOOP);
    let _ = ::orm_core::model::Insertable::into_new(r#type::create().r#type("x").order(1).r#match(None));
    assert_eq!(r#type::TABLE.columns[1].name, "type");
    assert_eq!(r#type::TABLE.model, "type");
}
