//! One file of a checkpoint as a stream: `len u32 | crc32c u32 | bytes` again and again, and at
//! the end an empty chunk whose checksum is that of the count of all bytes.

use crate::Folder;
use crate::error::is_no_space;
use crate::fs::{File, read_full};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CHUNK_BYTES: usize = 64 << 10;
const PREFIX_BYTES: usize = 8;

/// Most bytes of one chunk that a reader takes.
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Writes a file of a checkpoint. Buffered; call [`PartWriter::finish`].
#[derive(Debug)]
pub struct PartWriter {
    folder: Arc<Folder>,
    file: Arc<dyn File>,
    name: String,
    /// Prefix and bytes of the present chunk.
    chunk: Vec<u8>,
    at: u64,
    total: u64,
}

impl PartWriter {
    pub(crate) fn create(folder: &Arc<Folder>, dir: &Path, name: String) -> io::Result<PartWriter> {
        let path = dir.join(&name);
        // Left by a process that died before it published.
        let _ = folder.fs().remove(&path);
        let file = retry(folder, || folder.fs().create(&path))?;
        let chunk = vec![0; PREFIX_BYTES];
        Ok(PartWriter { folder: Arc::clone(folder), file, name, chunk, at: 0, total: 0 })
    }

    fn put_chunk(&mut self) -> io::Result<()> {
        let len = self.chunk.len() - PREFIX_BYTES;
        let crc = if len == 0 {
            crc32c::crc32c(&self.total.to_le_bytes())
        } else {
            crc32c::crc32c(&self.chunk[PREFIX_BYTES..])
        };
        self.chunk[..4].copy_from_slice(&(len as u32).to_le_bytes());
        self.chunk[4..PREFIX_BYTES].copy_from_slice(&crc.to_le_bytes());
        retry(&self.folder, || self.file.write_at(&self.chunk, self.at))?;
        self.at += self.chunk.len() as u64;
        self.chunk.truncate(PREFIX_BYTES);
        Ok(())
    }

    /// Ends and syncs the file; its name and size.
    pub(crate) fn finish(mut self) -> io::Result<super::Part> {
        self.flush()?;
        self.put_chunk()?;
        self.file.sync()?;
        Ok(super::Part { name: self.name, bytes: self.at })
    }
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_BYTES + PREFIX_BYTES - self.chunk.len();
        let n = room.min(bytes.len());
        self.chunk.extend_from_slice(&bytes[..n]);
        self.total += n as u64;
        if n == room {
            self.put_chunk()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.len() > PREFIX_BYTES { self.put_chunk() } else { Ok(()) }
    }
}

/// Does something that takes disk; once more with the reserve given up if there is no room.
pub(crate) fn retry<T>(folder: &Folder, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match act() {
        Err(error) if is_no_space(&error) && folder.release_reserve() => act(),
        other => other,
    }
}

/// Reads a file of a checkpoint, and fails where a chunk does not verify.
#[derive(Debug)]
pub struct PartReader {
    file: Arc<dyn File>,
    path: PathBuf,
    chunk: Vec<u8>,
    /// How much of the chunk is given out.
    given: usize,
    /// Where the next chunk begins.
    at: u64,
    total: u64,
    ended: bool,
}

impl PartReader {
    pub(crate) fn new(file: Arc<dyn File>, path: PathBuf) -> PartReader {
        PartReader { file, path, chunk: Vec::new(), given: 0, at: 0, total: 0, ended: false }
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let mut prefix = [0; PREFIX_BYTES];
        let n = read_full(self.file.as_ref(), &mut prefix, self.at)?;
        let [l0, l1, l2, l3, c0, c1, c2, c3] = prefix;
        let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        if n < PREFIX_BYTES || len > CHUNK_BYTES_MAX {
            return Err(self.damaged());
        }
        self.given = 0;
        self.chunk.resize(len, 0);
        let from = self.at + PREFIX_BYTES as u64;
        let n = read_full(self.file.as_ref(), &mut self.chunk, from)?;
        self.ended = len == 0;
        let found = if self.ended {
            crc32c::crc32c(&self.total.to_le_bytes())
        } else {
            crc32c::crc32c(&self.chunk)
        };
        if n < len || found != crc {
            return Err(self.damaged());
        }
        self.at = from + len as u64;
        self.total += len as u64;
        Ok(())
    }

    fn damaged(&mut self) -> io::Error {
        self.chunk.clear();
        let place = format!("{}: byte {}", self.path.display(), self.at);
        let what = format!("{place}: expected a whole chunk, but it is damaged");
        io::Error::new(io::ErrorKind::InvalidData, what)
    }

    /// Reads to the end and throws it away: whether the file is whole.
    pub(crate) fn verify(mut self) -> io::Result<u64> {
        while !self.ended {
            self.next_chunk()?;
        }
        Ok(self.at)
    }
}

impl Read for PartReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() && !self.ended {
            self.next_chunk()?;
        }
        let rest = &self.chunk[self.given..];
        let n = rest.len().min(bytes.len());
        bytes[..n].copy_from_slice(&rest[..n]);
        self.given += n;
        Ok(n)
    }
}
