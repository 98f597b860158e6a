//! Which files there are, and what no file may be.

use super::{Finding, Rule, table};
use std::path::Path;
use std::process::Command;

/// Above this size a file is an artefact: it belongs into a release, not into everybody's clone.
const FILE_BYTES_MAX: usize = 512 * 1024;

/// The paths that git tracks or would track, with slashes, relative to the root.
pub fn list(root: &Path) -> Result<Vec<String>, String> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"];
    let output = Command::new("git").args(args).current_dir(root).output();
    let output = output.map_err(|error| format!("git ls-files: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let paths = output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
}

/// The text of a file, or why it may not be here.
pub fn text(path: &str, bytes: Vec<u8>) -> Result<String, Finding> {
    let rule = Rule::Tracked;
    let finding = |text: String| Finding { path: path.to_owned(), line: 0, rule, text };
    if bytes.len() > FILE_BYTES_MAX {
        let found = bytes.len();
        return Err(finding(format!(
            "expected at most {FILE_BYTES_MAX} bytes, but it has {found}"
        )));
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| finding("expected text, but it is binary".to_owned()))
}

/// Files that must be copies of each other, because their tools know no include.
pub fn same(root: &Path, tree: &[String], found: &mut Vec<Finding>) -> Result<(), String> {
    let core = tree.iter().filter(|path| table::CORE_CLIPPY.contains(&path.as_str()));
    let mut first: Option<(&str, Vec<u8>)> = None;
    for path in core {
        let bytes = std::fs::read(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        match &first {
            None => first = Some((path, bytes)),
            Some((_, expected)) if *expected == bytes => {}
            Some((original, _)) => found.push(Finding {
                path: path.clone(),
                line: 0,
                rule: Rule::SameFile,
                text: format!("expected a copy of {original}, but it differs"),
            }),
        }
    }
    for crate_name in table::CORE {
        let manifest = format!("crates/{crate_name}/Cargo.toml");
        let clippy = format!("crates/{crate_name}/clippy.toml");
        if tree.contains(&manifest) && !tree.contains(&clippy) {
            let text = "expected the bans of the core in clippy.toml, but there is none".to_owned();
            found.push(Finding { path: manifest, line: 0, rule: Rule::SameFile, text });
        }
    }
    Ok(())
}
