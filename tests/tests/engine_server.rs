//! Reaching a server: passwords, TLS, several hosts, and what is said when it does not work. On a server of its own, since
//! these are settings of the server.

use std::time::Duration;

use orm_core::Error;
use orm_core::engine::{Engine, sql};
use tests::server::Server;
use tests::{eventually, refused};

/// The text of the error that connecting must give, which never has the password in it.
async fn refusal(url: &str) -> String {
    let error = refused(Engine::connect(url).await);
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    let (shown, debug) = (error.to_string(), format!("{error:?}"));
    assert!(
        !shown.contains("secret") && !debug.contains("secret"),
        "{debug}"
    );
    shown
}

async fn uses_tls(url: &str) -> bool {
    let engine = Engine::connect(url)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let mut conn = engine.acquire().await.expect("a connection");
    let ssl = conn.fetch_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    ssl.await.expect("the server knows")
}

#[tokio::test]
async fn a_password_opens_the_door_and_is_never_shown() {
    let server = Server::shared();
    let engine = Engine::connect(&server.tcp_url("app", "127.0.0.1", ""))
        .await
        .unwrap();
    let shown = format!(
        "{engine:?} {:?}",
        Engine::builder(server.tcp_url("app", "127.0.0.1", ""))
    );
    let place = format!("postgres at 127.0.0.1:{}", server.port);
    assert!(shown.contains(&place), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_wrong_password() {
    let server = Server::shared();
    let port = server.port;
    let url = format!("postgresql://app:secret2@127.0.0.1:{port}/postgres");
    assert_eq!(
        refusal(&url).await,
        format!(
            "cannot connect to postgres at 127.0.0.1:{port}: the server refused: password authentication failed for user \
             \"app\"; check user and password in the URL (special characters percent-encoded: @ is %40, / is %2F)"
        )
    );
    let url = format!("postgresql://app@127.0.0.1:{port}/postgres");
    let text = refusal(&url).await;
    assert!(text.ends_with("the server asks for a password and the URL has none: postgresql://user:password@host/database"), "{text}");
}

#[tokio::test]
async fn an_unknown_database_and_an_unknown_user() {
    let server = Server::shared();
    let port = server.port;
    let text = refusal(&format!("postgresql://app:secret@127.0.0.1:{port}/nowhere")).await;
    assert_eq!(
        text,
        format!(
            "cannot connect to nowhere at 127.0.0.1:{port}: the server refused: database \"nowhere\" does not exist; create it \
             with `CREATE DATABASE`, or correct the end of the URL"
        )
    );
    let text = refusal(&format!(
        "postgresql://nobody:secret@127.0.0.1:{port}/postgres"
    ))
    .await;
    assert!(
        text.contains("password authentication failed for user \"nobody\""),
        "{text}"
    );
    let text = refusal(&server.socket_url().replace("postgres@", "app:secret@")).await;
    assert!(
        text.contains("no pg_hba.conf entry") && text.contains("check the user in the URL"),
        "{text}"
    );
}

#[tokio::test]
async fn nobody_listens() {
    // Port 1 is nobody's.
    assert_eq!(
        refusal("postgresql://app:secret@127.0.0.1:1/shop").await,
        "cannot connect to shop at 127.0.0.1:1: nothing listens there: is PostgreSQL running, and on this port?"
    );
    assert_eq!(
        refusal("postgresql://app:secret@%2Fno%2Fsuch%2Fplace/shop").await,
        "cannot connect to shop at /no/such/place: there is no socket of PostgreSQL in that directory: is it running, and is \
         the port right?"
    );
    let text = refusal("postgresql://app:secret@no-such-host.invalid/shop").await;
    assert!(
        text.starts_with(
            "cannot connect to shop at no-such-host.invalid: the host's name is not known ("
        ),
        "{text}"
    );
}

#[tokio::test]
async fn someone_else_listens() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let deaf = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let text = refusal(&format!(
        "postgresql://app:secret@127.0.0.1:{port}/shop?sslmode=disable"
    ))
    .await;
    assert!(
        text.contains("is it PostgreSQL that listens there?"),
        "{text}"
    );
    deaf.abort();
}

#[tokio::test]
async fn too_many_connections() {
    let server = Server::shared();
    let url = server.tcp_url("slow", "127.0.0.1", "");
    let engine = Engine::connect(&url).await.unwrap();
    let _held = (
        engine.acquire().await.unwrap(),
        engine.acquire().await.unwrap(),
    );
    let error = refused(engine.acquire().await);
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(
            "too many connections for role \"slow\"; the pools of all processes together"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn several_hosts_are_tried_in_their_order() {
    let server = Server::shared();
    let port = server.port;
    let engine = Engine::connect(&format!(
        "postgresql://app:secret@127.0.0.1:1,127.0.0.1:{port}/postgres"
    ))
    .await
    .unwrap();
    engine
        .acquire()
        .await
        .unwrap()
        .execute("SELECT 1")
        .await
        .unwrap();

    let url = format!("postgresql://app:secret@127.0.0.1:1,127.0.0.1:{port}/nowhere");
    assert_eq!(
        refusal(&url).await,
        format!(
            "cannot connect to nowhere at 127.0.0.1:1, 127.0.0.1:{port}: 127.0.0.1:1: nothing listens there: is PostgreSQL \
             running, and on this port?; 127.0.0.1:{port}: the server refused: database \"nowhere\" does not exist; create \
             it with `CREATE DATABASE`, or correct the end of the URL"
        )
    );
    let url = server.tcp_url("app", "127.0.0.1", "target_session_attrs=read-only");
    let text = refusal(&url).await;
    assert!(text.contains("database is not read only"), "{text}");
}

#[tokio::test]
async fn options_reach_the_server() {
    let server = Server::shared();
    let url = format!(
        "{}&options=-c%20statement_timeout%3D1234&application_name=till",
        server.socket_url()
    );
    let engine = Engine::connect(&url).await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let row: (String, String) = conn
        .fetch_one(
            "SELECT current_setting('statement_timeout'), current_setting('application_name')",
        )
        .await
        .unwrap();
    assert_eq!(row, ("1234ms".to_owned(), "till".to_owned()));
}

#[tokio::test]
async fn sslmode_is_libpqs() {
    let server = Server::shared();
    if !server.tls {
        return eprintln!("skipped: no TLS here");
    }
    let ca = format!("sslrootcert={}/ca.crt", server.directory().display());
    let other = format!("sslrootcert={}/other.crt", server.directory().display());
    let url = |host: &str, options: &str| server.tcp_url("app", host, options);

    assert!(!uses_tls(&url("127.0.0.1", "sslmode=disable")).await);
    assert!(!uses_tls(&url("127.0.0.1", "sslmode=allow")).await);
    assert!(uses_tls(&url("127.0.0.1", "sslmode=prefer")).await);
    assert!(
        uses_tls(&url("127.0.0.1", "")).await,
        "prefer is what it begins with"
    );
    assert!(
        uses_tls(&url("127.0.0.1", "sslmode=require")).await,
        "whoever signed it"
    );
    assert!(uses_tls(&url("localhost", "ssl=true")).await);
    assert!(
        !uses_tls(&format!("{}&sslmode=require", server.socket_url())).await,
        "a socket needs none"
    );

    assert!(
        uses_tls(&url("127.0.0.1", &format!("sslmode=verify-ca&{ca}"))).await,
        "whatever host it names"
    );
    let text = refusal(&url("127.0.0.1", &format!("sslmode=verify-ca&{other}"))).await;
    assert!(
        text.contains("signed by nobody whom this machine trusts"),
        "{text}"
    );
    let text = refusal(&url("127.0.0.1", &format!("sslmode=require&{other}"))).await;
    assert!(
        text.contains("signed by nobody whom this machine trusts"),
        "{text}"
    );

    assert!(uses_tls(&url("localhost", &format!("sslmode=verify-full&{ca}"))).await);
    let text = refusal(&url("127.0.0.1", &format!("sslmode=verify-full&{ca}"))).await;
    assert!(text.contains("is made out to another host"), "{text}");
    let text = refusal(&url("localhost", &format!("sslmode=verify-full&{other}"))).await;
    assert!(
        text.contains("signed by nobody whom this machine trusts"),
        "{text}"
    );
}

#[tokio::test]
async fn allow_and_prefer_try_the_other_way() {
    let server = Server::shared();
    if !server.tls {
        return eprintln!("skipped: no TLS here");
    }
    assert!(uses_tls(&server.tcp_url("tls_only", "127.0.0.1", "sslmode=allow")).await);
    assert!(uses_tls(&server.tcp_url("tls_only", "127.0.0.1", "sslmode=prefer")).await);
    let text = refusal(&server.tcp_url("tls_only", "127.0.0.1", "sslmode=disable")).await;
    assert!(text.contains("pg_hba.conf rejects connection"), "{text}");
}

#[tokio::test]
async fn a_statement_is_cancelled_through_tls_too() {
    let server = Server::shared();
    if !server.tls {
        return eprintln!("skipped: no TLS here");
    }
    let engine = Engine::connect(&server.tcp_url("app", "127.0.0.1", "sslmode=require"))
        .await
        .unwrap();
    let mut conn = engine.acquire().await.unwrap();
    let pid: i32 = conn.fetch_scalar("SELECT pg_backend_pid()").await.unwrap();
    let endless = tokio::time::timeout(
        Duration::from_millis(20),
        conn.execute("SELECT pg_sleep(600)"),
    );
    endless.await.expect_err("it takes ten minutes");
    drop(conn);
    eventually("the server stopped sleeping", async || {
        let mut other = engine.acquire().await.unwrap();
        let found = sql("SELECT 1 FROM pg_stat_activity WHERE pid = :pid").bind("pid", pid);
        found
            .optional::<(i32,)>(&mut other)
            .await
            .unwrap()
            .is_none()
    })
    .await;
}

#[tokio::test]
async fn unreadable_certificates_are_named() {
    let error = refused(
        Engine::connect(
            "postgresql://app:secret@db/shop?sslmode=verify-full&sslrootcert=/no/such.crt",
        )
        .await,
    );
    assert!(matches!(error, Error::Config { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("sslrootcert: /no/such.crt cannot be read: "),
        "{error}"
    );
}
