//! `grevy cancel`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::remote::Remote;

/// Cancels an instance.
#[derive(Args)]
pub struct Cancel {
    /// Key of the instance.
    instance: i64,
    #[command(flatten)]
    remote: Remote,
}

impl Cancel {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let path = format!("/process-instances/{}/cancellation", self.instance);
        self.remote.post(&path, &json!({}))?;
        self.remote.tell(&Value::Null, || println!("cancelled {}", self.instance));
        Ok(ExitCode::SUCCESS)
    }
}
