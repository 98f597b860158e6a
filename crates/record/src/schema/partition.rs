//! The partition's own events.

use engine::event::{Item, PartitionEvent};

use crate::codec::{I64, Msg, Opt, U16, U64};

choice!("PartitionEvent", PartitionEvent, "event" {
    1 EpochStarted { 1 epoch: U64 },
    2 MetaApplied { 1 position: U64 },
    3 OutboxQueued { 1 to: U16, 2 sequence: U64, 3 item: Msg<Item> },
    4 OutboxAcknowledged { 1 to: U16, 2 upto: U64 },
    5 InboxAdvanced { 1 from: U16, 2 sequence: U64 },
    6 ClockPinned { 1 at: Opt<I64> },
});
