//! The thread that makes and drops databases.
//!
//! Each test has a runtime of its own, which may be gone, or unwinding, or busy when its database has to be dropped. So
//! all of this is done on one thread with one runtime that lives as long as the process, and the tests send it
//! [`Job`]s. That it is a thread also means that starting the server does not block a test's runtime.
//!
//! A test may be cancelled while it waits. Then the answer finds nobody, and the database that was made is dropped.

use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};

use super::database::TestDb;
use super::desk::Desk;
use super::failure::Failure;
use super::server;

enum Job {
    Create {
        origin: Origin,
        answer: oneshot::Sender<Result<TestDb, Failure>>,
    },
    Seal {
        name: String,
        answer: oneshot::Sender<Result<(), Failure>>,
    },
    Drop {
        name: String,
        answer: std::sync::mpsc::Sender<Result<(), Failure>>,
    },
}

/// What a new database is made from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Nothing: PostgreSQL's own empty database.
    Nothing,
    /// Nothing, to become the template with this key.
    ForTemplate(String),
    /// A clone of the template of this name.
    Template(String),
}

/// A new database.
pub(super) async fn create(origin: Origin) -> Result<TestDb, Failure> {
    let (answer, answered) = oneshot::channel();
    send(Job::Create { origin, answer })?;
    answered.await.map_err(|_| gone())?
}

/// Makes the database a template: nobody connects to it any more, and it can be cloned.
pub(super) async fn seal(name: String) -> Result<(), Failure> {
    let (answer, answered) = oneshot::channel();
    send(Job::Seal { name, answer })?;
    answered.await.map_err(|_| gone())?
}

/// Drops the database. Blocks until that is done.
pub(super) fn drop_database(name: String) -> Result<(), Failure> {
    let (answer, answered) = std::sync::mpsc::channel();
    send(Job::Drop { name, answer })?;
    answered.recv().map_err(|_| gone())?
}

fn gone() -> Failure {
    Failure::connection("the thread that makes the tests' databases has ended")
}

fn send(job: Job) -> Result<(), Failure> {
    static CLERK: OnceLock<Result<mpsc::UnboundedSender<Job>, Failure>> = OnceLock::new();
    let clerk = CLERK.get_or_init(|| {
        let (sender, jobs) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("orm-testing".to_owned())
            .spawn(|| work(jobs))
            .map_err(|error| {
                Failure::connection(format!(
                    "cannot start the thread that makes databases: {error}"
                ))
            })?;
        Ok(sender)
    });
    clerk
        .as_ref()
        .map_err(Clone::clone)?
        .send(job)
        .map_err(|_| gone())
}

/// The life of the thread.
fn work(mut jobs: mpsc::UnboundedReceiver<Job>) {
    // A runtime on the current thread cannot fail to start threads; without one there is no answer, and `gone` says so.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    let desk = server::shared().map(|server| Arc::new(Desk::new(server)));
    runtime.block_on(async {
        if let Ok(desk) = desk.clone() {
            tokio::spawn(async move { desk.tidy().await });
        }
        while let Some(job) = jobs.recv().await {
            tokio::spawn(run(job, desk.clone()));
        }
    });
}

async fn run(job: Job, desk: Result<Arc<Desk>, Failure>) {
    match job {
        Job::Create { origin, answer } => {
            let (made, desk) = match desk {
                Ok(desk) => (desk.create(&origin).await, desk),
                Err(failure) => return drop(answer.send(Err(failure))),
            };
            if let Err(Ok(unwanted)) = answer.send(made) {
                // Not by its destructor, which would wait for this very thread.
                report(desk.drop_database(&unwanted.into_name()).await);
            }
        }
        Job::Seal { name, answer } => {
            let sealed = match desk {
                Ok(desk) => desk.seal(&name).await,
                Err(failure) => Err(failure),
            };
            let _ = answer.send(sealed);
        }
        Job::Drop { name, answer } => {
            let dropped = match desk {
                Ok(desk) => desk.drop_database(&name).await,
                Err(failure) => Err(failure),
            };
            let _ = answer.send(dropped);
        }
    }
}

/// For what fails when nobody can be given an error: a database that is left over spoils no result, but takes room.
pub(super) fn report(outcome: Result<(), Failure>) {
    if let Err(Failure::Config(message) | Failure::Connection(message)) = outcome {
        eprintln!("orm testing: {message}");
    }
}
