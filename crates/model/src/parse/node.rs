//! One flow node: its kind by its tag, and what every flow node may have.

use crate::codes;
use crate::definitions::{
    AdHoc, Artifact, ArtifactKind, Element, ElementIndex, Event, FlowIndex, Job, Kind,
    ListenerEvent, Symbol, TaskKind, Text,
};

use super::event::{self, Place};
use super::extension;
use super::process::Context;
use super::reader::{self, Node, Reader, child, extension as zeebe};
use super::task;

pub(super) fn element<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
) -> Element {
    let found = &context.collected.nodes[index as usize];
    let (id, node, scope) = (found.id.clone(), found.node, found.scope);
    let kind = kind(reader, context, index, node);
    extension::warn_unknown(reader, node);
    let user_task = match &kind {
        Kind::JobTask { task: TaskKind::User, .. } => Some(Box::new(task::details(reader, node))),
        _ => None,
    };
    Element {
        name: reader::name(node),
        documentation: reader::documentation(node),
        scope,
        inputs: extension::mappings(reader, node, "input"),
        outputs: extension::mappings(reader, node, "output"),
        headers: extension::headers(reader, zeebe(node, "taskHeaders")),
        properties: extension::properties(reader, node),
        listeners: listeners(reader, node),
        multi_instance: task::multi_instance(reader, context, node, &id),
        for_compensation: reader.boolean(node, "isForCompensation", false),
        job_priority: extension::job_priority(reader, node),
        user_task,
        position: reader.position(node),
        ..Element::new(&id, kind)
    }
}

fn listeners<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<crate::Listener> {
    use ListenerEvent::{
        Assigning, BeforeAll, Canceling, Completing, Creating, End, Start, Updating,
    };
    let execution: &[_] = match child(node, "multiInstanceLoopCharacteristics") {
        Some(_) => &[Start, End, BeforeAll],
        None => &[Start, End],
    };
    let list = zeebe(node, "executionListeners");
    let mut found = extension::listeners(reader, list, "executionListener", execution);
    let list = zeebe(node, "taskListeners");
    let task = &[Creating, Assigning, Updating, Completing, Canceling];
    found.extend(extension::listeners(reader, list, "taskListener", task));
    found
}

fn kind<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
    node: Node<'a>,
) -> Kind {
    match node.tag_name().name() {
        "startEvent" => start(reader, context, index, node),
        "endEvent" => Kind::End(event::event(reader, context, index, Place::End)),
        "intermediateCatchEvent" => {
            Kind::IntermediateCatch(event::event(reader, context, index, Place::Catch))
        }
        "intermediateThrowEvent" | "implicitThrowEvent" => {
            Kind::IntermediateThrow(event::event(reader, context, index, Place::Throw))
        }
        "boundaryEvent" => boundary(reader, context, index, node),
        "task" => Kind::UndefinedTask,
        "manualTask" => Kind::ManualTask,
        "serviceTask" => task::job_task(reader, node, TaskKind::Service),
        "sendTask" => task::job_task(reader, node, TaskKind::Send),
        "scriptTask" => task::script(reader, node),
        "businessRuleTask" => task::decision(reader, node),
        "userTask" => task::user(reader, node),
        "receiveTask" => task::receive(reader, node),
        "callActivity" => task::call(reader, node),
        "exclusiveGateway" => Kind::Exclusive { default: default(reader, context, node) },
        "inclusiveGateway" => Kind::Inclusive { default: default(reader, context, node) },
        "parallelGateway" => Kind::Parallel,
        "eventBasedGateway" => event_based(reader, node),
        "subProcess" => match reader.boolean(node, "triggeredByEvent", false) {
            true => Kind::EventSubProcess,
            false => Kind::SubProcess,
        },
        "adHocSubProcess" => ad_hoc(reader, node),
        tag => unsupported(reader, context, index, node, tag),
    }
}

/// Unsupported elements keep their place in a drawing as what comes nearest.
fn unsupported<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
    node: Node<'a>,
    tag: &str,
) -> Kind {
    let (symbol, instead, kind) = match tag {
        "complexGateway" => (
            Symbol::ComplexGateway,
            "an exclusive, inclusive or parallel gateway",
            Kind::Inclusive { default: default(reader, context, node) },
        ),
        "transaction" => (
            Symbol::Transaction,
            "a sub-process with compensation and error events",
            Kind::SubProcess,
        ),
        _ => (Symbol::Choreography, "a process with message events", Kind::UndefinedTask),
    };
    let message = format!("expected {instead}, but {tag} is not supported");
    reader.error(codes::ELEMENT_UNSUPPORTED, node, message);
    instead_of(context, index, symbol);
    kind
}

