//! The reader rule: which records of a log are its history. Every reader folds the same records
//! in the same order and so finds the same history, whoever wrote in between.

use crate::Lsn;
use crate::record::{Kind, Record};

/// The state of a fold; a checkpoint stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// The epoch that owns the log; 0 before the first claim.
    pub epoch: u64,
    /// The writer that owns the epoch.
    pub writer: u128,
    /// The number of the last valid record of the epoch.
    pub seq: u64,
    /// The last valid position.
    pub lsn: Lsn,
    /// The chain of hashes over the valid groups. Starts and ends of epochs are not in it: where a
    /// start lands is not known when it is written, and their fields are in every group anyway.
    pub hash: u64,
    /// The owner ended its epoch.
    pub ended: bool,
}

/// What a record did to a [`Fold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new epoch begins.
    Started,
    /// The group is the next of the history.
    Taken,
    /// The owner handed the epoch over.
    Ended,
    /// No part of the history: a heartbeat or the head of a segment.
    Mark,
    /// The record was taken before.
    Duplicate,
    /// The record never was and never will be part of the history.
    Ignored(Why),
    /// The record is the next by number, but does not continue the history: what came before it
    /// is not what its writer wrote. Stop, never repair.
    Broken,
}

/// Why a record is no part of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Of an epoch that is over, or one whose start was not seen.
    Epoch,
    /// Of the present epoch, but of a writer that lost the race for it.
    Writer,
    /// A record before it is missing.
    Gap,
}

impl Fold {
    /// Takes the next record of the log.
    pub fn step(&mut self, record: &Record<'_>) -> Step {
        match record.header.kind {
            Kind::EpochStart => self.start(record),
            Kind::Group => self.next(record, Step::Taken),
            Kind::EpochEnd => self.next(record, Step::Ended),
            Kind::Heartbeat | Kind::Segment => Step::Mark,
        }
    }

    fn start(&mut self, record: &Record<'_>) -> Step {
        let h = &record.header;
        if h.epoch == self.epoch && h.writer == self.writer {
            return Step::Duplicate;
        }
        // The first claim of an epoch wins, ties lose.
        if h.epoch <= self.epoch {
            return Step::Ignored(if h.epoch < self.epoch { Why::Epoch } else { Why::Writer });
        }
        self.epoch = h.epoch;
        self.writer = h.writer;
        self.seq = 0;
        self.ended = false;
        Step::Started
    }

    fn next(&mut self, record: &Record<'_>, taken: Step) -> Step {
        let h = &record.header;
        if h.epoch != self.epoch {
            return Step::Ignored(Why::Epoch);
        }
        if h.writer != self.writer {
            return Step::Ignored(Why::Writer);
        }
        if h.seq <= self.seq {
            return Step::Duplicate;
        }
        if self.ended {
            return Step::Ignored(Why::Epoch);
        }
        if h.seq != self.seq + 1 {
            return Step::Ignored(Why::Gap);
        }
        if h.lsn_first != self.lsn + 1 || h.prev_hash != self.hash {
            return Step::Broken;
        }
        self.seq = h.seq;
        self.ended = taken == Step::Ended;
        if !self.ended {
            self.lsn += u64::from(h.n_frames);
            self.hash = record.chain(self.hash);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{HEADER_BYTES, Header, decode, seal};

    struct Pen {
        fold: Fold,
    }

    impl Pen {
        fn write(&self, kind: Kind, epoch: u64, writer: u128, seq: u64) -> Vec<u8> {
            let mut bytes = vec![0; HEADER_BYTES];
            let n_frames = u32::from(kind == Kind::Group);
            if n_frames == 1 {
                bytes.extend_from_slice(&[2, b'o', b'k']);
            }
            let header = Header {
                kind,
                epoch,
                writer,
                seq,
                lsn_first: self.fold.lsn + 1,
                n_frames,
                durable_upto: 0,
                prev_hash: self.fold.hash,
                schema: 0,
            };
            seal(&header, &mut bytes);
            bytes
        }

        fn take(&mut self, bytes: &[u8]) -> Step {
            self.fold.step(&decode(bytes).expect("sealed by the test"))
        }

        fn put(&mut self, kind: Kind, epoch: u64, writer: u128, seq: u64) -> Step {
            let bytes = self.write(kind, epoch, writer, seq);
            self.take(&bytes)
        }
    }

    fn pen() -> Pen {
        Pen { fold: Fold::default() }
    }

    #[test]
    fn the_first_claim_of_an_epoch_wins() {
        let mut log = pen();
        assert_eq!(log.put(Kind::EpochStart, 1, 10, 0), Step::Started);
        assert_eq!(log.put(Kind::EpochStart, 1, 11, 0), Step::Ignored(Why::Writer));
        assert_eq!(log.put(Kind::Group, 1, 11, 1), Step::Ignored(Why::Writer));
        assert_eq!(log.put(Kind::Group, 1, 10, 1), Step::Taken);
        assert_eq!(log.fold.lsn, 1);
    }

    #[test]
    fn a_fenced_writer_is_ignored_and_a_doubled_record_skipped() {
        let mut log = pen();
        log.put(Kind::EpochStart, 1, 10, 0);
        let late = log.write(Kind::Group, 1, 10, 1);
        log.put(Kind::EpochStart, 2, 20, 0);
        assert_eq!(log.take(&late), Step::Ignored(Why::Epoch));
        let group = log.write(Kind::Group, 2, 20, 1);
        assert_eq!(log.take(&group), Step::Taken);
        assert_eq!(log.take(&group), Step::Duplicate);
        assert_eq!(log.fold.lsn, 1);
    }

    #[test]
    fn nothing_is_taken_after_a_gap() {
        let mut log = pen();
        log.put(Kind::EpochStart, 1, 10, 0);
        assert_eq!(log.put(Kind::Group, 1, 10, 2), Step::Ignored(Why::Gap));
        assert_eq!(log.put(Kind::Group, 1, 10, 1), Step::Taken);
    }

    #[test]
    fn another_past_breaks_the_chain() {
        let mut log = pen();
        log.put(Kind::EpochStart, 1, 10, 0);
        log.put(Kind::Group, 1, 10, 1);
        log.fold.hash ^= 1;
        let foreign = log.write(Kind::Group, 1, 10, 2);
        log.fold.hash ^= 1;
        assert_eq!(log.take(&foreign), Step::Broken);
    }

    #[test]
    fn an_ended_epoch_takes_nothing_more() {
        let mut log = pen();
        log.put(Kind::EpochStart, 1, 10, 0);
        assert_eq!(log.put(Kind::EpochEnd, 1, 10, 1), Step::Ended);
        assert_eq!(log.put(Kind::Group, 1, 10, 2), Step::Ignored(Why::Epoch));
        assert_eq!(log.put(Kind::EpochStart, 2, 10, 0), Step::Started);
    }
}
