//! What the shop knows of its orders: one line each when it is placed and when it has ended.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Failure;

/// Append-only, beside the engine's own data.
pub struct Ledger {
    file: File,
    /// Order → outcome, `None` while it runs.
    orders: BTreeMap<String, Option<String>>,
    changed: Instant,
}

impl Ledger {
    pub fn open(path: &Path) -> Result<Ledger, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure(format!("{}: {error}", path.display()))),
        };
        let mut orders = BTreeMap::new();
        // A kill may have torn the last line.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        for line in whole.lines() {
            match line.split_once(' ') {
                Some((order, "placed")) => drop(orders.entry(order.to_owned()).or_insert(None)),
                Some((order, outcome)) => {
                    orders.insert(order.to_owned(), Some(outcome.to_owned()));
                }
                None => {}
            }
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(file)?;
        }
        Ok(Ledger { file, orders, changed: Instant::now() })
    }

    pub fn placed(&self) -> u32 {
        self.orders.len() as u32
    }

    pub fn running(&self) -> u32 {
        self.orders.values().filter(|outcome| outcome.is_none()).count() as u32
    }

    /// How many ended in each way.
    pub fn outcomes(&self) -> BTreeMap<&str, u32> {
        let mut counts = BTreeMap::new();
        for outcome in self.orders.values().flatten() {
            *counts.entry(outcome.as_str()).or_default() += 1;
        }
        counts
    }

    pub fn open_orders(&self) -> impl Iterator<Item = &str> {
        self.orders.iter().filter(|(_, outcome)| outcome.is_none()).map(|(order, _)| &**order)
    }

    /// How long nothing has been placed or ended.
    pub fn quiet_for(&self) -> Duration {
        self.changed.elapsed()
    }

    pub fn next_order(&self) -> String {
        let last = self.orders.keys().filter_map(|order| order.rsplit('-').next()?.parse().ok());
        let next: u32 = last.max().unwrap_or(0) + 1;
        format!("order-{next:05}")
    }

    pub fn place(&mut self, order: &str) -> Result<(), Failure> {
        if !self.orders.contains_key(order) {
            self.note(order, "placed")?;
            self.orders.insert(order.to_owned(), None);
        }
        Ok(())
    }

    pub fn end(&mut self, order: &str, outcome: &str) -> Result<(), Failure> {
        self.note(order, outcome)?;
        self.orders.insert(order.to_owned(), Some(outcome.to_owned()));
        Ok(())
    }

    /// Orders that are not running any longer, although no line says how they ended.
    pub fn end_all_but(&mut self, running: &[&String]) -> Result<(), Failure> {
        let open: Vec<String> = self.open_orders().map(str::to_owned).collect();
        for order in open.iter().filter(|order| !running.contains(order)) {
            self.end(order, "completed while the shop was down")?;
        }
        Ok(())
    }

    fn note(&mut self, order: &str, what: &str) -> Result<(), Failure> {
        self.changed = Instant::now();
        writeln!(self.file, "{order} {what}")?;
        Ok(())
    }
}
