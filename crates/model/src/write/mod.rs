//! Definitions to BPMN 2.0 XML with `zeebe:` extensions and diagram interchange.
//!
//! Reading what was written gives the same processes. What a file has beside them (lanes, data,
//! annotations, extensions of others) is not written: to keep a file as it is, keep its bytes.

mod diagram;
mod element;
mod event;
mod extension;
mod laid_out;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definitions::{Code, Collaboration, Definitions, Diagram, Process, Text};
use crate::layout;

use diagram::Home;
pub use laid_out::laid_out;
use xml::{Xml, raw};

/// The file for some definitions; laid out when they have no coordinates.
pub fn write(definitions: &Definitions) -> String {
    let laid_out;
    let diagram = match definitions.diagram.shapes.is_empty() {
        true => {
            laid_out = layout::layout_file(definitions);
            &laid_out
        }
        false => &definitions.diagram,
    };
    file(&definitions.processes.iter().collect::<Vec<_>>(), &definitions.collaboration, diagram)
}

/// A file with one process, laid out.
pub fn write_process(process: &Process) -> String {
    let diagram = layout::layout(process);
    file(&[process], &Collaboration::default(), &diagram)
}

fn file(processes: &[&Process], collaboration: &Collaboration, diagram: &Diagram) -> String {
    let mut roots = Roots::new(processes);
    let mut xml = Xml::new();
    let id = roots.fresh("definitions");
    xml.tag("bpmn:definitions")
        .attr("xmlns:bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL")
        .attr("xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI")
        .attr("xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC")
        .attr("xmlns:di", "http://www.omg.org/spec/DD/20100524/DI")
        .attr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
        .attr("xmlns:zeebe", "http://camunda.org/schema/zeebe/1.0")
        .attr("id", &id)
        .attr("targetNamespace", "http://bpmn.io/schema/bpmn")
        .attr("exporter", "Grevy")
        .open();
    let mut plane = processes.first().map(|p| p.id.clone());
    if !collaboration.participants.is_empty() {
        let id = roots.fresh("collaboration");
        participants(&mut xml, &id, collaboration);
        plane = Some(id);
    }
    for process in processes {
        element::process(&mut xml, process, &mut roots);
    }
    roots.write(&mut xml);
    if let Some(plane) = plane {
        let associations = roots.associations.clone();
        let drawn = diagram::Drawn::new(processes, collaboration, &associations);
        diagram::diagram(&mut xml, Home::Root, &plane, diagram, &drawn, &mut roots);
    }
    xml.close("bpmn:definitions");
    xml.finish()
}

fn participants(xml: &mut Xml, id: &str, collaboration: &Collaboration) {
    xml.tag("bpmn:collaboration").attr("id", id).open();
    for participant in &collaboration.participants {
        xml.tag("bpmn:participant")
            .attr("id", &participant.id)
            .opt("name", participant.name.as_deref())
            .opt("processRef", participant.process_id.as_deref())
            .empty();
    }
    for flow in &collaboration.message_flows {
        xml.tag("bpmn:messageFlow")
            .attr("id", &flow.id)
            .opt("name", flow.name.as_deref())
            .attr("sourceRef", &flow.source)
            .attr("targetRef", &flow.target)
            .empty();
    }
    xml.close("bpmn:collaboration");
}

/// What elements refer to, collected while they are written, and the ids that are taken.
pub(super) struct Roots {
    taken: BTreeSet<Arc<str>>,
    /// Ids by kind and meaning.
    known: BTreeMap<(String, String), Arc<str>>,
    counts: BTreeMap<String, usize>,
    messages: Vec<(Arc<str>, Text, Option<Text>)>,
    errors: Vec<(Arc<str>, Code)>,
    escalations: Vec<(Arc<str>, Code)>,
    signals: Vec<(Arc<str>, Text)>,
    /// Ids of the associations to compensation handlers.
    pub(super) associations: Vec<Arc<str>>,
}

impl Roots {
    fn new(processes: &[&Process]) -> Roots {
        let mut taken = BTreeSet::new();
        for process in processes {
            taken.insert(process.id.clone());
            taken.extend(process.elements.iter().map(|e| e.id.clone()));
            taken.extend(process.flows.iter().map(|f| f.id.clone()));
        }
        Roots {
            taken,
            known: BTreeMap::new(),
            counts: BTreeMap::new(),
            messages: Vec::new(),
            errors: Vec::new(),
            escalations: Vec::new(),
            signals: Vec::new(),
            associations: Vec::new(),
        }
    }

    /// An id that nothing has: the wish itself, or with the lowest number that is free.
    pub(super) fn fresh(&mut self, wish: &str) -> Arc<str> {
        let mut id: Arc<str> = wish.into();
        let mut n = 2;
        while !self.taken.insert(id.clone()) {
            id = format!("{wish}_{n}").into();
            n += 1;
        }
        id
    }

    /// The id of something that is referred to, and whether it is met for the first time.
    fn known(&mut self, kind: &str, meaning: String) -> (Arc<str>, bool) {
        let key = (kind.to_owned(), meaning);
        if let Some(id) = self.known.get(&key) {
            return (id.clone(), false);
        }
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        let wish = format!("{kind}_{count}");
        let id = self.fresh(&wish);
        self.known.insert(key, id.clone());
        (id, true)
    }

    pub(super) fn message(&mut self, name: &Text, key: Option<&Text>) -> Arc<str> {
        let (id, new) = self.known("message", format!("{name:?} {key:?}"));
        if new {
            self.messages.push((id.clone(), name.clone(), key.cloned()));
        }
        id
    }

    pub(super) fn error(&mut self, code: &Code) -> Arc<str> {
        let (id, new) = self.known("error", format!("{code:?}"));
        if new {
            self.errors.push((id.clone(), code.clone()));
        }
        id
    }

    pub(super) fn escalation(&mut self, code: &Code) -> Arc<str> {
        let (id, new) = self.known("escalation", format!("{code:?}"));
        if new {
            self.escalations.push((id.clone(), code.clone()));
        }
        id
    }

    pub(super) fn signal(&mut self, name: &Text) -> Arc<str> {
        let (id, new) = self.known("signal", format!("{name:?}"));
        if new {
            self.signals.push((id.clone(), name.clone()));
        }
        id
    }

    fn write(&self, xml: &mut Xml) {
        for (id, name, key) in &self.messages {
            let tag = xml.tag("bpmn:message").attr("id", id).attr("name", &raw(name));
            let Some(key) = key else {
                tag.empty();
                continue;
            };
            tag.open();
            xml.around("bpmn:extensionElements", |xml| {
                xml.tag("zeebe:subscription").attr("correlationKey", &raw(key)).empty();
            });
            xml.close("bpmn:message");
        }
        for (id, code) in &self.errors {
            xml.tag("bpmn:error")
                .attr("id", id)
                .opt("name", code.name.as_deref())
                .text("errorCode", code.code.as_ref())
                .empty();
        }
        for (id, code) in &self.escalations {
            xml.tag("bpmn:escalation")
                .attr("id", id)
                .opt("name", code.name.as_deref())
                .text("escalationCode", code.code.as_ref())
                .empty();
        }
        for (id, name) in &self.signals {
            xml.tag("bpmn:signal").attr("id", id).attr("name", &raw(name)).empty();
        }
    }
}
