//! What there is to draw, found by id, from back to front.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::fold::fold;
use model::{
    Artifact, ArtifactKind, Definitions, Diagram, Edge, Element, Flow, Kind, MessageFlow,
    Participant, Process, Shape, Symbol,
};

/// What a shape stands for.
pub(crate) enum Figure<'a> {
    Pool(&'a Participant),
    Artifact(&'a Artifact),
    Node(Node<'a>),
}

pub(crate) struct Node<'a> {
    pub(crate) element: &'a Element,
    /// The element may be the nearest one to what the file has.
    pub(crate) instead: Option<Symbol>,
    /// A sub-process whose inside is not drawn.
    pub(crate) collapsed: bool,
    /// Drawn as a frame with its name at the top.
    pub(crate) open: bool,
    /// Sub-processes around it.
    pub(crate) depth: usize,
}

/// What an edge stands for.
pub(crate) enum Line<'a> {
    Sequence {
        flow: &'a Flow,
        /// Id of the element that it leaves.
        source: &'a str,
        /// Drawn with a dash across its beginning.
        default: bool,
        /// Conditional, and not behind a gateway.
        conditional: bool,
    },
    Message(&'a MessageFlow),
    Association {
        directed: bool,
    },
    Data,
}

pub(crate) struct Scene<'a> {
    pub(crate) shapes: Vec<(Figure<'a>, Shape)>,
    pub(crate) edges: Vec<(Line<'a>, Edge)>,
    pub(crate) title: &'a str,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(definitions: &'a Definitions, width: Option<f64>) -> Scene<'a> {
        let diagram: Cow<'_, Diagram> = match definitions.diagram.shapes.is_empty() {
            true => Cow::Owned(model::layout_file(definitions)),
            false => Cow::Borrowed(&definitions.diagram),
        };
        let lane = |artifact: &Artifact| artifact.kind == ArtifactKind::Lane;
        let banded = !definitions.collaboration.participants.is_empty()
            || definitions.artifacts.iter().any(lane);
        let diagram = match width.filter(|_| !banded) {
            Some(width) => Cow::Owned(fold(&diagram, width)),
            None => diagram,
        };
        let index = Index::new(definitions, &diagram);
        let mut shapes: Vec<(Figure<'a>, Shape)> = diagram
            .shapes
            .iter()
            .filter_map(|shape| Some((index.figure(shape)?, shape.clone())))
            .collect();
        // What is larger goes behind, because a file may nest shapes as it likes.
        let area = |s: &Shape| s.bounds.width * s.bounds.height;
        shapes.sort_by(|(a, x), (b, y)| layer(a).cmp(&layer(b)).then(area(y).total_cmp(&area(x))));
        let edges = diagram
            .edges
            .iter()
            .filter_map(|edge| Some((index.line(&edge.element)?, edge.clone())))
            .collect();
        let titled = definitions.processes.iter().find_map(|p| p.name.as_deref());
        let title = titled
            .or_else(|| definitions.processes.first().map(|p| &*p.id))
            .unwrap_or("Process model");
        Scene { shapes, edges, title }
    }
}

/// From back to front.
fn layer(figure: &Figure<'_>) -> (u8, usize) {
    match figure {
        Figure::Pool(_) => (0, 0),
        Figure::Artifact(artifact) if artifact.kind == ArtifactKind::Lane => (1, 0),
        Figure::Artifact(artifact) if artifact.kind == ArtifactKind::Group => (4, 0),
        Figure::Node(node) => match node.element.kind {
            Kind::Boundary { .. } => (3, node.depth),
            _ => (2, node.depth),
        },
        Figure::Artifact(_) => (3, 0),
    }
}

