//! The guide's page on BPMN names scenarios that exist, and every element that runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_row_of_the_bpmn_page_has_a_scenario_that_exists() {
    let text = std::fs::read_to_string(root().join("docs/guide/bpmn.md")).expect("the page");
    let folder = std::fs::read_dir(root().join("tests/conformance/scenarios"));
    let files = folder.expect("the scenarios").map(|file| file.expect("readable").file_name());
    let known: BTreeSet<String> =
        files.map(|name| name.to_string_lossy().trim_end_matches(".txt").to_owned()).collect();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.contains("| scenario |"));
    let mut count = 0;
    for row in rows {
        let last = row.trim_end_matches('|').rsplit('|').next().expect("a cell");
        let named: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no scenario in: {row}");
        for name in named {
            assert!(known.contains(name), "no scenario {name}, as in: {row}");
        }
        count += 1;
    }
    assert!(count > 30, "the page has only {count} rows");
}
