//! What can be asked of a partition, and what it answers.

use std::sync::Arc;

use crate::decision::Evaluation;
use crate::event::{Item, JobKind, ListenerKind, NamedValue, Text, UserTask};
use crate::key::{Key, PartitionId, Slot, slot_of};
use crate::rejection::Rejection;

/// The tenant of single-tenant mode.
pub const DEFAULT_TENANT: &str = "<default>";

/// Who asked and why; kept with each step of the journal. What is absent costs nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cause {
    pub source: Source,
    pub principal: Option<Text>,
    /// User agent or client id.
    pub client: Option<Text>,
    pub operation_reference: Option<u64>,
    pub request_id: Option<Text>,
    pub trace: Option<Text>,
    /// Where a foreign event stood (`topic:partition:offset`, `file:line`).
    pub source_position: Option<Text>,
    /// Why, in the words of whoever asked.
    pub comment: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    #[default]
    Api = 0,
    Timer = 1,
    Outbox = 2,
    Deferred = 3,
    Foreign = 4,
    Meta = 5,
    Dispatcher = 6,
    Operator = 7,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    // From clients.
    CreateInstance(CreateInstance),
    CancelInstance {
        instance: Key,
    },
    PublishMessage(PublishMessage),
    /// Unbuffered, answered once the instance has it (or nobody wants it).
    CorrelateMessage(PublishMessage),
    CompleteJob {
        job: Key,
        variables: Vec<NamedValue>,
        token: Option<u64>,
    },
    /// With more than variables to say; refused for jobs that have nobody to say it to.
    CompleteJobWith {
        job: Key,
        variables: Vec<NamedValue>,
        result: JobResult,
        token: Option<u64>,
    },
    FailJob {
        job: Key,
        retries: i32,
        message: Text,
        /// Milliseconds until it is activatable again.
        back_off: i64,
        variables: Vec<NamedValue>,
        token: Option<u64>,
    },
    ThrowError {
        job: Key,
        code: Text,
        message: Text,
        variables: Vec<NamedValue>,
        token: Option<u64>,
    },
    UpdateJob {
        job: Key,
        retries: Option<i32>,
        timeout: Option<i64>,
        priority: Option<i32>,
    },
    ResolveIncident {
        incident: Key,
    },
    SetVariables {
        scope: Key,
        variables: Vec<NamedValue>,
        local: bool,
    },
    /// Reaches everybody who waits for it now, at every partition.
    BroadcastSignal {
        name: Text,
        tenant: Text,
        variables: Vec<NamedValue>,
    },
    /// Nothing of it, and of what it called, is due or handed out until it is resumed.
    SuspendInstance {
        instance: Key,
    },
    ResumeInstance {
        instance: Key,
    },
    ModifyInstance(ModifyInstance),
    MigrateInstance(MigrateInstance),
    ActivateAdHoc(ActivateAdHoc),
    CompleteUserTask {
        task: Key,
        variables: Vec<NamedValue>,
        /// What the caller calls it; "complete" when empty.
        action: Text,
    },
    AssignUserTask {
        task: Key,
        /// `None` takes the assignee away.
        assignee: Option<Text>,
        /// Whether an assignee that is there may be replaced.
        allow_override: bool,
        /// What the caller calls it; "assign" or "unassign" when empty.
        action: Text,
    },
    UpdateUserTask {
        task: Key,
        changes: TaskChanges,
        /// What the caller calls it; "update" when empty.
        action: Text,
    },
    // From ourselves.
    StartEpoch {
        epoch: u64,
    },
    LeaseJobs(LeaseJobs),
    YieldJob {
        job: Key,
        token: u64,
    },
    /// Everything that is due at the command's time, at most `DUE_TIMERS_MAX` of each kind.
    Tick,
    /// Deferred work of one instance.
    Continue {
        instance: Key,
    },
    /// Deployments became known up to `position`.
    ApplyMeta {
        position: u64,
    },
    Inbound {
        from: PartitionId,
        sequence: u64,
        item: Item,
    },
    /// An item that cannot be handled here (a bug of ours, an unreadable instance) counts as
    /// received, and its sender is told; else it would come again for ever.
    PassOver {
        from: PartitionId,
        sequence: u64,
        item: Item,
    },
    OutboxAcknowledged {
        to: PartitionId,
        upto: u64,
    },
    Quarantine {
        instance: Key,
        reason: Text,
        build: Text,
    },
    Repair {
        instance: Key,
    },
    PinClock {
        at: Option<i64>,
    },
    EvaluateDecision(EvaluateDecision),
    /// Starts an instance for each conditional start event whose condition holds.
    EvaluateConditionals(EvaluateConditionals),
}

