//! Messages and the subscriptions they meet.

use engine::event::{NamedValue, SlotEvent, Subscriber};

use crate::codec::{Abs, Arced, Flag, I64, Msg, Str, Tenant};

choice!("SlotEvent", SlotEvent, "event" {
    1 Published {
        1 message: Abs,
        2 tenant: Tenant,
        3 name: Str,
        4 correlation_key: Str,
        5 id: Str,
        6 deadline: I64,
        7 variables: Arced<Msg<NamedValue>>,
    },
    2 Expired { 1 message: Abs },
    3 SubscriptionOpened(Msg<Subscriber>),
    4 SubscriptionClosed { 1 subscription: Abs },
    5 Correlating { 1 message: Abs, 2 subscription: Abs },
    6 Correlated { 1 message: Abs, 2 subscription: Abs, 3 closes: Flag },
    7 CorrelationRejected { 1 message: Abs, 2 subscription: Abs },
    8 StartCorrelated { 1 message: Abs, 2 process_id: Str, 3 instance: Abs },
    9 LockTaken { 1 tenant: Tenant, 2 process_id: Str, 3 correlation_key: Str, 4 holder: Abs },
    10 LockReleased { 1 tenant: Tenant, 2 process_id: Str, 3 correlation_key: Str },
});

message!("Subscriber", Subscriber {
    1 subscription: Abs,
    2 instance: Abs,
    3 tenant: Tenant,
    4 process_id: Str,
    5 name: Str,
    6 correlation_key: Str,
    7 interrupting: Flag,
});
