//! The engine inside a program: E1 to E7 of the scenarios, and what the handle promises.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::RejectionKind;
use engine::command::LeaseJobs;
use grevy::limits::RECEIVERS_MAX;
use grevy::{Error, Event, Grevy, Job, JobError, Model, Variables};

const HOUR: Duration = Duration::from_secs(3_600);

fn two_steps() -> Model {
    let model = Model::process("hello").start("start");
    model.service_task("Step1", "one").service_task("Step2", "two").end("end")
}

fn want(job_type: &str, max_jobs: u32) -> LeaseJobs {
    LeaseJobs {
        job_type: job_type.into(),
        worker: "test".into(),
        timeout: 60_000,
        max_jobs,
        fetch_variables: vec![],
        tenants: vec!["<default>".into()],
    }
}

#[test]
fn e1_one_line_starts_an_engine_in_memory() {
    let before = Instant::now();
    let grevy = Grevy::memory().unwrap();
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert_eq!(grevy.folder(), None);
    assert_eq!(grevy.partition_count(), 1);
}

#[test]
fn e3_closures_get_and_set_variables_and_their_errors_are_retried_then_incidents() {
    let grevy = Grevy::builder().virtual_clock().open().unwrap();
    grevy.deploy_model(two_steps()).wait().unwrap();
    let tries = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&tries);
    grevy.worker("one", move |job: &Job| {
        seen.fetch_add(1, Ordering::Relaxed);
        match job.text("city").as_str() {
            "Atlantis" => Err("no such city"),
            city => Ok([("greeting", format!("Hello, {city}!").as_str())]
                .into_iter()
                .collect::<Variables>()),
        }
    });
    grevy.worker("two", |_: &Job| Ok::<_, String>(()));
    let ended = grevy.run("hello", [("city", "New York")]).wait().unwrap();
    assert!(ended.completed);
    let variables = Variables::from(ended.variables);
    assert_eq!(variables.to_json(), r#"{"city":"New York","greeting":"Hello, New York!"}"#);

    tries.store(0, Ordering::Relaxed);
    let lost = grevy.start("hello", [("city", "Atlantis")]).wait().unwrap();
    grevy.settle();
    assert_eq!(tries.load(Ordering::Relaxed), 3);
    let incidents = grevy.incidents(0).wait().unwrap();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].kind.name(), "JOB_NO_RETRIES");
    assert_eq!(&*incidents[0].message, "no such city");

    grevy.set_variables(lost.instance, [("city", "Paris")], false).wait().unwrap();
    grevy.update_job(incidents[0].job.unwrap(), Some(1), None, None).wait().unwrap();
    grevy.resolve_incident(incidents[0].key).wait().unwrap();
    grevy.settle();
    assert_eq!(grevy.instance(lost.instance).wait().unwrap(), None);
}

#[test]
fn e4_the_greeting_is_printed_twice_and_the_instance_has_ended() {
    let grevy = Grevy::memory().unwrap();
    grevy.deploy_model(two_steps()).wait().unwrap();
    let printed = Arc::new(Mutex::new(Vec::new()));
    for job_type in ["one", "two"] {
        let printed = Arc::clone(&printed);
        grevy.worker(job_type, move |job: &Job| {
            printed.lock().unwrap().push(format!("Hello, {}!", job.text("city")));
            Ok::<_, String>(())
        });
    }
    let ended = grevy.run("hello", [("city", "New York")]).wait().unwrap();
    assert_eq!(*printed.lock().unwrap(), ["Hello, New York!", "Hello, New York!"]);
    assert_eq!(grevy.instance(ended.instance).wait().unwrap(), None);
}

