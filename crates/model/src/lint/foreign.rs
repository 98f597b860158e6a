//! Extensions of other engines, which are ignored and often a sign of a model that was not
//! converted.

use crate::codes;
use crate::definitions::Position;
use crate::diagnostic::{Diagnostic, Severity};
use crate::parse::{BPMN, open_tree};

/// Namespaces whose extensions say how to execute, and what to say about them.
const FOREIGN: &[(&str, &str)] = &[
    ("http://camunda.org/schema/1.0/bpmn", "Camunda 7"),
    ("http://activiti.org/bpmn", "Activiti"),
    ("http://flowable.org/bpmn", "Flowable"),
    ("http://www.jboss.org/drools", "jBPM"),
];

/// One warning for each element that has such extensions.
pub(super) fn foreign(xml: &[u8]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    open_tree(xml, |text, document| {
        let places = crate::xml::Places::new(text);
        let processes =
            document.root_element().children().filter(|n| n.has_tag_name((BPMN, "process")));
        for node in processes.flat_map(|p| p.descendants()).filter(|n| n.is_element()) {
            let owned = name(node.tag_name().namespace());
            let attribute = node.attributes().find_map(|a| Some((name(a.namespace())?, a.name())));
            // An element inside another foreign one is told with it.
            let inside =
                node.parent_element().is_some_and(|p| name(p.tag_name().namespace()).is_some());
            let (engine, what) = match (owned, attribute) {
                (Some(engine), _) if !inside => (engine, node.tag_name().name()),
                (None, Some((engine, attribute))) => (engine, attribute),
                _ => continue,
            };
            let holder = node.ancestors().find_map(|a| match a.attribute("id") {
                Some(id) if a.tag_name().namespace() == Some(BPMN) => Some(id),
                _ => None,
            });
            found.push(Diagnostic {
                code: codes::FOREIGN_EXTENSION,
                severity: Severity::Warning,
                element: holder.map(Into::into),
                position: places.at(node.range().start),
                message: format!(
                    "expected extensions of the zeebe namespace, but {what} is one of {engine} \
                     and is ignored"
                ),
            });
        }
    });
    let mut last: Option<(Option<std::sync::Arc<str>>, Position)> = None;
    found.retain(|d| {
        let again = last.as_ref().is_some_and(|(element, _)| *element == d.element);
        last = Some((d.element.clone(), d.position));
        !again
    });
    found
}

fn name(namespace: Option<&str>) -> Option<&'static str> {
    let namespace = namespace?;
    FOREIGN.iter().find(|(uri, _)| *uri == namespace).map(|(_, engine)| *engine)
}
