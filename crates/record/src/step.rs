//! One step: what a command brought about, with its cause. One frame of the journal.

use engine::command::Source;
use engine::event::{DefinitionEvent, Event, InstanceEvent, PartitionEvent, SlotEvent, Text};
use engine::key::Slot;
use engine::{Cause, Key};

use crate::codec::{Codec, List, Message, Msg, Opt, Str, U16, U64};
use crate::dictionary::Dictionary;
use crate::error::DecodeError;
use crate::limits::STEP_EVENTS_MAX;
use crate::proto::{FieldText, MessageText, Schema};
use crate::wire::{Raw, Reader, Writer};

/// Number of the schema in the header of each group. Raised when a reader that does not know the
/// new one must not even try.
pub const SCHEMA: u16 = 1;

/// Events with tags from here on may be skipped by a reader that does not know them: they change no
/// state. There is none yet.
const OPTIONAL_EVENT_TAGS: u32 = 2048;

/// A step as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    pub timestamp_ms: i64,
    pub cause: Cause,
    /// Of the program that decided; absent: the same as in the step before.
    pub build: Option<Text>,
    pub events: Vec<Event>,
    /// Names for the whole group, in one of its steps.
    pub dictionary: Option<Dictionary>,
    /// Optional events that this build does not know.
    pub skipped: u32,
}

mod tag {
    pub const TIMESTAMP: u32 = 1;
    pub const CAUSE: u32 = 2;
    pub const PARTS: u32 = 3;
    pub const BUILD: u32 = 4;
    pub const DICTIONARY: u32 = 5;

    pub const DEFINITION: u32 = 1;
    pub const SLOT: u32 = 2;
    pub const INSTANCE: u32 = 3;
    pub const PARTITION_EVENTS: u32 = 4;
    pub const DEFINITION_EVENTS: u32 = 5;
    pub const SLOT_EVENTS: u32 = 6;
    pub const INSTANCE_EVENTS: u32 = 7;
}

/// Appends the frame of a step.
pub fn encode_step(out: &mut Vec<u8>, timestamp_ms: i64, cause: &Cause, events: &[Event]) {
    let mut writer = Writer::new(out, 0);
    writer.varint(tag::TIMESTAMP, timestamp_ms as u64);
    if *cause != Cause::default() {
        Msg::<Cause>::write(cause, tag::CAUSE, &mut writer);
    }
    let mut rest = events;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|event| same_aggregate(first, event)).count();
        write_part(&rest[..run], &mut writer);
        rest = &rest[run..];
    }
}

/// Appends the build to the frame of the step that was encoded last: in the first step of an epoch.
pub fn encode_build(out: &mut Vec<u8>, build: &str) {
    Writer::new(out, 0).bytes(tag::BUILD, build.as_bytes());
}

/// Appends the names of a group to the frame of one of its steps, usually the last.
pub fn encode_dictionary(out: &mut Vec<u8>, dictionary: &Dictionary) {
    dictionary.write(tag::DICTIONARY, out);
}

fn same_aggregate(a: &Event, b: &Event) -> bool {
    match (a, b) {
        (Event::Partition(_), Event::Partition(_)) => true,
        (Event::Definition { definition: a, .. }, Event::Definition { definition: b, .. }) => {
            a == b
        }
        (Event::Slot { slot: a, .. }, Event::Slot { slot: b, .. }) => a == b,
        (Event::Instance { instance: a, .. }, Event::Instance { instance: b, .. }) => a == b,
        (
            Event::Partition(_)
            | Event::Definition { .. }
            | Event::Slot { .. }
            | Event::Instance { .. },
            _,
        ) => false,
    }
}

/// Events of one aggregate, whose key is written once.
fn write_part(run: &[Event], writer: &mut Writer<'_>) {
    let part = writer.open(tag::PARTS);
    match run.first() {
        Some(Event::Definition { definition, .. }) => {
            writer.varint(tag::DEFINITION, *definition as u64);
        }
        Some(Event::Slot { slot, .. }) => writer.varint(tag::SLOT, u64::from(*slot)),
        Some(Event::Instance { instance, .. }) => {
            writer.varint(tag::INSTANCE, *instance as u64);
            writer.base = *instance;
        }
        Some(Event::Partition(_)) | None => {}
    }
    for event in run {
        match event {
            Event::Partition(event) => Msg::write(event, tag::PARTITION_EVENTS, writer),
            Event::Definition { event, .. } => Msg::write(event, tag::DEFINITION_EVENTS, writer),
            Event::Slot { event, .. } => Msg::write(event, tag::SLOT_EVENTS, writer),
            Event::Instance { event, .. } => Msg::write(event, tag::INSTANCE_EVENTS, writer),
        }
    }
    writer.base = 0;
    writer.close(part);
}

