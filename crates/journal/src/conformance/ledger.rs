//! What a client of a log may rely on, written down beside the log.

use crate::{Append, GroupBuf, Journal, Lsn, Rng};

/// Everything that was accepted, and how much of it was said to be durable.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Groups as their frames, with the position of each group's first frame.
    groups: Vec<(Lsn, Vec<Vec<u8>>)>,
    durable: Lsn,
    trimmed: Lsn,
    made: u64,
}

/// The frames of a group.
pub fn frames_of(group: &GroupBuf) -> Vec<Vec<u8>> {
    let view = crate::Group {
        epoch: 0,
        seq: 0,
        lsn_first: 1,
        frames: group.frames(),
        schema: 0,
        body: group.body(),
    };
    view.iter().map(|frame| frame.payload.to_vec()).collect()
}

impl Ledger {
    /// A group that no other equals, of up to `bytes_max` bytes a frame.
    pub fn make(&mut self, rng: &mut Rng, bytes_max: u64) -> GroupBuf {
        let mut group = GroupBuf::new();
        for _ in 0..1 + rng.below(4) {
            self.made += 1;
            let size = rng.below(bytes_max);
            group.push_with(|out| {
                out.extend_from_slice(&self.made.to_le_bytes());
                out.extend((0..size).map(|_| rng.word() as u8));
            });
        }
        group
    }

    /// The log accepted a group.
    pub fn accepted(&mut self, append: Append, group: &GroupBuf) {
        self.groups.push((append.lsn_first, frames_of(group)));
    }

    /// The log said that everything up to here is durable.
    pub fn durable(&mut self, lsn: Lsn) {
        self.durable = self.durable.max(lsn);
    }

    /// The log was allowed to drop everything up to here.
    pub fn trimmed(&mut self, upto: Lsn) {
        self.trimmed = self.trimmed.max(upto);
    }

    /// The last position that was said to be durable.
    pub fn last_durable(&self) -> Lsn {
        self.durable
    }

    /// Compares the log with what was promised, after the owner changed: everything durable is
    /// there; what else is there was accepted, in order, whole, without a gap. What is there is
    /// durable from now on.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn check(&mut self, journal: &dyn Journal) -> Result<(), String> {
        let first = journal.first_lsn();
        if first > self.trimmed + 1 {
            return Err(format!(
                "expected to read from {}, but it begins at {first}",
                self.trimmed
            ));
        }
        let end = self.compare(journal, first)?;
        if end < self.durable {
            return Err(format!(
                "expected {} to be there, but the log ends at {end}",
                self.durable
            ));
        }
        self.groups.retain(|(lsn, _)| *lsn <= end);
        self.durable = end;
        Ok(())
    }

    /// Reads everything; the last position that is there.
    fn compare(&self, journal: &dyn Journal, first: Lsn) -> Result<Lsn, String> {
        let mut reader = journal.read(first).map_err(|e| e.to_string())?;
        let mut end = first - 1;
        while let Some(group) = reader.next_group().map_err(|e| e.to_string())? {
            if group.lsn_first != end + 1 {
                return Err(format!("expected {} next, but {} came", end + 1, group.lsn_first));
            }
            let frames: Vec<_> = group.iter().map(|f| f.payload.to_vec()).collect();
            let known = self.groups.iter().rev().find(|(lsn, _)| *lsn == group.lsn_first);
            match known {
                Some((_, wrote)) if *wrote == frames => {}
                Some(_) => return Err(format!("expected another group at {}", end + 1)),
                None => return Err(format!("expected nothing at {}, but a group came", end + 1)),
            }
            end = group.lsn_last();
        }
        Ok(end)
    }

    /// Forgets what was accepted after the durable end: another owner may not have it.
    pub fn forget_beyond(&mut self, end: Lsn) {
        self.groups.retain(|(lsn, _)| *lsn <= end);
    }
}
