//! The bytes and names behind [`TestFs`](super::TestFs): what is seen, what is durable, and what a
//! crash makes of the difference.

use super::{Fault, Op, SECTOR_BYTES};
use crate::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(u64),
    Dir,
}

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Put(PathBuf, Node),
    Drop(PathBuf),
    Move(PathBuf, PathBuf, Node),
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Bytes(u64, Vec<u8>),
    Len(u64),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    /// What a crash leaves at least.
    pub(super) durable: Vec<u8>,
    /// What is read.
    pub(super) now: Vec<u8>,
    /// What leads from one to the other, except for what a failed sync gave up.
    pub(super) dirty: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) op: Op,
    pub(super) skip: u64,
    pub(super) times: u64,
    pub(super) fault: Fault,
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) names: BTreeMap<PathBuf, Node>,
    pub(super) durable_names: BTreeMap<PathBuf, Node>,
    pub(super) name_changes: Vec<NameChange>,
    pub(super) inodes: BTreeMap<u64, Inode>,
    pub(super) locks: BTreeSet<PathBuf>,
    /// Handles of a former generation belong to a process that died.
    pub(super) generation: u64,
    pub(super) ops: u64,
    pub(super) syncs: u64,
    pub(super) crash_at: Option<u64>,
    pub(super) capacity: Option<u64>,
    pub(super) rules: Vec<Rule>,
}

pub(super) fn dead() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the process is dead")
}

pub(super) fn injected() -> io::Error {
    io::Error::other("failed by the test")
}

pub(super) fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} is not there", path.display()))
}

pub(super) fn no_space() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left")
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Bytes(offset, new) => write_into(bytes, *offset as usize, new),
        Change::Len(len) => bytes.resize(*len as usize, 0),
    }
}

fn write_into(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if new.is_empty() {
        return;
    }
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}

impl Inode {
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let change = Change::Bytes(offset, bytes.to_vec());
        apply(&mut self.now, &change);
        self.dirty.push(change);
    }

    pub(super) fn set_len(&mut self, len: u64) {
        apply(&mut self.now, &Change::Len(len));
        self.dirty.push(Change::Len(len));
    }

    pub(super) fn sync(&mut self, changes: usize) {
        for change in self.dirty.drain(..changes) {
            apply(&mut self.durable, &change);
        }
    }

    /// Leaves what was durable and of the rest each sector by chance, sometimes a torn one.
    pub(super) fn crash(&mut self, rng: &mut Rng, keep: u64) {
        for change in std::mem::take(&mut self.dirty) {
            match change {
                Change::Len(len) if rng.chance(keep) => self.durable.resize(len as usize, 0),
                Change::Len(_) => {}
                Change::Bytes(offset, bytes) => self.crash_write(offset, &bytes, rng, keep),
            }
        }
        self.now = self.durable.clone();
    }

    fn crash_write(&mut self, offset: u64, bytes: &[u8], rng: &mut Rng, keep: u64) {
        let mut at = offset as usize;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = SECTOR_BYTES - at % SECTOR_BYTES;
            let (sector, after) = rest.split_at(room.min(rest.len()));
            if rng.chance(keep) {
                write_into(&mut self.durable, at, sector);
            } else if keep > 0 && rng.chance(10) {
                let part = rng.below(sector.len() as u64) as usize;
                write_into(&mut self.durable, at, &sector[..part]);
            }
            at += sector.len();
            rest = after;
        }
    }
}

impl Disk {
    pub(super) fn new_inode(&mut self) -> u64 {
        self.inodes.last_key_value().map_or(1, |(id, _)| id + 1)
    }

    pub(super) fn used(&self) -> u64 {
        let files = self.names.values().filter_map(|node| match node {
            Node::File(id) => self.inodes.get(id),
            Node::Dir => None,
        });
        files.map(|inode| inode.now.len() as u64).sum()
    }

    pub(super) fn with_inode(&mut self, path: &Path, change: impl FnOnce(&mut Inode)) {
        if let Some(Node::File(id)) = self.names.get(path)
            && let Some(inode) = self.inodes.get_mut(id)
        {
            change(inode);
        }
    }

    /// Counts a changing call and says what a test wants to happen to it.
    pub(super) fn enter(&mut self, op: Op) -> io::Result<Option<Fault>> {
        let number = self.ops;
        self.ops += 1;
        match self.crash_at {
            Some(at) if number == at && op == Op::Write => return Ok(Some(Fault::Half)),
            Some(at) if number >= at => return Err(dead()),
            Some(_) | None => {}
        }
        let Some(rule) = self.rules.iter_mut().find(|r| r.op == op && r.times > 0) else {
            return Ok(None);
        };
        if rule.skip > 0 {
            rule.skip -= 1;
            return Ok(None);
        }
        rule.times -= 1;
        Ok(Some(rule.fault))
    }

    pub(super) fn change_name(&mut self, change: NameChange) {
        apply_name(&mut self.names, &change);
        self.name_changes.push(change);
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) {
        let changes = std::mem::take(&mut self.name_changes);
        for change in changes {
            if parent_of(&change) == Some(dir) {
                apply_name(&mut self.durable_names, &change);
            } else {
                self.name_changes.push(change);
            }
        }
    }

    pub(super) fn crash(&mut self, rng: &mut Rng, keep: u64) {
        for change in std::mem::take(&mut self.name_changes) {
            if rng.chance(keep) {
                apply_name(&mut self.durable_names, &change);
            }
        }
        let dirs: BTreeSet<PathBuf> = self
            .durable_names
            .iter()
            .filter(|(_, node)| **node == Node::Dir)
            .map(|(path, _)| path.clone())
            .collect();
        self.durable_names.retain(|path, _| {
            path.ancestors().skip(1).all(|a| a.parent().is_none() || dirs.contains(a))
        });
        self.names = self.durable_names.clone();
        for inode in self.inodes.values_mut() {
            inode.crash(rng, keep);
        }
        self.generation += 1;
        self.locks.clear();
        self.rules.clear();
        self.crash_at = None;
    }
}

fn apply_name(names: &mut BTreeMap<PathBuf, Node>, change: &NameChange) {
    match change {
        NameChange::Put(path, node) => {
            names.insert(path.clone(), *node);
        }
        NameChange::Drop(path) => {
            names.remove(path);
        }
        NameChange::Move(from, to, node) => {
            names.remove(from);
            names.insert(to.clone(), *node);
        }
    }
}

fn parent_of(change: &NameChange) -> Option<&Path> {
    match change {
        NameChange::Put(path, _) | NameChange::Drop(path) => path.parent(),
        NameChange::Move(_, to, _) => to.parent(),
    }
}
