//! Event definitions (BPMN 2.0, 10.5.5): which may stand where, and what each needs.

use std::sync::Arc;

use crate::codes;
use crate::definitions::{Code, ElementIndex, Event, Message, Symbol, Text, Timer};
use crate::time;

use super::node::instead_of;
use super::process::Context;
use super::reader::{self, Node, Reader, body, child, extension as zeebe};
use super::task;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    ProcessStart,
    ScopeStart,
    EventScopeStart,
    Catch,
    Throw,
    End,
    Boundary,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::ProcessStart => "a start event",
            Place::ScopeStart => "a start event of a sub-process",
            Place::EventScopeStart => "a start event of an event sub-process",
            Place::Catch => "an intermediate catch event",
            Place::Throw => "an intermediate throw event",
            Place::End => "an end event",
            Place::Boundary => "a boundary event",
        }
    }

    /// Kinds of definition that are executed at this place.
    fn allowed(self) -> &'static [&'static str] {
        match self {
            Place::ProcessStart => &["message", "timer", "signal", "conditional"],
            Place::ScopeStart => &[],
            Place::EventScopeStart => &[
                "message",
                "timer",
                "error",
                "signal",
                "escalation",
                "compensation",
                "conditional",
            ],
            Place::Catch => &["message", "timer", "signal", "link", "conditional"],
            Place::Throw => &["message", "signal", "escalation", "link", "compensation"],
            Place::End => {
                &["message", "error", "terminate", "escalation", "signal", "compensation"]
            }
            Place::Boundary => &[
                "message",
                "timer",
                "error",
                "escalation",
                "signal",
                "compensation",
                "conditional",
            ],
        }
    }

    fn may_be_plain(self) -> bool {
        matches!(self, Place::ProcessStart | Place::ScopeStart | Place::Throw | Place::End)
    }

    pub(super) fn throws(self) -> bool {
        matches!(self, Place::Throw | Place::End)
    }
}

pub(super) fn event<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
    place: Place,
) -> Event {
    let node = context.collected.nodes[index as usize].node;
    let found = definitions(reader, node);
    let [definition] = found[..] else {
        return none_or_several(reader, context, index, place, found.len());
    };
    let tag = definition.tag_name().name();
    let what = match tag.trim_end_matches("EventDefinition") {
        "compensate" => "compensation",
        what => what,
    };
    if !place.allowed().contains(&what) {
        let expected = match place.allowed() {
            [] => "no definition".to_owned(),
            allowed => format!("one of {}", allowed.join(", ")),
        };
        let message = format!("expected {expected} in {}, but it is {what}", place.name());
        reader.error(codes::EVENT_UNSUPPORTED, definition, message);
    }
    match what {
        "message" => Event::Message(message(reader, node, definition, place)),
        "timer" => Event::Timer(timer(reader, definition)),
        "error" => Event::Error(code(reader, definition, "error", codes::ERROR_CODE, place)),
        "escalation" => {
            Event::Escalation(code(reader, definition, "escalation", codes::ESCALATION_CODE, place))
        }
        "signal" => Event::Signal { name: signal(reader, definition) },
        "compensation" => compensation(reader, context, definition),
        "conditional" => conditional(reader, definition),
        "link" => Event::Link { name: link(reader, definition) },
        "terminate" => Event::Terminate,
        _ => {
            instead_of(context, index, Symbol::CancelEvent);
            Event::None
        }
    }
}

fn definitions<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<Node<'a>> {
    let mut found = Vec::new();
    for part in node.children().filter(|c| c.tag_name().namespace() == Some(reader::BPMN)) {
        let tag = part.tag_name().name();
        if tag.ends_with("EventDefinition") {
            found.push(part);
        } else if tag == "eventDefinitionRef" {
            let id = body(part);
            let local = id.trim().rsplit(':').next().unwrap_or_default().to_owned();
            match reader.roots.get(local.as_str()) {
                Some(definition) => found.push(*definition),
                None => {
                    let message = format!("expected an event definition, but there is none {id:?}");
                    reader.error(codes::REFERENCE_UNKNOWN, part, message);
                }
            }
        }
    }
    found
}

