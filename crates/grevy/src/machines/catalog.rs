//! What is deployed, as far as the meta journal is durable; every partition looks here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use engine::{Catalog, meta};
use journal::Journal;

use super::Meta;
use crate::Error;
use crate::machine::Machine;

/// The catalog that follows the durable meta journal.
pub struct Known {
    journal: Arc<dyn Journal>,
    position: AtomicU64,
    catalog: RwLock<Catalog>,
    /// One reader at a time.
    next: Mutex<u64>,
}

impl Known {
    /// Follows this meta journal from its beginning.
    pub fn new(journal: Arc<dyn Journal>) -> Known {
        let catalog = RwLock::new(Catalog::new());
        Known { journal, position: AtomicU64::new(0), catalog, next: Mutex::new(1) }
    }

    /// Everything up to here is known.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// A snapshot; cheap.
    pub fn catalog(&self) -> Catalog {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts from what a checkpoint of the meta machine held, at its position.
    pub fn seed(&self, events: &[(u64, meta::Event)], upto: u64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = self.catalog();
        for (position, event) in events {
            catalog.add(event, *position);
        }
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
        *next = upto + 1;
        self.position.store(upto, Ordering::Release);
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
            *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
            self.position.store(position, Ordering::Release);
        }
        Ok(())
    }
}
