//! Reads the checkpoints of a log and every blob they lead to, without opening them.

use crate::blob::{self, Layers, Loc};
use crate::checkpoint::{self, Manifest, Part, PartReader};
use crate::fs::Fs;
use crate::{Error, Lsn};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is in the folder of the checkpoints of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointsReport {
    /// Those that have a manifest, oldest first.
    pub checkpoints: Vec<CheckpointReport>,
}

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Its number.
    pub number: u64,
    /// The position that it stands for; 0 if its manifest cannot be read.
    pub lsn: Lsn,
    /// Its files, those of blobs included.
    pub files: usize,
    /// Blobs that it leads to.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// What of it cannot be read; a blob that several lead to is named once.
    pub damage: Vec<Damage>,
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// The instance whose blob it is.
    pub key: Option<i64>,
    /// What was expected and found, and at which byte.
    pub what: String,
}

/// The folder of the checkpoints of a log, where there is one.
pub fn checkpoints_of(fs: &dyn Fs, log: &Path) -> Option<PathBuf> {
    let name = log.file_name()?.to_string_lossy();
    let dir = log.with_file_name(format!("{name}-checkpoints"));
    fs.list(&dir).is_ok().then_some(dir)
}

/// Reads all files of all checkpoints in a folder, and every blob that they lead to. A process
/// that has the folder may go on: what it removes meanwhile is left out.
///
/// # Errors
/// What the file system refuses; a newer format.
pub fn inspect_checkpoints(fs: &dyn Fs, dir: &Path) -> Result<CheckpointsReport, Error> {
    let entries = fs.list(dir).map_err(|e| Error::io("reading the folder", dir, e))?;
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort();
    let mut seen = BTreeSet::new();
    let mut report = CheckpointsReport::default();
    for name in names {
        let Some(number) = Manifest::number_of(&name) else { continue };
        let path = dir.join(&name);
        let found = match checkpoint::read_manifest(fs, dir, &name) {
            Ok(Some(manifest)) => one(fs, dir, &manifest, &mut seen),
            Ok(None) => unreadable(number, &path),
            Err(Error::NewerFormat { file, found, known }) => {
                return Err(Error::NewerFormat { file, found, known });
            }
            Err(_) => unreadable(number, &path),
        };
        // Pruned while it was read, and so no damage.
        if found.damage.is_empty() || fs.open(&path).is_ok() {
            report.checkpoints.push(found);
        }
    }
    Ok(report)
}

fn unreadable(number: u64, path: &Path) -> CheckpointReport {
    let what = "expected the manifest of a checkpoint, but it is damaged".to_owned();
    let damage = vec![Damage { file: path.to_owned(), key: None, what }];
    CheckpointReport { number, lsn: 0, files: 0, blobs: 0, blob_bytes: 0, damage }
}

fn one(
    fs: &dyn Fs,
    dir: &Path,
    manifest: &Manifest,
    seen: &mut BTreeSet<(u32, u64)>,
) -> CheckpointReport {
    let Manifest { number, at, parts, index, blobs, .. } = manifest;
    let mut report = CheckpointReport {
        number: *number,
        lsn: at.lsn,
        files: parts.len() + index.len() + blobs.len(),
        blobs: 0,
        blob_bytes: 0,
        damage: Vec::new(),
    };
    for part in parts.iter().chain(index) {
        let path = dir.join(&part.name);
        let read = fs.open(&path).and_then(|file| PartReader::new(file, path.clone()).verify());
        report.damage.extend(wrong(&path, read, part, |found| found == part.bytes));
    }
    for part in blobs {
        let path = dir.join(&part.name);
        let len = fs.open(&path).and_then(|file| file.len());
        report.damage.extend(wrong(&path, len, part, |found| found >= part.bytes));
    }
    let mut layers = Layers::default();
    for part in index {
        let path = dir.join(&part.name);
        let file = fs.open(&path);
        // A damaged one was told above; what it leads to cannot be known.
        if file.and_then(|file| layers.load(PartReader::new(file, path.clone()), part)).is_err() {
            return report;
        }
    }
    let mut all = Vec::new();
    layers.each_row(|key, loc| all.push((key, *loc)));
    all.sort_by_key(|(_, loc)| (loc.file, loc.at));
    read_all(fs, dir, &all, seen, &mut report);
    report
}

fn read_all(
    fs: &dyn Fs,
    dir: &Path,
    all: &[(i64, Loc)],
    seen: &mut BTreeSet<(u32, u64)>,
    report: &mut CheckpointReport,
) {
    for rows in all.chunk_by(|(_, a), (_, b)| a.file == b.file) {
        let Some((_, first)) = rows.first() else { continue };
        let path = dir.join(blob::file_name(first.file));
        let file = fs.open(&path).ok();
        for (key, loc) in rows {
            report.blobs += 1;
            report.blob_bytes += u64::from(loc.len);
            let Some(file) = file.as_ref().filter(|_| seen.insert((loc.file, loc.at))) else {
                continue;
            };
            if let Err(error) = blob::read_entry(file.as_ref(), *key, loc) {
                let what = error.to_string();
                report.damage.push(Damage { file: path.clone(), key: Some(*key), what });
            }
        }
    }
}

fn wrong(
    path: &Path,
    found: std::io::Result<u64>,
    part: &Part,
    fits: impl Fn(u64) -> bool,
) -> Option<Damage> {
    let what = match found {
        Ok(found) if fits(found) => return None,
        Ok(found) => format!("expected {} bytes, but there are {found}", part.bytes),
        Err(error) => error.to_string(),
    };
    Some(Damage { file: path.to_owned(), key: None, what })
}
