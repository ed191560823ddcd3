//! The service over real HTTP: a listener on a free port, a client, a PostgreSQL.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use orm_core::prelude::*;
use orm_core::testing::TestDb;
use rust_decimal_macros::dec;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::client::{Answer, Client};
use crate::models::{All, Order, OrderItem, Product};
use crate::{app, tour};

/// The service, listening; it ends with the test.
struct Service {
    client: Client,
    engine: Engine,
    stop: Arc<Notify>,
    serving: JoinHandle<std::io::Result<()>>,
    _test_db: TestDb,
}

impl Service {
    async fn start() -> Self {
        let test_db = TestDb::with_models::<All>().await.unwrap();
        let engine = app::engine(test_db.url()).await.unwrap();
        let router = app::router(&engine);
        Self::on(test_db, engine, router).await
    }

    async fn on(test_db: TestDb, engine: Engine, router: Router) -> Self {
        tour::fill(&engine).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client(listener.local_addr().unwrap());
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let until = async move { stopped.notified().await };
        Service {
            client,
            engine,
            stop,
            serving: tokio::spawn(app::serve(listener, router, until)),
            _test_db: test_db,
        }
    }

    /// A session that holds the lock of a product, so that whoever changes it waits.
    async fn lock(&self, id: i32) -> Session {
        let mut db = self.engine.session();
        db.get::<Product>(id).for_update().await.unwrap().unwrap();
        db
    }

    async fn stock(&self, id: i32) -> i32 {
        let mut db = self.engine.session();
        let stock = Product::query()
            .filter(Product::ID.eq(id))
            .select(Product::STOCK_QUANTITY);
        stock.one(&mut db).await.unwrap()
    }

    /// Waits until this many statements wait for a lock.
    async fn until_waiting(&self, count: i64) {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut connection = self.engine.acquire().await.unwrap();
        while connection.fetch_scalar::<i64>(sql).await.unwrap() != count {
            tokio::task::yield_now().await;
        }
    }
}

fn problems(answer: &Answer) -> Vec<String> {
    let list = answer.body["problems"]
        .as_array()
        .expect("a list of problems");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|one| format!("{} {}", text(&one["field"]), text(&one["message"])))
        .collect()
}

#[tokio::test]
async fn what_is_printed_to_try_is_answered_as_it_says() {
    let service = Service::start().await;
    for request in &tour::REQUESTS {
        let headers: Vec<_> = request.header.into_iter().collect();
        let answer = service
            .client
            .send(request.method, request.path, &headers, request.body)
            .await;
        assert_eq!(
            answer.status, request.status,
            "{}: {answer:?}",
            request.shows
        );
    }
}

#[tokio::test]
async fn a_user_is_created_and_found() {
    let service = Service::start().await;
    let cara = json!({"username": "cara", "email": "cara@example.com"});
    let created = service.client.post("/users", cara).await;
    assert_eq!(created.status, 201, "{created:?}");
    let found = service.client.get(created.header("location")).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.body, created.body);
    assert_eq!(found.body["username"], "cara");
    assert!(found.body.get("password_hash").is_none());
}

#[tokio::test]
async fn pages_lead_on_until_all_products_were_seen() {
    let service = Service::start().await;
    let mut names = Vec::new();
    let mut next = Some("/products?limit=2".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let page = service.client.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        // BEGIN and one SELECT, with the categories, however far in; and ROLLBACK, for which nobody waits.
        let timing = page.header("server-timing");
        assert!(timing.contains("desc=\"statements=3 "), "{timing}");
        let items = page.body["items"].as_array().unwrap();
        names.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        assert!(items.iter().all(|item| item["category"].is_string()));
        next = page.body["next"].as_str().map(str::to_owned);
        let link = page.headers.get("link").map(|link| link.to_str().unwrap());
        let expected = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
        assert_eq!(link, expected.as_deref());
        pages += 1;
    }
    assert_eq!(pages, 3);
    assert_eq!(names, ["Atlas", "Cookbook", "Laptop", "Mouse", "Novel"]);

    let searched = service.client.get("/products?search=OO&limit=1").await;
    assert_eq!(searched.body["items"][0]["name"], "Cookbook");
    assert_eq!(searched.body["next"], Value::Null);
    let forged = service.client.get("/products?after=00ff").await;
    assert_eq!(forged.status, 400, "{forged:?}");
    let no_number = service.client.get("/products?limit=many").await;
    assert_eq!(no_number.status, 400, "{no_number:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_path_and_nothing_is_written() {
    let service = Service::start().await;
    let client = service.client;
    let order = json!({
        "user": 77,
        "items": [{"product": 1, "quantity": 1}, {"product": "one", "quantty": 2}],
    });
    let refused = client.post("/orders", order).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(
        problems(&refused),
        [
            "items[1].product must be an integer, and is a string",
            "items[1].quantty is not a field that can be set here; did you mean `quantity`?",
            "items[1].quantity is missing",
        ]
    );
    let unknown = json!({"user": 77, "items": [{"product": 78, "quantity": 1}]});
    let refused = client.post("/orders", unknown).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        problems(&refused),
        [
            "items[0].product names a `Product` that isn't there",
            "user names a `User` that isn't there"
        ]
    );
    let empty = client.post("/orders", json!({"items": []})).await;
    assert_eq!(problems(&empty), ["items must not be empty"]);
    let none = json!({"items": [{"product": 1, "quantity": -1}]});
    let none = client.post("/orders", none).await;
    assert_eq!(problems(&none), ["quantity must be at least 1"]);

    let cheap = client
        .patch("/products/1", "\"1\"", json!({"price": "-1", "name": ""}))
        .await;
    assert_eq!(cheap.status, 422);
    assert_eq!(
        problems(&cheap),
        ["name must not be empty", "price must not be negative"]
    );
    let typed = client
        .patch("/products/1", "\"1\"", json!({"stock_quantity": "ten"}))
        .await;
    assert_eq!(typed.status, 422);
    assert!(
        problems(&typed)[0].starts_with("stock_quantity invalid type"),
        "{typed:?}"
    );
    let more = client
        .patch("/products/1", "\"1\"", json!({"version": 7}))
        .await;
    assert_eq!(more.status, 422, "{more:?}");

    let mut db = service.engine.session();
    assert_eq!(Order::query().count(&mut db).await.unwrap(), 0);
    let laptop = db.get::<Product>(1).await.unwrap().unwrap();
    assert_eq!((db[laptop].stock_quantity, db[laptop].version), (10, 1));
}

