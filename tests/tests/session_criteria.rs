//! Criteria: conditions that every query of a model has, wherever the model stands in it. Soft delete, and tenants.
#![allow(missing_docs)]

use orm_core::prelude::*;
use orm_core::session::{SessionEvents, SessionOptions};
use tests::fixture::Fixture;

/// Several customers' data in one table.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "projects", has_many(tasks: Task, via = project, cascade(delete)), has_one(plan: Plan, via = project, cascade(delete)))]
pub struct Project {
    #[orm(primary_key)]
    pub id: i32,
    pub tenant: i32,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tasks", many_to_many(labels: Label, through = TaskLabel))]
pub struct Task {
    #[orm(primary_key)]
    pub id: i32,
    pub name: String,
    #[orm(default = false)]
    pub deleted: bool,
    #[orm(belongs_to(project: Project))]
    pub project_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "plans")]
pub struct Plan {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(default = false)]
    pub deleted: bool,
    #[orm(belongs_to(project: Project))]
    pub project_id: Option<i32>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "labels", many_to_many(all_tasks: Task, through = TaskLabel))]
pub struct Label {
    #[orm(primary_key)]
    pub id: i32,
    pub word: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "task_labels")]
pub struct TaskLabel {
    #[orm(primary_key, belongs_to(task: Task))]
    pub task_id: i32,
    #[orm(primary_key, belongs_to(label: Label))]
    pub label_id: i32,
}

/// A tree, of which whole branches are hidden.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "parts", has_many(parts: Part, via = whole))]
pub struct Part {
    #[orm(primary_key)]
    pub id: i32,
    #[orm(default = false)]
    pub deleted: bool,
    #[orm(belongs_to(whole: Self))]
    pub whole_id: Option<i32>,
}

type All = (Project, Task, Plan, Label, TaskLabel, Part);

#[derive(Clone)]
struct Tenant(i32);

/// Tenant 1 has `house` with `roof` and the deleted `cellar`, tenant 2 has `boat` with `mast`. `roof` and `cellar` are labelled.
async fn fixture() -> (Fixture, Engine) {
    let f = Fixture::new::<All>().await;
    f.elsewhere(
        "insert into projects values (1, 1, 'house'), (2, 2, 'boat');
         insert into tasks values (1, 'roof', false, 1), (2, 'cellar', true, 1), (3, 'mast', false, 2);
         insert into plans values (1, true, 1);
         insert into labels values (1, 'urgent');
         insert into task_labels values (1, 1), (2, 1);
         insert into parts values (1, false, null), (2, true, 1), (3, false, 1), (4, false, 2), (5, true, 3), (6, false, 3)",
    )
    .await;
    let options = SessionOptions::new()
        .criteria::<Task>((!Task::DELETED).for_model())
        .criteria::<Part>((!Part::DELETED).for_model())
        .criteria_with::<Project>(|info| match info.get::<Tenant>() {
            Some(tenant) => Project::TENANT.eq(tenant.0).for_model(),
            None => value(false).for_model(),
        });
    let engine = f.engine.with_sessions(options);
    (f, engine)
}

fn tenant(engine: &Engine, tenant: i32) -> Session {
    let mut db = engine.session();
    db.info_mut().insert(Tenant(tenant));
    db
}

async fn names(db: &mut Session, q: EntityQuery<Task>) -> Vec<String> {
    let tasks = q.order_by(Task::ID).all(db).await.unwrap();
    tasks.iter().map(|task| db[*task].name.clone()).collect()
}

