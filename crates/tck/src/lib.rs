//! Runs the public suites for FEEL and DMN.
//!
//! The data is not part of this repository; it is read from a directory. What is known to differ
//! stands in `known/SUITE.txt` with its reason, one case a line; a case that differs and is not on
//! the list, or is on the list and passes, makes the run fail.

mod dmn_scala;
mod dmn_tck;
mod feel_rows;
pub mod golden;
mod known;
pub mod peers;
mod report;
mod rows;

pub use report::Report;

use std::path::Path;

/// A suite: its name and how it is run.
struct Suite {
    name: &'static str,
    file: &'static str,
    /// Where a stranger gets the data.
    origin: &'static str,
    run: fn(&Path, &mut Report) -> Result<(), String>,
    known: &'static str,
    /// Whether differences are only shown.
    informational: bool,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "feel-scala",
        file: "feel/feel-scala.jsonl",
        origin: "made from the unit tests of github.com/camunda/feel-scala (Apache-2.0)",
        run: feel_rows::run,
        known: include_str!("../known/feel-scala.txt"),
        informational: false,
    },
    Suite {
        name: "dmn-scala",
        file: "dmn-scala/CASES.json",
        origin: "made from the unit tests of github.com/camunda/dmn-scala (Apache-2.0)",
        run: dmn_scala::run,
        known: include_str!("../known/dmn-scala.txt"),
        informational: false,
    },
    Suite {
        name: "dmn-tck",
        file: "dmn-tck/cases.jsonl",
        origin: "made from github.com/dmn-tck/tck (Apache-2.0)",
        run: dmn_tck::run,
        known: include_str!("../known/dmn-tck.txt"),
        informational: false,
    },
    Suite {
        name: "feelin",
        file: "feel/feelin.jsonl",
        origin: "made from the unit tests of github.com/nikku/feelin (MIT)",
        run: feel_rows::run_feelin,
        known: include_str!("../known/feelin.txt"),
        informational: true,
    },
];

/// Runs the named suites, or all, with the data under `data_dir`. A suite whose data is absent is
/// reported as not run, with where to get it.
pub fn run(suites: &[String], data_dir: &Path) -> Result<Vec<Report>, String> {
    if let Some(unknown) = suites.iter().find(|name| SUITES.iter().all(|own| own.name != *name)) {
        let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
        return Err(format!("expected a suite among {}, but found '{unknown}'", names.join(", ")));
    }
    let wanted = |suite: &&Suite| suites.is_empty() || suites.iter().any(|name| name == suite.name);
    SUITES.iter().filter(wanted).map(|suite| run_suite(suite, data_dir)).collect()
}

fn run_suite(suite: &Suite, data_dir: &Path) -> Result<Report, String> {
    let path = data_dir.join(suite.file);
    let known = known::Known::read(suite.known)?;
    let mut report = Report::new(suite.name, suite.informational, known);
    if path.exists() {
        (suite.run)(&path, &mut report)?;
    } else {
        report.set_absent(format!("{} not found; {}", path.display(), suite.origin));
    }
    Ok(report)
}
