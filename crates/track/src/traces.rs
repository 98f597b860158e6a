//! Every message of a trace: who sent what when, with the gaps between; loops among services; and
//! which elements of a collaboration a trace has reached.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chart::plain;
use crate::limits::{TRACE_MESSAGES_MAX, TRACE_VARIABLE_BYTES_MAX};
use crate::mapping::Observation;
use crate::source::Position;

/// One message of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub kind: String,
    pub sender: Option<String>,
    pub correlation: Option<String>,
    pub time_ms: i64,
    pub arrival_ms: i64,
    pub partition: u32,
    pub offset: u64,
    /// Since the message before it in event time; 0 for the first.
    pub gap_ms: i64,
    /// Names ending in "Command" ask, everything else tells.
    pub command: bool,
    /// What the mapping reads as its payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Value>,
}

/// The messages of one trace id, in event-time order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub id: String,
    pub messages: Vec<Message>,
    /// Messages beyond the limit that are not listed.
    pub left_out: u64,
    /// Bytes of the variables so far.
    #[serde(skip)]
    bytes: usize,
}

/// A type that a trace repeats suspiciously often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loop {
    pub trace: String,
    pub kind: String,
    pub times: u64,
}

/// Messages by trace id.
#[derive(Debug, Default)]
pub struct Traces {
    traces: BTreeMap<String, Trace>,
    /// Where each identified message of a trace lies, so that it is replaced and not doubled.
    identities: BTreeMap<(String, u128), Position>,
}

impl Traces {
    /// Adds a message, or puts it in the place of the one with the same identity.
    pub fn add(&mut self, event: &Observation, position: Position, arrival_ms: i64) {
        if let Some(identity) = event.identity {
            self.take(&event.case, identity);
            self.identities.insert((event.case.clone(), identity), position);
        }
        let trace = self.traces.entry(event.case.clone()).or_default();
        trace.id.clone_from(&event.case);
        if trace.messages.len() >= TRACE_MESSAGES_MAX {
            trace.left_out += 1;
            return;
        }
        let variables = event.variables.clone().filter(|variables| {
            let bytes = trace.bytes + variables.to_string().len();
            let fits = bytes <= TRACE_VARIABLE_BYTES_MAX;
            trace.bytes = if fits { bytes } else { trace.bytes };
            fits
        });
        trace.messages.push(Message {
            variables,
            command: event.kind.ends_with("Command"),
            kind: event.kind.clone(),
            sender: event.sender.clone(),
            correlation: event.correlation.clone(),
            time_ms: event.time_ms,
            arrival_ms,
            partition: position.partition,
            offset: position.offset,
            gap_ms: 0,
        });
    }

    /// The message of this identity is not of this trace any more: it came again, or is another's.
    pub fn take(&mut self, trace: &str, identity: u128) {
        let Some(at) = self.identities.remove(&(trace.to_owned(), identity)) else { return };
        let Some(trace) = self.traces.get_mut(trace) else { return };
        let is = |m: &Message| (m.partition, m.offset) == (at.partition, at.offset);
        let Some(found) = trace.messages.iter().position(is) else {
            trace.left_out = trace.left_out.saturating_sub(1);
            return;
        };
        let gone = trace.messages.remove(found);
        let bytes = gone.variables.map_or(0, |variables| variables.to_string().len());
        trace.bytes = trace.bytes.saturating_sub(bytes);
    }

    pub fn len(&self) -> usize {
        self.traces.len()
    }

    pub fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// The messages of a trace in event-time order, with the gaps between.
    pub fn trace(&self, id: &str) -> Option<Trace> {
        let known = self.traces.get(id).filter(|t| !t.messages.is_empty() || t.left_out > 0);
        let mut trace = known?.clone();
        trace.messages.sort_by_key(|m| (m.time_ms, m.partition, m.offset));
        let mut before = None;
        for message in &mut trace.messages {
            message.gap_ms = before.map_or(0, |before| message.time_ms - before);
            before = Some(message.time_ms);
        }
        Some(trace)
    }

