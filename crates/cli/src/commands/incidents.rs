//! `grevy incidents` and `grevy resolve`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::remote::Remote;

/// Lists open incidents.
#[derive(Args)]
pub struct Incidents {
    /// Only of this instance.
    #[arg(long, value_name = "KEY")]
    instance: Option<i64>,
    #[command(flatten)]
    remote: Remote,
}

/// Resolves incidents: what failed is tried again.
#[derive(Args)]
pub struct Resolve {
    /// Keys of incidents.
    #[arg(value_name = "KEY", required = true)]
    incidents: Vec<i64>,
    /// Give their jobs this many retries first, where they have none left.
    #[arg(long)]
    retries: Option<i32>,
    #[command(flatten)]
    remote: Remote,
}

impl Incidents {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut filter = json!({ "state": "ACTIVE" });
        if let Some(instance) = self.instance {
            filter["processInstanceKey"] = instance.to_string().into();
        }
        let body = json!({ "filter": filter, "page": { "limit": 1000 } });
        let answer = self.remote.post("/incidents/search", &body)?;
        self.remote.tell(&answer, || {
            let rows = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            for row in rows {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                println!(
                    "{} {} at {} of instance {}: {}",
                    text("incidentKey"),
                    text("errorType"),
                    text("elementId"),
                    text("processInstanceKey"),
                    text("errorMessage"),
                );
            }
            match answer["page"]["totalItems"].as_u64().unwrap_or(0) {
                0 => println!("no open incidents"),
                all if all > rows.len() as u64 => {
                    println!("… {} more; --instance narrows it down", all - rows.len() as u64);
                }
                _ => {}
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Resolve {
    pub fn run(self) -> Result<ExitCode, Failure> {
        for incident in &self.incidents {
            // Without history there is none to read, and resolving needs none.
            let found = self.remote.get(&format!("/incidents/{incident}"));
            if let Some(retries) = self.retries {
                let found = found.as_ref().map_err(|why| Failure(why.0.clone()))?;
                if let Some(job) = found["jobKey"].as_str() {
                    let change = json!({ "changeset": { "retries": retries } });
                    self.remote.patch(&format!("/jobs/{job}"), &change)?;
                }
            }
            self.remote.post(&format!("/incidents/{incident}/resolution"), &json!({}))?;
            self.remote.tell(&Value::Null, || println!("resolved {incident}"));
            if let Ok(found) = found {
                self.tell_again(&found)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The cause may have remained: then there is a new incident at the same place at once.
    fn tell_again(&self, resolved: &Value) -> Result<(), Failure> {
        let filter = json!({
            "state": "ACTIVE",
            "elementInstanceKey": resolved["elementInstanceKey"],
        });
        let answer = self.remote.post("/incidents/search", &json!({ "filter": filter }))?;
        for row in answer["items"].as_array().into_iter().flatten() {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            if row["incidentKey"] != resolved["incidentKey"] {
                self.remote.tell(&Value::Null, || {
                    println!(
                        "but the cause remains: new incident {} {} at {}: {}",
                        text("incidentKey"),
                        text("errorType"),
                        text("elementId"),
                        text("errorMessage"),
                    );
                });
            }
        }
        Ok(())
    }
}
