//! A deployed definition as rows: what diagrams, names and types are read from.

use engine::Key;
use engine::event::Text;
use engine::meta::ProcessDeployed;

use crate::names;

pub(crate) struct Definition {
    pub key: Key,
    pub tenant: Text,
    pub process_id: Text,
    pub name: Option<Text>,
    pub version: i64,
    pub version_tag: Option<Text>,
    pub resource: Text,
    pub deployment: Key,
    pub has_start_form: bool,
    /// The resource, compressed.
    pub bytes: Vec<u8>,
    pub elements: Vec<Element>,
    pub flows: Vec<Flow>,
}

pub(crate) struct Element {
    pub no: i64,
    pub id: Text,
    pub name: Option<Text>,
    pub element_type: i64,
    pub scope: Option<i64>,
    /// As a JSON object.
    pub headers: String,
    /// Of a conditional event, as the model has it.
    pub condition: Option<String>,
}

pub(crate) struct Flow {
    pub no: i64,
    pub id: Text,
    pub source: i64,
    pub target: i64,
    pub condition: Option<String>,
    pub is_default: bool,
}

/// Reads a deployment. A file that no longer parses keeps its ids and loses names and types.
pub(crate) fn definition(deployed: &ProcessDeployed) -> Definition {
    let parsed = model::read(&deployed.resource, &deployed.bytes).ok();
    let process = parsed.as_ref().and_then(|(file, _)| {
        file.processes.iter().find(|process| process.id == deployed.process_id)
    });
    Definition {
        key: deployed.key,
        tenant: deployed.tenant.clone(),
        process_id: deployed.process_id.clone(),
        name: process.and_then(|process| process.name.clone()),
        version: i64::from(deployed.version),
        version_tag: deployed.version_tag.clone(),
        resource: deployed.resource.clone(),
        deployment: deployed.deployment,
        has_start_form: process.is_some_and(has_start_form),
        bytes: packed(&deployed.bytes),
        elements: elements(deployed, process),
        flows: flows(deployed, process),
    }
}

/// A resource, compressed, behind the number of how.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let (codec, packed) = super::pack(bytes.to_vec());
    [&[codec as u8], &packed[..]].concat()
}

fn has_start_form(process: &model::Process) -> bool {
    process.elements.iter().any(|element| match &element.kind {
        model::Kind::Start { form, .. } => form.is_some() && element.scope.is_none(),
        _ => false,
    })
}

fn elements(deployed: &ProcessDeployed, process: Option<&model::Process>) -> Vec<Element> {
    let number = |id: &str| deployed.elements.iter().position(|known| &**known == id);
    let row = |(no, id): (usize, &Text)| {
        let all = process.map_or(&[][..], |process| &process.elements);
        let element = all.iter().find(|element| element.id == *id);
        let scope = element.and_then(|element| element.scope);
        let scope = scope.and_then(|at| all.get(at as usize)).and_then(|scope| number(&scope.id));
        Element {
            no: no as i64,
            id: id.clone(),
            name: element.and_then(|element| element.name.clone()),
            element_type: element.map_or(0, |element| names::element_type(&element.kind)),
            scope: scope.map(|no| no as i64),
            headers: element.map_or_else(|| "{}".to_owned(), headers),
            condition: element.and_then(condition),
        }
    };
    deployed.elements.iter().enumerate().map(row).collect()
}

fn condition(element: &model::Element) -> Option<String> {
    let (model::Kind::Start { event, .. }
    | model::Kind::IntermediateCatch(event)
    | model::Kind::Boundary { event, .. }) = &element.kind
    else {
        return None;
    };
    match event {
        model::Event::Conditional { condition, .. } => Some(text(condition)),
        _ => None,
    }
}

fn headers(element: &model::Element) -> String {
    let pairs: Vec<(&str, value::Packed)> = element
        .headers
        .iter()
        .map(|pair| {
            let text = value::Value::from(&*pair.value);
            (&*pair.key, value::Packed::from_value(&text))
        })
        .collect();
    value::object_to_json(pairs.iter().map(|(key, value)| (*key, value)))
}

fn flows(deployed: &ProcessDeployed, process: Option<&model::Process>) -> Vec<Flow> {
    let Some(process) = process else { return Vec::new() };
    let number = |at: model::ElementIndex| {
        let id = process.elements.get(at as usize).map(|element| &element.id);
        let known = id.and_then(|id| deployed.elements.iter().position(|known| known == id));
        known.map_or(-1, |no| no as i64)
    };
    let row = |(no, id): (usize, &Text)| {
        let (at, flow) = process.flows.iter().enumerate().find(|(_, flow)| flow.id == *id)?;
        let source = process.elements.get(flow.source as usize);
        Some(Flow {
            no: no as i64,
            id: id.clone(),
            source: number(flow.source),
            target: number(flow.target),
            condition: flow.condition.as_ref().map(text),
            is_default: source.is_some_and(|source| default_of(source) == Some(at as u32)),
        })
    };
    deployed.flows.iter().enumerate().filter_map(row).collect()
}

fn default_of(element: &model::Element) -> Option<model::FlowIndex> {
    match &element.kind {
        model::Kind::Exclusive { default } | model::Kind::Inclusive { default } => *default,
        _ => None,
    }
}

/// The attribute as the model has it.
fn text(text: &model::Text) -> String {
    match text {
        model::Text::Static(text) => text.to_string(),
        model::Text::Expression(text) => format!("={text}"),
    }
}
