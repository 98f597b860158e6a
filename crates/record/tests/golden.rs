//! The bytes of every event as some released version wrote them. A file here is never changed: if
//! a test fails, the journals of users cannot be read any more.
//!
//! A new event needs a file: `GOLDEN=new cargo test -p grevy-record --test golden` writes the ones
//! that are missing, and no other. `.hex` is what must stay; `.txt` says what it means and may gain
//! a field that the event gained since (`GOLDEN=gained`; look at the difference).

#![expect(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::path::PathBuf;

use record::checkpoint::{
    decode_deployments, decode_instance, decode_tables, encode_deployments, encode_instance,
    encode_tables,
};
use record::specimen::{self, Choices, EventType};
use record::{MetaStep, decode_meta_step, decode_step, encode_meta_step, encode_step};

/// Something whose bytes are kept.
struct Case {
    name: String,
    fresh: Vec<u8>,
    /// Meaning of the bytes, and what it is written as today.
    read: fn(&[u8]) -> (String, Vec<u8>),
}

const TIME: i64 = 1_700_000_000_000;

fn name(of: EventType) -> String {
    format!("{}-{:02}-{}", of.aggregate, of.tag, of.name)
}

fn events() -> impl Iterator<Item = Case> {
    specimen::event_types().into_iter().map(|of| {
        let event = specimen::event_of(of, &mut Choices::full());
        let mut fresh = Vec::new();
        encode_step(&mut fresh, TIME, &Default::default(), &[event]);
        let read = |bytes: &[u8]| {
            let step = decode_step(bytes).expect("golden bytes");
            let mut again = Vec::new();
            encode_step(&mut again, step.timestamp_ms, &step.cause, &step.events);
            (format!("{:#?}\n", step.events[0]), again)
        };
        Case { name: name(of), fresh, read }
    })
}

fn meta_events() -> impl Iterator<Item = Case> {
    specimen::meta_event_types().into_iter().map(|of| {
        let events = vec![specimen::meta_event_of(of, &mut Choices::full())];
        let mut fresh = Vec::new();
        let step = MetaStep { timestamp_ms: TIME, events, ..MetaStep::default() };
        encode_meta_step(&mut fresh, &step);
        let read = |bytes: &[u8]| {
            let step = decode_meta_step(bytes).expect("golden bytes");
            let mut again = Vec::new();
            encode_meta_step(&mut again, &step);
            (format!("{:#?}\n", step.events[0]), again)
        };
        Case { name: name(of), fresh, read }
    })
}

fn blobs() -> [Case; 3] {
    let mut full = Choices::full();
    [
        Case {
            name: "checkpoint-instance".to_owned(),
            fresh: encode_instance(&specimen::instance(&mut Choices::full())),
            read: |bytes| {
                let instance = decode_instance(bytes).expect("golden bytes");
                (format!("{instance:#?}\n"), encode_instance(&instance))
            },
        },
        Case {
            name: "checkpoint-tables".to_owned(),
            fresh: encode_tables(&specimen::tables(&mut full)),
            read: |bytes| {
                let image = decode_tables(bytes).expect("golden bytes");
                (format!("{image:#?}\n"), encode_tables(&image))
            },
        },
        Case {
            name: "checkpoint-deployments".to_owned(),
            fresh: encode_deployments(&specimen::deployments(&mut full)),
            read: |bytes| {
                let image = decode_deployments(bytes).expect("golden bytes");
                (format!("{image:#?}\n"), encode_deployments(&image))
            },
        },
    ]
}

fn cases() -> Vec<Case> {
    events().chain(meta_events()).chain(blobs()).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn path(name: &str, kind: &str) -> PathBuf {
    folder().join(format!("{name}.{kind}"))
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

fn write_missing(case: &Case) {
    if !path(&case.name, "hex").exists() {
        std::fs::write(path(&case.name, "hex"), hex(&case.fresh)).unwrap();
        std::fs::write(path(&case.name, "txt"), (case.read)(&case.fresh).0).unwrap();
    }
}

#[test]
fn old_bytes_mean_what_they_meant() {
    for case in cases() {
        if std::env::var("GOLDEN").is_ok_and(|value| value == "new") {
            write_missing(&case);
        }
        let text = |kind| {
            let path = path(&case.name, kind);
            std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let bytes = unhex(&text("hex"));
        let (meaning, again) = (case.read)(&bytes);
        if std::env::var("GOLDEN").is_ok_and(|value| value == "gained") {
            std::fs::write(path(&case.name, "txt"), &meaning).unwrap();
        }
        assert_eq!(meaning, text("txt"), "{}", case.name);
        assert_eq!(hex(&again), hex(&bytes), "{}", case.name);
    }
}

#[test]
fn nothing_golden_was_dropped() {
    let known: Vec<PathBuf> = cases()
        .iter()
        .flat_map(|case| [path(&case.name, "hex"), path(&case.name, "txt")])
        .collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        assert!(known.contains(&path), "{} is of nothing in the tables", path.display());
    }
}
