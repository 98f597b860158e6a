//! One-task instances a second, durable in a folder: `cargo run --release --example throughput
//! [FOLDER] [INSTANCES] [IN FLIGHT]`. Without a folder the journal is in memory.

use std::sync::mpsc::channel;
use std::time::Instant;

use engine::command::{CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs};
use engine::{Command, Reply};
use grevy::{Grevy, Model, Variables};

fn main() -> Result<(), grevy::Error> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().filter(|folder| folder != "-");
    let instances: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let in_flight: u64 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(256);
    let grevy = folder.map_or_else(Grevy::memory, Grevy::open)?;
    let model = Model::process("one").start("start").service_task("work", "work").end("end");
    grevy.deploy_model(model).wait()?;
    let variables = Variables::from_json(&format!(r#"{{"text": "{}"}}"#, "x".repeat(480)))?;

    let want = LeaseJobs {
        job_type: "work".into(),
        worker: "bench".into(),
        timeout: 60_000,
        max_jobs: 64,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    let (done, ended) = channel();
    let (push, jobs) = channel();
    let stream = grevy.stream_jobs(want, 4_096, move |job| push.send(job).is_ok())?;
    let worker = {
        let grevy = grevy.clone();
        std::thread::spawn(move || {
            for job in jobs {
                let done = done.clone();
                let complete = Command::CompleteJob {
                    job: job.key,
                    variables: Vec::new(),
                    token: Some(job.token),
                };
                grevy.submit_then(complete, move |reply| {
                    let _ = done.send(reply.is_ok());
                });
                stream.add_credit(1);
            }
        })
    };
    let before = Instant::now();
    let mut started = 0;
    for finished in 0..instances {
        while started < instances && started - finished < in_flight {
            let create = CreateInstance {
                definition: DefinitionRef::Id { process_id: "one".into(), version: None },
                tenant: DEFAULT_TENANT.into(),
                variables: variables.clone().into_inner(),
                terminate_after: Vec::new(),
                start_before: vec![],
                tags: vec![],
                business_id: None,
                unique: false,
            };
            grevy.submit_then(Command::CreateInstance(create), |reply: Result<Reply, _>| {
                assert!(reply.is_ok(), "{reply:?}");
            });
            started += 1;
        }
        assert!(ended.recv().unwrap_or(false), "an instance was lost");
    }
    let took = before.elapsed();
    println!(
        "{instances} one-task instances in {took:?}: {:.0}/s",
        instances as f64 / took.as_secs_f64()
    );
    grevy.close();
    drop(worker);
    Ok(())
}
