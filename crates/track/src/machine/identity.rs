//! Which case has which event: an event with a known identity takes the place of the earlier one,
//! in whichever case that is.

use super::State;
use super::state::{Case, CaseKey, Seen, Undo};

impl State {
    /// The case that has the event of an identity; nothing has identity 0.
    pub(super) fn owner(&self, process: &str, identity: u64) -> Option<CaseKey> {
        if identity == 0 {
            return None;
        }
        self.identities.get(&mixed(process, identity)).copied()
    }

    /// From now on a case has the event of an identity.
    pub(super) fn own(&mut self, case: CaseKey, identity: u64) {
        let Some(known) = self.cases.get(&case).filter(|_| identity != 0) else { return };
        let key = mixed(self.process_of(known.version), identity);
        let old = self.identities.insert(key, case);
        if old != Some(case) && !self.folding {
            self.undo.push(Undo::Identity(key, old));
        }
    }

    /// A case has these events no more.
    pub(super) fn disown(&mut self, case: CaseKey, process: &str, events: &[Seen]) {
        for identity in events.iter().map(|event| event.identity).filter(|known| *known != 0) {
            let key = mixed(process, identity);
            if self.identities.get(&key) == Some(&case) {
                self.identities.remove(&key);
                if !self.folding {
                    self.undo.push(Undo::Identity(key, Some(case)));
                }
            }
        }
    }

    /// Enters every event of a case that was read back.
    pub(crate) fn own_all(&mut self, key: CaseKey) {
        let Some(case) = self.cases.get(&key) else { return };
        let process = self.process_of(case.version);
        let keys: Vec<u64> = steps(case)
            .filter(|event| event.identity != 0)
            .map(|event| mixed(process, event.identity))
            .collect();
        self.identities.extend(keys.into_iter().map(|identity| (identity, key)));
    }
}

/// Every step of a case that is known.
pub(super) fn steps(case: &Case) -> impl Iterator<Item = &Seen> {
    case.past.iter().chain(&case.events)
}

/// Several processes follow one source: each has its own cases for the same events.
fn mixed(process: &str, identity: u64) -> u64 {
    let seed = xxhash_rust::xxh3::xxh3_64(process.as_bytes());
    xxhash_rust::xxh3::xxh3_64_with_seed(&identity.to_le_bytes(), seed)
}