struct Index<'a> {
    nodes: BTreeMap<&'a str, (&'a Process, &'a Element)>,
    flows: BTreeMap<&'a str, (&'a Process, &'a Flow)>,
    artifacts: BTreeMap<&'a str, &'a Artifact>,
    instead: BTreeMap<&'a str, Symbol>,
    pools: BTreeMap<&'a str, &'a Participant>,
    messages: BTreeMap<&'a str, &'a MessageFlow>,
    /// Associations to compensation handlers, which a built model does not list as artifacts.
    handlers: BTreeSet<String>,
    /// Sub-processes with something drawn inside.
    open: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn new(definitions: &'a Definitions, diagram: &Diagram) -> Index<'a> {
        let mut index = Index {
            nodes: BTreeMap::new(),
            flows: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            instead: BTreeMap::new(),
            pools: BTreeMap::new(),
            messages: BTreeMap::new(),
            handlers: BTreeSet::new(),
            open: BTreeSet::new(),
        };
        for process in &definitions.processes {
            index.process(process);
        }
        for artifact in &definitions.artifacts {
            match artifact.kind {
                ArtifactKind::Instead(symbol) => {
                    index.instead.insert(&artifact.id, symbol);
                }
                _ => {
                    index.artifacts.insert(&artifact.id, artifact);
                }
            }
        }
        let collaboration = &definitions.collaboration;
        index.pools.extend(collaboration.participants.iter().map(|p| (&*p.id, p)));
        index.messages.extend(collaboration.message_flows.iter().map(|f| (&*f.id, f)));
        let mut open = BTreeSet::new();
        for shape in &diagram.shapes {
            let Some((process, element)) = index.nodes.get(&*shape.element) else { continue };
            if let Some(scope) = element.scope {
                open.insert(&*process.elements[scope as usize].id);
            }
        }
        // What a file says goes before what it looks like.
        for shape in &diagram.shapes {
            let Some((_, element)) = index.nodes.get(&*shape.element) else { continue };
            match shape.expanded {
                Some(true) => open.insert(&element.id),
                Some(false) => open.remove(&*element.id),
                None => false,
            };
        }
        index.open = open;
        index
    }

    fn process(&mut self, process: &'a Process) {
        for element in &process.elements {
            self.nodes.insert(&element.id, (process, element));
            if let Some(handler) = element.compensation_handler {
                let handler = &process.elements[handler as usize];
                self.handlers.insert(format!("{}_to_{}", element.id, handler.id));
            }
        }
        self.flows.extend(process.flows.iter().map(|f| (&*f.id, (process, f))));
    }

    fn figure(&self, shape: &Shape) -> Option<Figure<'a>> {
        let id = &*shape.element;
        if let Some((process, element)) = self.nodes.get(id) {
            let frame = is_frame(element);
            let mut depth = 0;
            let mut scope = element.scope;
            while let Some(around) = scope {
                depth += 1;
                scope = process.elements[around as usize].scope;
            }
            return Some(Figure::Node(Node {
                element,
                instead: self.instead.get(id).copied(),
                collapsed: frame && !self.open.contains(id),
                open: match element.kind {
                    Kind::CallActivity(_) => shape.expanded == Some(true),
                    _ => frame && self.open.contains(id),
                },
                depth,
            }));
        }
        if let Some(pool) = self.pools.get(id) {
            return Some(Figure::Pool(pool));
        }
        self.artifacts.get(id).map(|artifact| Figure::Artifact(artifact))
    }

    fn line(&self, id: &str) -> Option<Line<'a>> {
        if let Some((process, flow)) = self.flows.get(id) {
            let source = &process.elements[flow.source as usize];
            let (default, gateway) = match source.kind {
                Kind::Exclusive { default } | Kind::Inclusive { default } => {
                    (default.is_some_and(|d| process.flows[d as usize].id == flow.id), true)
                }
                _ => (false, false),
            };
            let conditional = flow.condition.is_some() && !gateway;
            return Some(Line::Sequence { flow, source: &source.id, default, conditional });
        }
        if let Some(flow) = self.messages.get(id) {
            return Some(Line::Message(flow));
        }
        if self.handlers.contains(id) {
            return Some(Line::Association { directed: true });
        }
        match self.artifacts.get(id)?.kind {
            ArtifactKind::Association { directed } => Some(Line::Association { directed }),
            ArtifactKind::DataAssociation => Some(Line::Data),
            _ => None,
        }
    }
}

pub(crate) fn is_frame(element: &Element) -> bool {
    matches!(element.kind, Kind::SubProcess | Kind::EventSubProcess | Kind::AdHoc(_))
}
