//! Definitions as the engine runs them: dense arrays, compiled expressions, element numbers in the
//! order that the deployment stored. Rebuilt at every start, never in the journal.

mod element;
mod expression;
mod parts;

use std::collections::BTreeMap;

pub use element::{Catch, Element, Flow, Kind, Mapping, Trigger};
pub use expression::{Expr, Problem, TimerExpr};
pub use parts::{
    AdHoc, Binding, Call, Form, Leader, Listener, LoopOutput, MultiInstance, People, Publish,
    TaskJob, TaskListeners,
};

use crate::event::{ElementNo, FlowNo, PROCESS, Text};

/// One process, ready to run.
#[derive(Debug)]
pub struct Process {
    pub id: Text,
    pub name: Option<Text>,
    pub version_tag: Option<Text>,
    pub elements: Vec<Element>,
    pub flows: Vec<Flow>,
    pub job_priority: Option<Expr>,
    /// What lies directly in the process.
    pub root: Scope,
    /// Start events of the process that wait for something.
    pub starts: Vec<Catch>,
    /// An inclusive gateway joins somewhere.
    pub joins_inclusively: bool,
    /// Something in it can be compensated.
    pub compensates: bool,
    pub start_listeners: Vec<Listener>,
    pub end_listeners: Vec<Listener>,
    /// Before an instance that is cancelled has ended.
    pub cancel_listeners: Vec<Listener>,
    numbers: BTreeMap<Text, ElementNo>,
}

/// What a scope needs to begin.
#[derive(Debug, Default)]
pub struct Scope {
    pub none_start: Option<ElementNo>,
    /// The start event of an event sub-process.
    pub event_start: Option<ElementNo>,
    /// Event sub-processes in document order.
    pub event_sub_processes: Vec<EventSubProcess>,
}

#[derive(Debug, Clone)]
pub struct EventSubProcess {
    pub element: ElementNo,
    /// Its start event, which says when.
    pub start: Catch,
}

/// The order of ids that a deployment stores.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    pub elements: Vec<Text>,
    pub flows: Vec<Text>,
}

impl Order {
    /// Document order; what a new deployment stores.
    pub fn of(process: &model::Process) -> Order {
        Order {
            elements: process.elements.iter().map(|e| e.id.clone()).collect(),
            flows: process.flows.iter().map(|f| f.id.clone()).collect(),
        }
    }
}

impl Process {
    /// Compiles `process`, numbering elements and flows as `order` says.
    ///
    /// # Errors
    /// Every expression that does not compile, every element that is not supported yet, and an
    /// order that names other elements than the process has.
    pub fn compile(process: &model::Process, order: &Order) -> Result<Process, Vec<Problem>> {
        let mut compiler = element::Compiler::new(process, order)?;
        let elements: Vec<Element> = order.elements.iter().map(|id| compiler.element(id)).collect();
        let flows = order.flows.iter().map(|id| compiler.flow(id)).collect();
        let job_priority = process.job_priority.as_ref().map(|text| compiler.root_expr(text));
        let mut compiled = Process {
            id: process.id.clone(),
            name: process.name.clone(),
            version_tag: process.version_tag.clone(),
            elements,
            flows,
            job_priority,
            root: Scope::default(),
            starts: Vec::new(),
            joins_inclusively: false,
            compensates: false,
            start_listeners: compiler.root_listeners(model::ListenerEvent::Start),
            end_listeners: compiler.root_listeners(model::ListenerEvent::End),
            cancel_listeners: compiler.root_listeners(model::ListenerEvent::Cancel),
            numbers: (0..).zip(&order.elements).map(|(no, id)| (id.clone(), no)).collect(),
        };
        compiler.finish()?;
        compiled.link();
        Ok(compiled)
    }

    /// Finds start events and event sub-processes of every scope.
    fn link(&mut self) {
        for no in 0..self.elements.len() as ElementNo {
            let element = &self.elements[no as usize];
            self.compensates |= element.is_compensation();
            let scope = element.scope;
            match &element.kind {
                Kind::Start(None) => self.scope_mut(scope).none_start = Some(no),
                Kind::Start(Some(catch)) => match scope {
                    None => self.starts.push(catch.clone()),
                    Some(_) => self.scope_mut(scope).event_start = Some(no),
                },
                Kind::EventSubProcess => {
                    if let Some(start) = self.event_start(no) {
                        let row = EventSubProcess { element: no, start };
                        self.scope_mut(scope).event_sub_processes.push(row);
                    }
                }
                Kind::Inclusive { .. } if element.incoming.len() > 1 => {
                    self.joins_inclusively = true;
                }
                _ => {}
            }
        }
    }

    /// The throw events that lead to a link's catch event.
    pub(crate) fn link_throws(&self, catch: ElementNo) -> impl Iterator<Item = ElementNo> {
        let throws = (0..).zip(&self.elements);
        throws
            .filter(move |(_, e)| matches!(e.kind, Kind::LinkThrow(to) if to == catch))
            .map(|(no, _)| no)
    }

    fn event_start(&self, sub_process: ElementNo) -> Option<Catch> {
        self.elements.iter().find_map(|e| match &e.kind {
            Kind::Start(Some(catch)) if e.scope == Some(sub_process) => Some(catch.clone()),
            _ => None,
        })
    }

    fn scope_mut(&mut self, scope: Option<ElementNo>) -> &mut Scope {
        match scope {
            Some(no) => &mut self.elements[no as usize].inside,
            None => &mut self.root,
        }
    }

    /// The element with this number.
    ///
    /// # Panics
    /// When the number is [`PROCESS`] or not of this process: numbers come from the journal and
    /// belong to the definition that is stored beside them.
    pub fn element(&self, no: ElementNo) -> &Element {
        &self.elements[no as usize]
    }

    /// The flow with this number; panics as [`Process::element`] does.
    pub fn flow(&self, no: FlowNo) -> &Flow {
        &self.flows[no as usize]
    }

    /// Listeners before the work of `no`, which may be the process.
    pub fn start_listeners(&self, no: ElementNo) -> &[Listener] {
        if no == PROCESS { &self.start_listeners } else { &self.element(no).start_listeners }
    }

    /// Listeners after the work of `no`, which may be the process.
    pub fn end_listeners(&self, no: ElementNo) -> &[Listener] {
        if no == PROCESS { &self.end_listeners } else { &self.element(no).end_listeners }
    }

    /// What is inside `no`, which may be the process.
    pub fn inside(&self, no: ElementNo) -> &Scope {
        if no == PROCESS { &self.root } else { &self.element(no).inside }
    }

    /// Number of the element with this id.
    pub fn number(&self, id: &str) -> Option<ElementNo> {
        self.numbers.get(id).copied()
    }

    /// Id of an element, or of the process.
    pub fn id_of(&self, no: ElementNo) -> &Text {
        if no == PROCESS { &self.id } else { &self.element(no).id }
    }
}
