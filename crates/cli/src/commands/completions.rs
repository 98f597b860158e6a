//! `grevy completions`.

use std::process::ExitCode;

use clap::{Args, CommandFactory};

use crate::{Cli, Failure};

/// Prints completions for a shell.
#[derive(Args)]
pub struct Completions {
    shell: clap_complete::Shell,
}

impl Completions {
    pub fn run(self) -> Result<ExitCode, Failure> {
        clap_complete::generate(self.shell, &mut Cli::command(), "grevy", &mut std::io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}
