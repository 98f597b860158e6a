//! `grevy track`: lays foreign events over a model, or finds the model in them.

mod ask;
mod check;
mod discover;
pub mod explain;
mod input;
mod keep;
mod lay;
mod lists;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use track::source::Source;

use clap::{Args, Subcommand};

use crate::Failure;
use crate::events::remote_bus::RemoteBus;

/// How long one look at a remote bus waits for news.
const FOLLOW_PATIENCE: Duration = Duration::from_secs(1);

pub use show::{Stats, Trace};

/// Lays events of other systems over a process, without touching those systems.
///
/// Reads JSON lines, JSON arrays, CSV and XES, gzipped or not; - is standard input, and the URL of
/// a Grevy server is its bus. How the events are read is guessed from the first 1,000 of them and
/// written to mapping.yaml, to be corrected
/// by hand; a mapping.yaml that is there is used. Without --model the model is discovered. With
/// --data-dir cases are kept: every record counts once, whatever happens between two runs.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Track {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    lay: lay::Lay,
}

#[derive(Subcommand)]
enum Verb {
    Discover(discover::Discover),
    Check(check::Check),
    Findings(lay::Findings),
    Cases(lists::Cases),
    Alerts(lists::Alerts),
    Verdicts(lists::Verdicts),
    Replay(ask::Replay),
    Publish(ask::Publish),
}

impl Track {
    pub fn run(self) -> Result<ExitCode, Failure> {
        match (self.verb, self.lay) {
            (Some(Verb::Discover(command)), _) => command.run(),
            (Some(Verb::Check(command)), _) => command.run(),
            (Some(Verb::Findings(command)), _) => command.run(),
            (Some(Verb::Cases(command)), _) => command.run(),
            (Some(Verb::Alerts(command)), _) => command.run(),
            (Some(Verb::Verdicts(command)), _) => command.run(),
            (Some(Verb::Replay(command)), _) => command.run(),
            (Some(Verb::Publish(command)), _) => command.run(),
            (None, command) => command.run(),
        }
    }
}

/// Where events come from and how they are read.
#[derive(Args)]
pub struct From {
    /// A file of events, or the URL of a server with a bus; - is standard input.
    #[arg(value_name = "FILE|URL")]
    file: Option<PathBuf>,
    /// How events are read; written when it is not there.
    #[arg(long, value_name = "FILE", default_value = "mapping.yaml")]
    mapping: PathBuf,
    /// Guess again although the mapping is there, and do not write it.
    #[arg(long)]
    guess: bool,
}

impl From {
    /// Opens the events from their beginning.
    fn open(&self, follow: bool) -> Result<Box<dyn Source>, Failure> {
        let path = self.file()?;
        let remote = path.to_str().filter(|text| text.contains("://"));
        if let Some(url) = remote {
            if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
                return Err(Failure(format!(
                    "expected a file, or the URL of a server (http:// or https://), but got {url}"
                )));
            }
            let patience = if follow { FOLLOW_PATIENCE } else { Duration::ZERO };
            return Ok(Box::new(RemoteBus::new(url, keep::token()).follow(patience)));
        }
        if path == Path::new("-") && follow {
            return Err(Failure(
                "expected a file or a URL to follow, but got standard input".into(),
            ));
        }
        Ok(track::source::open(path, follow)?.1)
    }

    fn file(&self) -> Result<&Path, Failure> {
        let there = self.file.as_deref();
        there.ok_or_else(|| Failure("expected a file of events, but none is named".to_owned()))
    }
}

/// A target for whole cases.
fn target_ms(text: &str) -> Result<i64, Failure> {
    track::stats::target_ms(text).map_err(|reason| Failure(format!("--target: {reason}")))
}
