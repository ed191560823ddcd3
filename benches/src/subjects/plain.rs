//! This ORM without tracking: typed queries on a [`Connection`] give plain rows. Writing many rows, each with values of its
//! own, is hand-written SQL through the same connection.

use std::collections::HashMap;

use futures_util::future::join_all;
use orm_core::engine::{Connection, sql};
use orm_core::prelude::*;

use super::models::{Comment, Post, User};
use super::raw::next_hair;
use super::{POOL, check};
use crate::Result;
use crate::clock::{Clock, counted};
use crate::scenario::Work;
use crate::world::{ITEMS, keys, new_hair, new_names};

pub(crate) struct Plain {
    engine: Engine,
    conn: Connection,
}

type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

impl Plain {
    pub(crate) async fn connect(url: &str) -> Result<Plain> {
        let engine = Engine::builder(url).pool_size(POOL + 1).connect().await?;
        let conn = engine.acquire().await?;
        Ok(Plain { engine, conn })
    }

    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        match work {
            Work::Read(n) => {
                let users = clock.time(User::query().all(&mut self.conn)).await?;
                check(users.len(), n)
            }
            Work::LeftJoin(n) => {
                let pairs: Vec<(User, Option<Post>)> = clock
                    .time(
                        User::query()
                            .left_join(User::POSTS)
                            .select((User::ALL, Post::ALL))
                            .all(&mut self.conn),
                    )
                    .await?;
                check(pairs.len(), n)
            }
            Work::Nested(n) | Work::Path(n) => {
                let tree = clock.time(self.nested(n)).await?;
                let posts = tree.iter().flat_map(|(_, posts)| posts);
                check(posts.map(|(_, comments)| comments.len()).sum(), 100 * n)
            }
            Work::Insert(n) => {
                let names = new_names(n);
                let users = clock.time(self.insert(names)).await?;
                check(users.len(), n)
            }
            Work::Get(n) => clock.time(self.get(n)).await,
            Work::GetPooled(n) => clock.time(self.get_pooled(n)).await,
            Work::IdentityMap(_) => Ok(()),
            Work::Update { changed, .. } => {
                let mut users = User::query().all(&mut self.conn).await?;
                clock.time(self.update(&mut users[..changed])).await
            }
            Work::Orders(n) => {
                let items = clock.time(self.orders(n)).await?;
                check(items, n * ITEMS)
            }
            Work::Delete(n) => {
                let comments = Comment::query().all(&mut self.conn).await?;
                let deleted = clock.time(self.delete(&comments)).await?;
                check(usize::try_from(deleted)?, n)
            }
            Work::Short(n) => clock.time(self.short(n)).await,
        }
    }

    async fn nested(&mut self, n: usize) -> Result<Tree> {
        let conn = &mut self.conn;
        let last = i32::try_from(n)?;
        let users = User::query().filter(User::ID.le(last)).all(conn).await?;
        let ids = users.iter().map(|user| user.id);
        let posts = Post::query()
            .filter(Post::USER_ID.in_(ids))
            .all(conn)
            .await?;
        let ids = posts.iter().map(|post| post.id);
        let comments = Comment::query()
            .filter(Comment::POST_ID.in_(ids))
            .all(conn)
            .await?;

        let mut of_posts: HashMap<i32, Vec<Comment>> = HashMap::with_capacity(posts.len());
        for comment in comments {
            of_posts.entry(comment.post_id).or_default().push(comment);
        }
        let mut of_users: HashMap<i32, Vec<(Post, Vec<Comment>)>> =
            HashMap::with_capacity(users.len());
        for post in posts {
            let comments = of_posts.remove(&post.id).unwrap_or_default();
            of_users
                .entry(post.user_id)
                .or_default()
                .push((post, comments));
        }
        Ok(users
            .into_iter()
            .map(|user| {
                let posts = of_users.remove(&user.id).unwrap_or_default();
                (user, posts)
            })
            .collect())
    }

    async fn insert(&mut self, names: Vec<String>) -> Result<Vec<User>> {
        let mut users: Vec<User> = names
            .into_iter()
            .enumerate()
            .map(|(n, name)| User {
                id: 0,
                name,
                hair_color: new_hair(n),
            })
            .collect();
        let names: Vec<String> = users.iter().map(|user| user.name.clone()).collect();
        let hair: Vec<Option<String>> = users.iter().map(|user| user.hair_color.clone()).collect();
        let mut ids: Vec<(i32,)> = sql(
            "INSERT INTO users (name, hair_color)
             SELECT name, hair FROM unnest(:names::text[], :hair::text[]) WITH ORDINALITY AS new(name, hair, n) ORDER BY n
             RETURNING id",
        )
        .bind("names", names)
        .bind("hair", hair)
        .all(&mut self.conn)
        .await?;
        ids.sort_unstable();
        for (user, (id,)) in users.iter_mut().zip(ids) {
            user.id = id;
        }
        Ok(users)
    }

    async fn get(&mut self, n: usize) -> Result<()> {
        for key in keys(n) {
            let user = User::query()
                .filter(User::ID.eq(key))
                .one(&mut self.conn)
                .await?;
            std::hint::black_box(user);
        }
        Ok(())
    }

    async fn get_pooled(&self, n: usize) -> Result<()> {
        let tasks = (0..POOL).map(|task| {
            let engine = self.engine.clone();
            tokio::spawn(counted(async move {
                for key in keys(n).skip(task).step_by(POOL) {
                    let mut conn = engine.acquire().await?;
                    let user = User::query()
                        .filter(User::ID.eq(key))
                        .one(&mut conn)
                        .await?;
                    std::hint::black_box(user);
                }
                Result::<()>::Ok(())
            }))
        });
        for done in join_all(tasks).await {
            done??;
        }
        Ok(())
    }

    async fn update(&mut self, users: &mut [User]) -> Result<()> {
        for user in users.iter_mut() {
            user.hair_color = Some(format!("grey {}", user.id));
        }
        if let [user] = users {
            User::query()
                .filter(User::ID.eq(user.id))
                .update(User::HAIR_COLOR.set(user.hair_color.clone()))
                .exec(&mut self.conn)
                .await?;
            return Ok(());
        }
        let ids: Vec<i32> = users.iter().map(|user| user.id).collect();
        let hair: Vec<Option<String>> = users.iter().map(|user| user.hair_color.clone()).collect();
        let updated = sql(
            "UPDATE users SET hair_color = new.hair FROM unnest(:ids::int[], :hair::text[]) AS new(id, hair)
             WHERE users.id = new.id",
        )
        .bind("ids", ids)
        .bind("hair", hair)
        .execute(&mut self.conn)
        .await?;
        check(usize::try_from(updated)?, users.len())
    }

    async fn orders(&mut self, n: usize) -> Result<usize> {
        let customers: Vec<String> = (0..n).map(|n| format!("Customer {n}")).collect();
        let mut transaction = self.conn.begin().await?;
        let mut orders: Vec<(i32,)> = sql(
            "INSERT INTO orders (customer)
             SELECT customer FROM unnest(:customers::text[]) WITH ORDINALITY AS new(customer, n) ORDER BY n RETURNING id",
        )
        .bind("customers", customers)
        .all(&mut transaction)
        .await?;
        orders.sort_unstable();
        let of: Vec<i32> = orders.iter().flat_map(|&(order,)| [order; ITEMS]).collect();
        let products: Vec<String> = (0..of.len()).map(|n| format!("Product {n}")).collect();
        let quantities: Vec<i32> = (0..i32::try_from(of.len())?).collect();
        let mut items: Vec<(i32,)> = sql("INSERT INTO items (order_id, product, quantity)
             SELECT order_id, product, quantity FROM unnest(:of::int[], :products::text[], :quantities::int[])
             WITH ORDINALITY AS new(order_id, product, quantity, n) ORDER BY n RETURNING id")
        .bind("of", of)
        .bind("products", products)
        .bind("quantities", quantities)
        .all(&mut transaction)
        .await?;
        transaction.commit().await?;
        items.sort_unstable();
        Ok(items.len())
    }

    async fn delete(&mut self, comments: &[Comment]) -> Result<u64> {
        let ids = comments.iter().map(|comment| comment.id);
        Ok(Comment::query()
            .filter(Comment::ID.in_(ids))
            .delete()
            .exec(&mut self.conn)
            .await?)
    }

    async fn short(&mut self, n: usize) -> Result<()> {
        for key in keys(n) {
            let mut transaction = self.conn.begin().await?;
            let user = User::query()
                .filter(User::ID.eq(key))
                .one(&mut transaction)
                .await?;
            let hair = next_hair(user.hair_color.as_deref());
            let changed = User::query()
                .filter(User::ID.eq(key))
                .update(User::HAIR_COLOR.set(hair));
            transaction.commit_with(changed).await?;
        }
        Ok(())
    }
}
