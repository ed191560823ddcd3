//! What all requests share, the routes, and serving until the signal to stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use orm_core::Engine;
use orm_core::engine::EngineBuilder;
use orm_core::session::SessionOptions;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::{routes, rules, trace};

/// How long requests that have begun may take, once the service is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// The engine of the service: statements are counted for the request that sends them, and all sessions have the rules.
///
/// A request waits for a connection for two seconds at most, and is answered with 503 then: a client that has waited for
/// thirty has gone, and its request would be work for nobody.
pub async fn engine(url: &str) -> orm_core::Result<Engine> {
    let pool = Engine::builder(url).pool_timeout(Duration::from_secs(2));
    configured(pool).await
}

/// The same with a pool as it is given: the tests have one of a single connection.
pub async fn configured(pool: EngineBuilder) -> orm_core::Result<Engine> {
    let engine = pool
        .application_name("store-web")
        .observe(Arc::new(trace::StatementsOfRequests))
        .connect()
        .await?;
    Ok(engine.with_sessions(
        SessionOptions::new()
            .hooks(rules::Products)
            .hooks(rules::Users)
            .hooks(rules::Items),
    ))
}

/// The service. The engine is all the state that it has: a clone of it is the same pool.
pub fn router(engine: &Engine) -> Router {
    let routes = Router::new()
        .route("/users", post(routes::create_user))
        .route("/users/{id}", get(routes::get_user))
        .route(
            "/products",
            get(routes::list_products).post(routes::create_product),
        )
        .route(
            "/products/{id}",
            get(routes::get_product)
                .patch(routes::update_product)
                .delete(routes::delete_product),
        )
        .route("/orders", post(routes::place_order))
        .route("/orders/{id}", get(routes::get_order))
        .fallback(routes::nothing_here)
        .with_state(engine.clone());
    layered(routes)
}

/// What stands around every handler.
pub fn layered(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(from_fn(trace::requests))
}

/// Serves until `stop` is there, then takes no more connections and answers what has begun.
pub async fn serve(
    listener: TcpListener,
    service: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        drop(stopping);
    });
    let out_of_patience = async {
        // An error is what it gives when `stopping` is dropped.
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served,
        () = out_of_patience => {
            tracing::warn!("requests are still running after {GRACE:?}, and are given up");
            Ok(())
        }
    }
}

/// Ctrl-C, or the signal that a supervisor sends.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
