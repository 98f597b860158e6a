//! A process instance as one blob: what a cold one is in the checkpoint store.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::event::{
    Created, JobKind, ListenerKind, NamedValue, TaskWish, Text, Trigger, UserTask, Work,
};
use engine::state::{
    Compensation, ConditionWait, ElementInstance, Incident, Instance, Job, JobState, Loop, Phase,
    Rare, SignalWait, Subscription, Timer, Variable,
};
use engine::{IncidentKind, Key};

use value::Packed;

use crate::codec::{
    Abs, Anchor, Arced, Boxed, Flag, I32, I64, Json, Map, Msg, Offset, Opt, Pairs, Size, Str, U32,
    U64,
};
use crate::schema::{Element, TextPair};

message!("Instance", Instance {
    1 key: Anchor,
    2 created: Boxed<Msg<Created>>,
    3 elements: Map<ElementRow>,
    4 tokens: Map<TokenRow>,
    5 variables: Map<ScopeRow>,
    6 jobs: Map<JobRow>,
    7 timers: Map<TimerRow>,
    8 subscriptions: Map<SubscriptionRow>,
    9 incidents: Map<IncidentRow>,
    10 deferred: Map<WorkRow>,
    11 blocks: Pairs<KeyBlock>,
    12 next_key: Offset,
    13 next_work: U32,
    14 quarantine: Opt<Msg<TextPair>>,
    15 bytes: Size,
    16 rare: Opt<Boxed<Msg<Rare>>>,
    17 suspended: Flag,
});

message!("Rare", Rare {
    1 loops: Map<LoopRow>,
    2 inner: Map<InnerRow>,
    3 outputs: Map<OutputsRow>,
    4 calls: Map<CallRow>,
    5 signals: Map<SignalWaitRow>,
    6 headers: Map<HeadersRow>,
    7 tasks: Map<TaskRow>,
    8 compensations: Map<CompensationRow>,
    9 conditions: Map<ConditionRow>,
    10 listening: Map<ListeningRow>,
    11 wishes: Map<WishRow>,
});

row!("CompensationRow", CompensationRow: Key => Box<Compensation>, (1 key: Offset), {
    2 compensation: Boxed<Msg<Compensation>>,
});

message!("Compensation", Compensation {
    1 scope: Offset,
    2 element: U32,
    3 inner: Opt<Offset>,
    4 variables: Arced<Msg<NamedValue>>,
    5 throw: Opt<Offset>,
    6 handler: Opt<Offset>,
});

row!("ConditionRow", ConditionRow: Key => struct ConditionWait, (1 key: Offset), {
    2 host: Offset,
    3 target: U32,
});

row!("ListeningRow", ListeningRow: Key => (ListenerKind, u32), (1 element: Offset), {
    2 phase: ListenerKind,
    3 done: U32,
});

row!("WishRow", WishRow: Key => Box<TaskWish>, (1 key: Offset), { 2 wish: Boxed<Msg<TaskWish>> });

row!("SignalWaitRow", SignalWaitRow: Key => struct SignalWait, (1 key: Offset), {
    2 host: Offset,
    3 target: U32,
    4 name: Str,
    5 sequence: U64,
});

row!("HeadersRow", HeadersRow: Key => Arc<[TextPair]>, (1 job: Offset), {
    2 headers: Arced<Msg<TextPair>>,
});

row!("TaskRow", TaskRow: Key => Box<UserTask>, (1 key: Offset), { 2 task: Boxed<Msg<UserTask>> });

row!("LoopRow", LoopRow: Key => struct Loop, (1 body: Offset), {
    2 items: Arced<Json>,
    3 output: Opt<Str>,
    4 started: U32,
    5 completed: U32,
    6 terminated: U32,
    7 stopped: Flag,
});

row!("InnerRow", InnerRow: Key => u32, (1 key: Offset), { 2 index: U32 });

row!("OutputsRow", OutputsRow: Key => BTreeMap<u32, Packed>, (1 body: Offset), {
    2 values: Map<OutputRow>,
});

row!("OutputRow", OutputRow: u32 => Packed, (1 index: U32), { 2 value: Json });

row!("CallRow", CallRow: Key => Key, (1 element: Offset), { 2 called: Abs });

row!("ElementRow", ElementRow: Key => struct ElementInstance, (1 key: Offset), {
    2 element: Element,
    4 scope: Offset,
    5 phase: Phase,
    6 children: U32,
    7 tokens: U32,
    8 interrupted: Flag,
    9 job: Opt<Offset>,
    10 waits: U32,
    11 trigger: Opt<Boxed<Msg<Trigger>>>,
});

numbers!("Phase", Phase {
    0 Activating,
    1 Activated,
    2 Completing,
    3 Terminating,
});

row!("TokenRow", TokenRow: (Key, u32) => u32, (1 scope: Offset, 2 flow: U32), { 3 count: U32 });

row!("ScopeRow", ScopeRow: Key => BTreeMap<Text, Variable>, (1 scope: Offset), {
    2 variables: Map<VariableRow>,
});

row!("VariableRow", VariableRow: Text => struct Variable, (1 name: Str), {
    2 key: Offset,
    3 value: Json,
});

row!("JobRow", JobRow: Key => struct Job, (1 key: Offset), {
    2 element: Offset,
    3 job_type: Str,
    4 retries: I32,
    5 priority: I32,
    6 kind: JobKind,
    7 listener_event: ListenerKind,
    8 state: Msg<JobState>,
});

choice!("JobState", JobState, "state" {
    1 Activatable { 1 sequence: U64 },
    2 Activated { 1 worker: Str, 2 deadline: I64, 3 token: U64 },
    3 Failed { 1 available_at: Opt<I64> },
    4 ErrorThrown {},
});

row!("TimerRow", TimerRow: Key => struct Timer, (1 key: Offset), {
    2 host: Offset,
    3 target: U32,
    4 due: I64,
    5 left: Opt<U32>,
    6 cycle: Opt<Str>,
});

row!("SubscriptionRow", SubscriptionRow: Key => struct Subscription, (1 key: Offset), {
    2 host: Offset,
    3 target: U32,
    4 name: Str,
    5 correlation_key: Str,
    6 interrupting: Flag,
    7 open: Flag,
});

row!("IncidentRow", IncidentRow: Key => struct Incident, (1 key: Offset), {
    2 element: Offset,
    3 job: Opt<Offset>,
    4 kind: IncidentKind,
    5 message: Str,
});

row!("WorkRow", WorkRow: u32 => Work, (1 number: U32), { 2 work: Msg<Work> });

row!("KeyBlock", KeyBlock: Key => u32, (1 first: Offset), { 2 length: U32 });
