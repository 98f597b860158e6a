//! The demo as a process: what one has, another does not take away.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn demo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
    command.arg("demo").arg("--data-dir").arg(folder).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

/// Ended by its id, whatever the test says.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("it has ended");
    }
}

#[test]
fn a_running_demo_keeps_its_folder() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("demo");
    let child = demo(&folder).args(["--orders", "1000", "--rate", "1"]).spawn().expect("it starts");
    let mut running = Running(child);
    let output = BufReader::new(running.0.stdout.take().expect("its output"));
    let placed = output.lines().map_while(Result::ok).any(|line| line.contains("1 placed"));
    assert!(placed, "it places orders");

    let fresh = demo(&folder).args(["--fresh", "--orders", "1"]).output().expect("it ends");
    let said = String::from_utf8_lossy(&fresh.stderr);
    assert!(!fresh.status.success() && said.contains("FOLDER_LOCKED"), "{said}");
    drop(running);
    let again = demo(&folder).args(["--fresh", "--orders", "1", "--fast-clock"]).output();
    let again = again.expect("it ends");
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{said}");
}
