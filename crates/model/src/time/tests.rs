use proptest::prelude::*;

use super::*;

fn date(text: &str) -> i64 {
    parse_date(text).unwrap_or_else(|e| panic!("{e}"))
}

fn duration(text: &str) -> Duration {
    parse_duration(text).unwrap_or_else(|e| panic!("{e}"))
}

fn cycle(text: &str) -> Cycle {
    parse_cycle(text).unwrap_or_else(|e| panic!("{e}"))
}

fn refused<T>(result: Result<T, TimeTextError>, part: &str) {
    let error = result.err().unwrap_or_else(|| panic!("accepted, but should say {part:?}"));
    assert!(error.message().starts_with("expected "), "{error}");
    assert!(error.message().contains(part), "{error} lacks {part:?}");
}

#[test]
fn dates() {
    assert_eq!(date("1970-01-01T00:00:01Z"), 1_000);
    assert_eq!(date("1970-01-01T00:00:00.250Z"), 250);
    assert_eq!(date("1970-01-01T02:00:00+02:00"), 0);
    assert_eq!(date("1970-01-01T00:00Z"), 0);
    assert_eq!(date("2026-07-01T12:00:00+02:00[Europe/Berlin]"), date("2026-07-01T10:00:00Z"));
    // The offset wins over a zone that disagrees.
    assert_eq!(date("2026-07-01T12:00:00+03:00[Europe/Berlin]"), date("2026-07-01T09:00:00Z"));
    assert!(date("1969-12-31T23:59:59Z") < 0);
    refused(parse_date("2026-03-01T12:00:00"), "write 2026-03-01T12:00:00Z for UTC");
    refused(parse_date("2026-13-01T12:00:00Z"), "is none");
    refused(parse_date("PT5M"), "is a duration");
    refused(parse_date(" "), "is empty");
    refused(parse_date(&"9".repeat(501)), "at most 500 characters");
}

#[test]
fn durations() {
    let day = 86_400_000;
    assert_eq!(duration("P7D"), Duration { months: 0, ms: 7 * day });
    assert_eq!(duration("P2W"), Duration { months: 0, ms: 14 * day });
    assert_eq!(duration("P1Y2M"), Duration { months: 14, ms: 0 });
    assert_eq!(duration("P1Y2M3DT4H5M6.789S").months, 14);
    assert_eq!(duration("P3DT4H5M6.789S").ms, 3 * day + 4 * 3_600_000 + 5 * 60_000 + 6_789);
    assert_eq!(duration("pt0.5s").ms, 500);
    assert_eq!(duration("PT0,0019S").ms, 1);
    assert_eq!(duration("-PT10S").ms, -10_000);
    assert_eq!(duration("PT-10.5S").ms, -10_500);
    assert_eq!(duration("PT-0.5S").ms, -500);
    assert_eq!(duration("-P1M-1D"), Duration { months: -1, ms: day });
    assert_eq!(duration("PT36H").ms, 36 * 3_600_000);
}

#[test]
fn slips_are_told() {
    refused(parse_duration("PT7D"), "write P7D");
    refused(parse_duration("P10S"), "write PT10S");
    refused(parse_duration("P5H"), "write PT5H");
    refused(parse_duration("7D"), "does not begin with P");
    refused(parse_duration("P"), "nothing after P");
    refused(parse_duration("P1DT"), "nothing after T");
    refused(parse_duration("PT5"), "ends without a unit");
    refused(parse_duration("PTM"), "unit without a number");
    refused(parse_duration("PT1.5H"), "fraction of something else");
    refused(parse_duration("P1D1Y"), "out of order");
    refused(parse_duration("PT5X"), "'X'");
    refused(parse_duration("P99999999999999999999D"), "longer than the calendar");
    refused(parse_duration("P9999999Y"), "longer than the calendar");
    refused(parse_duration("PT5é"), "ends without a unit");
}

#[test]
fn months_end_on_their_last_day() {
    let add = |start: &str, span: &str| add_duration(date(start), &duration(span));
    assert_eq!(add("2026-01-31T10:00:00Z", "P1M"), date("2026-02-28T10:00:00Z"));
    assert_eq!(add("2024-01-31T10:00:00Z", "P1M1D"), date("2024-03-01T10:00:00Z"));
    assert_eq!(add("2024-02-29T00:00:00Z", "P1Y"), date("2025-02-28T00:00:00Z"));
    assert_eq!(add("2026-03-31T00:00:00Z", "-P1M"), date("2026-02-28T00:00:00Z"));
    assert_eq!(add("2026-03-29T00:00:00Z", "P1D"), date("2026-03-30T00:00:00Z"));
    assert!(add("9999-01-01T00:00:00Z", "P9000Y") >= date("9999-12-30T00:00:00Z"));
    assert!(add("0001-01-01T00:00:00Z", "-P19000Y") < date("0001-01-01T00:00:00Z"));
}

