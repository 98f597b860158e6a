//! Whoever waits while the log is folded again, while the disk is full or while the engine closes
//! gets an answer.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use engine::command::{CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs};
use grevy::{Checkpoints, Error, Grevy, Job, Model, Variables};
use journal::fs::test::{Fault, Op, TestFs};

/// Longer than anything here takes; who waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

fn open(fs: &TestFs) -> Grevy {
    let grevy = Grevy::builder().file_system(Arc::new(fs.clone())).folder("/data").open();
    let grevy = grevy.expect("a folder of ours");
    let model = Model::process("pay").start("start").service_task("charge", "charge").end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    grevy
}

fn pay() -> CreateInstance {
    CreateInstance {
        definition: DefinitionRef::Id { process_id: "pay".into(), version: None },
        tenant: DEFAULT_TENANT.into(),
        variables: Variables::from([("id", "o-1")]).into_inner(),
        terminate_after: Vec::new(),
        start_before: vec![],
        tags: vec![],
        business_id: None,
        unique: false,
    }
}

fn lease() -> LeaseJobs {
    LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 600_000,
        max_jobs: 1,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    }
}

#[test]
fn a_result_comes_also_when_its_create_was_acknowledged_by_a_recovery() {
    let fs = TestFs::new();
    let grevy = open(&fs);
    grevy.worker("charge", |_: &Job| Ok::<_, String>(()));
    for round in 0..5 {
        // The sync fails and the bytes are there: the next epoch makes them durable.
        fs.inject(Op::Sync, 0, 1, Fault::Fail);
        let ended = grevy.create_with_result(pay(), Duration::from_secs(600));
        match ended.wait_for(PATIENCE) {
            Ok((_, ended)) => assert_eq!(ended.variables.len(), 1, "round {round}: {ended:?}"),
            Err(error) => assert_eq!(error.code(), "UNAVAILABLE", "round {round}: {error}"),
        }
        fs.heal();
    }
}

#[test]
fn a_result_that_a_recovery_lost_is_told_at_once() {
    let fs = TestFs::new();
    let grevy = open(&fs);
    let ended = grevy.create_with_result(pay(), Duration::from_secs(600));
    let jobs = grevy.activate_jobs(lease(), PATIENCE).wait().expect("it is open");
    // The completion is written and not synced; the first attempts to read the log back fail.
    fs.inject(Op::Sync, 0, 1, Fault::Fail);
    fs.inject(Op::Write, 1, u64::MAX, Fault::Fail);
    let error = grevy.complete_job(jobs[0].key, (), None).wait().expect_err("nothing is synced");
    assert_eq!(error.code(), "UNAVAILABLE", "{error}");
    fs.heal();
    let until = Instant::now() + PATIENCE;
    // It is in the log, unless a mark was written just before it.
    while let Err(Error::Unavailable { .. }) = grevy.complete_job(jobs[0].key, (), None).wait() {
        assert!(Instant::now() < until, "the log does not come back");
        std::thread::yield_now();
    }
    match ended.wait_for(PATIENCE) {
        Ok((_, ended)) => assert!(ended.completed),
        Err(error) => assert_eq!(error.code(), "UNAVAILABLE", "{error}"),
    }
}

#[test]
fn a_job_that_was_offered_while_the_disk_was_full_is_handed_out_when_there_is_room() {
    let fs = TestFs::new();
    let grevy = open(&fs);
    grevy.start("pay", ()).wait().expect("there is room");
    fs.set_capacity(Some(fs.used()));
    let text = "x".repeat(4_000);
    let refused = (0..5_000).find_map(|_| {
        let full = grevy.publish("none", "", Duration::from_secs(600), [("x", text.as_str())]);
        full.wait().err()
    });
    assert_eq!(refused.expect("it is full").code(), "DISK_FULL");
    let asked = grevy.activate_jobs(lease(), Duration::from_secs(60));
    // The loop has met the lease by the time it has answered this.
    grevy.start("pay", ()).wait().expect_err("it is full");
    fs.set_capacity(None);
    let jobs = asked.wait_for(Duration::from_secs(50)).expect("it is open");
    assert_eq!(jobs.len(), 1, "a job waits, and nobody else asks");
}

#[test]
fn closing_answers_whoever_waits_for_a_cold_instance() {
    let folder = tempfile::tempdir().expect("a folder");
    let often = Checkpoints {
        steps: Some(1),
        cold_after: Duration::ZERO,
        look_every: Duration::from_millis(5),
        ..Checkpoints::default()
    };
    let grevy = Grevy::builder().folder(folder.path()).checkpoints(often).open().expect("new");
    let model = Model::process("pay").start("start").service_task("charge", "charge").end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let keys: Vec<_> =
        (0..200).map(|_| grevy.start("pay", ()).wait().expect("open").instance).collect();
    let until = Instant::now() + Duration::from_secs(60);
    while grevy.health()[0].hot > 0 {
        assert!(Instant::now() < until, "{:?}", grevy.health());
        std::thread::yield_now();
    }
    let asked: Vec<_> =
        keys.iter().map(|key| grevy.set_variables(*key, [("x", 1)], false)).collect();
    let (closed, told) = channel();
    std::thread::spawn(move || {
        grevy.close();
        closed.send(()).expect("the test waits");
    });
    told.recv_timeout(PATIENCE).expect("closing ends");
    let answers = asked.into_iter().map(|asked| asked.wait_for(PATIENCE));
    let answered = answers.filter(|answer| !matches!(answer, Err(Error::Timeout))).count();
    assert_eq!(answered, keys.len());
}