#[test]
fn e5_a_model_that_was_exported_runs_elsewhere_as_it_did_here() {
    let here = Grevy::builder().virtual_clock().open().unwrap();
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.boundary("late", Event::after("PT1H")).end("reminded").at("charge");
    let model = model.catch("paid", Event::message("paid", "=id")).end("end");
    here.deploy_model(model).wait().unwrap();
    let known = here.catalog();
    let definition = known.definitions().next().unwrap();
    let definitions = definition.model.as_ref().unwrap();
    // Both ways out: the file as it was deployed, and our own writing of what was understood.
    let exports = [definitions.source.to_vec(), model::write(definitions).into_bytes()];
    let story = |grevy: &Grevy| {
        for id in ["a", "b"] {
            grevy.start("order", [("id", id)]).wait().unwrap();
        }
        let jobs = grevy.activate_jobs(want("charge", 1), HOUR).wait().unwrap();
        grevy.complete_job(jobs[0].key, (), None).wait().unwrap();
        grevy.publish("paid", "a", HOUR, ()).wait().unwrap();
        grevy.advance(2 * HOUR).unwrap();
        let mut steps = grevy.steps(1, 1).unwrap();
        let mut events = Vec::new();
        while let Some(step) = steps.next(Duration::ZERO).unwrap() {
            events.extend(step.step.events);
        }
        // When a partition hears of a deployment is no part of the story.
        events.retain(|event| !matches!(event, engine::Event::Partition(_)));
        assert!(grevy.instances(0).wait().unwrap().is_empty(), "{events:?}");
        events
    };
    let told = story(&here);
    for export in exports {
        let there = Grevy::builder().virtual_clock().open().unwrap();
        there.deploy("order.bpmn", &export).wait().unwrap();
        assert_eq!(story(&there), told);
        let read = there.catalog();
        let again = read.definitions().next().unwrap().model.clone().unwrap();
        assert_eq!(model::write(&again), model::write(definitions));
    }
}

#[test]
fn e6_the_same_model_again_is_no_new_version() {
    let grevy = Grevy::memory().unwrap();
    let first = grevy.deploy_model(two_steps()).wait().unwrap();
    let again = grevy.deploy_model(two_steps()).wait().unwrap();
    assert_eq!(first.processes, again.processes);
    let other = two_steps().at("Step2").apart().name("changed");
    drop(other);
    let changed = Model::process("hello").start("start").end("end");
    let changed = grevy.deploy_model(changed).wait().unwrap();
    assert_eq!(changed.processes[0].version, 2);
}

#[test]
fn e7_a_file_store_survives_and_finished_steps_are_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let ones = Arc::new(AtomicU32::new(0));
    let instance = {
        let grevy = Grevy::open(&path).unwrap();
        grevy.deploy_model(two_steps()).wait().unwrap();
        let count = Arc::clone(&ones);
        grevy.worker("one", move |_: &Job| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, String>([("done", 1)])
        });
        let created = grevy.start("hello", [("city", "New York")]).wait().unwrap();
        // Step1 is done when the job of Step2 can be leased; it is given back by the close.
        let jobs = grevy.activate_jobs(want("two", 1), HOUR).wait().unwrap();
        let (job, token) = (jobs[0].key, jobs[0].token);
        grevy.submit(engine::Command::YieldJob { job, token }).wait().unwrap();
        grevy.close();
        created.instance
    };
    let grevy = Grevy::open(&path).unwrap();
    let count = Arc::clone(&ones);
    grevy.worker("one", move |_: &Job| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, String>(())
    });
    let ended = grevy.await_result(instance);
    grevy.worker("two", |job: &Job| {
        assert_eq!(job.variables().get("done").and_then(|v| v.as_i64()), Some(1));
        Ok::<_, String>(())
    });
    assert!(ended.wait().unwrap().completed);
    assert_eq!(ones.load(Ordering::Relaxed), 1);
}

#[test]
fn a_folder_in_use_is_refused_with_the_process_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = Grevy::open(folder.path().join("data")).unwrap();
    let error = Grevy::open(folder.path().join("data")).err().unwrap();
    assert_eq!(error.code(), "FOLDER_LOCKED");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    drop(first);
    let claimed = Grevy::builder().folder(folder.path().join("data")).claim().unwrap();
    let error = Grevy::open(folder.path().join("data")).err().unwrap();
    assert_eq!(error.code(), "FOLDER_LOCKED", "before its journal is read");
    claimed.open().unwrap();
}

#[test]
fn timers_fire_when_the_virtual_clock_passes_them_and_not_before() {
    let grevy = Grevy::builder().virtual_clock().open().unwrap();
    let model = Model::process("wait").start("start").catch("pause", Event::after("PT2H"));
    grevy.deploy_model(model.end("end")).wait().unwrap();
    let ended = grevy.run("wait", ());
    grevy.advance(HOUR).unwrap();
    assert!(!ended.is_ready());
    grevy.advance(HOUR).unwrap();
    assert!(ended.is_ready());
    assert!(ended.wait().unwrap().completed);
    let error = Grevy::memory().unwrap().advance(HOUR).unwrap_err();
    assert!(error.to_string().contains("virtual clock"), "{error}");
}

