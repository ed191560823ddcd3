//! What the mistakes in `compile_fail/session` were meant to be.
use orm_core::prelude::*;
use tests::queries::*;

#[derive(Changes)]
#[orm(model = User)]
struct UserPatch {
    email: Option<String>,
}

async fn rows(engine: &Engine, user: Handle<User>, other: Handle<User>) -> orm_core::Result<()> {
    let mut db = engine.session();
    db[user].username = "ann".to_owned();
    db.flush().await?;
    db[user].email = "ann@example.org".to_owned();
    let id = db[user].id;
    let others = User::query().filter(User::ID.ne(id)).all(&mut db).await?;
    println!("{} and {} others", db[user].username, others.len());
    let [one, another] = db.get_disjoint_mut([user, other]);
    std::mem::swap(&mut one.email, &mut another.email);
    for user in User::query().all(&mut db).await? {
        println!("{}", db[user].username);
    }
    db.apply(user, UserPatch { email: None });
    let _: User = db[user].clone();
    let mut savepoint = db.begin_nested().await?;
    let _ = User::query().all(&mut savepoint).await?;
    savepoint.commit().await
}

async fn relationships(
    db: &mut Session,
    product: Handle<Product>,
    category: Handle<Category>,
    user: Handle<User>,
    address: Handle<Address>,
    order: Handle<Order>,
) -> orm_core::Result<()> {
    db.set(product, Product::CATEGORY, category);
    db.set(product, Product::CATEGORY, Some(category));
    db.set(product, Product::CATEGORY, None);
    db.set(address, Address::USER, user);
    db.push(user, User::ORDERS, order);
    db.replace(user, User::ORDERS, [order])?;
    db.load(user, User::ORDERS.then(Order::ITEMS).then(OrderItem::PRODUCT)).await?;
    let _: Handles<Order> = db.related(user, User::ORDERS)?;
    let _: Option<Handle<Category>> = db.related(product, Product::CATEGORY)?;
    let _: Handle<User> = db.related(address, Address::USER)?;
    Ok(())
}

async fn keys(db: &mut Session, id: i16) -> orm_core::Result<()> {
    let _ = db.get::<User>(1).await?;
    let _ = db.get::<User>(id).await?;
    let _ = db.get::<ProductTag>((1, 2)).await?;
    Ok(())
}

/// Two queries at once are two sessions, and a task of its own has its own.
async fn at_once(engine: &Engine) {
    let (mut one, mut other) = (engine.session(), engine.session());
    let _ = tokio::join!(User::query().all(&mut one), Order::query().all(&mut other));
    let engine = engine.clone();
    let task = tokio::spawn(async move { User::query().count(&mut engine.session()).await });
    let _ = task.await;
}

fn main() {
    let _ = (rows, relationships, keys, at_once);
}
