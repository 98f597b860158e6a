//! The public event logs: exact counts against their ground truth, in whatever order and however
//! often the events come.
#![allow(clippy::unwrap_used)] // a panic is the report of a test

use std::path::PathBuf;

use serde_json::Value;
use track::log::{Counts, LogBuilder};
use track::mapping::{Identity, Mapping, Reading, guess};
use track::source::{Item, Progress, open};

/// The folder with the logs; `None` when it is not there, which is said.
fn data() -> Option<PathBuf> {
    let dir = std::env::var("GREVY_DATA").unwrap_or_else(|_| "../../../shared/acceptance".into());
    let dir = PathBuf::from(dir).join("eventlogs");
    if !dir.exists() {
        eprintln!("not run: eventlogs: no logs at {} (set GREVY_DATA)", dir.display());
        return None;
    }
    Some(dir)
}

fn items(path: PathBuf) -> Vec<Item> {
    let (_, mut source) = open(&path, false).unwrap();
    let mut items = Vec::new();
    while source.poll(0, 10_000, &mut items).unwrap() == Progress::More {}
    items
}

fn counts<'i>(mapping: &Mapping, items: impl Iterator<Item = &'i Item>) -> Counts {
    let mut log = LogBuilder::default();
    for item in items {
        let Item::Record(record) = item else { panic!("{item:?}") };
        match mapping.read(record) {
            Reading::Event(event) => log.observe(&event).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    log.finish().counts()
}

/// The ground truth in the same words.
fn truth(truth: &Value) -> Value {
    let mut pairs: Vec<(String, String, u64)> = truth["dfg"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (text(&p[0]), text(&p[1]), p[2].as_u64().unwrap()))
        .collect();
    pairs.sort();
    serde_json::json!({
        "cases": truth["cases"], "events": truth["events"], "variants": truth["variants"],
        "activities": truth["activities"], "pairs": pairs,
        "starts": truth["start_activities"], "ends": truth["end_activities"],
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn found(counts: &Counts) -> Value {
    let mut pairs: Vec<_> =
        counts.directly_follows.iter().map(|p| (p.from.clone(), p.to.clone(), p.count)).collect();
    pairs.sort();
    let names: Vec<_> = counts.activities.keys().collect();
    serde_json::json!({
        "cases": counts.cases, "events": counts.events, "variants": counts.variants,
        "activities": names, "pairs": pairs,
        "starts": counts.start_activities, "ends": counts.end_activities,
    })
}

/// A fixed shuffle: multiplication by a number coprime to the length visits every place once.
fn shuffled(items: &[Item]) -> Vec<&Item> {
    let length = items.len();
    let step = (length / 2 + 1..).find(|s| gcd(*s, length) == 1).unwrap();
    (0..length).map(|at| &items[(at * step + 7) % length]).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn counts_equal_the_ground_truth_whatever_the_order() {
    let Some(dir) = data() else { return };
    let truths = std::fs::read_to_string(dir.join("GROUND_TRUTH.json")).unwrap();
    let truths: Value = serde_json::from_str(&truths).unwrap();
    for file in ["01_running-example.xes.gz", "08_receipt.xes.gz"] {
        let expected = truth(&truths[file]);
        let items = items(dir.join(file));
        let mapping = guess(&items).unwrap().mapping;
        assert_ne!(mapping.id, Identity::Position, "{file}: duplicates must be seen");
        assert_eq!(found(&counts(&mapping, items.iter())), expected, "{file} in order");

        let mixed = shuffled(&items);
        assert_ne!(mixed[0].position(), items[0].position());
        assert_eq!(found(&counts(&mapping, mixed.iter().copied())), expected, "{file} shuffled");

        // Every third event comes again, and the whole first half once more at the end.
        let again = items.iter().step_by(3).chain(&items[..items.len() / 2]);
        let doubled = mixed.iter().copied().chain(again);
        assert_eq!(found(&counts(&mapping, doubled)), expected, "{file} with duplicates");

        // The first event of the log comes last of all.
        let late = items[1..].iter().chain(&items[..1]);
        assert_eq!(found(&counts(&mapping, late)), expected, "{file} with a late event");
    }
}
