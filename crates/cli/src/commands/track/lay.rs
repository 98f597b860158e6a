//! `grevy track FILE` and `grevy track findings FILE`: events over a model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use model::Definitions;
use serde_json::json;
use track::chart::{Binding, Chart};
use track::discover::{Options, discover};
use track::export::{Purpose, definitions, process};
use track::log::Log;
use track::past;
use track::picture::{Subject, page};
use track::stats::{Deviations, Stats, deviations};

use super::From;
use super::ask::Whose;
use super::discover::write;
use super::keep::Keep;
use crate::Failure;

/// Events over a model, with a picture.
#[derive(Args)]
pub struct Lay {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    over: Over,
    #[command(flatten)]
    keep: Keep,
    /// Write the picture with its figures as one offline file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Warn of a loop when one case has a type more often than this.
    #[arg(long, value_name = "TIMES", default_value_t = 10)]
    loops: u64,
    /// A target for whole cases, e.g. PT24H: 95 of 100 are to be done within it.
    #[arg(long, value_name = "DURATION")]
    target: Option<String>,
}

/// Lists where cases do not go the way that a model says, with examples: the cases of a file, of a
/// folder (--data-dir) or of a running server (--server).
///
/// Ends with 1 when there are findings.
#[derive(Args)]
pub struct Findings {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    over: Over,
    #[command(flatten)]
    whose: Whose,
    #[arg(long)]
    json: bool,
}

/// The model.
#[derive(Args)]
struct Over {
    /// A BPMN file whose tasks or events are named like the event types; without one the model is
    /// discovered.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Noise threshold of the discovery.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    noise: f64,
}

impl Over {
    fn definitions(&self, log: &Log) -> Result<Definitions, Failure> {
        let Some(path) = &self.model else {
            let tree = discover(log, Options { noise: self.noise })?;
            let process = process(&tree, &log.activities, "discovered", Purpose::Tracking);
            return Ok(definitions(process));
        };
        read(path)
    }

    fn chart(&self, definitions: &Definitions, log: &Log) -> Result<Chart, Failure> {
        let Some(process) = definitions.processes.first() else {
            return Err(Failure("expected a process in the model, but there is none".into()));
        };
        let known = log.activities.iter().cloned().collect();
        let chart = Chart::new(process, &Binding { known: Some(known), ..Binding::default() })
            .map_err(Failure)?;
        for name in log.activities.iter().filter(|name| chart.kind(name).is_none()) {
            eprintln!("no element stands for {name}: its events are unexpected");
        }
        for note in &chart.notes {
            eprintln!("note: {note}");
        }
        Ok(chart)
    }
}

impl Lay {
    pub fn run(self) -> Result<ExitCode, Failure> {
        if self.keep.wanted() {
            return self.keep();
        }
        let (log, tally) = self.from.input(false)?.log()?;
        let definitions = self.over.definitions(&log)?;
        println!(
            "{} records: {} events of {} cases, {} ignored, {} rejected",
            tally.records,
            log.events(),
            log.cases.len(),
            tally.ignored,
            tally.rejected
        );
        self.show(&log, &definitions, true)
    }

    /// Cases that are kept: the model is there already, given, or found in the sample.
    fn keep(&self) -> Result<ExitCode, Failure> {
        let input = self.from.input(false)?;
        let mapping = input.mapping.clone();
        let sample = input.sample_log()?;
        let definitions = self.over.definitions(&sample)?;
        let known = sample.activities.clone();
        let kept = self.keep.run(&self.from, mapping, &definitions, known)?;
        let code = kept.tell();
        let log = past::log(&kept.tracking, None)?.finish();
        kept.tracking.close();
        self.show(&log, &definitions, false)?;
        Ok(code)
    }

    /// Figures; `judge` says what deviates, where nobody has said so yet.
    fn show(&self, log: &Log, definitions: &Definitions, judge: bool) -> Result<ExitCode, Failure> {
        let chart = self.over.chart(definitions, log)?;
        let target = self.target.as_deref().map(track::mapping::duration_ms).transpose();
        let stats = Stats::new(log, target.map_err(Failure)?);
        let spread = stats.duration.spread();
        println!(
            "a case takes {} (p95 {}); {:.1} begin a day",
            track::picture::span(spread.p50_ms),
            track::picture::span(spread.p95_ms),
            stats.cases_per_day
        );
        if judge {
            tell(&deviations(&chart, log), Some(stats.cases));
        }
        for found in log.loops(self.loops) {
            println!("loop: {} came {} times in case {}", found.kind, found.times, found.trace);
        }
        if let Some(path) = &self.html {
            let source = self.from.file()?.display().to_string();
            let title = chart.name.as_ref().unwrap_or(&chart.process).to_string();
            let subject = Subject {
                title: &title,
                source: &source,
                log,
                stats: &stats,
                definitions,
                chart: &chart,
                quality: None,
            };
            write(path, &report::html::html(&page(&subject)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Findings {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let found = match self.whose.place()? {
            Some(place) => place.findings()?,
            None => {
                let (log, _) = self.from.input(self.json)?.log()?;
                let definitions = self.over.definitions(&log)?;
                let chart = self.over.chart(&definitions, &log)?;
                deviations(&chart, &log)
            }
        };
        match self.json {
            true => println!("{:#}", json!(found)),
            false => tell(&found, None),
        }
        let clean = found.findings.is_empty();
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Reads a BPMN file.
pub(super) fn read(path: &Path) -> Result<Definitions, Failure> {
    let named = |e: &dyn std::fmt::Display| Failure(format!("{}: {e}", path.display()));
    let bytes = std::fs::read(path).map_err(|e| named(&e))?;
    let problems = match model::read(&path.to_string_lossy(), &bytes) {
        Ok((definitions, _)) => return Ok(definitions),
        Err(problems) => problems,
    };
    Err(Failure(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn tell(found: &Deviations, of: Option<u64>) {
    let of = of.map_or_else(String::new, |cases| format!("of {cases} "));
    println!("{} {of}cases deviate", found.cases);
    for finding in &found.findings {
        println!(
            "  {:<12} {:<40} {:>7} cases, e.g. {}",
            finding.kind,
            finding.step,
            finding.cases,
            finding.examples.join(", ")
        );
    }
}
