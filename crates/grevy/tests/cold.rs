//! Instances that wait leave memory once a checkpoint has them, and come back when they are
//! needed; whoever asks notices nothing.

use std::time::{Duration, Instant};

use engine::Command;
use engine::command::{DEFAULT_TENANT, LeaseJobs};
use grevy::{Checkpoints, Event, Grevy, Model};

const ORDERS: usize = 600;

fn start(folder: &std::path::Path) -> Grevy {
    let checkpoints = Checkpoints {
        steps: Some(1),
        cold_after: Duration::ZERO,
        every: Duration::from_secs(3_600),
        ..Checkpoints::default()
    };
    let builder = Grevy::builder().folder(folder).checkpoints(checkpoints).virtual_clock();
    builder.partitions(2).open().expect("a folder of ours")
}

/// Until all instances are cold.
fn wait_until_cold(grevy: &Grevy) {
    let until = Instant::now() + Duration::from_secs(60);
    while grevy.health().iter().any(|partition| partition.hot > 0) {
        assert!(Instant::now() < until, "{:?}", grevy.health());
        std::thread::yield_now();
    }
}

fn lease(grevy: &Grevy, max_jobs: u32) -> Vec<engine::command::LeasedJob> {
    let want = LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 600_000,
        max_jobs,
        fetch_variables: vec!["id".into()],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    grevy.activate_jobs(want, Duration::from_secs(10)).wait().expect("open")
}

#[test]
fn waiting_orders_are_forgotten_and_found_again_by_all_that_asks_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let grevy = start(folder.path());
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.catch("paid", Event::message("paid", "=id"));
    let model = model.catch("pause", Event::after("PT12H")).end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let orders: Vec<_> = (0..ORDERS)
        .map(|n| grevy.start("order", [("id", format!("o-{n}"))]))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|created| created.wait().expect("deployed").instance)
        .collect();
    wait_until_cold(&grevy);

    // A job of a cold instance is leased, with its variables, and completed or failed.
    let mut leased = 0;
    while leased < ORDERS {
        for job in lease(&grevy, 100) {
            leased += 1;
            assert_eq!(job.variables.len(), 1, "{job:?}");
            let done = match leased % 10 {
                0 => grevy.fail_job(job.key, 0, "no money", Duration::ZERO, (), None).wait(),
                _ => grevy.complete_job(job.key, (), Some(job.token)).wait(),
            };
            done.expect("it is ours");
        }
    }
    wait_until_cold(&grevy);
    assert_eq!(grevy.incidents(0).wait().expect("open").len(), ORDERS / 10);
    let failed = grevy.incidents(0).wait().expect("open")[0].clone();
    wait_until_cold(&grevy);

    // A message, a look, a variable, a cancellation, an incident: each finds its cold instance.
    for n in 0..ORDERS {
        let hour = Duration::from_secs(3_600);
        grevy.publish("paid", &format!("o-{n}"), hour, ()).wait().expect("there is room");
    }
    wait_until_cold(&grevy);
    let other = orders.iter().copied().find(|key| *key != failed.instance).expect("many");
    assert!(grevy.instance(other).wait().expect("open").is_some());
    grevy.set_variables(other, [("note", "gift")], false).wait().expect("it is running");
    wait_until_cold(&grevy);
    grevy.cancel(other).wait().expect("it is running");
    assert!(grevy.instance(other).wait().expect("open").is_none());
    let job = failed.job.expect("a job failed");
    let again = Command::UpdateJob { job, retries: Some(1), timeout: None, priority: None };
    grevy.submit(again).wait().expect("it is there");
    grevy.resolve_incident(failed.key).wait().expect("it is open");

    // Timers of cold instances fire, also after a restart.
    drop(grevy);
    let grevy = start(folder.path());
    assert!(grevy.health().iter().all(|partition| partition.hot < 8), "{:?}", grevy.health());
    grevy.advance(Duration::from_secs(13 * 3_600)).expect("a virtual clock");
    let left = grevy.instances(0).wait().expect("open");
    let left = left.len();
    assert_eq!(left, ORDERS / 10, "those with an incident, and the one that was resolved");
    let open = grevy.incidents(0).wait().expect("open").len();
    assert_eq!(open, ORDERS / 10 - 1);
}
