//! The whole life of a one-task instance in the engine alone: decided, folded and encoded; lease,
//! journal, threads and JSON text are not in it.

use std::time::Instant;

use engine::command::{DEFAULT_TENANT, LeaseJobs};
use engine::{Cause, Command, Reply};
use grevy_benches::{Bare, ONE_TASK, create, print, variables};

const NOW: i64 = 1_700_000_000_000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let count: u32 = if quick { 20_000 } else { 300_000 };
    let (mut spent, mut bytes, mut events) = (std::time::Duration::ZERO, 0_usize, 0_usize);
    let mut bare = Bare::new(ONE_TASK);
    let variables = variables(500);
    let lease = Command::LeaseJobs(LeaseJobs {
        job_type: "job".into(),
        worker: "bench".into(),
        timeout: 60_000,
        max_jobs: 1,
        fetch_variables: vec!["orderId".into()],
        tenants: vec![DEFAULT_TENANT.into()],
    });
    let cause = Cause::default();
    let mut frame = Vec::with_capacity(4_096);
    for _ in 0..count {
        let begun = Instant::now();
        let created = bare.ask(&Command::CreateInstance(create("one-task", &variables)));
        record::encode_step(&mut frame, NOW, &cause, &created.events);
        spent += begun.elapsed();
        let leased = bare.ask(&lease);
        events += leased.events.len();
        record::encode_step(&mut frame, NOW, &cause, &leased.events);
        let Ok(Reply::Jobs(jobs)) = leased.answer else { panic!("expected a job") };
        let job = jobs.jobs[0].key;
        let begun = Instant::now();
        let completed = bare.ask(&Command::CompleteJob { job, variables: Vec::new(), token: None });
        record::encode_step(&mut frame, NOW, &cause, &completed.events);
        spent += begun.elapsed();
        bytes += frame.len();
        events += created.events.len() + completed.events.len();
        frame.clear();
    }
    print("engine_one_task", spent.as_secs_f64() * 1e6 / f64::from(count), "us");
    print("journal_one_task", bytes as f64 / f64::from(count), "bytes");
    print("engine_events_one_task", events as f64 / f64::from(count), "events");
}
