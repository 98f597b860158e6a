//! The server over its wires, in a process of its own on the same cores: what it completes at most
//! with streaming workers, what a call takes at 1,000 instances a second, and the same over REST
//! with polling workers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use grevy_benches::load::{Paced, paced, text, throughput};
use grevy_benches::print;
use grevy_benches::server::{Failed, Server, binary, folder};
use serde_json::Value as Json;

const IN_FLIGHT: usize = 1_024;
const RATE: u64 = 1_000;
/// Threads over REST, of either kind.
const THREADS: usize = 48;
/// What was created is completed after so long at the latest, or it never is.
const DRAIN_MAX: Duration = Duration::from_secs(60);
const WANT: &str = r#"{"type": "job", "worker": "bench", "timeout": 600000,
    "maxJobsToActivate": 8, "requestTimeout": 200}"#;

fn main() -> Result<(), Failed> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let time = Duration::from_secs(if quick { 2 } else { 15 });
    let binary = binary()?;
    let runtime = tokio::runtime::Runtime::new()?;
    for (history, name) in [("false", "grpc_one_task"), ("true", "grpc_one_task_history")] {
        let folder = folder()?;
        let options = ["--history", history];
        let server = Server::start(&binary, &folder.path().join("data"), &options)?;
        let figure = runtime.block_on(async {
            let stub = server.deploy().await?;
            throughput(&stub, IN_FLIGHT, Duration::from_secs(1)).await?;
            throughput(&stub, IN_FLIGHT, time).await
        })?;
        print(name, figure, "instances/s");
    }
    let folder = folder()?;
    let server = Server::start(&binary, &folder.path().join("data"), &["--history", "false"])?;
    runtime.block_on(async {
        let stub = server.deploy().await?;
        paced(&stub, RATE, Duration::from_secs(1), false).await?;
        told("grpc_command", &paced(&stub, RATE, time, false).await?);
        told("grpc_instance", &paced(&stub, RATE, time, true).await?);
        Ok::<(), Failed>(())
    })?;
    rest(&server, Duration::from_secs(1))?;
    let (figure, took) = rest(&server, time)?;
    print("rest_one_task", figure, "instances/s");
    told("rest_command", &took);
    Ok(())
}

fn told(name: &str, paced: &Paced) {
    print(&format!("{name}_p50"), paced.at(0.5), "ms");
    print(&format!("{name}_p99"), paced.at(0.99), "ms");
    print(&format!("{name}_refused"), paced.refused as f64, "calls");
}

/// Creates and completes as fast as blocking calls on so many connections can: completed
/// instances a second, and what a create took.
fn rest(server: &Server, time: Duration) -> Result<(f64, Paced), Failed> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections_per_host(2 * THREADS)
        .max_idle_connections(2 * THREADS)
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let created = AtomicU64::new(0);
    let (completed, over, refused) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let body = format!("{{\"processDefinitionId\":\"one-task\",\"variables\":{}}}", text());
    let url = |path: &str| format!("{}/v2{path}", server.rest);
    let begun = Instant::now();
    let took = std::thread::scope(|scope| {
        let create = || -> Result<Vec<f64>, Failed> {
            let mut took = Vec::new();
            while begun.elapsed() < time {
                let since = Instant::now();
                match post(&agent, &url("/process-instances"), &body)?.0 {
                    200 => {
                        took.push(since.elapsed().as_secs_f64() * 1_000.0);
                        created.fetch_add(1, Ordering::Relaxed);
                    }
                    503 => drop(refused.fetch_add(1, Ordering::Relaxed)),
                    other => return Err(format!("create: {other}").into()),
                }
            }
            Ok(took)
        };
        let complete = || -> Result<(), Failed> {
            loop {
                let (status, found) = post(&agent, &url("/jobs/activation"), WANT)?;
                let found: Json = serde_json::from_str(&found)?;
                let jobs = found["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
                for job in jobs {
                    let path = format!("/jobs/{}/completion", job["jobKey"].as_str().unwrap_or(""));
                    if post(&agent, &url(&path), "{\"variables\":{\"done\":true}}")?.0 == 204 {
                        completed.fetch_add(1, Ordering::Relaxed);
                    }
                }
                let all = completed.load(Ordering::Relaxed) >= created.load(Ordering::Relaxed);
                if jobs.is_empty() && all && over.load(Ordering::Relaxed) {
                    return Ok(());
                }
                if !matches!(status, 200 | 503) || begun.elapsed() > time + DRAIN_MAX {
                    return Err(format!("jobs are left; the last answer: {status}").into());
                }
            }
        };
        let creators: Vec<_> = (0..THREADS).map(|_| scope.spawn(create)).collect();
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(complete)).collect();
        let mut took = Vec::new();
        let mut failed = None;
        for thread in creators {
            match thread.join().map_err(|_| "a thread of the load ended badly")? {
                Ok(own) => took.extend(own),
                Err(error) => failed = Some(error),
            }
        }
        over.store(true, Ordering::Relaxed);
        for thread in workers {
            thread.join().map_err(|_| "a thread of the load ended badly")??;
        }
        failed.map_or(Ok(took), Err)
    });
    let mut took = took?;
    took.sort_by(f64::total_cmp);
    let figure = completed.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    Ok((figure, Paced { took, refused: refused.load(Ordering::Relaxed) }))
}

fn post(agent: &ureq::Agent, url: &str, body: &str) -> Result<(u16, String), Failed> {
    let mut answer = agent.post(url).header("content-type", "application/json").send(body)?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}