#[tokio::test]
async fn every_finisher_of_a_query_has_the_criteria() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    assert_eq!(names(&mut db, Task::query()).await, ["roof", "mast"]);
    assert!(f.sent()[1].ends_with("FROM tasks WHERE NOT tasks.deleted ORDER BY tasks.id"));
    assert_eq!(Task::query().count(&mut db).await.unwrap(), 2);
    let cellar = Task::query().filter(Task::NAME.eq("cellar"));
    assert!(!cellar.clone().exists(&mut db).await.unwrap());
    assert!(cellar.clone().first(&mut db).await.unwrap().is_none());
    assert!(cellar.clone().one(&mut db).await.is_err());
    // The query's own condition with an OR stays together.
    let either = Task::query().filter(Task::NAME.eq("cellar").or(Task::NAME.eq("roof")));
    assert_eq!(names(&mut db, either).await, ["roof"]);
    assert!(
        f.sent()
            .last()
            .unwrap()
            .contains("WHERE (tasks.name = $1 OR tasks.name = $2) AND NOT tasks.deleted")
    );
    assert!(
        cellar
            .clone()
            .without_criteria()
            .exists(&mut db)
            .await
            .unwrap()
    );
    assert_eq!(
        names(&mut db, Task::query().without_criteria()).await,
        ["roof", "cellar", "mast"]
    );
    // A grouped query has its rows filtered, not its groups.
    let rows: Vec<(Option<i32>, i64)> = Task::query()
        .group_by(Task::PROJECT_ID)
        .order_by(Task::PROJECT_ID)
        .select((Task::PROJECT_ID, count_all()))
        .all(&mut db)
        .await
        .unwrap();
    assert_eq!(rows, [(Some(1), 1), (Some(2), 1)]);
}

#[tokio::test]
async fn a_condition_follows_what_the_session_knows_at_the_time() {
    let (_f, engine) = fixture().await;
    let mut db = engine.session();
    assert_eq!(Project::query().count(&mut db).await.unwrap(), 0);
    for (who, name) in [(1, "house"), (2, "boat")] {
        db.info_mut().insert(Tenant(who));
        let project = Project::query().one(&mut db).await.unwrap();
        assert_eq!(db[project].name, name);
    }
}

#[tokio::test]
async fn a_left_join_keeps_its_left_rows_and_an_alias_has_the_condition_under_its_name() {
    let (f, engine) = fixture().await;
    f.elsewhere("update tasks set deleted = true where id = 1")
        .await;
    let mut db = tenant(&engine, 1);
    let q = Project::query()
        .left_join(Project::TASKS)
        .select((Project::NAME, Task::NAME));
    let rows: Vec<(String, Option<String>)> = q.clone().all(&mut db).await.unwrap();
    assert_eq!(rows, [("house".to_owned(), None)]);
    assert!(f.sent().last().unwrap().ends_with(
        "LEFT JOIN tasks ON tasks.project_id = projects.id AND NOT tasks.deleted WHERE projects.tenant = $1"
    ));
    assert_eq!(q.without_criteria().all(&mut db).await.unwrap().len(), 3);
    type Other = Aliased<Task, 1>;
    let q = Task::query()
        .join_on(
            Other::ALL,
            Other::PROJECT_ID.is_not_distinct_from(Task::PROJECT_ID),
        )
        .select((Task::NAME, Other::NAME));
    let rows: Vec<(String, String)> = q.all(&mut db).await.unwrap();
    assert_eq!(rows, [("mast".to_owned(), "mast".to_owned())]);
    assert!(f.sent().last().unwrap().contains("NOT tasks_1.deleted"));
}

#[tokio::test]
async fn conditions_on_related_rows_have_the_criteria_inside() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let with_cellar = Project::query().filter(Project::TASKS.any(Task::NAME.eq("cellar")));
    assert_eq!(with_cellar.clone().count(&mut db).await.unwrap(), 0);
    assert!(f.sent().last().unwrap().contains("EXISTS (SELECT 1 FROM tasks WHERE tasks.project_id = projects.id AND tasks.name = $1 AND NOT tasks.deleted)"));
    assert_eq!(
        with_cellar.without_criteria().count(&mut db).await.unwrap(),
        1
    );
    // Inside of NOT, and deep inside.
    let none =
        Project::query().filter(Project::TASKS.none(Task::PROJECT.has(Project::NAME.eq("boat"))));
    assert_eq!(none.count(&mut db).await.unwrap(), 1);
    let of_boats = Task::query().filter(Task::PROJECT.has(Project::NAME.eq("boat")));
    assert_eq!(of_boats.count(&mut db).await.unwrap(), 0);
}

