//! Any bytes are events in JSON lines, in an array or as CloudEvents, or bad items at a position.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use track::mapping::guess;
use track::source::{Body, JsonArray, JsonLines, Position, Progress, Source, parse_cloudevents};

/// Reads to the end; positions grow, and reading again from the middle gives the same.
fn read<S: Source>(open: impl Fn() -> Option<S>) {
    let Some(mut source) = open() else { return };
    let mut items = Vec::new();
    while matches!(source.poll(0, 7, &mut items), Ok(Progress::More)) {}
    let positions: Vec<Position> = items.iter().map(|item| item.position()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
    let _ = guess(&items);
    let Some(middle) = positions.get(positions.len() / 2) else { return };
    let Some(mut source) = open() else { return };
    if source.seek(*middle).is_err() {
        return;
    }
    let mut rest = Vec::new();
    while matches!(source.poll(0, 7, &mut rest), Ok(Progress::More)) {}
    let rest: Vec<Position> = rest.iter().map(|item| item.position()).collect();
    assert_eq!(rest, positions[positions.len() / 2..]);
}

fuzz_target!(|bytes: &[u8]| {
    read(|| Some(JsonLines::new("fuzz", Cursor::new(bytes.to_vec()), false)));
    read(|| Some(JsonArray::new("fuzz", Cursor::new(bytes.to_vec()))));
    for media in
        ["application/cloudevents+json", "application/cloudevents-batch+json", "text/plain"]
    {
        let body = Body { content_type: media, bytes };
        let headers = [("ce-id", "1"), ("ce-type", "paid"), ("ce-source", "/shop")];
        let _ = parse_cloudevents(body, headers.into_iter());
    }
});