#[test]
fn a_message_is_correlated_and_nobody_waiting_is_an_error() {
    let grevy = Grevy::memory().unwrap();
    let model = Model::process("pay").start("start");
    let model = model.catch("paid", Event::message("paid", "=order")).end("end");
    grevy.deploy_model(model).wait().unwrap();
    let ended = grevy.run("pay", [("order", "o-1")]);
    grevy.settle();
    grevy.publish("paid", "o-1", Duration::ZERO, [("amount", 12)]).wait().unwrap();
    let variables = Variables::from(ended.wait().unwrap().variables);
    assert_eq!(variables.to_json(), r#"{"amount":12,"order":"o-1"}"#);

    let message = engine::command::PublishMessage {
        name: "paid".into(),
        correlation_key: "o-2".into(),
        id: "".into(),
        time_to_live: 0,
        tenant: "<default>".into(),
        variables: vec![],
    };
    let error = grevy.correlate(message.clone()).wait().unwrap_err();
    assert!(error.is_rejection(RejectionKind::NotFound), "{error}");
    let ended = grevy.run("pay", [("order", "o-2")]);
    grevy.settle();
    let correlation = grevy.correlate(message).wait().unwrap();
    assert_eq!(ended.wait().unwrap().instance, correlation.instance);
}

#[test]
fn several_partitions_share_the_work_and_messages_find_their_instance() {
    let grevy = Grevy::builder().partitions(3).open().unwrap();
    let model = Model::process("pay").start("start");
    let model = model.catch("paid", Event::message("paid", "=order")).end("end");
    grevy.deploy_model(model).wait().unwrap();
    let orders: Vec<String> = (0..30).map(|n| format!("o-{n}")).collect();
    let runs: Vec<_> = orders.iter().map(|o| grevy.run("pay", [("order", o.as_str())])).collect();
    grevy.settle();
    let instances = grevy.instances(0).wait().unwrap();
    for partition in 1..=3 {
        let here = instances.iter().filter(|key| engine::key::partition_of(**key) == partition);
        assert_eq!(here.count(), 10);
    }
    for order in &orders {
        grevy.publish("paid", order, Duration::ZERO, ()).wait().unwrap();
    }
    for run in runs {
        assert!(run.wait_for(Duration::from_secs(20)).unwrap().completed);
    }
}

#[test]
fn partitions_may_grow_and_never_shrink() {
    let folder = tempfile::tempdir().unwrap();
    let open = |n| Grevy::builder().folder(folder.path().join("data")).partitions(n).open();
    open(2).unwrap().close();
    assert_eq!(open(3).unwrap().partition_count(), 3);
    let error = open(2).err().unwrap();
    assert!(error.to_string().contains("expected at least 3 partitions"), "{error}");
    let stored = Grevy::open(folder.path().join("data")).unwrap();
    assert_eq!(stored.partition_count(), 3);
}

#[test]
fn a_poll_waits_for_a_job_and_one_job_wakes_one_poll() {
    let grevy = Grevy::memory().unwrap();
    grevy.deploy_model(two_steps()).wait().unwrap();
    assert!(grevy.activate_jobs(want("one", 5), Duration::ZERO).wait().unwrap().is_empty());
    let polls: Vec<_> = (0..3).map(|_| grevy.activate_jobs(want("one", 5), HOUR)).collect();
    grevy.start("hello", ()).wait().unwrap();
    grevy.settle();
    let ready: Vec<bool> = polls.iter().map(|poll| poll.is_ready()).collect();
    assert_eq!(ready.iter().filter(|ready| **ready).count(), 1);
    let short = grevy.activate_jobs(want("one", 5), Duration::from_millis(5));
    assert!(short.wait().unwrap().is_empty());
}

#[test]
fn a_stream_takes_as_many_jobs_as_it_has_credit_and_gives_back_what_it_cannot_take() {
    let grevy = Grevy::memory().unwrap();
    grevy.deploy_model(two_steps()).wait().unwrap();
    for _ in 0..5 {
        grevy.start("hello", ()).wait().unwrap();
    }
    let got = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&got);
    let stream = grevy.stream_jobs(want("one", 32), 2, move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        true
    });
    let stream = stream.unwrap();
    grevy.settle();
    assert_eq!(got.load(Ordering::Relaxed), 2);
    stream.add_credit(1);
    grevy.settle();
    assert_eq!(got.load(Ordering::Relaxed), 3);
    drop(stream);
    let gone = grevy.stream_jobs(want("one", 32), 9, |_| false).unwrap();
    grevy.settle();
    let back = grevy.activate_jobs(want("one", 32), HOUR).wait().unwrap();
    assert_eq!(back.len(), 2);
    drop(gone);
}

