//! What partitions say to each other, in the orders that are easy to get wrong.

mod support;

use std::collections::BTreeMap;

use engine::event::{Event, InstanceEvent, Item, SlotEvent, Text};
use engine::state::Lookup;
use engine::{Command, Effect, Key, Routes};
use support::{Random, World};

/// Two partitions; the first owns all slots.
struct Pair {
    worlds: [World; 2],
}

impl Pair {
    fn new(body: &str) -> Pair {
        let world = |partition| {
            let mut world = World::at(partition, Routes::among(1, 2), 1, false);
            world.deploy(body);
            world
        };
        Pair { worlds: [world(1), world(2)] }
    }

    fn slots(&mut self) -> &mut World {
        &mut self.worlds[0]
    }

    fn instances(&mut self) -> &mut World {
        &mut self.worlds[1]
    }

    /// Takes what a partition has sent since it was asked last.
    fn sent(&mut self, from: usize) -> Vec<(u64, Item)> {
        let effects = std::mem::take(&mut self.worlds[from].effects);
        let sent = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { sequence, item, .. } => Some((sequence, item)),
            _ => None,
        });
        sent.collect()
    }

    fn hand_over(&mut self, from: usize, items: Vec<(u64, Item)>) {
        let partition = self.worlds[from].state.partition();
        for (sequence, item) in items {
            let inbound = Command::Inbound { from: partition, sequence, item };
            self.worlds[1 - from].ask(&inbound).expect("an item is taken");
        }
    }

    /// Until nothing is under way.
    fn talk(&mut self) {
        for from in [1, 0].into_iter().cycle() {
            let items = self.sent(from);
            if items.is_empty() && !self.worlds[1 - from].effects.iter().any(is_send) {
                return;
            }
            self.hand_over(from, items);
        }
    }

    /// Hands over the oldest items that are under way, and sometimes one of them again.
    fn hand_over_some(&mut self, from: usize, random: &mut Random, queue: &mut Vec<(u64, Item)>) {
        queue.extend(self.sent(from));
        let some = random.below(queue.len() as u32 + 1) as usize;
        let again = queue.first().filter(|_| some > 0 && random.below(4) == 0).cloned();
        let items: Vec<_> = queue.drain(..some).chain(again).collect();
        self.hand_over(from, items);
    }

    /// Whoever waits is known to its slot, is not being asked for ever, and would not wait if a
    /// message for it were there.
    fn check(&mut self) {
        let [slots, instances] = &self.worlds;
        let messages = slots.state.messages();
        for (_, message) in messages.messages() {
            assert!(message.deadline > slots.now && message.asked.is_empty(), "{message:?}");
        }
        for instance in instances.hot() {
            for (key, row) in &instance.subscriptions {
                let subscriber = messages.subscriber(*key).expect("its slot knows it");
                assert_eq!(subscriber.asked, None, "nobody is asked any more");
                let named = subscriber.subscriber.named();
                let had = |taken: &[Text]| taken.contains(&instance.created.process_id);
                let missed = messages.named(&named).find(|(_, m)| !had(&m.taken_by));
                assert_eq!(missed, None, "{row:?} waits beside it");
            }
        }
    }

    fn lives(&self, instance: Key) -> bool {
        !matches!(self.worlds[1].state.instance(instance), Lookup::Absent)
    }
}

fn is_send(effect: &Effect) -> bool {
    matches!(effect, Effect::Send { .. })
}

const WAITS: &str = "<message id=\"m\" name=\"paid\"><extensionElements>\
     <zeebe:subscription correlationKey=\"=order\"/></extensionElements></message>\
     <process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/>\
     <intermediateCatchEvent id=\"c\"><messageEventDefinition messageRef=\"m\"/>\
     </intermediateCatchEvent><endEvent id=\"e\"/>\
     <sequenceFlow id=\"a\" sourceRef=\"s\" targetRef=\"c\"/>\
     <sequenceFlow id=\"b\" sourceRef=\"c\" targetRef=\"e\"/></process>";

/// Two instances wait for one message; the first has gone when it is asked, after the message's
/// time was up.
fn next_candidate(time_to_live: i64) {
    let mut pair = Pair::new(WAITS);
    let first = pair.instances().create("p", "{\"order\":\"1\"}");
    let second = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    pair.slots().publish("paid", "1", time_to_live);
    let asked = pair.sent(0);
    pair.instances().ask(&Command::CancelInstance { instance: first }).expect("canceled");
    pair.slots().advance(time_to_live + 1);
    pair.hand_over(0, asked);
    pair.talk();
    assert!(!pair.lives(second), "the message was taken by the next that waited in its time");
    pair.slots().advance(1);
    assert_eq!(pair.slots().state.messages().messages().count(), 0, "and it is gone");
}

#[test]
fn a_message_that_is_being_correlated_does_not_expire_under_way() {
    next_candidate(10_000);
}

#[test]
fn a_message_without_time_to_live_goes_to_the_next_candidate() {
    next_candidate(0);
}

