//! From what went wrong to what the client is told: a status, and a body as RFC 9457 has it (`application/problem+json`).
//!
//! | what happened | status |
//! | --- | --- |
//! | the body is no JSON, a page token is none | 400 |
//! | there is no such row, or no such route | 404 |
//! | a constraint of the database is violated; too little in stock; somebody else was faster | 409 |
//! | If-Match names another version than the row has | 412 |
//! | the body is JSON and does not fit; a rule is broken | 422, with a list of fields |
//! | If-Match is missing where it is required | 428 |
//! | no connection became free, the database is away, a transaction lost every race | 503, with Retry-After |
//! | anything else | 500, of which the client is told nothing and the log everything |
//!
//! No message has a value of a row in it: those of the ORM never do, and here none is added.

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use orm_core::error::{ConstraintError, ConstraintKind};
use serde::Serialize;

/// `Result` with an [`ApiError`].
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// What a request can end with in place of what was asked for.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the client does not speak as it should.
    BadRequest(String),
    /// 404: there is no such thing.
    NotFound(&'static str),
    /// 409: what is there does not allow it.
    Conflict(String),
    /// 412: the client has seen another version.
    PreconditionFailed,
    /// 422: the body does not fit.
    Unprocessable(Vec<Problem>),
    /// 428: the client must say which version it has seen.
    PreconditionRequired,
    /// 503: later it may work.
    Unavailable(orm_core::Error),
    /// 500: somebody has to look at it.
    Internal(orm_core::Error),
    /// What axum itself refuses, with its status.
    Rejected(StatusCode, String),
}

/// What is wrong with one field.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The path to it: `items[2].quantity`; empty for the whole document.
    pub field: String,
    /// What is wrong with it. It goes on where the path ends.
    pub message: String,
}

impl From<orm_core::Error> for ApiError {
    fn from(error: orm_core::Error) -> Self {
        use orm_core::Error;
        match error {
            Error::NotFound { .. } => ApiError::NotFound("row"),
            Error::Constraint(violation) => ApiError::Conflict(in_words(&violation)),
            Error::Stale { .. } => {
                ApiError::Conflict("somebody else has changed it meanwhile".to_owned())
            }
            Error::Validation(invalid) => ApiError::Unprocessable(
                invalid
                    .rejections
                    .into_iter()
                    .map(|rejection| Problem {
                        field: rejection.field.into_owned(),
                        message: rejection.message,
                    })
                    .collect(),
            ),
            Error::Timeout { .. } | Error::Connection { .. } | Error::Retryable { .. } => {
                ApiError::Unavailable(error)
            }
            other => ApiError::Internal(other),
        }
    }
}

/// A violated constraint as a client understands it, without the names of tables.
fn in_words(violation: &ConstraintError) -> String {
    let columns = violation.columns.join(", ");
    match violation.kind {
        ConstraintKind::Unique => format!("there is one with the same {columns} already"),
        ConstraintKind::ForeignKey => {
            format!("{columns} names something that is not there, or is named by something that is")
        }
        _ => format!("the database does not allow it: {}", violation.constraint),
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        ApiError::Rejected(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        ApiError::Rejected(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        ApiError::Rejected(rejection.status(), rejection.body_text())
    }
}

/// The body of an error.
#[derive(Serialize)]
struct ProblemDetails {
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut problems = Vec::new();
        let mut retry = false;
        let (status, detail) = match self {
            ApiError::BadRequest(why) => (StatusCode::BAD_REQUEST, why),
            ApiError::NotFound(what) => (StatusCode::NOT_FOUND, format!("{what} not found")),
            ApiError::Conflict(why) => (StatusCode::CONFLICT, why),
            ApiError::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "it has changed since you read it: read it again and decide again".to_owned(),
            ),
            ApiError::Unprocessable(found) => {
                problems = found;
                let detail = "the body does not fit: see `problems`".to_owned();
                (StatusCode::UNPROCESSABLE_ENTITY, detail)
            }
            ApiError::PreconditionRequired => (
                StatusCode::PRECONDITION_REQUIRED,
                "say by If-Match which version you have seen: its ETag".to_owned(),
            ),
            ApiError::Unavailable(error) => {
                tracing::warn!(%error, "unavailable");
                retry = true;
                let detail = "not now: try again in a moment".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, detail)
            }
            ApiError::Internal(error) => {
                tracing::error!(%error, "internal error");
                let detail = "something is wrong here; it has been noted".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
            ApiError::Rejected(status, why) => (status, why),
        };
        let body = ProblemDetails {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail,
            problems,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, problem);
        if retry {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
