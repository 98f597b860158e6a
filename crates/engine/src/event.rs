//! What happened. Events are the truth: state is their fold, commands are never replayed, and
//! every outcome (evaluated expression, key, due date) is in the event itself.
//!
//! Each event belongs to exactly one aggregate, which the four arms of [`Event`] make plain: the
//! partition, a definition as one partition sees it, a correlation slot, a process instance.
//! What touches two aggregates is two events of the same step.

mod instance;
mod task;

use std::sync::Arc;

use value::Packed;

pub(crate) use instance::business_owner;
pub use instance::{Created, InstanceEvent, JobKind, ListenerKind, Migrated, Moved};
pub use task::{TaskChange, TaskWish, UserTask};

use crate::decision::Evaluation;
use crate::key::{Key, PartitionId, Slot};

/// Position of an element or flow in the list that `ProcessDeployed` stored; the only durable
/// reference to it.
pub type ElementNo = u32;
/// Position of a sequence flow in the list that `ProcessDeployed` stored.
pub type FlowNo = u32;

/// The process itself, where an [`ElementNo`] is asked for.
pub const PROCESS: ElementNo = u32::MAX;

pub type Text = Arc<str>;

/// Name and value of one variable.
pub type NamedValue = (Text, Packed);

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Partition(PartitionEvent),
    Definition { definition: Key, event: DefinitionEvent },
    Slot { slot: Slot, event: SlotEvent },
    Instance { instance: Key, event: InstanceEvent },
}

/// The partition's own rows: epochs, meta position, outbox.
#[derive(Debug, Clone, PartialEq)]
pub enum PartitionEvent {
    /// A writer took over; key counters jump (see [`crate::key::EPOCH_STRIDE`]).
    EpochStarted {
        epoch: u64,
    },
    /// Deployments up to this position of the meta journal are known from here on.
    MetaApplied {
        position: u64,
    },
    /// To be delivered; `sequence` is dense per receiver, from 1.
    OutboxQueued {
        to: PartitionId,
        sequence: u64,
        item: Item,
    },
    /// The receiver has journaled everything up to `upto`.
    OutboxAcknowledged {
        to: PartitionId,
        upto: u64,
    },
    /// An item of `from` was handled, whatever came of it.
    InboxAdvanced {
        from: PartitionId,
        sequence: u64,
    },
    /// Time stands still at, or moved to, another base (`PUT /clock`); `None` is the reset.
    ClockPinned {
        at: Option<i64>,
    },
    /// A signal reaches whoever waits for it now; portions follow until `SignalEnded`.
    SignalBroadcast {
        signal: Key,
        tenant: Text,
        name: Text,
        variables: Arc<[NamedValue]>,
    },
    /// Whoever began to wait before `sequence` has been reached.
    SignalAdvanced {
        signal: Key,
        sequence: u64,
    },
    SignalEnded {
        signal: Key,
    },
    /// A client asked for a decision; nothing of it stays in the state.
    DecisionEvaluated(Box<Evaluation>),
    /// A request with an id of its own was carried out at `at` (ms); asked again, it gets the
    /// same answer.
    RequestAnswered {
        id: Text,
        at: i64,
        answered: Answered,
    },
}

/// What a request was answered, as far as the request itself does not say it.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    Done,
    Created { instance: Key, definition: Key, process_id: Text, version: i32 },
    Published { message: Key },
    Correlating { message: Key },
    Correlated { message: Key, instance: Key },
    VariablesSet { key: Key },
}

/// What a partition keeps of a definition: its start subscriptions.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionEvent {
    /// Became the latest version here; its start events are listed by the events that follow.
    Opened {
        process_id: Text,
        tenant: Text,
        version: i32,
    },
    /// A newer version replaced it, or it was deleted.
    Closed,
    MessageStartOpened {
        element: ElementNo,
        name: Text,
    },
    /// `timer` is a key of its own; `left` counts further repetitions, `None` without end.
    /// `cycle` is the evaluated text of a repeating timer.
    TimerStartArmed {
        timer: Key,
        element: ElementNo,
        due: i64,
        left: Option<u32>,
        cycle: Option<Text>,
    },
    TimerStartFired {
        timer: Key,
    },
    TimerStartCanceled {
        timer: Key,
    },
    SignalStartOpened {
        element: ElementNo,
        name: Text,
    },
}

