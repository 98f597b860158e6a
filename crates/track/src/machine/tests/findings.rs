//! What is wrong with a case, and what is no longer.

use super::*;

#[test]
fn t5_one_crafted_case_per_class_gives_exactly_that_finding() {
    let mut world = World::new();
    let cases: [(&str, &str, &[&str]); 9] = [
        ("clean", "opgse", &[]),
        ("skipped", "ogse", &["skipped PaymentReceived"]),
        ("repeated", "oppgse", &["repeated PaymentReceived"]),
        ("reordered", "ogpse", &["wrong order PaymentReceived"]),
        ("unknown", "opxgse", &["unexpected SomethingElse"]),
        ("two skipped", "ose", &["skipped GoodsFetched", "skipped PaymentReceived"]),
        ("after the end", "opgsee", &["repeated OrderCompleted"]),
        ("open", "op", &[]),
        ("open and skipped", "og", &["skipped PaymentReceived"]),
    ];
    for (case, steps, expected) in cases {
        world.play(case, steps);
        let mut found = world.findings(case);
        found.sort();
        assert_eq!(found, expected, "{case}");
        let ended = steps.contains('e');
        let status = if ended { CaseStatus::Completed } else { CaseStatus::Open };
        assert_eq!(world.status(case), status, "{case}");
    }
    world.check_replay();
}

#[test]
fn a_late_event_withdraws_what_it_explains() {
    let mut world = World::new();
    world.observe("a", "OrderPlaced", 10);
    world.observe("a", "GoodsFetched", 30);
    assert_eq!(world.findings("a"), ["skipped PaymentReceived"]);
    world.observe("a", "PaymentReceived", 20);
    assert_eq!(world.findings("a"), [""; 0]);
    assert!(world.events.iter().any(|event| matches!(event, Event::Withdrawn { .. })));
    world.check_replay();
}

#[test]
fn long_cases_stay_small_and_keep_their_place() {
    let mut world = World::new();
    world.play("a", "op");
    for _ in 0..500 {
        world.now += 10;
        world.play("a", "x");
    }
    let (_, case) = world.state.find("order-tracking", "a").unwrap();
    assert!(case.events.len() <= crate::limits::CASE_EVENTS_MAX + 1, "{}", case.events.len());
    assert_eq!(case.steps(), 502);
    world.now += 10;
    world.play("a", "gse");
    assert_eq!(world.status("a"), CaseStatus::Completed);
    world.check_replay();
}

/// A case of 200 steps: one skip at the beginning, then nothing that the model knows.
fn long(world: &mut World) -> Vec<Observed> {
    let mut records =
        vec![world.record("a", "OrderPlaced", 10), world.record("a", "GoodsFetched", 30)];
    records.extend((0..198).map(|n| world.record("a", "SomethingElse", 100 + n)));
    for record in &records {
        world.send(vec![record.clone()]);
    }
    records
}

/// What a case has come to, but for how it came to it.
fn outcome(world: &World) -> (u64, Vec<String>, CaseStatus) {
    let (_, case) = world.state.find("order-tracking", "a").unwrap();
    (case.steps(), world.findings("a"), case.status)
}

#[test]
fn redelivery_of_a_long_case_changes_nothing() {
    let mut world = World::new();
    let records = long(&mut world);
    let before = outcome(&world);
    assert_eq!(before.0, 200);
    assert_eq!(before.1[0], "skipped PaymentReceived");
    for (record, offset) in records.into_iter().zip(1_000..) {
        let position = Position { partition: 0, offset };
        let again = world.send(vec![Observed { position, ..record }]);
        assert_eq!(again, [Verdict::Replaced], "offset {offset}");
    }
    assert_eq!(outcome(&world), before);
    world.check_replay();
}

