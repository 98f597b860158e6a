//! The ledger against the journal: nothing lost, nothing twice, no timer early.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use engine::Key;
use engine::event::{Event, InstanceEvent, SlotEvent};

use crate::{ledger, server};

/// What the journals tell, counted.
#[derive(Default)]
struct Told {
    created: BTreeMap<Key, u32>,
    completed: BTreeMap<Key, u32>,
    jobs: BTreeMap<Key, u32>,
    jobs_completed: BTreeMap<Key, u32>,
    correlated: BTreeMap<Key, u32>,
    timers: BTreeMap<Key, i64>,
    fired: BTreeMap<Key, Vec<i64>>,
    messages: BTreeMap<String, u32>,
    epochs: BTreeSet<(u16, u64)>,
}

impl Told {
    fn take(&mut self, event: &Event, time: i64) {
        use InstanceEvent as E;
        match event {
            Event::Instance { instance, event } => match event {
                E::Created(_) => *self.created.entry(*instance).or_default() += 1,
                E::Completed => *self.completed.entry(*instance).or_default() += 1,
                E::JobCreated { key, .. } => *self.jobs.entry(*key).or_default() += 1,
                E::JobCompleted { key } => *self.jobs_completed.entry(*key).or_default() += 1,
                E::SubscriptionCorrelated { .. } => {
                    *self.correlated.entry(*instance).or_default() += 1;
                }
                E::TimerArmed { key, due, .. } => drop(self.timers.insert(*key, *due)),
                E::TimerFired { key } => self.fired.entry(*key).or_default().push(time),
                _ => {}
            },
            Event::Slot { event: SlotEvent::Published { id, .. }, .. } => {
                *self.messages.entry(id.to_string()).or_default() += 1;
            }
            Event::Slot { .. } | Event::Definition { .. } | Event::Partition(_) => {}
        }
    }
}

/// What was compared.
pub struct Counts {
    pub instances: usize,
    /// Everything, in words.
    pub text: String,
}

/// The counts, or what is wrong.
pub fn check(folder: &Path) -> Result<Counts, String> {
    let mut told = Told::default();
    let grevy = server::open(folder).map_err(|e| e.to_string())?;
    for partition in 1..=2 {
        let upto = grevy.durable(partition).map_err(|e| e.to_string())?;
        let mut steps = grevy.steps(partition, 1).map_err(|e| e.to_string())?;
        while steps.position() <= upto {
            let next = steps.next(Duration::ZERO).map_err(|e| e.to_string())?;
            let Some(next) = next else { break };
            told.epochs.insert((partition, next.epoch));
            next.step.events.iter().for_each(|event| told.take(event, next.step.time));
        }
    }
    let lines = ledger::read_all(folder)?;
    let problems = compare(&told, &lines);
    match problems.is_empty() {
        true => Ok(Counts {
            instances: told.created.len(),
            text: format!(
                "{} epochs, {} instances, {} jobs, {} timers, {} messages, {} ledger lines",
                told.epochs.len(),
                told.created.len(),
                told.jobs.len(),
                told.timers.len(),
                told.messages.len(),
                lines.len()
            ),
        }),
        false => Err(problems.join("\n")),
    }
}

fn compare(told: &Told, lines: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let once = |counts: &BTreeMap<Key, u32>, key: Key| counts.get(&key).copied() == Some(1);
    for (key, times) in &told.created {
        if *times != 1 || !once(&told.completed, *key) {
            let ends = told.completed.get(key).copied().unwrap_or(0);
            problems.push(format!("instance {key} was created {times} times, completed {ends}"));
        }
        if !once(&told.correlated, *key) {
            problems.push(format!("instance {key} did not take its message exactly once"));
        }
    }
    for key in told.jobs.keys().filter(|key| !once(&told.jobs_completed, **key)) {
        problems.push(format!("job {key} was not completed exactly once"));
    }
    for (key, due) in &told.timers {
        match told.fired.get(key).map(Vec::as_slice) {
            Some([at]) if at >= due => {}
            other => problems.push(format!("timer {key}, due {due}, fired at {other:?}")),
        }
    }
    let mut completions = BTreeSet::new();
    let mut worked: BTreeSet<(&str, &str)> = BTreeSet::new();
    for line in lines {
        if let ["worked", job_type, id] = line.split(' ').collect::<Vec<_>>()[..] {
            worked.insert((job_type, id));
        }
    }
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["created", id, key] => {
                let key = key.parse().unwrap_or(0);
                if !once(&told.completed, key) {
                    problems.push(format!("acknowledged order {id} ({key}) is lost"));
                }
                for job_type in ["charge", "ship"] {
                    if !worked.contains(&(job_type, id)) {
                        problems.push(format!("order {id} completed without its {job_type}"));
                    }
                }
            }
            ["published", id] if told.messages.get(id).copied() != Some(1) => {
                problems.push(format!("message {id} is not there exactly once"));
            }
            ["completed", key] => {
                let key: Key = key.parse().unwrap_or(0);
                if !completions.insert(key) || !once(&told.jobs_completed, key) {
                    problems.push(format!("job {key} was acknowledged twice or is not in the log"));
                }
            }
            _ => {}
        }
    }
    if told.created.is_empty() || worked.is_empty() {
        problems.push("expected something to happen, but nothing did".to_owned());
    }
    problems
}
