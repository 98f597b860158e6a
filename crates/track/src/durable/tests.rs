use std::sync::Arc;

use super::*;
use crate::machine::{Observed, Publish, Verdict};
use crate::mapping::{Observation, Reading};
use crate::source::Position;

const HOUR: i64 = 3_600_000;

fn publish() -> Command {
    Command::Publish(Publish {
        process: Arc::from("order-tracking"),
        bpmn: Arc::from(crate::chart::ORDER_MODEL.as_bytes()),
        known: vec!["OrderPlaced".into(), "PaymentReceived".into(), "GoodsFetched".into()],
        stuck_after_ms: Some(HOUR),
        types: [("GoodsShipped".to_owned(), "shipped".to_owned())].into(),
        ..Publish::default()
    })
}

fn observe(offset: u64, case: &str, kind: &str) -> Command {
    let reading = match kind {
        "" => Reading::Rejected { reason: "expected a type, but there is none".into() },
        kind => Reading::Event(Observation {
            case: case.to_owned(),
            kind: kind.to_owned(),
            time_ms: 1_000 + offset as i64,
            identity: Some(u128::from(offset) + 1),
            sender: Some("Checkout".into()),
            correlation: None,
            variables: Some(serde_json::json!({"n": 1})),
            ttl_ms: None,
        }),
    };
    let position = Position { partition: 0, offset };
    let records = vec![Observed { position, arrival_ms: 2_000, reading, own: false }];
    Command::Observe {
        process: "order-tracking".into(),
        source: "bus".into(),
        records,
        proof: None,
    }
}

/// Every step survives its durable form, and folding what was read back gives the same state.
#[test]
fn steps_survive_the_journal() {
    let mut tracker = Tracker::default();
    let mut again = Tracker::default();
    let commands = [
        publish(),
        observe(0, "a", "OrderPlaced"),
        observe(1, "a", "PaymentReceived"),
        observe(2, "early", "PaymentReceived"),
        observe(3, "a", "Unheard"),
        observe(4, "a", ""),
        observe(5, "b", "OrderPlaced"),
        observe(6, "b", "GoodsFetched"),
        observe(7, "b", "PaymentReceived"),
        Command::Tick,
        Command::Delivered { alert: 0 },
        match publish() {
            Command::Publish(publish) => {
                Command::Publish(Publish { stuck_after_ms: Some(2 * HOUR), ..publish })
            }
            other => other,
        },
        Command::Tick,
    ];
    let mut kinds = 0;
    for (at, command) in commands.iter().enumerate() {
        let now = 2_000 + at as i64 * 12 * HOUR;
        let decision = tracker.decide(command, &Cause::default(), now).expect("nothing is cold");
        kinds += decision.events.len();
        let cause =
            engine::Cause { source: engine::command::Source::Foreign, ..Default::default() };
        let step = Step { time: now, cause, build: Arc::from("test"), events: decision.events };
        let mut bytes = Vec::new();
        Tracker::encode(&step, &mut bytes);
        let read = Tracker::decode(&bytes).expect("what was written");
        assert_eq!(read, step);
        again.fold(&read, &[]).expect("folds");
        assert!(Tracker::decode(&bytes[..bytes.len() / 2]).is_err() || step.events.is_empty());
    }
    assert!(kinds > 20, "{kinds} events");
    assert!(again.state.cases().eq(tracker.state.cases()));
    assert_eq!(again.next_due(), tracker.next_due());
    assert_eq!(again.standing(), tracker.standing());
    // And so it does from a checkpoint.
    let mut loaded = Tracker::default();
    loaded.load(&tracker.save().expect("tracking is saved")).expect("what was saved");
    assert!(loaded.state.cases().eq(tracker.state.cases()));
    assert_eq!(loaded.next_due(), tracker.next_due());
    let quiet = |tracker: &Tracker| tracker.state.models["order-tracking"].quiet;
    assert_eq!(quiet(&loaded), quiet(&tracker));
    assert!(quiet(&loaded).is_some());
}

/// A record and its effect are one step: whatever a crash cuts off, the same records again give
/// the same state, none lost and none doubled.
#[test]
fn a_crash_between_any_two_steps_neither_loses_nor_doubles() {
    let commands: Vec<Command> = std::iter::once(publish())
        .chain((0..30).map(|n| {
            let kind = ["OrderPlaced", "PaymentReceived", "GoodsFetched"][n % 3];
            observe(n as u64, &format!("case {}", n / 3), kind)
        }))
        .collect();
    let run = |tracker: &mut Tracker, commands: &[Command]| -> Vec<Vec<Event>> {
        let decide = |command| {
            tracker.decide(command, &Cause::default(), 5_000).expect("nothing is cold").events
        };
        commands.iter().map(decide).collect()
    };
    let mut whole = Tracker::default();
    let steps = run(&mut whole, &commands);
    for crash in 1..steps.len() {
        let mut tracker = Tracker::default();
        steps[..crash].iter().flatten().for_each(|event| tracker.state.fold(event));
        // The source goes back further than it had to.
        run(&mut tracker, &commands[1.max(crash.saturating_sub(4))..]);
        assert!(tracker.state.cases().eq(whole.state.cases()), "crash after step {crash}");
    }
    let again = whole.decide(&commands[5], &Cause::default(), 6_000).expect("nothing is cold");
    assert_eq!(again.answer, Answer::Verdicts(vec![Verdict::SeenBefore]));
    assert_eq!(again.events, []);
}
