//! diesel-async on its own PostgreSQL connection, which prepares statements once. Rows that change each to a value of their
//! own are an UPDATE each: the query builder has no other form for that.

use diesel::prelude::*;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::join_all;

use super::raw::next_hair;
use super::{POOL, check};
use crate::Result;
use crate::clock::{Clock, counted};
use crate::scenario::Work;
use crate::world::{ITEMS, keys, new_hair, new_names};

diesel::table! { users (id) { id -> Integer, name -> Text, hair_color -> Nullable<Text>, } }
diesel::table! { posts (id) { id -> Integer, user_id -> Integer, title -> Text, } }
diesel::table! { comments (id) { id -> Integer, post_id -> Integer, body -> Text, } }
diesel::table! { orders (id) { id -> Integer, customer -> Text, } }
diesel::table! { items (id) { id -> Integer, order_id -> Integer, product -> Text, quantity -> Integer, } }
diesel::joinable!(posts -> users (user_id));
diesel::joinable!(comments -> posts (post_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts, comments);

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[expect(dead_code, reason = "read as a program would")]
    name: String,
    hair_color: Option<String>,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = posts, belongs_to(User))]
struct Post {
    id: i32,
    user_id: i32,
    #[expect(dead_code, reason = "read as a program would")]
    title: String,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = comments, belongs_to(Post))]
struct Comment {
    id: i32,
    post_id: i32,
    #[expect(dead_code, reason = "read as a program would")]
    body: String,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUser {
    name: String,
    hair_color: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = orders)]
struct NewOrder {
    customer: String,
}

#[derive(Insertable)]
#[diesel(table_name = items)]
struct NewItem {
    order_id: i32,
    product: String,
    quantity: i32,
}

/// PostgreSQL takes 65,535 parameters in a statement.
const PARAMETERS: usize = 65_535;

type Tree = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

pub(crate) struct Diesel {
    conn: AsyncPgConnection,
    pool: Pool<AsyncPgConnection>,
}

impl Diesel {
    pub(crate) async fn connect(url: &str) -> Result<Diesel> {
        let conn = AsyncPgConnection::establish(url).await?;
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
        let pool = Pool::builder(manager).max_size(POOL).build()?;
        Ok(Diesel { conn, pool })
    }

    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        let conn = &mut self.conn;
        match work {
            Work::Read(n) => {
                let users = clock.time(read(conn)).await?;
                check(users.len(), n)
            }
            Work::LeftJoin(n) => {
                let pairs: Vec<(User, Option<Post>)> = clock
                    .time(
                        users::table
                            .left_join(posts::table)
                            .select((User::as_select(), Option::<Post>::as_select()))
                            .load(conn),
                    )
                    .await?;
                check(pairs.len(), n)
            }
            Work::Nested(n) | Work::Path(n) => {
                let tree = clock.time(nested(conn, n)).await?;
                let posts = tree.iter().flat_map(|(_, posts)| posts);
                check(posts.map(|(_, comments)| comments.len()).sum(), 100 * n)
            }
            Work::Insert(n) => {
                let names = new_names(n);
                let users = clock.time(insert(conn, names)).await?;
                check(users.len(), n)
            }
            Work::Get(n) => clock.time(get(conn, n)).await,
            Work::GetPooled(n) => clock.time(get_pooled(&self.pool, n)).await,
            Work::IdentityMap(_) => Ok(()),
            Work::Update { changed, .. } => {
                let mut users = read(conn).await?;
                clock.time(update(conn, &mut users[..changed])).await
            }
            Work::Orders(n) => {
                let items = clock.time(orders_and_items(conn, n)).await?;
                check(items, n * ITEMS)
            }
            Work::Delete(n) => {
                let comments = comments::table
                    .select(Comment::as_select())
                    .load(conn)
                    .await?;
                let deleted = clock.time(delete(conn, &comments)).await?;
                check(deleted, n)
            }
            Work::Short(n) => clock.time(short(conn, n)).await,
        }
    }
}

async fn read(conn: &mut AsyncPgConnection) -> Result<Vec<User>> {
    Ok(users::table.select(User::as_select()).load(conn).await?)
}

async fn nested(conn: &mut AsyncPgConnection, n: usize) -> Result<Tree> {
    let users = users::table
        .filter(users::id.le(i32::try_from(n)?))
        .select(User::as_select())
        .load(conn)
        .await?;
    let posts = Post::belonging_to(&users)
        .select(Post::as_select())
        .load(conn)
        .await?;
    let comments = Comment::belonging_to(&posts)
        .select(Comment::as_select())
        .load(conn)
        .await?;
    let comments = comments.grouped_by(&posts);
    let posts: Vec<Vec<(Post, Vec<Comment>)>> = posts.into_iter().zip(comments).grouped_by(&users);
    Ok(users.into_iter().zip(posts).collect())
}

