//! A log over its model as one page: figures, heat on the diagram, variants, findings.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Definitions;
use report::html::{Cell, Column, Page, Table, Tile, Tone};
use report::{Badge, FlowMark, Mark, Options, Overlay};

use crate::chart::{Chart, Heat, heat};
use crate::conform::Quality;
use crate::discover::Tree;
use crate::log::Log;
use crate::stats::{Deviations, FindingCount, Open, Stats, TransitionStats, deviations, open};

/// Wider models are folded into rows: names stay readable in a window of 800 pixels.
const PICTURE_WIDTH: f64 = 860.0;

/// What goes into a page.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub title: &'a str,
    /// Name of the file or topic.
    pub source: &'a str,
    pub log: &'a Log,
    pub stats: &'a Stats,
    /// With coordinates, or laid out here.
    pub definitions: &'a Definitions,
    pub chart: &'a Chart,
    /// What is late is late at this moment, ms since 1970.
    pub now_ms: i64,
    /// An open case that is quiet for so long is stuck.
    pub stuck_after_ms: Option<i64>,
    /// What is known of cases that are kept, some perhaps by an older model; computed without.
    pub kept: Option<(&'a [Open], &'a Deviations)>,
    /// What a discovered model was made of; absent for a model that somebody drew.
    pub tree: Option<&'a Tree>,
    /// How well a discovered model fits; absent for a model that somebody drew.
    pub quality: Option<Quality>,
}

/// The page; write it with [`report::html`].
pub fn page(subject: &Subject<'_>) -> Page {
    let Subject { definitions, chart, log, stats, .. } = *subject;
    let mut aligner = chart.aligner_of(log, subject.tree);
    let process = definitions.processes.first();
    let heat = process.map(|p| heat(chart, p, log, &mut aligner)).unwrap_or_default();
    let (open, deviations) = match subject.kept {
        Some((open, deviations)) => (open.to_vec(), deviations.clone()),
        None => {
            let open = open(chart, log, &mut aligner);
            (open, deviations(chart, log, subject.now_ms, &mut aligner))
        }
    };
    let options = Options { width: Some(PICTURE_WIDTH), ..Options::default() };
    Page {
        title: subject.title.to_owned(),
        subtitle: format!(
            "{} · {} to {}",
            subject.source,
            moment(stats.first_ms),
            moment(stats.last_ms)
        ),
        tiles: tiles(subject, &deviations),
        svg: report::svg_with(definitions, &overlay(subject, &heat, &open, &deviations), &options),
        legend: "On each step: how often it was passed, and the median wait before it; the longer \
                 that is, the warmer the colour. At its lower left: open cases that came no \
                 further. Off: so many cases deviate there. On each line: how many cases took it."
            .to_owned(),
        tables: vec![
            variants(stats),
            slowest(stats),
            waiting(subject, &open),
            findings(&deviations, stats.cases),
            breaches(stats),
            steps(chart, &heat, stats),
        ],
        footer: format!(
            "Percentiles are values of the log (nearest rank). {} events of {} cases, {} variants. \
             Deviations are those of the cheapest explanation that the model gives of a case.",
            stats.events, stats.cases, stats.variants
        ),
    }
}

