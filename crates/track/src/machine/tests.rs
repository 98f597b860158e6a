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
        Observed {
            position: Position { partition: 0, offset },
            arrival_ms: self.now,
            reading,
            own: false,
        }
    }

    fn send(&mut self, records: Vec<Observed>) -> Vec<Verdict> {
        let (process, source) = (Arc::from("order-tracking"), Arc::from("bus"));
        match self.run(Command::Observe { process, source, records, proof: None }) {
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
        assert_eq!(again.identities, self.state.identities);
        assert_eq!(again.past_events, self.state.past_events);
    }
}

/// What is published of the order story, changed.
fn republish(world: &mut World, change: impl Fn(&mut Publish)) {
    let model = world.state.model("order-tracking").unwrap();
    let mut publish = model.published_as().unwrap().clone();
    change(&mut publish);
    assert_eq!(world.run(Command::Publish(publish)), Answer::Done);
}

mod data;
mod findings;
mod models;
mod order;
mod records;
mod time;
