//! [`QueryPlan`]: what EXPLAIN tells of a statement, as a tree to look into and to print. `explain` asks for it.

use std::fmt;

use serde_json::{Map, Value};

/// How the server runs a statement: what `explain` and `explain_analyze` give. `Display` prints it as `psql` does.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let plan = Tag::query().filter(Tag::WORD.eq("sale")).explain(&mut db).await?;
/// assert!(plan.execution_time.is_none()); // it did not run
/// println!("{plan}"); // Index Scan using tags_word_key on tags  (cost=..
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct QueryPlan {
    /// The step that gives the result.
    pub root: PlanNode,
    /// How long the server thought about it, in ms. Of `explain_analyze`.
    pub planning_time: Option<f64>,
    /// How long it ran, in ms, triggers included. Of `explain_analyze`.
    pub execution_time: Option<f64>,
    /// The triggers that ran, those of foreign keys too. Of `explain_analyze`.
    pub triggers: Vec<TriggerRun>,
}

/// A step of a plan.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let plan = Product::query().filter(Product::STOCK.gt(10)).explain(&mut db).await?;
/// assert_eq!(plan.root.relation.as_deref(), Some("products"));
/// assert!(plan.root.plan_rows >= 1.0 && plan.root.actual.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanNode {
    /// What it does: `Seq Scan`, `Index Scan`, `Hash Join`, `Sort`, `ModifyTable` ..
    pub node_type: String,
    /// What is written: `Insert`, `Update`, `Delete`.
    pub operation: Option<String>,
    /// The table that it reads or writes.
    pub relation: Option<String>,
    /// The table's name in the statement.
    pub alias: Option<String>,
    /// The index that it uses.
    pub index: Option<String>,
    /// How it joins: `Inner`, `Left`, `Semi`, `Anti` ..
    pub join_type: Option<String>,
    /// What it is to the step above: `Outer`, `Inner`, `SubPlan`, `InitPlan` ..
    pub relationship: Option<String>,
    /// The name of a subplan or CTE.
    pub subplan: Option<String>,
    /// The planner's cost until the first row.
    pub startup_cost: f64,
    /// The planner's cost until the last row.
    pub total_cost: f64,
    /// How many rows the planner expects.
    pub plan_rows: f64,
    /// How wide it expects them to be, in bytes.
    pub plan_width: u64,
    /// What came of it. Of `explain_analyze`.
    pub actual: Option<ActualRun>,
    /// The pages that it and the steps below used. Of `explain_analyze`.
    pub buffers: Option<PlanBuffers>,
    /// Its conditions: `Filter`, `Index Cond`, `Hash Cond`, `Join Filter` ..
    pub conditions: Vec<PlanCondition>,
    /// Everything else that the server says of it, such as `Sort Key`, as names and values.
    pub details: Vec<(String, String)>,
    /// The steps that it takes its rows from.
    pub children: Vec<PlanNode>,
}

/// What came of a step. Rows and times are averages of its loops.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let plan = Product::query().filter(Product::STOCK.gt(10)).explain_analyze(&mut db).await?;
/// let run = plan.root.actual.expect("it ran");
/// assert_eq!((run.rows, run.loops), (1.0, 1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ActualRun {
    /// Until the first row, in ms.
    pub startup_time: f64,
    /// Until the last row, in ms.
    pub total_time: f64,
    /// How many rows a loop gave.
    pub rows: f64,
    /// How often it ran; 0 where it never did.
    pub loops: f64,
}

/// The pages that a step used.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let plan = Product::query().explain_analyze(&mut db).await?;
/// let buffers = plan.root.buffers.expect("it ran");
/// assert!(buffers.shared_hit + buffers.shared_read > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PlanBuffers {
    /// Found in the server's memory.
    pub shared_hit: u64,
    /// Read from the disk, or from the system's cache of it.
    pub shared_read: u64,
    /// Changed.
    pub shared_dirtied: u64,
    /// Written, to make room.
    pub shared_written: u64,
    /// Read of files for what did not fit in memory.
    pub temp_read: u64,
    /// Written to files for what did not fit in memory.
    pub temp_written: u64,
}

