//! `zeebe:` extensions that several kinds of element share.

use std::sync::Arc;

use crate::codes;
use crate::definitions::{
    Binding, EmbeddedForm, Form, LinkedResource, Listener, ListenerEvent, Mapping, Pair, Text,
};

use super::reader::{Node, Reader, ZEEBE, extension as zeebe, extensions, parts};

pub(super) fn mappings<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    tag: &'static str,
) -> Vec<Mapping> {
    let mut found = Vec::new();
    for part in parts(zeebe(node, "ioMapping"), tag) {
        let source = reader.attribute_text(part, "source").unwrap_or_else(|| {
            let message = format!(
                "expected the {tag} mapping to have a source, but it has none and sets null"
            );
            reader.warn(codes::MAPPING_SOURCE, part, message);
            Text::Expression("null".into())
        });
        let raw = part.attribute("target").unwrap_or_default().trim();
        let target: Vec<Arc<str>> = raw.split('.').map(|p| p.trim().into()).collect();
        let valid = |p: &Arc<str>| !p.is_empty() && !p.contains(['=', '"', '[', ']', '(', ')']);
        if !target.iter().all(valid) {
            let message = format!(
                "expected the target of the {tag} mapping to be a variable or a dotted path, \
                 but it is {raw:?}"
            );
            reader.error(codes::MAPPING, part, message);
            continue;
        }
        found.push(Mapping { source, target, position: reader.position(part) });
    }
    found
}

pub(super) fn headers<'a>(reader: &mut Reader<'a>, list: Option<Node<'a>>) -> Vec<Pair> {
    let mut found = Vec::new();
    for part in parts(list, "header") {
        let (key, value) = (reader.attribute(part, "key"), part.attribute("value"));
        match (key, value) {
            (Some(key), Some(value)) => found.push(Pair { key, value: value.into() }),
            (key, _) => {
                let lacks = if key.is_none() { "key" } else { "value" };
                let message =
                    format!("expected a header with key and value, but it has no {lacks}");
                reader.error(codes::HEADER, part, message);
            }
        }
    }
    found
}

pub(super) fn properties<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<Pair> {
    parts(zeebe(node, "properties"), "property")
        .filter_map(|part| {
            let key = reader.attribute(part, "name")?;
            Some(Pair { key, value: part.attribute("value").unwrap_or_default().into() })
        })
        .collect()
}

pub(super) fn listeners<'a>(
    reader: &mut Reader<'a>,
    list: Option<Node<'a>>,
    tag: &'static str,
    allowed: &[ListenerEvent],
) -> Vec<Listener> {
    let mut found: Vec<Listener> = Vec::new();
    for part in parts(list, tag) {
        let raw = part.attribute("eventType").unwrap_or_default();
        let event = allowed.iter().copied().find(|e| listener_event(*e) == raw);
        let Some(event) = event else {
            let names: Vec<_> = allowed.iter().map(|e| listener_event(*e)).collect();
            let names = names.join(", ");
            let message = format!("expected eventType to be one of {names}, but it is {raw:?}");
            reader.error(codes::LISTENER, part, message);
            continue;
        };
        let Some(job_type) = reader.attribute_text(part, "type") else {
            let message = "expected the listener to have a job type, but it has none";
            reader.error(codes::JOB_TYPE_MISSING, part, message);
            continue;
        };
        if found.iter().any(|l| l.event == event && l.job_type == job_type) {
            let message = format!("expected each type once for {raw}, but it appears again");
            reader.error(codes::LISTENER, part, message);
        }
        let retries = retries(reader, part);
        let list = parts(Some(part), "taskHeaders").next().unwrap_or(part);
        let headers = headers(reader, Some(list));
        let position = reader.position(part);
        found.push(Listener { event, job_type, retries, headers, position });
    }
    found
}

/// The word for a listener's phase in `eventType`.
pub(crate) fn listener_event(event: ListenerEvent) -> &'static str {
    match event {
        ListenerEvent::Start => "start",
        ListenerEvent::End => "end",
        ListenerEvent::Cancel => "cancel",
        ListenerEvent::BeforeAll => "beforeAll",
        ListenerEvent::Creating => "creating",
        ListenerEvent::Assigning => "assigning",
        ListenerEvent::Updating => "updating",
        ListenerEvent::Completing => "completing",
        ListenerEvent::Canceling => "canceling",
    }
}

pub(super) fn retries<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Text {
    let retries = reader.attribute_text(node, "retries").unwrap_or(Text::Static("3".into()));
    if let Text::Static(raw) = &retries
        && raw.trim().parse::<u32>().is_err()
    {
        let message = format!("expected retries to be a number from 0 on, but it is {raw:?}");
        reader.error(codes::JOB_RETRIES, node, message);
    }
    retries
}

pub(super) fn job_priority<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<Text> {
    let definition = zeebe(node, "jobPriorityDefinition")?;
    let priority = reader.attribute_text(definition, "priority")?;
    if let Text::Static(raw) = &priority
        && raw.trim().parse::<i32>().is_err()
    {
        let message = format!("expected the job priority to be a whole number, but it is {raw:?}");
        reader.error(codes::PRIORITY, definition, message);
    }
    Some(priority)
}

/// `zeebe:userTaskForm` of a process.
pub(super) fn embedded_forms<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<EmbeddedForm> {
    extensions(node)
        .filter(|e| e.tag_name().name() == "userTaskForm")
        .filter_map(|form| {
            let id = reader.attribute(form, "id")?;
            Some(EmbeddedForm { id, body: super::reader::body(form).into() })
        })
        .collect()
}

