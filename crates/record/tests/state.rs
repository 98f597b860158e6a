//! A state survives its checkpoint, and its hash is that of the fold of its events.

use std::sync::Arc;

use engine::event::{
    Answered, DefinitionEvent, ElementRef, InstanceEvent, Item, JobKind, ListenerKind, NamedValue,
    PartitionEvent, SlotEvent, Subscriber, Text, Via,
};
use engine::key::key;
use engine::state::Lookup;
use engine::{Event, Key, State, meta};
use record::checkpoint::{
    decode_deployments, decode_instance, decode_tables, encode_deployments, encode_instance,
    encode_tables, meta_hash, state_hash, state_hash_with,
};
use record::{decode_step, encode_step};
use value::Packed;

const NOW: i64 = 1_700_000_000_000;
const DEFINITION: Key = key(1, (1 << 50) + 2);

fn text(text: &str) -> Text {
    Text::from(text)
}

fn variables() -> Arc<[NamedValue]> {
    Arc::from([(text("amount"), Packed::from_json("120.10").expect("JSON"))])
}

fn partition_events() -> Vec<Event> {
    use PartitionEvent::*;
    let item = || Item::CloseSubscription { slot: 7, subscription: key(2, 9) };
    let events = vec![
        EpochStarted { epoch: 1 },
        MetaApplied { position: 3 },
        OutboxQueued { to: 2, sequence: 1, item: item() },
        OutboxQueued { to: 2, sequence: 2, item: item() },
        OutboxAcknowledged { to: 2, upto: 1 },
        // A receiver that nothing was ever sent to: its row is no knowledge.
        OutboxAcknowledged { to: 3, upto: 0 },
        InboxAdvanced { from: 2, sequence: 5 },
        ClockPinned { at: Some(NOW) },
        RequestAnswered {
            id: text("r-1"),
            at: NOW,
            answered: Answered::Published { message: key(1, 65) },
        },
    ];
    events.into_iter().map(Event::Partition).collect()
}

fn definition_events() -> Vec<Event> {
    use DefinitionEvent::*;
    let events = vec![
        Opened { process_id: text("order"), tenant: text("<default>"), version: 2 },
        MessageStartOpened { element: 4, name: text("ordered") },
        TimerStartArmed {
            timer: key(1, 70),
            element: 5,
            due: NOW + 9,
            left: Some(2),
            cycle: Some(text("R3/PT1H")),
        },
    ];
    let of = |event| Event::Definition { definition: DEFINITION, event };
    events.into_iter().map(of).collect()
}

fn slot_events() -> Vec<Event> {
    use SlotEvent::*;
    let published = |message, id| Published {
        message,
        tenant: text("<default>"),
        name: text("paid"),
        correlation_key: text("o-1"),
        id: text(id),
        deadline: NOW + 60_000,
        variables: variables(),
    };
    let subscriber = |subscription| Subscriber {
        subscription,
        instance: key(1, 128),
        tenant: text("<default>"),
        process_id: text("order"),
        name: text("paid"),
        correlation_key: text("o-1"),
        interrupting: true,
    };
    let events = vec![
        published(key(1, 80), "m-1"),
        published(key(1, 81), ""),
        SubscriptionOpened(subscriber(key(1, 130))),
        SubscriptionOpened(subscriber(key(1, 131))),
        Correlating { message: key(1, 80), subscription: key(1, 130) },
        LockTaken {
            tenant: text("<default>"),
            process_id: text("order"),
            correlation_key: text("o-2"),
            holder: key(1, 128),
        },
    ];
    events.into_iter().map(|event| Event::Slot { slot: 7, event }).collect()
}

/// An instance with a job that waits, one that is leased, a timer and a variable.
fn instance_events(instance: Key) -> Vec<Event> {
    use InstanceEvent::*;
    let at = |offset: i64| instance + offset;
    let job = |offset: i64, job_type| JobCreated {
        key: at(offset),
        element: at(1),
        job_type: text(job_type),
        retries: 3,
        priority: 50 + offset as i32,
        kind: JobKind::BpmnElement,
        listener_event: ListenerKind::Unspecified,
    };
    let created = engine::event::Created {
        block_length: 64,
        definition: DEFINITION,
        process_id: text("order"),
        version: 2,
        tenant: text("<default>"),
        tags: Arc::from([text("vip")]),
        business_id: None,
        parent_instance: None,
        parent_element: None,
        root_instance: instance,
        depth: 0,
        lock: Some((7, text("o-2"))),
        trace: None,
        terminate_after: [].into(),
    };
    let task = ElementRef::new(1);
    let events = vec![
        Created(Box::new(created)),
        ElementActivating { key: at(1), element: task, scope: instance, via: Via::None },
        VariableSet {
            scope: instance,
            key: at(2),
            name: text("amount"),
            value: Packed::from_json("{\"net\":1.50}").expect("JSON"),
            created: true,
        },
        job(3, "charge"),
        job(4, "notify"),
        JobLeased { key: at(4), worker: text("w"), deadline: NOW + 5_000, token: 77 },
        TimerArmed {
            key: at(5),
            host: at(1),
            target: 2,
            due: NOW + 86_400_000,
            left: None,
            cycle: None,
        },
        KeysGranted { first: at(1_000), length: 512 },
        ElementActivated { key: at(1) },
    ];
    events.into_iter().map(|event| Event::instance(instance, event)).collect()
}

