//! SeaORM over sqlx. Rows that change each to a value of their own are an UPDATE each, as `ActiveModel::update` writes them.

use std::collections::HashMap;

use futures_util::future::join_all;
use sea_orm::entity::prelude::*;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectOptions, Database, DatabaseConnection, IntoActiveModel, TransactionTrait,
};

use super::raw::next_hair;
use super::{POOL, check};
use crate::Result;
use crate::clock::Clock;
use crate::scenario::Work;
use crate::world::{ITEMS, keys, new_hair, new_names};

/// SeaORM wants a module for each table.
mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub hair_color: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::posts::Entity")]
        Posts,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Posts.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod posts {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub user_id: i32,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::users::Entity",
            from = "Column::UserId",
            to = "super::users::Column::Id"
        )]
        User,
        #[sea_orm(has_many = "super::comments::Entity")]
        Comments,
    }

    impl Related<super::users::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl Related<super::comments::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Comments.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod comments {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub post_id: i32,
        pub body: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::posts::Entity",
            from = "Column::PostId",
            to = "super::posts::Column::Id"
        )]
        Post,
    }

    impl Related<super::posts::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Post.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod orders {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub customer: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod items {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "items")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub order_id: i32,
        pub product: String,
        pub quantity: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// PostgreSQL takes 65,535 parameters in a statement.
const PARAMETERS: usize = 65_535;

type Tree = Vec<(users::Model, Vec<(posts::Model, Vec<comments::Model>)>)>;

pub(crate) struct Sea {
    db: DatabaseConnection,
}

impl Sea {
    pub(crate) async fn connect(url: &str) -> Result<Sea> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(u32::try_from(POOL)?)
            .test_before_acquire(false)
            .sqlx_logging(false);
        let db = Database::connect(options).await?;
        Ok(Sea { db })
    }

    pub(crate) async fn run(&mut self, work: Work, clock: &mut Clock) -> Result<()> {
        match work {
            Work::Read(n) => {
                let users = clock.time(users::Entity::find().all(&self.db)).await?;
                check(users.len(), n)
            }
            Work::LeftJoin(n) => {
                let pairs = clock
                    .time(
                        users::Entity::find()
                            .find_also_related(posts::Entity)
                            .all(&self.db),
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
                let mut users = users::Entity::find().all(&self.db).await?;
                users.truncate(changed);
                clock.time(self.update(users)).await
            }
            Work::Orders(n) => {
                let items = clock.time(self.orders(n)).await?;
                check(items, n * ITEMS)
            }
            Work::Delete(n) => {
                let comments = comments::Entity::find().all(&self.db).await?;
                let deleted = clock.time(self.delete(&comments)).await?;
                check(usize::try_from(deleted)?, n)
            }
            Work::Short(n) => clock.time(self.short(n)).await,
        }
    }

    async fn nested(&self, n: usize) -> Result<Tree> {
        let users = users::Entity::find()
            .filter(users::Column::Id.lte(i32::try_from(n)?))
            .all(&self.db)
            .await?;
        let ids = users.iter().map(|user| user.id);
        let posts = posts::Entity::find()
            .filter(posts::Column::UserId.is_in(ids))
            .all(&self.db)
            .await?;
        let mut of_posts: HashMap<i32, Vec<comments::Model>> = HashMap::with_capacity(posts.len());
        // `load_many` would do the same with one copy of each row more.
        for part in posts.chunks(PARAMETERS) {
            let ids = part.iter().map(|post| post.id);
            let comments = comments::Entity::find()
                .filter(comments::Column::PostId.is_in(ids))
                .all(&self.db)
                .await?;
            for comment in comments {
                of_posts.entry(comment.post_id).or_default().push(comment);
            }
        }
        let mut of_users: HashMap<i32, Vec<_>> = HashMap::with_capacity(users.len());
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

    async fn insert(&self, names: Vec<String>) -> Result<Vec<users::Model>> {
        let new = |(n, name)| users::ActiveModel {
            id: NotSet,
            name: Set(name),
            hair_color: Set(new_hair(n)),
        };
        let mut new: Vec<users::ActiveModel> = names.into_iter().enumerate().map(new).collect();
        if new.len() == 1
            && let Some(new) = new.pop()
        {
            return Ok(vec![new.insert(&self.db).await?]);
        }
        if new.len() * 2 <= PARAMETERS {
            return Ok(users::Entity::insert_many(new)
                .exec_with_returning(&self.db)
                .await?);
        }
        let transaction = self.db.begin().await?;
        let mut users = Vec::with_capacity(new.len());
        while !new.is_empty() {
            let rest = new.split_off(new.len().min(PARAMETERS / 2));
            let part = std::mem::replace(&mut new, rest);
            users.extend(
                users::Entity::insert_many(part)
                    .exec_with_returning(&transaction)
                    .await?,
            );
        }
        transaction.commit().await?;
        Ok(users)
    }

    async fn get(&self, n: usize) -> Result<()> {
        for key in keys(n) {
            std::hint::black_box(get_user(&self.db, key).await?);
        }
        Ok(())
    }

    async fn get_pooled(&self, n: usize) -> Result<()> {
        let tasks = (0..POOL).map(|task| {
            let db = self.db.clone();
            tokio::spawn(async move {
                for key in keys(n).skip(task).step_by(POOL) {
                    std::hint::black_box(get_user(&db, key).await?);
                }
                Result::<()>::Ok(())
            })
        });
        for done in join_all(tasks).await {
            done??;
        }
        Ok(())
    }

    async fn update(&self, mut users: Vec<users::Model>) -> Result<()> {
        if users.len() == 1
            && let Some(user) = users.pop()
        {
            return update_user(&self.db, user).await;
        }
        let transaction = self.db.begin().await?;
        for user in users {
            update_user(&transaction, user).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn orders(&self, n: usize) -> Result<usize> {
        let transaction = self.db.begin().await?;
        let new = (0..n).map(|n| orders::ActiveModel {
            id: NotSet,
            customer: Set(format!("Customer {n}")),
        });
        let orders = orders::Entity::insert_many(new)
            .exec_with_returning(&transaction)
            .await?;
        let mut number = 0;
        let mut new = Vec::with_capacity(n * ITEMS);
        for order in orders {
            for _ in 0..ITEMS {
                new.push(items::ActiveModel {
                    id: NotSet,
                    order_id: Set(order.id),
                    product: Set(format!("Product {number}")),
                    quantity: Set(number),
                });
                number += 1;
            }
        }
        let items = items::Entity::insert_many(new)
            .exec_with_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(items.len())
    }

    async fn delete(&self, comments: &[comments::Model]) -> Result<u64> {
        let ids = comments.iter().map(|comment| comment.id);
        let deleted = comments::Entity::delete_many()
            .filter(comments::Column::Id.is_in(ids))
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected)
    }

    async fn short(&self, n: usize) -> Result<()> {
        for key in keys(n) {
            let transaction = self.db.begin().await?;
            let user = get_user(&transaction, key).await?;
            let hair = next_hair(user.hair_color.as_deref());
            let mut user = user.into_active_model();
            user.hair_color = Set(Some(hair));
            user.update(&transaction).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

async fn get_user(on: &impl ConnectionTrait, key: i32) -> Result<users::Model> {
    let user = users::Entity::find_by_id(key).one(on).await?;
    Ok(user.ok_or("a user is missing")?)
}

async fn update_user(on: &impl ConnectionTrait, user: users::Model) -> Result<()> {
    let hair = format!("grey {}", user.id);
    let mut user = user.into_active_model();
    user.hair_color = Set(Some(hair));
    user.update(on).await?;
    Ok(())
}