fn tiles(subject: &Subject<'_>, deviations: &Deviations) -> Vec<Tile> {
    let stats = subject.stats;
    let spread = stats.duration.spread();
    let tile = |label: &str, value: String, note: String| Tile {
        label: label.to_owned(),
        value,
        note,
        tone: Tone::Neutral,
    };
    let mut tiles = vec![
        tile("Cases", number(stats.cases), format!("{} variants", number(stats.variants))),
        tile("Events", number(stats.events), format!("{} steps", stats.steps.len())),
        tile("Throughput", format!("{} / day", short(stats.cases_per_day)), "cases begun".into()),
        tile("Duration p50", span(spread.p50_ms), "of a whole case".into()),
        tile("Duration p95", span(spread.p95_ms), format!("longest {}", span(spread.max_ms))),
    ];
    let share = deviations.cases as f64 / stats.cases.max(1) as f64;
    tiles.push(Tile {
        tone: if deviations.cases == 0 { Tone::Good } else { Tone::Warning },
        ..tile("Deviating cases", number(deviations.cases), format!("{} of all", percent(share)))
    });
    if let Some(target) = &stats.target {
        tiles.push(Tile {
            tone: if target.kept { Tone::Good } else { Tone::Bad },
            ..tile(
                "Target",
                if target.kept { "kept".into() } else { "missed".into() },
                format!("p95 {} of {}", span(target.p95_ms), span(target.within_ms)),
            )
        });
    }
    if let Some(quality) = &subject.quality {
        let note = format!("precision {}", percent(quality.precision));
        tiles.push(tile("Model fitness", percent(quality.fitness.average), note));
    }
    tiles
}

fn overlay(subject: &Subject<'_>, heat: &Heat, open: &[Open], deviations: &Deviations) -> Overlay {
    let hottest =
        heat.elements.values().map(|e| e.waited.spread().p50_ms).max().unwrap_or(0).max(1) as f64;
    let busiest = heat.flows.values().copied().max().unwrap_or(0).max(1) as f64;
    let mut overlay = Overlay::default();
    for (id, element) in &heat.elements {
        if element.passed == 0 && element.missed == 0 {
            continue;
        }
        let waited = element.waited.spread();
        let mut mark = Mark { count: Some(element.passed), ..Mark::default() };
        if waited.count > 0 {
            // A logarithm, because waits range from seconds to months.
            let warmth = (waited.p50_ms.max(0) as f64 + 1.0).ln() / (hottest + 1.0).ln();
            mark.heat = Some(warmth.powi(3));
            let text = span(waited.p50_ms);
            mark.badges.push(Badge { text, tone: report::Tone::Neutral });
            mark.title = Some(format!(
                "{} times; waits p50 {}, p95 {}",
                element.passed,
                span(waited.p50_ms),
                span(waited.p95_ms)
            ));
        }
        overlay.elements.insert(Arc::from(id.as_str()), mark);
    }
    deviating(deviations, &mut overlay);
    let chart = subject.chart;
    let mut stuck: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for case in open {
        let place = chart.kind(&case.last_step).and_then(|kind| chart.element_of(kind));
        let Some(place) = place else { continue };
        let mark = overlay.elements.entry(place.id.clone()).or_default();
        mark.tokens += 1;
        if subject.stuck(case) {
            *stuck.entry(place.id.clone()).or_default() += 1;
        }
    }
    for (id, count) in stuck {
        let badge = Badge { text: format!("{count} stuck"), tone: report::Tone::Bad };
        overlay.elements.entry(id).or_default().badges.push(badge);
    }
    for (id, taken) in heat.flows.iter().filter(|(_, taken)| **taken > 0) {
        let mark = FlowMark { taken: Some(*taken), share: Some(*taken as f64 / busiest) };
        overlay.flows.insert(Arc::from(id.as_str()), mark);
    }
    overlay
}

/// Marks the elements that cases deviate at; which way is told when the pointer rests there.
fn deviating(deviations: &Deviations, overlay: &mut Overlay) {
    let mut of: BTreeMap<&str, Vec<&FindingCount>> = BTreeMap::new();
    for finding in &deviations.findings {
        of.entry(finding.element.as_deref().unwrap_or_default()).or_default().push(finding);
    }
    for (id, findings) in of.into_iter().filter(|(id, _)| !id.is_empty()) {
        let each = findings.iter().map(|f| format!("{} {}", f.cases, f.kind));
        let each: Vec<String> = each.collect();
        let cases = findings.iter().map(|f| f.cases).sum::<u64>();
        let mark = overlay.elements.entry(Arc::from(id)).or_default();
        mark.state = Some(report::State::Deviated);
        mark.badges.push(Badge { text: format!("{cases} off"), tone: report::Tone::Warning });
        let title = mark.title.iter().cloned().chain(each).collect::<Vec<_>>();
        mark.title = Some(title.join("; "));
    }
}