/// Messages and the subscriptions they meet, at the partition that owns the slot.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotEvent {
    /// `deadline` is when it expires, in ms; in the past or now: not buffered.
    Published {
        message: Key,
        tenant: Text,
        name: Text,
        correlation_key: Text,
        id: Text,
        deadline: i64,
        variables: Arc<[NamedValue]>,
    },
    Expired {
        message: Key,
    },
    SubscriptionOpened(Subscriber),
    SubscriptionClosed {
        subscription: Key,
    },
    /// The subscription's instance was asked; no other message is offered to it meanwhile.
    Correlating {
        message: Key,
        subscription: Key,
    },
    /// The instance took it. A closing subscription is gone with this event.
    Correlated {
        message: Key,
        subscription: Key,
        closes: bool,
    },
    /// The instance had moved on; the message goes to the next candidate.
    CorrelationRejected {
        message: Key,
        subscription: Key,
    },
    /// The message started an instance of `process_id`.
    StartCorrelated {
        message: Key,
        process_id: Text,
        instance: Key,
    },
    /// No second instance of the process by this key until the holder ends.
    LockTaken {
        tenant: Text,
        process_id: Text,
        correlation_key: Text,
        holder: Key,
    },
    LockReleased {
        tenant: Text,
        process_id: Text,
        correlation_key: Text,
    },
}

/// A subscription as its slot sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    pub subscription: Key,
    pub instance: Key,
    pub tenant: Text,
    pub process_id: Text,
    pub name: Text,
    pub correlation_key: Text,
    /// Closed by the first message that it takes.
    pub interrupting: bool,
}

/// Which part of an element an element instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    Itself = 0,
    /// The body of a multi-instance, which owns its boundary events.
    Body = 1,
    /// One of the instances inside a body.
    Inner = 2,
    /// A scope for what begins in an ad-hoc sub-process.
    AdHocInner = 3,
}

impl Role {
    /// Does it have the boundary events of its element?
    pub fn is_outer(self) -> bool {
        matches!(self, Role::Itself | Role::Body)
    }

    /// Does it do what its element does?
    pub fn acts(self) -> bool {
        matches!(self, Role::Itself | Role::Inner)
    }
}

/// Element number and role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ElementRef {
    pub no: ElementNo,
    pub role: Role,
}

/// The tokens that entering an element consumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// Nothing: a start event, a boundary event, an API.
    None,
    Flow(FlowNo),
    /// One token of each: a join.
    Flows(Arc<[FlowNo]>),
}

/// Stored at an element instance until everything else in it has ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// An interrupting boundary event of it.
    Boundary { target: ElementNo, variables: Arc<[NamedValue]> },
    /// An interrupting event sub-process in it; `target` is the start event.
    EventSubProcess { target: ElementNo, variables: Arc<[NamedValue]> },
    /// A terminate end event: complete the scope.
    Complete,
}

/// One unit of progress inside an instance; atomic, small, and state when it must wait.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// A token on `flow` wants to enter its target.
    Enter { scope: Key, flow: FlowNo },
    /// Activate an element without a token.
    Start { scope: Key, element: ElementNo },
    /// An event happens with its payload: a message start event.
    Occur { scope: Key, element: ElementNo, variables: Arc<[NamedValue]> },
    /// Go on with an element that is activating.
    Activate { key: Key },
    /// Go on with an element that is completing.
    Complete { key: Key },
    /// Go on with an element that is terminating.
    Terminate { key: Key },
    /// Has this scope ended?
    CheckScope { key: Key },
    /// Begin further instances of a multi-instance.
    OpenLoop { body: Key },
    /// Terminate what is inside `scope`, from the key behind `after` on.
    TerminateInside { scope: Key, after: Key },
    /// The instance that a call activity began has completed, with these variables.
    CalledCompleted { element: Key, variables: Arc<[NamedValue]> },
    /// Has a condition been true from the beginning?
    CheckCondition { key: Key },
    /// The instance that a call activity began was terminated.
    CalledTerminated { element: Key },
}

/// What partitions tell each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    OpenSubscription {
        slot: Slot,
        subscriber: Subscriber,
    },
    CloseSubscription {
        slot: Slot,
        subscription: Key,
    },
    SubscriptionOpened {
        subscription: Key,
    },
    Correlate {
        slot: Slot,
        message: Key,
        subscription: Key,
        variables: Arc<[NamedValue]>,
    },
    CorrelationDone {
        slot: Slot,
        message: Key,
        subscription: Key,
        closes: bool,
    },
    CorrelationRejected {
        slot: Slot,
        message: Key,
        subscription: Key,
    },
    /// A signal for everybody at the receiver.
    Signal {
        tenant: Text,
        name: Text,
        variables: Arc<[NamedValue]>,
    },
    /// A message that a throw event publishes.
    Publish {
        tenant: Text,
        name: Text,
        correlation_key: Text,
        id: Text,
        time_to_live: i64,
        variables: Arc<[NamedValue]>,
    },
    ReleaseLock {
        slot: Slot,
        tenant: Text,
        process_id: Text,
        correlation_key: Text,
    },
}

impl ElementRef {
    /// The element itself.
    pub fn new(no: ElementNo) -> ElementRef {
        ElementRef { no, role: Role::Itself }
    }
}

impl Event {
    /// Event of an instance.
    pub fn instance(instance: Key, event: InstanceEvent) -> Event {
        Event::Instance { instance, event }
    }
}
