//! The floor: tokio-postgres, as well as it can be written by hand. Statements are prepared once, what need not wait for an
//! answer is sent without waiting, and many rows travel as one array a column.

use std::collections::HashMap;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::{join_all, try_join};
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::{POOL, check};
use crate::Result;
use crate::clock::{Clock, counted};
use crate::scenario::Work;
use crate::world::{ITEMS, keys, new_hair, new_names};

pub(crate) struct Raw {
    client: Client,
    pool: Pool,
    all_users: Statement,
    some_users: Statement,
    users_and_posts: Statement,
    posts_of: Statement,
    comments_of: Statement,
    insert_user: Statement,
    insert_users: Statement,
    get_user: Statement,
    update_user: Statement,
    update_users: Statement,
    insert_orders: Statement,
    insert_items: Statement,
    some_comments: Statement,
    delete_comments: Statement,
}

const GET_USER: &str = "SELECT id, name, hair_color FROM users WHERE id = $1";

// The fields stand for what a program would read; only some of ours do.
#[derive(Clone)]
#[allow(dead_code)]
struct User {
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[allow(dead_code)]
struct Post {
    id: i32,
    user_id: i32,
    title: String,
}

#[allow(dead_code)]
struct Comment {
    id: i32,
    post_id: i32,
    body: String,
}

/// Users with their posts with their comments.
type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

fn user(row: &Row) -> User {
    User {
        id: row.get(0),
        name: row.get(1),
        hair_color: row.get(2),
    }
}

fn post(row: &Row) -> Post {
    Post {
        id: row.get(0),
        user_id: row.get(1),
        title: row.get(2),
    }
}

fn comment(row: &Row) -> Comment {
    Comment {
        id: row.get(0),
        post_id: row.get(1),
        body: row.get(2),
    }
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Result<Raw> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let recycling_method = RecyclingMethod::Fast;
        let config = ManagerConfig { recycling_method };
        let manager = Manager::from_config(url.parse()?, NoTls, config);
        let pool = Pool::builder(manager).max_size(POOL).build()?;
        let prepare = |sql| client.prepare(sql);
        Ok(Raw {
            all_users: prepare("SELECT id, name, hair_color FROM users").await?,
            some_users: prepare("SELECT id, name, hair_color FROM users WHERE id <= $1").await?,
            users_and_posts: prepare(
                "SELECT u.id, u.name, u.hair_color, p.id, p.user_id, p.title
                 FROM users u LEFT JOIN posts p ON p.user_id = u.id",
            )
            .await?,
            posts_of: prepare("SELECT id, user_id, title FROM posts WHERE user_id = ANY($1)")
                .await?,
            comments_of: prepare("SELECT id, post_id, body FROM comments WHERE post_id = ANY($1)")
                .await?,
            insert_user: prepare(
                "INSERT INTO users (name, hair_color) VALUES ($1, $2) RETURNING id",
            )
            .await?,
            insert_users: prepare(
                "INSERT INTO users (name, hair_color)
                 SELECT name, hair FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS new(name, hair, n) ORDER BY n
                 RETURNING id",
            )
            .await?,
            get_user: prepare(GET_USER).await?,
            update_user: prepare("UPDATE users SET hair_color = $1 WHERE id = $2").await?,
            update_users: prepare(
                "UPDATE users SET hair_color = new.hair FROM unnest($1::int[], $2::text[]) AS new(id, hair)
                 WHERE users.id = new.id",
            )
            .await?,
            insert_orders: prepare(
                "INSERT INTO orders (customer)
                 SELECT customer FROM unnest($1::text[]) WITH ORDINALITY AS new(customer, n) ORDER BY n RETURNING id",
            )
            .await?,
            insert_items: prepare(
                "INSERT INTO items (order_id, product, quantity)
                 SELECT order_id, product, quantity FROM unnest($1::int[], $2::text[], $3::int[])
                 WITH ORDINALITY AS new(order_id, product, quantity, n) ORDER BY n RETURNING id",
            )
            .await?,
            some_comments: prepare("SELECT id, post_id, body FROM comments").await?,
            delete_comments: prepare("DELETE FROM comments WHERE id = ANY($1)").await?,
            client,
            pool,
        })
    }

    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        match work {
            Work::Read(n) => {
                let users = clock.time(self.read()).await?;
                check(users.len(), n)
            }
            Work::LeftJoin(n) => {
                let pairs = clock.time(self.left_join()).await?;
                check(pairs.len(), n)
            }
            Work::Nested(n) | Work::Path(n) => {
                let tree = clock.time(self.nested(n)).await?;
                let comments = tree.iter().flat_map(|(_, posts)| posts);
                check(comments.map(|(_, comments)| comments.len()).sum(), 100 * n)
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
                let mut users = self.read().await?;
                clock.time(self.update(&mut users[..changed])).await
            }
            Work::Orders(n) => {
                let items = clock.time(self.orders(n)).await?;
                check(items, n * ITEMS)
            }
            Work::Delete(n) => {
                let rows = self.client.query(&self.some_comments, &[]).await?;
                let comments: Vec<Comment> = rows.iter().map(comment).collect();
                let deleted = clock.time(self.delete(&comments)).await?;
                check(usize::try_from(deleted)?, n)
            }
            Work::Short(n) => clock.time(self.short(n)).await,
        }
    }

    async fn read(&self) -> Result<Vec<User>> {
        let rows = self.client.query(&self.all_users, &[]).await?;
        Ok(rows.iter().map(user).collect())
    }

    async fn left_join(&self) -> Result<Vec<(User, Option<Post>)>> {
        let rows = self.client.query(&self.users_and_posts, &[]).await?;
        let post = |row: &Row| {
            let id: Option<i32> = row.get(3);
            id.map(|id| Post {
                id,
                user_id: row.get(4),
                title: row.get(5),
            })
        };
        Ok(rows.iter().map(|row| (user(row), post(row))).collect())
    }

    async fn nested(&self, n: usize) -> Result<Tree> {
        let last = i32::try_from(n)?;
        let users = self.client.query(&self.some_users, &[&last]).await?;
        let users: Vec<User> = users.iter().map(user).collect();
        let ids: Vec<i32> = users.iter().map(|user| user.id).collect();
        let posts = self.client.query(&self.posts_of, &[&ids]).await?;
        let posts: Vec<Post> = posts.iter().map(post).collect();
        let ids: Vec<i32> = posts.iter().map(|post| post.id).collect();
        let comments = self.client.query(&self.comments_of, &[&ids]).await?;

        let mut of_posts: HashMap<i32, Vec<Comment>> = HashMap::with_capacity(posts.len());
        for comment in comments.iter().map(comment) {
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

    async fn insert(&self, names: Vec<String>) -> Result<Vec<User>> {
        let mut users: Vec<User> = names
            .into_iter()
            .enumerate()
            .map(|(n, name)| User {
                id: 0,
                name,
                hair_color: new_hair(n),
            })
            .collect();
        // One statement is a transaction.
        if let [user] = users.as_mut_slice() {
            let row = self
                .client
                .query_one(&self.insert_user, &[&user.name, &user.hair_color])
                .await?;
            user.id = row.get(0);
            return Ok(users);
        }
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        let hair: Vec<Option<&str>> = users
            .iter()
            .map(|user| user.hair_color.as_deref())
            .collect();
        let rows = self
            .client
            .query(&self.insert_users, &[&names, &hair])
            .await?;
        let mut ids: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
        ids.sort_unstable();
        for (user, id) in users.iter_mut().zip(ids) {
            user.id = id;
        }
        Ok(users)
    }

    async fn get(&self, n: usize) -> Result<()> {
        for key in keys(n) {
            let row = self.client.query_one(&self.get_user, &[&key]).await?;
            std::hint::black_box(user(&row));
        }
        Ok(())
    }

    async fn get_pooled(&self, n: usize) -> Result<()> {
        let tasks = (0..POOL).map(|task| {
            let pool = self.pool.clone();
            tokio::spawn(counted(async move {
                for key in keys(n).skip(task).step_by(POOL) {
                    let client = pool.get().await?;
                    let statement = client.prepare_cached(GET_USER).await?;
                    let row = client.query_one(&statement, &[&key]).await?;
                    std::hint::black_box(user(&row));
                }
                Result::<()>::Ok(())
            }))
        });
        for done in join_all(tasks).await {
            done??;
        }
        Ok(())
    }

    async fn update(&self, users: &mut [User]) -> Result<()> {
        for user in users.iter_mut() {
            user.hair_color = Some(format!("grey {}", user.id));
        }
        // One statement is a transaction.
        if let [user] = users {
            self.client
                .execute(&self.update_user, &[&user.hair_color, &user.id])
                .await?;
            return Ok(());
        }
        let ids: Vec<i32> = users.iter().map(|user| user.id).collect();
        let hair: Vec<Option<&str>> = users
            .iter()
            .map(|user| user.hair_color.as_deref())
            .collect();
        let updated = self
            .client
            .execute(&self.update_users, &[&ids, &hair])
            .await?;
        check(usize::try_from(updated)?, users.len())
    }

    async fn orders(&self, n: usize) -> Result<usize> {
        let customers: Vec<String> = (0..n).map(|n| format!("Customer {n}")).collect();
        let (_, rows) = try_join(
            self.client.batch_execute("BEGIN"),
            self.client.query(&self.insert_orders, &[&customers]),
        )
        .await?;
        let mut orders: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
        orders.sort_unstable();
        let of = |order: &i32| [*order; ITEMS];
        let of: Vec<i32> = orders.iter().flat_map(of).collect();
        let products: Vec<String> = (0..of.len()).map(|n| format!("Product {n}")).collect();
        let quantities: Vec<i32> = (0..i32::try_from(of.len())?).collect();
        let (items, ()) = try_join(
            self.client
                .query(&self.insert_items, &[&of, &products, &quantities]),
            self.client.batch_execute("COMMIT"),
        )
        .await?;
        let mut items: Vec<i32> = items.iter().map(|row| row.get(0)).collect();
        items.sort_unstable();
        Ok(items.len())
    }

    async fn delete(&self, comments: &[Comment]) -> Result<u64> {
        let ids: Vec<i32> = comments.iter().map(|comment| comment.id).collect();
        Ok(self.client.execute(&self.delete_comments, &[&ids]).await?)
    }

    async fn short(&self, n: usize) -> Result<()> {
        for key in keys(n) {
            let (_, row) = try_join(
                self.client.batch_execute("BEGIN"),
                self.client.query_one(&self.get_user, &[&key]),
            )
            .await?;
            let mut user = user(&row);
            user.hair_color = Some(next_hair(user.hair_color.as_deref()));
            try_join(
                self.client
                    .execute(&self.update_user, &[&user.hair_color, &user.id]),
                self.client.batch_execute("COMMIT"),
            )
            .await?;
        }
        Ok(())
    }
}

/// A value that depends on the old one, as read-modify-write is for.
pub(super) fn next_hair(old: Option<&str>) -> String {
    if old == Some("red") { "blue" } else { "red" }.to_owned()
}
