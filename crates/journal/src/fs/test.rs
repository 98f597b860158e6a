//! A file system in memory that forgets what was not synced, and fails where a test says.
//!
//! It is deterministic: the same calls and the same seeds leave the same bytes. A crash keeps, of
//! what was not synced, any subset of sectors of each write and any subset of the changes of
//! names; a rename is atomic, but without [`Fs::sync_dir`] it may not have happened.

mod disk;

use super::{Entry, File, Fs, Lock};
use crate::progress::lock;
use crate::rng::Rng;
use disk::{Disk, Inode, NameChange, Node, Rule, dead, injected, no_space, not_found};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A disk writes this many bytes whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// A call that changes something and so can fail or crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A file or folder is created.
    Create,
    /// Bytes are written.
    Write,
    /// A file is cut or extended.
    SetLen,
    /// A file is synced.
    Sync,
    /// A file gets another name.
    Rename,
    /// A file is removed.
    Remove,
    /// A folder is synced.
    SyncDir,
}

/// What happens instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing. A failed sync leaves the bytes readable, and never makes them
    /// durable, as Linux does.
    Fail,
    /// A write stops half-way and fails; a sync makes half of the writes durable and fails.
    Half,
    /// It says that it succeeded and does nothing.
    Lie,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<GateState>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    held: bool,
    waiting: u32,
}

/// A file system in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct TestFs {
    disk: Arc<Mutex<Disk>>,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct TestFile {
    fs: TestFs,
    inode: u64,
    generation: u64,
}

#[derive(Debug)]
struct TestLock {
    fs: TestFs,
    path: PathBuf,
    generation: u64,
}

impl Lock for TestLock {}

impl Drop for TestLock {
    fn drop(&mut self) {
        let mut disk = lock(&self.fs.disk);
        if disk.generation == self.generation {
            disk.locks.remove(&self.path);
        }
    }
}

impl TestFs {
    /// An empty file system.
    pub fn new() -> TestFs {
        TestFs::default()
    }

    /// How many changing calls were made.
    pub fn ops(&self) -> u64 {
        lock(&self.disk).ops
    }

    /// How many syncs of files succeeded or said so.
    pub fn syncs(&self) -> u64 {
        lock(&self.disk).syncs
    }

    /// Makes the changing call number `op`, counted as in [`TestFs::ops`], and all later ones
    /// fail, as if the process were dead from there on. A write at that point is torn.
    pub fn crash_at(&self, op: u64) {
        lock(&self.disk).crash_at = Some(op);
    }

    /// Whether the point of [`TestFs::crash_at`] was reached.
    pub fn crashed(&self) -> bool {
        let disk = lock(&self.disk);
        disk.crash_at.is_some_and(|at| disk.ops > at)
    }

    /// Lets `fault` happen to calls of a kind: after `skip` of them, `times` times.
    pub fn inject(&self, op: Op, skip: u64, times: u64, fault: Fault) {
        lock(&self.disk).rules.push(Rule { op, skip, times, fault });
    }

    /// Ends all faults that were injected.
    pub fn heal(&self) {
        let mut disk = lock(&self.disk);
        disk.rules.clear();
        disk.crash_at = None;
    }

