//! Definitions to a model.

mod boxed;
mod items;
mod remarks;
mod table;

use crate::definitions::{self as source, Definitions, Place, Text};
use crate::error::{Diagnostic, ModelError};
use crate::limits::{
    CONSTANTS_COMPARED_MAX, DIAGNOSTICS_MAX, EXPRESSION_CHARS_SHOWN, REQUIREMENT_DEPTH_MAX,
};
use crate::model::{
    Compiled, Decision, Element, ElementKind, Knowledge, Model, Requirement, Service,
};
use crate::parse::parse;
use crate::result::DecisionKind;
use crate::types::ItemType;
use feel::{Dialect, Scope};
use items::Items;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// How a model is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The dialect; by default it is told from the file.
    pub dialect: Option<Dialect>,
    /// Whether an expression that cannot be compiled fails only when it is evaluated, instead of
    /// making the file unusable.
    pub is_lenient: bool,
}

impl Model {
    /// Reads and compiles a file that imports nothing.
    pub fn read(xml: &str) -> Result<Model, ModelError> {
        Model::read_with(xml, &[], Options::default())
    }

    /// Reads and compiles a file. `others` are the files that it may import, directly or through
    /// one another; each is found by its namespace.
    pub fn read_with(xml: &str, others: &[&str], options: Options) -> Result<Model, ModelError> {
        let texts: Vec<&str> = std::iter::once(xml).chain(others.iter().copied()).collect();
        let mut files = Vec::new();
        let mut diagnostics = Vec::new();
        for (file, text) in texts.iter().enumerate() {
            let (definitions, found) = parse(text, file)?;
            files.push(definitions);
            diagnostics.extend(found);
        }
        let said = if files[0].is_camunda { Dialect::Camunda } else { Dialect::Standard };
        let dialect = options.dialect.unwrap_or(said);
        let mut compiler = Compiler {
            files: &files,
            texts: &texts,
            dialect,
            options,
            items: Items::default(),
            bases: Vec::new(),
            places: BTreeMap::new(),
            names: Vec::new(),
            diagnostics,
            warnings: Vec::new(),
            inside: String::new(),
            constants_left: CONSTANTS_COMPARED_MAX,
        };
        let elements = compiler.elements();
        if compiler.diagnostics.is_empty() {
            compiler.check_cycles(&elements);
        }
        if !compiler.diagnostics.is_empty() {
            let Compiler { diagnostics, warnings, .. } = compiler;
            return Err(ModelError { diagnostics, warnings });
        }
        let own = files[0].inputs.len()
            + files[0].decisions.len()
            + files[0].knowledge.len()
            + files[0].services.len();
        Ok(Model(Arc::new(Compiled {
            id: files[0].id.clone(),
            name: files[0].name.clone(),
            namespace: files[0].namespace.clone(),
            dialect,
            by_name: by_name(&elements[..own]),
            elements,
            own,
            warnings: compiler.warnings,
        })))
    }
}

fn by_name(elements: &[Element]) -> BTreeMap<Arc<str>, usize> {
    let mut found = BTreeMap::new();
    for (at, element) in elements.iter().enumerate() {
        found.entry(element.id.clone()).or_insert(at);
    }
    for (at, element) in elements.iter().enumerate() {
        found.entry(element.name.clone()).or_insert(at);
        if let ElementKind::Decision(decision) = &element.kind {
            found.entry(decision.name.clone()).or_insert(at);
        }
    }
    found
}

pub(crate) struct Compiler<'d> {
    /// The file itself, then those that it may import.
    files: &'d [Definitions],
    texts: &'d [&'d str],
    dialect: Dialect,
    options: Options,
    items: Items,
    /// What all expressions of each file may name.
    bases: Vec<Scope>,
    /// Elements by file and id.
    places: BTreeMap<(usize, String), usize>,
    /// The names under which each element is known to those that require it.
    names: Vec<Vec<Arc<str>>>,
    diagnostics: Vec<Diagnostic>,
    /// Of the file itself.
    warnings: Vec<Diagnostic>,
    /// The id of the decision or knowledge that is compiled now.
    inside: String,
    /// Constants that may still be compared to see whether rules overlap.
    constants_left: usize,
}

