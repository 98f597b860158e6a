//! First pass over a process: which flow nodes, flows and artifacts there are, and their ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codes;
use crate::definitions::{Artifact, ArtifactKind, ElementIndex, FlowIndex};
use crate::limits::{ELEMENTS_MAX, SCOPE_DEPTH_MAX};

use super::reader::{self, Node, Reader, body, child};

/// A process before its references are resolved.
pub(super) struct Collected<'a> {
    pub(super) nodes: Vec<FlowNode<'a>>,
    pub(super) flows: Vec<(Arc<str>, Node<'a>)>,
    pub(super) associations: Vec<Node<'a>>,
    pub(super) node_index: BTreeMap<Arc<str>, ElementIndex>,
    pub(super) flow_index: BTreeMap<Arc<str>, FlowIndex>,
    pub(super) artifacts: Vec<Artifact>,
    /// Ids of elements that BPMN does not have: flows to them are no faults of their own.
    pub(super) unknown: BTreeSet<&'a str>,
}

pub(super) struct FlowNode<'a> {
    pub(super) id: Arc<str>,
    pub(super) node: Node<'a>,
    pub(super) scope: Option<ElementIndex>,
}

/// Flow nodes of BPMN 2.0 (10.2–10.6, 13).
const FLOW_NODES: &[&str] = &[
    "adHocSubProcess",
    "boundaryEvent",
    "businessRuleTask",
    "callActivity",
    "callChoreography",
    "choreographyTask",
    "complexGateway",
    "endEvent",
    "eventBasedGateway",
    "exclusiveGateway",
    "implicitThrowEvent",
    "inclusiveGateway",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "manualTask",
    "parallelGateway",
    "receiveTask",
    "scriptTask",
    "sendTask",
    "serviceTask",
    "startEvent",
    "subChoreography",
    "subProcess",
    "task",
    "transaction",
    "userTask",
];

const SCOPES: &[&str] = &["subProcess", "transaction", "adHocSubProcess", "subChoreography"];

/// Children of processes and sub-processes without meaning for execution.
const IGNORED: &[&str] = &[
    "auditing",
    "completionCondition",
    "correlationSubscription",
    "dataInputAssociation",
    "dataOutputAssociation",
    "documentation",
    "extensionElements",
    "humanPerformer",
    "incoming",
    "ioBinding",
    "ioSpecification",
    "laneSet",
    "monitoring",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "participantRef",
    "performer",
    "potentialOwner",
    "property",
    "resourceRole",
    "standardLoopCharacteristics",
    "supportedInterfaceRef",
    "supports",
];

pub(super) fn collect<'a>(reader: &mut Reader<'a>, process: Node<'a>) -> Collected<'a> {
    let mut collected = Collected {
        nodes: Vec::new(),
        flows: Vec::new(),
        associations: Vec::new(),
        node_index: BTreeMap::new(),
        flow_index: BTreeMap::new(),
        artifacts: Vec::new(),
        unknown: BTreeSet::new(),
    };
    collected.scope(reader, process, None, 0);
    collected
}

impl<'a> Collected<'a> {
    fn scope(
        &mut self,
        reader: &mut Reader<'a>,
        parent: Node<'a>,
        scope: Option<ElementIndex>,
        depth: usize,
    ) {
        if depth > SCOPE_DEPTH_MAX {
            let message = format!(
                "expected at most {SCOPE_DEPTH_MAX} nested sub-processes, but there are more"
            );
            reader.error(codes::TOO_COMPLEX, parent, message);
            return;
        }
        for node in parent.children().filter(|c| c.tag_name().namespace() == Some(reader::BPMN)) {
            let tag = node.tag_name().name();
            if FLOW_NODES.contains(&tag) {
                self.flow_node(reader, node, scope, depth);
            } else if tag == "sequenceFlow" {
                let id = reader.id(node);
                self.claim(reader, node, &id);
                self.flow_index.entry(id.clone()).or_insert(self.flows.len() as FlowIndex);
                self.flows.push((id, node));
            } else if tag == "association" {
                self.associations.push(node);
                let directed =
                    matches!(node.attribute("associationDirection"), Some("One" | "Both"));
                self.artifact(node, ArtifactKind::Association { directed });
            } else if let Some(kind) = artifact(node) {
                self.artifact(node, kind);
            } else if !IGNORED.contains(&tag) {
                reader.element = None;
                let message = format!("expected an element of BPMN 2.0, but {tag} is none");
                reader.error(codes::ELEMENT_UNKNOWN, node, message);
                self.unknown.extend(node.attribute("id").map(str::trim));
            }
            self.data(node);
            if tag == "laneSet" {
                self.lanes(node, 0);
            }
        }
    }

