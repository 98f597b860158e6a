//! Questions about cases that are kept: `grevy track cases`, `alerts`, `verdicts`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use grevy::Clock;
use journal::{FileConfig, FileJournal, Journal};
use serde_json::json;
use track::past::{self, Wanted};
use track::rows::{self, WantedCases};
use track::tracking::Tracking;

use super::keep::folder;
use crate::Failure;

/// Which folder is asked.
#[derive(Args)]
pub struct Kept {
    /// Folder in which cases are kept.
    #[arg(long, value_name = "FOLDER", default_value = "./data")]
    data_dir: PathBuf,
    #[arg(long)]
    json: bool,
}

/// The journal of tracking in a folder that nobody else has open.
pub fn journal(path: &std::path::Path) -> Result<Arc<dyn Journal>, Failure> {
    let folder = folder(path)?;
    Ok(Arc::new(FileJournal::open(&folder, "track", FileConfig::default())?))
}

impl Kept {
    /// The state, with the clock standing still: to ask changes nothing.
    fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&track::machine::State) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let folder = folder(&self.data_dir)?;
        let still = Clock::virtual_from(0);
        let tracking = Tracking::open(Some(&folder), still, Box::new(|_| ()))?;
        let found = tracking.look(read)?;
        tracking.close();
        Ok(found)
    }
}

/// Lists cases with their status, what they wait for and what is wrong with them.
#[derive(Args)]
pub struct Cases {
    #[command(flatten)]
    kept: Kept,
    /// early, open, stuck, resting, completed or expired.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    #[arg(long, value_name = "ID")]
    process: Option<String>,
    /// Only cases that do not go the way that the model says.
    #[arg(long)]
    deviating: bool,
}

impl Cases {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let wanted = WantedCases {
            process: self.process,
            case: self.case,
            status: self.status,
            deviating: self.deviating,
        };
        let found = self.kept.look(move |state| rows::cases(state, &wanted))?;
        if self.kept.json {
            println!("{:#}", json!(found));
            return Ok(ExitCode::SUCCESS);
        }
        for case in &found {
            let step = case.last_step.as_deref().unwrap_or("-");
            let wrong: Vec<String> =
                case.findings.iter().map(|f| format!("{} {}", f.kind, f.step)).collect();
            println!(
                "{:<32} {:<10} after {:<28} {}",
                case.case,
                case.status,
                step,
                case.reason.clone().unwrap_or_else(|| wrong.join("; "))
            );
        }
        println!("{} cases", found.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// Lists alerts.
#[derive(Args)]
pub struct Alerts {
    #[command(flatten)]
    kept: Kept,
}

impl Alerts {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let found = self.kept.look(rows::alerts)?;
        if self.kept.json {
            println!("{:#}", json!(found));
            return Ok(ExitCode::SUCCESS);
        }
        for alert in &found {
            let due = jiff::Timestamp::from_millisecond(alert.due_ms)?;
            let state = if alert.delivered { "" } else { "  not delivered yet" };
            println!(
                "{:<6} {:<24} case {:<32} {:<24} due {due}{state}",
                alert.number, alert.name, alert.case, alert.element
            );
        }
        println!("{} alerts", found.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// Lists what became of each record: started, moved, buffered, expired, replaced, ignored or
/// rejected, with the reason.
#[derive(Args)]
pub struct Verdicts {
    #[command(flatten)]
    kept: Kept,
    /// Only this verdict.
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Only records of this case.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Only reasons that contain this text.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Behind this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    count: usize,
}

impl Verdicts {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let journal = journal(&self.kept.data_dir)?;
        let wanted =
            Wanted { verdict: self.verdict, case: self.case, reason: self.reason, source: None };
        let found = past::verdicts(&*journal, &wanted, self.after, self.count)?;
        if self.kept.json {
            println!("{:#}", json!(found));
            return Ok(ExitCode::SUCCESS);
        }
        for row in &found {
            let what = match (&row.reason, &row.case, &row.kind) {
                (Some(reason), ..) => reason.clone(),
                (None, Some(case), Some(kind)) => format!("{kind} of case {case}"),
                (None, ..) => String::new(),
            };
            println!("{:>10}  {:<10} {what}", row.offset, row.verdict);
        }
        println!("{} records", found.len());
        Ok(ExitCode::SUCCESS)
    }
}
