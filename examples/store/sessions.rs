//! Whose session is it? A repository that borrows one, a handler that has one for a request, and a scope that commits or
//! rolls back by itself.

use examples::Story;
use orm_core::prelude::*;
use serde::Deserialize;

use crate::create::get_password_hash;
use crate::error::{Error, Result};
use crate::models::User;

/// The repository pattern: the functions about users, on a session that somebody else owns.
pub struct UserRepository<'db> {
    db: &'db mut Session,
}

/// What somebody fills in to become a user.
#[derive(Debug, Clone, Deserialize)]
pub struct UserData {
    /// The name to log in with.
    pub username: String,
    /// The address to write to.
    pub email: String,
    /// The password, which is not kept.
    pub password: String,
}

impl<'db> UserRepository<'db> {
    /// A repository on a session.
    pub fn new(db: &'db mut Session) -> Self {
        UserRepository { db }
    }

    /// The user with this key.
    pub async fn get_user(&mut self, user_id: i32) -> Result<Option<&User>> {
        let user = self.db.get::<User>(user_id).await?;
        Ok(user.map(|user| &self.db[user]))
    }

    /// Creates a user.
    pub async fn create_user(&mut self, user_data: UserData) -> Result<&User> {
        let user = self.db.add(
            User::create()
                .username(user_data.username)
                .email(user_data.email)
                .password_hash(get_password_hash(&user_data.password)),
        );
        self.db.commit().await?;
        Ok(&self.db[user])
    }
}

/// `GET /users/{user_id}`: what a web framework calls, with the engine from its shared state. The session lives as long as
/// the request; when it is dropped, its connection goes back to the pool. What leaves the handler is a row, not a handle.
pub async fn get_user(engine: &Engine, user_id: i32) -> Result<User> {
    let mut db = engine.session();
    let mut repository = UserRepository::new(&mut db);
    let user = repository.get_user(user_id).await?;
    user.cloned().ok_or(Error::NotFound("User"))
}

/// The tutorial's `with DatabaseSession() as db`: commits if the closure gives `Ok`, rolls back if it gives `Err`.
pub async fn process_user_data(engine: &Engine, user_id: i32, full_name: &str) -> Result<()> {
    engine
        .transaction(async |db| {
            let user = db
                .get::<User>(user_id)
                .await?
                .ok_or(Error::NotFound("User"))?;
            db[user].full_name = Some(full_name.to_owned());
            db.flush().await?;
            // Late on purpose: what was written by now is taken back.
            if full_name.is_empty() {
                return Err(Error::Invalid("a name cannot be empty"));
            }
            Ok(())
        })
        .await
}

/// The chapter: calls the functions above and looks at what they did.
pub async fn chapter(story: &mut Story<'_>, engine: &Engine) -> Result<()> {
    story.chapter("Sessions", "sessions.rs");

    let mut db = engine.session();
    let mut repository = UserRepository::new(&mut db);
    let bob = UserData {
        username: "bob".to_owned(),
        email: "bob@example.com".to_owned(),
        password: "builder".to_owned(),
    };
    let bob = repository.create_user(bob).await?.clone();
    story.say(format_args!(
        "The repository created {} with the key {}.",
        bob.username, bob.id
    ));
    let found = repository.get_user(bob.id).await?;
    story.check(
        "UserRepository",
        found.map(|user| user.username.as_str()),
        Some("bob"),
    );
    drop(db);

    let missing = get_user(engine, 999).await;
    story.say(match &missing {
        Ok(user) => format!("GET /users/999: {}", user.username),
        Err(error) => format!("GET /users/999: 404, {error}"),
    });
    story.check(
        "the handler finds a user",
        get_user(engine, bob.id).await?.username.as_str(),
        "bob",
    );
    story.check(
        "the handler answers 404",
        matches!(missing, Err(Error::NotFound("User"))),
        true,
    );

    process_user_data(engine, bob.id, "Bob Builder").await?;
    let after_ok = get_user(engine, bob.id).await?.full_name;
    let refused = process_user_data(engine, bob.id, "").await;
    let after_error = get_user(engine, bob.id).await?.full_name;
    story.say(format_args!(
        "The scope committed the name {}, and rolled the next one back: {}.",
        after_ok.as_deref().unwrap_or("-"),
        refused
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default(),
    ));
    story.check(
        "the scope commits",
        after_ok.as_deref(),
        Some("Bob Builder"),
    );
    story.check("the scope gives the error on", refused.is_err(), true);
    story.check(
        "the scope rolls back",
        after_error.as_deref(),
        Some("Bob Builder"),
    );
    Ok(())
}