pub(super) fn instead_of(context: &mut Context<'_>, index: ElementIndex, symbol: Symbol) {
    let id = context.collected.nodes[index as usize].id.clone();
    context.artifacts.push(Artifact { id, name: None, kind: ArtifactKind::Instead(symbol) });
}

fn start<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
    node: Node<'a>,
) -> Kind {
    let scope = context.collected.nodes[index as usize].scope;
    let place = match scope {
        None => Place::ProcessStart,
        Some(scope) => {
            let scope = context.collected.nodes[scope as usize].node;
            match scope.attribute("triggeredByEvent").map(str::trim) {
                Some("true" | "1") => Place::EventScopeStart,
                _ => Place::ScopeStart,
            }
        }
    };
    let event = event::event(reader, context, index, place);
    // Errors always interrupt (BPMN 2.0, 10.5.6).
    let interrupting =
        reader.boolean(node, "isInterrupting", true) || matches!(event, Event::Error(_));
    Kind::Start { event, interrupting, form: extension::form(reader, node) }
}

fn boundary<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    index: ElementIndex,
    node: Node<'a>,
) -> Kind {
    let event = event::event(reader, context, index, Place::Boundary);
    let interrupting = match &event {
        Event::Error(_) => true,
        // It catches what has already completed.
        Event::Compensation { .. } => false,
        _ => reader.boolean(node, "cancelActivity", true),
    };
    let raw = node.attribute("attachedToRef").unwrap_or_default().trim();
    let host = context
        .element(raw)
        .or_else(|| context.element(raw.rsplit(':').next().unwrap_or(raw)))
        .filter(|host| attachable(context.tag(*host)));
    let Some(attached_to) = host else {
        let message = format!("expected attachedToRef to name an activity, but it is {raw:?}");
        reader.error(codes::BOUNDARY_ATTACHMENT, node, message);
        return Kind::IntermediateCatch(event);
    };
    Kind::Boundary { event, interrupting, attached_to }
}

fn attachable(tag: &str) -> bool {
    tag.ends_with("ask")
        || tag.ends_with("ubProcess")
        || matches!(tag, "callActivity" | "transaction")
}

fn default<'a>(
    reader: &mut Reader<'a>,
    context: &Context<'a>,
    node: Node<'a>,
) -> Option<FlowIndex> {
    let raw = node.attribute("default").map(str::trim).filter(|v| !v.is_empty())?;
    let local = raw.rsplit(':').next().unwrap_or(raw);
    let index = &context.flow_index;
    let found = index.get(raw).or_else(|| index.get(local)).copied();
    if found.is_none() {
        let message =
            format!("expected default to name a sequence flow, but there is none {raw:?}");
        reader.error(codes::DEFAULT_FLOW, node, message);
    }
    found
}

fn event_based<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    let parallel = node.attribute("eventGatewayType") == Some("Parallel");
    if reader.boolean(node, "instantiate", false) || parallel {
        let message = "expected an event-based gateway inside a running instance, \
                       but this one starts an instance";
        reader.error(codes::INSTANTIATE_UNSUPPORTED, node, message);
    }
    Kind::EventBased
}

fn ad_hoc<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    let settings = zeebe(node, "adHoc");
    let job: Option<Job> = zeebe(node, "taskDefinition").map(|_| task::job(reader, node));
    let text = |reader: &mut Reader<'a>, name: &str| -> Option<Text> {
        settings.and_then(|s| reader.attribute_feel(s, name))
    };
    Kind::AdHoc(AdHoc {
        active_elements: text(reader, "activeElementsCollection"),
        output_element: text(reader, "outputElement"),
        output_collection: settings.and_then(|s| reader.attribute(s, "outputCollection")),
        completion_condition: child(node, "completionCondition").and_then(|c| reader.body_feel(c)),
        cancel_remaining: reader.boolean(node, "cancelRemainingInstances", true),
        job,
    })
}