fn variants(stats: &Stats) -> Table {
    let rows = stats.top_variants.iter().map(|variant| {
        let spread = variant.duration.spread();
        vec![
            Cell::Share(variant.share, percent(variant.share)),
            Cell::Number(number(variant.cases)),
            Cell::Steps(variant.steps.clone()),
            Cell::Number(span(spread.p50_ms)),
            Cell::Number(span(spread.p95_ms)),
        ]
    });
    let covered: f64 = stats.top_variants.iter().map(|variant| variant.share).sum();
    Table {
        title: "Most frequent variants".into(),
        note: format!(
            "{} of {} ways through the process; together {} of all cases.",
            stats.top_variants.len(),
            stats.variants,
            percent(covered)
        ),
        columns: vec![
            Column::text("Share"),
            Column::number("Cases"),
            Column::text("Steps"),
            Column::number("p50"),
            Column::number("p95"),
        ],
        rows: rows.collect(),
        empty: "No cases.".into(),
    }
}

fn slowest(stats: &Stats) -> Table {
    let row = |transition: &TransitionStats| {
        let spread = transition.time.spread();
        vec![
            Cell::Text(transition.from.clone()),
            Cell::Text(transition.to.clone()),
            Cell::Number(number(spread.count)),
            Cell::Number(span(spread.p50_ms)),
            Cell::Number(span(spread.p95_ms)),
        ]
    };
    Table {
        title: "Slowest transitions".into(),
        note: "By their median, of those that at least one case in a hundred took.".into(),
        columns: vec![
            Column::text("From"),
            Column::text("To"),
            Column::number("Times"),
            Column::number("p50"),
            Column::number("p95"),
        ],
        rows: stats.slowest.iter().map(row).collect(),
        empty: "No case has two events.".into(),
    }
}

/// Rows of cases that are open: a page is read, not searched.
const OPEN_ROWS: usize = 50;

impl Subject<'_> {
    fn stuck(&self, case: &Open) -> bool {
        let quiet_ms = self.now_ms.saturating_sub(case.last_ms);
        self.stuck_after_ms.is_some_and(|stuck_after_ms| quiet_ms >= stuck_after_ms)
    }
}

fn waiting(subject: &Subject<'_>, open: &[Open]) -> Table {
    let rows = open.iter().take(OPEN_ROWS).map(|case| {
        vec![
            Cell::Text(case.case.clone()),
            match subject.stuck(case) {
                true => Cell::Tag("stuck".to_owned(), Tone::Bad),
                false => Cell::Tag("open".to_owned(), Tone::Neutral),
            },
            Cell::Text(case.last_step.clone()),
            Cell::Text(moment(case.last_ms)),
            Cell::Number(span(subject.now_ms.saturating_sub(case.last_ms).max(0))),
            Cell::Text(case.expected.join(" or ")),
        ]
    });
    let more = match open.len().saturating_sub(OPEN_ROWS) {
        0 => String::new(),
        more => format!(" {more} more are not listed."),
    };
    Table {
        title: "Open cases".into(),
        note: format!("Those that may not end where they are, the quietest first.{more}"),
        columns: vec![
            Column::text("Case"),
            Column::text("Status"),
            Column::text("Last step"),
            Column::text("At"),
            Column::number("Quiet for"),
            Column::text("Expected"),
        ],
        rows: rows.collect(),
        empty: "Every case came to an end.".into(),
    }
}