fn none_or_several(
    reader: &mut Reader<'_>,
    context: &mut Context<'_>,
    index: ElementIndex,
    place: Place,
    count: usize,
) -> Event {
    let node = context.collected.nodes[index as usize].node;
    if count > 1 {
        let message = format!("expected one event definition, but there are {count}");
        reader.error(codes::EVENT_MULTIPLE, node, message);
        let parallel = node.attribute("parallelMultiple") == Some("true");
        let symbol = if parallel { Symbol::ParallelMultipleEvent } else { Symbol::MultipleEvent };
        instead_of(context, index, symbol);
    } else if !place.may_be_plain() {
        let message = format!(
            "expected {} to have one of {}, but it has no definition",
            place.name(),
            place.allowed().join(", ")
        );
        reader.error(codes::EVENT_UNSUPPORTED, node, message);
    }
    Event::None
}

fn message<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    definition: Node<'a>,
    place: Place,
) -> Message {
    if place.throws() {
        return task::throw_message(reader, node, definition);
    }
    let needs_key = place != Place::ProcessStart;
    caught_message(reader, definition, needs_key)
}

/// The message behind `messageRef` of a catch event or receive task.
pub(super) fn caught_message<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    needs_key: bool,
) -> Message {
    let nothing =
        Message { name: Text::Static("".into()), correlation_key: None, job: None, publish: None };
    if node.attribute("messageRef").is_none_or(|v| v.trim().is_empty()) {
        let message = "expected a message to wait for, but none is referred to";
        reader.error(codes::MESSAGE_MISSING, node, message);
        return nothing;
    }
    let Some(root) = reader.root(node, "messageRef", "message") else { return nothing };
    let Some(name) = reader.attribute_text(root, "name") else {
        let id = root.attribute("id").unwrap_or_default();
        let message = format!("expected the message {id} to have a name, but it has none");
        reader.error(codes::MESSAGE_NAME_MISSING, root, message);
        return nothing;
    };
    let subscription = zeebe(root, "subscription");
    let correlation_key = subscription.and_then(|s| reader.attribute_feel(s, "correlationKey"));
    if needs_key && correlation_key.is_none() {
        let message = format!(
            "expected the message {:?} to have a correlation key, but it has none; \
             add <zeebe:subscription correlationKey=\"=…\"/>",
            root.attribute("name").unwrap_or_default()
        );
        reader.error(codes::CORRELATION_KEY_MISSING, subscription.unwrap_or(root), message);
    }
    Message { name, correlation_key, job: None, publish: None }
}

fn timer<'a>(reader: &mut Reader<'a>, definition: Node<'a>) -> Timer {
    let mut found = Vec::new();
    for part in definition.children() {
        let make: fn(Text) -> Timer = match part.tag_name().name() {
            "timeDate" => Timer::Date,
            "timeDuration" => Timer::Duration,
            "timeCycle" => Timer::Cycle,
            _ => continue,
        };
        if let Some(text) = reader.body_text(part) {
            let timer = make(text);
            static_timer(reader, part, &timer);
            found.push(timer);
        }
    }
    if found.len() != 1 {
        let message = format!(
            "expected one of timeDate, timeDuration and timeCycle, but there are {}",
            found.len()
        );
        reader.error(codes::TIMER_MISSING, definition, message);
    }
    found.into_iter().next().unwrap_or(Timer::Duration(Text::Static("".into())))
}

/// Texts without an expression are checked now, so that no instance has to stop at them.
fn static_timer<'a>(reader: &mut Reader<'a>, node: Node<'a>, timer: &Timer) {
    let problem = match timer {
        Timer::Date(Text::Static(raw)) => time::parse_date(raw).err(),
        Timer::Duration(Text::Static(raw)) => time::parse_duration(raw).err(),
        Timer::Cycle(Text::Static(raw)) => time::parse_cycle(raw).err(),
        Timer::Date(_) | Timer::Duration(_) | Timer::Cycle(_) => None,
    };
    if let Some(problem) = problem {
        reader.error(codes::TIMER_VALUE, node, problem.message());
    }
}

