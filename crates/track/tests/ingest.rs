//! How fast records become durable steps of cases, and what a million open cases weigh.
//!
//! In `test` it runs a few seconds and judges nothing but that all is there; `GREVY_LAB_ROUNDS`
//! says for how many seconds it runs in `lab`, where a release build must take 50,000 events a
//! second, from JSON text to the disk.
#![allow(clippy::unwrap_used)] // a panic is the report of a test

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grevy::Clock;
use journal::Folder;
use track::feed::Feed;
use track::machine::{Command, Publish};
use track::mapping::Mapping;
use track::source::{Progress, reader};
use track::tracking::Tracking;

const MODEL: &[u8] = include_bytes!("models/order-tracking.bpmn");
const STEPS: [&str; 5] = [
    "OrderPlacedEvent",
    "PaymentReceivedEvent",
    "GoodsFetchedEvent",
    "GoodsShippedEvent",
    "OrderCompletedEvent",
];
const MAPPING: &str = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\nsender: $.source\n\
                       variables: $.data\n";
/// Events that a release build must take in a second.
const RATE_MIN: f64 = 50_000.0;

/// JSON lines of interleaved orders: a thousand at once, each with its steps in order.
struct Orders {
    next: u64,
    steps: usize,
    text: Vec<u8>,
    read: usize,
    until: Instant,
    most: u64,
}

impl Orders {
    fn fill(&mut self) {
        (self.read, self.text) = (0, std::mem::take(&mut self.text));
        self.text.clear();
        if Instant::now() >= self.until || self.next >= self.most {
            return;
        }
        for _ in 0..1_000 {
            let at = self.next;
            let width = 1_000 * self.steps as u64;
            let (block, within) = (at / width, at % width);
            let (step, order) = ((within / 1_000) as usize, block * 1_000 + within % 1_000);
            writeln!(
                self.text,
                r#"{{"specversion":"1.0","id":"e{at}","source":"Shop","type":"{}","time":{},"traceid":"t{order}","data":{{"orderId":"order-{order}","amount":120}}}}"#,
                STEPS[step],
                1_772_355_600_000_i64 + at as i64,
            )
            .unwrap();
            self.next += 1;
        }
    }
}

impl std::io::Read for Orders {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.text.len() {
            self.fill();
        }
        let count = buffer.len().min(self.text.len() - self.read);
        buffer[..count].copy_from_slice(&self.text[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

/// Resident memory of this process, in MiB.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    (pages * 4_096) >> 20
}

/// Carries orders of so many steps into a folder; events and seconds.
fn carry(steps: usize, seconds: u64, most: u64) -> (u64, f64, Tracking, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    let tracking = Tracking::open(Some(&folder), Clock::Real, Box::new(|_| ())).unwrap();
    let publish = Publish {
        process: Arc::from("order-tracking"),
        bpmn: Arc::from(MODEL),
        known: STEPS.iter().map(|step| (*step).to_owned()).collect(),
        stuck_after_ms: Some(3_600_000),
        ..Publish::default()
    };
    tracking.command(Command::Publish(publish)).unwrap();
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let orders = Orders { next: 0, steps, text: Vec::new(), read: 0, until, most };
    let input = std::io::BufReader::with_capacity(1 << 16, orders);
    let (_, source) = reader("orders", input, false).unwrap();
    let mapping = Mapping::from_yaml(MAPPING).unwrap();
    let mut feed = Feed::resume(&tracking, "order-tracking", mapping, source).unwrap();
    while feed.carry(tracking.clock().now()).unwrap() == Progress::More {}
    (feed.verdicts.records, begun.elapsed().as_secs_f64(), tracking, place)
}

#[test]
fn durable_ingest_keeps_up_and_tells_its_figures() {
    let lab = std::env::var("GREVY_LAB_ROUNDS").ok().and_then(|text| text.parse().ok());
    let fast = !cfg!(debug_assertions);
    let seconds = lab.unwrap_or(if fast { 20 } else { 2 });
    let (events, took, tracking, place) = carry(STEPS.len(), seconds, u64::MAX);
    let rate = events as f64 / took;
    println!("lab: events = {events} events");
    println!("lab: rate = {rate:.0} events/s");
    println!("lab: memory = {} MiB", memory());
    let (cases, steps) = tracking
        .look(|state| {
            (state.cases().count() as u64, state.cases().map(|(_, c)| c.steps()).sum::<u64>())
        })
        .unwrap();
    assert!(cases > 0 && steps <= events && (steps == events || cases >= 1_000_000));
    tracking.close();
    drop(place);
    assert!(!fast || rate >= RATE_MIN, "expected {RATE_MIN} events/s, but {rate:.0}");
}

#[test]
fn open_cases_have_bounded_memory() {
    let fast = !cfg!(debug_assertions);
    let wanted = if fast { 1_000_000 } else { 20_000 };
    let before = memory();
    let (events, took, tracking, place) = carry(1, 600, wanted);
    assert_eq!(events, wanted);
    assert_eq!(tracking.look(|state| state.cases().count() as u64).unwrap(), wanted);
    let grown = memory().saturating_sub(before);
    println!("lab: open cases = {wanted} cases, {grown} MiB, in {took:.1} s");
    tracking.close();
    drop(place);
    // About 1 KB a case (`engine-rules.md` 9), and what the process is without any.
    assert!(grown * 1_024 <= wanted + 200 * 1_024, "{grown} MiB for {wanted} cases");
}
