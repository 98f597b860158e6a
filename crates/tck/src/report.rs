//! What a suite's run came to.

use crate::known::Known;
use std::collections::BTreeMap;
use std::fmt;

/// The result of one suite.
pub struct Report {
    suite: String,
    informational: bool,
    known: Known,
    directories: BTreeMap<String, Counts>,
    failures: Vec<Failure>,
    surprises: Vec<String>,
    absent: Option<String>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

struct Failure {
    case: String,
    known: Option<String>,
    message: String,
}

impl Report {
    pub(crate) fn new(suite: &str, informational: bool, known: Known) -> Report {
        Report {
            suite: suite.to_owned(),
            informational,
            known,
            directories: BTreeMap::new(),
            failures: Vec::new(),
            surprises: Vec::new(),
            absent: None,
        }
    }

    pub(crate) fn set_absent(&mut self, message: String) {
        self.absent = Some(message);
    }

    /// Takes the verdict on one case: nothing, or what was expected and what was found.
    pub(crate) fn add(&mut self, directory: &str, case: &str, verdict: Result<(), String>) {
        let counts = self.directories.entry(directory.to_owned()).or_default();
        let known = self.known.reason(case).map(str::to_owned);
        match verdict {
            Ok(()) => {
                counts.passed += 1;
                if known.is_some() {
                    self.surprises.push(case.to_owned());
                }
            }
            Err(message) => {
                counts.failed += 1;
                self.failures.push(Failure { case: case.to_owned(), known, message });
            }
        }
    }

    /// A case that this engine is not meant to run.
    pub(crate) fn skip(&mut self, directory: &str) {
        self.directories.entry(directory.to_owned()).or_default().skipped += 1;
    }

    fn total(&self) -> Counts {
        self.directories.values().fold(Counts::default(), |sum, counts| Counts {
            passed: sum.passed + counts.passed,
            failed: sum.failed + counts.failed,
            skipped: sum.skipped + counts.skipped,
        })
    }

    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.total().passed
    }

    /// Whether the data was there, every difference is on the list, and the list holds no case
    /// that passes.
    pub fn is_as_expected(&self) -> bool {
        let all_known = self.failures.iter().all(|failure| failure.known.is_some());
        self.informational || (self.absent.is_none() && all_known && self.surprises.is_empty())
    }

    /// Whether the suite's data was not there.
    pub fn is_absent(&self) -> bool {
        self.absent.is_some()
    }

    /// The report with every failure and, for known ones, its reason.
    pub fn details(&self) -> String {
        let mut text = String::new();
        for failure in &self.failures {
            let known =
                failure.known.as_ref().map_or(String::new(), |why| format!(" (known: {why})"));
            text.push_str(&format!("{}{known}\n    {}\n", failure.case, failure.message));
        }
        text + &self.to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.absent {
            return writeln!(f, "{}: not run, {message}", self.suite);
        }
        for (directory, counts) in &self.directories {
            let Counts { passed, failed, skipped } = counts;
            writeln!(f, "  {directory:<60} {passed:>5} {failed:>4} {skipped:>4}")?;
        }
        let unknown = self.failures.iter().filter(|failure| failure.known.is_none());
        for failure in unknown.filter(|_| !self.informational) {
            writeln!(f, "  not on the list: {}: {}", failure.case, failure.message)?;
        }
        for case in &self.surprises {
            writeln!(f, "  on the list, but passes: {case}")?;
        }
        let Counts { passed, failed, skipped } = self.total();
        writeln!(f, "{}: {passed} passed, {failed} failed, {skipped} skipped", self.suite)
    }
}