fn code<'a>(
    reader: &mut Reader<'a>,
    definition: Node<'a>,
    what: &str,
    problem: &'static str,
    place: Place,
) -> Code {
    let nothing = Code { code: None, name: None };
    let attribute = format!("{what}Ref");
    if definition.attribute(attribute.as_str()).is_none_or(|v| v.trim().is_empty()) {
        if place.throws() {
            let message = format!("expected the {what} to throw, but none is referred to");
            reader.error(problem, definition, message);
        }
        return nothing;
    }
    let Some(root) = reader.root(definition, &attribute, what) else { return nothing };
    let name = reader::name(root);
    let attribute = format!("{what}Code");
    let code = reader.attribute_text(root, &attribute);
    match &code {
        None if place.throws() => {
            let message = format!("expected a {attribute} to throw, but the {what} has none");
            reader.error(problem, root, message);
        }
        Some(Text::Expression(_)) if !place.throws() => {
            let message =
                format!("expected a static {attribute} to catch, but it is an expression");
            reader.error(problem, root, message);
        }
        _ => {}
    }
    Code { code, name }
}

fn signal<'a>(reader: &mut Reader<'a>, definition: Node<'a>) -> Text {
    let root = reader.root(definition, "signalRef", "signal");
    let name = root.and_then(|r| reader.attribute_text(r, "name"));
    let missing = definition.attribute("signalRef").is_none_or(|v| v.trim().is_empty());
    if name.is_none() && (root.is_some() || missing) {
        let message = "expected a signal with a name, but there is none";
        reader.error(codes::SIGNAL_NAME, root.unwrap_or(definition), message);
    }
    name.unwrap_or(Text::Static("".into()))
}

fn compensation<'a>(reader: &mut Reader<'a>, context: &Context<'a>, definition: Node<'a>) -> Event {
    if !reader.boolean(definition, "waitForCompletion", true) {
        let message = "expected waitForCompletion to be true, but it is false, \
                       which is not supported";
        reader.error(codes::ATTRIBUTE_VALUE, definition, message);
    }
    let raw = definition.attribute("activityRef").map(str::trim).filter(|v| !v.is_empty());
    let activity = raw.and_then(|id| context.element(id.rsplit(':').next().unwrap_or(id)));
    if let (Some(raw), None) = (raw, activity) {
        let message =
            format!("expected activityRef to name an activity, but there is none {raw:?}");
        reader.error(codes::COMPENSATION_ACTIVITY, definition, message);
    }
    Event::Compensation { activity }
}

fn conditional<'a>(reader: &mut Reader<'a>, definition: Node<'a>) -> Event {
    let condition = child(definition, "condition").and_then(|c| reader.body_feel(c));
    if condition.is_none() {
        let message = "expected a condition, but the conditional event has none";
        reader.error(codes::CONDITIONAL_EVENT, definition, message);
    }
    let filter = zeebe(definition, "conditionalFilter");
    let list = |name: &str| -> Vec<Arc<str>> {
        let raw = filter.and_then(|f| f.attribute(name)).unwrap_or_default();
        raw.split(',').map(str::trim).filter(|v| !v.is_empty()).map(Arc::from).collect()
    };
    let events = list("variableEvents");
    for event in events.iter().filter(|e| !matches!(&***e, "create" | "update")) {
        let message =
            format!("expected variableEvents to list create and update, but it has {event:?}");
        reader.error(codes::CONDITIONAL_EVENT, filter.unwrap_or(definition), message);
    }
    let on = |what: &str| events.is_empty() || events.iter().any(|e| &**e == what);
    Event::Conditional {
        condition: condition.unwrap_or(Text::Expression("false".into())),
        variable_names: list("variableNames"),
        on_create: on("create"),
        on_update: on("update"),
    }
}

fn link<'a>(reader: &mut Reader<'a>, definition: Node<'a>) -> Arc<str> {
    let name = reader.attribute(definition, "name");
    if name.is_none() {
        reader.error(codes::LINK, definition, "expected the link to have a name, but it has none");
    }
    name.unwrap_or_else(|| "".into())
}
