//! The checkpoints of one log.

use super::manifest::{FORMAT, Manifest, Part};
use super::part::{PartReader, PartWriter, retry};
use crate::blob::{BlobStore, Frozen};
use crate::folder::{Place, replace};
use crate::fs::{Fs, read_full};
use crate::progress::lock;
use crate::stop::{self, Point};
use crate::{Error, Fold, Folder, Lsn};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Largest manifest that is read, in bytes.
const MANIFEST_BYTES_MAX: usize = 16 << 20;

/// The checkpoints of one log, in a folder of their own.
#[derive(Debug)]
pub struct CheckpointStore {
    place: Place,
    keep: usize,
    /// Published and readable manifests, oldest first.
    manifests: Mutex<Vec<Manifest>>,
    /// Why others that were there at the start are not among them.
    damaged: Vec<String>,
    next: Mutex<u64>,
}

impl CheckpointStore {
    /// Opens the checkpoints `name` in a folder; the newest `keep`, at least two, are kept.
    ///
    /// # Errors
    /// [`Error::NewerFormat`] if a newer version wrote one.
    pub fn open(
        folder: &Arc<Folder>,
        name: &str,
        keep: usize,
    ) -> Result<Arc<CheckpointStore>, Error> {
        let place = folder.place(name)?;
        let mut manifests = Vec::new();
        let mut damaged = Vec::new();
        let mut last = 0;
        for name in names(&place)? {
            let number = Manifest::number_of(&name);
            let Some(number) = number.or_else(|| part_number(&name)) else { continue };
            last = last.max(number);
            if Manifest::number_of(&name).is_some() {
                let found =
                    read_manifest(place.fs(), &place.dir, &name)?.map(|m| (missing(&place, &m), m));
                match found {
                    Some((None, manifest)) => manifests.push(manifest),
                    Some((Some(what), _)) => damaged.push(format!("checkpoint {number}: {what}")),
                    None => damaged.push(format!("checkpoint {number}: {name} is damaged")),
                }
            }
        }
        manifests.sort_by_key(|m: &Manifest| m.number);
        let manifests = Mutex::new(manifests);
        let keep = keep.max(2);
        Ok(Arc::new(CheckpointStore {
            place,
            keep,
            manifests,
            damaged,
            next: Mutex::new(last + 1),
        }))
    }

    /// The newest checkpoint whose files verify; older ones stand in for damaged ones.
    ///
    /// All its own files are read; blobs carry their own checksums.
    pub fn newest_valid(self: &Arc<Self>) -> Result<Option<Checkpoint>, Error> {
        Ok(self.newest_first().into_iter().find(|checkpoint| checkpoint.verify().is_ok()))
    }

    /// What is published, newest first and not verified yet: for an owner that has more to ask of
    /// a checkpoint than that its files are whole.
    pub fn newest_first(self: &Arc<Self>) -> Vec<Checkpoint> {
        let manifests = lock(&self.manifests).clone();
        let all = manifests.into_iter().rev();
        all.map(|manifest| Checkpoint { store: Arc::clone(self), manifest }).collect()
    }

    /// Counts a checkpoint no longer: it is damaged, must not stand for one that is kept, and its
    /// files go with the next that is published.
    pub fn set_aside(&self, number: u64) {
        lock(&self.manifests).retain(|manifest| manifest.number != number);
    }

    /// Why checkpoints that were there at the start are not counted, a line each.
    pub fn damaged(&self) -> Vec<String> {
        self.damaged.clone()
    }

    /// What is published, oldest first, damaged ones included whose manifests can be read.
    pub fn list(&self) -> Vec<Manifest> {
        lock(&self.manifests).clone()
    }

    /// Up to where the log may be trimmed: the position of the oldest checkpoint that is kept,
    /// so that each of them can be recovered from.
    pub fn trim_upto(&self) -> Lsn {
        let manifests = lock(&self.manifests);
        if manifests.len() < 2 { 0 } else { manifests.first().map_or(0, |m| m.at.lsn) }
    }

