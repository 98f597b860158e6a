//! What the terminal shows: a line of progress while orders flow, and a summary at the end.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grevy::Grevy;

use super::ledger::Ledger;
use super::{Options, services};
use crate::Failure;

/// Shows the line at most this often.
const RHYTHM: Duration = Duration::from_millis(250);

#[derive(Default)]
pub struct Progress {
    shown: Option<Instant>,
    last: String,
}

impl Progress {
    /// In place on a terminal, a line at each change elsewhere.
    pub fn show(&mut self, grevy: &Grevy, ledger: &Ledger, end: bool) {
        if !end && self.shown.is_some_and(|shown| shown.elapsed() < RHYTHM) {
            return;
        }
        self.shown = Some(Instant::now());
        let counts = format!(
            "orders: {} placed, {} completed, {} under way",
            ledger.placed(),
            ledger.placed() - ledger.running(),
            ledger.running()
        );
        let terminal = std::io::stdout().is_terminal();
        if terminal {
            print!("\r\x1b[K{} · {counts}", clock(grevy));
            if end {
                println!();
            }
            let _ = std::io::stdout().flush();
        } else if counts != self.last {
            println!("{} · {counts}", clock(grevy));
        }
        self.last = counts;
    }
}

fn clock(grevy: &Grevy) -> String {
    match jiff::Timestamp::from_millisecond(grevy.clock().now()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => String::new(),
    }
}

/// How the orders ended, what went wrong on the way, and what still waits.
pub fn print(
    grevy: &Grevy,
    ledger: &Ledger,
    options: &Options,
    took: Duration,
) -> Result<ExitCode, Failure> {
    println!();
    let placed = ledger.placed();
    let completed = placed - ledger.running();
    println!("{completed} of {placed} orders completed, after {:.1} s", took.as_secs_f64());
    for (outcome, count) in ledger.outcomes() {
        println!("  {count:>5}  {outcome}");
    }
    if ledger.running() > 0 {
        println!("{} orders wait:", ledger.running());
        for (place, count) in waiting(grevy)? {
            println!("  {count:>5}  {place}");
        }
    }
    let faults = (1..=placed).map(|n| services::fault_of(&format!("order-{n:05}")));
    let mut by_fault: BTreeMap<&str, u32> = BTreeMap::new();
    for fault in faults.filter(|fault| !fault.is_empty()) {
        *by_fault.entry(fault).or_default() += 1;
    }
    let told: Vec<String> = by_fault.iter().map(|(f, n)| format!("{n} × {f}")).collect();
    println!("faults on the way: {}", told.join(", "));
    let incidents = grevy.incidents(0).wait()?;
    for incident in &incidents {
        println!("incident {} {}: {}", incident.key, incident.kind, incident.message);
    }
    println!("data stays in {} (--fresh empties it)", options.folder.display());
    Ok(if incidents.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where running orders stand.
fn waiting(grevy: &Grevy) -> Result<BTreeMap<String, u32>, Failure> {
    let mut counts = BTreeMap::new();
    let mut after = 0;
    loop {
        let keys = grevy.instances(after).wait()?;
        let Some(last) = keys.last() else { return Ok(counts) };
        after = *last;
        for key in keys {
            let Some(instance) = grevy.instance(key).wait()? else { continue };
            for place in instance.places.iter().filter(|place| place.key != key) {
                let name = format!("{} at {}", instance.process_id, place.element_id);
                *counts.entry(name).or_default() += 1;
            }
        }
    }
}
