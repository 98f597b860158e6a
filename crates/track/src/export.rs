//! A discovered tree as a BPMN process: for tracking at once, or executable with worker names.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Element, ElementIndex, Event, Flow, FlowIndex, Job, Kind, Process, TaskKind, Text};

use crate::discover::Tree;

/// What the process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Tasks that stand for event types, by their names.
    Tracking,
    /// Service tasks with job types; every choice has its condition.
    Executable,
}

/// The process of a tree; `names` are the activities.
pub fn process(tree: &Tree, names: &[String], id: &str, purpose: Purpose) -> Process {
    let ids = BTreeSet::new();
    let mut build = Build { names, purpose, elements: Vec::new(), flows: Vec::new(), ids };
    let start = build.element(
        "start",
        None,
        Kind::Start { event: Event::None, interrupting: true, form: None },
    );
    let middle = build.tree(tree);
    let end = build.element("end", None, Kind::End(Event::None));
    match middle {
        None => build.flow(start, end),
        Some((entry, exit)) => {
            build.flow(start, entry);
            build.flow(exit, end)
        }
    };
    build.conditions();
    Process {
        id: slug(id).into(),
        name: Some(id.into()),
        executable: purpose == Purpose::Executable,
        documentation: None,
        version_tag: None,
        forms: Vec::new(),
        listeners: Vec::new(),
        job_priority: None,
        properties: Vec::new(),
        elements: build.elements,
        flows: build.flows,
        position: model::Position::default(),
    }
}

struct Build<'a> {
    names: &'a [String],
    purpose: Purpose,
    elements: Vec<Element>,
    flows: Vec<Flow>,
    ids: BTreeSet<String>,
}

/// Where a part is entered and left; a silent part is neither.
type Ends = Option<(ElementIndex, ElementIndex)>;

impl Build<'_> {
    fn element(&mut self, id: &str, name: Option<&str>, kind: Kind) -> ElementIndex {
        let id = self.fresh(id);
        self.elements.push(Element {
            id: id.into(),
            name: name.map(Arc::from),
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
            user_task: None,
            for_compensation: false,
            compensation_handler: None,
            job_priority: None,
            position: model::Position::default(),
        });
        self.elements.len() as ElementIndex - 1
    }

    fn fresh(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        let mut number = 2;
        while !self.ids.insert(id.clone()) {
            id = format!("{wanted}_{number}");
            number += 1;
        }
        id
    }

    fn flow(&mut self, source: ElementIndex, target: ElementIndex) -> FlowIndex {
        let index = self.flows.len() as FlowIndex;
        self.elements[source as usize].outgoing.push(index);
        self.elements[target as usize].incoming.push(index);
        let id = self.fresh(&format!("flow_{}", index + 1));
        self.flows.push(Flow {
            id: id.into(),
            name: None,
            source,
            target,
            condition: None,
            position: model::Position::default(),
        });
        index
    }

    fn tree(&mut self, tree: &Tree) -> Ends {
        match tree {
            Tree::Silent => None,
            Tree::Activity(activity) => {
                let task = self.task(*activity as usize);
                Some((task, task))
            }
            Tree::Sequence(children) => {
                let mut whole: Ends = None;
                for child in children {
                    let part = self.tree(child);
                    whole = match (whole, part) {
                        (Some((entry, exit)), Some((next, last))) => {
                            self.flow(exit, next);
                            Some((entry, last))
                        }
                        (whole, part) => whole.or(part),
                    };
                }
                whole
            }
            Tree::Choice(children) => {
                self.block(children, "choice", || Kind::Exclusive { default: None })
            }
            Tree::Parallel(children) => self.block(children, "parallel", || Kind::Parallel),
            Tree::Loop { body, redo } => self.repeat(body, redo),
        }
    }

    fn task(&mut self, activity: usize) -> ElementIndex {
        let name = self.names.get(activity).map_or("", String::as_str).to_owned();
        let id = slug(&name);
        let kind = match self.purpose {
            Purpose::Tracking => Kind::UndefinedTask,
            Purpose::Executable => Kind::JobTask {
                task: TaskKind::Service,
                job: Job {
                    job_type: Text::Static(job_type(&name).into()),
                    retries: Text::Static("3".into()),
                    linked_resources: Vec::new(),
                },
            },
        };
        self.element(&id, Some(&name), kind)
    }

    fn block(&mut self, children: &[Tree], id: &str, kind: impl Fn() -> Kind) -> Ends {
        let split = self.element(id, None, kind());
        let mut parts = Vec::new();
        for child in children {
            parts.push(self.tree(child));
        }
        let join = self.element(&format!("{id}_end"), None, kind());
        for part in parts {
            match part {
                Some((entry, exit)) => {
                    self.flow(split, entry);
                    self.flow(exit, join);
                }
                None => {
                    self.flow(split, join);
                }
            }
        }
        Some((split, join))
    }

    fn repeat(&mut self, body: &Tree, redo: &Tree) -> Ends {
        let exclusive = || Kind::Exclusive { default: None };
        let again = self.element("again", None, exclusive());
        let body = self.tree(body);
        let leave = self.element("again_or_on", None, exclusive());
        // The way on is what follows; it is drawn first by whoever continues, the way back here.
        match body {
            Some((entry, exit)) => {
                self.flow(again, entry);
                self.flow(exit, leave);
            }
            None => {
                self.flow(again, leave);
            }
        }
        match self.tree(redo) {
            Some((entry, exit)) => {
                self.flow(leave, entry);
                self.flow(exit, again);
            }
            None => {
                self.flow(leave, again);
            }
        }
        Some((again, leave))
    }

    /// An executable choice needs a condition on every flow but the default.
    fn conditions(&mut self) {
        if self.purpose != Purpose::Executable {
            return;
        }
        for at in 0..self.elements.len() {
            let outgoing = self.elements[at].outgoing.clone();
            let gateway = self.elements[at].id.replace('-', "_");
            let Kind::Exclusive { default } = &mut self.elements[at].kind else { continue };
            if outgoing.len() < 2 {
                continue;
            }
            *default = outgoing.last().copied();
            for (number, flow) in (1..).zip(&outgoing[..outgoing.len() - 1]) {
                let condition = format!("{gateway} = {number}");
                self.flows[*flow as usize].condition = Some(Text::Expression(condition.into()));
            }
        }
    }
}

/// A name as an XML id and as a FEEL name: letters, digits and underscores.
fn slug(name: &str) -> String {
    let mut id = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => id.push(c.to_ascii_lowercase()),
            _ if id.ends_with('_') || id.is_empty() => {}
            _ => id.push('_'),
        }
    }
    let id = id.trim_end_matches('_');
    match id.chars().next() {
        None => "step".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("step_{id}"),
        Some(_) => id.to_owned(),
    }
}

/// One process as a file's definitions, laid out.
pub fn definitions(process: Process) -> model::Definitions {
    let diagram = model::layout(&process);
    model::Definitions {
        source: Arc::from([]),
        processes: vec![process],
        collaboration: model::Collaboration::default(),
        artifacts: Vec::new(),
        diagram,
    }
}
/// A name as workers are named: `GoodsFetched` and `Goods fetched` are both `goods-fetched`.
fn job_type(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        let joint = !c.is_alphanumeric() || c.is_uppercase() && before.is_lowercase();
        if joint && !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    let words = words.trim_end_matches('-');
    if words.is_empty() { "task".to_owned() } else { words.to_owned() }
}
