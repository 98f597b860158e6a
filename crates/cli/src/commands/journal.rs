//! `grevy journal inspect|verify`: looks at the files of a data folder without opening it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use journal::fs::RealFs;
use journal::inspect::{
    CheckpointsReport, Place, Report, Verdict, checkpoints_of, inspect, inspect_checkpoints, logs,
};

use crate::Failure;
use crate::progress::Progress;

/// Looks at journals; the server may run meanwhile.
#[derive(Args)]
pub struct Journal {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Shows segments, epochs, positions, checkpoints and how each journal ends.
    Inspect(Where),
    /// Reads every record, checkpoint and blob, and ends with 1 when one that was durable cannot be
    /// read.
    Verify(Where),
}

#[derive(Args)]
struct Where {
    /// The data folder, or the folder of one journal in it.
    #[arg(value_name = "DIR", default_value = "./data")]
    dir: PathBuf,
    /// One JSON object a journal.
    #[arg(long)]
    json: bool,
}

impl Journal {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let (place, detailed) = match self.verb {
            Verb::Inspect(place) => (place, true),
            Verb::Verify(place) => (place, false),
        };
        let fs = RealFs;
        let mut code = ExitCode::SUCCESS;
        let logs = logs(&fs, &place.dir)
            .map_err(|error| Failure(format!("{error}{}", look_inside(&place.dir))))?;
        for dir in logs {
            let reading = Progress::waiting(&format!("reading {}", dir.display()), place.json);
            let report = inspect(&fs, &dir)?;
            let checkpoints = checkpoints_of(&fs, &dir);
            let checkpoints = checkpoints
                .map(|dir| inspect_checkpoints(&fs, &dir))
                .transpose()?
                .unwrap_or_default();
            drop(reading);
            let damaged = checkpoints.checkpoints.iter().any(|one| !one.damage.is_empty());
            let headless = headless(&report, &checkpoints);
            if matches!(report.verdict, Verdict::Corrupt(_)) || damaged || headless {
                code = ExitCode::FAILURE;
            }
            if place.json {
                println!("{}", json(&dir, &report, &checkpoints));
            } else {
                print(&dir, &report, detailed);
                if headless {
                    println!(
                        "  CORRUPT: positions 1 to {} are gone, and no whole checkpoint has them",
                        report.first_lsn - 1
                    );
                }
                print_checkpoints(&checkpoints, detailed);
            }
        }
        Ok(code)
    }
}

/// What to add to the refusal of a folder whose part is a data folder, as that of `grevy demo` is.
pub fn look_inside(folder: &std::path::Path) -> String {
    let inner = folder.join("engine");
    match logs(&RealFs, &inner) {
        Ok(found) if !found.is_empty() => format!("; look at {}", inner.display()),
        Ok(_) | Err(_) => String::new(),
    }
}

/// Trimmed, with nothing to stand on.
fn headless(report: &Report, checkpoints: &CheckpointsReport) -> bool {
    let whole = checkpoints.checkpoints.iter().filter(|one| one.damage.is_empty());
    let covered = whole.map(|one| one.lsn + 1).max().unwrap_or(1);
    !report.segments.is_empty() && report.first_lsn > covered
}

fn print(dir: &std::path::Path, report: &Report, detailed: bool) {
    println!(
        "{}: positions {} to {}, durable to {}; {} groups, {} steps, {} bytes",
        dir.display(),
        report.first_lsn,
        report.end.lsn,
        report.durable,
        report.groups,
        report.frames,
        report.body_bytes
    );
    if detailed {
        for segment in &report.segments {
            println!(
                "  segment {}: {} bytes used of {}, {} groups, {} steps from position {}",
                segment.file.display(),
                segment.end,
                segment.bytes,
                segment.groups,
                segment.frames,
                segment.base + 1
            );
        }
        for epoch in &report.epochs {
            println!(
                "  epoch {}: {} groups, {} steps from position {}",
                epoch.epoch,
                epoch.groups,
                epoch.frames,
                epoch.base + 1
            );
        }
        for file in &report.unused {
            println!("  not in use: {}", file.display());
        }
        if report.ignored > 0 {
            println!("  ignored records (fenced, doubled or after a gap): {}", report.ignored);
        }
    }
    match &report.verdict {
        Verdict::Whole => println!("  whole"),
        Verdict::Torn(place) => {
            println!("  torn tail, never durable, cut off at the next start: {}", tell(place));
        }
        Verdict::Corrupt(place) => {
            println!("  CORRUPT: something that was durable cannot be read: {}", tell(place));
        }
    }
}

fn print_checkpoints(report: &CheckpointsReport, detailed: bool) {
    for one in &report.checkpoints {
        if detailed || !one.damage.is_empty() {
            println!(
                "  checkpoint {}: position {}, {} files, {} instances in {} bytes",
                one.number, one.lsn, one.files, one.blobs, one.blob_bytes
            );
        }
        for damage in &one.damage {
            let of = damage.key.map(|key| format!(" (instance {key})")).unwrap_or_default();
            println!("    DAMAGED: {}{of}: {}", damage.file.display(), damage.what);
        }
    }
    let whole = report.checkpoints.iter().filter(|one| one.damage.is_empty()).count();
    if !report.checkpoints.is_empty() {
        println!("  checkpoints: {whole} of {} whole", report.checkpoints.len());
    }
}

fn tell(place: &Place) -> String {
    let Place { file, offset, lsn, what } = place;
    format!("{} at byte {offset} (position {lsn}): {what}", file.display())
}

fn json(
    dir: &std::path::Path,
    report: &Report,
    checkpoints: &CheckpointsReport,
) -> serde_json::Value {
    let checkpoints: Vec<_> = checkpoints
        .checkpoints
        .iter()
        .map(|one| {
            let damage: Vec<_> = one
                .damage
                .iter()
                .map(|damage| {
                    serde_json::json!({
                        "file": damage.file.display().to_string(),
                        "instance": damage.key.map(|key| key.to_string()),
                        "what": damage.what,
                    })
                })
                .collect();
            serde_json::json!({
                "number": one.number,
                "position": one.lsn,
                "files": one.files,
                "instances": one.blobs,
                "bytes": one.blob_bytes,
                "damage": damage,
            })
        })
        .collect();
    let (verdict, place) = match &report.verdict {
        Verdict::Whole => ("whole", None),
        Verdict::Torn(place) => ("torn", Some(place)),
        Verdict::Corrupt(place) => ("corrupt", Some(place)),
    };
    serde_json::json!({
        "folder": dir.display().to_string(),
        "firstPosition": report.first_lsn,
        "lastPosition": report.end.lsn,
        "durable": report.durable,
        "groups": report.groups,
        "steps": report.frames,
        "bytes": report.body_bytes,
        "segments": report.segments.len(),
        "ignored": report.ignored,
        "verdict": verdict,
        "place": place.map(tell),
        "checkpoints": checkpoints,
    })
}
