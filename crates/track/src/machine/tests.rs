use std::sync::Arc;

use super::*;
use crate::mapping::{Observation, Reading};
use crate::source::Position;

/// A machine with the order story's tracking model, a clock and a source.
struct World {
    state: State,
    now: i64,
    offset: u64,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

const TYPES: [&str; 5] =
    ["OrderPlaced", "PaymentReceived", "GoodsFetched", "GoodsShipped", "OrderCompleted"];
const HOUR: i64 = 3_600_000;

impl World {
    fn new() -> World {
        World::with(|_| {})
    }

    fn with(change: impl Fn(&mut Publish)) -> World {
        let mut world = World {
            state: State::default(),
            now: 1_000,
            offset: 0,
            events: Vec::new(),
            effects: Vec::new(),
        };
        let mut publish = Publish {
            process: Arc::from("order-tracking"),
            bpmn: Arc::from(crate::chart::ORDER_MODEL.as_bytes()),
            known: TYPES.iter().map(|name| (*name).to_owned()).collect(),
            ..Publish::default()
        };
        change(&mut publish);
        assert_eq!(world.run(Command::Publish(publish)), Answer::Done);
        world
    }

    fn run(&mut self, command: Command) -> Answer {
        let decision = self.state.decide(&command, self.now);
        self.events.extend(decision.events);
        self.effects.extend(decision.effects);
        decision.answer
    }

    fn record(&mut self, case: &str, kind: &str, time_ms: i64) -> Observed {
        let offset = self.offset;
        self.offset += 1;
        let reading = Reading::Event(Observation {
            case: case.to_owned(),
            kind: kind.to_owned(),
            time_ms,
            identity: Some(u128::from(offset) + 1),
            sender: None,
            correlation: None,
            variables: None,
            ttl_ms: None,
        });
        Observed { position: Position { partition: 0, offset }, arrival_ms: self.now, reading }
    }

    fn send(&mut self, records: Vec<Observed>) -> Vec<Verdict> {
        let (process, source) = (Arc::from("order-tracking"), Arc::from("bus"));
        match self.run(Command::Observe { process, source, records }) {
            Answer::Verdicts(verdicts) => verdicts,
            other => panic!("{other:?}"),
        }
    }

    fn observe(&mut self, case: &str, kind: &str, time_ms: i64) -> Verdict {
        let record = self.record(case, kind, time_ms);
        self.send(vec![record]).remove(0)
    }

    /// A whole case; each letter is a step, one second apart.
    fn play(&mut self, case: &str, steps: &str) {
        for (at, step) in steps.chars().enumerate() {
            let kind = match step {
                'o' => "OrderPlaced",
                'p' => "PaymentReceived",
                'g' => "GoodsFetched",
                's' => "GoodsShipped",
                'e' => "OrderCompleted",
                _ => "SomethingElse",
            };
            self.observe(case, kind, self.now + at as i64);
        }
    }

    fn advance(&mut self, to: i64) {
        self.now = to;
        self.run(Command::Tick);
    }

    fn findings(&self, case: &str) -> Vec<String> {
        let Some((_, case)) = self.state.find("order-tracking", case) else { return Vec::new() };
        case.findings
            .iter()
            .map(|f| format!("{} {}", f.kind.name(), self.state.kind_name(case.version, f.step)))
            .collect()
    }

    fn status(&self, case: &str) -> CaseStatus {
        self.state.find("order-tracking", case).unwrap().1.status
    }

    /// Folding the events alone gives the same state.
    fn check_replay(&self) {
        let mut again = State::default();
        self.events.iter().for_each(|event| again.fold(event));
        assert!(again.cases().eq(self.state.cases()), "cases");
        assert_eq!(again.sources, self.state.sources);
        assert_eq!(again.timers, self.state.timers);
        assert_eq!(again.alerts, self.state.alerts);
        assert_eq!(again.by_id, self.state.by_id);
    }
}

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
    assert_eq!(world.findings("long"), ["too late GoodsFetched", "too late OrderPlaced"]);
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
        other.decide(&Command::Observe { process, source, records: vec![record] }, 5).events
    };
    assert!(!events.is_empty());
    events.iter().for_each(|event| world.state.apply(event));
    assert!(!world.state.cases().map(|(k, c)| (k, c.clone())).eq(before.iter().cloned()));
    world.state.abort();
    assert!(world.state.cases().map(|(k, c)| (k, c.clone())).eq(before));
    assert_eq!(world.state.timers, timers);
}

/// What is published of the order story, changed.
fn republish(world: &mut World, change: impl Fn(&mut Publish)) {
    let model = world.state.model("order-tracking").unwrap();
    let mut publish = model.published_as().unwrap().clone();
    change(&mut publish);
    assert_eq!(world.run(Command::Publish(publish)), Answer::Done);
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
