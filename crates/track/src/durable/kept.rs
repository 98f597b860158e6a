//! Checkpoints of tracking, and how long its past can be read.
//!
//! A start takes the newest checkpoint and folds what follows. The journal is kept longer than
//! that, because traces, verdicts and figures are read from it; what is older than
//! [`Keeping::past`] is trimmed with the next checkpoint, in whole segments.

use std::time::Duration;

use grevy::machine::Machine;
use grevy::partition::Health;
use grevy::{Checkpoints, Clock, Error, Kept, Ward};
use journal::{Journal, Lsn};

use super::Tracker;
use crate::limits::PAST_KEPT_DAYS;

/// Who needs the journal from there on.
const NAME: &str = "past";

/// When checkpoints are written, and how far back the past can be read.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    pub checkpoints: Checkpoints,
    /// By the time at which it was journaled, not by event time.
    pub past: Duration,
}

impl Keeping {
    /// So many days; 0 is for ever.
    pub fn days(days: u32) -> Keeping {
        let past = match days {
            0 => Duration::MAX,
            days => Duration::from_secs(u64::from(days) * 86_400),
        };
        Keeping { checkpoints: Checkpoints::default(), past }
    }
}

impl Default for Keeping {
    fn default() -> Keeping {
        Keeping::days(PAST_KEPT_DAYS)
    }
}

/// Holds the journal for as long as its past is wanted.
pub(crate) struct Aged {
    ward: Ward<Tracker>,
    clock: Clock,
    past: Duration,
}

impl Aged {
    pub fn new(ward: Ward<Tracker>, clock: Clock, keeping: Keeping) -> Aged {
        let aged = Aged { ward, clock, past: keeping.past };
        // Until the first checkpoint says otherwise everything is wanted.
        aged.ward.remote.holds.keep(NAME, aged.ward.remote.journal.first_lsn());
        aged
    }
}

impl Kept for Aged {
    fn behind(&self) -> u64 {
        self.ward.behind()
    }

    fn policy(&self) -> Checkpoints {
        self.ward.policy()
    }

    fn health(&self) -> Health {
        self.ward.health()
    }

    fn write(&self) -> Result<Option<u64>, Error> {
        let past_ms = i64::try_from(self.past.as_millis()).unwrap_or(i64::MAX);
        let since_ms = self.clock.now().saturating_sub(past_ms);
        let wanted = first_since(&*self.ward.remote.journal, since_ms)?;
        self.ward.remote.holds.keep(NAME, wanted);
        self.ward.write()
    }

    fn cool(&self) {
        self.ward.cool();
    }
}

/// The first position whose step was journaled at `since_ms` or later; the one behind the end if
/// there is none. Times never decrease, so that few steps are read.
fn first_since(journal: &dyn Journal, since_ms: i64) -> Result<Lsn, Error> {
    let (mut low, mut high) = (journal.first_lsn(), journal.durable_lsn() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut reader = journal.read(middle)?;
        let Some(group) = reader.next_group()? else { break };
        let Some(frame) = group.iter().find(|frame| frame.lsn >= middle) else { break };
        let failed =
            |reason| Error::Recovery { partition: "track".to_owned(), lsn: frame.lsn, reason };
        match Tracker::decode(frame.payload).map_err(failed)?.time < since_ms {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}
