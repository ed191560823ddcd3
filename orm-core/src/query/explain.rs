//! `explain` and `explain_analyze`: how the server runs a query or a bulk write, as a [`QueryPlan`]. Feature `json`, since the
//! server tells it as JSON.

use super::{
    Bulk, Combined, Executor, Insert, Query, QueryPlan, Returning, Running, Statement, finish,
    lock, render,
};
use crate::error::{Error, Result};
use crate::expr::{Select, Standalone, Write};
use crate::model::Model;

/// What is explained.
enum What {
    Read(Box<Select>),
    Write(Result<Write>),
}

/// Whether the statement is only planned, or run as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Planned,
    Run,
}

impl How {
    fn words(self) -> &'static str {
        match self {
            How::Planned => "EXPLAIN (FORMAT JSON) ",
            How::Run => "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ",
        }
    }
}

/// Takes an example for each of the two.
macro_rules! explain {
    ($(#[$planned:meta])+ ; $(#[$run:meta])+) => {
        /// How the server would run the statement, and what it expects of it; it does not run. `Display` shows it as a tree.
        /// One statement, `EXPLAIN (FORMAT JSON) ..`; a session flushes first, if anything is pending, and adds its criteria.
        /// Feature `json`.
        ///
        /// The plan's conditions have the values of the statement in them, so it is not for every log.
        ///
        $(#[$planned])+
        ///
        /// # Errors
        /// What the server refuses; what [`to_sql`](Self::to_sql) fails with; `Error::Invalid` for an insert of no rows.
        pub fn explain<X: Executor>(self, on: &mut X) -> Running<'_, QueryPlan> {
            explain(self.explained(), How::Planned, on)
        }

        /// How the server ran the statement: with the rows, times and buffers of each step beside what it expected.
        /// Whatever the statement did is taken back, by a savepoint or by a transaction of its own, so that an INSERT, UPDATE or
        /// DELETE can be measured without being done, unlike in `psql`. (What a rollback cannot take back stays: numbers of
        /// sequences, what functions do outside of the database.) A session's entities don't notice. Feature `json`.
        ///
        /// Sends `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ..` between SAVEPOINT and ROLLBACK TO SAVEPOINT, or BEGIN and ROLLBACK.
        ///
        $(#[$run])+
        ///
        /// # Errors
        /// As [`explain`](Self::explain), and what running the statement fails with, after which the transaction goes on.
        pub fn explain_analyze<X: Executor>(self, on: &mut X) -> Running<'_, QueryPlan> {
            explain(self.explained(), How::Run, on)
        }
    };
}

impl<Sel, Scope, G> Query<Sel, Scope, G> {
    /// How the server would run the query, and what it expects of it; it does not run. `Display` shows it as a tree.
    /// SQLAlchemy: `text("EXPLAIN ..")`, read by eye. Feature `json`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let q = User::query().join(User::ORDERS).filter(Order::TOTAL.gt(25));
    /// let plan = q.explain(&mut db).await?;
    /// println!("{plan}");
    /// // Hash Join  (cost=34.75..59.97 rows=567 width=36)
    /// //   Hash Cond: (users.id = orders.user_id)
    /// //   ->  Seq Scan on users  (cost=0.00..22.00 rows=1200 width=36)
    /// //   ->  Hash  (cost=..)
    /// //         ->  Seq Scan on orders  (cost=..)
    /// //               Filter: (total > 25)
    /// let orders = plan.nodes().find(|node| node.relation.as_deref() == Some("orders")).unwrap();
    /// assert!(orders.total_cost <= plan.root.total_cost);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// One statement, `EXPLAIN (FORMAT JSON) SELECT ..`; a session flushes first, if anything is pending, and adds its criteria.
    /// What `.with(..)` loads is not part of it.
    ///
    /// The plan's conditions have the values of the query in them, so it is not for every log.
    ///
    /// # Errors
    /// What the server refuses.
    pub fn explain<X: Executor>(self, on: &mut X) -> Running<'_, QueryPlan>
    where
        Scope: Standalone,
    {
        explain(What::Read(Box::new(self.select)), How::Planned, on)
    }

    /// How the server ran the query: with the rows, times and buffers of each step beside what it expected. Feature `json`.
    ///
    /// ```
    #[doc = include_str!("../session/example_shop.txt")]
    /// let plan = Order::query().filter(Order::TOTAL.gt(15)).explain_analyze(&mut db).await?;
    /// let scan = &plan.root;
    /// assert_eq!(scan.actual.unwrap().rows, 2.0);
    /// assert_eq!(scan.conditions[0].to_string(), "Filter: (total > 15)");
    /// assert_eq!(scan.conditions[0].rows_removed, Some(1.0));
    /// println!("{:?} ms", plan.execution_time);
    ///
    /// // What a write would do, without doing it.
    /// let plan = OrderItem::query().delete().explain_analyze(&mut db).await?;
    /// assert_eq!(plan.root.operation.as_deref(), Some("Delete"));
    /// assert_eq!(OrderItem::query().count(&mut db).await?, 3);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "testing"))] fn main() {}
    /// ```
    /// Whatever running it did (locks of `for_update`, writes in CTEs, functions) is taken back. Sends
    /// `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT ..` between SAVEPOINT and ROLLBACK TO SAVEPOINT in a session's or a
    /// connection's transaction, else between BEGIN and ROLLBACK.
    ///
    /// # Errors
    /// What the server refuses, and what running the query fails with; the transaction goes on then.
    pub fn explain_analyze<X: Executor>(self, on: &mut X) -> Running<'_, QueryPlan>
    where
        Scope: Standalone,
    {
        explain(What::Read(Box::new(self.select)), How::Run, on)
    }
}

impl<Sel> Combined<Sel> {
    explain! {
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let words = Tag::query().select(Tag::WORD).union_all(Category::query().select(Category::NAME));
        /// let plan = words.explain(&mut db).await?;
        /// assert_eq!((plan.root.node_type.as_str(), plan.root.children.len()), ("Append", 2));
        /// # Ok(())
        /// # }
        /// ```
        ;
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let words = Tag::query().select(Tag::WORD).union_all(Category::query().select(Category::NAME));
        /// let plan = words.explain_analyze(&mut db).await?;
        /// assert_eq!(plan.root.actual.expect("it ran").rows, 5.0);
        /// # Ok(())
        /// # }
        /// ```
    }

    fn explained(self) -> What {
        What::Read(Box::new(self.free().select))
    }
}

impl<M: Model, S> Insert<M, S> {
    explain! {
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let plan = Tag::insert([Tag::create().word("used")]).explain(&mut db).await?;
        /// assert_eq!(plan.root.operation.as_deref(), Some("Insert"));
        /// # Ok(())
        /// # }
        /// ```
        ;
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let plan = Tag::insert([Tag::create().word("used")]).explain_analyze(&mut db).await?;
        /// assert!(plan.execution_time.is_some());
        /// assert_eq!(Tag::query().count(&mut db).await?, 2); // nothing was inserted
        /// # Ok(())
        /// # }
        /// ```
    }

    fn explained(self) -> What {
        What::Write(self.write)
    }
}

impl<M: Model, Scope, Verb> Bulk<M, Scope, Verb> {
    explain! {
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let plan = Product::query().filter(Product::STOCK.eq(0)).delete().explain(&mut db).await?;
        /// assert_eq!(plan.root.operation.as_deref(), Some("Delete"));
        /// # Ok(())
        /// # }
        /// ```
        ;
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let sale = Product::query().filter(Product::STOCK.gt(10)).update(Product::PRICE.set(Product::PRICE / 2));
        /// let plan = sale.explain_analyze(&mut db).await?;
        /// assert_eq!(plan.nodes().last().and_then(|scan| scan.actual).expect("it ran").rows, 1.0);
        /// assert_eq!(Product::query().filter(Product::PRICE.eq(950)).count(&mut db).await?, 0); // nothing was changed
        /// # Ok(())
        /// # }
        /// ```
    }

    fn explained(self) -> What {
        What::Write(self.into_write())
    }
}

impl<Sel> Returning<Sel> {
    explain! {
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let plan = OrderItem::query().delete().returning(OrderItem::ID).explain(&mut db).await?;
        /// assert_eq!(plan.root.operation.as_deref(), Some("Delete"));
        /// # Ok(())
        /// # }
        /// ```
        ;
        /// ```
        #[doc = include_str!("../guide/shop.txt")]
        /// let plan = OrderItem::query().delete().returning(OrderItem::ID).explain_analyze(&mut db).await?;
        /// assert_eq!(plan.root.actual.expect("it ran").rows, 5.0);
        /// assert_eq!(OrderItem::query().count(&mut db).await?, 5); // nothing was deleted
        /// # Ok(())
        /// # }
        /// ```
    }

    fn explained(self) -> What {
        What::Write(self.write)
    }
}

fn explain<X: Executor>(what: What, how: How, on: &mut X) -> Running<'_, QueryPlan> {
    Running::new(async move {
        let statement = match what {
            What::Read(mut select) => {
                lock::check(&select)?;
                on.before_query().await?;
                on.restrict(&mut select);
                render::select(&select)
            }
            What::Write(write) => {
                let mut write = write?;
                if write.is_empty() {
                    let none =
                        "an insert of no rows sends nothing, so the server has no plan for it";
                    return Err(Error::invalid(none));
                }
                on.before_query().await?;
                on.restrict_write(&mut write);
                render::write::write(&write)
            }
        };
        let statement = Statement {
            sql: format!("{}{}", how.words(), statement.sql).into(),
            params: statement.params,
        };
        let rows = match how {
            How::Planned => on.fetch(statement).await?,
            How::Run => on.fetch_and_undo(statement).await?,
        };
        let told: serde_json::Value = finish::only_row(rows)?.get(0)?;
        Ok(QueryPlan::read(&told))
    })
}