/// A condition of a step. `Display` is `Filter: (total > 15)`.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let plan = Product::query().filter(Product::STOCK.gt(10)).explain_analyze(&mut db).await?;
/// let condition = &plan.root.conditions[0];
/// assert_eq!((condition.to_string().as_str(), condition.rows_removed), ("Filter: (stock > 10)", Some(3.0)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlanCondition {
    /// `Filter`, `Index Cond`, `Recheck Cond`, `Hash Cond`, `Merge Cond`, `Join Filter` ..
    pub kind: String,
    /// The condition, as the server writes it, with the values in it.
    pub text: String,
    /// How many rows of a loop it took out. Of `explain_analyze`.
    pub rows_removed: Option<f64>,
}

/// What a trigger took.
///
/// ```
#[doc = include_str!("../guide/shop.txt")]
/// let insert = Profile::insert([Profile::create().bio("likes coffee").user_id(2)]);
/// let plan = insert.explain_analyze(&mut db).await?; // and nothing is inserted
/// assert_eq!(plan.triggers[0].name, "profiles_user_id_fkey"); // who looked for the user
/// assert_eq!((plan.triggers[0].relation.as_str(), plan.triggers[0].calls), ("profiles", 1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TriggerRun {
    /// The trigger, or the constraint that it is of.
    pub name: String,
    /// The table.
    pub relation: String,
    /// How long, in ms.
    pub time: f64,
    /// How often.
    pub calls: f64,
}

/// What has a place of its own, or says what the step's own line says.
const PLACED: &[&str] = &[
    "Node Type",
    "Operation",
    "Relation Name",
    "Schema",
    "Alias",
    "Index Name",
    "Join Type",
    "Parent Relationship",
    "Subplan Name",
    "Startup Cost",
    "Total Cost",
    "Plan Rows",
    "Plan Width",
    "Actual Startup Time",
    "Actual Total Time",
    "Actual Rows",
    "Actual Loops",
    "Plans",
    "Parallel Aware",
    "Async Capable",
    "Disabled",
];

impl QueryPlan {
    /// All steps, each before those that it takes its rows from.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let plan = User::query().join(User::ORDERS).explain(&mut db).await?;
    /// let tables: Vec<_> = plan.nodes().filter_map(|node| node.relation.as_deref()).collect();
    /// assert!(tables.contains(&"users") && tables.contains(&"orders"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn nodes(&self) -> impl Iterator<Item = &PlanNode> {
        let mut left = vec![&self.root];
        std::iter::from_fn(move || {
            let node = left.pop()?;
            left.extend(node.children.iter().rev());
            Some(node)
        })
    }

    /// Reads what the server tells. What is not there is 0 or empty: which it tells depends on its version.
    pub(super) fn read(told: &Value) -> QueryPlan {
        let empty = Map::new();
        let told = told.get(0).and_then(Value::as_object).unwrap_or(&empty);
        let triggers = told.get("Triggers").and_then(Value::as_array);
        let triggers = triggers.into_iter().flatten().filter_map(Value::as_object);
        QueryPlan {
            root: PlanNode::read(
                told.get("Plan")
                    .and_then(Value::as_object)
                    .unwrap_or(&empty),
            ),
            planning_time: number(told, "Planning Time"),
            execution_time: number(told, "Execution Time"),
            triggers: triggers
                .map(|trigger| TriggerRun {
                    name: text(trigger, "Constraint Name")
                        .or_else(|| text(trigger, "Trigger Name"))
                        .unwrap_or_default(),
                    relation: text(trigger, "Relation").unwrap_or_default(),
                    time: number(trigger, "Time").unwrap_or_default(),
                    calls: number(trigger, "Calls").unwrap_or_default(),
                })
                .collect(),
        }
    }
}