/// Reads the frame of a step.
///
/// # Errors
/// When the bytes are not a step, or hold an event that this build does not know
/// ([`DecodeError::unknown_tag`]). Either stops a fold.
pub fn decode_step(frame: &[u8]) -> Result<Step, DecodeError> {
    let mut reader = Reader::new(frame, None);
    let mut step = Step::default();
    while let Some((number, raw)) = reader.next()? {
        match number {
            tag::TIMESTAMP => step.timestamp_ms = reader.number(raw)? as i64,
            tag::CAUSE => step.cause = Cause::read_fields(reader.nested(raw)?)?,
            tag::PARTS => read_part(reader.nested(raw)?, &mut step)?,
            tag::BUILD => Str::take(&mut step.build, 0, raw, &mut reader)?,
            tag::DICTIONARY => {
                step.dictionary = Some(Dictionary::read_fields(reader.nested(raw)?)?);
            }
            _ => {}
        }
    }
    Ok(step)
}

fn read_part(mut reader: Reader<'_>, step: &mut Step) -> Result<(), DecodeError> {
    let (mut definition, mut slot): (Key, Slot) = (0, 0);
    while let Some((number, raw)) = reader.next()? {
        let event = match number {
            tag::DEFINITION => {
                definition = reader.number(raw)? as Key;
                continue;
            }
            tag::SLOT => {
                U16::take(&mut slot, 0, raw, &mut reader)?;
                continue;
            }
            tag::INSTANCE => {
                reader.base = Some(reader.number(raw)? as Key);
                continue;
            }
            tag::PARTITION_EVENTS => {
                read_event::<PartitionEvent>(&reader, raw, step)?.map(Event::Partition)
            }
            tag::DEFINITION_EVENTS => read_event::<DefinitionEvent>(&reader, raw, step)?
                .map(|event| Event::Definition { definition, event }),
            tag::SLOT_EVENTS => read_event::<SlotEvent>(&reader, raw, step)?
                .map(|event| Event::Slot { slot, event }),
            tag::INSTANCE_EVENTS => {
                let instance = instance_of(&reader)?;
                read_event::<InstanceEvent>(&reader, raw, step)?
                    .map(|event| Event::Instance { instance, event })
            }
            // A kind of aggregate that this build does not know would be lost.
            tag => return Err(DecodeError::unknown(reader.at(), PART, tag)),
        };
        if step.events.len() == STEP_EVENTS_MAX {
            let expected = "at most 65536 events in a step";
            return Err(DecodeError::malformed(reader.at(), expected, "found more"));
        }
        step.events.extend(event);
    }
    Ok(())
}

fn instance_of(reader: &Reader<'_>) -> Result<Key, DecodeError> {
    let missing =
        || DecodeError::malformed(reader.at(), "the key of an instance", "found its event first");
    reader.base.ok_or_else(missing)
}

/// `None`: an optional event of a newer version.
fn read_event<E: Message>(
    reader: &Reader<'_>,
    raw: Raw<'_>,
    step: &mut Step,
) -> Result<Option<E>, DecodeError> {
    match E::read_fields(reader.nested(raw)?) {
        Ok(event) => Ok(Some(event)),
        Err(error) if error.is_of(E::NAME) && error.unknown_tag() >= Some(OPTIONAL_EVENT_TAGS) => {
            step.skipped += 1;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

message!("Cause", Cause {
    1 source: Source,
    2 principal: Opt<Str>,
    3 client: Opt<Str>,
    4 operation_reference: Opt<U64>,
    5 request_id: Opt<Str>,
    6 trace: Opt<Str>,
    7 source_position: Opt<Str>,
    8 comment: Opt<Str>,
});

numbers!("Source", Source {
    0 Api,
    1 Timer,
    2 Outbox,
    3 Deferred,
    4 Foreign,
    5 Meta,
    6 Dispatcher,
    7 Operator,
});

const PART: &str = "Part";

/// The two messages that are written by hand above.
pub(crate) fn describe(schema: &mut Schema) {
    schema.message("Step", |schema| MessageText {
        name: "Step",
        fields: [
            vec![FieldText::new("", "int64", "timestamp_ms", tag::TIMESTAMP)],
            Msg::<Cause>::describe("cause", tag::CAUSE, schema),
            vec![
                FieldText::new("repeated", PART, "parts", tag::PARTS).note("in order"),
                FieldText::new("optional", "string", "build", tag::BUILD)
                    .note("absent: as in the step before"),
            ],
            Msg::<Dictionary>::describe("dictionary", tag::DICTIONARY, schema),
        ]
        .concat(),
        choice: None,
        nested: Vec::new(),
    });
    schema.message(PART, |schema| MessageText {
        name: PART,
        fields: [
            vec![
                FieldText::new("optional", "int64", "definition", tag::DEFINITION).note("key"),
                FieldText::new("optional", "uint32", "slot", tag::SLOT),
                FieldText::new("optional", "int64", "instance", tag::INSTANCE)
                    .note("key; offsets are counted from it"),
            ],
            List::<Msg<PartitionEvent>>::describe(
                "partition_events",
                tag::PARTITION_EVENTS,
                schema,
            ),
            List::<Msg<DefinitionEvent>>::describe(
                "definition_events",
                tag::DEFINITION_EVENTS,
                schema,
            ),
            List::<Msg<SlotEvent>>::describe("slot_events", tag::SLOT_EVENTS, schema),
            List::<Msg<InstanceEvent>>::describe("instance_events", tag::INSTANCE_EVENTS, schema),
        ]
        .concat(),
        choice: None,
        nested: Vec::new(),
    });
}
