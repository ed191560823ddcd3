//! A queue of jobs in a table, and several workers that take from it at the same time: no job is lost, none is done twice,
//! and one whose worker fails is taken by another.
//!
//! ```text
//! cargo run --example job_queue
//! ```
//!
//! The whole trick is one query, `take`: it locks the oldest waiting job, and passes over the jobs that other workers hold
//! (SKIP LOCKED). The lock lasts as long as the transaction, so whatever ends the worker, an error, a panic, a machine that is
//! switched off, gives the job back.

use std::process::ExitCode;

use examples::Story;
use orm_core::prelude::*;
use orm_core::testing::TestDb;

type Result<T, E = orm_core::Error> = std::result::Result<T, E>;

/// A job that waits or is done.
#[derive(Model, Debug, Clone)]
#[orm(table = "jobs")]
struct Job {
    #[orm(primary_key)]
    id: i32,
    payload: i32,
    #[orm(default = false)]
    done: bool,
}

/// What a job has led to. A job that is done twice leads to two.
#[derive(Model, Debug, Clone)]
#[orm(table = "outcomes")]
struct Outcome {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(job: Job))]
    job_id: i32,
    worker: i32,
    answer: i32,
}

const JOBS: i32 = 60;
const WORKERS: i32 = 4;

/// The oldest job that waits and that nobody holds.
async fn take(db: &mut Session) -> Result<Option<Handle<Job>>> {
    Job::query()
        .filter(!Job::DONE)
        .order_by(Job::ID)
        .for_no_key_update()
        .skip_locked()
        .first(db)
        .await
}

/// Takes jobs until none waits; gives the number of those it did. Every job whose payload is a multiple of 7 fails the first
/// time that this worker meets it: its transaction is rolled back, and the job waits again.
async fn work(engine: Engine, worker: i32) -> Result<i32> {
    let mut failed = Vec::new();
    let mut did = 0;
    loop {
        let mut db = engine.session();
        let Some(job) = take(&mut db).await? else {
            return Ok(did);
        };
        let (id, payload) = (db[job].id, db[job].payload);
        db.add(
            Outcome::create()
                .job_id(id)
                .worker(worker)
                .answer(payload * payload),
        );
        db[job].done = true;
        db.flush().await?;
        if payload % 7 == 0 && !failed.contains(&id) {
            failed.push(id);
            db.rollback().await?;
            continue;
        }
        db.commit().await?;
        did += 1;
    }
}

/// What is left after all workers have come home.
#[derive(Debug, PartialEq)]
struct Report {
    waiting: i64,
    outcomes: i64,
    different_jobs: i64,
    wrong_answers: i64,
    done_by_workers: i32,
}

async fn run(story: &mut Story<'_>) -> Result<()> {
    let test = TestDb::with_models::<(Job, Outcome)>().await?;
    let engine = test.engine().await?;
    let mut db = engine.session();
    for payload in 1..=JOBS {
        db.add(Job::create().payload(payload));
    }
    db.commit().await?;

    let mut workers = Vec::new();
    for worker in 1..=WORKERS {
        workers.push(tokio::spawn(work(engine.clone(), worker)));
    }
    let mut done_by_workers = 0;
    for worker in workers {
        done_by_workers += worker.await.expect("a worker does not panic")?;
    }

    let waiting = Job::query().filter(!Job::DONE).count(&mut db).await?;
    let (outcomes, different_jobs) = Outcome::query()
        .select((count_all(), count_distinct(Outcome::JOB_ID)))
        .one(&mut db)
        .await?;
    let wrong_answers = Outcome::query()
        .join(Outcome::JOB)
        .filter(Outcome::ANSWER.ne(Job::PAYLOAD * Job::PAYLOAD))
        .count(&mut db)
        .await?;
    let report = Report {
        waiting,
        outcomes,
        different_jobs,
        wrong_answers,
        done_by_workers,
    };
    story.say(format_args!(
        "{WORKERS} workers took {JOBS} jobs at the same time, and gave some of them back."
    ));
    story.say(format_args!(
        "{waiting} jobs wait; {outcomes} outcomes of {different_jobs} different jobs, {wrong_answers} of them wrong."
    ));
    let expected = Report {
        waiting: 0,
        outcomes: i64::from(JOBS),
        different_jobs: i64::from(JOBS),
        wrong_answers: 0,
        done_by_workers: JOBS,
    };
    story.check(
        "nothing is lost and nothing is done twice",
        report,
        expected,
    );
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    examples::tell(run).await
}

#[cfg(test)]
#[tokio::test]
async fn nothing_is_lost_and_nothing_is_done_twice() {
    let told = "0 jobs wait; 60 outcomes of 60 different jobs, 0 of them wrong.";
    examples::expect(run, &[told]).await;
}
