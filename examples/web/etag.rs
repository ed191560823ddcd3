//! Optimistic locking over HTTP: the version of a row is its ETag, and a change says by If-Match which one it was made from.
//!
//! Two people open the same product and both save. Without this, the second save undoes the first one, and nobody is told.

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::error::ApiError;

/// The ETag of a version: `"3"`, with the quotes.
pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// Whether a header of tags (If-Match, If-None-Match) names a version, or is `*`.
pub fn names(headers: &HeaderMap, header: HeaderName, version: i32) -> bool {
    let lists = headers.get_all(header).into_iter();
    let texts = lists.filter_map(|list| list.to_str().ok());
    let mut tags = texts.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag == etag(version))
}

/// The If-Match of a request that changes something. A request without one is refused with 428: it would write over
/// whatever is there.
pub struct IfMatch(HeaderMap);

impl IfMatch {
    /// Fails with 412 if the client has seen another version.
    pub fn check(&self, version: i32) -> Result<(), ApiError> {
        match names(&self.0, IF_MATCH, version) {
            true => Ok(()),
            false => Err(ApiError::PreconditionFailed),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.headers.contains_key(IF_MATCH) {
            true => Ok(IfMatch(parts.headers.clone())),
            false => Err(ApiError::PreconditionRequired),
        }
    }
}
