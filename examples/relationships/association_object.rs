//! Many-to-many with something to say: students take courses, and have a grade in each. The link is a model of its own.
//!
//! ```text
//! cargo run --example association_object
//! ```
//!
//! SQLAlchemy calls it an association object. There are two ways across: `Student::ENROLMENTS`, to read and write grades, and
//! `Student::COURSES`, which passes over the enrolments where they don't matter.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

#[derive(Model, Debug, Clone)]
#[orm(
    table = "students",
    has_many(enrolments: Enrolment, via = student, cascade(delete, delete_orphan)),
    many_to_many(courses: Course, through = Enrolment, order_by = title)
)]
struct Student {
    #[orm(primary_key)]
    id: i32,
    name: String,
}

#[derive(Model, Debug, Clone)]
#[orm(table = "courses", has_many(enrolments: Enrolment, via = course))]
struct Course {
    #[orm(primary_key)]
    id: i32,
    title: String,
}

/// The link: its key is the two foreign keys, so nobody takes a course twice.
#[derive(Model, Debug, Clone)]
#[orm(table = "enrolments", check("grade BETWEEN 1 AND 6"))]
struct Enrolment {
    #[orm(primary_key, belongs_to(student: Student))]
    student_id: i32,
    #[orm(primary_key, belongs_to(course: Course))]
    course_id: i32,
    /// None yet.
    grade: Option<i32>,
}

async fn run(story: &mut Story<'_>) -> examples::Result {
    let test_db = TestDb::with_models::<(Student, Course, Enrolment)>().await?;
    let (engine, log) = test_db.logged_engine().await?;
    let mut db = engine.session();

    story.part("A link with a value");
    let maths = db.add(Course::create().title("Mathematics"));
    let music = db.add(Course::create().title("Music"));
    db.add(Student::create().name("Ann").enrolments([
        Enrolment::create().course(maths).grade(1),
        Enrolment::create().course(music),
    ]));
    let bob = db.add(Student::create().name("Bob"));
    db.add(Enrolment::create().student(bob).course(maths).grade(3));
    db.flush().await?;
    story.say("Both keys of an enrolment are made by the server, in two tables that are written before it.");
    story.sql(log.take());

    story.part("Or without one");
    db.push(bob, Student::COURSES, music);
    db.flush().await?;
    story.say("`db.push(bob, Student::COURSES, music)` writes the row of the link, with nothing in it but the two keys.");
    story.sql(log.take());
    db.commit().await?;
    log.clear();

    story.part("Grades are read along the enrolments");
    let mut db = engine.session();
    let report = Student::ENROLMENTS
        .order_by(Enrolment::COURSE_ID)
        .then(Enrolment::COURSE);
    let students = Student::query()
        .with(report)
        .order_by(Student::NAME)
        .all(&mut db)
        .await?;
    let sent = log.count();
    let mut rows = Vec::new();
    for student in &students {
        let student = db.view(*student);
        for enrolment in student.related(Student::ENROLMENTS)? {
            let course = enrolment.related(Enrolment::COURSE)?;
            let grade = enrolment
                .grade
                .map_or("-".to_owned(), |grade| grade.to_string());
            rows.push([student.name.clone(), course.title.clone(), grade]);
        }
    }
    story.table(["student", "course", "grade"], &rows);
    story.say("Three statements, BEGIN among them, whatever the number of students.");
    story.check("statements", sent, 3);
    story.check("enrolments", rows.len(), 4);

    story.part("A grade changes: the link's row, by its key of two columns");
    let bob = students[1];
    let enrolment = db.related(bob, Student::ENROLMENTS)?[0];
    log.clear();
    db[enrolment].grade = Some(2);
    db.flush().await?;
    story.sql(log.take());

    story.part("Queries see both ways");
    let good = Student::query()
        .filter(Student::ENROLMENTS.any(Enrolment::GRADE.le(1)))
        .select(Student::NAME);
    story.check("who has a 1", good.all(&mut db).await?, vec!["Ann"]);
    let averages = Course::query()
        .join(Course::ENROLMENTS)
        .group_by(Course::ID)
        .order_by(Course::TITLE)
        .select((Course::TITLE, count_all(), avg(Enrolment::GRADE)));
    log.clear();
    let averages = averages.all(&mut db).await?;
    story.sql(log.take());
    for (course, students, average) in &averages {
        let average = average.map_or("no grade yet".to_owned(), |average| format!("{average:.1}"));
        story.say(format_args!("{course}: {students} students, {average}"));
    }

    story.part("Out of a course");
    db.load(bob, Student::COURSES).await?;
    let music = db.related(bob, Student::COURSES)?[1];
    log.clear();
    db.remove(bob, Student::COURSES, music);
    db.flush().await?;
    story.sql(log.take());
    story.check(
        "enrolments that are left",
        Enrolment::query().count(&mut db).await?,
        3,
    );
    db.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn a_link_has_a_grade() {
    let told = [
        "  Ann      Mathematics      1",
        "  Bob      Music            -",
        "  UPDATE enrolments SET grade = $1 WHERE student_id = $2 AND course_id = $3",
        "Mathematics: 2 students, 1.5",
        "Music: 2 students, no grade yet",
    ];
    examples::expect(run, &told).await;
}
