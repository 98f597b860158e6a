//! What is alive, told in events page by page: for history that cannot read the beginning any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::event::Event;
use engine::state::Lookup;
use engine::{Key, PartitionId};

use crate::handle::look;
use crate::limits::TOLD_INSTANCES;
use crate::machine::Need;
use crate::machines::Engine;
use crate::{Error, Grevy, Pending};

/// Instances as they stand at one position.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Everything up to this position of the journal is in it.
    pub upto: u64,
    pub instances: Vec<Key>,
    pub events: Vec<Event>,
}

impl Grevy {
    /// Events that tell of the running instances of a partition behind the instance `after`, some
    /// at a time, until a page has none; the first page (`after` 0) tells of messages, too.
    pub fn told(&self, partition: PartitionId, after: Key) -> Pending<Told> {
        let Some(remote) = self.shared().remote(partition) else {
            return Pending::ready(Err(Error::invalid(format!(
                "expected a partition from 1 to {}, but got {partition}",
                self.partition_count()
            ))));
        };
        let status = Arc::clone(&remote.status);
        look(remote, &self.shared().activity, move |engine| {
            // The loop looks between two steps, so all of them are in what it sees.
            page(engine, after, status.accepted.load(Ordering::Acquire))
        })
    }
}

fn page(engine: &Engine, after: Key, upto: u64) -> Result<Told, Need> {
    let keys = engine.state.instances().map(|(key, _)| key).filter(|key| *key > after);
    let keys: Vec<Key> = keys.take(TOLD_INSTANCES).collect();
    let cold = |key: &Key| matches!(engine.state.instance(*key), Lookup::Cold);
    let cold: Vec<Key> = keys.iter().copied().filter(cold).collect();
    if !cold.is_empty() {
        return Err(Need(cold));
    }
    let mut events = if after == 0 { engine.state.told() } else { Vec::new() };
    for key in &keys {
        if let Lookup::Hot(instance) = engine.state.instance(*key) {
            let told = instance.told().into_iter();
            events.extend(told.map(|event| Event::Instance { instance: *key, event }));
        }
    }
    Ok(Told { upto, instances: keys, events })
}
