//! Steps of the journals. Any event survives; a damaged or foreign frame is read or refused, and
//! what was read can be written and read again.
#![no_main]

use grevy::machine::Machine;
use libfuzzer_sys::fuzz_target;
use record::specimen::{self, Choices};

/// What any bytes come to.
fn read(bytes: &[u8]) {
    if let Ok(step) = record::decode_step(bytes) {
        let mut out = Vec::new();
        record::encode_step(&mut out, step.timestamp_ms, &step.cause, &step.events);
        let again = record::decode_step(&out).expect("what was written");
        assert_eq!(again.events, step.events);
    }
    if let Ok(step) = record::decode_meta_step(bytes) {
        let mut out = Vec::new();
        record::encode_meta_step(&mut out, &step);
        assert_eq!(record::decode_meta_step(&out).expect("what was written"), step);
    }
    if let Ok(step) = track::durable::Tracker::decode(bytes) {
        let mut out = Vec::new();
        track::durable::Tracker::encode(&step, &mut out);
        assert!(track::durable::Tracker::decode(&out).is_ok());
    }
}

fuzz_target!(|input: (Vec<(u16, u8)>, &[u8])| {
    let (damage, bytes) = input;
    read(bytes);
    let mut choices = Choices::from_bytes(bytes);
    let cause = specimen::cause(&mut choices);
    let events = [specimen::event(&mut choices), specimen::event(&mut choices)];
    let mut frame = Vec::new();
    record::encode_step(&mut frame, 1, &cause, &events);
    let step = record::decode_step(&frame).expect("what was written");
    assert_eq!(step.events, events);
    assert_eq!(step.cause, cause);
    for (at, mask) in damage {
        let at = usize::from(at) % frame.len();
        frame[at] ^= mask;
    }
    read(&frame);
});
