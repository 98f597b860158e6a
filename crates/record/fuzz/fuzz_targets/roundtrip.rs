//! Values made from the fuzzer's bytes survive. `cargo +nightly fuzz run roundtrip` in
//! `crates/record`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use record::specimen::{self, Choices};

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::from_bytes(bytes);
    let cause = specimen::cause(&mut choices);
    let events = [specimen::event(&mut choices), specimen::event(&mut choices)];
    let mut frame = Vec::new();
    record::encode_step(&mut frame, 1, &cause, &events);
    let step = record::decode_step(&frame).expect("what was written");
    assert_eq!(step.events, events);
    assert_eq!(step.cause, cause);
});
