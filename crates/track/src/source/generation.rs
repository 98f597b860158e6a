//! A file that may be written anew while it is read, or between two runs: logs are rotated, exports
//! overwritten. What lies at a path is known by its first bytes and by its length; another file
//! there is a partition of its own, so that its positions begin anew and none is taken for seen.

use std::fs::{File, Metadata};
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Item, Position, Progress, Source};

/// First bytes by which a file is known: their number is told in 12 bits of the partition.
const HEAD_BYTES: usize = (1 << 12) - 1;
/// Bits of the partition that are a hash of these bytes.
const HASH_BITS: u32 = 20;

/// What lies at a path.
pub(super) struct Generation {
    /// Opened beside the reader, so that looking moves nothing.
    probe: File,
    /// Its positions are bytes: one that is shorter than what was read is another.
    bytes: bool,
}

impl Generation {
    pub fn open(path: &Path, bytes: bool) -> Result<Generation> {
        Ok(Generation { probe: File::open(path)?, bytes })
    }

    fn head(&self) -> Result<Vec<u8>> {
        let mut probe = &self.probe;
        probe.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        probe.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// Where reading goes on: behind the known position of this very file, or at the beginning of
    /// one that nobody knows. `None` as long as it is empty.
    fn place(&self, known: &[Position]) -> Result<Option<Position>> {
        let (head, length) = (self.head()?, self.probe.metadata()?.len());
        if head.is_empty() {
            return Ok(None);
        }
        let same = |at: &&Position| {
            let bytes = (at.partition >> HASH_BITS) as usize;
            let whole = !self.bytes || at.offset <= length;
            whole && bytes > 0 && head.get(..bytes).map(partition) == Some(at.partition)
        };
        if let Some(at) = known.iter().rev().find(same) {
            return Ok(Some(*at));
        }
        // Positions from before files had partitions are those of the file that is there.
        if let [legacy @ Position { partition: 0, offset }] = known
            && (!self.bytes || *offset <= length)
        {
            return Ok(Some(Position { partition: partition(&head), ..*legacy }));
        }
        let free = |partition: &u32| !known.iter().any(|at| at.partition == *partition);
        let fresh = (1..=head.len()).rev().map(|bytes| partition(&head[..bytes])).find(free);
        Ok(fresh.map(|partition| Position { partition, offset: 0 }))
    }

    /// Whether the path has another file by now, and whether that was this one, cut.
    fn left(&self, path: &Path, at: Position) -> Result<Option<Change>> {
        let Ok(there) = std::fs::metadata(path) else { return Ok(None) };
        if !is_same(&there, &self.probe.metadata()?) {
            return Ok(Some(Change::Moved));
        }
        let bytes = (at.partition >> HASH_BITS) as usize;
        let known = self.head()?.get(..bytes).map(partition) == Some(at.partition);
        let cut = !known || self.bytes && there.len() < at.offset;
        Ok(cut.then_some(Change::Cut))
    }
}

enum Change {
    /// It has another name, or none: what it has is still to be read.
    Moved,
    /// It was emptied or overwritten in its place.
    Cut,
}

/// The number of a file that begins with these bytes.
fn partition(head: &[u8]) -> u32 {
    let hash = xxhash_rust::xxh3::xxh3_64(head) as u32;
    (head.len() as u32) << HASH_BITS | hash & ((1 << HASH_BITS) - 1)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// Opens what lies at a path from its beginning.
type Open = Box<dyn Fn() -> Result<(Generation, Box<dyn Source>)> + Send>;

/// A file at a path, whatever is written there.
pub(super) struct AtPath {
    path: PathBuf,
    open: Open,
    generation: Generation,
    source: Box<dyn Source>,
    /// Positions that were journaled, and those of files that were left since.
    known: Vec<Position>,
    /// Behind the last record; `None` as long as the file is empty.
    at: Option<Position>,
    follow: bool,
    idle: bool,
}

impl AtPath {
    pub fn new(path: PathBuf, follow: bool, open: Open) -> Result<AtPath> {
        let (generation, source) = open()?;
        let (known, idle) = (Vec::new(), false);
        Ok(AtPath { path, open, generation, source, known, at: None, follow, idle })
    }

    /// Goes over to the file that lies there now.
    fn renew(&mut self) -> Result<()> {
        if let Some(left) = self.at.take() {
            self.known.retain(|known| known.partition != left.partition);
            self.known.push(left);
        }
        let (generation, source) = (self.open)()?;
        (self.generation, self.source) = (generation, source);
        self.settle()
    }

    /// Knows the file, once it has a first byte.
    fn settle(&mut self) -> Result<()> {
        self.at = self.generation.place(&self.known)?;
        match self.at {
            Some(at) if at.offset > 0 => self.source.seek(at),
            Some(_) | None => Ok(()),
        }
    }
}

impl Source for AtPath {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn poll(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        if self.follow
            && self.idle
            && let Some(at) = self.at
            && let Some(change) = self.generation.left(&self.path, at)?
        {
            let mut rest = Progress::Idle;
            if let Change::Moved = change {
                rest = self.take(arrival_ms, max, out)?;
            }
            if rest != Progress::More {
                self.renew()?;
                self.idle = false;
            }
            return Ok(Progress::More);
        }
        if self.at.is_none() {
            self.at = self.generation.place(&self.known)?;
        }
        let progress = self.take(arrival_ms, max, out)?;
        self.idle = progress == Progress::Idle;
        Ok(progress)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        if let Some(at) = &mut self.at {
            at.offset = position.offset;
        }
        self.source.seek(position)
    }

    fn place(&mut self, known: &[Position]) -> Result<Position> {
        self.known = known.to_vec();
        self.at = self.generation.place(known)?;
        Ok(self.at.unwrap_or_default())
    }
}

impl AtPath {
    fn take(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let from = out.len();
        let progress = self.source.poll(arrival_ms, max, out)?;
        if let Some(at) = &mut self.at {
            for item in &mut out[from..] {
                match item {
                    Item::Record(record) => record.position.partition = at.partition,
                    Item::Bad { position, .. } => position.partition = at.partition,
                }
                at.offset = item.position().offset.saturating_add(1);
            }
        }
        Ok(progress)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::source::open;

    struct Log {
        folder: tempfile::TempDir,
        written: u32,
    }

    impl Log {
        fn path(&self) -> PathBuf {
            self.folder.path().join("events.jsonl")
        }

        /// Adds records, each with the next number.
        fn write(&mut self, count: u32) {
            let path = self.path();
            let mut file = File::options().append(true).create(true).open(path).unwrap();
            for n in self.written..self.written + count {
                writeln!(file, "{{\"n\":{n}}}").unwrap();
            }
            self.written += count;
        }
    }

    fn numbers(items: &[Item]) -> Vec<u64> {
        let value = |item: &Item| match item {
            Item::Record(record) => record.value["n"].as_u64(),
            Item::Bad { .. } => None,
        };
        items.iter().filter_map(value).collect()
    }

    fn drain(source: &mut dyn Source, out: &mut Vec<Item>) {
        while source.poll(0, 100, out).unwrap() == Progress::More {}
    }

    #[test]
    fn a_followed_log_is_read_whole_however_it_is_rotated() {
        let mut log = Log { folder: tempfile::tempdir().unwrap(), written: 0 };
        log.write(0);
        let (_, mut source) = open(&log.path(), true).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        log.write(5);
        drain(&mut *source, &mut out);
        // Moved away with a record that nobody had read, and made anew.
        log.write(1);
        std::fs::rename(log.path(), log.folder.path().join("events.1")).unwrap();
        drain(&mut *source, &mut out);
        log.write(3);
        drain(&mut *source, &mut out);
        // Copied and emptied.
        File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
        drain(&mut *source, &mut out);
        log.write(40);
        drain(&mut *source, &mut out);
        // Overwritten by something longer.
        std::fs::write(log.path(), "").unwrap();
        log.write(80);
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), (0..u64::from(log.written)).collect::<Vec<_>>());
        let places: std::collections::BTreeSet<_> = out.iter().map(Item::position).collect();
        assert_eq!(places.len(), out.len(), "no position comes again");
    }

    #[test]
    fn between_two_runs_a_file_goes_on_or_begins_anew() {
        let mut log = Log { folder: tempfile::tempdir().unwrap(), written: 0 };
        let mut known: Vec<Position> = Vec::new();
        let mut run = |log: &Log| {
            let (_, mut source) = open(&log.path(), false).unwrap();
            let at = source.place(&known).unwrap();
            if at.offset > 0 {
                source.seek(at).unwrap();
            }
            let mut out = Vec::new();
            drain(&mut *source, &mut out);
            if let Some(last) = out.last().map(Item::position) {
                known.retain(|known| known.partition != last.partition);
                known.push(Position { offset: last.offset + 1, ..last });
                known.sort();
            }
            numbers(&out)
        };
        log.write(3);
        assert_eq!(run(&log), [0, 1, 2]);
        assert_eq!(run(&log), [0; 0]);
        log.write(2);
        assert_eq!(run(&log), [3, 4], "it has grown");
        std::fs::write(log.path(), "").unwrap();
        assert_eq!(run(&log), [0; 0]);
        log.write(900);
        assert_eq!(run(&log), (5..905).collect::<Vec<_>>(), "another, longer file");
        // Cut in its place: it begins like before, and is shorter.
        File::options().write(true).open(log.path()).unwrap().set_len(8).unwrap();
        assert_eq!(run(&log), [5], "what begins alike and is shorter is another");
        assert_eq!(run(&log), [0; 0]);
        log.write(1);
        assert_eq!(run(&log), [905]);
    }

    #[test]
    fn a_position_from_before_files_had_partitions_is_that_of_the_file_that_is_there() {
        let mut log = Log { folder: tempfile::tempdir().unwrap(), written: 0 };
        log.write(3);
        let (_, mut source) = open(&log.path(), false).unwrap();
        let at = source.place(&[Position { partition: 0, offset: 9 }]).unwrap();
        assert_eq!((at.offset, at.partition > 0), (9, true));
        source.seek(at).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), [2]);
    }
}
