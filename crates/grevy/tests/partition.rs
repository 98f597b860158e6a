//! The loop with a machine of a few lines: what leaves when, what a panic and a failed journal
//! leave behind, how commands wait for cold aggregates.

#![expect(clippy::unwrap_used, reason = "a test's panic is its report")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use engine::{Cause, Key};
use grevy::machine::{Decision, Machine, Need, Place, Step};
use grevy::mailbox::{Class, Envelope};
use grevy::partition::{Forgetful, Health, Partition, Parts, Remote};
use grevy::{Activity, Clock, Error};
use journal::MemoryJournal;

/// Sums per key. `Add(k, -1)` panics after it changed the state; `Add(k, 0)` is refused.
#[derive(Default)]
struct Tally {
    sums: BTreeMap<Key, Option<i64>>,
    undo: Option<(Key, Option<i64>)>,
    set_aside: Vec<Key>,
    timers: Vec<i64>,
}

#[derive(Debug)]
enum Command {
    Epoch,
    Add(Key, i64),
    Arm(i64),
    Tick,
    SetAside(Key),
    /// From another machine: 13 strikes, 77 needs what cannot be read.
    Item(Key),
    Over(Key),
}

#[derive(Debug, PartialEq)]
enum Event {
    Epoch,
    Added(Key, i64),
    Armed(i64),
    Fired(i64),
    Aside(Key),
}

impl Tally {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Epoch => {}
            Event::Added(key, n) => {
                let sum = self.sums.entry(*key).or_insert(Some(0));
                *sum = Some(sum.expect("hot") + n);
            }
            Event::Armed(due) => self.timers.push(*due),
            Event::Fired(due) => self.timers.retain(|t| t != due),
            Event::Aside(key) => self.set_aside.push(*key),
        }
    }
}

impl Machine for Tally {
    type Command = Command;
    type Event = Event;
    type Answer = Result<i64, String>;
    type Effect = String;

    fn decide(
        &mut self,
        command: &Command,
        _cause: &Cause,
        now: i64,
    ) -> Result<Decision<Self>, Need> {
        let (answer, events) = match command {
            Command::Epoch => (Ok(0), vec![Event::Epoch]),
            Command::Arm(due) => (Ok(*due), vec![Event::Armed(*due)]),
            Command::Tick => {
                let due = self.timers.iter().copied().filter(|t| *t <= now);
                let events: Vec<Event> = due.map(Event::Fired).collect();
                assert!(!matches!(events[..], [Event::Fired(13)]), "unlucky timer");
                (Ok(now), events)
            }
            Command::SetAside(key) => {
                self.timers.retain(|t| *t != 13);
                (Ok(0), vec![Event::Aside(*key)])
            }
            Command::Over(item) => (Ok(*item), vec![Event::Aside(*item)]),
            Command::Item(77) => return Err(Need(vec![77])),
            Command::Item(item) => {
                assert!(*item != 13, "unlucky item");
                (Ok(*item), vec![Event::Added(1, *item)])
            }
            Command::Add(_, 0) => (Err("expected a number, but got 0".to_owned()), vec![]),
            Command::Add(key, n) => {
                let old = self.sums.get(key).copied();
                if old == Some(None) {
                    return Err(Need(vec![*key]));
                }
                self.undo = Some((*key, old.flatten()));
                self.sums.insert(*key, Some(old.flatten().unwrap_or(0) + n));
                assert!(*n != -1, "minus one");
                let sum = self.sums[key].expect("hot");
                let events = vec![Event::Added(*key, *n)];
                return Ok(Decision {
                    answer: Ok(sum),
                    events,
                    effects: vec![format!("{key}:{sum}")],
                });
            }
        };
        events.iter().for_each(|event| self.apply(event));
        Ok(Decision { answer, events, effects: vec![] })
    }

    fn undo(&mut self) -> Option<Key> {
        if let Some((key, old)) = self.undo.take() {
            self.sums.insert(key, Some(old.unwrap_or(0)));
            return Some(key);
        }
        Some(13)
    }

    fn fold(&mut self, step: &Step<Event>, _skip: &[Key]) -> Result<(), Error> {
        step.events.iter().for_each(|event| self.apply(event));
        Ok(())
    }

