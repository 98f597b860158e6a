//! The licence list of deny.toml, held against what is linked, where cargo-deny is not installed.

use crate::process::{command, output};
use serde_json::Value;
use std::path::Path;

/// Every package of the build for this machine must be usable under an allowed licence.
pub fn check(root: &Path) -> Result<bool, String> {
    let deny = std::fs::read_to_string(root.join("deny.toml"))
        .map_err(|error| format!("deny.toml: {error}"))?;
    let allowed =
        allowed(&deny).ok_or("deny.toml: expected `allow = [` with one licence a line")?;
    let rustc = output(command(root, &["rustc", "-vV"]))?;
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc -vV: expected a line `host: …`")?;
    let words = ["cargo", "metadata", "--format-version", "1", "--filter-platform", host];
    let metadata: Value = serde_json::from_str(&output(command(root, &words))?)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let mut refused = 0;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !satisfied(licence, &allowed) {
            println!("{name}: expected a licence of deny.toml, but it has `{licence}`");
            refused += 1;
        }
    }
    println!("licences: {refused} refused");
    Ok(refused == 0)
}

/// The quoted words between `allow = [` and `]`.
fn allowed(deny: &str) -> Option<Vec<&str>> {
    let list = deny.split_once("\nallow = [")?.1.split_once("\n]")?.0;
    Some(list.split('"').skip(1).step_by(2).collect())
}

/// Whether an SPDX expression can be met. `A/B`, the old way to write OR, counts as such; a text
/// that is no expression is met by nothing.
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let mut rest = Words { words: &mut words, allowed };
    rest.either() && rest.words.next().is_none()
}

struct Words<'a, 'w> {
    words: &'a mut std::iter::Peekable<std::str::SplitWhitespace<'w>>,
    allowed: &'a [&'a str],
}

impl Words<'_, '_> {
    fn take(&mut self, word: &str) -> bool {
        self.words.next_if(|next| *next == word).is_some()
    }

    fn either(&mut self) -> bool {
        let mut met = self.both();
        while self.take("OR") {
            met |= self.both();
        }
        met
    }

    fn both(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.either();
            return self.take(")") && met;
        }
        let mut name = self.words.next().unwrap_or_default().to_owned();
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.words.next().unwrap_or_default());
        }
        self.allowed.contains(&name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_or_not() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
        for met in [
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(GPL-3.0 OR MIT) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(satisfied(met, &allowed), "{met}");
        }
        for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH x", "(MIT", "MIT MIT"] {
            assert!(!satisfied(refused, &allowed), "{refused}");
        }
    }

    #[test]
    fn the_list_of_deny_toml_is_read() {
        let deny = std::fs::read_to_string(crate::root().join("deny.toml")).unwrap();
        assert!(allowed(&deny).unwrap().contains(&"MIT"));
    }
}
