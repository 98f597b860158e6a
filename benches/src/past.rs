//! A store of history with as many instances as asked for, written the way a server writes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::event::{
    Created, ElementRef, Event, InstanceEvent as E, JobKind, ListenerKind, Text, Via,
};
use engine::meta::{self, ProcessDeployed};
use engine::{Cause, Key};
use history::{Batch, History, MetaStep, Positions, Step};

use crate::server::Failed;

/// Time of the first instance, ms; one comes each 10 ms.
pub const START: i64 = 1_700_000_000_000;
const DEFINITIONS: i64 = 4;
const XML: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
<process id="P" isExecutable="true"><startEvent id="s"/><serviceTask id="t"/><endEvent id="e"/>
<sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="e"/>
</process></definitions>"#;

/// Key of the instance with this number.
pub fn key(n: i64) -> Key {
    engine::key::key(1, 1 + n * 64)
}

/// Writes so many instances of start → task → end: one in a hundred still runs, one in a thousand
/// has an incident, one in ten was called by another. Instances a second.
pub fn fill(
    history: &History,
    runtime: &tokio::runtime::Runtime,
    instances: i64,
) -> Result<f64, Failed> {
    let definitions = (0..DEFINITIONS).map(|at| {
        meta::Event::ProcessDeployed(Box::new(ProcessDeployed {
            key: definition(at),
            deployment: 1,
            process_id: format!("process-{}", at / 2).into(),
            version: 1 + (at % 2) as i32,
            version_tag: (at > 0).then(|| format!("tag-{at}").into()),
            tenant: "<default>".into(),
            resource: "p.bpmn".into(),
            digest: 0,
            bytes: XML.replace("\"P\"", &format!("\"process-{}\"", at / 2)).into_bytes().into(),
            elements: vec!["s".into(), "t".into(), "e".into()],
            flows: vec!["f".into(), "g".into()],
        }))
    });
    let step =
        MetaStep { lsn: 1, time: START, cause: Cause::default(), events: definitions.collect() };
    history.export_meta(vec![step])?;
    let begun = Instant::now();
    let (mut lsn, mut steps) = (0, Vec::new());
    for n in 0..instances {
        for events in life(n) {
            lsn += 1;
            steps.push(Step { lsn, time: START + n * 10, cause: Cause::default(), events });
        }
        if steps.len() >= 2_000 || n + 1 == instances {
            let batch = Batch { partition: 1, steps: std::mem::take(&mut steps) };
            loop {
                match history.export(batch.clone()) {
                    Ok(()) => break,
                    Err(error) if error.is_full() => {
                        std::thread::park_timeout(Duration::from_millis(5));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    let wanted = Positions::from([(1, lsn)]);
    let behind = runtime.block_on(history.reader().wait_for(&wanted, Duration::from_secs(3_600)));
    if behind != history::Behind::No {
        return Err(format!("expected history to hold all, but {behind:?}").into());
    }
    Ok(instances as f64 / begun.elapsed().as_secs_f64())
}

fn definition(at: i64) -> Key {
    engine::key::key(1, engine::key::META_COUNTER + 1 + at)
}

fn created(n: i64) -> Created {
    let parent = (n % 10 == 3 && n > 10).then(|| key(n - 3));
    // The last one has a thousandth of the instances.
    let at = if n % 1_000 == 7 { DEFINITIONS - 1 } else { n % (DEFINITIONS - 1) };
    Created {
        block_length: 64,
        definition: definition(at),
        process_id: "p".into(),
        version: 1,
        tenant: "<default>".into(),
        tags: if n % 7 == 0 { Arc::from(["fast".into()]) } else { Arc::from([]) },
        business_id: (n % 3 > 0).then(|| format!("order-{n}").into()),
        parent_instance: parent,
        parent_element: parent.map(|parent| parent + 3),
        root_instance: parent.unwrap_or(key(n)),
        depth: u32::from(parent.is_some()),
        lock: None,
        trace: None,
        terminate_after: Arc::from([]),
    }
}

fn life(n: i64) -> Vec<Vec<Event>> {
    let i = key(n);
    let text = |text: &str| -> Text { text.into() };
    let value = value::Packed::from_json(&n.to_string()).expect("JSON");
    let (element, job, first) = (ElementRef::new(1), i + 4, ElementRef::new(0));
    let begin = vec![
        E::Created(Box::new(created(n))),
        E::VariableSet { scope: i, key: i + 1, name: text("n"), value, created: true },
        E::ElementPassed { key: i + 2, element: first, scope: i, via: Via::None },
        E::FlowTaken { scope: i, flow: 0 },
        E::ElementActivating { key: i + 3, element, scope: i, via: Via::Flow(0) },
        E::JobCreated {
            key: job,
            element: i + 3,
            job_type: text("work"),
            retries: 3,
            priority: 0,
            kind: JobKind::BpmnElement,
            listener_event: ListenerKind::Unspecified,
        },
        E::ElementActivated { key: i + 3 },
    ];
    let end = vec![
        E::JobCompleted { key: job },
        E::ElementCompleted { key: i + 3 },
        E::FlowTaken { scope: i, flow: 1 },
        E::ElementPassed { key: i + 5, element: ElementRef::new(2), scope: i, via: Via::Flow(1) },
        E::Completed,
    ];
    let failed = vec![E::IncidentCreated {
        key: i + 6,
        element: i + 3,
        job: Some(job),
        kind: engine::IncidentKind::JobNoRetries,
        message: format!("order {n} refused").into(),
    }];
    let deadline = START + n * 10 + 60_000;
    let lease = vec![E::JobLeased { key: job, worker: text("w"), deadline, token: n as u64 }];
    let steps = match n % 1_000 {
        500 => vec![begin, failed],
        at if at % 100 == 0 => vec![begin],
        _ => vec![begin, lease, end],
    };
    let of_instance = |events: Vec<E>| events.into_iter().map(|event| Event::instance(i, event));
    steps.into_iter().map(|events| of_instance(events).collect()).collect()
}
