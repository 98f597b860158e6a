//! The engine on a disk that loses what was not synced, and on one that is full. The same story
//! is told on a disk that lies about its syncs, where it must fail: the test sees what it is for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::command::{DEFAULT_TENANT, LeaseJobs, PublishMessage};
use engine::event::{Event as Happened, InstanceEvent};
use grevy::partition::Health;
use grevy::{Checkpoints, Error, Event, Grevy, Job, Model};
use journal::FileConfig;
use journal::fs::test::{Fault, Op, TestFs};
use journal::inspect::{checkpoints_of, inspect_checkpoints};

fn open(fs: &TestFs) -> Result<Grevy, Error> {
    let journal = FileConfig {
        segment_bytes: 32 << 10,
        first_segment_bytes: 8 << 10,
        ..FileConfig::default()
    };
    let often = Checkpoints {
        steps: Some(30),
        cold_after: Duration::ZERO,
        look_every: Duration::from_millis(1),
        ..Checkpoints::default()
    };
    let fs = Arc::new(fs.clone());
    Grevy::builder()
        .file_system(fs)
        .folder("/data")
        .partitions(2)
        .journal(journal)
        .echo(true)
        .checkpoints(often)
        .hold("verdict", 1)
        .open()
}

fn model() -> Model {
    let model = Model::process("pay").start("start").service_task("charge", "charge");
    model.catch("paid", Event::message("paid", "=id")).end("end")
}

fn paid(id: &str) -> PublishMessage {
    PublishMessage {
        name: "paid".into(),
        correlation_key: id.into(),
        id: id.into(),
        time_to_live: 3_600_000,
        tenant: DEFAULT_TENANT.into(),
        variables: vec![],
    }
}

fn charges() -> LeaseJobs {
    LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 60_000,
        max_jobs: 4,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    }
}

/// What a client was told before the power went.
#[derive(Default)]
struct Told {
    created: Vec<i64>,
    completed: Vec<i64>,
    published: Vec<String>,
}

/// Works until the disk is dead.
fn work(grevy: &Grevy) -> Told {
    let mut told = Told::default();
    for order in 0..10_000 {
        let id = format!("o-{order}");
        let Ok(created) = grevy.start("pay", [("id", id.as_str())]).wait() else { break };
        told.created.push(created.instance);
        let Ok(jobs) = grevy.activate_jobs(charges(), Duration::from_millis(50)).wait() else {
            break;
        };
        for job in jobs {
            match grevy.complete_job(job.key, (), Some(job.token)).wait() {
                Ok(()) => told.completed.push(job.key),
                Err(_) => return told,
            }
        }
        if order % 2 == 0 {
            let Ok(_) = grevy.publish_message(paid(&id)).wait() else { break };
            told.published.push(id);
        }
    }
    told
}

/// Whatever checkpoint is there must be so whole, down to the last blob; how many there are.
fn checkpoints(fs: &TestFs) -> Result<usize, String> {
    let mut count = 0;
    for partition in 1..=2 {
        let log = format!("/data/partition-{partition}");
        let Some(dir) = checkpoints_of(fs, Path::new(&log)) else { continue };
        for one in inspect_checkpoints(fs, &dir).map_err(|e| e.to_string())?.checkpoints {
            count += 1;
            if let Some(damage) = one.damage.first() {
                return Err(format!("checkpoint {}: {damage:?}", one.number));
            }
        }
    }
    Ok(count)
}

