//! A process instance, told by itself. Tags below 16 take one byte: they go to what a one-task
//! instance writes.

use engine::IncidentKind;
use engine::decision::Evaluation;
use engine::event::{
    Created, InstanceEvent, JobKind, ListenerKind, Migrated, Moved, NamedValue, TaskChange,
    TaskWish, Text, Trigger, UserTask, Work,
};
use engine::key::Slot;

use super::element::{Element, Entered};
use super::variable::TextPair;
use crate::codec::{
    Abs, Arced, Boxed, Flag, I32, I64, Json, Msg, Offset, Opt, Str, Tenant, U16, U32, U64,
};

choice!("InstanceEvent", InstanceEvent, "event" {
    1 Created(Boxed<Msg<Created>>),
    2 ElementActivating { 1 key: Offset, 2 element: Element, 4 scope: Offset, 5 via: Entered },
    3 ElementActivated { 1 key: Offset },
    4 ElementCompleting { 1 key: Offset },
    5 ElementCompleted { 1 key: Offset },
    6 ElementPassed { 1 key: Offset, 2 element: Element, 4 scope: Offset, 5 via: Entered },
    7 FlowTaken { 1 scope: Offset, 2 flow: U32 },
    8 VariableSet { 1 scope: Offset, 2 key: Offset, 3 name: Str, 4 value: Json, 5 created: Flag },
    9 JobCreated {
        1 key: Offset,
        2 element: Offset,
        3 job_type: Str,
        4 retries: I32,
        5 priority: I32,
        6 kind: JobKind,
        7 listener_event: ListenerKind,
    },
    10 JobLeased { 1 key: Offset, 2 worker: Str, 3 deadline: I64, 4 token: U64 },
    11 JobCompleted { 1 key: Offset },
    12 Completed {},
    16 KeysGranted { 1 first: Offset, 2 length: U32 },
    17 ElementTerminating { 1 key: Offset },
    18 ElementTerminated { 1 key: Offset },
    19 TriggerStored { 1 host: Offset, 2 trigger: Msg<Trigger> },
    20 ScopeInterrupted { 1 scope: Offset },
    21 JobTimedOut { 1 key: Offset },
    22 JobYielded { 1 key: Offset },
    23 JobFailed { 1 key: Offset, 2 retries: I32, 3 available_at: Opt<I64>, 4 message: Str },
    24 JobBackoffEnded { 1 key: Offset },
    25 JobRetriesUpdated { 1 key: Offset, 2 retries: I32 },
    26 JobDeadlineUpdated { 1 key: Offset, 2 deadline: I64 },
    27 JobPriorityUpdated { 1 key: Offset, 2 priority: I32 },
    28 JobReactivated { 1 key: Offset },
    29 JobErrorThrown { 1 key: Offset, 2 code: Str, 3 message: Str, 4 caught: Flag },
    30 JobCanceled { 1 key: Offset },
    31 TimerArmed {
        1 key: Offset,
        2 host: Offset,
        3 target: U32,
        4 due: I64,
        5 left: Opt<U32>,
        6 cycle: Opt<Str>,
    },
    32 TimerFired { 1 key: Offset },
    33 TimerCanceled { 1 key: Offset },
    34 SubscriptionOpening {
        1 key: Offset,
        2 host: Offset,
        3 target: U32,
        4 name: Str,
        5 correlation_key: Str,
        6 interrupting: Flag,
    },
    35 SubscriptionOpened { 1 key: Offset },
    36 SubscriptionCorrelated { 1 key: Offset, 2 message: Abs, 3 closes: Flag },
    37 SubscriptionClosed { 1 key: Offset },
    38 IncidentCreated {
        1 key: Offset,
        2 element: Offset,
        3 job: Opt<Offset>,
        4 kind: IncidentKind,
        5 message: Str,
    },
    39 IncidentResolved { 1 key: Offset },
    40 WorkDeferred { 1 number: U32, 2 work: Msg<Work> },
    41 WorkResumed { 1 number: U32 },
    42 Terminated {},
    43 Quarantined { 1 reason: Str, 2 build: Str },
    44 Repaired {},
    45 JobWithheld { 1 key: Offset },
    46 LoopOpened { 1 body: Offset, 2 items: Arced<Json>, 3 output: Opt<Str> },
    47 OutputCollected { 1 body: Offset, 2 index: U32, 3 value: Json },
    48 LoopStopped { 1 body: Offset },
    49 InstanceCalled { 1 element: Offset, 2 called: Abs },
    50 EscalationThrown { 1 element: Offset, 2 code: Str, 3 caught: Flag },
    51 SignalAwaited { 1 key: Offset, 2 host: Offset, 3 target: U32, 4 name: Str },
    52 SignalReceived { 1 key: Offset, 2 closes: Flag },
    53 SignalUnawaited { 1 key: Offset },
    54 JobHeaders { 1 job: Offset, 2 headers: Arced<Msg<TextPair>> },
    55 UserTaskCreated { 1 key: Offset, 2 element: Offset, 3 task: Boxed<Msg<UserTask>> },
    56 UserTaskChanged {
        1 key: Offset,
        2 task: Boxed<Msg<UserTask>>,
        3 change: TaskChange,
        4 action: Str,
    },
    57 UserTaskCompleted { 1 key: Offset, 2 action: Str },
    58 UserTaskCanceled { 1 key: Offset },
    59 CompensationNoted {
        1 key: Offset,
        2 scope: Offset,
        3 element: U32,
        4 inner: Opt<Offset>,
        5 variables: Arced<Msg<NamedValue>>,
    },
    60 CompensationTriggered { 1 key: Offset, 2 throw: Offset },
    61 CompensationBegun { 1 key: Offset, 2 handler: Offset },
    62 CompensationCompleted { 1 key: Offset },
    63 ConditionAwaited { 1 key: Offset, 2 host: Offset, 3 target: U32 },
    64 ConditionMet { 1 key: Offset, 2 closes: Flag },
    65 ConditionUnawaited { 1 key: Offset },
    66 Modified {},
    67 Migrated(Boxed<Msg<Migrated>>),
    68 Suspended {},
    69 Resumed {},
    70 UserTaskAsked { 1 key: Offset, 2 wish: Boxed<Msg<TaskWish>> },
    71 UserTaskCorrected { 1 key: Offset, 2 task: Boxed<Msg<UserTask>> },
    72 UserTaskDenied { 1 key: Offset, 2 reason: Str },
    96 DecisionEvaluated { 1 element: Offset, 2 evaluation: Boxed<Msg<Evaluation>> },
});

