//! The repositories: what the service does with the store, in its own words. They borrow the session of whoever calls, so
//! that several of them can take part in one transaction; the calls that change something commit.

use orm_core::prelude::*;
use orm_core::query::Page;
use orm_core::session::JsonShape;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{ApiError, Problem, Result};
use crate::etag::IfMatch;
use crate::models::{Order, OrderItem, Product, User};
use crate::views::{OrderView, ProductView};

/// What somebody sends to become a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    username: String,
    email: String,
    full_name: Option<String>,
}

/// The users.
pub struct Users<'db>(pub &'db mut Session);

impl Users<'_> {
    /// The user with this key.
    pub async fn get(&mut self, id: i32) -> Result<&User> {
        let user = self.0.get::<User>(id).await?;
        let user = user.ok_or(ApiError::NotFound("user"))?;
        Ok(&self.0[user])
    }

    /// Creates a user.
    pub async fn create(&mut self, new: NewUser) -> Result<&User> {
        let user = self.0.add(
            User::create()
                .username(new.username)
                .email(new.email)
                .full_name(new.full_name)
                // The hash of no password: the service has no log-in.
                .password_hash("!"),
        );
        self.0.commit().await?;
        Ok(&self.0[user])
    }
}

/// What a PATCH of a product may change: what is absent stays.
#[derive(Debug, Changes, Deserialize)]
#[orm(model = Product)]
#[serde(deny_unknown_fields)]
pub struct ProductPatch {
    name: Option<String>,
    /// Absent, `null`, or a text.
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
    price: Option<Decimal>,
    stock_quantity: Option<i32>,
}

/// Keeps `null` apart from what is absent, for a column that can be NULL.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Which products a list has.
#[derive(Debug, Default, Deserialize)]
pub struct ProductFilter {
    /// A part of the name.
    pub search: Option<String>,
    /// How many a page has: 20 if not said, 100 at most.
    pub limit: Option<u32>,
    /// The token of the page before.
    pub after: Option<String>,
}

impl ProductFilter {
    /// How many rows a page has.
    pub fn size(&self) -> u32 {
        self.limit.unwrap_or(20).clamp(1, 100)
    }
}

/// The products.
pub struct Products<'db>(pub &'db mut Session);

impl Products<'_> {
    /// The product with this key, and its category.
    async fn find(&mut self, id: i32) -> Result<Handle<Product>> {
        let product = self.0.get::<Product>(id).with(Product::CATEGORY).await?;
        match product.filter(|product| self.0[*product].is_active) {
            Some(product) => Ok(product),
            None => Err(ApiError::NotFound("product")),
        }
    }

    /// The product with this key.
    pub async fn get(&mut self, id: i32) -> Result<ProductView> {
        let product = self.find(id).await?;
        Ok(ProductView::of(self.0.view(product))?)
    }

    /// A page of products by name. By key and not by number: page 1,000 costs what page 1 does, and rows that are added or
    /// removed meanwhile make no row come twice or never.
    pub async fn list(&mut self, filter: &ProductFilter) -> Result<Page<ProductView>> {
        let mut products = Product::query()
            .with(Product::CATEGORY)
            .filter(Product::IS_ACTIVE);
        if let Some(text) = &filter.search {
            products = products.filter(Product::NAME.icontains(text));
        }
        let page = products
            .order_by(Product::NAME)
            .page(filter.size())
            .after_some(filter.after.as_deref())
            .fetch(self.0)
            .await
            .map_err(|error| match error {
                // The token is the one thing here that a client can get wrong.
                orm_core::Error::Invalid { what } => ApiError::BadRequest(what),
                other => other.into(),
            })?;
        let rows = page
            .rows
            .iter()
            .map(|row| ProductView::of(self.0.view(*row)));
        Ok(Page {
            rows: rows.collect::<orm_core::Result<_>>()?,
            next: page.next,
            prev: page.prev,
        })
    }

    /// Creates a product from a document: `{"name": "Globe", "price": "49.90", "category": 2}`.
    pub async fn create(&mut self, document: &Value) -> Result<ProductView> {
        let shape = JsonShape::new()
            .allow(Product::NAME)
            .allow(Product::DESCRIPTION)
            .allow(Product::PRICE)
            .allow(Product::STOCK_QUANTITY)
            .existing(Product::CATEGORY);
        let product = self.0.add_json(&shape, document).await?;
        self.0.commit().await?;
        Ok(ProductView::of(self.0.view(product))?)
    }

    /// Changes what the patch has, if the row is still the one that the client has seen.
    ///
    /// It is asked twice. Here, for clients that come too late; and by the UPDATE, whose WHERE has the version, for those
    /// that come at the same moment.
    pub async fn update(
        &mut self,
        id: i32,
        seen: &IfMatch,
        patch: ProductPatch,
    ) -> Result<ProductView> {
        let product = self.find(id).await?;
        seen.check(self.0[product].version)?;
        self.0.apply(product, patch);
        self.commit().await?;
        Ok(ProductView::of(self.0.view(product))?)
    }

    /// Takes a product from the shelf. Orders still name it, so the row stays.
    pub async fn delete(&mut self, id: i32, seen: &IfMatch) -> Result<()> {
        let product = self.find(id).await?;
        seen.check(self.0[product].version)?;
        self.0[product].is_active = false;
        self.commit().await
    }

    async fn commit(&mut self) -> Result<()> {
        self.0.commit().await.map_err(|error| match error {
            orm_core::Error::Stale { .. } => ApiError::PreconditionFailed,
            other => other.into(),
        })
    }
}

/// The orders.
pub struct Orders<'db>(pub &'db mut Session);

impl Orders<'_> {
    /// The order with this key, with its items and their products: one statement for the order, one for the rest.
    pub async fn get(&mut self, id: Uuid) -> Result<OrderView> {
        let order = self
            .0
            .get::<Order>(id)
            .with(Order::ITEMS.then(OrderItem::PRODUCT))
            .await?;
        let order = order.ok_or(ApiError::NotFound("order"))?;
        Ok(OrderView::of(self.0.view(order))?)
    }

    /// Places an order from a document, and takes its goods from the stock:
    /// `{"user": 1, "items": [{"product": 2, "quantity": 3}]}`.
    ///
    /// Reads, decides, and writes: right only where nobody else changes the stock between the three. So it does not commit,
    /// but runs in a serializable transaction of its caller's, who runs it again when another one was faster.
    pub async fn place(&mut self, document: &Value) -> Result<Handle<Order>> {
        let db = &mut *self.0;
        let item = JsonShape::new()
            .allow(OrderItem::QUANTITY)
            .existing(OrderItem::PRODUCT);
        let shape = JsonShape::new()
            .existing(Order::USER)
            .nested(Order::ITEMS, item);
        let order = db.add_json(&shape, document).await?;
        let items = db.related(order, Order::ITEMS)?;
        if items.is_empty() {
            return Err(ApiError::Unprocessable(vec![Problem {
                field: "items".to_owned(),
                message: "must not be empty".to_owned(),
            }]));
        }
        for item in items {
            let product = db.related(item, OrderItem::PRODUCT)?;
            let Product {
                price,
                stock_quantity,
                ..
            } = db[product];
            let draft = db.draft(item)?;
            // The price is not for the client to say.
            draft.unit_price = Some(price);
            let quantity = draft.quantity.unwrap_or_default();
            if quantity > stock_quantity {
                return Err(ApiError::Conflict(format!(
                    "there are not {quantity} in stock of product {}",
                    db[product].id
                )));
            }
            db[product].stock_quantity -= quantity;
        }
        Ok(order)
    }
}
