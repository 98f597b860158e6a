//! The project's own commands; `cargo xtask --help` lists them.

mod bench;
mod check;
mod console;
mod count;
mod fresh;
mod fuzz;
mod lab;
mod licences;
mod needs;
mod planted;
mod process;
mod scenarios;
mod suites;
mod tck;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Formatting, lints, licences, tidy: reads only
    Check,
    /// Formats and applies what lints can mend by themselves
    Fix,
    /// All suites, each beside its budget; closes with `N passed, N failed`
    Test {
        /// Suites to run; all without a name
        suites: Vec<String>,
    },
    /// The long runs: hours, resumable, results as JSON with the commit
    Lab {
        /// Runs to do or to go on with; without a name they are listed
        runs: Vec<String>,
        /// Forgets what was done before
        #[arg(long)]
        again: bool,
        /// How many rounds in all, instead of what the table says
        #[arg(long)]
        rounds: Option<u64>,
    },
    /// Figures beside their budgets and beside this machine's own limits
    Bench {
        /// Benchmarks to run; all without a name
        names: Vec<String>,
        /// Short runs: to see that they work, not to publish
        #[arg(long)]
        quick: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// The public conformance suites, read from ../shared/acceptance
    Tck {
        /// Suites to run; all without a name
        suites: Vec<String>,
    },
    /// Every parser and decoder under libFuzzer, a minute each
    Fuzz {
        /// Targets; all without a name
        targets: Vec<String>,
        /// How long each target is fuzzed
        #[arg(long, default_value_t = fuzz::SECONDS)]
        seconds: u64,
    },
    /// Builds the web console into the folder that the server embeds; needs Node
    Console,
    /// Plants bugs into a copy of the engine; the generated models must find each
    Planted,
    /// Sizes, names, arrows between crates
    Tidy,
    /// Writes docs/scenarios.md
    Scenarios {
        /// Compares instead of writing
        #[arg(long)]
        check: bool,
    },
    /// Clones, runs the README's first command cold, times the first completed order
    Fresh,
}

/// The root of the work tree that this program was built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo's target folder, where state between runs is kept as well.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn main() -> ExitCode {
    let root = root();
    let target = target(&root);
    let done = match Arguments::parse().command {
        Task::Check => check::check(&root),
        Task::Fix => check::fix(&root),
        Task::Test { suites } => test::run(&root, &target, &suites),
        Task::Lab { runs, again, rounds } => lab::run(&root, &target, &runs, again, rounds),
        Task::Bench { names, quick, json } => bench::run(&root, &target, &names, quick, json),
        Task::Tck { suites } => tck::run(&root, &suites),
        Task::Fuzz { targets, seconds } => fuzz::run(&root, &target, &targets, seconds),
        Task::Console => console::build(&root, &target),
        Task::Planted => planted::run(&root, &target),
        Task::Tidy => tidy::run(&root),
        Task::Scenarios { check: true } => scenarios::fresh(&root),
        Task::Scenarios { check: false } => scenarios::write(&root).map(|()| true),
        Task::Fresh => fresh::run(&root),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
