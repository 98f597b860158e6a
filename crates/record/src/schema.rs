//! Tags of everything that is durable. A tag is never reused; a field that is no longer written
//! keeps its line or is listed as reserved. What can be added: a field with a new tag whose absence
//! means what held before. What cannot: another meaning of a field; that is a new event.

mod decision;
mod definition;
mod element;
mod instance;
mod item;
mod partition;
mod slot;
mod variable;

pub(crate) use element::Element;
pub(crate) use variable::TextPair;

use crate::codec::Message;
use crate::proto::Schema;
#[cfg(feature = "specimen")]
use crate::specimen::Choices;

/// An enum whose variants have tags.
#[cfg(feature = "specimen")]
pub(crate) trait Choice: crate::codec::Message {
    /// Name and tag of each variant.
    const VARIANTS: &'static [(&'static str, u32)];

    /// A made-up value of one variant.
    fn any_of(tag: u32, choices: &mut Choices<'_>) -> Option<Self>;
}

/// Aggregates and their events.
#[cfg(feature = "specimen")]
pub(crate) const EVENT_TABLES: [(&str, &[(&str, u32)]); 4] = [
    ("partition", engine::event::PartitionEvent::VARIANTS),
    ("definition", engine::event::DefinitionEvent::VARIANTS),
    ("slot", engine::event::SlotEvent::VARIANTS),
    ("instance", engine::event::InstanceEvent::VARIANTS),
];

const NOTES: &str = "\
// Made by `cargo test -p grevy-record` from the tables that encoder and decoder are made of; the
// test fails when this text is not what they say.
//
// A tag is never reused. The tag of an event is its version: a change of meaning is a new event
// with a new tag. An event whose tag is unknown stops a fold, unless the tag is 2048 or more.
// \"offset\": distance from the key of the instance that the message is about; absent is that key.
// Times are milliseconds since the epoch. Element and flow numbers are positions in the list that
// the deployment stored; element 4294967295 is the process itself.

syntax = \"proto3\";
";

/// The schema as protobuf text, by file name: what the files in `schema/` must be.
pub fn protos() -> [(&'static str, String); 3] {
    let journal = "// The payload of a partition's journal: one `Step` per frame.";
    let meta = "// The payload of the meta journal: one `MetaStep` per frame.";
    let checkpoint = "// Blobs of a checkpoint; each follows one byte, the version of its form: 1.";
    [
        ("journal.proto", text(journal, "journal", crate::step::describe)),
        ("meta.proto", text(meta, "meta", crate::MetaStep::describe)),
        ("checkpoint.proto", text(checkpoint, "checkpoint", crate::checkpoint::describe)),
    ]
}

fn text(head: &str, package: &str, describe: fn(&mut Schema)) -> String {
    let mut schema = Schema::default();
    describe(&mut schema);
    let mut out = format!("{head}\n//\n{NOTES}\npackage grevy.{package}.v1;\n");
    schema.render(&mut out);
    out
}
