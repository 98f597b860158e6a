//! `grevy config`: the settings in effect.

use std::process::ExitCode;

use clap::Args;

use crate::Failure;
use crate::server::settings::{Serve, Settings};

/// Prints the settings that the server would run with, as a configuration file.
#[derive(Args)]
pub struct Config {
    #[command(flatten)]
    serve: Serve,
}

impl Config {
    pub fn run(self) -> Result<ExitCode, Failure> {
        print!("{}", toml::to_string(&Settings::load(self.serve)?)?);
        Ok(ExitCode::SUCCESS)
    }
}
