//! What workers cost that have nothing to do: 10,000 parked long polls and 1,000 job streams, in
//! memory, and in the p99 of others at 500 instances a second.

use std::time::Duration;

use grevy_benches::load::paced;
use grevy_benches::print;
use grevy_benches::proto::{ActivateJobsRequest, StreamActivatedJobsRequest, TopologyRequest};
use grevy_benches::server::{Failed, Server, binary, folder};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 20;
const RATE: u64 = 500;

fn main() -> Result<(), Failed> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (polls, streams) = if quick { (500, 50) } else { (10_000, 1_000) };
    let time = Duration::from_secs(if quick { 2 } else { 20 });
    let (binary, folder) = (binary()?, folder()?);
    let server = Server::start(&binary, &folder.path().join("data"), &[])?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let stub = server.deploy().await?;
        // The first run pays for what later runs have: pages of memory, segments of the journal.
        paced(&stub, RATE, time, true).await?;
        let alone = paced(&stub, RATE, time, true).await?;
        let before = server.resident()?;
        let mut idle = park(&server, polls, streams).await?;
        print("idle_workers_memory", (server.resident()? - before) / 1e6, "MB");
        let beside = paced(&stub, RATE, time, true).await?;
        if let Some(ended) = idle.try_join_next() {
            ended??;
        }
        print("p99_alone", alone.at(0.99), "ms");
        print("p99_beside_idle_workers", beside.at(0.99), "ms");
        print("p99_beside_idle_workers_ratio", beside.at(0.99) / alone.at(0.99), "times");
        print("refused_beside_idle_workers", beside.refused as f64, "calls");
        Ok(())
    })
}

/// Calls that nothing answers, over some connections; one that ends is an error.
async fn park(
    server: &Server,
    polls: usize,
    streams: usize,
) -> Result<JoinSet<Result<(), Failed>>, Failed> {
    let poll = ActivateJobsRequest {
        r#type: "idle".into(),
        worker: "bench".into(),
        timeout: 60_000,
        max_jobs_to_activate: 32,
        request_timeout: 600_000,
        ..Default::default()
    };
    let stream = StreamActivatedJobsRequest {
        r#type: "idle".into(),
        worker: "bench".into(),
        timeout: 60_000,
        ..Default::default()
    };
    let mut idle = JoinSet::new();
    for number in 0..CONNECTIONS {
        let stub = server.connect().await?;
        let share = |all: usize| all / CONNECTIONS + usize::from(number < all % CONNECTIONS);
        for _ in 0..share(polls) {
            let (mut stub, poll) = (stub.clone(), poll.clone());
            idle.spawn(async move {
                let ended = stub.activate_jobs(poll).await;
                Err(Failed::from(format!("an idle poll ended: {ended:?}")))
            });
        }
        for _ in 0..share(streams) {
            let (mut stub, stream) = (stub.clone(), stream.clone());
            idle.spawn(async move {
                let ended = stub.stream_activated_jobs(stream).await?.into_inner().message().await;
                Err(Failed::from(format!("an idle stream ended: {ended:?}")))
            });
        }
        // Calls of one connection are sent in their order; behind them this one is answered.
        stub.clone().topology(TopologyRequest {}).await?;
    }
    // What the server allocates on their account it has allocated by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    match idle.try_join_next() {
        Some(ended) => ended?.map(|()| idle),
        None => Ok(idle),
    }
}
