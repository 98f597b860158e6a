//! Deadlines, quiet cases, alerts.

use super::*;

#[test]
fn ac1_a_missed_deadline_raises_one_alert_also_over_a_restart() {
    let mut world = World::new();
    world.now = 100 * HOUR;
    world.play("late", "op");
    world.play("in time", "opg");
    world.advance(113 * HOUR);
    let alerts: Vec<_> = world.effects.iter().map(|Effect::Alert { alert, .. }| alert).collect();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (&*alerts[0].name, &*alerts[0].case, &*alerts[0].element),
        ("OrderLate", "late", "fetched")
    );
    assert_eq!(world.findings("late"), ["too late GoodsFetched"]);
    assert_eq!(world.findings("in time"), [""; 0]);
    world.advance(200 * HOUR);
    assert_eq!(world.effects.len(), 1);
    // After a crash the alert is still to be delivered, once, and no other appears.
    let mut again = State::default();
    world.events.iter().for_each(|event| again.fold(event));
    assert_eq!(again.pending_alerts().count(), 1);
    assert_eq!(again.decide(&Command::Tick, 201 * HOUR).effects, []);
    again.decide(&Command::Delivered { alert: 0 }, 201 * HOUR);
    assert_eq!(again.pending_alerts().count(), 0);
    // The goods come after all: late, but the order goes on.
    world.observe("late", "GoodsFetched", 150 * HOUR);
    assert_eq!(world.findings("late"), ["too late GoodsFetched"]);
    world.check_replay();
}

#[test]
fn t4_deadlines_that_passed_before_the_news_raise_no_alert_unless_asked() {
    for (asked, expected) in [(false, 0), (true, 1)] {
        let mut world = World::with(|publish| publish.alert_on_backfill = asked);
        world.now = 1_000 * HOUR;
        world.observe("old", "OrderPlaced", HOUR);
        world.observe("old", "PaymentReceived", 2 * HOUR);
        world.advance(1_001 * HOUR);
        assert_eq!(world.effects.len(), expected, "asked: {asked}");
        assert_eq!(world.findings("old"), ["too late GoodsFetched"], "asked: {asked}");
        // It came in time, told late: what was found in the past was not so.
        world.observe("old", "GoodsFetched", 3 * HOUR);
        let stays = if asked { vec!["too late GoodsFetched".to_owned()] } else { Vec::new() };
        assert_eq!(world.findings("old"), stays, "asked: {asked}");
        world.check_replay();
    }
}

#[test]
fn t4_a_case_that_was_quiet_for_weeks_is_stuck_when_it_is_read() {
    for (asked, expected) in [(false, 0), (true, 1)] {
        let mut world = World::with(|publish| {
            publish.alert_on_backfill = asked;
            publish.stuck_after_ms = Some(72 * HOUR);
        });
        world.now = 1_000 * HOUR;
        world.observe("old", "OrderPlaced", HOUR);
        world.observe("fresh", "OrderPlaced", 999 * HOUR);
        world.advance(1_000 * HOUR);
        let (_, old) = world.state.find("order-tracking", "old").unwrap();
        assert_eq!((old.status, old.status_since_ms), (CaseStatus::Stuck, 73 * HOUR));
        assert_eq!(world.status("fresh"), CaseStatus::Open);
        assert_eq!(world.effects.len(), expected, "asked: {asked}");
        // What becomes stuck while it is watched is an alarm.
        world.advance(1_072 * HOUR);
        assert_eq!(world.status("fresh"), CaseStatus::Stuck);
        assert_eq!(world.effects.len(), expected + 1, "asked: {asked}");
        world.check_replay();
    }
}

