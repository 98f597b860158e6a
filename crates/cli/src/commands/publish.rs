//! `grevy publish`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::remote::{Remote, object};

/// Publishes a message, or with --correlate hands it to whoever waits for it now.
#[derive(Args)]
pub struct Publish {
    /// Name of the message.
    name: String,
    /// Correlation key.
    #[arg(long, value_name = "KEY", default_value = "")]
    key: String,
    /// Variables as a JSON object, or @FILE.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    variables: String,
    /// Milliseconds that it waits for somebody to take it.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    ttl: u32,
    /// Refused while an equal message with this id waits.
    #[arg(long, value_name = "ID", default_value = "")]
    id: String,
    /// Answer only when an instance has it; an error when nobody waits for it.
    #[arg(long, conflicts_with_all = ["ttl", "id"])]
    correlate: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Publish {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut body = json!({
            "name": self.name,
            "correlationKey": self.key,
            "variables": object(&self.variables)?,
        });
        if self.correlate {
            let answer = self.remote.post("/messages/correlation", &body)?;
            let instance = answer["processInstanceKey"].as_str().unwrap_or_default();
            self.remote.tell(&answer, || println!("taken by {instance}"));
            return Ok(ExitCode::SUCCESS);
        }
        body["timeToLive"] = self.ttl.into();
        body["messageId"] = self.id.into();
        let answer = self.remote.post("/messages/publication", &body)?;
        let message = answer["messageKey"].as_str().unwrap_or_default();
        self.remote.tell(&answer, || println!("{message}"));
        Ok(ExitCode::SUCCESS)
    }
}
