//! Starts that end badly, and what an operator does about them.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::command::{DEFAULT_TENANT, LeaseJobs};
use grevy::partition::Health;
use grevy::{Grevy, Model};

fn lease(grevy: &Grevy) -> engine::command::LeasedJob {
    let want = LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 600_000,
        max_jobs: 1,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    let jobs = grevy.activate_jobs(want, Duration::from_secs(20)).wait().expect("open");
    jobs.into_iter().next().expect("an order waits")
}

/// A run whose partition is ended by a bug, after it was ready.
fn end_badly(folder: &Path) {
    let grevy = Grevy::open(folder).expect("a folder of ours");
    assert_eq!(grevy.held(), None);
    grevy.on_incident(|_| panic!("an alert that\nnobody caught"));
    let model = Model::process("order").start("start").service_task("charge", "charge");
    grevy.deploy_model(model.end("end")).wait().expect("a sound model");
    grevy.start("order", ()).wait().expect("deployed");
    let job = lease(&grevy);
    // The answer leaves before the effect that panics.
    drop(grevy.fail_job(job.key, 0, "no money", Duration::ZERO, (), None).wait());
    let until = Instant::now() + Duration::from_secs(60);
    while grevy.health()[0].health != Health::Unavailable {
        assert!(Instant::now() < until, "{:?}", grevy.health());
        std::thread::yield_now();
    }
    let error = grevy.start("order", ()).wait().expect_err("nobody is there");
    assert_eq!(error.code(), "CLOSED");
}

#[test]
fn after_three_bad_ends_in_a_row_a_start_is_held_back_and_says_why_until_it_is_lifted() {
    let folder = tempfile::tempdir().expect("a folder");
    (0..3).for_each(|_| end_badly(folder.path()));
    for _ in 0..2 {
        let grevy = Grevy::open(folder.path()).expect("it starts, paused");
        let why = grevy.held().expect("it is held back");
        assert!(why.contains("an alert that nobody caught"), "{why}");
        assert!(why.contains("grevy resume"), "{why}");
        assert_eq!(grevy.health()[0].health, Health::Paused);
        // Commands go on: the order can be looked at and canceled.
        let order = grevy.incidents(0).wait().expect("open")[0].instance;
        grevy.cancel(order).wait().expect("it is running");
    }
    let grevy = Grevy::builder().folder(folder.path()).paused(true).open().expect("ours");
    grevy.lift();
    drop(grevy);
    let grevy = Grevy::open(folder.path()).expect("ours");
    assert_eq!((grevy.held(), grevy.health()[0].health), (None, Health::Healthy));
}

#[test]
fn a_folder_tells_how_many_partitions_there_will_be_before_it_is_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let builder = || Grevy::builder().folder(folder.path());
    assert_eq!(builder().expected_partitions(), 1);
    assert_eq!(builder().partitions(3).expected_partitions(), 3);
    drop(builder().partitions(3).open().expect("it opens"));
    assert_eq!(builder().expected_partitions(), 3);
    assert_eq!(builder().partitions(4).expected_partitions(), 4);
    assert_eq!(builder().open().expect("it opens").partition_count(), 3);
}
