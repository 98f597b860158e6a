//! Participants and message flows.

use crate::definitions::{Collaboration, MessageFlow, Participant};

use super::reader::{Node, is, name};

pub(super) fn collaboration(root: Node<'_>) -> Collaboration {
    let mut found = Collaboration::default();
    for part in root.children().filter(|c| is(*c, "collaboration")).flat_map(|c| c.children()) {
        let Some(id) = part.attribute("id") else { continue };
        if is(part, "participant") {
            let process_id = part.attribute("processRef").map(local);
            found.participants.push(Participant { id: id.into(), name: name(part), process_id });
        } else if is(part, "messageFlow") {
            let (Some(source), Some(target)) =
                (part.attribute("sourceRef"), part.attribute("targetRef"))
            else {
                continue;
            };
            found.message_flows.push(MessageFlow {
                id: id.into(),
                name: name(part),
                source: local(source),
                target: local(target),
            });
        }
    }
    found
}

/// Without the prefix of a qualified name.
fn local(reference: &str) -> std::sync::Arc<str> {
    reference.rsplit(':').next().unwrap_or(reference).into()
}
