use super::*;
use crate::log::LogBuilder;

/// Cases of known durations: step b comes i seconds after a in case i of 1 to 100, c 10 s later.
fn known() -> Log {
    let mut log = LogBuilder::default();
    for i in 1..=100 {
        let case = format!("case {i}");
        log.add(&case, "a", i * 1_000_000).unwrap();
        log.add(&case, "b", i * 1_000_000 + i * 1_000).unwrap();
        if i <= 80 {
            log.add(&case, "c", i * 1_000_000 + i * 1_000 + 10_000).unwrap();
        }
    }
    log.finish()
}

#[test]
fn b1_counts_medians_and_percentiles_are_exact() {
    let stats = Stats::new(&known(), None);
    assert_eq!((stats.cases, stats.events, stats.variants), (100, 280, 2));
    let b = stats.steps["b"].waited.spread();
    assert_eq!(
        (b.count, b.min_ms, b.p50_ms, b.p95_ms, b.max_ms),
        (100, 1_000, 50_000, 95_000, 100_000)
    );
    assert_eq!(b.mean_ms, 50_500.0);
    assert_eq!((stats.steps["a"].events, stats.steps["a"].waited.len()), (100, 0));
    let top: Vec<_> =
        stats.top_variants.iter().map(|v| (v.steps.join(""), v.cases, v.share)).collect();
    assert_eq!(top, [("abc".to_owned(), 80, 0.8), ("ab".to_owned(), 20, 0.2)]);
    let slow: Vec<_> =
        stats.slowest.iter().map(|t| (&*t.from, &*t.to, t.time.spread().p50_ms)).collect();
    assert_eq!(slow, [("a", "b", 50_000), ("b", "c", 10_000)]);
}

#[test]
fn b1_csv_json_and_the_figures_are_the_same() {
    let stats = Stats::new(&known(), None);
    let json = serde_json::to_value(&stats).unwrap();
    assert_eq!(json["steps"]["b"]["waited"]["p95_ms"], 95_000);
    let table = csv(&stats);
    let row = table.lines().find(|line| line.starts_with("step,b,")).unwrap();
    assert_eq!(row, "step,b,,100,1000,50000,95000,100000,50500");
    assert!(table.contains("transition,b,c,80,10000,10000,10000,10000,10000\n"), "{table}");
}

#[test]
fn b3_a_target_tells_breaches_and_how_much_of_the_allowance_is_used() {
    // Durations: i + 10 s for i to 80, i s above; 90 s is the largest of the first, 100 of all.
    let kept = Stats::new(&known(), Some(96_000)).target.unwrap();
    assert_eq!((kept.p95_ms, kept.kept, kept.breaches), (95_000, true, 4));
    assert!((kept.allowance_used - 0.8).abs() < 1e-9);
    assert_eq!(kept.examples, ["case 100", "case 99", "case 98", "case 97"]);
    let broken = Stats::new(&known(), Some(90_000)).target.unwrap();
    assert_eq!((broken.kept, broken.breaches), (false, 10));
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_text() {
    let mut log = LogBuilder::default();
    log.add("1", "=HYPERLINK(\"x\")", 0).unwrap();
    let table = csv(&Stats::new(&log.finish(), None));
    assert!(table.contains("step,\"'=HYPERLINK(\"\"x\"\")\",,1"), "{table}");
}
