//! `grevy track FILE` and `grevy track findings FILE`: events over a model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use model::Definitions;
use serde_json::json;
use track::chart::{Binding, Chart};
use track::discover::{Options, Tree, USUAL_NOISE, discover};
use track::export::{Purpose, definitions, process};
use track::ingest::Tally;
use track::log::{Log, LogBuilder};
use track::past;
use track::picture::{Subject, page};
use track::stats::{Deviations, Stats, deviations, open};

use super::From;
use super::ask::Whose;
use super::discover::write;
use super::keep::{Keep, Kept, Model, tell_open};
use crate::Failure;

/// Share of the noise threshold below which the ends of an activity are stopped cases.
const STOPPED_SHARE: f64 = 0.25;

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
    #[arg(long, value_name = "TIMES", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..))]
    loops: u64,
    /// A target for whole cases, e.g. PT24H: 95 of 100 are to be done within it.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
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
    #[arg(long, value_name = "SHARE", default_value_t = USUAL_NOISE)]
    noise: f64,
}

impl Over {
    /// The model, and the tree of this log that it was made of, when it was discovered.
    fn definitions(&self, log: &Log) -> Result<(Definitions, Option<Tree>), Failure> {
        let Some(path) = &self.model else {
            if !(0.0..=1.0).contains(&self.noise) {
                return Err(Failure(format!(
                    "--noise: expected 0 to 1, but there is {}",
                    self.noise
                )));
            }
            let ended = Log {
                activities: log.activities.clone(),
                cases: Vec::new(),
                variants: log.ended(self.noise * STOPPED_SHARE),
            };
            let tree = discover(&ended, Options { noise: self.noise })?;
            let process = process(&tree, &log.activities, "discovered", Purpose::Tracking);
            return Ok((definitions(process), Some(tree)));
        };
        Ok((read(path)?, None))
    }

    /// A log with the variables that a given model reads: a discovered one reads none.
    fn log(&self) -> Result<LogBuilder, Failure> {
        let Some(path) = &self.model else { return Ok(LogBuilder::default()) };
        let definitions = read(path)?;
        let chart = Chart::new(only(&definitions)?, &Binding::default()).map_err(Failure)?;
        Ok(LogBuilder::reading(chart.data.reads))
    }

    fn chart(&self, definitions: &Definitions, log: &Log) -> Result<Chart, Failure> {
        let process = only(definitions)?;
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
        let (log, tally) = self.from.input(false)?.log_into(self.over.log()?)?;
        some(&log, &tally)?;
        let (definitions, tree) = self.over.definitions(&log)?;
        let seen = self.seen(&log, &definitions, tree, None)?;
        println!(
            "{} records: {} events of {} cases, {} ignored, {} rejected",
            tally.records,
            log.events(),
            log.cases.len(),
            tally.ignored,
            tally.rejected
        );
        self.show(&log, &seen, true)
    }

    /// Cases that are kept: the model is there already, given, or found in what is there.
    fn keep(&self) -> Result<ExitCode, Failure> {
        let running = self.keep.open(&self.from)?;
        let input = self.from.input(false)?;
        let mapping = input.mapping.clone();
        let begun = if self.over.model.is_none() { running.model()? } else { None };
        // What comes later in the file stands for elements too, and where a case may end is told by
        // whole cases only: all that is there is read, unless there is no end of it.
        let log = match self.keep.follows() {
            true if begun.is_some() || self.over.model.is_some() => input.sample_log()?,
            _ => {
                let (log, tally) = input.log()?;
                if begun.is_none() && self.over.model.is_none() {
                    some(&log, &tally)?;
                }
                log
            }
        };
        let model = match begun {
            Some(begun) => Model {
                definitions: parse("the model of the folder", &begun.bpmn)?,
                bpmn: Some(begun.bpmn),
                known: log.activities,
            },
            None => {
                let (definitions, _) = self.over.definitions(&log)?;
                Model { definitions, bpmn: None, known: log.activities }
            }
        };
        let kept = running.run(&self.from, mapping, &model)?;
        let log = past::log(&kept.tracking, None)?.finish();
        let seen = self.seen(&log, &model.definitions, None, Some(&kept))?;
        let code = kept.tell();
        kept.tracking.close();
        self.show(&log, &seen, false)?;
        Ok(code)
    }