#[tokio::test]
async fn loaded_relationships_leave_out_what_is_hidden() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let house = Project::query()
        .with(Project::TASKS.then(Task::LABELS))
        .with(Project::PLAN)
        .one(&mut db)
        .await
        .unwrap();
    let tasks = db.related(house, Project::TASKS).unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(db.related(tasks[0], Task::LABELS).unwrap().len(), 1);
    assert!(db.related(house, Project::PLAN).unwrap().is_some());
    // By a statement of its own, with a limit for each parent, and over a link table.
    db.load(house, Project::TASKS.order_by(Task::ID.desc()).limit(1))
        .await
        .unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
    let label = Label::query().with(Label::ALL_TASKS).one(&mut db).await;
    let label = label.unwrap();
    assert_eq!(db.related(label, Label::ALL_TASKS).unwrap().len(), 1);
    // A to-one whose target is hidden leads nowhere, joined or not, though the key is there.
    let mast = Task::query()
        .filter(Task::NAME.eq("mast"))
        .with(Task::PROJECT)
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(db.related(mast, Task::PROJECT).unwrap(), None);
    assert_eq!(db[mast].project_id, Some(2));
    db.load(mast, Task::PROJECT).await.unwrap();
    assert_eq!(db.related(mast, Task::PROJECT).unwrap(), None);
    // All of it, with what lies behind.
    f.sent();
    let house = Project::query()
        .filter(Project::ID.eq(1))
        .with(Project::TASKS)
        .without_criteria()
        .one(&mut db)
        .await
        .unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 2);
    assert!(
        f.sent()
            .iter()
            .all(|sql| !sql.contains("NOT tasks.deleted"))
    );
    // The next load has them again.
    db.load(house, Project::TASKS).await.unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
}

#[tokio::test]
async fn aggregates_of_collections_leave_out_what_is_hidden() {
    let (_f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let q = Project::query().select((Project::NAME, Project::TASKS.count()));
    let rows: Vec<(String, i64)> = q.clone().all(&mut db).await.unwrap();
    assert_eq!(rows, [("house".to_owned(), 1)]);
    let rows: Vec<(String, i64)> = q.without_criteria().all(&mut db).await.unwrap();
    assert_eq!(rows, [("house".to_owned(), 2), ("boat".to_owned(), 1)]);
    let house = Project::query().one(&mut db).await.unwrap();
    assert_eq!(db.count_of(house, Project::TASKS).await.unwrap(), [1]);
}

#[tokio::test]
async fn joined_collections_leave_out_what_is_hidden() {
    let (f, engine) = fixture().await;
    let joined = || Project::query().with(Project::TASKS.joined().then(Task::LABELS.joined()));
    for limit in [None, Some(5)] {
        let mut db = tenant(&engine, 1);
        let query = match limit {
            None => joined(),
            Some(limit) => joined().limit(limit),
        };
        let found = query.clone().all(&mut db).await.unwrap();
        assert_eq!(
            found.len(),
            1,
            "the other tenant's is not joined around, either"
        );
        let tasks = db.related(found[0], Project::TASKS).unwrap();
        assert_eq!(tasks.len(), 1);
        assert_eq!(db.related(tasks[0], Task::LABELS).unwrap().len(), 1);
        let mut sent = f.sent();
        sent.retain(|sql| sql.starts_with("SELECT"));
        assert_eq!(sent.len(), 1, "{sent:#?}");
        assert_eq!(
            sent[0].matches("NOT loaded_1.deleted").count(),
            1,
            "{}",
            sent[0]
        );
        assert_eq!(
            sent[0].matches("projects.tenant =").count(),
            1,
            "{}",
            sent[0]
        );
        let all = query.without_criteria().order_by(Project::ID);
        let all = all.all(&mut db).await.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(db.related(all[0], Project::TASKS).unwrap().len(), 2);
        f.sent();
    }
    // Over a link table, and out of a join that the query has.
    let mut db = tenant(&engine, 1);
    let label = Label::query().with(Label::ALL_TASKS.joined()).one(&mut db);
    let label = label.await.unwrap();
    assert_eq!(db.related(label, Label::ALL_TASKS).unwrap().len(), 1);
    let query = Project::query()
        .join(Project::TASKS)
        .with_joined(Project::TASKS);
    let house = query.one(&mut db).await.unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
}

#[tokio::test]
async fn relationships_of_get_and_refresh_leave_out_what_is_hidden() {
    let (f, engine) = fixture().await;
    f.elsewhere("update plans set deleted = false").await;
    let mut db = tenant(&engine, 1);
    db.add_criteria::<Plan>(Plan::ID.ne(1).for_model());
    let house = db
        .get::<Project>(1)
        .with(Project::TASKS.joined())
        .with(Project::PLAN)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(f.count(), 2, "BEGIN and one SELECT");
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
    assert_eq!(db.related(house, Project::PLAN).unwrap(), None);
    let again = db.refresh(house).with(Project::TASKS.joined());
    again.with(Project::PLAN).await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
    assert_eq!(db.related(house, Project::PLAN).unwrap(), None);
    let again = db.refresh(house).with(Project::TASKS.joined());
    again.with(Project::PLAN).without_criteria().await.unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 2);
    assert!(db.related(house, Project::PLAN).unwrap().is_some());
    let again = db.refresh(house).with(Project::TASKS);
    again.await.unwrap();
    assert_eq!(db.related(house, Project::TASKS).unwrap().len(), 1);
}