    /// Begins a checkpoint.
    pub fn begin(self: &Arc<Self>) -> Draft {
        let mut next = lock(&self.next);
        let number = *next;
        *next += 1;
        Draft { store: Arc::clone(self), number, parts: Vec::new(), published: false }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Removes what is too old, and files that nothing names. `live` are files of blobs in use.
    fn prune(&self, live: &BTreeSet<String>) -> Result<(), Error> {
        let old: Vec<Manifest> = {
            let mut manifests = lock(&self.manifests);
            let surplus = manifests.len().saturating_sub(self.keep);
            manifests.drain(..surplus).collect()
        };
        let (fs, dir) = (self.place.fs(), &self.place.dir);
        for manifest in &old {
            let path = dir.join(Manifest::file(manifest.number));
            fs.remove(&path).map_err(|e| Error::io("removing an old checkpoint", path, e))?;
        }
        // Manifests go first: none may ever name a file that is gone.
        fs.sync_dir(dir).map_err(|e| Error::io("syncing the folder", dir, e))?;
        self.sweep(live)
    }

    /// Removes files that no manifest names and nobody uses.
    pub(crate) fn sweep(&self, live: &BTreeSet<String>) -> Result<(), Error> {
        let manifests = lock(&self.manifests);
        let named = |name: &str| {
            manifests.iter().any(|m| {
                let mut all = m.parts.iter().chain(&m.index).chain(&m.blobs);
                all.any(|part| part.name == name)
            })
        };
        let drafting = manifests.last().map_or(0, |m| m.number);
        for name in names(&self.place)? {
            let manifest = Manifest::number_of(&name);
            let known = |number| manifests.iter().any(|m| m.number == number);
            let ours = match manifest.or_else(|| part_number(&name)) {
                // A draft that is being written has a higher number than all that are published.
                Some(number) => number <= drafting && !(manifest.is_some() && known(number)),
                None => crate::blob::is_blob_file(&name),
            };
            if ours && !named(&name) && !live.contains(&name) {
                let path = self.place.dir.join(&name);
                let removed = self.place.fs().remove(&path);
                removed.map_err(|e| Error::io("removing an old file", path, e))?;
            }
        }
        Ok(())
    }
}

fn names(place: &Place) -> Result<Vec<String>, Error> {
    let entries = place.fs().list(&place.dir);
    let entries = entries.map_err(|e| Error::io("reading the folder", &place.dir, e))?;
    Ok(entries.into_iter().filter(|e| !e.is_dir).map(|e| e.name).collect())
}

/// The number of the checkpoint that a file of one belongs to.
fn part_number(name: &str) -> Option<u64> {
    name.strip_suffix(".part")?.split_once('-')?.0.parse().ok()
}

/// The first file of a checkpoint that is not there in full size. One without all is not counted
/// among those that are kept, or it would push out a good one.
fn missing(place: &Place, manifest: &Manifest) -> Option<String> {
    let mut all = manifest.parts.iter().chain(&manifest.index).chain(&manifest.blobs);
    all.find_map(|part| {
        let len = place.fs().open(&place.dir.join(&part.name)).and_then(|file| file.len());
        let Part { name, bytes } = part;
        match len {
            Ok(len) if len >= *bytes => None,
            Ok(len) => Some(format!("{name} has {len} bytes, but {bytes} were written")),
            Err(error) => Some(format!("{name} cannot be read: {error}")),
        }
    })
}

/// A manifest that can be read; `None` for one that is damaged.
pub(crate) fn read_manifest(
    fs: &dyn Fs,
    dir: &Path,
    name: &str,
) -> Result<Option<Manifest>, Error> {
    let path = dir.join(name);
    let read = || -> io::Result<Vec<u8>> {
        let file = fs.open(&path)?;
        let len = usize::try_from(file.len()?).unwrap_or(usize::MAX).min(MANIFEST_BYTES_MAX);
        let mut bytes = vec![0; len];
        let n = read_full(file.as_ref(), &mut bytes, 0)?;
        bytes.truncate(n);
        Ok(bytes)
    };
    let bytes = read().map_err(|e| Error::io("reading a manifest", &path, e))?;
    match Manifest::from_text(&String::from_utf8_lossy(&bytes)) {
        Ok(manifest) if Manifest::file(manifest.number) == name => Ok(Some(manifest)),
        Ok(_) | Err(0) => Ok(None),
        Err(found) => Err(Error::NewerFormat { file: path, found, known: FORMAT }),
    }
}

/// A published checkpoint.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    store: Arc<CheckpointStore>,
    manifest: Manifest,
}

impl Checkpoint {
    /// What it stands for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads the file that was written as `name`.
    ///
    /// # Errors
    /// Reading fails with `InvalidData` where a chunk is damaged.
    pub fn read(&self, name: &str) -> Result<PartReader, Error> {
        self.read_file(&Manifest::part_file(self.manifest.number, name))
    }

    pub(crate) fn read_file(&self, name: &str) -> Result<PartReader, Error> {
        let path = self.store.place.dir.join(name);
        let file = self.store.place.fs().open(&path);
        let file = file.map_err(|e| Error::io("reading a checkpoint", &path, e))?;
        Ok(PartReader::new(file, path))
    }

