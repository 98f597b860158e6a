//! Records: seen before, replaced, early, bad.

use super::*;

#[test]
fn t2_a_position_that_was_seen_does_nothing() {
    let mut world = World::new();
    let record = world.record("a", "OrderPlaced", 10);
    assert_eq!(world.send(vec![record.clone()]), [Verdict::Started]);
    let events = world.events.len();
    assert_eq!(world.send(vec![record]), [Verdict::SeenBefore]);
    assert_eq!((world.events.len(), world.state.cases().count()), (events, 1));
    assert_eq!(world.state.next_position("bus", 0), 1);
}

#[test]
fn b2_the_same_event_at_a_new_position_replaces_the_earlier() {
    let mut world = World::new();
    world.observe("a", "OrderPlaced", 10);
    let mut record = world.record("a", "PaymentReceived", 20);
    let Reading::Event(event) = &mut record.reading else { unreachable!("an event") };
    event.identity = Some(77);
    let mut again = record.clone();
    assert_eq!(world.send(vec![record]), [Verdict::Moved]);
    again.position.offset = 50;
    let Reading::Event(event) = &mut again.reading else { unreachable!("an event") };
    event.time_ms = 25;
    assert_eq!(world.send(vec![again]), [Verdict::Replaced]);
    let (_, case) = world.state.find("order-tracking", "a").unwrap();
    assert_eq!(case.events.iter().map(|e| e.time_ms).collect::<Vec<_>>(), [10, 25]);
    assert_eq!(world.findings("a"), [""; 0]);
    world.check_replay();
}

#[test]
fn t3_early_events_wait_for_their_case_and_expire() {
    let mut world = World::new();
    let until_ms = world.now + crate::limits::EARLY_TTL_MS;
    assert_eq!(world.observe("a", "PaymentReceived", 20), Verdict::Buffered { until_ms });
    assert_eq!(world.observe("a", "OrderPlaced", 10), Verdict::Started);
    for kind in &TYPES[2..] {
        world.observe("a", kind, 30);
    }
    assert_eq!((world.status("a"), world.findings("a")), (CaseStatus::Completed, vec![]));
    world.observe("b", "PaymentReceived", 20);
    world.advance(until_ms + 1);
    assert_eq!(world.status("b"), CaseStatus::Expired);
    let (_, case) = world.state.find("order-tracking", "b").unwrap();
    assert_eq!((case.events.len(), case.until_ms), (1, until_ms), "kept with its reason");
    assert_eq!(world.observe("b", "GoodsFetched", 40), Verdict::Expired);
    // Better late than never: what waited is explained when the order comes.
    assert_eq!(world.observe("b", "OrderPlaced", 10), Verdict::Started);
    assert_eq!((world.status("b"), world.findings("b")), (CaseStatus::Open, vec![]));
    world.check_replay();
}

#[test]
fn bad_records_have_a_verdict_and_can_come_again_after_a_fix() {
    let mut world = World::new();
    let good = world.record("a", "OrderPlaced", 10);
    let mut bad = good.clone();
    bad.reading = Reading::Rejected { reason: "expected a type".into() };
    let reason = "expected a type".to_owned();
    assert_eq!(world.send(vec![bad]), [Verdict::Rejected { reason }]);
    let (process, source) = (Arc::from("order-tracking"), Arc::from("bus"));
    let again = Command::ObserveAgain { process, source, records: vec![good] };
    assert_eq!(world.run(again.clone()), Answer::Verdicts(vec![Verdict::Started]));
    assert_eq!(world.run(again), Answer::Verdicts(vec![Verdict::SeenBefore]));
    world.check_replay();
}

#[test]
fn an_aborted_command_leaves_nothing() {
    let mut world = World::new();
    world.play("a", "op");
    let before: Vec<_> = world.state.cases().map(|(k, c)| (k, c.clone())).collect();
    let timers = world.state.timers.clone();
    // As the loop does after a panic: events were folded, the command never settled.
    let events = {
        let mut other = State::default();
        world.events.iter().for_each(|event| other.fold(event));
        let record = world.record("a", "GoodsFetched", 5);
        let (process, source) = (Arc::from("order-tracking"), Arc::from("bus"));
        other
            .decide(&Command::Observe { process, source, records: vec![record], proof: None }, 5)
            .events
    };
    assert!(!events.is_empty());
    events.iter().for_each(|event| world.state.apply(event));
    assert!(!world.state.cases().map(|(k, c)| (k, c.clone())).eq(before.iter().cloned()));
    world.state.abort();
    assert!(world.state.cases().map(|(k, c)| (k, c.clone())).eq(before));
    assert_eq!(world.state.timers, timers);
}

#[test]
fn b2_the_same_event_of_another_case_leaves_the_first() {
    let mut world = World::new();
    world.play("right", "o");
    world.play("wrong", "opg");
    let mut record = world.record("wrong", "GoodsShipped", 1_050);
    let Reading::Event(event) = &mut record.reading else { unreachable!("an event") };
    event.identity = Some(77);
    let mut again = record.clone();
    assert_eq!(world.send(vec![record]), [Verdict::Moved]);
    again.position.offset = 50;
    let Reading::Event(event) = &mut again.reading else { unreachable!("an event") };
    (event.case, event.kind) = ("right".to_owned(), "PaymentReceived".to_owned());
    assert_eq!(world.send(vec![again.clone()]), [Verdict::Replaced]);
    let steps = |world: &World, case: &str| {
        world.state.find("order-tracking", case).map(|(_, case)| case.steps())
    };
    assert_eq!((steps(&world, "wrong"), steps(&world, "right")), (Some(3), Some(2)));
    assert_eq!((world.findings("wrong"), world.findings("right")), (vec![], vec![]));
    world.check_replay();
    // A case that had nothing else never was.
    let Reading::Event(event) = &mut again.reading else { unreachable!("an event") };
    (event.case, event.kind, event.identity) = ("typo".into(), "OrderPlaced".into(), Some(78));
    again.position.offset = 51;
    assert_eq!(world.send(vec![again.clone()]), [Verdict::Started]);
    let Reading::Event(event) = &mut again.reading else { unreachable!("an event") };
    event.case = "meant".to_owned();
    again.position.offset = 52;
    assert_eq!(world.send(vec![again]), [Verdict::Replaced]);
    assert_eq!((steps(&world, "typo"), steps(&world, "meant")), (None, Some(1)));
    assert_eq!(world.status("meant"), CaseStatus::Open);
    world.check_replay();
}

#[test]
fn ac2_what_tracking_says_itself_counts_for_no_case() {
    let mut world = World::new();
    world.play("a", "op");
    let mut record = world.record("a", "CancelOrderCommand", 50);
    record.own = true;
    assert_eq!(world.send(vec![record]), [Verdict::Ignored]);
    let mut record = world.record("nobody", "CancelOrderCommand", 50);
    record.own = true;
    assert_eq!(world.send(vec![record]), [Verdict::Ignored]);
    assert!(world.state.find("order-tracking", "nobody").is_none());
    assert_eq!(world.findings("a"), [""; 0]);
    let said = |event: &Event| matches!(event, Event::StepObserved(step) if step.own);
    assert!(world.events.iter().any(said), "it is in the trace");
    world.now += 10;
    world.play("a", "gse");
    assert_eq!((world.status("a"), world.findings("a")), (CaseStatus::Completed, vec![]));
    world.check_replay();
}
