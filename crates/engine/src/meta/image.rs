//! The rows of the meta machine, open for their durable form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{FileDeployed, ProcessDeployed, RequirementsDeployed, State};
use crate::event::Text;
use crate::key::{Key, PartitionId};

/// All rows of a [`State`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Image {
    pub epoch: u64,
    /// Counter of the next key, behind [`crate::key::META_COUNTER`].
    pub next: i64,
    pub partitions: PartitionId,
    pub dealt: PartitionId,
    pub definitions: Vec<Arc<ProcessDeployed>>,
    pub deleted: Vec<Key>,
    pub versions: BTreeMap<(Text, Text), i32>,
    pub requirements: Vec<Arc<RequirementsDeployed>>,
    pub files: Vec<Arc<FileDeployed>>,
}

impl State {
    /// A copy of all rows; the definitions are shared.
    pub fn image(&self) -> Image {
        Image {
            epoch: self.epoch,
            next: self.next,
            partitions: self.partitions,
            dealt: self.dealt,
            definitions: self.definitions.values().cloned().collect(),
            deleted: self.deleted.iter().copied().collect(),
            versions: self.versions.clone(),
            requirements: self.requirements.values().cloned().collect(),
            files: self.files.values().cloned().collect(),
        }
    }

    /// The state that [`State::image`] was taken of.
    pub fn from_image(image: Image) -> State {
        let definitions = image.definitions.into_iter();
        let requirements = image.requirements.into_iter();
        State {
            epoch: image.epoch,
            next: image.next,
            partitions: image.partitions,
            dealt: image.dealt,
            definitions: definitions.map(|deployed| (deployed.key, deployed)).collect(),
            deleted: image.deleted.into_iter().collect(),
            versions: image.versions,
            requirements: requirements.map(|deployed| (deployed.key, deployed)).collect(),
            files: image.files.into_iter().map(|file| (file.key, file)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;
    use crate::meta::{Command, Resource};

    /// What a start knows that begins with a checkpoint in place of the journal.
    #[test]
    fn decisions_are_told_of_after_a_checkpoint() {
        let file = |id: &str| {
            format!(
                r#"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{id}"
                name="{id}" namespace="n"><decision id="{id}-rule" name="R"><variable name="R"/>
                <literalExpression><text>1</text></literalExpression></decision></definitions>"#
            )
        };
        let mut state = State::new();
        for id in ["kept", "gone"] {
            let name = format!("{id}.dmn").into();
            let resource = Resource { name, bytes: file(id).into_bytes().into() };
            let (reply, _) =
                state.decide(&Command::Deploy { resources: vec![resource], tenant: "t".into() });
            reply.expect("a sound file");
        }
        let (kept, gone): (Text, Text) = ("kept-rule".into(), "gone-rule".into());
        let key = *state.requirements.keys().next_back().expect("two were deployed");
        state.decide(&Command::DeleteResource { key }).0.expect("it is there");

        let state = State::from_image(state.image());
        let mut catalog = Catalog::new();
        state.told().iter().for_each(|event| catalog.add(event, 7));
        assert!(catalog.latest_decision(&"t".into(), &kept).is_some());
        assert!(catalog.latest_decision(&"t".into(), &gone).is_none());
        assert!(catalog.is_deleted(key));
    }
}
