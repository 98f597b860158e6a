//! A whole worker; the guide shows it.

use client::{Client, Job};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("GREVY_GRPC").unwrap_or("127.0.0.1:26500".into());
    let grevy = Client::connect(format!("http://{address}")).await?;
    let worker = grevy.worker("work", |job: Job| async move {
        let amount: f64 = job.variable("amount")?;
        Ok(json!({ "doubled": amount * 2.0 }))
    });
    tokio::signal::ctrl_c().await?;
    worker.stop().await;
    Ok(())
}
