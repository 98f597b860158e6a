//! A step of a case to protobuf and back.

use std::sync::Arc;

use prost::Message;

use super::event::{Place, place, place_form};
use crate::machine::StepObserved;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Observed {
    #[prost(uint64, tag = "1")]
    case: u64,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(sint64, tag = "3")]
    time_ms: i64,
    #[prost(sint64, tag = "4")]
    arrival_ms: i64,
    #[prost(fixed64, tag = "5")]
    identity: u64,
    #[prost(message, required, tag = "6")]
    place: Place,
    #[prost(bool, tag = "7")]
    replaces: bool,
    #[prost(string, optional, tag = "8")]
    sender: Option<String>,
    #[prost(string, optional, tag = "9")]
    correlation: Option<String>,
    #[prost(string, optional, tag = "10")]
    variables: Option<String>,
    #[prost(sint64, optional, tag = "11")]
    until_ms: Option<i64>,
    #[prost(string, optional, tag = "12")]
    kept: Option<String>,
    #[prost(bool, tag = "13")]
    own: bool,
    #[prost(string, optional, tag = "14")]
    said: Option<String>,
}

pub(super) fn observed_form(step: &StepObserved) -> Observed {
    let text = |text: &Option<Arc<str>>| text.as_ref().map(|text| text.to_string());
    Observed {
        case: step.case,
        kind: step.kind,
        time_ms: step.time_ms,
        arrival_ms: step.arrival_ms,
        identity: step.identity,
        place: place_form(&step.source, step.position),
        replaces: step.replaces,
        sender: text(&step.sender),
        correlation: text(&step.correlation),
        variables: text(&step.variables),
        kept: text(&step.kept),
        until_ms: step.until_ms,
        own: step.own,
        said: text(&step.said),
    }
}

pub(super) fn observed(form: Observed) -> StepObserved {
    let (source, position) = place(form.place);
    StepObserved {
        case: form.case,
        kind: form.kind,
        time_ms: form.time_ms,
        arrival_ms: form.arrival_ms,
        identity: form.identity,
        source,
        position,
        replaces: form.replaces,
        sender: form.sender.map(Arc::from),
        correlation: form.correlation.map(Arc::from),
        variables: form.variables.map(Arc::from),
        kept: form.kept.map(Arc::from),
        until_ms: form.until_ms,
        own: form.own,
        said: form.said.map(Arc::from),
    }
}
