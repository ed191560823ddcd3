use orm_core::Model;

#[derive(Model, Debug, Clone)]
struct Tag {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct ProductTag {
    #[orm(primary_key, belongs_to(product: Product))]
    product_id: i32,
    #[orm(primary_key, belongs_to(tag: Tag))]
    tag_id: i32,
    #[orm(belongs_to(main_tag: Tag))]
    main_tag_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(many_to_many(tags: Tag, through = ProductTag))]
struct Product {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
