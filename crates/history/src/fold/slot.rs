//! Events of messages.

use engine::event::SlotEvent as E;

use super::rows::MessageRow;
use super::{At, Fold};

const BUFFERED: i64 = 0;
const EXPIRED: i64 = 1;

impl Fold<'_> {
    pub(super) fn slot(&mut self, at: At, event: &E) {
        match event {
            E::Published { message, tenant, name, correlation_key, id, deadline, .. } => {
                let row = MessageRow {
                    key: *message,
                    tenant: tenant.clone(),
                    name: name.clone(),
                    correlation_key: correlation_key.clone(),
                    id: id.clone(),
                    published: at.time,
                    deadline: *deadline,
                    // A message that is not buffered has gone once its step is over.
                    state: if *deadline > at.time { BUFFERED } else { EXPIRED },
                    correlations: 0,
                };
                self.changes.messages.insert(*message, row);
            }
            E::Expired { message } => self.changes.messages.change(
                *message,
                |row| row.state = EXPIRED,
                |patch| patch.state = Some(EXPIRED),
            ),
            E::Correlated { message, .. } => self.taken(*message),
            E::StartCorrelated { message, instance, .. } => {
                self.taken(*message);
                self.started(at, *message, *instance);
            }
            // The subscription's own instance tells of it.
            E::SubscriptionOpened(_)
            | E::SubscriptionClosed { .. }
            | E::Correlating { .. }
            | E::CorrelationRejected { .. }
            | E::LockTaken { .. }
            | E::LockReleased { .. } => {}
        }
    }

    fn taken(&mut self, message: engine::Key) {
        self.changes.messages.change(
            message,
            |row| row.correlations += 1,
            |patch| patch.correlations += 1,
        );
    }

    /// A start event took the message. Which one is known by the message's name once both rows are
    /// written, so the subscription is left open here.
    fn started(&mut self, at: At, message: engine::Key, instance: engine::Key) {
        let key = self.correlated_key(at);
        let row =
            super::rows::CorrelatedRow { key, subscription: 0, message, instance, time: at.time };
        self.changes.correlated.push(row);
    }
}
