//! Reads records from a file through a buffer, and searches for them where the file is damaged.

use crate::fs::{File, read_full};
use crate::record::{self, ALIGN, HEADER_BYTES, Invalid, MAGIC, Record, VERSION};
use std::io;
use std::sync::Arc;

const CHUNK_BYTES: usize = 256 << 10;

/// What is read first: a head, or the newest group at the end of a log that is followed.
const FIRST_BYTES: usize = 4 << 10;

/// Most bytes whose checksums are computed while searching one file. Contents that look like
/// records without being any cannot make an opening slow beyond it.
const SEARCH_BYTES_MAX: u64 = 256 << 20;

/// A buffer over a file.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn File>,
    bytes: Vec<u8>,
    /// Where in the file the buffer begins.
    start: u64,
    /// How much to read next; more and more while one reads on.
    ahead: usize,
}

impl Window {
    pub(crate) fn new(file: Arc<dyn File>) -> Window {
        Window { file, bytes: Vec::new(), start: 0, ahead: FIRST_BYTES }
    }

    /// Forgets what was read, because the file may have changed.
    pub(crate) fn refresh(&mut self) {
        self.bytes.clear();
        self.ahead = FIRST_BYTES;
    }

    /// The record at `at`, or why there is none.
    pub(crate) fn record(&mut self, at: u64) -> io::Result<Result<Record<'_>, Invalid>> {
        self.cover(at, HEADER_BYTES)?;
        if let Some(need) = record::size(self.from(at)) {
            self.cover(at, need)?;
        }
        Ok(record::decode(self.from(at)))
    }

    /// The record at `at` once more, without computing its checksum again.
    pub(crate) fn again(&mut self, at: u64) -> io::Result<Record<'_>> {
        let gone = || io::Error::from(io::ErrorKind::UnexpectedEof);
        record::parse(self.from(at)).map_err(|_| gone())
    }

    fn from(&self, at: u64) -> &[u8] {
        let skip = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        self.bytes.get(skip..).unwrap_or_default()
    }

    /// Reads so that `len` bytes from `at` are in the buffer, if the file has them.
    fn cover(&mut self, at: u64, len: usize) -> io::Result<()> {
        let end = self.start + self.bytes.len() as u64;
        if at >= self.start && at + len as u64 <= end {
            return Ok(());
        }
        self.bytes.resize(len.max(self.ahead), 0);
        self.ahead = CHUNK_BYTES.min(self.ahead * 4);
        self.start = at;
        let result = read_full(self.file.as_ref(), &mut self.bytes, at);
        self.bytes.truncate(*result.as_ref().unwrap_or(&0));
        result.map(|_| ())
    }
}

/// What a search for records saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// No record that matters.
    Nothing,
    /// A valid record at this offset, with what it knew to be durable.
    Found { at: u64, durable_upto: u64 },
    /// Too much that looks like records: it cannot be told.
    Undecided,
}

/// Looks from `from` on for a valid record that knew more than `durable` to be durable, and that
/// `known` takes for one of this log: a payload may contain what looks like a record.
pub(crate) fn search(
    file: &Arc<dyn File>,
    from: u64,
    durable: u64,
    known: impl Fn(u128) -> bool,
) -> io::Result<Search> {
    let mut window = Window::new(Arc::clone(file));
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut at = from.next_multiple_of(ALIGN as u64);
    let mut spent = 0u64;
    loop {
        let n = read_full(file.as_ref(), &mut chunk, at)?;
        if n == 0 {
            return Ok(Search::Nothing);
        }
        // Most of a segment is zeros; they are passed over quickly.
        let blank = chunk[..n].iter().all(|byte| *byte == 0);
        for step in (0..if blank { 0 } else { n }).step_by(ALIGN) {
            if !looks_like_one(&chunk[step..n]) {
                continue;
            }
            let place = at + step as u64;
            let Ok(record) = window.record(place)? else {
                spent += window.spent(place);
                if spent > SEARCH_BYTES_MAX {
                    return Ok(Search::Undecided);
                }
                continue;
            };
            let durable_upto = record.header.durable_upto;
            if durable_upto > durable && known(record.header.writer) {
                return Ok(Search::Found { at: place, durable_upto });
            }
        }
        at += CHUNK_BYTES as u64;
    }
}

impl Window {
    /// What looking at the bytes at `at` may have cost.
    fn spent(&self, at: u64) -> u64 {
        record::size(self.from(at)).unwrap_or(HEADER_BYTES) as u64
    }
}

fn looks_like_one(bytes: &[u8]) -> bool {
    bytes.len() >= 3 && bytes[..2] == MAGIC.to_le_bytes() && bytes[2] == VERSION
}
