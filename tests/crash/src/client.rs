//! Starts instances and publishes the message that each waits for, before it waits.

use serde_json::json;

use crate::caller::{Caller, Ledger};

pub fn run(port_file: &str, ledger: &str, count: u32) -> Result<(), String> {
    let mut caller = Caller::new(port_file);
    let name = std::process::id();
    let mut ledger = Ledger::open(ledger)?;
    for number in 0..count {
        // An attempt that was not answered is not tried again under the same id: whether it
        // happened is not known, and not judged.
        let mut attempt = 0;
        let (id, key) = loop {
            attempt += 1;
            let id = format!("{name}-{number}-{attempt}");
            let answer = caller.ask(&json!({"op": "create", "id": id}));
            if let Some(key) = answer.and_then(|answer| answer["key"].as_i64()) {
                break (id, key);
            }
        };
        ledger.note(&format!("created {key} {id}"))?;
        loop {
            // The message id makes a repeated publish harmless.
            let answer = caller.ask(&json!({"op": "publish", "id": id}));
            let taken = |answer: &serde_json::Value| {
                answer["key"].is_i64() || answer["error"] == "ALREADY_EXISTS"
            };
            if answer.as_ref().is_some_and(taken) {
                break;
            }
        }
        ledger.note(&format!("published {key} {id}"))?;
    }
    Ok(())
}
