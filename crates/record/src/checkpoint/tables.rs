//! The small tables of a partition: everything that is not an instance.

use std::cmp::Reverse;

use engine::Key;
use engine::event::{Answered, ElementNo, Item, NamedValue, Subscriber, Text};
use engine::key::PartitionId;
use engine::state::{
    Available, Broadcast, Image, Lock, Message, Named, OpenDefinition, Outbox, Queue, Request,
    SignalRow, SubscriberRow, TimerStart, Wake, WakeKind,
};

use crate::codec::{
    Abs, Anchor, Arced, Codec, I32, I64, Keys, List, Map, Msg, Offset, Opt, Pairs, Str, Tenant,
    U16, U32, U64,
};
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

message!("Tables", Image {
    1 partition: U16,
    2 epoch: U64,
    3 next_counter: I64,
    4 meta_position: U64,
    5 clock: Opt<I64>,
    6 availability: U64,
    7 instances: Keys,
    8 blocks: Map<BlockRow>,
    9 jobs: Map<QueueRow>,
    10 wakes: List<Msg<Wake>>,
    11 pending: Keys,
    12 messages: Map<MessageRow>,
    13 subscribers: Map<SubscriberRows>,
    14 locks: Map<LockRow>,
    15 definitions: Map<DefinitionRow>,
    16 latest: Map<LatestRow>,
    17 outbox: Map<OutboxRow>,
    18 inbox: Map<InboxRow>,
    19 requests: List<Msg<Request>>,
    20 signals: List<Msg<SignalRow>>,
    21 broadcasts: Map<BroadcastRow>,
    22 incidents: Keys,
});

message!("Request", Request {
    1 id: Str,
    2 at: I64,
    3 answered: Msg<Answered>,
});

message!("SignalRow", SignalRow {
    1 tenant: Tenant,
    2 name: Str,
    3 sequence: U64,
    4 instance: Anchor,
    5 key: Offset,
});

row!("BroadcastRow", BroadcastRow: Key => struct Broadcast, (1 signal: Abs), {
    2 tenant: Tenant,
    3 name: Str,
    4 variables: Arced<Msg<NamedValue>>,
    5 from: U64,
    6 upto: U64,
});

row!("BlockRow", BlockRow: Key => (Key, u32), (1 first: Anchor), {
    2 owner: Offset,
    3 length: U32,
});

row!("QueueRow", QueueRow: Queue => Vec<Available>, (1 queue: Msg<Queue>), {
    2 jobs: List<Msg<Available>>,
});

message!("Queue", Queue {
    1 tenant: Tenant,
    2 job_type: Str,
});

message!("Available", Available {
    1 instance: Anchor,
    2 job: Offset,
    3 priority: Falling,
    4 sequence: U64,
});

message!("Wake", Wake {
    1 owner: Anchor,
    2 key: Offset,
    3 due: I64,
    4 kind: WakeKind,
});

numbers!("WakeKind", WakeKind {
    0 Timer,
    1 TimerStart,
    2 JobDeadline,
    3 JobBackoff,
    4 MessageExpiry,
});

row!("MessageRow", MessageRow: Key => struct Message, (1 key: Abs), {
    2 slot: U16,
    3 named: Msg<Named>,
    4 id: Str,
    5 deadline: I64,
    6 variables: Arced<Msg<NamedValue>>,
    7 taken_by: List<Str>,
    8 asked: Keys,
});

message!("Named", Named {
    1 tenant: Tenant,
    2 name: Str,
    3 correlation_key: Str,
});

row!("SubscriberRow", SubscriberRows: Key => struct SubscriberRow, (1 key: Abs), {
    2 slot: U16,
    3 subscriber: Msg<Subscriber>,
    4 asked: Opt<Abs>,
});

row!("LockRow", LockRow: Lock => Key,
    (1 tenant: Tenant, 2 process_id: Str, 3 correlation_key: Str),
    { 4 holder: Abs });

row!("DefinitionRow", DefinitionRow: Key => struct OpenDefinition, (1 key: Abs), {
    2 process_id: Str,
    3 tenant: Tenant,
    4 version: I32,
    5 message_starts: Pairs<MessageStartRow>,
    6 timers: Map<TimerStartRow>,
    7 signal_starts: Pairs<SignalStartRow>,
});

row!("MessageStartRow", MessageStartRow: ElementNo => Text, (1 element: U32), { 2 name: Str });

row!("SignalStartRow", SignalStartRow: ElementNo => Text, (1 element: U32), { 2 name: Str });

row!("TimerStartRow", TimerStartRow: Key => struct TimerStart, (1 key: Abs), {
    2 element: U32,
    3 due: I64,
    4 left: Opt<U32>,
    5 cycle: Opt<Str>,
});

row!("LatestRow", LatestRow: (Text, Text) => Key, (1 tenant: Tenant, 2 process_id: Str), {
    3 definition: Abs,
});

row!("OutboxRow", OutboxRow: PartitionId => struct Outbox, (1 to: U16), {
    2 last: U64,
    3 items: Map<ItemRow>,
});

row!("ItemRow", ItemRow: u64 => Item, (1 sequence: U64), { 2 item: Msg<Item> });

row!("InboxRow", InboxRow: PartitionId => u64, (1 from: U16), { 2 sequence: U64 });

/// A number that orders from high to low.
struct Falling;

impl Codec for Falling {
    type Value = Reverse<i32>;
    type Slot = i32;

    fn write(value: &Reverse<i32>, tag: u32, writer: &mut Writer<'_>) {
        I32::write(&value.0, tag, writer);
    }

    fn is_default(value: &Reverse<i32>) -> bool {
        value.0 == 0
    }

    fn take(
        slot: &mut i32,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        I32::take(slot, index, raw, reader)
    }

    fn finish(slot: i32, _reader: &Reader<'_>) -> Result<Reverse<i32>, DecodeError> {
        Ok(Reverse(slot))
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        I32::describe(name, tag, schema)
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Reverse<i32> {
        Reverse(I32::any(choices))
    }
}
