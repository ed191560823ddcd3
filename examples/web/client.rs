//! An HTTP client for the tests: hyper, which axum brings anyway, with one connection for each request.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer of the service.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `Null` where it has none.
    pub body: Value,
}

impl Answer {
    /// The text of a header that must be there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no `{name}` in {self:?}"));
        value.to_str().expect("the header is text")
    }
}

/// A client of the service at an address.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub SocketAddr);

impl Client {
    /// GET.
    pub async fn get(self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    /// POST of a JSON body.
    pub async fn post(self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(&body.to_string())).await
    }

    /// PATCH of a JSON body with If-Match.
    pub async fn patch(self, path: &str, tag: &str, body: Value) -> Answer {
        let headers = [("If-Match", tag)];
        self.send("PATCH", path, &headers, Some(&body.to_string()))
            .await
    }

    /// Any request.
    pub async fn send(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(HOST, self.0.to_string());
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_owned()));
        let request = request.body(body).expect("the request is one");

        let stream = TcpStream::connect(self.0).await.expect("it listens");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("it speaks HTTP");
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.expect("it answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body comes").to_bytes();
        connection.abort();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: match bytes.is_empty() {
                true => Value::Null,
                false => serde_json::from_slice(&bytes).expect("the body is JSON"),
            },
        }
    }
}
