//! Blobs of checkpoints: any row survives, damage is read or refused, and no table brings the
//! state down.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::checkpoint::{decode_instance, decode_tables, encode_instance, encode_tables};
use record::specimen::{self, Choices};

fn read(bytes: &[u8]) {
    if let Ok(instance) = decode_instance(bytes) {
        let again = decode_instance(&encode_instance(&instance)).expect("what was written");
        assert_eq!(again, instance);
    }
    if let Ok(tables) = decode_tables(bytes) {
        let again = decode_tables(&encode_tables(&tables)).expect("what was written");
        assert_eq!(again, tables);
        let _ = engine::State::from_image(tables);
    }
}

fuzz_target!(|input: (bool, Vec<(u16, u8)>, &[u8])| {
    let (whole, damage, bytes) = input;
    read(bytes);
    let mut choices = Choices::from_bytes(bytes);
    let mut blob = match whole {
        true => encode_instance(&specimen::instance(&mut choices)),
        false => encode_tables(&specimen::tables(&mut choices)),
    };
    read(&blob);
    for (at, mask) in damage {
        let at = usize::from(at) % blob.len().max(1);
        if let Some(byte) = blob.get_mut(at) {
            *byte ^= mask;
        }
    }
    read(&blob);
});