/// What the expressions of one element may name.
pub(crate) struct Surroundings {
    pub(crate) file: usize,
    pub(crate) scope: Arc<Scope>,
}

impl Surroundings {
    /// With more variables.
    fn with<'n>(&self, names: impl Iterator<Item = &'n str>) -> Surroundings {
        let mut scope = (*self.scope).clone();
        for name in names {
            scope.add_variable(name);
            scope.add_member(name);
        }
        Surroundings { file: self.file, scope: Arc::new(scope) }
    }
}

impl Compiler<'_> {
    fn error(&mut self, place: &Place, message: String) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            let (line, column) = place.line_and_column(self.texts[place.file]);
            let element = self.element_of(place);
            self.diagnostics.push(Diagnostic { element, line, column, message });
        }
    }

    /// The id of an element, else that of the decision or knowledge that it is in.
    fn element_of(&self, place: &Place) -> String {
        let own = if place.id.is_empty() { &self.inside } else { &place.id };
        own.clone()
    }

    fn warn(&mut self, place: &Place, message: String) {
        if place.file == 0 && self.warnings.len() < DIAGNOSTICS_MAX {
            let (line, column) = place.line_and_column(self.texts[0]);
            let element = self.element_of(place);
            self.warnings.push(Diagnostic { element, line, column, message });
        }
    }

    /// Warns of what an expression calls or reads that is not there. In Camunda any variable of
    /// the process may be read.
    fn doubt<'n>(
        &mut self,
        text: &Text,
        doubts: Vec<feel::Doubt>,
        unknown: impl Iterator<Item = &'n str>,
    ) {
        for doubt in doubts {
            self.warn(&text.at(doubt.span.start), doubt.message);
        }
        if self.dialect == Dialect::Standard {
            for name in unknown {
                let message = format!(
                    "expected the name of an input or of what it requires, but '{name}' is none"
                );
                self.warn(&text.place, message);
            }
        }
    }

    /// An expression that does not parse, unless that is told when it is evaluated.
    fn syntax(&mut self, text: &Text, error: &feel::SyntaxError) {
        if !self.options.is_lenient {
            let shown: String = text.text.chars().take(EXPRESSION_CHARS_SHOWN).collect();
            let message = format!("{} in the expression {shown:?}", error.message());
            self.error(&text.at(error.span().start), message);
        }
    }

    fn elements(&mut self) -> Vec<Element> {
        let files = self.files;
        for (file, definitions) in files.iter().enumerate() {
            let names = known_names(definitions, self.dialect);
            for (id, names) in names {
                let known = self.places.insert((file, id.clone()), self.names.len());
                // Without an id it is named by nobody, and there may be several.
                if known.is_some() && !id.is_empty() {
                    let message = format!("expected each id once, but '{id}' stands twice");
                    self.error(&Place { id, file, offset: 0 }, message);
                }
                self.names.push(names);
            }
            self.compile_items(file);
        }
        // Types are the same for all expressions of a file.
        let base = |file: usize| {
            let mut scope = Scope::new(self.dialect);
            self.items.add_to(&mut scope, files, file);
            let decisions = files.iter().flat_map(|own| &own.decisions);
            let logic = decisions.filter_map(|decision| decision.logic.as_ref());
            logic.for_each(|logic| boxed::entries(logic, |name| scope.add_member(name)));
            scope
        };
        self.bases = (0..files.len()).map(base).collect();
        let mut elements = Vec::with_capacity(self.names.len());
        for file in 0..files.len() {
            self.file_elements(file, &mut elements);
        }
        elements
    }

    fn decision(&mut self, file: usize, decision: &source::Decision) -> Element {
        self.inside.clone_from(&decision.id);
        let requires = self.requirements(file, &decision.place, &decision.requires);
        let around = self.surroundings(file, &requires);
        let variable = decision.variable.clone().unwrap_or_default();
        let logic = decision.logic.as_ref().map(|logic| self.boxed(logic, &around));
        if logic.is_none() {
            let message = "expected a decision with logic, but it has none and gives null";
            self.warn(&decision.place, message.to_owned());
        }
        self.known_type(&decision.place, file, &variable.type_ref);
        let named = if variable.name.is_empty() { &decision.name } else { &variable.name };
        let named = if named.is_empty() { &decision.id } else { named };
        Element {
            id: decision.id.as_str().into(),
            name: feel::normalised(named).into(),
            requires,
            kind: ElementKind::Decision(Decision {
                name: decision.name.as_str().into(),
                file,
                version_tag: decision.version_tag.clone(),
                kind: decision.logic.as_ref().map_or(DecisionKind::Unspecified, boxed::kind_of),
                result: self.type_of(file, &variable.type_ref),
                logic,
            }),
        }
    }

    fn file_elements(&mut self, file: usize, elements: &mut Vec<Element>) {
        let definitions = &self.files[file];
        for input in &definitions.inputs {
            let kind = ElementKind::Input(self.type_of(file, &input.variable.type_ref));
            let name = input.variable.name.as_str().into();
            elements.push(Element {
                id: input.id.as_str().into(),
                name,
                requires: Vec::new(),
                kind,
            });
        }
        for decision in &definitions.decisions {
            elements.push(self.decision(file, decision));
        }
        for knowledge in &definitions.knowledge {
            self.inside.clone_from(&knowledge.id);
            let requires = self.requirements(file, &knowledge.place, &knowledge.requires);
            let around = self.surroundings(file, &requires);
            let around = around.with([knowledge.variable.name.as_str()].into_iter());
            let function = knowledge.function.as_ref();
            let function = function.map(|own| Arc::new(self.function(own, &around)));
            let result = self.type_of(file, &knowledge.variable.type_ref);
            elements.push(Element {
                id: knowledge.id.as_str().into(),
                name: knowledge.variable.name.as_str().into(),
                requires,
                kind: ElementKind::Knowledge(Knowledge { result, function }),
            });
        }
        for service in &definitions.services {
            let place = &service.place;
            let mut inputs = self.targets(file, place, &service.input_data);
            inputs.extend(self.targets(file, place, &service.input_decisions));
            let outputs = self.targets(file, place, &service.outputs);
            let result = self.type_of(file, &service.variable.type_ref);
            elements.push(Element {
                id: service.id.as_str().into(),
                name: service.variable.name.as_str().into(),
                requires: Vec::new(),
                kind: ElementKind::Service(Service {
                    result,
                    outputs,
                    inputs,
                    signature: OnceLock::new(),
                }),
            });
        }
    }

    /// The element that a reference points to, and the file that it is in.
    fn target(&mut self, file: usize, place: &Place, reference: &str) -> Option<(usize, usize)> {
        let files = self.files;
        let (namespace, id) = reference.rsplit_once('#').unwrap_or(("", reference));
        let home = match namespace {
            "" => Some(file),
            _ if namespace == files[file].namespace => Some(file),
            _ => files.iter().position(|own| own.namespace == namespace),
        };
        let found = home.and_then(|home| {
            self.places.get(&(home, id.to_owned())).map(|element| (*element, home))
        });
        if found.is_none() {
            self.error(place, format!("expected an element '{reference}', but there is none"));
        }
        found
    }

    fn targets(&mut self, file: usize, place: &Place, references: &[String]) -> Vec<usize> {
        let found = references.iter().filter_map(|reference| self.target(file, place, reference));
        found.map(|(element, _)| element).collect()
    }

    fn requirements(
        &mut self,
        file: usize,
        place: &Place,
        references: &[String],
    ) -> Vec<Requirement> {
        let mut found = Vec::new();
        for reference in references {
            let Some((element, home)) = self.target(file, place, reference) else { continue };
            let import = match home == file {
                true => None,
                false => self.import_name(file, home),
            };
            let names = self.names[element].clone();
            found.push(Requirement { element, import, names });
        }
        found
    }

    /// The name under which one file imports another; an empty name imports without one.
    fn import_name(&self, file: usize, home: usize) -> Option<Arc<str>> {
        let namespace = &self.files[home].namespace;
        let import = self.files[file].imports.iter().find(|own| own.namespace == *namespace);
        import.filter(|own| !own.name.is_empty()).map(|own| own.name.as_str().into())
    }

    fn surroundings(&self, file: usize, requires: &[Requirement]) -> Surroundings {
        let mut scope = self.bases[file].clone();
        for requirement in requires {
            match &requirement.import {
                Some(import) => {
                    scope.add_variable(import);
                    requirement.names.iter().for_each(|name| scope.add_member(name));
                }
                None => requirement.names.iter().for_each(|name| scope.add_variable(name)),
            }
        }
        Surroundings { file, scope: Arc::new(scope) }
    }

    fn type_of(&self, file: usize, reference: &Option<String>) -> Option<Arc<ItemType>> {
        // Camunda does not check types; what its modeler writes there is often not the standard's.
        if self.dialect == Dialect::Camunda {
            return None;
        }
        self.declared(file, reference)
    }

    /// What the file says, whether it is checked or not.
    fn declared(&self, file: usize, reference: &Option<String>) -> Option<Arc<ItemType>> {
        self.items.find(self.files, file, reference.as_deref()?)
    }

    /// Requirements must form no circle, except that knowledge may require itself, and no chain
    /// that is too long to evaluate.
    fn check_cycles(&mut self, elements: &[Element]) {
        let mut depths = vec![None; elements.len()];
        for (at, element) in elements.iter().enumerate() {
            let message = match depth(elements, at, &mut depths, &mut Vec::new()) {
                Ok(_) => continue,
                Err(Chain::TooLong) => format!(
                    "expected decisions that require at most {REQUIREMENT_DEPTH_MAX} others in a \
                     chain, but this one requires more"
                ),
                Err(Chain::Circle(circle)) => {
                    let ids: Vec<String> =
                        circle.iter().map(|at| format!("'{}'", elements[*at].id)).collect();
                    format!(
                        "expected decisions that do not require themselves, but {} require each \
                         other in a circle",
                        ids.join(", ")
                    )
                }
            };
            self.error(&Place { id: element.id.to_string(), ..Place::default() }, message);
            return;
        }
    }
}

