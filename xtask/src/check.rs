//! `check` (reads only) and `fix` (writes): the one gate before a commit, and its remedy.

use crate::process::{available, command, output, show};
use crate::{licences, scenarios, tidy};
use std::path::Path;

/// Formatting, lints, licences, tidy, generated pages. Runs all of them, then says which failed.
pub fn check(root: &Path) -> Result<bool, String> {
    let mut failed = Vec::new();
    let mut step = |name: &'static str, passed: bool| {
        if !passed {
            failed.push(name);
        }
    };
    step("tidy", tidy::run(root)?);
    step("scenarios", scenarios::fresh(root)?);
    step("lock", locked(root));
    step("fmt", show(root, &["cargo", "fmt", "--all", "--check"])?);
    let clippy = ["cargo", "clippy", "--workspace", "--quiet"];
    step("clippy", show(root, &[&clippy[..], &["--", "-D", "warnings"]].concat())?);
    // A test may unwrap anywhere; clippy.toml can say so only for functions marked as tests.
    let tests = ["--tests", "--benches", "--examples", "--", "-D", "warnings"];
    let unwraps = ["-A", "clippy::unwrap_used"];
    step("clippy of tests", show(root, &[&clippy[..], &tests, &unwraps].concat())?);
    if available("cargo-deny").is_some() {
        let deny = ["cargo", "deny", "--offline", "check", "bans", "licenses", "sources"];
        step("deny", show(root, &deny)?);
    } else {
        println!("not run: deny: cargo-deny is not installed; its licence list is checked here");
        step("licences", licences::check(root)?);
    }
    match failed.as_slice() {
        [] => println!("check: all passed"),
        names => println!("check: failed: {}; `cargo xtask fix` mends some", names.join(", ")),
    }
    Ok(failed.is_empty())
}

/// Whether the committed Cargo.lock is what the committed manifests say; else a clone builds what
/// nobody has tested. Cargo has mended the file by the time this runs, so git is asked.
fn locked(root: &Path) -> bool {
    let changed = |path: &str| {
        let diff = output(command(root, &["git", "diff", "--name-only", "HEAD", "--", path]));
        diff.is_ok_and(|names| !names.is_empty())
    };
    let stale = changed("Cargo.lock") && !changed("*Cargo.toml");
    if stale {
        println!("Cargo.lock: expected what the manifests say, but it was older; commit it");
    }
    !stale
}

/// Formats, applies what clippy can apply by itself, writes generated pages.
pub fn fix(root: &Path) -> Result<bool, String> {
    let clippy = ["cargo", "clippy", "--workspace", "--all-targets", "--fix", "--allow-dirty"];
    let mut fixed = show(root, &clippy)?;
    fixed &= show(root, &["cargo", "fmt", "--all"])?;
    scenarios::write(root)?;
    Ok(fixed)
}
