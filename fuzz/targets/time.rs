//! Any text as a date, a duration, a cycle, a cron expression, at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::time;

fuzz_target!(|input: (i64, &str)| {
    let (now, text) = input;
    let _ = time::parse_date(text);
    if let Ok(duration) = time::parse_duration(text) {
        time::add_duration(now, &duration);
    }
    if let Ok(cycle) = time::parse_cycle(text) {
        time::first_due(&cycle, now);
        time::next_due(&cycle, now, now);
    }
    let value = serde_json::Value::from(text);
    let _ = track::mapping::parse_time(&value, &track::mapping::TimeFormat::Standard);
    let _ = track::mapping::duration_ms(text);
});