/// Opens what is left, ends everything, and says what was lost or happened twice.
fn verdict(fs: &TestFs, told: &Told) -> Result<(), String> {
    let grevy = open(fs).map_err(|e| format!("it does not start: {e}"))?;
    grevy.deploy_model(model()).wait().map_err(|e| e.to_string())?;
    let mut events = Vec::new();
    grevy.settle();
    for partition in 1..=2 {
        let mut steps = grevy.steps(partition, 1).map_err(|e| e.to_string())?;
        while let Some(step) = steps.next(Duration::ZERO).map_err(|e| e.to_string())? {
            events.extend(step.step.events);
        }
    }
    let count = |of: &dyn Fn(&Happened) -> bool| events.iter().filter(|e| of(e)).count();
    for key in &told.created {
        let is = |e: &Happened| matches!(e, Happened::Instance { instance, event: InstanceEvent::Created(_) } if instance == key);
        if count(&is) != 1 {
            return Err(format!(
                "instance {key} was acknowledged and is there {} times",
                count(&is)
            ));
        }
        let taken = |e: &Happened| matches!(e, Happened::Instance { instance, event: InstanceEvent::SubscriptionCorrelated { .. } } if instance == key);
        if count(&taken) > 1 {
            return Err(format!("instance {key} took its message {} times", count(&taken)));
        }
    }
    for job in &told.completed {
        let is = |e: &Happened| matches!(e, Happened::Instance { event: InstanceEvent::JobCompleted { key }, .. } if key == job);
        if count(&is) != 1 {
            return Err(format!("job {job} was completed {} times", count(&is)));
        }
    }
    for id in &told.published {
        let again = grevy.publish_message(paid(id)).wait();
        if !again.is_err_and(|e| e.code() == "ALREADY_EXISTS") {
            return Err(format!("message {id} was acknowledged and is gone"));
        }
    }
    Ok(())
}

/// Power goes at some write of the disk.
fn cut(seed: u64, lie: bool) -> Result<usize, String> {
    let fs = TestFs::new();
    let grevy = open(&fs).map_err(|e| e.to_string())?;
    grevy.deploy_model(model()).wait().map_err(|e| e.to_string())?;
    if lie {
        fs.inject(Op::Sync, 0, u64::MAX, Fault::Lie);
    }
    fs.crash_at(fs.ops() + 20 + seed.wrapping_mul(0x9e37_79b9) % 900);
    let told = work(&grevy);
    assert!(fs.crashed(), "the work ended before the power went");
    drop(grevy);
    fs.restart(seed);
    let found = checkpoints(&fs)?;
    verdict(&fs, &told)?;
    Ok(found)
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let mut found = 0;
    for seed in 1..=24 {
        match cut(seed, false) {
            Ok(checkpoints) => found += checkpoints,
            Err(problem) => panic!("seed {seed}: {problem}"),
        }
    }
    assert!(found >= 4, "the power went before checkpoints were written: {found}");
}

#[test]
fn the_power_cut_is_seen_when_syncs_are_left_out() {
    let seen = (1..=12).filter(|seed| cut(*seed, true).is_err()).count();
    assert!(seen > 0, "a disk without syncs lost nothing in 12 power cuts");
}

#[test]
fn a_full_disk_refuses_clearly_and_goes_on_when_there_is_room() {
    let fs = TestFs::new();
    let grevy = open(&fs).unwrap();
    grevy.deploy_model(model()).wait().unwrap();
    grevy.start("pay", [("id", "before")]).wait().unwrap();
    fs.set_capacity(Some(fs.used()));
    let text = "x".repeat(4_000);
    let refused = (0..1_000).find_map(|_| grevy.start("pay", [("id", text.as_str())]).wait().err());
    let error = refused.expect("a full disk cannot take a thousand instances");
    assert_eq!(error.code(), "DISK_FULL", "{error}");
    fs.set_capacity(None);
    let until = std::time::Instant::now() + Duration::from_secs(30);
    // Starts go to the two partitions in turn: two in a row mean that both have noticed.
    let mut noticed = 0;
    while noticed < 2 {
        match grevy.start("pay", [("id", "room")]).wait() {
            Ok(_) => noticed += 1,
            Err(error) => {
                noticed = 0;
                assert_eq!(error.code(), "DISK_FULL", "{error}");
                assert!(std::time::Instant::now() < until, "room was not noticed");
                std::thread::yield_now();
            }
        }
    }
    let after = grevy.start("pay", [("id", "after")]).wait().unwrap();
    let ended = grevy.await_result(after.instance);
    grevy.worker("charge", |_: &Job| Ok::<_, String>(()));
    grevy.publish_message(paid("after")).wait().unwrap();
    // What another partition refused while the disk was full is sent again a while later.
    let ended = ended.wait_for(Duration::from_secs(60)).expect("it goes on when there is room");
    assert!(ended.completed);
}

