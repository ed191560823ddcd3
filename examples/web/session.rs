//! A session per request, as extractors: FastAPI's `db: Session = Depends(get_db)`.
//!
//! A session takes no connection until its first statement, so a request that is refused before it asks for anything costs
//! none. It is dropped with the handler's future, however that ends: by a response, an error, a panic, or a client that has
//! gone. What was not committed is then rolled back, and the connection is back in the pool.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use orm_core::prelude::*;

/// The session of a request that writes. Nothing is kept without `db.commit().await?`.
pub struct Db(pub Session);

impl FromRequestParts<Engine> for Db {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, engine: &Engine) -> Result<Self, Infallible> {
        Ok(Db(engine.session()))
    }
}

/// The session of a request that reads. A handler that has this one cannot write, whatever it calls.
pub struct ReadDb(pub Session);

impl FromRequestParts<Engine> for ReadDb {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, engine: &Engine) -> Result<Self, Infallible> {
        Ok(ReadDb(engine.read_only_session()))
    }
}
