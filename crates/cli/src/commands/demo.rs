//! `grevy demo`: the order story, durable, with faults on the way.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::Failure;
use crate::demo::{Options, play};

/// Plays the order story: orders flow through payment, inventory and shipping, with slow
/// providers, expired cards and lost messages on the way. Kill it at any time and run it again:
/// it goes on where it was.
#[derive(Args)]
pub struct Demo {
    /// Where it keeps its data.
    #[arg(long, value_name = "DIR", default_value = "./grevy-demo")]
    data_dir: PathBuf,
    /// Empties the folder first.
    #[arg(long)]
    fresh: bool,
    /// Orders in all, those of earlier runs included; 0: until Ctrl-C.
    #[arg(long, value_name = "N", default_value_t = 30)]
    orders: u32,
    /// Orders a second.
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Lets time run FACTOR times as fast; a day a second when no factor is given.
    #[arg(long, value_name = "FACTOR", num_args = 0..=1, default_missing_value = "86400",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    fast_clock: Option<u32>,
    /// Partitions of the engine.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    partitions: Option<u16>,
}

impl Demo {
    pub fn run(self) -> Result<ExitCode, Failure> {
        play(Options {
            folder: self.data_dir,
            fresh: self.fresh,
            orders: self.orders,
            rate: self.rate,
            factor: self.fast_clock.unwrap_or(1),
            partitions: self.partitions,
        })
    }
}
