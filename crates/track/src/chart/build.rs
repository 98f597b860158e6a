//! From a BPMN process to the net that events move through.

use std::collections::BTreeSet;

use model::{Element, ElementIndex, FlowIndex, Kind, Process};

use super::deadline::deadlines;
use super::kinds::{Kinds, is_message, set_aside};
use super::{Binding, Chart, Conditions, Meaning, Place};
use crate::conform::{Net, Transition};
use crate::limits::{CHART_TRANSITIONS_MAX, INCLUSIVE_FLOWS_MAX};

pub(super) fn chart(process: &Process, binding: &Binding) -> Result<Chart, String> {
    let kinds = Kinds::new(process, binding)?;
    let flows = process.flows.len() as u32;
    let net = Net { places: flows + 2, transitions: Vec::new(), start: flows, end: flows + 1 };
    let mut build = Build {
        process,
        net,
        meanings: Vec::new(),
        notes: Vec::new(),
        kinds: &kinds,
        aside: set_aside(process),
    };
    build.scope(None, flows, flows + 1)?;
    let Build { net, meanings, notes, .. } = build;
    let (id, steps) = (&process.id, net.transitions.len());
    if steps > CHART_TRANSITIONS_MAX {
        return Err(format!(
            "expected at most {CHART_TRANSITIONS_MAX} steps and choices, but {id} has {steps}"
        ));
    }
    if !net.transitions.iter().any(|t| t.label.is_some()) {
        return Err(format!(
            "expected elements that event types stand for, but {id} has none: name its tasks or \
             events like the types"
        ));
    }
    let mut places: Vec<Option<FlowIndex>> = (0..flows).map(Some).collect();
    places.resize(net.places as usize, None);
    let place = |(element, kind): (&Element, &Option<u32>)| Place {
        id: element.id.clone(),
        name: element.name.clone(),
        kind: *kind,
    };
    let elements = process.elements.iter().zip(&kinds.of_element).map(place).collect();
    let waiting = |element, choice| waiting(&net, &meanings, element, None, choice);
    let (deadlines, case_deadline_ms) = deadlines(process, &kinds.of_element, waiting)?;
    let mut chart = Chart {
        process: process.id.clone(),
        name: process.name.clone(),
        net,
        transitions: meanings,
        places,
        kinds: kinds.kinds,
        elements,
        deadlines,
        case_deadline_ms,
        data: Conditions::default(),
        notes,
        index: kinds.index,
    };
    chart.data = Conditions::new(process, &chart)?;
    Ok(chart)
}

/// Places from which silent steps lead to an element.
/// `never`: transitions that need this place are none; `choice`: only steps that move one token.
pub(super) fn waiting(
    net: &Net,
    meanings: &[Meaning],
    element: ElementIndex,
    never: Option<u32>,
    choice: bool,
) -> Vec<u32> {
    let open = |transition: &Transition| never.is_none_or(|n| !transition.inputs.contains(&n));
    let all = || net.transitions.iter().zip(meanings).filter(|(t, _)| open(t));
    let own = all().filter(|(t, meaning)| t.label.is_some() && meaning.element == element);
    let mut places: Vec<u32> = own.flat_map(|(t, _)| t.inputs.iter().copied()).collect();
    let mut at = 0;
    while at < places.len() {
        let one = |t: &Transition| t.inputs.len() == 1 && t.outputs.len() == 1;
        for (transition, _) in all().filter(|(t, _)| t.label.is_none() && (!choice || one(t))) {
            if transition.outputs.contains(&places[at]) {
                let new = transition.inputs.iter().filter(|place| !places.contains(place));
                let new: Vec<u32> = new.copied().collect();
                places.extend(new);
            }
        }
        at += 1;
    }
    places
}

struct Build<'a> {
    process: &'a Process,
    net: Net,
    meanings: Vec<Meaning>,
    notes: Vec<String>,
    kinds: &'a Kinds,
    /// Elements that are no part of the flow.
    aside: BTreeSet<ElementIndex>,
}