fn events() -> Vec<Event> {
    [
        partition_events(),
        definition_events(),
        slot_events(),
        instance_events(key(1, 128)),
        instance_events(key(1, 10_000)),
    ]
    .concat()
}

fn fold(events: &[Event]) -> State {
    let mut state = State::new(1);
    events.iter().for_each(|event| state.apply(event));
    state
}

/// Takes every instance out.
fn cool(state: &mut State) -> Vec<(Key, Vec<u8>)> {
    let keys: Vec<Key> = state.instances().map(|(key, _)| key).collect();
    let blob = |key| {
        let instance = state.passivate(key).expect("an instance without deferred work");
        (key, encode_instance(&instance))
    };
    keys.into_iter().map(blob).collect()
}

#[test]
fn the_fold_of_what_was_journaled_has_the_hash_of_the_state() {
    let state = fold(&events());
    let mut frame = Vec::new();
    encode_step(&mut frame, NOW, &Default::default(), &events());
    let replayed = fold(&decode_step(&frame).expect("our own frame").events);
    assert_eq!(replayed, state);
    assert_eq!(state_hash(&replayed), state_hash(&state));
}

#[test]
fn every_event_but_a_row_without_knowledge_changes_the_hash() {
    let events = events();
    let mut state = State::new(1);
    let mut before = state_hash(&state);
    for event in &events {
        state.apply(event);
        let after = state_hash(&state);
        let empty = PartitionEvent::OutboxAcknowledged { to: 3, upto: 0 };
        assert_eq!(after == before, *event == Event::Partition(empty), "{event:?}");
        before = after;
    }
}

#[test]
fn a_state_survives_its_checkpoint() {
    let mut state = fold(&events());
    let hash = state_hash(&state);
    let blobs = cool(&mut state);
    assert_eq!(blobs.len(), 2);
    assert_ne!(state_hash(&state), hash);

    let image = decode_tables(&encode_tables(&state.image())).expect("our own blob");
    let mut loaded = State::from_image(image);
    assert_eq!(state_hash(&loaded), state_hash(&state));
    let blob = |key| blobs.iter().find(|(k, _)| *k == key).expect("a blob of it").1.clone();
    assert_eq!(state_hash_with(&loaded, blob), hash);

    for (key, blob) in &blobs {
        assert!(matches!(loaded.instance(*key), Lookup::Cold));
        loaded.restore(Box::new(decode_instance(blob).expect("our own blob")));
    }
    assert_eq!(state_hash(&loaded), hash);

    // What is left out of the image was made again: the states go on alike.
    let message = SlotEvent::Expired { message: key(1, 80) };
    let closed = SlotEvent::SubscriptionClosed { subscription: key(1, 131) };
    let further = [
        Event::Slot { slot: 7, event: message },
        Event::Slot { slot: 7, event: closed },
        Event::Definition { definition: DEFINITION, event: DefinitionEvent::Closed },
    ];
    let mut original = fold(&events());
    original.apply(&Event::Partition(PartitionEvent::OutboxQueued {
        to: 3,
        sequence: 1,
        item: Item::SubscriptionOpened { subscription: 1 },
    }));
    loaded.apply(&Event::Partition(PartitionEvent::OutboxQueued {
        to: 3,
        sequence: 1,
        item: Item::SubscriptionOpened { subscription: 1 },
    }));
    assert_eq!(loaded, original);
    for event in &further {
        original.apply(event);
        loaded.apply(event);
    }
    assert_eq!(loaded, original);
}

#[test]
fn deployments_survive_their_checkpoint() {
    let mut state = meta::State::new();
    let deployed = meta::ProcessDeployed {
        key: DEFINITION,
        deployment: key(1, (1 << 50) + 1),
        process_id: text("order"),
        version: 1,
        version_tag: None,
        tenant: text("<default>"),
        resource: text("order.bpmn"),
        digest: u64::MAX,
        bytes: Arc::from(b"<xml/>".as_slice()),
        elements: vec![text("start"), text("end")],
        flows: vec![text("flow")],
    };
    let events = [
        meta::Event::EpochStarted { epoch: 1 },
        meta::Event::SlotsAssigned { partitions: 3, dealt: 3 },
        meta::Event::ProcessDeployed(Box::new(deployed)),
        meta::Event::ProcessDeleted { definition: DEFINITION },
    ];
    for event in &events {
        let before = meta_hash(&state);
        state.apply(event);
        assert_ne!(meta_hash(&state), before, "{event:?}");
    }
    let image = decode_deployments(&encode_deployments(&state.image())).expect("our own blob");
    let loaded = meta::State::from_image(image);
    assert_eq!(loaded, state);
    assert_eq!(meta_hash(&loaded), meta_hash(&state));
}