#[test]
fn s7_the_same_event_once_more_leaves_a_case_as_quiet_as_it_is() {
    let mut world = World::with(|publish| publish.stuck_after_ms = Some(72 * HOUR));
    world.now = 10 * HOUR;
    let placed = world.record("a", "OrderPlaced", 10 * HOUR);
    let again = |at: i64, offset: u64| {
        let position = Position { partition: 0, offset };
        Observed { position, arrival_ms: at, ..placed.clone() }
    };
    assert_eq!(world.send(vec![placed.clone()]), [Verdict::Started]);
    world.now = 40 * HOUR;
    assert_eq!(world.send(vec![again(40 * HOUR, 10)]), [Verdict::Replaced]);
    // Read late: it was due before the export came again, and is news all the same.
    world.now = 90 * HOUR;
    assert_eq!(world.send(vec![again(90 * HOUR, 20)]), [Verdict::Replaced]);
    world.advance(90 * HOUR);
    assert_eq!((world.status("a"), world.effects.len()), (CaseStatus::Stuck, 1));
    world.now = 114 * HOUR;
    assert_eq!(world.send(vec![again(114 * HOUR, 30)]), [Verdict::Replaced]);
    world.advance(115 * HOUR);
    assert_eq!((world.status("a"), world.effects.len()), (CaseStatus::Stuck, 1));
    world.check_replay();
}

const CHOICE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
  <process id="order-tracking" isExecutable="true">
    <extensionElements><zeebe:properties><zeebe:property name="deadline" value="PT9H"/>
    </zeebe:properties></extensionElements>
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/>
    <task id="a" name="OrderPlaced"/><sequenceFlow id="f1" sourceRef="a" targetRef="x"/>
    <exclusiveGateway id="x"/>
    <sequenceFlow id="f2" sourceRef="x" targetRef="b"/>
    <sequenceFlow id="f3" sourceRef="x" targetRef="c"/>
    <task id="b" name="GoodsFetched"><extensionElements><zeebe:properties>
      <zeebe:property name="deadline" value="PT2H"/></zeebe:properties></extensionElements></task>
    <task id="c" name="GoodsShipped"><extensionElements><zeebe:properties>
      <zeebe:property name="deadline" value="PT2H"/></zeebe:properties></extensionElements></task>
    <sequenceFlow id="f4" sourceRef="b" targetRef="e"/>
    <sequenceFlow id="f5" sourceRef="c" targetRef="e"/>
    <endEvent id="e"/>
  </process>
</definitions>"#;

#[test]
fn one_missed_decision_is_one_finding_and_one_alert() {
    let mut world = World::with(|publish| publish.bpmn = Arc::from(CHOICE.as_bytes()));
    world.now = HOUR;
    world.observe("a", "OrderPlaced", HOUR);
    world.advance(4 * HOUR);
    assert_eq!(world.findings("a"), ["too late GoodsFetched"]);
    world.now = 5 * HOUR;
    world.observe("a", "GoodsShipped", 5 * HOUR);
    assert_eq!(world.findings("a"), ["too late GoodsFetched"]);
    assert_eq!(world.effects.len(), 1);
    world.check_replay();
}

#[test]
fn a_completed_case_that_took_longer_than_the_whole_may_is_a_finding() {
    let mut world = World::with(|publish| publish.bpmn = Arc::from(CHOICE.as_bytes()));
    world.now = 500 * HOUR;
    world.observe("long", "OrderPlaced", HOUR);
    world.observe("short", "OrderPlaced", HOUR);
    world.observe("short", "GoodsFetched", 2 * HOUR);
    world.observe("long", "GoodsFetched", 20 * HOUR);
    world.advance(501 * HOUR);
    assert_eq!(world.findings("long"), ["too late OrderPlaced", "too late GoodsFetched"]);
    assert_eq!(world.findings("short"), [""; 0]);
    assert_eq!(world.effects, []);
    // Watched, it is told once when the time is over, and found once.
    world.now = 600 * HOUR;
    world.observe("live", "OrderPlaced", 600 * HOUR);
    world.advance(610 * HOUR);
    world.observe("live", "GoodsFetched", 610 * HOUR);
    assert_eq!(world.findings("live"), ["too late GoodsFetched", "too late OrderPlaced"]);
    assert_eq!(world.effects.len(), 2);
    world.check_replay();
}

