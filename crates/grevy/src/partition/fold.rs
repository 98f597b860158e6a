//! Folding durable steps onto a machine: at a start, after a failure, and for a checkpoint.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::Key;
use journal::{Journal, Lsn};

use super::panic_text;
use crate::Error;
use crate::machine::{Machine, Place, Step};

/// A machine with everything up to a position folded.
pub struct Opened<M> {
    /// The machine.
    pub machine: M,
    /// The position; 0 for an empty machine.
    pub lsn: Lsn,
    /// Time of the last step before it, in ms.
    pub time: i64,
    /// Aggregates of its checkpoint that are in memory, because they are too large for a blob.
    pub large: BTreeSet<Key>,
}

impl<M> Opened<M> {
    /// A machine at the beginning of its log.
    pub fn new(machine: M) -> Opened<M> {
        Opened { machine, lsn: 0, time: 0, large: BTreeSet::new() }
    }
}

/// Gives the blob of a cold aggregate.
pub(crate) type Cold<'a> = &'a dyn Fn(Key) -> Result<Option<Vec<u8>>, Error>;

/// A log to fold.
pub(crate) struct Tail<'a> {
    /// For messages.
    pub name: &'a str,
    pub journal: &'a dyn Journal,
    /// Aggregates whose events an operator chose to leave out, and up to where.
    pub skip: &'a [Key],
    pub skip_upto: Lsn,
}

impl Tail<'_> {
    /// Folds what follows, up to the group that holds `upto`. Adds the aggregates that it changed
    /// to `touched`; returns how many steps there were. Those that are cold come from `cold`.
    pub fn fold<M: Machine>(
        &self,
        opened: &mut Opened<M>,
        upto: Lsn,
        touched: &mut BTreeSet<Key>,
        cold: Cold<'_>,
    ) -> Result<u64, Error> {
        let (from, mut steps) = (opened.lsn, 0);
        if from >= upto {
            return Ok(0);
        }
        let mut reader = self.journal.read(from + 1)?;
        while reader.position() <= upto {
            let Some(group) = reader.next_group()? else { break };
            for frame in group.iter().filter(|frame| frame.lsn > from) {
                self.frame(opened, frame.lsn, frame.payload, touched, cold)?;
                steps += 1;
            }
        }
        Ok(steps)
    }

    fn frame<M: Machine>(
        &self,
        opened: &mut Opened<M>,
        lsn: Lsn,
        payload: &[u8],
        touched: &mut BTreeSet<Key>,
        cold: Cold<'_>,
    ) -> Result<(), Error> {
        let step = M::decode(payload).map_err(|reason| self.failed(lsn, reason))?;
        let machine = &mut opened.machine;
        let folded =
            catch_unwind(AssertUnwindSafe(|| self.step(machine, &step, lsn, touched, cold)));
        match folded {
            Ok(done) => done?,
            Err(panic) => {
                let text = panic_text(&*panic);
                let events = &step.events;
                let keys: Vec<_> = M::aggregates(events).iter().map(Key::to_string).collect();
                let remedy = match keys.is_empty() {
                    true => String::new(),
                    false => {
                        format!("; --quarantine {} leaves it out", keys.join(" --quarantine "))
                    }
                };
                let reason =
                    format!("it does not fit the state: {text}{remedy} (its events: {events:?})");
                return Err(self.failed(lsn, reason));
            }
        }
        (opened.lsn, opened.time) = (lsn, step.time);
        Ok(())
    }

    fn step<M: Machine>(
        &self,
        machine: &mut M,
        step: &Step<M::Event>,
        lsn: Lsn,
        touched: &mut BTreeSet<Key>,
        cold: Cold<'_>,
    ) -> Result<(), Error> {
        let skip = if lsn > self.skip_upto { &[] } else { self.skip };
        for key in M::aggregates(&step.events) {
            if skip.contains(&key) {
                continue;
            }
            if machine.place(key) == Place::Cold {
                let blob = cold(key)?;
                let gone = || self.failed(lsn, format!("instance {key} is not in the cold store"));
                machine.restore(key, &blob.ok_or_else(gone)?)?;
            }
            touched.insert(key);
        }
        machine.fold(step, skip)
    }

    pub fn failed(&self, lsn: Lsn, reason: String) -> Error {
        Error::Recovery { partition: self.name.to_owned(), lsn, reason }
    }
}
