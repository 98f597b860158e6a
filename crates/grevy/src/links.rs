//! What partitions send each other (`engine-rules.md` 6): in order, a bounded number under way for
//! each pair, and again until the receiver has it durably. The outbox of the sender's state is the
//! truth; what is kept here can be lost.
//!
//! ```text
//!  sender    durable item ──► sent, while credit is left ──────────► receiver: Inbound
//!     ▲ OutboxAcknowledged(upto) ◄── look: last_in, durable ◄── answered ─┘
//!     └ the next items, or the same again if one was refused or lost
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::event::Item;
use engine::{Command, PartitionId, command::Source};

use crate::limits::OUTBOX_CREDIT_MAX;
use crate::machines::Engine;
use crate::mailbox::{Class, Deliver};
use crate::shared::Shared;

/// When a partition could not be asked, it is asked again after so long.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Sender and receiver.
type Pair = (PartitionId, PartitionId);

/// Every pair that has sent something.
#[derive(Default)]
pub(crate) struct Links(Mutex<BTreeMap<Pair, Link>>);

#[derive(Debug, Default, Clone, Copy)]
struct Link {
    /// The newest durable item.
    known: u64,
    /// The last one that was handed to the receiver.
    sent: u64,
    /// The last one that the receiver has durably.
    acked: u64,
    /// The highest one that the receiver answered, with whatever.
    answered: u64,
    /// The receiver is being asked how far it is.
    asking: bool,
    /// The sender is being asked for more.
    reading: bool,
}

impl Link {
    fn room(&self) -> u64 {
        (self.acked + OUTBOX_CREDIT_MAX).saturating_sub(self.sent)
    }
}

impl Links {
    fn edit<T>(&self, pair: Pair, edit: impl FnOnce(&mut Link) -> T) -> T {
        edit(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(pair).or_default())
    }
}

impl Shared {
    /// An item of the sender is durable; on the thread of its loop, in the order of the items.
    pub fn send(self: &Arc<Self>, from: PartitionId, to: PartitionId, sequence: u64, item: Item) {
        let now = self.links.edit((from, to), |link| {
            if link.known == 0 {
                (link.sent, link.acked) = (sequence - 1, sequence - 1);
            }
            link.known = link.known.max(sequence);
            let now = sequence == link.sent + 1 && link.room() > 0;
            link.sent += u64::from(now);
            now
        });
        if now {
            self.hand_over(from, to, sequence, item);
        }
    }

    fn hand_over(self: &Arc<Self>, from: PartitionId, to: PartitionId, sequence: u64, item: Item) {
        for item in self.echo.then(|| item.clone()).into_iter().chain([item]) {
            let this = Arc::clone(self);
            let reply = move |_answer| {
                this.links.edit((from, to), |link| link.answered = link.answered.max(sequence));
                this.ask_receiver(from, to);
            };
            let command = Command::Inbound { from, sequence, item };
            self.internal(to, command, Source::Outbox, Some(Box::new(reply)));
        }
    }

    /// Asks how far the receiver is durably; one look for many answers.
    fn ask_receiver(self: &Arc<Self>, from: PartitionId, to: PartitionId) {
        let first = self.links.edit((from, to), |link| !std::mem::replace(&mut link.asking, true));
        let Some(remote) = self.remote(to).filter(|_| first) else { return };
        let mut asking = Some(Asking { shared: Arc::clone(self), pair: (from, to), done: false });
        let look = move |machine: &mut Engine| {
            let upto = machine.state.last_in(from);
            let asked = asking.take();
            let deliver: Deliver = Box::new(move || {
                if let Some(asked) = asked {
                    asked.told(upto);
                }
            });
            Ok(deliver)
        };
        remote.mailbox.look(Class::Internal, Box::new(look), self.activity.begin());
    }

    /// Sends what follows, as far as there is credit, out of the state of the sender.
    fn send_more(self: &Arc<Self>, from: PartitionId, to: PartitionId) {
        let first = self.links.edit((from, to), |link| !std::mem::replace(&mut link.reading, true));
        let Some(remote) = self.remote(from).filter(|_| first) else { return };
        let mut reading = Some(Reading { shared: Arc::clone(self), pair: (from, to), done: false });
        let look = move |machine: &mut Engine| {
            let reading = reading.take();
            let link = reading.as_ref().map(|r| r.shared.links.edit((from, to), |link| *link));
            let Link { sent, .. } = link.unwrap_or_default();
            let room = usize::try_from(link.map_or(0, |link| link.room())).unwrap_or(usize::MAX);
            let outbox = machine.state.outbox().get(&to);
            let items = outbox.into_iter().flat_map(|outbox| outbox.items.range(sent + 1..));
            let items: Vec<_> = items.take(room).map(|(n, item)| (*n, item.clone())).collect();
            let deliver: Deliver = Box::new(move || {
                if let Some(reading) = reading {
                    reading.read(items);
                }
            });
            Ok(deliver)
        };
        remote.mailbox.look(Class::Internal, Box::new(look), self.activity.begin());
    }
}

/// The receiver is being asked. Its loop may drop the look when its journal fails.
struct Asking {
    shared: Arc<Shared>,
    pair: Pair,
    done: bool,
}

impl Asking {
    fn told(mut self, upto: u64) {
        self.done = true;
        let (from, to) = self.pair;
        let more = self.shared.links.edit(self.pair, |link| {
            link.asking = false;
            link.acked = link.acked.max(upto);
            // Answered and not taken: it came out of order, or was lost with what was not durable.
            if link.answered > upto {
                link.answered = upto;
                link.sent = link.acked;
            }
            link.known > link.sent
        });
        let command = Command::OutboxAcknowledged { to, upto };
        self.shared.internal(from, command, Source::Outbox, None);
        if more {
            self.shared.send_more(from, to);
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.done {
            self.shared.links.edit(self.pair, |link| link.asking = false);
            let (shared, (from, to)) = (Arc::clone(&self.shared), self.pair);
            let again = move || shared.ask_receiver(from, to);
            self.shared.deadlines.after(AGAIN_AFTER, again);
        }
    }
}

/// The sender is being asked for more.
struct Reading {
    shared: Arc<Shared>,
    pair: Pair,
    done: bool,
}

impl Reading {
    fn read(mut self, items: Vec<(u64, Item)>) {
        self.done = true;
        let (from, to) = self.pair;
        self.shared.links.edit(self.pair, |link| link.reading = false);
        for (sequence, item) in items {
            let next = self.shared.links.edit(self.pair, |link| {
                let next = sequence > link.sent && link.room() > 0;
                link.sent = if next { sequence } else { link.sent };
                next
            });
            if next {
                self.shared.hand_over(from, to, sequence, item);
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.done {
            self.shared.links.edit(self.pair, |link| link.reading = false);
            let (shared, (from, to)) = (Arc::clone(&self.shared), self.pair);
            let again = move || shared.send_more(from, to);
            self.shared.deadlines.after(AGAIN_AFTER, again);
        }
    }
}
