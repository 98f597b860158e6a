//! Works on jobs: the side effect is a line in the ledger, before the completion is told.

use std::path::Path;
use std::process::ExitCode;

use crate::client::Line;
use crate::ledger::Ledger;

pub fn run(folder: &Path) -> ExitCode {
    let number = std::env::var("GREVY_CRASH_NUMBER").unwrap_or_default();
    let mut ledger = Ledger::open(folder, &format!("worker-{number}"));
    let mut line = Line::new(folder);
    while !line.stopped("stop-workers") {
        for job_type in ["charge", "ship"] {
            let Some(answer) = line.ask(&format!("lease {job_type} 8")) else { continue };
            for job in answer.strip_prefix("jobs ").into_iter().flat_map(|jobs| jobs.split(' ')) {
                let Some((key, id)) = job.split_once('=') else { continue };
                ledger.write(&format!("worked {job_type} {id}"));
                if line.ask(&format!("complete {key}")).as_deref() == Some("completed") {
                    ledger.write(&format!("completed {key}"));
                }
            }
        }
    }
    ExitCode::SUCCESS
}
