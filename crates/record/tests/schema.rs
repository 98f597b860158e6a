//! The files in `schema/` are true: they are what the tables say, and an independent protobuf
//! implementation that knows only those texts reads all of our bytes.

#![expect(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use record::checkpoint::{encode_deployments, encode_instance, encode_tables};
use record::specimen::{self, Choices};
use record::{MetaStep, encode_build, encode_dictionary, encode_meta_step, encode_step};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema")
}

#[test]
fn the_texts_are_what_the_tables_say() {
    for (name, text) in record::protos() {
        let path = folder().join(name);
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "schema/{name} is stale: UPDATE=1 cargo test -p grevy-record --test schema"
        );
    }
}

/// One message of a schema, and the fields that were seen in bytes of ours.
struct Oracle {
    root: MessageDescriptor,
    seen: BTreeSet<String>,
}

impl Oracle {
    fn new(file: &str, root: &str) -> Oracle {
        let files = protox::compile([file], [folder()]).expect("the schema is protobuf");
        let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
        Oracle { root: pool.get_message_by_name(root).unwrap(), seen: BTreeSet::new() }
    }

    fn check(&mut self, bytes: &[u8]) {
        let message = DynamicMessage::decode(self.root.clone(), bytes).expect("protobuf");
        walk(&message, &mut self.seen);
        assert_eq!(message.encode_to_vec(), bytes, "not in the canonical form");
    }

    fn finish(self) {
        let mut all = BTreeSet::new();
        fields(self.root, &mut all);
        let never: Vec<_> = all.difference(&self.seen).collect();
        assert!(never.is_empty(), "fields of the schema that are never written: {never:#?}");
    }
}

/// Calls back with `count` sources of values, behind the one that fills all fields.
fn many(count: u32, mut check: impl FnMut(&mut Choices<'_>)) {
    check(&mut Choices::full());
    let mut state = 1u32;
    for _ in 0..count {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .take(300)
        .collect();
        check(&mut Choices::from_bytes(&bytes));
    }
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
fn another_implementation_reads_steps_by_the_schema_alone() {
    let mut oracle = Oracle::new("journal.proto", "grevy.journal.v1.Step");
    for of in specimen::event_types() {
        many(100, |choices| {
            let event = specimen::event_of(of, choices);
            let mut bytes = Vec::new();
            encode_step(&mut bytes, 1, &Default::default(), &[event.clone(), event]);
            oracle.check(&bytes);
        });
    }
    many(40, |choices| {
        let mut bytes = Vec::new();
        encode_step(&mut bytes, 1, &specimen::cause(choices), &[]);
        encode_build(&mut bytes, "build");
        encode_dictionary(&mut bytes, &specimen::dictionary(choices));
        oracle.check(&bytes);
    });
    oracle.finish();
}

#[test]
fn another_implementation_reads_meta_steps_by_the_schema_alone() {
    let mut oracle = Oracle::new("meta.proto", "grevy.meta.v1.MetaStep");
    for of in specimen::meta_event_types() {
        many(100, |choices| {
            let events = vec![specimen::meta_event_of(of, choices)];
            let mut bytes = Vec::new();
            encode_meta_step(&mut bytes, &MetaStep { events, ..specimen::meta_step(choices) });
            oracle.check(&bytes);
        });
    }
    oracle.finish();
}

#[test]
fn another_implementation_reads_instances_by_the_schema_alone() {
    let mut oracle = Oracle::new("checkpoint.proto", "grevy.checkpoint.v1.Instance");
    many(300, |choices| oracle.check(&encode_instance(&specimen::instance(choices))[1..]));
    oracle.finish();
}

#[test]
fn another_implementation_reads_tables_by_the_schema_alone() {
    let mut oracle = Oracle::new("checkpoint.proto", "grevy.checkpoint.v1.Tables");
    many(300, |choices| oracle.check(&encode_tables(&specimen::tables(choices))[1..]));
    oracle.finish();
    let mut oracle = Oracle::new("checkpoint.proto", "grevy.checkpoint.v1.Deployments");
    many(10, |choices| oracle.check(&encode_deployments(&specimen::deployments(choices))[1..]));
    oracle.finish();
}
