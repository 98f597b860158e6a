//! The figures as one CSV table, a row each.

use super::{Spread, Stats};

/// Columns `what,name,then,count,min_ms,p50_ms,p95_ms,max_ms,mean_ms`; RFC 4180 quoting.
pub fn csv(stats: &Stats) -> String {
    let mut out = String::from("what,name,then,count,min_ms,p50_ms,p95_ms,max_ms,mean_ms\n");
    let mut row = |what: &str, name: &str, then: &str, count: u64, spread: Option<Spread>| {
        let cells = spread.map_or_else(
            || ",,,,".to_owned(),
            |s| format!("{},{},{},{},{}", s.min_ms, s.p50_ms, s.p95_ms, s.max_ms, s.mean_ms),
        );
        let (name, then) = (quoted(name), quoted(then));
        out.push_str(&format!("{what},{name},{then},{count},{cells}\n"));
    };
    row("cases", "", "", stats.cases, Some(stats.duration.spread()));
    row("events", "", "", stats.events, None);
    row("variants", "", "", stats.variants, None);
    for (name, step) in &stats.steps {
        row("step", name, "", step.events, Some(step.waited.spread()));
    }
    for transition in &stats.transitions {
        let spread = transition.time.spread();
        row("transition", &transition.from, &transition.to, spread.count, Some(spread));
    }
    for variant in &stats.top_variants {
        let name = variant.steps.join(" > ");
        row("variant", &name, "", variant.cases, Some(variant.duration.spread()));
    }
    if let Some(target) = &stats.target {
        let within = format!("{} ms", target.within_ms);
        row("breaches", &within, "", target.breaches, Some(stats.duration.spread()));
        let percent = (target.allowance_used * 100.0).round() as u64;
        row("allowance used in percent", &within, "", percent, None);
    }
    out
}

/// A cell; one that a spreadsheet would run as a formula is made plain text.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !cell.contains([',', '"', '\n', '\r']) {
        return cell.to_owned();
    }
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}
