//! Loops in which nothing ever waits: an instance would run in them for ever.

use crate::codes;
use crate::definitions::{Element, Event, Kind, Process, Text};
use crate::diagnostic::{Diagnostic, Severity};

/// Finds loops of elements that complete at once, over all processes of a file, since a call
/// activity may lead back to its caller.
pub(crate) fn loops(processes: &[Process], problems: &mut Vec<Diagnostic>) {
    let graph = Graph::new(processes);
    for members in graph.cycles() {
        let culprit = members.iter().map(|m| graph.elements[*m]).find(|e| {
            matches!(e.kind, Kind::ManualTask | Kind::UndefinedTask | Kind::CallActivity(_))
        });
        // Gateways and scripts alone may leave the loop by a condition that a script changes.
        let Some(element) = culprit else { continue };
        let ids: Vec<_> = members.iter().take(10).map(|m| &*graph.elements[*m].id).collect();
        problems.push(Diagnostic {
            code: codes::LOOP_WITHOUT_WAIT,
            severity: Severity::Error,
            element: Some(element.id.clone()),
            position: element.position,
            message: format!(
                "expected a task, timer or message in the loop {}, but nothing in it waits",
                ids.join(", ")
            ),
        });
    }
}

/// Elements of all executable processes that do not wait, and where each leads.
struct Graph<'a> {
    elements: Vec<&'a Element>,
    next: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn new(processes: &'a [Process]) -> Graph<'a> {
        let executable: Vec<&Process> = processes.iter().filter(|p| p.executable).collect();
        let mut elements = Vec::new();
        let mut firsts = Vec::new();
        for process in &executable {
            firsts.push(elements.len());
            elements.extend(&process.elements);
        }
        let mut next = Vec::with_capacity(elements.len());
        for (process, first) in executable.iter().zip(&firsts) {
            for element in &process.elements {
                let mut to = Vec::new();
                if passes(element) {
                    let inside = successors(process, element);
                    to.extend(inside.into_iter().map(|t| first + t));
                    to.extend(called(element, &executable, &firsts));
                }
                next.push(to);
            }
        }
        Graph { elements, next }
    }

    /// Strongly connected parts that hold a loop (Tarjan, without recursion).
    fn cycles(&self) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.next.len();
        let (mut order, mut low) = (vec![UNSEEN; count], vec![0; count]);
        let (mut open, mut stack) = (vec![false; count], Vec::new());
        let (mut clock, mut found) = (0, Vec::new());
        for root in 0..count {
            if order[root] != UNSEEN {
                continue;
            }
            let mut path = vec![(root, 0)];
            while let Some((node, edge)) = path.pop() {
                if edge == 0 {
                    (order[node], low[node]) = (clock, clock);
                    clock += 1;
                    stack.push(node);
                    open[node] = true;
                }
                if let Some(&to) = self.next[node].get(edge) {
                    path.push((node, edge + 1));
                    if order[to] == UNSEEN {
                        path.push((to, 0));
                    } else if open[to] {
                        low[node] = low[node].min(order[to]);
                    }
                    continue;
                }
                if let Some((parent, _)) = path.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
                if low[node] == order[node] {
                    let start = stack.iter().rposition(|n| *n == node).unwrap_or(0);
                    let mut members = stack.split_off(start);
                    members.iter().for_each(|m| open[*m] = false);
                    members.sort_unstable();
                    if members.len() > 1 || self.next[node].contains(&node) {
                        found.push(members);
                    }
                }
            }
        }
        found
    }
}

/// Whether a token passes through without waiting for anyone.
fn passes(element: &Element) -> bool {
    if !element.listeners.is_empty() {
        return false;
    }
    match &element.kind {
        Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::SubProcess
        | Kind::CallActivity(_)
        | Kind::Start { .. }
        | Kind::IntermediateThrow(Event::None) => true,
        Kind::End(event) => *event == Event::None,
        Kind::IntermediateCatch(_)
        | Kind::IntermediateThrow(_)
        | Kind::Boundary { .. }
        | Kind::JobTask { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ReceiveTask(_)
        | Kind::EventBased
        | Kind::EventSubProcess
        | Kind::AdHoc(_) => false,
    }
}

fn successors(process: &Process, element: &Element) -> Vec<usize> {
    let outgoing = |e: &Element| -> Vec<usize> {
        e.outgoing.iter().map(|f| process.flows[*f as usize].target as usize).collect()
    };
    match &element.kind {
        Kind::SubProcess => element
            .children
            .iter()
            .filter(|c| matches!(process.elements[**c as usize].kind, Kind::Start { .. }))
            .map(|c| *c as usize)
            .collect(),
        // It goes on when the called process is done, which is not known here.
        Kind::CallActivity(_) => Vec::new(),
        _ if element.outgoing.is_empty() => match element.scope {
            Some(scope) => outgoing(&process.elements[scope as usize]),
            None => Vec::new(),
        },
        _ => outgoing(element),
    }
}

/// Start events of a statically called process of the same file.
fn called(element: &Element, processes: &[&Process], firsts: &[usize]) -> Vec<usize> {
    let Kind::CallActivity(call) = &element.kind else { return Vec::new() };
    let Text::Static(id) = &call.process_id else { return Vec::new() };
    let callee = processes.iter().zip(firsts).find(|(p, _)| p.id == *id);
    let Some((callee, first)) = callee else { return Vec::new() };
    (0..)
        .zip(&callee.elements)
        .filter(|(_, e)| {
            e.scope.is_none() && matches!(e.kind, Kind::Start { event: Event::None, .. })
        })
        .map(|(i, _): (usize, _)| first + i)
        .collect()
}
