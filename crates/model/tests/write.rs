#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! What is written reads back as the same processes.

mod common;

use model::{Definitions, ElementIndex, FlowIndex, Process};

/// Everything of a process that means something, as text: no positions, no indices.
fn meaning(process: &Process) -> String {
    let mut plain = process.clone();
    plain.position = Default::default();
    let mut out = String::new();
    plain.listeners.iter_mut().for_each(|l| l.position = Default::default());
    let element = |i: &ElementIndex| process.elements[*i as usize].id.to_string();
    let flow = |i: &FlowIndex| process.flows[*i as usize].id.to_string();
    for e in &process.elements {
        let mut e = e.clone();
        e.position = Default::default();
        e.listeners.iter_mut().for_each(|l| l.position = Default::default());
        e.inputs.iter_mut().for_each(|m| m.position = Default::default());
        e.outputs.iter_mut().for_each(|m| m.position = Default::default());
        let default = match &mut e.kind {
            model::Kind::Exclusive { default } | model::Kind::Inclusive { default } => {
                default.take().map(|d| flow(&d))
            }
            _ => None,
        };
        let links: Vec<Vec<String>> =
            vec![e.incoming.iter().map(flow).collect(), e.outgoing.iter().map(flow).collect()];
        (e.incoming, e.outgoing) = Default::default();
        out.push_str(&format!("{e:?} {default:?} {links:?}\n"));
    }
    let mut flows: Vec<String> = process
        .flows
        .iter()
        .map(|f| {
            let (source, target) = (element(&f.source), element(&f.target));
            format!("{} {:?} {source} {target} {:?}\n", f.id, f.name, f.condition)
        })
        .collect();
    flows.sort();
    plain.elements.clear();
    plain.flows.clear();
    format!("{plain:?}\n{out}{}", flows.concat())
}

fn same(name: &str, before: &Definitions, after: &Definitions) {
    assert_eq!(before.processes.len(), after.processes.len(), "{name}");
    for (a, b) in before.processes.iter().zip(&after.processes) {
        assert_eq!(meaning(a), meaning(b), "{name}");
    }
}

#[test]
fn acceptance_models_survive() {
    for (name, xml) in common::models("models") {
        let Ok((before, warnings)) = model::parse(&name, &xml) else { continue };
        let text = model::write(&before);
        let (after, again) = model::parse(&name, text.as_bytes())
            .unwrap_or_else(|p| panic!("{}\n{text}", model::report(&name, &p)));
        same(&name, &before, &after);
        assert!(again.len() <= warnings.len(), "{name}: {again:?}");
        assert_eq!(before.collaboration.participants.len(), after.collaboration.participants.len());
        assert_eq!(model::write(&after), text, "{name}: writing again gives other bytes");
    }
}

#[test]
fn interchange_models_survive() {
    for (name, xml) in common::models("miwg") {
        let (before, _) =
            model::read(&name, &xml).unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let text = model::write(&before);
        let (after, _) = model::read(&name, text.as_bytes())
            .unwrap_or_else(|p| panic!("{}\n{text}", model::report(&name, &p)));
        same(&name, &before, &after);
    }
}

#[test]
fn a_model_without_coordinates_gets_them() {
    for (name, xml) in common::models("models") {
        let Ok((mut before, _)) = model::parse(&name, &xml) else { continue };
        before.diagram = Default::default();
        let (after, _) = model::parse(&name, model::write(&before).as_bytes())
            .unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let elements: usize = after.processes.iter().map(|p| p.elements.len()).sum();
        assert!(after.diagram.shapes.len() >= elements, "{name}");
        let flows: usize = after.processes.iter().map(|p| p.flows.len()).sum();
        assert!(after.diagram.edges.len() >= flows, "{name}");
    }
}
