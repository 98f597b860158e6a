//! What partitions tell each other.

use engine::event::{Item, NamedValue, Subscriber};

use crate::codec::{Abs, Arced, Flag, I64, Msg, Str, Tenant, U16};

choice!("Item", Item, "item" {
    1 OpenSubscription { 1 slot: U16, 2 subscriber: Msg<Subscriber> },
    2 CloseSubscription { 1 slot: U16, 2 subscription: Abs },
    3 SubscriptionOpened { 1 subscription: Abs },
    4 Correlate {
        1 slot: U16,
        2 message: Abs,
        3 subscription: Abs,
        4 variables: Arced<Msg<NamedValue>>,
    },
    5 CorrelationDone { 1 slot: U16, 2 message: Abs, 3 subscription: Abs, 4 closes: Flag },
    6 CorrelationRejected { 1 slot: U16, 2 message: Abs, 3 subscription: Abs },
    7 ReleaseLock { 1 slot: U16, 2 tenant: Tenant, 3 process_id: Str, 4 correlation_key: Str },
    8 Signal { 1 tenant: Tenant, 2 name: Str, 3 variables: Arced<Msg<NamedValue>> },
    9 Publish {
        1 tenant: Tenant,
        2 name: Str,
        3 correlation_key: Str,
        4 id: Str,
        5 time_to_live: I64,
        6 variables: Arced<Msg<NamedValue>>,
    },
});
