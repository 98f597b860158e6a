//! A file that may be written anew while it is read, or between two runs: logs are rotated, exports
//! overwritten. What was read of it is journaled with its digest, and a file is gone on with when
//! it bears that out, to the last byte; any other is a partition of its own, whose positions begin
//! anew, so that none of its records is taken for seen.

use std::fs::{File, Metadata};
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::digest::{Digest, borne_out};
use super::file::unzipped;
use super::{Item, Position, Progress, Proof, Reached, Source};

/// First bytes by which a file was known before digests were journaled: their number is told in 12
/// bits of the partition.
const HEAD_BYTES: usize = (1 << 12) - 1;
/// Bits of the partition that are a hash of these bytes.
const HASH_BITS: u32 = 20;

/// What lies at a path.
pub(super) struct Generation {
    /// Opened beside the reader, so that looking moves nothing.
    probe: File,
    zipped: bool,
    /// Its positions are bytes, unzipped.
    bytes: bool,
    /// What was read of it.
    digest: Digest,
    /// How it was when it was last found to be the same.
    looked: Option<(u64, Option<SystemTime>)>,
    head: Vec<u8>,
}

impl Generation {
    pub fn open(path: &Path, zipped: bool, bytes: bool, digest: Digest) -> Result<Generation> {
        let probe = File::open(path)?;
        Ok(Generation { probe, zipped, bytes, digest, looked: None, head: Vec::new() })
    }

    /// Bytes of the file as it lies there.
    fn bytes(&self, from: u64, count: usize) -> Result<Vec<u8>> {
        let mut probe = &self.probe;
        probe.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        probe.take(count as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Where reading goes on: behind the known position of this very file, or at the beginning of
    /// one that nobody knows. `None` as long as it is empty.
    fn place(&mut self, known: &[Reached]) -> Result<Option<Position>> {
        self.head = self.bytes(0, HEAD_BYTES)?;
        if self.head.is_empty() {
            return Ok(None);
        }
        let proven: Vec<(Proof, Position)> =
            known.iter().filter_map(|at| Some((at.proof?, at.next))).collect();
        let proofs: Vec<Proof> = proven.iter().map(|(proof, _)| *proof).collect();
        let mut file = self.probe.try_clone()?;
        file.rewind()?;
        let borne = borne_out(unzipped(file, self.zipped), &proofs)?;
        let same = proven.iter().zip(borne).filter(|(_, borne)| *borne).map(|(at, _)| at);
        if let Some((_, at)) = same.max_by_key(|(proof, at)| (proof.bytes, at.offset)) {
            return Ok(Some(*at));
        }
        if let Some(at) = self.known_by_head(known)? {
            return Ok(Some(at));
        }
        let last = known.iter().map(|at| at.next.partition).max().unwrap_or(0);
        let taken = |partition: &u32| known.iter().any(|at| at.next.partition == *partition);
        let free = last.checked_add(1).or_else(|| (1..u32::MAX).find(|number| !taken(number)));
        Ok(free.map(|partition| Position { partition, offset: 0 }))
    }

    /// The position of a file that was read before digests were journaled.
    fn known_by_head(&self, known: &[Reached]) -> Result<Option<Position>> {
        let length = self.probe.metadata()?.len();
        let plain = self.bytes && !self.zipped;
        let whole = |at: &Position| !plain || at.offset <= length;
        let mut before = known.iter().filter(|at| at.proof.is_none()).map(|at| at.next).rev();
        let same = |at: &Position| {
            let bytes = (at.partition >> HASH_BITS) as usize;
            whole(at) && bytes > 0 && self.head.get(..bytes).map(partition) == Some(at.partition)
        };
        let found = before.find(same);
        // Positions from before files had partitions are those of the file that is there.
        let legacy = match known {
            [Reached { next, proof: None }] if next.partition == 0 && whole(next) => Some(*next),
            _ => None,
        };
        Ok(found.or(legacy.map(|at| Position { partition: partition(&self.head), ..at })))
    }

    /// Whether the path has another file by now, and whether that was this one, cut. The bytes at
    /// the beginning and before the place where reading stopped tell it: reading all of it again
    /// is for the next start.
    fn left(&mut self, path: &Path) -> Result<Option<Change>> {
        let Ok(there) = std::fs::metadata(path) else { return Ok(None) };
        if !is_same(&there, &self.probe.metadata()?) {
            return Ok(Some(Change::Moved));
        }
        let looks = (there.len(), there.modified().ok());
        if self.zipped || self.looked == Some(looks) {
            return Ok(None);
        }
        let (from, tail) = self.digest.tail();
        let known = self.bytes(0, self.head.len())? == self.head;
        if !known || self.bytes(from, tail.len())? != tail {
            return Ok(Some(Change::Cut));
        }
        self.looked = Some(looks);
        Ok(None)
    }
}

enum Change {
    /// It has another name, or none: what it has is still to be read.
    Moved,
    /// It was emptied or overwritten in its place.
    Cut,
}

/// The number that a file which begins with these bytes had before digests were journaled.
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
    known: Vec<Reached>,
    /// Behind the last record; `None` as long as the file is empty.
    at: Option<Position>,
    follow: bool,
    idle: bool,
    /// All of it was read, and something else lies at the path.
    left: bool,
}

impl AtPath {
    pub fn new(path: PathBuf, follow: bool, open: Open) -> Result<AtPath> {
        let (generation, source) = open()?;
        let (known, idle, left) = (Vec::new(), false, false);
        Ok(AtPath { path, open, generation, source, known, at: None, follow, idle, left })
    }

