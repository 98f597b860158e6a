//! Encode and decode per event, and the journal bytes of a one-task instance beside its budget.
//!
//! `cargo bench -p grevy-record`; budgets: 100 ns to encode a small event, 1.5 KB per instance.

use std::sync::Arc;

use divan::{Bencher, black_box};
use engine::event::{
    Created, ElementRef, InstanceEvent, JobKind, ListenerKind, PROCESS, Text, Via,
};
use engine::key::key;
use engine::{Cause, Event, Key};
use record::specimen::{Choices, EventType, event_of, event_types};
use record::{decode_step, encode_step};
use value::Packed;

fn main() {
    let mut total = 0;
    for (_, events) in one_task() {
        let mut frame = Vec::new();
        encode_step(&mut frame, NOW, &cause(), &events);
        total += frame.len();
    }
    println!("journal bytes of a one-task instance: {total} (budget 1500)");
    divan::main();
}

const NOW: i64 = 1_760_000_000_000;
const INSTANCE: Key = key(1, 4096);

fn cause() -> Cause {
    Cause { client: Some(Text::from("grevy-client/0.1.0")), ..Cause::default() }
}

fn created() -> InstanceEvent {
    InstanceEvent::Created(Box::new(Created {
        block_length: 64,
        definition: key(1, (1 << 50) + 2),
        process_id: Text::from("order-fulfilment"),
        version: 3,
        tenant: Text::from("<default>"),
        tags: Arc::from([]),
        business_id: None,
        parent_instance: None,
        parent_element: None,
        root_instance: INSTANCE,
        depth: 0,
        lock: None,
        trace: None,
        terminate_after: [].into(),
    }))
}

/// The steps of an instance with half a kilobyte of variables: create, lease, complete.
fn one_task() -> Vec<(&'static str, Vec<Event>)> {
    use InstanceEvent::*;
    let variable = |number, name: &str, json: &str| VariableSet {
        scope: INSTANCE,
        key: INSTANCE + number,
        name: Text::from(name),
        value: Packed::from_json(json).expect("JSON"),
        created: true,
    };
    let text = |length| format!("\"{}\"", "v".repeat(length));
    let (start, task, end) = (ElementRef::new(0), ElementRef::new(1), ElementRef::new(2));
    let at = |offset: i64| INSTANCE + offset;
    let create = vec![
        created(),
        ElementActivating {
            key: INSTANCE,
            element: ElementRef::new(PROCESS),
            scope: 0,
            via: Via::None,
        },
        variable(1, "order", &text(480)),
        variable(2, "amount", "120.50"),
        ElementActivated { key: INSTANCE },
        ElementPassed { key: at(3), element: start, scope: INSTANCE, via: Via::None },
        FlowTaken { scope: INSTANCE, flow: 0 },
        ElementActivating { key: at(4), element: task, scope: INSTANCE, via: Via::Flow(0) },
        ElementActivated { key: at(4) },
        JobCreated {
            key: at(5),
            element: at(4),
            job_type: Text::from("charge-card"),
            retries: 3,
            priority: 0,
            kind: JobKind::BpmnElement,
            listener_event: ListenerKind::Unspecified,
        },
    ];
    let worker = Text::from("payment-worker-7");
    let lease = vec![JobLeased { key: at(5), worker, deadline: NOW + 300_000, token: 1 << 40 }];
    let complete = vec![
        JobCompleted { key: at(5) },
        variable(6, "charged", "true"),
        ElementCompleting { key: at(4) },
        ElementCompleted { key: at(4) },
        FlowTaken { scope: INSTANCE, flow: 1 },
        ElementPassed { key: at(7), element: end, scope: INSTANCE, via: Via::Flow(1) },
        ElementCompleting { key: INSTANCE },
        ElementCompleted { key: INSTANCE },
        Completed,
    ];
    let events = |list: Vec<InstanceEvent>| {
        list.into_iter().map(|event| Event::instance(INSTANCE, event)).collect()
    };
    vec![("create", events(create)), ("lease", events(lease)), ("complete", events(complete))]
}

/// An event type with a short name for the report.
struct Named(EventType);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0.aggregate, self.0.name)
    }
}

fn types() -> Vec<Named> {
    event_types().into_iter().map(Named).collect()
}

/// Ten of one event, so that the head of the step is divided among them; the time is per event.
fn ten(of: &Named) -> Vec<Event> {
    vec![event_of(of.0, &mut Choices::full()); 10]
}

#[divan::bench(args = types())]
fn encode(bencher: Bencher<'_, '_>, of: &Named) {
    let events = ten(of);
    let mut out = Vec::with_capacity(1 << 16);
    bencher.counter(divan::counter::ItemsCount::new(10usize)).bench_local(|| {
        out.clear();
        encode_step(&mut out, NOW, &Cause::default(), black_box(&events));
        out.len()
    });
}

#[divan::bench(args = types())]
fn decode(bencher: Bencher<'_, '_>, of: &Named) {
    let mut frame = Vec::new();
    encode_step(&mut frame, NOW, &Cause::default(), &ten(of));
    bencher
        .counter(divan::counter::ItemsCount::new(10usize))
        .bench_local(|| decode_step(black_box(&frame)));
}

#[divan::bench(args = ["create", "lease", "complete"])]
fn encode_one_task(bencher: Bencher<'_, '_>, which: &str) {
    let steps = one_task();
    let (_, events) = steps.iter().find(|(name, _)| *name == which).expect("a step of this name");
    let mut out = Vec::with_capacity(1 << 16);
    let cause = cause();
    bencher.bench_local(|| {
        out.clear();
        encode_step(&mut out, NOW, &cause, black_box(events));
        out.len()
    });
}

#[divan::bench(args = ["create", "lease", "complete"])]
fn decode_one_task(bencher: Bencher<'_, '_>, which: &str) {
    let steps = one_task();
    let (_, events) = steps.iter().find(|(name, _)| *name == which).expect("a step of this name");
    let mut frame = Vec::new();
    encode_step(&mut frame, NOW, &cause(), events);
    bencher.bench_local(|| decode_step(black_box(&frame)));
}
