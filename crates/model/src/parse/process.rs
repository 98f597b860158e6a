//! One process: its flow nodes and flows, then the rules that need all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check;
use crate::codes;
use crate::definitions::{Artifact, ElementIndex, FlowIndex, ListenerEvent, Process};

use super::collect::{Collected, collect};
use super::extension;
use super::flow;
use super::node;
use super::reader::{self, Node, Reader, extension as zeebe};

/// What an element may refer to while it is read.
pub(super) struct Context<'a> {
    pub(super) collected: Collected<'a>,
    pub(super) flow_index: BTreeMap<Arc<str>, FlowIndex>,
    pub(super) artifacts: Vec<Artifact>,
}

impl<'a> Context<'a> {
    pub(super) fn element(&self, id: &str) -> Option<ElementIndex> {
        self.collected.node_index.get(id).copied()
    }

    pub(super) fn tag(&self, index: ElementIndex) -> &'a str {
        self.collected.nodes[index as usize].node.tag_name().name()
    }
}

pub(super) fn process<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    executable: bool,
    artifacts: &mut Vec<Artifact>,
) -> Process {
    reader.element = None;
    let id: Arc<str> = match node.attribute("id").filter(|id| !id.trim().is_empty()) {
        Some(id) => id.into(),
        None => {
            reader.error(codes::PROCESS_ID_MISSING, node, "expected an id, but a process has none");
            "process".into()
        }
    };
    let collected = collect(reader, node);
    let (flows, flow_index) = flow::flows(reader, &collected);
    let mut context = Context { collected, flow_index, artifacts: Vec::new() };
    let mut elements = Vec::with_capacity(context.collected.nodes.len());
    for index in 0..context.collected.nodes.len() {
        reader.element = Some(context.collected.nodes[index].id.clone());
        elements.push(node::element(reader, &mut context, index as ElementIndex));
    }
    reader.element = Some(id.clone());
    let listeners = extension::listeners(
        reader,
        zeebe(node, "executionListeners"),
        "executionListener",
        &[ListenerEvent::Start, ListenerEvent::End, ListenerEvent::Cancel],
    );
    let mut process = Process {
        id,
        name: reader::name(node),
        executable,
        documentation: reader::documentation(node),
        version_tag: zeebe(node, "versionTag").and_then(|v| reader.attribute(v, "value")),
        forms: extension::embedded_forms(reader, node),
        listeners,
        job_priority: extension::job_priority(reader, node),
        properties: extension::properties(reader, node),
        elements,
        flows,
        position: reader.position(node),
    };
    flow::link(&mut process);
    flow::handlers(reader, &context, &mut process);
    if reader.strict {
        check::process(&process, &mut reader.problems);
    }
    artifacts.append(&mut context.collected.artifacts);
    artifacts.append(&mut context.artifacts);
    process
}

/// What concerns the processes of a file together.
pub(super) fn check_file<'a>(reader: &mut Reader<'a>, root: Node<'a>, processes: &[Process]) {
    let mut seen = BTreeSet::new();
    for process in processes {
        if !seen.insert(&process.id) {
            reader.element = Some(process.id.clone());
            let message =
                format!("expected every process id once, but {} appears again", process.id);
            let (code, severity) = (codes::PROCESS_ID_DUPLICATE, crate::Severity::Error);
            reader.problem(code, severity, process.position, message);
        }
    }
    if reader.strict {
        check::loops(processes, &mut reader.problems);
    }
    reader.element = None;
    if !processes.iter().any(|p| p.executable) {
        let message = match processes {
            [] => "expected a process, but the file has none".to_owned(),
            [first, ..] => format!(
                "expected an executable process, but none is; set isExecutable=\"true\" on {}",
                first.id
            ),
        };
        reader.error(codes::NO_EXECUTABLE_PROCESS, root, message);
    }
}
