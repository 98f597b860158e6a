//! The suites of `cargo xtask test`: one row each. A new suite is a new row.

use crate::count::Format;
use crate::needs::Need;

/// A named set of tests.
pub struct Suite {
    pub name: &'static str,
    /// The program and its arguments.
    pub command: &'static [&'static str],
    /// Where it runs, relative to the root.
    pub folder: &'static str,
    /// What it may take cold on 2 cores. More is reported; what needs more goes to `lab`.
    pub minutes: u64,
    pub needs: &'static [Need],
    /// How its output tells passed from failed.
    pub format: Format,
}

/// All suites together may take half an hour, cold, on 2 cores.
pub const MINUTES_MAX: u64 = 30;

pub const SUITES: &[Suite] = &[
    Suite {
        name: "workspace",
        // The output of tests that pass is shown because some say there that they did not run.
        command: &[
            "cargo",
            "test",
            "--workspace",
            "--exclude",
            "xtask",
            "--no-fail-fast",
            "--",
            "--show-output",
        ],
        folder: ".",
        minutes: 12,
        needs: &[],
        format: Format::Cargo,
    },
    Suite {
        name: "xtask",
        // Its tests play suites that did not run; what those say is not ours to collect.
        command: &["cargo", "test", "--package", "xtask", "--no-fail-fast"],
        folder: ".",
        minutes: 2,
        needs: &[],
        format: Format::Cargo,
    },
    Suite {
        name: "console",
        // It builds the server itself, with the console that was just built.
        command: &["node", "--test", "--test-concurrency=1", "--test-reporter=spec"],
        folder: "tests/console",
        minutes: 5,
        needs: &[Need::Console, Need::Npm("tests/console"), Need::Chromium],
        format: Format::Node,
    },
    Suite {
        name: "tck",
        // FEEL and DMN against the public suites; known differences are in crates/tck/known.
        command: &["cargo", "xtask", "tck"],
        folder: ".",
        minutes: 3,
        needs: &[Need::Data],
        format: Format::Tck,
    },
    Suite {
        name: "scenarios",
        command: &["cargo", "xtask", "scenarios", "--check"],
        folder: ".",
        minutes: 1,
        needs: &[],
        format: Format::Exit,
    },
    Suite {
        name: "clients",
        // The clients themselves come from their registries, unmodified.
        command: &["python3", "tests/clients/run.py"],
        folder: ".",
        minutes: 7,
        needs: &[Need::Node, Need::Maven, Need::Data, Need::Python(CLIENTS)],
        format: Format::Summary,
    },
];

/// As `tests/clients/requirements.txt` has them, for those who run the suite by itself.
const CLIENTS: &[&str] =
    &["pyzeebe==4.7.0", "camunda-orchestration-sdk==10.0.1", "schemathesis==4.32.5"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_python_clients_are_those_of_the_requirements() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/clients/requirements.txt");
        let wanted = std::fs::read_to_string(file).unwrap();
        assert_eq!(wanted.split_whitespace().collect::<Vec<_>>(), CLIENTS);
    }

    #[test]
    fn the_budgets_of_all_suites_fit_into_half_an_hour() {
        let sum: u64 = SUITES.iter().map(|suite| suite.minutes).sum();
        assert!(sum <= MINUTES_MAX, "{sum} minutes: move something to lab");
    }
}
