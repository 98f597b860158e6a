//! Models that are published, and published again.

use super::*;

#[test]
fn a_name_that_the_model_does_not_have_is_refused_with_both() {
    let mut world = World::new();
    let publish = Publish {
        process: Arc::from("claims"),
        bpmn: Arc::from(crate::chart::ORDER_MODEL.as_bytes()),
        ..Publish::default()
    };
    let Answer::Refused(reason) = world.run(Command::Publish(publish)) else {
        panic!("it is refused")
    };
    assert!(reason.contains("\"claims\"") && reason.contains("\"order-tracking\""), "{reason}");
    assert!(world.state.model("claims").is_none());
}

#[test]
fn b2_states_of_an_event_based_process() {
    let mut world = World::new();
    let status = |world: &World, id: &str| world.state.model(id).unwrap().status();
    assert_eq!(status(&world, "order-tracking"), Status::Published);
    let mut publish = Publish {
        process: Arc::from("other"),
        bpmn: Arc::from(crate::chart::ORDER_MODEL.replace("order-tracking", "other").as_bytes()),
        ..Publish::default()
    };
    world.run(Command::Draft(publish.clone()));
    assert_eq!(status(&world, "other"), Status::Unmapped);
    publish.types = [("Paid".to_owned(), "paid".to_owned())].into();
    world.run(Command::Draft(publish.clone()));
    assert_eq!(status(&world, "other"), Status::Mapped);
    world.run(Command::Publish(publish.clone()));
    assert_eq!(status(&world, "other"), Status::Published);
    publish.types.insert("Shipped".to_owned(), "shipped".to_owned());
    world.run(Command::Draft(publish.clone()));
    assert_eq!(status(&world, "other"), Status::UnpublishedChanges);
    publish.types.insert("Nothing".to_owned(), "nowhere".to_owned());
    let refused = world.run(Command::Publish(publish));
    assert!(matches!(refused, Answer::Refused(reason) if reason.contains("nowhere")));
}

#[test]
fn a_changed_rule_that_is_aborted_leaves_nothing() {
    let mut world = World::with(|publish| publish.stuck_after_ms = Some(24 * HOUR));
    world.observe("quiet", "OrderPlaced", HOUR);
    let timers = world.state.timers.clone();
    let process: Arc<str> = Arc::from("order-tracking");
    let rule = Quiet { after_ms: Some(HOUR), since_ms: 0 };
    world.state.apply(&Event::QuietRuled { process: process.clone(), rule });
    assert_ne!(world.state.timers, timers);
    world.state.abort();
    assert_eq!(world.state.timers, timers);
    assert_eq!(world.state.models[&process].quiet, None);
}

#[test]
fn cases_are_judged_again_when_a_type_of_the_model_turns_out_to_come() {
    let mut world = World::with(|publish| {
        publish.known.retain(|known| known == "OrderPlaced" || known == "PaymentReceived");
        publish.stuck_after_ms = Some(24 * HOUR);
    });
    world.observe("a", "OrderPlaced", HOUR);
    world.observe("a", "PaymentReceived", 2 * HOUR);
    assert_eq!(world.status("a"), CaseStatus::Completed, "nothing is known to follow");
    let known = TYPES.iter().map(|name| (*name).to_owned()).collect();
    let process = Arc::from("order-tracking");
    assert_eq!(world.run(Command::Learn { process, known }), Answer::Done);
    assert_eq!(world.status("a"), CaseStatus::Open);
    world.advance(100 * HOUR);
    assert_eq!(world.status("a"), CaseStatus::Stuck);
    world.check_replay();
}

#[test]
fn a_model_that_is_published_again_leaves_clean_cases_clean() {
    let mut world = World::new();
    world.play("a", "opg");
    // Whoever publishes again may have seen less: two types of five.
    republish(&mut world, |publish| {
        publish.known.truncate(2);
        publish.stuck_after_ms = Some(HOUR);
    });
    world.now += 10;
    world.play("a", "s");
    assert_eq!((world.findings("a"), world.status("a")), (vec![], CaseStatus::Open));
    world.now += 10;
    world.play("a", "e");
    world.play("b", "opgse");
    for case in ["a", "b"] {
        assert_eq!((world.findings(case), world.status(case)), (vec![], CaseStatus::Completed));
    }
    let published = world.state.model("order-tracking").unwrap().published_as().unwrap();
    assert!(TYPES.iter().all(|name| published.known.iter().any(|known| known == name)));
    world.check_replay();
}

#[test]
fn a_case_ends_on_its_version_when_the_newer_one_knows_less() {
    let mut world = World::new();
    world.play("a", "opg");
    // As a journal of an older build has it.
    let mut publish = world.state.model("order-tracking").unwrap().published_as().unwrap().clone();
    publish.known = vec!["OrderPlaced".to_owned()];
    let version = world.state.versions.len() as u32;
    let published = Event::Published { version, publish };
    let named = Event::KindNamed { version, kind: 0, name: Arc::from("OrderPlaced") };
    for event in [published, named] {
        world.state.fold(&event);
        world.events.push(event);
    }
    world.now += 10;
    world.play("a", "se");
    assert_eq!((world.findings("a"), world.status("a")), (vec![], CaseStatus::Completed));
    assert!(!world.events.iter().any(|event| matches!(event, Event::CaseMigrated { .. })));
    world.check_replay();
}

#[test]
fn a_type_that_is_spelt_otherwise_in_a_newer_version_is_the_same() {
    let mut world = World::with(|publish| publish.known.truncate(3));
    world.play("a", "opg");
    let process = Arc::from("order-tracking");
    let known = vec!["order placed".to_owned(), "GoodsShipped".to_owned()];
    assert_eq!(world.run(Command::Learn { process, known }), Answer::Done);
    world.now += 10;
    world.play("a", "s");
    assert_eq!(world.findings("a"), [""; 0]);
    world.check_replay();
}
