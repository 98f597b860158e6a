//! Pages over a million instances, and how fast they were written. `PAGES_INSTANCES` sets another
//! number; `PAGES_FOLDER` keeps the database for the next run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::event::{
    Created, ElementRef, Event, InstanceEvent as E, JobKind, ListenerKind, Text, Via,
};
use engine::meta::{self, ProcessDeployed};
use engine::{Cause, Key};
use history::entity::{ELEMENT_INSTANCE, PROCESS_INSTANCE};
use history::query::{Entity, Filter, Paging, Query, Sort, Test, Value, VariableTest};
use history::{Batch, History, MetaStep, Positions, Reader, Settings, Step};

const BUDGET: Duration = Duration::from_millis(200);
const START: i64 = 1_700_000_000_000;
const DEFINITIONS: i64 = 4;
const XML: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
<process id="P" isExecutable="true"><startEvent id="s"/><serviceTask id="t"/><endEvent id="e"/>
<sequenceFlow id="f" sourceRef="s" targetRef="t"/><sequenceFlow id="g" sourceRef="t" targetRef="e"/>
</process></definitions>"#;

fn main() {
    let instances =
        std::env::var("PAGES_INSTANCES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = std::env::var("PAGES_FOLDER").map_or(temporary.path().to_owned(), Into::into);
    let settings = Settings::new(folder.join("history.db"));
    let history = History::open(settings).expect("history opens");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if history.positions().is_empty() {
        fill(&history, &runtime, instances);
    }
    let reader = history.reader();
    for (name, entity, query) in queries(instances) {
        let mut times: Vec<Duration> = (0..5)
            .map(|_| {
                let begun = Instant::now();
                let page = runtime.block_on(reader.search(entity, &query)).expect("a page");
                assert!(!page.items.is_empty(), "{name} finds something");
                begun.elapsed()
            })
            .collect();
        let first = times[0];
        times.sort_unstable();
        let verdict = if times[2] <= BUDGET { "within" } else { "OVER" };
        println!("{name:<58} median {:>9.1?}  first {first:>9.1?}  {verdict} {BUDGET:?}", times[2]);
    }
    cursors(&reader, &runtime);
}

fn key(n: i64) -> Key {
    engine::key::key(1, 1 + n * 64)
}

fn fill(history: &History, runtime: &tokio::runtime::Runtime, instances: i64) {
    let definitions = (0..DEFINITIONS).map(|at| {
        meta::Event::ProcessDeployed(Box::new(ProcessDeployed {
            key: definition(at),
            deployment: 1,
            process_id: format!("process-{at}").into(),
            version: 1,
            version_tag: None,
            tenant: "<default>".into(),
            resource: "p.bpmn".into(),
            digest: 0,
            bytes: XML.replace("\"P\"", &format!("\"process-{at}\"")).into_bytes().into(),
            elements: vec!["s".into(), "t".into(), "e".into()],
            flows: vec!["f".into(), "g".into()],
        }))
    });
    let (time, cause) = (START, Cause::default());
    let step = MetaStep { lsn: 1, time, cause, events: definitions.collect() };
    history.export_meta(vec![step]).expect("history takes it");
    let begun = Instant::now();
    let mut lsn = 0;
    let mut steps = Vec::new();
    for n in 0..instances {
        for events in life(n) {
            lsn += 1;
            let (time, cause) = (START + n * 10, Cause::default());
            steps.push(Step { lsn, time, cause, events });
        }
        if steps.len() >= 2_000 || n + 1 == instances {
            let mut batch = Batch { partition: 1, steps: std::mem::take(&mut steps) };
            while history.export(batch.clone()).is_err() {
                std::thread::park_timeout(Duration::from_millis(5));
                batch = batch.clone();
            }
        }
    }
    let wanted = Positions::from([(1, lsn)]);
    let timeout = Duration::from_secs(3_600);
    runtime.block_on(history.reader().wait_for(&wanted, timeout));
    let took = begun.elapsed().as_secs_f64();
    println!("{instances} instances written in {took:.1} s: {:.0}/s", instances as f64 / took);
}

fn definition(at: i64) -> Key {
    engine::key::key(1, engine::key::META_COUNTER + 1 + at)
}

/// One in a hundred still runs, one in a thousand has an incident.
fn life(n: i64) -> Vec<Vec<Event>> {
    let i = key(n);
    let text = |text: &str| -> Text { text.into() };
    let created = Created {
        block_length: 64,
        // The last one has a thousandth of the instances.
        definition: definition(if n % 1_000 == 7 {
            DEFINITIONS - 1
        } else {
            n % (DEFINITIONS - 1)
        }),
        process_id: text("p"),
        version: 1,
        tenant: text("<default>"),
        tags: Arc::from([]),
        business_id: Some(format!("order-{n}").into()),
        parent_instance: None,
        parent_element: None,
        root_instance: i,
        depth: 0,
        lock: None,
        trace: None,
    };
    let value = value::Packed::from_json(&n.to_string()).expect("JSON");
    let element = ElementRef::new(1);
    let begin = vec![
        E::Created(Box::new(created)),
        E::VariableSet { scope: i, key: i + 1, name: text("n"), value, created: true },
        E::ElementPassed { key: i + 2, element: ElementRef::new(0), scope: i, via: Via::None },
        E::FlowTaken { scope: i, flow: 0 },
        E::ElementActivating { key: i + 3, element, scope: i, via: Via::Flow(0) },
        E::JobCreated {
            key: i + 4,
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
        E::JobCompleted { key: i + 4 },
        E::ElementCompleted { key: i + 3 },
        E::FlowTaken { scope: i, flow: 1 },
        E::ElementPassed { key: i + 5, element: ElementRef::new(2), scope: i, via: Via::Flow(1) },
        E::Completed,
    ];
    let failed = vec![E::IncidentCreated {
        key: i + 6,
        element: i + 3,
        job: Some(i + 4),
        kind: engine::IncidentKind::JobNoRetries,
        message: format!("order {n} refused").into(),
    }];
    let lease = vec![E::JobLeased {
        key: i + 4,
        worker: text("w"),
        deadline: START + n * 10 + 60_000,
        token: n as u64,
    }];
    let steps = match n % 1_000 {
        500 => vec![begin, failed],
        at if at % 100 == 0 => vec![begin],
        _ => vec![begin, lease, end],
    };
    let of_instance = |events: Vec<E>| events.into_iter().map(|event| Event::instance(i, event));
    steps.into_iter().map(|events| of_instance(events).collect()).collect()
}

fn queries(instances: i64) -> Vec<(&'static str, &'static Entity, Query)> {
    let p = &PROCESS_INSTANCE;
    let is = |name: &str, test| Filter::field(p, name, test).expect("a field");
    let eq = |name: &str, value| is(name, Test::Eq(value));
    let text = |text: &str| Value::Text(text.to_owned());
    let by = |name, descending| vec![Sort::by(p, name, descending).expect("a field")];
    let deep = |part: i64| Paging::From { from: (instances * part / 100) as u32, limit: 50 };
    let page = |filter: Vec<Filter>, sort: Vec<Sort>, page: Paging| Query {
        filter: Filter::All(filter),
        sort,
        page,
    };
    let first = || Paging::From { from: 0, limit: 50 };
    let last = START + instances * 10;
    let variable = |test| {
        Filter::Variable(VariableTest { name: "n".to_owned(), path: None, tests: vec![test] })
    };
    let started = || by("startDate", true);
    let element = Filter::field(
        &ELEMENT_INSTANCE,
        "processInstanceKey",
        Test::Eq(Value::Int(key(instances / 2))),
    )
    .expect("a field");
    vec![
        ("first page", p, page(vec![], vec![], first())),
        ("first page, newest first", p, page(vec![], started(), first())),
        ("page at 90 %", p, page(vec![], vec![], deep(90))),
        ("page at 90 %, newest first", p, page(vec![], started(), deep(90))),
        ("active, newest first", p, page(vec![eq("state", Value::Int(0))], started(), first())),
        ("completed, newest first", p, page(vec![eq("state", Value::Int(1))], started(), first())),
        ("completed, page at 90 %", p, page(vec![eq("state", Value::Int(1))], vec![], deep(90))),
        (
            "incidents, newest first",
            p,
            page(vec![eq("hasIncident", Value::Int(1))], started(), first()),
        ),
        (
            "one process, newest first",
            p,
            page(vec![eq("processDefinitionId", text("process-0"))], started(), first()),
        ),
        (
            "one process, page at 30 %",
            p,
            page(vec![eq("processDefinitionId", text("process-0"))], vec![], deep(30)),
        ),
        (
            "rare process and completed",
            p,
            page(
                vec![eq("processDefinitionId", text("process-3")), eq("state", Value::Int(1))],
                started(),
                first(),
            ),
        ),
        (
            "rare process and active",
            p,
            page(
                vec![eq("processDefinitionId", text("process-0")), eq("state", Value::Int(0))],
                started(),
                first(),
            ),
        ),
        ("business id", p, page(vec![eq("businessId", text("order-4711"))], vec![], first())),
        (
            "business id like order-77*",
            p,
            page(vec![is("businessId", Test::Like("order-77*".into()))], vec![], first()),
        ),
        ("variable equal", p, page(vec![variable(Test::Eq(text("4711")))], started(), first())),
        (
            "variable in a narrow range",
            p,
            page(
                vec![variable(Test::Gte(text("4711"))), variable(Test::Lt(text("4800")))],
                started(),
                first(),
            ),
        ),
        (
            "variable in a wide range",
            p,
            page(vec![variable(Test::Gte(text("4711")))], started(), first()),
        ),
        (
            "last hour, by key",
            p,
            page(vec![is("startDate", Test::Gt(Value::Int(last - 3_600_000)))], vec![], first()),
        ),
        (
            "active at an element",
            p,
            page(
                vec![eq("elementId", text("t")), eq("elementInstanceState", Value::Int(0))],
                started(),
                first(),
            ),
        ),
        (
            "error message",
            p,
            page(vec![is("errorMessage", Test::Like("*refused".into()))], started(), first()),
        ),
        ("elements of one instance", &ELEMENT_INSTANCE, page(vec![element], vec![], first())),
    ]
}

/// A walk by cursors stays as quick as its first page, however deep.
fn cursors(reader: &Reader, runtime: &tokio::runtime::Runtime) {
    let sort = vec![Sort::by(&PROCESS_INSTANCE, "startDate", true).expect("a field")];
    let mut page = Paging::From { from: 0, limit: 1_000 };
    let mut slowest = Duration::ZERO;
    for _ in 0..100 {
        let query = Query { sort: sort.clone(), page, ..Query::default() };
        let begun = Instant::now();
        let found = runtime.block_on(reader.search(&PROCESS_INSTANCE, &query)).expect("a page");
        slowest = slowest.max(begun.elapsed());
        let Some(cursor) = found.end else { break };
        page = Paging::After { cursor, limit: 1_000 };
    }
    println!("100 pages of 1000 by cursor: slowest {slowest:.1?}");
}
