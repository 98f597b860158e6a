//! Other engines as oracles and as a measure. They are no part of the workspace: feelin comes from
//! npm and runs in Node, dsntk is built in a workspace of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Another engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// `@bpmn-io/feelin`: FEEL as Camunda's tools run it in a browser.
    Feelin,
    /// `dsntk`: FEEL and DMN of the standard, in Rust.
    Dsntk,
}

/// All of them.
pub const PEERS: [Peer; 2] = [Peer::Feelin, Peer::Dsntk];

impl Peer {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Feelin => "feelin",
            Peer::Dsntk => "dsntk",
        }
    }

    /// Gives it a request, `answers` or `times`; its answer as lines of JSON.
    ///
    /// # Errors
    /// Why it could not be had, built or run.
    pub fn ask(self, what: &str, request: &str) -> Result<Vec<String>, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential");
        let mut command = match self {
            Peer::Feelin => {
                if !folder.join("node_modules").is_dir() {
                    run(Command::new("npm").arg("ci").arg("--silent").current_dir(&folder))?;
                }
                let mut node = Command::new("node");
                node.arg("feelin.js").current_dir(&folder);
                node
            }
            Peer::Dsntk => {
                let target = target().join("dsntk");
                let mut build = Command::new("cargo");
                build.args(["build", "--release", "--quiet"]).current_dir(folder.join("dsntk"));
                run(build.env("CARGO_TARGET_DIR", &target))?;
                Command::new(target.join("release/grevy-dsntk"))
            }
        };
        command.arg(what).stdin(Stdio::piped()).stdout(Stdio::piped());
        let fault = |error: std::io::Error| format!("{}: {error}", self.name());
        let mut child = command.spawn().map_err(fault)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(request.as_bytes()).map_err(fault)?;
        }
        let output = child.wait_with_output().map_err(fault)?;
        match output.status.success() {
            true => {
                Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
            }
            false => Err(format!("{} ended with {}", self.name(), output.status)),
        }
    }
}

fn target() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(beside), PathBuf::from)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("{program}: {error}"))?;
    status.success().then_some(()).ok_or_else(|| format!("{program} ended with {status}"))
}
