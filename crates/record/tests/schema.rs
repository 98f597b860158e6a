//! `schema/journal.proto` is true: it is what the tables say, and an independent protobuf
//! implementation that knows only that text reads all of our bytes.

#![expect(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use record::specimen::{self, Choices};
use record::{encode_build, encode_dictionary, encode_step};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/journal.proto")
}

#[test]
fn the_text_is_what_the_tables_say() {
    let text = record::proto();
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(path(), &text).unwrap();
    }
    let committed = std::fs::read_to_string(path()).unwrap_or_default();
    assert!(
        committed == text,
        "schema/journal.proto is stale: UPDATE=1 cargo test -p grevy-record --test schema"
    );
}

fn step_message() -> MessageDescriptor {
    let folder = path().parent().unwrap().to_owned();
    let files = protox::compile(["journal.proto"], [folder]).expect("the schema is protobuf");
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    pool.get_message_by_name("grevy.journal.v1.Step").unwrap()
}

/// Collects the fields that are set; panics at one that the schema does not have.
fn walk(message: &DynamicMessage, seen: &mut BTreeSet<String>) {
    let unknown = message.unknown_fields().count();
    let name = message.descriptor().full_name().to_owned();
    assert_eq!(unknown, 0, "{name} has fields beyond the schema");
    for (field, value) in message.fields() {
        seen.insert(field.full_name().to_owned());
        match value {
            Value::Message(inner) => walk(inner, seen),
            Value::List(items) => {
                items.iter().filter_map(Value::as_message).for_each(|inner| walk(inner, seen));
            }
            _ => {}
        }
    }
}

fn fields(message: MessageDescriptor, all: &mut BTreeSet<String>) {
    for field in message.fields() {
        if all.insert(field.full_name().to_owned())
            && let Some(inner) = field.kind().as_message()
        {
            fields(inner.clone(), all);
        }
    }
}

#[test]
fn another_implementation_reads_every_field_by_the_schema_alone() {
    let step = step_message();
    let mut seen = BTreeSet::new();
    let check = |bytes: &[u8], seen: &mut BTreeSet<String>| {
        let message = DynamicMessage::decode(step.clone(), bytes).expect("protobuf");
        walk(&message, seen);
        assert_eq!(message.encode_to_vec(), bytes, "not in the canonical form");
    };
    for of in specimen::event_types() {
        for seed in 0..64u8 {
            let seeds: Vec<u8> = (0..200).map(|i: u8| seed.wrapping_mul(i | 1) ^ i).collect();
            for mut choices in [Choices::full(), Choices::from_bytes(&seeds)] {
                let event = specimen::event_of(of, &mut choices);
                let cause = specimen::cause(&mut choices);
                let mut bytes = Vec::new();
                encode_step(&mut bytes, 1, &cause, &[event.clone(), event]);
                encode_build(&mut bytes, "build");
                encode_dictionary(&mut bytes, &specimen::dictionary(&mut choices));
                check(&bytes, &mut seen);
            }
        }
    }
    let mut all = BTreeSet::new();
    fields(step.clone(), &mut all);
    let never: Vec<_> = all.difference(&seen).collect();
    assert!(never.is_empty(), "fields of the schema that are never written: {never:#?}");
}
