//! The bytes of every event as some released version wrote them. A file here is never changed: if
//! a test fails, the journals of users cannot be read any more.
//!
//! A new event needs a file: `GOLDEN=new cargo test -p grevy-record --test golden` writes the ones
//! that are missing, and no other. `.hex` is what must stay; `.txt` says what it means and may gain
//! a field that the event gained since.

#![expect(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::path::PathBuf;

use record::specimen::{self, Choices, EventType, event_of};
use record::{decode_step, encode_step};

fn path(of: EventType, kind: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("{}-{:02}-{}.{kind}", of.aggregate, of.tag, of.name))
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| {
        let digits: String = line.iter().map(|byte| format!("{byte:02x}")).collect();
        digits + "\n"
    });
    lines.collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn write_missing(of: EventType) {
    if path(of, "hex").exists() {
        return;
    }
    let event = event_of(of, &mut Choices::full());
    let mut bytes = Vec::new();
    encode_step(&mut bytes, 1_700_000_000_000, &Default::default(), std::slice::from_ref(&event));
    std::fs::write(path(of, "hex"), hex(&bytes)).unwrap();
    std::fs::write(path(of, "txt"), format!("{event:#?}\n")).unwrap();
}

#[test]
fn old_bytes_mean_what_they_meant() {
    for of in specimen::event_types() {
        if std::env::var("GOLDEN").is_ok_and(|value| value == "new") {
            write_missing(of);
        }
        let read = |kind| {
            std::fs::read_to_string(path(of, kind))
                .unwrap_or_else(|error| panic!("{}: {error}", path(of, kind).display()))
        };
        let bytes = unhex(&read("hex"));
        let step = decode_step(&bytes).unwrap_or_else(|error| panic!("{of:?}: {error}"));
        assert_eq!(format!("{:#?}\n", step.events[0]), read("txt"), "{of:?}");

        let mut again = Vec::new();
        encode_step(&mut again, step.timestamp_ms, &step.cause, &step.events);
        assert_eq!(hex(&again), hex(&bytes), "{of:?}");
    }
}

#[test]
fn no_golden_event_was_dropped() {
    let known: Vec<PathBuf> = specimen::event_types()
        .into_iter()
        .flat_map(|of| [path(of, "hex"), path(of, "txt")])
        .collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(known.contains(&path), "{} is of no event in the tables", path.display());
    }
}