#[test]
fn a_receiver_too_many_is_told_so_and_one_that_closes_makes_room() {
    let grevy = Grevy::memory().unwrap();
    let open = || grevy.stream_jobs(want("none", 1), 1, |_| true);
    let mut streams: Vec<_> = (0..RECEIVERS_MAX).map(|_| open().unwrap()).collect();
    let Err(Error::Overloaded { what }) = open() else { panic!("one more was taken") };
    assert!(what.contains("but as many are open"), "{what}");
    let poll = grevy.activate_jobs(want("none", 1), HOUR).wait();
    assert!(matches!(poll, Err(Error::Overloaded { .. })), "{poll:?}");
    drop(streams.pop());
    assert!(open().is_ok());
}

#[test]
fn a_bpmn_error_of_a_closure_takes_the_error_path() {
    let grevy = Grevy::memory().unwrap();
    let model = Model::process("risky").start("start").service_task("try", "try");
    let model = model.boundary("caught", Event::error("E1")).end("failed").at("try").end("done");
    grevy.deploy_model(model).wait().unwrap();
    grevy.worker("try", |_: &Job| Err::<(), _>(JobError::bpmn("E1")));
    assert!(grevy.run("risky", ()).wait().unwrap().completed);
}

#[test]
fn forgotten_instances_come_back_and_nothing_changes() {
    for seed in 0..4 {
        let grevy = Grevy::builder().forgetting(seed).virtual_clock().open().unwrap();
        let model = Model::process("long").start("start").service_task("a", "one");
        let model = model.catch("pause", Event::after("PT1H")).service_task("b", "two");
        let model = model.catch("paid", Event::message("paid", "=order")).end("end");
        grevy.deploy_model(model).wait().unwrap();
        for job_type in ["one", "two"] {
            grevy.worker(job_type, |_: &Job| Ok::<_, String>(()));
        }
        let runs: Vec<_> = (0..20).map(|n| grevy.run("long", [("order", n)])).collect();
        grevy.advance(2 * HOUR).unwrap();
        for n in 0..20 {
            grevy.publish("paid", &n.to_string(), Duration::ZERO, ()).wait().unwrap();
        }
        grevy.settle();
        for run in runs {
            assert!(run.is_ready(), "seed {seed}");
            assert!(run.wait().unwrap().completed);
        }
    }
}

#[test]
fn dropping_the_handle_ends_the_engine_and_waiters_learn_it() {
    let grevy = Grevy::memory().unwrap();
    grevy.deploy_model(two_steps()).wait().unwrap();
    let run = grevy.run("hello", ());
    let poll = grevy.activate_jobs(want("none", 1), HOUR);
    grevy.settle();
    drop(grevy);
    assert_eq!(run.wait().unwrap_err().code(), "CLOSED");
    assert_eq!(poll.wait().unwrap_err().code(), "CLOSED");
}

#[test]
fn polls_that_do_not_wait_miss_no_jobs_that_others_are_being_given() {
    let grevy = Grevy::memory().unwrap();
    let model = Model::process("one").start("start").service_task("task", "work").end("end");
    grevy.deploy_model(model).wait().unwrap();
    const JOBS: usize = 240;
    for _ in 0..JOBS {
        grevy.start("one", ()).wait().unwrap();
    }
    let taken = |grevy: &Grevy| {
        // As many as there are jobs, all at once: nobody else takes what one of them does not.
        let polls: Vec<_> =
            (0..JOBS / 8).map(|_| grevy.poll_jobs(want("work", 1), Duration::ZERO)).collect();
        polls.into_iter().map(|poll| poll.jobs.wait().unwrap().len()).collect::<Vec<_>>()
    };
    let found: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| taken(&grevy))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found, vec![1; JOBS], "each found one");
    assert!(grevy.poll_jobs(want("work", 1), Duration::ZERO).jobs.wait().unwrap().is_empty());
}
