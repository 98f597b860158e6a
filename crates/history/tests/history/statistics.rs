//! Counts and curves.

use history::ElementCount;
use history::entity::*;
use history::query::{Filter, Query, Test};

use crate::support::*;

fn count(id: &str, active: i64, completed: i64, terminated: i64, incidents: i64) -> ElementCount {
    ElementCount { element_id: id.to_owned(), active, completed, terminated, incidents }
}

#[tokio::test]
async fn elements_are_counted_by_definition_filter_and_instance() {
    let mut world = World::new();
    let definition = world.deploy(ORDER);
    let first = world.create_with("order", "{}", Some("one"), &[]);
    let second = world.create("order", "{}");
    let third = world.create("order", "{}");
    let jobs = world.lease("payment");
    world.now += 4_000;
    world.complete(jobs[0].key, "{}");
    world.fail(jobs[1].key, 0, "closed");
    world.ask(&engine::Command::CancelInstance { instance: third }).unwrap();
    world.settle().await;
    let all_of_it = world.reader.element_counts(definition, &Filter::default()).await.unwrap();
    let expected =
        [count("placed", 0, 3, 0, 0), count("pay", 1, 1, 1, 1), count("done", 0, 1, 0, 0)];
    assert_eq!(all_of_it, expected);
    // The rows themselves say the same as the counters.
    let everything = all([is(&PROCESS_INSTANCE, "processInstanceKey", Test::Exists(true))]);
    assert_eq!(world.reader.element_counts(definition, &everything).await.unwrap(), expected);
    let one = all([eq(&PROCESS_INSTANCE, "businessId", "one")]);
    let of_one = world.reader.element_counts(definition, &one).await.unwrap();
    assert_eq!(
        of_one,
        [count("placed", 0, 1, 0, 0), count("pay", 0, 1, 0, 0), count("done", 0, 1, 0, 0)]
    );
    let of_second = world.reader.element_counts_of(second).await.unwrap();
    assert_eq!(of_second, [count("pay", 1, 0, 0, 1), count("placed", 0, 1, 0, 0)]);
    let flows = world.reader.flows_of(first).await.unwrap();
    let flows: Vec<_> = flows.iter().map(|flow| (&*flow.flow_id, flow.times)).collect();
    assert_eq!(flows, [("f1", 1), ("f2", 1)]);
    assert_eq!(world.reader.wait_counts_of(second).await.unwrap(), [("pay".to_owned(), 1)]);
    let line = world.reader.callers(first).await.unwrap();
    assert_eq!((line.len(), line[0].instance, &*line[0].name), (1, first, "Order"));
    let xml = world.reader.resource(definition).await.unwrap().unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("Take payment"));
}

#[tokio::test]
async fn curves_tell_throughput_and_durations() {
    let mut world = World::new();
    let definition = world.deploy(ORDER);
    for seconds in [1, 2, 100] {
        world.create("order", "{}");
        let job = world.lease("payment")[0].key;
        world.now += seconds * 1_000;
        world.complete(job, "{}");
    }
    world.settle().await;
    let (from, upto) = (START - 60_000, world.now + 60_000);
    let minutes = world.reader.minutes(None, from, upto).await.unwrap();
    let sum = |get: fn(&history::Minute) -> i64| minutes.iter().map(get).sum::<i64>();
    assert_eq!((sum(|m| m.started), sum(|m| m.completed), sum(|m| m.elements)), (3, 3, 9));
    assert!(minutes.len() > 1);
    assert!(world.reader.minutes(Some(1), from, upto).await.unwrap().is_empty());
    let durations = world.reader.durations(definition, from, upto, 2_000).await.unwrap();
    let pay = durations.iter().find(|d| d.element_id.as_deref() == Some("pay")).unwrap();
    assert_eq!(pay.count, 3);
    assert!((1_600..2_400).contains(&pay.p50_ms), "{pay:?}");
    assert!((80_000..120_000).contains(&pay.p95_ms), "{pay:?}");
    assert!(durations.iter().any(|d| d.element_id.is_none() && d.count == 3));
    assert_eq!((pay.late, pay.p95_ms), (1, 100_000), "longer than 2 s: one of 1 s, 2 s and 100 s");
}

#[tokio::test]
async fn incidents_with_one_cause_are_one_line() {
    let mut world = World::new();
    let definition = world.deploy(ORDER);
    for _ in 0..5 {
        world.create("order", "{}");
    }
    for (at, job) in world.lease("payment").into_iter().enumerate() {
        let message = if at < 4 { format!("order {at} refused") } else { "no money".to_owned() };
        world.fail(job.key, 0, &message);
    }
    let most = vec![sort(&FINGERPRINT, "incidentCount", true)];
    let page = world.search(&FINGERPRINT, &Query { sort: most, ..Query::default() }).await;
    let told: Vec<_> = page
        .items
        .iter()
        .map(|line| {
            (
                line.text("elementId").unwrap(),
                line.int("incidentCount").unwrap(),
                line.text("errorMessage").unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("pay", 4, "order 0 refused"), ("pay", 1, "no money")]);
    let page = world.search(&ERROR_STATISTICS, &Query::default()).await;
    assert_eq!(page.total, 2);
    let page = world.search(&VERSION_STATISTICS, &Query::default()).await;
    let line = &page.items[0];
    assert_eq!(line.int("processDefinitionKey"), Some(definition));
    assert_eq!(line.int("activeInstancesWithIncidentCount"), Some(5));
    assert_eq!(line.int("activeInstancesWithoutIncidentCount"), Some(0));
    let page = world.search(&JOB_TYPE, &Query::default()).await;
    let line = &page.items[0];
    assert_eq!((line.text("jobType"), line.int("exhaustedCount")), (Some("payment"), Some(5)));
    let page = world
        .search(&STUCK, &Query { sort: vec![sort(&STUCK, "since", false)], ..Query::default() })
        .await;
    assert_eq!(page.total, 5);
}
