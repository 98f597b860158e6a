//! Durable, embedded: files, fdatasync and group commit, one partition, many instances in flight;
//! a worker in the same process completes each job.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use grevy::{Ended, Error, Grevy, Job, Pending};
use grevy_benches::{ONE_TASK, create, print, variables};

/// Instances whose end is awaited at a time.
const IN_FLIGHT: usize = 2_048;

fn main() -> Result<(), Error> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let seconds = if quick { 2 } else { 15 };
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk that is measured");
    let grevy = Grevy::open(folder.path().join("data"))?;
    grevy.deploy("one-task.bpmn", ONE_TASK).wait()?;
    grevy.worker("job", |_: &Job| Ok::<(), String>(()));
    run(&grevy, Duration::from_secs(1))?;
    let begun = Instant::now();
    let ended = run(&grevy, Duration::from_secs(seconds))?;
    print("embedded_one_task", ended as f64 / begun.elapsed().as_secs_f64(), "instances/s");
    grevy.close();
    Ok(())
}

/// Keeps the pipe full for as long, then drains it; how many ended.
fn run(grevy: &Grevy, time: Duration) -> Result<u64, Error> {
    let variables = variables(500);
    let mut flight: VecDeque<Pending<(engine::command::CreatedInstance, Ended)>> = VecDeque::new();
    let begun = Instant::now();
    let mut ended = 0;
    while begun.elapsed() < time {
        while flight.len() < IN_FLIGHT {
            let order = create("one-task", &variables);
            flight.push_back(grevy.create_with_result(order, Duration::from_secs(600)));
        }
        if let Some(first) = flight.pop_front() {
            first.wait()?;
            ended += 1;
        }
    }
    for rest in flight {
        rest.wait()?;
        ended += 1;
    }
    Ok(ended)
}
