//! One element, compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::ElementIndex;

use super::expression::{Expr, Problem, TimerExpr};
use super::parts::{
    AdHoc, Binding, Call, Listener, MultiInstance, People, Publish, TaskJob, caught, is_reverse,
};
use super::{Order, Scope};
use crate::event::{ElementNo, FlowNo, ListenerKind, Text};

/// A flow node. Everything a decision asks for is here, nothing is looked up by id.
#[derive(Debug)]
pub struct Element {
    pub id: Text,
    pub name: Option<Text>,
    pub kind: Kind,
    pub scope: Option<ElementNo>,
    pub incoming: Vec<FlowNo>,
    pub outgoing: Vec<FlowNo>,
    pub inputs: Vec<Mapping>,
    pub outputs: Vec<Mapping>,
    pub headers: Arc<[(Text, Text)]>,
    pub job_priority: Option<Expr>,
    /// Boundary events that wait from the activation of the element on.
    pub boundaries: Vec<Catch>,
    /// What the job of a user task carries in its headers.
    pub task_job: Option<Box<TaskJob>>,
    /// What its job links to.
    pub linked_resources: Vec<model::LinkedResource>,
    pub attached_to: Option<ElementNo>,
    pub multi_instance: Option<Box<MultiInstance>>,
    pub start_listeners: Vec<Listener>,
    pub end_listeners: Vec<Listener>,
    /// Of a multi-instance, before its collection is evaluated.
    pub before_all: Vec<Listener>,
    /// The activity that compensates, of a compensation boundary event.
    pub handler: Option<ElementNo>,
    pub inside: Scope,
}

/// What an element does.
#[derive(Debug)]
pub enum Kind {
    /// `Some`: a start event that something triggers.
    Start(Option<Catch>),
    Catch(Catch),
    Boundary(Catch),
    /// A throw event without anything to throw.
    Throw,
    End,
    TerminateEnd,
    ErrorEnd {
        code: Option<Expr>,
    },
    /// An escalation throw event, or end event.
    Escalate {
        code: Option<Expr>,
        end: bool,
    },
    /// The catch event where it goes on.
    LinkThrow(ElementNo),
    LinkCatch,
    /// A signal throw event, or end event.
    SignalThrow {
        name: Expr,
        end: bool,
    },
    /// A compensation throw event, or end event; `activity` limits it.
    Compensate {
        activity: Option<ElementNo>,
        end: bool,
        /// One after the other, the last completed first.
        reverse: bool,
    },
    /// A message throw or end event that publishes by itself.
    Publish(Box<Publish>),
    /// The engine's own user task.
    UserTask(Box<People>),
    Call(Box<Call>),
    /// A task, a message throw or a message end event: a worker does it.
    Job {
        job_type: Expr,
        retries: Expr,
    },
    Script {
        expression: Expr,
        result_variable: Text,
    },
    Decision {
        decision_id: Expr,
        result_variable: Text,
        binding: model::Binding,
    },
    /// Manual and undefined tasks.
    Pass,
    Receive(Catch),
    Exclusive {
        default: Option<FlowNo>,
    },
    Inclusive {
        default: Option<FlowNo>,
    },
    Parallel,
    /// The catch events behind it, with the flows that lead there.
    EventBased(Vec<(FlowNo, Catch)>),
    SubProcess,
    EventSubProcess,
    AdHoc(Box<AdHoc>),
}

/// Something that waits to be triggered.
#[derive(Debug, Clone)]
pub struct Catch {
    /// The event (or receive task) that is triggered.
    pub element: ElementNo,
    pub interrupting: bool,
    pub trigger: Trigger,
}

#[derive(Debug, Clone)]
pub enum Trigger {
    Message {
        name: Expr,
        correlation_key: Option<Expr>,
    },
    Timer(TimerExpr),
    /// `None` catches every code.
    Error {
        code: Option<Text>,
    },
    Signal {
        name: Expr,
    },
    /// Looked at when one of `names` (any, when empty) changes.
    Condition {
        condition: Expr,
        names: Vec<Text>,
        on_create: bool,
        on_update: bool,
    },
    /// Thrown in the scope; never waits.
    Compensation,
    /// `None` catches every code.
    Escalation {
        code: Option<Text>,
    },
}

#[derive(Debug)]
pub struct Mapping {
    pub source: Expr,
    pub target: Arc<[Text]>,
}

#[derive(Debug)]
pub struct Flow {
    pub id: Text,
    pub source: ElementNo,
    pub target: ElementNo,
    pub condition: Option<Expr>,
}

