//! What a folder keeps: a start takes a checkpoint and not the whole log, what is older than
//! wanted is trimmed, and what is left can still be read with its names.
#![allow(clippy::unwrap_used)] // a panic is the report of a test

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grevy::{Checkpoints, Clock};
use journal::Folder;
use track::durable::kept::Keeping;
use track::machine::{Answer, Command, Observed, Publish};
use track::mapping::{Observation, Reading};
use track::past::{self, Wanted};
use track::rows::{self, WantedCases};
use track::source::Position;
use track::tracking::Tracking;

const MODEL: &[u8] = include_bytes!("models/order-tracking.bpmn");
const STEPS: [&str; 3] = ["OrderPlacedEvent", "PaymentReceivedEvent", "GoodsFetchedEvent"];
const DAY: i64 = 86_400_000;

fn open(path: &Path, now_ms: i64, past: Duration) -> Tracking {
    let folder = Folder::open(path).unwrap();
    let clock = Clock::virtual_from(now_ms);
    let keeping = Keeping { checkpoints: Checkpoints::default(), past };
    Tracking::open_kept(Some(&folder), clock, Box::new(|_| ()), keeping).unwrap()
}

fn publish() -> Command {
    Command::Publish(Publish {
        process: Arc::from("order-tracking"),
        bpmn: Arc::from(MODEL),
        known: STEPS.iter().map(|step| (*step).to_owned()).collect(),
        stuck_after_ms: Some(DAY / 2),
        ..Publish::default()
    })
}

/// The step of this number of cases `from..`, and a record that is none.
fn observe(tracking: &Tracking, at: u64, step: usize, cases: std::ops::Range<u64>) {
    let mut offset = at;
    let mut records: Vec<Observed> = cases
        .map(|case| {
            offset += 1;
            let reading = Reading::Event(Observation {
                case: format!("order-{case}"),
                kind: STEPS[step].to_owned(),
                time_ms: tracking.clock().now() + offset as i64,
                identity: Some(u128::from(offset)),
                sender: Some("Shop".to_owned()),
                correlation: None,
                variables: None,
                ttl_ms: None,
            });
            let position = Position { partition: 0, offset };
            Observed { position, arrival_ms: tracking.clock().now(), reading, own: false }
        })
        .collect();
    let position = Position { partition: 0, offset: offset + 1 };
    let reading = Reading::Rejected { reason: "expected a type".to_owned() };
    records.push(Observed { position, arrival_ms: tracking.clock().now(), reading, own: false });
    let (process, source) = (Arc::from("order-tracking"), Arc::from("orders"));
    let answer =
        tracking.command(Command::Observe { process, source, records, proof: None }).unwrap();
    assert!(matches!(answer, Answer::Verdicts(_)));
}

/// Everything that can be asked of the state.
fn shown(tracking: &Tracking) -> String {
    let look = tracking.look(|state| {
        let cases = rows::cases(state, &WantedCases::default());
        let sources: Vec<_> = state.sources().map(|(s, p, n)| (s.to_owned(), p, n)).collect();
        let models: Vec<_> = state.models().map(|model| model.status().name()).collect();
        let alerts = rows::alerts(state);
        format!("{cases:#?}\n{alerts:#?}\n{sources:?} {models:?} {:?}", state.rejected("orders"))
    });
    look.unwrap()
}

fn files(path: &Path) -> usize {
    std::fs::read_dir(path).map_or(0, Iterator::count)
}

#[test]
fn a_start_takes_the_checkpoint_and_the_past_ends_where_it_is_no_longer_wanted() {
    let place = tempfile::tempdir().unwrap();
    let week = Duration::from_secs(7 * 86_400);
    let begin = 1_772_355_600_000;
    let tracking = open(place.path(), begin, week);
    tracking.command(publish()).unwrap();
    observe(&tracking, 0, 0, 0..300);
    observe(&tracking, 1_000, 1, 0..200);
    // A step that was skipped is a finding, and what is quiet for half a day is stuck.
    observe(&tracking, 2_000, 2, 200..250);
    drop(tracking.hold());
    tracking.advance_to(begin + DAY);
    let before = shown(&tracking);
    assert!(before.contains("stuck") && before.contains("skipped"), "{before}");
    tracking.close();
    drop(tracking);
    assert!(files(&place.path().join("track-checkpoints")) > 0, "a checkpoint was written");

    // The same state comes back, from the checkpoint.
    let tracking = open(place.path(), begin + DAY, week);
    assert_eq!(shown(&tracking), before);
    assert_eq!(tracking.journal().first_lsn(), 1, "a week is kept");
    let all = Wanted::default();
    assert_eq!(
        past::verdicts(&tracking, &all, past::Place::default(), 10_000).unwrap().rows.len(),
        553
    );
    observe(&tracking, 3_000, 1, 250..300);
    tracking.close();
    drop(tracking);

    // Ten days later only what is younger than a week can be read, with its names.
    for day in [10, 11, 12] {
        let tracking = open(place.path(), begin + day * DAY, week);
        observe(&tracking, 4_000 + day as u64 * 100, 2, 0..50);
        tracking.close();
        drop(tracking);
    }
    let tracking = open(place.path(), begin + 12 * DAY, week);
    assert!(tracking.journal().first_lsn() > 1, "what is old was trimmed");
    let trace = past::traces(&tracking, Some("order-7")).unwrap().trace("order-7").unwrap();
    let kinds: Vec<&str> = trace.messages.iter().map(|m| m.kind.as_str()).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == STEPS[2]), "{kinds:?}");
    let found = past::verdicts(&tracking, &all, past::Place::default(), 10_000).unwrap().rows;
    assert!(found.len() < 553 && found.iter().all(|row| row.verdict != "started"), "{found:?}");
    // The state knows all of it still.
    let steps = tracking.look(|state| state.find("order-tracking", "order-7").map(|c| c.1.steps()));
    assert_eq!(steps.unwrap(), Some(5));
    tracking.close();
    drop(tracking);
}
