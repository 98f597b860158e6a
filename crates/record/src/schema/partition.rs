//! The partition's own events.

use engine::decision::Evaluation;
use engine::event::{Answered, Item, NamedValue, PartitionEvent};

use crate::codec::{Abs, Arced, Boxed, I32, I64, Msg, Opt, Str, Tenant, U16, U64};

choice!("PartitionEvent", PartitionEvent, "event" {
    1 EpochStarted { 1 epoch: U64 },
    2 MetaApplied { 1 position: U64 },
    3 OutboxQueued { 1 to: U16, 2 sequence: U64, 3 item: Msg<Item> },
    4 OutboxAcknowledged { 1 to: U16, 2 upto: U64 },
    5 InboxAdvanced { 1 from: U16, 2 sequence: U64 },
    6 ClockPinned { 1 at: Opt<I64> },
    7 RequestAnswered { 1 id: Str, 2 at: I64, 3 answered: Msg<Answered> },
    8 SignalBroadcast {
        1 signal: Abs,
        2 tenant: Tenant,
        3 name: Str,
        4 variables: Arced<Msg<NamedValue>>,
    },
    9 SignalAdvanced { 1 signal: Abs, 2 sequence: U64 },
    10 SignalEnded { 1 signal: Abs },
    20 DecisionEvaluated(Boxed<Msg<Evaluation>>),
});

choice!("Answered", Answered, "answered" {
    1 Done {},
    2 Created { 1 instance: Abs, 2 definition: Abs, 3 process_id: Str, 4 version: I32 },
    3 Published { 1 message: Abs },
    4 Correlating { 1 message: Abs },
    5 Correlated { 1 message: Abs, 2 instance: Abs },
    6 VariablesSet { 1 key: Abs },
});
