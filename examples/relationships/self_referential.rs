//! A table that refers to itself: employees have a boss, and people follow people.
//!
//! ```text
//! cargo run --example self_referential
//! ```
//!
//! The first is a tree: one foreign key, to the same table. The second is a graph: a link table between people and people, where
//! it has to be said which of its two columns is which. How a whole tree is read is in `tree`.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(table = "employees", has_many(reports: Employee, via = boss, order_by = name))]
struct Employee {
    #[orm(primary_key)]
    id: i32,
    name: String,
    #[orm(index, belongs_to(boss: Self))]
    boss_id: Option<i32>,
}

/// The same table under another name, to compare a row with its boss's.
type Boss = Aliased<Employee, 1>;

#[derive(Model, Debug, Clone)]
#[orm(
    table = "people",
    many_to_many(follows: Person, table = "follows", near = follower_id, far = followed_id, order_by = name),
    many_to_many(followers: Person, via = follows, order_by = name)
)]
struct Person {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Employee, Person)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("A tree is inserted level by level");
    let ann = db.add(Employee::create().name("Ann").reports([
        Employee::create().name("Bob").reports([
            Employee::create().name("Dan"),
            Employee::create().name("Eve"),
        ]),
        Employee::create().name("Cara"),
    ]));
    db.flush().await?;
    story.say("Five rows on three levels: a boss has to have a key before anybody can name it.");
    let sent = story.sql(log.take());
    story.check("BEGIN and three INSERTs", sent, 4);

    story.part("Somebody gets another boss");
    let bob = db.related(ann, Employee::REPORTS)?[0];
    let dan = db.related(bob, Employee::REPORTS)?[0];
    db.set(dan, Employee::BOSS, ann);
    let names: Vec<_> = db
        .view(ann)
        .related(Employee::REPORTS)?
        .map(|report| report.name.clone())
        .collect();
    story.say(format_args!(
        "Dan reports to Ann, who has {} now.",
        names.join(", ")
    ));
    db.flush().await?;
    story.sql(log.take());

    story.part("A row beside its boss's");
    let pairs = Employee::query()
        .join(Employee::BOSS.to::<Boss>())
        .order_by(Employee::NAME)
        .select((Employee::NAME, Boss::NAME));
    let pairs = pairs.all(&mut db).await?;
    story.sql(log.take());
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, boss)| format!("{name} of {boss}"))
        .collect();
    story.say(pairs.join(", "));
    story.check("everybody but Ann", pairs.len(), 4);

    story.part("A ring is no tree, but rows may form one");
    db.set(ann, Employee::BOSS, dan);
    db.flush().await?;
    story.say("Dan is Ann's boss, and she his. Nobody forbids it: both rows are there, so it is one UPDATE. New rows in a ring are inserted first and tied then.");
    story.sql(log.take());
    let first = db.add(Employee::create().name("Chicken"));
    let second = db.add(Employee::create().name("Egg").boss(first));
    db.set(first, Employee::BOSS, second);
    db.flush().await?;
    story.sql(log.take());
    story.check("the ring is closed", db[first].boss_id, Some(db[second].id));
    db.commit().await?;

    story.part("A graph: who follows whom");
    let people = db.add_all(["Ada", "Bo", "Cy"].map(|name| Person::create().name(name)));
    let [ada, bo, cy] = people[..] else {
        return Err("three people".into());
    };
    db.push(ada, Person::FOLLOWS, bo);
    db.push(ada, Person::FOLLOWS, cy);
    db.push(ada, Person::FOLLOWERS, bo);
    log.clear();
    db.flush().await?;
    story.sql(log.take());
    story.check(
        "both ways are kept apart",
        (
            db.related(ada, Person::FOLLOWS)?.len(),
            db.related(ada, Person::FOLLOWERS)?.len(),
        ),
        (2, 1),
    );
    db.commit().await?;

    let mut db = engine.session();
    let people = Person::query()
        .with(Person::FOLLOWS)
        .with(Person::FOLLOWERS)
        .order_by(Person::NAME)
        .all(&mut db)
        .await?;
    for person in people {
        let person = db.view(person);
        let follows: Vec<_> = person
            .related(Person::FOLLOWS)?
            .map(|other| other.row().name.as_str())
            .collect();
        let followers: Vec<_> = person
            .related(Person::FOLLOWERS)?
            .map(|other| other.row().name.as_str())
            .collect();
        story.say(format_args!(
            "{} follows [{}] and is followed by [{}]",
            person.name,
            follows.join(" "),
            followers.join(" ")
        ));
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_table_refers_to_itself() {
    let told = [
        "Dan reports to Ann, who has Bob, Cara, Dan now.",
        "Bob of Ann, Cara of Ann, Dan of Ann, Eve of Bob",
        "Ada follows [Bo Cy] and is followed by [Bo]",
        "Bo follows [Ada] and is followed by [Ada]",
        "Cy follows [] and is followed by [Ada]",
    ];
    examples::expect(run, &told).await;
}
