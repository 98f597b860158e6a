//! Any bytes are a packed value or an error, any text is JSON or an error, and both round trip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use value::Packed;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packed) = Packed::from_bytes(bytes) {
        let again = Packed::from_json(&packed.to_json()).map(|own| own.to_value()).ok();
        assert_eq!(again, Some(packed.to_value()));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(packed) = Packed::from_json(text)
    {
        assert_eq!(Packed::from_json(&packed.to_json()), Ok(packed));
    }
});
