//! Any text is a mapping or is refused; one that is read gives the same answer when it is written
//! and read again, and reads any record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use track::mapping::{Mapping, check};
use track::source::{Item, Position, Record};

fuzz_target!(|text: &str| {
    let Ok(mapping) = Mapping::from_yaml(text) else { return };
    let written = mapping.to_yaml(&[]);
    let again = Mapping::from_yaml(&written);
    assert_eq!(again.as_ref(), Ok(&mapping), "{written}");
    let values = [
        json!({"type": "paid", "id": "o1", "time": "2024-01-31T10:00:00Z", "n": 1.5, "x": [1, {}]}),
        json!([null, "text"]),
        json!(17),
    ];
    let record = |value| Record {
        position: Position::default(),
        headers: vec![("ce-type".into(), "paid".to_owned())],
        value,
        arrival_ms: 1_700_000_000_000,
    };
    let sample = values.map(|value| Item::Record(record(value)));
    check(&mapping, &sample);
});
