//! This ORM's [`Session`]: what is read is tracked, and what changed is written when the unit of work is committed. Each
//! piece of work is a session of its own, as a web application's requests are.

use futures_util::future::join_all;
use orm_core::prelude::*;

use super::models::{Comment, Item, Order, Post, User};
use super::raw::next_hair;
use super::{POOL, check};
use crate::Result;
use crate::clock::{Clock, counted};
use crate::scenario::{IDENTITY_MAP_GETS, Work};
use crate::world::{ITEMS, keys, new_hair, new_names};

pub(crate) struct Tracked {
    engine: Engine,
}

impl Tracked {
    pub(crate) async fn connect(url: &str) -> Result<Tracked> {
        let engine = Engine::builder(url).pool_size(POOL).connect().await?;
        Ok(Tracked { engine })
    }

    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        let mut db = self.engine.session();
        match work {
            Work::Read(n) => {
                let users = clock.time(User::query().all(&mut db)).await?;
                check(users.len(), n)?;
            }
            Work::LeftJoin(n) => {
                let pairs: Vec<(Handle<User>, Option<Handle<Post>>)> = clock
                    .time(
                        User::query()
                            .left_join(User::POSTS)
                            .select((User::ALL, Post::ALL))
                            .all(&mut db),
                    )
                    .await?;
                check(pairs.len(), n)?;
            }
            Work::Nested(n) | Work::Path(n) => {
                let last = i32::try_from(n)?;
                let users = clock
                    .time(
                        User::query()
                            .filter(User::ID.le(last))
                            .with(User::POSTS.then(Post::COMMENTS))
                            .all(&mut db),
                    )
                    .await?;
                let mut comments = 0;
                for user in users {
                    for post in db.related(user, User::POSTS)? {
                        comments += db.related(post, Post::COMMENTS)?.len();
                    }
                }
                check(comments, 100 * n)?;
            }
            Work::Insert(n) => {
                let names = new_names(n);
                let users = clock.time(insert(&mut db, names)).await?;
                check(users.iter().filter(|&&user| db[user].id > 0).count(), n)?;
            }
            Work::Get(n) => clock.time(get(&mut db, n)).await?,
            Work::GetPooled(n) => clock.time(self.get_pooled(n)).await?,
            Work::IdentityMap(n) => {
                User::query().all(&mut db).await?;
                clock.time(get_again(&mut db, n)).await?;
            }
            Work::Update { changed, .. } => {
                let users = User::query().all(&mut db).await?;
                clock.time(update(&mut db, &users[..changed])).await?;
            }
            Work::Orders(n) => {
                let items = clock.time(orders(&mut db, n)).await?;
                check(
                    items.iter().filter(|&&item| db[item].id > 0).count(),
                    n * ITEMS,
                )?;
            }
            Work::Delete(n) => {
                let comments = Comment::query().all(&mut db).await?;
                check(comments.len(), n)?;
                clock.time(delete(&mut db, &comments)).await?;
            }
            Work::Short(n) => clock.time(self.short(n)).await?,
        }
        db.close().await?;
        Ok(())
    }

    async fn get_pooled(&self, n: usize) -> Result<()> {
        let tasks = (0..POOL).map(|task| {
            let engine = self.engine.clone();
            tokio::spawn(counted(async move {
                for key in keys(n).skip(task).step_by(POOL) {
                    let mut db = engine.session();
                    let user = db.get::<User>(key).await?;
                    std::hint::black_box(user.map(|user| &db[user]));
                    db.close().await?;
                }
                Result::<()>::Ok(())
            }))
        });
        for done in join_all(tasks).await {
            done??;
        }
        Ok(())
    }

    async fn short(&self, n: usize) -> Result<()> {
        for key in keys(n) {
            let mut db = self.engine.session();
            let user = db.get::<User>(key).await?.ok_or("a user is missing")?;
            db[user].hair_color = Some(next_hair(db[user].hair_color.as_deref()));
            db.commit().await?;
        }
        Ok(())
    }
}

async fn insert(db: &mut Session, names: Vec<String>) -> Result<Vec<Handle<User>>> {
    let new = names
        .into_iter()
        .enumerate()
        .map(|(n, name)| User::create().name(name).hair_color(new_hair(n)));
    let users = db.add_all(new);
    db.commit().await?;
    Ok(users)
}

async fn get(db: &mut Session, n: usize) -> Result<()> {
    for key in keys(n) {
        let user = db.get::<User>(key).await?;
        std::hint::black_box(user.map(|user| &db[user]));
    }
    Ok(())
}

async fn get_again(db: &mut Session, n: usize) -> Result<()> {
    let all: Vec<i32> = keys(n).collect();
    for &key in all.iter().cycle().take(IDENTITY_MAP_GETS) {
        let user = db.get::<User>(key).await?;
        std::hint::black_box(user);
    }
    Ok(())
}

async fn update(db: &mut Session, users: &[Handle<User>]) -> Result<()> {
    for &user in users {
        db[user].hair_color = Some(format!("grey {}", db[user].id));
    }
    db.commit().await?;
    Ok(())
}

async fn orders(db: &mut Session, n: usize) -> Result<Vec<Handle<Item>>> {
    let mut items = Vec::with_capacity(n * ITEMS);
    let mut number = 0;
    for n in 0..n {
        let order = db.add(Order::create().customer(format!("Customer {n}")));
        for _ in 0..ITEMS {
            let product = format!("Product {number}");
            items.push(
                db.add(
                    Item::create()
                        .order(order)
                        .product(product)
                        .quantity(number),
                ),
            );
            number += 1;
        }
    }
    db.commit().await?;
    Ok(items)
}

async fn delete(db: &mut Session, comments: &[Handle<Comment>]) -> Result<()> {
    for &comment in comments {
        db.delete(comment)?;
    }
    db.commit().await?;
    Ok(())
}