#[tokio::test]
async fn what_is_no_request_for_this_service_is_refused_in_the_same_form() {
    let service = Service::start().await;
    let client = service.client;
    let no_type = client
        .send("POST", "/users", &[("Content-Type", "text/plain")], None)
        .await;
    let too_much = format!("\"{}\"", "x".repeat(70_000));
    let too_much = client.send("POST", "/users", &[], Some(&too_much)).await;
    for (answer, status) in [
        (client.get("/nowhere").await, 404),
        (client.get("/users/ann").await, 400),
        (client.get("/orders/1").await, 400),
        (no_type, 415),
        (too_much, 413),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.body["status"], status);
    }
}

#[tokio::test]
async fn a_violated_constraint_is_a_conflict_that_names_the_column_and_no_value() {
    let service = Service::start().await;
    let taken = json!({"username": "ann", "email": "secret@example.com"});
    let refused = service.client.post("/users", taken).await;
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.body["detail"],
        "there is one with the same username already"
    );
}

#[tokio::test]
async fn a_change_is_made_from_the_version_that_was_seen() {
    let service = Service::start().await;
    let client = service.client;
    let price = |price: &str| json!({ "price": price });
    let seen = client.get("/products/1").await;
    assert_eq!(seen.header("etag"), "\"1\"");
    let known = [("If-None-Match", "\"1\"")];
    assert_eq!(
        client.send("GET", "/products/1", &known, None).await.status,
        304
    );

    let changed = client.patch("/products/1", "\"1\"", price("900")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, "\"2\""));
    let late = client.patch("/products/1", "\"1\"", price("800")).await;
    assert_eq!(late.status, 412);
    let listed = client
        .patch("/products/1", "\"7\", \"2\"", price("850"))
        .await;
    assert_eq!((listed.status, listed.header("etag")), (200, "\"3\""));
    let any = client
        .patch("/products/1", "*", json!({"description": null}))
        .await;
    assert_eq!(
        (any.status, any.header("etag")),
        (200, "\"3\""),
        "nothing differs, nothing is written"
    );
    let unsaid = client.send("PATCH", "/products/1", &[], Some("{}")).await;
    assert_eq!(unsaid.status, 428);

    let gone = client
        .send("DELETE", "/products/1", &[("If-Match", "\"3\"")], None)
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(client.get("/products/1").await.status, 404);
}

#[tokio::test]
async fn of_two_changes_at_the_same_moment_one_is_refused() {
    let service = Service::start().await;
    let locked = service.lock(1).await;
    let change = |price: &'static str| {
        let client = service.client;
        tokio::spawn(async move {
            client
                .patch("/products/1", "\"1\"", json!({"price": price}))
                .await
        })
    };
    let both = [change("1"), change("2")];
    // Both have read version 1 and want to write.
    service.until_waiting(2).await;
    drop(locked);
    let mut statuses = Vec::new();
    for answer in both {
        statuses.push(answer.await.unwrap().status);
    }
    statuses.sort();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(
        service.client.get("/products/1").await.header("etag"),
        "\"2\""
    );
}

