//! `grevy set-variables`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::remote::{Remote, object};

/// Sets variables of a process instance, or at one of its element instances.
#[derive(Args)]
pub struct SetVariables {
    /// Key of the process instance or of the element instance.
    key: i64,
    /// Variables as a JSON object, or @FILE.
    #[arg(long, value_name = "JSON")]
    variables: String,
    /// Only at this element instance; else each where it is known, nearest first.
    #[arg(long)]
    local: bool,
    #[command(flatten)]
    remote: Remote,
}

impl SetVariables {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let key = self.key;
        let body = json!({ "variables": object(&self.variables)?, "local": self.local });
        self.remote.put(&format!("/element-instances/{key}/variables"), &body)?;
        self.remote.tell(&Value::Null, || println!("set at {key}"));
        Ok(ExitCode::SUCCESS)
    }
}
