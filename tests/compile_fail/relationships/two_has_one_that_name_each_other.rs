use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(has_one(profile: Profile, via = user))]
struct User {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
#[orm(has_one(user: User, via = profile))]
struct Profile {
    #[orm(primary_key)]
    id: i32,
}

fn main() {
    let _ = User::PROFILE;
}
