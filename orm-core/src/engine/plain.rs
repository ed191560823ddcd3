//! Queries on a connection: entities are plain rows, nothing is tracked. The other half of the [`Executor`]s is the
//! session.

use super::{Connection, Transaction};
use crate::error::{Error, Result};
use crate::expr::{Select, Write};
use crate::model::{Model, Row, RowReader};
use crate::query::render::write::write;
use crate::query::{Arriving, CopyRows, Executor, Incoming, Loads, Statement};

/// A transaction's guard derefs to its connection, so both take the same methods.
macro_rules! plain {
    ($($on:ty),*) => { $(
        impl Executor for $on {
            type Entity<M: Model> = M;

            fn entity<M: Model>(&mut self, row: &mut RowReader<'_>) -> Result<M> {
                M::read(row)
            }

            async fn before_query(&mut self) -> Result<()> {
                Ok(())
            }

            async fn fetch(&mut self, statement: Statement) -> Result<Vec<Row>> {
                Connection::fetch(self, statement).await
            }

            async fn open_rows(&mut self, statement: Statement) -> Result<Box<dyn Incoming>> {
                Ok(Box::new(Connection::open_rows(self, statement).await?))
            }

            async fn stream_rows(&mut self, statement: Statement) -> Result<Arriving<'_>> {
                self.stream_by_cursor(statement).await
            }

            async fn execute(&mut self, statement: Statement) -> Result<u64> {
                self.run(statement).await
            }

            async fn write(&mut self, statement: Write) -> Result<u64> {
                self.run(write(&statement)).await
            }

            async fn write_rows(&mut self, statement: &mut Write) -> Result<Vec<Row>> {
                Connection::fetch(self, write(statement)).await
            }

            async fn copy_in(&mut self, rows: &mut CopyRows<'_>) -> Result<u64> {
                self.copy(rows).await
            }

            async fn copy_out(&mut self, select: Select) -> Result<Arriving<'_>> {
                self.copy_rows_out(select).await
            }

            async fn fetch_and_undo(&mut self, statement: Statement) -> Result<Vec<Row>> {
                Connection::fetch_and_undo(self, statement).await
            }

            fn written(&mut self, _: &Write, _: usize, _: &[Row]) -> Result<()> {
                Ok(())
            }

            fn read_mode(&mut self, _: bool) {}

            fn row<'a, M: Model>(&'a self, entity: &'a M) -> &'a M {
                entity
            }

            fn begin_loads(&mut self, loads: &Loads) -> Result<()> {
                let paths: Vec<_> = loads
                    .steps
                    .iter()
                    .map(|step| step.relation.path())
                    .collect();
                Err(Error::invalid(format!(
                    "`.with({})` needs a session, which has a place to keep what it loads: run the query on one, or join instead",
                    paths.join(", ")
                )))
            }

            fn joined_loads(&mut self, _: &Loads, _: &mut RowReader<'_>) -> Result<bool> {
                Ok(true)
            }

            async fn finish_loads(&mut self, _: Loads) -> Result<()> {
                Ok(())
            }
        }
    )* };
}

plain!(Connection, Transaction<'_>);