#[test]
fn a_late_event_of_a_long_case_finds_its_place() {
    let mut world = World::new();
    long(&mut world);
    world.observe("a", "PaymentReceived", 20);
    let (steps, findings, _) = outcome(&world);
    assert_eq!(steps, 201);
    world.now += 90_000;
    assert!(!findings.contains(&"skipped PaymentReceived".to_owned()), "{findings:?}");
    assert!(findings.iter().all(|found| found == "unexpected SomethingElse"), "{findings:?}");
    world.play("a", "se");
    assert_eq!(world.status("a"), CaseStatus::Completed);
    world.check_replay();
}

const LOOP: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  targetNamespace="t"><process id="order-tracking" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/>
    <task id="a" name="OrderPlaced"/><sequenceFlow id="f1" sourceRef="a" targetRef="x"/>
    <exclusiveGateway id="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="b"/>
    <task id="b" name="GoodsFetched"/><sequenceFlow id="f3" sourceRef="b" targetRef="y"/>
    <exclusiveGateway id="y"/><sequenceFlow id="f4" sourceRef="y" targetRef="x"/>
    <sequenceFlow id="f5" sourceRef="y" targetRef="c"/>
    <task id="c" name="GoodsShipped"/><sequenceFlow id="f6" sourceRef="c" targetRef="e"/>
    <endEvent id="e"/></process></definitions>"#;

#[test]
fn a_step_that_comes_again_long_after_is_repeated() {
    let mut world = World::with(|publish| publish.bpmn = Arc::from(LOOP.as_bytes()));
    world.observe("a", "OrderPlaced", 0);
    for n in 1..200 {
        world.observe("a", "GoodsFetched", n);
    }
    assert_eq!(world.findings("a"), [""; 0]);
    world.observe("a", "OrderPlaced", 300);
    assert_eq!(world.findings("a"), ["repeated OrderPlaced"]);
    for n in 301..400 {
        world.observe("a", "GoodsFetched", n);
    }
    world.observe("a", "OrderPlaced", 500);
    assert_eq!(world.findings("a"), ["repeated OrderPlaced"; 2]);
    world.check_replay();
}

#[test]
fn steps_of_one_moment_are_folded_without_losing_what_is_found() {
    let mut world = World::new();
    let kinds = ["OrderPlaced", "GoodsFetched"].into_iter().chain(["SomethingElse"; 120]);
    for kind in kinds.collect::<Vec<_>>() {
        world.observe("a", kind, 10);
    }
    assert_eq!(world.findings("a")[0], "skipped PaymentReceived");
    world.check_replay();
}

#[test]
fn a_case_that_opens_after_many_early_events_is_judged_as_a_whole() {
    let mut world = World::new();
    for n in 0..120 {
        world.observe("a", "SomethingElse", 50 + n);
    }
    assert_eq!(world.observe("a", "OrderPlaced", 10), Verdict::Started);
    let (_, case) = world.state.find("order-tracking", "a").unwrap();
    assert!(case.events.len() <= crate::limits::CASE_EVENTS_MAX + 1, "{}", case.events.len());
    assert_eq!(case.steps(), 121);
    world.now += 90_000;
    world.play("a", "pgse");
    assert_eq!(world.status("a"), CaseStatus::Completed);
    world.check_replay();
}

#[test]
fn what_is_older_than_what_a_case_knows_is_told_and_not_doubled() {
    let mut world = World::new();
    let records = long(&mut world);
    let key = world.state.find("order-tracking", "a").unwrap().0;
    let mut case = world.state.case(key).unwrap().clone();
    let gone: Vec<Seen> = case.past.drain(..100).collect();
    world.state.disown(key, "order-tracking", &gone);
    world.state.put_case(key, Some(case));
    world.state.settle();
    let before = outcome(&world);
    for (record, offset) in records.into_iter().take(90).zip(1_000..) {
        let position = Position { partition: 0, offset };
        let told = world.send(vec![Observed { position, ..record }]);
        let Verdict::Rejected { reason } = &told[0] else { panic!("{told:?}") };
        assert!(reason.starts_with("expected an event of case a that is not older"), "{reason}");
    }
    assert_eq!(outcome(&world), before);
}