fn findings(deviations: &Deviations, cases: u64) -> Table {
    let rows = deviations.findings.iter().map(|finding| {
        let share = finding.cases as f64 / cases.max(1) as f64;
        let name = finding.step.clone();
        vec![
            Cell::Tag(finding.kind.to_owned(), Tone::Warning),
            match &finding.element {
                Some(id) => Cell::Element { id: id.clone(), name },
                None => Cell::Text(name),
            },
            Cell::Number(number(finding.cases)),
            Cell::Share(share, percent(share)),
            Cell::Text(finding.examples.join(", ")),
        ]
    });
    Table {
        title: "Findings".into(),
        note: "Where cases do not go the way that the model says.".into(),
        columns: vec![
            Column::text("Kind"),
            Column::text("Step"),
            Column::number("Cases"),
            Column::text("Share"),
            Column::text("For example"),
        ],
        rows: rows.collect(),
        empty: "Every case goes the way that the model says.".into(),
    }
}

fn breaches(stats: &Stats) -> Table {
    let mut table = Table {
        title: "Breaches".into(),
        columns: vec![
            Column::text("Promise"),
            Column::number("p95"),
            Column::number("Breaches"),
            Column::text("Allowance used"),
            Column::text("Longest cases"),
        ],
        empty: "No target was set; --target PT24H sets one for whole cases.".into(),
        ..Table::default()
    };
    if let Some(target) = &stats.target {
        table.rows.push(vec![
            Cell::Text(format!("p95 of a case within {}", span(target.within_ms))),
            Cell::Number(span(target.p95_ms)),
            Cell::Number(number(target.breaches)),
            Cell::Share(target.allowance_used, percent(target.allowance_used)),
            Cell::Text(target.examples.join(", ")),
        ]);
    }
    table
}

fn steps(chart: &Chart, heat: &Heat, stats: &Stats) -> Table {
    let rows = stats.steps.iter().map(|(name, step)| {
        let element = chart.kind(name).and_then(|kind| chart.element_of(kind));
        let missed =
            element.and_then(|place| heat.elements.get(&*place.id)).map_or(0, |e| e.missed);
        let waited = step.waited.spread();
        let time = |ms| if waited.count > 0 { span(ms) } else { "–".to_owned() };
        vec![
            match element {
                Some(place) => Cell::Element { id: place.id.to_string(), name: name.clone() },
                None => Cell::Text(name.clone()),
            },
            Cell::Number(number(step.events)),
            Cell::Number(number(step.cases)),
            Cell::Number(number(missed)),
            Cell::Number(time(waited.p50_ms)),
            Cell::Number(time(waited.p95_ms)),
        ]
    });
    Table {
        title: "Steps".into(),
        note: "Waits are since the event before in the same case.".into(),
        columns: vec![
            Column::text("Step"),
            Column::number("Events"),
            Column::number("Cases"),
            Column::number("Missed"),
            Column::number("p50"),
            Column::number("p95"),
        ],
        rows: rows.collect(),
        empty: "No events.".into(),
    }
}

/// A time as people say it: two figures and a unit.
pub fn span(ms: i64) -> String {
    let units =
        [(86_400_000.0, "d"), (3_600_000.0, "h"), (60_000.0, "min"), (1_000.0, "s"), (1.0, "ms")];
    let size = ms.unsigned_abs() as f64;
    let (unit, name) = units.into_iter().find(|(unit, _)| size >= *unit).unwrap_or((1.0, "ms"));
    format!("{} {name}", short(ms as f64 / unit))
}

/// Three figures at most behind the point where they matter.
fn short(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        s if s >= 100.0 || s == s.trunc() => format!("{value:.0}"),
        s if s >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

fn percent(share: f64) -> String {
    format!("{} %", short((share * 1_000.0).round() / 10.0))
}

/// A moment in UTC, to the minute.
fn moment(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => "beyond the calendar".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_say_them() {
        let spans: Vec<_> = [0, 999, 1_500, 90_000, 5_400_000, 86_400_000 * 12]
            .iter()
            .map(|ms| span(*ms))
            .collect();
        assert_eq!(spans, ["0 ms", "999 ms", "1.5 s", "1.5 min", "1.5 h", "12 d"]);
        assert_eq!(number(1_234_567).replace('\u{202f}', " "), "1 234 567");
        assert_eq!((percent(0.8), percent(1.0 / 3.0)), ("80 %".to_owned(), "33.3 %".to_owned()));
    }
}