    fn encode(step: &Step<Event>, out: &mut Vec<u8>) {
        let mut text = step.time.to_string();
        for event in &step.events {
            text += &match event {
                Event::Epoch => " epoch".to_owned(),
                Event::Added(key, n) => format!(" add:{key}:{n}"),
                Event::Armed(due) => format!(" arm:{due}"),
                Event::Fired(due) => format!(" fire:{due}"),
                Event::Aside(key) => format!(" aside:{key}"),
            };
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Step<Event>, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
        let mut words = text.split(' ');
        let time = words.next().and_then(|t| t.parse().ok()).ok_or("no time")?;
        let number = |text: Option<&str>| text.and_then(|t| t.parse::<i64>().ok()).expect("ours");
        let events = words.map(|word| {
            let mut parts = word.split(':');
            match parts.next() {
                Some("add") => Event::Added(number(parts.next()), number(parts.next())),
                Some("arm") => Event::Armed(number(parts.next())),
                Some("fire") => Event::Fired(number(parts.next())),
                Some("aside") => Event::Aside(number(parts.next())),
                _ => Event::Epoch,
            }
        });
        let events = events.collect();
        Ok(Step { time, cause: Cause::default(), build: "test".into(), events })
    }

    fn start(&self, _epoch: u64) -> Option<Command> {
        Some(Command::Epoch)
    }

    fn subject(&self, command: &Command) -> Option<Key> {
        match command {
            Command::Add(key, _) => Some(*key),
            Command::Epoch
            | Command::Arm(_)
            | Command::Tick
            | Command::SetAside(_)
            | Command::Item(_)
            | Command::Over(_) => None,
        }
    }

    /// Items keep their order.
    fn stream(&self, command: &Command) -> Option<u64> {
        matches!(command, Command::Item(_)).then_some(1)
    }

    fn next_due(&self) -> Option<i64> {
        self.timers.iter().copied().min()
    }

    fn tick(&self) -> Option<Command> {
        Some(Command::Tick)
    }

    fn quarantine(&self, aggregate: Key, _reason: &str) -> Option<Command> {
        Some(Command::SetAside(aggregate))
    }

    fn pass_over(&self, command: &Command) -> Option<Command> {
        if let Command::Item(item) = command { Some(Command::Over(*item)) } else { None }
    }

    fn aggregates(events: &[Event]) -> Vec<Key> {
        let keys = events.iter().filter_map(|event| match event {
            Event::Added(key, _) => Some(*key),
            Event::Epoch | Event::Armed(_) | Event::Fired(_) | Event::Aside(_) => None,
        });
        keys.collect()
    }

    fn place(&self, key: Key) -> Place {
        match self.sums.get(&key) {
            Some(Some(_)) => Place::Hot,
            Some(None) => Place::Cold,
            None => Place::Absent,
        }
    }

    fn blob(&self, key: Key) -> Option<Vec<u8>> {
        self.sums.get(&key).copied().flatten().map(|sum| sum.to_le_bytes().to_vec())
    }

    fn passivate(&mut self, key: Key) -> bool {
        self.sums.insert(key, None).flatten().is_some()
    }

    fn restore(&mut self, key: Key, blob: &[u8]) -> Result<(), Error> {
        let sum = i64::from_le_bytes(blob.try_into().expect("ours"));
        self.sums.insert(key, Some(sum));
        Ok(())
    }
}

struct Rig {
    remote: Remote<Tally>,
    journal: MemoryJournal,
    activity: Activity,
    clock: Clock,
    effects: Receiver<String>,
    thread: Option<std::thread::JoinHandle<()>>,
}

type Answer = Receiver<Result<Result<i64, String>, Error>>;

fn rig(journal: MemoryJournal, forget: Option<Arc<Forgetful>>) -> Rig {
    let activity = Activity::default();
    let clock = Clock::virtual_from(10);
    let (send, effects) = channel();
    let parts = Parts {
        name: "tally".into(),
        journal: Arc::new(journal.clone()),
        empty: Arc::new(Tally::default),
        vault: None,
        holds: Arc::default(),
        outlet: Box::new(move |effect| drop(send.send(effect))),
        recovered: Box::new(|_| ()),
        forget,
        clock: clock.clone(),
        activity: activity.clone(),
        build: "test".into(),
        skip: vec![],
        paused: false,
    };
    let partition = Partition::open(parts).unwrap();
    let remote = partition.remote();
    let thread = Some(std::thread::spawn(move || partition.run()));
    Rig { remote, journal, activity, clock, effects, thread }
}

impl Rig {
    fn ask(&self, command: Command, class: Class) -> Answer {
        let (send, answer) = channel();
        self.remote.mailbox.post(Envelope {
            command,
            cause: Cause::default(),
            class,
            watch: false,
            reply: Some(Box::new(move |answer| drop(send.send(answer)))),
            token: self.activity.begin(),
        });
        answer
    }