#[tokio::test]
async fn a_tree_ends_at_what_is_hidden() {
    let (f, engine) = fixture().await;
    let mut db = engine.session();
    let root = db.get::<Part>(1).await.unwrap().unwrap();
    f.sent();
    db.load(root, Part::PARTS.recursive()).await.unwrap();
    assert_eq!(f.count(), 1);
    let ids = |db: &Session, of: Handle<Part>| -> Vec<i32> {
        let parts = db.view(of).related(Part::PARTS).unwrap();
        parts.map(|part| part.id).collect()
    };
    assert_eq!(ids(&db, root), [3]);
    let three = db.related(root, Part::PARTS).unwrap()[0];
    assert_eq!(ids(&db, three), [6]);
    let with_hidden = Part::query().filter(Part::ID.eq(1)).without_criteria();
    let with_hidden = with_hidden.with(Part::PARTS.recursive());
    with_hidden.one(&mut db).await.unwrap();
    let mut both = ids(&db, root);
    both.sort_unstable();
    assert_eq!(both, [2, 3]);
    // Upwards: what lies above a hidden row is not reached.
    let mut db = engine.session();
    let four = db.get::<Part>(4).await.unwrap().unwrap();
    db.load(four, Part::WHOLE.recursive()).await.unwrap();
    assert_eq!(db.related(four, Part::WHOLE).unwrap(), None);
}

#[tokio::test]
async fn outer_joins_of_both_sides_show_hidden_rows_on_neither() {
    let (_f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    // The mast's project is hidden, and the cellar is itself.
    let q = Project::query()
        .right_join_on(Task::ALL, Task::PROJECT_ID.eq(Project::ID))
        .order_by(Task::ID)
        .select((Project::NAME, Task::NAME));
    let rows: Vec<(Option<String>, String)> = q.all(&mut db).await.unwrap();
    let (roof, mast) = ("roof".to_owned(), "mast".to_owned());
    assert_eq!(rows, [(Some("house".to_owned()), roof), (None, mast)]);
}

#[tokio::test]
async fn full_and_cross_joins_show_only_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let full = Project::query()
        .full_join_on(Task::ALL, Task::PROJECT_ID.eq(Project::ID))
        .order_by(Task::ID)
        .select((Project::NAME, Task::NAME));
    let rows: Vec<(Option<String>, Option<String>)> = full.clone().all(&mut db).await.unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(rows, [(some("house"), some("roof")), (None, some("mast"))]);
    assert_eq!(
        f.sent()[1],
        "SELECT projects.name, tasks.name FROM projects FULL JOIN tasks ON tasks.project_id = projects.id AND \
         (projects.tenant = $1 OR projects.id IS NULL) AND (NOT tasks.deleted OR tasks.id IS NULL) WHERE (projects.tenant = $2 OR projects.id IS NULL) AND \
         (NOT tasks.deleted OR tasks.id IS NULL) ORDER BY tasks.id"
    );
    assert_eq!(full.without_criteria().all(&mut db).await.unwrap().len(), 3);
    f.sent();
    let cross = Project::query()
        .cross_join(Task::ALL)
        .order_by(Task::ID)
        .select((Project::NAME, Task::NAME));
    let rows: Vec<(String, String)> = cross.all(&mut db).await.unwrap();
    let house = |task: &str| ("house".to_owned(), task.to_owned());
    assert_eq!(rows, [house("roof"), house("mast")]);
    assert_eq!(
        f.sent(),
        [
            "SELECT projects.name, tasks.name FROM projects CROSS JOIN tasks WHERE NOT tasks.deleted AND projects.tenant = $1 \
          ORDER BY tasks.id"
        ]
    );
}

/// The tasks of a project, counted.
#[derive(Rowset, Debug, PartialEq)]
struct Counted {
    project_id: Option<i32>,
    tasks: i64,
}

