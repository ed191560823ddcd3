//! The handlers: from a request to a call of a repository, and from its result to a response. Nothing is decided here.

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_NONE_MATCH, LINK, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use orm_core::prelude::*;
use orm_core::session::{Isolation, SessionOptions};
use uuid::Uuid;

use crate::error::{ApiError, Result};
use crate::etag::{IfMatch, etag, names};
use crate::input::{Asked, Body, Document, Id};
use crate::repository::{NewUser, Orders, ProductFilter, ProductPatch, Products, Users};
use crate::session::{Db, ReadDb};
use crate::views::{OrderView, ProductPage, ProductView, UserView};

/// `GET /users/{id}`
pub async fn get_user(ReadDb(mut db): ReadDb, Id(id): Id<i32>) -> Result<Json<UserView>> {
    let user = Users(&mut db).get(id).await.map(UserView::of)?;
    Ok(Json(user))
}

/// `POST /users`
pub async fn create_user(Db(mut db): Db, Body(new): Body<NewUser>) -> Result<Response> {
    let user = Users(&mut db).create(new).await.map(UserView::of)?;
    let location = [(LOCATION, user.location())];
    Ok((StatusCode::CREATED, location, Json(user)).into_response())
}

/// `GET /products?search=..&limit=..&after=..`: a page, and where the next one is, in the body and in a Link header.
pub async fn list_products(
    ReadDb(mut db): ReadDb,
    Asked(filter): Asked<ProductFilter>,
) -> Result<Response> {
    let page = Products(&mut db).list(&filter).await?;
    let next = page.next.map(|token| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &filter.size().to_string());
        if let Some(text) = &filter.search {
            query.append_pair("search", text);
        }
        query.append_pair("after", &token);
        format!("/products?{}", query.finish())
    });
    let link = next
        .as_ref()
        .map(|next| (LINK, format!("<{next}>; rel=\"next\"")));
    let headers: HeaderMap = link
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
        .collect();
    let body = ProductPage {
        items: page.rows,
        next,
    };
    Ok((headers, Json(body)).into_response())
}

/// `GET /products/{id}`: with its ETag; 304 for a client that has this version already.
pub async fn get_product(
    ReadDb(mut db): ReadDb,
    Id(id): Id<i32>,
    headers: HeaderMap,
) -> Result<Response> {
    let product = Products(&mut db).get(id).await?;
    if names(&headers, IF_NONE_MATCH, product.version) {
        let tag = [(ETAG, etag(product.version))];
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok(tagged(StatusCode::OK, product))
}

/// `POST /products`
pub async fn create_product(Db(mut db): Db, Document(new): Document) -> Result<Response> {
    let product = Products(&mut db).create(&new).await?;
    let location = [(LOCATION, product.location())];
    Ok((location, tagged(StatusCode::CREATED, product)).into_response())
}

/// `PATCH /products/{id}`, with If-Match.
pub async fn update_product(
    Db(mut db): Db,
    Id(id): Id<i32>,
    seen: IfMatch,
    Body(patch): Body<ProductPatch>,
) -> Result<Response> {
    let product = Products(&mut db).update(id, &seen, patch).await?;
    Ok(tagged(StatusCode::OK, product))
}

/// `DELETE /products/{id}`, with If-Match.
pub async fn delete_product(Db(mut db): Db, Id(id): Id<i32>, seen: IfMatch) -> Result<StatusCode> {
    Products(&mut db).delete(id, &seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /orders`: serializable, and tried again when another request was faster. So it takes no session, but the engine.
pub async fn place_order(
    State(engine): State<Engine>,
    Document(document): Document,
) -> Result<Response> {
    let serializable = SessionOptions::new().isolation(Isolation::Serializable);
    let order: OrderView = engine
        .transaction_retry(serializable, async |db| {
            let order = Orders(db).place(&document).await?;
            db.flush().await?;
            Ok::<_, ApiError>(OrderView::of(db.view(order))?)
        })
        .await?;
    let location = [(LOCATION, order.location())];
    Ok((StatusCode::CREATED, location, Json(order)).into_response())
}

/// `GET /orders/{id}`
pub async fn get_order(ReadDb(mut db): ReadDb, Id(id): Id<Uuid>) -> Result<Json<OrderView>> {
    Ok(Json(Orders(&mut db).get(id).await?))
}

/// Any other path.
pub async fn nothing_here() -> ApiError {
    ApiError::NotFound("route")
}

fn tagged(status: StatusCode, product: ProductView) -> Response {
    let tag = [(ETAG, etag(product.version))];
    (status, tag, Json(product)).into_response()
}
