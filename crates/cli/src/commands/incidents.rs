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

/// Resolves incidents: what failed is tried again. Ends with 1 when a cause remains.
#[derive(Args)]
pub struct Resolve {
    /// Keys of incidents.
    #[arg(value_name = "KEY", required = true)]
    incidents: Vec<i64>,
    /// Give their jobs this many retries first, where they have none left.
    #[arg(long)]
    retries: Option<u16>,
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
        let mut gone = true;
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
            let again = found.map_or(Ok(Vec::new()), |found| self.again(&found))?;
            gone &= again.is_empty();
            let told = json!({ "incidentKey": incident.to_string(), "newIncidents": again });
            self.remote.tell(&told, || {
                println!("resolved {incident}");
                for row in &again {
                    let text = |name: &str| row[name].as_str().unwrap_or_default();
                    println!(
                        "but the cause remains: new incident {} {} at {}: {}",
                        text("incidentKey"),
                        text("errorType"),
                        text("elementId"),
                        text("errorMessage"),
                    );
                }
            });
        }
        Ok(if gone { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The cause may have remained: then there is a new incident at the same place at once.
    fn again(&self, resolved: &Value) -> Result<Vec<Value>, Failure> {
        let filter = json!({
            "state": "ACTIVE",
            "elementInstanceKey": resolved["elementInstanceKey"],
        });
        let answer = self.remote.post("/incidents/search", &json!({ "filter": filter }))?;
        let rows = answer["items"].as_array().into_iter().flatten();
        Ok(rows.filter(|row| row["incidentKey"] != resolved["incidentKey"]).cloned().collect())
    }
}