#[tokio::test]
async fn derived_tables_and_ctes_count_only_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let counted = || {
        Task::query()
            .group_by(Task::PROJECT_ID)
            .select((Task::PROJECT_ID, count_all()))
    };
    let house = [("house".to_owned(), 1)];
    let q = Project::query()
        .join_on(
            counted().as_table::<Counted>(),
            Counted::PROJECT_ID.eq(Project::ID),
        )
        .select((Project::NAME, Counted::TASKS));
    let rows: Vec<(String, i64)> = q.all(&mut db).await.unwrap();
    assert_eq!(rows, house);
    assert_eq!(
        f.sent()[1],
        "SELECT projects.name, counted.tasks FROM projects JOIN (SELECT tasks.project_id, count(*) FROM tasks WHERE NOT \
         tasks.deleted GROUP BY tasks.project_id) AS counted(project_id, tasks) ON counted.project_id = projects.id WHERE \
         projects.tenant = $1"
    );
    let q = Project::query()
        .join_on(
            counted().as_cte::<Counted>(),
            Counted::PROJECT_ID.eq(Project::ID),
        )
        .select((Project::NAME, Counted::TASKS));
    let rows: Vec<(String, i64)> = q.all(&mut db).await.unwrap();
    assert_eq!(rows, house);
    assert_eq!(
        f.sent(),
        [
            "WITH counted(project_id, tasks) AS (SELECT tasks.project_id, count(*) FROM tasks WHERE NOT tasks.deleted GROUP BY \
          tasks.project_id) SELECT projects.name, counted.tasks FROM projects JOIN counted ON counted.project_id = projects.id \
          WHERE projects.tenant = $1"
        ]
    );
}

#[tokio::test]
async fn each_side_of_a_union_shows_only_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let both = Task::query()
        .select(Task::NAME)
        .union(Project::query().select(Project::NAME))
        .order_by(orm_core::query::place::<1>());
    assert_eq!(
        both.clone().all(&mut db).await.unwrap(),
        ["house", "mast", "roof"]
    );
    assert_eq!(
        f.sent()[1],
        "SELECT tasks.name FROM tasks WHERE NOT tasks.deleted UNION SELECT projects.name FROM projects WHERE \
         projects.tenant = $1 ORDER BY 1"
    );
    assert_eq!(both.count(&mut db).await.unwrap(), 3);
    let entities = Task::query()
        .filter(Task::ID.lt(2))
        .union(Task::query().filter(Task::ID.gt(1)));
    assert_eq!(entities.all(&mut db).await.unwrap().len(), 2);
}

#[tokio::test]
async fn pages_are_pages_of_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let q = || Task::query().order_by(Task::NAME.desc());
    let first = q().page(1).fetch(&mut db).await.unwrap();
    let second = q()
        .page(1)
        .after_some(first.next)
        .fetch(&mut db)
        .await
        .unwrap();
    assert_eq!(db[first.rows[0]].name, "roof");
    assert_eq!(db[second.rows[0]].name, "mast");
    assert!(second.next.is_none());
    let sent = f.sent();
    assert!(
        sent[1..]
            .iter()
            .all(|sql| sql.contains("NOT tasks.deleted")),
        "{sent:#?}"
    );
    let page = q().page_with_count(1, 2, &mut db).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (2, 2));
}

#[tokio::test]
async fn what_is_inserted_from_a_query_is_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    f.elsewhere("select setval(pg_get_serial_sequence('labels', 'id'), 9)")
        .await;
    let words = Label::insert_from(Label::WORD, Task::query().select(Task::NAME));
    assert_eq!(words.exec(&mut db).await.unwrap(), 2);
    assert!(f.sent()[1].starts_with(
        "INSERT INTO labels (word) SELECT tasks.name FROM tasks WHERE NOT tasks.deleted"
    ));
    // A row that others cannot see is not changed by a conflict either.
    let cellar = Task {
        id: 2,
        name: "attic".to_owned(),
        deleted: false,
        project_id: None,
    };
    let taken = Task::insert([cellar]).on_conflict(Task::ID).do_update_all();
    let changed = taken.exec(&mut db).await.unwrap();
    let sent = f.sent();
    assert_eq!(changed, 0, "{sent:?}");
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select name, deleted from tasks where id = 2").await,
        ["cellar|t"]
    );
}