pub(super) fn form<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Option<Form> {
    let definition = zeebe(node, "formDefinition")?;
    let key = reader.attribute_text(definition, "formKey");
    let id = reader.attribute_text(definition, "formId");
    let external = reader.attribute_text(definition, "externalReference");
    let count = [&key, &id, &external].iter().filter(|f| f.is_some()).count();
    if count != 1 {
        let message =
            format!("expected one of formKey, formId and externalReference, but there are {count}");
        reader.error(codes::FORM, definition, message);
    }
    if let Some(id) = id {
        return Some(Form::Id { id, binding: binding(reader, definition) });
    }
    external.map(Form::External).or(key.map(Form::Key))
}

pub(super) fn binding<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Binding {
    match node.attribute("bindingType").map(str::trim) {
        None | Some("" | "latest") => Binding::Latest,
        Some("deployment") => Binding::Deployment,
        Some("versionTag") => match reader.attribute(node, "versionTag") {
            Some(tag) => Binding::VersionTag(tag),
            None => {
                let message = "expected a versionTag beside bindingType versionTag, \
                               but there is none";
                reader.error(codes::BINDING, node, message);
                Binding::Latest
            }
        },
        Some(other) => {
            let message = format!(
                "expected bindingType to be latest, deployment or versionTag, but it is {other:?}"
            );
            reader.error(codes::BINDING, node, message);
            Binding::Latest
        }
    }
}

pub(super) fn linked_resources<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Vec<LinkedResource> {
    let mut found = Vec::new();
    for part in parts(zeebe(node, "linkedResources"), "linkedResource") {
        let id = reader.attribute(part, "resourceId");
        let kind = reader.attribute(part, "resourceType");
        let name = reader.attribute(part, "linkName");
        let (Some(resource_id), Some(resource_type), Some(link_name)) = (id, kind, name) else {
            let message = "expected resourceId, resourceType and linkName, but one is missing";
            reader.error(codes::LINKED_RESOURCE, part, message);
            continue;
        };
        let binding = binding(reader, part);
        found.push(LinkedResource { resource_id, resource_type, link_name, binding });
    }
    found
}

/// Extensions of flow nodes, each with its attributes. Tooling's own are listed too.
const KNOWN: &[(&str, &[&str])] = &[
    ("adHoc", &["activeElementsCollection", "outputCollection", "outputElement"]),
    ("agentDefinition", &["agentType"]),
    ("assignmentDefinition", &["assignee", "candidateGroups", "candidateUsers"]),
    ("calledDecision", &["decisionId", "resultVariable", "bindingType", "versionTag"]),
    (
        "calledElement",
        &[
            "processId",
            "processIdExpression",
            "propagateAllChildVariables",
            "propagateAllParentVariables",
            "bindingType",
            "versionTag",
            "businessId",
        ],
    ),
    ("conditionalFilter", &["variableNames", "variableEvents"]),
    ("executionListener", &["eventType", "type", "retries"]),
    ("executionListeners", &[]),
    ("formDefinition", &["formKey", "formId", "externalReference", "bindingType", "versionTag"]),
    ("header", &["id", "key", "value"]),
    ("input", &["source", "target"]),
    ("ioMapping", &[]),
    ("jobPriorityDefinition", &["priority"]),
    ("linkedResource", &["resourceId", "resourceType", "linkName", "bindingType", "versionTag"]),
    ("linkedResources", &[]),
    (
        "loopCharacteristics",
        &["inputCollection", "inputElement", "outputCollection", "outputElement"],
    ),
    ("output", &["source", "target"]),
    ("priorityDefinition", &["priority"]),
    ("properties", &[]),
    ("property", &["name", "value"]),
    ("publishMessage", &["correlationKey", "messageId", "timeToLive"]),
    ("script", &["expression", "resultVariable"]),
    ("subscription", &["correlationKey"]),
    ("taskDefinition", &["type", "retries"]),
    ("taskHeaders", &[]),
    ("taskListener", &["eventType", "type", "retries"]),
    ("taskListeners", &[]),
    ("taskSchedule", &["dueDate", "followUpDate"]),
    ("userTask", &[]),
    ("userTaskForm", &["id"]),
    ("versionTag", &["value"]),
];

/// Misspelt extensions would otherwise be ignored in silence.
pub(super) fn warn_unknown<'a>(reader: &mut Reader<'a>, node: Node<'a>) {
    for found in extensions(node).flat_map(|e| e.descendants()) {
        let tag = found.tag_name();
        if tag.namespace() != Some(ZEEBE) {
            continue;
        }
        let Some((_, attributes)) = KNOWN.iter().find(|(name, _)| *name == tag.name()) else {
            let message = format!("expected a zeebe extension, but {} is unknown", tag.name());
            reader.warn(codes::ZEEBE_UNKNOWN, found, message);
            continue;
        };
        for attribute in found.attributes() {
            let ours = matches!(attribute.namespace(), None | Some(ZEEBE));
            if ours && !attributes.contains(&attribute.name()) {
                let message = format!(
                    "expected an attribute of zeebe:{}, but {} is unknown",
                    tag.name(),
                    attribute.name()
                );
                reader.warn(codes::ZEEBE_UNKNOWN, found, message);
            }
        }
    }
}