impl Element {
    /// A compensation boundary event, or the start of a compensation event sub-process.
    pub(super) fn is_compensation(&self) -> bool {
        match &self.kind {
            Kind::Boundary(catch) | Kind::Start(Some(catch)) => {
                matches!(catch.trigger, Trigger::Compensation)
            }
            _ => false,
        }
    }

    /// Does it end what it is attached to, or what it starts in?
    pub fn interrupts(&self) -> bool {
        match &self.kind {
            Kind::Boundary(catch) | Kind::Start(Some(catch)) => catch.interrupting,
            _ => true,
        }
    }

    /// Listeners of a user task.
    pub fn task_listeners(&self, phase: ListenerKind) -> &[Listener] {
        match &self.kind {
            Kind::UserTask(people) => people.listeners.of(phase),
            _ => &[],
        }
    }
}

pub(super) struct Compiler<'a> {
    pub(super) process: &'a model::Process,
    elements: BTreeMap<&'a str, (ElementNo, ElementIndex)>,
    flows: BTreeMap<&'a str, (FlowNo, model::FlowIndex)>,
    problems: Vec<Problem>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        process: &'a model::Process,
        order: &'a Order,
    ) -> Result<Compiler<'a>, Vec<Problem>> {
        let indices: BTreeMap<&str, ElementIndex> =
            (0..).zip(&process.elements).map(|(at, e)| (&*e.id, at)).collect();
        let flow_indices: BTreeMap<&str, model::FlowIndex> =
            (0..).zip(&process.flows).map(|(at, f)| (&*f.id, at)).collect();
        let numbered = |ids: &'a [Text], found: &BTreeMap<&str, u32>| {
            let pair = |(no, id): (u32, &'a Text)| Some((&**id, (no, *found.get(&**id)?)));
            (0..).zip(ids).map(pair).collect::<Option<BTreeMap<_, _>>>()
        };
        let elements = numbered(&order.elements, &indices);
        let flows = numbered(&order.flows, &flow_indices);
        match (elements, flows) {
            (Some(elements), Some(flows))
                if elements.len() == process.elements.len()
                    && flows.len() == process.flows.len() =>
            {
                Ok(Compiler { process, elements, flows, problems: Vec::new() })
            }
            _ => Err(vec![Problem {
                element: process.id.clone(),
                message: "expected the elements that were deployed, but the model has others"
                    .to_owned(),
            }]),
        }
    }

    pub(super) fn finish(self) -> Result<(), Vec<Problem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// Listeners of the process.
    pub(super) fn root_listeners(&mut self, event: model::ListenerEvent) -> Vec<Listener> {
        let process = self.process;
        self.listeners(&process.id, &process.listeners, event)
    }

    pub(super) fn root_expr(&mut self, text: &model::Text) -> Expr {
        let id = self.process.id.clone();
        self.expr(&id, text)
    }

    pub(super) fn expr(&mut self, id: &Text, text: &model::Text) -> Expr {
        Expr::compile(text).unwrap_or_else(|message| {
            self.problems.push(Problem { element: id.clone(), message });
            Expr::Static("".into())
        })
    }

    pub(super) fn no(&self, index: ElementIndex) -> ElementNo {
        let id = &self.process.elements[index as usize].id;
        self.elements[&**id].0
    }

    fn flow_no(&self, index: model::FlowIndex) -> FlowNo {
        let id = &self.process.flows[index as usize].id;
        self.flows[&**id].0
    }

    pub(super) fn flow(&mut self, id: &Text) -> Flow {
        let flow = &self.process.flows[self.flows[&**id].1 as usize];
        Flow {
            id: id.clone(),
            source: self.no(flow.source),
            target: self.no(flow.target),
            condition: flow.condition.as_ref().map(|text| self.expr(id, text)),
        }
    }

    pub(super) fn element(&mut self, id: &Text) -> Element {
        let index = self.elements[&**id].1;
        let element = &self.process.elements[index as usize];
        let unsupported = |what: &str| Problem {
            element: id.clone(),
            message: format!("expected an element that Grevy runs, but {what} comes later"),
        };
        let kind = match self.kind(index, element) {
            Ok(kind) => kind,
            Err(what) => {
                self.problems.push(unsupported(what));
                Kind::Pass
            }
        };
        let task_job = element.user_task.as_ref();
        let task_job = task_job.map(|task| Box::new(TaskJob { people: self.people(id, task) }));
        let multi_instance = element.multi_instance.as_ref();
        let multi_instance = multi_instance.map(|multi| Box::new(self.multi_instance(id, multi)));
        let attached_to = match &element.kind {
            model::Kind::Boundary { attached_to, .. } => Some(self.no(*attached_to)),
            _ => None,
        };
        let boundaries = element.boundaries.iter().filter_map(|at| self.boundary(*at));
        let boundaries = boundaries.collect();
        Element {
            id: id.clone(),
            name: element.name.clone(),
            kind,
            scope: element.scope.map(|scope| self.no(scope)),
            incoming: element.incoming.iter().map(|at| self.flow_no(*at)).collect(),
            outgoing: element.outgoing.iter().map(|at| self.flow_no(*at)).collect(),
            inputs: self.mappings(id, &element.inputs),
            outputs: self.mappings(id, &element.outputs),
            headers: element.headers.iter().map(|h| (h.key.clone(), h.value.clone())).collect(),
            job_priority: element.job_priority.as_ref().map(|text| self.expr(id, text)),
            boundaries,
            task_job,
            linked_resources: match &element.kind {
                model::Kind::JobTask { job, .. } => job.linked_resources.clone(),
                _ => Vec::new(),
            },
            attached_to,
            multi_instance,
            start_listeners: self.listeners(id, &element.listeners, model::ListenerEvent::Start),
            end_listeners: self.listeners(id, &element.listeners, model::ListenerEvent::End),
            before_all: self.listeners(id, &element.listeners, model::ListenerEvent::BeforeAll),
            handler: element.compensation_handler.map(|handler| self.no(handler)),
            inside: Scope::default(),
        }
    }

    fn boundary(&mut self, at: ElementIndex) -> Option<Catch> {
        let element = &self.process.elements[at as usize];
        let model::Kind::Boundary { event, interrupting, .. } = &element.kind else { return None };
        self.catch(at, event, *interrupting).ok().flatten()
    }

    fn mappings(&mut self, id: &Text, mappings: &[model::Mapping]) -> Vec<Mapping> {
        let one = |mapping: &model::Mapping| Mapping {
            source: self.expr(id, &mapping.source),
            target: mapping.target.iter().cloned().collect(),
        };
        mappings.iter().map(one).collect()
    }

    fn kind(&mut self, at: ElementIndex, element: &model::Element) -> Result<Kind, &'static str> {
        use model::Kind as M;
        Ok(match &element.kind {
            M::Start { event, interrupting, .. } => {
                Kind::Start(self.catch(at, event, *interrupting)?)
            }
            M::IntermediateCatch(model::Event::Link { .. }) => Kind::LinkCatch,
            M::IntermediateCatch(event) => match self.catch(at, event, true)? {
                Some(catch) => Kind::Catch(catch),
                None => return Err("a catch event without a definition"),
            },
            M::Boundary { event, interrupting, .. } => {
                match self.catch(at, event, *interrupting)? {
                    Some(catch) => Kind::Boundary(catch),
                    None => return Err("a boundary event without a definition"),
                }
            }
            M::IntermediateThrow(event) | M::End(event) => {
                self.throw(element, event, matches!(element.kind, M::End(_)))?
            }
            M::JobTask { job, task: _ } => self.job(&element.id, job),
            M::ScriptTask { expression, result_variable } => Kind::Script {
                expression: self.expr(&element.id, expression),
                result_variable: result_variable.clone(),
            },
            M::DecisionTask { decision_id, result_variable, binding } => Kind::Decision {
                decision_id: self.expr(&element.id, decision_id),
                result_variable: result_variable.clone(),
                binding: binding.clone(),
            },
            M::ManualTask | M::UndefinedTask => Kind::Pass,
            M::ReceiveTask(message) => {
                let event = model::Event::Message(message.clone());
                match self.catch(at, &event, true)? {
                    Some(catch) => Kind::Receive(catch),
                    None => return Err("a receive task without a message"),
                }
            }
            M::Exclusive { default } => {
                Kind::Exclusive { default: default.map(|flow| self.flow_no(flow)) }
            }
            M::Parallel => Kind::Parallel,
            M::EventBased => Kind::EventBased(self.targets(element)?),
            M::SubProcess => Kind::SubProcess,
            M::EventSubProcess => Kind::EventSubProcess,
            M::UserTask(task) => Kind::UserTask(Box::new(self.native(element, task))),
            M::CallActivity(call) => Kind::Call(Box::new(Call {
                process_id: self.expr(&element.id, &call.process_id),
                propagate_all_child_variables: call.propagate_all_child_variables,
                propagate_all_parent_variables: call.propagate_all_parent_variables,
                binding: match &call.binding {
                    model::Binding::Latest => Binding::Latest,
                    model::Binding::Deployment => Binding::Deployment,
                    model::Binding::VersionTag(tag) => Binding::VersionTag(tag.clone()),
                },
            })),
            M::Inclusive { default } => {
                Kind::Inclusive { default: default.map(|flow| self.flow_no(flow)) }
            }
            M::AdHoc(ad_hoc) => Kind::AdHoc(Box::new(self.ad_hoc(&element.id, ad_hoc))),
        })
    }

    fn throw(
        &mut self,
        element: &model::Element,
        event: &model::Event,
        end: bool,
    ) -> Result<Kind, &'static str> {
        use model::Event as E;
        Ok(match event {
            E::None if end => Kind::End,
            E::None => Kind::Throw,
            E::Terminate => Kind::TerminateEnd,
            E::Error(definition) => {
                let code = definition.code.as_ref().map(|text| self.expr(&element.id, text));
                Kind::ErrorEnd { code }
            }
            E::Message(model::Message { job: Some(job), .. }) => self.job(&element.id, job),
            E::Message(model::Message { name, publish: Some(publish), .. }) => {
                Kind::Publish(Box::new(self.publish(&element.id, name, publish)))
            }
            E::Message(_) => return Err("a message throw without a task definition"),
            E::Escalation(definition) => {
                let code = definition.code.as_ref().map(|text| self.expr(&element.id, text));
                Kind::Escalate { code, end }
            }
            E::Signal { name } => Kind::SignalThrow { name: self.expr(&element.id, name), end },
            E::Compensation { activity } => Kind::Compensate {
                activity: activity.map(|at| self.no(at)),
                end,
                reverse: element.properties.iter().any(is_reverse),
            },
            E::Link { name } => match self.link_catch(element, name) {
                Some(catch) => Kind::LinkThrow(catch),
                None => return Err("a link without a catch event"),
            },
            E::Timer(_) | E::Conditional { .. } => return Err("a throw event of this kind"),
        })
    }

    fn job(&mut self, id: &Text, job: &model::Job) -> Kind {
        Kind::Job { job_type: self.expr(id, &job.job_type), retries: self.expr(id, &job.retries) }
    }

    fn targets(&mut self, element: &model::Element) -> Result<Vec<(FlowNo, Catch)>, &'static str> {
        let mut targets = Vec::new();
        for flow in &element.outgoing {
            let at = self.process.flows[*flow as usize].target;
            let target = &self.process.elements[at as usize];
            let catch = match &target.kind {
                model::Kind::IntermediateCatch(event) => self.catch(at, event, true)?,
                _ => return Err("this target of an event-based gateway"),
            };
            targets.extend(catch.map(|catch| (self.flow_no(*flow), catch)));
        }
        Ok(targets)
    }

    fn catch(
        &mut self,
        at: ElementIndex,
        event: &model::Event,
        interrupting: bool,
    ) -> Result<Option<Catch>, &'static str> {
        use model::Event as E;
        let id = self.process.elements[at as usize].id.clone();
        let trigger = match event {
            E::None => return Ok(None),
            E::Message(message) => Trigger::Message {
                name: self.expr(&id, &message.name),
                correlation_key: message.correlation_key.as_ref().map(|key| self.expr(&id, key)),
            },
            E::Timer(timer) => Trigger::Timer(match timer {
                model::Timer::Date(text) => TimerExpr::Date(self.expr(&id, text)),
                model::Timer::Duration(text) => TimerExpr::Duration(self.expr(&id, text)),
                model::Timer::Cycle(text) => TimerExpr::Cycle(self.expr(&id, text)),
            }),
            E::Error(definition) => Trigger::Error { code: caught(definition) },
            E::Escalation(definition) => Trigger::Escalation { code: caught(definition) },
            E::Signal { name } => Trigger::Signal { name: self.expr(&id, name) },
            E::Compensation { .. } => Trigger::Compensation,
            E::Conditional { condition, variable_names, on_create, on_update } => {
                Trigger::Condition {
                    condition: self.expr(&id, condition),
                    names: variable_names.clone(),
                    on_create: *on_create,
                    on_update: *on_update,
                }
            }
            E::Link { .. } => return Err("a link"),
            E::Terminate => return Err("a catch event of this kind"),
        };
        Ok(Some(Catch { element: self.no(at), interrupting, trigger }))
    }
}
