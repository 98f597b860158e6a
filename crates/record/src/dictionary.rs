//! What a reader without a state needs in order to name what a group speaks of (engine-rules 1).

use engine::Key;
use engine::event::{ElementNo, FlowNo, Text};

use crate::codec::{Abs, Anchor, I32, List, Message, Msg, Offset, Pairs, Str, Tenant, U32};
use crate::wire::Writer;

/// Names for the keys and numbers in a group of steps. Once per group, in the frame of any of its
/// steps: a group is read whole, so a reader has it before it needs it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dictionary {
    pub definitions: Vec<DefinitionEntry>,
    pub instances: Vec<InstanceEntry>,
}

/// A definition that instances of the group follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DefinitionEntry {
    pub key: Key,
    pub process_id: Text,
    pub version: i32,
    pub tenant: Text,
    /// Ids of the elements that the group mentions.
    pub elements: Vec<(ElementNo, Text)>,
    /// Ids of the flows that the group mentions.
    pub flows: Vec<(FlowNo, Text)>,
}

/// An instance that the group tells of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InstanceEntry {
    pub instance: Key,
    /// Index in [`Dictionary::definitions`].
    pub definition: u32,
    /// Which element the element instances are that the group mentions but does not create.
    pub elements: Vec<(Key, ElementNo)>,
}

message!("Dictionary", Dictionary {
    1 definitions: List<Msg<DefinitionEntry>>,
    2 instances: List<Msg<InstanceEntry>>,
});

message!("DefinitionEntry", DefinitionEntry {
    1 key: Abs,
    2 process_id: Str,
    3 version: I32,
    4 tenant: Tenant,
    5 elements: Pairs<IdEntry>,
    6 flows: Pairs<IdEntry>,
});

message!("InstanceEntry", InstanceEntry {
    1 instance: Anchor,
    2 definition: U32,
    3 elements: Pairs<ElementEntry>,
});

// Elements and flows alike: `ElementNo` and `FlowNo` are the same number type.
row!("IdEntry", IdEntry: u32 => Text, (1 number: U32), { 2 id: Str });
row!("ElementEntry", ElementEntry: Key => ElementNo, (1 key: Offset), { 2 element: U32 });

impl Dictionary {
    /// The definition that `instance` follows.
    pub fn definition_of(&self, instance: Key) -> Option<&DefinitionEntry> {
        let entry = self.instances.iter().find(|entry| entry.instance == instance)?;
        self.definitions.get(entry.definition as usize)
    }

    pub(crate) fn write(&self, tag: u32, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 0);
        let open = writer.open(tag);
        self.write_fields(&mut writer);
        writer.close(open);
    }
}

impl DefinitionEntry {
    /// Id of an element.
    pub fn element(&self, no: ElementNo) -> Option<&Text> {
        self.elements.iter().find(|(known, _)| *known == no).map(|(_, id)| id)
    }

    /// Id of a flow.
    pub fn flow(&self, no: FlowNo) -> Option<&Text> {
        self.flows.iter().find(|(known, _)| *known == no).map(|(_, id)| id)
    }
}
