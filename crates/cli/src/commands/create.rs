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
                "requestTimeout": if self.with_result { 600_000 } else { 0 },
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
