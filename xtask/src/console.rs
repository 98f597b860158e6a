//! `cargo xtask console`: the web console, built where the server's build embeds it.

use std::path::Path;

use crate::needs::Need;
use crate::process::show;

/// Where the server looks for the page; not in git.
const PAGE: &str = "crates/cli/console/dist/index.html";

/// Installs what the lock file says, checks the types, builds. Needs Node; the server does not.
pub fn build(root: &Path, target: &Path) -> Result<bool, String> {
    let met = Need::Npm("console").meet(root, target)?;
    met.done.into_iter().for_each(|done| println!("for the console: {done}"));
    let passed = show(&root.join("console"), &["npm", "run", "--silent", "build"])?;
    if passed {
        println!("{PAGE}: the next `cargo build` of the server has the page");
    }
    Ok(passed)
}
