//! The engine behind a socket: one line asked, one line answered.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use engine::command::{DEFAULT_TENANT, LeaseJobs, PublishMessage};
use grevy::{Checkpoints, Error, Event, Grevy, Model};
use journal::FileConfig;

use crate::copy;

/// Small, so that segments roll and are trimmed within a round.
const SEGMENT_BYTES: u64 = 16 << 10;
/// Few, so that several checkpoints are written within a round.
const CHECKPOINT_STEPS: u64 = 40;
/// A lease of a killed server ends so soon, in ms.
const LEASE_MS: i64 = 500;

pub fn open(folder: &Path) -> Result<Grevy, Error> {
    let config = FileConfig {
        segment_bytes: SEGMENT_BYTES,
        first_segment_bytes: 8 << 10,
        ..FileConfig::default()
    };
    // Whatever waits is cold once a checkpoint has it.
    let checkpoints = Checkpoints {
        steps: Some(CHECKPOINT_STEPS),
        cold_after: Duration::ZERO,
        look_every: Duration::from_millis(5),
        ..Checkpoints::default()
    };
    let grevy = Grevy::builder().folder(folder.join("data")).partitions(2).journal(config);
    let grevy = grevy.checkpoints(checkpoints);
    // Once it is written down, what nobody copied yet is kept by every later start.
    let fresh = !folder.join("copy-1").exists();
    if fresh { grevy.hold(copy::NAME, 1).open() } else { grevy.open() }
}

pub fn run(folder: &Path) -> ExitCode {
    match serve(folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(folder: &Path) -> Result<(), String> {
    let grevy = open(folder).map_err(|e| e.to_string())?;
    let copies = copy::start(&grevy, folder);
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.catch("paid", Event::message("paid", "=id"));
    let model =
        model.catch("pause", Event::after("PT0.2S")).service_task("ship", "ship").end("end");
    grevy.deploy_model(model).wait().map_err(|e| e.to_string())?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    let draft = folder.join("port.new");
    std::fs::write(&draft, port.to_string()).map_err(|e| e.to_string())?;
    std::fs::rename(&draft, folder.join("port")).map_err(|e| e.to_string())?;
    println!("READY");
    let clients = grevy.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let grevy = clients.clone();
            std::thread::spawn(move || talk(&grevy, stream));
        }
    });
    drain(&grevy, folder)?;
    println!("DRAINED");
    wait_for(folder, "stop-server");
    grevy.pause();
    copies.into_iter().try_for_each(copy::Copy::end)
}

/// Waits until nothing runs any more, once that is asked for.
fn drain(grevy: &Grevy, folder: &Path) -> Result<(), String> {
    wait_for(folder, "drain");
    loop {
        let left = grevy.instances(0).wait().map_err(|e| e.to_string())?;
        let messages = left.len();
        if messages == 0 {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

pub fn wait_for(folder: &Path, name: &str) {
    while !folder.join(name).exists() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn talk(grevy: &Grevy, stream: TcpStream) {
    let Ok(mut out) = stream.try_clone() else { return };
    drop(stream.set_nodelay(true));
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let answer =
            answer(grevy, &words).unwrap_or_else(|error| format!("error {}", error.code()));
        if writeln!(out, "{answer}").is_err() {
            return;
        }
    }
}

fn answer(grevy: &Grevy, words: &[&str]) -> Result<String, Error> {
    Ok(match words {
        ["create", id] => {
            let created = grevy.start("order", [("id", *id)]).wait()?;
            format!("created {}", created.instance)
        }
        ["publish", id] => {
            let message = PublishMessage {
                name: "paid".into(),
                correlation_key: (*id).into(),
                id: (*id).into(),
                time_to_live: 3_600_000,
                tenant: DEFAULT_TENANT.into(),
                variables: vec![],
            };
            grevy.publish_message(message).wait().map(|key| format!("published {key}"))?
        }
        ["lease", job_type, max] => {
            let want = LeaseJobs {
                job_type: (*job_type).into(),
                worker: "worker".into(),
                timeout: LEASE_MS,
                max_jobs: max.parse().unwrap_or(1),
                fetch_variables: vec!["id".into()],
                tenants: vec![DEFAULT_TENANT.into()],
            };
            let jobs = grevy.activate_jobs(want, Duration::from_millis(50)).wait()?;
            let jobs = jobs.iter().map(|job| {
                let id = job.variables.first().map(|(_, id)| id.to_value());
                let id = id.and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default();
                format!(" {}={id}", job.key)
            });
            format!("jobs{}", jobs.collect::<String>())
        }
        ["complete", job] => {
            let job = job.parse().unwrap_or(0);
            grevy.complete_job(job, (), None).wait().map(|()| "completed".to_owned())?
        }
        _ => "error UNKNOWN".to_owned(),
    })
}
