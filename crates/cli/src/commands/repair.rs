//! `grevy repair` and `grevy resume`: after a bug of ours, or a start that was held back.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use grevy::Grevy;

use crate::Failure;

/// Lifts the quarantine of a process instance: its timers and jobs go on.
///
/// Works on a data folder that no server has open.
#[derive(Args)]
pub struct Repair {
    /// Key of the instance.
    #[arg(value_name = "KEY")]
    instance: i64,
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data_dir: PathBuf,
    /// Leaves out the events of these instances when the journal cannot be folded otherwise.
    #[arg(long, value_name = "KEY")]
    quarantine: Vec<i64>,
}

/// Lets timers and dispatch go on in a data folder that starts paused, because three starts in a
/// row ended badly.
///
/// Works on a data folder that no server has open.
#[derive(Args)]
pub struct Resume {
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data_dir: PathBuf,
    /// Leaves out the events of these instances when the journal cannot be folded otherwise.
    #[arg(long, value_name = "KEY")]
    quarantine: Vec<i64>,
}

impl Repair {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let grevy = there(&self.data_dir)?.paused(true).skip(self.quarantine).open()?;
        grevy.repair(self.instance).wait()?;
        grevy.close();
        println!("process instance {} goes on with the next start", self.instance);
        Ok(ExitCode::SUCCESS)
    }
}

impl Resume {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let grevy = there(&self.data_dir)?.paused(true).skip(self.quarantine).open()?;
        let held = grevy.held();
        grevy.lift();
        grevy.close();
        match held {
            Some(_) => println!("timers and dispatch go on with the next start"),
            None => println!("no start of {} is held back", self.data_dir.display()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn there(folder: &std::path::Path) -> Result<grevy::Builder, Failure> {
    if !folder.is_dir() {
        return Err(Failure(format!(
            "expected a data folder at {}, but there is none; name it with --data-dir",
            folder.display()
        )));
    }
    Ok(Grevy::builder().folder(folder))
}
