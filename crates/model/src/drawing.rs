//! What a file says for the eye: participants, artifacts, coordinates. Nothing here is executed.

use std::sync::Arc;

#[derive(Debug, Clone, Default)]
pub struct Collaboration {
    pub participants: Vec<Participant>,
    pub message_flows: Vec<MessageFlow>,
}

#[derive(Debug, Clone)]
pub struct Participant {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    /// Absent for a black box.
    pub process_id: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub struct MessageFlow {
    pub id: Arc<str>,
    pub name: Option<Arc<str>>,
    /// Id of an element or participant.
    pub source: Arc<str>,
    pub target: Arc<str>,
}

/// Something of the file that has a shape or an edge but no meaning for execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    pub id: Arc<str>,
    /// Name, or the text of an annotation.
    pub name: Option<Arc<str>>,
    pub kind: ArtifactKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    Lane,
    DataObject {
        collection: bool,
    },
    DataInput,
    DataOutput,
    DataStore,
    Annotation,
    Group,
    /// `directed` has an arrow head.
    Association {
        directed: bool,
    },
    DataAssociation,
    /// A flow node of a model that is only drawn, whose nearest executable kind stands in
    /// [`Process::elements`] under the same id.
    Instead(Symbol),
}

/// BPMN symbols that no engine of this field executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    ComplexGateway,
    Transaction,
    StandardLoop,
    CancelEvent,
    MultipleEvent,
    ParallelMultipleEvent,
    Choreography,
}

/// Diagram interchange, in pixels, y downwards.
#[derive(Debug, Clone, Default)]
pub struct Diagram {
    pub shapes: Vec<Shape>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone)]
pub struct Shape {
    /// Id of the element, participant, lane, artifact or data object.
    pub element: Arc<str>,
    pub bounds: Bounds,
    pub label: Option<Bounds>,
    /// Absent where the file does not say.
    pub expanded: Option<bool>,
    pub horizontal: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone)]
pub struct Edge {
    pub element: Arc<str>,
    pub waypoints: Vec<(f64, f64)>,
    pub label: Option<Bounds>,
}