#[tokio::test]
async fn get_asks_the_database_and_finds_nothing_that_is_hidden() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    assert!(db.get::<Task>(2).await.unwrap().is_none());
    let roof = db.get::<Task>(1).await.unwrap().unwrap();
    // In memory, and hidden by its own change.
    db[roof].deleted = true;
    assert!(db.get::<Task>(1).await.unwrap().is_none());
    assert!(db[roof].deleted, "its handle reads it");
    assert_eq!(
        db.get::<Task>(1).without_criteria().await.unwrap(),
        Some(roof)
    );
    db.refresh(roof).await.expect("a row that is named is read");
    db.rollback().await.unwrap();
    f.sent();
    // Other models' identity map is as fast as ever.
    db.get::<Label>(1).await.unwrap();
    db.get::<Label>(1).await.unwrap();
    assert_eq!(f.count(), 2, "BEGIN and one SELECT");
}

#[tokio::test]
async fn bulk_writes_reach_only_what_is_seen() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 1);
    let update = Task::query().update(Task::NAME.set("x"));
    assert_eq!(update.exec(&mut db).await.unwrap(), 2);
    assert_eq!(
        f.sent().last().unwrap(),
        "UPDATE tasks SET name = $1 WHERE NOT tasks.deleted"
    );
    let delete = Project::query().filter(Project::TENANT.gt(0)).delete();
    assert!(delete.exec(&mut db).await.is_err(), "the tasks refer to it");
    db.rollback().await.unwrap();
    f.elsewhere("delete from task_labels; delete from tasks; delete from plans")
        .await;
    let delete = Project::query().delete();
    assert_eq!(delete.exec(&mut db).await.unwrap(), 1);
    let rest = Project::query().without_criteria().delete();
    assert_eq!(rest.exec(&mut db).await.unwrap(), 1);
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_delete_takes_hidden_children_along() {
    let (f, engine) = fixture().await;
    f.elsewhere("delete from task_labels").await;
    let mut db = tenant(&engine, 1);
    // Loaded in this transaction, without what is hidden.
    let house = Project::query()
        .with(Project::TASKS)
        .one(&mut db)
        .await
        .unwrap();
    db.delete(house).unwrap();
    db.commit().await.unwrap();
    assert_eq!(f.rows("select name from tasks").await, ["mast"]);
    assert_eq!(Task::query().count(&mut db).await.unwrap(), 1);
}

#[tokio::test]
async fn a_subquery_of_a_condition_itself_is_left_as_it_is() {
    let (f, engine) = fixture().await;
    let mut db = tenant(&engine, 2);
    // A criterion that asks for its own model inside would never end.
    db.add_criteria::<Project>(Project::TASKS.any(Task::NAME.ne("x")).for_model());
    let project = Project::query().one(&mut db).await.unwrap();
    assert_eq!(db[project].name, "boat");
    assert!(f.sent().last().unwrap().ends_with(
        "WHERE projects.tenant = $1 AND EXISTS (SELECT 1 FROM tasks WHERE tasks.project_id = projects.id AND tasks.name <> $2) LIMIT $3"
    ));
}

/// Marks tasks that are deleted.
struct SoftDelete;

impl SessionEvents for SoftDelete {
    fn before_flush(&self, db: &mut Session) -> orm_core::Result<()> {
        for task in db.deleted::<Task>() {
            db.undelete(task)?;
            db[task].deleted = true;
        }
        Ok(())
    }
}

#[tokio::test]
async fn with_a_hook_a_delete_becomes_a_mark() {
    let (f, engine) = fixture().await;
    let mut db = engine.session_with(SessionOptions::new().events(SoftDelete));
    let roof = db.get::<Task>(1).await.unwrap().unwrap();
    db.delete(roof).unwrap();
    f.sent();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        ["UPDATE tasks SET deleted = $1 WHERE id = $2", "COMMIT"]
    );
    assert!(db.get::<Task>(1).await.unwrap().is_none());
    assert_eq!(
        f.rows("select name from tasks where deleted order by id")
            .await,
        ["roof", "cellar"]
    );
}

#[tokio::test]
async fn a_session_without_criteria_sends_what_it_always_sent() {
    let (f, _) = fixture().await;
    let mut db = f.session();
    Task::query().all(&mut db).await.unwrap();
    assert!(f.sent().last().unwrap().ends_with("FROM tasks"));
}
