//! What a model reads of a case's variables: conditions at exclusive gateways, and what a message
//! carries. Where the data decides, the other ways are closed; where it is not known, what happens
//! next decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use feel::{Env, Expression};
use model::{Element, Kind, Process, Text};
use value::{Context, Packed, Value};

use super::{Chart, deadline::Action};

/// Conditions and what they need.
#[derive(Clone, Default)]
pub struct Conditions {
    choices: Vec<Choice>,
    /// Variables that something in the model reads.
    pub reads: BTreeSet<Arc<str>>,
}

/// One gateway.
#[derive(Clone)]
struct Choice {
    /// In the order in which they are tried.
    exits: Vec<Exit>,
    /// Transitions of the way that is taken when no condition holds.
    otherwise: Vec<u32>,
}

#[derive(Clone)]
struct Exit {
    condition: Expression,
    transitions: Vec<u32>,
}

impl std::fmt::Debug for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conditions({} choices, reads {:?})", self.choices.len(), self.reads)
    }
}

impl Conditions {
    /// # Errors
    /// A condition that is no FEEL, with its place.
    pub(super) fn new(process: &Process, chart: &Chart) -> Result<Conditions, String> {
        let mut data = Conditions::default();
        for (at, element) in (0..).zip(&process.elements) {
            let Kind::Exclusive { default } = &element.kind else { continue };
            let choice = choice(process, chart, at, element, *default)?;
            data.choices.extend(choice.filter(|choice| !choice.exits.is_empty()));
        }
        let exits = data.choices.iter().flat_map(|choice| &choice.exits);
        let read = exits.flat_map(|exit| exit.condition.reads().iter().cloned());
        data.reads = read.collect();
        for action in chart.deadlines.iter().flat_map(|deadline| &deadline.actions) {
            let Action::Send { element, payload, .. } = action else { continue };
            for (_, text) in payload {
                let compiled = compiled(text, element)?;
                data.reads.extend(compiled.reads().iter().cloned());
            }
        }
        Ok(data)
    }

    /// Transitions that the variables rule out.
    pub fn closed(&self, variables: &Context) -> Vec<u32> {
        let mut closed = Vec::new();
        for choice in &self.choices {
            let ways = || choice.exits.iter().map(|exit| &exit.transitions);
            let Some(taken) = choice.taken(variables) else { continue };
            for (at, way) in ways().chain([&choice.otherwise]).enumerate() {
                if at != taken {
                    closed.extend(way);
                }
            }
        }
        closed.sort_unstable();
        closed
    }
}

impl Choice {
    /// The number of the way; `None` when the data does not say.
    fn taken(&self, variables: &Context) -> Option<usize> {
        // What a condition says depends on nothing but the case: neither time nor chance.
        let env = Env::new(0, 0);
        for (at, exit) in self.exits.iter().enumerate() {
            let known = |name: &Arc<str>| variables.get(name).is_some();
            if !exit.condition.reads().iter().all(known) {
                return None;
            }
            if exit.condition.evaluate(variables, &env).ok()?.value.as_bool()? {
                return Some(at);
            }
        }
        (!self.otherwise.is_empty()).then_some(self.exits.len())
    }
}

fn choice(
    process: &Process,
    chart: &Chart,
    at: u32,
    element: &Element,
    default: Option<u32>,
) -> Result<Option<Choice>, String> {
    let transitions = |flow: u32| {
        let all = (0..).zip(chart.transitions.iter().zip(&chart.net.transitions));
        let own =
            all.filter(|(_, (meaning, net))| meaning.element == at && net.outputs.contains(&flow));
        own.map(|(number, _)| number).collect::<Vec<u32>>()
    };
    let mut choice = Choice { exits: Vec::new(), otherwise: Vec::new() };
    for flow in &element.outgoing {
        let known = &process.flows[*flow as usize];
        match &known.condition {
            _ if default == Some(*flow) => choice.otherwise = transitions(*flow),
            Some(Text::Expression(text)) => choice.exits.push(Exit {
                condition: compiled(text, &known.id)?,
                transitions: transitions(*flow),
            }),
            // A way without a condition may be taken whatever the others say.
            Some(Text::Static(_)) | None => return Ok(None),
        }
    }
    Ok(Some(choice))
}

fn compiled(text: &str, id: &str) -> Result<Expression, String> {
    feel::compile(text).map_err(|error| format!("{id}: {error}"))
}

/// The variables of a case, from their JSON text.
pub fn context(text: Option<&str>) -> Context {
    let packed = text.and_then(|text| Packed::from_json(text).ok());
    match packed.map(|packed| packed.to_value()) {
        Some(Value::Context(context)) => (*context).clone(),
        Some(_) | None => Context::new(),
    }
}

/// What a message carries, as JSON text: its mappings over the variables of the case.
pub fn payload(mappings: &[(Arc<str>, Arc<str>)], variables: &Context) -> Option<String> {
    let mut carried = Context::new();
    let env = Env::new(0, 0);
    for (name, text) in mappings {
        let evaluated = feel::compile(text).ok()?.evaluate(variables, &env);
        carried.insert(name.clone(), evaluated.map_or(Value::Null, |found| found.value));
    }
    let packed = Packed::from_value(&Value::Context(carried.into()));
    (!mappings.is_empty()).then(|| packed.to_json())
}
