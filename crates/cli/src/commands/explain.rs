//! `grevy explain`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::Failure;
use crate::remote::Remote;

/// Tells what an instance waits for, why it took its path, and what failed.
///
/// Ends with 1 when an incident is open.
#[derive(Args)]
pub struct Explain {
    /// Key of an instance, or of anything in it: an element instance, a job, an incident; or the
    /// id of a case of a tracked flow.
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    remote: Remote,
}

impl Explain {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let found = match self.instance() {
            Ok(found) => found,
            #[cfg(feature = "track")]
            Err(_) if super::track::explain::explain(&self.remote, &self.key)? => {
                return Ok(ExitCode::SUCCESS);
            }
            Err(failure) => return Err(failure),
        };
        let text = found["text"].as_str().unwrap_or_default().to_owned();
        self.remote.tell(&found, || println!("{text}"));
        let waits = found["waitsFor"].as_array().into_iter().flatten();
        let open = waits.into_iter().any(|wait| wait["kind"] == "incident");
        Ok(if open { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn instance(&self) -> Result<Value, Failure> {
        let key: i64 = self.key.parse().map_err(|_| {
            Failure(format!(
                "expected the key of an instance or the id of a case, but '{}' is \
                none",
                self.key
            ))
        })?;
        self.remote.get_from("/grevy/v1", &format!("/explain/{key}"))
    }
}
