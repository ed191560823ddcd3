//! What clients see of the rows. A column that a model gets later is not shown to the world by itself.

use orm_core::session::View;
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use crate::models::{Order, OrderItem, OrderStatus, OrderTotal, Product, User};

/// A user, without the password's hash.
#[derive(Debug, Serialize)]
pub struct UserView {
    id: i32,
    username: String,
    email: String,
    full_name: Option<String>,
}

impl UserView {
    /// Of a row.
    pub fn of(user: &User) -> Self {
        UserView {
            id: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            full_name: user.full_name.clone(),
        }
    }

    /// Where it is.
    pub fn location(&self) -> String {
        format!("/users/{}", self.id)
    }
}

/// A product and the name of its category.
#[derive(Debug, Serialize)]
pub struct ProductView {
    id: i32,
    name: String,
    description: Option<String>,
    price: Decimal,
    stock_quantity: i32,
    category: Option<String>,
    /// The same as the ETag; here for lists, whose rows have none.
    pub version: i32,
}

impl ProductView {
    /// Of a product whose category is loaded.
    pub fn of(product: View<'_, Product>) -> orm_core::Result<Self> {
        let category = product.related(Product::CATEGORY)?;
        Ok(ProductView {
            id: product.id,
            name: product.name.clone(),
            description: product.description.clone(),
            price: product.price,
            stock_quantity: product.stock_quantity,
            category: category.map(|category| category.name.clone()),
            version: product.version,
        })
    }

    /// Where it is.
    pub fn location(&self) -> String {
        format!("/products/{}", self.id)
    }
}

/// A page of products.
#[derive(Debug, Serialize)]
pub struct ProductPage {
    /// The products.
    pub items: Vec<ProductView>,
    /// What to ask for next; `null` on the last page.
    pub next: Option<String>,
}

/// An order with its items.
#[derive(Debug, Serialize)]
pub struct OrderView {
    id: Uuid,
    status: &'static str,
    user: Option<i32>,
    items: Vec<ItemView>,
    total: Decimal,
}

/// An item of an order.
#[derive(Debug, Serialize)]
pub struct ItemView {
    product: i32,
    name: String,
    quantity: i32,
    unit_price: Decimal,
    total_price: Decimal,
}

impl OrderView {
    /// Of an order whose items and their products are loaded.
    pub fn of(order: View<'_, Order>) -> orm_core::Result<Self> {
        let items = order.related(Order::ITEMS)?;
        let items = items.map(|item| {
            let product = item.related(OrderItem::PRODUCT)?;
            Ok(ItemView {
                product: product.id,
                name: product.name.clone(),
                quantity: item.quantity,
                unit_price: item.unit_price,
                total_price: item.total_price,
            })
        });
        Ok(OrderView {
            id: order.id,
            status: status(order.status),
            user: order.user_id,
            items: items.collect::<orm_core::Result<_>>()?,
            total: order.total_amount()?,
        })
    }

    /// Where it is.
    pub fn location(&self) -> String {
        format!("/orders/{}", self.id)
    }
}

fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Processing => "processing",
        OrderStatus::Shipped => "shipped",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Cancelled => "cancelled",
    }
}