    fn add(&self, key: Key, n: i64) -> Answer {
        self.ask(Command::Add(key, n), Class::Intake)
    }

    /// Waits until a look was taken behind everything asked before.
    fn look<T: Send + 'static>(&self, read: impl Fn(&Tally) -> T + Send + 'static) -> Receiver<T> {
        let (send, seen) = channel();
        let look = move |machine: &mut Tally| {
            let value = read(machine);
            let send = send.clone();
            Ok(Box::new(move || drop(send.send(value))) as Box<dyn FnOnce() + Send>)
        };
        self.remote.mailbox.look(Class::Progress, Box::new(look), self.activity.begin());
        seen
    }

    fn log(&self) -> Vec<String> {
        use journal::Journal;
        let mut reader = self.journal.read(1).unwrap();
        let mut log = Vec::new();
        while let Some(group) = reader.next_group().unwrap() {
            log.extend(group.iter().map(|f| String::from_utf8(f.payload.to_vec()).unwrap()));
        }
        log
    }

    fn end(mut self) -> Vec<String> {
        self.remote.mailbox.look(
            Class::Progress,
            Box::new(|_: &mut Tally| Ok(Box::new(|| ()))),
            self.activity.begin(),
        );
        self.close();
        self.log()
    }

    fn close(&mut self) {
        let mailbox = self.remote.mailbox.clone();
        self.remote.mailbox.signal(grevy::mailbox::Signal::Wake(self.activity.begin()));
        mailbox.close();
        self.thread.take().unwrap().join().unwrap();
    }
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn nothing_leaves_before_it_is_durable_not_even_a_refusal() {
    let journal = MemoryJournal::held();
    let rig = rig(journal.clone(), None);
    let added = rig.add(1, 5);
    let refused = rig.add(1, 0);
    while rig.remote.status.accepted.load(std::sync::atomic::Ordering::Acquire) < 2 {
        std::thread::yield_now();
    }
    let seen = rig.look(|tally| tally.sums[&1]);
    assert_eq!(added.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(refused.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(seen.try_recv().unwrap_err(), TryRecvError::Empty);
    assert!(rig.effects.try_recv().is_err());
    journal.release(100);
    assert_eq!(added.recv_timeout(SOON).unwrap().unwrap(), Ok(5));
    assert!(refused.recv_timeout(SOON).unwrap().unwrap().is_err());
    assert_eq!(seen.recv_timeout(SOON).unwrap(), Some(5));
    assert_eq!(rig.effects.recv_timeout(SOON).unwrap(), "1:5");
}

#[test]
fn what_another_machine_sent_and_cannot_be_handled_is_passed_over() {
    let rig = rig(MemoryJournal::new(), None);
    let struck = rig.ask(Command::Item(13), Class::Internal);
    assert!(struck.recv_timeout(SOON).unwrap().is_err());
    // What comes behind it in its stream waits for its turn, and needs nothing.
    // The loop stands still until both are there, so that the second one has to wait.
    let (go, wait) = channel::<()>();
    let hold = move |_: &mut Partition<Tally>| {
        let _ = wait.recv();
    };
    let token = rig.activity.begin();
    rig.remote.mailbox.signal(grevy::mailbox::Signal::Control(Box::new(hold), token));
    let unreadable = rig.ask(Command::Item(77), Class::Internal);
    let behind = rig.ask(Command::Item(5), Class::Internal);
    go.send(()).unwrap();
    assert!(unreadable.recv_timeout(SOON).unwrap().is_err());
    assert_eq!(behind.recv_timeout(SOON).unwrap().unwrap(), Ok(5));
    assert_eq!(rig.remote.status.health(), Health::Healthy, "timers go on");
    let log = rig.end();
    assert_eq!(log[1..], ["10 aside:13", "10 aside:13", "10 aside:77", "10 add:1:5"]);
}

#[test]
fn a_panic_in_a_clients_command_is_undone_and_answered_once() {
    let rig = rig(MemoryJournal::new(), None);
    rig.add(1, 5).recv_timeout(SOON).unwrap().unwrap().unwrap();
    let error = rig.add(1, -1).recv_timeout(SOON).unwrap().unwrap_err();
    assert_eq!(error.code(), "INTERNAL");
    assert!(error.to_string().contains("minus one"), "{error}");
    assert_eq!(rig.add(1, 2).recv_timeout(SOON).unwrap().unwrap(), Ok(7));
    assert_eq!(rig.end(), ["10 epoch", "10 add:1:5", "10 add:1:2"]);
}

#[test]
fn a_panic_in_our_own_work_sets_the_aggregate_aside_and_the_loop_goes_on() {
    let rig = rig(MemoryJournal::new(), None);
    rig.ask(Command::Arm(13), Class::Progress).recv_timeout(SOON).unwrap().unwrap().unwrap();
    advance(&rig, 13);
    assert_eq!(rig.look(|tally| tally.set_aside.clone()).recv_timeout(SOON).unwrap(), [13]);
    rig.ask(Command::Arm(20), Class::Progress).recv_timeout(SOON).unwrap().unwrap().unwrap();
    advance(&rig, 20);
    let log = rig.end();
    assert_eq!(log, ["10 epoch", "10 arm:13", "13 aside:13", "13 arm:20", "20 fire:20"]);
}

fn advance(rig: &Rig, to: i64) {
    let Clock::Virtual(now) = &rig.clock else { unreachable!("the rig's clock is virtual") };
    now.store(to, std::sync::atomic::Ordering::Release);
    rig.remote.mailbox.signal(grevy::mailbox::Signal::Wake(rig.activity.begin()));
    rig.activity.wait_for_rest();
}

#[test]
fn a_failed_sync_drops_what_was_not_durable_and_a_new_epoch_goes_on() {
    let journal = MemoryJournal::held();
    let rig = rig(journal.clone(), None);
    let kept = rig.add(1, 5);
    while rig.remote.status.accepted.load(std::sync::atomic::Ordering::Acquire) < 2 {
        std::thread::yield_now();
    }
    journal.release(100);
    assert_eq!(kept.recv_timeout(SOON).unwrap().unwrap(), Ok(5));
    let lost = rig.add(1, 90);
    while rig.remote.status.accepted.load(std::sync::atomic::Ordering::Acquire) < 3 {
        std::thread::yield_now();
    }
    journal.fail();
    assert_eq!(lost.recv_timeout(SOON).unwrap().unwrap_err().code(), "UNAVAILABLE");
    let after = loop {
        let answer = rig.add(1, 2);
        journal.release(100);
        match answer.recv_timeout(Duration::from_millis(20)) {
            Ok(Ok(sum)) => break sum,
            // It was decided after the release: releasing again lets it out.
            Err(_) => {
                journal.release(100);
                if let Ok(Ok(sum)) = answer.recv_timeout(SOON) {
                    break sum;
                }
            }
            Ok(Err(_)) => {}
        }
    };
    assert_eq!(after, Ok(7));
    assert_eq!(rig.log(), ["10 epoch", "10 add:1:5", "10 epoch", "10 add:1:2"]);
}

#[test]
fn commands_of_a_cold_aggregate_wait_in_order_and_the_log_is_the_same() {
    let run = |forget: Option<Arc<Forgetful>>| {
        let rig = rig(MemoryJournal::new(), forget);
        let answers: Vec<Answer> = (0..60).map(|n| rig.add(1 + n % 3, n + 1)).collect();
        let sums: Vec<i64> =
            answers.iter().map(|a| a.recv_timeout(SOON).unwrap().unwrap().unwrap()).collect();
        (sums, rig.end())
    };
    let (sums, _) = run(None);
    for seed in 1..20 {
        let (forgetful, _) = run(Some(Arc::new(Forgetful::by(seed))));
        assert_eq!(forgetful, sums, "seed {seed}");
    }
}

#[test]
fn a_full_mailbox_says_so_at_once() {
    let journal = MemoryJournal::held();
    let rig = rig(journal, None);
    let refused = (0..400_000).map(|n| rig.add(n % 7, 1)).find_map(|a| a.try_recv().ok());
    let error = refused.expect("nothing is durable, so intake stops").unwrap_err();
    assert_eq!(error.code(), "RESOURCE_EXHAUSTED");
}
