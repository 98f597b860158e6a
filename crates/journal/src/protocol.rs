//! The writer rule for a log that others may write to as well: when a group is durable, and when
//! its writer has to doubt itself. No IO; the backend on a broker and the adversary drive it.
//!
//! ```text
//! claim      fold to the end → epoch E; append EpochStart(E+1); fold up to it: mine? → owner
//! response   of the LOWEST group that waits, AND at the expected offset → durable
//!            anything else → suspect
//! suspect    fold to the end: not mine → fenced, step down
//!            mine → what is in the fold is durable; nothing waits → go on at the end of the log
//!                                                  something waits → claim again
//! ```
//!
//! Whoever reads the log folds the same records and finds the same history ([`Fold`]), so a group
//! at the expected offset, behind nothing but groups that were there, is in it for ever.

use crate::{Fold, Lsn};
use std::collections::VecDeque;

/// A claimed epoch, as its writer knows it.
#[derive(Clone, Debug)]
pub struct Tenure {
    epoch: u64,
    writer: u128,
    /// The offset that the next record of ours will have if nobody else writes.
    expected: u64,
    /// The last group that was sent.
    sent: u64,
    waiting: VecDeque<Waiting>,
    suspect: bool,
    #[cfg(feature = "testing")]
    mutation: Mutation,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    seq: u64,
    lsn_last: Lsn,
}

/// What a response or a look at the log means for the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// Everything up to this position is durable.
    Durable(Lsn),
    /// Fold the log to its end and call [`Tenure::look`].
    Suspect,
    /// Still the owner, but something that was sent may never arrive, or late: claim again.
    ClaimAgain,
    /// Another owns the log.
    Fenced {
        /// Its epoch.
        by: u64,
    },
}

/// A rule left out, to see the checkers fail.
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutation {
    /// None is left out.
    #[default]
    Intact,
    /// Any offset counts as the expected one.
    AnyOffset,
    /// A suspect does not look who owns the log.
    NoLook,
    /// A response counts for its group whatever waits before it.
    AnyOrder,
}

impl Tenure {
    /// The tenure of a writer whose start of the epoch is the record at `offset`, if the fold up
    /// to and including that record says that it is.
    pub fn begin(fold: &Fold, epoch: u64, writer: u128, offset: u64) -> Result<Tenure, Verdict> {
        if (fold.epoch, fold.writer) != (epoch, writer) {
            return Err(Verdict::Fenced { by: fold.epoch });
        }
        Ok(Tenure {
            epoch,
            writer,
            expected: offset + 1,
            sent: 0,
            waiting: VecDeque::new(),
            suspect: false,
            #[cfg(feature = "testing")]
            mutation: Mutation::Intact,
        })
    }

    /// Leaves a rule out.
    #[cfg(feature = "testing")]
    pub fn mutate(&mut self, mutation: Mutation) {
        self.mutation = mutation;
    }

    /// A group was sent.
    pub fn sent(&mut self, seq: u64, lsn_last: Lsn) {
        self.sent = seq;
        self.waiting.push_back(Waiting { seq, lsn_last });
    }

    /// How many groups wait for their response.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether it has to look at the log before anything else counts.
    pub fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// The log answered for a group: with the offset of its record, or with an error, a time-out
    /// or no offset at all.
    pub fn response(&mut self, seq: u64, offset: Option<u64>) -> Verdict {
        if self.suspect {
            return Verdict::Suspect;
        }
        let Some(at) = self.waiting.iter().position(|w| w.seq == seq) else {
            // Of a group that is settled: an error for it says nothing, an offset twice does.
            return if offset.is_some() { self.doubt() } else { Verdict::Nothing };
        };
        if !self.is_expected(offset) || !(at == 0 || self.any_order()) {
            return self.doubt();
        }
        self.expected = offset.map_or(self.expected, |offset| offset + 1);
        match self.waiting.remove(at) {
            Some(group) => Verdict::Durable(group.lsn_last),
            None => Verdict::Nothing,
        }
    }

    /// Something is wrong that no response told, such as a time-out.
    pub fn doubt(&mut self) -> Verdict {
        self.suspect = true;
        Verdict::Suspect
    }

    /// A suspect looked: `fold` is the fold to the end of the log, which is at offset `end`.
    ///
    /// `durable` takes what turns out to be durable, also where the verdict is to claim again.
    pub fn look(&mut self, fold: &Fold, end: u64, mut durable: impl FnMut(Lsn)) -> Verdict {
        if (fold.epoch, fold.writer) != (self.epoch, self.writer) && self.looks() {
            return Verdict::Fenced { by: fold.epoch };
        }
        let mut last = None;
        while let Some(group) = self.waiting.front().copied().filter(|w| w.seq <= fold.seq) {
            self.waiting.pop_front();
            last = Some(group.lsn_last);
            durable(group.lsn_last);
        }
        if !self.waiting.is_empty() || (fold.seq != self.sent && self.looks()) {
            return Verdict::ClaimAgain;
        }
        self.suspect = false;
        self.expected = end;
        last.map_or(Verdict::Nothing, Verdict::Durable)
    }

    #[cfg(feature = "testing")]
    fn is_expected(&self, offset: Option<u64>) -> bool {
        offset == Some(self.expected) || (self.mutation == Mutation::AnyOffset && offset.is_some())
    }

    #[cfg(not(feature = "testing"))]
    fn is_expected(&self, offset: Option<u64>) -> bool {
        offset == Some(self.expected)
    }

    #[cfg(feature = "testing")]
    fn any_order(&self) -> bool {
        self.mutation == Mutation::AnyOrder
    }

    #[cfg(not(feature = "testing"))]
    fn any_order(&self) -> bool {
        false
    }

    #[cfg(feature = "testing")]
    fn looks(&self) -> bool {
        self.mutation != Mutation::NoLook
    }

    #[cfg(not(feature = "testing"))]
    fn looks(&self) -> bool {
        true
    }
}
