//! The binary: one file per command in `commands/`.

mod commands;
mod demo;
#[cfg(feature = "track")]
mod events;
mod progress;
#[cfg(feature = "client")]
mod remote;
#[cfg(feature = "server")]
mod server;
mod single;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs and watches business processes across services.
///
/// Without a command: the server, with gRPC, REST and pages, on loopback, data in ./data.
#[derive(Parser)]
#[command(name = "grevy", version, max_term_width = 100)]
#[command(about = "Runs and watches business processes across services")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[cfg_attr(not(feature = "server"), command(arg_required_else_help = true))]
struct Cli {
    #[cfg(feature = "server")]
    #[command(flatten)]
    serve: server::settings::Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Demo(commands::demo::Demo),
    Run(commands::run::Run),
    Feel(commands::feel::Feel),
    Lint(commands::lint::Lint),
    Journal(commands::journal::Journal),
    Repair(commands::repair::Repair),
    Resume(commands::repair::Resume),
    #[cfg(feature = "client")]
    Deploy(commands::deploy::Deploy),
    #[cfg(feature = "client")]
    Create(commands::create::Create),
    #[cfg(feature = "client")]
    Decide(commands::decide::Decide),
    #[cfg(feature = "client")]
    Cancel(commands::cancel::Cancel),
    #[cfg(feature = "client")]
    Publish(commands::publish::Publish),
    #[cfg(feature = "client")]
    Jobs(commands::jobs::Jobs),
    #[cfg(feature = "client")]
    Incidents(commands::incidents::Incidents),
    #[cfg(feature = "client")]
    Resolve(commands::incidents::Resolve),
    #[cfg(feature = "client")]
    SetVariables(commands::variables::SetVariables),
    #[cfg(feature = "client")]
    Explain(commands::explain::Explain),
    #[cfg(feature = "server")]
    History(commands::history::History),
    #[cfg(feature = "client")]
    Status(commands::status::Status),
    #[cfg(feature = "server")]
    Config(commands::config::Config),
    #[cfg(feature = "server")]
    Token(commands::token::Token),
    Completions(commands::completions::Completions),
    #[cfg(feature = "track")]
    #[command(hide = true)]
    Checkout(commands::story::Checkout),
    #[cfg(feature = "track")]
    #[command(hide = true)]
    Payment(commands::story::React),
    #[cfg(feature = "track")]
    #[command(hide = true)]
    Inventory(commands::story::React),
    #[cfg(feature = "track")]
    #[command(hide = true)]
    Shipping(commands::story::React),
    #[cfg(feature = "track")]
    Track(Box<commands::track::Track>),
    #[cfg(feature = "track")]
    Trace(commands::track::Trace),
    #[cfg(feature = "track")]
    Stats(commands::track::Stats),
}

/// Why a command failed, for people; it ends with [`ExitCode::from`] 2.
pub struct Failure(pub String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.to_string())
    }
}

fn main() -> ExitCode {
    end_with_the_pipe();
    run(Cli::parse()).unwrap_or_else(|Failure(message)| {
        eprintln!("error: {message}");
        ExitCode::from(2)
    })
}

/// Whoever reads the output may have seen enough (`grevy … | head`): that is no bug of ours.
#[expect(clippy::disallowed_methods, reason = "a panic hook cannot return an exit code")]
fn end_with_the_pipe() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        let pipe = text.contains("Broken pipe") || text.contains("BrokenPipe");
        if pipe && text.starts_with("failed ") {
            // As a shell counts an end by SIGPIPE.
            std::process::exit(141);
        }
        told(panic);
    }));
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let Some(command) = cli.command else {
        #[cfg(feature = "server")]
        return server::run(cli.serve);
        #[cfg(not(feature = "server"))]
        return Err(Failure("expected a command, because this build has no server".to_owned()));
    };
    match command {
        Command::Demo(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Feel(command) => command.run(),
        Command::Lint(command) => command.run(),
        Command::Journal(command) => command.run(),
        Command::Repair(command) => command.run(),
        Command::Resume(command) => command.run(),
        #[cfg(feature = "track")]
        Command::Checkout(command) => command.run(),
        #[cfg(feature = "track")]
        Command::Payment(command) => command.run(&events::story::PAYMENT),
        #[cfg(feature = "track")]
        Command::Inventory(command) => command.run(&events::story::INVENTORY),
        #[cfg(feature = "track")]
        Command::Shipping(command) => command.run(&events::story::SHIPPING),
        #[cfg(feature = "track")]
        Command::Track(command) => command.run(),
        #[cfg(feature = "track")]
        Command::Trace(command) => command.run(),
        #[cfg(feature = "track")]
        Command::Stats(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Deploy(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Create(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Decide(decide) => decide.run(),
        #[cfg(feature = "client")]
        Command::Cancel(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Publish(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Jobs(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Incidents(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Resolve(command) => command.run(),
        #[cfg(feature = "client")]
        Command::SetVariables(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Explain(command) => command.run(),
        #[cfg(feature = "server")]
        Command::History(command) => command.run(),
        #[cfg(feature = "client")]
        Command::Status(command) => command.run(),
        #[cfg(feature = "server")]
        Command::Config(command) => command.run(),
        #[cfg(feature = "server")]
        Command::Token(command) => command.run(),
        Command::Completions(command) => command.run(),
    }
}
