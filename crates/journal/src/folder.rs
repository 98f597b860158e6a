//! A data folder: one process, one format, and a piece of disk held back for bad times.
//!
//! ```text
//! DIR/GREVY       the format, as text
//! DIR/lock        locked while a process has the folder; names the process
//! DIR/reserve     zeros, given up so that a full disk can still take a checkpoint and be trimmed
//! DIR/starts      notes of its owner, such as how the last starts ended
//! DIR/newest-*    which segment of a log was in use last
//! DIR/<name>/     journals and checkpoints
//! ```

use crate::Error;
use crate::fs::{Entry, File, Fs, Lock, RealFs, read_full};
use crate::progress::lock;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The format that is written, and the newest that is opened.
pub const FORMAT: u64 = 1;

/// How much is held back by default.
pub const RESERVE_BYTES: u64 = 16 << 20;

/// As much of a note is read.
const NOTE_BYTES_MAX: usize = 64 << 10;

const FORMAT_FILE: &str = "GREVY";
const LOCK_FILE: &str = "lock";
const RESERVE_FILE: &str = "reserve";
const FORMAT_WORDS: &str = "grevy data, format ";
const ZEROS_BYTES: usize = 256 << 10;

/// Zeros are synced in slices of this size: one sync of 64 MiB would keep the disk from the
/// log's own syncs for a tenth of a second.
const SLICE_BYTES: u64 = 4 << 20;

/// A data folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct Folder {
    fs: Arc<dyn Fs>,
    path: PathBuf,
    reserve: Mutex<Reserve>,
    /// What is open in it, so that nothing is opened twice.
    open: Mutex<BTreeSet<String>>,
    _lock: Box<dyn Lock>,
}

#[derive(Debug)]
struct Reserve {
    bytes: u64,
    held: bool,
}

impl Folder {
    /// Opens a folder on the file system of the machine, creating it if it is not there.
    ///
    /// # Errors
    /// [`Error::Locked`] names the process that has it; [`Error::NotGrevy`] if it holds other
    /// things; [`Error::NewerFormat`] if a newer version wrote it.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Folder>, Error> {
        Folder::open_on(Arc::new(RealFs), path, RESERVE_BYTES)
    }

    /// Opens a folder on any file system, with `reserve_bytes` to hold back.
    pub fn open_on(
        fs: Arc<dyn Fs>,
        path: impl AsRef<Path>,
        reserve_bytes: u64,
    ) -> Result<Arc<Folder>, Error> {
        let path = path.as_ref().to_owned();
        create_dir(fs.as_ref(), &path)?;
        let fresh = look(fs.as_ref(), &path)?;
        let lock = take_lock(fs.as_ref(), &path)?;
        if fresh {
            write_format(fs.as_ref(), &path)?;
        }
        let held = exists(fs.as_ref(), &path, RESERVE_FILE)?;
        let reserve = Mutex::new(Reserve { bytes: reserve_bytes, held });
        Ok(Arc::new(Folder { fs, path, reserve, open: Mutex::default(), _lock: lock }))
    }

    /// The file system it is on.
    pub fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, created durably if it is not there.
    pub fn dir(&self, name: &str) -> Result<PathBuf, Error> {
        let dir = self.path.join(name);
        self.fs.create_dir(&dir).map_err(|e| Error::io("creating a folder", &dir, e))?;
        self.fs.sync_dir(&self.path).map_err(|e| Error::io("syncing a folder", &self.path, e))?;
        Ok(dir)
    }

    /// A folder in it for one user at a time.
    pub(crate) fn place(self: &Arc<Folder>, name: &str) -> Result<Place, Error> {
        if !lock(&self.open).insert(name.to_owned()) {
            let what = format!("expected {name} to be opened once, but it is open already");
            return Err(Error::Misuse { what });
        }
        let mut place =
            Place { folder: Arc::clone(self), name: name.to_owned(), dir: PathBuf::new() };
        place.dir = self.dir(name)?;
        Ok(place)
    }

    /// A small text that was kept under this name; `None` if there is none.
    pub fn note(&self, name: &str) -> Result<Option<String>, Error> {
        note(self.fs.as_ref(), &self.path, name)
    }

    /// Keeps a small text, whole and durably.
    pub fn set_note(&self, name: &str, text: &str) -> Result<(), Error> {
        replace(self.fs.as_ref(), &self.path, name, text.as_bytes())
            .map_err(|e| Error::io("writing a note", self.path.join(name), e))
    }

    /// Makes sure that the reserve is held.
    ///
    /// # Errors
    /// [`Error::Full`] if there is no room for it.
    pub fn hold_reserve(&self) -> Result<(), Error> {
        let mut reserve = lock(&self.reserve);
        if reserve.held || reserve.bytes == 0 {
            return Ok(());
        }
        let path = self.path.join(RESERVE_FILE);
        let filled = fill(self.fs.as_ref(), &path, reserve.bytes);
        if let Err(error) = filled {
            let _ = self.fs.remove(&path);
            return Err(Error::io("holding a reserve of disk", path, error));
        }
        reserve.held = true;
        Ok(())
    }

    /// Gives the reserve up. Returns whether there was one, that is, whether trying again helps.
    pub fn release_reserve(&self) -> bool {
        let mut reserve = lock(&self.reserve);
        let path = self.path.join(RESERVE_FILE);
        let given = reserve.held && self.fs.remove(&path).is_ok();
        reserve.held &= !given;
        given
    }

    /// Whether the reserve is held.
    pub fn reserve_is_held(&self) -> bool {
        lock(&self.reserve).held
    }
}

/// A folder within a [`Folder`], taken until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: Arc<Folder>,
    name: String,
    pub(crate) dir: PathBuf,
}