impl PlanNode {
    fn read(told: &Map<String, Value>) -> PlanNode {
        let float = |name| number(told, name).unwrap_or_default();
        let count = |name| told.get(name).and_then(Value::as_u64);
        let actual = number(told, "Actual Loops").map(|loops| ActualRun {
            startup_time: float("Actual Startup Time"),
            total_time: float("Actual Total Time"),
            rows: float("Actual Rows"),
            loops,
        });
        let buffers = count("Shared Hit Blocks").map(|shared_hit| PlanBuffers {
            shared_hit,
            shared_read: count("Shared Read Blocks").unwrap_or_default(),
            shared_dirtied: count("Shared Dirtied Blocks").unwrap_or_default(),
            shared_written: count("Shared Written Blocks").unwrap_or_default(),
            temp_read: count("Temp Read Blocks").unwrap_or_default(),
            temp_written: count("Temp Written Blocks").unwrap_or_default(),
        });
        let removed = |kind: &str| number(told, &format!("Rows Removed by {}", remover(kind)));
        let conditions = told.iter().filter(|(name, _)| is_condition(name));
        let conditions = conditions.map(|(kind, value)| PlanCondition {
            kind: kind.clone(),
            text: shown(value),
            rows_removed: removed(kind),
        });
        let details = told.iter().filter(|(name, value)| {
            let placed = PLACED.contains(&name.as_str()) || is_condition(name);
            let counted = name.ends_with(" Blocks") || name.starts_with("Rows Removed");
            !placed && !counted && !is_usual(name, value)
        });
        let children = told.get("Plans").and_then(Value::as_array);
        let children = children.into_iter().flatten().filter_map(Value::as_object);
        PlanNode {
            node_type: text(told, "Node Type").unwrap_or_default(),
            operation: text(told, "Operation"),
            relation: text(told, "Relation Name"),
            alias: text(told, "Alias"),
            index: text(told, "Index Name"),
            join_type: text(told, "Join Type"),
            relationship: text(told, "Parent Relationship"),
            subplan: text(told, "Subplan Name"),
            startup_cost: float("Startup Cost"),
            total_cost: float("Total Cost"),
            plan_rows: float("Plan Rows"),
            plan_width: count("Plan Width").unwrap_or_default(),
            actual,
            buffers,
            conditions: conditions.collect(),
            details: details
                .map(|(name, value)| (name.clone(), shown(value)))
                .collect(),
            children: children.map(PlanNode::read).collect(),
        }
    }

    /// What it does, on what: `Index Scan using users_pkey on users`.
    fn write_label(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.node_type.as_str();
        match (kind, &self.operation, &self.join_type) {
            ("ModifyTable", Some(operation), _) => f.write_str(operation)?,
            (_, _, Some(join)) if join != "Inner" => match kind.strip_suffix(" Join") {
                Some(method) => write!(f, "{method} {join} Join")?,
                None => write!(f, "{kind} {join} Join")?,
            },
            ("Nested Loop", ..) | (_, None, _) => f.write_str(kind)?,
            (_, Some(operation), _) => write!(f, "{kind} {operation}")?,
        }
        if let Some(index) = &self.index {
            let word = if self.relation.is_some() {
                "using"
            } else {
                "on"
            };
            write!(f, " {word} {index}")?;
        }
        if let Some(relation) = &self.relation {
            write!(f, " on {relation}")?;
        }
        match (&self.alias, &self.relation) {
            (Some(alias), Some(relation)) if alias != relation => write!(f, " {alias}"),
            (Some(alias), None) => write!(f, " on {alias}"),
            _ => Ok(()),
        }
    }

