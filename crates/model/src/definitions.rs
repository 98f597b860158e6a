//! Typed definitions: what a BPMN 2.0 file with `zeebe:` extensions says, after every reference has
//! been resolved and before any expression has been compiled.
//!
//! All elements of a process lie in one vector in document order, whatever their nesting; an
//! [`ElementIndex`] is a position in it and a [`FlowIndex`] one in the vector of sequence flows.
//! Positions are stable for the same bytes, but only ids are written to the journal.

use std::sync::Arc;

pub use crate::drawing::*;

/// Position of an element in [`Process::elements`].
pub type ElementIndex = u32;
/// Position of a sequence flow in [`Process::flows`].
pub type FlowIndex = u32;

/// One BPMN file.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// The bytes as they came, for download and for digests.
    pub source: Arc<[u8]>,
    /// Every process of the file, executable or not.
    pub processes: Vec<Process>,
    /// Participants and message flows, for drawings and the collaboration view.
    pub collaboration: Collaboration,
    /// What is drawn but never executed: lanes, data, annotations, unsupported symbols.
    pub artifacts: Vec<Artifact>,
    /// Shapes and edges; empty when the file has no diagram interchange.
    pub diagram: Diagram,
}

/// One `bpmn:process`.
#[derive(Debug, Clone)]
pub struct Process {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub executable: bool,
    pub documentation: Option<Arc<str>>,
    pub version_tag: Option<Arc<str>>,
    /// `zeebe:userTaskForm`: id and JSON body.
    pub forms: Vec<EmbeddedForm>,
    pub listeners: Vec<Listener>,
    /// `zeebe:jobPriorityDefinition`; FEEL or a static number.
    pub job_priority: Option<Text>,
    pub properties: Vec<Pair>,
    pub elements: Vec<Element>,
    pub flows: Vec<Flow>,
    pub position: Position,
}

/// One flow node. `scope` is the sub-process that holds it, `None` on process level.
#[derive(Debug, Clone)]
pub struct Element {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub documentation: Option<Arc<str>>,
    pub kind: Kind,
    pub scope: Option<ElementIndex>,
    /// In document order.
    pub incoming: Vec<FlowIndex>,
    /// In document order: an exclusive gateway takes the first that holds.
    pub outgoing: Vec<FlowIndex>,
    /// Boundary events attached to this activity, in document order.
    pub boundaries: Vec<ElementIndex>,
    /// Flow nodes directly inside, when this is a sub-process; in document order.
    pub children: Vec<ElementIndex>,
    pub inputs: Vec<Mapping>,
    pub outputs: Vec<Mapping>,
    /// `zeebe:taskHeaders`, static, in document order.
    pub headers: Vec<Pair>,
    pub properties: Vec<Pair>,
    pub listeners: Vec<Listener>,
    pub multi_instance: Option<MultiInstance>,
    /// `isForCompensation`: reached only by a compensation association.
    pub for_compensation: bool,
    /// The handler, when this is a compensation boundary event.
    pub compensation_handler: Option<ElementIndex>,
    pub job_priority: Option<Text>,
    /// Assignment, schedule and form of a user task that a worker does (a [`Kind::JobTask`]); its
    /// job carries them in reserved headers. The engine's own user task has them in its kind.
    pub user_task: Option<Box<UserTask>>,
    pub position: Position,
}

