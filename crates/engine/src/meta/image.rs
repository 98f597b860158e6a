//! The rows of the meta machine, open for their durable form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ProcessDeployed, RequirementsDeployed, State};
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
        }
    }
}
