//! `grevy deploy`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::Failure;
use crate::remote::Remote;

/// Deploys files together: all or none.
#[derive(Args)]
pub struct Deploy {
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

impl Deploy {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut files = Vec::new();
        for path in &self.files {
            let bytes = std::fs::read(path).map_err(|error| {
                Failure(format!("expected a file at {}, but: {error}", path.display()))
            })?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            files.push((name.to_string_lossy().into_owned(), bytes));
        }
        let answer = self.remote.upload("/deployments", &files)?;
        self.remote.tell(&answer, || {
            for entry in answer["deployments"].as_array().into_iter().flatten() {
                let process = &entry["processDefinition"];
                println!(
                    "{} version {} (key {}) from {}",
                    text(&process["processDefinitionId"]),
                    process["processDefinitionVersion"],
                    text(&process["processDefinitionKey"]),
                    text(&process["resourceName"]),
                );
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}
