//! Which crate may use which: the arrows of ARCHITECTURE.md, read from the manifests.

use super::{Finding, Rule, table};
use std::path::Path;

/// A dependency line of a manifest.
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    /// For tests only: such an arrow may point upwards, because it ends in no product.
    dev: bool,
}

pub fn check(root: &Path, tree: &[String], found: &mut Vec<Finding>) -> Result<(), String> {
    for path in tree {
        if path == "Cargo.lock" {
            let text = read(root, path)?;
            lock(path, &text, found);
        } else if path.ends_with("/Cargo.toml") {
            let text = read(root, path)?;
            let Some(owner) = table::owner(path) else { continue };
            manifest(path, owner, &text, found);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
}

fn manifest(path: &str, owner: &str, text: &str, found: &mut Vec<Finding>) {
    let allowed = table::ARROWS.iter().find(|(name, _)| *name == owner).map(|(_, to)| *to);
    let mut push = |line, text| {
        found.push(Finding { path: path.to_owned(), line, rule: Rule::Arrow, text });
    };
    let Some(allowed) = allowed else {
        push(0, format!("expected a row for `{owner}` in tidy/table.rs, but there is none"));
        return;
    };
    for dependency in dependencies(text) {
        let name = dependency.name;
        let ours = table::ARROWS.iter().any(|(other, _)| *other == name);
        if ours && !dependency.dev && !allowed.contains(&name) {
            let allowed = allowed.join(", ");
            let text = format!("expected only [{allowed}], but {owner} uses `{name}`");
            push(dependency.line, text);
        }
        for fence in table::FENCES.iter().filter(|fence| fence.package == name) {
            if !fence.crates.contains(&owner) && !dependency.dev {
                let (crates, reason) = (fence.crates.join(", "), fence.reason);
                let text = format!("expected `{name}` in [{crates}] only: {reason}");
                push(dependency.line, text);
            }
        }
    }
}

/// Packages that may not be linked, however deep they stand.
fn lock(path: &str, text: &str, found: &mut Vec<Finding>) {
    for (at, line) in text.lines().enumerate() {
        let Some(name) = line.strip_prefix("name = ") else { continue };
        let name = name.trim_matches('"');
        let refused = table::PACKAGES_REFUSED.iter().find(|(refused, _)| *refused == name);
        if let Some((_, reason)) = refused {
            let text = format!("expected no package `{name}`, but it is locked: {reason}");
            found.push(Finding { path: path.to_owned(), line: at + 1, rule: Rule::Arrow, text });
        }
    }
}

/// The dependency lines of a manifest. Ours are written one a line, as `name.workspace = true` or
/// `name = …`; a table such as `[dependencies.name]` counts as well.
fn dependencies(text: &str) -> Vec<Dependency<'_>> {
    let mut list = Vec::new();
    let mut section = "";
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((table, name)) = section.rsplit_once("dependencies.") {
                list.push(Dependency { line: at + 1, name, dev: table.ends_with("dev-") });
            }
            continue;
        }
        if !section.ends_with("dependencies") || line.starts_with('#') {
            continue;
        }
        if let Some((key, _)) = line.split_once('=') {
            let name = key.trim().split('.').next().unwrap_or_default();
            let dev = section.ends_with("dev-dependencies");
            list.push(Dependency { line: at + 1, name, dev });
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(owner: &str, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        manifest("crates/x/Cargo.toml", owner, text, &mut found);
        found.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let text = "[dependencies]\nvalue.workspace = true\nengine = { path = \"../engine\" }\n\
                    [dev-dependencies]\ntesting.workspace = true\n[dependencies.grevy]\n";
        assert_eq!(found("feel", text), [3, 6]);
    }

    #[test]
    fn a_fenced_package_stays_behind_its_fence() {
        let text = "[target.'cfg(unix)'.dependencies]\nrdkafka = \"0\"\n# axum = 1\n";
        assert_eq!(found("api", text), [2]);
        assert_eq!(found("kafka", text), Vec::<usize>::new());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(found("newcomer", "[dependencies]\n"), [0]);
    }

    #[test]
    fn a_refused_package_in_the_lock_file_is_found() {
        let mut list = Vec::new();
        lock("Cargo.lock", "[[package]]\nname = \"openssl-sys\"\n", &mut list);
        assert_eq!(list.len(), 1);
    }
}