#[test]
fn intervals_do_not_drift() {
    let every = cycle("R3/PT10S");
    assert!(matches!(every, Cycle::Repeat { count: Some(3), start: None, .. }));
    // Fired 4 s late: the next one is still a multiple of ten seconds away.
    assert_eq!(next_due(&every, 10_000, 14_000), Some(20_000));
    assert_eq!(first_due(&every, 5_000), Some(15_000));
    assert!(matches!(cycle("R/P1D"), Cycle::Repeat { count: None, .. }));
    let from = cycle("R2/2026-01-31T00:00:00Z/P1M");
    assert_eq!(first_due(&from, 0), Some(date("2026-01-31T00:00:00Z")));
    assert_eq!(
        next_due(&from, date("2026-01-31T00:00:00Z"), 0),
        Some(date("2026-02-28T00:00:00Z"))
    );
}

#[test]
fn bad_cycles() {
    refused(parse_cycle("PT10S"), "write R/PT10S");
    refused(parse_cycle("R3"), "has no interval");
    refused(parse_cycle("R0/PT1S"), "count of repetitions from 1 on");
    refused(parse_cycle("R-3/PT1S"), "count of repetitions");
    refused(parse_cycle("R/PT0S"), "interval above zero");
    refused(parse_cycle("R/-P1D"), "interval above zero");
    refused(parse_cycle("R/P1M-31D"), "interval above zero");
    refused(parse_cycle("R/PT7D"), "write P7D");
    refused(parse_cycle("R/tomorrow/PT7H"), "expected a date");
    refused(parse_cycle("* * * * *"), "with the second in front");
    refused(parse_cycle("0 0 25 * * *"), "cron line");
    refused(parse_cycle("0 0 0 30 2 *"), "no date that ever matches");
    refused(parse_cycle("@reboot"), "no time");
    refused(parse_cycle("@often"), "cron line");
    refused(parse_cycle("often"), "there is 1 field");
}

#[test]
fn cron_lines() {
    let cases = [
        ("0 0 9 * * MON-FRI", "2026-03-06T09:00:00Z", "2026-03-09T09:00:00Z"),
        ("*/10 * * * * *", "2026-03-06T09:00:05Z", "2026-03-06T09:00:10Z"),
        ("0 0 0 L * *", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z"),
        ("0 0 0 1W * *", "2026-01-31T00:00:00Z", "2026-02-02T00:00:00Z"),
        ("0 0 0 * * 5L", "2026-03-01T00:00:00Z", "2026-03-27T00:00:00Z"),
        ("0 0 0 ? * 5#2", "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z"),
        ("0 0 0 ? * MON#1", "2026-03-03T00:00:00Z", "2026-04-06T00:00:00Z"),
        ("0 0 0 * * 7", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z"),
        // Both days must match: the next Friday the 13th.
        ("0 0 0 13 * FRI", "2026-03-14T00:00:00Z", "2026-11-13T00:00:00Z"),
        ("0 0 0 LW * *", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z"),
        ("0 0 0 L-3 * *", "2026-02-01T00:00:00Z", "2026-02-25T00:00:00Z"),
        ("0 0 0 L-30 * *", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("@yearly", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@annually", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("@monthly", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("@weekly", "2026-03-02T00:00:00Z", "2026-03-08T00:00:00Z"),
        ("@daily", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
        ("@midnight", "2026-03-01T00:00:01Z", "2026-03-02T00:00:00Z"),
        ("@hourly", "2026-03-01T00:10:00Z", "2026-03-01T01:00:00Z"),
    ];
    for (line, now, next) in cases {
        let found = next_due(&cycle(line), 0, date(now));
        assert_eq!(found, Some(date(next)), "{line} after {now}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}", now in any::<i64>()) {
        let _ = parse_date(&text);
        if let Ok(duration) = parse_duration(&text) {
            add_duration(now, &duration);
        }
        if let Ok(cycle) = parse_cycle(&text) {
            next_due(&cycle, now, now);
        }
    }

    #[test]
    fn no_likely_text_panics(
        text in "[-+]?[RP@]?[0-9./:TZDHMSWYPL#*? -]{0,24}",
        now in any::<i64>(),
    ) {
        let _ = parse_date(&text);
        if let Ok(duration) = parse_duration(&text) {
            add_duration(now, &duration);
        }
        if let Ok(cycle) = parse_cycle(&text) {
            next_due(&cycle, now, now);
            first_due(&cycle, now);
        }
    }
}

/// 29 February on a given day of the week is the rarest date that a line can ask for.
#[test]
fn the_rarest_dates_are_found_and_what_never_comes_is_refused() {
    for day in ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] {
        let cycle = parse_cycle(&format!("0 0 0 29 2 {day}")).unwrap();
        assert!(next_due(&cycle, 0, 1_700_000_000_000).is_some(), "{day}");
    }
    for line in ["0 0 0 30 2 *", "0 0 0 31 4 *", "0 0 0 31 2,4,6 MON", "0 0 0 1 * MON#5"] {
        let error = parse_cycle(line).unwrap_err().to_string();
        assert!(error.contains("no date that ever matches"), "{error}");
    }
}
