//! What must hold of rows, whoever writes them and by which request: hooks of every session of the service.
//!
//! They run before the first statement of a flush, and report all that they find. The database has constraints as well; these
//! say it in words, and of which field.

use orm_core::session::{Hooks, Problems};
use rust_decimal::Decimal;

use crate::models::{OrderItem, OrderItemDraft, Product, ProductDraft, User, UserDraft};

/// The rules for products.
pub struct Products;

impl Hooks<Product> for Products {
    fn validate(&self, product: &ProductDraft, problems: &mut Problems<Product>) {
        if product
            .name
            .as_ref()
            .is_some_and(|name| name.trim().is_empty())
        {
            problems.reject(Product::NAME, "must not be empty");
        }
        if product.price.is_some_and(|price| price < Decimal::ZERO) {
            problems.reject(Product::PRICE, "must not be negative");
        }
        if product.stock_quantity.is_some_and(|stock| stock < 0) {
            problems.reject(Product::STOCK_QUANTITY, "must not be negative");
        }
    }
}

/// The rules for users.
pub struct Users;

impl Hooks<User> for Users {
    fn validate(&self, user: &UserDraft, problems: &mut Problems<User>) {
        if user
            .username
            .as_ref()
            .is_some_and(|name| name.trim().is_empty())
        {
            problems.reject(User::USERNAME, "must not be empty");
        }
        if user
            .email
            .as_ref()
            .is_some_and(|email| !email.contains('@'))
        {
            problems.reject(User::EMAIL, "must have an `@`");
        }
    }
}

/// The rules for the items of orders.
pub struct Items;

impl Hooks<OrderItem> for Items {
    fn validate(&self, item: &OrderItemDraft, problems: &mut Problems<OrderItem>) {
        if item.quantity.is_some_and(|quantity| quantity < 1) {
            problems.reject(OrderItem::QUANTITY, "must be at least 1");
        }
    }
}
