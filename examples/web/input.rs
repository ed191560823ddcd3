//! What a request brings, as extractors whose refusals look like all others of the service.
//!
//! Of a body: 400 for what is no JSON, 415 for what does not say that it is JSON, 413 for too much of it, and 422 with the path
//! for what does not fit.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ApiError, Problem};

/// The key in the path.
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(id) = Path::from_request_parts(parts, state).await?;
        Ok(Id(id))
    }
}

/// What stands behind the `?`.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(asked) = Query::from_request_parts(parts, state).await?;
        Ok(Asked(asked))
    }
}

/// A JSON body, read into a type.
pub struct Body<T>(pub T);

/// A JSON body as it is, for `db.add_json`, which finds everything that is wrong with it and not the first mistake alone.
pub struct Document(pub Value);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::Rejected(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body must be JSON, with `Content-Type: application/json`".to_owned(),
            ));
        }
        let bytes = Bytes::from_request(request, state).await?;
        match serde_json::from_slice(&bytes) {
            Ok(document) => Ok(Document(document)),
            Err(error) => Err(ApiError::BadRequest(format!(
                "the body is no JSON: {error}"
            ))),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Document(document) = Document::from_request(request, state).await?;
        serde_path_to_error::deserialize(document)
            .map(Body)
            .map_err(|error| {
                // Of a document without a mistaken part, the path is a dot.
                let path = error.path().to_string();
                ApiError::Unprocessable(vec![Problem {
                    field: if path == "." { String::new() } else { path },
                    message: error.inner().to_string(),
                }])
            })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