    /// Computes the figures, and writes the page before anything is told: whoever reads the first
    /// lines only has it all the same.
    fn seen(
        &self,
        log: &Log,
        definitions: &Definitions,
        tree: Option<Tree>,
        kept: Option<&Kept>,
    ) -> Result<Seen, Failure> {
        let chart = self.over.chart(definitions, log)?;
        let target = self.target.as_deref().map(super::target_ms).transpose()?;
        let stats = Stats::new(log, target);
        let now_ms = self.keep.now_ms();
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
                now_ms,
                stuck_after_ms: kept.and_then(|kept| kept.stuck_after_ms),
                kept: kept.map(|kept| (&kept.open[..], &kept.deviations)),
                tree: tree.as_ref(),
                quality: None,
            };
            write(path, &report::html::html(&page(&subject)))?;
        }
        Ok(Seen { chart, tree, stats, now_ms })
    }

    /// Tells the figures; `judge` says what deviates, where nobody has said so yet.
    fn show(&self, log: &Log, seen: &Seen, judge: bool) -> Result<ExitCode, Failure> {
        let Seen { chart, tree, stats, now_ms } = seen;
        let spread = stats.duration.spread();
        println!(
            "a case takes {} (p95 {}); {:.1} begin a day",
            track::picture::span(spread.p50_ms),
            track::picture::span(spread.p95_ms),
            stats.cases_per_day
        );
        if judge {
            let mut aligner = chart.aligner_of(log, tree.as_ref());
            let found = deviations(chart, log, *now_ms, &mut aligner);
            tell_open(&open(chart, log, &mut aligner), *now_ms);
            tell(&found, Some(stats.cases));
        }
        for found in log.loops(self.loops) {
            println!("loop: {} came {} times in case {}", found.kind, found.times, found.trace);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Findings {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let found = match self.whose.place()? {
            Some(place) => place.findings()?,
            None => {
                let (log, tally) = self.from.input(self.json)?.log_into(self.over.log()?)?;
                some(&log, &tally)?;
                let (definitions, tree) = self.over.definitions(&log)?;
                let chart = self.over.chart(&definitions, &log)?;
                let now_ms = jiff::Timestamp::now().as_millisecond();
                let mut aligner = chart.aligner_of(&log, tree.as_ref());
                deviations(&chart, &log, now_ms, &mut aligner)
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

/// What the events come to.
struct Seen {
    chart: Chart,
    tree: Option<Tree>,
    stats: Stats,
    now_ms: i64,
}

/// Without one event there is nothing to lay over anything; says why there is none.
pub(super) fn some(log: &Log, tally: &Tally) -> Result<(), Failure> {
    if !log.cases.is_empty() {
        return Ok(());
    }
    let Tally { records, ignored, rejected, .. } = tally;
    let most = tally.reasons.values().max_by_key(|reason| reason.records);
    let most = most.map_or_else(String::new, |most| format!(": {}", most.example));
    Err(Failure(format!(
        "expected events, but of {records} records {ignored} are ignored and {rejected} \
         rejected{most}"
    )))
}

/// Reads a BPMN file.
pub(super) fn read(path: &Path) -> Result<Definitions, Failure> {
    let named = |e: &dyn std::fmt::Display| Failure(format!("{}: {e}", path.display()));
    let bytes = std::fs::read(path).map_err(|e| named(&e))?;
    parse(&path.to_string_lossy(), &bytes)
}

fn parse(name: &str, bytes: &[u8]) -> Result<Definitions, Failure> {
    let problems = match model::read(name, bytes) {
        Ok((definitions, _)) => return Ok(definitions),
        Err(problems) => problems,
    };
    Err(Failure(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn only(definitions: &Definitions) -> Result<&model::Process, Failure> {
    let none = || Failure("expected a process in the model, but there is none".into());
    definitions.processes.first().ok_or_else(none)
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