/// Begins elements of an ad-hoc sub-process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ActivateAdHoc {
    pub ad_hoc: Key,
    /// Ids, each with variables of its own.
    pub elements: Vec<(Text, Vec<NamedValue>)>,
    /// Terminates what is active in it.
    pub cancel_remaining: bool,
}

/// All of it or nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModifyInstance {
    pub instance: Key,
    /// In order, before anything is terminated.
    pub activate: Vec<Activate>,
    /// After `activate`, in order.
    pub moves: Vec<Move>,
    /// Element instances.
    pub terminate: Vec<Key>,
    /// Ids of elements, all of whose active instances are meant.
    pub terminate_elements: Vec<Text>,
}

/// Each instance of the source is terminated, and the target activated in its stead.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    pub from: MoveFrom,
    pub within: MoveWithin,
    /// Its `ancestor` is not read; `within` says it.
    pub to: Activate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveFrom {
    Key(Key),
    /// All active instances of the element with this id.
    Element(Text),
}

/// Where the target of a move is activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveWithin {
    /// In the nearest scope around the source that holds the target too.
    Inferred,
    /// In the scope of the source.
    SourceParent,
    /// In this element instance.
    Direct(Key),
}

/// To another definition, with everything that waits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MigrateInstance {
    pub instance: Key,
    /// Key of the definition.
    pub target: Key,
    /// Ids: of what is active now, and of what it becomes.
    pub mapping: Vec<(Text, Text)>,
    /// Only what speaks against it is asked for; nothing happens.
    pub only_check: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activate {
    /// Id of the element.
    pub element: Text,
    /// The scope instance that it is activated in, where there are several.
    pub ancestor: Option<Key>,
    /// For the element or scope with that id, when it is activated by this; `None`: the instance.
    pub variables: Vec<(Option<Text>, Vec<NamedValue>)>,
}

/// What of a user task is to change; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskChanges {
    pub candidate_groups: Option<Vec<Text>>,
    pub candidate_users: Option<Vec<Text>>,
    /// ISO 8601; empty takes it away.
    pub due_date: Option<Text>,
    /// ISO 8601; empty takes it away.
    pub follow_up_date: Option<Text>,
    pub priority: Option<i32>,
}

