//! Coordinates for a file that has none, without touching the rest of it.

use crate::definitions::Definitions;
use crate::layout;
use crate::limits::MODEL_BYTES_MAX;
use crate::parse;

use super::diagram::{self, Drawn, Home};
use super::{Roots, Xml};

/// The file with a laid-out diagram added before its end; `None` when it has one already or cannot
/// be read. Everything else stays as it is, byte for byte: viewers show what the author wrote.
pub fn laid_out(name: &str, xml: &[u8]) -> Option<String> {
    let (definitions, _) = parse::read(name, xml).ok()?;
    let text = std::str::from_utf8(xml).ok().filter(|text| text.len() <= MODEL_BYTES_MAX)?;
    if !definitions.diagram.shapes.is_empty() {
        return None;
    }
    let plane = plane(text, &definitions)?;
    let processes: Vec<_> = definitions.processes.iter().collect();
    let mut roots = Roots::new(&processes);
    // Root elements, lanes and data may have any id.
    for id in attributes(text, "id") {
        roots.taken.insert(id.into());
    }
    let diagram = layout::layout_file(&definitions);
    let drawn = Drawn::new(&processes, &definitions.collaboration, &[]);
    let mut added = Xml::part();
    diagram::diagram(&mut added, Home::Elsewhere, &plane, &diagram, &drawn, &mut roots);
    let end = text.rfind("</")?;
    Some(format!("{}{}{}", &text[..end], added.finish(), &text[end..]))
}

/// What the diagram shows: the collaboration where there are pools, else the first process.
fn plane(text: &str, definitions: &Definitions) -> Option<String> {
    if definitions.collaboration.participants.is_empty() {
        return definitions.processes.first().map(|process| process.id.to_string());
    }
    let document = roxmltree::Document::parse(text).ok()?;
    let found = document.descendants().find(|node| node.tag_name().name() == "collaboration")?;
    found.attribute("id").map(str::to_owned)
}

fn attributes(text: &str, name: &str) -> Vec<String> {
    let Ok(document) = roxmltree::Document::parse(text) else { return Vec::new() };
    let nodes = document.descendants();
    nodes.filter_map(|node| node.attribute(name).map(str::to_owned)).collect()
}
