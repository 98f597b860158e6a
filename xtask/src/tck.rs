//! `cargo xtask tck`: the public conformance suites, scored by the crate that runs them.

use crate::needs::acceptance;
use crate::process::show;
use std::path::Path;

const PACKAGE: &str = "grevy-tck";

/// Runs the suites with these names, or all. The runner prints a line a suite:
/// `SUITE: N passed, N failed, N skipped`.
pub fn run(root: &Path, suites: &[String]) -> Result<bool, String> {
    if !root.join("crates/tck/Cargo.toml").is_file() {
        return Err(format!("expected the package {PACKAGE} in crates/tck, but there is none yet"));
    }
    let data = acceptance(root);
    if !data.is_dir() {
        let place = data.display();
        return Err(format!("expected the acceptance data in {place}; see CONTRIBUTING.md"));
    }
    let data = data.to_string_lossy();
    let mut words =
        vec!["cargo", "run", "--quiet", "--release", "--package", PACKAGE, "--bin", "tck", "--"];
    words.extend(["--data", &data]);
    words.extend(suites.iter().map(String::as_str));
    show(root, &words)
}
