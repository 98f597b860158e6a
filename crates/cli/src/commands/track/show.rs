//! `grevy trace` and `grevy stats`: what one trace did, and what all cases take.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use track::log::LogBuilder;
use track::mapping::Reading;
use track::picture::span;
use track::source::Item;
use track::traces::Traces;

use super::From;
use super::ask::Whose;
use crate::Failure;

/// Lists every message of a trace in the order of their times, with the gaps between.
#[derive(Args)]
pub struct Trace {
    /// The trace or case id.
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    whose: Whose,
    /// A BPMN collaboration: tells which of its elements the trace has reached.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    #[arg(long)]
    json: bool,
    /// Write the collaboration with a tick on each element that was reached.
    #[arg(long, value_name = "FILE", requires = "model")]
    svg: Option<PathBuf>,
    /// Warn of a loop when a type comes more often than this.
    #[arg(long, value_name = "TIMES", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..))]
    loops: u64,
}

impl Trace {
    pub fn run(mut self) -> Result<ExitCode, Failure> {
        let Some(trace) = self.trace()? else {
            return Err(Failure(format!("expected messages of {}, but there are none", self.id)));
        };
        let loops = trace.loops(self.loops);
        let reached = self.reached(&trace)?;
        if self.json {
            println!("{:#}", json!({ "trace": trace, "loops": loops, "reached": reached }));
            return Ok(ExitCode::SUCCESS);
        }
        for message in &trace.messages {
            let time = jiff::Timestamp::from_millisecond(message.time_ms)
                .map_or_else(|_| message.time_ms.to_string(), |time| time.to_string());
            let gap = match message.gap_ms {
                0 => String::new(),
                gap => format!("+{}", span(gap)),
            };
            let kind = if message.command { "command" } else { "event" };
            let sender = message.sender.as_deref().unwrap_or("-");
            println!("{time:<26} {gap:>10}  {kind:<7} {:<32} from {sender}", message.kind);
            if let Some(variables) = &message.variables {
                println!("{:>46}{}", "", super::explain::short(variables));
            }
        }
        for found in loops {
            println!("loop: {} came {} times: who answers whom?", found.kind, found.times);
        }
        if self.model.is_some() {
            println!("reached: {}", reached.into_iter().collect::<Vec<_>>().join(", "));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn trace(&mut self) -> Result<Option<track::traces::Trace>, Failure> {
        if let Some(place) = std::mem::take(&mut self.whose).place()? {
            return place.trace(&self.id);
        }
        let mut traces = Traces::default();
        self.from.input(self.json)?.each(LogBuilder::default(), |item, reading| {
            let (Item::Record(record), Reading::Event(event)) = (item, reading) else { return };
            match event.identity {
                _ if event.case == self.id => {
                    traces.add(event, record.position, record.arrival_ms);
                }
                // The message turned out to be another's.
                Some(identity) => traces.take(&self.id, identity),
                None => {}
            }
        })?;
        Ok(traces.trace(&self.id))
    }

    /// Elements of the collaboration whose message is in the trace.
    fn reached(&self, trace: &track::traces::Trace) -> Result<BTreeSet<String>, Failure> {
        let Some(path) = &self.model else { return Ok(BTreeSet::new()) };
        let definitions = super::lay::read(path)?;
        let kinds = trace.messages.iter().map(|message| message.kind.as_str());
        let reached = track::traces::reached(&definitions, kinds);
        if let Some(svg) = &self.svg {
            let mut overlay = report::Overlay::default();
            for id in &reached {
                let tick = report::Badge { text: "✓".to_owned(), tone: report::Tone::Good };
                let mark = report::Mark { badges: vec![tick], ..report::Mark::default() };
                overlay.elements.insert(id.as_str().into(), mark);
            }
            super::discover::write(svg, &report::svg(&definitions, &overlay))?;
        }
        Ok(reached)
    }
}

/// Counts and times by step and transition: medians and 95th percentiles, exact.
#[derive(Args)]
pub struct Stats {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    whose: Whose,
    /// A target for whole cases, e.g. PT24H: 95 of 100 are to be done within it.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    target: Option<String>,
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    #[arg(long)]
    csv: bool,
}

impl Stats {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let stats = match self.whose.place()? {
            Some(place) => place.stats(self.target.as_deref())?,
            None => {
                let log = self.from.input(self.json)?.log()?.0;
                let target = self.target.as_deref().map(super::target_ms).transpose()?;
                track::stats::Stats::new(&log, target)
            }
        };
        if self.json {
            println!("{:#}", json!(stats));
        } else if self.csv {
            print!("{}", track::stats::csv(&stats));
        } else {
            tell(&stats);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(stats: &track::stats::Stats) {
    let row = |name: &str, count: u64, spread: track::stats::Spread| {
        let (p50, p95) = (span(spread.p50_ms), span(spread.p95_ms));
        println!("{name:<60} {count:>9} {p50:>10} {p95:>10}");
    };
    println!("{:<60} {:>9} {:>10} {:>10}", "", "count", "p50", "p95");
    row("cases", stats.cases, stats.duration.spread());
    for (name, step) in &stats.steps {
        row(name, step.events, step.waited.spread());
    }
    for slow in &stats.slowest {
        let spread = slow.time.spread();
        row(&format!("{} → {}", slow.from, slow.to), spread.count, spread);
    }
    if let Some(target) = &stats.target {
        let kept = if target.kept { "kept" } else { "missed" };
        println!(
            "target {}: {kept}, {} breaches, {:.0} % of the allowance used",
            span(target.within_ms),
            target.breaches,
            target.allowance_used * 100.0
        );
    }
}
