//! `cargo xtask test`: every suite, its time beside its budget, and one closing line.

use crate::count::{Counts, Format, failed_name};
use crate::needs::Need;
use crate::process::{Go, command, watch};
use crate::suites::{MINUTES_MAX, SUITES, Suite};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A suite that runs this many times longer than its budget hangs.
const HANGS_AFTER_BUDGETS: u64 = 3;

/// A test that finds its surroundings missing prints this with its name and the reason, and
/// returns.
const NOT_RUN: &str = "not run: ";

/// What one suite came to.
struct Row {
    name: &'static str,
    counts: Counts,
    took: Duration,
    minutes: u64,
    /// Names and reasons of what was not run.
    not_run: Vec<String>,
    /// Names of tests that failed, as far as the runner tells.
    failed: Vec<String>,
}

/// Whether something that was not run is a failure.
struct Strict {
    ci: bool,
    data: bool,
}

impl Strict {
    fn from_environment() -> Strict {
        let set =
            |name| std::env::var(name).is_ok_and(|value| !["", "0", "false"].contains(&&*value));
        Strict { ci: set("CI"), data: set("GREVY_DATA_REQUIRED") }
    }

    fn refuses(&self, need: Option<Need>) -> bool {
        self.ci || (self.data && need == Some(Need::Data))
    }
}

/// Runs the suites with these names, or all; `true` when everything passed.
pub fn run(root: &Path, target: &Path, names: &[String]) -> Result<bool, String> {
    if let Some(unknown) = names.iter().find(|name| SUITES.iter().all(|s| s.name != **name)) {
        let known: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        return Err(format!("expected one of {}, but got `{unknown}`", known.join(", ")));
    }
    let chosen = |suite: &&Suite| names.is_empty() || names.iter().any(|name| name == suite.name);
    let strict = Strict::from_environment();
    let start = Instant::now();
    let mut rows = Vec::new();
    let mut built = Vec::new();
    if names.is_empty() {
        // First, so that the server is linked with it once.
        if let Err(reason) = Need::Console.meet(root, target) {
            println!("the server is tested without its page: {reason}");
        }
    }
    for suite in SUITES.iter().filter(chosen) {
        rows.push(row(suite, root, target, &strict, &built)?);
        if names.is_empty() && suite.name == "workspace" {
            built = programs(target);
        }
    }
    Ok(report(&rows, start.elapsed()))
}

/// What the tests of the workspace have built. Later suites would build the same for one package,
/// with other features and all that it stands on: six minutes on 2 cores.
fn programs(target: &Path) -> Vec<(&'static str, PathBuf)> {
    let debug = target.join("debug");
    vec![("GREVY_BIN", debug.join("grevy")), ("GREVY_EXAMPLES", debug.join("examples"))]
}

