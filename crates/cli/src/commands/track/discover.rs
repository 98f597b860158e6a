//! `grevy track discover`: a model from events.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value, json};
use track::chart::{Binding, Chart};
use track::conform::{Net, Quality, quality};
use track::discover::{Options, Tree, USUAL_NOISE, discover};
use track::export::{Purpose, definitions, process};
use track::ingest::Tally;
use track::log::{Counts, Log};
use track::picture::{Subject, page};
use track::stats::Stats;

use super::From;
use crate::Failure;

/// Finds the process in events: a BPMN model that is always sound.
///
/// Rare behaviour is left out, so that the picture is readable; with --noise 0 every case fits the
/// model.
#[derive(Args)]
pub struct Discover {
    #[command(flatten)]
    from: From,
    /// Share of its alternatives below which behaviour is left out: 0 to 1; 0 leaves out nothing.
    #[arg(long, value_name = "SHARE", default_value_t = USUAL_NOISE)]
    noise: f64,
    /// Leave out the rarest ways that together make up this share of the cases: 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    rare: f64,
    /// Measure this process tree, e.g. ->('a', X('b', tau)), instead of finding one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["noise", "rare"])]
    tree: Option<PathBuf>,
    /// Counts, fitness and precision as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Write the picture with its figures as one offline file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the model; - is standard output.
    #[arg(long, value_name = "FILE")]
    bpmn: Option<PathBuf>,
    /// Write the model's Petri net, to compare it with other tools.
    #[arg(long, value_name = "FILE")]
    pnml: Option<PathBuf>,
    /// Id of the process.
    #[arg(long, value_name = "ID", default_value = "discovered")]
    process: String,
    /// Service tasks with job types instead of tasks for tracking.
    #[arg(long)]
    executable: bool,
    /// Tell on standard error, as JSON, how many seconds reading, counting and mining took.
    #[arg(long)]
    times: bool,
    /// A target for whole cases, e.g. PT24H: 95 of 100 are to be done within it.
    #[arg(long, value_name = "DURATION")]
    target: Option<String>,
}

impl Discover {
    pub fn run(self) -> Result<ExitCode, Failure> {
        for (name, share) in [("--noise", self.noise), ("--rare", self.rare)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Failure(format!("{name}: expected 0 to 1, but there is {share}")));
            }
        }
        let mut times = Times::default();
        let (log, tally) = times.of("read", || self.from.input(self.json)?.log())?;
        super::lay::some(&log, &tally)?;
        let counts = times.of("count", || log.counts());
        let tree = times.of("discover", || self.tree(&log))?;
        let net = Net::of(&tree);
        let quality = times.of("measure", || quality(&log, &tree));
        if let Some(path) = &self.pnml {
            write(path, &net.to_pnml(&log.activities))?;
        }
        if let Some(path) = &self.bpmn {
            let purpose = if self.executable { Purpose::Executable } else { Purpose::Tracking };
            let process = process(&tree, &log.activities, &self.process, purpose);
            write(path, &model::write(&definitions(process)))?;
        }
        if let Some(path) = &self.html {
            write(path, &self.page(&log, &tree, quality)?)?;
        }
        if self.json {
            println!("{:#}", figures(&log, &counts, &tally, &tree, &quality));
        } else if self.bpmn.as_deref() != Some(std::path::Path::new("-")) {
            tell(&log, &tree, &quality);
        }
        if self.times {
            eprintln!("{}", Value::Object(times.0));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn tree(&self, log: &Log) -> Result<Tree, Failure> {
        if let Some(path) = &self.tree {
            let named = |e: String| Failure(format!("{}: {e}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| named(e.to_string()))?;
            return Tree::parse(&text, &log.activities).map(Tree::simplified).map_err(named);
        }
        let kept = Log {
            activities: log.activities.clone(),
            cases: Vec::new(),
            variants: log.frequent(1.0 - self.rare).to_vec(),
        };
        Ok(discover(&kept, Options { noise: self.noise })?)
    }

    fn page(&self, log: &Log, tree: &Tree, quality: Quality) -> Result<String, Failure> {
        let process = process(tree, &log.activities, &self.process, Purpose::Tracking);
        let known = log.activities.iter().cloned().collect();
        let chart = Chart::new(&process, &Binding { known: Some(known), ..Binding::default() })
            .map_err(Failure)?;
        let target = self.target.as_deref().map(track::mapping::duration_ms).transpose();
        let stats = Stats::new(log, target.map_err(Failure)?);
        let source = self.from.file()?.display().to_string();
        Ok(report::html::html(&page(&Subject {
            title: &self.process,
            source: &source,
            log,
            stats: &stats,
            definitions: &definitions(process),
            chart: &chart,
            now_ms: jiff::Timestamp::now().as_millisecond(),
            stuck_after_ms: None,
            kept: None,
            tree: Some(tree),
            quality: Some(quality),
        })))
    }
}

pub(super) fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    if path == std::path::Path::new("-") {
        print!("{text}");
        return Ok(());
    }
    std::fs::write(path, text).map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// Seconds by part.
#[derive(Default)]
struct Times(Map<String, Value>);

impl Times {
    fn of<T>(&mut self, part: &str, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let found = work();
        self.0.insert(part.to_owned(), begun.elapsed().as_secs_f64().into());
        found
    }
}

fn figures(log: &Log, counts: &Counts, tally: &Tally, tree: &Tree, quality: &Quality) -> Value {
    let pairs: Vec<Value> =
        counts.directly_follows.iter().map(|p| json!([p.from, p.to, p.count])).collect();
    json!({
        "cases": counts.cases,
        "events": counts.events,
        "variants": counts.variants,
        "activities": counts.activities,
        "directly_follows": pairs,
        "start_activities": counts.start_activities,
        "end_activities": counts.end_activities,
        "fitness": quality.fitness.average,
        "log_fitness": quality.fitness.log,
        "perfectly_fitting": quality.fitness.perfect,
        "given_up": quality.fitness.given_up,
        "measured_variants": quality.measured_variants,
        "precision": quality.precision,
        "transitions": quality.transitions,
        "silent_transitions": quality.silent_transitions,
        "places": quality.places,
        "tree": tree.show(&log.activities),
        "records": tally,
    })
}

fn tell(log: &Log, tree: &Tree, quality: &Quality) {
    println!(
        "{} cases, {} events, {} variants, {} activities",
        log.cases.len(),
        log.events(),
        log.variants.len(),
        log.activities.len()
    );
    println!("{}", tree.show(&log.activities));
    println!(
        "fitness {:.3}, precision {:.3}, {} steps of which {} silent",
        quality.fitness.average, quality.precision, quality.transitions, quality.silent_transitions
    );
}
