use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_one(profile: Profile, via = user))]
struct User {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(owner: Profile))]
    owner_id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(has_one(user: User, via = owner))]
struct Profile {
    #[orm(primary_key)]
    id: i32,
}

fn main() {}
