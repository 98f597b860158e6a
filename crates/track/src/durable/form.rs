//! Protobuf of a step. Tags are never used twice; what a reader does not know is an error, because
//! an event that is skipped would fold to another state.

mod event;
mod fold;
mod state;
mod step;

use std::sync::Arc;

use engine::Cause;
use engine::command::Source;
use grevy::machine::Step;
use prost::Message;

use crate::machine::Event;

pub(super) use state::{load, save};

/// Version of the form; raised when an old reader would misread a step.
const VERSION: u32 = 1;

#[derive(Clone, PartialEq, Message)]
struct StepForm {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(sint64, tag = "2")]
    time_ms: i64,
    #[prost(message, optional, tag = "3")]
    cause: Option<CauseForm>,
    #[prost(string, tag = "4")]
    build: String,
    #[prost(message, repeated, tag = "5")]
    events: Vec<event::EventForm>,
}

#[derive(Clone, PartialEq, Message)]
struct CauseForm {
    #[prost(uint32, tag = "1")]
    source: u32,
    #[prost(string, optional, tag = "2")]
    principal: Option<String>,
    #[prost(string, optional, tag = "3")]
    client: Option<String>,
    #[prost(uint64, optional, tag = "4")]
    operation_reference: Option<u64>,
    #[prost(string, optional, tag = "5")]
    request_id: Option<String>,
    #[prost(string, optional, tag = "6")]
    trace: Option<String>,
    #[prost(string, optional, tag = "7")]
    source_position: Option<String>,
    #[prost(string, optional, tag = "8")]
    comment: Option<String>,
}

pub(super) fn encode(step: &Step<Event>, out: &mut Vec<u8>) {
    let form = StepForm {
        version: VERSION,
        time_ms: step.time,
        cause: Some(cause_form(&step.cause)),
        build: step.build.to_string(),
        events: step.events.iter().map(event::form).collect(),
    };
    out.reserve(form.encoded_len());
    // Writing to a vector fails for want of room only, and that was just made.
    let written = form.encode(out);
    debug_assert!(written.is_ok());
}

pub(super) fn decode(bytes: &[u8]) -> Result<Step<Event>, String> {
    let form = StepForm::decode(bytes).map_err(|e| format!("expected a tracking step, but {e}"))?;
    if form.version != VERSION {
        let have = form.version;
        return Err(format!("expected a tracking step of version {VERSION}, but it is {have}"));
    }
    Ok(Step {
        time: form.time_ms,
        cause: cause(form.cause.unwrap_or_default()),
        build: Arc::from(form.build),
        events: form.events.into_iter().map(event::event).collect::<Result<_, _>>()?,
    })
}

fn cause_form(cause: &Cause) -> CauseForm {
    let text = |text: &Option<Arc<str>>| text.as_ref().map(|text| text.to_string());
    CauseForm {
        source: cause.source as u32,
        principal: text(&cause.principal),
        client: text(&cause.client),
        operation_reference: cause.operation_reference,
        request_id: text(&cause.request_id),
        trace: text(&cause.trace),
        source_position: text(&cause.source_position),
        comment: text(&cause.comment),
    }
}

fn cause(form: CauseForm) -> Cause {
    let sources = [
        Source::Api,
        Source::Timer,
        Source::Outbox,
        Source::Deferred,
        Source::Foreign,
        Source::Meta,
        Source::Dispatcher,
        Source::Operator,
    ];
    let source = sources.into_iter().find(|source| *source as u32 == form.source);
    Cause {
        source: source.unwrap_or_default(),
        principal: form.principal.map(Arc::from),
        client: form.client.map(Arc::from),
        operation_reference: form.operation_reference,
        request_id: form.request_id.map(Arc::from),
        trace: form.trace.map(Arc::from),
        source_position: form.source_position.map(Arc::from),
        comment: form.comment.map(Arc::from),
    }
}
