//! `grevy track`: lays foreign events over a model, or finds the model in them.

mod check;
mod discover;
mod input;
mod lay;
mod show;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::Failure;

pub use show::{Stats, Trace};

/// Lays events of other systems over a process, without touching those systems.
///
/// Reads JSON lines, JSON arrays, CSV and XES, gzipped or not; - is standard input. How the events
/// are read is guessed from the first 1,000 of them and written to mapping.yaml, to be corrected
/// by hand; a mapping.yaml that is there is used. Without --model the model is discovered.
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
}

impl Track {
    pub fn run(self) -> Result<ExitCode, Failure> {
        match (self.verb, self.lay) {
            (Some(Verb::Discover(command)), _) => command.run(),
            (Some(Verb::Check(command)), _) => command.run(),
            (Some(Verb::Findings(command)), _) => command.run(),
            (None, command) => command.run(),
        }
    }
}

/// Where events come from and how they are read.
#[derive(Args)]
pub struct From {
    /// A file of events; - is standard input.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How events are read; written when it is not there.
    #[arg(long, value_name = "FILE", default_value = "mapping.yaml")]
    mapping: PathBuf,
    /// Guess again although the mapping is there, and do not write it.
    #[arg(long)]
    guess: bool,
}

impl From {
    fn file(&self) -> Result<&Path, Failure> {
        let there = self.file.as_deref();
        there.ok_or_else(|| Failure("expected a file of events, but none is named".to_owned()))
    }
}
