//! `grevy jobs`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::Failure;
use crate::remote::{Remote, object};

/// Works on jobs by hand.
#[derive(Args)]
pub struct Jobs {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Subcommand)]
enum Verb {
    /// Leases jobs of a type and prints them.
    Activate {
        /// Type of the jobs.
        job_type: String,
        /// How many at most.
        #[arg(long, default_value_t = 1)]
        max: i32,
        /// Milliseconds until they may be handed to others.
        #[arg(long, value_name = "MS", default_value_t = 300_000)]
        timeout: i64,
        /// Milliseconds to wait for one; 0 does not wait.
        #[arg(long, value_name = "MS", default_value_t = 0)]
        wait: i64,
        /// Name to show.
        #[arg(long, default_value = "grevy-cli")]
        worker: String,
    },
    /// Completes a job.
    Complete {
        /// Key of the job.
        job: i64,
        /// Variables as a JSON object, or @FILE.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        variables: String,
    },
    /// Fails a job: tried again while retries are left, else an incident is raised.
    Fail {
        /// Key of the job.
        job: i64,
        /// Retries that are left.
        #[arg(long, default_value_t = 0)]
        retries: u16,
        /// What went wrong.
        #[arg(long, default_value = "")]
        message: String,
        /// Milliseconds until it is tried again.
        #[arg(long, value_name = "MS", default_value_t = 0)]
        back_off: i64,
    },
    /// Throws a BPMN error: an error event catches it, else an incident is raised.
    Throw {
        /// Key of the job.
        job: i64,
        /// Code of the error.
        #[arg(long)]
        code: String,
        /// What went wrong.
        #[arg(long, default_value = "")]
        message: String,
        /// Variables as a JSON object, or @FILE: they are set where the error is caught.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        variables: String,
    },
}

impl Jobs {
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self.verb {
            Verb::Activate { job_type, max, timeout, wait, worker } => {
                let body = json!({
                    "type": job_type,
                    "maxJobsToActivate": max,
                    "timeout": timeout,
                    "requestTimeout": if wait > 0 { wait } else { -1 },
                    "worker": worker,
                });
                let answer = self.remote.post("/jobs/activation", &body)?;
                self.remote.tell(&answer, || {
                    for job in answer["jobs"].as_array().into_iter().flatten() {
                        let (key, element) = (text(&job["jobKey"]), text(&job["elementId"]));
                        println!("{key} {element} {}", job["variables"]);
                    }
                });
            }
            Verb::Complete { job, variables } => {
                let body = json!({ "variables": object(&variables)? });
                self.remote.post(&format!("/jobs/{job}/completion"), &body)?;
                let told = json!({ "jobKey": job.to_string(), "done": "COMPLETED" });
                self.remote.tell(&told, || println!("completed {job}"));
            }
            Verb::Fail { job, retries, message, back_off } => {
                let body = json!({
                    "retries": retries,
                    "errorMessage": message,
                    "retryBackOff": back_off,
                });
                self.remote.post(&format!("/jobs/{job}/failure"), &body)?;
                let told = json!({ "jobKey": job.to_string(), "done": "FAILED" });
                self.remote.tell(&told, || println!("failed {job}"));
            }
            Verb::Throw { job, code, message, variables } => {
                let body = json!({
                    "errorCode": code,
                    "errorMessage": message,
                    "variables": object(&variables)?,
                });
                self.remote.post(&format!("/jobs/{job}/error"), &body)?;
                let told = json!({ "jobKey": job.to_string(), "done": "ERROR_THROWN" });
                self.remote.tell(&told, || println!("threw {code} from {job}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
