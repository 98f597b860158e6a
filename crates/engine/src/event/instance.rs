//! Events of a process instance.

use std::sync::Arc;

use value::Packed;

use super::{
    ElementNo, ElementRef, FlowNo, NamedValue, TaskChange, TaskWish, Text, Trigger, UserTask, Via,
    Work,
};
use crate::decision::Evaluation;
use crate::incident::IncidentKind;
use crate::key::{Key, Slot};

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
    /// A multi-instance begins: its collection, evaluated once. `output` names the variable that
    /// collects what the instances give.
    LoopOpened {
        body: Key,
        items: Arc<[Packed]>,
        output: Option<Text>,
    },
    /// What the instance at `index`, from 0, gave; never the whole collection again.
    OutputCollected {
        body: Key,
        index: u32,
        value: Packed,
    },
    /// The completion condition held: no further instance begins, the others end.
    LoopStopped {
        body: Key,
    },
    /// A call activity began another instance.
    InstanceCalled {
        element: Key,
        called: Key,
    },
    /// `caught`: an event took it; else it is noted and the token goes on.
    EscalationThrown {
        element: Key,
        code: Text,
        caught: bool,
    },
    /// Waits for a signal, from the partition's `sequence` on that folding gives it.
    SignalAwaited {
        key: Key,
        host: Key,
        target: ElementNo,
        name: Text,
    },
    /// A broadcast reached it; `closes`: it waits no longer.
    SignalReceived {
        key: Key,
        closes: bool,
    },
    SignalUnawaited {
        key: Key,
    },
    /// Headers of a job beside those of its element; before the job itself.
    JobHeaders {
        job: Key,
        headers: Arc<[(Text, Text)]>,
    },
    /// A user task of the engine's own; `key` is its user task key.
    UserTaskCreated {
        key: Key,
        element: Key,
        task: Box<UserTask>,
    },
    /// Assigned, unassigned or updated: `task` is what it is now, `action` what the caller calls
    /// that.
    UserTaskChanged {
        key: Key,
        task: Box<UserTask>,
        change: TaskChange,
        action: Text,
    },
    UserTaskCompleted {
        key: Key,
        action: Text,
    },
    UserTaskCanceled {
        key: Key,
    },
    /// Listeners come before what somebody wants of it, the first of them next.
    UserTaskAsked {
        key: Key,
        wish: Box<TaskWish>,
    },
    /// A listener changed what it is to become.
    UserTaskCorrected {
        key: Key,
        task: Box<UserTask>,
    },
    /// It stays what it was.
    UserTaskDenied {
        key: Key,
        reason: Text,
    },
    /// An activity that can be compensated has completed in `scope`. `inner` is set when what it
    /// held may be compensated too; `variables` are what it held itself.
    CompensationNoted {
        key: Key,
        scope: Key,
        element: ElementNo,
        inner: Option<Key>,
        variables: Arc<[NamedValue]>,
    },
    /// A throw event has taken it.
    CompensationTriggered {
        key: Key,
        throw: Key,
    },
    CompensationBegun {
        key: Key,
        handler: Key,
    },
    CompensationCompleted {
        key: Key,
    },
    ConditionAwaited {
        key: Key,
        host: Key,
        target: ElementNo,
    },
    /// `closes`: it waits no longer.
    ConditionMet {
        key: Key,
        closes: bool,
    },
    ConditionUnawaited {
        key: Key,
    },
    /// A business rule task evaluated a decision, or failed to.
    DecisionEvaluated {
        element: Key,
        evaluation: Box<Evaluation>,
    },
    /// Somebody moves its tokens; what follows says how.
    Modified,
    /// It goes on in another definition; its keys stay.
    Migrated(Box<Migrated>),
    Completed,
    Terminated,
    /// A bug of ours struck; wake-ups are disarmed and commands refused.
    Quarantined {
        reason: Text,
        build: Text,
    },
    Repaired,
    /// Somebody holds it: nothing of it is due or handed out, and it takes no commands.
    Suspended,
    Resumed,
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
    /// Instances above it.
    pub depth: u32,
    /// Correlation key of the start message that locks this process, and its slot; or the business
    /// id that must be unique.
    pub lock: Option<(Slot, Text)>,
    /// W3C trace context of whoever started it.
    pub trace: Option<Text>,
    /// Ids of elements of which the first that completes terminates it.
    pub terminate_after: Arc<[Text]>,
}

/// The process whose lock a business id is kept under: beside that of start messages, which no
/// correlation key reaches, because no process id has such a character.
pub(crate) fn business_owner(process_id: &str) -> Text {
    format!("{process_id}\0").into()
}

impl Created {
    /// The lock that it holds, of a start message or of its business id: slot, process and key.
    pub(crate) fn held_lock(&self) -> Option<(Slot, Text, Text)> {
        let (slot, key) = self.lock.clone()?;
        let owner = match self.business_id {
            Some(_) => business_owner(&self.process_id),
            None => self.process_id.clone(),
        };
        Some((slot, owner, key))
    }
}

/// To which definition an instance went, and what its elements and flows became there.
#[derive(Debug, Clone, PartialEq)]
pub struct Migrated {
    pub definition: Key,
    pub process_id: Text,
    pub version: i32,
    pub elements: Arc<[Moved]>,
    /// Of tokens that wait at a join.
    pub flows: Arc<[Moved]>,
}

/// An element or flow number, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub from: u32,
    pub to: u32,
}

impl Migrated {
    /// What an element became.
    pub fn element(&self, no: ElementNo) -> ElementNo {
        moved(&self.elements, no)
    }

    /// What a flow became.
    pub fn flow(&self, no: FlowNo) -> FlowNo {
        moved(&self.flows, no)
    }
}

fn moved(all: &[Moved], no: u32) -> u32 {
    all.iter().find(|moved| moved.from == no).map_or(no, |moved| moved.to)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    BpmnElement = 0,
    ExecutionListener = 1,
    TaskListener = 2,
    AdHocSubProcess = 3,
}

impl JobKind {
    /// Work before or after that of an element or user task.
    pub fn is_listener(self) -> bool {
        match self {
            JobKind::ExecutionListener | JobKind::TaskListener => true,
            JobKind::BpmnElement | JobKind::AdHocSubProcess => false,
        }
    }
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

impl ListenerKind {
    /// The field's name for it.
    pub fn name(self) -> &'static str {
        match self {
            ListenerKind::Unspecified => "UNSPECIFIED",
            ListenerKind::Start => "START",
            ListenerKind::End => "END",
            ListenerKind::Cancel => "CANCEL",
            ListenerKind::BeforeAll => "BEFORE_ALL",
            ListenerKind::Creating => "CREATING",
            ListenerKind::Assigning => "ASSIGNING",
            ListenerKind::Updating => "UPDATING",
            ListenerKind::Completing => "COMPLETING",
            ListenerKind::Canceling => "CANCELING",
        }
    }

    /// What its job is.
    pub fn job_kind(self) -> JobKind {
        match self {
            ListenerKind::Unspecified => JobKind::BpmnElement,
            ListenerKind::Start
            | ListenerKind::End
            | ListenerKind::Cancel
            | ListenerKind::BeforeAll => JobKind::ExecutionListener,
            ListenerKind::Creating
            | ListenerKind::Assigning
            | ListenerKind::Updating
            | ListenerKind::Completing
            | ListenerKind::Canceling => JobKind::TaskListener,
        }
    }
}
