//! `grevy explain`.

use std::process::ExitCode;

use clap::Args;

use crate::Failure;
use crate::remote::Remote;

/// Tells what an instance waits for, why it took its path, and what failed.
///
/// Ends with 1 when an incident is open.
#[derive(Args)]
pub struct Explain {
    /// Key of an instance, or of anything in it: an element instance, a job, an incident.
    #[arg(value_name = "KEY")]
    key: i64,
    #[command(flatten)]
    remote: Remote,
}

impl Explain {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let found = self.remote.get_from("/grevy/v1", &format!("/explain/{}", self.key))?;
        let text = found["text"].as_str().unwrap_or_default().to_owned();
        self.remote.tell(&found, || println!("{text}"));
        let waits = found["waitsFor"].as_array().into_iter().flatten();
        let open = waits.into_iter().any(|wait| wait["kind"] == "incident");
        Ok(if open { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
