//! Works on both kinds of jobs until it is ended. What it did is in its ledger before the engine
//! hears of it, as a real side effect would be.

use serde_json::json;

use crate::caller::{Caller, Ledger};

pub fn run(port_file: &str, ledger: &str) -> Result<(), String> {
    let mut caller = Caller::new(port_file);
    let mut ledger = Ledger::open(ledger)?;
    loop {
        for job_type in ["first", "second"] {
            let answer = caller.ask(&json!({"op": "activate", "type": job_type}));
            let Some(answer) = answer else { continue };
            for job in answer["jobs"].as_array().into_iter().flatten() {
                let (key, instance) = (&job["key"], &job["instance"]);
                ledger.note(&format!("worked {key} {instance} {job_type}"))?;
                let answer = caller.ask(&json!({"op": "complete", "job": key}));
                if answer.is_some_and(|answer| answer["done"] == true) {
                    ledger.note(&format!("completed {key} {instance} {job_type}"))?;
                }
            }
        }
    }
}
