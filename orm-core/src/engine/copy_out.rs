//! COPY (query) TO STDOUT in PostgreSQL's binary format: rows as they come off the wire. A part of `link`; `copy` is the other
//! way.
//!
//! COPY takes no parameters, and a value never becomes SQL text. So the values are settings of the transaction:
//! `set_config('orm_copy.p1', $1::int4::text, true)` takes them as parameters, and the query reads them where its parameters
//! stand, as `current_setting('orm_copy.p1')::int4`. The server, which has prepared the query before, says what their types are.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio_postgres::binary_copy::BinaryCopyOutStream;
use tokio_postgres::types::Type;

use super::Connection;
use super::cursor::{Borrowed, arriving};
use super::link::Link;
use super::prepared;
use super::row_stream::RowStream;
use super::watch::Watch;
use crate::error::Result;
use crate::expr::Select;
use crate::model::Row;
use crate::query::{Arriving, Statement, quote, render};
use crate::types::Param;

impl Link {
    /// Sends what a SELECT gives by COPY, inside a transaction.
    pub(crate) async fn copy_out(&self, select: &Select) -> Result<RowStream> {
        let statement = render::select(select);
        // Not from the cache: a column whose type has changed since would be read as what it was.
        let prepared = prepared::prepare_anew(self.client(), &statement).await;
        let prepared = prepared.map_err(|error| {
            self.traffic().failed(&error);
            self.explain(error, &statement.sql)
        })?;
        let values = settings(&statement.params, prepared.params());
        if let Some(given) = given(&statement.params, prepared.params()) {
            self.execute(&given).await?;
        }
        let sql = render::copy_out(select, values);
        let watch = Watch::start_text(self.engine(), self.traffic(), &sql).owned();
        match self.client().copy_out(&sql).await {
            Ok(stream) => {
                let columns = prepared.columns().iter();
                let columns: Arc<[_]> = columns
                    .map(|column| (column.name().to_owned(), column.type_().clone()))
                    .collect();
                let types: Vec<_> = columns.iter().map(|(_, ty)| ty.clone()).collect();
                let rows = BinaryCopyOutStream::new(stream, &types)
                    .map(move |row| Ok(Row::copied(row?, Arc::clone(&columns))));
                Ok(RowStream::new(rows, watch, self.engine(), sql.into()))
            }
            Err(error) => {
                watch.end(Err(&error));
                Err(self.explain(error, &sql))
            }
        }
    }
}

fn setting(at: usize) -> String {
    format!("orm_copy.p{}", at + 1)
}

/// A type as the server names it: the names come from its catalogue.
fn type_name(ty: &Type) -> String {
    let mut name = String::new();
    quote::qualified(&mut name, Some(ty.schema()), ty.name());
    name
}

/// What stands in the places of the parameters.
fn settings(params: &[Param], types: &[Type]) -> Vec<String> {
    let places = params.iter().zip(types).enumerate();
    places
        .map(|(at, (param, ty))| match param.bytes() {
            // A setting has no NULL.
            None => format!("(NULL::{})", type_name(ty)),
            Some(_) => format!("(current_setting('{}')::{})", setting(at), type_name(ty)),
        })
        .collect()
}

/// The statement that makes settings of the values, if there are any.
fn given(params: &[Param], types: &[Type]) -> Option<Statement> {
    let mut calls = Vec::new();
    let mut values = Vec::new();
    for (at, (param, ty)) in params.iter().zip(types).enumerate() {
        if param.bytes().is_some() {
            values.push(param.clone());
            calls.push(format!(
                "set_config('{}', ${}::{}::text, true)",
                setting(at),
                values.len(),
                type_name(ty)
            ));
        }
    }
    (!calls.is_empty()).then(|| Statement {
        sql: format!("SELECT {}", calls.join(", ")).into(),
        params: values,
    })
}

impl Connection {
    /// The rows of a SELECT by COPY. A transaction is begun for it where none is open.
    pub(crate) async fn copy_rows_out(&mut self, select: Select) -> Result<Arriving<'_>> {
        if self.has_transaction() {
            let rows = self.start_copy_out(&select).await?;
            return Ok(arriving(Borrowed::Within(self), Some(rows), None));
        }
        let mut transaction = self.begin().await?;
        let rows = transaction.start_copy_out(&select).await?;
        Ok(arriving(Borrowed::Alone(transaction), Some(rows), None))
    }
}