#[test]
fn s7_a_quiet_case_is_stuck_until_something_comes() {
    let mut world = World::with(|publish| publish.stuck_after_ms = Some(10 * 60_000));
    world.now = HOUR;
    world.play("dropped", "op");
    world.play("healthy", "opgse");
    world.advance(HOUR + 9 * 60_000);
    assert_eq!(world.status("dropped"), CaseStatus::Open);
    world.advance(HOUR + 11 * 60_000);
    assert_eq!(world.status("dropped"), CaseStatus::Stuck);
    assert_eq!(world.status("healthy"), CaseStatus::Completed);
    let Effect::Alert { alert, .. } = &world.effects[0];
    assert_eq!((&*alert.name, &*alert.element), ("stuck", "paid"));
    world.observe("dropped", "GoodsFetched", world.now);
    assert_eq!(world.status("dropped"), CaseStatus::Open);
    world.check_replay();
}

#[test]
fn a_rule_that_is_made_later_is_that_of_the_open_cases_too() {
    let mut world = World::new();
    world.now = 2 * HOUR;
    world.observe("quiet", "OrderPlaced", HOUR);
    world.now = 90 * HOUR;
    world.observe("fresh", "OrderPlaced", 90 * HOUR);
    world.advance(100 * HOUR);
    assert_eq!(world.status("quiet"), CaseStatus::Open, "there is no rule yet");
    republish(&mut world, |publish| publish.stuck_after_ms = Some(24 * HOUR));
    world.advance(101 * HOUR);
    let (_, quiet) = world.state.find("order-tracking", "quiet").unwrap();
    assert_eq!((quiet.status, quiet.status_since_ms), (CaseStatus::Stuck, 25 * HOUR));
    assert_eq!(world.effects, [], "it was so before the rule was made");
    world.advance(115 * HOUR);
    assert_eq!(world.status("fresh"), CaseStatus::Stuck);
    assert_eq!(world.effects.len(), 1, "what becomes stuck from then on is an alarm");
    world.check_replay();
    // A longer rule takes back what is not so by it; a shorter one tells when it began.
    republish(&mut world, |publish| publish.stuck_after_ms = Some(48 * HOUR));
    world.advance(116 * HOUR);
    assert_eq!(world.status("fresh"), CaseStatus::Open);
    let (_, quiet) = world.state.find("order-tracking", "quiet").unwrap();
    assert_eq!((quiet.status, quiet.status_since_ms), (CaseStatus::Stuck, 49 * HOUR));
    republish(&mut world, |publish| publish.stuck_after_ms = None);
    world.advance(117 * HOUR);
    assert_eq!(world.status("quiet"), CaseStatus::Open);
    assert_eq!(world.effects.len(), 1);
    world.check_replay();
}

#[test]
fn what_became_stuck_in_silence_is_told_once_when_it_is_asked_for() {
    let mut world = World::new();
    world.now = 100 * HOUR;
    world.observe("quiet", "OrderPlaced", HOUR);
    republish(&mut world, |publish| publish.stuck_after_ms = Some(24 * HOUR));
    world.advance(101 * HOUR);
    assert_eq!((world.status("quiet"), world.effects.len()), (CaseStatus::Stuck, 0));
    for _ in 0..2 {
        republish(&mut world, |publish| publish.alert_on_backfill = true);
        world.advance(102 * HOUR);
        assert_eq!(world.effects.len(), 1);
        republish(&mut world, |publish| publish.alert_on_backfill = false);
    }
    world.check_replay();
    // Rule and wish at once.
    let mut world = World::new();
    world.now = 100 * HOUR;
    world.observe("quiet", "OrderPlaced", HOUR);
    republish(&mut world, |publish| {
        publish.stuck_after_ms = Some(24 * HOUR);
        publish.alert_on_backfill = true;
    });
    world.advance(101 * HOUR);
    assert_eq!((world.status("quiet"), world.effects.len()), (CaseStatus::Stuck, 1));
    world.check_replay();
}

#[test]
fn t3_what_comes_when_nobody_saw_an_early_event_expire_comes_behind_that() {
    let mut world = World::new();
    assert!(matches!(world.observe("a", "PaymentReceived", 10), Verdict::Buffered { .. }));
    // The server was down, and reads on before any timer fires.
    world.now += 2 * HOUR;
    assert_eq!(world.observe("a", "GoodsFetched", 20), Verdict::Expired);
    assert_eq!(world.status("a"), CaseStatus::Expired);
    assert_eq!(world.observe("a", "OrderPlaced", 5), Verdict::Started);
    world.check_replay();
}
