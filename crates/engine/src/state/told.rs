//! What is alive, told in events: for a reader that lost the beginning. Outcomes only; when it
//! began and what it has been through is not in the state.

use super::{Instance, Job, JobState, Phase, State};
use crate::event::{DefinitionEvent, Event, InstanceEvent as E, SlotEvent, Text, Via};
use crate::key::Key;

impl State {
    /// Buffered messages and start subscriptions.
    pub fn told(&self) -> Vec<Event> {
        let starts = self.definitions.iter().flat_map(|(definition, row)| {
            let start = |(element, name): &(_, Text)| Event::Definition {
                definition: *definition,
                event: DefinitionEvent::MessageStartOpened {
                    element: *element,
                    name: name.clone(),
                },
            };
            row.message_starts.iter().map(start)
        });
        let messages = self.messages.messages().map(|(message, row)| Event::Slot {
            slot: row.slot,
            event: SlotEvent::Published {
                message,
                tenant: row.named.tenant.clone(),
                name: row.named.name.clone(),
                correlation_key: row.named.correlation_key.clone(),
                id: row.id.clone(),
                deadline: row.deadline,
                variables: row.variables.clone(),
            },
        });
        starts.chain(messages).collect()
    }
}

impl Instance {
    /// Events that make of nothing what it shows now.
    pub fn told(&self) -> Vec<E> {
        let mut events = vec![E::Created(self.created.clone())];
        for (key, element) in self.elements.iter().filter(|(key, _)| **key != self.key) {
            let (key, scope) = (*key, element.scope);
            events.push(E::ElementActivating {
                key,
                element: element.element,
                scope,
                via: Via::None,
            });
            if element.phase != Phase::Activating {
                events.push(E::ElementActivated { key });
            }
        }
        for (scope, name, row) in self.variables.iter().flat_map(|(scope, rows)| {
            rows.iter().map(move |(name, row)| (*scope, name.clone(), row))
        }) {
            let (key, value) = (row.key, row.value.clone());
            events.push(E::VariableSet { scope, key, name, value, created: true });
        }
        self.jobs.iter().for_each(|(key, job)| job_told(*key, job, &mut events));
        self.waits_told(&mut events);
        for (key, row) in &self.incidents {
            let (element, job, kind) = (row.element, row.job, row.kind);
            let message = row.message.clone();
            events.push(E::IncidentCreated { key: *key, element, job, kind, message });
        }
        if let Some((reason, build)) = &self.quarantine {
            events.push(E::Quarantined { reason: reason.clone(), build: build.clone() });
        }
        if self.suspended {
            events.push(E::Suspended);
        }
        events
    }

    fn waits_told(&self, events: &mut Vec<E>) {
        events.extend(self.timers.iter().map(|(key, row)| E::TimerArmed {
            key: *key,
            host: row.host,
            target: row.target,
            due: row.due,
            left: row.left,
            cycle: row.cycle.clone(),
        }));
        events.extend(self.subscriptions.iter().map(|(key, row)| E::SubscriptionOpening {
            key: *key,
            host: row.host,
            target: row.target,
            name: row.name.clone(),
            correlation_key: row.correlation_key.clone(),
            interrupting: row.interrupting,
        }));
        let Some(rare) = &self.rare else { return };
        events.extend(rare.signals.iter().map(|(key, row)| E::SignalAwaited {
            key: *key,
            host: row.host,
            target: row.target,
            name: row.name.clone(),
        }));
        events.extend(rare.conditions.iter().map(|(key, row)| E::ConditionAwaited {
            key: *key,
            host: row.host,
            target: row.target,
        }));
        events.extend(rare.tasks.iter().map(|(key, task)| E::UserTaskCreated {
            key: *key,
            element: task.element,
            task: task.clone(),
        }));
        events.extend(
            rare.wishes
                .iter()
                .map(|(key, wish)| E::UserTaskAsked { key: *key, wish: wish.clone() }),
        );
    }
}

fn job_told(key: Key, job: &Job, events: &mut Vec<E>) {
    events.push(E::JobCreated {
        key,
        element: job.element,
        job_type: job.job_type.clone(),
        retries: job.retries,
        priority: job.priority,
        kind: job.kind,
        listener_event: job.listener_event,
    });
    match &job.state {
        JobState::Activated { worker, deadline, token } => events.push(E::JobLeased {
            key,
            worker: worker.clone(),
            deadline: *deadline,
            token: *token,
        }),
        JobState::Failed { available_at } => events.push(E::JobFailed {
            key,
            retries: job.retries,
            available_at: *available_at,
            message: "".into(),
        }),
        // Its incident tells of an error that nothing caught.
        JobState::Activatable { .. } | JobState::ErrorThrown => {}
    }
}
