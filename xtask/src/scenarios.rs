//! `docs/scenarios.md`: which acceptance scenario has which test.
//!
//! The ids come from `../shared/scenarios.md`, the tests from their names: `fn e1_one_line()`,
//! `test('S1 …')`, `def test_m9_…`, `p1_ttl.txt` among the golden scenarios. The page is committed,
//! and compared where the source exists.

use crate::needs::shared;
use crate::tidy::{Language, files, mask};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/scenarios.md";

/// One id of the source, in its order.
#[derive(Debug, PartialEq, Eq)]
struct Scenario {
    id: String,
    title: String,
}

/// A test that carries an id in its name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Proof {
    path: String,
    name: String,
    /// What carries the events: `built-in`, `Kafka` or `–` where no bus takes part.
    bus: &'static str,
    /// Runs in `lab` only.
    lab: bool,
}

/// Writes the page.
pub fn write(root: &Path) -> Result<(), String> {
    let Some(page) = page(root)? else {
        println!("not run: scenarios: {} is not here", source(root).display());
        return Ok(());
    };
    std::fs::write(root.join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("wrote {PAGE}");
    Ok(())
}

/// Whether the committed page says what the tree says; `true` too where the source is not here.
pub fn fresh(root: &Path) -> Result<bool, String> {
    let Some(page) = page(root)? else {
        println!("scenarios: not compared, {} is not here", source(root).display());
        return Ok(true);
    };
    let fresh = std::fs::read_to_string(root.join(PAGE)).is_ok_and(|committed| committed == page);
    if fresh {
        println!("scenarios: {PAGE} is fresh");
    } else {
        println!("{PAGE}: expected what the tests say; run `cargo xtask scenarios` and commit it");
    }
    Ok(fresh)
}

fn source(root: &Path) -> std::path::PathBuf {
    shared(root).join("scenarios.md")
}

fn page(root: &Path) -> Result<Option<String>, String> {
    let Ok(text) = std::fs::read_to_string(source(root)) else { return Ok(None) };
    let scenarios = scenarios(&text);
    let mut proofs: BTreeMap<String, Vec<Proof>> = BTreeMap::new();
    for path in files::list(root)? {
        // This folder's tests quote names of tests.
        if path.starts_with("xtask/") {
            continue;
        }
        proofs_of_golden(&path).into_iter().for_each(|(id, proof)| {
            proofs.entry(id).or_default().push(proof);
        });
        let kind = ["rs", "ts", "tsx", "mjs", "js", "py"].iter().any(|end| path.ends_with(end));
        let Some(text) = kind.then(|| std::fs::read_to_string(root.join(&path)).ok()).flatten()
        else {
            continue;
        };
        for (id, proof) in proofs_in(&path, &text) {
            proofs.entry(id).or_default().push(proof);
        }
    }
    Ok(Some(render(&scenarios, &proofs)))
}

/// Ids from table rows (`| T1 Title | …`) and bullets (`* **S1 Title**. …`).
fn scenarios(text: &str) -> Vec<Scenario> {
    let mut list = Vec::new();
    for line in text.lines() {
        let (head, rest) = if let Some(row) = line.strip_prefix("| ") {
            let mut cells = row.split('|');
            (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
        } else if let Some(bullet) = line.strip_prefix("* **") {
            bullet.split_once("**").unwrap_or((bullet, ""))
        } else {
            continue;
        };
        let (id, title) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
        let letters = id.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let numbered = letters.len() < id.len() && (1..=2).contains(&letters.len());
        if !numbered || !letters.chars().all(|letter| letter.is_ascii_uppercase()) {
            continue;
        }
        let title = if title.is_empty() { rest } else { title };
        let title = title.trim().trim_start_matches("+ ").to_owned();
        list.push(Scenario { id: id.to_owned(), title });
    }
    list
}

/// A golden scenario is a test by itself: its file has the id in its name.
fn proofs_of_golden(path: &str) -> Option<(String, Proof)> {
    let file = path.strip_prefix("tests/conformance/scenarios/")?;
    let name = file.strip_suffix(".txt")?;
    let (path, name) = (path.to_owned(), name.to_owned());
    Some((id_of(&name)?, Proof { path, name, bus: "–", lab: false }))
}

fn proofs_in(path: &str, text: &str) -> Vec<(String, Proof)> {
    let lines: Vec<&str> = text.lines().collect();
    let code = Language::of(path) == Some(Language::Rust);
    let masked = if code { mask(text, Language::Rust) } else { text.as_bytes().to_vec() };
    let masked = String::from_utf8_lossy(&masked).into_owned();
    let mut found = Vec::new();
    for (at, line) in masked.lines().enumerate() {
        let above = above(&lines[..at]);
        let name = if code {
            above.iter().any(|line| line.starts_with("#[") && line.contains("test")).then(|| {
                let rest = line.trim().trim_start_matches("pub ").trim_start_matches("async ");
                rest.strip_prefix("fn ").and_then(|rest| rest.split('(').next())
            })
        } else {
            Some(script_name(line))
        };
        let Some(name) = name.flatten() else { continue };
        let Some(id) = id_of(name) else { continue };
        let near = |word: &str| above.iter().any(|line| line.contains(word));
        let kafka = [path, name].iter().any(|text| text.to_lowercase().contains("kafka"));
        let bus = match () {
            () if kafka || near("Bus: Kafka") => "Kafka",
            () if near("Bus: built-in") => "built-in",
            () => "–",
        };
        let lab = near("#[ignore");
        found.push((id, Proof { path: path.to_owned(), name: name.to_owned(), bus, lab }));
    }
    found
}

/// The attributes and comments that stand directly above the next line.
fn above<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let belongs = |line: &&&str| ["#", "//", "@"].iter().any(|start| line.starts_with(start));
    let trimmed: Vec<&str> = lines.iter().rev().take(20).map(|line| line.trim()).collect();
    trimmed.iter().take_while(belongs).copied().collect()
}

/// The name in `test('S1 …'`, `it("S1 …"` or `def test_s1_…(`.
fn script_name(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("def test_").or(line.strip_prefix("async def test_")) {
        return rest.split('(').next();
    }
    let rest = ["test(", "it(", "describe("].iter().find_map(|start| line.strip_prefix(start))?;
    let quote = rest.chars().next().filter(|letter| "'\"`".contains(*letter))?;
    rest[1..].split(quote).next()
}

/// The id at the start of a test's name: `p3_resequencer` and `P3 re-sequencer` are both P3.
fn id_of(name: &str) -> Option<String> {
    let word = name.split(['_', ' ', ':']).next()?;
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = word.len() - letters.len();
    let family = letters.to_ascii_uppercase();
    let families = ["S", "T", "B", "AC", "M", "L", "G", "P", "E", "V", "W", "N"];
    let fits = (1..=2).contains(&digits) && families.contains(&family.as_str());
    fits.then(|| word.to_ascii_uppercase())
}

fn render(scenarios: &[Scenario], proofs: &BTreeMap<String, Vec<Proof>>) -> String {
    let tested = scenarios.iter().filter(|scenario| proofs.contains_key(&scenario.id)).count();
    let mut page = format!(
        "# Scenarios\n\n\
         Generated by `cargo xtask scenarios` from the names of the tests; do not edit.\n\
         A bus of – means that no bus takes part, or that the test does not say.\n\n\
         {tested} of {} scenarios have a test.\n\n\
         | id | scenario | test | bus | state |\n|---|---|---|---|---|\n",
        scenarios.len()
    );
    for Scenario { id, title } in scenarios {
        let mut list: Vec<&Proof> = proofs.get(id).into_iter().flatten().collect();
        list.sort();
        let link = |proof: &&Proof| format!("[`{}`](../{})", proof.name, proof.path);
        let tests: Vec<String> = list.iter().map(link).collect();
        let mut buses: Vec<&str> = list.iter().map(|proof| proof.bus).collect();
        buses.sort_unstable();
        buses.dedup();
        let state = match list.as_slice() {
            [] => "not yet",
            list if list.iter().all(|proof| proof.lab) => "tested in lab",
            _ => "tested",
        };
        let (tests, buses) = (tests.join("<br>"), buses.join(", "));
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {id} | {title} | {tests} | {buses} | {state} |");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_rows_and_bullets() {
        let text = "* **S1 Dash button**. Do: x\n| ID | Do |\n|---|---|\n| T1 Title | y |\n\
                    | G1 | book, flight fails | z |\n| P4 + timeouts | a |\n* **Format** b\n";
        let found: Vec<_> = scenarios(text).into_iter().map(|s| (s.id, s.title)).collect();
        let pairs = [
            ("S1", "Dash button"),
            ("T1", "Title"),
            ("G1", "book, flight fails"),
            ("P4", "timeouts"),
        ];
        assert_eq!(found, pairs.map(|(id, title)| (id.to_owned(), title.to_owned())));
    }

    #[test]
    fn tests_are_found_by_their_names() {
        let rust = "/// Bus: Kafka\n#[test]\nfn e1_one_line() {}\nfn e2_not_a_test() {}\n\
                    // #[test]\n// fn e3_a_comment() {}\n#[tokio::test]\n#[ignore = \"lab\"]\n\
                    async fn ac1_late() {}\n#[test]\nfn step1() {}\n";
        let found = proofs_in("crates/x/tests/a.rs", rust);
        let list: Vec<_> = found.iter().map(|(id, p)| (&**id, &*p.name, p.bus, p.lab)).collect();
        assert_eq!(list, [("E1", "e1_one_line", "Kafka", false), ("AC1", "ac1_late", "–", true)]);
        let found = proofs_in("console/v3.test.ts", "  test('V3 operations', async () => {\n");
        assert_eq!(found[0].0, "V3");
        assert_eq!(proofs_in("tests/clients/t.py", "def test_m9_polyglot(port):\n")[0].0, "M9");
    }

    #[test]
    fn golden_scenarios_prove_the_id_in_their_name() {
        let id = |path| super::proofs_of_golden(path).map(|(id, _)| id);
        assert_eq!(id("tests/conformance/scenarios/p1_ttl.txt"), Some("P1".to_owned()));
        assert_eq!(id("tests/conformance/scenarios/ad_hoc.txt"), None);
        assert_eq!(id("docs/p1_ttl.txt"), None);
    }

    #[test]
    fn a_scenario_without_a_test_says_so() {
        let list = [Scenario { id: "E1".to_owned(), title: "one line".to_owned() }];
        let page = render(&list, &BTreeMap::new());
        assert!(page.contains("0 of 1") && page.contains("| E1 | one line |  |  | not yet |"));
    }
}
