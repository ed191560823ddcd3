//! What goes to `tracing`. One test, alone in its process, since the subscriber is the process's.

use std::fmt;
use std::sync::{Arc, Mutex};

use orm_core::engine::{Engine, sql};
use tests::{database_url, eventually, refused};

/// Remembers events as `name=value ..` lines.
#[derive(Clone, Default)]
struct Subscriber(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        let value = if field.name() == "elapsed" {
            "some time".to_owned()
        } else {
            format!("{value:?}")
        };
        self.0.push_str(&format!(" {}={value}", field.name()));
    }
}

impl tracing::Subscriber for Subscriber {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("orm_core::")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(format!(
            "{} {}",
            event.metadata().level(),
            event.metadata().target()
        ));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn every_statement_is_an_event_without_values() {
    let subscriber = Subscriber::default();
    tracing::subscriber::set_global_default(subscriber.clone()).expect("nobody else has set one");
    let engine = Engine::connect(&database_url()).await.unwrap();
    let mut conn = engine.acquire().await.unwrap();
    sql("SELECT n, :secret FROM generate_series(1, 3) AS n")
        .bind("secret", "hush")
        .execute(&mut conn)
        .await
        .unwrap();
    refused(conn.execute("SELEKT").await);
    conn.execute("DO $$ BEGIN RAISE WARNING 'watch out'; END $$")
        .await
        .unwrap();
    eventually("the notice has come", async || {
        subscriber
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains("watch out"))
    })
    .await;
    let mut events = subscriber.0.lock().unwrap().clone();
    events.sort();
    assert_eq!(
        events,
        [
            "DEBUG orm_core::statement sql=\"DO $$ BEGIN RAISE WARNING 'watch out'; END $$\" rows=0 elapsed=some time error=false",
            "DEBUG orm_core::statement sql=\"SELECT n, $1 FROM generate_series(1, 3) AS n\" rows=3 elapsed=some time error=false",
            "DEBUG orm_core::statement sql=\"SELEKT\" elapsed=some time error=true",
            "WARN orm_core::notice message=watch out code=\"01000\"",
        ]
    );
}
