//! What happened. Events are the truth: state is their fold, commands are never replayed, and
//! every outcome (evaluated expression, key, due date) is in the event itself.
//!
//! Each event belongs to exactly one aggregate, which the four arms of [`Event`] make plain: the
//! partition, a definition as one partition sees it, a correlation slot, a process instance.
//! What touches two aggregates is two events of the same step.

use std::sync::Arc;

use value::Packed;

use crate::incident::IncidentKind;
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
    EpochStarted { epoch: u64 },
    /// Deployments up to this position of the meta journal are known from here on.
    MetaApplied { position: u64 },
    /// To be delivered; `sequence` is dense per receiver, from 1.
    OutboxQueued { to: PartitionId, sequence: u64, item: Item },
    /// The receiver has journaled everything up to `upto`.
    OutboxAcknowledged { to: PartitionId, upto: u64 },
    /// An item of `from` was handled, whatever came of it.
    InboxAdvanced { from: PartitionId, sequence: u64 },
    /// Time stands still at, or moved to, another base (`PUT /clock`); `None` is the reset.
    ClockPinned { at: Option<i64> },
    /// A request with an id of its own was carried out at `at` (ms); asked again, it gets the
    /// same answer.
    RequestAnswered { id: Text, at: i64, answered: Answered },
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

/// A process instance, told by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum InstanceEvent {
    Created(Box<Created>),
    KeysGranted {
        first: Key,
        length: u32,
    },
    /// Input mappings and subscriptions come next.
    ElementActivating {
        key: Key,
        element: ElementRef,
        scope: Key,
        via: Via,
    },
    ElementActivated {
        key: Key,
    },
    ElementCompleting {
        key: Key,
    },
    ElementCompleted {
        key: Key,
    },
    ElementTerminating {
        key: Key,
    },
    ElementTerminated {
        key: Key,
    },
    /// A whole life at once: an element that neither waits nor maps nor fails.
    ElementPassed {
        key: Key,
        element: ElementRef,
        scope: Key,
        via: Via,
    },
    FlowTaken {
        scope: Key,
        flow: FlowNo,
    },
    /// What must happen at `host` once everything else in it has ended.
    TriggerStored {
        host: Key,
        trigger: Trigger,
    },
    /// Nothing more is accepted by the event sub-processes of this scope.
    ScopeInterrupted {
        scope: Key,
    },
    VariableSet {
        scope: Key,
        key: Key,
        name: Text,
        value: Packed,
        created: bool,
    },
    JobCreated {
        key: Key,
        element: Key,
        job_type: Text,
        retries: i32,
        priority: i32,
        kind: JobKind,
        listener_event: ListenerKind,
    },
    JobLeased {
        key: Key,
        worker: Text,
        deadline: i64,
        token: u64,
    },
    JobTimedOut {
        key: Key,
    },
    /// Given back without having been worked on.
    JobYielded {
        key: Key,
    },
    /// `available_at` is set when it waits for its back-off.
    JobFailed {
        key: Key,
        retries: i32,
        available_at: Option<i64>,
        message: Text,
    },
    JobBackoffEnded {
        key: Key,
    },
    JobRetriesUpdated {
        key: Key,
        retries: i32,
    },
    JobDeadlineUpdated {
        key: Key,
        deadline: i64,
    },
    JobPriorityUpdated {
        key: Key,
        priority: i32,
    },
    /// Activatable again after its incident was resolved.
    JobReactivated {
        key: Key,
    },
    JobCompleted {
        key: Key,
    },
    /// `caught`: an event took it and the job is gone; else an incident holds it.
    JobErrorThrown {
        key: Key,
        code: Text,
        message: Text,
        caught: bool,
    },
    /// Cannot be handed out (too large); an incident holds it.
    JobWithheld {
        key: Key,
    },
    JobCanceled {
        key: Key,
    },
    /// `host` is the element instance that owns it, `target` the event that it triggers.
    /// `left` counts further repetitions, `None` without end; `cycle` is the evaluated text of a
    /// repeating timer.
    TimerArmed {
        key: Key,
        host: Key,
        target: ElementNo,
        due: i64,
        left: Option<u32>,
        cycle: Option<Text>,
    },
    TimerFired {
        key: Key,
    },
    TimerCanceled {
        key: Key,
    },
    SubscriptionOpening {
        key: Key,
        host: Key,
        target: ElementNo,
        name: Text,
        correlation_key: Text,
        interrupting: bool,
    },
    SubscriptionOpened {
        key: Key,
    },
    /// `message` was taken; `closes` as in [`SlotEvent::Correlated`].
    SubscriptionCorrelated {
        key: Key,
        message: Key,
        closes: bool,
    },
    SubscriptionClosed {
        key: Key,
    },
    /// `element` is where it stands, `job` what failed, if a job did.
    IncidentCreated {
        key: Key,
        element: Key,
        job: Option<Key>,
        kind: IncidentKind,
        message: Text,
    },
    IncidentResolved {
        key: Key,
    },
    /// Too much for one step; `number` is dense per instance.
    WorkDeferred {
        number: u32,
        work: Work,
    },
    WorkResumed {
        number: u32,
    },
    Completed,
    Terminated,
    /// A bug of ours struck; wake-ups are disarmed and commands refused.
    Quarantined {
        reason: Text,
        build: Text,
    },
    Repaired,
}

/// Head of an instance; written once.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Length of the block of keys that starts at the instance's own key.
    pub block_length: u32,
    pub definition: Key,
    pub process_id: Text,
    pub version: i32,
    pub tenant: Text,
    pub tags: Arc<[Text]>,
    pub business_id: Option<Text>,
    pub parent_instance: Option<Key>,
    pub parent_element: Option<Key>,
    /// The instance itself when nobody called it.
    pub root_instance: Key,
    /// Correlation key of the start message that locks this process, and its slot.
    pub lock: Option<(Slot, Text)>,
    /// W3C trace context of whoever started it.
    pub trace: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    BpmnElement = 0,
    ExecutionListener = 1,
    TaskListener = 2,
    AdHocSubProcess = 3,
}

/// Which listener a job is; `Unspecified` for the element itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListenerKind {
    Unspecified = 0,
    Start = 1,
    End = 2,
    Cancel = 3,
    BeforeAll = 4,
    Creating = 5,
    Assigning = 6,
    Updating = 7,
    Completing = 8,
    Canceling = 9,
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
}

/// What partitions tell each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    OpenSubscription { slot: Slot, subscriber: Subscriber },
    CloseSubscription { slot: Slot, subscription: Key },
    SubscriptionOpened { subscription: Key },
    Correlate { slot: Slot, message: Key, subscription: Key, variables: Arc<[NamedValue]> },
    CorrelationDone { slot: Slot, message: Key, subscription: Key, closes: bool },
    CorrelationRejected { slot: Slot, message: Key, subscription: Key },
    ReleaseLock { slot: Slot, tenant: Text, process_id: Text, correlation_key: Text },
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
