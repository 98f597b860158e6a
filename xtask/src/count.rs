//! Reads how many tests passed from the output of their runner.

use std::ops::AddAssign;

/// What a run of tests came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The runners whose closing lines are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "a format is here before the first suite that is run by it")]
pub enum Format {
    /// `cargo test`: one line for each test binary.
    Cargo,
    /// `node --test`: a line for each of passed, failed and skipped.
    Node,
    /// Vitest and pytest: `3 passed`, `1 failed` in one line.
    Summary,
    /// Maven's surefire: its last line is the sum.
    Surefire,
    /// `go test -v`: a line for each test.
    Go,
    /// `SUITE: N passed, N failed, N skipped`, as `cargo xtask tck` prints.
    Tck,
    /// No counts: the exit code is one test.
    Exit,
}

impl Format {
    /// Folds one line of output into the counts.
    pub fn read(self, line: &str, counts: &mut Counts) {
        let line = line.trim();
        match self {
            Format::Cargo => {
                if let Some(rest) = line.strip_prefix("test result: ") {
                    *counts += words(rest, "ignored");
                }
            }
            Format::Node => node(line.trim_start_matches(['#', 'ℹ', ' ']), counts),
            Format::Summary => {
                let found = words(line, "skipped");
                if found != Counts::default() {
                    *counts = found;
                }
            }
            Format::Surefire => {
                if let Some(found) = surefire(line) {
                    *counts = found;
                }
            }
            Format::Go => {
                counts.passed += u64::from(line.starts_with("--- PASS"));
                counts.failed += u64::from(line.starts_with("--- FAIL"));
                counts.skipped += u64::from(line.starts_with("--- SKIP"));
            }
            Format::Tck => {
                if line.contains(" passed, ") && line.ends_with(" skipped") {
                    *counts += words(line, "skipped");
                }
            }
            Format::Exit => {}
        }
    }

    /// What remains when the run is over: a failure that no line counted is one failure.
    pub fn close(self, success: bool, mut counts: Counts) -> Counts {
        if self == Format::Exit {
            counts.passed = u64::from(success);
        }
        // The runner succeeds when nothing but the committed differences failed.
        if self == Format::Tck && success {
            counts.skipped += std::mem::take(&mut counts.failed);
        }
        if !success && counts.failed == 0 {
            counts.failed = 1;
        }
        counts
    }
}

/// The name of a test that failed, from the line that says so.
pub fn failed_name(format: Format, line: &str) -> Option<&str> {
    let line = line.trim();
    match format {
        Format::Cargo => line.strip_prefix("test ")?.strip_suffix(" ... FAILED"),
        Format::Node => line.strip_prefix("not ok ").or(line.strip_prefix("✖ ")),
        Format::Summary => line.strip_prefix("FAILED ").or(line.strip_prefix("FAIL ")),
        Format::Go => line.strip_prefix("--- FAIL: "),
        Format::Surefire => line.strip_prefix("[ERROR]   "),
        Format::Tck | Format::Exit => None,
    }
}

/// The numbers before `passed`, `failed` and the word for skipped.
fn words(line: &str, skipped: &str) -> Counts {
    let mut counts = Counts::default();
    let mut number = 0;
    for word in line.split(|letter: char| !letter.is_alphanumeric()) {
        match word.parse::<u64>() {
            Ok(found) => number = found,
            Err(_) if word == "passed" => counts.passed = number,
            Err(_) if word == "failed" => counts.failed = number,
            Err(_) if word == skipped => counts.skipped = number,
            Err(_) => {}
        }
    }
    counts
}

fn node(line: &str, counts: &mut Counts) {
    let Some((word, number)) = line.split_once(' ') else { return };
    let Ok(number) = number.parse() else { return };
    match word {
        "pass" => counts.passed = number,
        "fail" => counts.failed = number,
        "skipped" => counts.skipped = number,
        _ => {}
    }
}

/// `Tests run: 5, Failures: 1, Errors: 0, Skipped: 0`, without the name of a class.
fn surefire(line: &str) -> Option<Counts> {
    let line = line.trim_start_matches("[INFO]").trim_start_matches("[ERROR]").trim();
    if !line.starts_with("Tests run:") || line.contains("Time elapsed") {
        return None;
    }
    let numbers = line.split(|letter: char| !letter.is_ascii_digit());
    let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
    let [run, failures, errors, skipped] = numbers.as_slice() else { return None };
    let failed = failures + errors;
    Some(Counts { passed: run.checked_sub(failed + skipped)?, failed, skipped: *skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(format: Format, success: bool, text: &str) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        text.lines().for_each(|line| format.read(line, &mut counts));
        let counts = format.close(success, counts);
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn the_closing_lines_of_each_runner_are_understood() {
        let cargo = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                     test result: FAILED. 2 passed; 3 failed; 0 ignored; finished in 0.1s";
        assert_eq!(counted(Format::Cargo, false, cargo), (14, 3, 1));
        assert_eq!(counted(Format::Node, true, "ℹ pass 5\n# fail 0\nℹ skipped 2"), (5, 0, 2));
        let vitest = " Test Files  1 passed (1)\n      Tests  1 failed | 12 passed (13)";
        assert_eq!(counted(Format::Summary, false, vitest), (12, 1, 0));
        assert_eq!(counted(Format::Summary, true, "== 7 passed, 2 skipped in 0.1s =="), (7, 0, 2));
        let maven = "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s\n\
                     [ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1";
        assert_eq!(counted(Format::Surefire, false, maven), (2, 2, 1));
        assert_eq!(counted(Format::Go, true, "=== RUN A\n--- PASS: A (0.0s)"), (1, 0, 0));
        let tck = "feel: 9 passed, 1 failed, 2 skipped\ndmn: 3 passed, 0 failed, 0 skipped";
        assert_eq!(counted(Format::Tck, false, tck), (12, 1, 2));
        assert_eq!(counted(Format::Tck, true, tck), (12, 0, 3));
    }

    #[test]
    fn failed_tests_are_named() {
        assert_eq!(failed_name(Format::Cargo, "test a::b ... FAILED"), Some("a::b"));
        assert_eq!(failed_name(Format::Cargo, "test a::b ... ok"), None);
        assert_eq!(failed_name(Format::Go, "    --- FAIL: A/b (0.1s)"), Some("A/b (0.1s)"));
    }

    #[test]
    fn a_failure_that_nobody_counted_is_one() {
        assert_eq!(counted(Format::Cargo, false, "error: could not compile"), (0, 1, 0));
        assert_eq!(counted(Format::Exit, true, ""), (1, 0, 0));
        assert_eq!(counted(Format::Exit, false, ""), (0, 1, 0));
    }
}