    /// Types that one trace has more than `times` times (S9): services that react to each other.
    pub fn loops(&self, times: u64) -> Vec<Loop> {
        self.traces.values().flat_map(|trace| trace.loops(times)).collect()
    }
}

impl Trace {
    /// What its messages carry; of two of one name that which happened later.
    pub fn variables(&self) -> Map<String, Value> {
        let mut all = Map::new();
        for message in &self.messages {
            if let Some(Value::Object(members)) = &message.variables {
                all.extend(members.clone());
            }
        }
        all
    }

    /// Types that it has more than `times` times.
    pub fn loops(&self, times: u64) -> Vec<Loop> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for message in &self.messages {
            *counts.entry(&message.kind).or_default() += 1;
        }
        let many = counts.into_iter().filter(|(_, count)| *count > times);
        let found = many.map(|(kind, times)| {
            let (trace, kind) = (self.id.clone(), kind.to_owned());
            Loop { trace, kind, times }
        });
        found.collect()
    }
}

/// Elements of a collaboration whose message is among `kinds`: the element refers to a message of
/// this name, or is itself named like the type, with `Send_` or `Receive_` before it or not (T7).
/// Where it refers to a message, that alone says what it stands for.
pub fn reached<'k>(
    definitions: &model::Definitions,
    kinds: impl IntoIterator<Item = &'k str>,
) -> BTreeSet<String> {
    let kinds: BTreeSet<String> = kinds.into_iter().map(plain).collect();
    let elements = definitions.processes.iter().flat_map(|process| &process.elements);
    let named = |name: &str| {
        let bare = ["Send_", "Receive_"].iter().find_map(|prefix| name.strip_prefix(prefix));
        kinds.contains(&plain(bare.unwrap_or(name)))
    };
    elements
        .filter(|element| match crate::chart::message_of(element) {
            Some(message) => kinds.contains(&plain(message)),
            None => named(&element.id) || element.name.as_ref().is_some_and(|name| named(name)),
        })
        .map(|element| element.id.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(traces: &mut Traces, id: &str, kind: &str, time_ms: i64, offset: u64, identity: u128) {
        let event = Observation {
            case: id.to_owned(),
            kind: kind.to_owned(),
            time_ms,
            identity: Some(identity),
            sender: Some("Checkout".to_owned()),
            correlation: None,
            variables: None,
            ttl_ms: None,
        };
        traces.add(&event, Position { partition: 0, offset }, time_ms + 5);
    }

    #[test]
    fn s6_each_trace_lists_exactly_its_messages_in_event_time_order() {
        let mut traces = Traces::default();
        for order in 0..100 {
            let id = format!("t{order}");
            // Out of order, and interleaved with all others.
            for (kind, time) in [("GoodsFetched", 30), ("OrderPlaced", 10), ("PaymentReceived", 25)]
            {
                let offset = order * 100 + time;
                add(&mut traces, &id, kind, time as i64, offset, u128::from(offset));
            }
        }
        assert_eq!(traces.len(), 100);
        let trace = traces.trace("t7").unwrap();
        let seen: Vec<_> = trace.messages.iter().map(|m| (m.kind.as_str(), m.gap_ms)).collect();
        assert_eq!(seen, [("OrderPlaced", 0), ("PaymentReceived", 15), ("GoodsFetched", 5)]);
        add(&mut traces, "t7", "OrderPlaced", 11, 50_000, 710);
        assert_eq!(traces.trace("t7").unwrap().messages.len(), 3, "the same message again");
        assert_eq!(traces.trace("nobody"), None);
    }

    #[test]
    fn a_message_that_another_trace_took_over_leaves_the_first() {
        let mut traces = Traces::default();
        add(&mut traces, "wrong", "OrderPlaced", 10, 1, 7);
        add(&mut traces, "wrong", "PaymentReceived", 20, 2, 8);
        traces.take("wrong", 7);
        add(&mut traces, "right", "OrderPlaced", 10, 3, 7);
        let kinds = |id: &str| {
            let trace = traces.trace(id)?;
            Some(trace.messages.iter().map(|m| m.kind.clone()).collect::<Vec<_>>())
        };
        assert_eq!(kinds("wrong"), Some(vec!["PaymentReceived".to_owned()]));
        assert_eq!(kinds("right"), Some(vec!["OrderPlaced".to_owned()]));
        traces.take("wrong", 8);
        assert_eq!(traces.trace("wrong"), None, "nothing is left of it");
    }

    #[test]
    fn what_a_replaced_message_carried_makes_room_for_another() {
        let mut traces = Traces::default();
        let mut carry = |offset: u64, identity: u128| {
            let event = Observation {
                case: "t".to_owned(),
                kind: "Told".to_owned(),
                time_ms: 1,
                identity: Some(identity),
                sender: None,
                correlation: None,
                variables: Some(Value::from("x".repeat(TRACE_VARIABLE_BYTES_MAX / 2 - 10))),
                ttl_ms: None,
            };
            traces.add(&event, Position { partition: 0, offset }, 1);
        };
        (0..20).for_each(|offset| carry(offset, 1));
        carry(30, 2);
        carry(31, 3);
        let trace = traces.trace("t").expect("it is there");
        let carried = trace.messages.iter().map(|m| m.variables.is_some());
        assert_eq!(carried.collect::<Vec<_>>(), [true, true, false], "two fit at once");
    }

    #[test]
    fn s9_a_type_that_returns_too_often_is_a_loop() {
        let mut traces = Traces::default();
        for n in 0..22 {
            let kind = ["Asked", "Answered"][n % 2];
            add(&mut traces, "circle", kind, n as i64, n as u64, n as u128);
            add(&mut traces, &format!("line {n}"), kind, n as i64, 100 + n as u64, 100 + n as u128);
        }
        let loops = traces.loops(10);
        assert_eq!(loops.len(), 2);
        assert!(loops.iter().all(|l| l.trace == "circle" && l.times == 11));
        assert_eq!(traces.loops(11), []);
    }

    #[test]
    fn t7_an_element_is_reached_iff_its_message_is_in_the_trace() {
        let xml = crate::chart::ORDER_MODEL.as_bytes();
        let (definitions, _) = model::read("t", xml).unwrap();
        let seen = reached(&definitions, ["OrderPlacedEvent", "GoodsFetched"]);
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["OrderPlaced", "fetched"]);
    }

    #[test]
    fn t7_an_element_that_refers_to_a_message_is_known_by_its_name() {
        let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
            xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
            <message id="Message_1" name="OrderPlacedEvent"/>
            <message id="OrderShipped" name="Goods on their way"/>
            <process id="p" isExecutable="true">
            <startEvent id="Event_1"><messageEventDefinition messageRef="Message_1"/></startEvent>
            <sequenceFlow id="f" sourceRef="Event_1" targetRef="Event_2"/>
            <endEvent id="Event_2" name="Order placed"><extensionElements>
            <zeebe:taskDefinition type="send"/></extensionElements>
            <messageEventDefinition messageRef="OrderShipped"/></endEvent>
            </process></definitions>"#;
        let (definitions, _) = model::read("t", xml.as_bytes()).unwrap();
        let of = |kind: &str| reached(&definitions, [kind]).into_iter().collect::<Vec<_>>();
        assert_eq!(of("OrderPlaced"), ["Event_1"], "by the message and not by what it is called");
        assert_eq!(of("GoodsOnTheirWay"), ["Event_2"]);
        assert_eq!(of("OrderShipped"), [""; 0], "an id of a message is no name");
    }
}
