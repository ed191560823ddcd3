//! Takes the samples: scenario by scenario, round by round, and in each round all subjects, so that whatever else the machine
//! does meets all of them alike. Every round begins with another subject.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orm_core::testing::TestDb;

use crate::Result;
use crate::clock::Clock;
use crate::memory;
use crate::options::Options;
use crate::proxy::Proxy;
use crate::scenario::{self, Scenario};
use crate::subjects::{NAMES, Subject, takes_part};
use crate::world::World;

/// How much longer a round trip takes in the scenarios that say so.
pub(crate) const LATENCY: Duration = Duration::from_millis(1);

/// So many samples are taken whatever the time.
const ENOUGH: usize = 3;

/// What was found out about one subject in one scenario.
pub(crate) struct Measured {
    pub(crate) scenario: String,
    pub(crate) subject: &'static str,
    /// The time of one piece of work in each round, in microseconds.
    pub(crate) samples: Vec<f64>,
    /// The processor time of the client for the same.
    pub(crate) client: Vec<f64>,
    /// For one piece of work.
    pub(crate) statements: f64,
    /// Bytes, where it was asked for.
    pub(crate) memory: Option<u64>,
}

/// Runs everything that the options ask for.
pub(crate) async fn run(options: &Options) -> Result<Vec<Measured>> {
    let database = TestDb::new().await?;
    let world = World::new(database.url()).await?;
    let mut direct = Vec::new();
    for name in NAMES {
        direct.push((name, Subject::connect(name, database.url()).await?));
    }
    let mut results = Vec::new();
    let wanted = options.only.as_deref().unwrap_or_default();
    let mut scenarios = scenario::all(options.quick);
    scenarios.retain(|scenario| scenario.name.contains(wanted));
    let end = Instant::now() + Duration::from_secs_f64(options.minutes * 60.0);
    let left = (1..=scenarios.len()).rev();
    for (mut scenario, left) in scenarios.into_iter().zip(left) {
        let most = options.rounds.unwrap_or(usize::MAX).max(1);
        scenario.rounds = scenario.rounds.min(most);
        // What one scenario does not use is for the others. The last part is for counting and memory.
        let share = end.saturating_duration_since(Instant::now()) / u32::try_from(left)?;
        let until = Instant::now() + share.mul_f64(0.7);
        eprintln!("{} ..", scenario.name);
        let samples = if scenario.latency {
            let proxy = Proxy::start(database.url(), LATENCY)?;
            let mut distant = Vec::new();
            for name in NAMES {
                distant.push((name, Subject::connect(name, &proxy.url).await?));
            }
            rounds(&scenario, until, &world, &mut distant).await?
        } else {
            rounds(&scenario, until, &world, &mut direct).await?
        };
        for Samples {
            subject,
            wall,
            client,
        } in samples
        {
            let statements = count(&scenario, &world, subject, database.url()).await?;
            let memory = if scenario.latency || options.quick {
                None
            } else {
                world.prepare(scenario.work).await?;
                Some(memory::measure(subject, &scenario, database.url())?)
            };
            results.push(Measured {
                scenario: scenario.name.clone(),
                subject,
                samples: wall,
                client,
                statements,
                memory,
            });
        }
    }
    Ok(results)
}

/// The samples of one subject, in microseconds.
struct Samples {
    subject: &'static str,
    wall: Vec<f64>,
    client: Vec<f64>,
}

/// The samples of each subject that takes part. When the time is up, no more than enough.
async fn rounds(
    scenario: &Scenario,
    until: Instant,
    world: &World,
    subjects: &mut [(&'static str, Subject)],
) -> Result<Vec<Samples>> {
    let work = scenario.work;
    let none = |(subject, _): &(&'static str, Subject)| Samples {
        subject,
        wall: Vec::new(),
        client: Vec::new(),
    };
    let mut samples: Vec<Samples> = subjects.iter().map(none).collect();
    if !work.writes() {
        world.prepare(work).await?;
    }
    // The first round prepares statements and warms caches.
    let first = usize::from(work.is_long());
    for round in first..=scenario.rounds {
        if round > ENOUGH && Instant::now() > until {
            break;
        }
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let (name, subject) = &mut subjects[at];
            if !takes_part(name, work) {
                continue;
            }
            if work.writes() {
                world.prepare(work).await?;
            }
            let mut clock = Clock::default();
            for _ in 0..scenario.repeat {
                subject
                    .run(work, &mut clock)
                    .await
                    .map_err(|error| format!("{name}, {}: {error}", scenario.name))?;
            }
            if round > 0 {
                let pieces = (scenario.repeat * work.operations()) as f64;
                let of_one = |time: Duration| time.as_secs_f64() * 1e6 / pieces;
                samples[at].wall.push(of_one(clock.elapsed));
                samples[at].client.push(of_one(clock.client));
            }
        }
    }
    samples.retain(|one| !one.wall.is_empty());
    Ok(samples)
}

/// The statements of one piece of work, when all are prepared.
async fn count(scenario: &Scenario, world: &World, name: &str, url: &str) -> Result<f64> {
    let proxy = Arc::new(Proxy::start(url, Duration::ZERO)?);
    let mut subject = Subject::connect(name, &proxy.url).await?;
    let work = scenario.work.shortened();
    let mut clock = Clock::default();
    // Twice: only the second counts.
    for proxy in [None, Some(proxy)] {
        world.prepare(work).await?;
        clock = Clock {
            proxy,
            ..Clock::default()
        };
        subject.run(work, &mut clock).await?;
    }
    Ok(clock.statements as f64 / work.operations() as f64)
}
