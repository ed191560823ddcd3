//! Some rows to begin with, and requests to try: printed as curl lines when the service starts, and sent by a test, so that
//! what is printed works.

use std::net::SocketAddr;

use orm_core::prelude::*;
use rust_decimal_macros::dec;

use crate::models::{Category, Product, User};

/// A request to try, and what comes of it.
pub struct Request {
    /// What it shows.
    pub shows: &'static str,
    /// GET, POST ..
    pub method: &'static str,
    /// The path, with what is asked.
    pub path: &'static str,
    /// A header beside `Content-Type`.
    pub header: Option<(&'static str, &'static str)>,
    /// A JSON body.
    pub body: Option<&'static str>,
    /// The status of the answer.
    pub status: u16,
}

/// The requests, each tried after those before it.
pub const REQUESTS: [Request; 11] = [
    Request {
        shows: "A page of products, and the address of the next one in a Link header",
        method: "GET",
        path: "/products?limit=2",
        header: None,
        body: None,
        status: 200,
    },
    Request {
        shows: "One product, and its version as ETag; Server-Timing counts the statements",
        method: "GET",
        path: "/products/1",
        header: None,
        body: None,
        status: 200,
    },
    Request {
        shows: "Change it, from the version that you have seen",
        method: "PATCH",
        path: "/products/1",
        header: Some(("If-Match", "\"1\"")),
        body: Some(r#"{"price": "899.00"}"#),
        status: 200,
    },
    Request {
        shows: "The same once more: that version is gone",
        method: "PATCH",
        path: "/products/1",
        header: Some(("If-Match", "\"1\"")),
        body: Some(r#"{"price": "799.00"}"#),
        status: 412,
    },
    Request {
        shows: "And without saying which version",
        method: "PATCH",
        path: "/products/1",
        header: None,
        body: Some(r#"{"price": "799.00"}"#),
        status: 428,
    },
    Request {
        shows: "Place an order: a graph from JSON, in a serializable transaction",
        method: "POST",
        path: "/orders",
        header: None,
        body: Some(
            r#"{"user": 1, "items": [{"product": 1, "quantity": 2}, {"product": 3, "quantity": 1}]}"#,
        ),
        status: 201,
    },
    Request {
        shows: "An order with mistakes: each is named with its path",
        method: "POST",
        path: "/orders",
        header: None,
        body: Some(
            r#"{"user": "ann", "items": [{"product": 1, "quantty": 2}, {"product": 1, "quantity": 1, "unit_price": 0}]}"#,
        ),
        status: 422,
    },
    Request {
        shows: "More than there is",
        method: "POST",
        path: "/orders",
        header: None,
        body: Some(r#"{"user": 1, "items": [{"product": 1, "quantity": 500}]}"#),
        status: 409,
    },
    Request {
        shows: "A user whose name is taken",
        method: "POST",
        path: "/users",
        header: None,
        body: Some(r#"{"username": "ann", "email": "another@example.com"}"#),
        status: 409,
    },
    Request {
        shows: "A user who is not there",
        method: "GET",
        path: "/users/999",
        header: None,
        body: None,
        status: 404,
    },
    Request {
        shows: "What is no JSON",
        method: "POST",
        path: "/users",
        header: None,
        body: Some(r#"{"username": "#),
        status: 400,
    },
];

impl Request {
    /// The line for a shell.
    fn curl(&self, at: SocketAddr) -> String {
        let mut line = "curl -i".to_owned();
        if self.method != "GET" {
            line.push_str(&format!(" -X {}", self.method));
        }
        if let Some((name, value)) = self.header {
            line.push_str(&format!(" -H '{name}: {value}'"));
        }
        if let Some(body) = self.body {
            line.push_str(&format!(" -H 'Content-Type: application/json' -d '{body}'"));
        }
        format!("{line} 'http://{at}{}'", self.path)
    }
}

/// Says where the service is and what to try.
pub fn print(at: SocketAddr) {
    println!(
        "The store listens at http://{at}, on a database of its own. In another terminal, in this order:\n"
    );
    for request in &REQUESTS {
        println!("# {}: {}", request.shows, request.status);
        println!("{}\n", request.curl(at));
    }
    println!("Ctrl-C stops it. Each request has a line below.\n");
}

/// Rows to begin with: the product with the key 1 has the version 1.
pub async fn fill(engine: &Engine) -> orm_core::Result<()> {
    engine
        .transaction(async |db| {
            let user = |name: &str| {
                let email = format!("{name}@example.com");
                User::create()
                    .username(name)
                    .email(email)
                    .password_hash("!")
            };
            db.add_all(["ann", "bob"].map(user));
            let electronics = db.add(Category::create().name("Electronics"));
            let books = db.add(Category::create().name("Books"));
            for (name, price, stock, category) in [
                ("Laptop", dec!(999.99), 10, electronics),
                ("Mouse", dec!(24.50), 40, electronics),
                ("Atlas", dec!(39.90), 7, books),
                ("Novel", dec!(12.00), 100, books),
                ("Cookbook", dec!(25.00), 3, books),
            ] {
                db.add(
                    Product::create()
                        .name(name)
                        .price(price)
                        .stock_quantity(stock)
                        .category(category),
                );
            }
            Ok(())
        })
        .await
}
