//! Events to rows. A fold reads a batch once and needs nothing but the definitions of instances
//! that the batch did not create; what a row becomes within one batch is written once.

mod audit;
mod decision;
mod definition;
mod frames;
pub(crate) mod instance;
mod job;
pub(crate) mod rows;
mod slot;
pub(crate) mod task;
pub(crate) mod totals;

use std::collections::HashMap;

use engine::event::{DefinitionEvent, Event, InstanceEvent, PartitionEvent};
use engine::{Key, PartitionId};

use crate::batch::{Batch, Step};
use crate::names;
pub(crate) use audit::{asked, who};
pub(crate) use definition::{Definition, definition, packed};
use rows::*;
use totals::Totals;

pub(crate) use frames::{Frames, pack, steps, unpack};
pub(crate) use instance::number;

/// Everything that a transaction writes for some batches of one partition.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub instances: Table<InstanceRow, InstancePatch>,
    pub elements: Table<ElementRow, ElementPatch>,
    pub variables: Table<VariableRow, ()>,
    pub jobs: Table<JobRow, JobPatch>,
    pub incidents: Table<IncidentRow, Ended>,
    pub timers: Table<TimerRow, Ended>,
    pub tasks: Table<TaskRow, TaskPatch>,
    pub subscriptions: Table<SubscriptionRow, Ended>,
    /// Definitions whose start subscriptions were closed, and when.
    pub closed: Vec<(Key, i64)>,
    pub awaited: Table<AwaitedRow, Ended>,
    pub decisions: Vec<DecisionRow>,
    pub correlated: Vec<CorrelatedRow>,
    pub messages: Table<MessageRow, MessagePatch>,
    /// Times taken and when last, by instance and flow.
    pub flows: HashMap<(Key, i64), (i64, i64)>,
    pub audit: Vec<AuditRow>,
    pub frames: Vec<FrameRow>,
    pub totals: Totals,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub partition: PartitionId,
    pub lsn: u64,
    pub time: i64,
}

/// Definitions of instances, as far as they are known.
pub(crate) type Known = HashMap<Key, Key>;

/// Folds the steps of one partition.
pub(crate) struct Fold<'a> {
    known: &'a mut Known,
    frames: Frames,
    pub changes: Changes,
}

/// Instances that the steps speak of and did not create.
pub(crate) fn strangers(batch: &Batch, known: &Known) -> Vec<Key> {
    let mut created = std::collections::HashSet::new();
    let mut strangers = std::collections::HashSet::new();
    for event in batch.steps.iter().flat_map(|step| &step.events) {
        if let Event::Instance { instance, event } = event {
            if let InstanceEvent::Created(_) = event {
                created.insert(*instance);
            } else if !created.contains(instance) && !known.contains_key(instance) {
                strangers.insert(*instance);
            }
        }
    }
    let mut strangers: Vec<Key> = strangers.into_iter().collect();
    strangers.sort_unstable();
    strangers
}

impl<'a> Fold<'a> {
    pub fn new(known: &'a mut Known) -> Fold<'a> {
        Fold { known, frames: Frames::default(), changes: Changes::default() }
    }

    pub fn step(&mut self, partition: PartitionId, step: &Step) {
        let at = At { partition, lsn: step.lsn, time: step.time };
        for event in &step.events {
            self.event(at, event);
        }
        self.audit(at, step);
        self.frames.step(step);
    }

    /// Ends the fold: closes what is collected over the whole batch.
    pub fn finish(mut self) -> Changes {
        self.changes.frames = self.frames.finish();
        for row in &self.changes.elements.rows {
            let totals = &mut self.changes.totals;
            totals.element_began(row.definition, row.no, row.state);
            if let (names::COMPLETED, Some(end)) = (row.state, row.end) {
                totals.element_took(row.definition, row.no, row.start, end);
            }
        }
        for row in &self.changes.instances.rows {
            let totals = &mut self.changes.totals;
            totals.instance_began(row.definition, row.start);
            if let Some(end) = row.end {
                totals.instance_ended(row.definition, row.state, row.start, end);
            }
        }
        self.changes
    }

    fn event(&mut self, at: At, event: &Event) {
        match event {
            Event::Instance { instance, event } => self.instance(at, *instance, event),
            Event::Slot { event, .. } => self.slot(at, event),
            Event::Definition { definition, event } => self.start(at, *definition, event),
            Event::Partition(event) => self.partition(at, event),
        }
    }

    fn partition(&mut self, at: At, event: &PartitionEvent) {
        match event {
            PartitionEvent::DecisionEvaluated(evaluation) => self.decided(at, None, evaluation),
            PartitionEvent::EpochStarted { .. }
            | PartitionEvent::MetaApplied { .. }
            | PartitionEvent::OutboxQueued { .. }
            | PartitionEvent::OutboxAcknowledged { .. }
            | PartitionEvent::InboxAdvanced { .. }
            | PartitionEvent::ClockPinned { .. }
            | PartitionEvent::SignalBroadcast { .. }
            | PartitionEvent::SignalAdvanced { .. }
            | PartitionEvent::SignalEnded { .. }
            | PartitionEvent::RequestAnswered { .. } => {}
        }
    }

    /// Start subscriptions. Each partition has its own; clients see one, as long as the version is
    /// the latest anywhere.
    fn start(&mut self, at: At, definition: Key, event: &DefinitionEvent) {
        match event {
            DefinitionEvent::MessageStartOpened { element, name } => {
                let key = start_subscription(definition, i64::from(*element));
                let row = SubscriptionRow {
                    key,
                    instance: None,
                    host: None,
                    definition,
                    no: i64::from(*element),
                    kind: 1,
                    name: name.clone(),
                    correlation_key: None,
                    state: names::CREATED,
                    interrupting: false,
                    opened: at.time,
                    updated: at.time,
                };
                self.changes.subscriptions.insert(key, row);
            }
            DefinitionEvent::Closed => {
                for row in &mut self.changes.subscriptions.rows {
                    if row.definition == definition && row.kind == 1 {
                        row.state = names::DELETED;
                    }
                }
                self.changes.closed.push((definition, at.time));
            }
            DefinitionEvent::Opened { .. }
            | DefinitionEvent::SignalStartOpened { .. }
            | DefinitionEvent::TimerStartArmed { .. }
            | DefinitionEvent::TimerStartFired { .. }
            | DefinitionEvent::TimerStartCanceled { .. } => {}
        }
    }

    /// The definition that an instance follows; 0 when its beginning was never seen.
    fn definition(&self, instance: Key) -> Key {
        self.known.get(&instance).copied().unwrap_or(0)
    }
}

/// A key for the start subscription of a definition, outside all partitions.
pub(crate) fn start_subscription(definition: Key, element: i64) -> Key {
    let counter = engine::key::counter_of(definition) - engine::key::META_COUNTER;
    (counter.max(0) << 20) | (element & 0xF_FFFF)
}
