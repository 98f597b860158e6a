//! Which blob is where: ordered tables, so that no growth ever moves all rows at once.

use super::files::Loc;
use crate::checkpoint::{Part, PartReader, PartWriter};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Read, Write};
use std::ops::Bound;

const ROW_BYTES: usize = 24;

/// Below this many changes since the last whole index nothing is gained by writing it anew.
const CHANGES_MIN: usize = 64 << 10;

/// A key with its place, or with `None` where it has no blob any more.
pub(crate) type Row = (i64, Option<Loc>);

#[derive(Debug, Default)]
pub(crate) struct Layers {
    pending: BTreeMap<i64, Option<Loc>>,
    frozen: Option<BTreeMap<i64, Option<Loc>>>,
    base: BTreeMap<i64, Loc>,
    /// The files that make up the base.
    parts: Vec<Part>,
    /// Rows in those files after the first.
    changes: usize,
}

impl Layers {
    pub(crate) fn get(&self, key: i64) -> Option<Loc> {
        if let Some(change) = self.pending.get(&key) {
            return *change;
        }
        if let Some(change) = self.frozen.as_ref().and_then(|frozen| frozen.get(&key)) {
            return *change;
        }
        self.base.get(&key).copied()
    }

    /// Changes a key; a place that nothing refers to any more.
    pub(crate) fn put(&mut self, key: i64, change: Option<Loc>) -> Option<Loc> {
        self.pending.insert(key, change).flatten()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Whether it could be done.
    pub(crate) fn freeze(&mut self) -> bool {
        if self.frozen.is_some() {
            return false;
        }
        self.frozen = Some(std::mem::take(&mut self.pending));
        true
    }

    /// Puts the frozen changes back where no later one is; places that nothing refers to then.
    pub(crate) fn thaw(&mut self) -> Vec<Loc> {
        let mut olds = Vec::new();
        for (key, change) in self.frozen.take().unwrap_or_default() {
            match self.pending.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(change);
                }
                Entry::Occupied(_) => olds.extend(change),
            }
        }
        olds
    }

    /// Moves some of the frozen changes into the base; places that nothing refers to any more,
    /// and whether there are more.
    pub(crate) fn merge(&mut self, rows: usize) -> (Vec<Loc>, bool) {
        let mut olds = Vec::new();
        let Some(frozen) = &mut self.frozen else { return (olds, false) };
        for _ in 0..rows {
            let Some((key, change)) = frozen.pop_first() else {
                self.frozen = None;
                return (olds, false);
            };
            olds.extend(match change {
                Some(loc) => self.base.insert(key, loc),
                None => self.base.remove(&key),
            });
        }
        (olds, true)
    }

    /// Whether the next index is better written as one file than as changes.
    pub(crate) fn wants_whole(&self) -> bool {
        let frozen = self.frozen.as_ref().map_or(0, BTreeMap::len);
        let changes = self.changes + frozen;
        self.parts.is_empty() || (changes > CHANGES_MIN && changes > self.base.len() / 2)
    }

    pub(crate) fn parts(&self) -> Vec<Part> {
        self.parts.clone()
    }

    pub(crate) fn set_parts(&mut self, parts: Vec<Part>, whole: bool) {
        let frozen = self.frozen.as_ref().map_or(0, BTreeMap::len);
        self.changes = if whole { 0 } else { self.changes + frozen };
        self.parts = parts;
    }

    /// Some rows of the next index behind the key `after`, and where to go on, if anywhere:
    /// all that are there with `whole`, else only what was changed.
    pub(crate) fn rows(
        &self,
        after: Option<i64>,
        whole: bool,
        rows: usize,
    ) -> (Vec<Row>, Option<i64>) {
        let from = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let empty = BTreeMap::new();
        let frozen = self.frozen.as_ref().unwrap_or(&empty);
        let mut changed = frozen.range(from).peekable();
        let mut base = self.base.range(from).take(if whole { rows } else { 0 }).peekable();
        let mut found = Vec::new();
        let mut last = None;
        for _ in 0..rows {
            let row = match (changed.peek(), base.peek()) {
                (None, None) => return (found, None),
                (Some((key, _)), Some((other, _))) if key > other => base.next().map(in_base),
                (None, Some(_)) => base.next().map(in_base),
                (Some((key, _)), other) => {
                    if other.is_some_and(|(other, _)| other == key) {
                        base.next();
                    }
                    changed.next().map(|(key, change)| (*key, *change))
                }
            };
            last = row.map(|(key, _)| key);
            found.extend(row.filter(|(_, change)| !whole || change.is_some()));
        }
        (found, last)
    }

    /// Reads an index file over what is there.
    pub(crate) fn load(&mut self, mut from: PartReader, part: &Part) -> io::Result<()> {
        let mut row = [0; ROW_BYTES];
        let mut rows = 0;
        loop {
            match from.read(&mut row[..1])? {
                0 => break,
                _ => from.read_exact(&mut row[1..])?,
            }
            let (key, change) = decode(&row);
            match change {
                Some(loc) => self.base.insert(key, loc),
                None => self.base.remove(&key),
            };
            rows += 1;
        }
        self.changes += if self.parts.is_empty() { 0 } else { rows };
        self.parts.push(part.clone());
        Ok(())
    }

    pub(crate) fn each_row(&self, mut each: impl FnMut(i64, &Loc)) {
        self.base.iter().for_each(|(key, loc)| each(*key, loc));
    }

    pub(crate) fn each_base(&self, mut each: impl FnMut(&Loc)) {
        self.base.values().for_each(&mut each);
    }
}

fn in_base((key, loc): (&i64, &Loc)) -> Row {
    (*key, Some(*loc))
}

/// Writes rows: `key i64 | at u64 | file u32 | len u32`, with file 0 for no blob.
pub(crate) fn write(out: &mut PartWriter, rows: &[Row]) -> io::Result<()> {
    for (key, change) in rows {
        let loc = change.unwrap_or(Loc { at: 0, file: 0, len: 0 });
        let mut row = [0; ROW_BYTES];
        row[..8].copy_from_slice(&key.to_le_bytes());
        row[8..16].copy_from_slice(&loc.at.to_le_bytes());
        row[16..20].copy_from_slice(&loc.file.to_le_bytes());
        row[20..].copy_from_slice(&loc.len.to_le_bytes());
        out.write_all(&row)?;
    }
    Ok(())
}

fn decode(row: &[u8; ROW_BYTES]) -> Row {
    let [k0, k1, k2, k3, k4, k5, k6, k7, a0, a1, a2, a3, a4, a5, a6, a7, rest @ ..] = *row;
    let [f0, f1, f2, f3, l0, l1, l2, l3] = rest;
    let key = i64::from_le_bytes([k0, k1, k2, k3, k4, k5, k6, k7]);
    let at = u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]);
    let file = u32::from_le_bytes([f0, f1, f2, f3]);
    let len = u32::from_le_bytes([l0, l1, l2, l3]);
    // No blob begins before its own header.
    (key, (file != 0 && at >= 16).then_some(Loc { at, file, len }))
}
