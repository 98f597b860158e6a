//! Scenarios: text in, text out, on the engine's own state with a virtual clock and no threads.
//!
//! ```text
//! process order
//!   start begin
//!   service check_stock check-stock
//!   end done
//! create order {"amount": 120}
//!   | instance-created i1 order
//!   | element-activated check_stock
//!   | job-created j1 check-stock
//! complete j1 {"inStock": true}
//!   | job-completed j1
//! advance PT2H
//! ```
//!
//! A command is one line; the lines with `|` below it are the events that it brought, in order and
//! complete; a line with `!` is its refusal. After every command three things are checked that no
//! scenario has to ask for:
//!
//! 1. the events, encoded and decoded, fold to the same state;
//! 2. every instance comes back from its blob as it was;
//! 3. the state violates no invariant.
//!
//! [`check`] runs a scenario three times: plain, and twice forgetting instances at random between
//! the commands, and compares. With `GREVY_BLESS=1` it writes the events that came into the file.

mod commands;
pub mod limits;
mod model_text;
mod runner;
mod scenario;

use std::path::Path;

pub use runner::{Outcome, Runner};
pub use scenario::{Command, Line, Scenario};

/// Runs the scenario in a file, whose `deploy` lines name files beside it or in `models`.
///
/// # Errors
/// A text that shows where the expected and the real events part.
pub fn check(file: &Path, models: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let scenario = Scenario::parse(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    let real = run(&scenario, file, models, None)?;
    for seed in [1, 2] {
        let forgetful = run(&scenario, file, models, Some(seed))?;
        if forgetful != real {
            let difference = difference(&forgetful, &real);
            return Err(format!(
                "{}: forgetting instances (seed {seed}) changed what happens:\n{difference}",
                file.display()
            ));
        }
    }
    if std::env::var_os("GREVY_BLESS").is_some() {
        return std::fs::write(file, &real).map_err(|e| format!("{}: {e}", file.display()));
    }
    match real == scenario.text() {
        true => Ok(()),
        false => Err(format!(
            "{}: expected (-) and real (+) part:\n{}",
            file.display(),
            difference(&scenario.text(), &real)
        )),
    }
}

/// The models that stand in a scenario as text, as the files that it deploys.
///
/// # Errors
/// A model that cannot be read, with its process.
pub fn models(scenario: &Scenario) -> Result<Vec<(String, String)>, String> {
    let commands = scenario.lines.iter().filter_map(|line| line.command.as_ref());
    let xml = |command: &Command| match command {
        Command::Process { id, block } => {
            let built = model_text::build(id, block).map_err(|why| format!("{id}: {why}"));
            Some(built.map(|model| (format!("{id}.bpmn"), model.xml())))
        }
        Command::Deploy { .. } | Command::Ask { .. } => None,
    };
    commands.filter_map(xml).collect()
}

fn run(
    scenario: &Scenario,
    file: &Path,
    models: &Path,
    forget: Option<u64>,
) -> Result<String, String> {
    let mut runner = Runner::new(models, forget);
    runner.beside = file.parent().map(Path::to_path_buf);
    let mut text = String::new();
    for line in &scenario.lines {
        text += &line.text;
        text.push('\n');
        if let Some(command) = &line.command {
            let outcome = runner.run(command).map_err(|e| format!("{}: {e}", line.text))?;
            for told in outcome.lines {
                text += &format!("  {told}\n");
            }
        }
    }
    Ok(text)
}

/// The first place where two texts part, with a few lines around it.
fn difference(expected: &str, real: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), real.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for line in &new[same.saturating_sub(limits::CONTEXT_LINES)..same] {
        out += &format!("  {line}\n");
    }
    for line in old.iter().skip(same).take(limits::CONTEXT_LINES) {
        out += &format!("- {line}\n");
    }
    for line in new.iter().skip(same).take(limits::CONTEXT_LINES) {
        out += &format!("+ {line}\n");
    }
    out
}
