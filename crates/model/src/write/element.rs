//! Processes, flow nodes and sequence flows, in the order of the schema.

use crate::definitions::{
    AdHoc, Element, ElementIndex, Flow, FlowIndex, Kind, MultiInstance, Process, TaskKind,
};

use super::xml::{Xml, raw};
use super::{Roots, event, extension};

pub(super) fn process(xml: &mut Xml, process: &Process, roots: &mut Roots) {
    xml.tag("bpmn:process")
        .attr("id", &process.id)
        .opt("name", process.name.as_deref())
        .attr("isExecutable", if process.executable { "true" } else { "false" })
        .open();
    documentation(xml, process.documentation.as_deref());
    extension::process(xml, process);
    scope(xml, process, None, roots);
    xml.close("bpmn:process");
}

fn documentation(xml: &mut Xml, text: Option<&str>) {
    if let Some(text) = text {
        xml.tag("bpmn:documentation").body(text);
    }
}

fn scope(xml: &mut Xml, process: &Process, scope: Option<ElementIndex>, roots: &mut Roots) {
    for (index, element) in process.children(scope) {
        flow_node(xml, process, index, element, roots);
    }
    let mut flows: Vec<FlowIndex> =
        process.children(scope).flat_map(|(_, e)| e.outgoing.iter().copied()).collect();
    flows.sort_unstable();
    for flow in flows {
        sequence_flow(xml, process, &process.flows[flow as usize]);
    }
    for (_, element) in process.children(scope) {
        let Some(handler) = element.compensation_handler else { continue };
        let handler = &process.elements[handler as usize];
        let id = roots.fresh(&format!("{}_to_{}", element.id, handler.id));
        xml.tag("bpmn:association")
            .attr("id", &id)
            .attr("associationDirection", "One")
            .attr("sourceRef", &element.id)
            .attr("targetRef", &handler.id)
            .empty();
        roots.associations.push(id);
    }
}

fn sequence_flow(xml: &mut Xml, process: &Process, flow: &Flow) {
    let end = |index: ElementIndex| &*process.elements[index as usize].id;
    let tag = xml
        .tag("bpmn:sequenceFlow")
        .attr("id", &flow.id)
        .opt("name", flow.name.as_deref())
        .attr("sourceRef", end(flow.source))
        .attr("targetRef", end(flow.target));
    let Some(condition) = &flow.condition else {
        tag.empty();
        return;
    };
    tag.open();
    xml.tag("bpmn:conditionExpression")
        .attr("xsi:type", "bpmn:tFormalExpression")
        .body(&raw(condition));
    xml.close("bpmn:sequenceFlow");
}

fn flow_node(
    xml: &mut Xml,
    process: &Process,
    index: ElementIndex,
    element: &Element,
    roots: &mut Roots,
) {
    let name = tag(&element.kind);
    let mut tag = xml.tag(name).attr("id", &element.id).opt("name", element.name.as_deref()).flag(
        "isForCompensation",
        element.for_compensation,
        false,
    );
    match &element.kind {
        Kind::Start { interrupting, .. } => tag = tag.flag("isInterrupting", *interrupting, true),
        Kind::Boundary { interrupting, attached_to, event } => {
            let host = &process.elements[*attached_to as usize].id;
            let interrupting = *interrupting || event::always_interrupts(event);
            tag = tag.attr("attachedToRef", host).flag("cancelActivity", interrupting, true);
        }
        Kind::Exclusive { default } | Kind::Inclusive { default } => {
            let default = default.map(|d| &*process.flows[d as usize].id);
            tag = tag.opt("default", default);
        }
        Kind::EventSubProcess => tag = tag.attr("triggeredByEvent", "true"),
        Kind::AdHoc(ad_hoc) => {
            tag = tag.flag("cancelRemainingInstances", ad_hoc.cancel_remaining, true);
        }
        Kind::ReceiveTask(message) => {
            let id = event::message_id(message, roots);
            tag = tag.opt("messageRef", id.as_deref());
        }
        Kind::IntermediateCatch(_)
        | Kind::IntermediateThrow(_)
        | Kind::End(_)
        | Kind::JobTask { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::CallActivity(_)
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess => {}
    }
    tag.open();
    documentation(xml, element.documentation.as_deref());
    extension::element(xml, element);
    for flow in &element.incoming {
        xml.tag("bpmn:incoming").body(&process.flows[*flow as usize].id);
    }
    for flow in &element.outgoing {
        xml.tag("bpmn:outgoing").body(&process.flows[*flow as usize].id);
    }
    if let Some(multi) = &element.multi_instance {
        multi_instance(xml, multi);
    }
    event::definition(xml, process, element, roots);
    if !element.children.is_empty() {
        scope(xml, process, Some(index), roots);
    }
    if let Kind::AdHoc(AdHoc { completion_condition: Some(condition), .. }) = &element.kind {
        formal(xml, "bpmn:completionCondition", &raw(condition));
    }
    xml.close(name);
}

pub(super) fn formal(xml: &mut Xml, tag: &'static str, body: &str) {
    xml.tag(tag).attr("xsi:type", "bpmn:tFormalExpression").body(body);
}

fn multi_instance(xml: &mut Xml, multi: &MultiInstance) {
    xml.tag("bpmn:multiInstanceLoopCharacteristics")
        .flag("isSequential", multi.sequential, false)
        .open();
    xml.around("bpmn:extensionElements", |xml| {
        xml.tag("zeebe:loopCharacteristics")
            .attr("inputCollection", &raw(&multi.input_collection))
            .opt("inputElement", multi.input_element.as_deref())
            .opt("outputCollection", multi.output_collection.as_deref())
            .text("outputElement", multi.output_element.as_ref())
            .empty();
    });
    if let Some(condition) = &multi.completion_condition {
        formal(xml, "bpmn:completionCondition", &raw(condition));
    }
    xml.close("bpmn:multiInstanceLoopCharacteristics");
}

fn tag(kind: &Kind) -> &'static str {
    match kind {
        Kind::Start { .. } => "bpmn:startEvent",
        Kind::IntermediateCatch(_) => "bpmn:intermediateCatchEvent",
        Kind::IntermediateThrow(_) => "bpmn:intermediateThrowEvent",
        Kind::End(_) => "bpmn:endEvent",
        Kind::Boundary { .. } => "bpmn:boundaryEvent",
        Kind::JobTask { task, .. } => match task {
            TaskKind::Service => "bpmn:serviceTask",
            TaskKind::Send => "bpmn:sendTask",
            TaskKind::Script => "bpmn:scriptTask",
            TaskKind::BusinessRule => "bpmn:businessRuleTask",
            TaskKind::User => "bpmn:userTask",
        },
        Kind::ScriptTask { .. } => "bpmn:scriptTask",
        Kind::DecisionTask { .. } => "bpmn:businessRuleTask",
        Kind::UserTask(_) => "bpmn:userTask",
        Kind::ManualTask => "bpmn:manualTask",
        Kind::UndefinedTask => "bpmn:task",
        Kind::ReceiveTask(_) => "bpmn:receiveTask",
        Kind::CallActivity(_) => "bpmn:callActivity",
        Kind::Exclusive { .. } => "bpmn:exclusiveGateway",
        Kind::Inclusive { .. } => "bpmn:inclusiveGateway",
        Kind::Parallel => "bpmn:parallelGateway",
        Kind::EventBased => "bpmn:eventBasedGateway",
        Kind::SubProcess | Kind::EventSubProcess => "bpmn:subProcess",
        Kind::AdHoc(_) => "bpmn:adHocSubProcess",
    }
}
