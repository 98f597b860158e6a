//! `grevy repair` and `grevy resume`: after a bug of ours, or a start that was held back.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use grevy::Grevy;

use crate::Failure;
#[cfg(feature = "client")]
use crate::remote::Remote;

/// Lifts the quarantine of a process instance: its timers and jobs go on.
///
/// Asks a running server, or works on the data folder of a stopped one.
#[derive(Args)]
pub struct Repair {
    /// Key of the instance.
    #[arg(value_name = "KEY")]
    instance: i64,
    #[command(flatten)]
    stopped: Stopped,
    #[cfg(feature = "client")]
    #[command(flatten)]
    remote: Remote,
}

/// Lets timers and dispatch go on that were paused: three starts in a row ended badly, or the clock
/// of the machine jumped ahead.
///
/// Asks a running server, or works on the data folder of a stopped one.
#[derive(Args)]
pub struct Resume {
    #[command(flatten)]
    stopped: Stopped,
    #[cfg(feature = "client")]
    #[command(flatten)]
    remote: Remote,
}

#[derive(Args)]
struct Stopped {
    /// Data folder of a server that is not running.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// With --data-dir: leaves out the events of these instances when the journal cannot be folded
    /// otherwise.
    #[arg(long, value_name = "KEY", requires = "data_dir")]
    quarantine: Vec<i64>,
}

impl Repair {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let key = self.instance;
        let Some(grevy) = self.stopped.open()? else {
            #[cfg(feature = "client")]
            {
                let path = format!("/process-instances/{key}/repair");
                return ask(&self.remote, &path, &format!("process instance {key} goes on"));
            }
            #[cfg(not(feature = "client"))]
            return Err(no_client());
        };
        grevy.repair(key).wait()?;
        grevy.close();
        println!("process instance {key} goes on with the next start");
        Ok(ExitCode::SUCCESS)
    }
}

impl Resume {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let folder = self.stopped.data_dir.clone().unwrap_or_default();
        let Some(grevy) = self.stopped.open()? else {
            #[cfg(feature = "client")]
            return ask(&self.remote, "/resume", "timers and dispatch go on");
            #[cfg(not(feature = "client"))]
            return Err(no_client());
        };
        let held = grevy.held();
        grevy.lift();
        grevy.close();
        match held {
            Some(_) => println!("timers and dispatch go on with the next start"),
            None => println!("no start of {} is held back", folder.display()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(feature = "client")]
fn ask(remote: &Remote, path: &str, done: &str) -> Result<ExitCode, Failure> {
    remote.post_to("/grevy/v1", path)?;
    remote.tell(&serde_json::Value::Null, || println!("{done}"));
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "client"))]
fn no_client() -> Failure {
    Failure("expected --data-dir DIR, because this build asks no server".to_owned())
}

impl Stopped {
    /// The folder, if one was named.
    fn open(self) -> Result<Option<Grevy>, Failure> {
        let Some(folder) = &self.data_dir else { return Ok(None) };
        let opened = there(folder)?.paused(true).skip(self.quarantine).open();
        let told = |error| Failure(format!("{error}{}", super::journal::look_inside(folder)));
        Ok(Some(opened.map_err(told)?))
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