#[test]
fn a_partition_that_reads_its_log_again_is_not_taken_for_ready() {
    let fs = TestFs::new();
    let grevy = open(&fs).unwrap();
    grevy.deploy_model(model()).wait().unwrap();
    fs.inject(Op::Sync, 0, u64::MAX, Fault::Fail);
    let first = grevy.on_partition(1);
    let error = first.start("pay", [("id", "lost")]).wait().expect_err("nothing is synced");
    assert_eq!(error.code(), "UNAVAILABLE", "{error}");
    let health = || grevy.health()[0].health;
    // What is asked of the loop meanwhile does not hide that it is not there.
    grevy.pause();
    let until = std::time::Instant::now() + Duration::from_millis(300);
    while std::time::Instant::now() < until {
        assert_eq!(health(), Health::Unavailable);
        std::thread::yield_now();
    }
    fs.heal();
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while health() != Health::Paused {
        assert!(std::time::Instant::now() < until, "{:?}", grevy.health());
        std::thread::yield_now();
    }
    first.start("pay", [("id", "after")]).wait().unwrap();
}

/// How often eight orders took their note, which came twice through the outbox each.
#[expect(clippy::unwrap_used, reason = "a test's panic is its report")]
fn notes_taken(gullible: bool) -> usize {
    let builder = Grevy::builder().file_system(Arc::new(TestFs::new())).folder("/data");
    let grevy = builder.partitions(2).echo(true).gullible(gullible).open().unwrap();
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.boundary("noted", Event::message("note", "=id")).non_interrupting();
    grevy.deploy_model(model.end("told").at("charge").end("end")).wait().unwrap();
    for order in 0..8 {
        let id = format!("o-{order}");
        grevy.start("order", [("id", id.as_str())]).wait().unwrap();
        grevy.publish("note", &id, Duration::from_secs(3_600), ()).wait().unwrap();
    }
    grevy.settle();
    let mut taken = 0;
    for partition in 1..=2 {
        let mut steps = grevy.steps(partition, 1).unwrap();
        while let Some(step) = steps.next(Duration::ZERO).unwrap() {
            let is = |e: &&Happened| {
                matches!(
                    e,
                    Happened::Instance { event: InstanceEvent::SubscriptionCorrelated { .. }, .. }
                )
            };
            taken += step.step.events.iter().filter(is).count();
        }
    }
    taken
}

#[test]
fn what_comes_twice_is_taken_once_and_the_test_sees_when_nobody_looks() {
    assert_eq!(notes_taken(false), 8);
    let taken = notes_taken(true);
    assert!(taken > 8, "without de-duplication {taken} of 8 notes were taken");
}

#[test]
fn a_look_at_all_partitions_is_whole_or_says_that_one_is_missing() {
    let fs = TestFs::new();
    let grevy = open(&fs).expect("it opens");
    grevy.deploy_model(model()).wait().expect("deployed");
    let create = |n: u32| grevy.start("pay", [("id", n.to_string().as_str())]).wait();
    let mut keys: Vec<_> = (0..10).map(|n| create(n).expect("created").instance).collect();
    keys.sort_unstable();
    assert_eq!(grevy.instances(0).wait().expect("both answer"), keys);

    fs.inject(Op::Sync, 0, u64::MAX, Fault::Fail);
    assert_eq!(create(10).expect_err("its journal failed").code(), "UNAVAILABLE");
    let broken = |health: &grevy::PartitionHealth| health.health == Health::Unavailable;
    while !grevy.health().iter().any(broken) {
        std::thread::yield_now();
    }
    assert_eq!(grevy.instances(0).wait().expect_err("in part").code(), "UNAVAILABLE");
    assert_eq!(grevy.incidents(0).wait().expect_err("in part").code(), "UNAVAILABLE");
    fs.heal();
    while grevy.health().iter().any(broken) {
        std::thread::yield_now();
    }
    let found = loop {
        match grevy.instances(0).wait() {
            Ok(found) => break found,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    };
    assert!(keys.iter().all(|key| found.contains(key)), "nothing acknowledged is missing");
    grevy.close();
}
