//! What may not be named: anywhere, as a type, or in a certain crate.

use super::functions::{find_all, line_of};
use super::mask::is_word;
use super::{Finding, Rule, table};

/// Words that may stand in no file at all, comments included.
pub fn words(path: &str, text: &str, found: &mut Vec<Finding>) {
    let code = super::mask::Language::of(path).is_some();
    for (at, line) in text.lines().enumerate() {
        let mut push = |text: String| {
            found.push(Finding { path: path.to_owned(), line: at + 1, rule: Rule::Word, text });
        };
        for host in table::registry_hosts() {
            if line.contains(&host) {
                push(format!("expected no registry's host, but `{host}` is named"));
            }
        }
        for word in table::unfinished() {
            if code && line.contains(&word) {
                push(format!("expected finished work, but `{word}` stands here"));
            }
        }
    }
}

/// Names of types and files that say nothing about what the thing is.
pub fn types(path: &str, masked: &[u8], found: &mut Vec<Finding>) {
    let stem = path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or(path);
    let mut push = |line: usize, name: &str| {
        let text = format!("expected a noun of the field, but `{name}` says nothing");
        found.push(Finding { path: path.to_owned(), line, rule: Rule::Name, text });
    };
    if table::FILE_NAMES_REFUSED.contains(&stem) {
        push(0, stem);
    }
    for keyword in ["struct ", "enum ", "trait ", "type ", "class ", "interface "] {
        for at in find_all(masked, keyword.as_bytes()) {
            if at > 0 && is_word(masked[at - 1]) {
                continue;
            }
            let rest = &masked[at + keyword.len()..];
            let length = rest.iter().take_while(|byte| is_word(**byte)).count();
            let name = String::from_utf8_lossy(&rest[..length]);
            // What an implementation gives to a trait is named by the trait.
            let indented = at > 0 && masked[at - 1] == b' ';
            if keyword == "type " && indented && rest[length..].starts_with(b" = ") {
                continue;
            }
            if table::TYPE_SUFFIXES_REFUSED.iter().any(|suffix| name.ends_with(suffix)) {
                push(line_of(masked, at), &name);
            }
        }
    }
}

/// The invariants of ARCHITECTURE.md that say what a crate does not know.
pub fn invariants(path: &str, masked: &[u8], found: &mut Vec<Finding>) {
    let Some(owner) = table::owner(path) else { return };
    for absent in table::ABSENT {
        if !absent.applies_to(owner) {
            continue;
        }
        for at in find_all(masked, absent.name.as_bytes()) {
            if !whole_word(masked, at, absent.name.len()) {
                continue;
            }
            let (name, reason) = (absent.name, absent.reason);
            found.push(Finding {
                path: path.to_owned(),
                line: line_of(masked, at),
                rule: Rule::Word,
                text: format!("expected no `{name}` in {owner}, but it is named: {reason}"),
            });
        }
    }
}

fn whole_word(masked: &[u8], at: usize, length: usize) -> bool {
    let before = at == 0 || !is_word(masked[at - 1]);
    before && masked.get(at + length).is_none_or(|byte| !is_word(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(check: impl Fn(&mut Vec<Finding>)) -> Vec<(usize, Rule)> {
        let mut found = Vec::new();
        check(&mut found);
        found.into_iter().map(|finding| (finding.line, finding.rule)).collect()
    }

    #[test]
    fn types_that_say_nothing_are_found() {
        let code = b"struct Job;\npub struct JobManager;\nmy_type JobManager";
        assert_eq!(texts(|f| types("crates/x/src/job.rs", code, f)), [(2, Rule::Name)]);
        assert_eq!(texts(|f| types("crates/x/src/utils.rs", b"", f)), [(0, Rule::Name)]);
    }

    #[test]
    fn the_engine_names_no_clock_and_its_tests_may() {
        let code = b"use std::time::SystemTime;\nlet my_tokio = 1;\n";
        assert_eq!(texts(|f| invariants("crates/engine/src/a.rs", code, f)), [(1, Rule::Word)]);
        assert_eq!(texts(|f| invariants("crates/grevy/src/a.rs", code, f)), []);
        assert_eq!(texts(|f| invariants("crates/engine/tests/a.rs", code, f)), []);
    }

    #[test]
    fn unfinished_work_and_registry_hosts_are_found() {
        let line = format!("a\n{}: later\n", table::unfinished()[0]);
        assert_eq!(texts(|f| words("crates/x/src/a.rs", &line, f)), [(2, Rule::Word)]);
        let line = format!("see {}/x\n", table::registry_hosts()[0]);
        assert_eq!(texts(|f| words("README.md", &line, f)), [(1, Rule::Word)]);
    }
}
