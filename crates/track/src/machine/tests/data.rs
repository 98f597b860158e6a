//! Gateways that are followed by data, whenever and however often it came.

use super::*;
use serde_json::json;

const GATE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  targetNamespace="t"><process id="order-tracking" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="a"/>
    <task id="a" name="A"/><sequenceFlow id="f1" sourceRef="a" targetRef="b"/>
    <task id="b" name="B"/><sequenceFlow id="f2" sourceRef="b" targetRef="x"/>
    <exclusiveGateway id="x" default="f4"/>
    <sequenceFlow id="f3" sourceRef="x" targetRef="big">
      <conditionExpression>= amount &gt; 100</conditionExpression></sequenceFlow>
    <sequenceFlow id="f4" sourceRef="x" targetRef="small"/>
    <task id="big" name="Big"/><task id="small" name="Small"/>
    <sequenceFlow id="f5" sourceRef="big" targetRef="e"/>
    <sequenceFlow id="f6" sourceRef="small" targetRef="e"/>
    <endEvent id="e"/></process></definitions>"#;

struct Gate(World);

impl Gate {
    fn new() -> Gate {
        Gate(World::with(|publish| {
            publish.bpmn = Arc::from(GATE.as_bytes());
            publish.known.clear();
        }))
    }

    /// `identity` says which event it is.
    fn say(&mut self, case: &str, kind: &str, at: i64, amount: Option<i64>, identity: u128) {
        let mut record = self.0.record(case, kind, at);
        let Reading::Event(event) = &mut record.reading else { unreachable!("an event") };
        event.identity = Some(identity);
        event.variables = amount.map(|amount| json!({ "amount": amount, "else": "unread" }));
        self.0.send(vec![record]);
    }

    fn amount(&self, case: &str) -> Option<String> {
        let (_, case) = self.0.state.find("order-tracking", case)?;
        case.variables.text().map(|text| text.to_string())
    }
}

#[test]
fn what_was_said_last_by_event_time_counts_however_late_it_came() {
    for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0]] {
        let mut gate = Gate::new();
        let events = [("A", 1, Some(5)), ("B", 2, Some(500)), ("Big", 3, None)];
        for at in order {
            let (kind, time, amount) = events[at];
            gate.say("a", kind, time, amount, at as u128 + 1);
        }
        assert_eq!(gate.amount("a").as_deref(), Some(r#"{"amount":500}"#), "{order:?}");
        assert_eq!(gate.0.findings("a"), [""; 0], "{order:?}");
        gate.0.check_replay();
    }
}

#[test]
fn what_a_corrected_event_said_before_counts_no_more() {
    let mut gate = Gate::new();
    gate.say("a", "A", 1, Some(5), 1);
    gate.say("a", "B", 2, None, 2);
    gate.say("a", "Big", 3, None, 3);
    assert_eq!(gate.0.findings("a"), ["unexpected Big"]);
    // The same event, of the same type and time, with another amount.
    gate.say("a", "A", 1, Some(500), 1);
    assert_eq!(
        (gate.amount("a").as_deref(), gate.0.findings("a")),
        (Some(r#"{"amount":500}"#), vec![])
    );
    // A correction that says nothing leaves nothing.
    gate.say("a", "B", 2, Some(7), 2);
    assert_eq!(gate.0.findings("a"), ["unexpected Big"]);
    gate.say("a", "B", 2, None, 2);
    assert_eq!(gate.0.findings("a"), [""; 0]);
    // It was of another case.
    gate.say("b", "A", 1, None, 4);
    gate.say("b", "A", 1, Some(7), 1);
    assert_eq!((gate.amount("a"), gate.amount("b").as_deref()), (None, Some(r#"{"amount":7}"#)));
    gate.0.check_replay();
}

#[test]
fn data_that_comes_after_the_fold_judges_what_is_folded_too() {
    let mut gate = Gate::new();
    gate.say("a", "A", 1, None, 1);
    gate.say("a", "B", 2, None, 2);
    gate.say("a", "Big", 3, None, 3);
    for n in 0..100 {
        gate.say("a", "Note", 10 + n, None, 100 + n as u128);
    }
    let wrong = |gate: &Gate| {
        gate.0.findings("a").iter().filter(|f| !f.contains("Note")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(wrong(&gate), [""; 0]);
    gate.say("a", "B", 2, Some(5), 2);
    assert!(
        wrong(&gate).iter().any(|f| f == "skipped Small" || f == "unexpected Big"),
        "{:?}",
        wrong(&gate)
    );
    gate.say("a", "B", 2, Some(500), 2);
    assert_eq!(wrong(&gate), [""; 0]);
    gate.0.check_replay();
}

#[test]
fn a_case_that_is_told_much_keeps_what_was_said_last() {
    let mut gate = Gate::new();
    for n in 0..400 {
        gate.say("a", "A", n, Some(n), n as u128 + 1);
    }
    assert_eq!(gate.amount("a").as_deref(), Some(r#"{"amount":399}"#));
    let (_, case) = gate.0.state.find("order-tracking", "a").expect("the case");
    assert!(case.variables.said().len() < 150, "{}", case.variables.said().len());
    gate.0.check_replay();
}
