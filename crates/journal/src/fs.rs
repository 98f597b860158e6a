//! The few things that the journal asks of a file system, so that tests can put one there that
//! loses, tears and refuses what a real one may lose, tear and refuse.

mod real;
#[cfg(feature = "testing")]
pub mod test;

pub use real::RealFs;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A file system.
///
/// What survives a crash: bytes of a file after [`File::sync`] returned, names of a folder after
/// [`Fs::sync_dir`] returned. Everything else may survive whole, in part, or not at all.
pub trait Fs: Send + Sync + fmt::Debug {
    /// Creates a file that is not there yet, for reading and writing.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// Opens a file that is there, for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;

    /// What is in a folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;

    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a folder and those above it; not an error if it is there.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes the lock that belongs to a file, creating the file if need be. `None` if another
    /// has it. It ends with the process, however that ends.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
}

/// An open file.
pub trait File: Send + Sync + fmt::Debug {
    /// Reads at an offset, as many bytes as there are up to the end of the file.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at an offset. After an error some of them may be written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the bytes and the length durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;

    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether there are no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
}

/// A lock, held until it is dropped.
pub trait Lock: Send + Sync + fmt::Debug {}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_dir: bool,
}

/// Fills `bytes` from `offset`, as far as the file goes; returns how many were there.
pub(crate) fn read_full(file: &dyn File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