    /// Goes over to the file that lies there now.
    fn renew(&mut self) -> Result<()> {
        if let Some(next) = self.at.take() {
            self.known.retain(|known| known.next.partition != next.partition);
            let proof = Some(self.generation.digest.proof());
            self.known.push(Reached { next, proof });
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
        if std::mem::take(&mut self.left) {
            self.renew()?;
            self.idle = false;
        }
        if self.follow
            && self.idle
            && self.at.is_some()
            && let Some(change) = self.generation.left(&self.path)?
        {
            let mut rest = Progress::Idle;
            if let Change::Moved = change {
                rest = self.take(arrival_ms, max, out)?;
            }
            if rest != Progress::More {
                // Its last line may have no end: none will come.
                let from = out.len();
                self.source.finish(arrival_ms, out);
                self.put(&mut out[from..]);
                self.left = true;
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

    fn place(&mut self, known: &[Reached]) -> Result<Position> {
        self.known = known.to_vec();
        self.at = self.generation.place(known)?;
        Ok(self.at.unwrap_or_default())
    }

    fn proof(&self) -> Option<Proof> {
        self.at.map(|_| self.generation.digest.proof())
    }
}

impl AtPath {
    fn take(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let from = out.len();
        let progress = self.source.poll(arrival_ms, max, out)?;
        self.put(&mut out[from..]);
        Ok(progress)
    }

    /// Items are of this generation.
    fn put(&mut self, items: &mut [Item]) {
        let Some(at) = &mut self.at else { return };
        for item in items {
            match item {
                Item::Record(record) => record.position.partition = at.partition,
                Item::Bad { position, .. } => position.partition = at.partition,
            }
            at.offset = item.position().offset.saturating_add(1);
        }
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
        let mut known: Vec<Reached> = Vec::new();
        let mut run = |log: &Log| {
            let (_, mut source) = open(&log.path(), false).unwrap();
            let at = source.place(&known).unwrap();
            if at.offset > 0 {
                source.seek(at).unwrap();
            }
            let mut out = Vec::new();
            drain(&mut *source, &mut out);
            if let Some(last) = out.last().map(Item::position) {
                known.retain(|known| known.next.partition != last.partition);
                let next = Position { offset: last.offset + 1, ..last };
                known.push(Reached { next, proof: source.proof() });
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
        let next = Position { partition: 0, offset: 9 };
        let at = source.place(&[Reached { next, proof: None }]).unwrap();
        assert_eq!((at.offset, at.partition > 0), (9, true));
        source.seek(at).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), [2]);
    }

    /// What a run of `grevy track` reads, by what earlier runs journaled.
    fn run(path: &Path, known: &mut Vec<Reached>) -> Vec<u64> {
        let (_, mut source) = open(path, false).unwrap();
        let at = source.place(known).unwrap();
        if at.offset > 0 {
            source.seek(at).unwrap();
        }
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        if let Some(last) = out.last().map(Item::position) {
            known.retain(|known| known.next.partition != last.partition);
            let next = Position { offset: last.offset + 1, ..last };
            known.push(Reached { next, proof: source.proof() });
        }
        numbers(&out)
    }

    fn lines(numbers: impl Iterator<Item = u64>) -> String {
        // Longer than what a file was once known by.
        numbers.map(|n| format!("{{\"pad\":\"{}\",\"n\":{n}}}\n", "x".repeat(100))).collect()
    }

    #[test]
    fn a_file_that_was_changed_in_its_middle_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.jsonl");
        let mut known = Vec::new();
        std::fs::write(&path, lines(0..100)).unwrap();
        assert_eq!(run(&path, &mut known), (0..100).collect::<Vec<_>>());
        // The same at its beginning and at its end, and longer.
        std::fs::write(&path, lines((0..60).chain([1_000]).chain(61..120))).unwrap();
        let again: Vec<u64> = (0..60).chain([1_000]).chain(61..120).collect();
        assert_eq!(run(&path, &mut known), again);
        assert_eq!(run(&path, &mut known), [0; 0]);
        // The first export once more, with what came since: it is known again.
        std::fs::write(&path, lines(0..103)).unwrap();
        assert_eq!(run(&path, &mut known), [100, 101, 102]);
    }

    #[test]
    fn a_zipped_file_that_was_changed_in_its_middle_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.jsonl.gz");
        let zip = |text: String| {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(text.as_bytes()).unwrap();
            std::fs::write(&path, gz.finish().unwrap()).unwrap();
        };
        let mut known = Vec::new();
        zip(lines(0..100));
        assert_eq!(run(&path, &mut known).len(), 100);
        zip(lines(0..110));
        assert_eq!(run(&path, &mut known), (100..110).collect::<Vec<_>>());
        zip(lines((0..60).chain(70..120)));
        assert_eq!(run(&path, &mut known).len(), 110);
    }

    #[test]
    fn logs_that_begin_alike_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let write = |text: &str| {
            let mut file = File::options().append(true).create(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        let banner = "{\"banner\":true}\n";
        // Known when it had no more than its first line.
        write(banner);
        let mut known = Vec::new();
        assert_eq!(run(&path, &mut known), [0; 0]);
        write("{\"n\":1}\n{\"n\":2}\n");
        assert_eq!(run(&path, &mut known), [1, 2]);
        std::fs::rename(&path, folder.path().join("events.jsonl.1")).unwrap();
        write(banner);
        write("{\"n\":3}\n{\"n\":4}\n{\"n\":5}\n");
        assert_eq!(run(&path, &mut known), [3, 4, 5], "rotated between two runs");
        // And while it is followed.
        let (_, mut source) = open(&path, true).unwrap();
        let at = source.place(&known).unwrap();
        source.seek(at).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        for n in [6, 9] {
            write(&format!("{{\"n\":{n}}}\n"));
            std::fs::rename(&path, folder.path().join("events.jsonl.1")).unwrap();
            write(banner);
            let two = format!("{{\"n\":{}}}\n{{\"n\":{}}}\n", n + 1, n + 2);
            write(&two);
            drain(&mut *source, &mut out);
        }
        assert_eq!(numbers(&out), [6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn the_last_line_of_a_log_that_is_moved_away_needs_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "{\"n\":0}\n{\"n\":1}").unwrap();
        let (_, mut source) = open(&path, true).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), [0]);
        std::fs::rename(&path, folder.path().join("events.jsonl.1")).unwrap();
        std::fs::write(&path, "{\"n\":2}\n").unwrap();
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), [0, 1, 2]);
    }
}
