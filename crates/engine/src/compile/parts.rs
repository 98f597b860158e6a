//! What only some kinds of elements have.

use std::sync::Arc;

use super::element::Compiler;
use super::expression::Expr;
use crate::event::{ElementNo, ListenerKind, Text};

#[derive(Debug)]
pub struct Call {
    pub process_id: Expr,
    pub propagate_all_child_variables: bool,
    pub propagate_all_parent_variables: bool,
    pub binding: Binding,
}

/// Which version of a called process is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    Latest,
    Deployment,
    VersionTag(Text),
}

#[derive(Debug)]
pub struct MultiInstance {
    pub sequential: bool,
    pub input_collection: Expr,
    pub input_element: Option<Text>,
    pub output: Option<LoopOutput>,
    pub completion_condition: Option<Expr>,
}

/// What the instances give.
#[derive(Debug)]
pub struct LoopOutput {
    pub collection: Text,
    pub element: Expr,
    /// The variable that `element` reads, when it reads just one: each instance has its own.
    pub local: Option<Text>,
}

#[derive(Debug)]
pub struct AdHoc {
    /// Ids of the elements that begin with it.
    pub active_elements: Option<Expr>,
    pub completion_condition: Option<Expr>,
    /// Whether the condition ends what is still active.
    pub cancel_remaining: bool,
    pub output: Option<LoopOutput>,
    /// A worker leads it: what begins in it, and when it ends.
    pub leader: Option<Leader>,
}

/// The job of whoever leads an ad-hoc sub-process.
#[derive(Debug)]
pub struct Leader {
    pub job_type: Expr,
    pub retries: Expr,
}

/// Who a user task is for, and until when.
#[derive(Debug)]
pub struct People {
    pub assignee: Option<Expr>,
    pub groups: Option<Expr>,
    pub users: Option<Expr>,
    pub due_date: Option<Expr>,
    pub follow_up_date: Option<Expr>,
    pub priority: Option<Expr>,
    pub form: Option<Form>,
    pub listeners: TaskListeners,
}

/// Listeners of a native user task.
#[derive(Debug, Default)]
pub struct TaskListeners {
    pub creating: Vec<Listener>,
    pub assigning: Vec<Listener>,
    pub updating: Vec<Listener>,
    pub completing: Vec<Listener>,
    pub canceling: Vec<Listener>,
}

impl TaskListeners {
    /// Those of a phase, in model order.
    pub fn of(&self, phase: ListenerKind) -> &[Listener] {
        match phase {
            ListenerKind::Creating => &self.creating,
            ListenerKind::Assigning => &self.assigning,
            ListenerKind::Updating => &self.updating,
            ListenerKind::Completing => &self.completing,
            ListenerKind::Canceling => &self.canceling,
            ListenerKind::Unspecified
            | ListenerKind::Start
            | ListenerKind::End
            | ListenerKind::Cancel
            | ListenerKind::BeforeAll => &[],
        }
    }
}

#[derive(Debug)]
pub enum Form {
    Key(Expr),
    Id(Expr, model::Binding),
    External(Expr),
}

/// A job before or after the work of an element.
#[derive(Debug)]
pub struct Listener {
    pub job_type: Expr,
    pub retries: Expr,
    pub headers: Arc<[(Text, Text)]>,
}

/// What the job of a user task carries in its headers.
#[derive(Debug)]
pub struct TaskJob {
    pub people: People,
}

/// What a message throw event publishes.
#[derive(Debug)]
pub struct Publish {
    pub name: Expr,
    pub correlation_key: Expr,
    pub message_id: Option<Expr>,
    pub time_to_live: Option<Expr>,
}

