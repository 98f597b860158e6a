//! `cargo xtask fresh`: what a newcomer waits for. Clones the committed tree, runs the README's
//! first command with an empty target folder, and times the first completed order.

use crate::process::{Ended, Go, command, output, watch};
use std::path::Path;
use std::time::{Duration, Instant};

/// The budget of design.md.
const BUDGET: Duration = Duration::from_secs(4 * 60);
/// After this long the answer is "no".
const LIMIT: Duration = Duration::from_secs(20 * 60);

pub fn run(root: &Path) -> Result<bool, String> {
    let folder = std::env::temp_dir().join(format!("grevy-fresh-{}", std::process::id()));
    let result = measure(root, &folder);
    // The clone with its build is a gigabyte; a failure to remove it is worth a word, no more.
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("{}: {error}", folder.display());
    }
    let (order, first) = result?;
    let [order_s, budget_s] = [order, BUDGET].map(|time| time.as_secs_f64());
    println!("\n`{first}`");
    println!("clone to first completed order: {order_s:.0} s (budget {budget_s:.0} s)");
    println!("with the packages already downloaded, on {} cores", cores());
    Ok(order <= BUDGET)
}

fn measure(root: &Path, folder: &Path) -> Result<(Duration, String), String> {
    let start = Instant::now();
    let (from, to) = (root.to_string_lossy(), folder.to_string_lossy());
    let here = Path::new("/");
    output(command(here, &["git", "clone", "--quiet", "--no-hardlinks", &from, &to]))?;
    let readme = std::fs::read_to_string(folder.join("README.md"))
        .map_err(|error| format!("README.md: {error}"))?;
    let first = first_command(&readme).ok_or("expected a `cargo` command in README.md")?;
    println!("$ {first}");
    let mut shell = command(folder, &["sh", "-c", &first]);
    shell.env_remove("CARGO_TARGET_DIR").env("CARGO_TERM_PROGRESS_WHEN", "never");
    let mut order = None;
    let ended: Ended = watch(shell, LIMIT, |line| {
        if !completed(line) {
            return Go::On;
        }
        order = Some(start.elapsed());
        Go::Stop
    })?;
    match order {
        Some(time) => Ok((time, first)),
        None if ended.hung => Err(format!("expected an order within {} s", LIMIT.as_secs())),
        None => Err(format!("expected a completed order, but `{first}` ended without one")),
    }
}

/// The first line that starts with `cargo` in the first shell block of the README.
fn first_command(readme: &str) -> Option<String> {
    let mut shell = false;
    for line in readme.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            shell = !shell && ["sh", "bash", "console"].contains(&kind.trim());
        } else if shell {
            let line = line.trim_start_matches("$ ").trim();
            let text = line.split(" #").next().unwrap_or(line).trim();
            if text.starts_with("cargo ") {
                return Some(text.to_owned());
            }
        }
    }
    None
}

/// Whether a line of the demo tells of a completed order.
fn completed(line: &str) -> bool {
    let line = line.to_lowercase();
    line.contains("order") && line.contains("completed") && !line.contains(" 0 completed")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_is_the_first_cargo_line_of_a_shell_block() {
        let readme = "x\n```rust\ncargo no\n```\n```sh\ncd grevy\ncargo run -- demo   # 2 min\n\
                      cargo xtask test\n```\n";
        assert_eq!(first_command(readme).as_deref(), Some("cargo run -- demo"));
        assert_eq!(first_command("cargo run\n"), None);
    }

    #[test]
    fn an_order_counts_when_it_is_completed() {
        assert!(completed("order 1001 completed in 2.1 s"));
        assert!(!completed("orders: 3 started, 0 completed"));
        assert!(!completed("   Compiling grevy v0.1.0"));
    }
}