fn row(
    suite: &Suite,
    root: &Path,
    target: &Path,
    strict: &Strict,
    built: &[(&'static str, PathBuf)],
) -> Result<Row, String> {
    let (name, minutes) = (suite.name, suite.minutes);
    println!("\n=== {name} (budget {minutes} min): {}", suite.command.join(" "));
    let (not_run, failed) = (Vec::new(), Vec::new());
    let mut row =
        Row { name, counts: Counts::default(), took: Duration::ZERO, minutes, not_run, failed };
    let start = Instant::now();
    let mut environment = built.to_vec();
    for need in suite.needs {
        match need.meet(root, target) {
            Ok(met) => {
                if let Some(done) = met.done {
                    println!("for {name}: {done}");
                }
                environment.extend(met.environment);
            }
            Err(reason) => {
                println!("{NOT_RUN}{name}: {reason}");
                row.not_run.push(format!("{name}: {reason}"));
                row.counts.failed += u64::from(strict.refuses(Some(*need)));
            }
        }
    }
    if row.not_run.is_empty() {
        attempt(suite, root, environment, &mut row)?;
        if strict.refuses(None) {
            row.counts.failed += row.not_run.len() as u64;
        }
    }
    row.took = start.elapsed();
    Ok(row)
}

fn attempt(
    suite: &Suite,
    root: &Path,
    environment: Vec<(&'static str, PathBuf)>,
    row: &mut Row,
) -> Result<(), String> {
    let mut command = command(&root.join(suite.folder), suite.command);
    command.envs(environment);
    let limit = Duration::from_secs(60 * suite.minutes * HANGS_AFTER_BUDGETS);
    let mut counts = Counts::default();
    let format: Format = suite.format;
    let ended = watch(command, limit, |line| {
        if let Some(what) = line.trim_start().strip_prefix(NOT_RUN) {
            row.not_run.push(what.to_owned());
        }
        row.failed.extend(failed_name(format, line).map(str::to_owned));
        format.read(line, &mut counts);
        Go::On
    })?;
    if ended.hung {
        println!("{}: ended after {} min, it hangs", suite.name, limit.as_secs() / 60);
    }
    row.counts = format.close(ended.success, counts);
    Ok(())
}

/// The table, what was not run, and the closing line that CI reads.
fn report(rows: &[Row], took: Duration) -> bool {
    println!(
        "\n{:<16} {:>7} {:>7} {:>8} {:>8} {:>8}",
        "suite", "passed", "failed", "skipped", "min", "budget"
    );
    let mut sum = Counts::default();
    for row in rows {
        let Counts { passed, failed, skipped } = row.counts;
        let minutes = row.took.as_secs_f64() / 60.0;
        let over = if minutes > row.minutes as f64 { "  over its budget" } else { "" };
        let (name, budget) = (row.name, row.minutes);
        println!(
            "{name:<16} {passed:>7} {failed:>7} {skipped:>8} {minutes:>8.1} {budget:>8}{over}"
        );
        sum += row.counts;
    }
    let minutes = took.as_secs_f64() / 60.0;
    println!("{:<16} {:>32.1} {MINUTES_MAX:>8}", "together", minutes);
    for what in rows.iter().flat_map(|row| &row.not_run) {
        println!("{NOT_RUN}{what}");
    }
    for row in rows {
        row.failed.iter().for_each(|test| println!("failed: {}: {test}", row.name));
    }
    println!("\n{}", closing(sum));
    sum.failed == 0 && sum.passed > 0
}

fn closing(sum: Counts) -> String {
    format!("{} passed, {} failed", sum.passed, sum.failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA_ABSENT: Suite = Suite {
        name: "absent",
        command: &["sh", "-c", "echo 'absent: 1 passed, 0 failed, 0 skipped'"],
        folder: ".",
        minutes: 1,
        needs: &[Need::Data],
        format: Format::Tck,
    };

    fn run_absent(suite: &Suite, strict: &Strict) -> Row {
        row(suite, Path::new("/"), Path::new("/"), strict, &[]).unwrap()
    }

    #[test]
    fn absent_data_fails_only_where_it_is_required() {
        let stranger = run_absent(&DATA_ABSENT, &Strict { ci: false, data: false });
        assert_eq!((stranger.counts, stranger.not_run.len()), (Counts::default(), 1));
        let ci = run_absent(&DATA_ABSENT, &Strict { ci: false, data: true });
        assert_eq!((ci.counts.failed, ci.not_run.len()), (1, 1));
    }

    #[test]
    fn a_test_that_says_it_did_not_run_is_listed_and_fails_in_ci() {
        const SAYS_SO: Suite = Suite {
            command: &[
                "sh",
                "-c",
                "echo 'not run: t: no data' >&2; echo 'x: 1 passed, 0 failed, 0 skipped'",
            ],
            needs: &[],
            ..DATA_ABSENT
        };
        let stranger = run_absent(&SAYS_SO, &Strict { ci: false, data: true });
        assert_eq!((stranger.counts.passed, stranger.counts.failed), (1, 0));
        assert_eq!(stranger.not_run, ["t: no data"]);
        assert_eq!(run_absent(&SAYS_SO, &Strict { ci: true, data: true }).counts.failed, 1);
    }

    #[test]
    fn the_closing_line_is_the_plain_one() {
        assert_eq!(closing(Counts { passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed");
    }
}
