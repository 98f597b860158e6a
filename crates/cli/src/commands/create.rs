//! `grevy create`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::remote::{Remote, object};

/// Starts an instance of a process.
#[derive(Args)]
pub struct Create {
    /// Id of the process.
    process: String,
    /// Version; the latest if none is given.
    #[arg(long)]
    version: Option<i32>,
    /// Variables as a JSON object, or @FILE.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    variables: String,
    /// Wait for its end and print its variables.
    #[arg(long)]
    with_result: bool,
    /// How long to wait for that, in ms; the instance goes on.
    #[arg(long, value_name = "MS", default_value_t = 60_000, requires = "with_result",
        value_parser = clap::value_parser!(u64).range(1..=600_000))]
    timeout: u64,
    #[command(flatten)]
    remote: Remote,
}

impl Create {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let answer = self.remote.post(
            "/process-instances",
            &json!({
                "processDefinitionId": self.process,
                "processDefinitionVersion": self.version.unwrap_or(-1),
                "variables": object(&self.variables)?,
                "awaitCompletion": self.with_result,
                "requestTimeout": if self.with_result { self.timeout } else { 0 },
            }),
        )?;
        self.remote.tell(&answer, || {
            let key = answer["processInstanceKey"].as_str().unwrap_or_default();
            if self.with_result {
                println!("{key} completed with {}", answer["variables"]);
            } else {
                println!("{key}");
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}