    fn flow_node(
        &mut self,
        reader: &mut Reader<'a>,
        node: Node<'a>,
        scope: Option<ElementIndex>,
        depth: usize,
    ) {
        if self.nodes.len() >= ELEMENTS_MAX {
            if self.nodes.len() == ELEMENTS_MAX {
                let message =
                    format!("expected at most {ELEMENTS_MAX} flow nodes, but there are more");
                reader.error(codes::TOO_COMPLEX, node, message);
            }
            return;
        }
        let id = reader.id(node);
        self.claim(reader, node, &id);
        let index = self.nodes.len() as ElementIndex;
        self.node_index.entry(id.clone()).or_insert(index);
        self.nodes.push(FlowNode { id, node, scope });
        if SCOPES.contains(&node.tag_name().name()) {
            self.scope(reader, node, Some(index), depth + 1);
        }
    }

    /// Ids of flow nodes and flows share one namespace.
    fn claim(&self, reader: &mut Reader<'a>, node: Node<'a>, id: &Arc<str>) {
        if self.node_index.contains_key(id) || self.flow_index.contains_key(id) {
            reader.element = Some(id.clone());
            let tag = node.tag_name().name();
            let message = format!("expected every id once, but a second {tag} has the id {id}");
            reader.error(codes::ID_DUPLICATE, node, message);
            reader.element = None;
        }
    }

    pub(super) fn artifact(&mut self, node: Node<'a>, kind: ArtifactKind) {
        let Some(id) = node.attribute("id") else { return };
        let name = match kind {
            ArtifactKind::Annotation => child(node, "text").map(|t| body(t).trim().into()),
            ArtifactKind::Lane
            | ArtifactKind::DataObject { .. }
            | ArtifactKind::DataInput
            | ArtifactKind::DataOutput
            | ArtifactKind::DataStore
            | ArtifactKind::Group
            | ArtifactKind::Association { .. }
            | ArtifactKind::DataAssociation
            | ArtifactKind::Instead(_) => reader::name(node),
        };
        self.artifacts.push(Artifact { id: id.into(), name, kind });
    }

    /// Data inputs and outputs with their associations, of a process or an activity.
    fn data(&mut self, node: Node<'a>) {
        for part in
            node.children().chain(child(node, "ioSpecification").iter().flat_map(|s| s.children()))
        {
            let kind = match part.tag_name().name() {
                "dataInputAssociation" | "dataOutputAssociation" => ArtifactKind::DataAssociation,
                "dataInput" => ArtifactKind::DataInput,
                "dataOutput" => ArtifactKind::DataOutput,
                _ => continue,
            };
            self.artifact(part, kind);
        }
    }

    fn lanes(&mut self, set: Node<'a>, depth: usize) {
        if depth > SCOPE_DEPTH_MAX {
            return;
        }
        for lane in set.children().filter(|c| reader::is(*c, "lane")) {
            self.artifact(lane, ArtifactKind::Lane);
            if let Some(inner) = child(lane, "childLaneSet") {
                self.lanes(inner, depth + 1);
            }
        }
    }
}

fn artifact(node: Node<'_>) -> Option<ArtifactKind> {
    Some(match node.tag_name().name() {
        "dataObject" | "dataObjectReference" => {
            let collection = node.attribute("isCollection") == Some("true");
            ArtifactKind::DataObject { collection }
        }
        "dataStoreReference" => ArtifactKind::DataStore,
        "textAnnotation" => ArtifactKind::Annotation,
        "group" => ArtifactKind::Group,
        _ => return None,
    })
}
