//! A definition as one partition sees it.

use engine::event::DefinitionEvent;

use crate::codec::{Abs, I32, I64, Opt, Str, Tenant, U32};

choice!("DefinitionEvent", DefinitionEvent, "event" {
    1 Opened { 1 process_id: Str, 2 tenant: Tenant, 3 version: I32 },
    2 Closed {},
    3 MessageStartOpened { 1 element: U32, 2 name: Str },
    4 TimerStartArmed {
        1 timer: Abs,
        2 element: U32,
        3 due: I64,
        4 left: Opt<U32>,
        5 cycle: Opt<Str>,
    },
    5 TimerStartFired { 1 timer: Abs },
    6 TimerStartCanceled { 1 timer: Abs },
    7 SignalStartOpened { 1 element: U32, 2 name: Str },
});