    /// Sets how many bytes fit, or that any number do.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        lock(&self.disk).capacity = bytes;
    }

    /// The bytes that all files take.
    pub fn used(&self) -> u64 {
        lock(&self.disk).used()
    }

    /// Cuts the power and boots again: all handles and locks are void, faults are gone, and what
    /// was not synced survives as the seed says.
    pub fn restart(&self, seed: u64) {
        let mut disk = lock(&self.disk);
        let mut rng = Rng::new(seed);
        let keep = [0, 100, 50, 50][rng.below(4) as usize];
        disk.crash(&mut rng, keep);
    }

    /// Kills the process: all handles and locks are void, but the disk keeps what was written.
    pub fn kill(&self) {
        let mut disk = lock(&self.disk);
        disk.generation += 1;
        disk.locks.clear();
        disk.rules.clear();
        disk.crash_at = None;
    }

    /// Changes bits of a file behind everyone's back.
    pub fn flip(&self, path: &Path, offset: u64, mask: u8) {
        lock(&self.disk).with_inode(path, |inode| {
            let at = offset as usize;
            for bytes in [&mut inode.now, &mut inode.durable] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= mask;
                }
            }
        });
    }

    /// Replaces a file, creating it if need be, durably.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut disk = lock(&self.disk);
        let id = disk.new_inode();
        let inode = Inode { durable: bytes.to_vec(), now: bytes.to_vec(), dirty: Vec::new() };
        disk.inodes.insert(id, inode);
        disk.names.insert(path.to_owned(), Node::File(id));
        disk.durable_names.insert(path.to_owned(), Node::File(id));
    }

    /// The bytes of a file, if it is there.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let mut bytes = None;
        lock(&self.disk).with_inode(path, |inode| bytes = Some(inode.now.clone()));
        bytes
    }

    /// All files that can be seen, in the order of their names.
    pub fn files(&self) -> Vec<PathBuf> {
        let disk = lock(&self.disk);
        let files = disk.names.iter().filter(|(_, node)| matches!(node, Node::File(_)));
        files.map(|(path, _)| path.clone()).collect()
    }

    /// Makes every sync of a file wait until [`TestFs::release_syncs`].
    pub fn hold_syncs(&self) {
        lock(&self.gate.state).held = true;
    }

    /// Lets syncs go on.
    pub fn release_syncs(&self) {
        lock(&self.gate.state).held = false;
        self.gate.moved.notify_all();
    }

    /// Waits until a sync waits.
    pub fn wait_for_held_sync(&self) {
        let mut state = lock(&self.gate.state);
        while state.waiting == 0 {
            state = self.gate.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn pass_gate(&self) {
        let mut state = lock(&self.gate.state);
        state.waiting += 1;
        self.gate.moved.notify_all();
        while state.held {
            state = self.gate.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
    }

    fn file(&self, inode: u64, generation: u64) -> Arc<dyn File> {
        Arc::new(TestFile { fs: self.clone(), inode, generation })
    }
}

impl Fs for TestFs {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut disk = lock(&self.disk);
        match disk.enter(Op::Create)? {
            Some(Fault::Fail | Fault::Half) => return Err(injected()),
            Some(Fault::Lie) | None => {}
        }
        if disk.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        if folder.parent().is_some() && disk.names.get(folder) != Some(&Node::Dir) {
            return Err(not_found(folder));
        }
        let id = disk.new_inode();
        disk.inodes.insert(id, Inode::default());
        disk.change_name(NameChange::Put(path.to_owned(), Node::File(id)));
        Ok(self.file(id, disk.generation))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let disk = lock(&self.disk);
        match disk.names.get(path) {
            Some(Node::File(id)) => Ok(self.file(*id, disk.generation)),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(not_found(path)),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let disk = lock(&self.disk);
        if dir.parent().is_some() && !disk.names.contains_key(dir) {
            return Err(not_found(dir));
        }
        let inside = disk.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        let entries = inside.map(|(path, node)| Entry {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            is_dir: *node == Node::Dir,
        });
        Ok(entries.collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        match disk.enter(Op::Rename)? {
            Some(Fault::Fail | Fault::Half) => return Err(injected()),
            Some(Fault::Lie) => return Ok(()),
            None => {}
        }
        let node = *disk.names.get(from).ok_or_else(|| not_found(from))?;
        disk.change_name(NameChange::Move(from.to_owned(), to.to_owned(), node));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        match disk.enter(Op::Remove)? {
            Some(Fault::Fail | Fault::Half) => return Err(injected()),
            Some(Fault::Lie) => return Ok(()),
            None => {}
        }
        if !disk.names.contains_key(path) {
            return Err(not_found(path));
        }
        disk.change_name(NameChange::Drop(path.to_owned()));
        Ok(())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        let mut above: Vec<&Path> = dir.ancestors().filter(|a| a.parent().is_some()).collect();
        above.reverse();
        for path in above {
            if !disk.names.contains_key(path) {
                disk.enter(Op::Create)?;
                disk.change_name(NameChange::Put(path.to_owned(), Node::Dir));
            }
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        match disk.enter(Op::SyncDir)? {
            Some(Fault::Fail | Fault::Half) => return Err(injected()),
            Some(Fault::Lie) => return Ok(()),
            None => {}
        }
        disk.sync_dir(dir);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let known = lock(&self.disk).names.contains_key(path);
        if !known {
            self.create(path)?;
        }
        let mut disk = lock(&self.disk);
        if !disk.locks.insert(path.to_owned()) {
            return Ok(None);
        }
        let generation = disk.generation;
        Ok(Some(Box::new(TestLock { fs: self.clone(), path: path.to_owned(), generation })))
    }
}

impl TestFile {
    fn with<T>(&self, change: impl FnOnce(&mut Inode) -> T) -> io::Result<T> {
        let mut disk = lock(&self.fs.disk);
        if disk.generation != self.generation {
            return Err(dead());
        }
        disk.inodes.get_mut(&self.inode).map(change).ok_or_else(dead)
    }

    fn enter(&self, op: Op) -> io::Result<Option<Fault>> {
        let mut disk = lock(&self.fs.disk);
        if disk.generation != self.generation {
            return Err(dead());
        }
        disk.enter(op)
    }

    /// How many more bytes the disk takes.
    fn room(&self) -> u64 {
        let disk = lock(&self.fs.disk);
        disk.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(disk.used()))
    }
}

impl File for TestFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|inode| {
            let from = inode.now.len().min(offset as usize);
            let n = bytes.len().min(inode.now.len() - from);
            bytes[..n].copy_from_slice(&inode.now[from..from + n]);
            n
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.enter(Op::Write)? {
            Some(Fault::Fail) => return Err(injected()),
            Some(Fault::Half) => {
                self.with(|inode| inode.write(offset, &bytes[..bytes.len() / 2]))?;
                return Err(injected());
            }
            Some(Fault::Lie) => return Ok(()),
            None => {}
        }
        let len = self.len()?;
        let room = self.room().saturating_add(len).saturating_sub(offset);
        let fits = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.with(|inode| inode.write(offset, &bytes[..fits]))?;
        if fits < bytes.len() { Err(no_space()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        self.fs.pass_gate();
        let fault = self.enter(Op::Sync)?;
        self.with(|inode| match fault {
            None => inode.sync(inode.dirty.len()),
            Some(Fault::Half) => {
                inode.sync(inode.dirty.len() / 2);
                inode.dirty.clear();
            }
            Some(Fault::Fail) => inode.dirty.clear(),
            Some(Fault::Lie) => {}
        })?;
        match fault {
            None | Some(Fault::Lie) => {
                lock(&self.fs.disk).syncs += 1;
                Ok(())
            }
            Some(Fault::Fail | Fault::Half) => Err(injected()),
        }
    }

    fn len(&self) -> io::Result<u64> {
        self.with(|inode| inode.now.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match self.enter(Op::SetLen)? {
            Some(Fault::Fail | Fault::Half) => return Err(injected()),
            Some(Fault::Lie) => return Ok(()),
            None => {}
        }
        let now = self.len()?;
        if len > now && len - now > self.room() {
            return Err(no_space());
        }
        self.with(|inode| inode.set_len(len))
    }
}
