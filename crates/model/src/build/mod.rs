//! Models in code: a cursor walks from element to element and connects them as it goes.
//!
//! ```
//! use model::{Builder, Event};
//!
//! let definitions = Builder::process("order")
//!     .start("start")
//!     .service_task("charge", "payment")
//!     .boundary("late", Event::after("PT1H"))
//!     .end("given_up")
//!     .at("charge")
//!     .exclusive("in_stock")
//!     .when("=stock > 0")
//!     .service_task("ship", "shipping")
//!     .end("done")
//!     .at("in_stock")
//!     .otherwise()
//!     .end("sold_out")
//!     .build();
//! assert!(definitions.is_ok());
//! ```
//!
//! Ids are given, and those of flows follow from them, so that the same code gives the same bytes.

mod elements;
mod events;
mod settings;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::codes;
use crate::definitions::{Definitions, Element, ElementIndex, Flow, Kind, Position, Process, Text};
use crate::diagnostic::{Diagnostic, Severity};
use crate::{parse, write};

/// A process under construction. Slips such as an unknown id are kept and told by
/// [`Builder::build`], together with what is wrong with the model.
#[derive(Debug, Clone)]
pub struct Builder {
    process: Process,
    /// Sub-process that elements are added to.
    scope: Option<ElementIndex>,
    /// Element that the next one is connected to.
    cursor: Option<ElementIndex>,
    /// What the next flow has.
    condition: Option<Text>,
    default: bool,
    flow_name: Option<Arc<str>>,
    problems: Vec<Diagnostic>,
}

impl Builder {
    /// An executable process.
    pub fn process(id: &str) -> Builder {
        let process = Process {
            id: id.into(),
            name: None,
            executable: true,
            documentation: None,
            version_tag: None,
            forms: Vec::new(),
            listeners: Vec::new(),
            job_priority: None,
            properties: Vec::new(),
            elements: Vec::new(),
            flows: Vec::new(),
            position: Position::default(),
        };
        Builder {
            process,
            scope: None,
            cursor: None,
            condition: None,
            default: false,
            flow_name: None,
            problems: Vec::new(),
        }
    }

    /// For drawing and tracking only: what execution needs may be missing.
    pub fn not_executable(mut self) -> Builder {
        self.process.executable = false;
        self
    }

    /// Moves the cursor to an element that is there already, to begin another branch.
    pub fn at(mut self, id: &str) -> Builder {
        match self.find(id) {
            Some(index) => self.cursor = Some(index),
            None => self.unknown(id),
        }
        self
    }

    /// Connects the cursor to an element that is there already: a join, or a way back.
    pub fn to(mut self, id: &str) -> Builder {
        match self.find(id) {
            Some(index) => {
                self.connect(index);
                self.cursor = Some(index);
            }
            None => self.unknown(id),
        }
        self
    }

    /// Condition of the next flow, in FEEL; it begins with `=`.
    pub fn when(mut self, condition: &str) -> Builder {
        self.condition = Some(Text::parse(condition));
        self
    }

    /// The next flow is the default of the gateway that it leaves.
    pub fn otherwise(mut self) -> Builder {
        self.default = true;
        self
    }

    /// Name of the next flow.
    pub fn flow_name(mut self, name: &str) -> Builder {
        self.flow_name = Some(name.into());
        self
    }

    /// Checks the model and gives it as if it had been read from [`Builder::xml`], which its
    /// `source` holds.
    ///
    /// # Errors
    /// Slips in the calls, else all problems of the model; the places are those in the XML.
    pub fn build(self) -> Result<Definitions, Vec<Diagnostic>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let name = format!("{}.bpmn", self.process.id);
        let executable = self.process.executable;
        let xml = self.xml();
        let outcome = match executable {
            true => parse::parse(&name, xml.as_bytes()),
            false => parse::read(&name, xml.as_bytes()),
        };
        outcome.map(|(definitions, _)| definitions)
    }

    /// BPMN 2.0 XML with coordinates, whatever is wrong with the model.
    pub fn xml(mut self) -> String {
        parse::link(&mut self.process);
        write::write_process(&self.process)
    }

    fn find(&self, id: &str) -> Option<ElementIndex> {
        self.process.element(id).map(|(index, _)| index)
    }

    fn unknown(&mut self, id: &str) {
        self.slip(
            id,
            format!("expected an element that was added before, but there is none {id:?}"),
        );
    }

    fn slip(&mut self, id: &str, message: String) {
        self.problems.push(Diagnostic {
            code: codes::REFERENCE_UNKNOWN,
            severity: Severity::Error,
            element: Some(id.into()),
            position: Position::default(),
            message,
        });
    }

    /// Adds an element without connecting it; the cursor moves to it.
    fn add(&mut self, id: &str, kind: Kind) -> ElementIndex {
        let index = self.process.elements.len() as ElementIndex;
        let mut element = Element::new(id, kind);
        element.scope = self.scope;
        self.process.elements.push(element);
        self.cursor = Some(index);
        index
    }

    /// Adds an element behind the cursor.
    fn then(mut self, id: &str, kind: Kind) -> Builder {
        let before = self.cursor;
        let index = self.add(id, kind);
        self.cursor = before;
        self.connect(index);
        self.cursor = Some(index);
        self
    }

    fn connect(&mut self, target: ElementIndex) {
        let (condition, default) = (self.condition.take(), std::mem::take(&mut self.default));
        let name = self.flow_name.take();
        let Some(source) = self.cursor else { return };
        let at = |index: ElementIndex| &self.process.elements[index as usize];
        let wish = format!("{}_to_{}", at(source).id, at(target).id);
        let taken: BTreeSet<&str> = self.process.flows.iter().map(|f| &*f.id).collect();
        let mut id = wish.clone();
        let mut n = 2;
        while taken.contains(&*id) {
            id = format!("{wish}_{n}");
            n += 1;
        }
        let index = self.process.flows.len() as u32;
        let position = Position::default();
        self.process.flows.push(Flow { id: id.into(), name, source, target, condition, position });
        if !default {
            return;
        }
        match &mut self.process.elements[source as usize].kind {
            Kind::Exclusive { default } | Kind::Inclusive { default } => *default = Some(index),
            _ => {
                let id = self.process.elements[source as usize].id.clone();
                let message = format!("expected a default flow behind a gateway, but {id} is none");
                self.slip(&id, message);
            }
        }
    }

    /// The element at the cursor, to set something on it.
    fn here(&mut self) -> Option<&mut Element> {
        let Some(index) = self.cursor else {
            let id = self.process.id.clone();
            self.slip(&id, "expected an element to set this on, but there is none yet".into());
            return None;
        };
        Some(&mut self.process.elements[index as usize])
    }
}