    /// Reads all its files and checks their sizes and checksums.
    pub fn verify(&self) -> Result<(), Error> {
        let m = &self.manifest;
        for part in m.parts.iter().chain(&m.index) {
            let path = self.store.place.dir.join(&part.name);
            let found = self.read_file(&part.name)?.verify();
            let found = found.map_err(|e| Error::io("verifying a checkpoint", &path, e))?;
            check_size(&path, found == part.bytes, found, part)?;
        }
        for part in &m.blobs {
            let path = self.store.place.dir.join(&part.name);
            let found = self.store.place.fs().open(&path).and_then(|file| file.len());
            let found = found.map_err(|e| Error::io("verifying a checkpoint", &path, e))?;
            check_size(&path, found >= part.bytes, found, part)?;
        }
        Ok(())
    }

    pub(crate) fn store(&self) -> &Arc<CheckpointStore> {
        &self.store
    }
}

fn check_size(path: &Path, fits: bool, found: u64, part: &Part) -> Result<(), Error> {
    if fits {
        return Ok(());
    }
    let what = format!("expected {} bytes, but there are {found}", part.bytes);
    let cause = io::Error::new(io::ErrorKind::InvalidData, what);
    Err(Error::io("verifying a checkpoint", path, cause))
}

/// A checkpoint that is being written. Dropping it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    store: Arc<CheckpointStore>,
    number: u64,
    parts: Vec<Part>,
    published: bool,
}

impl Draft {
    /// Writes a file of the checkpoint, in chunks, through `fill`. Off the loop: it syncs.
    ///
    /// # Errors
    /// [`Error::Full`] only after the reserve of the folder was given up and used.
    pub fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut PartWriter) -> io::Result<()>,
    ) -> Result<(), Error> {
        let part = self.write_part(name, fill)?;
        self.parts.push(part);
        Ok(())
    }

    pub(crate) fn write_part(
        &self,
        name: &str,
        fill: impl FnOnce(&mut PartWriter) -> io::Result<()>,
    ) -> Result<Part, Error> {
        let file = Manifest::part_file(self.number, name);
        let place = self.store.place();
        let path = place.dir.join(&file);
        let written = PartWriter::create(&place.folder, &place.dir, file).and_then(|mut writer| {
            fill(&mut writer)?;
            writer.finish()
        });
        written.map_err(|e| Error::io("writing a checkpoint", path, e))
    }

    /// Makes the checkpoint exist, and removes those that are too old.
    ///
    /// `at` is the fold of the log whose state was written, `durable` how far the log is durable:
    /// a checkpoint never runs ahead of it. With `blobs`, what was frozen of them becomes part of
    /// it; on an error they are as if nothing had been frozen.
    pub fn publish(
        mut self,
        at: Fold,
        schema: u16,
        durable: Lsn,
        blobs: Option<&BlobStore>,
    ) -> Result<Manifest, Error> {
        if at.lsn > durable {
            let what = format!("expected a checkpoint at {durable} or before, but at {}", at.lsn);
            return Err(Error::Misuse { what });
        }
        let frozen = blobs.map(|blobs| blobs.write_frozen(&self)).transpose()?;
        let (index, data) = match &frozen {
            Some(Frozen { index, data, .. }) => (index.clone(), data.clone()),
            None => (Vec::new(), Vec::new()),
        };
        let parts = std::mem::take(&mut self.parts);
        let manifest = Manifest { number: self.number, at, schema, parts, index, blobs: data };
        if let Err(error) = self.put_in_place(&manifest) {
            // In place perhaps, but not durably: as if it never was.
            let place = self.store.place();
            let _ = place.fs().remove(&place.dir.join(Manifest::file(self.number)));
            if let Some(blobs) = blobs {
                blobs.thaw();
            }
            return Err(error);
        }
        stop::at(Point::Published);
        self.published = true;
        lock(&self.store.manifests).push(manifest.clone());
        let live = match (blobs, frozen) {
            (Some(blobs), Some(frozen)) => blobs.published(frozen),
            _ => BTreeSet::new(),
        };
        self.store.prune(&live)?;
        // Given up for this checkpoint perhaps; if there is no room yet, the log holds it later.
        let _ = self.store.place.folder.hold_reserve();
        Ok(manifest)
    }

    fn put_in_place(&self, manifest: &Manifest) -> Result<(), Error> {
        let place = self.store.place();
        let name = Manifest::file(self.number);
        let text = manifest.to_text();
        stop::at(Point::Checkpoint);
        retry(&place.folder, || replace(place.fs(), &place.dir, &name, text.as_bytes()))
            .map_err(|e| Error::io("publishing a checkpoint", place.dir.join(&name), e))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        let prefix = format!("{:010}-", self.number);
        let place = self.store.place();
        for name in names(place).unwrap_or_default() {
            if name.starts_with(&prefix) {
                // What stays is swept after the next checkpoint.
                let _ = place.fs().remove(&place.dir.join(name));
            }
        }
    }
}
