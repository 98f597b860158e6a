//! The meta journal: deployments.

use engine::Cause;
use engine::event::Text;
use engine::meta::{
    DecisionDeployed, Event, FileDeployed, FileKind, ProcessDeployed, RequirementsDeployed,
};

use crate::codec::{Abs, Blob, Boxed, I32, I64, List, Message, Msg, Opt, Str, Tenant, U16, U64};
use crate::error::DecodeError;
use crate::wire::{Reader, Writer};

/// A step of the meta journal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetaStep {
    pub timestamp_ms: i64,
    pub cause: Cause,
    pub events: Vec<Event>,
    /// Of the program that decided; absent: the same as in the step before.
    pub build: Option<Text>,
}

/// Appends the frame of a step.
pub fn encode_meta_step(out: &mut Vec<u8>, step: &MetaStep) {
    step.write_fields(&mut Writer::new(out, 0));
}

/// Reads the frame of a step.
///
/// # Errors
/// As [`crate::decode_step`].
pub fn decode_meta_step(frame: &[u8]) -> Result<MetaStep, DecodeError> {
    MetaStep::read_fields(Reader::new(frame, None))
}

message!("MetaStep", MetaStep {
    1 timestamp_ms: I64,
    2 cause: Msg<Cause>,
    3 events: List<Msg<Event>>,
    4 build: Opt<Str>,
});

choice!("MetaEvent", Event, "event" {
    1 EpochStarted { 1 epoch: U64 },
    2 Deployed { 1 key: Abs, 2 tenant: Tenant },
    3 ProcessDeployed(Boxed<Msg<ProcessDeployed>>),
    4 ProcessDeleted { 1 definition: Abs },
    5 SlotsAssigned { 1 partitions: U16, 2 dealt: U16 },
    10 RequirementsDeployed(Boxed<Msg<RequirementsDeployed>>),
    11 RequirementsDeleted { 1 requirements: Abs },
    12 FileDeployed(Boxed<Msg<FileDeployed>>),
    13 FileDeleted { 1 file: Abs },
});

message!("ProcessDeployed", ProcessDeployed {
    1 key: Abs,
    2 deployment: Abs,
    3 process_id: Str,
    4 version: I32,
    5 version_tag: Opt<Str>,
    6 tenant: Tenant,
    7 resource: Str,
    8 digest: U64,
    9 bytes: Blob,
    10 elements: List<Str>,
    11 flows: List<Str>,
});

message!("RequirementsDeployed", RequirementsDeployed {
    1 key: Abs,
    2 deployment: Abs,
    3 id: Str,
    4 name: Str,
    5 version: I32,
    6 tenant: Tenant,
    7 resource: Str,
    8 digest: U64,
    9 bytes: Blob,
    10 decisions: List<Msg<DecisionDeployed>>,
    11 imports: List<Blob>,
});

numbers!("FileKind", FileKind {
    0 Form,
    1 Other,
});

message!("FileDeployed", FileDeployed {
    1 key: Abs,
    2 deployment: Abs,
    3 kind: FileKind,
    4 id: Str,
    5 version: I32,
    6 version_tag: Opt<Str>,
    7 tenant: Tenant,
    8 resource: Str,
    9 digest: U64,
    10 bytes: Blob,
});

message!("DecisionDeployed", DecisionDeployed {
    1 key: Abs,
    2 id: Str,
    3 name: Str,
    4 version: I32,
    5 version_tag: Opt<Str>,
});