/// What a flow node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Start {
        event: Event,
        interrupting: bool,
        form: Option<Form>,
    },
    IntermediateCatch(Event),
    IntermediateThrow(Event),
    End(Event),
    Boundary {
        event: Event,
        interrupting: bool,
        attached_to: ElementIndex,
    },
    /// Service, send, script (without expression) and business rule (without decision) tasks, and
    /// user tasks without `zeebe:userTask`: a worker does them.
    JobTask {
        task: TaskKind,
        job: Job,
    },
    /// `zeebe:script`: evaluated by the engine.
    ScriptTask {
        expression: Text,
        result_variable: Arc<str>,
    },
    /// `zeebe:calledDecision`: evaluated by the engine.
    DecisionTask {
        decision_id: Text,
        result_variable: Arc<str>,
        binding: Binding,
    },
    /// `zeebe:userTask`: the engine's own.
    UserTask(UserTask),
    ManualTask,
    /// `bpmn:task`.
    UndefinedTask,
    ReceiveTask(Message),
    CallActivity(CallActivity),
    Exclusive {
        default: Option<FlowIndex>,
    },
    Inclusive {
        default: Option<FlowIndex>,
    },
    Parallel,
    EventBased,
    SubProcess,
    /// `triggeredByEvent`: its start event says when.
    EventSubProcess,
    AdHoc(AdHoc),
}

/// The definition behind an event; `None` is the plain event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    None,
    Message(Message),
    Timer(Timer),
    Error(ErrorDefinition),
    Escalation(Code),
    Signal {
        name: Text,
    },
    /// `activity` is set when `activityRef` limits the compensation.
    Compensation {
        activity: Option<ElementIndex>,
    },
    Conditional {
        condition: Text,
        variable_names: Vec<Arc<str>>,
        on_create: bool,
        on_update: bool,
    },
    Link {
        name: Arc<str>,
    },
    Terminate,
}

/// A message, where it is caught or thrown.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// FEEL or static.
    pub name: Text,
    /// `zeebe:subscription correlationKey`; absent on process-level start events and on throws.
    pub correlation_key: Option<Text>,
    /// Message throw and end events are jobs, unless they publish by themselves.
    pub job: Option<Job>,
    /// `zeebe:publishMessage` on a throw or end event: the engine publishes, no worker is needed.
    pub publish: Option<Publish>,
}

/// `zeebe:publishMessage`: what a message throw event publishes beside the name.
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    pub correlation_key: Text,
    pub message_id: Option<Text>,
    /// ISO-8601 duration or FEEL; absent is no buffering.
    pub time_to_live: Option<Text>,
}

/// Exactly one of the three kinds of timer.
#[derive(Debug, Clone, PartialEq)]
pub enum Timer {
    Date(Text),
    Duration(Text),
    /// A repeating interval (`R3/PT10S`) or a cron line.
    Cycle(Text),
}

/// An error event; a catch without a code catches all.
pub type ErrorDefinition = Code;

/// Code of an error or escalation event. Static where it is caught, FEEL allowed where thrown.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    pub code: Option<Text>,
    pub name: Option<Arc<str>>,
}

/// Attribute text: an expression when it starts with `=`, else the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    Static(Arc<str>),
    /// Without the leading `=`.
    Expression(Arc<str>),
}

/// `zeebe:taskDefinition`.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub job_type: Text,
    /// Default `3`.
    pub retries: Text,
    /// `zeebe:linkedResource`s of the element.
    pub linked_resources: Vec<LinkedResource>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LinkedResource {
    pub resource_id: Arc<str>,
    pub resource_type: Arc<str>,
    pub link_name: Arc<str>,
    pub binding: Binding,
}

/// Which BPMN task a job stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskKind {
    Service,
    Send,
    Script,
    BusinessRule,
    User,
}

/// `zeebe:input` and `zeebe:output`, in document order.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    pub source: Text,
    /// Dotted path, split: `a.b` is `["a", "b"]`.
    pub target: Vec<Arc<str>>,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub key: Arc<str>,
    pub value: Arc<str>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    pub event: ListenerEvent,
    pub job_type: Text,
    pub retries: Text,
    pub headers: Vec<Pair>,
    pub position: Position,
}