async fn insert(conn: &mut AsyncPgConnection, names: Vec<String>) -> Result<Vec<User>> {
    let new: Vec<NewUser> = names
        .into_iter()
        .enumerate()
        .map(|(n, name)| NewUser {
            name,
            hair_color: new_hair(n),
        })
        .collect();
    if new.len() * 2 <= PARAMETERS {
        return insert_users(conn, &new).await;
    }
    conn.transaction(async |conn| {
        let mut users = Vec::with_capacity(new.len());
        for part in new.chunks(PARAMETERS / 2) {
            users.extend(insert_users(conn, part).await?);
        }
        Ok(users)
    })
    .await
}

async fn insert_users(conn: &mut AsyncPgConnection, new: &[NewUser]) -> Result<Vec<User>> {
    Ok(diesel::insert_into(users::table)
        .values(new)
        .returning(User::as_returning())
        .get_results(conn)
        .await?)
}

async fn get(conn: &mut AsyncPgConnection, n: usize) -> Result<()> {
    for key in keys(n) {
        std::hint::black_box(get_user(conn, key).await?);
    }
    Ok(())
}

async fn get_user(conn: &mut AsyncPgConnection, key: i32) -> Result<User> {
    Ok(users::table
        .find(key)
        .select(User::as_select())
        .first(conn)
        .await?)
}

async fn get_pooled(pool: &Pool<AsyncPgConnection>, n: usize) -> Result<()> {
    let tasks = (0..POOL).map(|task| {
        let pool = pool.clone();
        tokio::spawn(counted(async move {
            for key in keys(n).skip(task).step_by(POOL) {
                let mut conn = pool.get().await?;
                std::hint::black_box(get_user(&mut conn, key).await?);
            }
            Result::<()>::Ok(())
        }))
    });
    for done in join_all(tasks).await {
        done??;
    }
    Ok(())
}

async fn update_user(conn: &mut AsyncPgConnection, user: &User) -> Result<()> {
    diesel::update(users::table.find(user.id))
        .set(users::hair_color.eq(&user.hair_color))
        .execute(conn)
        .await?;
    Ok(())
}

async fn update(conn: &mut AsyncPgConnection, users: &mut [User]) -> Result<()> {
    for user in users.iter_mut() {
        user.hair_color = Some(format!("grey {}", user.id));
    }
    if let [user] = users {
        return update_user(conn, user).await;
    }
    conn.transaction(async |conn| {
        for user in users.iter() {
            update_user(conn, user).await?;
        }
        Ok(())
    })
    .await
}

async fn orders_and_items(conn: &mut AsyncPgConnection, n: usize) -> Result<usize> {
    conn.transaction(async |conn| {
        let new: Vec<NewOrder> = (0..n)
            .map(|n| NewOrder {
                customer: format!("Customer {n}"),
            })
            .collect();
        let orders: Vec<i32> = diesel::insert_into(orders::table)
            .values(&new)
            .returning(orders::id)
            .get_results(conn)
            .await?;
        let mut number = 0;
        let mut new = Vec::with_capacity(n * ITEMS);
        for order_id in orders {
            for _ in 0..ITEMS {
                let product = format!("Product {number}");
                new.push(NewItem {
                    order_id,
                    product,
                    quantity: number,
                });
                number += 1;
            }
        }
        let items: Vec<i32> = diesel::insert_into(items::table)
            .values(&new)
            .returning(items::id)
            .get_results(conn)
            .await?;
        Ok(items.len())
    })
    .await
}

async fn delete(conn: &mut AsyncPgConnection, comments: &[Comment]) -> Result<usize> {
    let ids: Vec<i32> = comments.iter().map(|comment| comment.id).collect();
    Ok(
        diesel::delete(comments::table.filter(comments::id.eq_any(ids)))
            .execute(conn)
            .await?,
    )
}

async fn short(conn: &mut AsyncPgConnection, n: usize) -> Result<()> {
    for key in keys(n) {
        conn.transaction(async |conn| {
            let mut user = get_user(conn, key).await?;
            user.hair_color = Some(next_hair(user.hair_color.as_deref()));
            update_user(conn, &user).await
        })
        .await?;
    }
    Ok(())
}
