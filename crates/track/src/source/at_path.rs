//! A file at a path, whatever is written there: what was moved away is read to its end first.

use std::ffi::OsStr;
use std::io::Result;
use std::path::{Path, PathBuf};

use super::generation::{Change, Generation};
use super::{Item, Position, Progress, Proof, Reached, Source};
use crate::limits::ROTATED_FILES_MAX;

/// Opens what lies at a path from its beginning.
type Open = Box<dyn Fn(&Path) -> Result<Opened> + Send>;
type Opened = (Generation, Box<dyn Source>);

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
    /// It lies elsewhere by now.
    elsewhere: bool,
}

impl AtPath {
    pub fn new(path: PathBuf, follow: bool, open: Open) -> Result<AtPath> {
        let (generation, source) = open(&path)?;
        let known = Vec::new();
        let (at, idle, left, elsewhere) = (None, false, false, false);
        Ok(AtPath { path, open, generation, source, known, at, follow, idle, left, elsewhere })
    }

    /// Goes over to the file that lies there now.
    fn renew(&mut self) -> Result<()> {
        if let Some(next) = self.at.take() {
            self.known.retain(|known| known.next.partition != next.partition);
            let proof = Some(self.generation.digest.proof());
            self.known.push(Reached { next, proof });
        }
        (self.generation, self.source) = (self.open)(&self.path)?;
        self.find()?;
        match self.at {
            Some(at) if at.offset > 0 => self.source.seek(at),
            Some(_) | None => Ok(()),
        }
    }
}

impl AtPath {
    /// Knows the file, once it has a first byte. Where it is another than was read last, what that
    /// one had more by the time it was moved away comes first.
    fn find(&mut self) -> Result<()> {
        self.at = self.generation.place(&self.known)?;
        self.elsewhere = false;
        if self.at.is_none_or(|at| at.offset == 0)
            && let Some((opened, at)) = self.moved()?
        {
            (self.generation, self.source) = opened;
            self.at = Some(at);
            self.elsewhere = true;
        }
        Ok(())
    }

    /// A file beside the path that begins with all that was read of the last one, and has more.
    fn moved(&self) -> Result<Option<(Opened, Position)>> {
        let last = self.known.iter().max_by_key(|at| at.next.partition);
        let Some(Reached { proof: Some(proof), .. }) = last else { return Ok(None) };
        let (Some(folder), Some(stem)) = (self.path.parent(), self.path.file_stem()) else {
            return Ok(None);
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let begins = |name: &OsStr| name.as_encoded_bytes().starts_with(stem.as_encoded_bytes());
        // Who may not look around finds nothing.
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|e| begins(&e.file_name())).take(ROTATED_FILES_MAX);
        for path in named.map(|entry| entry.path()).filter(|path| *path != self.path) {
            let more = path.metadata().is_ok_and(|m| m.is_file() && m.len() > proof.bytes);
            let opened = if more { (self.open)(&path).ok() } else { None };
            let Some((generation, source)) = opened.filter(|(found, _)| !found.zipped) else {
                continue;
            };
            if let Some(at) = generation.proven(last.map_or(&[], std::slice::from_ref))? {
                return Ok(Some(((generation, source), at)));
            }
        }
        Ok(None)
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
        if self.elsewhere {
            let progress = self.take(arrival_ms, max, out)?;
            if progress != Progress::More {
                self.leave(arrival_ms, out);
            }
            return Ok(Progress::More);
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
                self.leave(arrival_ms, out);
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
        self.find()?;
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

    /// All of it was read. Its last line may have no end: none will come.
    fn leave(&mut self, arrival_ms: i64, out: &mut Vec<Item>) {
        let from = out.len();
        self.source.finish(arrival_ms, out);
        self.put(&mut out[from..]);
        self.left = true;
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
    use std::fs::File;
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
        let (mut out, mut more) = (Vec::new(), true);
        while more {
            let from = out.len();
            more = source.poll(0, 100, &mut out).unwrap() == Progress::More;
            if let Some(last) = out[from..].last().map(Item::position) {
                known.retain(|known| known.next.partition != last.partition);
                let next = Position { offset: last.offset + 1, ..last };
                known.push(Reached { next, proof: source.proof() });
            }
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
    fn what_a_log_got_before_it_was_rotated_between_two_runs_is_read_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let line = |n: u64| format!("{{\"n\":{n}}}\n");
        let write = |name: &str, numbers: std::ops::Range<u64>| {
            let path = folder.path().join(name);
            let mut file = File::options().append(true).create(true).open(path).unwrap();
            numbers.for_each(|n| file.write_all(line(n).as_bytes()).unwrap());
        };
        let mut known = Vec::new();
        write("events.jsonl", 0..3);
        assert_eq!(run(&path, &mut known), [0, 1, 2]);
        write("events.jsonl", 3..5);
        std::fs::rename(&path, folder.path().join("events.jsonl.1")).unwrap();
        write("events.jsonl", 5..7);
        // Others that lie there are none of its business.
        write("events.jsonl.bak", 0..2);
        write("events.txt", 90..99);
        assert_eq!(run(&path, &mut known), [3, 4, 5, 6]);
        assert_eq!(run(&path, &mut known), [0; 0]);
        // Copied and emptied, while it is followed.
        let (_, mut source) = open(&path, true).unwrap();
        let at = source.place(&known).unwrap();
        source.seek(at).unwrap();
        let mut out = Vec::new();
        drain(&mut *source, &mut out);
        write("events.jsonl", 7..9);
        std::fs::copy(&path, folder.path().join("events.jsonl.1")).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        write("events.jsonl", 9..10);
        drain(&mut *source, &mut out);
        assert_eq!(numbers(&out), [7, 8, 9]);
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
