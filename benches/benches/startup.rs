//! How soon a server is there, from exec to the first answered `Topology`: median of 20, on an
//! empty folder, over many instances after a clean stop, and over the same after a kill, when the
//! answer comes before the partitions have recovered. And what it weighs.

use std::path::Path;
use std::time::Duration;

use grevy_benches::load::creation;
use grevy_benches::print;
use grevy_benches::proto::CreateProcessInstanceRequest;
use grevy_benches::server::{Failed, Server, Stub, binary, folder, start_to_topology};
use tokio::task::JoinSet;

fn main() -> Result<(), Failed> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (starts, instances) = if quick { (3, 500) } else { (20, 10_000) };
    let (binary, folder) = (binary()?, folder()?);
    let data = folder.path().join("data");
    print("binary_size", std::fs::metadata(&binary)?.len() as f64 / 1e6, "MB");
    tokio::runtime::Runtime::new()?.block_on(async {
        // A folder that is empty each time.
        let mut took = Vec::new();
        for number in 0..starts {
            let empty = folder.path().join(format!("empty-{number}"));
            let (server, _, ms) = start_to_topology(&binary, &empty).await?;
            took.push(ms);
            server.stop()?;
        }
        print("start_to_topology", median(took), "ms");

        let (server, _, _) = start_to_topology(&binary, &data).await?;
        let stub = server.deploy().await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        print("idle_rss", server.resident()? / 1e6, "MB");
        create(&stub, instances).await?;
        server.stop()?;
        let name = "start_to_topology_10000_instances";
        print(name, median(again(&binary, &data, starts, Server::stop).await?), "ms");
        // As it is after a kill: the first start of the next round finds no clean end.
        start_to_topology(&binary, &data).await?.0.kill()?;
        let name = "start_to_topology_after_kill";
        print(name, median(again(&binary, &data, starts, Server::kill).await?), "ms");
        Ok(())
    })
}

async fn again(
    binary: &Path,
    data: &Path,
    starts: usize,
    end: fn(Server) -> Result<(), Failed>,
) -> Result<Vec<f64>, Failed> {
    let (mut took, mut early) = (Vec::new(), 0);
    for _ in 0..starts {
        let (server, healthy, ms) = start_to_topology(binary, data).await?;
        took.push(ms);
        early += usize::from(!healthy);
        // One that is ended again and again before it is ready is held back, as it should be.
        server.recovered().await?;
        end(server)?;
    }
    println!("{early} of {starts} first answers came before the partitions had recovered");
    Ok(took)
}

async fn create(stub: &Stub, instances: usize) -> Result<(), Failed> {
    let mut creators = JoinSet::new();
    for _ in 0..50 {
        let mut stub = stub.clone();
        let create: CreateProcessInstanceRequest = creation("{}");
        creators.spawn(async move {
            for _ in 0..instances / 50 {
                stub.create_process_instance(create.clone()).await?;
            }
            Ok::<(), Failed>(())
        });
    }
    while let Some(done) = creators.join_next().await {
        done??;
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
