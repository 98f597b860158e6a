//! Whether two models mean the same.

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

pub fn same(name: &str, before: &Definitions, after: &Definitions) {
    assert_eq!(before.processes.len(), after.processes.len(), "{name}");
    for (a, b) in before.processes.iter().zip(&after.processes) {
        assert_eq!(meaning(a), meaning(b), "{name}");
    }
}