#[tokio::test]
async fn orders_at_the_same_moment_all_get_what_they_want() {
    let service = Service::start().await;
    let order =
        json!({"user": 1, "items": [{"product": 1, "quantity": 2}, {"product": 3, "quantity": 1}]});
    let orders: Vec<_> = (0..4)
        .map(|_| {
            let (client, order) = (service.client, order.clone());
            tokio::spawn(async move { client.post("/orders", order).await })
        })
        .collect();
    for order in orders {
        let placed = order.await.unwrap();
        assert_eq!(placed.status, 201, "{placed:?}");
        assert_eq!(placed.body["total"], "2039.88");
        let found = service.client.get(placed.header("location")).await;
        assert_eq!(found.body, placed.body);
        // BEGIN, the order, its items with their products; and ROLLBACK, for which nobody waits.
        let timing = found.header("server-timing");
        assert!(timing.contains("desc=\"statements=4 "), "{timing}");
    }
    assert_eq!((service.stock(1).await, service.stock(3).await), (2, 3));
    let too_many = service.client.post("/orders", order.clone()).await;
    assert_eq!(too_many.status, 201);
    let too_many = service.client.post("/orders", order).await;
    assert_eq!(too_many.status, 409);
    assert_eq!(
        too_many.body["detail"],
        "there are not 2 in stock of product 1"
    );
    assert_eq!((service.stock(1).await, service.stock(3).await), (0, 2));
    let mut db = service.engine.session();
    assert_eq!(OrderItem::query().count(&mut db).await.unwrap(), 10);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let service = Service::start().await;
    let locked = service.lock(1).await;
    let mut impatient = TcpStream::connect(service.client.0).await.unwrap();
    let body = r#"{"price": "1"}"#;
    let request = format!(
        "PATCH /products/1 HTTP/1.1\r\nHost: here\r\nIf-Match: *\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    impatient.write_all(request.as_bytes()).await.unwrap();
    service.until_waiting(1).await;
    drop(impatient);
    // The handler's future is dropped, and its statement cancelled.
    service.until_waiting(0).await;
    drop(locked);
    let after = service.client.get("/products/1").await;
    assert_eq!(
        (after.header("etag"), &after.body["price"]),
        ("\"1\"", &json!("999.99"))
    );
}

#[tokio::test]
async fn a_panic_is_an_answer_and_keeps_nothing() {
    let test_db = TestDb::with_models::<All>().await.unwrap();
    let engine = app::engine(test_db.url()).await.unwrap();
    let panicking = async |crate::session::Db(mut db): crate::session::Db| -> String {
        db.insert(Product::create().name("Half a product").price(dec!(1)))
            .await
            .unwrap();
        panic!("secret words")
    };
    let router = Router::new()
        .route("/panic", get(panicking))
        .with_state(engine.clone());
    let router = app::layered(router).merge(app::router(&engine));
    let service = Service::on(test_db, engine, router).await;

    let answer = service.client.get("/panic").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.to_string().contains("secret"));
    let products = service.client.get("/products").await;
    assert_eq!(products.body["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_pool_that_is_exhausted_is_said_so() {
    let test_db = TestDb::with_models::<All>().await.unwrap();
    let pool = Engine::builder(test_db.url())
        .pool_size(1)
        .max_overflow(0)
        .pool_timeout(Duration::from_millis(20));
    let engine = app::configured(pool).await.unwrap();
    let router = app::router(&engine);
    let service = Service::on(test_db, engine, router).await;

    let only_one = service.lock(1).await;
    let refused = service.client.get("/products/1").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    drop(only_one);
    let mut status = 503;
    // It comes back behind its ROLLBACK.
    while status == 503 {
        status = service.client.get("/products/1").await.status;
    }
    assert_eq!(status, 200);
}

#[tokio::test]
async fn what_has_begun_is_answered_before_the_service_stops() {
    let service = Service::start().await;
    let locked = service.lock(1).await;
    let client = service.client;
    let slow = tokio::spawn(async move {
        client
            .patch("/products/1", "*", json!({"price": "1"}))
            .await
    });
    service.until_waiting(1).await;
    service.stop.notify_one();
    // Nobody new is let in.
    while TcpStream::connect(client.0).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!service.serving.is_finished());
    drop(locked);
    assert_eq!(slow.await.unwrap().status, 200);
    service.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_log_has_a_line_a_request_and_no_values() {
    thread_local! {
        static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    struct Log;

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    // One for all tests, each of which runs on a thread of its own, with all of its service's tasks.
    let subscriber = tracing_subscriber::fmt()
        .with_writer(|| Log)
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("nobody else has set one");
    let service = Service::start().await;
    let taken = json!({"username": "ann", "email": "secret@example.com"});
    service.client.post("/users", taken).await;
    service.client.get("/products?search=secret").await;

    let text = String::from_utf8(LOG.take()).unwrap();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains("answered"))
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, parts) in lines.iter().zip([
        [
            "method=POST",
            "route=\"/users\"",
            "status=409 statements=2 ",
        ],
        [
            "method=GET",
            "route=\"/products\"",
            "status=200 statements=3 ",
        ],
    ]) {
        for part in parts {
            assert!(line.contains(part), "`{part}` is not in {line}");
        }
    }
    assert!(
        text.contains("orm_core::statement"),
        "statements are in the log, too"
    );
    assert!(!text.contains("secret"), "{text}");
}
