//! What an exporter is handed: durable steps, in the order of their journal.

use engine::event::{Event, InstanceEvent, PartitionEvent, SlotEvent};
use engine::{Cause, PartitionId, meta};

use crate::write::Gap;

/// The partition under which the meta journal's position is kept.
pub const META: PartitionId = 0;

/// Durable steps of one partition, in order.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub partition: PartitionId,
    pub steps: Vec<Step>,
}

/// One step of a partition.
#[derive(Debug, Clone)]
pub struct Step {
    /// Position in the partition's journal; dense enough to compare, nothing more.
    pub lsn: u64,
    /// Milliseconds since 1970.
    pub time: i64,
    pub cause: Cause,
    pub events: Vec<Event>,
}

/// One step of the meta journal.
#[derive(Debug, Clone)]
pub struct MetaStep {
    pub lsn: u64,
    /// Milliseconds since 1970.
    pub time: i64,
    pub cause: Cause,
    pub events: Vec<meta::Event>,
}

/// What is told again of a partition whose journal begins behind what history has. `Begin` comes
/// first, `End` last, and both name the same gap.
#[derive(Debug, Clone)]
pub struct Seed {
    pub gap: Gap,
    pub part: SeedPart,
}

#[derive(Debug, Clone)]
pub enum SeedPart {
    Begin,
    /// Events of instances as they stand, whole instances at a time.
    Told(Vec<Event>),
    End,
}

/// Work of the writer.
#[derive(Debug)]
pub(crate) enum Item {
    Steps(Batch),
    Meta(Vec<MetaStep>),
    Seed(Seed),
}

impl Item {
    pub fn partition(&self) -> PartitionId {
        match self {
            Item::Steps(batch) => batch.partition,
            Item::Meta(_) => META,
            Item::Seed(seed) => seed.gap.partition,
        }
    }

    /// First and last position.
    pub fn span(&self) -> Option<(u64, u64)> {
        match self {
            Item::Steps(batch) => Some((batch.steps.first()?.lsn, batch.steps.last()?.lsn)),
            Item::Meta(steps) => Some((steps.first()?.lsn, steps.last()?.lsn)),
            Item::Seed(seed) => Some((seed.gap.first_lsn, seed.gap.last_lsn)),
        }
    }

    /// Time of the last step.
    pub fn time(&self) -> i64 {
        match self {
            Item::Steps(batch) => batch.steps.last().map_or(0, |step| step.time),
            Item::Meta(steps) => steps.last().map_or(0, |step| step.time),
            Item::Seed(seed) => seed.gap.time,
        }
    }

    pub fn steps(&self) -> usize {
        match self {
            Item::Steps(batch) => batch.steps.len(),
            Item::Meta(steps) => steps.len(),
            Item::Seed(_) => 1,
        }
    }

    pub fn events(&self) -> usize {
        match self {
            Item::Steps(batch) => batch.steps.iter().map(|step| step.events.len()).sum(),
            Item::Meta(steps) => steps.iter().map(|step| step.events.len()).sum(),
            Item::Seed(seed) => match &seed.part {
                SeedPart::Told(events) => events.len(),
                SeedPart::Begin | SeedPart::End => 0,
            },
        }
    }

    /// About how much memory it holds.
    pub fn bytes(&self) -> usize {
        const STEP: usize = 160;
        const META_EVENT: usize = 512;
        match self {
            Item::Steps(batch) => batch
                .steps
                .iter()
                .map(|step| STEP + step.events.iter().map(event_bytes).sum::<usize>())
                .sum(),
            Item::Seed(seed) => match &seed.part {
                SeedPart::Told(events) => STEP + events.iter().map(event_bytes).sum::<usize>(),
                SeedPart::Begin | SeedPart::End => STEP,
            },
            Item::Meta(steps) => steps
                .iter()
                .flat_map(|step| &step.events)
                .map(|event| match event {
                    meta::Event::ProcessDeployed(deployed) => META_EVENT + deployed.bytes.len(),
                    meta::Event::RequirementsDeployed(deployed) => {
                        META_EVENT + deployed.bytes.len()
                    }
                    meta::Event::FileDeployed(deployed) => META_EVENT + deployed.bytes.len(),
                    meta::Event::EpochStarted { .. }
                    | meta::Event::FileDeleted { .. }
                    | meta::Event::Deployed { .. }
                    | meta::Event::ProcessDeleted { .. }
                    | meta::Event::RequirementsDeleted { .. }
                    | meta::Event::SlotsAssigned { .. } => META_EVENT,
                })
                .sum(),
        }
    }
}

/// Size of an event in memory, and of the values that it holds.
fn event_bytes(event: &Event) -> usize {
    let inside = match event {
        Event::Instance { event: InstanceEvent::VariableSet { value, .. }, .. } => value.len(),
        Event::Slot { event: SlotEvent::Published { variables, .. }, .. } => {
            variables.iter().map(|(name, value)| name.len() + value.len()).sum()
        }
        Event::Partition(PartitionEvent::DecisionEvaluated(evaluation))
        | Event::Instance { event: InstanceEvent::DecisionEvaluated { evaluation, .. }, .. } => {
            evaluation.bytes()
        }
        Event::Partition(_)
        | Event::Definition { .. }
        | Event::Slot { .. }
        | Event::Instance { .. } => 0,
    };
    std::mem::size_of::<Event>() + inside
}
