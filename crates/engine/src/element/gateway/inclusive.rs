//! Inclusive gateway (semantics 4.4). The split takes every flow whose condition holds, the default
//! flow only when none does. The join waits while anything active in its scope can still reach a
//! flow of it that has no token; it is looked at again whenever its scope has come to rest.

use std::collections::BTreeSet;

use crate::compile::{Element, Kind, Process};
use crate::decide::{Done, Step};
use crate::element::way::Way;
use crate::event::{ElementNo, FlowNo, PROCESS, Via};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::state::{Instance, Phase};

impl Step<'_> {
    pub(crate) fn inclusive(
        &self,
        i: Key,
        scope: Key,
        element: &Element,
        default: Option<FlowNo>,
    ) -> Result<Way, Failure> {
        let Ok(process) = self.compiled(self.hot(i).created.definition) else {
            return Err(Failure::new(IncidentKind::ConditionError, "the process is parked"));
        };
        let mut taken = Vec::new();
        for flow in element.outgoing.iter().filter(|flow| Some(**flow) != default) {
            match &process.flow(*flow).condition {
                Some(condition) if !self.condition(i, scope, condition)? => {}
                Some(_) | None => taken.push(*flow),
            }
        }
        if taken.is_empty() && !element.outgoing.is_empty() {
            let Some(default) = default else {
                return Err(Failure::new(
                    IncidentKind::ConditionError,
                    format!(
                        "expected at least one condition of gateway '{}' to be true, or a default \
                         flow, but none was true and it has no default flow",
                        element.id
                    ),
                ));
            };
            taken.push(default);
        }
        Ok(match taken.is_empty() {
            true => Way::All,
            false => Way::Some(taken),
        })
    }

    /// A token is at the gateway: it goes on when it is the only way in, else it waits.
    pub(crate) fn arrive(&mut self, i: Key, scope: Key, gateway: ElementNo, flow: FlowNo) -> Done {
        let process = self.process(i)?;
        if process.element(gateway).incoming.len() < 2 {
            return self.start(i, scope, gateway, Via::Flow(flow));
        }
        self.recheck(i);
        Ok(())
    }

    /// Fires one join of the instance that nothing can reach any more; `true` if there was one.
    pub(crate) fn fire_join(&mut self, i: Key) -> Done<bool> {
        let Some(instance) = self.live(i)? else { return Ok(false) };
        if !instance.deferred.is_empty() || instance.is_held() {
            return Ok(false);
        }
        let process = self.process(i)?;
        let Some((scope, gateway)) = ready(self.hot(i), &process) else { return Ok(false) };
        let tokens = &self.hot(i).tokens;
        let incoming = process.element(gateway).incoming.iter().copied();
        let taken: Vec<FlowNo> =
            incoming.filter(|flow| tokens.contains_key(&(scope, *flow))).collect();
        self.start(i, scope, gateway, Via::Flows(taken.into()))?;
        Ok(true)
    }
}

/// The first join, by scope and flow, whose remaining flows nothing can reach.
fn ready(instance: &Instance, process: &Process) -> Option<(Key, ElementNo)> {
    let mut seen = BTreeSet::new();
    for (scope, flow) in instance.tokens.keys() {
        let gateway = process.flow(*flow).target;
        let element = process.element(gateway);
        let joins = matches!(element.kind, Kind::Inclusive { .. }) && element.incoming.len() > 1;
        let goes_on = instance
            .element(*scope)
            .is_some_and(|row| row.phase == Phase::Activated && row.trigger.is_none());
        if joins && goes_on && seen.insert((*scope, gateway)) {
            let empty = |flow: &FlowNo| !instance.tokens.contains_key(&(*scope, *flow));
            let (free, taken): (Vec<FlowNo>, Vec<FlowNo>) =
                element.incoming.iter().copied().partition(empty);
            let missing = upstream(process, gateway, free);
            if !missing.is_active(instance, *scope, || upstream(process, gateway, taken)) {
                return Some((*scope, gateway));
            }
        }
    }
    None
}

/// From where one of some flows into a gateway can be reached, not through the gateway itself.
struct Upstream {
    elements: BTreeSet<ElementNo>,
    flows: BTreeSet<FlowNo>,
}

fn upstream(process: &Process, gateway: ElementNo, mut flows: Vec<FlowNo>) -> Upstream {
    let mut found = Upstream { elements: BTreeSet::new(), flows: BTreeSet::new() };
    while let Some(flow) = flows.pop() {
        if !found.flows.insert(flow) {
            continue;
        }
        let mut sources = vec![process.flow(flow).source];
        while let Some(source) = sources.pop() {
            if source == gateway || !found.elements.insert(source) {
                continue;
            }
            let element = process.element(source);
            flows.extend(&element.incoming);
            match &element.kind {
                Kind::Boundary(_) => sources.extend(element.attached_to),
                Kind::LinkCatch => sources.extend(process.link_throws(source)),
                _ => {}
            }
        }
    }
    found
}

impl Upstream {
    /// Can something that is under way still come here? A token that waits at another join cannot
    /// go on by itself; one that leads just as well to a flow that has its token is not waited for
    /// (BPMN 2.0, 13.4.3), or two joins in a loop would wait for each other.
    fn is_active(&self, instance: &Instance, scope: Key, taken: impl FnOnce() -> Upstream) -> bool {
        if instance.children(scope).any(|(_, row)| self.elements.contains(&row.element.no)) {
            return true;
        }
        let range = (scope, 0)..=(scope, PROCESS);
        let waiting = instance.tokens.range(range).map(|((_, flow), _)| *flow);
        let waiting: Vec<FlowNo> = waiting.filter(|flow| self.flows.contains(flow)).collect();
        if waiting.is_empty() {
            return false;
        }
        let taken = taken();
        waiting.iter().any(|flow| !taken.flows.contains(flow))
    }
}
