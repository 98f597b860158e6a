//! What is written is what is read, for every event; and nothing that is read can hurt.

use engine::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use record::checkpoint::{
    decode_deployments, decode_instance, decode_tables, encode_deployments, encode_instance,
    encode_tables,
};
use record::specimen::event_of;
use record::specimen::{self, Choices};
use record::{
    Dictionary, Step, decode_meta_step, decode_step, encode_build, encode_dictionary,
    encode_meta_step, encode_step,
};

fn frame(timestamp_ms: i64, cause: &engine::Cause, events: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_step(&mut out, timestamp_ms, cause, events);
    out
}

#[test]
fn every_event_survives_with_all_its_fields() {
    for of in specimen::event_types() {
        let event = event_of(of, &mut Choices::full());
        let bytes = frame(7, &engine::Cause::default(), std::slice::from_ref(&event));
        let step = decode_step(&bytes).unwrap_or_else(|error| panic!("{of:?}: {error}"));
        assert_eq!(step.events, [event]);
        assert_eq!(step.timestamp_ms, 7);
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_is_an_error_or_lacks_an_event() {
    for of in specimen::event_types() {
        let events = [event_of(of, &mut Choices::full()), event_of(of, &mut Choices::full())];
        let bytes = frame(7, &engine::Cause::default(), &events);
        for end in 0..bytes.len() {
            if let Ok(step) = decode_step(&bytes[..end]) {
                assert!(step.events.is_empty(), "{of:?} cut at {end}: {step:?}");
            }
        }
    }
}

#[test]
fn the_order_of_aggregates_is_kept() {
    let first = Event::instance(5, engine::event::InstanceEvent::Completed);
    let second = Event::instance(6, engine::event::InstanceEvent::Completed);
    let mark = Event::Partition(engine::event::PartitionEvent::MetaApplied { position: 3 });
    let events = [first.clone(), mark, second, first];
    assert_eq!(decode_step(&frame(0, &Default::default(), &events)).unwrap().events, events);
}

#[test]
fn build_and_dictionary_are_added_to_a_frame_that_is_written() {
    let dictionary = specimen::dictionary(&mut Choices::full());
    let mut bytes = frame(1, &Default::default(), &[]);
    encode_build(&mut bytes, "grevy 0.1.0");
    encode_dictionary(&mut bytes, &dictionary);
    let step = decode_step(&bytes).unwrap();
    assert_eq!(step.build.as_deref(), Some("grevy 0.1.0"));
    assert_eq!(step.dictionary, Some(dictionary));
}

#[test]
fn a_dictionary_names_what_an_instance_does() {
    let dictionary = specimen::dictionary(&mut Choices::full());
    let entry = &dictionary.instances[0];
    let missing = Dictionary::default();
    assert_eq!(missing.definition_of(entry.instance), None);
    let mut dictionary = dictionary.clone();
    dictionary.instances[0].definition = 1;
    let instance = dictionary.instances[0].instance;
    let definition = dictionary.definition_of(instance).unwrap();
    assert_eq!(*definition, dictionary.definitions[1]);
    let (no, id) = &definition.elements[1];
    assert_eq!(definition.element(*no), Some(id));
}

#[test]
fn an_unknown_event_stops_and_an_unknown_optional_one_does_not() {
    // Step.parts = 3 { instance = 3: 9, instance_events = 7 { TAG {} } }
    let step = |tag: &[u8]| {
        let event = [tag, &[0]].concat();
        let part = [&[0x18, 9, 0x3a, event.len() as u8], event.as_slice()].concat();
        decode_step(&[&[0x1a, part.len() as u8], part.as_slice()].concat())
    };
    // 900 << 3 | 2 = 7202 and 2048 << 3 | 2 = 16386, as varints.
    let error = step(&[0xa2, 0x38]).unwrap_err();
    assert_eq!(error.unknown_tag(), Some(900));
    assert_eq!(
        error.to_string(),
        "expected a InstanceEvent that this build knows, but found tag 900: \
         a newer version wrote it (byte 9 of the record)"
    );
    let skipped = step(&[0x82, 0x80, 0x01]).unwrap();
    assert_eq!(skipped, Step { skipped: 1, ..Step::default() });
}

#[test]
fn an_unknown_kind_of_aggregate_stops() {
    // Step.parts = 3 { 15: 1 }
    let error = decode_step(&[0x1a, 2, 0x78, 1]).unwrap_err();
    assert_eq!(error.unknown_tag(), Some(15));
}

#[test]
fn an_event_before_its_instance_is_an_error() {
    // Step.parts = 3 { instance_events = 7 { 12 {} } }
    let error = decode_step(&[0x1a, 4, 0x3a, 2, 0x62, 0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected the key of an instance, but found its event first (byte 6 of the record)"
    );
}

#[test]
fn a_blob_of_another_version_is_refused() {
    let mut blob = encode_instance(&specimen::instance(&mut Choices::full()));
    assert_eq!(decode_instance(&blob).unwrap(), specimen::instance(&mut Choices::full()));
    blob[0] = 2;
    assert_eq!(
        decode_instance(&blob).unwrap_err().to_string(),
        "expected a checkpoint of version 1, but found version 2: a newer build wrote it \
         (byte 0 of the record)"
    );
    assert!(decode_instance(&[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn steps_survive(bytes in vec(any::<u8>(), 0..200), timestamp_ms: i64, count in 0usize..6) {
        let mut choices = Choices::from_bytes(&bytes);
        let cause = specimen::cause(&mut choices);
        let events: Vec<Event> = (0..count).map(|_| specimen::event(&mut choices)).collect();
        let frame = frame(timestamp_ms, &cause, &events);
        let step = decode_step(&frame).expect("our own bytes");
        let expected = Step { timestamp_ms, cause, events, ..Step::default() };
        prop_assert_eq!(step, expected);
    }

    #[test]
    fn dictionaries_survive(bytes in vec(any::<u8>(), 0..200)) {
        let dictionary = specimen::dictionary(&mut Choices::from_bytes(&bytes));
        let mut frame = Vec::new();
        encode_dictionary(&mut frame, &dictionary);
        prop_assert_eq!(decode_step(&frame).unwrap().dictionary, Some(dictionary));
    }

    #[test]
    fn meta_steps_survive(bytes in vec(any::<u8>(), 0..300)) {
        let step = specimen::meta_step(&mut Choices::from_bytes(&bytes));
        let mut frame = Vec::new();
        encode_meta_step(&mut frame, &step);
        prop_assert_eq!(decode_meta_step(&frame).unwrap(), step);
    }

    #[test]
    fn instances_survive(bytes in vec(any::<u8>(), 0..600)) {
        let instance = specimen::instance(&mut Choices::from_bytes(&bytes));
        let blob = encode_instance(&instance);
        prop_assert_eq!(decode_instance(&blob).unwrap(), instance);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        let _ = decode_step(&bytes);
        let _ = decode_meta_step(&bytes);
        let _ = decode_instance(&bytes);
        let versioned = [&[1], bytes.as_slice()].concat();
        let _ = decode_instance(&versioned);
        let _ = decode_deployments(&versioned);
        if let Ok(image) = decode_tables(&versioned) {
            let _ = engine::State::from_image(image);
        }
    }

    #[test]
    fn broken_frames_are_read_or_refused(
        bytes in vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        change in 1u8..,
    ) {
        let mut choices = Choices::from_bytes(&bytes);
        let events = [specimen::event(&mut choices), specimen::event(&mut choices)];
        let mut frame = frame(1, &specimen::cause(&mut choices), &events);
        let at = at.index(frame.len());
        frame[at] ^= change;
        if let Ok(step) = decode_step(&frame) {
            // What was read can be written again.
            let mut out = Vec::new();
            encode_step(&mut out, step.timestamp_ms, &step.cause, &step.events);
        }
    }
}

proptest! {
    // Large values, so fewer of them.
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tables_survive(bytes in vec(any::<u8>(), 0..600)) {
        let mut choices = Choices::from_bytes(&bytes);
        let deployments = specimen::deployments(&mut choices);
        let tables = specimen::tables(&mut choices);
        let blob = encode_deployments(&deployments);
        prop_assert_eq!(decode_deployments(&blob).unwrap(), deployments);
        prop_assert_eq!(decode_tables(&encode_tables(&tables)).unwrap(), tables);
    }
}