impl Build<'_> {
    fn step(&mut self, element: ElementIndex, inputs: Vec<u32>, outputs: Vec<u32>) {
        let label = self.kinds.of_element[element as usize];
        self.transition(element, label, inputs, outputs);
    }

    fn silent(&mut self, element: ElementIndex, inputs: Vec<u32>, outputs: Vec<u32>) {
        self.transition(element, None, inputs, outputs);
    }

    fn transition(
        &mut self,
        element: ElementIndex,
        label: Option<u32>,
        inputs: Vec<u32>,
        outputs: Vec<u32>,
    ) {
        let flows = self.process.flows.len() as u32;
        let entered_by = inputs.first().copied().filter(|place| *place < flows);
        self.net.transitions.push(Transition { label, inputs, outputs });
        self.meanings.push(Meaning { element, entered_by });
    }

    fn place(&mut self) -> u32 {
        self.net.places += 1;
        self.net.places - 1
    }

    fn scope(&mut self, scope: Option<ElementIndex>, start: u32, end: u32) -> Result<(), String> {
        let process = self.process;
        let mut starts = 0;
        for (at, element) in process.children(scope) {
            if self.aside.contains(&at) {
                continue;
            }
            let outgoing = element.outgoing.iter().copied();
            let outgoing: Vec<u32> = outgoing
                .filter(|flow| !self.aside.contains(&process.flows[*flow as usize].target))
                .collect();
            let boundary = matches!(element.kind, Kind::Boundary { .. });
            let is_source = element.incoming.is_empty() && !boundary;
            starts += usize::from(is_source);
            let entries = if is_source { vec![start] } else { element.incoming.clone() };
            let exits = if outgoing.is_empty() { vec![end] } else { outgoing };
            self.element(at, element, &entries, &exits)?;
        }
        match starts {
            0 => Err(format!("expected a start event in {}, but there is none", process.id)),
            _ => Ok(()),
        }
    }

    fn element(
        &mut self,
        at: ElementIndex,
        element: &Element,
        entries: &[u32],
        exits: &[u32],
    ) -> Result<(), String> {
        match &element.kind {
            Kind::Parallel => self.step(at, entries.to_vec(), exits.to_vec()),
            Kind::Exclusive { .. } | Kind::EventBased => {
                for entry in entries {
                    exits.iter().for_each(|exit| self.step(at, vec![*entry], vec![*exit]));
                }
            }
            Kind::Inclusive { .. } => self.inclusive(at, element, entries, exits),
            Kind::SubProcess => {
                let (inner_start, inner_end) = (self.place(), self.place());
                for entry in entries {
                    self.step(at, vec![*entry], vec![inner_start]);
                }
                self.scope(Some(at), inner_start, inner_end)?;
                self.silent(at, vec![inner_end], exits.to_vec());
                if element.multi_instance.is_some() {
                    self.silent(at, vec![inner_end], vec![inner_start]);
                }
                self.boundaries(element, inner_start);
            }
            Kind::AdHoc(_) => {
                let around = self.place();
                for entry in entries {
                    self.silent(at, vec![*entry], vec![around]);
                }
                let children: Vec<_> = self.process.children(Some(at)).map(|(at, _)| at).collect();
                for child in children {
                    self.step(child, vec![around], vec![around]);
                }
                self.silent(at, vec![around], exits.to_vec());
            }
            // Reached by what happens inside an activity, see `boundaries`; or never by events.
            Kind::Boundary { .. } | Kind::EventSubProcess => {}
            Kind::Start { .. }
            | Kind::IntermediateCatch(_)
            | Kind::IntermediateThrow(_)
            | Kind::End(_)
            | Kind::JobTask { .. }
            | Kind::ScriptTask { .. }
            | Kind::DecisionTask { .. }
            | Kind::UserTask(_)
            | Kind::ManualTask
            | Kind::UndefinedTask
            | Kind::ReceiveTask(_)
            | Kind::CallActivity(_) => self.activity(at, element, entries, exits),
        }
        Ok(())
    }

    fn activity(&mut self, at: ElementIndex, element: &Element, entries: &[u32], exits: &[u32]) {
        let mut flows = element.outgoing.iter().map(|flow| &self.process.flows[*flow as usize]);
        let chosen = exits.len() > 1 && flows.any(|flow| flow.condition.is_some());
        for entry in entries {
            match chosen {
                true => exits.iter().for_each(|exit| self.step(at, vec![*entry], vec![*exit])),
                false => self.step(at, vec![*entry], exits.to_vec()),
            }
            if element.multi_instance.is_some() {
                self.step(at, vec![*entry], vec![*entry]);
            }
            self.boundaries(element, *entry);
        }
    }

    /// Message boundary events leave from where their activity waits.
    fn boundaries(&mut self, element: &Element, waiting: u32) {
        for at in element.boundaries.iter().copied() {
            let boundary = &self.process.elements[at as usize];
            let Kind::Boundary { event, interrupting, .. } = &boundary.kind else { continue };
            if !is_message(event) || self.aside.contains(&at) {
                continue;
            }
            let mut exits = boundary.outgoing.clone();
            if !interrupting {
                exits.push(waiting);
            }
            self.step(at, vec![waiting], exits);
        }
    }

    /// Any of the flows of a split, and as many at the join. Where the two do not match, the net
    /// does not come to its end that way.
    fn inclusive(&mut self, at: ElementIndex, element: &Element, entries: &[u32], exits: &[u32]) {
        if entries.len() > INCLUSIVE_FLOWS_MAX || exits.len() > INCLUSIVE_FLOWS_MAX {
            let id = &element.id;
            self.notes.push(format!("{id}: more than {INCLUSIVE_FLOWS_MAX} flows: all are taken"));
            self.step(at, entries.to_vec(), exits.to_vec());
            return;
        }
        for taken in subsets(entries) {
            for given in subsets(exits) {
                self.step(at, taken.clone(), given);
            }
        }
    }
}

/// All subsets but the empty one.
fn subsets(of: &[u32]) -> Vec<Vec<u32>> {
    (1_u32..1 << of.len())
        .map(|bits| (0..of.len()).filter(|at| bits >> at & 1 == 1).map(|at| of[at]).collect())
        .collect()
}
