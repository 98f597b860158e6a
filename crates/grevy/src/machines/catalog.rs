//! What is deployed, as far as the meta journal is durable; every partition looks here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use engine::Catalog;
use journal::Journal;

use super::Meta;
use crate::Error;
use crate::machine::Machine;
use crate::steps::Holds;

/// Under which it keeps the meta journal from being trimmed.
const NAME: &str = "catalog";

/// The catalog that follows the durable meta journal.
pub struct Known {
    journal: Arc<dyn Journal>,
    holds: Arc<Holds>,
    position: AtomicU64,
    catalog: RwLock<Catalog>,
    /// One reader at a time.
    next: Mutex<u64>,
}

impl Known {
    /// Follows the meta journal of this machine, which has folded it up to `upto`.
    pub fn new(meta: &Meta, upto: u64, journal: Arc<dyn Journal>, holds: Arc<Holds>) -> Known {
        let mut catalog = Catalog::new();
        // Where in the journal they came is not known any more. A partition that has followed it
        // less far looks at all of them, and finds that most are as it knows them.
        for event in meta.state.told() {
            catalog.add(&event, upto);
        }
        holds.keep(NAME, upto + 1);
        Known {
            journal,
            holds,
            position: AtomicU64::new(upto),
            catalog: RwLock::new(catalog),
            next: Mutex::new(upto + 1),
        }
    }

    /// Everything up to here is known.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// A snapshot; cheap.
    pub fn catalog(&self) -> Catalog {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in everything that is durable by now.
    pub fn catch_up(&self) -> Result<(), Error> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = self.journal.read(*next)?;
        let mut catalog = self.catalog();
        let mut position = None;
        while let Some(group) = reader.next_group()? {
            for frame in group.iter().filter(|frame| frame.lsn >= *next) {
                let failed = |reason| Error::Recovery {
                    partition: "meta".to_owned(),
                    lsn: frame.lsn,
                    reason,
                };
                let step = Meta::decode(frame.payload).map_err(failed)?;
                for event in &step.events {
                    catalog.add(event, frame.lsn);
                }
                position = Some(frame.lsn);
            }
        }
        if let Some(position) = position {
            *next = position + 1;
            self.holds.keep(NAME, *next);
            *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
            self.position.store(position, Ordering::Release);
        }
        Ok(())
    }
}
