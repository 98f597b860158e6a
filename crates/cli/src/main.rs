//! The binary: one file per command in `commands/`.

mod commands;
mod demo;
mod single;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs and watches business processes across services.
#[derive(Parser)]
#[command(name = "grevy", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(commands::demo::Demo),
    Run(commands::run::Run),
    Journal(commands::journal::Journal),
    Repair(commands::repair::Repair),
    Resume(commands::repair::Resume),
}

/// Why a command failed, for people; it ends with [`ExitCode::from`] 2.
pub struct Failure(pub String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.to_string())
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Journal(command) => command.run(),
        Command::Repair(command) => command.run(),
        Command::Resume(command) => command.run(),
    };
    done.unwrap_or_else(|Failure(message)| {
        eprintln!("error: {message}");
        ExitCode::from(2)
    })
}