    /// Writes the step and those below, with `indent` spaces before its own lines.
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mut indent = match depth {
            0 => 0,
            depth => depth * 6 - 4,
        };
        if let Some(subplan) = &self.subplan {
            writeln!(f, "{:indent$}{subplan}", "")?;
            indent += 2;
        }
        let arrow = if depth == 0 { "" } else { "->  " };
        write!(f, "{:indent$}{arrow}", "")?;
        self.write_label(f)?;
        write!(
            f,
            "  (cost={:.2}..{:.2} rows={} width={})",
            self.startup_cost, self.total_cost, self.plan_rows, self.plan_width
        )?;
        match &self.actual {
            None => {}
            Some(run) if run.loops == 0.0 => f.write_str(" (never executed)")?,
            Some(run) => write!(
                f,
                " (actual time={:.3}..{:.3} rows={} loops={})",
                run.startup_time, run.total_time, run.rows, run.loops
            )?,
        }
        writeln!(f)?;
        let indent = indent + arrow.len() + 2;
        for condition in &self.conditions {
            writeln!(f, "{:indent$}{condition}", "")?;
            if let Some(removed) = condition.rows_removed.filter(|rows| *rows > 0.0) {
                let remover = remover(&condition.kind);
                writeln!(f, "{:indent$}Rows Removed by {remover}: {removed}", "")?;
            }
        }
        for (name, value) in &self.details {
            writeln!(f, "{:indent$}{name}: {value}", "")?;
        }
        if let Some(buffers) = &self.buffers {
            buffers.write(f, indent)?;
        }
        for child in &self.children {
            child.write(f, depth + 1)?;
        }
        Ok(())
    }
}

impl PlanBuffers {
    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let parts = [
            ("shared hit", self.shared_hit),
            ("shared read", self.shared_read),
            ("shared dirtied", self.shared_dirtied),
            ("shared written", self.shared_written),
            ("temp read", self.temp_read),
            ("temp written", self.temp_written),
        ];
        let used = parts.iter().filter(|(_, pages)| *pages > 0);
        let used: Vec<_> = used
            .map(|(what, pages)| format!("{what}={pages}"))
            .collect();
        if used.is_empty() {
            return Ok(());
        }
        writeln!(f, "{:indent$}Buffers: {}", "", used.join(", "))
    }
}

impl fmt::Display for PlanCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.text)
    }
}

impl fmt::Display for QueryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.write(f, 0)?;
        for trigger in &self.triggers {
            writeln!(
                f,
                "Trigger {} on {}: time={:.3} calls={}",
                trigger.name, trigger.relation, trigger.time, trigger.calls
            )?;
        }
        if let Some(time) = self.planning_time {
            writeln!(f, "Planning Time: {time:.3} ms")?;
        }
        if let Some(time) = self.execution_time {
            writeln!(f, "Execution Time: {time:.3} ms")?;
        }
        Ok(())
    }
}

/// Whether this is what `psql` leaves out: what is not so, and what is so unless it is said.
fn is_usual(name: &str, value: &Value) -> bool {
    match value {
        // Of joins it says whether a row has one partner at most.
        Value::Bool(is) => !is || name == "Inner Unique",
        Value::String(value) => matches!(
            (name, value.as_str()),
            ("Strategy", "Plain") | ("Partial Mode", "Simple") | ("Scan Direction", "Forward")
        ),
        _ => false,
    }
}

fn is_condition(name: &str) -> bool {
    (name.ends_with("Filter") || name.ends_with(" Cond")) && !name.starts_with("Rows Removed")
}

/// The name by which rows are counted that a condition took out.
fn remover(kind: &str) -> &str {
    match kind {
        "Recheck Cond" => "Index Recheck",
        kind => kind,
    }
}

fn text(told: &Map<String, Value>, name: &str) -> Option<String> {
    told.get(name)?.as_str().map(str::to_owned)
}

fn number(told: &Map<String, Value>, name: &str) -> Option<f64> {
    told.get(name)?.as_f64()
}

/// A value as a line shows it: lists with commas.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
