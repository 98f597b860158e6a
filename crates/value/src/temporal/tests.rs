use super::{Date, DateTime, DaysDuration, Time, YearsDuration, Zone};

#[test]
fn dates_round_trip() {
    for text in ["2017-05-01", "-0005-12-31", "999999999-12-31", "0001-01-01", "2024-02-29"] {
        let date = Date::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(date.to_string(), text);
        assert_eq!(Date::from_epoch_days(date.epoch_days()), Some(date));
    }
    for text in ["2023-02-29", "17-05-01", "02017-05-01", "2017-13-01", "2017-5-1", "+2017-05-01"] {
        assert!(Date::parse(text).is_none(), "{text}");
    }
}

#[test]
fn weeks_and_days() {
    let day = |text: &str| Date::parse(text).expect("a date");
    assert_eq!(day("1970-01-01").epoch_days(), 0);
    assert_eq!(day("2020-09-30").weekday(), 3);
    assert_eq!(day("2019-09-17").day_of_year(), 260);
    assert_eq!(day("2003-12-29").week_of_year(), 1);
    assert_eq!(day("2005-01-01").week_of_year(), 53);
    assert_eq!(day("2024-01-31").add_months(1), Some(day("2024-02-29")));
    assert_eq!(day("2024-03-31").add_months(-13), Some(day("2023-02-28")));
}

#[test]
fn times_and_zones() {
    for text in
        ["11:45:30", "11:45:30.123", "11:45:30Z", "11:45:30+02:00", "11:45:30@Europe/Berlin"]
    {
        assert_eq!(Time::parse(text).unwrap_or_else(|| panic!("{text}")).to_string(), text);
    }
    for text in ["24:00:00", "11:60:00", "1:00:00", "11:45:30+19:00", "11:45:30@Mars", "11:45:30z0"]
    {
        assert!(Time::parse(text).is_none(), "{text}");
    }
}

#[test]
fn instants_compare_across_zones() {
    let read = |text: &str| DateTime::parse(text).expect("a date and time");
    let berlin = read("2024-07-01T12:00:00@Europe/Berlin");
    assert_eq!(berlin.offset_seconds(), Some(7200));
    assert_eq!(berlin.nanos_since(&read("2024-07-01T10:00:00Z")), Some(0));
    assert_eq!(berlin.compare(&read("2024-07-01T10:00:00")), None);
    let winter = read("2024-12-01T12:00:00@Europe/Berlin");
    assert_eq!(winter.epoch_millis(&Zone::UTC), Some(1_733_050_800_000));
    assert_eq!(
        DateTime::from_epoch_millis(1_733_050_800_000, &Zone::named("Europe/Berlin").unwrap()),
        Some(winter)
    );
}

#[test]
fn durations_round_trip_in_normal_form() {
    for (text, normal) in [
        ("P1DT2H3M4S", "P1DT2H3M4S"),
        ("PT36H", "P1DT12H"),
        ("-PT0.5S", "-PT0.5S"),
        ("PT0S", "P0D"),
        ("PT61M", "PT1H1M"),
    ] {
        assert_eq!(
            DaysDuration::parse(text).unwrap_or_else(|| panic!("{text}")).to_string(),
            normal
        );
    }
    for text in ["P", "PT", "P1DT", "P1H", "PT1D", "PT1.5H", "P1Y", "PT1S1M", "1D"] {
        assert!(DaysDuration::parse(text).is_none(), "{text}");
    }
    assert_eq!(YearsDuration::parse("P14M").unwrap().to_string(), "P1Y2M");
    assert_eq!(YearsDuration::parse("-P2Y").unwrap().to_string(), "-P2Y");
    assert!(YearsDuration::parse("P").is_none());
    assert!(YearsDuration::parse("P1M1Y").is_none());
}
