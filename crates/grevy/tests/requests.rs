//! A request with an id of its own is carried out once, however often it comes
//! (`engine-rules.md` 8): also after a restart, on several partitions, and while it is bounded.

use std::time::Duration;

use engine::command::{DEFAULT_TENANT, LeaseJobs, PublishMessage};
use engine::{Cause, RejectionKind};
use grevy::{Grevy, Model};

fn model() -> Model {
    Model::process("pay").start("start").service_task("charge", "charge").end("end")
}

/// The same engine for one request with this id.
fn asked(grevy: &Grevy, id: &str) -> Grevy {
    grevy.caused_by(Cause { request_id: Some(id.into()), ..Cause::default() })
}

fn charges(grevy: &Grevy) -> Vec<engine::command::LeasedJob> {
    let want = LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 60_000,
        max_jobs: 10,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    grevy.activate_jobs(want, Duration::from_secs(30)).wait().expect("an answer")
}

#[test]
fn a_request_that_comes_again_gets_the_first_answer_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Grevy::builder().folder(folder.path()).partitions(3).open().expect("it opens");
    let grevy = open();
    grevy.deploy_model(model()).wait().expect("deployed");
    let first = asked(&grevy, "r-1").start("pay", ()).wait().expect("created");
    assert_eq!(asked(&grevy, "r-1").start("pay", ()).wait().expect("answered"), first);
    let other = asked(&grevy, "r-2").start("pay", ()).wait().expect("created");
    assert_ne!(other.instance, first.instance);
    drop(grevy);

    let grevy = open();
    assert_eq!(asked(&grevy, "r-1").start("pay", ()).wait().expect("answered"), first);
    // A poll is answered by one partition.
    let mut jobs = charges(&grevy);
    while jobs.len() < 2 {
        jobs.extend(charges(&grevy));
    }
    assert_eq!(jobs.len(), 2, "one for each instance");
    let job = jobs.iter().find(|job| job.instance == first.instance).expect("its job");
    for _ in 0..2 {
        asked(&grevy, "r-3").complete_job(job.key, (), None).wait().expect("completed once");
    }
    // The same id for something else is another request.
    let create = asked(&grevy, "r-1").complete_job(job.key, (), None).wait();
    assert!(create.expect_err("gone").is_rejection(RejectionKind::NotFound));
    let another = asked(&grevy, "r-4").complete_job(job.key, (), None).wait();
    assert!(another.expect_err("gone").is_rejection(RejectionKind::NotFound));
}

#[test]
fn a_message_that_is_sent_again_is_one_message() {
    let grevy = Grevy::memory().expect("it opens");
    let paid = || PublishMessage {
        name: "paid".into(),
        correlation_key: "o-1".into(),
        id: "".into(),
        time_to_live: 60_000,
        tenant: DEFAULT_TENANT.into(),
        variables: vec![],
    };
    let first = asked(&grevy, "m-1").publish_message(paid()).wait().expect("published");
    assert_eq!(asked(&grevy, "m-1").publish_message(paid()).wait().expect("answered"), first);
    assert_ne!(asked(&grevy, "m-2").publish_message(paid()).wait().expect("published"), first);
}

#[test]
fn who_waits_again_for_the_result_of_an_ended_instance_is_told() {
    let grevy = Grevy::memory().expect("it opens");
    let straight = Model::process("straight").start("start").end("end");
    grevy.deploy_model(straight).wait().expect("deployed");
    let ended = asked(&grevy, "r-1").run("straight", ()).wait().expect("ended");
    assert!(ended.completed);
    let again = asked(&grevy, "r-1").run("straight", ()).wait();
    assert!(again.expect_err("no result").is_rejection(RejectionKind::NotFound));
}

#[test]
fn an_id_is_forgotten_after_its_time_and_a_refusal_is_decided_again() {
    let grevy = Grevy::builder().virtual_clock().open().expect("it opens");
    let unknown = asked(&grevy, "r-1").start("pay", ()).wait();
    assert!(unknown.expect_err("not deployed").is_rejection(RejectionKind::NotFound));
    grevy.deploy_model(model()).wait().expect("deployed");
    let first = asked(&grevy, "r-1").start("pay", ()).wait().expect("created now");
    grevy.advance(Duration::from_secs(14 * 60)).expect("time passes");
    asked(&grevy, "r-2").start("pay", ()).wait().expect("created");
    assert_eq!(asked(&grevy, "r-1").start("pay", ()).wait().expect("answered"), first);
    grevy.advance(Duration::from_secs(2 * 60)).expect("time passes");
    asked(&grevy, "r-3").start("pay", ()).wait().expect("created");
    assert_ne!(asked(&grevy, "r-1").start("pay", ()).wait().expect("created"), first);

    let long = asked(&grevy, &"x".repeat(129)).start("pay", ()).wait();
    assert!(long.expect_err("too long").is_rejection(RejectionKind::InvalidArgument));
}
