//! The engine in a process of its own, behind lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use engine::command::{CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs, PublishMessage};
use grevy::{Grevy, Variables};
use serde_json::{Value, json};

const MODEL: &str = include_str!("crash.bpmn");

/// Small segments, so that a run rolls over many.
const SEGMENT_BYTES: u64 = 64 << 10;

pub fn run(folder: &Path) -> Result<(), String> {
    let config = journal::FileConfig {
        segment_bytes: SEGMENT_BYTES,
        first_segment_bytes: SEGMENT_BYTES,
        ..journal::FileConfig::default()
    };
    let opened = Grevy::builder().folder(folder).journal(config).open();
    let grevy = opened.map_err(|error| error.to_string())?;
    grevy.deploy("crash.bpmn", MODEL).wait().map_err(|error| error.to_string())?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    println!("{port}");
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let grevy = grevy.clone();
        std::thread::spawn(move || serve(&grevy, stream));
    }
    Ok(())
}

fn serve(grevy: &Grevy, stream: TcpStream) {
    let Ok(reading) = stream.try_clone() else { return };
    let mut writing = stream;
    for line in BufReader::new(reading).lines() {
        let Ok(line) = line else { return };
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(request) => answer(grevy, &request).unwrap_or_else(|error| error_of(&error)),
            Err(error) => json!({"error": "INVALID_ARGUMENT", "text": error.to_string()}),
        };
        if writeln!(writing, "{answer}").is_err() {
            return;
        }
    }
}

fn error_of(error: &grevy::Error) -> Value {
    json!({"error": error.code(), "text": error.to_string()})
}

fn answer(grevy: &Grevy, request: &Value) -> Result<Value, grevy::Error> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let key = |name: &str| request[name].as_i64().unwrap_or_default();
    Ok(match text("op") {
        "create" => {
            let mut variables = Variables::new();
            variables.set("id", text("id"));
            let created = grevy.create(CreateInstance {
                definition: DefinitionRef::Id { process_id: "crash".into(), version: None },
                tenant: DEFAULT_TENANT.into(),
                variables: variables.into_inner(),
                start_before: Vec::new(),
                tags: Vec::new(),
                business_id: None,
            });
            json!({"key": created.wait()?.instance})
        }
        "publish" => {
            let published = grevy.publish_message(PublishMessage {
                name: "Go".into(),
                correlation_key: text("id").into(),
                id: text("id").into(),
                time_to_live: 3_600_000,
                tenant: DEFAULT_TENANT.into(),
                variables: Vec::new(),
            });
            json!({"key": published.wait()?})
        }
        "activate" => {
            let want = LeaseJobs {
                job_type: text("type").into(),
                worker: "crash".into(),
                timeout: 2_000,
                max_jobs: 16,
                fetch_variables: Vec::new(),
                tenants: vec![DEFAULT_TENANT.into()],
            };
            let jobs = grevy.activate_jobs(want, Duration::from_millis(200)).wait()?;
            let told = jobs.iter().map(|job| {
                json!({"key": job.key, "instance": job.instance, "element": &*job.element_id})
            });
            json!({"jobs": told.collect::<Vec<_>>()})
        }
        "complete" => {
            grevy.complete_job(key("job"), Variables::new(), None).wait()?;
            json!({"done": true})
        }
        "instances" => json!({"keys": grevy.instances(key("after")).wait()?}),
        other => {
            let text = format!("expected an operation, but got '{other}'");
            json!({"error": "INVALID_ARGUMENT", "text": text})
        }
    })
}