/// Execution listeners first, task listeners after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListenerEvent {
    Start,
    End,
    Cancel,
    BeforeAll,
    Creating,
    Assigning,
    Updating,
    Completing,
    Canceling,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MultiInstance {
    pub sequential: bool,
    /// FEEL.
    pub input_collection: Text,
    pub input_element: Option<Arc<str>>,
    pub output_collection: Option<Arc<str>>,
    /// FEEL.
    pub output_element: Option<Text>,
    pub completion_condition: Option<Text>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserTask {
    pub form: Option<Form>,
    pub assignee: Option<Text>,
    pub candidate_groups: Option<Text>,
    pub candidate_users: Option<Text>,
    pub due_date: Option<Text>,
    pub follow_up_date: Option<Text>,
    /// Default 50.
    pub priority: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    Key(Text),
    Id { id: Text, binding: Binding },
    External(Text),
}

#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddedForm {
    pub id: Arc<str>,
    pub body: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    Latest,
    Deployment,
    VersionTag(Arc<str>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallActivity {
    pub process_id: Text,
    /// Absent is true.
    pub propagate_all_child_variables: bool,
    /// Absent is true.
    pub propagate_all_parent_variables: bool,
    pub binding: Binding,
    pub business_id: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AdHoc {
    pub active_elements: Option<Text>,
    pub output_collection: Option<Arc<str>>,
    pub output_element: Option<Text>,
    pub completion_condition: Option<Text>,
    /// Default true.
    pub cancel_remaining: bool,
    /// The job-worker implementation.
    pub job: Option<Job>,
}

/// One sequence flow.
#[derive(Debug, Clone)]
pub struct Flow {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    pub source: ElementIndex,
    pub target: ElementIndex,
    /// FEEL; without one the flow is unconditional (or the default).
    pub condition: Option<Text>,
    pub position: Position,
}

/// Where something stands in the file; both count from 1, 0 when built in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Process {
    /// Element by id; linear, for tools and tests. The engine keeps its own index.
    pub fn element(&self, id: &str) -> Option<(ElementIndex, &Element)> {
        (0..).zip(&self.elements).find(|(_, e)| &*e.id == id)
    }

    /// Flow nodes directly in `scope` (`None` is the process), in document order.
    pub fn children(
        &self,
        scope: Option<ElementIndex>,
    ) -> impl Iterator<Item = (ElementIndex, &Element)> {
        // One half is always empty: what is in a sub-process is listed there.
        let top = if scope.is_none() { &self.elements[..] } else { &[] };
        let inside = scope.map_or(&[][..], |s| &self.elements[s as usize].children);
        let top = (0..).zip(top).filter(|(_, e)| e.scope.is_none());
        top.chain(inside.iter().map(|i| (*i, &self.elements[*i as usize])))
    }
}

impl ListenerEvent {
    /// Phases of a native user task; the others are of any element.
    pub fn is_task_listener(self) -> bool {
        match self {
            ListenerEvent::Start
            | ListenerEvent::End
            | ListenerEvent::Cancel
            | ListenerEvent::BeforeAll => false,
            ListenerEvent::Creating
            | ListenerEvent::Assigning
            | ListenerEvent::Updating
            | ListenerEvent::Completing
            | ListenerEvent::Canceling => true,
        }
    }
}

impl Element {
    /// A bare element: no flows, mappings or listeners, at no place of a file.
    pub fn new(id: &str, kind: Kind) -> Element {
        Element {
            id: id.into(),
            name: None,
            documentation: None,
            kind,
            scope: None,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            boundaries: Vec::new(),
            children: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            headers: Vec::new(),
            properties: Vec::new(),
            listeners: Vec::new(),
            multi_instance: None,
            for_compensation: false,
            compensation_handler: None,
            job_priority: None,
            user_task: None,
            position: Position::default(),
        }
    }
}

impl Text {
    /// `=x` is an expression, everything else is itself.
    pub fn parse(raw: &str) -> Text {
        match raw.strip_prefix('=') {
            Some(expression) => Text::Expression(expression.trim().into()),
            None => Text::Static(raw.into()),
        }
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Text {
        Text::parse(raw)
    }
}
