//! `grevy status`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::remote::Remote;

/// Tells what the server is made of and how it does. Ends with 1 when a partition is not healthy or
/// paused.
#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    remote: Remote,
}

impl Status {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let topology = self.remote.get("/topology")?;
        let mut healthy = true;
        let mut lines = Vec::new();
        for broker in topology["brokers"].as_array().into_iter().flatten() {
            let text = |name: &str| broker[name].as_str().unwrap_or_default().to_owned();
            lines.push(format!("Grevy {} at {}:{}", text("version"), text("host"), broker["port"]));
        }
        let partitions = self.remote.get_from("/grevy/v1", "/partitions")?;
        for partition in partitions["partitions"].as_array().into_iter().flatten() {
            let state = partition["state"].as_str().unwrap_or_default();
            healthy &= state == "HEALTHY";
            let state = state.to_lowercase().replace('_', " ");
            let advice = partition["advice"].as_str().map(|advice| format!(" ({advice})"));
            let advice = advice.unwrap_or_default();
            lines.push(format!("  partition {}: {state}{advice}", partition["partitionId"]));
        }
        let types = self.remote.get_from("/grevy/v1", "/job-types")?;
        for row in types["unattended"].as_array().into_iter().flatten() {
            lines.push(format!("  {}", row["advice"].as_str().unwrap_or_default()));
        }
        let all = json!({
            "topology": topology,
            "partitions": partitions["partitions"],
            "unattended": types["unattended"],
        });
        self.remote.tell(&all, || lines.iter().for_each(|line| println!("{line}")));
        Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
