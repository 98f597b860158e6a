use super::*;
use crate::conform::Aligner;
use crate::discover::Tree;
use crate::export::{Purpose, definitions, process};

fn chart(xml: &str, known: &[&str]) -> Chart {
    let (definitions, _) = model::read("t.bpmn", xml.as_bytes()).expect("a BPMN file");
    let known = known.iter().map(|name| (*name).to_owned()).collect();
    let binding = Binding { fixed: BTreeMap::new(), known: Some(known) };
    Chart::new(&definitions.processes[0], &binding).expect("a chart")
}

fn cost(chart: &Chart, types: &[&str]) -> u32 {
    let trace: Vec<u32> =
        types.iter().map(|name| chart.kind(name).unwrap_or(chart.kinds.len() as u32)).collect();
    Aligner::new(&chart.net, chart.kinds.len() + 1).align(&trace).cost
}

pub(crate) const ORDER: &str = include_str!("../../tests/models/order-tracking.bpmn");

#[test]
fn types_find_their_elements_by_message_name_and_id() {
    let types = [
        "OrderPlacedEvent",
        "PaymentReceivedEvent",
        "GoodsFetchedEvent",
        "GoodsShippedEvent",
        "OrderCompletedEvent",
    ];
    let chart = chart(ORDER, &types);
    assert_eq!(chart.kinds.len(), 5);
    assert_eq!(cost(&chart, &types), 0);
    assert_eq!(cost(&chart, &types[1..]), 1);
    assert_eq!(
        chart.element_of(chart.kind("GoodsFetched").unwrap()).unwrap().id.as_ref(),
        "fetched"
    );
    let deadline = &chart.deadlines[0];
    assert_eq!(
        (deadline.within_ms, chart.kind_name(deadline.kind)),
        (43_200_000, "GoodsFetchedEvent")
    );
    assert!(
        matches!(&deadline.actions[..], [Action::Alert { name, .. }] if &**name == "OrderLate")
    );
}

#[test]
fn elements_without_a_type_are_silent() {
    let chart = chart(ORDER, &["PaymentReceivedEvent", "GoodsShippedEvent"]);
    assert_eq!(cost(&chart, &["PaymentReceivedEvent", "GoodsShippedEvent"]), 0);
    assert_eq!(cost(&chart, &["GoodsShippedEvent", "PaymentReceivedEvent"]), 2);
}

#[test]
fn exported_trees_come_back_with_the_same_language() {
    let names: Vec<String> = ["a", "b b", "c", "d"].iter().map(|n| (*n).to_owned()).collect();
    let a = Tree::Activity;
    let tree = Tree::Sequence(vec![
        a(0),
        Tree::Choice(vec![a(1), Tree::Silent]),
        Tree::repeat(Tree::Parallel(vec![a(2), a(3)]), Tree::Silent),
    ]);
    for purpose in [Purpose::Tracking, Purpose::Executable] {
        let made = definitions(process(&tree, &names, "my flow", purpose));
        let xml = model::write(&made);
        let read = match purpose {
            Purpose::Tracking => model::read("t", xml.as_bytes()),
            Purpose::Executable => model::parse("t", xml.as_bytes()),
        };
        let (read, _) = read.unwrap_or_else(|problems| panic!("{problems:?}\n{xml}"));
        assert!(read.diagram.shapes.len() >= 8, "coordinates");
        let chart = Chart::new(&read.processes[0], &Binding::default()).unwrap();
        for fits in [&["a", "c", "d"][..], &["a", "b b", "d", "c", "c", "d"]] {
            assert_eq!(cost(&chart, fits), 0, "{fits:?}");
        }
        for (wrong, expected) in [(&["a", "c"][..], 1), (&["c", "d", "a"], 2)] {
            assert_eq!(cost(&chart, wrong), expected, "{wrong:?}");
        }
    }
}

#[test]
fn heat_counts_elements_flows_and_waits() {
    let mut log = crate::log::LogBuilder::default();
    for case in 0..10 {
        log.add(&format!("c{case}"), "OrderPlaced", 0).unwrap();
        log.add(&format!("c{case}"), "PaymentReceived", 1_000 * (case + 1)).unwrap();
        if case < 4 {
            log.add(&format!("c{case}"), "GoodsFetched", 50_000).unwrap();
        }
        log.add(&format!("c{case}"), "GoodsShipped", 60_000).unwrap();
    }
    let log = log.finish();
    let (definitions, _) = model::read("t.bpmn", ORDER.as_bytes()).unwrap();
    let known = log.activities.iter().cloned().collect();
    let binding = Binding { known: Some(known), ..Binding::default() };
    let chart = Chart::new(&definitions.processes[0], &binding).unwrap();
    let heat = heat(&chart, &definitions.processes[0], &log, &mut chart.aligner(&log));
    assert_eq!((heat.elements["fetched"].passed, heat.elements["fetched"].missed), (4, 6));
    assert_eq!((heat.flows["f1"], heat.flows["f4"], heat.flows["f5"]), (10, 10, 0));
    let waited = heat.elements["paid"].waited.spread();
    assert_eq!(
        (waited.count, waited.p50_ms, waited.p95_ms, waited.max_ms),
        (10, 5_000, 10_000, 10_000)
    );
}

#[test]
fn a_case_counts_up_to_where_it_is() {
    let mut log = crate::log::LogBuilder::default();
    let steps = ["OrderPlaced", "PaymentReceived", "GoodsFetched", "GoodsShipped"];
    for (case, count) in [("done", 4), ("open", 2)] {
        for (at, step) in steps.iter().take(count).enumerate() {
            log.add(case, step, at as i64 * 1_000).unwrap();
        }
    }
    let log = log.finish();
    let chart = chart(ORDER, &steps);
    let (definitions, _) = model::read("t.bpmn", ORDER.as_bytes()).unwrap();
    let process = &definitions.processes[0];
    let heat = heat(&chart, process, &log, &mut chart.aligner(&log));
    assert_eq!((heat.elements["paid"].passed, heat.elements["fetched"].passed), (2, 1));
    assert_eq!(heat.elements["fetched"].missed, 0, "it is waited for");
    let flow = |element: &str, into: bool| {
        let id = |at: u32| &*process.elements[at as usize].id;
        let of = |flow: &&model::Flow| element == id(if into { flow.target } else { flow.source });
        heat.flows[&*process.flows.iter().find(of).unwrap().id]
    };
    assert_eq!((flow("paid", true), flow("paid", false), flow("fetched", true)), (2, 1, 1));
}
