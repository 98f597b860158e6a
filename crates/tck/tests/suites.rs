//! The public suites, where their data is at hand: `GREVY_DATA`, or beside the repository.

use std::path::PathBuf;

fn data_dir() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/acceptance");
    std::env::var_os("GREVY_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from)
}

/// Runs one suite; `at_least` guards against data that is only partly there.
fn check(suite: &str, at_least: usize) {
    let reports = tck::run(&[suite.to_owned()], &data_dir()).expect("a suite of that name");
    for report in reports {
        if report.is_absent() {
            let required = std::env::var("GREVY_DATA_REQUIRED").is_ok_and(|flag| flag == "1");
            assert!(!required, "{report}");
            println!("{report}");
            continue;
        }
        assert!(report.is_as_expected(), "{report}");
        assert!(report.passed() >= at_least, "{report}");
    }
}

#[test]
fn feel_scala() {
    check("feel-scala", 1_019);
}

#[test]
fn dmn_scala() {
    check("dmn-scala", 53);
}

#[test]
fn dmn_tck() {
    check("dmn-tck", 3_375);
}
