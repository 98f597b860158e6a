//! `grevy track check`: what a mapping would do with each record of a sample.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use track::ingest;
use track::limits::SAMPLE_RECORDS_MAX;
use track::mapping::{Reading, check, doubts};
use track::source::open;

use super::input::load;
use crate::Failure;

/// Shows what a mapping would do with each record of a sample; nothing is kept.
///
/// Ends with 1 when a record would be rejected, or an id does not tell events apart.
#[derive(Args)]
pub struct Check {
    #[arg(value_name = "MAPPING", default_value = "mapping.yaml")]
    mapping: PathBuf,
    /// A file of events; - is standard input.
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
    /// Records to look at.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    count: usize,
}

impl Check {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mapping = load(&self.mapping)?;
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let (_, mut source) = open(&self.sample, false)?;
        let wanted = self.count.max(SAMPLE_RECORDS_MAX);
        let mut items = ingest::sample(source.as_mut(), now_ms, wanted)?;
        let doubts = doubts(&mapping, &items);
        items.truncate(self.count);
        let (checked, summary) = check(&mapping, &items);
        for record in &checked {
            let at = record.position.offset;
            match &record.reading {
                Reading::Event(event) => {
                    let time = jiff::Timestamp::from_millisecond(event.time_ms)
                        .map_or_else(|_| event.time_ms.to_string(), |time| time.to_string());
                    let again = record.replaces.map_or(String::new(), |earlier| {
                        format!(", in the place of the record at {}", earlier.offset)
                    });
                    println!("{at}: {} of case {} at {time}{again}", event.kind, event.case);
                }
                Reading::Ignored { kind } => println!("{at}: ignored, its type is {kind}"),
                Reading::Rejected { reason } => println!("{at}: rejected: {reason}"),
            }
        }
        println!(
            "{} records: {} events of {} cases and {} types, {} ignored, {} seen before, \
             {} rejected",
            summary.records,
            summary.events,
            summary.cases,
            summary.steps.len(),
            summary.ignored,
            summary.replaced,
            summary.rejected.values().sum::<u64>()
        );
        doubts.iter().for_each(|doubt| println!("warning: {doubt}"));
        let clean = summary.rejected.is_empty() && doubts.is_empty();
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