/// Each element of a file, in the order in which elements are numbered: its id, and the names under
/// which it is known to those that require it. In Camunda a decision is known by its id, too.
fn known_names(definitions: &Definitions, dialect: Dialect) -> Vec<(String, Vec<Arc<str>>)> {
    let names = |wanted: &[&str]| {
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in wanted {
            let name: Arc<str> = feel::normalised(name).into();
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let inputs = definitions.inputs.iter().map(|own| (&own.id, names(&[&own.variable.name])));
    let decisions = definitions.decisions.iter().map(|own| {
        let variable = own.variable.as_ref().map_or("", |variable| &variable.name);
        let variable = if variable.is_empty() { &own.name } else { variable };
        let known = match dialect {
            Dialect::Camunda => names(&[variable, &own.name, &own.id]),
            Dialect::Standard => names(&[variable]),
        };
        (&own.id, known)
    });
    let knowledge = definitions.knowledge.iter().map(|own| (&own.id, names(&[&own.variable.name])));
    let services = definitions.services.iter().map(|own| (&own.id, names(&[&own.variable.name])));
    let all = inputs.chain(decisions).chain(knowledge).chain(services);
    all.map(|(id, names)| (id.clone(), names)).collect()
}

/// Why a chain of required decisions cannot be evaluated.
enum Chain {
    TooLong,
    /// The decisions of a circle, in the order in which they require each other.
    Circle(Vec<usize>),
}

/// The length of the longest chain of required decisions.
fn depth(
    elements: &[Element],
    at: usize,
    depths: &mut [Option<usize>],
    path: &mut Vec<usize>,
) -> Result<usize, Chain> {
    if let Some(known) = depths[at] {
        return Ok(known);
    }
    if let Some(start) = path.iter().position(|own| *own == at) {
        return Err(Chain::Circle(path[start..].to_vec()));
    }
    if path.len() > REQUIREMENT_DEPTH_MAX {
        return Err(Chain::TooLong);
    }
    path.push(at);
    let mut own = 0;
    for requirement in &elements[at].requires {
        if matches!(elements[requirement.element].kind, ElementKind::Decision(_)) {
            own = own.max(depth(elements, requirement.element, depths, path)? + 1);
        }
    }
    path.pop();
    match own > REQUIREMENT_DEPTH_MAX {
        true => Err(Chain::TooLong),
        false => {
            depths[at] = Some(own);
            Ok(own)
        }
    }
}
