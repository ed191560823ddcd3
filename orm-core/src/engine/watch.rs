//! [`Watch`]: one statement from sending to the end of its answer. `link` starts one for each; at the end it tells `traffic`
//! what became of the transaction, and `observe` what became of the statement. Dropped before its end, it tells both that
//! the statement was given up.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use super::link::Answer;
use super::observe::{self, StatementEvent};
use super::traffic::{Boundary, Traffic};
use super::triggers;
use crate::model::Row;
use crate::query::{SqlText, Statement};
use crate::types::Param;

pub(super) struct Watch<'a> {
    engine: Engine,
    traffic: Arc<Traffic>,
    sql: Text<'a>,
    params: Cow<'a, [Param]>,
    boundary: Boundary,
    started: Instant,
    pub(super) round_trips: u32,
    /// Whether it is hand-written, and without parameters, so that it may be about anything.
    is_script: bool,
    /// Whether observers are told.
    is_observed: bool,
    is_stream: bool,
    over: bool,
}

/// The text, which is the statement's for as long as that is there.
enum Text<'a> {
    Lent(&'a str),
    Kept(SqlText),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Lent(text) => text,
            Text::Kept(text) => text,
        }
    }
}

impl<'a> Watch<'a> {
    /// A statement is about to be sent.
    pub(super) fn start(engine: &Engine, traffic: &Arc<Traffic>, statement: &'a Statement) -> Self {
        let mut watch = Watch::begin(engine, traffic, &statement.sql, &statement.params);
        watch.is_script = statement.sql.shape().is_none() && statement.params.is_empty();
        watch
    }

    /// A statement of the engine's own is about to be sent, of which nobody is told.
    pub(super) fn start_unobserved(
        engine: &Engine,
        traffic: &Arc<Traffic>,
        statement: &'a Statement,
    ) -> Self {
        let mut watch = Watch::start(engine, traffic, statement);
        watch.is_observed = false;
        watch
    }

    /// Text without parameters is about to be sent.
    pub(super) fn start_text(engine: &Engine, traffic: &Arc<Traffic>, sql: &'a str) -> Self {
        let mut watch = Watch::begin(engine, traffic, sql, &[]);
        watch.is_script = true;
        watch
    }

    fn begin(engine: &Engine, traffic: &Arc<Traffic>, sql: &'a str, params: &'a [Param]) -> Self {
        let boundary = Boundary::of(sql);
        traffic.sending(boundary);
        Watch {
            engine: engine.clone(),
            traffic: Arc::clone(traffic),
            sql: Text::Lent(sql),
            params: Cow::Borrowed(params),
            boundary,
            started: Instant::now(),
            round_trips: 1,
            is_script: false,
            is_observed: true,
            is_stream: false,
            over: false,
        }
    }

    /// The same watch for a stream, which outlives the statement that it came from.
    pub(super) fn owned(mut self) -> Watch<'static> {
        self.over = true;
        Watch {
            engine: self.engine.clone(),
            traffic: Arc::clone(&self.traffic),
            sql: Text::Kept(SqlText::from(&*self.sql)),
            params: Cow::Owned(self.params.clone().into_owned()),
            boundary: self.boundary,
            started: self.started,
            round_trips: self.round_trips,
            is_script: self.is_script,
            is_observed: self.is_observed,
            is_stream: true,
            over: false,
        }
    }

    /// The same watch without the statement, which is to be given to it by [`holding`](Watch::holding) at once.
    pub(super) fn released(mut self) -> Watch<'static> {
        self.over = true;
        Watch {
            engine: self.engine.clone(),
            traffic: Arc::clone(&self.traffic),
            sql: Text::Lent(""),
            params: Cow::Borrowed(&[]),
            boundary: self.boundary,
            started: self.started,
            round_trips: self.round_trips,
            is_script: self.is_script,
            is_observed: self.is_observed,
            is_stream: false,
            over: false,
        }
    }

    /// The answer is complete. The number is that of the rows returned or changed, where it is known.
    pub(super) fn end(self, answer: Result<Option<u64>, &tokio_postgres::Error>) {
        self.end_with(answer, &[]);
    }

    /// The answer is complete, and this is all of it.
    pub(super) fn answered(self, answer: Result<&Answer, &tokio_postgres::Error>) {
        let rows = answer.map_or(&[][..], |answer| answer.rows.as_slice());
        self.end_with(answer.map(|answer| Some(answer.count)), rows);
    }

    /// The same of an answer that is there by its parts.
    pub(super) fn end_with(
        mut self,
        answer: Result<Option<u64>, &tokio_postgres::Error>,
        rows: &[Row],
    ) {
        self.over = true;
        match answer {
            Ok(_) => self.traffic.done(self.boundary),
            Err(error) => self.traffic.failed(error),
        }
        if self.is_script {
            self.look_for_triggers();
        }
        self.publish(answer.ok().flatten(), rows, answer.is_err());
        self.traffic.waited(self.round_trips);
        if self.round_trips == 1
            && answer.is_ok()
            && let Some(pace) = self.engine.pace()
        {
            pace.note(self.started.elapsed());
        }
    }

    /// What the engine knows of triggers may have changed.
    fn look_for_triggers(&self) {
        let names_some = triggers::are_named_in(&self.sql);
        if names_some {
            self.traffic.unsettle();
        }
        if names_some || self.traffic.settles(self.boundary) {
            self.engine.triggers().forget();
        }
    }

    /// It was sent, and nobody waits for its answer.
    pub(super) fn sent(mut self) {
        self.over = true;
        self.publish(None, &[], false);
    }

    /// It was not sent, because something before it failed.
    pub(super) fn never_sent(mut self) {
        self.over = true;
    }

    fn publish(&self, rows: Option<u64>, answer: &[Row], error: bool) {
        if !self.is_observed {
            return;
        }
        let event = StatementEvent {
            sql: &self.sql,
            params: &self.params,
            rows,
            answer,
            elapsed: self.started.elapsed(),
            round_trips: self.round_trips,
            error,
        };
        observe::publish(&self.engine.settings().observers, &event);
    }
}

impl Watch<'static> {
    /// Keeps the statement for as long as the watch is kept.
    pub(super) fn holding(mut self, statement: Statement) -> Self {
        self.sql = Text::Kept(statement.sql);
        self.params = Cow::Owned(statement.params);
        self
    }

    /// The statement's text.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if self.is_stream {
            self.traffic.stopped_reading();
        } else {
            self.traffic.gave_up();
        }
        self.publish(None, &[], !self.is_stream);
    }
}