impl Compiler<'_> {
    /// The catch event of a link in the scope of its throw event.
    pub(super) fn link_catch(&self, throw: &model::Element, name: &Text) -> Option<ElementNo> {
        let is_catch = |element: &model::Element| match &element.kind {
            model::Kind::IntermediateCatch(model::Event::Link { name: own }) => own == name,
            _ => false,
        };
        let mut inside = (0..).zip(&self.process.elements);
        let found = inside.find(|(_, e)| e.scope == throw.scope && is_catch(e));
        found.map(|(at, _)| self.no(at))
    }

    pub(super) fn multi_instance(
        &mut self,
        id: &Text,
        multi: &model::MultiInstance,
    ) -> MultiInstance {
        let output = match (&multi.output_collection, &multi.output_element) {
            (Some(collection), Some(element)) => Some(LoopOutput {
                collection: collection.clone(),
                element: self.expr(id, element),
                local: local_of(element),
            }),
            _ => None,
        };
        MultiInstance {
            sequential: multi.sequential,
            input_collection: self.expr(id, &multi.input_collection),
            input_element: multi.input_element.clone(),
            output,
            completion_condition: multi.completion_condition.as_ref().map(|c| self.expr(id, c)),
        }
    }

    pub(super) fn ad_hoc(&mut self, id: &Text, ad_hoc: &model::AdHoc) -> AdHoc {
        let output = match (&ad_hoc.output_collection, &ad_hoc.output_element) {
            (Some(collection), Some(element)) => Some(LoopOutput {
                collection: collection.clone(),
                element: self.expr(id, element),
                local: None,
            }),
            _ => None,
        };
        AdHoc {
            active_elements: ad_hoc.active_elements.as_ref().map(|text| self.expr(id, text)),
            completion_condition: ad_hoc.completion_condition.as_ref().map(|c| self.expr(id, c)),
            cancel_remaining: ad_hoc.cancel_remaining,
            output,
            leader: ad_hoc.job.as_ref().map(|job| Leader {
                job_type: self.expr(id, &job.job_type),
                retries: self.expr(id, &job.retries),
            }),
        }
    }

    pub(super) fn listeners(
        &mut self,
        id: &Text,
        listeners: &[model::Listener],
        event: model::ListenerEvent,
    ) -> Vec<Listener> {
        let one = |listener: &model::Listener| Listener {
            job_type: self.expr(id, &listener.job_type),
            retries: self.expr(id, &listener.retries),
            headers: listener.headers.iter().map(|h| (h.key.clone(), h.value.clone())).collect(),
        };
        listeners.iter().filter(|listener| listener.event == event).map(one).collect()
    }

    pub(super) fn people(&mut self, id: &Text, task: &model::UserTask) -> People {
        let mut some = |text: &Option<model::Text>| text.as_ref().map(|text| self.expr(id, text));
        People {
            assignee: some(&task.assignee),
            groups: some(&task.candidate_groups),
            users: some(&task.candidate_users),
            due_date: some(&task.due_date),
            follow_up_date: some(&task.follow_up_date),
            priority: some(&task.priority),
            form: task.form.as_ref().map(|form| match form {
                model::Form::Key(key) => Form::Key(self.expr(id, key)),
                model::Form::Id { id: form, binding } => {
                    Form::Id(self.expr(id, form), binding.clone())
                }
                model::Form::External(reference) => Form::External(self.expr(id, reference)),
            }),
            listeners: TaskListeners::default(),
        }
    }

    /// A user task of the engine's own, with its listeners.
    pub(super) fn native(&mut self, element: &model::Element, task: &model::UserTask) -> People {
        use model::ListenerEvent as L;
        let people = self.people(&element.id, task);
        let mut of = |event| self.listeners(&element.id, &element.listeners, event);
        let listeners = TaskListeners {
            creating: of(L::Creating),
            assigning: of(L::Assigning),
            updating: of(L::Updating),
            completing: of(L::Completing),
            canceling: of(L::Canceling),
        };
        People { listeners, ..people }
    }

    pub(super) fn publish(
        &mut self,
        id: &Text,
        name: &model::Text,
        publish: &model::Publish,
    ) -> Publish {
        Publish {
            name: self.expr(id, name),
            correlation_key: self.expr(id, &publish.correlation_key),
            message_id: publish.message_id.as_ref().map(|text| self.expr(id, text)),
            time_to_live: publish.time_to_live.as_ref().map(|text| self.expr(id, text)),
        }
    }
}

/// The variable that `result` or `result.total` reads; `None` for anything more.
fn local_of(element: &model::Text) -> Option<Text> {
    let model::Text::Expression(text) = element else { return None };
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let first = text.trim().split('.').next()?;
    let literal = matches!(first, "true" | "false" | "null");
    (!literal && text.trim().split('.').all(is_name)).then(|| first.into())
}

/// Our extension of a compensation throw or end event.
pub(super) fn is_reverse(property: &model::Pair) -> bool {
    (&*property.key, &*property.value) == ("grevy:compensationOrder", "reverse")
}

/// The code of a catch event; `None` catches all.
pub(super) fn caught(definition: &model::Code) -> Option<Text> {
    match &definition.code {
        Some(model::Text::Static(code)) if !code.is_empty() => Some(code.clone()),
        _ => None,
    }
}