message!("Created", Created {
    1 block_length: U32,
    2 definition: Abs,
    3 process_id: Str,
    4 version: I32,
    5 tenant: Tenant,
    6 tags: Arced<Str>,
    7 business_id: Opt<Str>,
    8 parent_instance: Opt<Abs>,
    9 parent_element: Opt<Abs>,
    10 root_instance: Offset,
    11 lock: Opt<Msg<StartLock>>,
    12 trace: Opt<Str>,
    13 depth: U32,
    14 terminate_after: Arced<Str>,
});

message!("UserTask", UserTask {
    1 element: Offset,
    2 assignee: Opt<Str>,
    3 candidate_groups: Arced<Str>,
    4 candidate_users: Arced<Str>,
    5 due_date: Opt<Str>,
    6 follow_up_date: Opt<Str>,
    7 priority: I32,
    8 form_id: Opt<Str>,
    9 external_form: Opt<Str>,
    10 form_key: Opt<Abs>,
});

numbers!("TaskChange", TaskChange {
    0 Assigned,
    1 Updated,
    2 Created,
    3 Corrected,
});

message!("TaskWish", TaskWish {
    1 phase: ListenerKind,
    2 task: Msg<UserTask>,
    3 action: Str,
    4 variables: Arced<Msg<NamedValue>>,
    5 sets: Flag,
    6 local: Flag,
    7 request: Opt<Str>,
});

type StartLock = (Slot, Text);

message!("Migrated", Migrated {
    1 definition: Abs,
    2 process_id: Str,
    3 version: I32,
    4 elements: Arced<Msg<Moved>>,
    5 flows: Arced<Msg<Moved>>,
});

message!("Moved", Moved {
    1 from: U32,
    2 to: U32,
});

message!("StartLock", (Slot, Text) {
    1 slot: U16,
    2 correlation_key: Str,
});

choice!("Trigger", Trigger, "trigger" {
    1 Boundary { 1 target: U32, 2 variables: Arced<Msg<NamedValue>> },
    2 EventSubProcess { 1 target: U32, 2 variables: Arced<Msg<NamedValue>> },
    3 Complete {},
});

choice!("Work", Work, "work" {
    1 Enter { 1 scope: Offset, 2 flow: U32 },
    2 Start { 1 scope: Offset, 2 element: U32 },
    3 Activate { 1 key: Offset },
    4 Complete { 1 key: Offset },
    5 Terminate { 1 key: Offset },
    6 CheckScope { 1 key: Offset },
    7 Occur { 1 scope: Offset, 2 element: U32, 3 variables: Arced<Msg<NamedValue>> },
    8 OpenLoop { 1 body: Offset },
    9 TerminateInside { 1 scope: Offset, 2 after: Offset },
    10 CalledCompleted { 1 element: Offset, 2 variables: Arced<Msg<NamedValue>> },
    11 CalledTerminated { 1 element: Offset },
    12 CheckCondition { 1 key: Offset },
});

numbers!("JobKind", JobKind {
    0 BpmnElement,
    1 ExecutionListener,
    2 TaskListener,
    3 AdHocSubProcess,
});

numbers!("ListenerKind", ListenerKind {
    0 Unspecified,
    1 Start,
    2 End,
    3 Cancel,
    4 BeforeAll,
    5 Creating,
    6 Assigning,
    7 Updating,
    8 Completing,
    9 Canceling,
});

numbers!("IncidentKind", IncidentKind {
    0 Unknown,
    1 Unspecified,
    2 IoMappingError,
    3 JobNoRetries,
    4 ExecutionListenerNoRetries,
    5 TaskListenerNoRetries,
    6 AdHocSubProcessNoRetries,
    7 ConditionError,
    8 ExtractValueError,
    9 CalledElementError,
    10 UnhandledErrorEvent,
    11 MessageSizeExceeded,
    12 CalledDecisionError,
    13 DecisionEvaluationError,
    14 FormNotFound,
    15 ResourceNotFound,
});
