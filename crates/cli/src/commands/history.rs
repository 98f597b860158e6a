//! `grevy history`.

use std::path::PathBuf;
use std::process::ExitCode;

use api::readback::FILE;
use clap::{Args, Subcommand};

use crate::Failure;
use crate::progress::Progress;
use crate::server::HISTORY;

/// Works on what pages and searches read, in a data folder that no server has open.
#[derive(Args)]
pub struct History {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Rebuild(Rebuild),
}

/// Makes the tables again from the events that history keeps; the next start adds what came after
/// them from the journal.
#[derive(Args)]
struct Rebuild {
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data_dir: PathBuf,
}

impl History {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let Command::Rebuild(Rebuild { data_dir }) = self.command;
        let path = data_dir.join(HISTORY).join(FILE);
        if !path.is_file() {
            return Err(Failure(format!(
                "expected history at {}, but there is none; name the data folder with --data-dir",
                path.display()
            )));
        }
        // Nobody else has the folder open while this is held.
        let _folder = journal::Folder::open(&data_dir)?;
        let building = Progress::waiting("making the tables again", false);
        let rebuilt = history::rebuild(&path);
        drop(building);
        let steps = match rebuilt {
            Err(error) if error.is_damaged() => {
                let aside = history::set_aside(&path)?;
                println!(
                    "{error}\nThe events that it keeps cannot be read: it is kept as {}, and the \
                     next start makes history again from what the journal has.",
                    aside.display()
                );
                return Ok(ExitCode::SUCCESS);
            }
            rebuilt => rebuilt?,
        };
        println!("made the tables of {} again from {steps} steps", path.display());
        Ok(ExitCode::SUCCESS)
    }
}