impl Place {
    pub(crate) fn fs(&self) -> &dyn Fs {
        self.folder.fs.as_ref()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.folder.open).remove(&self.name);
    }
}

/// Creates a folder and those above it that are missing, durably.
///
/// A folder that is there already may be new too: its process may have died before the sync.
fn create_dir(fs: &dyn Fs, path: &Path) -> Result<(), Error> {
    let missing = path.ancestors().take_while(|a| fs.list(a).is_err()).count();
    fs.create_dir(path).map_err(|e| Error::io("creating the folder", path, e))?;
    for dir in path.ancestors().skip(1).take(missing.max(1)) {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        match fs.sync_dir(dir) {
            // Where we may not look we did not create anything either.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
            other => other.map_err(|e| Error::io("syncing the folder", dir, e))?,
        }
    }
    Ok(())
}

/// Checks what is in the folder; whether it is new.
fn look(fs: &dyn Fs, path: &Path) -> Result<bool, Error> {
    let file = path.join(FORMAT_FILE);
    if exists(fs, path, FORMAT_FILE)? {
        let found = read_format(fs, &file)?;
        let Some(found) = found else {
            let found = format!("{FORMAT_FILE} with other words in it");
            return Err(Error::NotGrevy { folder: path.to_owned(), found });
        };
        if found > FORMAT {
            return Err(Error::NewerFormat { file, found, known: FORMAT });
        }
        return Ok(false);
    }
    let entries = fs.list(path).map_err(|e| Error::io("reading the folder", path, e))?;
    let temporary = format!("{FORMAT_FILE}.new");
    match entries.into_iter().find(|e| e.name != LOCK_FILE && e.name != temporary) {
        Some(entry) => Err(Error::NotGrevy { folder: path.to_owned(), found: entry.name }),
        None => Ok(true),
    }
}

/// Whether these are the entries of a data folder.
pub(crate) fn is_data_folder(entries: &[Entry]) -> bool {
    entries.iter().any(|e| e.name == FORMAT_FILE)
}

/// A note of a data folder, also of one that nobody has open.
pub(crate) fn note(fs: &dyn Fs, folder: &Path, name: &str) -> Result<Option<String>, Error> {
    if !exists(fs, folder, name)? {
        return Ok(None);
    }
    let path = folder.join(name);
    let read = || -> std::io::Result<String> {
        let mut bytes = vec![0; NOTE_BYTES_MAX];
        let n = read_full(fs.open(&path)?.as_ref(), &mut bytes, 0)?;
        Ok(String::from_utf8_lossy(&bytes[..n]).into_owned())
    };
    read().map(Some).map_err(|e| Error::io("reading a note", &path, e))
}

fn exists(fs: &dyn Fs, dir: &Path, name: &str) -> Result<bool, Error> {
    let entries = fs.list(dir).map_err(|e| Error::io("reading the folder", dir, e))?;
    Ok(entries.iter().any(|e| e.name == name))
}

fn read_format(fs: &dyn Fs, file: &Path) -> Result<Option<u64>, Error> {
    let text = read_text(fs, file).map_err(|e| Error::io("reading the format", file, e))?;
    let version = text.trim_end().strip_prefix(FORMAT_WORDS).and_then(|v| v.parse().ok());
    Ok(version.filter(|v| *v > 0))
}

fn read_text(fs: &dyn Fs, path: &Path) -> std::io::Result<String> {
    let mut bytes = [0u8; 256];
    let n = read_full(fs.open(path)?.as_ref(), &mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes[..n]).into_owned())
}

fn write_format(fs: &dyn Fs, dir: &Path) -> Result<(), Error> {
    let text = format!("{FORMAT_WORDS}{FORMAT}\n");
    replace(fs, dir, FORMAT_FILE, text.as_bytes())
        .map_err(|e| Error::io("writing the format", dir.join(FORMAT_FILE), e))
}

/// Puts a file in place whole: temporary name, sync, rename, sync of the folder.
pub(crate) fn replace(fs: &dyn Fs, dir: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = dir.join(format!("{name}.new"));
    let _ = fs.remove(&temporary);
    let file = fs.create(&temporary)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    fs.rename(&temporary, &dir.join(name))?;
    fs.sync_dir(dir)
}

fn take_lock(fs: &dyn Fs, dir: &Path) -> Result<Box<dyn Lock>, Error> {
    let path = dir.join(LOCK_FILE);
    let taken = fs.lock(&path).map_err(|e| Error::io("locking the folder", &path, e))?;
    let Some(lock) = taken else {
        let pid = read_text(fs, &path).ok().and_then(|text| text.trim().parse().ok());
        return Err(Error::Locked { folder: dir.to_owned(), pid });
    };
    // Only for the message of a second process, so a full disk does not matter.
    let _ = name_owner(fs, &path);
    Ok(lock)
}

fn name_owner(fs: &dyn Fs, path: &Path) -> std::io::Result<()> {
    let file = fs.open(path)?;
    file.set_len(0)?;
    file.write_at(format!("{}\n", std::process::id()).as_bytes(), 0)
}

/// Creates a file of zeros that takes its room on the disk, durably but for its name.
pub(crate) fn fill(fs: &dyn Fs, path: &Path, bytes: u64) -> std::io::Result<Arc<dyn File>> {
    let file = fs.create(path)?;
    let zeros = vec![0; ZEROS_BYTES.min(usize::try_from(bytes).unwrap_or(ZEROS_BYTES))];
    let mut at = 0;
    while at < bytes {
        let n = zeros.len().min(usize::try_from(bytes - at).unwrap_or(zeros.len()));
        file.write_at(&zeros[..n], at)?;
        at += n as u64;
        if at.is_multiple_of(SLICE_BYTES) {
            file.sync()?;
        }
    }
    file.sync()?;
    Ok(file)
}
