//! Any bytes are read or refused; what was read can be written and read again.
//! `cargo +nightly fuzz run decode` in `crates/record`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use record::checkpoint::{decode_instance, decode_tables, encode_instance, encode_tables};

fuzz_target!(|bytes: &[u8]| {
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
    if let Ok(instance) = decode_instance(bytes) {
        assert_eq!(
            decode_instance(&encode_instance(&instance)).expect("what was written"),
            instance
        );
    }
    if let Ok(tables) = decode_tables(bytes) {
        assert_eq!(decode_tables(&encode_tables(&tables)).expect("what was written"), tables);
        let _ = engine::State::from_image(tables);
    }
});
