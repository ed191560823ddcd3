//! What is counted: each part of the library that needs no server, with enough rows that one more instruction a row shows.

use std::hint::black_box;
use std::task::{Context, Poll, Waker};

use orm_core::model::{Model, RowReader};
use orm_core::prelude::*;
use orm_core::query::{Executor, Statement};

use crate::{Result, callgrind};

#[derive(Model, Clone)]
#[orm(table = "users", has_many(posts: Post, via = user))]
struct User {
    #[orm(primary_key)]
    id: i32,
    name: String,
    hair_color: Option<String>,
}

#[derive(Model, Clone)]
#[orm(table = "posts")]
struct Post {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(user: User))]
    user_id: i32,
    title: String,
}

/// How many rows a part is about, where its name says nothing else.
const ROWS: usize = 1_000;

/// Runs the parts: once to warm up, which makes what is made once for a process, and once to be counted.
pub(crate) async fn run(url: &str) -> Result<()> {
    let engine = Engine::connect(url).await?;
    engine.create_all::<(User, Post)>().await?;
    let mut db = engine.session();
    db.add_all((0..10 * ROWS).map(new_user));
    db.commit().await?;
    db.close().await?;
    for counted in [false, true] {
        parts(&engine, &Counter(counted)).await?;
    }
    Ok(())
}

/// Whether parts are counted, or only run.
struct Counter(bool);

impl Counter {
    fn count<T>(&self, part: &str, work: impl FnOnce() -> T) -> T {
        if !self.0 {
            return work();
        }
        println!("{part}");
        callgrind::begin();
        let done = work();
        callgrind::end();
        done
    }
}

fn new_user(n: usize) -> impl orm_core::model::Insertable<Model = User> {
    // The longest is longer than all that is kept in place anywhere.
    User::create()
        .name(format!("User number {n}"))
        .hair_color((n % 2 == 0).then(|| "a colour with a longer name".to_owned()))
}

async fn parts(engine: &Engine, counter: &Counter) -> Result<()> {
    counter.count("render 100 queries", || {
        for n in 0..100 {
            black_box(query(n));
        }
    });

    let mut conn = engine.acquire().await?;
    let statement = User::query().order_by(User::ID).statement();
    let rows = conn.fetch(statement).await?;
    drop(conn);
    let mut users = Vec::with_capacity(ROWS);
    counter.count("decode 1,000 rows", || {
        for row in &rows[..ROWS] {
            users.push(User::read(&mut RowReader::new(row)));
        }
    });
    let users: Vec<User> = users.into_iter().collect::<orm_core::Result<_>>()?;

    let mut db = engine.session();
    let mut tracked: Vec<Handle<User>> = Vec::with_capacity(ROWS);
    counter.count("track 1,000 rows", || {
        db.make_room::<User>(ROWS);
        for row in &rows[..ROWS] {
            tracked.extend(db.entity::<User>(&mut RowReader::new(row)));
        }
    });
    counter.count("get 1,000 rows that are there", || {
        for user in &users {
            black_box(at_once(db.get::<User>(user.id)));
        }
    });
    counter.count("change 1,000 rows", || {
        for user in &tracked {
            db[*user].name.push('!');
        }
    });
    let dirty = counter.count("diff 1,000 rows", || db.dirty::<User>().len());
    let plan = counter.count("plan 1,000 updates", || db.plan())?;
    assert_eq!((dirty, plan.steps.len()), (ROWS, 1));
    counter.count("end a session of 1,000 rows", || drop(db));

    for (part, loaded) in [
        ("change and plan 1 of 1 row", 1),
        ("change and plan 1 of 10,000 rows", rows.len()),
    ] {
        let mut db = engine.session();
        let mut user = None;
        for row in &rows[..loaded] {
            user = Some(db.entity::<User>(&mut RowReader::new(row))?);
        }
        let user = user.ok_or("there are no rows")?;
        let plan = counter.count(part, || {
            db[user].name.push('!');
            db.plan()
        });
        assert_eq!(plan?.steps.len(), 1);
    }

    let mut db = engine.session();
    counter.count("add 1,000 rows", || {
        black_box(db.add_all((0..ROWS).map(new_user)))
    });
    let plan = counter.count("plan 1,000 inserts", || db.plan())?;
    assert_eq!(plan.steps.len(), 1);

    let mut db = engine.session();
    counter.count("add 100 rows with 5 children each", || {
        for n in 0..100 {
            let user = db.add(new_user(n));
            for _ in 0..5 {
                db.add(Post::create().user(user).title("A post"));
            }
        }
    });
    let plan = counter.count("plan inserts of 100 with 5 children", || db.plan())?;
    assert_eq!(plan.steps.len(), 2);

    let mut db = engine.session();
    let mut tracked: Vec<Handle<User>> = Vec::with_capacity(ROWS);
    for row in &rows[..ROWS] {
        tracked.push(db.entity::<User>(&mut RowReader::new(row))?);
    }
    let plan = counter.count("delete and plan 1,000 rows", || {
        for user in &tracked {
            db.delete(*user)?;
        }
        db.plan()
    })?;
    assert_eq!(plan.steps.len(), 1);
    Ok(())
}

/// The statement of a query with a join, conditions, an order and a limit.
fn query(n: i32) -> Statement {
    User::query()
        .join(User::POSTS)
        .filter(User::ID.gt(n))
        .filter(User::NAME.ilike("user%"))
        .filter(Post::TITLE.ne("x"))
        .order_by(User::NAME)
        .limit(10)
        .statement()
}

/// The value of a future that has nothing to wait for.
fn at_once<T>(future: impl IntoFuture<Output = T>) -> Option<T> {
    let mut future = Box::pin(future.into_future());
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