/// What a worker says beside variables.
#[derive(Debug, Clone, PartialEq)]
pub enum JobResult {
    /// Of the operation on a user task that its listener was asked about.
    UserTask(TaskVerdict),
    /// What is to happen next in the ad-hoc sub-process that a worker leads.
    AdHoc(AdHocTurn),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdHocTurn {
    /// Ids, each with variables of its own.
    pub elements: Vec<(Text, Vec<NamedValue>)>,
    /// It ends; then nothing more begins in it.
    pub fulfilled: bool,
    /// Terminates what is active in it.
    pub cancel_remaining: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TaskVerdict {
    /// The task stays what it was, for this reason.
    Denied(Text),
    Corrected(Corrections),
}

/// What of a user task is to be different; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corrections {
    /// Empty takes it away.
    pub assignee: Option<Text>,
    pub changes: TaskChanges,
}

/// By key, or by process id with a version (`None` is the latest) or a version tag.
#[derive(Debug, Clone, PartialEq)]
pub enum DefinitionRef {
    Key(Key),
    Id { process_id: Text, version: Option<i32> },
    Tag { process_id: Text, version_tag: Text },
}

#[derive(Debug, Clone, PartialEq)]
pub struct EvaluateConditionals {
    /// Only of this definition; `None`: of all latest versions of the tenant.
    pub definition: Option<Key>,
    pub tenant: Text,
    pub variables: Vec<NamedValue>,
}

/// By key, or by id in its latest version or in the latest with a version tag.
#[derive(Debug, Clone, PartialEq)]
pub enum DecisionRef {
    Key(Key),
    Id(Text),
    Tag { id: Text, version_tag: Text },
}

#[derive(Debug, Clone, PartialEq)]
pub struct EvaluateDecision {
    pub decision: DecisionRef,
    pub tenant: Text,
    pub variables: Vec<NamedValue>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreateInstance {
    pub definition: DefinitionRef,
    pub tenant: Text,
    pub variables: Vec<NamedValue>,
    /// Ids of elements to start before; empty: at the none start event.
    pub start_before: Vec<Text>,
    /// Ids of elements of which the first that completes terminates the instance.
    pub terminate_after: Vec<Text>,
    pub tags: Vec<Text>,
    pub business_id: Option<Text>,
    /// No other active instance of the process may have the business id. The command goes where
    /// the id's slot lives.
    pub unique: bool,
}

impl CreateInstance {
    /// Where the lock of its business id lives, if it must be unique. The tenant has no part in it:
    /// who names a definition by its key need not say whose it is.
    pub fn business_slot(&self) -> Option<Slot> {
        let id = self.business_id.as_ref().filter(|id| self.unique && !id.is_empty())?;
        Some(slot_of("", id, "", ""))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct PublishMessage {
    pub name: Text,
    pub correlation_key: Text,
    pub id: Text,
    /// Milliseconds; 0 or less: not buffered.
    pub time_to_live: i64,
    pub tenant: Text,
    pub variables: Vec<NamedValue>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LeaseJobs {
    pub job_type: Text,
    pub worker: Text,
    /// Milliseconds from now to the deadline.
    pub timeout: i64,
    pub max_jobs: u32,
    /// Empty: all variables.
    pub fetch_variables: Vec<Text>,
    pub tenants: Vec<Text>,
}

/// A user task as its listeners see it.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedTask {
    pub key: Key,
    /// What it becomes.
    pub task: UserTask,
    /// What the caller calls the operation; empty when nobody called.
    pub action: Text,
    /// Names of the attributes that the operation changes.
    pub changed: Vec<&'static str>,
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Done,
    Created(CreatedInstance),
    Published {
        message: Key,
        tenant: Text,
    },
    /// The outcome follows as [`crate::effect::Effect::Correlated`] for this message.
    Correlating {
        message: Key,
        tenant: Text,
    },
    /// Correlated in the same step.
    Correlated {
        message: Key,
        instance: Key,
        tenant: Text,
    },
    Jobs(LeasedJobs),
    VariablesSet {
        key: Key,
    },
    /// The outcome follows as [`crate::effect::Effect::TaskSettled`] for this user task, when its
    /// listeners have had their say. `scope` is set when variables of it are to be set.
    Listening {
        task: Key,
        scope: Option<Key>,
    },
    Evaluated(Box<Evaluation>),
    /// Definition and instance of each that began.
    Started(Vec<(Key, Key)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreatedInstance {
    pub definition: Key,
    pub process_id: Text,
    pub version: i32,
    pub instance: Key,
    pub tenant: Text,
    pub tags: Arc<[Text]>,
    pub business_id: Option<Text>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeasedJobs {
    pub jobs: Vec<LeasedJob>,
    /// More were activatable than were asked for or fitted.
    pub more: bool,
}

/// A job as its worker sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedJob {
    pub key: Key,
    pub job_type: Text,
    pub instance: Key,
    pub root_instance: Key,
    pub process_id: Text,
    pub version: i32,
    pub definition: Key,
    pub element_id: Text,
    pub element: Key,
    pub headers: Arc<[(Text, Text)]>,
    pub worker: Text,
    pub retries: i32,
    pub priority: i32,
    pub deadline: i64,
    pub token: u64,
    /// In the order of their scopes, inner first; each name once.
    pub variables: Vec<NamedValue>,
    pub tenant: Text,
    pub kind: JobKind,
    pub listener_event: ListenerKind,
    /// Of a task listener.
    pub task: Option<Box<LeasedTask>>,
    pub tags: Arc<[Text]>,
    pub business_id: Option<Text>,
}

/// What came of a command.
pub type Answer = Result<Reply, Rejection>;