#[test]
fn an_expired_message_that_nobody_takes_is_gone() {
    let mut pair = Pair::new(WAITS);
    let only = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    pair.slots().publish("paid", "1", 10_000);
    pair.slots().advance(5_000);
    pair.instances().ask(&Command::CancelInstance { instance: only }).expect("canceled");
    pair.talk();
    assert_eq!(pair.slots().state.messages().messages().count(), 1, "its time is not up");
    pair.slots().advance(5_000);
    assert_eq!(pair.slots().state.messages().messages().count(), 0);
    let late = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    assert!(pair.lives(late), "it came after the message");
}

#[test]
fn what_is_passed_over_counts_as_received_and_its_sender_is_told() {
    let mut pair = Pair::new(WAITS);
    let first = pair.instances().create("p", "{\"order\":\"1\"}");
    let second = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    pair.slots().publish("paid", "1", 10_000);
    let asked = pair.sent(0);
    let before = pair.instances().state.last_in(1);
    for (sequence, item) in asked {
        let over = Command::PassOver { from: 1, sequence, item };
        pair.instances().ask(&over).expect("passed over");
        pair.instances().ask(&over).expect("twice is once");
    }
    assert_eq!(pair.instances().state.last_in(1), before + 1);
    pair.talk();
    assert!(pair.lives(first) && !pair.lives(second), "the message went to the next candidate");
}

#[test]
fn an_instance_that_could_not_be_read_is_repaired_by_hand() {
    let mut pair = Pair::new(WAITS);
    let instance = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    pair.slots().publish("paid", "1", 10_000);
    for (sequence, item) in pair.sent(0) {
        let over = Command::PassOver { from: 1, sequence, item };
        pair.instances().ask(&over).expect("its blob is damaged");
    }
    pair.talk();
    assert!(pair.lives(instance), "no slot knows it any more");
    pair.instances().ask(&Command::Repair { instance }).expect("it is read again");
    pair.talk();
    assert!(!pair.lives(instance), "it takes the message that is buffered");
}

#[test]
fn a_message_for_a_quarantined_instance_waits_for_its_repair() {
    let mut pair = Pair::new(WAITS);
    let instance = pair.instances().create("p", "{\"order\":\"1\"}");
    pair.talk();
    let (reason, build) = ("a bug".into(), "1".into());
    pair.instances().ask(&Command::Quarantine { instance, reason, build }).expect("set aside");
    pair.slots().publish("paid", "1", 10_000);
    pair.talk();
    assert!(pair.lives(instance), "it stands still");
    pair.instances().ask(&Command::Repair { instance }).expect("repaired");
    pair.talk();
    assert!(!pair.lives(instance), "it takes what was buffered meanwhile");
    let correlated = |event: &Event| {
        matches!(event, Event::Instance { event: InstanceEvent::SubscriptionCorrelated { .. }, .. })
    };
    assert_eq!(pair.worlds[1].events.iter().filter(|event| correlated(event)).count(), 1);
}

/// Publishing, waiting, cancelling, repairing and time, with items that are late or come twice.
fn one_order_of_events(seed: u64) {
    let mut random = Random::new(seed);
    let mut pair = Pair::new(WAITS);
    let mut created = Vec::new();
    let mut under_way = [Vec::new(), Vec::new()];
    for _ in 0..60 {
        let order = random.below(2).to_string();
        let any = |random: &mut Random, created: &[Key]| {
            created.get(random.below(created.len().max(1) as u32) as usize).copied()
        };
        match random.below(10) {
            0 | 1 => {
                created.push(pair.instances().create("p", &format!("{{\"order\":\"{order}\"}}")))
            }
            2 | 3 => pair.slots().publish("paid", &order, i64::from(random.below(3)) * 1_000),
            4 => {
                if let Some(instance) = any(&mut random, &created) {
                    drop(pair.instances().ask(&Command::CancelInstance { instance }));
                }
            }
            5 => {
                if let Some(instance) = any(&mut random, &created) {
                    let command = match random.below(2) {
                        0 => Command::Repair { instance },
                        _ => {
                            let (reason, build) = ("a bug".into(), "1".into());
                            Command::Quarantine { instance, reason, build }
                        }
                    };
                    drop(pair.instances().ask(&command));
                }
            }
            6 => pair.slots().advance(i64::from(random.below(1_500))),
            _ => {
                let from = random.below(2) as usize;
                pair.hand_over_some(from, &mut random, &mut under_way[from]);
            }
        }
    }
    for instance in created {
        drop(pair.instances().ask(&Command::Repair { instance }));
    }
    for (from, items) in under_way.into_iter().enumerate() {
        pair.hand_over(from, items);
    }
    pair.talk();
    pair.slots().advance(0);
    pair.check();
    let mut taken = BTreeMap::new();
    for event in &pair.worlds[1].events {
        if let Event::Instance {
            event: InstanceEvent::SubscriptionCorrelated { message, .. },
            ..
        } = event
        {
            *taken.entry(*message).or_insert(0) += 1;
        }
    }
    for event in &pair.worlds[0].events {
        if let Event::Slot { event: SlotEvent::Correlated { message, .. }, .. } = event {
            let taken = taken.get_mut(message).expect("an instance took it");
            *taken -= 1;
            assert_eq!(*taken, 0, "seed {seed}: taken once by its process");
        }
    }
}

#[test]
fn messages_meet_those_who_wait_in_every_order_of_events() {
    for seed in 0..100 {
        one_order_of_events(seed);
    }
}
