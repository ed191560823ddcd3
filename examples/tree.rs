//! A tree in a table: all of it in one statement, the way up, and what SQL can compute along the way.
//!
//! ```text
//! cargo run --example tree
//! ```
//!
//! There are two tools. A recursive load gives entities, with `children` and `parent` in memory. A recursive query (a CTE) gives
//! rows of whatever is computed on the way down: a depth, a path, a sum.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "folders", has_many(children: Folder, via = parent, order_by = name, cascade(delete)))]
struct Folder {
    #[orm(primary_key)]
    id: i32,
    name: String,
    size: i32,
    #[orm(index, belongs_to(parent: Self, on_delete = "cascade"))]
    parent_id: Option<i32>,
}

/// The rows of the recursive query: a table that the database doesn't have.
#[derive(Rowset, Debug)]
struct Below {
    id: i32,
    depth: i32,
    path: String,
}

/// The tree as text, of what is in memory.
fn draw(
    db: &Session,
    folder: Handle<Folder>,
    indent: usize,
    lines: &mut Vec<String>,
) -> orm_core::Result<()> {
    let row = &db[folder];
    lines.push(format!(
        "{}{} ({})",
        "  ".repeat(indent),
        row.name,
        row.size
    ));
    for child in db.related(folder, Folder::CHILDREN)? {
        draw(db, child, indent + 1, lines)?;
    }
    Ok(())
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Folder,)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("Planted");
    let folder = |name: &str, size| Folder::create().name(name).size(size);
    let root = db.add(folder("home", 1).children([
        folder("music", 5).children([folder("live", 40), folder("old", 20)]),
        folder("photos", 7).children([folder("2024", 300).children([folder("summer", 120)])]),
    ]));
    db.flush().await?;
    let sent = story.sql(log.take());
    story.check(
        "seven folders on four levels, four statements and BEGIN",
        sent,
        5,
    );
    db.commit().await?;
    let root_id = db[root].id;

    story.part("All of it, in one statement");
    let mut db = engine.session();
    let root = db.get::<Folder>(root_id).await?.ok_or("a folder")?;
    log.clear();
    db.load(root, Folder::CHILDREN.recursive()).await?;
    let sent = story.sql(log.take());
    let mut lines = Vec::new();
    draw(&db, root, 0, &mut lines)?;
    story.block(lines.join("\n"));
    story.check("one statement, seven folders", (sent, lines.len()), (1, 7));
    story.say("`.recursive_to(2)` ends it after two levels, `.filter(..)` leaves out a folder and all that lies below it. A ring ends where it began.");

    story.part("The way up");
    let mut db = engine.session();
    let summer = Folder::query()
        .filter(Folder::NAME.eq("summer"))
        .one(&mut db)
        .await?;
    log.clear();
    db.load(summer, Folder::PARENT.recursive()).await?;
    let sent = log.count();
    let mut names = Vec::new();
    let mut at = Some(db.view(summer));
    while let Some(folder) = at {
        names.insert(0, folder.name.clone());
        at = folder.related(Folder::PARENT)?;
    }
    story.say(names.join("/"));
    story.check("one statement", sent, 1);

    story.part("Computed on the way down");
    let below = Folder::query()
        .filter(Folder::ID.eq(root_id))
        .select((Folder::ID, value(0), Folder::NAME))
        .recursive::<Below, _, _, _>(|below| {
            Folder::query()
                .join_on(below, Folder::PARENT_ID.eq(Below::ID))
                .select((
                    Folder::ID,
                    Below::DEPTH + 1,
                    Below::PATH.concat("/").concat(Folder::NAME),
                ))
        });
    let listed = Folder::query()
        .join_on(below.clone(), Below::ID.eq(Folder::ID))
        .order_by(Below::PATH)
        .select((Below::DEPTH, Below::PATH, Folder::SIZE));
    log.clear();
    let rows = listed.all(&mut db).await?;
    story.sql(log.take());
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(depth, path, size)| [depth.to_string(), path, size.to_string()])
        .collect();
    story.table(["depth", "path", "size"], &rows);
    story.check(
        "the deepest",
        rows.iter().map(|row| row[0].as_str()).max(),
        Some("3"),
    );

    story.say(
        "Data with a ring would never end here: `recursive_without_cycles` is for that, from PostgreSQL 14 on.",
    );

    let total = Folder::query()
        .join_on(below, Below::ID.eq(Folder::ID))
        .select((count_all(), sum(Folder::SIZE)));
    let (folders, size) = total.one(&mut db).await?;
    story.say(format_args!(
        "The same as part of a query that adds up: {folders} folders, {} in all.",
        size.unwrap_or(0)
    ));
    story.check("the sum", size, Some(493));

    story.part("A branch moves, with all that is on it");
    let music = Folder::query()
        .filter(Folder::NAME.eq("music"))
        .one(&mut db)
        .await?;
    let photos = Folder::query()
        .filter(Folder::NAME.eq("photos"))
        .one(&mut db)
        .await?;
    log.clear();
    db.set(music, Folder::PARENT, photos);
    db.flush().await?;
    story.say("One key of one row:");
    story.sql(log.take());
    db.load(photos, Folder::CHILDREN.recursive()).await?;
    let mut lines = Vec::new();
    draw(&db, photos, 0, &mut lines)?;
    story.block(lines.join("\n"));
    story.check("what was below music has come along", lines.len(), 6);

    story.part("Cut off");
    log.clear();
    db.delete(photos)?;
    db.commit().await?;
    story.say("The cascade looks below each level, and one DELETE takes all of them:");
    let sent = log.take();
    let deletes = sent.iter().filter(|sql| sql.contains("DELETE")).count();
    story.sql(sent);
    story.check("one DELETE", deletes, 1);
    story.check("what is left", Folder::query().count(&mut db).await?, 1);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_tree_is_read_in_one_statement() {
    let told = [
        "  home (1)",
        "    music (5)",
        "      live (40)",
        "home/photos/2024/summer",
        "      3  home/photos/2024/summer   120",
        "The same as part of a query that adds up: 7 folders, 493 in all.",
    ];
    examples::expect(run, &told).await;
}
