//! The processes of the crash test. `node FOLDER` runs an engine and answers lines of JSON on a
//! port that it prints; `client PORT-FILE LEDGER N` starts instances and publishes messages;
//! `worker PORT-FILE LEDGER` works on their jobs. Clients and workers write what was acknowledged
//! to a ledger that is synced line by line, and connect again when the node is gone.

mod caller;
mod client;
mod node;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let done = match words.as_slice() {
        ["node", folder] => node::run(&PathBuf::from(folder)),
        ["client", port, ledger, count] => match count.parse() {
            Ok(count) => client::run(port, ledger, count),
            Err(error) => Err(format!("{count}: {error}")),
        },
        ["worker", port, ledger] => worker::run(port, ledger),
        other => Err(format!("expected node, client or worker, but got {other:?}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
